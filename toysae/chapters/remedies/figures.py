"""The picture of the contest: every contestant in a few scores, coloured by what is sure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from toysae.claims.families import Comparison
from toysae.claims.intervals import Mean

BETTER, WORSE, UNDECIDED = "#0072B2", "#D55E00", "#9a9a9a"
WORDS = {BETTER: "surely better", WORSE: "surely worse", UNDECIDED: "undecided, or not compared"}


def ink(comparison: Comparison | None, *, less_is_better: bool = False) -> str:
    """The colour of a comparison with the base; of none, UNDECIDED."""
    if comparison is None or not (comparison.surely_more or comparison.surely_less):
        return UNDECIDED
    return BETTER if comparison.surely_less == less_is_better else WORSE


@dataclass(frozen=True)
class Panel:
    """One or two scores of every contestant.

    title   what is scored
    scores  name of a score -> contestant -> Mean; the first is drawn filled, the second hollow
    inks    name of a score -> contestant -> BETTER, WORSE or UNDECIDED
    """

    title: str
    scores: Mapping[str, Mapping[str, Mean]]
    inks: Mapping[str, Mapping[str, str]]


def contest_figure(panels: Sequence[Panel], *, base: str, parts: Sequence[int], versus: str) -> Figure:
    """Panels side by side, one row per contestant, and a dotted line where the base stands.

    base    the contestant that all others are compared with
    parts   rows after which a thin line parts the contestants
    versus  what the colours compare with, for the legend
    """
    names = list(next(iter(panels[0].scores.values())))
    figure = Figure(figsize=(8.2, 1.2 + 0.25 * len(names)), layout="constrained")
    for axes, panel in zip(figure.subplots(1, len(panels), sharey=True), panels, strict=True):
        offsets = np.linspace(-0.18, 0.18, len(panel.scores)) if len(panel.scores) > 1 else [0.0]
        for (score, means), offset, filled in zip(panel.scores.items(), offsets, (True, False), strict=False):
            _draw(axes, [means[name] for name in names], [panel.inks[score][name] for name in names], offset, filled)
        axes.axvline(next(iter(panel.scores.values()))[base].mean, color="#555555", linestyle=":", linewidth=1)
        for after in parts:
            axes.axhline(after - 0.5, color="#cccccc", linewidth=0.8)
        axes.set_yticks(range(len(names)), names)
        axes.set(ylim=(len(names) - 0.5, -0.5))
        axes.set_title(panel.title, fontsize=9)
        axes.grid(axis="x", color="#ececec")
        axes.tick_params(length=0)
        axes.set_axisbelow(True)
    handles = [
        Line2D([], [], color=ink, marker="o", linestyle="", label=f"{word} than {versus}" if ink != UNDECIDED else word)
        for ink, word in WORDS.items()
    ]
    figure.legend(handles=handles, loc="outside upper center", ncols=len(handles))
    return figure


def _draw(axes: Axes, means: Sequence[Mean], inks: Sequence[str], offset: float, filled: bool) -> None:
    for row, (mean, ink) in enumerate(zip(means, inks, strict=True)):
        axes.plot(mean.interval, [row + offset] * 2, color=ink, linewidth=1.4, zorder=2)
        face = ink if filled else "white"
        axes.plot(mean.mean, row + offset, "o", color=ink, markerfacecolor=face, markersize=5, zorder=3)
