"""The oracle against brute force, against sampling and against itself."""

import math

import numpy as np
import pytest
import torch
from scipy.optimize import minimize

from toysae import oracle, worlds


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
    z = oracle.codes(x, dictionary, l1_coeff)
    assert (z >= 0).all()
    ours = oracle.code_loss(x, dictionary, z, l1_coeff)
    reference = [by_brute_force(point.numpy(), dictionary.numpy(), l1_coeff) for point in x]
    assert ours.numpy() == pytest.approx(reference, abs=1e-5)


def test_both_solvers_agree():
    generator = torch.Generator().manual_seed(3)
    dictionaries = torch.nn.functional.normalize(torch.randn(40, 8, 5, generator=generator).double(), dim=2)
    x = torch.rand(20, 5, generator=generator).double()
    gram, linear = dictionaries @ dictionaries.transpose(1, 2), x @ dictionaries.transpose(1, 2) - 0.1
    answers = [solve(gram, linear, 5) for solve in (oracle._codes_by_enumeration, oracle._codes_by_entering)]
    assert torch.allclose(*answers, atol=1e-7)


def test_codes_of_repeated_rows_are_found():
    dictionary = torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    z = oracle.codes(torch.tensor([[1.0, 0.5]]), dictionary, 0.1)
    assert torch.allclose(z @ dictionary.double(), torch.tensor([[0.9, 0.4]]).double())


def test_atoms_and_composites_cost_what_the_algebra_says():
    """m features at once: m (lambda - lambda^2 / 2) in atoms, sqrt(m) lambda - lambda^2 / 2 in one composite."""
    for m in (2, 3, 5):
        for l1_coeff in (0.05, 0.3):
            world = worlds.bundles(1, m)
            atoms = oracle.dictionary_loss(world.features, world, l1_coeff).item()
            composite = oracle.dictionary_loss(world.composites(), world, l1_coeff).item()
            assert atoms == pytest.approx(m * (l1_coeff - l1_coeff**2 / 2))
            assert composite == pytest.approx(math.sqrt(m) * l1_coeff - l1_coeff**2 / 2, rel=1e-6)


def test_composites_of_a_world_without_spread_attain_the_radial_bound():
    world = worlds.groups(4)
    assert oracle.dictionary_loss(world.composites(), world, 0.1).item() == pytest.approx(
        oracle.radial_bound(world, 0.1), rel=1e-5
    )


@pytest.mark.parametrize("sigma", [0.0, 0.4])
def test_no_dictionary_goes_below_the_radial_bound(sigma):
    world = worlds.two_of_three(sigma=sigma)
    generator = torch.Generator().manual_seed(0)
    dictionaries = torch.nn.functional.normalize(torch.randn(40, 6, 3, generator=generator), dim=2)
    for l1_coeff in (0.01, 0.5, 3.0):  # at 3.0 samples are shorter than lambda: nothing is written
        losses = oracle.dictionary_loss(dictionaries, world, l1_coeff)
        assert (losses >= oracle.radial_bound(world, l1_coeff) - 1e-9).all()


def test_the_radial_bound_of_short_samples_is_half_their_square():
    world = worlds.k_of_n(2, 1, mu=0.3)
    assert oracle.radial_bound(world, 0.5) == pytest.approx(0.3**2 / 2)
    assert oracle.radial_bound(world, 0.1) == pytest.approx(0.1 * 0.3 - 0.1**2 / 2)


def test_the_decoder_bias_shifts_the_data():
    world = worlds.two_of_three()
    mean = torch.full((3,), 2 / 3)
    nothing = torch.eye(3)[:1]
    with_bias = oracle.dictionary_loss(nothing, world, 10.0, decoder_bias=mean).item()
    assert with_bias == pytest.approx((2 * (1 / 3) ** 2 + (2 / 3) ** 2) / 2)  # all that is left is half the variance


def test_an_empty_dictionary_leaves_everything_out():
    world = worlds.k_of_n(3, 1, mu=2.0)
    assert world.composites().shape == (0, 3)
    assert oracle.dictionary_loss(world.composites(), world, 0.1).item() == pytest.approx(2.0)


def test_a_stack_of_dictionaries_costs_what_each_costs():
    world = worlds.two_of_three(sigma=0.2)
    both = torch.stack([world.features, world.composites()])
    together = oracle.dictionary_loss(both, world, 0.1)
    apart = [oracle.dictionary_loss(each, world, 0.1).item() for each in both]
    assert together.tolist() == pytest.approx(apart)


@pytest.mark.parametrize("sigma", [0.1, 0.8, 3.0])
def test_magnitude_levels_have_the_exact_mean_and_approach_the_variance(sigma):
    world = worlds.k_of_n(1, 1, sigma=sigma)
    mean, deviation = world.magnitude_moments()
    for n_levels in (2, 7, 400):
        levels = np.array(oracle.magnitude_levels(1.0, sigma, n_levels))
        assert levels.mean() == pytest.approx(mean)
        assert (np.diff(levels) >= 0).all()
        assert (levels >= 0).all()
    assert levels.std() == pytest.approx(deviation, rel=5e-3)


def test_the_quantile_grid_agrees_with_sampling():
    world = worlds.k_of_n(4, 2, sigma=0.3)
    dictionary = torch.nn.functional.normalize(torch.rand(4, 4, generator=torch.Generator().manual_seed(2)), dim=1)
    x = world.inputs(world.sample(20_000, torch.Generator().manual_seed(5))).double()
    sampled = oracle.code_loss(x, dictionary.double(), oracle.codes(x, dictionary, 0.1), 0.1)
    on_the_grid = oracle.dictionary_loss(dictionary, world, 0.1).item()
    assert on_the_grid == pytest.approx(sampled.mean().item(), rel=0.03)
    activations, probabilities = oracle.quantile_grid(world, 7)
    assert probabilities.sum().item() == pytest.approx(1)
    rates = probabilities @ (activations > 0).double()
    assert torch.allclose(rates, world.firing.rates())


def test_a_world_too_large_for_a_grid_is_sampled_always_the_same():
    world = worlds.independent([0.1] * 40, sigma=0.1)
    points, probabilities = oracle.finite_data(world)
    assert torch.equal(points, oracle.finite_data(world)[0])
    assert probabilities.sum().item() == pytest.approx(1)
    assert (points > 0).double().mean().item() == pytest.approx(0.1, abs=0.005)
    assert oracle.affordable_levels(worlds.k_of_n(10, 5, sigma=0.1)) == 2
    assert oracle.affordable_levels(worlds.k_of_n(10, 5)) == 1


def test_a_grid_that_gets_too_long_is_refused_by_name():
    with pytest.raises(ValueError, match=r"n_levels is 50, which gives .* allowed"):
        oracle.quantile_grid(worlds.k_of_n(6, 4, sigma=0.1), 50)


@pytest.mark.parametrize(
    ("x", "dictionary", "l1_coeff", "named"),
    [
        (torch.zeros(2, 3), torch.zeros(2, 4), 0.1, "dictionary has shape"),
        (torch.zeros(3), torch.zeros(2, 3), 0.1, "dictionary has shape"),
        (torch.zeros(2, 3), torch.zeros(2, 3), -0.1, "l1_coeff is -0.1"),
        (torch.zeros(2, 3), torch.zeros(2, 3), float("nan"), "l1_coeff is nan"),
    ],
)
def test_wrong_input_is_refused_by_name(x, dictionary, l1_coeff, named):
    with pytest.raises(ValueError, match="allowed") as refusal:
        oracle.codes(x, dictionary, l1_coeff)
    assert str(refusal.value).startswith(named)
