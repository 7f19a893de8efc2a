"""The edges of all that is counted: what lies exactly on a threshold, what is exactly zero, what never occurs."""

import math
from dataclasses import replace

import pytest
import torch
from torch.nn.functional import normalize

from toysae.measures.absorption import ABSORBING_COSINE, measure_absorption
from toysae.measures.assessment import assess, with_signed_labels
from toysae.measures.labels import label_latents
from toysae.measures.recovery import activity, costs, explained_variance, mcc, mmcs
from toysae.optimum.search import best_dictionary
from toysae.saes.stack import ReluL1, untrained
from toysae.worlds.firings import Hierarchy
from toysae.worlds.named_worlds import hierarchy, k_of_n, two_of_three
from toysae.worlds.world import World

HALF = math.sqrt(0.5)


def names(rows, world, threshold):
    rows = torch.as_tensor(rows, dtype=torch.float64)[None]
    labels = label_latents(rows, world, torch.ones(1, rows.shape[1]).bool(), threshold)
    return labels.names(0, list("ABCD")[: world.n_features])


# ---- labels


def test_a_cosine_of_exactly_the_threshold_is_enough():
    """These cosines are exact: 1, and the sum of four halves divided by two."""
    world = k_of_n(4, 4)
    assert names([[1, 0, 0, 0], [1, 1, 1, 1], [3, 0, 0, 0.001]], world, 1.0) == ["A", "A+B+C+D", "mixed"]
    assert names([[1, 1, 1, 1]], world, 0.5) == ["A"]  # and with one feature alone: exactly a half


def test_what_is_both_an_atom_and_a_composite_is_an_atom():
    assert names([[1, 0.3, 0]], two_of_three(), 0.7) == ["A"]
    labels = label_latents(torch.tensor([[[1, 0.3, 0]]]), two_of_three(), torch.ones(1, 1).bool(), 0.7)
    assert (labels.word(0, 0), labels.count("composite").item(), labels.features_found.item()) == ("atomic", 0, 1)


def signed_names(rows, world, threshold):
    stack = untrained(ReluL1(0.0), normalize(torch.tensor(rows), dim=1)[None], [0], decoder_bias=False)
    seen = replace(assess(stack, world, threshold), live=torch.ones(1, len(rows)).bool())
    labels = label_latents(stack.W_dec.double(), world, seen.live, threshold)
    return with_signed_labels(replace(seen, labels=labels), world, threshold).labels.names(0, list("ABCD"))


def test_negatives_and_differences_reach_the_threshold_at_exactly_one():
    rows = [[-1.0, 0, 0, 0], [1.0, 1, -1, -1]]
    assert signed_names(rows, k_of_n(4, 2), 1.0) == ["−A", "A+B−C−D"]


def test_where_a_negative_and_a_difference_both_fit_the_larger_cosine_decides():
    """Close to -A, with a little of B: at a low threshold B - A fits as well."""
    assert signed_names([[-1.0, 0.2, 0, 0], [-1.0, 0.9, 0, 0]], k_of_n(4, 2), 0.7) == ["−A", "B−A"]


def test_an_sae_of_composites_and_a_dead_latent_is_not_all_composite():
    world = two_of_three()
    rows = torch.cat([world.composites()[:2], -torch.eye(3)[:1]])
    seen = assess(untrained(ReluL1(0.1), rows[None], [0], decoder_bias=False), world)
    assert seen.labels.names(0, list("ABC"))[2] == "dead"
    assert (seen.all_composite.item(), seen.all_live.item(), seen.lacks_atoms.item()) == (False, False, True)


def test_one_atom_is_one_atom():
    world = two_of_three()
    rows = torch.cat([world.composites()[:2], torch.eye(3)[:1]])
    assert not assess(untrained(ReluL1(0.1), rows[None], [0], decoder_bias=False), world).lacks_atoms.item()


def test_the_threshold_that_is_given_is_the_one_that_labels():
    rows = normalize(torch.tensor([[1.0, 0.5, 0.0]]), dim=1)  # a cosine of .89 with A, of .95 with A + B
    stack = untrained(ReluL1(0.1), rows[None], [0], decoder_bias=False)
    found = [assess(stack, two_of_three(), threshold).labels.names(0, list("ABC")) for threshold in (0.96, 0.94, 0.85)]
    assert found == [["mixed"], ["A+B"], ["A"]]


