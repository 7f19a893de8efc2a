"""The figures of this study. What was trained is drawn as dots, what was derived as black lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from toysae.claims.intervals import Fraction
from toysae.figures.style import ATOM_INK, GUIDE, THEORY_INK, TRAINED_INK, legend_below, page_figure

Numbers = Sequence[float]
EXACT_INK = "#444444"  # of dots that were neither trained nor taken from a formula
DASHES = ("-", "--", "-.", ":")
MARKS = ("o", "s", "^", "D")


def reached_by_row(rows: Mapping[str, tuple[Fraction, Fraction]]) -> Figure:
    """A row for each world and number of latents: shares of SAEs with resampling (filled) and without (hollow)."""
    figure = page_figure(0.85 + 0.25 * len(rows))
    axes = figure.subplots()
    for side, (name, ink) in enumerate({"as trained": TRAINED_INK, "without resampling": GUIDE}.items()):
        shares = [counts[side] for counts in rows.values()]
        places = np.arange(len(rows)) + 0.16 * (2 * side - 1)
        _bars(axes, shares, places, upright=False, ink=ink, mark="os"[side], name=name)
    axes.axvline(0.5, color="#cccccc", linewidth=1, zorder=0)
    axes.set(xlim=(-0.03, 1.03), xticks=[0, 0.5, 1], ylim=(len(rows) - 0.4, -0.6))
    axes.set_xlabel("share of SAEs at the best known loss")
    axes.set_yticks(range(len(rows)), list(rows))
    axes.tick_params(length=0)
    _legend(figure, axes)
    return figure


def reached_by_size(sizes: Sequence[int], series: Mapping[str, Sequence[Fraction]]) -> Figure:
    """Shares of SAEs over the number of features, with their intervals, a line for each way to choose the latents."""
    figure = page_figure(2.7)
    axes = figure.subplots()
    for side, (name, shares) in enumerate(series.items()):
        places = np.array(sizes) + 0.04 * (2 * side - 1)
        _bars(axes, shares, places, upright=True, ink=(TRAINED_INK, GUIDE)[side], mark="os"[side], name=name)
        axes.plot(places, [share.value for share in shares], color=(TRAINED_INK, GUIDE)[side], linewidth=1, zorder=1)
    axes.set(ylim=(-0.04, 1.04), yticks=[0, 0.5, 1], xlabel="features, of which two fire")
    axes.set_ylabel("share at the best\nknown loss")
    axes.set_xticks(list(sizes))
    _legend(figure, axes)
    return figure


def _bars(
    axes: Axes, shares: Sequence[Fraction], places: np.ndarray, *, upright: bool, ink: str, mark: str, name: str
) -> None:
    """Shares with their intervals, at places on the other axis."""
    values = np.array([share.value for share in shares])
    reach = np.abs(np.array([share.interval for share in shares]).T - values)
    x, y, errors = (places, values, {"yerr": reach}) if upright else (values, places, {"xerr": reach})
    axes.errorbar(x, y, **errors, fmt=mark, color=ink, markersize=4.5, linewidth=1.4, label=name)


def gaps(dictionary: Tensor, encoder: Tensor, untrained: tuple[Tensor, Tensor]) -> Figure:
    """What each SAE pays too much, in per cent: for its dictionary, and for its encoder; beside untrained encoders."""
    figure = page_figure(3.2)
    axes = figure.subplots()
    for (across, up), ink, name in (
        (untrained, GUIDE, "encoders before training"),
        ((dictionary, encoder), TRAINED_INK, "SAEs"),
    ):
        x, y = (100 * part.clamp(min=0).numpy() for part in (across, up))
        face = ink if name == "SAEs" else "none"
        axes.plot(x, y, "o", color=ink, markerfacecolor=face, markersize=4.5, label=name)
    top = 1.4 * max(100 * float(part.max()) for part in (dictionary, encoder, *untrained))
    axes.plot([0, top], [0, top], "--", color=THEORY_INK, linewidth=1.2, label="both alike")
    for set_scale in (axes.set_xscale, axes.set_yscale):
        set_scale("symlog", linthresh=0.1)
    axes.set(xlim=(-0.02, top), ylim=(-0.02, top))
    marks = [mark for mark in (0, 0.1, 1, 10, 100) if mark <= top]
    axes.set_xticks(marks, [f"{mark:g}" for mark in marks])
    axes.set_yticks(marks, [f"{mark:g}" for mark in marks])
    axes.minorticks_off()
    axes.set(xlabel="dictionary gap, % of the best known loss", ylabel="encoder gap, %")
    _legend(figure, axes)
    return figure


def leans(prices: Numbers, laws: Mapping[str, Numbers], exact: Mapping[str, Numbers]) -> Figure:
    """How far rows lean over the price: the law as a line, the nearest minimum of the exact loss as dots."""
    figure = page_figure(2.6)
    axes = figure.subplots()
    for name, style, mark in zip(laws, DASHES, MARKS, strict=False):
        axes.plot(prices, laws[name], color=THEORY_INK, linestyle=style, linewidth=1.4)
        axes.plot(prices, exact[name], mark, color=EXACT_INK, markersize=5, label=name)
    axes.set(xlabel=r"price $\lambda$", ylabel="lean of a row, degrees", xlim=(0, None), ylim=(0, None))
    _legend(figure, axes)
    return figure


def slopes(lines: Mapping[str, tuple[Numbers, Numbers]], dots: Mapping[str, tuple[Numbers, Numbers]]) -> Figure:
    """Slopes at the features over the share of company: a line for each family of worlds, its dots by turning rows."""
    figure = page_figure(3.4)
    axes = figure.subplots()
    axes.axhspan(0, 0.6, color=ATOM_INK, alpha=0.12, linewidth=0)
    axes.text(0.02, 0.57, "the features are a sharp minimum", color=ATOM_INK, ha="left", va="top")
    for name, style, mark in zip(lines, DASHES, MARKS, strict=False):
        axes.plot(*lines[name], color=THEORY_INK, linestyle=style, linewidth=1.2)
        axes.plot(*dots[name], mark, color=EXACT_INK, markersize=4.5, label=name)
    axes.set(xlim=(0, 1.02), ylim=(-0.7, 0.6), ylabel="slope at the features")
    axes.set_xlabel("how often a feature that fires has company")
    _legend(figure, axes)
    return figure


def _legend(figure: Figure, axes: Axes) -> None:
    legend_below(figure, axes.get_legend_handles_labels()[0])
