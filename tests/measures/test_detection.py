"""SAEs as detectors: planted dictionaries have the scores that are counted by hand."""

import math

import pytest
import torch

from toysae.chapters.beyond_the_toy.trials import world_of
from toysae.measures.detection import detection_scores, holes
from toysae.saes.stack import ReluL1, untrained
from toysae.worlds.copulas import LowRankCopula
from toysae.worlds.firings import Families, Patterns
from toysae.worlds.named_worlds import independent
from toysae.worlds.world import World

SMALL = {"n_features": 16, "d_in": 8, "mean_l0": 2.0, "n_families": 1}


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture(scope="module")
def world():
    return world_of(0, **SMALL, n_repulsions=20)


def families():
    roots = LowRankCopula([0.5, 0.4, 0.3], torch.tensor([[0.5, 0.0], [0.3, 0.4], [-0.5, 0.2]]))
    return Families(roots, torch.tensor([[0.3, 0.5]]))


def test_the_features_themselves_are_perfect_detectors_where_they_are_orthonormal():
    world = independent([0.3] * 4)
    stack = untrained(ReluL1(0.1), torch.eye(4)[None], [0], decoder_bias=False)
    seen = detection_scores(stack, world, world.sample(500, generator()))
    perfect = ("precision", "recall", "f1", "unique", "found", "mcc", "atomic", "explained_variance")
    assert [seen[name].item() for name in perfect] == pytest.approx([1.0] * len(perfect))


def test_scores_of_a_planted_dictionary_are_those_counted_by_hand():
    """One latent for feature 0, one for A + B of features 1 and 2, one that is a copy of the first, one dead."""
    world = World(Patterns([[1, 0, 0], [0, 1, 1], [0, 1, 0]], [0.5, 0.25, 0.25]))
    both = torch.tensor([0.0, 1.0, 1.0]) / math.sqrt(2)
    rows = torch.stack([torch.tensor([1.0, 0, 0]), both, torch.tensor([1.0, 0, 0]), torch.tensor([0.0, 0, -1.0])])
    stack = untrained(ReluL1(0.1), rows[None], [0], decoder_bias=False)
    samples = torch.tensor([[1.0, 0, 0], [1, 0, 0], [0, 1, 1], [0, 1, 0]])
    seen = {name: value.item() for name, value in detection_scores(stack, world, samples).items()}
    assert seen["l0"] == pytest.approx((2 + 2 + 1 + 1) / 4)
    assert (seen["precision"], seen["recall"], seen["f1"]) == pytest.approx((1, 1, 1))
    assert seen["unique"] == pytest.approx(2 / 3)
    assert seen["found"] == pytest.approx(1 / 3)
    assert seen["mcc"] == pytest.approx((1 + math.sqrt(0.5) + 0) / 3)
    assert [seen[label] for label in ("atomic", "composite", "mixed", "dead")] == [0.5, 0.25, 0, 0.25]


def test_fewer_latents_than_features_are_counted_by_what_they_could_do():
    """Two latents for three features, one of which never fires; it lies along the third."""
    world = independent([0.5] * 3)
    stack = untrained(ReluL1(0.1), torch.eye(3)[None, [0, 2]], [0], decoder_bias=False)
    stack.parameters["b_enc"][0, 1] = -9.0
    seen = detection_scores(stack, world, torch.tensor([[1.0, 1, 1], [1.0, 0, 0], [0.0, 0, 1]]))
    assert seen["unique"].item() == 1  # per live latent
    assert (seen["found"].item(), seen["dead"].item(), seen["mcc"].item()) == pytest.approx((0.5, 0.5, 1.0))
    assert (seen["precision"].item(), seen["recall"].item(), seen["f1"].item()) == (1, 1, 1)


def test_precision_falls_by_false_alarms_and_recall_by_misses():
    world = independent([0.5, 0.5])
    stack = untrained(ReluL1(0.1), torch.eye(2)[None], [0], decoder_bias=False)
    stack.parameters["W_enc"][0] = torch.tensor([[1.0, 0.0], [1.0, 1.0]])  # latent 0 fires for both features
    stack.parameters["b_enc"][0] = torch.tensor([0.0, -1.5])  # latent 1 fires for a strong feature only
    samples = torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.0, 2.0], [0.0, 0.0]])
    seen = detection_scores(stack, world, samples)
    assert seen["precision"].item() == pytest.approx((1 / 3 + 1) / 2)
    assert seen["recall"].item() == pytest.approx((1 + 1 / 2) / 2)
    assert seen["f1"].item() == pytest.approx((1 / 2 + 2 / 3) / 2)


def test_holes_are_seen_in_an_sae_whose_parent_is_absorbed():
    world = World(families())
    rows = torch.eye(5)
    stack = untrained(ReluL1(0.1), rows[None], [0], decoder_bias=False)
    stack.parameters["W_enc"][0, 3:, 0] = -1.0  # the latent of the parent is switched off by its children
    alone, together = holes(stack, world, world.sample(1000, generator(4)))
    assert (alone.item(), together.item()) == (1.0, 0.0)
    with pytest.raises(ValueError, match=r"world.families is \(\): allowed"):
        holes(stack, independent([0.5] * 5), torch.ones(1, 5))
