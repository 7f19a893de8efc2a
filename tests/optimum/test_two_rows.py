"""Two rows in a plane: exact losses, and angles that nothing in the plane beats."""

import math

import pytest
import torch
from scipy.optimize import minimize

from toysae.optimum.codes import dictionary_loss, radial_bound
from toysae.optimum.two_rows import ATOMS, PAIR, best_angles, plane_losses
from toysae.worlds.finite import finite_data
from toysae.worlds.named_worlds import VARIANTS, two_features

SOME_ANGLES = torch.tensor([[0.0, 90.0], [0.0, 45.0], [10.0, 12.0], [-30.0, 110.0], [33.0, 33.0], [45.0, 80.0]])


def rows(angles):
    radians = torch.deg2rad(angles.double())
    return torch.stack([radians.cos(), radians.sin()], dim=-1)


def expected_loss(angles, x, probabilities, l1_coeff):
    return plane_losses(torch.as_tensor(angles), x, l1_coeff) @ probabilities


@pytest.mark.parametrize("l1_coeff", [0.0, 0.05, 0.4, 2.0])
@pytest.mark.parametrize("sigma", [0.0, 0.4])
def test_losses_in_the_plane_are_those_of_the_oracle(sigma, l1_coeff):
    world = two_features("nested", 0.15, sigma)
    losses = expected_loss(SOME_ANGLES, *finite_data(world), l1_coeff)
    reference = dictionary_loss(rows(SOME_ANGLES), world, l1_coeff)
    assert torch.allclose(losses, reference, rtol=0, atol=1e-9)


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize(("solo", "sigma", "l1_coeff"), [(0.0, 0.0, 0.1), (0.1, 0.0, 0.3), (0.2, 0.5, 0.05)])
def test_no_pair_of_rows_in_the_whole_plane_beats_the_best_two(variant, solo, sigma, l1_coeff):
    x, probabilities = finite_data(two_features(variant, solo, sigma))
    _, lowest = best_angles(x, probabilities[None], l1_coeff)
    everywhere = torch.combinations(torch.arange(-180.0, 180.0, 3.0), 2)
    assert expected_loss(everywhere, x, probabilities, l1_coeff).min() >= lowest.item() - 1e-12


def test_the_loss_of_the_best_two_rows_is_the_loss_at_their_angles():
    x, probabilities = finite_data(two_features("symmetric", 0.1, 0.25))
    angles, lowest = best_angles(x, probabilities[None], 0.2)
    assert expected_loss(angles[0], x, probabilities, 0.2).item() == pytest.approx(lowest.item(), abs=1e-12)
    assert angles[0, 0] <= angles[0, 1]


def test_without_solo_samples_of_b_the_best_rows_are_a_and_the_composite():
    x, probabilities = finite_data(two_features("nested", 0.0, 0.0))
    angles, lowest = best_angles(x, probabilities[None], 0.1)
    assert angles[0].tolist() == pytest.approx([0, 45], abs=0.01)
    assert lowest.item() == pytest.approx(radial_bound(two_features("nested", 0.0, 0.0), 0.1))


@pytest.mark.parametrize("l1_coeff", [0.02, 0.1, 0.3])
def test_atoms_and_pair_cost_the_same_at_the_crossover_known_in_closed_form(l1_coeff):
    ratio = l1_coeff * (2 - math.sqrt(2) - l1_coeff / 2) / (1 / 4 - (1 - 1 / math.sqrt(2)) * l1_coeff)
    data = finite_data(two_features("nested", 0.6 * ratio / (1 + ratio), 0.0))
    atoms, pair = (expected_loss(dictionary, *data, l1_coeff).item() for dictionary in (ATOMS, PAIR))
    assert atoms == pytest.approx(pair, rel=1e-9)


@pytest.mark.parametrize(("variant", "solo", "l1_coeff"), [("nested", 0.1, 0.05), ("symmetric", 0.1, 0.1)])
def test_the_best_angles_are_exact_to_a_thousandth_of_a_degree(variant, solo, l1_coeff):
    x, probabilities = finite_data(two_features(variant, solo, 0.0))
    angles, _ = best_angles(x, probabilities[None], l1_coeff)

    def loss(pair):
        return float(expected_loss(pair, x, probabilities, l1_coeff))

    settings = {
        "xatol": 1e-6,
        "fatol": 1e-15,
        "initial_simplex": angles + 0.01 * torch.tensor([[0, 0], [1, 0], [0, 1]]),
    }
    nearby = minimize(loss, angles[0].numpy(), method="Nelder-Mead", options=settings).x
    assert angles[0].tolist() == pytest.approx(nearby.tolist(), abs=2e-3)
    assert 1 < angles[0, 0] < angles[0, 1] < 89  # no end of the quadrant, which any grid would find
