"""Measures: labels follow their rules whatever the order, length and sign of rows; scores have known values."""

import itertools
import math
from dataclasses import replace

import pytest
import torch
from torch.nn.functional import normalize

from toysae.measures import parts
from toysae.measures.absorption import measure_absorption
from toysae.measures.assessment import assess, joined, with_signed_labels
from toysae.measures.labels import LABELS, best_composites, best_differences, cosines, label_latents
from toysae.measures.reading import reading_order
from toysae.measures.recovery import activity, explained_variance, mcc, mmcs
from toysae.saes.stack import ReluL1, Stack, untrained
from toysae.saes.starts import random_sign_rows
from toysae.worlds.directions import random_rotation, unit_directions
from toysae.worlds.named_worlds import (
    antipodal_plane,
    groups,
    hierarchy,
    k_of_n,
    mutually_exclusive,
    tree,
    two_of_three,
)

WORLD = two_of_three()
ROWS = torch.tensor(
    [
        [1.0, 0.1, 0.0],  # near A
        [1.0, 1.1, 0.0],  # near A+B
        [1.0, 1.0, 1.0],  # A+B+C never fire together: neither atom nor composite
        [-1.0, 0.0, 0.0],  # away from A
        [0.0, 0.0, 1.0],  # exactly C
    ]
)
EXPECTED = ["A", "A+B", "mixed", "mixed", "C"]


def names(rows, live=None, world=WORLD, threshold=0.95):
    live = torch.ones(1, len(rows), dtype=torch.bool) if live is None else live
    return label_latents(rows[None], world, live, threshold).names(0, list("ABC"))


def test_planted_rows_get_their_labels():
    assert names(ROWS) == EXPECTED


def test_labels_follow_a_permutation_of_latents_and_of_features():
    order = torch.randperm(5, generator=torch.Generator().manual_seed(0))
    assert names(ROWS[order]) == [EXPECTED[i] for i in order]
    swapped = names(ROWS[:, [1, 0, 2]])
    assert swapped == ["B", "A+B", "mixed", "mixed", "C"]


def test_labels_do_not_depend_on_the_length_of_rows():
    lengths = torch.tensor([0.01, 3.0, 100.0, 0.5, 7.0])[:, None]
    assert names(ROWS * lengths) == EXPECTED


def test_a_row_that_points_away_has_learned_nothing():
    assert names(-ROWS) == ["mixed", "mixed", "mixed", "A", "mixed"]


def test_a_dead_latent_is_dead_whatever_its_row():
    live = torch.tensor([[False, False, True, True, True]])
    assert names(ROWS, live) == ["dead", "dead", *EXPECTED[2:]]


def test_the_threshold_is_reached_from_below():
    angle = math.acos(0.95)
    row = torch.tensor([[math.cos(angle * 0.999), math.sin(angle * 0.999), 0.0]])
    beyond = torch.tensor([[math.cos(angle * 1.001), math.sin(angle * 1.001), 0.0]])
    assert names(row) == ["A"]
    assert names(beyond) == ["mixed"]
    assert names(beyond, threshold=0.9) == ["A"]


def test_labels_are_the_same_in_a_rotated_space():
    features = random_rotation(3, 6, torch.Generator().manual_seed(4))
    rotated = two_of_three(features=features)
    assert names(ROWS @ features, world=rotated) == EXPECTED


def test_composites_agree_with_a_search_over_all_sets():
    """The shortcut, one set for each size, against looking at every set of features that fires together."""
    world = groups(2, 3, 3)
    generator = torch.Generator().manual_seed(6)
    sums = torch.tensor([[float(b) for b in f"{n:06b}"] for n in range(1, 64)])
    rows = normalize(sums + 0.15 * torch.randn(63, 6, generator=generator), dim=1)
    labels = label_latents(rows[None], world, torch.ones(1, 63, dtype=torch.bool))
    for row, members, kind in zip(rows, labels.members[0], labels.kinds[0], strict=True):
        allowed = [s for s in sums if s.sum() >= 2 and world.firing.fire_together(s.nonzero().flatten().tolist())]
        cosine = torch.stack([row @ s / s.norm() for s in allowed])
        expected = row.max() < 0.95 and cosine.max() >= 0.95
        assert (LABELS[kind] == "composite") == bool(expected)
        if expected:
            assert torch.equal(members.float(), allowed[int(cosine.argmax())])


