"""Finite data: exact where they can be, and agreeing with sampling where not."""

import numpy as np
import pytest
import torch

from toysae.optimum.codes import best_codes, code_loss, dictionary_loss
from toysae.worlds.directions import unit_directions
from toysae.worlds.finite import affordable_levels, finite_activations, finite_data, grid_size, quantile_grid
from toysae.worlds.magnitudes import magnitude_levels
from toysae.worlds.named_worlds import (
    antipodal_plane,
    hierarchy,
    independent,
    k_of_n,
    two_of_three,
)


def test_the_quantile_grid_agrees_with_sampling():
    world = k_of_n(4, 2, sigma=0.3)
    dictionary = torch.nn.functional.normalize(torch.rand(4, 4, generator=torch.Generator().manual_seed(2)), dim=1)
    x = world.inputs(world.sample(20_000, torch.Generator().manual_seed(5))).double()
    sampled = code_loss(x, dictionary.double(), best_codes(x, dictionary, 0.1), 0.1)
    on_the_grid = dictionary_loss(dictionary, world, 0.1).item()
    assert on_the_grid == pytest.approx(sampled.mean().item(), rel=0.03)
    activations, probabilities = quantile_grid(world, 7)
    assert probabilities.sum().item() == pytest.approx(1)
    rates = probabilities @ (activations > 0).double()
    assert torch.allclose(rates, world.firing.rates())


def test_a_world_too_large_for_a_grid_is_sampled_always_the_same():
    world = independent([0.1] * 40, sigma=0.1)
    points, probabilities = finite_data(world)
    assert torch.equal(points, finite_data(world)[0])
    assert probabilities.sum().item() == pytest.approx(1)
    assert (points > 0).double().mean().item() == pytest.approx(0.1, abs=0.005)
    assert affordable_levels(k_of_n(10, 5, sigma=0.1)) == 2
    assert affordable_levels(k_of_n(10, 5)) == 1


def test_only_magnitudes_that_vary_take_levels():
    world = hierarchy(sigma=[0.1, 0, 0, 0], mu=[1.0, 1.0, 2.0, 1.0])
    activations, probabilities = quantile_grid(world, 5)
    still = {0.0, 1.0}, {0.0, 2.0}, {0.0, 1.0}
    assert [set(column.tolist()) for column in activations.T[1:]] == list(still)
    assert set(activations[:, 0].tolist()) == {0.0, *magnitude_levels(1.0, 0.1, 5)}
    assert len(activations) == grid_size(world, 5) == 4 + 4 * 5 + 4 * 5
    assert torch.allclose(probabilities @ activations, world.firing.rates() * world.magnitude_moments()[0])


def test_magnitudes_told_per_feature_have_the_grid_of_those_told_once():
    once, each = k_of_n(3, 2, sigma=0.3), k_of_n(3, 2, sigma=[0.3] * 3)
    for one, other in zip(finite_data(once), finite_data(each), strict=True):
        assert torch.equal(one, other)


@pytest.mark.parametrize("f", [0.0, 0.4, 1.0])
def test_the_grid_of_correlated_magnitudes_has_their_moments(f):
    world = antipodal_plane(f, p_alone=0.4)
    activations, probabilities = quantile_grid(world, 40)
    fires = activations > 0
    both, alone = fires.sum(dim=1) == 2, fires[:, 2] & (fires.sum(dim=1) == 1)
    assert probabilities[both].sum().item() == pytest.approx(0.6)
    first, second = activations[both][:, :2].sum(dim=1), activations[both][:, 2:].sum(dim=1)
    weights = probabilities[both].numpy()
    covariance = np.cov(torch.stack([first, second]).numpy(), aweights=weights, ddof=0)
    assert covariance[0, 0] == pytest.approx(1 / 12, rel=2e-3)
    assert covariance[1, 1] == pytest.approx((f**2 + (1 - f) ** 2) / 12, rel=2e-3)
    assert covariance[0, 1] == pytest.approx(f / 12, rel=2e-3, abs=1e-9)
    assert np.average(activations[alone, 2], weights=probabilities[alone]) == pytest.approx(0.5)
    assert np.average(activations[alone, 2] ** 2, weights=probabilities[alone]) == pytest.approx(
        0.25 + (f**2 + (1 - f) ** 2) / 12, rel=2e-3
    )
    assert len(activations) == grid_size(world, 40)


def test_finite_data_are_where_the_finite_activations_lie():
    features = unit_directions(5, 3, torch.Generator().manual_seed(1))
    world = independent([0.2] * 5, sigma=0.3, features=features)
    (points, one), (activations, other) = finite_data(world), finite_activations(world)
    assert torch.equal(one, other)
    assert torch.allclose(points, activations @ features.double())


def test_magnitudes_without_a_grid_are_sampled_always_the_same():
    class HalfOrTwo:
        mu, sigma = 1.25, 0.75

        def sample(self, fires, generator):
            return fires * torch.where(torch.rand(fires.shape, generator=generator) < 0.5, 0.5, 2.0)

        def moments(self):
            return self.mu, self.sigma

    world = two_of_three(magnitudes=HalfOrTwo())
    activations, probabilities = finite_activations(world)
    assert torch.equal(activations, finite_activations(world)[0])
    assert set(activations.unique().tolist()) == {0.0, 0.5, 2.0}
    mean, _ = world.entry_moments()
    assert (probabilities @ activations).mean().item() == pytest.approx(mean, rel=0.02)


def test_a_grid_that_gets_too_long_is_refused_by_name():
    with pytest.raises(ValueError, match=r"n_levels is 50, which gives .* allowed"):
        quantile_grid(k_of_n(6, 4, sigma=0.1), 50)
