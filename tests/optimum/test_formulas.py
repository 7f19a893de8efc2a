"""Closed forms against numbers that were reached in another way."""

import itertools
import math

import numpy as np
import pytest
import torch
from scipy.optimize import brentq

from toysae.chapters.why_composites_win import (
    growth_by_turning,
    mirrored_features,
    path_dictionaries,
    path_losses,
    sharp_local_minimum,
    sharpness,
    signed_growth,
)
from toysae.optimum import boundaries
from toysae.optimum.boundaries import (
    best_lean,
    jitter_boundary,
    jitter_boundary_small,
    jitter_threshold_signed,
    leaning_boundary,
)
from toysae.optimum.codes import best_codes, code_loss, dictionary_loss, radial_cost, sample_losses
from toysae.optimum.formulas import (
    atoms_loss,
    composite_gain,
    composite_loss,
    crossover,
    tilt,
    tilt_gain,
    tilt_matrix,
    tilts,
    top_eigenvector_angle,
)
from toysae.optimum.search import best_dictionary, polish
from toysae.worlds.catalogue import bundles, independent, k_of_n, solo_leak, two_of_three
from toysae.worlds.directions import random_rotation, unit_directions
from toysae.worlds.finite import finite_data
from toysae.worlds.firings import Patterns
from toysae.worlds.world import World


def pair(p_a, p_b, p_both, **magnitudes):
    """Two features: how often A fires alone, B alone, and both, up to a common factor."""
    weights = torch.tensor([p_a, p_b, p_both], dtype=torch.float64)
    return World(Patterns([[1, 0], [0, 1], [1, 1]], weights / weights.sum()), **magnitudes)


def angles_of(dictionary):
    """Angles of two rows in the plane, in radians, ascending."""
    return torch.atan2(dictionary[:, 1], dictionary[:, 0]).sort().values.tolist()


@pytest.mark.parametrize("length", [0.05, 0.4, 1.0, 2.5])
@pytest.mark.parametrize("l1_coeff", [0.01, 0.3, 2.0])
def test_the_radial_cost_is_the_least_that_one_aligned_latent_can_pay(length, l1_coeff):
    written = np.linspace(0, length, 10_001)
    least = ((length - written) ** 2 / 2 + l1_coeff * written).min()
    cost = radial_cost(torch.tensor(length, dtype=torch.float64), l1_coeff).item()
    assert cost == pytest.approx(least, abs=1e-7)


@pytest.mark.parametrize("m", [1, 2, 5])
@pytest.mark.parametrize("l1_coeff", [0.0, 0.05, 0.9])
def test_atoms_composites_and_their_difference_are_what_exact_codes_cost(m, l1_coeff):
    world = bundles(1, m)
    together = torch.full((1, m), 1 / math.sqrt(m))
    atoms = dictionary_loss(world.features, world, l1_coeff).item()
    composite = dictionary_loss(together, world, l1_coeff).item()
    assert atoms_loss(m, l1_coeff) == pytest.approx(atoms, abs=1e-7)
    assert composite_loss(m, l1_coeff) == pytest.approx(composite, abs=1e-7)
    assert composite_gain(m, l1_coeff) == pytest.approx(atoms - composite, abs=1e-7)


def test_signed_composites_and_atoms_cost_the_same_at_the_jitter_threshold():
    """With exact reconstruction the signed codes are the coordinates in each basis."""
    noise = np.random.default_rng(0).standard_normal((200_000, 2))
    inverse = np.linalg.inv(two_of_three().composites().double().numpy())

    def lead(ratio):
        magnitudes = np.column_stack([1 + ratio * noise, np.zeros(len(noise))])
        return np.abs(magnitudes).sum(axis=1).mean() - np.abs(magnitudes @ inverse).sum(axis=1).mean()

    assert brentq(lead, 0.01, 1) == pytest.approx(jitter_threshold_signed(), abs=0.003)


