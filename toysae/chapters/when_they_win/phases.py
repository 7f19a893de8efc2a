"""Phase diagrams: who wins, over two settings, and where the one side gives way to the other.

One language in all of them: orange is the side of the composites, blue that of the features; theory is black.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke

from toysae.claims.intervals import Fraction
from toysae.figures.style import LABEL_COLOURS

SIDES = LinearSegmentedColormap.from_list("sides", [LABEL_COLOURS["atomic"], "#f2efe9", LABEL_COLOURS["composite"]])
BOUNDARIES = ("-", (0, (0.8, 0.6)))  # the styles of the computed lines of a phase diagram
WIDTH = 5.0  # inches; on a phone it shrinks to the width of the screen, and type of 9 points stays readable
HALF_LEAN = 22.5  # degrees, half-way from a feature to the composite of two


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
    *,
    share_of: str = "share of SAEs",
    of_features: bool = False,
    **axes_settings: Any,
) -> Figure:
    """Shares of SAEs over two settings, and computed boundaries.

    x            values of the setting along the columns, evenly spaced
    y            names of the rows; the first one is at the bottom
    shares       (n_rows, n_columns) a Fraction each; a cell with nothing to count stays grey
    dead         (n_rows, n_columns) the share of SAEs with dead latents, which are not in the cell's Fraction
    lines        name -> where a computed boundary crosses each row, in the units of x; drawn as BOUNDARIES say
    share_of     what is counted, for the scale of colours
    of_features  whether a large share is the side of the features, and so blue; else it is orange
    """
    values = np.array([[fraction.value for fraction in row] for row in shares])
    half = (x[1] - x[0]) / 2
    figure = Figure(figsize=(WIDTH, 1.3 + 0.29 * len(y) + 0.25 * bool(lines)), layout="constrained")
    axes = figure.subplots()
    axes.set_facecolor("#cccccc")
    edges = np.append(np.array(x) - half, x[-1] + half)
    colours = SIDES.reversed() if of_features else SIDES
    look: dict[str, Any] = {"cmap": colours, "vmin": 0, "vmax": 1, "edgecolors": "white", "linewidth": 1}
    image = axes.pcolormesh(edges, np.arange(len(y) + 1), values, **look)
    for row, column in zip(*np.nonzero(dead > 0.1), strict=True):
        axes.text(x[column], row + 0.5, "+", color="#444444", ha="center", va="center", fontsize=10)
    for style, (name, crossings) in zip(BOUNDARIES, lines.items(), strict=False):
        _draw_boundary(axes, style, name, crossings)
    axes.set_yticks(np.arange(len(y)) + 0.5, y)
    axes.tick_params(length=0)
    axes.set(xlim=(edges[0], edges[-1]), **axes_settings)
    figure.colorbar(image, ax=axes, label=share_of, ticks=[0, 0.5, 1], pad=0.02, aspect=20)
    if lines:
        figure.legend(loc="outside upper center", ncols=len(lines), fontsize=9)
    return figure


def _draw_boundary(axes: Any, style: Any, name: str, crossings: Sequence[float]) -> None:
    """A piece of a line in each row."""
    halo = [withStroke(linewidth=4.5, foreground="white")]
    for row, crossing in enumerate(crossings):
        label = name if row == 0 else "_"
        look: dict[str, Any] = {"color": "black", "linestyle": style, "linewidth": 2.5, "solid_capstyle": "butt"}
        axes.plot([crossing] * 2, [row, row + 1], **look, label=label, path_effects=halo)


def leans_over(panels: Mapping[str, Mapping[float, Mapping[str, Any]]], xlabel: str) -> Figure:
    """How far the row that leans most is from its feature: title of a panel -> price -> what is drawn of it.

    line, dots  (x, degrees) computed and trained: 0 is a feature and blue, 45 the composite and orange
    cross       the x at which the pure dictionaries cost the same
    """
    figure = Figure(figsize=(WIDTH, 3.0), layout="constrained")
    for axes, (title, by_price) in zip(figure.subplots(1, len(panels), sharey=True), panels.items(), strict=True):
        for price, drawn in by_price.items():
            x, degrees = (np.asarray(values) for values in drawn["line"])
            axes.plot(x, degrees, color="black", linewidth=1.2, zorder=1)
            look: dict[str, Any] = {"cmap": SIDES, "vmin": 0, "vmax": 45, "edgecolors": "black", "linewidths": 0.5}
            axes.scatter(drawn["dots"][0], drawn["dots"][1], c=drawn["dots"][1], s=20, **look, zorder=3)
            axes.plot(drawn["cross"], HALF_LEAN, "kx", markersize=7, markeredgewidth=1.6, zorder=4)
            beside = 1.15 * np.exp(half_way(np.log(x), degrees, 36))
            axes.text(beside, 36, f"{price:g}", va="center")
        axes.set(title=title, xlabel=xlabel, xscale="log", ylim=(-2, 48))
        axes.set_yticks([0, HALF_LEAN, 45], ["0", f"{HALF_LEAN}", "45"])
        axes.xaxis.set_major_formatter("{x:g}")
        axes.grid(axis="y", color="#dddddd")
        axes.set_axisbelow(True)
        axes.label_outer()
    figure.axes[0].set(ylabel="largest lean of a row, degrees")
    return figure


def measured_over_predicted(
    predicted: Sequence[float], ratios: Mapping[str, Sequence[float]], **settings: Any
) -> Figure:
    """How right a law is: name of its order -> measured over predicted, the same cases for each; 1 is right."""
    figure = Figure(figsize=(WIDTH, 2.5), layout="constrained")
    axes = figure.subplots()
    axes.axhline(1, color="black", linewidth=1.2, zorder=1)
    marks: Sequence[dict[str, Any]] = ({"markerfacecolor": "none"}, {"markeredgewidth": 0})
    for look, (name, values) in zip(marks, ratios.items(), strict=True):
        shown = np.clip(values, 0, 2)
        axes.plot(predicted, shown, "o", color="#444444", markersize=5, **look, label=name)
    axes.set(xscale="log", **settings)
    figure.legend(loc="outside upper center", ncols=len(ratios), fontsize=9)
    return figure
