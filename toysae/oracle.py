"""What training is compared with: bounds, exact codes and exact losses. Nothing here is trained.

The loss is that of `toysae.sae`: 1/2 ||x - x_hat||^2 + l1_coeff ||z||_1, a mean over samples.
"""

from __future__ import annotations

import itertools
import math

import numpy as np
import torch
from scipy.stats import norm
from sklearn.linear_model import Lasso
from torch import Tensor

from toysae.worlds import World

MAX_ENUMERATED = 8  # dictionaries of up to this many rows are solved by trying every set of active latents
DESCENT_TOLERANCE = 1e-6  # how far above the optimum coordinate descent may stop, relative to ||x||^2
GRID_LEVELS = 7  # magnitudes per feature in the grid that makes a world with sigma > 0 finite; fewer where it gets long
GRID_POINTS = 20_000  # the longest grid
SAMPLE_POINTS = 10_000  # samples that stand in for a grid which would be longer


def radial_bound(world: World, l1_coeff: float) -> float:
    """The loss that no SAE with unit decoder rows, non-negative latents and no decoder bias can go below.

    Unit rows give ||z||_1 >= ||x_hat||, so a sample of length r costs at least the minimum over s of
    (r - s)^2 / 2 + l1_coeff s: that is l1_coeff r - l1_coeff^2 / 2, or r^2 / 2 where r < l1_coeff.
    """
    points, probabilities = finite_data(world)
    length = points.norm(dim=1)
    kept = length.clamp(max=l1_coeff)  # the part of the length that is cheaper to leave out than to pay for
    return float(probabilities @ (kept.square() / 2 + l1_coeff * (length - kept)))


def dictionary_loss(dictionary: Tensor, world: World, l1_coeff: float, *, decoder_bias: Tensor | None = None) -> Tensor:
    """The loss of a dictionary when every sample gets the best possible latent activations.

    dictionary    (..., n_latents, d_in) decoder rows; unit rows are what the loss is meant for
    decoder_bias  (..., d_in), zero when left out
    returns       (...,) float64: exact for sigma = 0, else exact on the grid of magnitude quantiles
    """
    points, probabilities = finite_data(world)
    rows = dictionary.double().flatten(0, -3) if dictionary.ndim > 2 else dictionary.double()[None]
    biases = (
        rows.new_zeros(len(rows), world.d_in) if decoder_bias is None else decoder_bias.double().reshape(-1, world.d_in)
    )
    losses = [
        code_loss(points - b, W, codes(points - b, W, l1_coeff), l1_coeff) for W, b in zip(rows, biases, strict=True)
    ]
    return (torch.stack(losses) @ probabilities).reshape(dictionary.shape[:-2])


def code_loss(x: Tensor, dictionary: Tensor, z: Tensor, l1_coeff: float) -> Tensor:
    """Loss of every sample (n_samples,) for given latent activations z (n_samples, n_latents)."""
    return (x - z @ dictionary).square().sum(dim=1) / 2 + l1_coeff * z.sum(dim=1)


def codes(x: Tensor, dictionary: Tensor, l1_coeff: float) -> Tensor:
    """The best non-negative latent activations for a given dictionary: argmin 1/2 ||x - z W||^2 + l1_coeff sum z.

    x           (n_samples, d_in)
    dictionary  (n_latents, d_in)
    returns     (n_samples, n_latents), float64

    The sign of the lasso is fixed, z >= 0, because a ReLU cannot go below zero. Small dictionaries are solved by trying
    every set of active latents, larger ones by scikit-learn's coordinate descent.
    """
    if not (math.isfinite(l1_coeff) and l1_coeff >= 0):
        raise ValueError(f"l1_coeff is {l1_coeff}: allowed is a finite number >= 0")
    if x.ndim != 2 or dictionary.ndim != 2 or x.shape[1] != dictionary.shape[1]:
        raise ValueError(
            f"dictionary has shape {tuple(dictionary.shape)} and x {tuple(x.shape)}: "
            "allowed are (n_latents, d_in) and (n_samples, d_in)"
        )
    solve = _codes_by_enumeration if len(dictionary) <= MAX_ENUMERATED else _codes_by_descent
    return solve(x.double(), dictionary.double(), l1_coeff)


