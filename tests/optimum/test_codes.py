"""The oracle against brute force, against sampling and against itself."""

import itertools
import math

import numpy as np
import pytest
import torch
from scipy.optimize import minimize
from sklearn.linear_model import Lasso

from toysae.optimum import codes
from toysae.optimum.codes import Coded, batch_codes, best_codes, code_loss, dictionary_loss, radial_bound, sample_losses
from toysae.saes.stack import untrained
from toysae.saes.starts import random_sign_rows
from toysae.worlds.finite import finite_data
from toysae.worlds.named_worlds import (
    bundles,
    groups,
    k_of_n,
    two_of_three,
)


def by_brute_force(x, dictionary, l1_coeff):
    """The lowest loss of one sample that a general-purpose bounded optimiser finds."""

    def loss(z):
        error = x - z @ dictionary
        return error @ error / 2 + l1_coeff * z.sum(), -dictionary @ error + l1_coeff

    free = minimize(loss, np.full(len(dictionary), 0.5), jac=True, bounds=[(0, None)] * len(dictionary), tol=1e-14)
    return free.fun


@pytest.mark.parametrize(("n_latents", "d_in"), [(1, 3), (3, 3), (5, 3), (8, 4), (12, 5), (9, 9)])
@pytest.mark.parametrize("l1_coeff", [0.01, 0.2])
def test_codes_are_as_good_as_brute_force(n_latents, d_in, l1_coeff):
    generator = torch.Generator().manual_seed(n_latents)
    dictionary = torch.nn.functional.normalize(torch.randn(n_latents, d_in, generator=generator).double(), dim=1)
    x = torch.randn(6, d_in, generator=generator).double()
    z = best_codes(x, dictionary, l1_coeff)
    assert (z >= 0).all()
    ours = code_loss(x, dictionary, z, l1_coeff)
    reference = [by_brute_force(point.numpy(), dictionary.numpy(), l1_coeff) for point in x]
    assert ours.numpy() == pytest.approx(reference, abs=1e-5)


def unit_rows(seed, *shape):
    generator = torch.Generator().manual_seed(seed)
    return torch.nn.functional.normalize(torch.randn(shape, generator=generator, dtype=torch.float64), dim=-1)


@pytest.mark.parametrize(("n_latents", "d_in", "l1_coeff"), [(6, 4, 0.1), (20, 8, 0.02), (28, 8, 0.5)])
def test_codes_of_many_dictionaries_are_those_of_coordinate_descent(n_latents, d_in, l1_coeff):
    dictionaries, points = unit_rows(3, 5, n_latents, d_in), 2 * unit_rows(4, 20, d_in)
    ours = sample_losses(points, dictionaries, l1_coeff)
    lasso = Lasso(alpha=l1_coeff / d_in, positive=True, fit_intercept=False, tol=1e-12, max_iter=1_000_000)
    for dictionary, losses in zip(dictionaries, ours, strict=True):
        z = torch.from_numpy(lasso.fit(dictionary.T.numpy(), points.T.numpy()).coef_)
        assert torch.allclose(losses, code_loss(points, dictionary, z, l1_coeff), atol=1e-9)


def test_codes_are_the_best_of_all_sets_of_active_latents():
    dictionary, points = unit_rows(5, 5, 3), unit_rows(6, 30, 3).abs()
    lowest = points.square().sum(dim=1) / 2
    for size in (1, 2, 3):
        for active in map(list, itertools.combinations(range(5), size)):
            rows = dictionary[active]
            z = torch.linalg.solve(rows @ rows.T, rows @ points.T - 0.05).T
            losses = code_loss(points, rows, z, 0.05)
            lowest = torch.where((z >= 0).all(dim=1), torch.minimum(lowest, losses), lowest)
    assert torch.allclose(sample_losses(points, dictionary[None], 0.05)[0], lowest, atol=1e-12)


def nearly_dependent_dictionaries():
    """Rows that repeat, rows that are sums of each other, rows that all but coincide."""
    repeated = unit_rows(7, 10, 12, 4).repeat(1, 2, 1)
    sums = torch.randint(0, 2, (10, 24, 4), generator=torch.Generator().manual_seed(8)).double()
    close = unit_rows(9, 10, 1, 4) + 1e-5 * unit_rows(10, 10, 24, 4)
    return torch.nn.functional.normalize(torch.cat([repeated, sums, close]), dim=2)


