"""Points: many worlds and prices in one stack are what each SAE is on its own."""

import math

import pytest
import torch

from toysae.measures.assessment import assess
from toysae.measures.labels import LABELS, THRESHOLD
from toysae.saes import training
from toysae.saes.stack import ReluL1, untrained
from toysae.saes.starts import random_sign_rows
from toysae.saes.training import Batches, Support
from toysae.sweeps import points
from toysae.sweeps.points import combinations, directions, recovery
from toysae.worlds.finite import finite_data
from toysae.worlds.named_worlds import WORLDS, k_of_n, pair, solo_leak, two_of_three

QUICK = {"n_latents": 3, "l1_coeff": 0.1, "n_steps": 150}


def trained(world, data, seeds, l1_coeff=0.1, n_latents=3, n_steps=150, lr=0.01):
    """What the library gives when it is used step by step."""
    rows = random_sign_rows(world, n_latents, seeds)
    stack = untrained(ReluL1(l1_coeff), rows, seeds, decoder_bias=False)
    stack, _ = training.fit(stack, data, n_steps=n_steps, lr=lr)
    return assess(stack, world)


def column(rows, name):
    return [row[name] for row in rows]


def test_a_row_holds_what_is_counted_about_its_sae():
    world = two_of_three(sigma=0.3)
    seen = trained(world, Support(*finite_data(world)), range(5))
    rows = recovery(world="two_of_three", sigma=0.3, seed=list(range(5)), **QUICK)
    assert column(rows, "loss") == seen.losses.tolist() and len(set(column(rows, "loss"))) > 1
    assert column(rows, "l0") == seen.l0.tolist()
    assert column(rows, "mcc") == seen.mcc.tolist()
    assert column(rows, "mmcs") == seen.mmcs.tolist()
    assert column(rows, "explained_variance") == seen.explained_variance.tolist()
    assert column(rows, "no_atom") == seen.lacks_atoms.tolist()
    assert column(rows, "all_live") == seen.all_live.tolist()
    assert column(rows, "features_found") == seen.labels.features_found.tolist()
    for label in LABELS:
        assert column(rows, label) == seen.labels.count(label).tolist()
    assert all(sum(row[label] for label in LABELS) == 3 for row in rows)


def test_batches_are_the_same_for_all_saes_of_a_world_and_follow_the_data_seed():
    world = k_of_n(4, 2, sigma=0.2)
    own = {"world": "k_of_n", "n_features": 4, "k": 2, "sigma": 0.2, "data": "batches", "batch_size": 32}
    for data_seed in (0, 5):
        batches = Batches(world, 32, torch.Generator().manual_seed(data_seed))
        rows = recovery(**own, data_seed=data_seed, seed=[0, 1], **QUICK)
        assert column(rows, "loss") == trained(world, batches, range(2)).losses.tolist()


def test_a_phase_diagram_over_cooccurrence_is_one_stack_and_each_sae_what_it_is_alone(monkeypatch):
    stacks = []
    fit = points.fit
    monkeypatch.setattr(points, "fit", lambda stack, *rest, **more: stacks.append(stack) or fit(stack, *rest, **more))
    axes = {"p_alone": [0.1, 0.3, 0.6], "l1_coeff": [0.02, 0.2], "seed": [0, 1]}
    rows = recovery(world="solo_leak", n_features=3, k=2, n_latents=3, n_steps=150, **axes)
    assert [len(stack) for stack in stacks] == [12]
    assert column(rows, "p_alone") == [0.1] * 4 + [0.3] * 4 + [0.6] * 4
    assert column(rows, "l1_coeff") == [0.02, 0.02, 0.2, 0.2] * 3
    assert column(rows, "seed") == [0, 1] * 6
    for p_alone in axes["p_alone"]:
        world = solo_leak(3, 2, p_alone)
        for l1_coeff in axes["l1_coeff"]:
            alone = trained(world, Support.of(world), [0, 1], l1_coeff)
            here = [r["loss"] for r in rows if r["p_alone"] == p_alone and r["l1_coeff"] == l1_coeff]
            assert here == alone.losses.tolist()


