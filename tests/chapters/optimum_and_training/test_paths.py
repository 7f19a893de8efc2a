"""The path from the features to the composites, and what its dictionaries cost."""

import math

import pytest
import torch

from toysae.chapters.optimum_and_training.paths import path_dictionaries, path_losses
from toysae.optimum.codes import best_codes, code_loss
from toysae.optimum.formulas import atoms_loss, composite_loss
from toysae.worlds.finite import finite_data
from toysae.worlds.named_worlds import two_of_three


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
