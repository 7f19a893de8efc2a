"""Absorption: whether the latents of its children have taken over a parent feature."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from toysae.measures.labels import cosines
from toysae.measures.parts import concatenated, parts_in_memory, require_width
from toysae.measures.recovery import activity
from toysae.saes.stack import Stack
from toysae.worlds.checks import as_number, require, require_positions, require_whole
from toysae.worlds.finite import finite_activations
from toysae.worlds.world import World, require_firing

ABSORBED_SHARE = 0.4  # of the projection on a feature that a latent must carry to absorb it, as in SAEBench
ABSORBING_COSINE = 0.1  # with the feature, that a latent must have to count as carrying it, as in SAEBench


@dataclass(frozen=True)
class Absorption:
    """How far the latents of its children have taken over a parent feature, in each SAE of a stack.

    own       (n_saes,) the parent's own latent: the live one with the largest cosine with the parent
    cosine    (n_saes,) that cosine. Where it is low, the parent has no latent that could be absorbed
    full      (n_saes,) full absorption rate: how often the own latent is silent while another one stands in
    fraction  (n_saes,) absorption fraction: how much of what own and standing-in latents say about the parent is
              said by the latter; it sees partial absorption, where the own latent still fires but weakly

    Both are means over the samples in which the parent and at least one of the children fire.
    """

    own: Tensor
    cosine: Tensor
    full: Tensor
    fraction: Tensor


def measure_absorption(
    stack: Stack, world: World, parent: int, children: Sequence[int], share: float = ABSORBED_SHARE
) -> Absorption:
    """Whether a parent feature is represented by its own latent when a child fires, or by the child's.

    A latent k says z_k cos(row_k, parent) about the parent, of which the sample holds a_parent. A latent other than the
    parent's own stands in for it where it fires and points both towards the parent and towards a child that fires, with
    cosines of ABSORBING_COSINE or more. In a sample the parent is

    fully absorbed  where its own latent is silent and one that stands in says at least `share` of a_parent
    absorbed by     S / (S + O), where those that stand in say S >= share a_parent in sum, capped at what is missing
                    from a_parent, and its own latent says O; so 1 where O is zero. 0 where S is too little, or O is
                    a_parent or more

    The metric of SAEBench (Karvonen et al. 2025, arXiv 2503.09532) for the absorption of Chanin et al. (2024, arXiv
    2409.14507), in a world whose features are known: the feature's direction replaces a probe, children are named, not
    found, and the samples are those where one fires, so that 1 is complete absorption; there it is counted among all
    samples of the parent. SAEBench asks for a cosine of .025 where absorption is full, and adds up three latents at
    most.

    parent    a position among the features, and children the positions of its children
    returns   not a number where no latent is live, or where parent and children never fire together
    """
    require_firing(world)
    require_width(stack, world)
    _require_family(parent, children, world.n_features)
    require("share", share, 0 < as_number(share) <= 1, "a number above 0 and at most 1")
    activations, probabilities = finite_activations(world)
    parts = parts_in_memory(stack, len(activations))
    return concatenated(
        [_absorption(p, world, parent, list(children), share, activations, probabilities) for p in parts]
    )


def _absorption(
    stack: Stack, world: World, parent: int, children: list[int], share: float, activations: Tensor, weights: Tensor
) -> Absorption:
    z = stack.model.encode(stack.parameters, world.inputs(activations), weights)
    live, _ = activity(z, weights)
    cosine = cosines(stack.W_dec, world.features)
    own_cosine, own = cosine[..., parent].masked_fill(~live, -torch.inf).max(dim=1)
    together = (activations[:, parent] > 0) & (activations[:, children] > 0).any(dim=1)
    z, held, weights = z[:, together], activations[together, parent], weights[together]
    is_own = torch.nn.functional.one_hot(own, z.shape[2]).bool()[:, None]
    stands_in = _carries_both(cosine, parent, children, activations[together] > 0) & ~is_own
    said = z * cosine[:, None, :, parent]
    by_own, by_others = ((said * who).sum(dim=2) for who in (is_own, stands_in))
    silent = ~((z > 0) & is_own).any(dim=2)
    full = silent & ((said * stands_in).amax(dim=2) >= share * held)
    kept = torch.minimum(by_others, held - by_own)
    fraction = torch.where(by_own > 0, kept / (kept + by_own), 1.0)
    fraction = torch.where((by_own < held) & (by_others >= share * held), fraction, 0.0)
    known = torch.where(live.any(dim=1), 1.0, torch.nan).double()
    rates = [known * (value.double() @ weights) / weights.sum() for value in (full, fraction)]
    return Absorption(own, known * own_cosine, *rates)


def _carries_both(cosine: Tensor, parent: int, children: list[int], fires: Tensor) -> Tensor:
    """Which latents point towards the parent and towards a child that fires, bool (n_saes, n_samples, n_latents).

    cosine (n_saes, n_latents, n_features); fires (n_samples, n_features) bool
    """
    points = cosine >= ABSORBING_COSINE
    to_a_child = torch.einsum("sc,alc->asl", fires[:, children].double(), points[..., children].double()) > 0
    return to_a_child & points[:, None, :, parent]


def _require_family(parent: int, children: Sequence[int], n_features: int) -> None:
    require_whole("parent", parent, 0, n_features - 1)
    listed = isinstance(children, Sequence) and not isinstance(children, str)
    require("children", children, listed, "positions of features, such as [1, 2]")
    require_positions("children", children, n_features)
    if not children or not set(children) <= set(range(n_features)) - {parent}:
        raise ValueError(
            f"children is {list(children)}: allowed are features from 0 to {n_features - 1}, not the parent"
        )
