"""Counts and means with their intervals."""

import math

import numpy as np
import pytest
import torch
from scipy import stats

from toysae.claims import Fraction, Mean, Pooled


@pytest.mark.parametrize(("k", "n"), [(0, 12), (7, 12), (12, 12), (480, 500)])
def test_the_interval_of_a_fraction_holds_the_shares_that_a_score_test_does_not_reject(k, n):
    low, high = Fraction(k, n).interval
    for end in (low, high):
        if 0 < end < 1:  # at an end the share is off by exactly that many standard errors
            assert abs(k / n - end) / math.sqrt(end * (1 - end) / n) == pytest.approx(stats.norm.ppf(0.975))
    assert low <= k / n <= high


def test_wilson_intervals_have_their_published_values():
    """Ten of ten and none of ten: the interval ends at z^2 / (n + z^2), with z = 1.959964 (Wilson 1927)."""
    edge = 1.959964**2 / (10 + 1.959964**2)
    assert Fraction(0, 10).interval == pytest.approx((0, edge), abs=1e-6)
    assert Fraction(10, 10).interval == pytest.approx((1 - edge, 1), abs=1e-6)


def test_where_nothing_was_counted_everything_is_possible():
    assert Fraction(0, 0).interval == (0.0, 1.0)
    assert math.isnan(Fraction(0, 0).value)
    assert str(Fraction(0, 0)) == "none of 0"


def test_a_fraction_prints_its_count_and_interval_with_a_digit_more_where_many_were_counted():
    assert str(Fraction(62, 64)) == "62 of 64 (95 % interval 89 to 99 %)"
    assert str(Fraction(500, 1000)) == "500 of 1000 (95 % interval 46.9 to 53.1 %)"


@pytest.mark.parametrize("holds", [[True, False, True], np.array([1, 0, 1]) > 0, torch.tensor([True, False, True])])
def test_a_fraction_counts_bools_of_any_kind(holds):
    assert Fraction.of(holds) == Fraction(2, 3)


def test_a_fraction_of_a_table_counts_all_cells():
    assert Fraction.of(torch.eye(3) > 0) == Fraction(3, 9)


def test_a_mean_has_the_interval_of_a_t_test_and_leaves_out_what_is_no_number():
    values = [0.3, 0.1, math.nan, 0.4, 0.25]
    found, kept = Mean.of(values), [0.3, 0.1, 0.4, 0.25]
    expected = stats.ttest_1samp(kept, 0).confidence_interval(0.95)
    assert (found.mean, found.n) == (pytest.approx(np.mean(kept)), 4)
    assert found.interval == pytest.approx((expected.low, expected.high))


def test_one_value_says_nothing_about_the_others():
    assert Mean.of([0.3]) == Mean(0.3, -math.inf, math.inf, 1)
    assert Mean.of([math.nan]).n == 0


def test_a_mean_prints_all_three_numbers_in_one_format():
    found = Mean(0.31234, 0.2, 0.41, 5)
    assert f"{found:.1f}" == "0.3 (95 % interval 0.2 to 0.4)"
    assert str(found) == f"{found}" == "0.312 (95 % interval 0.2 to 0.41)"
    assert f"{Mean.of([0.3]):.2f}" == "0.30 (one value)"
    assert str(Mean.of([])) == "no values"


def test_of_clusters_each_seed_counts_once_however_many_values_it_has():
    by_seed = np.random.default_rng(0).integers(9, size=(12, 1, 1))  # whole numbers, so that sums are exact
    table = np.broadcast_to(by_seed, (12, 5, 7))  # the values of a seed are one value, 35 times
    assert Mean.of_clusters(table) == Mean.of(by_seed.ravel())
    assert Mean.of_clusters(torch.tensor(by_seed).squeeze()) == Mean.of(by_seed.ravel())
    pooled = Mean.of(table.ravel())
    assert pooled.high - pooled.low < (Mean.of_clusters(table).high - Mean.of_clusters(table).low) / 5


def test_of_clusters_a_seed_without_all_its_values_is_left_out():
    assert Mean.of_clusters([[1.0, 3.0], [4.0, math.nan], [5.0, 7.0]]) == Mean.of([2.0, 6.0])
    assert Mean.of_clusters([]).n == Mean.of_clusters(np.zeros((0, 4))).n == 0


def test_a_pooled_count_tells_count_and_share_and_no_interval():
    cells = Pooled.of(torch.ones(30, 50) > 0)
    assert (cells, cells.value, str(cells)) == (Pooled(1500, 1500), 1.0, "1,500 of 1,500")
    assert math.isnan(Pooled(0, 0).value) and str(Pooled(0, 0)) == "none of 0"
    with pytest.raises(TypeError, match=r"1,500 of 1,500: .* judge it seed by seed"):
        _ = cells.interval
