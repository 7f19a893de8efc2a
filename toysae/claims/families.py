"""Families of comparisons: all that one table invites. "Surely" means that it holds in the family, after Holm.

A comparison is a difference, seed by seed: a contestant less what it is held against. Of many comparisons some come out
by chance; Holm's correction keeps the chance that any does at 5 %.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from toysae.claims.intervals import CONFIDENCE, Mean

LEVEL = 1 - CONFIDENCE
DRAWS = 9_999  # resamples of a bootstrap: enough for Holm's correction over a hundred comparisons

Estimate = Callable[..., Mapping[str, float]]  # from the indices of the seeds that are drawn to a difference by name


@dataclass(frozen=True)
class Comparison(Mean):
    """The mean of a difference with its own 95 % interval, and p: the probability of as much by chance, after Holm."""

    p: float = 1.0

    @property
    def surely_more(self) -> bool:
        """Above zero, in the family."""
        return self.p < LEVEL and self.mean > 0

    @property
    def surely_less(self) -> bool:
        """Below zero, in the family."""
        return self.p < LEVEL and self.mean < 0


@dataclass(frozen=True)
class Family(Mapping[str, Comparison]):
    """Comparisons by name, corrected for each other."""

    comparisons: Mapping[str, Comparison]

    @classmethod
    def of(cls, differences: Mapping[str, Sequence[float]]) -> Family:
        """From differences (n_seeds,) by name: paired t tests, two-sided, corrected."""
        return cls(_corrected({name: _paired(values) for name, values in differences.items()}))

    @classmethod
    def resampled(cls, estimate: Estimate, *n_seeds: int, generator: np.random.Generator, draws: int = DRAWS) -> Family:
        """From an estimate that is repeated on seeds drawn with replacement, a choice of settings inside it included.

        estimate   takes one array of indices for each group of seeds (those that select a setting, those that are
                   scored), and gives the difference by name
        n_seeds    the size of each group
        generator  draws the seeds

        Intervals are percentiles of the bootstrap; p is twice the share of draws on the other side of zero.
        """
        indices = [np.arange(n) for n in n_seeds]
        point, drawn = _bootstrap(estimate, indices, generator, draws)
        return cls(_corrected({name: _percentiles(point[name], drawn[name], n_seeds[-1]) for name in point}))

    @property
    def surely_more(self) -> list[str]:
        """Names of those that are above zero in the family."""
        return [name for name, comparison in self.items() if comparison.surely_more]

    @property
    def surely_less(self) -> list[str]:
        """Names of those that are below zero in the family."""
        return [name for name, comparison in self.items() if comparison.surely_less]

    @property
    def undecided(self) -> list[str]:
        """Names of all others."""
        return [name for name, c in self.items() if not (c.surely_more or c.surely_less)]

    def __getitem__(self, name: str) -> Comparison:
        return self.comparisons[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.comparisons)

    def __len__(self) -> int:
        return len(self.comparisons)


def _corrected(comparisons: dict[str, Comparison]) -> dict[str, Comparison]:
    """The same comparisons with Holm's p."""
    if not comparisons:
        return {}
    from statsmodels.stats.multitest import multipletests

    _, corrected, _, _ = multipletests([c.p for c in comparisons.values()], alpha=LEVEL, method="holm")
    return {name: replace(c, p=float(p)) for (name, c), p in zip(comparisons.items(), corrected, strict=True)}


def _paired(differences: Sequence[float]) -> Comparison:
    """One difference over its seeds, uncorrected; seeds without a number are left out."""
    mean = Mean.of(differences)
    return Comparison(mean.mean, mean.low, mean.high, mean.n, _t_test(np.asarray(differences, dtype=float)))


def _t_test(values: NDArray[np.float64]) -> float:
    kept = values[~np.isnan(values)]
    if len(kept) < 2 or np.ptp(kept) == 0:  # too few to judge; or no spread at all, for which the test has no number
        return 0.0 if len(kept) >= 2 and kept[0] != 0 else 1.0
    from scipy.stats import ttest_1samp

    return float(ttest_1samp(kept, 0.0).pvalue)


def _bootstrap(
    estimate: Estimate, indices: list[NDArray[np.int64]], generator: np.random.Generator, draws: int
) -> tuple[dict[str, float], dict[str, NDArray[np.float64]]]:
    """The estimate on all seeds, and on each draw of them, by name."""
    from scipy.stats import bootstrap

    point = {name: float(value) for name, value in estimate(*indices).items()}

    def of_drawn(*drawn: NDArray[np.int64]) -> NDArray[np.float64]:
        found = estimate(*drawn)
        return np.array([found[name] for name in point])

    resampled = bootstrap(
        indices,
        of_drawn,
        n_resamples=draws,
        vectorized=False,
        method="percentile",
        rng=generator,
    )
    return point, dict(zip(point, np.atleast_2d(resampled.bootstrap_distribution), strict=True))


def _percentiles(point: float, drawn: NDArray[np.float64], n: int) -> Comparison:
    low, high = np.quantile(drawn, [LEVEL / 2, 1 - LEVEL / 2])
    tail = 1 + min((drawn <= 0).sum(), (drawn >= 0).sum())  # the sample itself is one of the draws
    return Comparison(point, float(low), float(high), n, min(1.0, 2 * float(tail) / (len(drawn) + 1)))
