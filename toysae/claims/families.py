"""Families of comparisons: all that one table invites. "Surely" means that it holds in the family, after Holm.

A comparison is a difference, seed by seed: a contestant less what it is held against. Of many comparisons some come out
by chance; Holm's correction keeps the chance that any does at 5 %. It corrects p, not the intervals: each of those is
that of its comparison alone, so that one may leave out zero although the family decides nothing. Judge by surely_more
and surely_less, not by the interval.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from toysae.claims.intervals import Mean, digits

LEVEL = 0.05  # the chance, for a whole family, that any of its comparisons comes out by accident
ROUNDING = 1e-12  # a difference below this is none: another processor may round it to the other side of zero
DRAWS = 9_999  # resamples of a bootstrap: p cannot be below 2 / (DRAWS + 1), which Holm's correction takes 250 times

Estimate = Callable[..., Mapping[str, float]]  # from the indices of the seeds that are drawn to a difference by name


@dataclass(frozen=True)
class Comparison(Mean):
    """The mean of a difference over its seeds.

    low, high  its own 95 % interval, uncorrected
    p          the probability of so large a difference by chance, after Holm's correction in its family
    """

    p: float = 1.0

    def __format__(self, spec: str) -> str:
        """Mean and interval as those of any mean, then p."""
        told, p = super().__format__(spec), "below 0.001" if self.p < 0.001 else digits(self.p, 2)
        return f"{told[:-1]}; p in its family {p})" if self.n > 1 else told

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
        """From differences (n_seeds,) by name: paired t tests, two-sided, corrected.

        What is not a number is left out. Where every seed has one and the same difference, a t test has no number: a
        sign test stands for it.
        """
        return cls(_corrected({name: _paired(values) for name, values in differences.items()}))

    @classmethod
    def resampled(cls, estimate: Estimate, *n_seeds: int, generator: np.random.Generator, draws: int = DRAWS) -> Family:
        """From an estimate that is repeated on seeds drawn with replacement, a choice of settings inside it included.

        estimate   takes one array of indices for each group of seeds (those that select a setting, those that are
                   scored), and gives the difference by name
        n_seeds    the size of each group, that of the scored seeds last
        generator  draws the seeds

        Choose on one group and score on another. The best of several settings by the seeds that score it is too good,
        and no resampling takes that back: of families of pure noise half would then hold something surely better.

        Intervals are percentiles of the bootstrap; p is twice the share of draws on the other side of zero, where a
        draw that gave no number counts for both sides.
        """
        point, drawn = _bootstrap(estimate, n_seeds, generator, draws)
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
    """One difference over its seeds, uncorrected."""
    values = np.asarray(differences, dtype=float)
    values = np.where(abs(values) < ROUNDING, 0.0, values)
    mean = Mean.of(values)
    return Comparison(mean.mean, mean.low, mean.high, mean.n, _probability(values[~np.isnan(values)]))


def _probability(values: NDArray[np.float64]) -> float:
    """Of a mean so far from zero by chance, by a t test; 1 where there is too little to judge."""
    if len(values) < 2 or not values.any():
        return 1.0
    if np.ptp(values) < ROUNDING:
        return 2 * 0.5 ** len(values)
    from scipy.stats import ttest_1samp

    return float(ttest_1samp(values, 0.0).pvalue)


def _bootstrap(
    estimate: Estimate, n_seeds: Sequence[int], generator: np.random.Generator, draws: int
) -> tuple[dict[str, float], dict[str, NDArray[np.float64]]]:
    """The estimate on all seeds, and on each draw of them, by name."""
    point = {name: float(value) for name, value in estimate(*map(np.arange, n_seeds)).items()}
    drawn = np.empty((len(point), draws))
    for draw in range(draws):
        found = estimate(*(generator.integers(n, size=n) for n in n_seeds))
        drawn[:, draw] = [found[name] for name in point]
    return point, dict(zip(point, drawn, strict=True))


def _percentiles(point: float, drawn: NDArray[np.float64], n: int) -> Comparison:
    kept = drawn[~np.isnan(drawn)]
    low, high = np.quantile(kept, [LEVEL / 2, 1 - LEVEL / 2]) if len(kept) else (-np.inf, np.inf)
    tail = 1 + min((~(drawn > ROUNDING)).sum(), (~(drawn < -ROUNDING)).sum())  # the sample itself is one of the draws
    return Comparison(point, float(low), float(high), n, min(1.0, 2 * float(tail) / (len(drawn) + 1)))
