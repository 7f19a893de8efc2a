"""The error under a budget of active latents: against sorting, brute force, and what more freedom must do."""

import itertools

import pytest
import torch
from torch.nn.functional import normalize

from toysae.chapters.correlations.budget import budget_errors, mixed_rows
from toysae.worlds.named_worlds import independent

AXES = torch.eye(4).double()


def generator():
    return torch.Generator().manual_seed(0)


def activations(n=60):
    return independent([0.4] * 4, sigma=0.3).sample(n, generator()).double()


@pytest.mark.parametrize("k", [0.0, 0.7, 1.0, 1.35, 9.0])
def test_with_features_as_rows_the_budget_goes_to_the_largest_activations(k):
    x = activations()
    squares = x.square().flatten().sort(descending=True).values
    spent = min(k * len(x), len(squares))
    share = (spent - torch.arange(len(squares))).clamp(0, 1)
    expected = (squares * (1 - share)).sum() / len(x)
    assert budget_errors(AXES[None], x, k)[0] == pytest.approx(float(expected), abs=1e-12)


def brute_force(rows, x, total):
    """Least summed error over all ways to give few points their numbers of latents, `total` of them in all."""
    n = len(rows)
    table = torch.full((len(x), n + 1), torch.inf).double()
    for i, point in enumerate(x):
        for size in range(n + 1):
            for chosen in itertools.combinations(range(n), size):
                some = rows[list(chosen)]
                z = torch.linalg.lstsq(some.T, point[:, None]).solution[:, 0] if size else torch.zeros(0).double()
                if (z >= 0).all():
                    error = (point - z @ some).square().sum() if size else point.square().sum()
                    table[i, size] = min(table[i, size], error)
    ways = itertools.product(range(n + 1), repeat=len(x))
    return min(float(sum(table[i, c] for i, c in enumerate(way))) for way in ways if sum(way) <= total)


def test_oblique_rows_are_a_lower_bound_that_brute_force_meets_within_one_point():
    rows = normalize(torch.randn(3, 3, generator=generator()).double(), dim=1)
    x = torch.rand(5, 3, generator=generator()).double()
    largest = float(x.square().sum(dim=1).max())
    for total in range(11):
        exact = brute_force(rows, x, total)
        found = float(budget_errors(rows[None], x, total / len(x))[0]) * len(x)
        assert exact - largest <= found <= exact + 1e-9


def test_a_larger_budget_or_a_further_row_never_hurts():
    rows = normalize(torch.randn(6, 4, 4, generator=generator()).double(), dim=2)
    x = activations()
    errors = torch.stack([budget_errors(rows, x, k) for k in (0.5, 1.0, 1.5, 2.0)])
    assert (errors.diff(dim=0) <= 1e-12).all()
    assert (budget_errors(rows[:, :3], x, 1.2) >= budget_errors(rows, x, 1.2) - 1e-12).all()


def test_the_bias_is_taken_from_the_points_and_all_turn_together():
    rows = normalize(torch.randn(2, 4, 4, generator=generator()).double(), dim=2)
    bias, x = torch.randn(2, 4, generator=generator()).double(), activations()
    moved = torch.stack([budget_errors(rows[i : i + 1], x - bias[i], 1.3)[0] for i in range(2)])
    assert torch.allclose(budget_errors(rows, x, 1.3, decoder_bias=bias), moved)
    turn = torch.linalg.qr(torch.randn(4, 4, generator=generator()).double()).Q
    assert torch.allclose(budget_errors(rows @ turn, x @ turn, 1.3), budget_errors(rows, x, 1.3))


def test_mixing_turns_every_feature_but_the_first_towards_the_first():
    rows = mixed_rows(AXES, torch.tensor([0.0, 0.5, -0.5]).double())
    assert torch.allclose(rows[0], AXES)
    assert torch.allclose(rows.norm(dim=2), torch.ones(3, 4).double())
    assert torch.allclose(rows[1, 1:, 0], torch.full((3,), 0.5 / 1.25**0.5).double())
    assert torch.allclose(rows[2, 1:, 0], -rows[1, 1:, 0])


def test_impossible_requests_are_refused():
    with pytest.raises(ValueError, match="k is -1"):
        budget_errors(AXES[None], activations(), -1)
    with pytest.raises(ValueError, match="n_latents is 11"):
        budget_errors(torch.eye(11)[None], torch.eye(11), 1)