def test_a_pattern_that_never_occurs_is_not_in_the_stack():
    rows = recovery(world="solo_leak", n_features=3, k=2, p_alone=[0.0, 0.5], seed=[0, 1, 2], **QUICK)
    alone = recovery(world="two_of_three", seed=[0, 1, 2], **QUICK)
    assert column(rows, "loss")[:3] == column(alone, "loss")


def test_rows_come_in_the_order_of_the_combinations_however_stacks_are_formed():
    axes = {"sigma": [0.3, 0.0], "n_latents": [4, 3], "init": ["positive", "random-sign"], "seed": [7, 2]}
    rows = recovery(world="two_of_three", l1_coeff=0.1, n_steps=20, **axes)
    asked = combinations(world="two_of_three", l1_coeff=0.1, n_steps=20, **axes)
    assert [{name: row[name] for name in cell} for row, cell in zip(rows, asked, strict=True)] == asked
    assert len(rows) == 16 and column(rows, "seed") == [7, 2] * 8
    (one,) = recovery(**(asked[11]))
    # Up to rounding: on some processors a product of matrices depends on how many there are
    numbers = {name for name, value in one.items() if not isinstance(value, str)}
    assert {name: one[name] for name in numbers} == pytest.approx({name: rows[11][name] for name in numbers}, rel=1e-4)


def test_without_steps_the_rows_tell_how_saes_start():
    (row,) = recovery(world="two_of_three", n_latents=3, l1_coeff=0.1, n_steps=0, init="at-features", seed=4)
    assert row["atomic"] == 3 and row["features_found"] == 3


def test_a_decoder_bias_and_tied_weights_reach_the_stack(monkeypatch):
    stacks = []
    fit = points.fit
    monkeypatch.setattr(points, "fit", lambda stack, *rest, **more: stacks.append(stack) or fit(stack, *rest, **more))
    recovery(world="two_of_three", decoder_bias=[False, True], tied=[False, True], **QUICK)
    held = [{"b_dec" in stack.parameters: "W_enc" in stack.parameters} for stack in stacks]
    assert held == [{False: True}, {False: False}, {True: True}, {True: False}]


def test_directions_hold_the_cosines_and_labels_of_every_latent():
    setting = {"world": "pair", "p_both": 0.3, "p_first": 0.3, "n_latents": 2, "l1_coeff": 0.02, "seed": [3, 5]}
    rows = directions(**setting)
    assert [(row["seed"], row["latent"]) for row in rows] == [(3, 0), (3, 1), (5, 0), (5, 1)]
    for row in rows:
        assert math.isclose(row["cos_1"] ** 2 + row["cos_2"] ** 2, 1, rel_tol=1e-5)
        assert (row["label"] == "atomic") == (max(row["cos_1"], row["cos_2"]) >= THRESHOLD)
    assert sorted(row["stands_for"] for row in rows if row["seed"] == 3) == ["1", "2"]


def test_a_composite_is_told_by_the_features_it_stands_for():
    rows = directions(world="two_of_three", n_latents=3, l1_coeff=0.1, init="at-composites")
    assert {row["label"] for row in rows} == {"composite"}
    assert {row["stands_for"] for row in rows} == {"1+2", "1+3", "2+3"}


def test_a_pair_fires_as_it_is_told():
    patterns, probabilities = pair(0.2, 0.5).firing.support()
    told = dict(zip(map(tuple, patterns.int().tolist()), probabilities.tolist(), strict=True))
    assert told == pytest.approx({(1, 1): 0.2, (1, 0): 0.5, (0, 1): 0.3})


