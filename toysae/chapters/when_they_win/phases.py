"""Phase diagrams: who wins, over two settings, and where the one side gives way to the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke

from toysae.claims.intervals import Fraction

BOUNDARIES = (("#D55E00", "-"), ("black", "-"), ("black", (0, (0.6, 0.6))))  # of a phase diagram


def half_way(x: Sequence[float], falling: Any, half: float = 0.5) -> np.ndarray:
    """Where values (..., n_x) that fall along x first pass `half`, on the straight line between neighbours: (...).

    The first x where they begin below it, the last where they never are.
    """
    values, at = np.asarray(falling, dtype=float), np.asarray(x, dtype=float)
    below = values < half
    after = np.where(below.any(axis=-1), below.argmax(axis=-1), len(at) - 1)[..., None]
    before = np.maximum(after - 1, 0)
    high, low = (np.take_along_axis(values, place, axis=-1)[..., 0] for place in (before, after))
    share = np.clip((high - half) / np.where(high > low, high - low, 1), 0, 1)
    share = np.where((high > low) & (low < half), share, np.where(low < half, 0, 1))
    return at[before[..., 0]] + share * (at[after[..., 0]] - at[before[..., 0]])


def phase_diagram(
    x: Sequence[float],
    y: Sequence[str],
    shares: Sequence[Sequence[Fraction]],
    dead: np.ndarray,
    lines: Mapping[str, Sequence[float]],
    **axes_settings: Any,
) -> Figure:
    """Shares of SAEs over two settings, and a computed boundary.

    x       values of the setting along the columns, evenly spaced
    y       names of the rows; the first one is at the bottom
    shares  (n_rows, n_columns) a Fraction each; a cell with nothing to count stays grey
    dead    (n_rows, n_columns) the share of SAEs with dead latents, which are not in the cell's Fraction
    lines   name -> where a computed boundary crosses each row, in the units of x; drawn as BOUNDARIES say
    """
    values = np.array([[fraction.value for fraction in row] for row in shares])
    half = (x[1] - x[0]) / 2
    figure = Figure(figsize=(7.4, 1.5 + 0.42 * len(y)), layout="constrained")
    axes = figure.subplots()
    axes.set_facecolor("#cccccc")
    edges = np.append(np.array(x) - half, x[-1] + half)
    image = axes.pcolormesh(
        edges, np.arange(len(y) + 1), values, cmap="viridis", vmin=0, vmax=1, edgecolors="white", linewidth=1
    )
    for row, column in zip(*np.nonzero(dead > 0.1), strict=True):
        axes.text(x[column], row + 0.5, "+", color="#d7191c", ha="center", va="center", fontsize=10)
    for (colour, style), crossings in zip(BOUNDARIES, lines.values(), strict=False):
        for row, crossing in enumerate(crossings):
            look: dict[str, Any] = {"color": colour, "linestyle": style, "linewidth": 2.5, "solid_capstyle": "butt"}
            axes.plot(
                [crossing] * 2, [row, row + 1], **look, path_effects=[withStroke(linewidth=4, foreground="white")]
            )
    axes.set_yticks(np.arange(len(y)) + 0.5, y)
    axes.tick_params(length=0)
    axes.set(xlim=(edges[0], edges[-1]), **axes_settings)
    figure.colorbar(image, ax=axes, label="share of SAEs", pad=0.02, aspect=25)
    return figure
