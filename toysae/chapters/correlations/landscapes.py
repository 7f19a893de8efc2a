"""Pictures of a value over two settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

READABLE = 10  # columns, up to which the values are written into the cells
DARK = 0.45  # share of the scale below which writing is white
MARKS = {"o": "#ffffff", "x": "#ff9d00", "+": "#7ee0ff"}


def value_map(
    values: np.ndarray,
    columns: Sequence[str],
    rows: Sequence[str],
    label: str,
    *,
    lowest: float = 0.0,
    **axes_settings: Any,
) -> Figure:
    """Values (n_rows, n_columns) as colours from `lowest` to one, written out where there is room; first row below."""
    n_rows, n_columns = values.shape
    figure = Figure(figsize=(2.2 + 0.62 * n_columns, 1.1 + 0.42 * n_rows), layout="constrained")
    axes = figure.subplots()
    image = axes.imshow(values, cmap="viridis", vmin=lowest, vmax=1, origin="lower", aspect="auto")
    if n_columns <= READABLE:
        for (row, column), value in np.ndenumerate(values):
            ink = "white" if value - lowest < DARK * (1 - lowest) else "#111111"
            axes.text(column, row, f"{value:.2f}", ha="center", va="center", fontsize=8, color=ink)
    axes.set_xticks(range(n_columns), columns)
    axes.set_yticks(range(n_rows), rows)
    _bare(axes)
    axes.set(**axes_settings)
    figure.colorbar(image, ax=axes, label=label, pad=0.02, aspect=25)
    return figure


Points = tuple[Sequence[float], Sequence[float]]


def landscapes(
    panels: Mapping[str, tuple[np.ndarray, Mapping[str, Points]]],
    x: Sequence[float],
    y: Sequence[float],
    label: str,
    **axes_settings: Any,
) -> Figure:
    """Values over two continuous settings, side by side on one scale: title -> (values (n_y, n_x), name -> points).

    Points are drawn over the values, as MARKS say, with one legend for all panels. The colours end at the median, so
    that the valleys can be told apart.
    """
    values = [panel for panel, _ in panels.values()]
    low, high = min(v.min() for v in values), float(np.median(np.concatenate([v.flatten() for v in values])))
    figure = Figure(figsize=(2.9 * len(panels) + 0.9, 3.5), layout="constrained")
    places = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
    for axes, (title, (surface, points)) in zip(places, panels.items(), strict=True):
        levels = np.linspace(low, max(high, low + 1e-9), 13)
        image = axes.contourf(x, y, surface, levels=levels, cmap="viridis", extend="max")
        axes.contour(x, y, surface, levels=levels, colors="white", linewidths=0.3)
        for (mark, colour), (name, (px, py)) in zip(MARKS.items(), points.items(), strict=False):
            edge = {
                "markeredgecolor": "#111111" if mark == "o" else colour,
                "markeredgewidth": 1.6 if mark != "o" else 0.8,
            }
            axes.plot(px, py, mark, color=colour, markersize=7, linestyle="none", label=name, **edge)
        axes.set(title=title, **axes_settings)
        axes.label_outer()
    figure.colorbar(image, ax=list(places), label=label, pad=0.02, aspect=25, format="%.2f")
    handles, names = places[0].get_legend_handles_labels()
    legend = figure.legend(handles, names, loc="outside lower center", ncols=len(names))
    legend.set_frame_on(True)
    legend.get_frame().set(facecolor="#8a8a8a", edgecolor="none")
    return figure


def _bare(axes: Axes) -> None:
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)
