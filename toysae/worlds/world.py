"""Worlds: which features fire together, how often, and how strongly.

A world is the source of the toy data. It holds three things: a *firing*, which says who fires with whom (`firings`);
the feature directions; and the magnitude of a feature when it fires (`magnitudes`), unless said otherwise
max(0, mu + sigma * standard normal).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property
from typing import TypedDict

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import normalize

from toysae.worlds.checks import (
    as_number,
    require,
    require_count,
    require_draw,
    require_size,
    require_tensor,
    rows_of_numbers,
    shown,
)
from toysae.worlds.directions import coherence
from toysae.worlds.firings import A_FIRING, Descent, Firing, cooccurrence_of, families_of
from toysae.worlds.magnitudes import Magnitudes, Number, RectifiedNormal

Rows = Tensor | np.ndarray | Sequence[Sequence[float]]  # however they come


class Spread(TypedDict, total=False):
    """How strongly features fire, told by two numbers."""

    mu: Number | Sequence[float]
    sigma: Number | Sequence[float]


class Strength(Spread, total=False):
    """How strongly features fire, told in one way or the other."""

    magnitudes: Magnitudes | None


class Appearance(Strength, total=False):
    """How features show: how strongly, and along which directions. The named worlds hand it on."""

    features: Rows | None


class World:
    """Where the toy data come from: x = sum_i a_i v_i.

    firing      who fires with whom (Patterns, ExactlyK, Independently, SideBySide, ..., or your own Firing)
    mu          mean of the magnitude a_i when feature i fires, before rectification; > 0
    sigma       its standard deviation; >= 0. The magnitude is max(0, mu + sigma * standard normal)
    features    (n_features, d_in) unit rows v_i, as tensor, array or nested lists; the axes themselves when left out
    magnitudes  another way to draw magnitudes, in place of mu and sigma

    mu and sigma are one number for all features, or one per feature (n_features,).

    Your own world takes a few lines:

        World(Patterns([[1, 1, 0], [0, 0, 1]], [0.5, 0.5]), mu=1.0, sigma=0.1)
    """

    def __init__(
        self,
        firing: Firing,
        *,
        mu: Number | Sequence[float] = 1.0,
        sigma: Number | Sequence[float] = 0.0,
        features: Rows | None = None,
        magnitudes: Magnitudes | None = None,
    ) -> None:
        if magnitudes is None:
            magnitudes = RectifiedNormal(mu, sigma)
        else:
            require("mu", mu, as_number(mu) == 1, "1 where magnitudes are given")
            require("sigma", sigma, as_number(sigma) == 0, "0 where magnitudes are given")
        require("firing", firing, hasattr(firing, "n_features"), A_FIRING)
        require("magnitudes", magnitudes, hasattr(magnitudes, "moments"), "magnitudes, such as RectifiedNormal")
        features = _axes(firing.n_features) if features is None else _unit_rows(features, firing.n_features)
        _require_one_per_feature(magnitudes, firing.n_features)
        self.firing, self.features, self.magnitudes = firing, features, magnitudes
        self.mu, self.sigma = magnitudes.mu, magnitudes.sigma

    @property
    def n_features(self) -> int:
        return self.firing.n_features

    @property
    def d_in(self) -> int:
        return self.features.shape[1]

    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        """Feature activations of n samples drawn at random, float32 (n, n_features)."""
        require_draw(n, self.n_features, generator)
        return self.magnitudes.sample(self.firing.sample(n, generator), generator)

    @property
    def varies(self) -> bool:
        """Whether the magnitude of any feature varies."""
        return bool((torch.as_tensor(self.sigma) > 0).any())

    @cached_property
    def orthonormal(self) -> bool:
        """Whether the feature directions are at right angles to each other."""
        gram = self.features @ self.features.T
        return torch.allclose(gram, torch.eye(self.n_features).to(gram), atol=1e-4)

    def require_orthonormal(self) -> None:
        """raises ValueError unless the feature directions are at right angles, for what holds in such worlds only."""
        require("the coherence of features", coherence(self.features), self.orthonormal, "0: features at right angles")

    def support(self) -> tuple[Tensor, Tensor]:
        """Every possible row of feature activations and its probability, float64; exact, so only for sigma = 0.

        returns  (n_patterns, n_features) and (n_patterns,)
        raises   ValueError when sigma > 0 (finite.quantile_grid makes such a world finite) or the list is too long
        """
        sigma = self.sigma.tolist() if isinstance(self.sigma, Tensor) else self.sigma
        require("sigma", sigma, not self.varies, "0 for an exact support; else use finite.quantile_grid")
        patterns, probabilities = self.firing.support()
        return patterns.double() * self.mu, probabilities

    def inputs(self, activations: Tensor) -> Tensor:
        """The data points x = sum_i a_i v_i of feature activations (..., n_features), as (..., d_in)."""
        require_activations(activations, self.n_features)
        return activations @ self.features.to(activations)

    def composites(self) -> Tensor:
        """One unit direction per set of two or more features that fires, (n_composites, d_in).

        It is the normalised sum of the features of that set: where the data lie when magnitudes do not vary.
        """
        patterns, _ = self.firing.support()
        several = patterns[patterns.sum(dim=1) >= 2].to(self.features)
        return normalize(several @ self.features, dim=1)

    def cooccurrence(self) -> Tensor:
        """How often features i and j fire in one sample, float64 (n_features, n_features); rates on the diagonal."""
        return cooccurrence_of(self.firing)

    @property
    def families(self) -> Descent:
        """Who descends from whom: (parent, children) by the positions of the features; () where no one does."""
        return families_of(self.firing)

    def magnitude_moments(self) -> tuple[Number, Number]:
        """Mean and standard deviation of the magnitude of a feature that fires, after rectification at zero.

        One number each, or one per feature (n_features,) where features differ.
        """
        return self.magnitudes.moments()

    def entry_moments(self) -> tuple[float, float]:
        """Mean and standard deviation over *all* entries of the activations, zeros of silent features included."""
        mean, deviation = (torch.as_tensor(moment, dtype=torch.float64) for moment in self.magnitude_moments())
        rates = self.firing.rates()
        entry_mean = (rates * mean).mean().item()
        square = (rates * (deviation**2 + mean**2)).mean().item()
        return entry_mean, math.sqrt(square - entry_mean**2)


class Isotropic:
    """Normal data without features: every direction is like every other, so no basis can be found. The null control.

    It samples like a World, and its features are the axes, which the data do not know of.
    """

    def __init__(self, d_in: int) -> None:
        require_count(d_in=d_in)
        require_size("features", d_in, d_in)
        self.n_features = self.d_in = d_in
        self.features = torch.eye(d_in)

    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        """Coordinates of n samples, of either sign, float32 (n, d_in)."""
        require_draw(n, self.d_in, generator)
        return torch.randn(n, self.d_in, generator=generator)

    def inputs(self, activations: Tensor) -> Tensor:
        """The data points are their own coordinates."""
        require_activations(activations, self.n_features)
        return activations


def require_world(world: object) -> None:
    """raises ValueError unless data can be drawn from it."""
    require("world", world, hasattr(world, "inputs") and hasattr(world, "features"), "a World, such as two_of_three()")


def require_firing(world: object) -> None:
    """raises ValueError unless it is known who fires with whom: in isotropic data no one does."""
    require_world(world)
    require("world", world, hasattr(world, "firing"), "a World, whose features are known")


def require_activations(activations: Tensor, n_features: int) -> None:
    """raises ValueError unless these are feature activations (..., n_features)."""
    require_tensor("activations", activations, "... n_features", n_features=n_features)


def _axes(n_features: int) -> Tensor:
    require_size("features", n_features, n_features)
    return torch.eye(n_features)


def _unit_rows(features: Rows, n_features: int) -> Tensor:
    """Features as a tensor; raises ValueError unless they are unit rows (n_features, d_in)."""
    features = rows_of_numbers("features", features, f"unit rows (n_features = {n_features}, d_in)")
    if features.ndim != 2 or features.shape[0] != n_features or not features.numel():
        raise ValueError(
            f"features has shape {tuple(features.shape)}: allowed is (n_features, d_in) with n_features = {n_features}"
        )
    lengths = features.norm(dim=1)
    if not torch.allclose(lengths, torch.ones_like(lengths), atol=1e-4):
        raise ValueError(f"features has rows of length {shown(lengths)}: allowed are unit rows")
    return features


def _require_one_per_feature(magnitudes: Magnitudes, n_features: int) -> None:
    for name in ("mu", "sigma"):
        shape = torch.as_tensor(getattr(magnitudes, name)).shape
        require(f"the shape of {name}", tuple(shape), shape in ((), (n_features,)), f"() or ({n_features},)")
