"""Measures: labels follow their rules whatever the order, length and sign of rows; scores have known values."""

import itertools
import math
from dataclasses import replace

import pytest
import torch
from torch.nn.functional import normalize

from toysae import measures, sae, worlds
from toysae.measures import Fraction

WORLD = worlds.two_of_three()
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
    return measures.label_latents(rows[None], world, live, threshold).names(0, list("ABC"))


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
    features = worlds.random_rotation(3, 6, torch.Generator().manual_seed(4))
    rotated = worlds.two_of_three(features=features)
    assert names(ROWS @ features, world=rotated) == EXPECTED


def test_composites_agree_with_a_search_over_all_sets():
    """The shortcut, one set for each size, against looking at every set of features that fires together."""
    world = worlds.groups(2, 3, 3)
    generator = torch.Generator().manual_seed(6)
    sums = torch.tensor([[float(b) for b in f"{n:06b}"] for n in range(1, 64)])
    rows = normalize(sums + 0.15 * torch.randn(63, 6, generator=generator), dim=1)
    labels = measures.label_latents(rows[None], world, torch.ones(1, 63, dtype=torch.bool))
    for row, members, kind in zip(rows, labels.members[0], labels.kinds[0], strict=True):
        allowed = [s for s in sums if s.sum() >= 2 and world.firing.fire_together(s.nonzero().flatten().tolist())]
        cosine = torch.stack([row @ s / s.norm() for s in allowed])
        expected = row.max() < 0.95 and cosine.max() >= 0.95
        assert (measures.LABELS[kind] == "composite") == bool(expected)
        if expected:
            assert torch.equal(members.float(), allowed[int(cosine.argmax())])


def test_counts_and_found_features():
    labels = measures.label_latents(ROWS[None], WORLD, torch.ones(1, 5, dtype=torch.bool))
    assert [int(labels.count(kind)) for kind in measures.LABELS] == [2, 1, 2, 0]
    assert labels.features_found.tolist() == [2]
    twice = measures.label_latents(ROWS[[0, 0]][None], WORLD, torch.ones(1, 2, dtype=torch.bool))
    assert twice.features_found.tolist() == [1]


def test_reading_order_puts_dead_last_and_follows_the_features():
    live = torch.tensor([[True, True, False, True, True]])
    labels = measures.label_latents(ROWS[[4, 1, 0, 3, 0]][None], WORLD, live)
    cosine = measures.cosines(ROWS[[4, 1, 0, 3, 0]][None], WORLD.features)
    assert measures.reading_order(cosine, labels, 0) == [4, 1, 3, 0, 2]


def test_cosines_of_a_zero_row_are_zero():
    assert (measures.cosines(torch.zeros(1, 3), torch.eye(3)) == 0).all()


def test_recovery_scores_of_known_dictionaries():
    atoms, composites = WORLD.features[None], WORLD.composites()[None]
    duplicate = torch.tensor([[[1.0, 0, 0], [1, 0, 0], [0, 1, 0]]])
    half = math.sqrt(0.5)
    assert measures.mmcs(torch.cat([atoms, composites, duplicate]), WORLD.features).tolist() == pytest.approx(
        [1, half, 2 / 3]
    )
    assert measures.mcc(torch.cat([atoms, composites, duplicate]), WORLD.features).tolist() == pytest.approx(
        [1, half, 2 / 3]
    )


def test_mcc_matches_one_to_one_where_mmcs_counts_twice():
    tilted = normalize(torch.tensor([[[1.0, 1.0], [1.0, -1.0]]]), dim=2)
    assert measures.mmcs(tilted, torch.eye(2)).item() == pytest.approx(math.sqrt(0.5))
    assert measures.mcc(tilted, torch.eye(2)).item() == pytest.approx(math.sqrt(0.5) * (1 + 1) / 2)
    one = torch.tensor([[[1.0, 0.0]]])
    assert measures.mcc(one, torch.eye(2)).item() == pytest.approx(0.5)


def test_explained_variance_of_perfect_mean_and_nothing():
    x = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    weights = torch.tensor([0.5, 0.25, 0.25])
    mean = (weights @ x).expand(3, 2)
    assert measures.explained_variance(x, torch.stack([x, mean]), weights).tolist() == pytest.approx([1, 0])


def test_activity_counts_by_probability():
    z = torch.tensor([[[1.0, 0.0, 0.0], [1.0, 2.0, 0.0]]])
    live, l0 = measures.activity(z, torch.tensor([0.9, 0.1]))
    assert live.tolist() == [[True, True, False]]
    assert l0.item() == pytest.approx(1.1)


