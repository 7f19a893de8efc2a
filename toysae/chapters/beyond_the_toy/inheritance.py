"""Children and parents within an SAE: latents that write both, and parents that fall silent beside such a latent."""

from __future__ import annotations

import torch
from torch import Tensor

from toysae.measures.detection import own_latents_fire
from toysae.saes.stack import Stack
from toysae.worlds.directions import largest_cosines
from toysae.worlds.firings import Families
from toysae.worlds.world import World


def heirs(members: Tensor, firing: Families) -> Tensor:
    """Which latents write a child together with its parent: booleans (n_saes, n_latents, n_families, n_children).

    members  (n_saes, n_latents, n_features), as label_latents finds them
    """
    children = members[..., firing.roots.n_features :].unflatten(-1, tuple(firing.chances.shape))
    return children & members[..., : len(firing.chances), None]


def beside_heirs(stack: Stack, world: World, activations: Tensor, members: Tensor) -> tuple[Tensor, Tensor]:
    """How often a parent's own latent fires without any child, and with a child for which an heir stands: (n_saes,).

    The parent's own latent is the one whose decoder row has the largest cosine with it. Means over the pairs of parent
    and child that some latent writes together; nan for an SAE without one.

    activations  (n_samples, n_features) feature activations
    raises       ValueError where the world does not fire by Families
    """
    firing = world.firing
    if not isinstance(firing, Families):
        raise ValueError(f"the firing of world is {type(firing).__name__}: allowed is Families")
    n_families = len(firing.chances)
    on = activations > 0
    children = on[:, firing.roots.n_features :].unflatten(-1, tuple(firing.chances.shape))
    alone = on[:, :n_families] & ~children.any(dim=2)
    of_parents = own_latents_fire(stack, world, activations, range(n_families)).float()
    without = torch.einsum("snf,nf->sf", of_parents, alone.float()) / alone.sum(dim=0)
    beside = torch.einsum("snf,nfc->sfc", of_parents, children.float()) / children.sum(dim=0)
    written = heirs(members, firing).any(dim=1)
    without = without[..., None].expand_as(beside)
    alone_rate, beside_rate = (rate.where(written, torch.nan).flatten(1).nanmean(dim=1) for rate in (without, beside))
    return alone_rate, beside_rate


def overlap(features: Tensor) -> float:
    """The mean over features (n_features, d_in) of the largest absolute cosine with another one."""
    return largest_cosines(features).mean().item()
