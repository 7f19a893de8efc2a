"""The look of every figure: colours, marks, legends."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from toysae.measures.labels import LABELS

# Okabe and Ito's palette: told apart by colour-blind readers too
LABEL_COLOURS = {
    "atomic": "#0072B2",
    "composite": "#E69F00",
    "mixed": "#999999",
    "dead": "#2b2b2b",
    "negative": "#56B4E9",
    "difference": "#CC79A7",
}
SERIES_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#555555", "#56B4E9")
LINE_STYLES = ("-", "--", "-.", (0, (4, 1, 1, 1, 1, 1)))
RUNGS = ("s", "o", "v", "D", "|", "x")  # marks on the rungs of a ladder
SIGNED = "RdBu_r"  # diverging: red is positive, white is zero, blue is negative
ATOM_INK, COMPOSITE_INK, BOUND_INK = "#0072B2", "#C77700", "#444444"
READABLE = 12  # numbers are written into the cells of a map with at most this many rows


def house_style() -> None:
    """The look of every figure: sober, readable at the width of a page. Nothing of the user's own settings stays."""
    matplotlib.rcdefaults()
    matplotlib.rcParams.update(
        {
            "font.size": 9,
            "axes.titlesize": 10,
            "axes.labelsize": 9,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.edgecolor": "#555555",
            "axes.labelcolor": "#222222",
            "xtick.color": "#444444",
            "ytick.color": "#444444",
            "legend.frameon": False,
            "legend.fontsize": 9,
            "figure.facecolor": "white",
            "savefig.facecolor": "white",
            "svg.hashsalt": "toysae",
        }
    )


def series_colour(i: int) -> str:
    """The colour of the i-th curve of a figure; after the last one they begin again."""
    return SERIES_COLOURS[i % len(SERIES_COLOURS)]


def finish(figure: Figure, title: str, words: Sequence[str] = LABELS) -> None:
    """The title above and the legend of the labels below."""
    figure.suptitle(title, fontsize=10)
    label_legend(figure, words)


def label_legend(figure: Figure, words: Sequence[str] = LABELS) -> None:
    """The legend that says which colour stands for which label."""
    handles = [Patch(color=LABEL_COLOURS[word], label=word) for word in words]
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles), handlelength=1)


def ticks(axes: Axes, row_names: Sequence[str], column_names: Sequence[str]) -> None:
    """The names of rows and columns of a map, small where there are many; no frame."""
    small = 6 if max(len(row_names), len(column_names)) > READABLE + 2 else 9
    axes.set_xticks(range(len(column_names)), column_names, fontsize=small)
    axes.set_yticks(range(len(row_names)), row_names, fontsize=small)
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)
