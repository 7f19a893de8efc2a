"""The Gaussian copula: orthants with known probabilities, singular matrices, and how correlated firings are."""

import itertools
import math

import pytest
import torch
from scipy.stats import multivariate_normal

from toysae.worlds.copulas import MOST_LISTED, GaussianCopula, orthants
from toysae.worlds.named_worlds import correlated, one_with_others

N = 40_000


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def equicorrelated(n, r):
    return torch.full((n, n), r, dtype=torch.float64).fill_diagonal_(1)


def one_factor(loadings):
    loadings = torch.tensor(loadings, dtype=torch.float64)
    return torch.outer(loadings, loadings).fill_diagonal_(1)


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5])
def test_all_of_n_equicorrelated_coordinates_are_positive_once_in_n_plus_one(n):
    """At correlation 1/2 coordinate i is (e_i - e_0) / sqrt(2): all positive where e_0 is the smallest of n + 1."""
    assert orthants(torch.zeros(n).double(), equicorrelated(n, 0.5)).item() == pytest.approx(1 / (n + 1), abs=1e-12)


@pytest.mark.parametrize("loadings", [(0.6, 0.8, -0.5), (0.9, 0.3, 0.7, 0.2), (0.8, -0.8, 0.6, 0.5, -0.3)])
def test_orthants_of_one_factor_are_integrals_over_that_factor(loadings):
    """Given the factor coordinates are independent, so one integral over it is left."""
    thresholds = torch.linspace(-0.5, 1.0, len(loadings), dtype=torch.float64)
    factor, own = torch.linspace(-9, 9, 4001).double(), torch.tensor(loadings).double()
    given = torch.special.ndtr((factor[:, None] * own - thresholds) / (1 - own**2).sqrt()).prod(dim=1)
    density = torch.exp(-(factor**2) / 2) / math.sqrt(2 * math.pi)
    expected = torch.trapezoid(given * density, factor).item()
    assert orthants(thresholds, one_factor(loadings)).item() == pytest.approx(expected, abs=1e-9)


def test_pairs_are_the_bivariate_normal_probabilities_of_scipy():
    rates, r = [0.05, 0.4, 0.9], 0.6
    firing = GaussianCopula(rates, equicorrelated(3, r))
    normal = multivariate_normal(cov=[[1, r], [r, 1]])
    h = firing._thresholds
    for i, j in itertools.combinations(range(3), 2):
        expected = normal.cdf([-h[i].item(), -h[j].item()])
        assert firing.cooccurrence()[i, j].item() == pytest.approx(expected, abs=1e-7)


def test_firings_at_even_rates_have_the_arcsine_correlation():
    """Sheppard 1899: P(both) = 1/4 + arcsin(r) / (2 pi), so the firings' correlation is 2 arcsin(r) / pi."""
    for r in (-1.0, -0.4, 0.0, 0.7, 1.0):
        found = GaussianCopula([0.5, 0.5], equicorrelated(2, r)).firing_correlation()[0, 1].item()
        assert found == pytest.approx(2 * math.asin(r) / math.pi, abs=1e-7)


def test_sampling_has_the_stated_cooccurrence_where_there_is_no_list():
    n = MOST_LISTED + 3
    rates = torch.linspace(0.05, 0.6, n).double()
    firing = GaussianCopula(rates, one_factor([0.7] * 4 + [-0.5] * (n - 4)))
    samples = firing.sample(N, generator()).double()
    assert firing.n_patterns == math.inf
    assert (samples.T @ samples / N - firing.cooccurrence()).abs().max() < 5 * 0.5 / math.sqrt(N)
    assert torch.allclose(firing.cooccurrence().diagonal(), rates)
    assert torch.equal(correlated(rates, firing.correlation).cooccurrence(), firing.cooccurrence())


def test_the_list_of_patterns_has_the_rates_and_pairs_that_need_no_list():
    firing = GaussianCopula([0.4, 0.1, 0.7, 0.3, 0.5], one_factor([0.9, -0.5, 0.4, 0.6, 0.2]))
    patterns, probabilities = firing.support()
    assert len(patterns) == firing.n_patterns == 32
    together = (patterns.double() * probabilities[:, None]).T @ patterns.double()
    assert torch.allclose(together, firing.cooccurrence(), atol=1e-9)


def test_features_that_follow_one_number_are_nested():
    firing = GaussianCopula([0.4, 0.3, 0.2], equicorrelated(3, 1.0))
    patterns, probabilities = firing.support()
    found = dict(zip(map(tuple, patterns.long().tolist()), probabilities.tolist(), strict=True))
    assert found == pytest.approx({(0, 0, 0): 0.6, (1, 0, 0): 0.1, (1, 1, 0): 0.1, (1, 1, 1): 0.2}, abs=1e-6)
    samples = firing.sample(2000, generator()).long()
    assert (samples[:, 0] >= samples[:, 1]).all() and (samples[:, 1] >= samples[:, 2]).all()


def test_a_singular_matrix_may_forbid_what_each_pair_allows():
    """Three coordinates that sum to zero: any two may be positive, never all three."""
    firing = GaussianCopula([0.5] * 3, equicorrelated(3, -0.5))
    assert all(firing.fire_together(pair) for pair in itertools.combinations(range(3), 2))
    assert not firing.fire_together([0, 1, 2])
    assert firing.n_patterns == 6
    assert not firing.sample(2000, generator()).all(dim=1).any()


def test_features_that_always_or_never_fire_are_no_trouble():
    firing = GaussianCopula([0.4, 0.0, 1.0], equicorrelated(3, 0.5))
    assert firing.support()[0].tolist() == [[False, False, True], [True, False, True]]
    assert firing.fire_together([0, 2]) and not firing.fire_together([0, 1])
    assert torch.equal(firing.sample(100, generator())[:, 1:].unique(dim=0), torch.tensor([[False, True]]))


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        (lambda: GaussianCopula([0.5, 1.5], torch.eye(2)), "probabilities is"),
        (lambda: GaussianCopula([0.5, 0.5], torch.eye(3)), "the shape of correlation is (3, 3)"),
        (lambda: GaussianCopula([0.5, 0.5], torch.tensor([[1, 0.2], [0.3, 1]])), "correlation is"),
        (lambda: GaussianCopula([0.5, 0.5], 2 * torch.eye(2)), "correlation is"),
        (lambda: GaussianCopula([0.5, 0.5], torch.tensor([[1, math.nan], [math.nan, 1]])), "correlation is"),
        (lambda: GaussianCopula([0.5] * 3, equicorrelated(3, -0.6)), "the lowest eigenvalue of correlation is -0.2"),
        (lambda: one_with_others(correlation=0.6), "the lowest eigenvalue of correlation is -0.2"),
        (lambda: GaussianCopula([0.5] * 9, torch.eye(9)).support(), "n_features is 9"),
    ],
)
def test_impossible_copulas_are_refused_by_name(wrong, named):
    with pytest.raises(ValueError, match="allowed") as refusal:
        wrong()
    assert str(refusal.value).startswith(named)
    assert "\n" not in str(refusal.value)
