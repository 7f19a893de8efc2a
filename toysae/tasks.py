"""Tasks on which remedies compete: small worlds whose data can be listed, so that training and scores are exact."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from toysae import oracle, training, worlds
from toysae.firings import require
from toysae.magnitudes import choices
from toysae.worlds import World

L1_COEFF = 0.1  # the price at which the dictionaries of all contestants are compared
N_STARTS = 20  # of the search for the best dictionary of a task
MOST_POINTS = 1024  # data points up to which training sees all of them in every step; else it draws batches
BATCH_SIZE = 128


@dataclass(frozen=True)
class TwoLevels:
    """A feature that fires has the magnitude 1 - sigma or 1 + sigma, equally often, whatever the others do.

    sigma  standard deviation of a magnitude, from 0 to below 1; their mean mu is one

    The least that lets magnitudes vary: an exact list of data points stays short.
    """

    sigma: float
    mu: float = 1.0

    def __post_init__(self) -> None:
        require("sigma", self.sigma, 0 <= self.sigma < 1, "a number from 0 to below 1")
        require("mu", self.mu, self.mu == 1, "1")

    def sample(self, fires: Tensor, generator: torch.Generator) -> Tensor:
        high = torch.rand(fires.shape, generator=generator) < 0.5
        return fires * (1 + self.sigma * (2.0 * high - 1))

    def moments(self) -> tuple[float, float]:
        return 1.0, self.sigma

    def n_varying(self, patterns: Tensor) -> Tensor:
        return patterns.sum(dim=1)

    def grid(self, patterns: Tensor, n_levels: int) -> list[Tensor]:
        """All that occurs, for each pattern, float64 (n_choices, n_features); n_levels does not matter."""
        levels = [(1 - self.sigma, 1 + self.sigma)] * patterns.shape[1]
        return [choices(pattern, levels) for pattern in patterns]


@dataclass(frozen=True)
class Task:
    """A world, as many latents as it has features, and who descends from whom.

    families  (parent, children) by the positions of the features
    """

    world: World
    families: tuple[tuple[int, tuple[int, ...]], ...] = ()

    @property
    def n_latents(self) -> int:
        return self.world.n_features

    @property
    def true_l0(self) -> float:
        """How many features fire in a sample, in the mean."""
        return float(self.world.firing.rates().sum())

    @cached_property
    def best_loss(self) -> float:
        """The loss of the best dictionary known at L1_COEFF."""
        return oracle.best_dictionary(self.world, self.n_latents, L1_COEFF, n_starts=N_STARTS)[1]


def data_of(world: World) -> training.Data:
    """All data points with their probabilities where there are few, else batches, always the same ones."""
    points, probabilities = oracle.finite_data(world)
    if len(points) <= MOST_POINTS:
        return training.Support(points, probabilities)
    return training.Batches(world, BATCH_SIZE, torch.Generator().manual_seed(0))


# Each is built from magnitudes, given as World takes them
TASKS: dict[str, Callable[..., Task]] = {
    "two of three": lambda **given: Task(worlds.two_of_three(**given)),
    "groups": lambda **given: Task(worlds.groups(3, **given)),
    "solo leak": lambda **given: Task(worlds.solo_leak(3, 2, p_alone=0.3, **given)),
    "hierarchy": lambda **given: Task(worlds.hierarchy(**given), ((0, (1,)),)),
    "tree": lambda **given: Task(worlds.tree(2, 0.3, 2, 0.3, 0, **given), ((0, (1, 2)), (3, (4, 5)))),
    "correlated": lambda **given: Task(worlds.one_with_others(4, **given)),
    "independent": lambda **given: Task(worlds.independent([0.25] * 4, **given)),
}
