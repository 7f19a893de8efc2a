"""The words of the minimal example, its square, and its sphere."""

import math

import matplotlib.pyplot as plt
import pytest
import torch

import toysae
from toysae import optimum
from toysae.chapters.minimal_example import _draw_path, _sphere_map, given, ways


@pytest.mark.parametrize(("n", "k", "n_latents", "silent", "words"), [
    (3, 2, 3, 0.0, ("three features that always fire in pairs", "one latent per pair", "pairs")),
    (3, 2, 6, 0.1, ("three features that fire in pairs", "six latents for three pairs", "pairs")),
    (4, 2, 1, 0.0, ("four features that always fire in pairs", "one latent for six pairs", "pairs")),
    (13, 3, 5, 0.0, ("13 features that always fire in triples", "five latents for 286 triples", "triples")),
    (6, 5, 6, 0.0, ("six features that always fire in groups of five", "one latent per group", "groups")),
    (2, 2, 3, 0.0, ("two features that always fire together", "three latents", "composites")),
    (5, 5, 1, 0.0, ("five features that always fire together", "one latent", "composites")),
])  # fmt: skip
def test_what_is_given_in_words(n, k, n_latents, silent, words):
    found = given(toysae.k_of_n(n, k), k, n_latents, silent)
    assert (found.features, found.latents, found.sets) == words


@pytest.mark.parametrize(("mu", "l1_coeff"), [(1.0, 0.1), (2.0, 0.5), (1.0, 1.2), (0.1, 2.0)])
def test_both_ways_pay_what_the_best_activations_of_their_dictionaries_pay(mu, l1_coeff):
    world = toysae.k_of_n(2, 2, mu=mu)
    for way, dictionary in zip(ways(mu, l1_coeff), (world.features, world.composites()), strict=True):
        assert way.price + way.error == pytest.approx(float(optimum.dictionary_loss(dictionary, world, l1_coeff)))
        length = sum(math.dist(*pair) for pair in zip(way.corners, way.corners[1:], strict=False))
        assert way.price == pytest.approx(l1_coeff * length)
        assert way.error == pytest.approx(math.dist(way.corners[-1], (mu, mu)) ** 2 / 2)


def test_the_sphere_map_keeps_the_octant_upright_and_the_sphere_inside_the_disc():
    corners = _sphere_map(torch.eye(3).double())
    assert torch.allclose(corners.norm(dim=1), corners.norm(dim=1)[0].expand(3))
    assert corners[2, 0].abs() < 1e-9
    assert corners[2, 1] > 0
    anywhere = torch.nn.functional.normalize(torch.randn(500, 3, generator=torch.Generator().manual_seed(0)), dim=1)
    assert _sphere_map(anywhere.double()).norm(dim=1).max() <= 2 + 1e-9
    middle = torch.full((3,), 3**-0.5).double()
    assert _sphere_map(middle).norm() < 1e-6


def test_a_jump_breaks_the_path():
    axes = plt.Figure().subplots()
    path = torch.tensor([[0.0, 0.0], [0.1, 0.0], [1.5, 0.0], [1.6, 0.0]]).numpy()
    _draw_path(axes, path, "#000000")
    x = axes.lines[0].get_xdata()
    assert [bool(torch.isnan(torch.tensor(float(v)))) for v in x] == [False, False, True, False]
