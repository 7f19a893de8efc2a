"""Families: a firing says itself who descends from whom, and how often features meet."""

import pytest
import torch

from toysae.worlds.firings import ExactlyK, Hierarchy, Independently, SideBySide, cooccurrence_of, families_of
from toysae.worlds.named_worlds import benchmark, hierarchy, independent, product, tree, two_of_three
from toysae.worlds.world import World


class Pair:
    """The least that one's own firing is: both features of two, or none of them."""

    n_features, n_patterns = 2, 2

    def sample(self, n, generator):
        return (torch.rand(n, 1, generator=generator) < 0.25).expand(n, 2)

    def support(self):
        return torch.tensor([[True, True], [False, False]]), torch.tensor([0.25, 0.75]).double()

    def rates(self):
        return torch.tensor([0.25, 0.25]).double()

    def fire_together(self, members):
        return True


def test_worlds_name_their_families():
    assert hierarchy().families == ((0, (1,)),)
    assert tree(2, 0.3, 2, 0.3, 0).families == ((0, (1, 2)), (3, (4, 5)))
    for world in (two_of_three(), independent([0.5, 0.5]), product([2, 3])):
        assert world.families == ()


def test_a_child_may_be_a_parent():
    assert Hierarchy([-1, 0, 1, 0], [0.5] * 4).families == ((0, (1, 3)), (1, (2,)))


def test_families_of_the_benchmark_fire_with_their_parents():
    world = benchmark(24, 8, 2.0, torch.Generator().manual_seed(0), n_families=2, n_children=3)
    on = world.sample(5000, torch.Generator().manual_seed(1)) > 0
    assert len(world.families) == 2 and sorted(i for _, own in world.families for i in own) == list(range(18, 24))
    for parent, children in world.families:
        fires = on[:, list(children)].any(dim=1)
        assert fires.any() and not (fires & ~on[:, parent]).any()


def test_a_benchmark_without_families_or_children_has_none():
    for n in ({"n_families": 0}, {"n_families": 2, "n_children": 0}):
        assert benchmark(16, 8, 2.0, torch.Generator().manual_seed(0), **n).families == ()


def test_side_by_side_shifts_the_families_of_its_parts():
    family = Hierarchy([-1, 0], [0.5, 0.5])
    firing = SideBySide((Independently([0.1]), family, SideBySide((ExactlyK(2, 1), family))))
    assert firing.families == ((1, (2,)), (5, (6,)))


def test_features_meet_side_by_side_as_often_as_in_the_list():
    firing = SideBySide((Independently([0.1, 0.4]), Hierarchy([-1, 0], [0.5, 0.5], 0.1), ExactlyK(3, 2), Pair()))
    patterns, probabilities = firing.support()
    listed = (patterns.double() * probabilities[:, None]).T @ patterns.double()
    torch.testing.assert_close(firing.cooccurrence(), listed)


def test_one_s_own_firing_needs_neither():
    world = World(Pair())
    assert world.families == families_of(Pair()) == ()
    assert torch.equal(world.cooccurrence(), torch.full((2, 2), 0.25).double())


def test_one_s_own_firing_may_know_both():
    class Knowing(Pair):
        families = ((0, (1,)),)

        def cooccurrence(self):
            return torch.zeros(2, 2)

    world = World(SideBySide((Pair(), Knowing())))
    assert world.families == ((2, (3,)),)
    assert cooccurrence_of(Knowing()).sum() == 0 and world.cooccurrence()[2, 2] == 0


def test_where_there_is_neither_knowledge_nor_a_list_pairs_are_refused():
    world = benchmark(16, 8, 2.0, torch.Generator().manual_seed(0), n_families=1)
    with pytest.raises(ValueError, match="n_patterns is infinite"):
        world.cooccurrence()
