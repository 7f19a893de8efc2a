"""What a sentence rests on: a count, a mean, a number or a name. Each can be printed, and recorded as JSON."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

CONFIDENCE = 0.95  # level of the intervals


@dataclass(frozen=True)
class Fraction:
    """k of n with its Wilson interval: a count of SAEs is a sample from all seeds there are."""

    k: int
    n: int

    @classmethod
    def of(cls, holds: Any) -> Fraction:
        """The share of True in bools: a tensor, an array or a list."""
        checks = np.asarray(holds)
        return cls(int(checks.sum()), checks.size)

    @property
    def value(self) -> float:
        """k / n; not a number when there is nothing to count."""
        return self.k / self.n if self.n else float("nan")

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


@dataclass(frozen=True)
class Mean:
    """A mean over n independent values with both ends of its 95 % interval, which are infinite for fewer than two."""

    mean: float
    low: float
    high: float
    n: int

    @classmethod
    def of(cls, values: Sequence[float]) -> Mean:
        """Mean and t interval of independent values; what is not a number is left out."""
        kept = np.asarray(values, dtype=float)
        kept = kept[~np.isnan(kept)]
        if len(kept) < 2:
            return cls(float(kept.mean()) if len(kept) else float("nan"), -math.inf, math.inf, len(kept))
        from scipy.stats import t as student

        reach = student.ppf((1 + CONFIDENCE) / 2, len(kept) - 1) * kept.std(ddof=1) / np.sqrt(len(kept))
        return cls(float(kept.mean()), float(kept.mean() - reach), float(kept.mean() + reach), len(kept))

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
        mean, low, high = (format(x, spec) if spec else _digits(x) for x in (self.mean, self.low, self.high))
        return f"{mean} (one value)" if self.n == 1 else f"{mean} (95 % interval {low} to {high})"


Evidence = Fraction | Mean | int | float | str


def checked(value: Any) -> Evidence:
    """The value as evidence; numbers of numpy and torch become plain ones. Raises TypeError for what is none."""
    if isinstance(value, Fraction | Mean | str):
        return value
    number = value.item() if hasattr(value, "item") and getattr(value, "ndim", 0) == 0 else value
    if isinstance(number, bool) or not isinstance(number, int | float):
        raise TypeError(f"{value!r} is a {type(value).__name__}: must be a Fraction, a Mean, a number or a name")
    return number


def printed(value: Any) -> str:
    """How evidence stands in a sentence: a number with four digits that count, everything else as it prints itself."""
    if isinstance(value, int):
        return f"{value:,}"
    return _digits(value, 4) if isinstance(value, float) else str(value)


def as_json(value: Evidence) -> Any:
    """Evidence as JSON: a number, a name or a flat table of numbers; what is not finite is null."""
    if isinstance(value, Fraction | Mean):
        return {name: as_json(checked(part)) for name, part in vars(value).items()}
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _digits(x: float, count: int = 3) -> str:
    """'0.0312', '12.3', '1,234', '1.2e-07', 'undefined': so many digits that count."""
    if math.isnan(x):
        return "undefined"
    return f"{x:,.0f}" if 1000 <= abs(x) < 1e15 else f"{x:.{count}g}"
