"""Starts: where decoder rows point before training."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import normalize

from toysae.saes.stack import Model, ReluL1, Stack, untrained
from toysae.worlds.checks import (
    require_count,
    require_seed,
    require_seeds,
    require_size,
    require_tensor,
    require_whole,
    shown,
)
from toysae.worlds.world import World, require_world

PLACEMENT_NOISE = 0.05  # rows placed at given directions are moved by this much, so that members of a stack differ


def random_sign_rows(world: World, n_latents: int, seeds: Sequence[int]) -> Tensor:
    """Unit rows uniform on the sphere, entries of either sign: what practice uses. (n_saes, n_latents, d_in)"""
    require_world(world)
    return normalize(_gaussians(seeds, n_latents, world.d_in), dim=2)


def positive_rows(world: World, n_latents: int, seeds: Sequence[int]) -> Tensor:
    """Unit rows that are random positive sums of the features, so that every latent fires. (n_saes, n_latents, d_in)"""
    require_world(world)
    return normalize(_gaussians(seeds, n_latents, world.n_features).abs() @ world.features, dim=2)


def rows_at(directions: Tensor, n_latents: int, seeds: Sequence[int]) -> Tensor:
    """Unit rows at given directions (n_directions, d_in), slightly moved; taken in turn if there are too few."""
    require_count(n_latents=n_latents)
    require_tensor("directions", directions, "n_directions+ d_in+")
    turn = torch.arange(n_latents) % len(directions)
    moved = directions[turn] + PLACEMENT_NOISE * _gaussians(seeds, n_latents, directions.shape[1])
    return normalize(moved, dim=2)


INITIALISATIONS = {
    "random-sign": random_sign_rows,
    "positive": positive_rows,
    "at-features": lambda world, n_latents, seeds: rows_at(world.features, n_latents, seeds),
    "at-composites": lambda world, n_latents, seeds: rows_at(world.composites(), n_latents, seeds),
}


def initial_rows(init: str, world: World, n_latents: int, seeds: Sequence[int]) -> Tensor:
    """Decoder rows before training, (n_saes, n_latents, d_in), by the name of the initialisation."""
    if not isinstance(init, str) or init not in INITIALISATIONS:
        raise ValueError(f"init is {shown(repr(init))}: allowed is one of {', '.join(INITIALISATIONS)}")
    require_world(world)
    return INITIALISATIONS[init](world, n_latents, seeds)


def start(
    world: World,
    n_latents: int,
    sae: float | Tensor | Model,
    seeds: Sequence[int],
    *,
    init: str = "random-sign",
    decoder_bias: bool = False,
    tied: bool = False,
) -> Stack:
    """SAEs for a world before training, one per seed.

    sae           what is trained: a number is the price l1_coeff of the plain SAE (ReLU and L1), a tensor (n_saes,) one
                  such price per SAE; else any Model
    init          where decoder rows start: a name in INITIALISATIONS
    decoder_bias  whether the decoder has a bias
    tied          whether the encoder is the decoder transposed
    raises        ValueError for a value that cannot be
    """
    model = sae if isinstance(sae, Model) else ReluL1(sae)
    rows = initial_rows(init, world, n_latents, seeds)
    return untrained(model, rows, seeds, decoder_bias=decoder_bias, tied=tied)


def member_generator(seed: int, stream: int = 0) -> torch.Generator:
    """The generator of one SAE: the same seed gives the same SAE, in whatever stack it is trained.

    stream  0 for the initialisation, 1 for what replaces its dead latents
    """
    require_seed("seed", seed)
    require_whole("stream", stream, 0, 1)
    return torch.Generator().manual_seed(2 * int(seed) + stream)


def _gaussians(seeds: Sequence[int], n_latents: int, width: int) -> Tensor:
    require_seeds(seeds)
    require_count(n_latents=n_latents)
    require_size("the rows", len(seeds), n_latents, width)
    return torch.stack([torch.randn(n_latents, width, generator=member_generator(seed)) for seed in seeds])
