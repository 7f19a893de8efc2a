"""What a dictionary can do if only k latents per sample may be active on average: the loss of TopK and BatchTopK SAEs.

There is no price here, only the budget. So the error of a dictionary with the best possible activations is a problem of
its own: which samples get how many latents, and which ones.
"""

from __future__ import annotations

import itertools

import torch
from torch import Tensor
from torch.nn.functional import normalize

from toysae.worlds.checks import require

MOST_LATENTS = 10  # every set of latents is tried
BATCH_NUMBERS = 2**22  # errors that are held in memory at once


def budget_errors(dictionaries: Tensor, points: Tensor, k: float, *, decoder_bias: Tensor | None = None) -> Tensor:
    """Mean squared error of dictionaries with the best non-negative activations of which k per point are active.

    dictionaries  (n_dicts, n_latents, d_in) linearly independent rows
    points        (n_points, d_in), all equally likely
    k             mean number of active latents, >= 0; need not be whole
    decoder_bias  (n_dicts, d_in), zero when left out
    returns       (n_dicts,) float64

    No encoder is involved. For every point the error falls with the number of latents it is given; the budget goes
    where an additional latent gains most. A point that gains from two latents more than twice what it gains from one
    may get a share of two: the answer is then a lower bound, attained up to one point in all.
    """
    n_dicts, n_latents, d_in = dictionaries.shape
    require("k", k, k >= 0, "a number >= 0")
    require("n_latents", n_latents, n_latents <= MOST_LATENTS, f"at most {MOST_LATENTS}")
    rows, points = dictionaries.double(), points.double()
    biases = rows.new_zeros(n_dicts, d_in) if decoder_bias is None else decoder_bias.double()
    size = max(1, BATCH_NUMBERS // (len(points) * (n_latents + 1)))
    parts = [slice(i, i + size) for i in range(0, n_dicts, size)]
    return torch.cat([_spend(_errors_by_count(rows[i], points - biases[i, None]), k) for i in parts])


def mixed_rows(features: Tensor, mixing: Tensor) -> Tensor:
    """The features, all but the first turned towards the first: normalised v_i + m v_0, (n, n_features, d_in).

    features  (n_features, d_in) orthonormal
    mixing    (n,) values of m
    """
    towards = mixing[:, None, None] * features[0]
    return normalize(torch.cat([features[:1].expand(len(mixing), 1, -1), features[1:] + towards], dim=1), dim=2)


def _errors_by_count(rows: Tensor, residuals: Tensor) -> Tensor:
    """Least squared error of each point with at most 0, 1, ... latents, (n_dicts, n_points, n_latents + 1).

    rows (n_dicts, n_latents, d_in), residuals (n_dicts, n_points, d_in)
    """
    n_latents = rows.shape[1]
    best = residuals.new_full((*residuals.shape[:2], n_latents + 1), torch.inf)
    best[..., 0] = residuals.square().sum(dim=2)
    for size in range(1, n_latents + 1):
        for chosen in itertools.combinations(range(n_latents), size):
            some = rows[:, list(chosen)]
            z = residuals @ torch.linalg.pinv(some)
            error = (residuals - z @ some).square().sum(dim=2)
            # Where one of them would be negative, the best lies in a smaller set, which is tried as well
            best[..., size] = torch.minimum(best[..., size], torch.where((z >= 0).all(dim=2), error, torch.inf))
    return best.cummin(dim=2).values


def _spend(errors: Tensor, k: float) -> Tensor:
    """Mean error after the budget is spent where it gains most: errors (n_dicts, n_points, n_latents + 1) by count."""
    n_points = errors.shape[1]
    gains = _steady_gains(errors).flatten(1).sort(dim=1, descending=True).values
    spent = min(k * n_points, gains.shape[1])
    share = (spent - torch.arange(gains.shape[1])).clamp(0, 1).to(gains)  # of each gain that can be afforded
    return (errors[..., 0].sum(dim=1) - gains @ share) / n_points


def _steady_gains(errors: Tensor) -> Tensor:
    """What each further latent gains, smoothed so that gains never rise: steps of the greatest convex minorant.

    errors (..., n + 1), the answer (..., n)
    """
    n = errors.shape[-1] - 1
    gains = torch.empty_like(errors[..., 1:])
    for step in range(n):
        # The slope of the minorant on a step: over all starts up to it, the least of the steepest slopes across it
        across = [
            torch.stack([(errors[..., i] - errors[..., j]) / (j - i) for j in range(step + 1, n + 1)]).amax(dim=0)
            for i in range(step + 1)
        ]
        gains[..., step] = torch.stack(across).amin(dim=0)
    return gains
