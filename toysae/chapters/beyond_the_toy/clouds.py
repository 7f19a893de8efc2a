"""Pictures of scores that have two coordinates, one dot per SAE."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from toysae.figures.style import SERIES_COLOURS

MARKS = ("o", "s", "^", "D", "v")
Clouds = Mapping[str, tuple[np.ndarray, np.ndarray]]


def clouds(panels: Mapping[str, Clouds], *, at: float | None = None, **axes_settings: Any) -> Figure:
    """Small dots for SAEs, large marks for their means, a line through the settings of each series.

    panels  title -> name -> x and y, each (n_settings, n_saes)
    at      where a vertical line is drawn in every panel
    axes_settings  as matplotlib's Axes.set takes them
    """
    figure = Figure(figsize=(1.2 + 2.9 * len(panels), 3.5), layout="constrained")
    for axes, (title, series) in zip(
        figure.subplots(1, len(panels), sharey=True, squeeze=False)[0], panels.items(), strict=True
    ):
        if at is not None:
            axes.axvline(at, color="#999999", linewidth=1, linestyle=":", zorder=0)
        for i, (name, (x, y)) in enumerate(series.items()):
            colour, mark = SERIES_COLOURS[i % len(SERIES_COLOURS)], MARKS[i % len(MARKS)]
            axes.scatter(x, y, s=5, color=colour, alpha=0.35, linewidths=0)
            axes.plot(x.mean(axis=1), y.mean(axis=1), mark + "-", color=colour, markersize=5, linewidth=1, label=name)
        axes.set(title=title, **axes_settings)
        axes.label_outer()
        axes.grid(color="#ececec", linewidth=0.6)
        axes.set_axisbelow(True)
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=min(len(labels), 5))
    return figure
