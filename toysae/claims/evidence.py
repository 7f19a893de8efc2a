"""What a sentence rests on: a count, a mean, a number or a name. Each can be printed, and recorded as JSON."""

from __future__ import annotations

import math
from typing import Any

from toysae.claims.intervals import Fraction, Mean, Pooled, digits

Evidence = Fraction | Pooled | Mean | int | float | str


def checked(value: Any) -> Evidence:
    """The value as evidence; numbers of numpy and torch become plain ones. Raises TypeError for what is none."""
    if isinstance(value, Fraction | Pooled | Mean | str):
        return value
    number = value.item() if hasattr(value, "item") and getattr(value, "ndim", 0) == 0 else value
    if isinstance(number, bool) or not isinstance(number, int | float):
        raise TypeError(
            f"{value!r} is a {type(value).__name__}: must be a Fraction, a Pooled, a Mean, a number or a name"
        )
    return number


def printed(value: Any) -> str:
    """How evidence stands in a sentence: a number with four digits that count, everything else as it prints itself."""
    if isinstance(value, int):
        return f"{value:,}"
    return digits(value, 4) if isinstance(value, float) else str(value)


def estimate_of(recorded: Any) -> Fraction | Mean | None:
    """What has an interval, out of its record by as_json; an end that is not finite was recorded as null."""
    match recorded:
        case {"k": int(k), "n": int(n)}:
            return Fraction(k, n)
        case {"mean": mean, "low": low, "high": high, "n": int(n)}:
            ends = (-math.inf if low is None else low, math.inf if high is None else high)
            return Mean(math.nan if mean is None else mean, *ends, n)
    return None


def as_json(value: Evidence) -> Any:
    """Evidence as JSON: a number, a name or a flat table of numbers; what is not finite is null."""
    if isinstance(value, Pooled):
        return {"pooled_k": value.k, "pooled_n": value.n}  # other names than a Fraction's: nobody shall judge them
    if isinstance(value, Fraction | Mean):
        return {name: as_json(checked(part)) for name, part in vars(value).items()}
    return None if isinstance(value, float) and not math.isfinite(value) else value
