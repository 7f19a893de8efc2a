"""Worlds: which features fire together, how often, and how strongly.

A world is the source of the toy data. It holds three things: a *firing*, which says who fires with whom; the feature
directions; and the magnitude of a feature when it fires, max(0, mu + sigma * standard normal).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from scipy.stats import norm
from torch import Tensor

MAX_PATTERNS = 100_000  # a support longer than this is refused: it would no longer fit on a screen, or in a cache


class Firing(Protocol):
    """Who fires with whom. Everything that samples patterns like this can be the firing of a World."""

    n_features: int

    @property
    def n_patterns(self) -> int:
        """How many patterns there are."""

    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        """Patterns drawn at random, bool (n, n_features)."""

    def support(self) -> tuple[Tensor, Tensor]:
        """Every pattern and its probability: bool (n_patterns, n_features) and float64 (n_patterns,)."""

    def rates(self) -> Tensor:
        """How often each feature fires, float64 (n_features,)."""

    def fire_together(self, members: Sequence[int]) -> bool:
        """Whether all of these features can be on in one and the same sample."""


@dataclass(frozen=True)
class Patterns:
    """A finite list of firing patterns, each with its probability.

    patterns       (n_patterns, n_features)  zeros and ones
    probabilities  (n_patterns,)             non-negative, sum to one
    """

    patterns: Tensor
    probabilities: Tensor

    def __post_init__(self) -> None:
        patterns = torch.as_tensor(self.patterns).bool()
        probabilities = torch.as_tensor(self.probabilities, dtype=torch.float64)
        if patterns.ndim != 2 or probabilities.shape != patterns.shape[:1]:
            raise ValueError(
                f"probabilities has shape {tuple(probabilities.shape)} and patterns {tuple(patterns.shape)}: "
                "allowed are (n_patterns,) and (n_patterns, n_features)"
            )
        if not (probabilities >= 0).all() or not math.isclose(probabilities.sum().item(), 1.0, abs_tol=1e-6):
            raise ValueError(f"probabilities is {probabilities.tolist()}: allowed are numbers >= 0 that sum to 1")
        object.__setattr__(self, "patterns", patterns)
        object.__setattr__(self, "probabilities", probabilities / probabilities.sum())

    @property
    def n_features(self) -> int:
        return self.patterns.shape[1]

    @property
    def n_patterns(self) -> int:
        return len(self.probabilities)

    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        return self.patterns[torch.multinomial(self.probabilities, n, replacement=True, generator=generator)]

    def support(self) -> tuple[Tensor, Tensor]:
        possible = self.probabilities > 0
        return self.patterns[possible], self.probabilities[possible]

    def rates(self) -> Tensor:
        return self.probabilities @ self.patterns.double()

    def fire_together(self, members: Sequence[int]) -> bool:
        possible, _ = self.support()
        return bool(possible[:, list(members)].all(dim=1).any())


@dataclass(frozen=True)
class ExactlyK:
    """Exactly k of n features fire, every choice equally often."""

    n_features: int
    k: int

    def __post_init__(self) -> None:
        _require("n_features", self.n_features, self.n_features >= 1, "a whole number of 1 or more")
        _require("k", self.k, 1 <= self.k <= self.n_features, f"1 to n_features = {self.n_features}")

    @property
    def n_patterns(self) -> int:
        return math.comb(self.n_features, self.k)

    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        order = torch.rand(n, self.n_features, generator=generator).argsort(dim=1)
        return torch.zeros(n, self.n_features, dtype=torch.bool).scatter_(1, order[:, : self.k], True)

    def support(self) -> tuple[Tensor, Tensor]:
        _require_enumerable(self)
        chosen = torch.tensor(list(itertools.combinations(range(self.n_features), self.k)))
        patterns = torch.zeros(len(chosen), self.n_features, dtype=torch.bool).scatter_(1, chosen, True)
        return patterns, torch.full((len(chosen),), 1 / len(chosen), dtype=torch.float64)

    def rates(self) -> Tensor:
        return torch.full((self.n_features,), self.k / self.n_features, dtype=torch.float64)

    def fire_together(self, members: Sequence[int]) -> bool:
        return len(set(members)) <= self.k


@dataclass(frozen=True)
class Independently:
    """Every feature fires on its own, with its own rate."""

    probabilities: Tensor  # (n_features,)

    def __post_init__(self) -> None:
        rates = torch.as_tensor(self.probabilities, dtype=torch.float64)
        if rates.ndim != 1 or not ((rates >= 0) & (rates <= 1)).all():
            raise ValueError(f"probabilities is {rates.tolist()}: allowed is a list of numbers from 0 to 1")
        object.__setattr__(self, "probabilities", rates)

    @property
    def n_features(self) -> int:
        return len(self.probabilities)

    @property
    def n_patterns(self) -> int:
        return 2**self.n_features

    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        return torch.rand(n, self.n_features, generator=generator) < self.probabilities

    def support(self) -> tuple[Tensor, Tensor]:
        _require_enumerable(self)
        patterns = torch.tensor(list(itertools.product([False, True], repeat=self.n_features)))
        probabilities = torch.where(patterns, self.probabilities, 1 - self.probabilities).prod(dim=1)
        return patterns[probabilities > 0], probabilities[probabilities > 0]

    def rates(self) -> Tensor:
        return self.probabilities

    def fire_together(self, members: Sequence[int]) -> bool:
        return bool((self.probabilities[list(members)] > 0).all())


@dataclass(frozen=True)
class SideBySide:
    """Several firings at once, independent of each other: their features are laid side by side."""

    parts: tuple[Firing, ...]

    @property
    def n_features(self) -> int:
        return sum(part.n_features for part in self.parts)

    @property
    def n_patterns(self) -> int:
        return math.prod(part.n_patterns for part in self.parts)

    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        return torch.cat([part.sample(n, generator) for part in self.parts], dim=1)

    def support(self) -> tuple[Tensor, Tensor]:
        _require_enumerable(self)
        supports = [part.support() for part in self.parts]
        choices = list(itertools.product(*(range(len(probabilities)) for _, probabilities in supports)))
        columns = torch.tensor(choices).T
        patterns = torch.cat([part[i] for (part, _), i in zip(supports, columns, strict=True)], dim=1)
        factors = torch.stack([p[i] for (_, p), i in zip(supports, columns, strict=True)])
        return patterns, factors.prod(dim=0)

    def rates(self) -> Tensor:
        return torch.cat([part.rates() for part in self.parts])

    def fire_together(self, members: Sequence[int]) -> bool:
        start = 0
        for part in self.parts:
            own = [i - start for i in members if start <= i < start + part.n_features]
            if own and not part.fire_together(own):
                return False
            start += part.n_features
        return True


class World:
    """Where the toy data come from: x = sum_i a_i v_i.

    firing    who fires with whom (Patterns, ExactlyK, Independently, SideBySide, or your own Firing)
    mu        mean of the magnitude a_i when feature i fires, before rectification; > 0
    sigma     its standard deviation; >= 0. The magnitude is max(0, mu + sigma * standard normal)
    features  (n_features, d_in) orthonormal rows v_i; the axes themselves when left out

    Your own world takes a few lines:

        World(Patterns([[1, 1, 0], [0, 0, 1]], [0.5, 0.5]), mu=1.0, sigma=0.1)
    """

    def __init__(self, firing: Firing, *, mu: float = 1.0, sigma: float = 0.0, features: Tensor | None = None) -> None:
        _require("mu", mu, math.isfinite(mu) and mu > 0, "a finite number > 0")
        _require("sigma", sigma, math.isfinite(sigma) and sigma >= 0, "a finite number >= 0")
        features = torch.eye(firing.n_features) if features is None else features
        _require_orthonormal(features, firing.n_features)
        self.firing, self.mu, self.sigma, self.features = firing, float(mu), float(sigma), features

    @property
    def n_features(self) -> int:
        return self.firing.n_features

    @property
    def d_in(self) -> int:
        return self.features.shape[1]

    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        """Feature activations of n samples drawn at random, float32 (n, n_features)."""
        fires = self.firing.sample(n, generator)
        if self.sigma == 0:
            return fires * self.mu
        noise = torch.randn(fires.shape, generator=generator)
        return fires * (self.mu + self.sigma * noise).clamp_(min=0)

    def support(self) -> tuple[Tensor, Tensor]:
        """Every possible row of feature activations and its probability, float64; exact, so only for sigma = 0.

        returns  (n_patterns, n_features) and (n_patterns,)
        raises   ValueError when sigma > 0 (oracle.quantile_grid makes such a world finite) or the list is too long
        """
        _require("sigma", self.sigma, self.sigma == 0, "0 for an exact support; else use oracle.quantile_grid")
        patterns, probabilities = self.firing.support()
        return patterns.double() * self.mu, probabilities

    def inputs(self, activations: Tensor) -> Tensor:
        """The data points x = sum_i a_i v_i of feature activations (..., n_features), as (..., d_in)."""
        return activations @ self.features.to(activations)

    def composites(self) -> Tensor:
        """One unit direction per set of two or more features that fires, (n_composites, d_in).

        It is the normalised sum of the features of that set: where the data lie when magnitudes do not vary.
        """
        patterns, _ = self.firing.support()
        several = patterns[patterns.sum(dim=1) >= 2].to(self.features)
        return torch.nn.functional.normalize(several @ self.features, dim=1)

    def cooccurrence(self) -> Tensor:
        """How often features i and j fire in one sample, float64 (n_features, n_features); rates on the diagonal."""
        patterns, probabilities = self.firing.support()
        return (patterns.double() * probabilities[:, None]).T @ patterns.double()

    def magnitude_moments(self) -> tuple[float, float]:
        """Mean and standard deviation of the magnitude of a feature that fires, after rectification at zero."""
        if self.sigma == 0:
            return self.mu, 0.0
        ratio = self.mu / self.sigma
        above, density = norm.cdf(ratio), norm.pdf(ratio)
        mean = self.mu * above + self.sigma * density
        square = (self.mu**2 + self.sigma**2) * above + self.mu * self.sigma * density
        return float(mean), float(math.sqrt(square - mean**2))

    def entry_moments(self) -> tuple[float, float]:
        """Mean and standard deviation over *all* entries of the activations, zeros of silent features included."""
        mean, deviation = self.magnitude_moments()
        rate = self.firing.rates().mean().item()
        return rate * mean, math.sqrt(rate * (deviation**2 + mean**2) - (rate * mean) ** 2)


class Isotropic:
    """Normal data without features: every direction is like every other, so no basis can be found. The null control.

    It samples like a World, and its features are the axes, which the data do not know of.
    """

    def __init__(self, d_in: int) -> None:
        _require("d_in", d_in, d_in >= 1, "a whole number of 1 or more")
        self.n_features = self.d_in = d_in
        self.features = torch.eye(d_in)

    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        """Coordinates of n samples, of either sign, float32 (n, d_in)."""
        return torch.randn(n, self.d_in, generator=generator)

    def inputs(self, activations: Tensor) -> Tensor:
        """The data points are their own coordinates."""
        return activations


def k_of_n(n_features: int, k: int, **magnitudes) -> World:
    """Exactly k of n features fire, every choice equally often."""
    return World(ExactlyK(n_features, k), **magnitudes)


def two_of_three(**magnitudes) -> World:
    """The minimal example: three features, exactly two of them in every sample."""
    return k_of_n(3, 2, **magnitudes)


def groups(n_groups: int, group_size: int = 3, k: int = 2, **magnitudes) -> World:
    """One group of features is on, drawn uniformly; exactly k of its members fire."""
    _require("n_groups", n_groups, n_groups >= 1, "a whole number of 1 or more")
    inside, probabilities = ExactlyK(group_size, k).support()
    patterns = torch.block_diag(*[inside.long()] * n_groups)
    return World(Patterns(patterns, probabilities.repeat(n_groups) / n_groups), **magnitudes)


def independent_groups(n_groups: int, p: float, group_size: int = 3, k: int = 2, **magnitudes) -> World:
    """Each group is on with probability p, whatever the others do; when on, exactly k of its members fire."""
    _require("n_groups", n_groups, n_groups >= 1, "a whole number of 1 or more")
    _require_probability("p", p)
    inside, probabilities = ExactlyK(group_size, k).support()
    patterns = torch.cat([torch.zeros(1, group_size, dtype=torch.bool), inside])
    group = Patterns(patterns, torch.cat([torch.tensor([1 - p]).double(), p * probabilities]))
    return World(SideBySide((group,) * n_groups), **magnitudes)


def bundles(n_bundles: int, bundle_size: int, **magnitudes) -> World:
    """One bundle is on, drawn uniformly, and all of its features fire."""
    return groups(n_bundles, bundle_size, bundle_size, **magnitudes)


def product(set_sizes: Iterable[int], **magnitudes) -> World:
    """Several sets of features; in every sample exactly one feature of each set fires."""
    return World(SideBySide(tuple(ExactlyK(size, 1) for size in set_sizes)), **magnitudes)


def solo_leak(n_features: int, k: int, p_alone: float, **magnitudes) -> World:
    """Exactly k of n features fire, except that with probability p_alone one feature fires by itself."""
    _require_probability("p_alone", p_alone)
    together, probabilities = ExactlyK(n_features, k).support()
    patterns = torch.cat([together, torch.eye(n_features, dtype=torch.bool)])
    alone = torch.full((n_features,), p_alone / n_features, dtype=torch.float64)
    return World(Patterns(patterns, torch.cat([(1 - p_alone) * probabilities, alone])), **magnitudes)


def independent(rates: Sequence[float] | Tensor, **magnitudes) -> World:
    """Every feature fires on its own, with its own rate: the control, where the true features are found."""
    return World(Independently(torch.as_tensor(rates)), **magnitudes)


def random_rotation(n_features: int, d_in: int, generator: torch.Generator) -> Tensor:
    """Orthonormal feature directions drawn uniformly at random, (n_features, d_in); needs d_in >= n_features."""
    _require("d_in", d_in, d_in >= n_features, f"n_features = {n_features} or more")
    gaussian = torch.randn(d_in, n_features, generator=generator, dtype=torch.float64)
    q, r = torch.linalg.qr(gaussian)
    return (q * r.diagonal().sign()).T.float()


def _require(name: str, value: object, holds: bool, allowed: str) -> None:
    if not holds:
        raise ValueError(f"{name} is {value}: allowed is {allowed}")


def _require_probability(name: str, value: float) -> None:
    _require(name, value, 0 <= value <= 1, "a number from 0 to 1")


def _require_enumerable(firing: Firing) -> None:
    n_patterns = firing.n_patterns
    _require("n_patterns", n_patterns, n_patterns <= MAX_PATTERNS, f"at most {MAX_PATTERNS} for a list of all patterns")


def _require_orthonormal(features: Tensor, n_features: int) -> None:
    if features.ndim != 2 or features.shape[0] != n_features or features.shape[1] < n_features:
        raise ValueError(
            f"features has shape {tuple(features.shape)}: allowed is (n_features, d_in) "
            f"with n_features = {n_features} and d_in >= n_features"
        )
    gram = features @ features.T
    if not torch.allclose(gram, torch.eye(n_features).to(gram), atol=1e-4):
        raise ValueError("features has rows that are not orthonormal: allowed are unit rows at right angles")
