"""Tasks on which remedies compete: small worlds whose data can be listed, so that training and scores are exact."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import torch

from toysae.optimum.search import best_dictionary
from toysae.saes.training import MOST_POINTS, Batches, Data, Support
from toysae.worlds.finite import finite_data
from toysae.worlds.named_worlds import groups, hierarchy, independent, one_with_others, solo_leak, tree, two_of_three
from toysae.worlds.world import World

L1_COEFF = 0.1  # the price at which the dictionaries of all contestants are compared
N_STARTS = 20  # of the search for the best dictionary of a task
BATCH_SIZE = 128  # where there are too many data points to list


@dataclass(frozen=True)
class Task:
    """A world, and as many latents as it has features."""

    world: World

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
        return best_dictionary(self.world, self.n_latents, L1_COEFF, n_starts=N_STARTS)[1]


def listed_data(world: World) -> Data:
    """All data points where they can be listed, varying magnitudes included; else batches, always the same ones.

    `saes.training.data_of` lists where magnitudes do not vary, and draws afresh by a seed; tasks need neither.
    """
    points, probabilities = finite_data(world)
    if len(points) <= MOST_POINTS:
        return Support(points, probabilities)
    return Batches(world, BATCH_SIZE, torch.Generator().manual_seed(0))


# Each is built from magnitudes, given as World takes them
TASKS: dict[str, Callable[..., Task]] = {
    "two of three": lambda **given: Task(two_of_three(**given)),
    "groups": lambda **given: Task(groups(3, **given)),
    "solo leak": lambda **given: Task(solo_leak(3, 2, p_alone=0.3, **given)),
    "hierarchy": lambda **given: Task(hierarchy(**given)),
    "tree": lambda **given: Task(tree(2, 0.3, 2, 0.3, 0, **given)),
    "correlated": lambda **given: Task(one_with_others(4, **given)),
    "independent": lambda **given: Task(independent([0.25] * 4, **given)),
}
