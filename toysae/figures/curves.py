"""Curves, and ladders of losses."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from toysae.claims.intervals import Fraction
from toysae.figures.style import (
    GRID,
    GUIDE,
    LINE_STYLES,
    RUNGS,
    THEORY_INK,
    TRAINED_INK,
    grid_of,
    inks,
    legend_below,
    name_the_edges,
    page_figure,
)

Curves = Mapping[str, tuple[Sequence[float], Sequence[float]]]


def curve_figure(
    lines: Curves, dots: Curves, *, marks: Mapping[str, float] | None = None, **axes_settings: Any
) -> Figure:
    """Computed lines, measured dots of the same colour over them, grey vertical marks: name -> (x, y), name -> x.

    Colours are those of the words in the names, as `style.inks` reads them; one line alone is black, its dots are not.
    axes_settings  as matplotlib's Axes.set takes them: xlabel, ylabel, ylim, xscale, ...
    """
    figure = page_figure(3.6)
    axes = figure.subplots()
    _draw_curves(axes, lines, dots, marks or {})
    axes.set(**axes_settings)
    legend_below(figure, axes.get_legend_handles_labels()[0])
    return figure


def curve_panels(panels: Mapping[str, tuple[Curves, Curves, Mapping[str, float]]], **axes_settings: Any) -> Figure:
    """Curves in panels, two in a row: title -> (lines, dots, marks) as in `curve_figure`; they share their legend."""
    n_rows, n_columns = grid_of(len(panels))
    figure = page_figure(0.7 + 2.5 * n_rows)
    places = list(figure.subplots(n_rows, n_columns, sharey=True, squeeze=False).flat)
    for axes, (title, (lines, dots, marks)) in zip(places, panels.items(), strict=False):
        _draw_curves(axes, lines, dots, marks)
        axes.set(title=title, **axes_settings)
    name_the_edges(places, len(panels), n_columns)
    named = {line.get_label(): line for axes in places for line in axes.get_legend_handles_labels()[0]}
    legend_below(figure, list(named.values()))
    return figure


def _draw_curves(axes: Axes, lines: Curves, dots: Curves, marks: Mapping[str, float]) -> None:
    colours = inks(list(lines))
    for i, (name, (x, y)) in enumerate(lines.items()):
        axes.plot(x, y, color=colours[i], linestyle=LINE_STYLES[i % 4], linewidth=1.6, label=name)
    single = len(lines) == 1 and colours == [THEORY_INK]
    fills = [TRAINED_INK] if single or not lines else colours
    for (x, y), fill in zip(dots.values(), itertools.cycle(fills), strict=False):
        axes.plot(x, y, "o", color=fill, markersize=4.5, markeredgecolor="white", markeredgewidth=0.5)
    for name, at in marks.items():
        axes.axvline(at, color=GUIDE, linewidth=1.2, linestyle=(0, (1, 1)), label=name, zorder=0)


def fraction_curves(
    series: Mapping[str, tuple[Sequence[float], Sequence[Fraction]]], marks: Mapping[str, float], **axes_settings: Any
) -> Figure:
    """Fractions with 95 % Wilson intervals along a setting: name -> (x, fractions); a mark has its series' colour."""
    figure = page_figure(3.4)
    axes = figure.subplots()
    colours = inks(list(series))
    for colour, (name, (x, counted)) in zip(colours, series.items(), strict=True):
        kept = [(at, f) for at, f in zip(x, counted, strict=True) if f.n]
        values = np.array([f.value for _, f in kept])
        reach = np.abs(np.array([f.interval for _, f in kept]).reshape(-1, 2).T - values)
        axes.errorbar(
            [at for at, _ in kept],
            values,
            reach,
            fmt="o-",
            markersize=4,
            linewidth=1,
            capsize=2,
            color=colour,
            label=name,
        )
    for colour, mark in zip(colours, marks.values(), strict=False):
        axes.axvline(mark, color=colour, linewidth=1.4, linestyle="--", zorder=0)
    axes.set(ylim=(-0.05, 1.05), **axes_settings)
    legend_below(figure, axes.get_legend_handles_labels()[0])
    return figure


def ladder(worlds: Mapping[str, Mapping[str, float]]) -> Figure:
    """Losses on the rungs of several worlds, each divided by that of its first rung: world -> rung -> loss.

    All worlds have the same rungs; one that a world lacks is not a number, and not drawn.
    """
    names = list(next(iter(worlds.values())))
    looks = [_rung(i, name, colour) for i, (name, colour) in enumerate(zip(names, inks(names), strict=True))]
    figure = page_figure(1.3 + 0.42 * len(worlds))
    axes = figure.subplots()
    for row, rungs in enumerate(worlds.values()):
        values = np.array(list(rungs.values())) / next(iter(rungs.values()))
        axes.plot([np.nanmin(values), np.nanmax(values)], [row, row], color=GRID, linewidth=2, zorder=1)
        for value, look in zip(values, looks, strict=True):
            axes.plot(value, row, **look)
    axes.set(yticks=range(len(worlds)), yticklabels=list(worlds), ylim=(len(worlds) - 0.5, -0.5))
    axes.set_xlabel(f"loss / loss of the {names[0]}")
    legend_below(figure, [Line2D([], [], label=name, **look) for name, look in zip(names, looks, strict=True)])
    return figure


def _rung(i: int, name: str, colour: str) -> dict[str, Any]:
    """The mark of a rung; what was trained is a dot."""
    mark = RUNGS[i % len(RUNGS)]
    dot = name.startswith("trained") and mark == "o"
    face, size = (colour, 5) if dot else ("none", 8)
    return {"marker": mark, "color": colour, "markersize": size, "markerfacecolor": face, "linestyle": "none"}
