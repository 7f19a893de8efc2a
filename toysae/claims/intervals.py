"""Counts and means with their intervals: what may be said of a sample of seeds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

CONFIDENCE = 0.95  # level of the intervals


@dataclass(frozen=True)
class Count:
    """k of n."""

    k: int
    n: int

    @classmethod
    def of(cls, holds: Any) -> Self:
        """How many are True of bools: a tensor, an array or a list."""
        checks = np.asarray(holds)
        return cls(int(checks.sum()), checks.size)

    @property
    def value(self) -> float:
        """k / n; not a number when there is nothing to count."""
        return self.k / self.n if self.n else float("nan")


class Fraction(Count):
    """k of n with its Wilson interval: a count of SAEs is a sample from all seeds there are."""

    @property
    def interval(self) -> tuple[float, float]:
        """Lower and upper end of the 95 % Wilson score interval; everything is possible when nothing was counted."""
        if not self.n:
            return 0.0, 1.0
        from scipy.stats import binomtest

        interval = binomtest(self.k, self.n).proportion_ci(CONFIDENCE, method="wilson")
        return float(interval.low), float(interval.high)

    def __str__(self) -> str:
        if not self.n:
            return "none of 0"
        low, high = self.interval
        digits = 0 if self.n <= 200 else 1
        return f"{self.k} of {self.n} (95 % interval {100 * low:.{digits}f} to {100 * high:.{digits}f} %)"


class Pooled(Count):
    """k of n over seeds and settings together. These are not independent, so there is no interval."""

    @property
    def interval(self) -> tuple[float, float]:
        """Raises TypeError: no rule that asks for an interval can judge such a count."""
        raise TypeError(f"{self}: a count over seeds and settings together has no interval; judge it seed by seed")

    def __str__(self) -> str:
        return f"{self.k:,} of {self.n:,}" if self.n else "none of 0"


@dataclass(frozen=True)
class Mean:
    """A mean over n independent values with both ends of its 95 % interval, which are infinite for fewer than two."""

    mean: float
    low: float
    high: float
    n: int

    @classmethod
    def of(cls, values: Sequence[float] | NDArray[np.float64]) -> Mean:
        """Mean and t interval of independent values; what is not a number is left out."""
        kept = np.asarray(values, dtype=float)
        kept = kept[~np.isnan(kept)]
        if len(kept) < 2:
            return cls(float(kept.mean()) if len(kept) else float("nan"), -math.inf, math.inf, len(kept))
        from scipy.stats import t as student

        reach = student.ppf((1 + CONFIDENCE) / 2, len(kept) - 1) * kept.std(ddof=1) / np.sqrt(len(kept))
        return cls(float(kept.mean()), float(kept.mean() - reach), float(kept.mean() + reach), len(kept))

    @classmethod
    def of_clusters(cls, values: Any) -> Mean:
        """Mean and t interval over seeds, of values (n_seeds, ...): each seed counts once, by the mean of its own.

        The values of one seed, at many settings say, share its draws, so that only seeds are independent. A seed with a
        value that is not a number is left out.
        """
        table = np.asarray(values, dtype=float)
        return cls.of(table.mean(axis=tuple(range(1, table.ndim))))

    @property
    def interval(self) -> tuple[float, float]:
        """Lower and upper end."""
        return self.low, self.high

    def __str__(self) -> str:
        return format(self, "")

    def __format__(self, spec: str) -> str:
        """Mean and interval, each number in the format that is asked for."""
        if not self.n:
            return "no values"
        mean, low, high = (format(x, spec) if spec else digits(x) for x in (self.mean, self.low, self.high))
        return f"{mean} (one value)" if self.n == 1 else f"{mean} (95 % interval {low} to {high})"


def digits(x: float, count: int = 3) -> str:
    """'0.0312', '12.3', '1,234', '1.2e-07', 'undefined': so many digits that count."""
    if math.isnan(x):
        return "undefined"
    return f"{x:,.0f}" if 1000 <= abs(x) < 1e15 else f"{x:.{count}g}"
