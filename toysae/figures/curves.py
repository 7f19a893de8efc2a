"""Curves, and ladders of losses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from toysae.claims.intervals import Fraction
from toysae.figures.style import LINE_STYLES, RUNGS, series_colour

Curves = Mapping[str, tuple[Sequence[float], Sequence[float]]]


def curve_figure(
    lines: Curves, dots: Curves, *, marks: Mapping[str, float] | None = None, **axes_settings: Any
) -> Figure:
    """Computed lines, measured dots of the same colour over them, grey vertical marks: name -> (x, y), name -> x.

    axes_settings  as matplotlib's Axes.set takes them: xlabel, ylabel, ylim, xscale, ...
    """
    figure = Figure(figsize=(7.2, 3.6), layout="constrained")
    axes = figure.subplots()
    _draw_curves(axes, lines, dots, marks or {})
    axes.set(**axes_settings)
    figure.legend(loc="outside right upper")
    return figure


def curve_panels(panels: Mapping[str, tuple[Curves, Curves, Mapping[str, float]]], **axes_settings: Any) -> Figure:
    """Curves side by side: title -> (lines, dots, marks) as in `curves`; all panels share their legend."""
    figure = Figure(figsize=(3.9 * len(panels), 3.9), layout="constrained")
    for axes, (title, (lines, dots, marks)) in zip(
        figure.subplots(1, len(panels), sharey=True), panels.items(), strict=True
    ):
        _draw_curves(axes, lines, dots, marks)
        axes.set(title=title, **axes_settings)
        axes.label_outer()
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=min(len(labels), 5))
    return figure


def _draw_curves(axes: Axes, lines: Curves, dots: Curves, marks: Mapping[str, float]) -> None:
    for i, (name, (x, y)) in enumerate(lines.items()):
        axes.plot(x, y, color=series_colour(i), linestyle=LINE_STYLES[i % 4], linewidth=1.6, label=name)
    for i, (x, y) in enumerate(dots.values()):
        axes.plot(x, y, "o", color=series_colour(i), markersize=4, markeredgecolor="white", markeredgewidth=0.5)
    for name, at in marks.items():
        axes.axvline(at, color="#999999", linewidth=1.2, linestyle=(0, (1, 1)), label=name, zorder=0)


def fraction_curves(
    series: Mapping[str, tuple[Sequence[float], Sequence[Fraction]]], marks: Mapping[str, float], **axes_settings: Any
) -> Figure:
    """Fractions with 95 % Wilson intervals along a setting: name -> (x, fractions); a mark has its series' colour."""
    figure = Figure(figsize=(7.2, 3.4), layout="constrained")
    axes = figure.subplots()
    for i, (name, (x, counted)) in enumerate(series.items()):
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
            color=series_colour(i),
            label=name,
        )
    for i, mark in enumerate(marks.values()):
        axes.axvline(mark, color=series_colour(i), linewidth=1.4, linestyle="--", zorder=0)
    axes.set(ylim=(-0.05, 1.05), **axes_settings)
    figure.legend(loc="outside right upper")
    return figure


def ladder(worlds: Mapping[str, Mapping[str, float]]) -> Figure:
    """Losses on the rungs of several worlds, each divided by that of its first rung: world -> rung -> loss.

    All worlds have the same rungs; one that a world lacks is not a number, and not drawn.
    """
    figure = Figure(figsize=(7.2, 0.9 + 0.5 * len(worlds)), layout="constrained")
    axes = figure.subplots()
    for row, rungs in enumerate(worlds.values()):
        values = np.array(list(rungs.values())) / next(iter(rungs.values()))
        axes.plot([np.nanmin(values), np.nanmax(values)], [row, row], color="#dddddd", linewidth=2, zorder=1)
        for i, value in enumerate(values):
            axes.plot(value, row, RUNGS[i % len(RUNGS)], color=series_colour(i), markersize=8, markerfacecolor="none")
    names = next(iter(worlds.values()))
    for i, name in enumerate(names):
        axes.plot(
            [], [], RUNGS[i % len(RUNGS)], color=series_colour(i), markersize=8, markerfacecolor="none", label=name
        )
    axes.set(yticks=range(len(worlds)), yticklabels=list(worlds), ylim=(len(worlds) - 0.5, -0.5))
    axes.set_xlabel(f"loss / loss of the {next(iter(names))}")
    figure.legend(loc="outside upper center", ncols=len(names), handletextpad=0.2)
    return figure