@pytest.mark.parametrize("l1_coeff", [0.02, 0.1, 0.5])
def test_at_the_jitter_boundary_sampled_atoms_and_composites_cost_the_same(l1_coeff):
    boundary = jitter_boundary(l1_coeff, n_levels=60)
    features, composites = torch.eye(3), two_of_three().composites()

    def sampled_lead(sigma):
        world = two_of_three(sigma=sigma)
        x = world.inputs(world.sample(20_000, torch.Generator().manual_seed(1)))
        atoms, together = sample_losses(x, torch.stack([features, composites]), l1_coeff)
        difference = atoms - together
        return difference.mean().item(), difference.std().item() / math.sqrt(len(x))

    mean, error = sampled_lead(boundary)
    assert abs(mean) < 4 * error
    assert sampled_lead(0.9 * boundary)[0] > 0 > sampled_lead(1.1 * boundary)[0]


def test_the_jitter_boundary_depends_little_on_the_grid_and_has_its_leading_term():
    assert jitter_boundary(0.1, n_levels=100) == pytest.approx(jitter_boundary(0.1, n_levels=40), rel=2e-3)
    for l1_coeff, tolerance in ((1e-2, 0.05), (1e-4, 0.006)):
        leading = jitter_boundary_small(l1_coeff)
        assert jitter_boundary(l1_coeff, n_levels=50) == pytest.approx(leading, rel=tolerance)


SMALL_TILTS = [(0.002, 0.5, 0.3), (0.005, 2, 0.5), (0.01, 1, 3), (0.01, 4, 0.5), (0.02, 2, 1)]


@pytest.mark.parametrize(("l1_coeff", "both_by_child", "parent_by_child"), SMALL_TILTS)
def test_the_best_rows_lean_as_the_tilt_law_says(l1_coeff, both_by_child, parent_by_child):
    world = pair(parent_by_child, 1, both_by_child)
    total = parent_by_child + 1 + both_by_child
    rates = both_by_child / total, parent_by_child / total, 1 / total
    parent, child = angles_of(best_dictionary(world, 2, l1_coeff, n_starts=15)[0])
    leaning = np.array([parent, math.pi / 2 - child])
    first = np.array([tilt(l1_coeff, rates[0], alone) for alone in rates[1:]])
    second = np.array(tilts(l1_coeff, *rates))
    assert first.max() < math.radians(6)
    assert (leaning < first).all()  # the first order is too large, by a share of about the angles themselves
    assert (1 - leaning / first < 3 * first.max()).all()
    assert np.abs(leaning / second - 1).max() < 6 * first.max() ** 2


def test_the_tilt_law_for_any_world_contains_that_for_two_features():
    leans = tilt_matrix(pair(0.2, 0.3, 0.5), 0.01)
    assert leans[0, 1].item() == pytest.approx(tilt(0.01, 0.5, 0.2))
    assert leans[1, 0].item() == pytest.approx(tilt(0.01, 0.5, 0.3))


@pytest.mark.parametrize(
    "world",
    [
        k_of_n(4, 2),
        k_of_n(6, 3),
        k_of_n(4, 2, sigma=0.2),
        solo_leak(3, 2, 0.3),
        independent([0.2, 0.3, 0.4]),
        k_of_n(5, 2, features=random_rotation(5, 7, torch.Generator().manual_seed(0))),
    ],
)
def test_near_the_atoms_the_local_minimum_leans_as_the_general_law_says(world):
    l1_coeff = 0.002
    points, probabilities = finite_data(world)
    rows, loss = polish(world.features.double(), points, probabilities, l1_coeff)
    along = rows @ world.features.double().T
    leans = along / along.diagonal()[:, None] - torch.eye(world.n_features, dtype=torch.float64)
    law = tilt_matrix(world, l1_coeff)
    assert (leans - law).abs().max() < 0.02 * law.abs().max()
    gain = dictionary_loss(world.features, world, l1_coeff).item() - loss
    assert tilt_gain(world, l1_coeff) == pytest.approx(gain, rel=0.02)


@pytest.mark.parametrize("p_a", [0.0, 0.2, 5.0])
@pytest.mark.parametrize("l1_coeff", [0.01, 0.1, 0.5])
def test_at_the_crossover_both_pure_dictionaries_cost_the_same_however_often_a_fires_alone(l1_coeff, p_a):
    both = torch.tensor([[[1.0, 0.0], [0.0, 1.0]], [[1.0, 0.0], [math.sqrt(0.5), math.sqrt(0.5)]]])

    def lead(rho):
        atoms, nested = dictionary_loss(both, pair(p_a, rho, 1), l1_coeff)
        return (atoms - nested).item()

    assert brentq(lead, 1e-6, 20) == pytest.approx(crossover(l1_coeff), rel=1e-4)