# ---- what fires


def test_a_latent_at_exactly_zero_is_dead_and_at_the_least_number_above_lives():
    z = torch.zeros(1, 3, 2, dtype=torch.float64)
    z[0, 1, 1] = 5e-324
    live, l0 = activity(z, torch.tensor([0.5, 0.2, 0.3], dtype=torch.float64))
    assert live.tolist() == [[False, True]]
    assert l0.item() == pytest.approx(0.2)


def test_l0_weighs_samples_by_their_probability_and_counts_latents():
    z = torch.tensor([[[1.0, 2.0, 0.5], [0.0, 1.0, 0.0]]])
    assert activity(z, torch.tensor([0.9, 0.1]))[1].item() == pytest.approx(0.9 * 3 + 0.1 * 1)
    assert activity(z)[1].item() == pytest.approx(2)


# ---- recovery


def test_one_latent_is_matched_with_one_feature_alone():
    """Both features are nearest to the first latent; the other is at right angles to both."""
    rows = torch.tensor([[[HALF, HALF, 0.0], [0.0, 0.0, 1.0]]])
    features = torch.eye(3)[:2]
    assert mcc(rows, features).item() == pytest.approx(HALF / 2)
    assert mmcs(rows, features).item() == pytest.approx(HALF)


def test_features_without_a_latent_count_zero_and_ties_cost_nothing():
    assert mcc(torch.eye(3)[None, :1], torch.eye(3)).item() == pytest.approx(1 / 3)
    assert mcc(torch.eye(3)[None, [0, 0, 1, 2]], torch.eye(3)).item() == pytest.approx(1)
    assert mmcs(torch.eye(3)[None, [0, 0, 1, 1]], torch.eye(3)).item() == pytest.approx(2 / 3)


def test_explained_variance_is_about_the_weighted_mean():
    x, weights = torch.tensor([[1.0], [3.0]]).double(), torch.tensor([0.75, 0.25]).double()
    x_hat = torch.tensor([[[1.5], [1.5]], [[1.0], [2.0]]]).double()  # the mean itself; and one error of one
    variance = 0.75 * 0.5**2 + 0.25 * 1.5**2
    assert explained_variance(x, x_hat, weights).tolist() == pytest.approx([0, 1 - 0.25 / variance])


def test_an_activation_costs_in_units_of_its_row():
    x, z = torch.tensor([[2.0, 0.0]]), torch.tensor([[[1.0]]])
    rows = torch.tensor([[[3.0, 4.0]]])
    cost = costs(x, z @ rows, z, rows, torch.tensor([0.1]))
    assert cost.item() == pytest.approx((1 + 16) / 2 + 0.1 * 5)


def test_every_sae_is_compared_with_the_best_dictionary_at_its_own_price():
    world, prices = two_of_three(), (0.05, 0.3)
    stack = untrained(ReluL1(torch.tensor(prices)), torch.eye(3)[None].repeat(2, 1, 1), [0, 1], decoder_bias=False)
    seen = assess(stack, world)
    best = torch.tensor([best_dictionary(world, 3, price)[1] for price in seen.prices.tolist()])
    assert (seen.costs - best).tolist() == pytest.approx(seen.excess.tolist(), abs=1e-7)


# ---- absorption: parent A, child B, and others


def encoding(rows, encoder):
    """One SAE with these decoder rows, of any length, and encoder directions, both (n_latents, d_in), in float64."""
    stack = untrained(ReluL1(0.1), normalize(rows, dim=1)[None], [0], decoder_bias=False)
    stack.parameters.update(W_dec=rows[None], W_enc=encoder.T[None].contiguous())
    return stack


def absorbed(rows, encoder, world=None, children=(1,), share=0.4):
    seen = measure_absorption(encoding(rows, encoder), world or hierarchy(), 0, list(children), share=share)
    return seen.full.item(), seen.fraction.item()


A, B, C, D = torch.eye(4, dtype=torch.float64)
A_AND_B = HALF * (A + B)  # a latent along it, with encoder s B / HALF, says s about A


def says(share):
    return share * B / HALF


