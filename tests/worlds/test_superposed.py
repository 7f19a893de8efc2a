"""More features than dimensions: rates, magnitudes and correlations are those that were asked for."""

import math

import pytest
import torch

from toysae.worlds.copulas import random_correlation
from toysae.worlds.magnitudes import Uniform
from toysae.worlds.named_worlds import superposed


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def test_the_rates_fall_as_in_the_original_and_sum_to_the_mean_number_of_active_features():
    world = superposed(16, 8, 1.25, generator())
    rates = world.firing.rates()
    assert rates.sum().item() == pytest.approx(1.25)
    assert (rates[1:] / rates[:-1]).tolist() == pytest.approx([0.99 ** (512 / 16)] * 15)
    assert world.features.shape == (16, 8)


def test_samples_have_the_rates_and_uniform_magnitudes():
    world = superposed(6, 4, 1.5, generator())
    n = 40_000
    a = world.sample(n, generator(1)).double()
    rates = world.firing.rates()
    assert ((a > 0).double().mean(dim=0) - rates).abs().max() < 5 * math.sqrt(0.25 / n)
    fired = a[a > 0]
    assert abs(fired.mean() - 0.5) < 5 * Uniform().sigma / math.sqrt(len(fired))
    assert abs((fired < 0.25).double().mean() - 0.25) < 5 * math.sqrt(0.19 / len(fired))


def test_a_random_correlation_is_one():
    for n in (1, 2, 20):
        matrix = random_correlation(n, generator(n))
        assert torch.equal(matrix.diagonal(), torch.ones(n).double())
        assert torch.allclose(matrix, matrix.T)
        assert torch.linalg.eigvalsh(matrix)[0] > 0
        assert (matrix >= 0).all()


def test_a_feature_that_would_fire_more_than_always_is_refused():
    with pytest.raises(ValueError, match="mean_l0 is 20"):
        superposed(16, 8, 20, generator())