@pytest.mark.parametrize(("n_features", "d_in", "least_right"), [(7, 5, 1.0), (14, 8, 0.9)])
def test_composites_in_superposition_are_found_among_the_largest_cosines(n_features, d_in, least_right):
    """Every normalised sum of two or three features as a row; with up to eight features no set is left untried."""
    features = unit_directions(n_features, d_in, torch.Generator().manual_seed(3))
    world = k_of_n(n_features, 3, features=features)
    sets = [s for size in (2, 3) for s in itertools.combinations(range(n_features), size)]
    sums = torch.zeros(len(sets), n_features)
    for row, chosen in zip(sums, sets, strict=True):
        row[list(chosen)] = 1
    rows = normalize(sums @ features, dim=1)
    members = best_composites(cosines(rows[None], features), world, 0.95)[0]
    reached = (normalize(members.float() @ features, dim=1) * rows).sum(dim=1)
    assert (reached[members.any(dim=1)] >= 0.95).all()
    assert (members.float() == sums).all(dim=1).double().mean() >= least_right


def test_a_pair_at_a_sharp_angle_is_divided_by_its_true_length():
    """Two features 60 degrees apart: their sum has length sqrt(3), and lies 30 degrees from each."""
    features = torch.tensor([[1.0, 0.0], [0.5, math.sqrt(0.75)]])
    world = k_of_n(2, 2, features=features)
    half = math.radians(30)
    rows = torch.tensor([[math.cos(half), math.sin(half)], [math.cos(half + 0.25), math.sin(half + 0.25)]])
    assert label_latents(rows[None], world, torch.ones(1, 2).bool()).names(0, ["A", "B"]) == ["A+B", "B"]
    apart = best_composites(cosines(rows[None], features), world, 0.98)
    assert apart[0].tolist() == [[True, True], [False, False]]


def test_in_the_antipodal_plane_axes_are_atoms_and_diagonals_are_composites():
    world = antipodal_plane(0.5)
    rows = torch.tensor([[1.0, 0], [0, -1.0], [1.0, 1.0], [-1.0, 1.0], [2.0, 1.0]])
    labels = label_latents(rows[None], world, torch.ones(1, 5).bool())
    assert labels.names(0, list("abcd")) == ["a", "d", "a+c", "b+c", "mixed"]


def test_counts_and_found_features():
    labels = label_latents(ROWS[None], WORLD, torch.ones(1, 5, dtype=torch.bool))
    assert [int(labels.count(kind)) for kind in LABELS] == [2, 1, 2, 0]
    assert labels.features_found.tolist() == [2]
    twice = label_latents(ROWS[[0, 0]][None], WORLD, torch.ones(1, 2, dtype=torch.bool))
    assert twice.features_found.tolist() == [1]


def test_a_set_with_two_latents_is_found_once_and_a_dead_one_finds_nothing():
    pairs = two_of_three().composites()
    rows = torch.stack([pairs, pairs[[0, 0, 1]], torch.eye(3)])
    live = torch.ones(3, 3, dtype=torch.bool)
    assert label_latents(rows, two_of_three(), live).sets_found.tolist() == [3, 2, 0]
    live[0, 0] = False
    assert label_latents(rows, two_of_three(), live).sets_found.tolist() == [2, 2, 0]


def test_reading_order_puts_dead_last_and_follows_the_features():
    live = torch.tensor([[True, True, False, True, True]])
    labels = label_latents(ROWS[[4, 1, 0, 3, 0]][None], WORLD, live)
    cosine = cosines(ROWS[[4, 1, 0, 3, 0]][None], WORLD.features)
    assert reading_order(cosine, labels, 0) == [4, 1, 3, 0, 2]


def test_cosines_of_a_zero_row_are_zero():
    assert (cosines(torch.zeros(1, 3), torch.eye(3)) == 0).all()


