"""Counts with their intervals, shares of labels, losses one dot per SAE."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from toysae.claims.intervals import Fraction
from toysae.figures.style import (
    ATOM_INK,
    BOUND_INK,
    COMPOSITE_INK,
    LABEL_COLOURS,
    SERIES_COLOURS,
    label_legend,
    series_colour,
)


def fractions(panels: Mapping[str, Mapping[str, Fraction]]) -> Figure:
    """Fractions with their 95 % Wilson intervals: title of a panel -> row -> Fraction; all panels share their rows."""
    names = list(next(iter(panels.values())))
    figure = Figure(figsize=(7.6, 0.9 + 0.32 * len(names)), layout="constrained")
    for axes, (title, rows) in zip(figure.subplots(1, len(panels), sharey=True), panels.items(), strict=True):
        for row, fraction in enumerate(rows.values()):
            _draw_fraction(axes, row, fraction)
        axes.set(xlim=(-0.03, 1.03), xticks=[0, 0.5, 1], ylim=(len(names) - 0.5, -0.5))
        axes.set_yticks(range(len(names)), names)
        axes.set_title(title, fontsize=9)
        axes.grid(axis="x", color="#e4e4e4")
        axes.tick_params(length=0)
        axes.set_axisbelow(True)
    return figure


def _draw_fraction(axes: Axes, row: int, fraction: Fraction) -> None:
    if not fraction.n:
        return
    axes.plot(fraction.interval, [row, row], color="#777777", linewidth=2, solid_capstyle="round")
    axes.plot(fraction.value, row, "o", color=SERIES_COLOURS[0], markersize=5.5)
    left = fraction.value > 0.5  # the counts stand on the side where there is room
    end, side = (fraction.interval[0] - 0.04, "right") if left else (fraction.interval[1] + 0.04, "left")
    axes.text(end, row, f"{fraction.k} of {fraction.n}", va="center", ha=side, fontsize=7.5, color="#333333")


def label_shares(panels: Mapping[str, Mapping[str, Sequence[float]]], words: Sequence[str]) -> Figure:
    """Bars divided by label: title of a panel -> row -> share of each word; all panels share their rows."""
    names = list(next(iter(panels.values())))
    figure = Figure(figsize=(7.6, 1.0 + 0.24 * len(names)), layout="constrained")
    for axes, (title, rows) in zip(figure.subplots(1, len(panels), sharey=True), panels.items(), strict=True):
        shares = np.array(list(rows.values()))
        starts = shares.cumsum(axis=1) - shares
        for word, width, left in zip(words, shares.T, starts.T, strict=True):
            axes.barh(range(len(names)), width, left=left, height=0.8, color=LABEL_COLOURS[word], linewidth=0)
        axes.set(xlim=(0, 1), xticks=[0, 0.5, 1], ylim=(len(names) - 0.4, -0.6), xlabel="share of all latents")
        axes.set_yticks(range(len(names)), names)
        axes.set_title(title, fontsize=9)
        axes.tick_params(length=0)
    label_legend(figure, words)
    return figure


def loss_account(groups: Mapping[str, Tensor], references: Mapping[str, float]) -> Figure:
    """The loss of every SAE beside what dictionaries and bounds cost.

    groups      name -> losses (n_saes_in_the_group,)
    references  name -> loss; drawn as lines
    """
    figure = Figure(figsize=(7.2, 1.3 + 0.5 * len(groups)), layout="constrained")
    axes = figure.subplots()
    for row, losses in enumerate(groups.values()):
        spread = np.linspace(-0.28, 0.28, max(len(losses), 1))[np.argsort(np.argsort(losses.numpy()))]
        axes.scatter(losses, row + spread, s=14, color=series_colour(row), alpha=0.7, linewidth=0, zorder=3)
    inks = (ATOM_INK, COMPOSITE_INK, BOUND_INK)
    for (name, value), ink, style in zip(references.items(), inks, ("--", "-.", ":"), strict=False):
        axes.axvline(value, color=ink, linestyle=style, linewidth=1.4, label=f"{name}: {value:.4f}")
    axes.set(yticks=range(len(groups)), yticklabels=list(groups), ylim=(len(groups) - 0.5, -0.5))
    axes.set_xlabel("loss: half the squared error plus lambda times the sum of latent activations")
    figure.legend(loc="outside upper center", ncols=len(references))
    return figure
