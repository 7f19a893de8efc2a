"""Two features, A and B, and two latents: the smallest worlds in which composites can win, over a grid of settings.

A dictionary of two rows in a plane is a pair of angles, measured in degrees from A (0) towards B (90). So the best
dictionary is found by looking at all of them.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
import torch
from torch import Tensor

from toysae.measures.labels import THRESHOLD, label_latents
from toysae.measures.recovery import activity
from toysae.optimum.two_rows import ATOMS, PAIR, best_angles, plane_losses
from toysae.saes.stack import ReluL1, Stack, untrained
from toysae.saes.starts import initial_rows
from toysae.saes.training import N_RESAMPLINGS, Support, fast_arithmetic, fit
from toysae.worlds.finite import finite_data
from toysae.worlds.named_worlds import VARIANTS, two_features
from toysae.worlds.world import World


@dataclass(frozen=True)
class Cell:
    """One point of the grid."""

    variant: str
    l1_coeff: float
    solo: float
    sigma: float

    @property
    def world(self) -> World:
        return two_features(self.variant, self.solo, self.sigma)


def pairs_grid(
    l1_coeffs: Sequence[float],
    solo_rates: Sequence[float],
    sigmas: Sequence[float],
    *,
    variants: Sequence[str] = VARIANTS,
    n_seeds: int = 8,
    first_seed: int = 0,
    n_steps: int = 1500,
    lr: float = 0.01,
    init: str = "random-sign",
    n_resamplings: int = N_RESAMPLINGS,
    threshold: float = THRESHOLD,
) -> pd.DataFrame:
    """What two latents do with two features: one row per variant, l1_coeff, solo rate and sigma.

    atoms, pair                    exact loss of {A, B} and of {A, (A+B)/sqrt 2}
    best, best_1, best_2           the lowest loss that two rows can have, and their angles in degrees
    trained, trained_1, trained_2  loss and angles of the trained SAE with the lowest loss of n_seeds
    name_1, name_2                 what its latents stand for: A, B, A+B, mixed or dead
    both_atoms, n_seeds            how many of the trained SAEs found A and B, of how many

    first_seed is that of the first of n_seeds SAEs, the others follow; every setting starts from the same ones.
    Every loss is a mean over the same finite data (finite.finite_data). Settings whose data points are the same are
    trained as one stack: they differ in their probabilities only.
    """
    crossed = itertools.product(variants, map(float, l1_coeffs), solo_rates, map(float, sigmas))
    settings = [Cell(*values) for values in crossed]
    rows = {}
    for group in _with_equal_points(settings):
        x, probabilities = _shared_data(group)
        with fast_arithmetic():
            found = _best(group, x, probabilities)
        start = _start(group, range(first_seed, first_seed + n_seeds), init)
        weights = probabilities.repeat_interleave(n_seeds, dim=0)
        trained, _ = fit(start, Support(x, weights), n_steps=n_steps, lr=lr, n_resamplings=n_resamplings)
        told = _told(trained.double(), x, weights, group, n_seeds, threshold)
        for i, setting in enumerate(group):
            rows[setting] = vars(setting) | found[i] | told[i]
    return pd.DataFrame([rows[setting] for setting in settings])


def _with_equal_points(settings: list[Cell]) -> list[list[Cell]]:
    """Settings in groups that share sigma and the patterns that can occur at all, so that no point has weight zero."""

    def points(setting: Cell) -> tuple[float, int]:
        return setting.sigma, len(setting.world.firing.support()[0])

    return [list(group) for _, group in itertools.groupby(sorted(settings, key=points), key=points)]


def _shared_data(group: list[Cell]) -> tuple[Tensor, Tensor]:
    """Points (n_points, 2) and every setting's probabilities (n_settings, n_points), float64."""
    data = [finite_data(setting.world) for setting in group]
    return data[0][0], torch.stack([probabilities for _, probabilities in data])


def _best(group: list[Cell], x: Tensor, probabilities: Tensor) -> list[dict]:
    """The computed columns of every setting of a group."""
    l1_coeffs = torch.tensor([setting.l1_coeff for setting in group], dtype=torch.float64)
    losses = {
        name: (plane_losses(torch.tensor(angles), x, l1_coeffs[:, None]) * probabilities).sum(dim=1)
        for name, angles in {"atoms": ATOMS, "pair": PAIR}.items()
    }
    best, angles = torch.empty(len(group), dtype=torch.float64), torch.empty(len(group), 2, dtype=torch.float64)
    for l1_coeff in l1_coeffs.unique().tolist():
        here = l1_coeffs == l1_coeff
        angles[here], best[here] = best_angles(x, probabilities[here], l1_coeff)
    columns = losses | {"best": best, "best_1": angles[:, 0], "best_2": angles[:, 1]}
    return pd.DataFrame({name: values.numpy() for name, values in columns.items()}).to_dict("records")


def _start(group: list[Cell], seeds: Sequence[int], init: str) -> Stack:
    """One untrained SAE per seed for every setting of a group."""
    l1_coeffs = torch.tensor([setting.l1_coeff for setting in group]).repeat_interleave(len(seeds))
    rows = initial_rows(init, group[0].world, 2, seeds).repeat(len(group), 1, 1)
    return untrained(ReluL1(l1_coeffs), rows, list(seeds) * len(group), decoder_bias=False)


def _told(trained: Stack, x: Tensor, weights: Tensor, group: list[Cell], n_seeds: int, threshold: float) -> list[dict]:
    """The columns about the trained SAEs of every setting of a group."""
    live, _ = activity(trained.encode(x))
    labels = label_latents(trained.W_dec, group[0].world, live, threshold)
    losses = trained.model.loss(trained.parameters, x, weights).view(-1, n_seeds)
    both = (labels.features_found == 2).view(-1, n_seeds).sum(dim=1)
    lowest = losses.argmin(dim=1) + n_seeds * torch.arange(len(losses))
    return [
        {"trained": losses[i].min().item(), **_picture(trained.W_dec[sae], labels.names(sae, ["A", "B"]))}
        | {"both_atoms": both[i].item(), "n_seeds": n_seeds}
        for i, sae in enumerate(lowest.tolist())
    ]


def _picture(rows: Tensor, names: list[str]) -> dict:
    """Angles and names of two rows (2, 2), in the order of their angles."""
    angles = [math.degrees(math.atan2(b, a)) for a, b in rows.tolist()]
    (first, name_1), (second, name_2) = sorted(zip(angles, names, strict=True))
    return {"trained_1": first, "trained_2": second, "name_1": name_1, "name_2": name_2}
