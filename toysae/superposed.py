"""More features than dimensions: the toy of Sharkey, Braun & Millidge (2022), at any size."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from toysae import worlds
from toysae.worlds import World

ORIGINAL_FEATURES, ORIGINAL_DECAY = 512, 0.99  # of "Taking features out of superposition with sparse autoencoders"
LEAST_EIGENVALUE = 1e-3  # of the correlation matrix


@dataclass(frozen=True)
class Uniform:
    """Magnitudes uniform between 0 and 1, independent of each other."""

    mu: float = 0.5
    sigma: float = 1 / math.sqrt(12)

    def sample(self, fires: Tensor, generator: torch.Generator) -> Tensor:
        return fires * torch.rand(fires.shape, generator=generator)

    def moments(self) -> tuple[float, float]:
        return self.mu, self.sigma


def superposed(n_features: int, d_in: int, mean_l0: float, generator: torch.Generator) -> World:
    """Correlated features of falling rates along random directions.

    n_features, d_in  more features than dimensions make superposition
    mean_l0           how many features fire at once in the mean, > 0
    raises            ValueError where the most frequent feature would fire more than always

    The authors have 512 features in 256 dimensions, five active in the mean, rates that fall as .99^i, uniform
    magnitudes and correlations out of a random matrix. Rates fall here so that the least frequent feature is as much
    rarer than the most frequent one as there, whatever n_features is.
    """
    rates = ORIGINAL_DECAY ** (ORIGINAL_FEATURES / n_features * torch.arange(n_features, dtype=torch.float64))
    directions = worlds.unit_directions(n_features, d_in, generator)
    correlation = random_correlation(n_features, generator)
    rates = rates * mean_l0 / rates.sum()
    if not 0 < rates[0] <= 1:
        raise ValueError(f"mean_l0 is {mean_l0}: allowed is a number above 0 and at most {mean_l0 / rates[0]:.3g}")
    return worlds.correlated(rates, correlation, features=directions, magnitudes=Uniform())


def random_correlation(n: int, generator: torch.Generator) -> Tensor:
    """A random correlation matrix with positive entries, float64 (n, n).

    The symmetric part of a matrix of uniform numbers, as in the authors' toy; so much is added to its diagonal that all
    eigenvalues are positive, and the result is scaled.
    """
    uniform = torch.rand(n, n, generator=generator, dtype=torch.float64)
    symmetric = (uniform + uniform.T) / 2
    lift = (LEAST_EIGENVALUE - torch.linalg.eigvalsh(symmetric)[0]).clamp(min=0)
    matrix = symmetric + lift * torch.eye(n, dtype=torch.float64)
    length = matrix.diagonal().sqrt()
    return (matrix / length[:, None] / length).fill_diagonal_(1)
