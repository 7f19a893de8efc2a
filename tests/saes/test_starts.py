"""Starts: one call gives what its parts give, and whatever the price or the model is, it is what is trained."""

import pytest
import torch

from toysae.saes.stack import ReluL1, untrained
from toysae.saes.starts import INITIALISATIONS, initial_rows, positive_rows, rows_at, start
from toysae.saes.variants import TopK, Variant
from toysae.worlds.directions import random_rotation
from toysae.worlds.named_worlds import k_of_n, two_of_three

WORLD = k_of_n(4, 2)


@pytest.mark.parametrize("init", INITIALISATIONS)
@pytest.mark.parametrize("shape", [{}, {"decoder_bias": True}, {"tied": True}])
def test_a_start_is_its_rows_made_into_a_stack(init, shape):
    by_hand = untrained(ReluL1(0.1), initial_rows(init, WORLD, 5, [3, 8]), [3, 8], **({"decoder_bias": False} | shape))
    made = start(WORLD, 5, 0.1, [3, 8], init=init, **shape)
    assert made.seeds == (3, 8) and made.parameters.keys() == by_hand.parameters.keys()
    assert all(torch.equal(made.parameters[name], by_hand.parameters[name]) for name in made.parameters)


def test_an_sae_is_a_price_one_price_per_seed_or_a_model():
    x = WORLD.inputs(WORLD.support()[0]).float()
    plain = start(WORLD, 4, 0.3, [0, 1]).losses(x)
    assert torch.equal(start(WORLD, 4, torch.tensor([0.3, 0.3]), [0, 1]).losses(x), plain)
    assert torch.equal(start(WORLD, 4, ReluL1(0.3), [0, 1]).losses(x), plain)
    assert int((start(WORLD, 4, Variant(TopK(1)), [0, 1]).encode(x) > 0).sum(dim=2).max()) == 1


@pytest.mark.parametrize(
    ("given", "named"),
    [({"sae": -1.0}, "l1_coeff is -1.0"), ({"init": "random"}, "init is 'random'")],
)
def test_what_cannot_be_started_is_refused_by_name(given, named):
    with pytest.raises(ValueError, match=named):
        start(WORLD, seeds=[0], **({"n_latents": 4, "sae": 0.1} | given))


SEEDS = range(4)


@pytest.mark.parametrize("init", list(INITIALISATIONS))
def test_initial_rows_are_unit_and_belong_to_their_seed(init):
    world = two_of_three(features=random_rotation(3, 5, torch.Generator().manual_seed(1)))
    rows = initial_rows(init, world, 4, [3, 8])
    assert rows.shape == (2, 4, 5)
    assert torch.allclose(rows.norm(dim=2), torch.ones(2, 4), atol=1e-6)
    assert torch.equal(rows[1], initial_rows(init, world, 4, [8])[0])
    assert not torch.equal(rows[0], rows[1])


def test_positive_rows_point_along_the_features_and_placed_rows_near_them():
    world = two_of_three()
    assert (positive_rows(world, 6, SEEDS) >= 0).all()
    near = rows_at(world.features, 3, SEEDS)
    assert (near.diagonal(dim1=1, dim2=2) > 0.97).all()
