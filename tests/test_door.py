"""The package's door: every wrong call is refused in one line that names the argument, its value and what is allowed.

One table per folder: a wrong call, and how the refusal begins.
"""

import itertools
import json
import math

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

import toysae
from toysae.chapters.optimum_and_training.what_data_settle import sharpness
from toysae.chapters.the_bias import best_bias, costs_along_the_diagonal
from toysae.measures.absorption import measure_absorption
from toysae.optimum.boundaries import jitter_boundary, jitter_boundary_small
from toysae.optimum.codes import dictionary_loss, radial_bound
from toysae.optimum.formulas import (
    atoms_loss,
    composite_gain,
    composite_loss,
    crossover,
    tilt,
    tilt_matrix,
    top_eigenvector_angle,
)
from toysae.saes.kinds import KINDS
from toysae.saes.saelens import from_saelens, to_saelens
from toysae.saes.stack import ReluL1, Stack, untrained
from toysae.saes.starts import member_generator, rows_at
from toysae.saes.training import Batches, Support, data_of
from toysae.saes.variants import L1, BatchTopK, JumpRelu, Prefixes, Relu, TopK, Variant
from toysae.worlds.checks import shown
from toysae.worlds.copulas import GaussianCopula, LowRankCopula, random_correlation
from toysae.worlds.directions import random_rotation, unit_directions
from toysae.worlds.finite import quantile_grid
from toysae.worlds.firings import ExactlyK, Families, Hierarchy, Independently, Patterns, SideBySide
from toysae.worlds.magnitudes import CorrelatedUniform, RectifiedNormal, TwoLevels, Uniform
from toysae.worlds.named_worlds import WORLDS, two_of_three
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
    ("the shape of activations is (2, 4)", lambda: WORLD.inputs(torch.ones(2, 4))),
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


STACK = toysae.start(WORLD, 3, 0.1, range(2))
ROWS, POINTS, EVEN = STACK.W_dec, torch.eye(3), torch.full((3,), 1 / 3)


def start(**wrong):
    return toysae.start(**({"world": WORLD, "n_latents": 3, "sae": 0.1, "seeds": range(2)} | wrong))


def trained(**wrong):
    return toysae.train(**({"stack": STACK, "data": WORLD, "n_steps": 2} | wrong))


def holding(value, rows=ROWS):
    """A stack of which one decoder row is filled with a value."""
    parameters = STACK.parameters | {"W_dec": rows.clone()}
    parameters["W_dec"][0, 0] = value
    return Stack(STACK.model, parameters, STACK.seeds)


