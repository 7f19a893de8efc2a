"""The package's door: every wrong call is refused in one line that names the argument, its value and what is allowed.

One table per folder: a wrong call, and how the refusal begins.
"""

import itertools
import math

import numpy as np
import pytest
import torch

import toysae
from toysae.worlds.catalogue import WORLDS, two_of_three
from toysae.worlds.checks import shown
from toysae.worlds.copulas import GaussianCopula, LowRankCopula, random_correlation
from toysae.worlds.directions import random_rotation, unit_directions
from toysae.worlds.finite import quantile_grid
from toysae.worlds.firings import ExactlyK, Families, Hierarchy, Independently, Patterns, SideBySide
from toysae.worlds.magnitudes import CorrelatedUniform, RectifiedNormal, TwoLevels, Uniform
from toysae.worlds.world import Isotropic, World

WORLD = two_of_three()
HUGE = 10**9


def generator():
    return torch.Generator().manual_seed(0)


WRONG_WORLDS = [
    ("k is 2.0", lambda: toysae.k_of_n(3, 2.0)),
    ("k is True", lambda: toysae.k_of_n(3, True)),
    ("k is nan", lambda: toysae.k_of_n(3, math.nan)),
    ("k is two", lambda: toysae.k_of_n(3, "two")),
    ("k is None", lambda: toysae.k_of_n(3, None)),
    ("n_features is 0", lambda: toysae.k_of_n(0, 0)),
    ("n_features is True", lambda: toysae.k_of_n(True, 1)),
    ("n_features is 1000000000", lambda: toysae.k_of_n(HUGE, 2)),
    ("the shape of features is (50000, 50000)", lambda: toysae.k_of_n(50_000, 1)),
    ("n_groups is 0", lambda: toysae.groups(0)),
    ("n_groups is 1000000000", lambda: toysae.groups(HUGE)),
    ("n_groups is 2.5", lambda: toysae.groups(2.5)),
    ("k is 9", lambda: toysae.groups(2, 3, 9)),
    ("n_features is", lambda: toysae.independent_groups(HUGE // 10**5, 0.5, 9)),
    ("p is True", lambda: toysae.independent_groups(2, True)),
    ("the number of set_sizes is 0", lambda: toysae.product([])),
    ("the number of set_sizes is", lambda: toysae.product(itertools.count(1))),
    ("n_features is -1", lambda: toysae.product([3, -1])),
    ("p_alone is None", lambda: toysae.solo_leak(3, 2, None)),
    ("probabilities is []", lambda: toysae.independent([])),
    ("probabilities is 0.5", lambda: toysae.independent(0.5)),
    ("probabilities is ['a']", lambda: toysae.independent(["a"])),
    ("probabilities is [True, False]", lambda: toysae.independent([True, False])),
    ("probabilities is None", lambda: toysae.independent(None)),
    ("probabilities is [0.5, None]", lambda: toysae.mutually_exclusive([0.5, None])),
    ("probabilities is [nan]", lambda: toysae.mutually_exclusive([math.nan])),
    ("n_others is 1.5", lambda: toysae.hierarchy(n_others=1.5)),
    ("n_others is 1000000000", lambda: toysae.hierarchy(n_others=HUGE)),
    ("n_children is True", lambda: toysae.tree(n_children=True)),
    ("n_parents is 1000000000", lambda: toysae.tree(n_parents=HUGE)),
    ("correlation is nan", lambda: toysae.one_with_others(correlation=math.nan)),
    ("correlation is 1.5", lambda: toysae.one_with_others(correlation=1.5)),
    ("the shape of correlation is", lambda: toysae.correlated([0.5, 0.5], torch.eye(3))),
    ("correlation is [[1.0, nan]", lambda: toysae.correlated([0.5, 0.5], torch.tensor([[1, math.nan]] * 2))),
    ("correlation is None", lambda: toysae.correlated([0.5, 0.5], None)),
    ("the lowest eigenvalue of correlation", lambda: toysae.one_with_others(correlation=0.9)),
    ("p_both is -0.1", lambda: toysae.pair(-0.1, 0.5)),
    ("p_both + p_first is 1.5", lambda: toysae.pair(0.7, 0.8)),
    ("p_first is nan", lambda: toysae.pair(0.7, math.nan)),
    ("exponent is nan", lambda: toysae.zipf(5, math.nan, 0.3)),
    ("highest is True", lambda: toysae.zipf(5, 1.0, True)),
    ("n_features is 1000000000", lambda: toysae.zipf(HUGE, 1.0, 0.3)),
    ("direction_seed is -1", lambda: toysae.superposition(5, 3, 0.1, direction_seed=-1)),
    ("direction_seed is 0.5", lambda: toysae.superposition(5, 3, 0.1, direction_seed=0.5)),
    ("d_in is 0", lambda: toysae.superposition(5, 0, 0.1)),
    ("p is 1.5", lambda: toysae.superposition(5, 3, 1.5)),
    ("n_features is 0", lambda: toysae.superposed(0, 3, 1.0, generator())),
    ("mean_l0 is nan", lambda: toysae.superposed(5, 3, math.nan, generator())),
    ("generator is None", lambda: toysae.superposed(5, 3, 1.0, None)),
    ("n_families is 0.5", lambda: toysae.benchmark(8, 4, 1.0, generator(), n_families=0.5)),
    ("n_children is -1", lambda: toysae.benchmark(8, 4, 1.0, generator(), n_families=1, n_children=-1)),
    ("generator is 7", lambda: toysae.benchmark(8, 4, 1.0, 7, n_families=1)),
    ("solo is True", lambda: toysae.two_features("nested", True, 0.0)),
    ("variant is 3", lambda: toysae.two_features(3, 0.1, 0.0)),
    ("n_sets is 2.5", lambda: WORLDS["product"](2.5, 3)),
    ("n_features is 1000000000", lambda: WORLDS["independent"](HUGE, 0.1)),
    ("mu is True", lambda: two_of_three(mu=True)),
    ("mu is None", lambda: two_of_three(mu=None)),
    ("mu is a", lambda: two_of_three(mu="a")),
    ("sigma is [0.1, True, 0]", lambda: two_of_three(sigma=[0.1, True, 0])),
    ("features is eye", lambda: two_of_three(features="eye")),
    ("features holds nan", lambda: two_of_three(features=torch.full((3, 3), math.nan))),
    ("features has rows of length", lambda: two_of_three(features=torch.zeros(3, 3))),
    ("features has shape (3, 0)", lambda: two_of_three(features=torch.zeros(3, 0))),
    ("features has shape (2, 2)", lambda: two_of_three(features=[[1, 0], [0, 1]])),
    ("the precision of features is torch.float16", lambda: two_of_three(features=torch.eye(3).half())),
    ("features is [[1, 0], [0]", lambda: two_of_three(features=[[1, 0], [0], [1, 1]])),
    ("firing is None", lambda: World(None)),
    ("magnitudes is 3", lambda: World(ExactlyK(3, 2), magnitudes=3)),
    ("mu is True", lambda: two_of_three(mu=True, magnitudes=Uniform())),
    ("n is -1", lambda: WORLD.sample(-1, generator())),
    ("n is 2.5", lambda: WORLD.sample(2.5, generator())),
    ("n is True", lambda: WORLD.sample(True, generator())),
    ("n is about 10^30", lambda: WORLD.sample(10**30, generator())),
    ("n is 1000000000", lambda: WORLD.sample(HUGE, generator())),
    ("generator is None", lambda: WORLD.sample(5, None)),
    ("generator is 0", lambda: WORLD.sample(5, 0)),
    ("generator is None", lambda: ExactlyK(3, 2).sample(5, None)),
    ("generator is None", lambda: Uniform().sample(torch.ones(2, 3).bool(), None)),
    ("activations is [[1.0, 1.0, 1.0, 1.0]", lambda: WORLD.inputs(torch.ones(2, 4))),
    ("activations is [[1", lambda: WORLD.inputs([[1, 0, 0]])),
    ("d_in is 0", lambda: Isotropic(0)),
    ("d_in is True", lambda: Isotropic(True)),
    ("the shape of features is", lambda: Isotropic(60_000)),
    ("generator is None", lambda: Isotropic(3).sample(4, None)),
    ("patterns is [[1.0, nan]]", lambda: Patterns([[1, math.nan]], [1.0])),
    ("patterns is [[1.0, 2.0]]", lambda: Patterns([[1, 2]], [1.0])),
    ("patterns is [[1.0, 0.5]]", lambda: Patterns(torch.tensor([[1, 0.5]]), [1.0])),
    ("patterns is None", lambda: Patterns(None, [1.0])),
    ("patterns is [[1, 0], [1]]", lambda: Patterns([[1, 0], [1]], [0.5, 0.5])),
    ("patterns is", lambda: Patterns([], [])),
    ("probabilities is [nan]", lambda: Patterns([[1, 0]], [math.nan])),
    ("probabilities is [True]", lambda: Patterns([[1, 0]], [True])),
    ("probabilities is [1.5, -0.5]", lambda: Patterns([[1, 0], [0, 1]], [1.5, -0.5])),
    ("parts is ()", lambda: SideBySide(())),
    ("parents is [-1, 0.5]", lambda: Hierarchy([-1, 0.5], [0.5, 0.5])),
    ("leaks is [nan, nan]", lambda: Hierarchy([-1, 0], [0.5, 0.5], math.nan)),
    ("leaks is a", lambda: Hierarchy([-1, 0], [0.5, 0.5], "a")),
    ("the parent of feature 1 is 5", lambda: Hierarchy.of_rates([-1, 5], [0.5, 0.2])),
    ("rates is [0.5]", lambda: Hierarchy.of_rates([-1, 0], [0.5])),
    ("chances is a", lambda: Families(LowRankCopula([0.5], torch.zeros(1, 1)), "a")),
    ("n_patterns is about 10^", lambda: Independently([0.5] * 20_000).support()),
    ("the length of probabilities is 100000", lambda: Independently([0.5] * 100_000)),
    ("loadings is None", lambda: LowRankCopula([0.5], None)),
    ("n is 1000000000", lambda: random_correlation(HUGE, generator())),
    ("generator is None", lambda: random_correlation(3, None)),
    ("generator is None", lambda: GaussianCopula([0.5], torch.eye(1)).sample(3, None)),
    ("correlation is True", lambda: CorrelatedUniform(True, [True])),
    ("second is [0.5]", lambda: CorrelatedUniform(0.5, [0.5])),
    ("second is a", lambda: CorrelatedUniform(0.5, "a")),
    ("sigma is nan", lambda: TwoLevels(math.nan)),
    ("sigma is True", lambda: TwoLevels(True)),
    ("the shape of mu is (0,)", lambda: World(ExactlyK(3, 2), magnitudes=RectifiedNormal([]))),
    ("n_features is 0", lambda: random_rotation(0, 3, generator())),
    ("d_in is 3.0", lambda: random_rotation(3, 3.0, generator())),
    ("generator is None", lambda: random_rotation(3, 3, None)),
    ("n_steps is 1000000000", lambda: unit_directions(3, 2, generator(), HUGE)),
    ("n_features is 1000000000", lambda: unit_directions(HUGE, 2, generator())),
    ("the shape of the directions", lambda: unit_directions(60_000, 60_000, generator())),
    ("n_levels is 0", lambda: quantile_grid(two_of_three(sigma=0.1), 0)),
    ("n_levels is 2.5", lambda: quantile_grid(two_of_three(sigma=0.1), 2.5)),
    ("n_levels is 1000000000", lambda: quantile_grid(two_of_three(sigma=0.1), HUGE)),
]


def refused(begins, call):
    with pytest.raises(ValueError, match="allowed") as refusal:
        call()
    said = str(refusal.value)
    assert said.startswith(begins) and "\n" not in said and len(said) < 700


@pytest.mark.parametrize(("begins", "call"), WRONG_WORLDS)
def test_wrong_worlds_are_refused(begins, call):
    refused(begins, call)


@pytest.mark.parametrize("features", [np.eye(3), np.eye(3).tolist(), torch.eye(3), np.eye(3, dtype=np.float32)])
def test_features_may_come_as_tensors_arrays_or_lists(features):
    world = two_of_three(features=features)
    assert torch.equal(world.features.float(), torch.eye(3))
    assert world.sample(4, generator()).shape == (4, 3)


def test_a_value_is_shown_on_one_line_and_short():
    assert shown(torch.eye(2)) == "[[1.0, 0.0], [0.0, 1.0]]"
    assert shown(torch.zeros(100, 2)) == "numbers of shape (100, 2)"
    assert shown("a\nb") == "a b"
    assert len(shown([0.5] * 10**6)) < 100
