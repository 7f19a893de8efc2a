"""What the contest invites to compare: families of differences, seed by seed or with the choice of settings repeated.

A comparison is called by `key`. Means over tasks weigh every task the same.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from toysae.chapters.remedies.tuning import BLIND, RULES, Array, Contest
from toysae.claims.families import Comparison, Estimate, Family

EXACT = 12  # decimals of a difference: what is equal stays equal, in whatever order it was added up
DRAWS_OF_INTERVALS = 1_999  # resamples where an interval is all that is asked for


def key(name: str, score: str) -> str:
    """The name of a comparison in its family."""
    return f"{name}: {score}"


def surely(family: Family, score: str, *, more: bool) -> list[str]:
    """The contestants that surely have more of a score than what they are held against, or surely less."""
    called = family.surely_more if more else family.surely_less
    return [name for name, its in (known.rsplit(": ", 1) for known in called) if its == score]


def versus(contest: Contest, base: str, scores: Sequence[str]) -> Family:
    """Every other contestant less `base`, in every score: one family."""
    home = contest.names.index(base)
    others = [i for i in range(len(contest.names)) if i != home]
    keys = [key(contest.names[i], score) for score in scores for i in others]
    means = contest.means(scores)

    def estimate(selecting: NDArray[np.int64], scored: NDArray[np.int64]) -> dict[str, float]:
        averages = means(selecting, scored)[0].mean(axis=1)
        return _named(keys, averages[:, others] - averages[:, [home]])

    return Family.resampled(estimate, *contest.n_seeds, generator=np.random.default_rng(0))


def levels(contest: Contest, scores: Sequence[str]) -> dict[str, Comparison]:
    """Mean scores of every contestant with their intervals, by key; these are no differences, so none is "sure"."""
    keys = [key(name, score) for score in scores for name in contest.names]
    means = contest.means(scores)
    return _intervals(lambda *drawn: _named(keys, means(*drawn)[0].mean(axis=1)), contest)


def beyond(contest: Contest, score: str, level: float) -> Family:
    """A score of every contestant on every task less a level, by key(name, task): one family."""
    keys = [key(name, task) for task in contest.tasks for name in contest.names]
    means = contest.means([score])

    def estimate(selecting: NDArray[np.int64], scored: NDArray[np.int64]) -> dict[str, float]:
        return _named(keys, means(selecting, scored)[0] - level)

    return Family.resampled(estimate, *contest.n_seeds, generator=np.random.default_rng(0))


def gains(contest: Contest, scores: Sequence[str]) -> dict[str, Comparison]:
    """What each other rule of choice adds to the blind one, over all contestants and tasks, by key(rule, score)."""
    others = [rule for rule in RULES if rule != BLIND]
    keys = [key(rule, score) for rule in others for score in scores]
    means = contest.means(scores, (BLIND, *others))

    def estimate(selecting: NDArray[np.int64], scored: NDArray[np.int64]) -> dict[str, float]:
        averages = means(selecting, scored).mean(axis=(2, 3))
        return _named(keys, averages[1:] - averages[0])

    return _intervals(estimate, contest)


def at_equal_settings(contest: Contest, first: str, second: str, scores: Sequence[str]) -> dict[str, Array]:
    """The first contestant less the second, (n_seeds,) by score: means over all settings, and tasks that have it.

    Nothing is chosen, so all seeds count, those that select elsewhere included.
    raises  ValueError where the two do not try the same settings
    """
    one, other = (contest.settings[contest.names.index(name)] for name in (first, second))
    if not np.array_equal(one, other, equal_nan=True):
        raise ValueError(f"second is {second!r}: allowed is a contestant with the settings of {first!r}")
    return {score: _over_settings(contest, first, score) - _over_settings(contest, second, score) for score in scores}


def mean_at_all_settings(contest: Contest, name: str, scores: Sequence[str]) -> dict[str, float]:
    """Mean over all settings and seeds, and tasks that have the score."""
    return {score: float(_over_settings(contest, name, score).mean()) for score in scores}


def seeds_against_seeds(contest: Contest, name: str, scores: Sequence[str]) -> dict[str, Array]:
    """A contestant on one half of the seeds less itself on the other half, as in `at_equal_settings`.

    Nothing is sure here but by chance: a control.
    """
    both = {score: _over_settings(contest, name, score) for score in scores}
    return {score: values[: len(values) // 2] - values[-(len(values) // 2) :] for score, values in both.items()}


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


def _over_settings(contest: Contest, name: str, score: str) -> Array:
    """(n_seeds,)"""
    values = contest.everything(score)[:, contest.names.index(name)]
    scored = values[~np.isnan(values).all(axis=(1, 2))]
    return np.nanmean(scored, axis=1).mean(axis=0)


def _named(keys: Sequence[str], values: Array) -> dict[str, float]:
    return dict(zip(keys, np.round(values, EXACT).ravel().tolist(), strict=True))


def _intervals(estimate: Estimate, contest: Contest) -> dict[str, Comparison]:
    generator = np.random.default_rng(0)
    return dict(Family.resampled(estimate, *contest.n_seeds, generator=generator, draws=DRAWS_OF_INTERVALS))