def test_for_a_small_penalty_nesting_decides_and_not_correlation():
    """Features that fire alone now and then are found, however often they fire together; nested ones are not."""
    nested = angles_of(best_dictionary(pair(1, 0, 1), 2, 1e-3, n_starts=15)[0])
    leaky = angles_of(best_dictionary(pair(1, 0.1, 1), 2, 1e-3, n_starts=15)[0])
    assert np.degrees(nested) == pytest.approx([0, 45], abs=1e-3)
    assert np.degrees(leaky) == pytest.approx([0, 90], abs=1)


def test_the_best_dictionary_bends_for_nested_features_and_jumps_for_symmetric_ones():
    def largest_step(world_at):
        path = [best_dictionary(world_at(rho), 2, 0.1, n_starts=10)[0] for rho in np.arange(0.1, 0.16, 0.005)]
        angles = np.degrees([angles_of(dictionary) for dictionary in path])
        mirrored = np.where((angles[:, :1] > 90 - angles[:, 1:]), 90 - angles[:, ::-1], angles)  # A and B swapped
        return np.abs(np.diff(mirrored, axis=0)).max()

    assert largest_step(lambda rho: pair(0.5, rho, 1)) < 9
    assert largest_step(lambda rho: pair(rho, rho, 1)) > 18


@pytest.mark.parametrize(("p_parent_only", "p_both"), [(0.5, 0.5), (0.9, 0.1), (0.0, 1.0), (0.2, 0.7)])
def test_one_latent_points_along_the_top_eigenvector(p_parent_only, p_both):
    angle = top_eigenvector_angle(p_parent_only, p_both)
    _, vectors = np.linalg.eigh([[p_parent_only + p_both, p_both], [p_both, p_both]])
    assert abs(vectors[:, -1] @ [math.cos(angle), math.sin(angle)]) == pytest.approx(1)
    world = pair(p_parent_only, 0, p_both)
    best = best_dictionary(world, 1, 1e-5, n_starts=10)[0]
    assert math.atan2(best[0, 1], best[0, 0]) == pytest.approx(angle, abs=1e-4)


def slope_by_finite_difference(world, k, c, step=1e-6):
    """How fast E||z||_1 changes when every other feature i moves by step * c_i towards feature k."""
    activations, probabilities = world.support()
    moved = np.eye(world.n_features)
    moved[:, k] += step * c
    z = np.linalg.solve(moved.T, activations.numpy().T).T
    change = np.abs(z).sum(axis=1) - activations.numpy().sum(axis=1)
    return probabilities.numpy() @ change / step


def lowest_slope_on_a_grid(world, n_steps):
    """Over all k, and over all c on a grid with largest |c_i| = 1."""
    steps = np.linspace(-1, 1, n_steps)
    lowest = math.inf
    for k in range(world.n_features):
        for others in itertools.product(steps, repeat=world.n_features - 1):
            if max(map(abs, others)) == 1:
                lowest = min(lowest, slope_by_finite_difference(world, k, np.insert(others, k, 0.0)))
    return lowest


UNEVEN = World(Patterns([[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0], [1, 1, 1]], [0.3, 0.2, 0.25, 0.15, 0.1]))


@pytest.mark.parametrize(
    ("world", "n_steps"),
    [
        (pair(0.3, 0.4, 0.3), 3),
        (pair(0.6, 0.1, 0.3), 3),
        (two_of_three(), 41),
        (UNEVEN, 41),
        (independent([0.3, 0.2, 0.45]), 41),
        (solo_leak(3, 2, 0.1), 41),
        (k_of_n(4, 2), 7),
        (k_of_n(4, 3), 7),
    ],
)
def test_sharpness_is_the_lowest_slope_of_the_signed_objective(world, n_steps):
    assert sharpness(world) == pytest.approx(lowest_slope_on_a_grid(world, n_steps), abs=1e-4)


