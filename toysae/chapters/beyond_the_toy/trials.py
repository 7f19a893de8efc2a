"""SAEs of several kinds on the synthetic benchmark: one stack per kind, one row per SAE. A point of a sweep."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from toysae.measures.detection import detection_scores, holes
from toysae.measures.labels import THRESHOLD
from toysae.saes.kinds import KINDS
from toysae.saes.stack import Stack
from toysae.saes.starts import random_sign_rows
from toysae.saes.training import Batches, fit
from toysae.worlds.checks import require
from toysae.worlds.named_worlds import benchmark
from toysae.worlds.world import World

N_SCORED_SAMPLES = 4096  # on which SAEs are scored; none of them was trained on
WORLD, BATCHES, SCORED = range(3)  # what the seeds of a data_seed are for
PLAIN, TOPK, JUMPRELU, MATRYOSHKA = "L1", "TopK", "JumpReLU, narrow kernel", "Matryoshka TopK"  # of KINDS


def world_of(data_seed: int, **numbers: Any) -> World:
    """The benchmark of a data seed, which decides factors and directions; numbers as `benchmark` takes them."""
    return benchmark(generator=_generator(data_seed, WORLD), **numbers)


def trained(
    kind: str,
    setting: Sequence[float],
    seed: Sequence[int],
    world: World,
    n_latents: int,
    *,
    data_seed: int = 0,
    **plan: Any,
) -> Stack:
    """One SAE per setting and seed, seeds varying fastest; plan holds batch_size, n_steps and lr."""
    require("kind", repr(kind), kind in KINDS, f"one of {', '.join(KINDS)}")
    values = torch.tensor(list(setting), dtype=torch.float64).repeat_interleave(len(seed))
    members = list(seed) * len(setting)
    rows = random_sign_rows(world, n_latents, members)
    start = KINDS[kind].untrained(values, rows, members)
    batches = Batches(world, plan["batch_size"], _generator(data_seed, BATCHES))
    return fit(start, batches, n_steps=plan["n_steps"], lr=plan["lr"])[0]


def trial(
    kind: str,
    setting: list[float],
    seed: list[int],
    n_features: int,
    d_in: int,
    n_latents: int,
    mean_l0: float,
    n_families: int,
    n_repulsions: int = 0,
    sigma: float = 0.1,
    batch_size: int = 128,
    n_steps: int = 1000,
    lr: float = 0.01,
    data_seed: int = 0,
    threshold: float = THRESHOLD,
) -> list[dict]:
    """One row per setting and seed: detection.scores, and how often parents' latents fire without and with a child.

    setting  prices or numbers of latents, as KINDS takes them
    seed     of the SAEs; all see the same batches
    """
    world = world_of(
        data_seed,
        n_features=n_features,
        d_in=d_in,
        mean_l0=mean_l0,
        n_families=n_families,
        n_repulsions=n_repulsions,
        sigma=sigma,
    )
    stack = trained(
        kind, setting, seed, world, n_latents, data_seed=data_seed, batch_size=batch_size, n_steps=n_steps, lr=lr
    )
    samples = world.sample(N_SCORED_SAMPLES, _generator(data_seed, SCORED))
    columns = detection_scores(stack, world, samples, threshold)
    columns["parent_alone"], columns["parent_with_child"] = holes(stack, world, samples)
    members = [{"setting": value, "seed": number} for value in setting for number in seed]
    rows = zip(*(values.tolist() for values in columns.values()), strict=True)
    return [member | dict(zip(columns, row, strict=True)) for member, row in zip(members, rows, strict=True)]


def _generator(data_seed: int, purpose: int) -> torch.Generator:
    return torch.Generator().manual_seed(3 * data_seed + purpose)
