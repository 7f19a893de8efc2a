"""Worlds: exact frequencies and co-occurrence; sampling equals the support in the limit; what is refused."""

import itertools
import math

import pytest
import torch

from toysae import worlds
from toysae.worlds import Patterns, World

N = 40_000

FINITE = {
    "two of three": worlds.two_of_three(),
    "three of five": worlds.k_of_n(5, 3),
    "groups": worlds.groups(4),
    "independent groups": worlds.independent_groups(2, 0.3),
    "bundles": worlds.bundles(3, 2),
    "product": worlds.product([3, 4]),
    "solo leak": worlds.solo_leak(4, 2, 0.3),
    "independent": worlds.independent([0.1, 0.5, 0.9]),
    "own": World(Patterns([[1, 1, 0], [0, 0, 1]], [0.25, 0.75])),
}


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("name", FINITE)
def test_sampling_equals_the_support_in_the_limit(name):
    world = FINITE[name]
    patterns, probabilities = world.support()
    exact = (patterns * probabilities[:, None]).T @ patterns
    samples = world.sample(N, generator()).double()
    error = (samples.T @ samples / N - exact).abs().max()
    assert error < 5 * 0.5 / math.sqrt(N)  # five standard errors of a probability
    assert probabilities.sum().item() == pytest.approx(1)
    assert world.firing.n_patterns == len(probabilities)


@pytest.mark.parametrize("name", FINITE)
def test_every_sample_is_a_pattern_of_the_support(name):
    world = FINITE[name]
    possible = {tuple(row) for row in world.support()[0].bool().tolist()}
    assert {tuple(row) for row in world.sample(2000, generator()).bool().tolist()} <= possible


@pytest.mark.parametrize("name", FINITE)
def test_rates_and_togetherness_agree_with_the_support(name):
    world = FINITE[name]
    patterns, probabilities = world.firing.support()
    assert torch.allclose(world.firing.rates(), probabilities @ patterns.double())
    assert torch.allclose(world.cooccurrence().diagonal(), world.firing.rates())
    for pair in itertools.combinations(range(world.n_features), 2):
        seen = bool(patterns[:, list(pair)].all(dim=1).any())
        assert world.firing.fire_together(pair) == seen


def test_exact_cooccurrence_of_two_of_three():
    expected = torch.full((3, 3), 1 / 3).double().fill_diagonal_(2 / 3)
    assert torch.allclose(worlds.two_of_three().cooccurrence(), expected)


def test_features_of_different_groups_never_meet():
    together = worlds.groups(8).cooccurrence()
    blocks = torch.block_diag(*[torch.ones(3, 3)] * 8).bool()
    assert (together[~blocks] == 0).all()
    assert torch.allclose(together[0, 1], torch.tensor(1 / 24).double())


def test_composites_are_the_normalised_sums_of_what_fires_together():
    half = math.sqrt(0.5)
    expected = {(half, half, 0.0), (half, 0.0, half), (0.0, half, half)}
    found = {tuple(row) for row in worlds.two_of_three().composites().tolist()}
    assert {tuple(round(v, 6) for v in row) for row in found} == {tuple(round(v, 6) for v in row) for row in expected}
    assert len(worlds.solo_leak(4, 2, 0.5).composites()) == math.comb(4, 2)


def test_magnitude_moments_are_those_of_a_rectified_normal():
    for sigma in (0.0, 0.1, 0.8, 3.0):
        world = worlds.k_of_n(2, 2, mu=1.0, sigma=sigma)
        active = world.sample(N, generator(1)).flatten().double()
        mean, deviation = world.magnitude_moments()
        assert active.mean().item() == pytest.approx(mean, abs=5 * deviation / math.sqrt(2 * N) + 1e-6)
        assert active.std().item() == pytest.approx(deviation, rel=0.03, abs=1e-6)


def test_entry_moments_count_the_zeros():
    world = worlds.two_of_three(sigma=0.5)
    entries = world.sample(N, generator(2)).flatten().double()
    mean, deviation = world.entry_moments()
    assert entries.mean().item() == pytest.approx(mean, abs=0.01)
    assert entries.std().item() == pytest.approx(deviation, abs=0.01)


def test_a_rotated_world_has_the_same_geometry():
    features = worlds.random_rotation(3, 7, generator())
    assert torch.allclose(features @ features.T, torch.eye(3), atol=1e-5)
    world = worlds.two_of_three(features=features)
    activations = world.sample(10, generator())
    assert torch.allclose(world.inputs(activations).norm(dim=1), activations.norm(dim=1), atol=1e-5)


def test_the_same_generator_seed_gives_the_same_samples():
    world = worlds.groups(3, sigma=0.2)
    assert torch.equal(world.sample(50, generator(7)), world.sample(50, generator(7)))
    assert not torch.equal(world.sample(50, generator(7)), world.sample(50, generator(8)))


def test_magnitudes_are_never_negative():
    assert worlds.two_of_three(sigma=5.0).sample(1000, generator()).min() >= 0


def test_isotropic_data_look_the_same_from_everywhere():
    world = worlds.Isotropic(3)
    x = world.inputs(world.sample(N, generator()))
    turned = x @ worlds.random_rotation(3, 3, generator(1)).T
    for data in (x, turned):
        assert torch.allclose(data.T @ data / N, torch.eye(3), atol=0.05)
        assert data.pow(4).mean().item() == pytest.approx(3, abs=0.15)  # a normal fourth moment, in any basis


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        (lambda: worlds.k_of_n(3, 4), "k is 4"),
        (lambda: worlds.k_of_n(3, 0), "k is 0"),
        (lambda: worlds.two_of_three(mu=0.0), "mu is 0.0"),
        (lambda: worlds.two_of_three(mu=math.nan), "mu is nan"),
        (lambda: worlds.two_of_three(sigma=-1.0), "sigma is -1.0"),
        (lambda: worlds.two_of_three(sigma=math.inf), "sigma is inf"),
        (lambda: worlds.solo_leak(3, 2, 1.5), "p_alone is 1.5"),
        (lambda: worlds.independent_groups(3, -0.1), "p is -0.1"),
        (lambda: worlds.independent([0.5, 1.2]), "probabilities is"),
        (lambda: worlds.independent([0.5, math.nan]), "probabilities is"),
        (lambda: Patterns([[1, 0]], [0.5]), "probabilities is"),
        (lambda: Patterns([[1, 0]], [0.5, 0.5]), "probabilities has shape"),
        (lambda: worlds.two_of_three(features=torch.eye(2)), "features has shape"),
        (lambda: worlds.two_of_three(features=torch.ones(3, 3)), "features has rows"),
        (lambda: worlds.random_rotation(3, 2, generator()), "d_in is 2"),
        (lambda: worlds.two_of_three(sigma=0.1).support(), "sigma is 0.1"),
        (lambda: worlds.independent([0.5] * 30).support(), "n_patterns is"),
    ],
)
def test_impossible_worlds_are_refused_by_name(wrong, named):
    with pytest.raises(ValueError, match="allowed") as refusal:
        wrong()
    assert str(refusal.value).startswith(named)
    assert "\n" not in str(refusal.value)