NUMBERS = {
    "two_of_three": {},
    "k_of_n": {"n_features": 4, "k": 2},
    "groups": {"n_groups": 2},
    "independent_groups": {"n_groups": 2, "p": 0.5},
    "bundles": {"n_bundles": 2, "bundle_size": 2},
    "product": {"n_sets": 2, "set_size": 3},
    "solo_leak": {"n_features": 3, "k": 2, "p_alone": 0.1},
    "pair": {"p_both": 0.2, "p_first": 0.5},
    "independent": {"n_features": 3, "p": 0.2},
    "exclusive": {"n_features": 3, "p": 0.2},
    "hierarchy": {"leak": 0.01},
    "tree": {"n_parents": 1, "n_others": 0},
    "one_with_others": {"n_features": 3, "correlation": -0.4},
    "antipodal_plane": {"correlation": 0.5},
    "zipf": {"n_features": 4, "exponent": 1.0, "highest": 0.3},
    "superposition": {"n_features": 6, "d_in": 4, "p": 0.1, "n_repulsions": 20},
}


@pytest.mark.parametrize("name", WORLDS)
def test_every_world_can_be_told_by_numbers(name):
    (row,) = recovery(world=name, **QUICK | {"n_steps": 5}, **NUMBERS[name])
    assert math.isfinite(row["loss"]) and row.items() >= NUMBERS[name].items()


POSSIBLE = {"world": "k_of_n", "n_features": 4, "k": 2} | QUICK
IMPOSSIBLE = {
    "an unknown world": ({"world": "atlantis"}, "world is 'atlantis': allowed is one of two_of_three, k_of_n"),
    "an unknown number": ({"kk": 2}, "k_of_n has the numbers .*'kk': 2.*: allowed are n_features, k"),
    "a world of another number": ({"world": "groups"}, "groups has the numbers .*: allowed are n_groups, group"),
    "a number that cannot be": ({"k": 5}, "k is 5: allowed is a whole number from 1 to n_features = 4"),
    "unknown data": ({"data": "tape"}, "data is 'tape': allowed is one of finite, batches"),
    "unknown rows": ({"init": "guess"}, "init is 'guess': allowed is one of"),
    "no latents": ({"n_latents": 0}, "n_latents is 0: allowed is a whole number of 1 or more"),
    "half a step": ({"n_steps": 0.5}, "n_steps is 0.5: allowed is a whole number of 0 or more"),
    "a negative price": ({"l1_coeff": [0.1, -0.1]}, "l1_coeff is .*: allowed are finite numbers >= 0"),
    "a negative spread": ({"sigma": -1}, "sigma is -1: allowed is a finite number >= 0"),
}


@pytest.mark.parametrize(("changed", "line"), IMPOSSIBLE.values(), ids=IMPOSSIBLE)
def test_a_setting_that_cannot_be_is_refused(changed, line):
    with pytest.raises(ValueError, match=line):
        recovery(**(POSSIBLE | changed))


def test_rows_come_in_the_order_of_the_settings_whatever_was_trained_together():
    """SAEs of one spread share a stack, and between them in the table stand those of the other."""
    setting = {"world": "two_of_three", "n_latents": 3, "l1_coeff": [0.05, 0.1], "sigma": [0.0, 0.3], "n_steps": 0}
    expected = [(0.05, 0.0), (0.05, 0.3), (0.1, 0.0), (0.1, 0.3)]
    assert [(row["l1_coeff"], row["sigma"]) for row in points.recovery(**setting)] == expected
    assert [(row["l1_coeff"], row["sigma"]) for row in points.directions(**setting)][::3] == expected


def test_the_threshold_of_a_setting_is_the_one_that_labels():
    setting = {"world": "two_of_three", "n_latents": 3, "l1_coeff": 0.1, "n_steps": 0, "seed": list(range(8))}
    atoms = [sum(row["atomic"] for row in points.recovery(**setting, threshold=bar)) for bar in (0.6, 0.95, 0.999)]
    assert atoms[0] > atoms[1] >= atoms[2]
