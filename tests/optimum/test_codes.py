"""The oracle against brute force, against sampling and against itself."""

import itertools
import math

import numpy as np
import pytest
import torch
from scipy.optimize import minimize
from sklearn.linear_model import Lasso

from toysae.optimum import codes
from toysae.optimum.codes import batch_codes, best_codes, code_loss, dictionary_loss, radial_bound, sample_losses
from toysae.optimum.search import (
    Search,
    _sweep,
    amortisation_gap,
    best_dictionary,
    dictionary_gap,
    polish,
    search_dictionaries,
)
from toysae.saes.stack import ReluL1, untrained
from toysae.saes.starts import positive_rows
from toysae.worlds.catalogue import (
    antipodal_plane,
    bundles,
    groups,
    hierarchy,
    independent,
    k_of_n,
    product,
    two_of_three,
)
from toysae.worlds.directions import random_rotation, unit_directions
from toysae.worlds.finite import affordable_levels, finite_activations, finite_data, grid_size, quantile_grid
from toysae.worlds.firings import Patterns
from toysae.worlds.magnitudes import magnitude_levels
from toysae.worlds.world import World


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


@pytest.mark.parametrize("sigma", [0.1, 0.8, 3.0])
def test_magnitude_levels_have_the_exact_mean_and_approach_the_variance(sigma):
    world = k_of_n(1, 1, sigma=sigma)
    mean, deviation = world.magnitude_moments()
    for n_levels in (2, 7, 400):
        levels = np.array(magnitude_levels(1.0, sigma, n_levels))
        assert levels.mean() == pytest.approx(mean)
        assert (np.diff(levels) >= 0).all()
        assert (levels >= 0).all()
    assert levels.std() == pytest.approx(deviation, rel=5e-3)


def test_the_quantile_grid_agrees_with_sampling():
    world = k_of_n(4, 2, sigma=0.3)
    dictionary = torch.nn.functional.normalize(torch.rand(4, 4, generator=torch.Generator().manual_seed(2)), dim=1)
    x = world.inputs(world.sample(20_000, torch.Generator().manual_seed(5))).double()
    sampled = code_loss(x, dictionary.double(), best_codes(x, dictionary, 0.1), 0.1)
    on_the_grid = dictionary_loss(dictionary, world, 0.1).item()
    assert on_the_grid == pytest.approx(sampled.mean().item(), rel=0.03)
    activations, probabilities = quantile_grid(world, 7)
    assert probabilities.sum().item() == pytest.approx(1)
    rates = probabilities @ (activations > 0).double()
    assert torch.allclose(rates, world.firing.rates())


def test_a_world_too_large_for_a_grid_is_sampled_always_the_same():
    world = independent([0.1] * 40, sigma=0.1)
    points, probabilities = finite_data(world)
    assert torch.equal(points, finite_data(world)[0])
    assert probabilities.sum().item() == pytest.approx(1)
    assert (points > 0).double().mean().item() == pytest.approx(0.1, abs=0.005)
    assert affordable_levels(k_of_n(10, 5, sigma=0.1)) == 2
    assert affordable_levels(k_of_n(10, 5)) == 1


def test_only_magnitudes_that_vary_take_levels():
    world = hierarchy(sigma=[0.1, 0, 0, 0], mu=[1.0, 1.0, 2.0, 1.0])
    activations, probabilities = quantile_grid(world, 5)
    still = {0.0, 1.0}, {0.0, 2.0}, {0.0, 1.0}
    assert [set(column.tolist()) for column in activations.T[1:]] == list(still)
    assert set(activations[:, 0].tolist()) == {0.0, *magnitude_levels(1.0, 0.1, 5)}
    assert len(activations) == grid_size(world, 5) == 4 + 4 * 5 + 4 * 5
    assert torch.allclose(probabilities @ activations, world.firing.rates() * world.magnitude_moments()[0])


def test_magnitudes_told_per_feature_have_the_grid_of_those_told_once():
    once, each = k_of_n(3, 2, sigma=0.3), k_of_n(3, 2, sigma=[0.3] * 3)
    for one, other in zip(finite_data(once), finite_data(each), strict=True):
        assert torch.equal(one, other)


