"""The synthetic benchmark: rates, families and correlations are those asked for; detectors are scored right."""

import math

import pytest
import torch
from scipy.stats import multivariate_normal, norm

from toysae.chapters.beyond_the_toy.trials import world_of
from toysae.worlds.copulas import LowRankCopula
from toysae.worlds.firings import Families
from toysae.worlds.named_worlds import benchmark

N = 40_000
SMALL = {"n_features": 16, "d_in": 8, "mean_l0": 2.0, "n_families": 1}


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture(scope="module")
def world():
    return world_of(0, **SMALL, n_repulsions=20)


def families():
    roots = LowRankCopula([0.5, 0.4, 0.3], torch.tensor([[0.5, 0.0], [0.3, 0.4], [-0.5, 0.2]]))
    return Families(roots, torch.tensor([[0.3, 0.5]]))


def test_features_fire_at_their_rates(world):
    fires = world.firing.sample(N, generator(1)).double()
    assert (fires.mean(dim=0) - world.firing.rates()).abs().max() < 5 * math.sqrt(0.25 / N)


def test_rates_fall_with_the_square_root_of_the_rank_and_sum_to_the_mean_l0(world):
    rates = world.firing.rates().sort(descending=True).values
    ranks = torch.arange(1, 17).double()
    assert torch.allclose(rates, 2.0 * ranks**-0.5 / (ranks**-0.5).sum())


def test_pairs_fire_together_as_the_factors_say():
    firing = families().roots
    fires = firing.sample(N, generator(2)).double()
    for i, j in [(0, 1), (0, 2), (1, 2)]:
        correlation = float(firing.loadings[i] @ firing.loadings[j])
        thresholds = -norm.isf(firing.probabilities[[i, j]])
        both = multivariate_normal(cov=[[1, correlation], [correlation, 1]]).cdf(thresholds)
        assert abs((fires[:, i] * fires[:, j]).mean() - both) < 5 * math.sqrt(0.25 / N)


def test_at_most_one_child_fires_and_only_with_its_parent():
    fires = families().sample(N, generator(3))
    assert fires[:, 3:].sum(dim=1).max() == 1
    assert not (fires[:, 3:].any(dim=1) & ~fires[:, 0]).any()
    given = fires[fires[:, 0]].double()[:, 3:].mean(dim=0)
    assert given.tolist() == pytest.approx([0.3, 0.5], abs=5 * math.sqrt(0.25 / (0.5 * N)))


def test_who_fires_with_whom():
    firing = families()
    assert firing.children_of(0) == [3, 4]
    assert [firing.family_of(3), firing.family_of(4)] == [0, 0]
    assert firing.fire_together([0, 1, 2, 3])
    assert not firing.fire_together([3, 4])


def test_what_cannot_be_is_refused():
    with pytest.raises(ValueError, match=r"longest row of loadings is 1\.0: allowed is a number below 1"):
        LowRankCopula([0.5], torch.ones(1, 1))
    with pytest.raises(ValueError, match="the shape of loadings"):
        LowRankCopula([0.5, 0.5], torch.zeros(1, 1))
    with pytest.raises(ValueError, match=r"highest sum of chances in a family is 1\.5"):
        Families(LowRankCopula([0.5], torch.zeros(1, 1)), torch.tensor([[0.75, 0.75]]))
    with pytest.raises(ValueError, match="the shape of chances"):
        Families(LowRankCopula([0.5], torch.zeros(1, 1)), torch.zeros(2, 1))
    with pytest.raises(ValueError, match="n_families is 4: allowed is a whole number from 0 to 3"):
        benchmark(12, 8, 2.0, generator(), n_families=4)
    with pytest.raises(ValueError, match="patterns can be listed"):
        families().support()