def test_recovery_scores_of_known_dictionaries():
    atoms, composites = WORLD.features[None], WORLD.composites()[None]
    duplicate = torch.tensor([[[1.0, 0, 0], [1, 0, 0], [0, 1, 0]]])
    half = math.sqrt(0.5)
    assert mmcs(torch.cat([atoms, composites, duplicate]), WORLD.features).tolist() == pytest.approx([1, half, 2 / 3])
    assert mcc(torch.cat([atoms, composites, duplicate]), WORLD.features).tolist() == pytest.approx([1, half, 2 / 3])


def test_mcc_matches_one_to_one_where_mmcs_counts_twice():
    tilted = normalize(torch.tensor([[[1.0, 1.0], [1.0, -1.0]]]), dim=2)
    assert mmcs(tilted, torch.eye(2)).item() == pytest.approx(math.sqrt(0.5))
    assert mcc(tilted, torch.eye(2)).item() == pytest.approx(math.sqrt(0.5) * (1 + 1) / 2)
    one = torch.tensor([[[1.0, 0.0]]])
    assert mcc(one, torch.eye(2)).item() == pytest.approx(0.5)


def test_explained_variance_of_perfect_mean_and_nothing():
    x = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    weights = torch.tensor([0.5, 0.25, 0.25])
    mean = (weights @ x).expand(3, 2)
    assert explained_variance(x, torch.stack([x, mean]), weights).tolist() == pytest.approx([1, 0])


def test_activity_counts_by_probability():
    z = torch.tensor([[[1.0, 0.0, 0.0], [1.0, 2.0, 0.0]]])
    live, l0 = activity(z, torch.tensor([0.9, 0.1]))
    assert live.tolist() == [[True, True, False]]
    assert l0.item() == pytest.approx(1.1)


def test_an_assessment_reads_a_planted_stack():
    rows = torch.stack([WORLD.features, WORLD.composites()])
    stack = untrained(ReluL1(0.1), rows, [0, 1], decoder_bias=False)
    seen = assess(stack, WORLD)
    assert seen.lacks_atoms.tolist() == [False, True]
    assert seen.all_live.all()
    assert seen.labels.count("composite").tolist() == [0, 3]
    assert seen.l0[0].item() == pytest.approx(2)
    assert (seen.bias_cosines == 0).all()


def test_an_assessment_in_parts_is_the_same(monkeypatch):
    world = k_of_n(5, 2, sigma=0.2)
    stack = untrained(ReluL1(0.1), random_sign_rows(world, 6, range(7)), range(7), decoder_bias=True)
    whole = assess(stack, world)
    monkeypatch.setattr(parts, "ASSESSED_NUMBERS", 1)
    cut = assess(stack, world)
    assert torch.equal(whole.losses, cut.losses)
    assert torch.equal(whole.labels.kinds, cut.labels.kinds)
    assert torch.equal(whole.live, cut.live)
    assert torch.equal(whole.costs, cut.costs) and len(cut.assessed) == 1


@pytest.mark.parametrize("threshold", [0.0, 1.1, float("nan")])
def test_an_impossible_threshold_is_refused_by_name(threshold):
    with pytest.raises(ValueError, match=r"threshold is .*: allowed"):
        names(ROWS, threshold=threshold)


def test_shapes_that_do_not_match_are_refused_by_name():
    with pytest.raises(ValueError, match=r"the shape of live is .*: allowed"):
        label_latents(ROWS[None], WORLD, torch.ones(1, 2, dtype=torch.bool))


def signed_names(rows, world=WORLD, threshold=0.95):
    rows = normalize(torch.as_tensor(rows), dim=1)
    stack = untrained(ReluL1(0.0), rows[None], [0], decoder_bias=False)
    seen = replace(assess(stack, world, threshold), live=torch.ones(1, len(rows), dtype=torch.bool))
    labels = label_latents(rows[None], world, seen.live, threshold)
    signed = with_signed_labels(replace(seen, labels=labels), world, threshold).labels
    return signed.names(0, list("ABCDEF")[: world.n_features])


def test_planted_signed_rows_get_their_labels():
    rows = [
        [1.0, 0, 0],
        [1.0, 1, 0],
        [0, 0, -1.0],
        [-1.0, -1, 0],
        [1.0, 1, -2],
        [1.0, -1, 0],
        [1.0, 1, 1],
        [-1.0, -1, -1],
    ]
    assert signed_names(rows) == ["A", "A+B", "−C", "−A−B", "A+B−C", "A−B", "mixed", "mixed"]