WRONG_SAES = [
    ("world is None", lambda: start(world=None)),
    ("n_latents is 0", lambda: start(n_latents=0)),
    ("n_latents is 2.5", lambda: start(n_latents=2.5)),
    ("n_latents is True", lambda: start(n_latents=True)),
    ("n_latents is 1000000000", lambda: start(n_latents=HUGE)),
    ("the shape of the rows", lambda: start(n_latents=60_000, seeds=range(10_000))),
    ("l1_coeff is True", lambda: start(sae=True)),
    ("l1_coeff is None", lambda: start(sae=None)),
    ("l1_coeff is nan", lambda: start(sae=math.nan)),
    ("l1_coeff is cheap", lambda: start(sae="cheap")),
    ("l1_coeff is [0.1, -1.0]", lambda: start(sae=[0.1, -1.0])),
    ("the shape of l1_coeff is (3,)", lambda: start(sae=torch.ones(3))),
    ("k is 5", lambda: start(sae=Variant(TopK(5)))),
    ("k is 5.0", lambda: start(sae=Variant(BatchTopK(5)))),
    ("the shape of k is (3,)", lambda: start(sae=Variant(TopK(torch.tensor([1, 2, 3]))))),
    ("the shape of coeff is (3,)", lambda: start(sae=Variant(Relu(), [L1(torch.ones(3))]))),
    ("prefixes ends at 2", lambda: start(sae=Variant(Relu(), prefixes=Prefixes.of(1, 2)))),
    ("seeds is []", lambda: start(seeds=[])),
    ("seeds is 3", lambda: start(seeds=3)),
    ("seeds is range(0, 10000000)", lambda: start(seeds=range(10**7))),
    ("one of seeds is -1", lambda: start(seeds=[-1, 0])),
    ("one of seeds is True", lambda: start(seeds=[True, 0])),
    ("one of seeds is 0.5", lambda: start(seeds=[0.5])),
    ("one of seeds is about 10^", lambda: start(seeds=[10**40])),
    ("init is 'best'", lambda: start(init="best")),
    ("init is ['positive']", lambda: start(init=["positive"])),
    ("decoder_bias is 1", lambda: start(decoder_bias=1)),
    ("tied is None", lambda: start(tied=None)),
    ("rows is None", lambda: untrained(ReluL1(0.1), None, [0], decoder_bias=False)),
    ("rows holds nan", lambda: untrained(ReluL1(0.1), ROWS * math.nan, [0, 1], decoder_bias=False)),
    ("the length of a row of rows is 0.0", lambda: untrained(ReluL1(0.1), ROWS * 0, [0, 1], decoder_bias=False)),
    ("the precision of rows is torch.float16", lambda: untrained(ReluL1(0.1), ROWS.half(), [0, 1], decoder_bias=False)),
    ("rows has shape", lambda: untrained(ReluL1(0.1), ROWS, [0], decoder_bias=False)),
    ("model is 0.1", lambda: untrained(0.1, ROWS, [0, 1], decoder_bias=False)),
    ("the precision of directions", lambda: rows_at(torch.eye(3).half(), 3, [0])),
    ("the shape of directions is (0, 3)", lambda: rows_at(torch.zeros(0, 3), 3, [0])),
    ("stack is None", lambda: trained(stack=None)),
    ("W_dec of the stack holds nan", lambda: trained(stack=holding(math.nan))),
    ("the length of the shortest row of the stack is 0.0", lambda: trained(stack=holding(0))),
    ("the precision of stack is torch.float16", lambda: trained(stack=holding(1, ROWS.half()))),
    ("n_steps is 0", lambda: trained(n_steps=0)),
    ("n_steps is 2.0", lambda: trained(n_steps=2.0)),
    ("n_steps is True", lambda: trained(n_steps=True)),
    ("n_steps is 1000000000", lambda: trained(n_steps=HUGE)),
    ("lr is nan", lambda: trained(lr=math.nan)),
    ("lr is True", lambda: trained(lr=True)),
    ("lr is None", lambda: trained(lr=None)),
    ("lr is [0.5, 0.5, 0.5]", lambda: trained(lr=torch.tensor([0.5] * 3))),
    ("n_resamplings is -1", lambda: trained(n_resamplings=-1)),
    ("n_resamplings is 1000000000", lambda: trained(n_resamplings=HUGE)),
    ("record_every is 0", lambda: trained(record_every=0)),
    ("chunk_numbers is 0.5", lambda: trained(chunk_numbers=0.5)),
    ("snapshots is 1", lambda: trained(snapshots=1)),
    ("data is None", lambda: trained(data=None)),
    ("the shape of the data", lambda: trained(data=toysae.k_of_n(4, 2))),
    ("the shape of the probabilities is (3, 3)", lambda: trained(data=Support(POINTS, torch.ones(3, 3) / 3))),
    ("x holds nan", lambda: Support(POINTS * math.nan, EVEN)),
    ("x is None", lambda: Support(None, EVEN)),
    ("the shape of x", lambda: Support(torch.zeros(0, 3), torch.zeros(0))),
    ("the precision of x is torch.float16", lambda: Support(POINTS.half(), EVEN)),
    ("probabilities is None", lambda: Support(POINTS, None)),
    ("probabilities is [-1.0, 1.0, 1.0]", lambda: Support(POINTS, torch.tensor([-1.0, 1, 1]))),
    ("probabilities is [1.0, 1.0, 1.0]", lambda: Support(POINTS, torch.ones(3))),
    ("probabilities is [nan", lambda: Support(POINTS, EVEN * math.nan)),
    ("the shape of probabilities is (2,)", lambda: Support(POINTS, torch.ones(2) / 2)),
    ("batch_size is 0", lambda: Batches(WORLD, 0, generator())),
    ("batch_size is True", lambda: Batches(WORLD, True, generator())),
    ("batch_size is 1000000000", lambda: Batches(WORLD, HUGE, generator())),
    ("generator is None", lambda: Batches(WORLD, 8, None)),
    ("world is None", lambda: Batches(None, 8, generator())),
    ("seed is -1", lambda: data_of(WORLD, seed=-1)),
    ("batch_size is 0", lambda: data_of(WORLD, batch_size=0)),
    ("chosen is 0", lambda: STACK[0]),
    ("x is [[1", lambda: STACK.encode([[1, 0, 0]])),
    ("x holds nan", lambda: STACK.encode(POINTS * math.nan)),
    ("the shape of x is (3, 2)", lambda: STACK.reconstruct(POINTS[:, :2])),
    ("the precision of x is torch.float64", lambda: STACK.encode(POINTS.double())),
    ("weights is [1.0, 1.0, 1.0]", lambda: STACK.losses(POINTS, torch.ones(3))),
    ("the shape of weights is (2,)", lambda: STACK.losses(POINTS, torch.ones(2) / 2)),
    ("weights is even", lambda: STACK.losses(POINTS, "even")),
    ("weights is [2.0, -1.0, 0.0]", lambda: STACK.losses(POINTS, torch.tensor([2.0, -1, 0]))),
    ("k is True", lambda: TopK(True)),
    ("k is None", lambda: TopK(None)),
    ("k is 1.5", lambda: TopK(1.5)),
    ("k is True", lambda: BatchTopK(True)),
    ("k is nan", lambda: BatchTopK(math.nan)),
    ("bandwidth is True", lambda: JumpRelu(True)),
    ("coeff is -1", lambda: L1(-1)),
    ("coeff is a", lambda: L1("a")),
    ("sizes is 3", lambda: Prefixes(3, (1.0,))),
    ("sizes is [True]", lambda: Prefixes((True,), (1.0,))),
    ("shares is [nan]", lambda: Prefixes((1,), (math.nan,))),
    ("n_latents is 1000000000", lambda: Prefixes.all(HUGE)),
    ("activation is", lambda: Variant(Relu)),
    ("activation is None", lambda: Variant(None)),
    ("penalties is", lambda: Variant(Relu(), L1(0.1))),
    ("one of penalties is 0.1", lambda: Variant(Relu(), [0.1])),
    ("prefixes is 3", lambda: Variant(Relu(), prefixes=3)),
    ("values is 2", lambda: KINDS["TopK"].untrained(2, ROWS, [0, 1])),
    ("k is [1.5, 2.0]", lambda: KINDS["TopK"].untrained(torch.tensor([1.5, 2.0]), ROWS, [0, 1])),
    ("the shape of k is (3,)", lambda: KINDS["TopK"].untrained(torch.ones(3), ROWS, [0, 1])),
    ("seed is -1", lambda: member_generator(-1)),
    ("member is 2", lambda: to_saelens(STACK, 2, "nowhere")),
    ("member is True", lambda: to_saelens(STACK, True, "nowhere")),
    ("folder is 3", lambda: to_saelens(STACK, 0, 3)),
    ("folder is None", lambda: from_saelens(None)),
]


