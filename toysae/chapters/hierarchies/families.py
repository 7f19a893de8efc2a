"""Hierarchies: a child feature that fires only together with its parent, and what SAEs make of that.

Absorption as such is measured by `measures.absorption`; here is what it does to the parent's latent, and the direction
towards which a latent bends that has to serve a whole family.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor
from torch.nn.functional import normalize

from toysae.measures.absorption import measure_absorption
from toysae.measures.assessment import Assessment, assess
from toysae.measures.labels import cosines
from toysae.measures.recovery import activity
from toysae.optimum.codes import batch_codes
from toysae.optimum.two_rows import best_angles
from toysae.saes.stack import Stack
from toysae.worlds.finite import finite_activations, finite_data
from toysae.worlds.world import World

NEARLY_ALL, SLIGHTLY = 0.95, 0.05  # shares from which on absorption is called full, and up to which there is none
DOUBLE = 0.99  # cosine above which two latents are doubles
N_ANGLES = 18_001  # of a single row, half a hundredth of a degree apart
Listed = tuple[Tensor, Tensor]  # feature activations (n_points, n_features) and their probabilities (n_points,)


def own_latent(z: Tensor, dictionary: Tensor, features: Tensor, feature: int = 0) -> Tensor:
    """The latent of a feature in each dictionary, (n_dicts,): the live one whose row has the largest cosine with it.

    z                     (n_dicts, n_points, n_latents) activations
    dictionary, features  (n_dicts, n_latents, d_in) and (n_features, d_in)
    """
    live, _ = activity(z)
    cosine = cosines(dictionary, features)[..., feature]
    return cosine.masked_fill(~live, -torch.inf).argmax(dim=1)


def activation_of_parent(z: Tensor, own: Tensor, data: Listed, parent: int = 0, child: int = 1) -> Tensor:
    """How strongly the parent's own latent fires without the child and with it: the means, (n_dicts, 2).

    z    (n_dicts, n_points, n_latents) activations on the points of data, an encoder's or the best codes
    own  (n_dicts,) the parent's own latent
    """
    activations, weights = data
    z = z.double().gather(2, own[:, None, None].expand(-1, z.shape[1], -1))[..., 0]
    fires = activations > 0
    where = torch.stack([fires[:, parent] & ~fires[:, child], fires[:, parent] & fires[:, child]])
    shares = where * weights
    return z @ (shares / shares.sum(dim=1, keepdim=True)).T


def weakening(
    z: Tensor, dictionary: Tensor, world: World, *, parent: int = 0, child: int = 1, data: Listed | None = None
) -> Tensor:
    """The share of its activation that the parent's own latent loses when the child fires too, (n_dicts,).

    z           (n_dicts, n_points, n_latents) activations on the points of data, an encoder's or the best codes
    dictionary  (n_dicts, n_latents, d_in)
    data        activations of the world's features and probabilities; finite.finite_activations when left out

    0 where the child makes no difference, 1 where it silences the parent's latent: absorption in between is partial.
    Below 0 where the latent fires more strongly with the child. Not a number where it is silent without the child.
    """
    data = finite_activations(world) if data is None else data
    own = own_latent(z, dictionary, world.features, parent)
    alone, together = activation_of_parent(z, own, data, parent, child).unbind(dim=1)
    return torch.where(alone > 0, 1 - together / alone, torch.nan)


def hedging_direction(world: World) -> Tensor:
    """The unit row (d_in,) of the single latent that is best as l1_coeff -> 0: the top eigenvector of E[x x^T].

    With one row and no bias the loss is half of E[x^2] minus the second moment of the data along that row, wherever the
    data do not lie against it; so the best row is the direction with the largest one (Chanin et al. 2025, "Feature
    hedging", arXiv 2505.11756). For a parent and one child its angle is formulas.top_eigenvector_angle.
    """
    x, weights = finite_data(world)
    top = torch.linalg.eigh((x * weights[:, None]).T @ x).eigenvectors[:, -1]
    return top * top.sum().sign()


def on_the_diagonal(dictionary: Tensor, live: Tensor, world: World, bar: float) -> Tensor:
    """How many features have a live latent of their own whose cosine with them is above the bar, (n_dicts,).

    Latents are matched one to one with features. The sum of two features has a cosine of sqrt(1/2) with each of them:
    the bar must lie clearly above that, or composites pass.

    dictionary (n_dicts, n_latents, d_in); live (n_dicts, n_latents) bool
    """
    cosine = cosines(dictionary, world.features).double().masked_fill(~live[..., None], -1)
    matched = [one[linear_sum_assignment(one.numpy(), maximize=True)] for one in cosine]
    return torch.tensor([int((values > bar).sum()) for values in matched])


@dataclass(frozen=True)
class FamilySeen:
    """What is seen of a stack in a world whose feature 0 is the parent of feature 1; every value is one per SAE.

    seen       what measures.assess says
    silence    (n_saes,) how often the parent's own latent is silent, the child's standing in (`measures.absorption`)
    weakening  (n_saes,) see `weakening`
    doubled    (n_saes,) see `doubled`
    """

    seen: Assessment
    silence: Tensor
    weakening: Tensor
    doubled: Tensor

    @property
    def finds_features(self) -> Tensor:
        """Every feature has an atom."""
        return self.seen.labels.features_found == self.seen.cosines.shape[2]

    @property
    def absorbs(self) -> Tensor:
        """The parent has an atom that is silent nearly whenever the child fires, and a composite of the two is live."""
        return self.has(0) & self.has(0, 1) & (self.silence >= NEARLY_ALL)

    @property
    def absorbs_partly(self) -> Tensor:
        """The parent has an atom that the child weakens, neither slightly nor nearly to silence."""
        return self.has(0) & (self.weakening > SLIGHTLY) & (self.weakening < NEARLY_ALL)

    @property
    def keeps_apart(self) -> Tensor:
        """Parent and child each have an atom, and the child weakens that of the parent slightly at most."""
        return self.has(0) & self.has(1) & (self.weakening <= SLIGHTLY)

    def has(self, *features: int) -> Tensor:
        """Whether a latent stands for exactly these features: an atom of one, a composite of several."""
        members = self.seen.labels.members
        wanted = torch.zeros(members.shape[2], dtype=torch.bool)
        wanted[list(features)] = True
        return (members == wanted).all(dim=2).any(dim=1)

    def median(self) -> int:
        """The SAE of median loss among those with all latents live; among all if there are none."""
        return median_sae(self.seen)


def watch(stack: Stack, world: World, threshold: float) -> FamilySeen:
    """Looks at a stack on the finite data of a world whose feature 0 is the parent of feature 1."""
    seen, stack = assess(stack, world, threshold), stack.double()
    z = stack.encode(finite_data(world)[0])
    silence = measure_absorption(stack, world, 0, [1]).full
    return FamilySeen(seen, silence, weakening(z, stack.W_dec, world), doubled(stack.W_dec, seen.live))


def median_sae(seen: Assessment) -> int:
    """The SAE of median loss among those with all latents live; among all if there are none."""
    counted = seen.all_live if seen.all_live.any() else torch.ones_like(seen.all_live)
    order = seen.losses.masked_fill(~counted, torch.inf).argsort(stable=True)
    return int(order[(int(counted.sum()) - 1) // 2])


def doubled(dictionary: Tensor, live: Tensor) -> Tensor:
    """Whether two live latents have nearly the same row, a cosine above DOUBLE, (n_dicts,)."""
    rows = normalize(dictionary, dim=2) * live[..., None]
    return ((rows @ rows.transpose(1, 2)).triu(diagonal=1) > DOUBLE).any(dim=2).any(dim=1)


def best_weakening(world: World, data: Listed, l1_coeff: float) -> float:
    """How much the child weakens the parent's latent in the best dictionary of two rows; nothing is trained.

    world  a parent and its child, on the axes of a plane; all angles are looked at (two_rows.best_angles)
    """
    activations, weights = data
    angles, _ = best_angles(activations, weights[None], l1_coeff)
    rows = torch.stack([torch.deg2rad(angles).cos(), torch.deg2rad(angles).sin()], dim=2)
    return weakening(batch_codes(activations, rows, l1_coeff), rows, world, data=data).item()


def hedging_angle(p_parent_only: float, p_both: float, l1_coeff: float) -> float:
    """The angle in radians from the parent towards the child of the best single row without bias, at any price.

    The loss is half of E[x^2] minus half of E[max(0, x . row - l1_coeff)^2]; the largest such mean over all angles up
    to a right one. As l1_coeff -> 0 it is formulas.top_eigenvector_angle.
    """
    angles = torch.linspace(0, math.pi / 2, N_ANGLES, dtype=torch.float64)
    alone, both = angles.cos() - l1_coeff, angles.cos() + angles.sin() - l1_coeff
    gain = p_parent_only * alone.clamp(min=0).square() + p_both * both.clamp(min=0).square()
    return float(angles[gain.argmax()])


def recall(stack: Stack, world: World, feature: int, others: Sequence[int]) -> Tensor:
    """How often a feature's own latent fires where the feature and one of the others do, (n_saes,)."""
    activations, weights = finite_activations(world)
    stack = stack.double()
    z = stack.encode(world.inputs(activations))
    own = own_latent(z, stack.W_dec, world.features, feature)
    together = (activations[:, feature] > 0) & (activations[:, list(others)] > 0).any(dim=1)
    fires = z[torch.arange(len(own)), :, own][:, together] > 0
    return fires.double() @ weights[together] / weights[together].sum()
