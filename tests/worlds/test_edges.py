"""The edges of worlds: probabilities of zero and one, sums that are one but for rounding, the longest lists."""

import math

import pytest
import torch

from toysae.worlds.copulas import LowRankCopula
from toysae.worlds.directions import coherence, random_rotation, unit_directions
from toysae.worlds.finite import affordable_levels, coordinates, finite_activations, finite_data
from toysae.worlds.firings import (
    MAX_PATTERNS,
    ExactlyK,
    Families,
    Hierarchy,
    Independently,
    MutuallyExclusive,
    Patterns,
    SideBySide,
    require_enumerable,
)
from toysae.worlds.magnitudes import CorrelatedUniform, Uniform
from toysae.worlds.named_worlds import (
    antipodal_plane,
    benchmark,
    independent,
    k_of_n,
    mutually_exclusive,
    one_with_others,
    pair,
    solo_leak,
    two_of_three,
)
from toysae.worlds.world import World


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


# ---- what never occurs


def patterns_of(firing):
    patterns, probabilities = firing.support()
    assert (probabilities > 0).all()
    assert probabilities.sum().item() == pytest.approx(1, abs=1e-12)
    return {tuple(row) for row in patterns.int().tolist()}


@pytest.mark.parametrize(
    ("firing", "expected"),
    [
        (Patterns([[1, 1], [1, 0], [0, 1]], [0.5, 0.5, 0.0]), {(1, 1), (1, 0)}),
        (Independently([0.0, 0.5, 1.0]), {(0, 0, 1), (0, 1, 1)}),
        (MutuallyExclusive([0.0, 0.4, 0.6]), {(0, 1, 0), (0, 0, 1)}),
        (MutuallyExclusive([0.0, 0.4]), {(0, 0), (0, 1)}),
        (Hierarchy((-1, 0), (0.5, 1.0)), {(0, 0), (1, 1)}),
        (Hierarchy((-1, 0), (1.0, 0.0), 0.5), {(1, 0)}),
        (Hierarchy((-1, 0, 0), (0.5, 0.3, 0.7), exclusive=[(1, 2)]), {(0, 0, 0), (1, 1, 0), (1, 0, 1)}),
    ],
)
def test_patterns_of_probability_zero_are_not_listed(firing, expected):
    assert patterns_of(firing) == expected
    assert finite_activations(World(firing))[0].shape[0] == len(expected)


@pytest.mark.parametrize("n", [3, 6, 7, 10, 49])
def test_what_rounding_leaves_of_a_sum_of_one_is_no_pattern(n):
    """Three times a third is one; ten times a tenth, added up, is a little less, or a little more."""
    assert len(patterns_of(MutuallyExclusive([1 / n] * n))) == n
    tree = Hierarchy((-1, *[0] * n), (0.5, *[1 / n] * n), exclusive=[tuple(range(1, n + 1))])
    assert len(patterns_of(tree)) == 1 + n


def test_what_never_occurs_makes_no_composite_and_is_never_together():
    world = World(Patterns([[1, 1, 0], [0, 1, 1]], [1.0, 0.0]))
    assert world.composites().shape == (1, 3)
    assert world.firing.fire_together([0, 1]) and not world.firing.fire_together([1, 2])
    assert not world.firing.fire_together([0, 2])  # each occurs, but not in one pattern
    assert not Independently([0.0, 0.5]).fire_together([0, 1])
    assert not MutuallyExclusive([0.0, 0.5]).fire_together([0])


def test_probabilities_that_sum_to_one_but_for_rounding_are_made_to_do_so():
    assert Patterns([[1], [0]], [0.5, 0.5000004]).probabilities.sum().item() == pytest.approx(1, abs=1e-12)
    assert MutuallyExclusive([0.5, 0.5 + 5e-10]).probabilities.sum().item() <= 1


def test_children_of_one_parent_are_never_together_and_those_of_two_may_be():
    roots = LowRankCopula([0.5, 0.5], torch.zeros(2, 1))
    families = Families(roots, torch.tensor([[0.3, 0.5], [0.2, 0.2]]))
    assert not families.fire_together([2, 3])
    assert families.fire_together([2, 4]) and families.fire_together([0, 1, 3])


def test_a_list_may_be_as_long_as_the_longest():
    tens = (ExactlyK(10, 1),)
    require_enumerable(SideBySide(tens * 5))
    assert SideBySide(tens * 5).n_patterns == MAX_PATTERNS
    with pytest.raises(ValueError, match=r"n_patterns is 110000: allowed is at most 100000"):
        require_enumerable(SideBySide((*tens * 4, ExactlyK(11, 1))))


def test_the_grid_has_the_most_levels_that_the_longest_allows():
    """Seven patterns of six: 4,096 points each with four levels, 28,672 in all, are too many; with three they fit."""
    assert affordable_levels(k_of_n(7, 6, sigma=0.1)) == 3


# ---- magnitudes


def test_magnitudes_are_cut_off_at_zero_and_drawn_for_each_feature():
    drawn = k_of_n(2, 2, sigma=2.0).sample(20_000, generator())
    assert drawn.min() == 0 and (drawn == 0).float().mean() == pytest.approx(0.3085, abs=0.02)
    assert abs(torch.corrcoef(drawn.T)[0, 1].item()) < 0.03


