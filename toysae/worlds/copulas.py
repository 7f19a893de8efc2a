"""Copulas: features whose firings are correlated, by thresholds of a joint normal vector."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from scipy.optimize import linprog
from scipy.special import ndtri
from torch import Tensor

from toysae.worlds.checks import (
    ROUNDING,
    SUM_TOLERANCE,
    Numbers,
    numbers,
    probability_list,
    require,
    require_count,
    require_draw,
    require_generator,
    require_positions,
    require_size,
    require_tensor,
)

MOST_LISTED = 5  # features, up to which the probability of every pattern is computed
QUADRATURE_NODES = 32  # of each integral over the strength of the correlations
MARGIN = 1e-9  # by which thresholds must be exceeded at once for features to fire together
NEVER = 40.0  # standard deviations that stand for infinitely many: the threshold of a feature that never fires
SINGULAR = 1e-6  # eigenvalue below which some patterns may be impossible
ALMOST_ZERO = 1e-24  # stands for zero where one divides


@dataclass(frozen=True)
class GaussianCopula:
    """Feature i fires where coordinate i of a joint normal vector exceeds the threshold that gives it its rate.

    probabilities  (n_features,) how often each feature fires
    correlation    (n_features, n_features) of the normal vector; it may be singular

    The firings are less correlated than the normal vector is: `firing_correlation` says how much. This is how Chanin &
    Garriga-Alonso (2025, "Sparse but wrong", arXiv 2508.16560) correlate features. Where a requested matrix is no
    correlation matrix, their code moves its eigenvalues; here it is refused.

    Rates and pairs are exact for any number of features, the list of patterns for up to MOST_LISTED. For more features
    there is none, and infinitely many patterns are reported.
    """

    probabilities: Tensor
    correlation: Tensor

    def __init__(self, probabilities: Numbers, correlation: Tensor) -> None:
        rates = probability_list("probabilities", probabilities)
        correlation = numbers("correlation", correlation, "a matrix of numbers from -1 to 1")
        _require_correlation(correlation, len(rates))
        object.__setattr__(self, "probabilities", rates)
        object.__setattr__(self, "correlation", correlation)

    @property
    def n_features(self) -> int:
        return len(self.probabilities)

    @property
    def n_patterns(self) -> float:
        return len(self._list[1]) if self.n_features <= MOST_LISTED else math.inf

    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        require_draw(n, self.n_features, generator)
        independent = torch.randn(n, self.n_features, generator=generator, dtype=torch.float64)
        return independent @ self._root.T > self._thresholds

    def support(self) -> tuple[Tensor, Tensor]:
        n = self.n_features
        require("n_features", n, n <= MOST_LISTED, f"at most {MOST_LISTED} for a list of all patterns of a copula")
        return self._list

    def rates(self) -> Tensor:
        return self.probabilities

    def cooccurrence(self) -> Tensor:
        """How often features i and j fire in one sample, float64 (n_features, n_features); rates on the diagonal.

        The probability that two fire is that of an orthant in the plane (`orthants`).
        """
        h, k = torch.meshgrid(self._thresholds, self._thresholds, indexing="ij")
        plane = torch.eye(2, dtype=torch.float64).expand(*h.shape, 2, 2).clone()
        plane[..., 0, 1] = plane[..., 1, 0] = self.correlation
        both = orthants(torch.stack([h, k], dim=-1), plane)
        return torch.where(torch.eye(self.n_features).bool(), self.probabilities, both)

    def firing_correlation(self) -> Tensor:
        """Pearson's correlation of the firings, float64 (n_features, n_features).

        Not a number for a feature that fires always or never.
        """
        rates = self.probabilities
        deviation = (rates * (1 - rates)).sqrt()
        return (self.cooccurrence() - torch.outer(rates, rates)) / torch.outer(deviation, deviation)

    def fire_together(self, members: Sequence[int]) -> bool:
        require_positions("members", members, self.n_features)
        members = sorted(set(members))
        if not self._singular:
            return bool((self._thresholds[members] < NEVER).all())
        return _has_interior(self._root[members], self._thresholds[members])

    @cached_property
    def _list(self) -> tuple[Tensor, Tensor]:
        """Every pattern and its probability. Turned around, the coordinates of silent features exceed theirs as well.

        What a singular matrix rules out is left out by reasoning: there integrals are exact to about seven digits only.
        """
        patterns = torch.tensor(list(itertools.product([False, True], repeat=self.n_features)))
        sign = torch.where(patterns, 1.0, -1.0).double()
        thresholds, root = sign * self._thresholds, sign[:, :, None] * self._root
        probabilities = orthants(thresholds, sign[:, :, None] * self.correlation * sign[:, None, :])
        possible = probabilities > ROUNDING
        if self._singular:
            possible &= torch.tensor([_has_interior(*turned) for turned in zip(root, thresholds, strict=True)])
        return patterns[possible], probabilities[possible] / probabilities[possible].sum()

    @cached_property
    def _singular(self) -> bool:
        """Whether some patterns may be impossible though each of their features is not."""
        return bool(torch.linalg.eigvalsh(self.correlation)[0] < SINGULAR)

    @cached_property
    def _thresholds(self) -> Tensor:
        return _exceeded_at(self.probabilities).clamp(-NEVER, NEVER)

    @cached_property
    def _root(self) -> Tensor:
        """The symmetric square root of the correlation: unlike a Cholesky factor, a singular matrix has it too."""
        values, vectors = torch.linalg.eigh(self.correlation)
        return vectors * values.clamp(min=0).sqrt() @ vectors.T


def _exceeded_at(rates: Tensor) -> Tensor:
    """The thresholds that a standard normal variable exceeds at these rates; infinite for 0 and 1."""
    return torch.from_numpy(0.0 - ndtri(rates.numpy()))  # so, because -ndtri would put a minus sign before a zero


def orthants(thresholds: Tensor, correlation: Tensor) -> Tensor:
    """The probability that every coordinate of a joint normal vector exceeds its threshold, float64 (...,).

    thresholds   (..., m)
    correlation  (..., m, m)

    Where all correlations are multiplied by s, the derivative of that probability with respect to s is, summed over
    pairs, their correlation times their joint density at the two thresholds times the probability that the others
    exceed theirs, given that (Plackett 1954, "A reduction formula for normal multivariate integrals"). It is integrated
    from 0, where coordinates are independent, to 1, by Gauss and Legendre's rule; each integral takes away two
    coordinates. The variable u, s = 1 - (1 - u)^2, takes care of singular matrices.
    """
    require_tensor("thresholds", thresholds, "... m+")
    m = thresholds.shape[-1]
    require_tensor("correlation", correlation, "... m m", m=m)
    alike = correlation.shape[:-1] == thresholds.shape
    require("the shape of correlation", tuple(correlation.shape), alike, f"{(*thresholds.shape, m)}")
    diagonal = correlation.diagonal(dim1=-2, dim2=-1)
    require("the diagonal of correlation", diagonal, bool(((diagonal - 1).abs() < SUM_TOLERANCE).all()), "1 everywhere")
    return _orthants(thresholds, correlation)


def _orthants(thresholds: Tensor, correlation: Tensor) -> Tensor:
    total = torch.special.ndtr(-thresholds).prod(dim=-1)
    nodes, weights = (torch.from_numpy(part) for part in np.polynomial.legendre.leggauss(QUADRATURE_NODES))
    u = (nodes + 1) / 2
    strength, weights = 1 - (1 - u) ** 2, weights * (1 - u)
    for pair in itertools.combinations(range(thresholds.shape[-1]), 2):
        density, others, among_others = _at_thresholds(thresholds, correlation, pair, strength)
        chance = density * _orthants(others, among_others) if others.shape[-1] else density
        total = total + correlation[..., pair[0], pair[1]] * (chance @ weights)
    return total.clamp(0, 1)


def _at_thresholds(
    thresholds: Tensor, correlation: Tensor, pair: tuple[int, int], strength: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Density of a pair at its thresholds, and thresholds and correlation of the others given that, all standardised.

    strength  (n_nodes,) what correlations are multiplied by
    returns   (..., n_nodes), (..., n_nodes, m - 2) and (..., n_nodes, m - 2, m - 2)
    """
    i, j = pair
    rest = [k for k in range(thresholds.shape[-1]) if k not in pair]
    h, k = thresholds[..., i, None], thresholds[..., j, None]
    r = correlation[..., i, j, None] * strength
    left = (1 - r**2).clamp(min=ALMOST_ZERO)
    density = torch.exp(-(h**2 + k**2 - 2 * h * k * r) / (2 * left)) / (2 * math.pi * left.sqrt())
    with_i, with_j = (correlation[..., None, rest, one] * strength[:, None] for one in pair)
    slope_i = (with_i - r[..., None] * with_j) / left[..., None]
    slope_j = (with_j - r[..., None] * with_i) / left[..., None]
    among = correlation[..., None, rest, :][..., rest] * strength[:, None, None]
    among = torch.where(torch.eye(len(rest)).bool(), 1.0, among)
    among = among - slope_i[..., :, None] * with_i[..., None, :] - slope_j[..., :, None] * with_j[..., None, :]
    spread = among.diagonal(dim1=-2, dim2=-1).clamp(min=ALMOST_ZERO).sqrt()
    others = (thresholds[..., None, rest] - slope_i * h[..., None] - slope_j * k[..., None]) / spread
    return density, others, (among / (spread[..., :, None] * spread[..., None, :])).clamp(-1, 1)