@pytest.mark.parametrize("l1_coeff", [0.0, 1e-3, 0.1, 1.0])
def test_codes_meet_the_conditions_of_an_optimum_even_for_nearly_dependent_rows(l1_coeff):
    """No active latent wants to move, no silent one wants to enter: an optimum, for the problem is convex."""
    dictionaries = nearly_dependent_dictionaries()
    points = torch.randint(0, 3, (20, 4), generator=torch.Generator().manual_seed(2)).double()
    z = batch_codes(points, dictionaries, l1_coeff)
    pull = (points - z @ dictionaries) @ dictionaries.transpose(1, 2) - l1_coeff
    assert (z >= 0).all()
    assert pull.max() < 1e-6
    assert pull[z > 0].abs().max() < 1e-6


def test_codes_meet_them_too_where_latents_enter_that_leave_again():
    """Crowded rows: some of these problems take more rounds than there are latents."""
    generator = torch.Generator().manual_seed(0)
    rows = torch.rand(600, 5, 3, generator=generator, dtype=torch.float64) ** 3
    dictionaries = torch.nn.functional.normalize(rows, dim=2)
    points = 2 * torch.rand(20, 3, generator=generator, dtype=torch.float64)
    z = batch_codes(points, dictionaries, 0.01)
    pull = (points - z @ dictionaries) @ dictionaries.transpose(1, 2) - 0.01
    assert (z >= 0).all() and pull.max() < 1e-7 and pull[z > 0].abs().max() < 1e-7


def test_each_dictionary_may_have_its_own_penalty_and_its_own_points():
    dictionaries, points = unit_rows(1, 2, 4, 3), unit_rows(2, 2, 6, 3).abs()
    together = batch_codes(points, dictionaries, torch.tensor([0.1, 0.4]))
    for i, l1_coeff in enumerate((0.1, 0.4)):
        assert torch.allclose(together[i], best_codes(points[i], dictionaries[i], l1_coeff), atol=1e-9)


def test_losses_of_many_dictionaries_do_not_depend_on_how_many_are_solved_at_once(monkeypatch):
    world, dictionaries = two_of_three(sigma=0.2), unit_rows(1, 9, 3, 3)
    whole = dictionary_loss(dictionaries, world, 0.1)
    monkeypatch.setattr(codes, "SOLVED_NUMBERS", 1)
    assert torch.allclose(dictionary_loss(dictionaries, world, 0.1), whole, atol=1e-12)


def test_codes_of_repeated_rows_are_found():
    dictionary = torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    z = best_codes(torch.tensor([[1.0, 0.5]]), dictionary, 0.1)
    assert torch.allclose(z @ dictionary.double(), torch.tensor([[0.9, 0.4]]).double())


def test_atoms_and_composites_cost_what_the_algebra_says():
    """m features at once: m (lambda - lambda^2 / 2) in atoms, sqrt(m) lambda - lambda^2 / 2 in one composite."""
    for m in (2, 3, 5):
        for l1_coeff in (0.05, 0.3):
            world = bundles(1, m)
            atoms = dictionary_loss(world.features, world, l1_coeff).item()
            composite = dictionary_loss(world.composites(), world, l1_coeff).item()
            assert atoms == pytest.approx(m * (l1_coeff - l1_coeff**2 / 2))
            assert composite == pytest.approx(math.sqrt(m) * l1_coeff - l1_coeff**2 / 2, rel=1e-6)


def test_composites_of_a_world_without_spread_attain_the_radial_bound():
    world = groups(4)
    assert dictionary_loss(world.composites(), world, 0.1).item() == pytest.approx(radial_bound(world, 0.1), rel=1e-5)


@pytest.mark.parametrize("sigma", [0.0, 0.4])
def test_no_dictionary_goes_below_the_radial_bound(sigma):
    world = two_of_three(sigma=sigma)
    generator = torch.Generator().manual_seed(0)
    dictionaries = torch.nn.functional.normalize(torch.randn(40, 6, 3, generator=generator), dim=2)
    for l1_coeff in (0.01, 0.5, 3.0):  # at 3.0 samples are shorter than lambda: nothing is written
        losses = dictionary_loss(dictionaries, world, l1_coeff)
        assert (losses >= radial_bound(world, l1_coeff) - 1e-9).all()


