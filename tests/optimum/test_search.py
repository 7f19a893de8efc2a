"""The search for dictionaries against brute force, against known optima and against itself."""

import math

import pytest
import torch

from toysae.optimum import search
from toysae.optimum.codes import batch_codes, dictionary_loss, radial_bound
from toysae.optimum.search import (
    N_POLISHED,
    Search,
    _revive,
    _sweep,
    alternate,
    amortisation_gap,
    best_dictionary,
    dictionary_gap,
    polish,
    search_dictionaries,
    starting_rows,
)
from toysae.saes.stack import ReluL1, untrained
from toysae.saes.starts import positive_rows
from toysae.worlds.directions import random_rotation
from toysae.worlds.finite import finite_data
from toysae.worlds.firings import Patterns
from toysae.worlds.named_worlds import (
    groups,
    independent,
    k_of_n,
    product,
    two_of_three,
)
from toysae.worlds.world import World


def unit_rows(seed, *shape):
    generator = torch.Generator().manual_seed(seed)
    return torch.nn.functional.normalize(torch.randn(shape, generator=generator, dtype=torch.float64), dim=-1)


def pair(p_a, p_b, p_both):
    """Two features: how often A fires alone, B alone, and both, up to a common factor."""
    weights = torch.tensor([p_a, p_b, p_both], dtype=torch.float64)
    return World(Patterns([[1, 0], [0, 1], [1, 1]], weights / weights.sum()))


def lowest_over_all_angles(world, l1_coeff, n_angles=180):
    """Every dictionary of two unit rows in the plane, angles on a grid all around."""
    angles = torch.arange(n_angles, dtype=torch.float64) * 2 * math.pi / n_angles
    rows = torch.stack([angles.cos(), angles.sin()], dim=1)
    first, second = torch.triu_indices(n_angles, n_angles)
    return dictionary_loss(torch.stack([rows[first], rows[second]], dim=1), world, l1_coeff).min().item()


@pytest.mark.parametrize("l1_coeff", [0.02, 0.1, 0.4])
@pytest.mark.parametrize(
    "rates",
    [(0.5, 0, 0.5), (0.5, 0.05, 1), (0.5, 0.4, 1), (0, 0, 1), (0.1, 0.1, 1), (1, 1, 1), (2, 1, 0.1)],
)
def test_the_best_dictionary_of_two_features_is_that_of_brute_force_over_angles(rates, l1_coeff):
    world = pair(*rates)
    dictionary, loss = best_dictionary(world, 2, l1_coeff, n_starts=15)
    brute = lowest_over_all_angles(world, l1_coeff)
    assert loss <= brute + 1e-9
    assert loss >= brute - 4e-4  # at a minimum half a step of the grid, a degree, costs at most about its square
    assert dictionary_loss(dictionary, world, l1_coeff).item() == pytest.approx(loss)
    assert torch.allclose(dictionary.norm(dim=1), torch.ones(2, dtype=torch.float64))


@pytest.mark.parametrize(
    ("world", "n_latents"),
    [
        (two_of_three(), 3),
        (two_of_three(), 5),
        (k_of_n(6, 2), 15),
        (product([3, 3]), 9),
        (groups(4, features=random_rotation(12, 16, torch.Generator().manual_seed(1))), 12),
    ],
)
def test_with_a_latent_per_pattern_the_best_dictionary_attains_the_radial_bound(world, n_latents):
    _, loss = best_dictionary(world, n_latents, 0.1, n_starts=10)
    assert loss == pytest.approx(radial_bound(world, 0.1), rel=1e-9)


def test_the_best_dictionary_of_a_product_is_neither_atoms_nor_pairs():
    world = product([3, 3])
    found = search_dictionaries(world, 6, 0.1, n_starts=40)
    atoms = dictionary_loss(world.features, world, 0.1).item()
    assert found.losses[0] < atoms - 0.01
    nearest = (found.dictionaries[0] @ torch.cat([world.features, world.composites()]).double().T).amax(dim=1)
    assert nearest.min() < 0.95


