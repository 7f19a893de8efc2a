"""Contests: a table of contestants, each with its settings, on several tasks; and the rules that choose a setting.

Rules choose on some seeds, and contestants are judged on others. A contest is held as arrays, so that a choice can be
repeated for every draw of seeds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Array = NDArray[np.float64]
Drawn = NDArray[np.int64] | None  # positions of seeds, drawn with replacement; None is all of them
Means = Callable[..., Array]

ENOUGH = 0.9  # explained variance from which on a setting counts as good enough
ROW = ["task", "contestant", "setting", "seed"]  # what tells the rows of a table apart
CHOOSING = ("l0", "explained_variance", "found", "mcc")  # scores that rules see
COUNTS = ("found", "found_90", "composite", "composite_90")  # of features or latents: shares, divided by n_features
SCORES = (*CHOOSING, *COUNTS[1:], "absorption", "extra_cost")


def sparsest_good_enough(tried: Mapping[str, Array], true_l0: Array) -> NDArray[np.int64]:
    """The setting of lowest L0 among those that explain ENOUGH variance; where none does, the one that explains most.

    tried    mean scores by name, (..., n_settings); not a number where a contestant has no such setting
    true_l0  (...) or a shape that spreads to it, how many features fire in a sample, on average
    returns  positions of settings, (...)
    """
    good = tried["explained_variance"] >= ENOUGH
    sparsest = np.where(good, tried["l0"], np.inf).argmin(axis=-1)
    if good.any(axis=-1).all():
        return sparsest
    explains_most = np.nan_to_num(tried["explained_variance"], nan=-np.inf).argmax(axis=-1)
    return np.where(good.any(axis=-1), sparsest, explains_most)


def nearest_true_l0(tried: Mapping[str, Array], true_l0: Array) -> NDArray[np.int64]:
    """The setting whose L0 is nearest, as a ratio, to the number of features that fire: one has to be told that."""
    if np.isnan(true_l0).any():
        raise ValueError("true_l0 is left out: this rule has to be told how many features fire in each task")
    ratio = np.maximum(tried["l0"], 1e-6) / true_l0[..., None]
    return np.nan_to_num(np.abs(np.log(ratio)), nan=np.inf).argmin(axis=-1)


def most_features(tried: Mapping[str, Array], true_l0: Array) -> NDArray[np.int64]:
    """The setting that finds most features, and among equals has the highest MCC: one has to be told the features."""
    found = np.nan_to_num(tried["found"], nan=-np.inf)
    most = found == found.max(axis=-1, keepdims=True)
    return np.where(most, tried["mcc"], -np.inf).argmax(axis=-1)


Rule = Callable[[Mapping[str, Array], Array], NDArray[np.int64]]
RULES: dict[str, Rule] = {
    "told nothing": sparsest_good_enough,
    "told the true L0": nearest_true_l0,
    "told the features": most_features,
}
BLIND = "told nothing"  # the rule of the contest


@dataclass(frozen=True)
class Contest:
    """All scores of a contest.

    tasks       their names
    names       of the contestants
    settings    (n_contestants, n_settings), not a number where a contestant has fewer
    n_features  (n_tasks,), of latents there are as many
    true_l0     (n_tasks,)
    selecting   (n_scores, n_tasks, n_contestants, n_settings, n_seeds), in the order of SCORES: the seeds by which
                settings are chosen
    scored      the same of the other seeds, by which contestants are judged
    """

    tasks: tuple[str, ...]
    names: tuple[str, ...]
    settings: Array
    n_features: Array
    true_l0: Array
    selecting: Array
    scored: Array

    @classmethod
    def of(cls, table: pd.DataFrame, true_l0: Mapping[str, float] | None = None) -> Contest:
        """From a table with one row per task, contestant, setting and seed; `role` says what a seed is for.

        true_l0  task -> how many features fire in a sample, on average; left out where no rule asks for it
        raises   ValueError where two contestants share a name: their rows could not be told apart
        """
        table = table.reset_index(drop=True)
        twice = table[table.duplicated(ROW)]
        if len(twice):
            name = twice["contestant"].iloc[0]
            raise ValueError(
                f"contestant is {name!r} in two rows of one setting and seed: allowed is one, names must differ"
            )
        tasks, names = (tuple(table[column].unique()) for column in ROW[:2])
        place = table.groupby("contestant", sort=False)["setting"].transform(lambda column: pd.factorize(column)[0])
        settings = np.full((len(names), place.max() + 1), np.nan)
        settings[_codes(table["contestant"], names), place] = table["setting"]
        n_features = table.groupby("task", sort=False)["n_features"].first().to_numpy(dtype=float)
        filled = {role: _filled(table[table["role"] == role], tasks, names, place) for role in ("selecting", "scored")}
        told = np.array([np.nan if true_l0 is None else true_l0[task] for task in tasks])
        return cls(tasks, names, settings, n_features, told, **filled)

    @property
    def n_seeds(self) -> tuple[int, int]:
        """How many select, how many are scored."""
        return self.selecting.shape[-1], self.scored.shape[-1]

    def among(self, tasks: Sequence[str] | None = None, names: Sequence[str] | None = None) -> Contest:
        """The contest of some contestants on some tasks, in the order that is given."""
        tasks, names = tuple(tasks or self.tasks), tuple(names or self.names)
        rows = [self.tasks.index(task) for task in tasks]
        columns = [self.names.index(name) for name in names]
        selecting, scored = (part[:, rows][:, :, columns] for part in (self.selecting, self.scored))
        return Contest(
            tasks, names, self.settings[columns], self.n_features[rows], self.true_l0[rows], selecting, scored
        )

    def chosen(self, rule: str = BLIND, drawn: Drawn = None) -> NDArray[np.int64]:
        """Positions of the settings that a rule chooses, (n_tasks, n_contestants).

        drawn  the selecting seeds that it sees, all when left out; one may be drawn twice
        """
        seen = _average(self.selecting[: len(CHOOSING)], _weights(self.n_seeds[0], drawn))
        return RULES[rule](dict(zip(CHOOSING, seen, strict=True)), self.true_l0[:, None])

    def choices(self, rule: str = BLIND) -> dict[tuple[str, str], float]:
        """The settings that a rule chooses, by task and contestant."""
        chosen = self.chosen(rule)
        return {
            (task, name): float(self.settings[j, chosen[i, j]])
            for i, task in enumerate(self.tasks)
            for j, name in enumerate(self.names)
        }

    def means(self, scores: Sequence[str], rules: Sequence[str] = (BLIND,)) -> Means:
        """A function of the seeds that select and of those that are scored, drawn with replacement or all.

        It repeats the choice of settings, and returns mean scores (n_rules, n_scores, n_tasks, n_contestants) at the
        chosen ones; counts as shares.
        """
        part = self.scored[[SCORES.index(score) for score in scores]]
        wholes = self._wholes(scores)[:, :, None]
        tasks, contestants = np.ogrid[: len(self.tasks), : len(self.names)]

        def of_drawn(selecting: Drawn = None, scored: Drawn = None) -> Array:
            averages = _average(part, _weights(self.n_seeds[1], scored))
            chosen = (self.chosen(rule, selecting) for rule in rules)
            return np.stack([averages[:, tasks, contestants, its] / wholes for its in chosen])

        return of_drawn

    def everything(self, score: str) -> Array:
        """A score at all settings and seeds, selecting or scored, (n_tasks, n_contestants, n_settings, n_seeds)."""
        values = np.concatenate([part[SCORES.index(score)] for part in (self.selecting, self.scored)], axis=-1)
        return values / self._wholes([score])[0][:, None, None, None]

    def _wholes(self, scores: Sequence[str]) -> Array:
        """What each score is a share of, (len(scores), n_tasks): the features for counts, one for all others."""
        return np.stack([self.n_features if score in COUNTS else np.ones_like(self.n_features) for score in scores])


def _filled(rows: pd.DataFrame, tasks: Sequence[str], names: Sequence[str], place: pd.Series) -> Array:
    seeds = list(rows["seed"].unique())
    where = (
        _codes(rows["task"], tasks),
        _codes(rows["contestant"], names),
        place[rows.index].to_numpy(),
        _codes(rows["seed"], seeds),
    )
    filled = np.full((len(SCORES), len(tasks), len(names), place.max() + 1, len(seeds)), np.nan)
    for score, values in zip(SCORES, filled, strict=True):
        values[where] = rows[score]
    return filled


def _codes(column: pd.Series, words: Sequence) -> NDArray[np.int64]:
    return pd.Categorical(column, categories=list(words)).codes.astype(int)


def _weights(n: int, drawn: Drawn) -> Array:
    """How often each of n seeds counts."""
    return np.ones(n) if drawn is None else np.bincount(drawn, minlength=n).astype(float)


def _average(values: Array, weights: Array) -> Array:
    """Means over the last axis. Sums of counts are exact, and one division keeps one half exactly one half."""
    sums = values.reshape(-1, values.shape[-1]) @ weights
    return sums.reshape(values.shape[:-1]) / weights.sum()
