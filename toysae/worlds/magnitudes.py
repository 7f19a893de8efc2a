"""Magnitudes: how strongly a feature is on when it fires."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from scipy.special import ndtr, ndtri
from torch import Tensor

from toysae.worlds.checks import (
    as_number,
    numbers,
    require,
    require_axes,
    require_generator,
    require_positive,
    require_probability,
    require_whole,
    zeros_and_ones,
)

NO_DENSITY = 40.0  # standard deviations at which the density of a normal variable is zero in float64
MOST_LEVELS = 100_000  # that a magnitude takes in a grid
UNIFORM_MEAN, UNIFORM_SIGMA = 0.5, 1 / math.sqrt(12)  # of numbers between 0 and 1

Number = float | Tensor  # one number for all features, or one per feature (n_features,)


class Magnitudes(Protocol):
    """How strong features are when they fire. Whatever samples activations like this can be the magnitudes of a World.

    Where they are Gridded too, such a world has a finite stand-in that is built of quantiles (finite.finite_data);
    else the stand-in is a fixed sample.
    """

    @property
    def mu(self) -> Number:
        """Mean of a magnitude before it is cut off at zero."""

    @property
    def sigma(self) -> Number:
        """Standard deviation of a magnitude before it is cut off at zero."""

    def sample(self, fires: Tensor, generator: torch.Generator) -> Tensor:
        """Feature activations, float32 (n, n_features), zero where fires (n, n_features) is false."""

    def moments(self) -> tuple[Number, Number]:
        """Mean and standard deviation of the magnitude of a feature that fires."""


@runtime_checkable
class Gridded(Protocol):
    """Magnitudes of which a few can stand for all."""

    def n_varying(self, patterns: Tensor) -> Tensor:
        """How many magnitudes vary in each pattern (n_patterns, n_features): its grid has n_levels to this power."""

    def grid(self, patterns: Tensor, n_levels: int) -> list[Tensor]:
        """For each pattern equally likely feature activations that stand for all, float64 (n_choices, n_features)."""


@dataclass(frozen=True)
class RectifiedNormal:
    """max(0, mu + sigma * standard normal), drawn afresh for every feature that fires.

    mu     mean before rectification; > 0. One number, or one per feature (n_features,)
    sigma  standard deviation before rectification; >= 0. One number, or one per feature (n_features,)
    """

    mu: Number
    sigma: Number

    def __init__(self, mu: Number | Sequence[float] = 1.0, sigma: Number | Sequence[float] = 0.0) -> None:
        for name, given, is_allowed, allowed in (("mu", mu, torch.gt, "> 0"), ("sigma", sigma, torch.ge, ">= 0")):
            allowed = f"a finite number {allowed}, or one per feature"
            value = numbers(name, given, allowed)
            fits = value.ndim <= 1 and bool((torch.isfinite(value) & is_allowed(value, 0)).all())
            require(name, value.tolist() if value.ndim else given, fits, allowed)
            object.__setattr__(self, name, value if value.ndim else value.item())

    def sample(self, fires: Tensor, generator: torch.Generator) -> Tensor:
        _require_patterns("fires", fires)
        require_generator(generator)
        mu, sigma = (_single_precision(value) for value in (self.mu, self.sigma))
        if not _any_positive(self.sigma):
            return fires * mu
        noise = torch.randn(fires.shape, generator=generator)
        return fires * (mu + sigma * noise).clamp_(min=0)

    def moments(self) -> tuple[Number, Number]:
        if not isinstance(self.mu, Tensor) and not isinstance(self.sigma, Tensor):
            return _rectified_moments(self.mu, self.sigma)
        each = [_rectified_moments(mu, sigma) for mu, sigma in self._numbers()]
        mean, deviation = torch.tensor(each, dtype=torch.float64).T
        return mean, deviation

    def n_varying(self, patterns: Tensor) -> Tensor:
        """As in Gridded."""
        _require_patterns("patterns", patterns)
        return (patterns & (torch.as_tensor(self.sigma) > 0)).sum(dim=1)

    def grid(self, patterns: Tensor, n_levels: int) -> list[Tensor]:
        """As in Gridded.

        Every magnitude takes n_levels values, the means of equally likely slices; a feature with sigma = 0 takes one.
        """
        _require_patterns("patterns", patterns)
        known = {pair: _levels(*pair, n_levels) for pair in set(self._numbers(patterns.shape[1]))}
        levels = [known[pair] for pair in self._numbers(patterns.shape[1])]
        return [choices(pattern, levels) for pattern in patterns]

    def _numbers(self, n_features: int = 1) -> list[tuple[float, float]]:
        """mu and sigma of each feature."""
        both = [torch.as_tensor(value, dtype=torch.float64) for value in (self.mu, self.sigma)]
        # Not torch.broadcast_shapes: its first call imports a computer algebra system, which takes seconds
        _, *both = torch.broadcast_tensors(torch.empty(n_features), *both)
        return list(zip(*(value.tolist() for value in both), strict=True))


@dataclass(frozen=True)
class CorrelatedUniform:
    """Magnitudes of two sets of features, uniform between 0 and 1, tied to each other by a correlation.

    correlation  f from 0 to 1. Features of the first set have the magnitude u, those of the second (1 - f) u' + f u,
                 where u and u' are uniform and independent
    second       (n_features,) bool: which features belong to the second set

    That is how Anders et al. (2024, "Sparse autoencoders find composed features in small toy models") draw them. So
    f is a correlation by name only: the coefficient is `coefficient`, the same at 0 and 1 but larger in between, and
    the second set's magnitudes are uniform at f = 0 and f = 1 only. In their code a feature of the first set that fires
    alone has the magnitude of the second set; here it has its own.
    """

    correlation: float
    second: Tensor

    def __init__(self, correlation: float, second: Sequence[bool] | Tensor) -> None:
        require_probability("correlation", correlation)
        object.__setattr__(self, "correlation", correlation)
        allowed = "True or False, one per feature"
        belongs = zeros_and_ones("second", second, allowed)
        require("second", second, belongs.ndim == 1, allowed)
        object.__setattr__(self, "second", belongs)

    @property
    def _width(self) -> float:
        """Standard deviation of (1 - f) u' + f u, in units of that of u."""
        return math.hypot(self.correlation, 1 - self.correlation)

    @property
    def coefficient(self) -> float:
        """Pearson's correlation of the magnitudes of the two sets, f / sqrt(f^2 + (1 - f)^2)."""
        return self.correlation / self._width

    @property
    def mu(self) -> float:
        return 0.5

    @property
    def sigma(self) -> Tensor:
        return torch.where(self.second, self._width, 1.0).double() / math.sqrt(12)

    def sample(self, fires: Tensor, generator: torch.Generator) -> Tensor:
        _require_patterns("fires", fires)
        require_generator(generator)
        return fires * self._blend(torch.rand(len(fires), 2, generator=generator))

    def moments(self) -> tuple[Number, Number]:
        return torch.full(self.second.shape, self.mu, dtype=torch.float64), self.sigma

    def n_varying(self, patterns: Tensor) -> Tensor:
        """How many uniform numbers decide the magnitudes of each pattern (n_patterns, n_features)."""
        _require_patterns("patterns", patterns)
        return self._needed(patterns).sum(dim=1)

    def grid(self, patterns: Tensor, n_levels: int) -> list[Tensor]:
        """As in Gridded: every uniform number that matters takes n_levels values, the others take one."""
        _require_patterns("patterns", patterns)
        require_whole("n_levels", n_levels, 1, MOST_LEVELS)
        levels = ((torch.arange(n_levels, dtype=torch.float64) + 0.5) / n_levels).tolist()
        blocks = []
        for pattern, needed in zip(patterns, self._needed(patterns).tolist(), strict=True):
            numbers = list(itertools.product(*(levels if is_needed else [0.5] for is_needed in needed)))
            blocks.append(pattern * self._blend(torch.tensor(numbers, dtype=torch.float64)))
        return blocks

    def _blend(self, uniform: Tensor) -> Tensor:
        """Magnitudes (n, n_features) from pairs of uniform numbers u, u' (n, 2)."""
        first, own = uniform[:, :1], uniform[:, 1:]
        return torch.where(self.second, (1 - self.correlation) * own + self.correlation * first, first)

    def _needed(self, patterns: Tensor) -> Tensor:
        """Which of u and u' each pattern depends on, bool (n_patterns, 2)."""
        second = (patterns.bool() & self.second).any(dim=1)
        first = (patterns.bool() & ~self.second).any(dim=1)
        return torch.stack([first | (second & (self.correlation > 0)), second & (self.correlation < 1)], dim=1)