def test_polishing_never_raises_the_loss_and_ends_where_no_turn_helps():
    world = k_of_n(5, 2, sigma=0.2)
    points, probabilities = finite_data(world)
    start = unit_rows(4, 5, 5).abs()
    end, loss = polish(start, points, probabilities, 0.1)
    assert loss < dictionary_loss(start, world, 0.1)
    assert (end.norm(dim=1) - 1).abs().max() < 1e-14
    turned = torch.nn.functional.normalize(end + 1e-3 * unit_rows(5, 40, 5, 5), dim=2)
    assert (dictionary_loss(turned, world, 0.1) > loss - 1e-9).all()


def test_the_best_of_a_search_are_polished_since_alternating_alone_does_not_arrive():
    world, l1_coeff, n_starts = independent([0.3] * 3), 1e-3, N_POLISHED + 2
    points, probabilities = finite_data(world)
    started = starting_rows(world, 3, n_starts, torch.Generator().manual_seed(0))
    losses = dictionary_loss(alternate(started, points, probabilities, l1_coeff), world, l1_coeff).sort().values
    found = search_dictionaries(world, 3, l1_coeff, n_starts=n_starts)
    left = [polish(rows, points, probabilities, l1_coeff)[1] for rows in found.dictionaries[:N_POLISHED]]
    assert found.losses[:N_POLISHED].tolist() == pytest.approx(left, abs=1e-9)
    assert (losses - found.losses).max() > 1e-4  # there was something to gain
    assert torch.equal(found.losses, found.losses.sort().values)


def test_the_best_are_the_ones_that_are_polished(monkeypatch):
    world, polished = product([3, 3]), []

    def as_it_is(rows, *_):
        polished.append(dictionary_loss(rows, world, 0.1).item())
        return rows, polished[-1]

    monkeypatch.setattr(search, "polish", as_it_is)
    found = search_dictionaries(world, 6, 0.1, n_starts=20)
    assert len(polished) == N_POLISHED
    assert sorted(polished) == pytest.approx(found.losses[:N_POLISHED].tolist(), abs=1e-12)
    assert found.losses[-1] > found.losses[0] + 1e-3


def test_alternating_arrives_where_the_minimum_is_a_sharp_one():
    world = k_of_n(5, 2, sigma=0.2)
    points, probabilities = finite_data(world)
    started = starting_rows(world, 5, 5, torch.Generator().manual_seed(0))
    for rows in alternate(started, points, probabilities, 0.1):
        loss = dictionary_loss(rows, world, 0.1).item()
        assert polish(rows, points, probabilities, 0.1)[1] == pytest.approx(loss, abs=1e-12)


def test_idle_latents_are_aimed_at_what_costs_most_above_its_bound():
    """Three points at right angles. The first has its latent; of the others the second is the likelier."""
    axes = torch.eye(3, dtype=torch.float64)
    points, probabilities = (
        torch.tensor([1.0, 2.0, 3.0]).double()[:, None] * axes,
        torch.tensor([0.3, 0.6, 0.1]).double(),
    )
    rows = torch.stack([axes[0], -axes[0], -axes[1], -axes[2]])[None].clone()
    served = torch.stack([axes[0], axes[1], axes[2], axes[0]])[None].clone()
    both = torch.cat([rows, served])
    z = batch_codes(points, both, 0.1)
    assert _revive(both, z, points, probabilities, 0.1).tolist() == [True, False]
    assert torch.equal(both[0], torch.stack([axes[0], axes[1], axes[2], -axes[2]]))  # the last has nothing to gain
    assert torch.equal(both[1], served[0])


def test_a_dictionary_that_no_point_uses_is_put_to_use():
    world = two_of_three()
    points, probabilities = finite_data(world)
    away = -world.composites().double()[None]
    found = alternate(away, points, probabilities, 0.1)
    assert dictionary_loss(found, world, 0.1).item() == pytest.approx(radial_bound(world, 0.1), rel=1e-9)


def test_starts_are_of_five_kinds_in_turn():
    world = two_of_three()
    features, composites = world.features.double(), world.composites().double()
    starts = starting_rows(world, 6, 10, torch.Generator().manual_seed(0))
    for turn in (starts[:5], starts[5:]):
        assert (turn[0] >= 0).all() and (turn[0] @ features.T).amax(dim=1).min() < 0.9
        for start, near in ((turn[1], features), (turn[2], composites), (turn[3], torch.cat([features, composites]))):
            cosines = start @ near.T
            assert cosines.amax(dim=0).min() > 0.99 and cosines.amax(dim=1).min() > 0.99  # each has its rows
        assert turn[4].min() < -0.3
    assert not torch.allclose(starts[:5], starts[5:], atol=1e-3)
    lonely = starting_rows(k_of_n(3, 1), 3, 3, torch.Generator().manual_seed(0))  # where there are no composites
    assert (lonely[2] @ features.T).amax(dim=1).min() > 0.99