def test_an_assessment_reads_a_planted_stack():
    rows = torch.stack([WORLD.features, WORLD.composites()])
    stack = sae.untrained(sae.ReluL1(0.1), rows, [0, 1], decoder_bias=False)
    seen = measures.assess(stack, WORLD)
    assert seen.no_atom.tolist() == [False, True]
    assert seen.all_live.all()
    assert seen.labels.count("composite").tolist() == [0, 3]
    assert seen.l0[0].item() == pytest.approx(2)
    assert (seen.bias_cosines == 0).all()


def test_an_assessment_in_parts_is_the_same(monkeypatch):
    world = worlds.k_of_n(5, 2, sigma=0.2)
    stack = sae.untrained(sae.ReluL1(0.1), sae.random_sign_rows(world, 6, range(7)), range(7), decoder_bias=True)
    whole = measures.assess(stack, world)
    monkeypatch.setattr(measures, "ASSESSED_NUMBERS", 1)
    parts = measures.assess(stack, world)
    assert torch.equal(whole.losses, parts.losses)
    assert torch.equal(whole.labels.kinds, parts.labels.kinds)
    assert torch.equal(whole.live, parts.live)


def test_wilson_intervals_have_their_published_values():
    """Ten of ten and none of ten: the interval ends at z^2 / (n + z^2), with z = 1.959964 (Wilson 1927)."""
    edge = 1.959964**2 / (10 + 1.959964**2)
    assert Fraction(0, 10).interval == pytest.approx((0, edge), abs=1e-6)
    assert Fraction(10, 10).interval == pytest.approx((1 - edge, 1), abs=1e-6)
    assert Fraction(0, 0).interval == (0, 1)
    assert math.isnan(Fraction(0, 0).value)
    assert str(Fraction(0, 0)) == "none of 0"
    assert str(Fraction(61, 64)) == "61 of 64 (95 % interval 87 to 98 %)"


@pytest.mark.parametrize("threshold", [0.0, 1.1, float("nan")])
def test_an_impossible_threshold_is_refused_by_name(threshold):
    with pytest.raises(ValueError, match=r"threshold is .*: allowed"):
        names(ROWS, threshold=threshold)


def test_shapes_that_do_not_match_are_refused_by_name():
    with pytest.raises(ValueError, match=r"live has shape .* allowed"):
        measures.label_latents(ROWS[None], WORLD, torch.ones(1, 2, dtype=torch.bool))


def signed_names(rows, world=WORLD, threshold=0.95):
    rows = normalize(torch.as_tensor(rows), dim=1)
    stack = sae.untrained(sae.ReluL1(0.0), rows[None], [0], decoder_bias=False)
    seen = replace(measures.assess(stack, world, threshold), live=torch.ones(1, len(rows), dtype=torch.bool))
    labels = measures.label_latents(rows[None], world, seen.live, threshold)
    signed = measures.with_signed_labels(replace(seen, labels=labels), world, threshold).labels
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
    assert signed_names(rows, worlds.k_of_n(5, 2)) == ["A−others", "others−A", "mixed"]
    assert signed_names(rows[2:], worlds.k_of_n(5, 2), threshold=0.9) == ["A+B−C"]


def test_signed_labels_change_only_what_was_mixed():
    rows = torch.randn(400, 3, generator=torch.Generator().manual_seed(0))
    plain, signed = names(rows), signed_names(rows)
    assert all(new == old for old, new in zip(plain, signed, strict=True) if old != "mixed")
    assert sum(new != old for old, new in zip(plain, signed, strict=True)) > 50


def test_the_best_difference_is_the_best_of_all_choices():
    cosine = normalize(torch.randn(1, 60, 5, generator=torch.Generator().manual_seed(0)).double(), dim=2)
    reached, plus, minus = measures.best_differences(cosine)
    signs = torch.tensor(list(itertools.product([-1, 0, 1], repeat=5)))
    signs = signs[(signs == 1).any(dim=1) & (signs == -1).any(dim=1)]
    p, m = (signs == 1).double(), (signs == -1).double()
    directions = normalize(p / p.sum(dim=1, keepdim=True) - m / m.sum(dim=1, keepdim=True), dim=1)
    every = cosine @ directions.T
    assert torch.allclose(reached, every.amax(dim=2))
    assert torch.equal(plus[0].int() - minus[0].int(), signs[every[0].argmax(dim=1)].int())


def test_joined_assessments_keep_their_order():
    parts = [sae.untrained(sae.ReluL1(0.1), ROWS[None] * sign, [0], decoder_bias=False) for sign in (1, -1)]
    one, two = (measures.with_signed_labels(measures.assess(part, WORLD), WORLD) for part in parts)
    both = measures.joined([one, two])
    assert torch.equal(both.losses, torch.cat([one.losses, two.losses]))
    assert both.labels.names(1, list("ABC")) == two.labels.names(0, list("ABC"))