def _codes_by_enumeration(x: Tensor, dictionary: Tensor, l1_coeff: float) -> Tensor:
    """Solves the normal equations of every set of independent rows and keeps the best non-negative answer.

    Some optimal code always uses independent rows only, so nothing is missed.
    """
    n_latents, d_in = dictionary.shape
    best = x.new_zeros(len(x), n_latents)
    lowest = code_loss(x, dictionary, best, l1_coeff)
    for size in range(1, min(n_latents, d_in) + 1):
        for active in map(list, itertools.combinations(range(n_latents), size)):
            rows = dictionary[active]
            gram = rows @ rows.T
            if torch.linalg.det(gram) < 1e-12:
                continue
            candidate = torch.zeros_like(best)
            candidate[:, active] = torch.linalg.solve(gram, rows @ x.T - l1_coeff).T
            loss = code_loss(x, dictionary, candidate, l1_coeff)
            better = (candidate >= 0).all(dim=1) & (loss < lowest)
            best[better], lowest[better] = candidate[better], loss[better]
    return best


def _codes_by_descent(x: Tensor, dictionary: Tensor, l1_coeff: float) -> Tensor:
    d_in = dictionary.shape[1]
    lasso = Lasso(alpha=l1_coeff / d_in, positive=True, fit_intercept=False, tol=DESCENT_TOLERANCE, max_iter=100_000)
    solution = lasso.fit(dictionary.T.numpy(), x.T.numpy()).coef_
    return torch.from_numpy(np.atleast_2d(solution))


def finite_data(world: World) -> tuple[Tensor, Tensor]:
    """Data points (n_points, d_in) and their probabilities (n_points,), float64, on which losses are compared.

    The exact support where sigma = 0; else the quantile grid with the most levels that GRID_POINTS allows; and where
    even that is too long, SAMPLE_POINTS samples, always the same ones.
    """
    n_levels = affordable_levels(world)
    if not n_levels:
        activations = world.sample(SAMPLE_POINTS, torch.Generator().manual_seed(0)).double()
        return world.inputs(activations), torch.full((SAMPLE_POINTS,), 1 / SAMPLE_POINTS, dtype=torch.float64)
    activations, probabilities = quantile_grid(world, n_levels) if world.sigma else world.support()
    return world.inputs(activations), probabilities


def affordable_levels(world: World) -> int:
    """The most levels, up to GRID_LEVELS, whose grid has at most GRID_POINTS points; 0 where two are too many."""
    if world.firing.n_patterns > GRID_POINTS:
        return 0
    choices = range(2, GRID_LEVELS + 1) if world.sigma else [1]
    return max((n for n in choices if grid_size(world, n) <= GRID_POINTS), default=0)


def grid_size(world: World, n_levels: int) -> int:
    """How many points the quantile grid of this world has."""
    patterns, _ = world.firing.support()
    return int((n_levels ** patterns.sum(dim=1).double()).sum())


def quantile_grid(world: World, n_levels: int) -> tuple[Tensor, Tensor]:
    """A finite stand-in for a world whose magnitudes vary: every magnitude takes n_levels equally likely values.

    Each value is the mean of the magnitude within one of n_levels equally likely slices, so means are exact.
    returns  feature activations (n_points, n_features) and probabilities (n_points,), float64
    raises   ValueError where the grid would hold more than GRID_POINTS points
    """
    n_points = grid_size(world, n_levels)
    if n_points > GRID_POINTS:
        raise ValueError(f"n_levels is {n_levels}, which gives {n_points} points: allowed are at most {GRID_POINTS}")
    levels = magnitude_levels(world.mu, world.sigma, n_levels)
    blocks, shares = [], []
    for pattern, probability in zip(*world.firing.support(), strict=True):
        choices = torch.tensor(list(itertools.product(levels, repeat=int(pattern.sum()))), dtype=torch.float64)
        block = torch.zeros(len(choices), world.n_features, dtype=torch.float64)
        block[:, pattern] = choices
        blocks.append(block)
        shares.append((probability / len(block)).expand(len(block)))
    return torch.cat(blocks), torch.cat(shares)


def magnitude_levels(mu: float, sigma: float, n_levels: int) -> list[float]:
    """Means of max(0, mu + sigma * normal) within n_levels equally likely slices, ascending.

    The integral of max(0, mu + sigma t) over the standard normal density up to t is, above t0 = -mu / sigma,
    mu (Phi(t) - Phi(t0)) - sigma (phi(t) - phi(t0)); differences of it between slice borders are the means.
    """
    borders = norm.ppf(np.linspace(0, 1, n_levels + 1)).clip(min=-mu / sigma)
    integral = mu * norm.cdf(borders) - sigma * norm.pdf(borders)
    return (np.diff(integral) * n_levels).tolist()
