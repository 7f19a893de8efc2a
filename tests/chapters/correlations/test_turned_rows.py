"""Two sets in a plane: the closed forms against exact losses of turned dictionaries."""

import math

import pytest
import torch

from toysae.chapters.correlations.turned_rows import (
    alone_boundary,
    angle_from_feature,
    cross,
    diagonal_gain,
    mean_difference,
)
from toysae.optimum.codes import sample_losses
from toysae.worlds.finite import quantile_grid
from toysae.worlds.named_worlds import antipodal_plane

PRICE = 1e-4
AXES, DIAGONALS = torch.tensor([0.0, math.pi / 4]).double()


def cost(angle, correlation, p_alone=0.0, n_levels=25):
    """Loss of the cross on a fine grid of magnitudes, per unit of price."""
    world = antipodal_plane(correlation, p_alone)
    activations, probabilities = quantile_grid(world, n_levels)
    points = world.inputs(activations)
    return float(sample_losses(points, cross(angle)[None], PRICE)[0] @ probabilities) / PRICE


def test_a_cross_has_unit_rows_at_right_angles_and_repeats_after_a_quarter_turn():
    angles = torch.rand(7, generator=torch.Generator().manual_seed(0)).double() * 6
    rows = cross(angles)
    gram = torch.tensor([[1, 0, -1, 0], [0, 1, 0, -1], [-1, 0, 1, 0], [0, -1, 0, 1]]).double()
    assert torch.allclose(rows @ rows.transpose(1, 2), gram.expand(7, 4, 4))
    assert torch.allclose(cross(angles + math.pi / 2), rows.roll(-1, dims=1))


def test_every_row_of_a_cross_is_turned_from_its_feature_by_the_same_angle():
    degrees = torch.tensor([5.0, 30.0, 45.0, 80.0]).double()
    turned = angle_from_feature(cross(degrees.deg2rad()))
    assert torch.allclose(turned, degrees[:, None].expand(4, 4))


@pytest.mark.parametrize("correlation", [0.0, 0.5, 1.0])
def test_the_gain_of_the_diagonals_is_that_of_exact_losses(correlation):
    found = 1 - cost(DIAGONALS, correlation) / cost(AXES, correlation)
    assert found == pytest.approx(diagonal_gain(correlation), abs=2e-3)
    assert found > 0


def test_the_mean_difference_is_that_of_samples():
    world = antipodal_plane(0.3)
    a = world.sample(100_000, torch.Generator().manual_seed(0)).double()
    difference = (a[:, :2].sum(dim=1) - a[:, 2:].sum(dim=1)).abs()
    error = difference.std() / math.sqrt(len(a))
    assert abs(difference.mean() - mean_difference(0.3)) < 5 * error


@pytest.mark.parametrize("correlation", [0.0, 0.5, 1.0])
def test_at_the_boundary_axes_and_diagonals_change_places(correlation):
    p = alone_boundary(correlation)
    assert cost(DIAGONALS, correlation, p - 0.02) < cost(AXES, correlation, p - 0.02)
    assert cost(DIAGONALS, correlation, p + 0.02) > cost(AXES, correlation, p + 0.02)
