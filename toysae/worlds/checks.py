"""Checks of arguments: one clear line that names the argument, its value and what is allowed."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

Numbers = Sequence[float] | Tensor  # a list of numbers, however it comes

ROUNDING = 1e-9  # probabilities below this are what is left of sums that should be one


def require(name: str, value: object, holds: bool, allowed: str) -> None:
    """raises ValueError that names an argument, its value and what is allowed, unless it holds."""
    if not holds:
        raise ValueError(f"{name} is {value}: allowed is {allowed}")


def require_positive(**values: float) -> None:
    """raises ValueError for the first of these values that is not a finite number above zero."""
    for name, value in values.items():
        require(name, value, math.isfinite(value) and value > 0, "a finite number > 0")


def require_probability(name: str, value: float) -> None:
    """raises ValueError unless the value is a probability."""
    require(name, value, 0 <= value <= 1, "a number from 0 to 1")


def probability_list(name: str, values: Numbers) -> Tensor:
    """The values as float64 (n,); raises ValueError unless they are probabilities."""
    rates = torch.as_tensor(values, dtype=torch.float64)
    if rates.ndim != 1 or not ((rates >= 0) & (rates <= 1)).all():
        raise ValueError(f"{name} is {rates.tolist()}: allowed is a list of numbers from 0 to 1")
    return rates


def require_at_most_one(name: str, total: float) -> None:
    require(f"the sum of {name}", total, total <= 1 + ROUNDING, "at most 1, since at most one of them fires")
