"""Latents that write a child with its parent are found, and so are the parents that fall silent beside them."""

import math

import pytest
import torch
from torch.nn.functional import normalize

from toysae.chapters.beyond_the_toy.inheritance import beside_heirs, heirs, overlap
from toysae.measures.labels import label_latents
from toysae.saes.stack import ReluL1, untrained
from toysae.worlds.copulas import LowRankCopula
from toysae.worlds.firings import Families
from toysae.worlds.world import World

ROOTS = LowRankCopula([0.5, 0.4, 0.3], torch.zeros(3, 1))
FAMILIES = Families(ROOTS, torch.tensor([[0.3, 0.2], [0.4, 0.1]]))  # features 3 and 4 belong to 0, 5 and 6 to 1


def planted():
    """Latents for the three roots, and one for parent 0 with its child 4."""
    rows = torch.eye(7)[:3]
    both = normalize(torch.eye(7)[0] + torch.eye(7)[4], dim=0)
    return torch.cat([rows, both[None]])[None]


def test_an_heir_is_a_latent_of_a_child_with_its_own_parent():
    members = torch.zeros(1, 4, 7, dtype=torch.bool)
    members[0, 0, [0, 3]] = True  # a child with its parent
    members[0, 1, [1, 3]] = True  # a child with another's parent
    members[0, 2, [3, 4]] = True  # two children
    members[0, 3, [1, 2, 6]] = True  # a child with its parent and a loner
    found = heirs(members, FAMILIES)
    assert found.nonzero().tolist() == [[0, 0, 0, 0], [0, 3, 1, 1]]


@pytest.mark.parametrize("weight, expected", [(-2.0, 0.0), (0.0, 1.0)])
def test_a_parent_is_silent_beside_an_heir_if_its_encoder_looks_away(weight, expected):
    world = World(FAMILIES)
    stack = untrained(ReluL1(0.1), planted(), [0], decoder_bias=False)
    stack.parameters["W_enc"][0, 4, 0] = weight  # what child 4 does to the latent of parent 0
    activations = world.sample(2000, torch.Generator().manual_seed(1))
    members = label_latents(stack.W_dec, world, torch.ones(1, 4, dtype=torch.bool)).members
    alone, beside = beside_heirs(stack, world, activations, members)
    assert (alone.item(), beside.item()) == (1.0, expected)


def test_an_sae_without_heirs_has_no_rate():
    world = World(FAMILIES)
    stack = untrained(ReluL1(0.1), torch.eye(7)[None], [0], decoder_bias=False)
    activations = world.sample(200, torch.Generator().manual_seed(1))
    members = label_latents(stack.W_dec, world, torch.ones(1, 7, dtype=torch.bool)).members
    assert all(math.isnan(rate.item()) for rate in beside_heirs(stack, world, activations, members))


def test_overlap_is_the_mean_of_the_largest_cosines():
    rows = torch.tensor([[1.0, 0.0], [0.0, 1.0], [math.sqrt(0.5), -math.sqrt(0.5)]])
    assert overlap(rows) == pytest.approx(math.sqrt(0.5), abs=1e-6)
    assert overlap(torch.eye(3)) == 0