def test_a_difference_of_one_against_many_is_named_by_the_others():
    rows = torch.tensor([[4.0, -1, -1, -1, -1], [-4.0, 1, 1, 1, 1], [1.0, 1, -1, 0, 0]])
    assert signed_names(rows, k_of_n(5, 2)) == ["A−others", "others−A", "mixed"]
    assert signed_names(rows[2:], k_of_n(5, 2), threshold=0.9) == ["A+B−C"]


def test_signed_labels_change_only_what_was_mixed():
    rows = torch.randn(400, 3, generator=torch.Generator().manual_seed(0))
    plain, signed = names(rows), signed_names(rows)
    assert all(new == old for old, new in zip(plain, signed, strict=True) if old != "mixed")
    assert sum(new != old for old, new in zip(plain, signed, strict=True)) > 50


def test_the_best_difference_is_the_best_of_all_choices():
    cosine = normalize(torch.randn(1, 60, 5, generator=torch.Generator().manual_seed(0)).double(), dim=2)
    reached, plus, minus = best_differences(cosine)
    signs = torch.tensor(list(itertools.product([-1, 0, 1], repeat=5)))
    signs = signs[(signs == 1).any(dim=1) & (signs == -1).any(dim=1)]
    p, m = (signs == 1).double(), (signs == -1).double()
    directions = normalize(p / p.sum(dim=1, keepdim=True) - m / m.sum(dim=1, keepdim=True), dim=1)
    every = cosine @ directions.T
    assert torch.allclose(reached, every.amax(dim=2))
    assert torch.equal(plus[0].int() - minus[0].int(), signs[every[0].argmax(dim=1)].int())


def test_joined_assessments_keep_their_order():
    parts = [untrained(ReluL1(0.1), normalize(ROWS, dim=1)[None] * sign, [0], decoder_bias=False) for sign in (1, -1)]
    one, two = (with_signed_labels(assess(part, WORLD), WORLD) for part in parts)
    both = joined([one, two])
    assert torch.equal(both.losses, torch.cat([one.losses, two.losses]))
    assert both.labels.names(1, list("ABC")) == two.labels.names(0, list("ABC"))


def test_signed_labels_need_features_at_right_angles():
    world = antipodal_plane(0.5)
    stack = untrained(ReluL1(0.1), world.features[None], [0], decoder_bias=False)
    with pytest.raises(ValueError, match=r"the coherence of features is 1\.0: allowed is 0"):
        with_signed_labels(assess(stack, world), world)


HIERARCHY = hierarchy()
HALF = math.sqrt(0.5)
WITH_CHILD = [[1.0, 0, 0, 0], [HALF, HALF, 0, 0], [0, 0, 1.0, 0], [0, 0, 0, 1.0]]  # parent; parent and child; others


def encoding(rows, encoder, b_enc=0.0):
    """One SAE with these decoder rows, (n_latents, d_in), and these encoder directions."""
    stack = untrained(ReluL1(0.1), torch.tensor(rows)[None], [0], decoder_bias=False)
    stack.parameters["W_enc"] = torch.tensor(encoder).T[None].contiguous()
    stack.parameters["b_enc"] = stack.parameters["b_enc"] + b_enc
    return stack


def absorbing(inhibition):
    """The parent's latent is inhibited by the child, from 0, no absorption, to 1, full absorption."""
    encoder = [[1.0, -inhibition, 0, 0], [0, inhibition / HALF, 0, 0], [0, 0, 1.0, 0], [0, 0, 0, 1.0]]
    return encoding(WITH_CHILD, encoder)


def test_atoms_absorb_nothing():
    stack = untrained(ReluL1(0.1), HIERARCHY.features[None], [0], decoder_bias=False)
    seen = measure_absorption(stack, HIERARCHY, 0, [1])
    assert (seen.own.item(), seen.cosine.item(), seen.full.item(), seen.fraction.item()) == (0, 1, 0, 0)


def test_a_parent_whose_latent_is_silent_when_the_child_fires_is_fully_absorbed():
    seen = measure_absorption(absorbing(1.0), HIERARCHY, 0, [1])
    assert (seen.full.item(), seen.fraction.item()) == pytest.approx((1, 1))


