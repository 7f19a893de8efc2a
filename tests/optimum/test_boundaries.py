"""Boundaries against sampling, against their leading terms and against the best dictionary."""

import math

import numpy as np
import pytest
import torch
from scipy.optimize import brentq

from toysae.optimum import boundaries
from toysae.optimum.boundaries import (
    best_lean,
    jitter_boundary,
    jitter_boundary_small,
    jitter_threshold_signed,
    leaning_boundary,
)
from toysae.optimum.codes import dictionary_loss, sample_losses
from toysae.optimum.search import best_dictionary
from toysae.worlds.named_worlds import two_of_three


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
