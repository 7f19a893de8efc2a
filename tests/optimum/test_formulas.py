"""Closed forms against numbers that were reached in another way."""

import math

import numpy as np
import pytest
import torch
from scipy.optimize import brentq

from toysae.chapters.optimum_and_training.paths import path_losses
from toysae.chapters.optimum_and_training.what_data_settle import (
    mirrored_features,
    sharp_local_minimum,
    sharpness,
)
from toysae.optimum.boundaries import (
    jitter_boundary,
)
from toysae.optimum.codes import dictionary_loss, radial_cost
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
from toysae.worlds.directions import random_rotation, unit_directions
from toysae.worlds.finite import finite_data
from toysae.worlds.firings import Patterns
from toysae.worlds.named_worlds import bundles, independent, k_of_n, solo_leak, two_of_three
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
