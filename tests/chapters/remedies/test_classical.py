"""Classical dictionaries: planted answers, and codes that agree with the oracle."""

import pytest
import torch

from toysae.chapters.remedies.classical import (
    independent_components,
    learned_dictionary,
    non_negative_factors,
    principal_components,
)
from toysae.measures.labels import cosines
from toysae.worlds.directions import random_rotation
from toysae.worlds.named_worlds import mutually_exclusive, two_of_three

ROTATION = random_rotation(3, 3, torch.Generator().manual_seed(3)).double()


def gaussians(*deviations: float, n: int = 4000) -> torch.Tensor:
    """Samples with these deviations along the rows of ROTATION, around a mean that is not zero."""
    noise = torch.randn(n, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    return (noise * torch.tensor(deviations) + 0.5) @ ROTATION


def best_cosines(rows: torch.Tensor, directions: torch.Tensor) -> torch.Tensor:
    """Signed, for each direction."""
    return cosines(rows, directions).amax(dim=0)


def test_principal_components_are_the_planted_axes_turned_towards_the_mean():
    rows = principal_components(gaussians(3.0, 1.0, 0.3), 3, 0.0, 0, 10)
    assert (cosines(rows, ROTATION).diagonal() > 0.99).all()
    torch.testing.assert_close(rows @ rows.T, torch.eye(3).double())


def test_directions_in_which_nothing_varies_are_rows_of_zeros():
    x = gaussians(1.0, 0.0, 0.0)
    for method in (principal_components, independent_components):
        rows = method(x, 3, 1.0, 0, 10)
        assert abs(float(rows[0] @ ROTATION[0])) > 0.999
        assert not rows[1:].any()


@pytest.mark.parametrize("contrast", [1, 2, 3])
def test_independent_sources_are_unmixed_where_variance_tells_nothing(contrast):
    uniform = torch.rand(4000, 3, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    rows = independent_components(uniform @ ROTATION, 3, contrast, 0, 40)
    assert (best_cosines(rows, ROTATION) > 0.99).all()


def test_non_negative_factors_of_features_that_fire_apart_are_the_features():
    world = mutually_exclusive([0.3, 0.3, 0.3], sigma=0.2)
    x = world.inputs(world.sample(300, torch.Generator().manual_seed(2))).double()
    assert (best_cosines(non_negative_factors(x, 3, 0.0, 0, 40), world.features) > 0.99).all()


def test_learned_dictionaries_find_what_the_loss_prefers():
    alone, company = mutually_exclusive([0.3] * 3), two_of_three()
    for world, targets in ((alone, alone.features), (company, company.composites())):
        x = world.inputs(world.sample(100, torch.Generator().manual_seed(4))).double()
        assert (best_cosines(learned_dictionary(x, 3, 0.1, 1, 40), targets) > 0.99).all()


@pytest.mark.parametrize("method", [non_negative_factors, learned_dictionary])
def test_rows_have_unit_length_and_depend_on_the_seed_alone(method):
    x = two_of_three(sigma=0.1).sample(50, torch.Generator().manual_seed(5)).double()
    first, again, other = (method(x, 3, 0.03, seed, 10) for seed in (0, 0, 1))
    torch.testing.assert_close(first.norm(dim=1), torch.ones(3).double())
    assert torch.equal(first, again) and not torch.equal(first, other)


def test_too_few_rounds_make_no_warning(recwarn):
    x = two_of_three(sigma=0.1).sample(50, torch.Generator().manual_seed(6)).double()
    for method in (independent_components, non_negative_factors, learned_dictionary):
        method(x, 3, 1.0, 0, 1)
    assert not recwarn.list
