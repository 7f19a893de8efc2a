"""What the chapter "What helps?" compares, and its picture."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from toysae.claims.families import Comparison, Family
from toysae.claims.intervals import Mean
from toysae.figures.style import ATOM_INK, COMPOSITE_INK
from toysae.sweeps.contests import Contest
from toysae.sweeps.standings import by_key

Place = tuple[str, str]  # a task of the contest, and a contestant
LINK_INK = "#bbbbbb"


def found_more(contest: Contest, pairs: Mapping[str, tuple[Place, Place]]) -> Family:
    """The share of features found at the first place of each pair less that at the second: one family, by name."""
    tasks, names = ([place[part] for pair in pairs.values() for place in pair] for part in (0, 1))
    shown = contest.among(list(dict.fromkeys(tasks)), list(dict.fromkeys(names)))
    means = shown.means(["found"])
    rows = np.reshape([shown.tasks.index(task) for task in tasks], (-1, 2))
    columns = np.reshape([shown.names.index(name) for name in names], (-1, 2))

    def estimate(selecting: NDArray[np.int64], scored: NDArray[np.int64]) -> dict[str, float]:
        found = means(selecting, scored)[0, 0][rows, columns]
        return by_key(list(pairs), found[:, 0] - found[:, 1])

    return Family.resampled(estimate, *contest.n_seeds, generator=np.random.default_rng(0))


def marked(score: float, comparison: Comparison | None) -> str:
    """A score for a table, with an arrow where it is surely more or less than what it is compared with."""
    sure = comparison is not None and (comparison.surely_more or comparison.surely_less)
    arrow = ("↑" if comparison.surely_more else "↓") if comparison is not None and sure else ""
    return f"{score:.2f}{arrow}"


def pairs_of_means(rows: Mapping[str, tuple[Mean, Mean]], names: tuple[str, str], xlabel: str) -> Figure:
    """Two means per row with their intervals, joined by a line: first orange, second blue.

    names  of the two, for the legend
    """
    figure = Figure(figsize=(4.9, 0.95 + 0.24 * len(rows)), layout="constrained")
    axes = figure.subplots()
    for row, both in enumerate(rows.values()):
        axes.plot([mean.mean for mean in both], [row, row], color=LINK_INK, linewidth=1.2, zorder=1)
        for mean, ink, mark, size in zip(both, (COMPOSITE_INK, ATOM_INK), "so", (7, 5), strict=True):
            axes.plot(mean.interval, [row, row], color=ink, linewidth=1.6, zorder=2)
            label = None if row else names[mark == "o"]
            axes.plot(mean.mean, row, mark, color=ink, markersize=size, linestyle="", label=label, zorder=3)
    axes.set_yticks(range(len(rows)), rows)
    axes.set(xlim=(-0.04, 1.04), xticks=[0, 0.25, 0.5, 0.75, 1], ylim=(len(rows) - 0.5, -0.5), xlabel=xlabel)
    axes.grid(axis="x", color="#ececec")
    axes.tick_params(length=0)
    axes.set_axisbelow(True)
    figure.legend(loc="outside upper center", ncols=2, fontsize=9)
    return figure