@pytest.mark.parametrize("mu", [0.5, 1.0, 2.0])
def test_the_share_is_one_of_what_the_sample_holds_of_the_parent(mu):
    """The child's latent says .3 or .5 of the parent, whatever their magnitude: .4 lies between."""
    rows, world = torch.stack([A, A_AND_B]), hierarchy(mu=mu)
    assert absorbed(rows, torch.stack([A - B, says(0.3)]), world) == (0, 0)
    assert absorbed(rows, torch.stack([A - B, says(0.5)]), world) == (1, 1)
    assert absorbed(rows, torch.stack([A - 0.7 * B, says(0.3)]), world) == (0, 0)
    assert absorbed(rows, torch.stack([A - 0.5 * B, says(0.5)]), world) == pytest.approx((0, 0.5))


def test_exactly_the_share_is_enough():
    """A row of four halves says exactly one half."""
    rows = torch.stack([A, (A + B + C + D) / 2])
    assert absorbed(rows, torch.stack([A - B, B]), share=0.5) == (1, 1)
    assert absorbed(rows, torch.stack([A - B, 0.999 * B]), share=0.5) == (0, 0)


def test_a_dead_latent_is_nobodys_own():
    """The first latent points at the parent and never fires; of those that live the second is nearest to it."""
    near = normalize(A + 0.2 * C, dim=0)
    seen = measure_absorption(
        encoding(torch.stack([A, near, A_AND_B]), torch.stack([-A, A, 0 * A])), hierarchy(), 0, [1]
    )
    assert (seen.own.item(), seen.full.item()) == (1, 0)
    assert seen.cosine.item() == pytest.approx(1 / math.sqrt(1.04))


def test_full_absorption_asks_for_one_latent_and_its_fraction_for_their_sum():
    rows = torch.stack([A, A_AND_B, A_AND_B])
    assert absorbed(rows, torch.stack([A - B, says(0.3), says(0.3)])) == (0, 1)


def test_what_is_said_twice_is_capped_at_what_is_missing():
    rows = torch.stack([A, A_AND_B])
    assert absorbed(rows, torch.stack([A - 0.5 * B, says(1.0)])) == pytest.approx((0, 0.5))
    assert absorbed(rows, torch.stack([A, says(1.0)])) == (0, 0)  # nothing is missing
    assert absorbed(rows, torch.stack([1.2 * A, says(1.0)])) == (0, 0)  # or less than nothing


def test_the_own_latent_does_not_stand_in_for_itself():
    assert absorbed(A_AND_B[None], says(0.5)[None]) == (0, 0)


def test_what_points_at_the_parent_alone_or_at_the_child_alone_stands_in_for_nobody():
    rows = torch.stack([A, A, B])  # the second is a copy of the parent's own
    assert absorbed(rows, torch.stack([A - B, B, B])) == (0, 0)


def uneven():
    """A parent with two children of which at most one fires: B in a tenth of its samples, C in three."""
    return World(Hierarchy((-1, 0, 0), (0.5, 0.1, 0.3), exclusive=[(1, 2)]))


def test_samples_count_by_their_probability():
    a, b, _ = torch.eye(3, dtype=torch.float64)
    rows = torch.stack([a, HALF * (a + b)])
    assert absorbed(rows, torch.stack([a - b, b / HALF]), uneven(), (1, 2)) == pytest.approx((0.25, 0.25))


def test_a_latent_stands_in_where_its_own_child_fires():
    """The latent of A and B also fires with C, but C is not what it points at."""
    a, b, c = torch.eye(3, dtype=torch.float64)
    rows = torch.stack([a, HALF * (a + b)])
    assert absorbed(rows, torch.stack([a - c, (b + c) / HALF]), uneven(), (1, 2)) == (0, 0)


@pytest.mark.parametrize(("length", "full"), [(1.0, 1.0), (0.999, 0.0)])
def test_a_cosine_of_exactly_a_tenth_is_enough_to_stand_in(length, full):
    """Of a row of a hundred ones, each entry is a tenth of its length, and that exactly."""
    assert ABSORBING_COSINE == 0.1
    axes, rows = torch.eye(100, dtype=torch.float64), torch.ones(2, 100, dtype=torch.float64)
    rows[0], rows[1, 0] = axes[0], length
    encoder = torch.stack([axes[0] - axes[1], 10 * axes[1]])
    assert absorbed(rows, encoder, hierarchy(n_others=98, p_others=0.0))[0] == pytest.approx(full)
