"""Figures of the chapter "The minimal example"."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib
import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from toysae.figures.maps import cosine_scale, draw_heat_map, label_cells, name_rows_and_columns
from toysae.figures.style import LABEL_COLOURS, READABLE, finish, label_legend, ticks
from toysae.measures.assessment import Assessment
from toysae.measures.labels import LABELS, feature_names
from toysae.measures.reading import reading_order


def pattern_table(patterns: Tensor, probabilities: Tensor) -> Figure:
    """Which features fire in which pattern: patterns (n_patterns, n_features), probabilities (n_patterns,)."""
    n_patterns, n_features = patterns.shape
    figure = Figure(figsize=(1.6 + 0.34 * n_features, 0.7 + 0.34 * n_patterns), layout="constrained")
    axes = figure.subplots()
    axes.pcolormesh(patterns.numpy(), cmap="Blues", vmin=0, vmax=1.4, edgecolors="white", linewidth=2)
    label_cells(axes, feature_names(n_features), [f"probability {p:.3g}" for p in probabilities.tolist()])
    axes.set_xlabel("true feature")
    return figure


def map_with_activations(seen: Assessment, sae: int, z: Tensor, sample_names: Sequence[str], title: str) -> Figure:
    """The heat map, and beside it how strongly each latent fires on chosen samples: z (n_samples, n_latents)."""
    n_latents, n_features = seen.cosines.shape[1:]
    cell = 0.52 if n_latents <= READABLE else 0.24
    size = 4.6 + cell * (n_features + len(sample_names)), 1.9 + cell * (n_latents + 1.6)
    figure = Figure(figsize=size, layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=[n_features + 1.2, len(sample_names)])
    draw_heat_map(left, seen, sae)
    name_rows_and_columns(left, seen, sae)
    cosine_scale(figure, left)
    order = reading_order(seen.cosines, seen.labels, sae)
    _draw_activations(figure, right, z.T[order].numpy(), sample_names)
    left.set_title("what each latent writes")
    right.set_title("when each latent fires")
    finish(figure, title, seen.labels.words)
    return figure


def _draw_activations(figure: Figure, axes: Axes, z: np.ndarray, sample_names: Sequence[str]) -> None:
    """Latent activations (n_latents, n_samples), on the same rows as the heat map beside them."""
    padded = np.vstack([z, np.full((2, z.shape[1]), np.nan)])
    image = axes.imshow(padded, cmap="Greens", vmin=0, interpolation="nearest")
    if len(z) <= READABLE:
        for (i, j), value in np.ndenumerate(z):
            ink = "white" if value > 0.6 * z.max() else "#222222"
            axes.text(j, i, f"{value:.2f}", ha="center", va="center", fontsize=8, color=ink)
    ticks(axes, [""] * len(padded), sample_names)
    axes.set_xlabel("features that fire in the sample")
    figure.colorbar(image, ax=axes, label="latent activation", shrink=0.8, pad=0.02, aspect=25)


RESAMPLED = 0.35  # a step longer than this on the sphere is a resampled latent, not a path


def sphere_paths(panels: Mapping[str, tuple[Tensor, Assessment]], features: Tensor) -> Figure:
    """The way of every latent over the sphere, for three features.

    panels    title -> (dictionaries (n_records, n_saes, n_latents, d_in), what was seen at the end)
    features  (3, d_in) the true feature directions, which become the corners
    """
    figure = Figure(figsize=(4.6 * len(panels), 4.9), layout="constrained")
    for axes, (title, (dictionaries, seen)) in zip(figure.subplots(1, len(panels)), panels.items(), strict=True):
        _draw_octant(axes)
        points = _sphere_map(torch.nn.functional.normalize(dictionaries.double(), dim=-1) @ features.double().T)
        for path, kind in zip(points.flatten(1, 2).unbind(1), seen.labels.kinds.flatten().tolist(), strict=True):
            _draw_path(axes, path.numpy(), LABEL_COLOURS[LABELS[kind]])
        axes.set_title(title)
    label_legend(figure)
    return figure


def _sphere_map(directions: Tensor) -> Tensor:
    """Lambert's equal-area map of the sphere, seen from (1, 1, 1): unit vectors (..., 3) to (..., 2).

    The whole sphere fits into a disc of radius 2; the point opposite to (1, 1, 1) becomes its rim.
    """
    ahead = directions.sum(dim=-1) / math.sqrt(3)
    across = (directions[..., 1] - directions[..., 0]) / math.sqrt(2)
    up = (2 * directions[..., 2] - directions[..., 0] - directions[..., 1]) / math.sqrt(6)
    stretch = (2 / (1 + ahead).clamp(min=1e-9)).sqrt()
    return torch.stack([across * stretch, up * stretch], dim=-1)


def _draw_octant(axes: Axes) -> None:
    """Where all features are positive: corners A, B, C, and the composites half-way along the edges."""
    corners = torch.eye(3, dtype=torch.float64)
    turn = torch.linspace(0, math.pi / 2, 40, dtype=torch.float64)[:, None]
    for first, second in ((0, 1), (1, 2), (0, 2)):
        edge = _sphere_map(corners[first] * turn.cos() + corners[second] * turn.sin())
        axes.plot(*edge.T, color="#bbbbbb", linewidth=1, zorder=1)
        _name_point(axes, edge[len(edge) // 2], "ABC"[first] + "+" + "ABC"[second])
    for corner, name in zip(_sphere_map(corners), "ABC", strict=True):
        _name_point(axes, corner, name)
    axes.set(xlim=(-2.05, 2.05), ylim=(-2.05, 2.05), aspect="equal")
    axes.axis("off")
    axes.add_patch(matplotlib.patches.Circle((0, 0), 2, fill=False, color="#dddddd"))


def _name_point(axes: Axes, point: Tensor, name: str) -> None:
    outward = point / point.norm()
    x, y = (point + 0.24 * outward).tolist()
    axes.text(x, y, name, ha="center", va="center", fontsize=9, color="#222222", zorder=5)


def _draw_path(axes: Axes, path: np.ndarray, colour: str) -> None:
    """One latent's way (n_records, 2), interrupted where it was resampled; a ring at the start, a dot at the end."""
    broken = path.copy()
    broken[1:][np.linalg.norm(np.diff(path, axis=0), axis=1) > RESAMPLED] = np.nan
    axes.plot(*broken.T, color=colour, linewidth=0.7, alpha=0.3, zorder=2)
    ring: dict[str, Any] = {"markerfacecolor": "white", "markeredgecolor": colour, "markeredgewidth": 0.7}
    axes.plot(*path[0], "o", markersize=3, alpha=0.7, zorder=3, **ring)
    axes.plot(*path[-1], "o", markersize=5.5, color=colour, alpha=0.8, markeredgewidth=0, zorder=4)
