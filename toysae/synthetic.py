"""A synthetic benchmark of any size: many features, frequent and rare, in families, correlated, in superposition.

It follows SynthSAEBench (Chanin & Garriga-Alonso 2026, arXiv 2602.14687; sae_lens.synthetic). What differs: here only
parents and loners are correlated, and children through their parents alone, so that all rates are exact; families have
two generations, there three; a child's magnitude does not depend on its parent's; magnitudes have one mean.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from scipy.stats import norm
from torch import Tensor
from torch.nn.functional import normalize

from toysae import worlds
from toysae.firings import ROUNDING, probability_list, require
from toysae.worlds import World

EXPONENT = 0.5  # of the rates, as in SynthSAEBench-16k
N_FACTORS, SHARED = 5, 0.25  # common factors, and the share of each feature's variance that is theirs


@dataclass(frozen=True)
class LowRankCopula:
    """Features that fire where a joint normal vector exceeds their thresholds; a few common factors correlate it.

    probabilities  (n_features,) how often each feature fires
    loadings       (n_features, n_factors) rows of length below one: two features are correlated by their inner product

    `copula.GaussianCopula` without its matrices, for thousands of features.
    """

    probabilities: Sequence[float] | Tensor
    loadings: Tensor

    def __post_init__(self) -> None:
        rates = probability_list("probabilities", self.probabilities)
        loadings = torch.as_tensor(self.loadings, dtype=torch.float32)
        fits = loadings.ndim == 2 and len(loadings) == len(rates)
        require("the shape of loadings", tuple(loadings.shape), fits, f"({len(rates)}, n_factors)")
        longest = loadings.norm(dim=1).max().item()
        require("the length of the longest row of loadings", longest, longest < 1, "a number below 1")
        object.__setattr__(self, "probabilities", rates)
        object.__setattr__(self, "loadings", loadings)
        object.__setattr__(self, "_own", (1 - loadings.square().sum(dim=1)).sqrt())
        object.__setattr__(self, "_thresholds", torch.from_numpy(norm.isf(rates.numpy())).float())

    @property
    def n_features(self) -> int:
        return len(self.probabilities)

    @property
    def n_patterns(self) -> float:
        return math.inf

    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        common = torch.randn(n, self.loadings.shape[1], generator=generator) @ self.loadings.T
        own = torch.randn(n, self.n_features, generator=generator)
        return common + self._own * own > self._thresholds

    def support(self) -> tuple[Tensor, Tensor]:
        raise ValueError("n_patterns is infinite here: allowed is a firing whose patterns can be listed")

    def rates(self) -> Tensor:
        return self.probabilities

    def fire_together(self, members: Sequence[int]) -> bool:
        return bool((self.probabilities[list(members)] > 0).all())


@dataclass(frozen=True)
class Families:
    """Features without parents, of which the first have children: at most one child fires, and only with its parent.

    roots    the firing of the features without parents, which come first
    chances  (n_families, n_children) how often each child fires when its parent does; at most one in sum
    """

    roots: LowRankCopula
    chances: Tensor

    def __post_init__(self) -> None:
        chances = torch.as_tensor(self.chances, dtype=torch.float64)
        fits = chances.ndim == 2 and len(chances) <= self.roots.n_features
        require(
            "the shape of chances",
            tuple(chances.shape),
            fits,
            f"at most {self.roots.n_features} families by their children",
        )
        highest = chances.sum(dim=1).max().item() if chances.numel() else 0.0
        fits = bool((chances >= 0).all()) and highest <= 1 + ROUNDING
        require("the highest sum of chances in a family", highest, fits, "from 0 to 1, each of them 0 or more")
        object.__setattr__(self, "chances", chances)

    @property
    def n_features(self) -> int:
        return self.roots.n_features + self.chances.numel()

    @property
    def n_patterns(self) -> float:
        return math.inf

    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        roots = self.roots.sample(n, generator)
        uniform = torch.rand(n, len(self.chances), 1, generator=generator)
        end = self.chances.cumsum(dim=1).float()
        children = (uniform >= end - self.chances.float()) & (uniform < end) & roots[:, : len(self.chances), None]
        return torch.cat([roots, children.flatten(1)], dim=1)

    def support(self) -> tuple[Tensor, Tensor]:
        return self.roots.support()

    def rates(self) -> Tensor:
        roots = self.roots.rates()
        return torch.cat([roots, (roots[: len(self.chances), None] * self.chances).flatten()])

    def fire_together(self, members: Sequence[int]) -> bool:
        families = [self.family_of(i) for i in set(members) if i >= self.roots.n_features]
        return len(families) == len(set(families)) and bool((self.rates()[list(members)] > 0).all())

    def family_of(self, child: int) -> int:
        """The parent of a child, both by their positions among the features."""
        return (child - self.roots.n_features) // self.chances.shape[1]

    def children_of(self, parent: int) -> list[int]:
        """The children of a parent, by their positions among the features."""
        n_children, start = self.chances.shape[1], self.roots.n_features
        return list(range(start + parent * n_children, start + (parent + 1) * n_children))


def benchmark(
    n_features: int,
    d_in: int,
    mean_l0: float,
    generator: torch.Generator,
    *,
    n_families: int,
    n_children: int = 3,
    n_repulsions: int = 0,
    **magnitudes,
) -> World:
    """The benchmark: rates that fall with the square root of the rank, families, correlations, superposition.

    mean_l0       how many features fire at once in the mean
    n_families    of a parent and n_children children. The most frequent features are the parents, the rarest the
                  children, dealt out in turns
    n_repulsions  steps in which directions are pushed apart; their time grows with the cube of n_features
    raises        ValueError where children would have to fire more often than their parent
    """
    rates = worlds.zipf_rates(n_features, EXPONENT, mean_l0=mean_l0)
    n_roots = n_features - n_families * n_children
    require("n_families", n_families, 0 <= n_families <= n_roots, f"0 to {n_features // (n_children + 1)}")
    children = rates[n_roots:].view(n_children, n_families).T
    gaussian = torch.randn(n_roots, N_FACTORS, generator=generator)
    roots = LowRankCopula(rates[:n_roots], math.sqrt(SHARED) * normalize(gaussian, dim=1))
    directions = worlds.unit_directions(n_features, d_in, generator, n_repulsions)
    return World(Families(roots, children / rates[:n_families, None]), features=directions, **magnitudes)


def overlap(features: Tensor) -> float:
    """The mean over features (n_features, d_in) of the largest absolute cosine with another one."""
    return worlds.largest_cosines(features).mean().item()
