"""The bias: closed forms against exact codes, floors against dictionaries that attain them, and what moves change."""

import pytest
import torch
from torch.nn.functional import normalize

from toysae.chapters.the_bias import (
    best_bias,
    costs_along_the_diagonal,
    floor_around,
    latents_needed,
    placed,
    seen_along_the_diagonal,
)
from toysae.optimum.codes import dictionary_loss, radial_bound
from toysae.saes.stack import ReluL1, untrained
from toysae.saes.starts import random_sign_rows
from toysae.worlds.firings import Patterns
from toysae.worlds.named_worlds import k_of_n, solo_leak, two_of_three
from toysae.worlds.world import World

L1 = 0.1


@pytest.mark.parametrize(("n", "k"), [(3, 1), (3, 2), (4, 2), (5, 4), (3, 3)])
@pytest.mark.parametrize("l1_coeff", [0.02, 0.1, 0.9])
def test_the_account_along_the_diagonal_is_what_exact_codes_cost(n, k, l1_coeff):
    world, shifts = k_of_n(n, k, mu=1.3), torch.linspace(0, 1.3, 14).double()
    along = shifts[:, None] * torch.ones(n).double()
    costs = costs_along_the_diagonal(n, k, shifts, 1.3, l1_coeff)
    dictionaries = {"atoms": torch.eye(n), "negatives": -torch.eye(n)} | (
        {"composites": world.composites()} if k > 1 else {}
    )
    for name, rows in dictionaries.items():
        exact = dictionary_loss(rows.expand(len(along), *rows.shape), world, l1_coeff, decoder_bias=along)
        assert torch.allclose(costs[name], exact, atol=1e-7), name
    assert torch.allclose(costs["differences"], floor_around(along, world, l1_coeff))


def test_without_a_bias_the_floor_is_the_radial_bound():
    world = k_of_n(4, 2, sigma=0.3)
    assert float(floor_around(torch.zeros(4), world, L1)) == pytest.approx(radial_bound(world, L1))


@pytest.mark.parametrize("world", [two_of_three(), k_of_n(4, 2), solo_leak(3, 2, 0.3)])
def test_one_latent_towards_each_point_attains_the_floor(world):
    best, floor = best_bias(world, L1)
    points, _ = world.support()
    rows = normalize(points - best, dim=1)
    assert float(dictionary_loss(rows, world, L1, decoder_bias=best)) == pytest.approx(floor, abs=1e-7)


def test_no_dictionary_goes_below_the_floor_around_its_bias():
    world, generator = k_of_n(4, 2), torch.Generator().manual_seed(0)
    biases = torch.randn(40, 4, generator=generator, dtype=torch.float64)
    rows = normalize(torch.randn(40, 6, 4, generator=generator), dim=2)
    losses = dictionary_loss(rows, world, L1, decoder_bias=biases)
    assert (losses >= floor_around(biases, world, L1) - 1e-9).all()


def test_the_best_bias_of_k_of_n_is_the_mean_and_beats_a_search():
    for n, k in ((3, 1), (3, 2), (5, 2)):
        world = k_of_n(n, k, mu=0.7)
        best, floor = best_bias(world, L1)
        assert torch.allclose(best, torch.full((n,), 0.7 * k / n).double(), atol=1e-5)
        somewhere = best + 0.3 * torch.randn(500, n, generator=torch.Generator().manual_seed(0)).double()
        assert float(floor_around(somewhere, world, L1).min()) > floor


def test_the_best_bias_of_a_lopsided_world_beats_a_search():
    world = World(Patterns([[1, 1, 0], [0, 1, 1], [0, 0, 1], [0, 0, 0]], [0.4, 0.3, 0.2, 0.1]))
    best, floor = best_bias(world, L1)
    for width in (0.3, 0.03, 0.003):
        near = best + width * torch.randn(2000, 3, generator=torch.Generator().manual_seed(1)).double()
        assert float(floor_around(near, world, L1).min()) > floor - 1e-9


def test_k_of_n_and_its_mirror_image_have_the_same_floor():
    for n in range(3, 7):
        floors = [best_bias(k_of_n(n, k), L1)[1] for k in range(1, n)]
        assert floors == pytest.approx(floors[::-1], abs=1e-9)


def test_a_bias_of_another_width_is_refused():
    with pytest.raises(ValueError, match=r"the shape of bias is \(2,\): allowed is \(..., d_in = 3\)"):
        floor_around(torch.zeros(2), two_of_three(), L1)


@pytest.mark.parametrize(("n", "k"), [(3, 1), (3, 2), (4, 2), (5, 3)])
def test_differences_need_every_latent_that_is_counted(n, k):
    world = k_of_n(n, k)
    best, floor = best_bias(world, L1)
    points, _ = world.support()
    rows = normalize(points.double() - best, dim=1)
    n_rows = latents_needed(n, k)["differences"]
    assert len(rows.round(decimals=6).unique(dim=0)) == n_rows
    one_less = [dictionary_loss(rows[torch.arange(n_rows) != i], world, L1, decoder_bias=best) for i in range(3)]
    assert min(one_less) > floor + 1e-4
    assert latents_needed(n, k) == {"atoms": n, "negatives": n, "composites": n_rows, "differences": n_rows}


def test_a_bias_placed_elsewhere_changes_nothing_else():
    rows = random_sign_rows(two_of_three(), 3, range(4))
    start = untrained(ReluL1(L1), rows, range(4), decoder_bias=True)
    moved = placed(start, torch.tensor([0.1, 0.2, 0.3]).double())
    assert torch.equal(moved.b_dec, torch.tensor([[0.1, 0.2, 0.3]]).expand(4, 3))
    assert torch.equal(start.b_dec, torch.zeros(4, 3))
    assert all(torch.equal(moved.parameters[name], start.parameters[name]) for name in ("W_enc", "b_enc", "W_dec"))
    each = torch.arange(12.0).view(4, 3)
    assert torch.equal(placed(start, each).b_dec, each)


def test_a_bias_that_does_not_fit_is_not_placed():
    rows = random_sign_rows(two_of_three(), 3, range(4))
    start, plain = (untrained(ReluL1(L1), rows, range(4), decoder_bias=on) for on in (True, False))
    with pytest.raises(ValueError, match=r"at has shape \(2,\): allowed are \(3,\) and \(4, 3\)"):
        placed(start, torch.zeros(2))
    with pytest.raises(ValueError, match="start has no decoder bias"):
        placed(plain, torch.zeros(3))


def drawn(figure):
    figure.canvas.draw()
    return figure


def test_arrows_start_at_the_bias_and_end_where_the_latent_leads():
    panels = {name: (torch.tensor([0.0, 1.0, 0.0]), torch.eye(3)[:1], ["atomic"]) for name in "ab"}
    axes = drawn(seen_along_the_diagonal(panels, torch.eye(3))).axes[0]
    arrow = next(text for text in axes.texts if getattr(text, "arrow_patch", None) is not None)
    assert list(arrow.xyann) == pytest.approx([0.5**0.5, -(6**-0.5)])
    assert list(arrow.xy) == pytest.approx([0.0, -2 * 6**-0.5])
