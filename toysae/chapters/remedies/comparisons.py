"""What this chapter alone compares: beyond a level, by other rules of choice, at equal settings, by the count.

Comparisons are called as in `toysae.sweeps.standings`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from toysae.claims.families import Comparison, Family
from toysae.sweeps.contests import BLIND, RULES, Array, Contest
from toysae.sweeps.standings import by_key, intervals, key, over_settings


def beyond(contest: Contest, score: str, level: float) -> Family:
    """A score of every contestant on every task less a level, by key(name, task): one family."""
    keys = [key(name, task) for task in contest.tasks for name in contest.names]
    means = contest.means([score])

    def estimate(selecting: NDArray[np.int64], scored: NDArray[np.int64]) -> dict[str, float]:
        return by_key(keys, means(selecting, scored)[0] - level)

    return Family.resampled(estimate, *contest.n_seeds, generator=np.random.default_rng(0))


def gains(contest: Contest, scores: Sequence[str]) -> dict[str, Comparison]:
    """What each other rule of choice adds to the blind one, over all contestants and tasks, by key(rule, score)."""
    others = [rule for rule in RULES if rule != BLIND]
    keys = [key(rule, score) for rule in others for score in scores]
    means = contest.means(scores, (BLIND, *others))

    def estimate(selecting: NDArray[np.int64], scored: NDArray[np.int64]) -> dict[str, float]:
        averages = means(selecting, scored).mean(axis=(2, 3))
        return by_key(keys, averages[1:] - averages[0])

    return intervals(estimate, contest)


def at_equal_settings(contest: Contest, first: str, second: str, scores: Sequence[str]) -> dict[str, Array]:
    """The first contestant less the second, (n_seeds,) by score: means over all settings, and tasks that have it.

    Nothing is chosen, so all seeds count, those that select elsewhere included.
    raises  ValueError where the two do not try the same settings
    """
    one, other = (contest.settings[contest.names.index(name)] for name in (first, second))
    if not np.array_equal(one, other, equal_nan=True):
        raise ValueError(f"second is {second!r}: allowed is a contestant with the settings of {first!r}")
    return {score: over_settings(contest, first, score) - over_settings(contest, second, score) for score in scores}


def mean_at_all_settings(contest: Contest, name: str, scores: Sequence[str]) -> dict[str, float]:
    """Mean over all settings and seeds, and tasks that have the score."""
    return {score: float(over_settings(contest, name, score).mean()) for score in scores}


def right_counts(contest: Contest, name: str, score: str, true_l0: Array) -> dict[str, Array]:
    """What it adds to choose k by the true L0 of each task, less one k for all, (n_seeds,) by that k.

    The k nearest to true_l0 (n_tasks,), as a ratio, is taken of those that were tried.
    """
    counts = contest.settings[contest.names.index(name)]
    counts = counts[~np.isnan(counts)]
    values = contest.everything(score)[:, contest.names.index(name), : len(counts)]
    nearest = np.abs(np.log(counts / true_l0[:, None])).argmin(axis=1)
    right = np.take_along_axis(values, nearest[:, None, None], axis=1)[:, 0].mean(axis=0)
    return {f"{k:g}": right - values[:, i].mean(axis=0) for i, k in enumerate(counts)}
