"""Magnitudes: levels and moments."""

import math

import numpy as np
import pytest
import torch

from toysae.worlds.finite import finite_data
from toysae.worlds.magnitudes import TwoLevels, magnitude_levels
from toysae.worlds.named_worlds import (
    k_of_n,
    two_of_three,
)


@pytest.mark.parametrize("sigma", [0.1, 0.8, 3.0])
def test_magnitude_levels_have_the_exact_mean_and_approach_the_variance(sigma):
    world = k_of_n(1, 1, sigma=sigma)
    mean, deviation = world.magnitude_moments()
    for n_levels in (2, 7, 400):
        levels = np.array(magnitude_levels(1.0, sigma, n_levels))
        assert levels.mean() == pytest.approx(mean)
        assert (np.diff(levels) >= 0).all()
        assert (levels >= 0).all()
    assert levels.std() == pytest.approx(deviation, rel=5e-3)


def test_two_levels_make_an_exact_list_with_the_right_moments():
    world = two_of_three(magnitudes=TwoLevels(0.25))
    points, probabilities = finite_data(world)
    assert points.shape == (3 * 4, 3) and set(points.flatten().tolist()) == {0.0, 0.75, 1.25}
    torch.testing.assert_close(probabilities, torch.full((12,), 1 / 12).double())
    drawn = world.sample(20_000, torch.Generator().manual_seed(0))
    assert set(drawn.unique().tolist()) == {0.0, 0.75, 1.25}
    on = drawn[drawn > 0]
    assert abs(float(on.mean()) - 1) < 5 * 0.25 / math.sqrt(len(on))
    assert abs(float((on > 1).double().mean()) - 0.5) < 5 * 0.5 / math.sqrt(len(on))
    assert world.magnitude_moments() == (1.0, 0.25)


@pytest.mark.parametrize("given", [{"sigma": 1.0}, {"sigma": -0.1}, {"sigma": math.nan}, {"sigma": 0.1, "mu": 2.0}])
def test_two_levels_refuse_what_cannot_be(given):
    with pytest.raises(ValueError, match="allowed is"):
        TwoLevels(**given)