def _has_interior(root: Tensor, threshold: Tensor) -> bool:
    """Whether root z > threshold (m,) has a solution z: then the set of solutions has a positive probability.

    A linear programme for the largest margin by which all can be exceeded, capped at one.
    """
    finite = threshold.abs() < NEVER
    if (threshold[~finite] > 0).any():
        return False
    root, threshold = root[finite], threshold[finite]
    m, n = root.shape
    found = linprog(
        np.r_[np.zeros(n), -1.0],
        A_ub=np.c_[-root.numpy(), np.ones(m)],
        b_ub=-threshold.numpy(),
        bounds=[(None, None)] * n + [(None, 1.0)],
        method="highs",
    )
    return -found.fun > MARGIN


def _require_correlation(matrix: Tensor, n_features: int) -> None:
    require("the shape of correlation", tuple(matrix.shape), matrix.shape == (n_features,) * 2, f"{(n_features,) * 2}")
    proper = torch.isfinite(matrix).all() and (matrix.abs() <= 1 + ROUNDING).all()
    require("correlation", matrix, bool(proper), "a matrix of numbers from -1 to 1")
    symmetric = torch.allclose(matrix, matrix.T, atol=1e-8) and (matrix.diagonal() - 1).abs().max() < 1e-8
    require("correlation", matrix, bool(symmetric), "a symmetric matrix with ones on its diagonal")
    lowest = torch.linalg.eigvalsh(matrix)[0].item()
    require(
        "the lowest eigenvalue of correlation",
        f"{lowest:.4g}",
        lowest >= -1e-8,
        "0 or more: no variables are correlated like this (positive semi-definite)",
    )