@pytest.mark.parametrize("world", [pair(0.4, 0.4, 0.2), k_of_n(4, 3), independent([0.7] * 3)])
def test_turning_features_by_plus_or_minus_finds_the_slope_where_features_are_alike(world):
    assert growth_by_turning(world) == pytest.approx(sharpness(world), abs=1e-3)


def test_the_growth_of_a_turn_is_that_of_the_codes_in_the_turned_basis():
    """Turning B towards A by t: A's code loses tan t, B's grows by 1 / cos t, where B fires."""
    angle = 0.05
    world = pair(0.5, 0.3, 0.2, features=random_rotation(2, 3, torch.Generator().manual_seed(0)))
    grown = signed_growth(world, torch.tensor([[[0.0, 0.0], [1.0, 0.0]]]), math.tan(angle)).item()
    longer = 0.5 * (1 / math.cos(angle) - 1)
    assert grown * math.tan(angle) == pytest.approx(longer + (0.3 - 0.2) * math.tan(angle), abs=1e-6)


def test_two_features_are_a_sharp_minimum_if_both_is_rarer_than_each_alone():
    answers = {
        (0.4, 0.4, 0.2): "yes",
        (0.5, 0.3, 0.2): "yes",
        (0.5, 0.2, 0.3): "no",
        (0.5, 0.25, 0.25): "on the boundary",
    }
    for rates, answer in answers.items():
        assert sharp_local_minimum(pair(*rates)) == answer


def test_exactly_k_of_n_are_a_sharp_minimum_if_n_exceeds_2k_minus_1():
    for n in range(2, 7):
        for k in range(1, n):
            excess = n - (2 * k - 1)
            answer = "yes" if excess > 0 else "no" if excess < 0 else "on the boundary"
            assert sharp_local_minimum(k_of_n(n, k)) == answer


@pytest.mark.parametrize(
    ("rates", "answer"),
    [([0.3, 0.45, 0.1], "yes"), ([0.3, 0.5, 0.1], "on the boundary"), ([0.3, 0.55, 0.1], "no"), ([0.6] * 4, "no")],
)
def test_independent_features_are_a_sharp_minimum_if_every_rate_is_below_one_half(rates, answer):
    assert sharp_local_minimum(independent(rates)) == answer


def test_the_tolerance_says_how_near_to_zero_counts_as_the_boundary():
    world = pair(0.36, 0.34, 0.3)  # slope 0.04
    assert sharp_local_minimum(world) == "yes"
    assert sharp_local_minimum(world, tolerance=0.05) == "on the boundary"


@pytest.mark.parametrize(("n", "k"), [(2, 1), (4, 2), (6, 3)])
@pytest.mark.parametrize("l1_coeff", [0.02, 0.4])
def test_exactly_k_of_2k_has_a_second_basis_that_costs_the_same(n, k, l1_coeff):
    rotation = random_rotation(n, n + 1, torch.Generator().manual_seed(3))
    world = k_of_n(n, k, features=rotation)
    mirrored = mirrored_features(world)
    assert torch.allclose(mirrored @ mirrored.T, torch.eye(n, dtype=torch.float64), atol=1e-6)
    losses = dictionary_loss(torch.stack([world.features.double(), mirrored]), world, l1_coeff)
    assert losses[0].item() == pytest.approx(losses[1].item(), abs=1e-7)
    cosines = mirrored @ world.features.double().T
    assert (cosines.max() < 0.9) == (k > 1)  # for k = 1 the mirror only swaps the two features


def test_the_path_leads_from_the_features_to_the_composites():
    world = two_of_three(sigma=0.1)
    start, middle, end = path_dictionaries(world, torch.tensor([0.0, 0.5, 1.0]))
    assert torch.allclose(start, world.features.double())
    matches = end @ world.composites().double().T
    assert torch.allclose(matches.max(dim=0).values, torch.ones(3, dtype=torch.float64))
    assert torch.allclose(middle, torch.nn.functional.normalize(start + end, dim=1))
    assert torch.allclose((start * end).sum(dim=1), torch.full((3,), math.sqrt(0.5), dtype=torch.float64))