def magnitude_levels(mu: float, sigma: float, n_levels: int) -> list[float]:
    """Means of max(0, mu + sigma * normal) within n_levels equally likely slices, ascending.

    The integral of max(0, mu + sigma t) over the standard normal density up to t is, above t0 = -mu / sigma,
    mu (Phi(t) - Phi(t0)) - sigma (phi(t) - phi(t0)); differences of it between slice borders are the means.
    """
    require_positive(mu=mu, sigma=sigma)
    require_whole("n_levels", n_levels, 1, MOST_LEVELS)
    borders = ndtri(np.linspace(0, 1, n_levels + 1)).clip(min=-mu / sigma)
    integral = mu * ndtr(borders) - sigma * _density(borders)
    return (np.diff(integral) * n_levels).tolist()


def _levels(mu: float, sigma: float, n_levels: int) -> list[float]:
    return magnitude_levels(mu, sigma, n_levels) if sigma else [mu]


def _require_patterns(name: str, patterns: Tensor) -> None:
    """raises ValueError unless these are patterns, bool (n, n_features)."""
    require_axes(name, patterns, "n n_features+")
    require(f"the type of {name}", str(patterns.dtype), patterns.dtype == torch.bool, "torch.bool")


def choices(pattern: Tensor, levels: Sequence[Sequence[float]]) -> Tensor:
    """Every choice of one level per feature that is on, float64 (n_choices, n_features).

    pattern (n_features,) bool; levels one list per feature
    """
    require_axes("pattern", pattern, "n_features")
    require("the type of pattern", str(pattern.dtype), pattern.dtype == torch.bool, "torch.bool")
    alike = isinstance(levels, Sequence) and len(levels) == len(pattern)
    require("levels", levels, alike, f"a list of numbers for each of {len(pattern)} features")
    on = [feature_levels for feature_levels, is_on in zip(levels, pattern.tolist(), strict=True) if is_on]
    chosen = torch.tensor(list(itertools.product(*on)), dtype=torch.float64)
    block = torch.zeros(len(chosen), len(pattern), dtype=torch.float64)
    block[:, pattern] = chosen
    return block


