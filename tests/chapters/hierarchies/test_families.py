"""What a hierarchy does to the parent's latent, on planted dictionaries; and the direction of hedging."""

import math

import pytest
import torch
from torch.nn.functional import normalize

from toysae.chapters.hierarchies import families
from toysae.chapters.hierarchies.families import (
    best_weakening,
    doubled,
    hedging_angle,
    hedging_direction,
    median_sae,
    on_the_diagonal,
    own_latent,
    recall,
    watch,
)
from toysae.optimum.codes import batch_codes, best_codes, dictionary_loss
from toysae.optimum.formulas import tilt, top_eigenvector_angle
from toysae.saes.stack import ReluL1, Stack, untrained
from toysae.saes.starts import initial_rows
from toysae.worlds.finite import finite_activations, finite_data, quantile_grid
from toysae.worlds.named_worlds import hierarchy, tree

PAIR = hierarchy(n_others=0)
ATOMS = torch.eye(2).double()
ABSORBING = normalize(torch.tensor([[1.0, 0.0], [1.0, 1.0]]).double(), dim=1)


def weakening(rows, world=PAIR, l1_coeff=0.01):
    rows = rows[None]
    return families.weakening(batch_codes(finite_data(world)[0], rows, l1_coeff), rows, world)


def test_a_child_does_not_weaken_the_latent_of_its_parent_among_atoms():
    assert weakening(ATOMS).item() == pytest.approx(0, abs=1e-12)


def test_the_sum_of_parent_and_child_silences_the_latent_of_the_parent():
    assert weakening(ABSORBING).item() == pytest.approx(1)


@pytest.mark.parametrize("degrees", [5.0, 20.0, 40.0])
def test_a_leaning_row_weakens_it_by_the_tangent_of_its_angle(degrees):
    lean = math.radians(degrees)
    leaning = torch.tensor([[1.0, 0.0], [math.sin(lean), math.cos(lean)]]).double()
    assert weakening(leaning, l1_coeff=0.0).item() == pytest.approx(math.tan(lean))


def test_weakening_does_not_depend_on_the_order_of_latents():
    rows = ABSORBING + 0.1 * torch.tensor([[0.0, 0.3], [-1.0, 1.0]])
    assert weakening(rows).item() == pytest.approx(weakening(rows.flip(0)).item())


def test_weakening_is_a_mean_over_magnitudes():
    world = hierarchy(n_others=0, sigma=torch.tensor([0.3, 0.0]))
    codes = best_codes(finite_data(world)[0], ABSORBING, 0.01)
    activations, weights = finite_activations(world)
    together = (activations > 0).all(dim=1)
    alone = (activations[:, 0] > 0) & ~together
    means = [(codes[where, 0] * weights[where]).sum() / weights[where].sum() for where in (together, alone)]
    assert weakening(ABSORBING, world).item() == pytest.approx(1 - float(means[0] / means[1]))


def test_weakening_can_be_asked_for_on_a_finer_grid():
    world = hierarchy(n_others=0, sigma=torch.tensor([0.1, 0.0]))
    data = quantile_grid(world, 49)
    codes = batch_codes(world.inputs(data[0]), ABSORBING[None], 0.01)
    finer = families.weakening(codes, ABSORBING[None], world, data=data)
    assert finer.item() == pytest.approx(weakening(ABSORBING, world).item(), abs=0.01)


def test_a_latent_that_is_silent_without_the_child_cannot_be_weakened():
    z = torch.zeros(1, 3, 2).double()
    assert families.weakening(z, ATOMS[None], PAIR).isnan().all()


def test_a_dead_latent_is_not_the_parents():
    rows = torch.tensor([[1.0, 0.0], [0.9, 0.1]]).double()[None]
    z = torch.tensor([[[0.0, 0.0], [0.0, 1.0], [0.0, 0.5]]]).double()
    assert own_latent(z, rows, PAIR.features).item() == 1


@pytest.mark.parametrize("p_child", [0.05, 0.2, 0.6, 0.95])
def test_one_child_bends_the_single_latent_by_the_closed_form(p_child):
    world = hierarchy(p_child=p_child, n_others=0)
    row = hedging_direction(world)
    angle = top_eigenvector_angle(0.25 * (1 - p_child), 0.25 * p_child)
    assert math.atan2(row[1], row[0]) == pytest.approx(angle)


def test_no_single_row_of_a_family_is_cheaper_at_a_vanishing_price():
    family = tree(n_parents=1, n_others=0)
    row = hedging_direction(family)
    others = torch.randn(200, 1, 4, generator=torch.Generator().manual_seed(0)).double().abs()
    losses = dictionary_loss(normalize(others, dim=2), family, 1e-9)
    assert dictionary_loss(row[None], family, 1e-9) < losses.min()


def test_a_sum_of_two_features_is_on_no_diagonal():
    live = torch.ones(3, 2, dtype=torch.bool)
    live[2, 0] = False
    rows = torch.stack([ATOMS.flip(0), ABSORBING, ATOMS])
    assert on_the_diagonal(rows, live, PAIR, bar=0.9).tolist() == [2, 1, 1]


