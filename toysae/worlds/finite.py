"""A world as a finite list of points with probabilities: on it losses are compared and finite worlds are trained."""

from __future__ import annotations

import torch
from torch import Tensor

from toysae.worlds.checks import require_whole
from toysae.worlds.magnitudes import Gridded
from toysae.worlds.world import World, require_firing

GRID_LEVELS = 7  # magnitudes per feature in the grid that makes a world with sigma > 0 finite; fewer where it gets long
GRID_POINTS = 20_000  # the longest grid
SILENT = 1e-6  # activations below this share of mu are rounding: features are float32
SAMPLE_POINTS = 10_000  # samples that stand in for a grid which would be longer


def finite_data(world: World) -> tuple[Tensor, Tensor]:
    """Data points (n_points, d_in) and their probabilities (n_points,), float64, on which losses are compared."""
    activations, probabilities = finite_activations(world)
    return world.inputs(activations), probabilities


def finite_activations(world: World) -> tuple[Tensor, Tensor]:
    """Feature activations (n_points, n_features) of the finite data, and probabilities (n_points,), float64.

    The exact support where magnitudes do not vary; else the quantile grid with the most levels that GRID_POINTS allows;
    and where even that is too long, or cannot be had, SAMPLE_POINTS samples, always the same ones.
    """
    n_levels = affordable_levels(world)
    if not n_levels:
        activations = world.sample(SAMPLE_POINTS, torch.Generator().manual_seed(0)).double()
        return activations, torch.full((SAMPLE_POINTS,), 1 / SAMPLE_POINTS, dtype=torch.float64)
    return quantile_grid(world, n_levels) if world.varies else world.support()


def affordable_levels(world: World) -> int:
    """The most levels, up to GRID_LEVELS, whose grid has at most GRID_POINTS points; 0 where two are too many."""
    require_firing(world)
    if world.firing.n_patterns > GRID_POINTS or not isinstance(world.magnitudes, Gridded):
        return 0
    choices = range(2, GRID_LEVELS + 1) if world.varies else [1]
    return max((n for n in choices if grid_size(world, n) <= GRID_POINTS), default=0)


def grid_size(world: World, n_levels: int) -> int:
    """How many points the quantile grid of this world has."""
    require_firing(world)
    require_whole("n_levels", n_levels, 1, GRID_POINTS)
    patterns, _ = world.firing.support()
    return int((n_levels ** _gridded(world).n_varying(patterns).double()).sum())


def _gridded(world: World) -> Gridded:
    if not isinstance(world.magnitudes, Gridded):
        raise ValueError(f"magnitudes is {world.magnitudes}: allowed are those with a grid, such as RectifiedNormal")
    return world.magnitudes


def quantile_grid(world: World, n_levels: int) -> tuple[Tensor, Tensor]:
    """A finite stand-in for a world whose magnitudes vary: every magnitude takes n_levels equally likely values.

    Each value is the mean of the magnitude within one of n_levels equally likely slices, so means are exact.
    returns  feature activations (n_points, n_features) and probabilities (n_points,), float64
    raises   ValueError where the grid would hold more than GRID_POINTS points
    """
    n_points = grid_size(world, n_levels)
    if n_points > GRID_POINTS:
        raise ValueError(f"n_levels is {n_levels}, which gives {n_points} points: allowed are at most {GRID_POINTS}")
    patterns, probabilities = world.firing.support()
    blocks = _gridded(world).grid(patterns, n_levels)
    shares = [(p / len(block)).expand(len(block)) for p, block in zip(probabilities, blocks, strict=True)]
    return torch.cat(blocks), torch.cat(shares)


def coordinates(world: World) -> tuple[Tensor, Tensor]:
    """Coordinates (n_points, n_features) of the finite data along orthonormal features, and probabilities (n_points,).

    Float64, cleaned of rounding: what is nearly zero is zero. raises ValueError where features are not orthonormal
    """
    require_firing(world)
    world.require_orthonormal()
    points, probabilities = finite_data(world)
    activations = points @ world.features.double().T
    return torch.where(activations > SILENT * world.mu, activations, 0), probabilities
