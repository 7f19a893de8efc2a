"""Hierarchies: a child feature that fires only together with its parent, and what SAEs make of that.

Absorption as such is measured by `measures.absorption`; here is what it does to the parent's latent, and the direction
towards which a latent bends that has to serve a whole family.
"""

from __future__ import annotations

import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from toysae.measures import activity, cosines
from toysae.oracle import finite_activations, finite_data
from toysae.worlds import World

Data = tuple[Tensor, Tensor]  # feature activations (n_points, n_features) and their probabilities (n_points,)


def own_latent(z: Tensor, dictionary: Tensor, features: Tensor, feature: int = 0) -> Tensor:
    """The latent of a feature in each dictionary, (n_dicts,): the live one whose row has the largest cosine with it.

    z                     (n_dicts, n_points, n_latents) activations
    dictionary, features  (n_dicts, n_latents, d_in) and (n_features, d_in)
    """
    live, _ = activity(z)
    cosine = cosines(dictionary, features)[..., feature]
    return cosine.masked_fill(~live, -torch.inf).argmax(dim=1)


def activation_of_parent(z: Tensor, own: Tensor, data: Data, parent: int = 0, child: int = 1) -> Tensor:
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
    z: Tensor, dictionary: Tensor, world: World, *, parent: int = 0, child: int = 1, data: Data | None = None
) -> Tensor:
    """The share of its activation that the parent's own latent loses when the child fires too, (n_dicts,).

    z           (n_dicts, n_points, n_latents) activations on the points of data, an encoder's or the best codes
    dictionary  (n_dicts, n_latents, d_in)
    data        activations of the world's features and probabilities; oracle.finite_activations when left out

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
    hedging", arXiv 2505.11756). For a parent and one child its angle is theory.top_eigenvector_angle.
    """
    x, weights = finite_data(world)
    top = torch.linalg.eigh((x * weights[:, None]).T @ x).eigenvectors[:, -1]
    return top * top.sum().sign()


def on_the_diagonal(dictionary: Tensor, live: Tensor, world: World) -> Tensor:
    """How many features have a live latent of their own that is mostly theirs, (n_dicts,).

    Latents are matched one to one with features. A latent is mostly its feature's where the feature makes up more than
    half of the square of its row, a cosine above sqrt(1/2): the sum of two features is no one's.

    dictionary (n_dicts, n_latents, d_in); live (n_dicts, n_latents) bool
    """
    cosine = cosines(dictionary, world.features).double().masked_fill(~live[..., None], -1)
    matched = [one[linear_sum_assignment(one.numpy(), maximize=True)] for one in cosine]
    return torch.tensor([int((values > 0.5**0.5).sum()) for values in matched])