def test_sweeps_never_raise_the_loss_at_the_activations_they_keep():
    world = k_of_n(5, 2)
    points, probabilities = finite_data(world)
    rows = unit_rows(6, 20, 7, 5)
    z = batch_codes(points, rows, 0.1).transpose(1, 2).contiguous()
    before = torch.full((20,), math.inf, dtype=torch.float64)
    for _ in range(15):
        residual = points - z.transpose(1, 2) @ rows
        losses = (residual.square().sum(dim=2) / 2 + 0.1 * z.sum(dim=1)) @ probabilities
        assert (losses <= before + 1e-12).all()
        before = losses
        _sweep(rows, z, points, probabilities, 0.1)


def test_a_search_comes_out_the_same_again_and_sorted():
    world = k_of_n(4, 2, sigma=0.1)
    first, again = (
        search_dictionaries(world, 4, 0.1, n_starts=7, generator=torch.Generator().manual_seed(5)) for _ in range(2)
    )
    assert torch.equal(first.dictionaries, again.dictionaries)
    assert torch.equal(first.losses, first.losses.sort().values)
    assert torch.allclose(dictionary_loss(first.dictionaries, world, 0.1), first.losses, atol=1e-12)
    assert best_dictionary(world, 4, 0.1)[1] == best_dictionary(world, 4, 0.1)[1]


def test_agreeing_counts_the_starts_that_reach_the_best_loss():
    search = Search(torch.zeros(4, 1, 1), torch.tensor([0.1, 0.1 * (1 + 1e-6), 0.1001, 0.2]))
    assert search.agreeing() == 2
    assert search.agreeing(tolerance=0.01) == 3


def a_stack(world, decoder_bias):
    rows = positive_rows(world, 4, seeds=range(5))
    stack = untrained(ReluL1(0.1), rows, list(range(5)), decoder_bias=decoder_bias)
    if decoder_bias:
        stack.parameters["b_dec"][:] = 0.1
    return stack


@pytest.mark.parametrize("decoder_bias", [False, True])
def test_no_encoder_beats_exact_codes(decoder_bias):
    world = two_of_three(sigma=0.3)
    stack = a_stack(world, decoder_bias)
    gap = amortisation_gap(stack, world, 0.1)
    assert gap.shape == (5,)
    assert (gap > 0).all()
    points, probabilities = finite_data(world)
    exact = dictionary_loss(stack.W_dec, world, 0.1, decoder_bias=stack.b_dec)
    assert torch.allclose(gap + exact, stack.double().losses(points, probabilities))


def test_an_encoder_that_gives_exact_codes_has_no_amortisation_gap():
    world = two_of_three(sigma=0.3)
    stack = untrained(ReluL1(0.1), torch.eye(3)[None], [0], decoder_bias=False)
    stack.parameters["b_enc"][:] = -0.1  # atoms at right angles: relu(x - lambda) is the exact code
    assert amortisation_gap(stack, world, 0.1).item() == pytest.approx(0, abs=1e-7)


def test_no_dictionary_beats_the_best_known_one():
    world = k_of_n(4, 2)
    stack = a_stack(world, decoder_bias=False)
    best, loss = best_dictionary(world, 4, 0.1, n_starts=20)
    gap = dictionary_gap(stack, world, 0.1, loss)
    assert (gap > 0.001).all()
    ideal = untrained(ReluL1(0.1), best.float()[None], [0], decoder_bias=False)
    assert dictionary_gap(ideal, world, 0.1, loss).item() == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("named", ["n_latents", "n_starts"])
def test_a_search_of_nothing_is_refused_by_name(named):
    with pytest.raises(ValueError, match=f"{named} is 0: allowed"):
        search_dictionaries(two_of_three(), **{"n_latents": 3, "l1_coeff": 0.1, "n_starts": 5, named: 0})