def test_a_bar_just_below_the_cosine_of_a_sum_lets_composites_pass():
    live = torch.ones(1, 2, dtype=torch.bool)
    assert on_the_diagonal(ABSORBING[None], live, PAIR, bar=0.7).item() == 2
    assert on_the_diagonal(ABSORBING[None], live, PAIR, bar=0.71).item() == 1


def planted(rows, encoder, world=PAIR):
    """What is seen of one SAE with these decoder rows and encoder weights (n_latents, 2), no biases."""
    parameters = {
        "W_dec": rows[None],
        "W_enc": encoder.T[None].contiguous(),
        "b_enc": torch.zeros(1, len(rows)).double(),
    }
    return watch(Stack(ReluL1(0.01), parameters, (0,)), world, 0.95)


def kinds(seen):
    """Which of the four rules hold."""
    rules = ("finds_features", "absorbs", "absorbs_partly", "keeps_apart")
    return [rule for rule in rules if getattr(seen, rule).item()]


def test_atoms_with_their_own_encoder_are_kept_apart():
    assert kinds(planted(ATOMS, ATOMS)) == ["finds_features", "keeps_apart"]


def test_a_parent_with_a_hole_is_absorbed():
    hole = torch.tensor([[1.0, -1.0], [0.0, math.sqrt(2)]]).double()
    assert kinds(planted(ABSORBING, hole)) == ["absorbs"]


def test_half_a_hole_is_partial_absorption():
    half = torch.tensor([[1.0, -0.5], [0.0, 1.0]]).double()
    assert kinds(planted(ABSORBING, half)) == ["absorbs_partly"]


def test_absorbing_rows_without_a_hole_absorb_nothing():
    """The decoder alone does not tell: with a tied encoder the parent's latent fires more strongly with the child."""
    assert kinds(planted(ABSORBING, ABSORBING)) == []


def test_a_turned_pair_has_no_latent_for_the_parent():
    turned = normalize(torch.tensor([[1.0, 1.0], [1.0, -1.0]]).double(), dim=1)
    seen = planted(turned, turned)
    assert kinds(seen) == []
    assert seen.has(0, 1).item()
    assert not seen.has(0).item()


def test_doubles_are_live_latents_with_one_row():
    rows = torch.stack([ATOMS, ATOMS[:1].expand(2, 2), ATOMS[:1].expand(2, 2)])
    live = torch.tensor([[True, True], [True, True], [True, False]])
    assert doubled(rows, live).tolist() == [False, True, False]


def test_the_median_sae_has_all_latents_live_where_one_has():
    world = hierarchy(n_others=0)
    rows = initial_rows("positive", world, 2, range(5))
    start = untrained(ReluL1(0.01), rows, range(5), decoder_bias=False).double()
    start.parameters["b_enc"][[0, 2, 4], 0] = -9  # dead
    seen = watch(start, world, 0.95).seen
    assert seen.all_live.tolist() == [False, True, False, True, False]
    assert median_sae(seen) == min((1, 3), key=lambda i: seen.losses[i])


@pytest.mark.parametrize("alone", [0.0, 0.02, 0.3])
def test_the_best_weakening_is_full_without_a_leak_and_small_with_much_of_it(alone):
    leak = 0.05 * alone / ((1 - alone) * 0.75)
    world = hierarchy(n_others=0, leak=leak)
    weaker = best_weakening(world, world.support(), 0.01)
    first_order = tilt(0.01, 0.05, 0.75 * leak) if leak else math.inf
    assert weaker == pytest.approx(min(first_order, 1.0), abs=0.1)


def test_the_hedging_angle_goes_to_the_closed_form_and_grows_with_the_price():
    angles = [hedging_angle(0.2, 0.05, price) for price in (0.0, 0.1, 0.3)]
    assert angles[0] == pytest.approx(top_eigenvector_angle(0.2, 0.05), abs=1e-4)
    assert angles == sorted(set(angles))


@pytest.mark.parametrize("price", [0.05, 0.5])
def test_no_other_single_row_is_cheaper_than_at_the_hedging_angle(price):
    world = hierarchy(n_others=0)
    best = hedging_angle(0.2, 0.05, price)
    turns = torch.cat([torch.tensor([best]), torch.linspace(-0.5, 2.0, 101)]).double()
    losses = dictionary_loss(torch.stack([turns.cos(), turns.sin()], dim=1)[:, None], world, price)
    assert losses[0] <= losses.min() + 1e-9


def test_recall_counts_where_the_childs_firing_silences_the_parent():
    hole = torch.tensor([[1.0, -1.0], [0.0, math.sqrt(2)]]).double()
    for encoder, expected in ((ATOMS, 1.0), (hole, 0.0)):
        parameters = {
            "W_dec": ABSORBING[None],
            "W_enc": encoder.T[None].contiguous(),
            "b_enc": torch.zeros(1, 2).double(),
        }
        assert recall(Stack(ReluL1(0.0), parameters, (0,)), PAIR, 0, [1]).item() == expected
