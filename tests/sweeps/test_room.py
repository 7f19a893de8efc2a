"""Two of n features, over the number of latents: rooms trained side by side are rooms trained alone."""

import pytest
import torch

from toysae.measures.assessment import assess
from toysae.optimum.codes import dictionary_loss, radial_bound
from toysae.saes.starts import start
from toysae.saes.training import train
from toysae.sweeps.room import Room, best_in, trained_in

SEEDS = range(4)


def test_a_room_knows_its_world_and_its_pairs():
    room = Room(5, 7, 0.1)
    assert (room.world.n_features, room.n_pairs) == (5, 10)
    assert room.world.firing.n_patterns == room.n_pairs


def test_side_by_side_is_as_alone():
    """A narrow world inside a wide one, at another price: the same SAEs as on their own, dead latents included."""
    rooms = [Room(3, 4, 0.05), Room(6, 4, 0.2), Room(4, 4, 0.1)]
    together = trained_in(rooms, SEEDS, n_steps=300)
    assert list(together) == rooms
    for room, seen in together.items():
        begun = start(room.world, room.n_latents, room.l1_coeff, SEEDS)
        alone = assess(train(begun, room.world, n_steps=300), room.world)
        assert torch.allclose(seen.cosines, alone.cosines, atol=1e-4)
        assert torch.allclose(seen.losses, alone.losses, atol=1e-6)
        assert torch.equal(seen.labels.kinds, alone.labels.kinds)


def test_no_steps_leave_the_saes_as_they_start():
    room = Room(5, 3, 0.1)
    (seen,) = trained_in([room], SEEDS, n_steps=0).values()
    begun = assess(start(room.world, 3, 0.1, SEEDS), room.world)
    assert torch.equal(seen.cosines, begun.cosines)


def test_with_a_latent_for_each_pair_the_pairs_reach_the_bound():
    room = Room(5, 10, 0.1)
    best = best_in(room)
    assert best.labels.sets_found.tolist() == [room.n_pairs]
    assert best.losses.item() == pytest.approx(radial_bound(room.world, 0.1), rel=1e-9)


def test_with_a_latent_for_each_feature_the_best_known_dictionaries_hold_the_features_and_are_cheaper_than_pure_ones():
    room = Room(5, 5, 0.1)
    best = best_in(room, n_starts=10)
    assert set(best.labels.features_found.tolist()) == {5}
    assert best.losses.max() < dictionary_loss(room.world.features, room.world, 0.1)


def test_of_dictionaries_that_cost_the_same_all_are_told():
    """Two of four with four latents: what costs least holds no feature, or all of them."""
    best = best_in(Room(4, 4, 0.1))
    assert {0, 4} <= set(best.labels.features_found.tolist())
    assert float(best.losses.max() / best.losses.min()) - 1 < 1e-5


@pytest.mark.parametrize("rooms", [[], [Room(3, 3, 0.1), Room(3, 3, 0.1)]])
def test_no_rooms_or_one_twice_are_refused(rooms):
    with pytest.raises(ValueError, match="rooms"):
        trained_in(rooms, SEEDS)


@pytest.mark.parametrize(("numbers", "name"), [((1, 3), "n_features"), ((3, 0), "n_latents")])
def test_a_room_that_cannot_be_is_refused(numbers, name):
    with pytest.raises(ValueError, match=name):
        Room(*numbers, 0.1)
