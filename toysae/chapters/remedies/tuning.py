"""Which of its settings a contestant is judged by: rules that are fixed beforehand, on seeds that are not scored.

A *table* has one row per task, contestant, setting and seed, and columns as in `remedies.judged`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd

from toysae.claims.intervals import Mean

ENOUGH = 0.9  # explained variance from which on a setting counts as good enough
KEYS = ["task", "contestant"]


def sparsest_good_enough(tried: pd.DataFrame, true_l0: float) -> float:
    """The setting of lowest L0 among those that explain ENOUGH variance; where none does, the one that explains most.

    tried  mean scores, one row per setting, which is its index
    """
    good = tried[tried["explained_variance"] >= ENOUGH]
    return good["l0"].idxmin() if len(good) else tried["explained_variance"].idxmax()


def nearest_true_l0(tried: pd.DataFrame, true_l0: float) -> float:
    """The setting whose L0 is nearest, as a ratio, to the number of features that fire: one has to be told that."""
    return (tried["l0"].clip(lower=1e-6) / true_l0).apply(np.log).abs().idxmin()


def most_features(tried: pd.DataFrame, true_l0: float) -> float:
    """The setting that finds most features, and among equals has the highest MCC: one has to be told the features."""
    return tried.sort_values(["found", "mcc"], ascending=False, kind="stable").index[0]


RULES: dict[str, Callable[[pd.DataFrame, float], float]] = {
    "told nothing": sparsest_good_enough,
    "told the true L0": nearest_true_l0,
    "told the features": most_features,
}


def tuned(table: pd.DataFrame, selecting: Sequence[int], true_l0: Mapping[str, float]) -> pd.DataFrame:
    """The rows of the settings that each rule chooses, with a column "rule"; the seeds that chose are left out.

    selecting  seeds whose scores the rules see, and that are not scored
    true_l0    task -> how many features fire in a sample, in the mean
    raises     ValueError where two contestants share a name: their rows could not be told apart
    """
    twice = table[table.duplicated([*KEYS, "setting", "seed"])]
    if len(twice):
        name = twice["contestant"].iloc[0]
        raise ValueError(
            f"contestant is {name!r} in two rows of one setting and seed: allowed is one, names must differ"
        )
    sees = table["seed"].isin(list(selecting))
    numbers = table.columns.difference([*KEYS, "setting", "seed"])
    parts = []
    for (task, contestant), tried in table[sees].groupby(KEYS, sort=False):
        means = tried.groupby("setting", sort=False)[list(numbers)].mean()
        own = table[~sees & (table["task"] == task) & (table["contestant"] == contestant)]
        for rule, choose in RULES.items():
            setting = choose(means, true_l0[task])
            parts.append(own[own["setting"] == setting].assign(rule=rule))
    return pd.concat(parts, ignore_index=True)


def paired(table: pd.DataFrame, first: str, second: str, score: str) -> np.ndarray:
    """Difference of a score between two contestants, the first minus the second, one number per seed.

    For each seed it is the mean over all tasks and settings of the table that both have.
    """
    columns = ["task", "setting", "seed"]
    one, other = (table[table["contestant"] == name].set_index(columns)[score] for name in (first, second))
    return (one - other).dropna().groupby("seed").mean().to_numpy()


def summary(tuned_rows: pd.DataFrame, score: str) -> pd.Series:
    """A Mean of a score for each contestant, over seeds: a seed counts by its mean over tasks."""
    by_seed = tuned_rows.groupby(["contestant", "seed"], sort=False)[score].mean()
    return by_seed.groupby("contestant", sort=False).apply(Mean.of)


def versus(tuned_rows: pd.DataFrame, first: str, second: str, score: str) -> Mean:
    """The mean difference, the first contestant minus the second; a seed counts by its mean over tasks.

    tuned_rows  one row per task, contestant and seed: those of one rule
    """
    by_seed = tuned_rows.groupby(["contestant", "seed"])[score].mean()
    return Mean.of((by_seed[first] - by_seed[second]).to_numpy())