@pytest.mark.parametrize(("begins", "call"), WRONG_SAES)
def test_wrong_saes_are_refused(begins, call):
    refused(begins, call)


def saved(folder, settings=None, text=None, **weights):
    """A saved SAE in which some settings, the text of all of them or some weights are replaced."""
    to_saelens(toysae.start(WORLD, 3, Variant(TopK(2)), [0]), 0, folder)
    kept = json.loads((folder / "cfg.json").read_text()) | (settings or {})
    (folder / "cfg.json").write_text(json.dumps(kept) if text is None else text)
    numbers = load_file(folder / "sae_weights.safetensors")
    save_file(numbers | weights, folder / "sae_weights.safetensors")
    return folder


WRONG_FILES = [
    ("k in", {"settings": {"k": 9}}),
    ("k in", {"settings": {"k": True}}),
    ("k in", {"settings": {"k": "2"}}),
    ("apply_b_dec_to_input in", {"settings": {"apply_b_dec_to_input": "false"}}),
    ("rescale_acts_by_decoder_norm in", {"settings": {"rescale_acts_by_decoder_norm": "false"}}),
    ("metadata in", {"settings": {"metadata": [1]}}),
    ("toysae in", {"settings": {"metadata": {"sae_lens_version": "6.0.0", "toysae": 3}}}),
    ("seed in", {"settings": {"metadata": {"sae_lens_version": "6.0.0", "toysae": {"seed": "0"}}}}),
    ("d_in in", {"settings": {"d_in": "3"}}),
    ("d_sae in", {"settings": {"d_sae": None}}),
    ("dtype in", {"settings": {"dtype": ["float32"]}}),
    ("folder", {"text": "[" * 100_000}),
    ("folder", {"text": "3"}),
    ("W_dec in", {"W_dec": torch.full((3, 3), math.nan)}),
    ("the length of the shortest row of W_dec in", {"W_dec": torch.zeros(3, 3)}),
]