def _density(t: np.ndarray | float) -> np.ndarray | float:
    """Of the standard normal distribution; scipy.stats has it too, but takes a second to import."""
    return np.exp(-(np.clip(t, -NO_DENSITY, NO_DENSITY) ** 2) / 2.0) / np.sqrt(2 * np.pi)


def _rectified_moments(mu: float, sigma: float) -> tuple[float, float]:
    """Mean and standard deviation of max(0, mu + sigma * normal)."""
    if sigma == 0:
        return mu, 0.0
    ratio = mu / sigma
    above, density = ndtr(ratio), _density(ratio)
    mean = mu * above + sigma * density
    square = (mu**2 + sigma**2) * above + mu * sigma * density
    return float(mean), float(math.sqrt(square - mean**2))


def _single_precision(value: Number) -> Number:
    return value.float() if isinstance(value, Tensor) else value


def _any_positive(value: Number) -> bool:
    return bool((torch.as_tensor(value) > 0).any())


@dataclass(frozen=True)
class Uniform:
    """Magnitudes uniform between 0 and 1, independent of each other."""

    mu: float = UNIFORM_MEAN
    sigma: float = UNIFORM_SIGMA

    def __post_init__(self) -> None:
        require("mu", self.mu, as_number(self.mu) == UNIFORM_MEAN, f"{UNIFORM_MEAN}")
        require("sigma", self.sigma, as_number(self.sigma) == UNIFORM_SIGMA, f"{UNIFORM_SIGMA}")

    def sample(self, fires: Tensor, generator: torch.Generator) -> Tensor:
        _require_patterns("fires", fires)
        require_generator(generator)
        return fires * torch.rand(fires.shape, generator=generator)

    def moments(self) -> tuple[float, float]:
        return self.mu, self.sigma


@dataclass(frozen=True)
class TwoLevels:
    """A feature that fires has the magnitude 1 - sigma or 1 + sigma, equally often, whatever the others do.

    sigma  standard deviation of a magnitude, from 0 to below 1; their mean mu is one

    The least that lets magnitudes vary: an exact list of data points stays short.
    """

    sigma: float
    mu: float = 1.0

    def __post_init__(self) -> None:
        require("sigma", self.sigma, 0 <= as_number(self.sigma) < 1, "a number from 0 to below 1")
        require("mu", self.mu, as_number(self.mu) == 1, "1")

    def sample(self, fires: Tensor, generator: torch.Generator) -> Tensor:
        _require_patterns("fires", fires)
        require_generator(generator)
        high = torch.rand(fires.shape, generator=generator) < 0.5
        return fires * (1 + self.sigma * (2.0 * high - 1))

    def moments(self) -> tuple[float, float]:
        return 1.0, self.sigma

    def n_varying(self, patterns: Tensor) -> Tensor:
        _require_patterns("patterns", patterns)
        return patterns.sum(dim=1)

    def grid(self, patterns: Tensor, n_levels: int) -> list[Tensor]:
        """All that occurs, for each pattern, float64 (n_choices, n_features); n_levels does not matter."""
        _require_patterns("patterns", patterns)
        levels = [(1 - self.sigma, 1 + self.sigma)] * patterns.shape[1]
        return [choices(pattern, levels) for pattern in patterns]