def test_losses_along_the_path_are_those_of_its_dictionaries():
    world, t = two_of_three(), torch.linspace(0, 1, 5)
    losses = path_losses(world, 0.1, t)
    assert losses[0].item() == pytest.approx(atoms_loss(2, 0.1))
    assert losses[-1].item() == pytest.approx(composite_loss(2, 0.1))
    for step, loss in zip(path_dictionaries(world, t), losses, strict=True):
        points, probabilities = finite_data(world)
        z = best_codes(points, step, 0.1)
        assert (probabilities @ code_loss(points, step, z, 0.1)).item() == pytest.approx(loss.item())


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: atoms_loss(0, 0.1), "m is 0"),
        (lambda: composite_gain(2, 1.5), "l1_coeff is 1.5"),
        (lambda: crossover(0.8), "l1_coeff is 0.8"),
        (lambda: jitter_boundary(0.0), "l1_coeff is 0.0"),
        (lambda: tilt(0.1, 0.5, 0.0), "p_alone is 0.0"),
        (lambda: sharp_local_minimum(two_of_three(), -1.0), "tolerance is -1.0"),
        (lambda: tilt_matrix(two_of_three(), 0.01), "world has no full second moment"),
        (lambda: mirrored_features(k_of_n(5, 2)), "world has the firing"),
        (lambda: path_losses(k_of_n(4, 2), 0.1, torch.zeros(1)), "world has 4 features and 6 composites"),
    ],
)
def test_what_a_formula_does_not_cover_is_refused_by_name(call, named):
    with pytest.raises(ValueError, match="allowed") as refusal:
        call()
    assert str(refusal.value).startswith(named)


@pytest.mark.parametrize("l1_coeff", [0.16])
def test_on_the_leaning_boundary_the_best_dictionary_changes_sides(l1_coeff):
    """The search for the best dictionary, which knows nothing of symmetry, finds composites below and atoms above."""
    boundary = leaning_boundary(l1_coeff)
    for sigma, signs in ((0.9 * boundary, [-1, 1, 1]), (1.1 * boundary, [1, 1, 1])):
        world = two_of_three(sigma=sigma)
        found, _ = best_dictionary(world, 3, l1_coeff, generator=torch.Generator().manual_seed(0))
        assert sorted(found[0].sign().tolist()) == signs
        side = 1 - torch.eye(3) if -1 in signs else torch.eye(3)
        lean, loss = best_lean(side, sigma, l1_coeff)
        assert float(dictionary_loss(boundaries.leaning(side, lean), world, l1_coeff)) == pytest.approx(
            float(dictionary_loss(found, world, l1_coeff)), rel=2e-3
        )
        assert loss == pytest.approx(float(dictionary_loss(found, world, l1_coeff)), rel=0.02)


def test_leaning_is_what_it_says():
    half = math.sqrt(0.5)
    assert torch.allclose(boundaries.leaning(torch.eye(3), 0.0), torch.eye(3).double())
    assert boundaries.leaning(1 - torch.eye(3), 0.0)[0].tolist() == pytest.approx([0, half, half])
    row = boundaries.leaning(1 - torch.eye(3), 0.5)[0]
    assert row.tolist() == pytest.approx([-0.5 / 1.5, 1 / 1.5, 1 / 1.5])
    assert boundaries.leaning(torch.eye(3), 0.5)[0].tolist() == pytest.approx(
        [1 / 1.5**0.5, 0.5 / 1.5**0.5, 0.5 / 1.5**0.5]
    )


@pytest.mark.parametrize("l1_coeff", [0.0, 1.0, float("nan")])
def test_an_impossible_price_has_no_leaning_boundary(l1_coeff):
    with pytest.raises(ValueError, match=r"l1_coeff is .*: allowed"):
        leaning_boundary(l1_coeff)


@pytest.mark.parametrize(
    "formula",
    [
        lambda world: tilt_matrix(world, 0.01),
        lambda world: tilt_gain(world, 0.01),
        sharpness,
        sharp_local_minimum,
        mirrored_features,
    ],
)
def test_formulas_for_orthonormal_features_refuse_others(formula):
    crowded = unit_directions(4, 3, torch.Generator().manual_seed(0))
    with pytest.raises(ValueError, match=r"the coherence of features is 0\..*: allowed is 0"):
        formula(k_of_n(4, 2, features=crowded))
