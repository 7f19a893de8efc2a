"""What data identify: sharpness against the signed objective itself, and a second basis that costs the same."""

import itertools
import math

import numpy as np
import pytest
import torch

from toysae.chapters.optimum_and_training.what_data_settle import (
    growth_by_turning,
    mirrored_features,
    sharp_local_minimum,
    sharpness,
    signed_growth,
)
from toysae.optimum.codes import dictionary_loss
from toysae.worlds.directions import random_rotation
from toysae.worlds.firings import Patterns
from toysae.worlds.named_worlds import independent, k_of_n, solo_leak, two_of_three
from toysae.worlds.world import World


def pair(p_a, p_b, p_both, **magnitudes):
    """Two features: how often A fires alone, B alone, and both, up to a common factor."""
    weights = torch.tensor([p_a, p_b, p_both], dtype=torch.float64)
    return World(Patterns([[1, 0], [0, 1], [1, 1]], weights / weights.sum()), **magnitudes)


def slope_by_finite_difference(world, k, c, step=1e-6):
    """How fast E||z||_1 changes when every other feature i moves by step * c_i towards feature k."""
    activations, probabilities = world.support()
    moved = np.eye(world.n_features)
    moved[:, k] += step * c
    z = np.linalg.solve(moved.T, activations.numpy().T).T
    change = np.abs(z).sum(axis=1) - activations.numpy().sum(axis=1)
    return probabilities.numpy() @ change / step


def lowest_slope_on_a_grid(world, n_steps):
    """Over all k, and over all c on a grid with largest |c_i| = 1."""
    steps = np.linspace(-1, 1, n_steps)
    lowest = math.inf
    for k in range(world.n_features):
        for others in itertools.product(steps, repeat=world.n_features - 1):
            if max(map(abs, others)) == 1:
                lowest = min(lowest, slope_by_finite_difference(world, k, np.insert(others, k, 0.0)))
    return lowest


UNEVEN = World(Patterns([[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0], [1, 1, 1]], [0.3, 0.2, 0.25, 0.15, 0.1]))


@pytest.mark.parametrize(
    ("world", "n_steps"),
    [
        (pair(0.3, 0.4, 0.3), 3),
        (pair(0.6, 0.1, 0.3), 3),
        (two_of_three(), 41),
        (UNEVEN, 41),
        (independent([0.3, 0.2, 0.45]), 41),
        (solo_leak(3, 2, 0.1), 41),
        (k_of_n(4, 2), 7),
        (k_of_n(4, 3), 7),
    ],
)
def test_sharpness_is_the_lowest_slope_of_the_signed_objective(world, n_steps):
    assert sharpness(world) == pytest.approx(lowest_slope_on_a_grid(world, n_steps), abs=1e-4)


@pytest.mark.parametrize("world", [pair(0.4, 0.4, 0.2), k_of_n(4, 3), independent([0.7] * 3)])
def test_turning_features_by_plus_or_minus_finds_the_slope_where_features_are_alike(world):
    assert growth_by_turning(world) == pytest.approx(sharpness(world), abs=1e-3)


def test_the_growth_of_a_turn_is_that_of_the_codes_in_the_turned_basis():
    """Turning B towards A by t: A's code loses tan t, B's grows by 1 / cos t, where B fires."""
    angle = 0.05
    world = pair(0.5, 0.3, 0.2, features=random_rotation(2, 3, torch.Generator().manual_seed(0)))
    grown = signed_growth(world, torch.tensor([[[0.0, 0.0], [1.0, 0.0]]]), math.tan(angle)).item()
    longer = 0.5 * (1 / math.cos(angle) - 1)
    assert grown * math.tan(angle) == pytest.approx(longer + (0.3 - 0.2) * math.tan(angle), abs=1e-6)


def test_two_features_are_a_sharp_minimum_if_both_is_rarer_than_each_alone():
    answers = {
        (0.4, 0.4, 0.2): "yes",
        (0.5, 0.3, 0.2): "yes",
        (0.5, 0.2, 0.3): "no",
        (0.5, 0.25, 0.25): "on the boundary",
    }
    for rates, answer in answers.items():
        assert sharp_local_minimum(pair(*rates)) == answer


def test_exactly_k_of_n_are_a_sharp_minimum_if_n_exceeds_2k_minus_1():
    for n in range(2, 7):
        for k in range(1, n):
            excess = n - (2 * k - 1)
            answer = "yes" if excess > 0 else "no" if excess < 0 else "on the boundary"
            assert sharp_local_minimum(k_of_n(n, k)) == answer


@pytest.mark.parametrize(
    ("rates", "answer"),
    [([0.3, 0.45, 0.1], "yes"), ([0.3, 0.5, 0.1], "on the boundary"), ([0.3, 0.55, 0.1], "no"), ([0.6] * 4, "no")],
)
def test_independent_features_are_a_sharp_minimum_if_every_rate_is_below_one_half(rates, answer):
    assert sharp_local_minimum(independent(rates)) == answer


def test_the_tolerance_says_how_near_to_zero_counts_as_the_boundary():
    world = pair(0.36, 0.34, 0.3)  # slope 0.04
    assert sharp_local_minimum(world) == "yes"
    assert sharp_local_minimum(world, tolerance=0.05) == "on the boundary"


@pytest.mark.parametrize(("n", "k"), [(2, 1), (4, 2), (6, 3)])
@pytest.mark.parametrize("l1_coeff", [0.02, 0.4])
def test_exactly_k_of_2k_has_a_second_basis_that_costs_the_same(n, k, l1_coeff):
    rotation = random_rotation(n, n + 1, torch.Generator().manual_seed(3))
    world = k_of_n(n, k, features=rotation)
    mirrored = mirrored_features(world)
    assert torch.allclose(mirrored @ mirrored.T, torch.eye(n, dtype=torch.float64), atol=1e-6)
    losses = dictionary_loss(torch.stack([world.features.double(), mirrored]), world, l1_coeff)
    assert losses[0].item() == pytest.approx(losses[1].item(), abs=1e-7)
    cosines = mirrored @ world.features.double().T
    assert (cosines.max() < 0.9) == (k > 1)  # for k = 1 the mirror only swaps the two features