def test_the_radial_bound_of_short_samples_is_half_their_square():
    world = k_of_n(2, 1, mu=0.3)
    assert radial_bound(world, 0.5) == pytest.approx(0.3**2 / 2)
    assert radial_bound(world, 0.1) == pytest.approx(0.1 * 0.3 - 0.1**2 / 2)


def test_the_decoder_bias_shifts_the_data():
    world = two_of_three()
    mean = torch.full((3,), 2 / 3)
    nothing = torch.eye(3)[:1]
    with_bias = dictionary_loss(nothing, world, 10.0, decoder_bias=mean).item()
    assert with_bias == pytest.approx((2 * (1 / 3) ** 2 + (2 / 3) ** 2) / 2)  # all that is left is half the variance


def test_an_empty_dictionary_leaves_everything_out():
    world = k_of_n(3, 1, mu=2.0)
    assert world.composites().shape == (0, 3)
    assert dictionary_loss(world.composites(), world, 0.1).item() == pytest.approx(2.0)


def test_a_stack_of_dictionaries_costs_what_each_costs():
    world = two_of_three(sigma=0.2)
    both = torch.stack([world.features, world.composites()])
    together = dictionary_loss(both, world, 0.1)
    apart = [dictionary_loss(each, world, 0.1).item() for each in both]
    assert together.tolist() == pytest.approx(apart)


def test_no_dictionaries_at_all_have_no_losses():
    assert dictionary_loss(torch.zeros(0, 3, 3), two_of_three(), 0.1).shape == (0,)


@pytest.mark.parametrize(
    ("named", "wrong"),
    [
        ("dictionary", {"dictionary": torch.zeros(2, 3, 4)}),
        ("l1_coeff", {"l1_coeff": torch.zeros(3)}),
        ("decoder_bias", {"decoder_bias": torch.zeros(3)}),
    ],
)
def test_shapes_that_do_not_match_are_refused_by_name(named, wrong):
    given = {"dictionary": torch.zeros(2, 3, 3), "world": two_of_three(), "l1_coeff": 0.1} | wrong
    with pytest.raises(ValueError, match=f"{named} .*: allowed is"):
        dictionary_loss(**given)


def test_a_single_row_is_no_dictionary():
    with pytest.raises(ValueError, match=r"shape of dictionary is \(3,\): allowed is \(..., n_latents, d_in = 3\)"):
        dictionary_loss(torch.zeros(3), two_of_three(), 0.1)


@pytest.mark.parametrize(
    ("x", "dictionary", "l1_coeff", "named"),
    [
        (torch.zeros(2, 3), torch.zeros(2, 4), 0.1, "the shape of x is (2, 3)"),
        (torch.zeros(3), torch.zeros(2, 3), 0.1, "the shape of x is (3,)"),
        (torch.zeros(2, 3), torch.zeros(2, 3), -0.1, "l1_coeff is -0.1"),
        (torch.zeros(2, 3), torch.zeros(2, 3), float("nan"), "l1_coeff is nan"),
    ],
)
def test_wrong_input_is_refused_by_name(x, dictionary, l1_coeff, named):
    with pytest.raises(ValueError, match="allowed") as refusal:
        best_codes(x, dictionary, l1_coeff)
    assert str(refusal.value).startswith(named)


def test_coded_dictionaries_cost_what_the_oracle_says():
    world, prices = two_of_three(sigma=0.2), torch.tensor([0.05, 0.2]).double()
    rows = random_sign_rows(world, 3, [0, 1])
    stack = untrained(Coded(prices), rows, [0, 1], decoder_bias=False, tied=True).double()
    torch.testing.assert_close(
        stack.losses(*finite_data(world)), dictionary_loss(rows, world, prices), rtol=1e-9, atol=1e-12
    )
    alone = stack[1:2]
    torch.testing.assert_close(alone.losses(*finite_data(world)), stack.losses(*finite_data(world))[1:])
