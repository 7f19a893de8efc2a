"""Shares of labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from toysae.figures.style import LABEL_COLOURS, TYPE, label_legend, page_figure


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
