"""Who is ahead in a contest: families of differences, seed by seed or with the choice of settings repeated.

A comparison is called by `key`. Means over tasks weigh every task the same.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from toysae.claims.families import Comparison, Estimate, Family
from toysae.sweeps.contests import Array, Contest

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
        return by_key(keys, averages[:, others] - averages[:, [home]])

    return Family.resampled(estimate, *contest.n_seeds, generator=np.random.default_rng(0))


def levels(contest: Contest, scores: Sequence[str]) -> dict[str, Comparison]:
    """Mean scores of every contestant with their intervals, by key; these are no differences, so none is "sure"."""
    keys = [key(name, score) for score in scores for name in contest.names]
    means = contest.means(scores)
    return intervals(lambda *drawn: by_key(keys, means(*drawn)[0].mean(axis=1)), contest)


def seeds_against_seeds(contest: Contest, name: str, scores: Sequence[str]) -> dict[str, Array]:
    """A contestant on one half of the seeds less itself on the other half, as in `at_equal_settings`.

    Nothing is sure here but by chance: a control.
    """
    both = {score: over_settings(contest, name, score) for score in scores}
    return {score: values[: len(values) // 2] - values[-(len(values) // 2) :] for score, values in both.items()}


def over_settings(contest: Contest, name: str, score: str) -> Array:
    """A score of a contestant by seed, (n_seeds,): means over all settings, and tasks that have the score."""
    values = contest.everything(score)[:, contest.names.index(name)]
    scored = values[~np.isnan(values).all(axis=(1, 2))]
    return np.nanmean(scored, axis=1).mean(axis=0)


def by_key(keys: Sequence[str], values: Array) -> dict[str, float]:
    """Values in the order of their keys, rounded."""
    return dict(zip(keys, np.round(values, EXACT).ravel().tolist(), strict=True))


def intervals(estimate: Estimate, contest: Contest) -> dict[str, Comparison]:
    """An estimate with its intervals, from few draws: too few for what has to be "sure"."""
    generator = np.random.default_rng(0)
    return dict(Family.resampled(estimate, *contest.n_seeds, generator=generator, draws=DRAWS_OF_INTERVALS))
