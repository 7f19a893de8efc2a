"""Pictures of a value over two settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from toysae.figures.style import (
    ATOM_INK,
    COMPOSITE_INK,
    FOUND,
    SERIES_COLOURS,
    SURFACE,
    legend_below,
    page_figure,
    writing_on,
)

READABLE = 10  # columns, up to which the values are written into the cells
MARKS: tuple[dict[str, Any], ...] = (
    {"marker": "s", "color": ATOM_INK, "markersize": 6},
    {"marker": "o", "color": COMPOSITE_INK, "markersize": 6},
    {"marker": "^", "color": SERIES_COLOURS[0], "markersize": 7, "markerfacecolor": "none"},
)


def value_map(
    values: np.ndarray,
    columns: Sequence[str],
    rows: Sequence[str],
    label: str,
    *,
    lowest: float = 0.0,
    **axes_settings: Any,
) -> Figure:
    """Values (n_rows, n_columns), orange at `lowest`, blue at one, written out where there is room; first row below."""
    n_rows, n_columns = values.shape
    figure = page_figure(1.2 + 0.45 * n_rows)
    axes = figure.subplots()
    image = axes.imshow(values, cmap=FOUND, vmin=lowest, vmax=1, origin="lower", aspect="auto")
    if n_columns <= READABLE:
        for (row, column), value in np.ndenumerate(values):
            ink = writing_on(tuple(image.to_rgba(value)))
            axes.text(column, row, f"{value:.2f}", ha="center", va="center", color=ink)
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

    Low values are white. Points are drawn over them, as MARKS say, with one legend for all panels. The shades end at
    the median, so that the valleys can be told apart.
    """
    values = [panel for panel, _ in panels.values()]
    low, high = min(v.min() for v in values), float(np.median(np.concatenate([v.flatten() for v in values])))
    levels = np.linspace(low, max(high, low + 1e-9), 11)
    figure = page_figure(3.4)
    places = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
    for axes, (title, (surface, points)) in zip(places, panels.items(), strict=True):
        image = axes.contourf(x, y, surface, levels=levels, cmap=SURFACE, extend="max")
        axes.contour(x, y, surface, levels=levels, colors="#777777", linewidths=0.4)
        for look, (name, (px, py)) in zip(MARKS, points.items(), strict=False):
            axes.plot(px, py, linestyle="none", label=name, **look)
        axes.set(title=title, **axes_settings)
        axes.label_outer()
    figure.colorbar(image, ax=list(places), label=label, pad=0.02, aspect=25, format="%.2f")
    legend_below(figure, places[0].get_legend_handles_labels()[0])
    return figure


def _bare(axes: Axes) -> None:
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)
