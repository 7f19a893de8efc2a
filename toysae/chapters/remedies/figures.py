"""The picture of the contest: every contestant on every task, by every rule."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from toysae.claims.intervals import Mean

# Marks of up to three rules, the most important one first: filled, hollow, pale
MARKS = (
    {"marker": "o", "color": "#0072B2", "markersize": 5.5, "zorder": 4},
    {"marker": "D", "color": "#D55E00", "markerfacecolor": "white", "markersize": 5, "zorder": 3},
    {"marker": "s", "color": "#9a9a9a", "markersize": 6.5, "zorder": 2},
)
OFFSETS = (0.0, 0.22, -0.22)  # in rows, so that marks do not cover each other


def contest_panels(
    panels: Mapping[str, Mapping[str, Mapping[str, Mean]]], *, n_columns: int = 4, xlabel: str
) -> Figure:
    """Means from 0 to 1 with their intervals: title of a panel -> row -> rule -> mean; panels share their rows."""
    names = list(next(iter(panels.values())))
    rules = list(next(iter(next(iter(panels.values())).values())))
    n_columns = min(n_columns, len(panels))
    n_rows = -(-len(panels) // n_columns)
    size = 2.0 + 1.9 * n_columns, 0.8 + n_rows * (0.7 + 0.2 * len(names))
    figure = Figure(figsize=size, layout="constrained")
    places = figure.subplots(n_rows, n_columns, sharey=True, squeeze=False).flatten()
    for axes, (title, rows) in zip(places, panels.items(), strict=False):
        for rule, mark, offset in zip(rules, MARKS, OFFSETS, strict=False):
            _draw(axes, [means[rule] for means in rows.values()], mark, offset)
        axes.set(xlim=(-0.04, 1.04), xticks=[0, 0.5, 1], ylim=(len(names) - 0.5, -0.5), xlabel=xlabel)
        axes.set_yticks(range(len(names)), names)
        axes.set_title(title, fontsize=9)
        axes.grid(color="#ececec")
        axes.tick_params(length=0)
        axes.set_axisbelow(True)
    for axes in places[len(panels) :]:
        axes.set_visible(False)
    for rule, mark in zip(rules, MARKS, strict=False):
        places[0].plot([], [], linestyle="", label=rule, **mark)
    figure.legend(loc="outside upper center", ncols=len(rules))
    return figure


def _draw(axes: Axes, found: list[Mean], mark: dict, offset: float) -> None:
    """All marks of one rule at once: single ones would take most of the time of a quick run."""
    means, lows, highs = np.array([(mean.mean, *mean.interval) for mean in found]).T
    rows = np.arange(len(found)) + offset
    seen = ~np.isnan(means)
    ends = np.clip(lows[seen], 0, 1), np.clip(highs[seen], 0, 1)
    axes.hlines(rows[seen], *ends, color=mark["color"], linewidth=1.4, zorder=1)
    axes.plot(means[seen], rows[seen], linestyle="", clip_on=False, **mark)