@dataclass(frozen=True)
class LowRankCopula:
    """Features that fire where a joint normal vector exceeds their thresholds; a few common factors correlate it.

    probabilities  (n_features,) how often each feature fires
    loadings       (n_features, n_factors) rows of length below one: two features are correlated by their inner product

    `copula.GaussianCopula` without its matrices, for thousands of features.
    """

    probabilities: Tensor
    loadings: Tensor

    def __init__(self, probabilities: Numbers, loadings: Tensor) -> None:
        rates = probability_list("probabilities", probabilities)
        loadings = numbers("loadings", loadings, f"rows of numbers, ({len(rates)}, n_factors)", torch.float32)
        fits = loadings.ndim == 2 and len(loadings) == len(rates)
        require("the shape of loadings", tuple(loadings.shape), fits, f"({len(rates)}, n_factors)")
        longest = loadings.norm(dim=1).max().item()
        require("the length of the longest row of loadings", longest, longest < 1, "a number below 1")
        object.__setattr__(self, "probabilities", rates)
        object.__setattr__(self, "loadings", loadings)

    @property
    def n_features(self) -> int:
        return len(self.probabilities)

    @property
    def n_patterns(self) -> float:
        return math.inf

    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        require_draw(n, self.n_features, generator)
        common = torch.randn(n, self.loadings.shape[1], generator=generator) @ self.loadings.T
        own = torch.randn(n, self.n_features, generator=generator)
        return common + self._own * own > self._thresholds

    def support(self) -> tuple[Tensor, Tensor]:
        raise ValueError("n_patterns is infinite here: allowed is a firing whose patterns can be listed")

    def rates(self) -> Tensor:
        return self.probabilities

    def fire_together(self, members: Sequence[int]) -> bool:
        require_positions("members", members, self.n_features)
        return bool((self.probabilities[list(members)] > 0).all())

    @cached_property
    def _own(self) -> Tensor:
        """How much of each coordinate is its own: what the common factors leave."""
        return (1 - self.loadings.square().sum(dim=1)).sqrt()

    @cached_property
    def _thresholds(self) -> Tensor:
        return _exceeded_at(self.probabilities).float()


LEAST_EIGENVALUE = 1e-3  # of the correlation matrix


def random_correlation(n: int, generator: torch.Generator) -> Tensor:
    """A random correlation matrix with positive entries, float64 (n, n).

    The symmetric part of a matrix of uniform numbers, as in the authors' toy; so much is added to its diagonal that all
    eigenvalues are positive, and the result is scaled.
    """
    require_count(n=n)
    require_size("the correlation", n, n)
    require_generator(generator)
    uniform = torch.rand(n, n, generator=generator, dtype=torch.float64)
    symmetric = (uniform + uniform.T) / 2
    lift = (LEAST_EIGENVALUE - torch.linalg.eigvalsh(symmetric)[0]).clamp(min=0)
    matrix = symmetric + lift * torch.eye(n, dtype=torch.float64)
    length = matrix.diagonal().sqrt()
    return (matrix / length[:, None] / length).fill_diagonal_(1)
