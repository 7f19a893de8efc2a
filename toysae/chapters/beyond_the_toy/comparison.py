"""Comparisons between SAEs of several kinds, seed by seed: what is checked of a table that trials.trial made.

A *table* has a row per SAE, with the columns kind, setting and seed beside its scores; a seed is a world with its SAEs.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from toysae.chapters.beyond_the_toy.trials import MATRYOSHKA, TOPK

Checks = list[bool]  # one per seed, in ascending order
Differences = list[float]  # likewise


def best_reconstruction_is_low(table: pd.DataFrame, score: str) -> Checks:
    """Whether the SAE of a seed that explains most variance is below the seed's median by a score."""
    return [bool(one.loc[one["explained_variance"].idxmax(), score] < one[score].median()) for one in _by_seed(table)]


def precision_for_recall(table: pd.DataFrame) -> Checks:
    """Whether every kind has less precision and more recall at its highest L0 than at its lowest."""
    return [all(_trades(own) for _, own in one.groupby("kind")) for one in _by_seed(table)]


def matryoshka_less_topk(table: pd.DataFrame, score: str, true_l0: float) -> Differences:
    """By how much Matryoshka's score exceeds that of TopK with as many active latents, the number nearest true_l0.

    raises  ValueError where they have no setting in common
    """
    settings = {kind: set(table.loc[table["kind"] == kind, "setting"]) for kind in (TOPK, MATRYOSHKA)}
    common = settings[TOPK] & settings[MATRYOSHKA]
    if not common:
        raise ValueError(f"settings are {settings}: allowed are some that both kinds have")
    k = min(common, key=lambda value: abs(value - true_l0))
    scores = table[table["setting"] == k].pivot(index="seed", columns="kind", values=score)
    return (scores[MATRYOSHKA] - scores[TOPK]).tolist()


def gains(table: pd.DataFrame, other: pd.DataFrame, score: str) -> Differences:
    """By how much the SAEs of another table exceed those of the same kind, setting and world in this one."""
    keys = ["kind", "setting", "data_seed"]
    both = other.merge(table, on=keys, suffixes=("", "_before")).sort_values("data_seed")
    return (both[score] - both[f"{score}_before"]).tolist()


def is_lowest(table: pd.DataFrame, kind: str, score: str, true_l0: float) -> Checks:
    """Whether, of the SAEs of a seed that at_true_l0 picks, that of a kind has the lowest score."""
    picked = _by_seed(at_true_l0(table, true_l0))
    return [one.set_index("kind")[score].idxmin() == kind for one in picked]


def at_true_l0(table: pd.DataFrame, true_l0: float) -> pd.DataFrame:
    """The SAEs of each kind's setting whose mean L0 is nearest to the true one, as a ratio."""
    means = table.groupby(["kind", "setting"])["l0"].mean()
    distance = np.log(means.clip(lower=1e-6) / true_l0).abs()
    nearest = set(distance.groupby("kind").idxmin())
    return table[[pair in nearest for pair in zip(table["kind"], table["setting"], strict=True)]]


def at_extreme_l0(table: pd.DataFrame, lowest: bool) -> pd.DataFrame:
    """Of each kind and seed the SAE with the lowest L0, or the highest."""
    groups = table.groupby(["kind", "seed"], sort=False)["l0"]
    return table.loc[groups.idxmin() if lowest else groups.idxmax()]


def of_one_setting(table: pd.DataFrame, true_l0: float, count: int) -> pd.DataFrame:
    """A control: as if the SAEs of a seed were those of one setting, from `count` seeds in turn.

    What is said of SAEs that differ in their settings should not be true of these.
    """
    one = at_true_l0(table, true_l0)
    order = {seed: place for place, seed in enumerate(sorted(one["seed"].unique()))}
    places = one["seed"].map(order)
    turned = [one.assign(seed=(places + turn) % len(order)) for turn in range(count)]
    return pd.concat(turned, ignore_index=True)


def _by_seed(table: pd.DataFrame) -> list[pd.DataFrame]:
    return [one for _, one in table.groupby("seed")]


def _trades(own: pd.DataFrame) -> bool:
    low, high = own.loc[own["l0"].idxmin()], own.loc[own["l0"].idxmax()]
    return bool(low["precision"] > high["precision"] and low["recall"] < high["recall"])
