"""Fractions."""

from __future__ import annotations

from dataclasses import dataclass

from scipy.stats import binomtest
from torch import Tensor

CONFIDENCE = 0.95  # level of the intervals


@dataclass(frozen=True)
class Fraction:
    """k of n with its Wilson interval: a count of SAEs is a sample from all seeds there are."""

    k: int
    n: int

    @classmethod
    def of(cls, holds: Tensor) -> Fraction:
        """The share of True in a bool tensor."""
        return cls(int(holds.sum()), holds.numel())

    @property
    def value(self) -> float:
        """k / n; not a number when there is nothing to count."""
        return self.k / self.n if self.n else float("nan")

    @property
    def interval(self) -> tuple[float, float]:
        """Lower and upper end of the 95 % Wilson score interval; everything is possible when nothing was counted."""
        if not self.n:
            return 0.0, 1.0
        interval = binomtest(self.k, self.n).proportion_ci(CONFIDENCE, method="wilson")
        return float(interval.low), float(interval.high)

    def __str__(self) -> str:
        if not self.n:
            return "none of 0"
        low, high = self.interval
        digits = 0 if self.n <= 200 else 1
        return f"{self.k} of {self.n} (95 % interval {100 * low:.{digits}f} to {100 * high:.{digits}f} %)"
