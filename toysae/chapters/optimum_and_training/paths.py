"""The straight path from the atoms to the composites."""

from __future__ import annotations

import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor
from torch.nn.functional import normalize

from toysae.optimum.codes import dictionary_loss
from toysae.worlds.world import World


def path_dictionaries(world: World, t: Tensor) -> Tensor:
    """Dictionaries on the straight path from features (t = 0) to composites (t = 1), rows made unit again.

    t        (n_steps,) from 0 to 1
    returns  (n_steps, n_features, d_in) float64; each feature moves to a composite it is part of, as near as can be
    raises   ValueError where a world has not as many composites as features
    """
    features, composites = world.features.double(), world.composites().double()
    if len(composites) != len(features):
        raise ValueError(
            f"world has {len(features)} features and {len(composites)} composites: allowed are equally many of both"
        )
    _, partner = linear_sum_assignment((features @ composites.T).numpy(), maximize=True)
    share = t.double().reshape(-1, 1, 1)
    return normalize((1 - share) * features + share * composites[torch.from_numpy(partner)], dim=2)


def path_losses(world: World, l1_coeff: float, t: Tensor) -> Tensor:
    """Exact loss of every dictionary of `path_dictionaries`, (n_steps,) float64."""
    return dictionary_loss(path_dictionaries(world, t), world, l1_coeff)