@pytest.mark.parametrize(("begins", "wrong"), WRONG_FILES)
def test_wrong_files_are_refused(begins, wrong, tmp_path):
    folder = saved(tmp_path / "sae", **wrong)
    refused(begins, lambda: from_saelens(folder))


WRONG_COMPARISONS = [
    ("l1_coeff is -0.1", lambda: radial_bound(WORLD, -0.1)),
    ("l1_coeff is nan", lambda: radial_bound(WORLD, math.nan)),
    ("l1_coeff is -0.1", lambda: best_bias(WORLD, -0.1)),
    ("l1_coeff is True", lambda: best_bias(WORLD, True)),
    ("k is 4", lambda: costs_along_the_diagonal(3, 4, torch.zeros(1), 1.0, 0.1)),
    ("l1_coeff is -1", lambda: composite_loss(2, -1)),
    ("m is 2.5", lambda: composite_loss(2.5, 0.1)),
    ("m is True", lambda: atoms_loss(True, 0.1)),
    ("l1_coeff is nan", lambda: composite_gain(2, math.nan)),
    ("l1_coeff is -0.1", lambda: tilt(-0.1, 0.5, 0.5)),
    ("p_both is -0.5", lambda: tilt(0.1, -0.5, 0.5)),
    ("p_both is 1.5", lambda: tilt(0.1, 1.5, 0.5)),
    ("p_alone is 0", lambda: tilt(0.1, 0.5, 0)),
    ("l1_coeff is -1", lambda: tilt_matrix(WORLD, -1)),
    ("p_both is nan", lambda: top_eigenvector_angle(0.5, math.nan)),
    ("l1_coeff is True", lambda: crossover(True)),
    ("l1_coeff is -1", lambda: jitter_boundary_small(-1)),
    ("l1_coeff is 0", lambda: jitter_boundary(0)),
    ("n_latents is 2.5", lambda: toysae.best_dictionary(WORLD, 2.5, 0.1)),
    ("n_starts is 1000000000", lambda: toysae.best_dictionary(WORLD, 3, 0.1, n_starts=HUGE)),
    ("l1_coeff is nan", lambda: toysae.best_dictionary(WORLD, 3, math.nan)),
    ("generator is 0", lambda: toysae.best_dictionary(WORLD, 3, 0.1, generator=0)),
    ("dictionary holds nan", lambda: dictionary_loss(torch.full((3, 3), math.nan), WORLD, 0.1)),
    ("l1_coeff is a", lambda: dictionary_loss(torch.eye(3), WORLD, "a")),
    ("n_features is 60", lambda: sharpness(toysae.independent([0.1] * 60))),
    ("threshold is high", lambda: toysae.assess(STACK, WORLD, "high")),
    ("threshold is nan", lambda: toysae.assess(STACK, WORLD, math.nan)),
    ("l1_coeff is -1", lambda: toysae.assess(WORLD.features, WORLD, l1_coeff=-1)),
    ("anything is", lambda: toysae.assess(None, WORLD)),
    ("parent is 9", lambda: measure_absorption(STACK, WORLD, 9, [1])),
    ("parent is True", lambda: measure_absorption(STACK, WORLD, True, [0])),
    ("one of children is 7", lambda: measure_absorption(STACK, WORLD, 0, [7])),
    ("children is 1", lambda: measure_absorption(STACK, WORLD, 0, 1)),
    ("share is nan", lambda: measure_absorption(STACK, WORLD, 0, [1], math.nan)),
]


@pytest.mark.parametrize(("begins", "call"), WRONG_COMPARISONS)
def test_wrong_comparisons_are_refused(begins, call):
    refused(begins, call)
