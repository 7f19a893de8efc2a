"""Pictures of scores that have two coordinates, one dot per SAE."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from toysae.figures.style import ATOM_INK, COMPOSITE_INK, LABEL_COLOURS

OF_LABELS = (ATOM_INK, COMPOSITE_INK, LABEL_COLOURS["mixed"])  # atoms, composites, what is neither
OF_KINDS = ("#009E73", "#CC79A7", "#555555", "#56B4E9")  # kinds of SAE: none has the colour of a label
MARKS = ("o", "s", "^", "D", "v")
Clouds = Mapping[str, tuple[np.ndarray, np.ndarray]]


def clouds(
    panels: Mapping[str, Clouds],
    *,
    at: float | None = None,
    colours: Sequence[str] = OF_KINDS,
    **axes_settings: Any,
) -> Figure:
    """Small dots for SAEs, large marks for their means, a line through the settings of each series.

    panels   title -> name -> x and y, each (n_settings, n_saes)
    at       where a vertical line is drawn in every panel
    colours  of the series, in their order
    axes_settings  as matplotlib's Axes.set takes them
    """
    figure = Figure(figsize=(0.6 + 2.2 * len(panels), 3.1), layout="constrained")
    for axes, (title, series) in zip(
        figure.subplots(1, len(panels), sharey=True, squeeze=False)[0], panels.items(), strict=True
    ):
        if at is not None:
            axes.axvline(at, color="#999999", linewidth=1, linestyle=":", zorder=0)
        for i, (name, (x, y)) in enumerate(series.items()):
            colour, mark = colours[i % len(colours)], MARKS[i % len(MARKS)]
            axes.scatter(x, y, s=5, color=colour, alpha=0.35, linewidths=0)
            axes.plot(x.mean(axis=1), y.mean(axis=1), mark + "-", color=colour, markersize=5, linewidth=1, label=name)
        axes.set(title=title, **axes_settings)
        axes.label_outer()
        axes.grid(color="#ececec", linewidth=0.6)
        axes.set_axisbelow(True)
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=2, fontsize=9)
    return figure