@pytest.mark.parametrize("f", [0.0, 0.4, 1.0])
def test_the_grid_of_correlated_magnitudes_has_their_moments(f):
    world = antipodal_plane(f, p_alone=0.4)
    activations, probabilities = quantile_grid(world, 40)
    fires = activations > 0
    both, alone = fires.sum(dim=1) == 2, fires[:, 2] & (fires.sum(dim=1) == 1)
    assert probabilities[both].sum().item() == pytest.approx(0.6)
    first, second = activations[both][:, :2].sum(dim=1), activations[both][:, 2:].sum(dim=1)
    weights = probabilities[both].numpy()
    covariance = np.cov(torch.stack([first, second]).numpy(), aweights=weights, ddof=0)
    assert covariance[0, 0] == pytest.approx(1 / 12, rel=2e-3)
    assert covariance[1, 1] == pytest.approx((f**2 + (1 - f) ** 2) / 12, rel=2e-3)
    assert covariance[0, 1] == pytest.approx(f / 12, rel=2e-3, abs=1e-9)
    assert np.average(activations[alone, 2], weights=probabilities[alone]) == pytest.approx(0.5)
    assert np.average(activations[alone, 2] ** 2, weights=probabilities[alone]) == pytest.approx(
        0.25 + (f**2 + (1 - f) ** 2) / 12, rel=2e-3
    )
    assert len(activations) == grid_size(world, 40)


def test_finite_data_are_where_the_finite_activations_lie():
    features = unit_directions(5, 3, torch.Generator().manual_seed(1))
    world = independent([0.2] * 5, sigma=0.3, features=features)
    (points, one), (activations, other) = finite_data(world), finite_activations(world)
    assert torch.equal(one, other)
    assert torch.allclose(points, activations @ features.double())


def test_magnitudes_without_a_grid_are_sampled_always_the_same():
    class HalfOrTwo:
        mu, sigma = 1.25, 0.75

        def sample(self, fires, generator):
            return fires * torch.where(torch.rand(fires.shape, generator=generator) < 0.5, 0.5, 2.0)

        def moments(self):
            return self.mu, self.sigma

    world = two_of_three(magnitudes=HalfOrTwo())
    activations, probabilities = finite_activations(world)
    assert torch.equal(activations, finite_activations(world)[0])
    assert set(activations.unique().tolist()) == {0.0, 0.5, 2.0}
    mean, _ = world.entry_moments()
    assert (probabilities @ activations).mean().item() == pytest.approx(mean, rel=0.02)


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
    turned = torch.nn.functional.normalize(end + 1e-3 * unit_rows(5, 40, 5, 5), dim=2)
    assert (dictionary_loss(turned, world, 0.1) > loss - 1e-9).all()


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


def test_no_dictionaries_at_all_have_no_losses():
    assert dictionary_loss(torch.zeros(0, 3, 3), two_of_three(), 0.1).shape == (0,)


@pytest.mark.parametrize(
    ("named", "wrong"),
    [
        ("dictionary", {"dictionary": torch.zeros(2, 3, 4)}),
        ("dictionary", {"dictionary": torch.zeros(3)}),
        ("l1_coeff", {"l1_coeff": torch.zeros(3)}),
        ("decoder_bias", {"decoder_bias": torch.zeros(3)}),
    ],
)
def test_shapes_that_do_not_match_are_refused_by_name(named, wrong):
    given = {"dictionary": torch.zeros(2, 3, 3), "world": two_of_three(), "l1_coeff": 0.1} | wrong
    with pytest.raises(ValueError, match=f"{named} has shape .* allowed is"):
        dictionary_loss(**given)


@pytest.mark.parametrize("named", ["n_latents", "n_starts"])
def test_a_search_of_nothing_is_refused_by_name(named):
    with pytest.raises(ValueError, match=f"{named} is 0: allowed"):
        search_dictionaries(two_of_three(), **{"n_latents": 3, "l1_coeff": 0.1, "n_starts": 5, named: 0})


def test_a_grid_that_gets_too_long_is_refused_by_name():
    with pytest.raises(ValueError, match=r"n_levels is 50, which gives .* allowed"):
        quantile_grid(k_of_n(6, 4, sigma=0.1), 50)


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
        best_codes(x, dictionary, l1_coeff)
    assert str(refusal.value).startswith(named)