@pytest.mark.parametrize(("inhibition", "fraction"), [(0.3, 0.0), (0.5, 0.5), (0.8, 0.8)])
def test_partial_absorption_is_the_share_that_the_childs_latent_says(inhibition, fraction):
    """The parent's latent says 1 - inhibition, the child's says inhibition: counted from a share of 0.4 on."""
    seen = measure_absorption(absorbing(inhibition), HIERARCHY, 0, [1])
    assert seen.full.item() == 0
    assert seen.fraction.item() == pytest.approx(fraction)
    assert measure_absorption(absorbing(inhibition), HIERARCHY, 0, [1], share=0.1).fraction.item() == pytest.approx(
        inhibition
    )


def test_absorption_by_one_child_of_two_is_counted_by_how_often_that_one_fires():
    world = tree(n_parents=1, n_children=2, n_others=0)
    rows = [[1.0, 0, 0], [HALF, HALF, 0], [0, 0, 1.0]]
    encoder = [[1.0, -1.0, 0], [0, 1 / HALF, 0], [0, 0, 1.0]]
    assert measure_absorption(encoding(rows, encoder), world, 0, [1, 2]).full.item() == pytest.approx(0.5)
    assert measure_absorption(encoding(rows, encoder), world, 0, [1]).full.item() == pytest.approx(1)
    assert measure_absorption(encoding(rows, encoder), world, 0, [2]).full.item() == 0


def test_a_silent_parent_for_which_nothing_stands_in_is_missing_but_not_absorbed():
    atoms = [[1.0, -1.0, 0, 0], [0, 1.0, 0, 0], [0, 0, 1.0, 0], [0, 0, 0, 1.0]]
    seen = measure_absorption(encoding(torch.eye(4).tolist(), atoms), HIERARCHY, 0, [1])
    assert (seen.full.item(), seen.fraction.item()) == (0, 0)


def test_absorption_follows_latents_features_and_saes_when_they_are_reordered():
    order = [2, 0, 3, 1]
    stack = absorbing(0.7)
    mixed = {
        name: value[..., order] if name == "W_enc" else value[:, order] for name, value in stack.parameters.items()
    }
    shuffled = Stack(stack.model, mixed, stack.seeds)
    one, other = (measure_absorption(each, HIERARCHY, 0, [1]) for each in (stack, shuffled))
    assert order[other.own.item()] == one.own.item()
    assert other.fraction.item() == pytest.approx(one.fraction.item())
    turned = random_rotation(4, 6, torch.Generator().manual_seed(0))
    rotated = {"W_dec": stack.W_dec @ turned, "W_enc": turned.T @ stack.parameters["W_enc"]}
    rotated |= {"b_enc": stack.parameters["b_enc"]} | {
        n: v for n, v in stack.parameters.items() if n not in (*rotated, "b_enc", "b_dec")
    }
    elsewhere = measure_absorption(Stack(stack.model, rotated, stack.seeds), hierarchy(features=turned), 0, [1])
    assert elsewhere.fraction.item() == pytest.approx(one.fraction.item(), abs=1e-5)


def test_absorption_is_unknown_where_nothing_lives_or_parent_and_child_never_meet():
    dead = encoding(WITH_CHILD, torch.zeros(4, 4).tolist())
    assert math.isnan(measure_absorption(dead, HIERARCHY, 0, [1]).full.item())
    never = measure_absorption(absorbing(1.0), mutually_exclusive([0.2] * 4), 0, [1])
    assert math.isnan(never.full.item()) and math.isnan(never.fraction.item())


@pytest.mark.parametrize(
    ("parent", "children", "named"),
    [(4, [1], "parent is 4"), (0, [], "children is"), (0, [0], "children is"), (0, [9], "children is")],
)
def test_impossible_families_are_refused_by_name(parent, children, named):
    with pytest.raises(ValueError, match=rf"{named}.*: allowed"):
        measure_absorption(absorbing(1.0), HIERARCHY, parent, children)


@pytest.mark.parametrize("share", [0.0, 1.5])
def test_an_impossible_share_is_refused_by_name(share):
    with pytest.raises(ValueError, match=r"share is .*: allowed"):
        measure_absorption(absorbing(1.0), HIERARCHY, 0, [1], share=share)