def test_the_grid_of_a_world_has_the_rates_of_its_patterns():
    world = pair(0.6, 0.3, sigma=0.2)
    activations, probabilities = finite_activations(world)
    expected = world.firing.rates() * world.magnitude_moments()[0]
    assert torch.allclose(probabilities @ activations, expected)


@pytest.mark.parametrize(("f", "needed"), [(0.0, [1, 1, 2]), (0.5, [1, 2, 2]), (1.0, [1, 1, 1])])
def test_a_grid_of_tied_magnitudes_has_the_numbers_that_matter(f, needed):
    """Of a feature of the first set alone, of one of the second, and of both."""
    patterns = torch.tensor([[True, False], [False, True], [True, True]])
    magnitudes = CorrelatedUniform(f, [False, True])
    assert magnitudes.n_varying(patterns).tolist() == needed
    assert [len(block) for block in magnitudes.grid(patterns, 3)] == [3**n for n in needed]


def test_uniform_magnitudes_have_the_moments_of_their_samples():
    world = k_of_n(2, 2, magnitudes=Uniform())
    drawn = world.sample(40_000, generator())
    mean, deviation = world.magnitude_moments()
    assert (drawn.mean().item(), drawn.std().item()) == pytest.approx((mean, deviation), abs=0.005)


def test_in_the_antipodal_plane_the_last_two_features_are_the_mixed_ones():
    narrow = math.sqrt(0.5) / math.sqrt(12)  # of (u + u') / 2
    wide = 1 / math.sqrt(12)
    assert antipodal_plane(0.5).magnitudes.sigma.tolist() == pytest.approx([wide, wide, narrow, narrow])


# ---- correlations


def test_one_feature_is_correlated_with_each_of_the_others_and_they_are_not():
    for correlation in (0.4, -0.4):
        found = one_with_others(4, correlation=correlation).firing.firing_correlation()
        assert (found[0, 1:].sign() == math.copysign(1, correlation)).all() and found[0, 1:].abs().min() > 0.2
        assert (found[1:, 1:] - torch.eye(3)).abs().max() < 1e-9


def test_a_quarter_of_the_variance_of_the_benchmarks_roots_is_shared():
    roots = benchmark(24, 8, 2.0, generator(), n_families=2).firing.roots
    assert torch.allclose(roots.loadings.square().sum(dim=1), torch.full((18,), 0.25), atol=1e-6)


# ---- what is allowed, up to its ends


def test_probabilities_of_zero_and_of_one_are_probabilities():
    assert solo_leak(3, 2, 1.0).firing.rates().tolist() == pytest.approx([1 / 3] * 3)
    assert solo_leak(3, 2, 0.0).firing.rates().tolist() == pytest.approx([2 / 3] * 3)
    assert pair(1.0, 0.0).firing.rates().tolist() == [1, 1]


@pytest.mark.parametrize("wrong", [math.inf, -math.inf, math.nan])
def test_what_is_not_finite_is_refused_by_name(wrong):
    with pytest.raises(ValueError, match=r"features holds .*: allowed are finite numbers"):
        two_of_three(features=[[1, 0, 0], [0, 1, 0], [0, 0, wrong]])


# ---- directions and points


def test_composites_have_unit_length_also_where_features_are_not_at_right_angles():
    world = k_of_n(4, 2, features=unit_directions(4, 3, generator()))
    assert torch.allclose(world.composites().norm(dim=1), torch.ones(6), atol=1e-6)
    assert mutually_exclusive([0.2, 0.3]).composites().shape == (0, 2)


def test_features_of_a_small_cosine_are_not_orthonormal():
    features = torch.tensor([[1.0, 0.0], [0.02, math.sqrt(1 - 0.02**2)]])
    assert not k_of_n(2, 2, features=features).orthonormal
    assert two_of_three().orthonormal


def test_opposite_features_are_as_coherent_as_equal_ones():
    assert coherence(antipodal_plane(0.5).features) == pytest.approx(1)


def test_repulsion_pushes_directions_apart():
    crowded, apart = (unit_directions(12, 5, generator(), n_steps) for n_steps in (0, 300))
    assert coherence(apart) < coherence(crowded) - 0.1


def test_rotations_have_no_side_that_they_prefer():
    """Without care for signs, the first entry of every rotation would have the same one."""
    first = torch.stack([random_rotation(3, 3, generator(seed)) for seed in range(200)])
    assert first.mean(dim=0).abs().max() < 4 * math.sqrt(1 / 3 / 200)


def test_coordinates_are_activations_without_what_rounding_leaves():
    world = two_of_three(features=random_rotation(3, 8, generator()))
    found, probabilities = coordinates(world)
    assert torch.equal(found > 0, world.support()[0] > 0)
    assert torch.equal(found == 0, world.support()[0] == 0)
    assert torch.equal(probabilities, finite_data(world)[1])


def test_the_moments_of_all_entries_are_those_of_samples():
    world = independent([0.2, 0.7], sigma=0.5)
    drawn = world.sample(40_000, generator())
    assert (drawn.mean().item(), drawn.std().item()) == pytest.approx(world.entry_moments(), abs=0.01)
