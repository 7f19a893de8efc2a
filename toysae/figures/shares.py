"""Counts with their intervals, shares of labels, losses one dot per SAE."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from toysae.claims.intervals import Fraction
from toysae.figures.style import (
    GRID,
    LABEL_COLOURS,
    THEORY_INK,
    TRAINED_INK,
    TYPE,
    grid_of,
    label_legend,
    legend_below,
    meaning,
    name_the_edges,
    page_figure,
)


def fractions(panels: Mapping[str, Mapping[str, Fraction]]) -> Figure:
    """Fractions with their 95 % Wilson intervals: title of a panel -> row -> Fraction; all panels share their rows.

    A panel has the colour that its title means: "no atom" is orange.
    """
    names = list(next(iter(panels.values())))
    n_rows, n_columns = grid_of(len(panels))
    figure = page_figure(n_rows * (0.75 + 0.27 * len(names)))
    places = list(figure.subplots(n_rows, n_columns, sharey=True, squeeze=False).flat)
    for axes, (title, rows) in zip(places, panels.items(), strict=False):
        for row, fraction in enumerate(rows.values()):
            _draw_fraction(axes, row, fraction, meaning(title) or THEORY_INK)
        axes.set(xlim=(-0.03, 1.03), xticks=[0, 0.5, 1], ylim=(len(names) - 0.5, -0.5))
        axes.set_yticks(range(len(names)), names)
        axes.set_title(title, fontsize=TYPE)
        axes.grid(axis="x", color=GRID)
        axes.tick_params(length=0)
        axes.set_axisbelow(True)
    name_the_edges(places, len(panels), n_columns)
    return figure


def _draw_fraction(axes: Axes, row: int, fraction: Fraction, ink: str) -> None:
    if not fraction.n:
        return
    axes.plot(fraction.interval, [row, row], color=ink, alpha=0.5, linewidth=2, solid_capstyle="round")
    axes.plot(fraction.value, row, "o", color=ink, markersize=5.5)
    left = fraction.value > 0.5  # the counts stand on the side where there is room
    end, side = (fraction.interval[0] - 0.04, "right") if left else (fraction.interval[1] + 0.04, "left")
    axes.text(end, row, f"{fraction.k} of {fraction.n}", va="center", ha=side, color="#333333")


def label_shares(panels: Mapping[str, Mapping[str, Sequence[float]]], words: Sequence[str]) -> Figure:
    """Bars divided by label: title of a panel -> row -> share of each word; all panels share their rows."""
    names = list(next(iter(panels.values())))
    figure = page_figure(1.1 + 0.22 * len(names))
    places = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
    for axes, (title, rows) in zip(places, panels.items(), strict=True):
        shares = np.array(list(rows.values()))
        starts = shares.cumsum(axis=1) - shares
        for word, width, left in zip(words, shares.T, starts.T, strict=True):
            axes.barh(range(len(names)), width, left=left, height=0.8, color=LABEL_COLOURS[word], linewidth=0)
        axes.set(xlim=(0, 1), xticks=[0, 0.5, 1], xticklabels=["0", ".5", "1"], ylim=(len(names) - 0.4, -0.6))
        axes.set_yticks(range(len(names)), names)
        axes.set_xlabel("share of all latents")
        axes.set_title(title, fontsize=TYPE)
        axes.tick_params(length=0)
    label_legend(figure, words)
    return figure


def loss_account(groups: Mapping[str, Tensor], references: Mapping[str, float]) -> Figure:
    """The loss of every SAE beside what dictionaries and bounds cost; colours are what the names mean.

    groups      name -> losses (n_saes_in_the_group,)
    references  name -> loss; drawn as lines
    """
    figure = page_figure(1.5 + 0.45 * len(groups))
    axes = figure.subplots()
    for row, (name, losses) in enumerate(groups.items()):
        spread = np.linspace(-0.28, 0.28, max(len(losses), 1))[np.argsort(np.argsort(losses.numpy()))]
        ink = meaning(name) or TRAINED_INK
        axes.scatter(losses, row + spread, s=14, color=ink, alpha=0.7, linewidth=0, zorder=3)
    for (name, value), style in zip(references.items(), ("--", "-.", ":"), strict=False):
        ink = meaning(name) or THEORY_INK
        axes.axvline(value, color=ink, linestyle=style, linewidth=1.4, label=f"{name}: {value:.4f}")
    axes.set(yticks=range(len(groups)), yticklabels=list(groups), ylim=(len(groups) - 0.5, -0.5), xlabel="loss")
    legend_below(figure, axes.get_legend_handles_labels()[0])
    return figure
