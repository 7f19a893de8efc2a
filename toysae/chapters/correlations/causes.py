"""Why an SAE does not find the features: whether something better is known than what it learned."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from torch import Tensor

from toysae.figures.style import ATOM_INK, LABEL_COLOURS, legend_below, page_figure

CAUSES = ("finds the features", "no better is known", "got stuck")
LOOKS: tuple[dict[str, Any], ...] = (
    {"color": ATOM_INK},
    {"color": LABEL_COLOURS["composite"]},
    {"facecolor": "white", "edgecolor": LABEL_COLOURS["composite"], "hatch": "/////"},
)


def by_cause(fails: Tensor, stuck: Tensor) -> tuple[float, float, float]:
    """Shares of SAEs as in CAUSES.

    fails  whether each SAE does not find the features
    stuck  whether something better is known than what it learned, of the same shape
    """
    forced, left = (fails & ~stuck).double().mean(), (fails & stuck).double().mean()
    return 1 - float(forced + left), float(forced), float(left)


def cause_bars(worlds: Mapping[str, tuple[float, float, float]]) -> Figure:
    """A bar for each world, divided by cause: name -> shares as in CAUSES."""
    figure = page_figure(1.1 + 0.34 * len(worlds))
    axes = figure.subplots()
    shares = np.array(list(worlds.values()))
    starts = shares.cumsum(axis=1) - shares
    for cause, look, width, left in zip(CAUSES, LOOKS, shares.T, starts.T, strict=True):
        axes.barh(range(len(worlds)), width, left=left, height=0.7, linewidth=0, label=cause, **look)
    axes.set_yticks(range(len(worlds)), list(worlds))
    axes.set(xlim=(0, 1), ylim=(len(worlds) - 0.5, -0.5), xticks=[0, 0.5, 1], xlabel="share of SAEs")
    axes.tick_params(length=0)
    legend_below(figure, axes.get_legend_handles_labels()[0])
    return figure
