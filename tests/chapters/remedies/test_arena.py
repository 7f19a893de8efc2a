"""Tasks: listed exactly, trained on as a whole or in batches."""

import pytest
import torch

from toysae.chapters.remedies.arena import TASKS, listed_data
from toysae.worlds.finite import finite_data
from toysae.worlds.magnitudes import TwoLevels
from toysae.worlds.named_worlds import tree


@pytest.mark.parametrize("name", TASKS)
def test_every_task_is_listed_exactly_and_its_families_are_families(name):
    task = TASKS[name](magnitudes=TwoLevels(0.1))
    points, probabilities = finite_data(task.world)
    assert torch.equal(listed_data(task.world).x, points)
    fires = (points @ task.world.features.double().T > 0).double()
    assert float(probabilities @ fires.sum(dim=1)) == pytest.approx(task.true_l0)
    assert bool(task.world.families) == (name in ("hierarchy", "tree"))
    for parent, children in task.world.families:
        alone = fires[:, list(children)].any(dim=1) & ~fires[:, parent].bool()
        assert not alone.any()


def test_long_lists_are_trained_on_in_batches():
    world = tree()
    x, weights = listed_data(world).block(2)
    assert x.shape[:2] == (2, len(weights))
    assert torch.equal(x, listed_data(world).block(2)[0])
