"""Features and pairs that are found, over the number of latents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import comb
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from toysae.claims.intervals import Mean
from toysae.figures.style import (
    ATOM_INK,
    COMPOSITE_INK,
    GUIDE,
    TYPE,
    grid_of,
    legend_below,
    name_the_edges,
    page_figure,
)

Shares = Mapping[int, tuple[Sequence[float], Sequence[float]]]  # latents -> shares of features, of pairs


@dataclass(frozen=True)
class Panel:
    """Two of n_features, over the number of latents.

    found  latents -> the share of features that have an atom, and of pairs that have a composite, (n_saes,) each
    best   the same of the dictionaries that they are compared with, where those were looked for
    """

    n_features: int
    found: Shares
    best: Shares = field(default_factory=dict)


def room_panels(panels: Mapping[str, Panel]) -> Figure:
    """Shares of features and of pairs over the number of latents, a panel for each title, two in a row.

    Dots are means over SAEs with their 95 % intervals, open squares the dictionaries that they are compared with.
    Dotted lines stand where there are as many latents as features, and as many as pairs.
    """
    n_rows, n_columns = grid_of(len(panels))
    figure = page_figure(0.9 + 1.7 * n_rows)
    places = list(figure.subplots(n_rows, n_columns, sharey=True, squeeze=False).flat)
    for axes, (title, panel) in zip(places, panels.items(), strict=False):
        _draw(axes, panel)
        axes.set(title=title, ylim=(-0.06, 1.06), yticks=[0, 0.5, 1], xlabel="latents")
    name_the_edges(places, len(panels), n_columns)
    figure.supylabel("share that is found", fontsize=TYPE)
    legend_below(figure, places[0].get_legend_handles_labels()[0])
    return figure


def _draw(axes: Axes, panel: Panel) -> None:
    sizes = sorted(panel.found)
    for side, (what, ink) in enumerate({"features": ATOM_INK, "pairs": COMPOSITE_INK}.items()):
        means = [Mean.of(panel.found[size][side]) for size in sizes]
        values = np.array([m.mean for m in means])
        reach = np.array([[m.mean - m.low for m in means], [m.high - m.mean for m in means]])
        reach = np.where(np.isfinite(reach), reach, 0)
        axes.errorbar(sizes, values, reach, fmt="o-", markersize=4.5, linewidth=1.2, color=ink, label=what, zorder=3)
        known = sorted({(size, share) for size, shares in panel.best.items() for share in shares[side]})
        look: dict[str, Any] = {"markersize": 8, "markerfacecolor": "none", "color": ink, "zorder": 2}
        x, y = ([point[axis] for point in known] for axis in (0, 1))
        axes.plot(x, y, "s", **look, label=f"{what}, best known")
    for at in {panel.n_features, comb(panel.n_features, 2)}:
        axes.axvline(at, color=GUIDE, linewidth=1, linestyle=(0, (1, 1)), zorder=0)
    axes.set_xticks(sizes)
