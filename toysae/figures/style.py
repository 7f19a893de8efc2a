"""The one language of colours and marks of every figure, its type and its width.

Blue is an atom, and what is found; orange is a composite, and what has no atom; grey is mixed, dark is dead. Theory is
black and drawn as a line, what was trained is drawn as dots. A curve that means none of these is neither blue nor
orange. No type is below 9 pt, and a figure is 5 inches wide: it keeps that type on a phone of 390 pixels.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from typing import Any

import matplotlib
import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.typing import ColorType

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
ATOM_INK, COMPOSITE_INK, THEORY_INK = "#0072B2", "#C77700", "#111111"
TRAINED_INK = "#009E73"  # of trained dots over a single black line
SERIES_COLOURS = ("#7B52AB", "#009E73", "#444444", "#C2588A", "#8A8D2F", "#5AA9A3")
RAMP = ("#85c9a8", "#003d2c")  # from the first to the last of curves that differ by a number
GUIDE, GRID = "#999999", "#e4e4e4"  # dotted marks, and lines behind the data
LINE_STYLES = ("-", "--", "-.", (0, (4, 1, 1, 1, 1, 1)))
RUNGS = ("s", "o", "v", "D", "|", "x")  # marks on the rungs of a ladder
SIGNED = "RdBu_r"  # of cosines: red is positive, white is zero, blue is negative
AMOUNT = "Greens"  # of what cannot be negative: activations, probabilities
SURFACE = LinearSegmentedColormap.from_list("surface", ["#ffffff", "#9a9a9a"])  # of losses and errors: white is low
FOUND = LinearSegmentedColormap.from_list("found", [LABEL_COLOURS["composite"], "#f2efe9", ATOM_INK])
NO_ATOM = FOUND.reversed("no atom")  # of shares without an atom; FOUND is of shares of what is found
READABLE = 12  # numbers are written into the cells of a map with at most this many rows
WIDTH = 5.0  # inches
TYPE = 9  # points

# What the words in a curve's name mean; the first that fits counts
MEANINGS = (
    (r"\bdead\b", LABEL_COLOURS["dead"]),
    (r"\bno atoms?\b|\bwithout (an )?atoms?\b", COMPOSITE_INK),
    (r"\bmixed\b|\batoms and composites?\b", LABEL_COLOURS["mixed"]),
    (r"\bdifferences?\b", LABEL_COLOURS["difference"]),
    (r"\bnegatives?\b", LABEL_COLOURS["negative"]),
    (r"\bcomposites?\b|\babsorbing\b|^pairs\b", COMPOSITE_INK),
    (r"\batom(s|ic)?\b|^(true )?features\b|\bfeatures found\b", ATOM_INK),
    (r"\bbound\b|\bbest known\b|\bformula\b|\blaw\b|\bequal cost\b|\bclosed form\b|^zero$", THEORY_INK),
)


def house_style() -> None:
    """The look of every figure: sober, readable at the width of a page. Nothing of the user's own settings stays."""
    matplotlib.rcdefaults()
    matplotlib.rcParams.update(
        {
            "font.size": TYPE,
            "axes.titlesize": 10,
            "axes.labelsize": TYPE,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.edgecolor": "#555555",
            "axes.labelcolor": "#222222",
            "xtick.color": "#444444",
            "ytick.color": "#444444",
            "legend.frameon": False,
            "legend.fontsize": TYPE,
            "figure.facecolor": "white",
            "savefig.facecolor": "white",
            "svg.hashsalt": "toysae",
        }
    )


def page_figure(height: float, width: float = WIDTH) -> Figure:
    """An empty figure of the standard width, in inches."""
    return Figure(figsize=(width, height), layout="constrained")


def grid_of(n_panels: int, most: int = 2) -> tuple[int, int]:
    """Rows and columns of as many panels, at most two side by side."""
    n_columns = max(1, min(most, n_panels))
    return -(-n_panels // n_columns), n_columns


def name_the_edges(places: Sequence[Axes], n_panels: int, n_columns: int) -> None:
    """Names of axes only at the left and below, places without a panel hidden."""
    for i, axes in enumerate(places):
        axes.set_visible(i < n_panels)
        if i % n_columns:
            axes.set_ylabel("")
            axes.tick_params(labelleft=False)
        if i + n_columns < n_panels:
            axes.set_xlabel("")


def series_colour(i: int) -> str:
    """The colour of the i-th curve of a figure that means none of the labels; after the last they begin again."""
    return SERIES_COLOURS[i % len(SERIES_COLOURS)]


def meaning(name: str) -> str | None:
    """The colour that the words of a name stand for: "no atom" is orange, "atoms" blue, "radial bound" black."""
    return next((ink for words, ink in MEANINGS if re.search(words, name, re.IGNORECASE)), None)


def inks(names: Sequence[str]) -> list[str]:
    """A colour for each curve: by the words of its name; by its place among those that differ by a number; or its own.

    A curve that is alone and means nothing is black.
    """
    if len(names) == 1:
        return [meaning(names[0]) or THEORY_INK]
    stems = [re.sub(r"[-+]?\d[\d.,]*", "#", name) for name in names]
    chosen, n_own = [], 0
    for i, (name, stem) in enumerate(zip(names, stems, strict=True)):
        family = [j for j, other in enumerate(stems) if other == stem]
        ink = meaning(name) or (ramp(len(family))[family.index(i)] if len(family) > 1 else None)
        chosen.append(ink or series_colour(n_own))
        n_own += ink is None
    return chosen


def ramp(n: int) -> list[str]:
    """Colours from light to dark, for n curves in order."""
    light, dark = (np.array(to_rgb(end)) for end in RAMP)
    return [to_hex(light + (dark - light) * i / max(n - 1, 1)) for i in range(n)]


def writing_on(colour: ColorType) -> str:
    """White or black, whichever can be read on this colour."""
    red, green, blue = to_rgb(colour)
    return "white" if 0.299 * red + 0.587 * green + 0.114 * blue < 0.5 else "#222222"


def finish(figure: Figure, title: str, words: Sequence[str] = LABELS) -> None:
    """The title above and the legend of the labels below."""
    figure.suptitle(title, fontsize=10)
    label_legend(figure, words)


def label_legend(figure: Figure, words: Sequence[str] = LABELS) -> None:
    """The legend that says which colour stands for which label."""
    legend_below(figure, [Patch(color=LABEL_COLOURS[word], label=word) for word in words], handlelength=1)


def legend_below(figure: Figure, handles: Sequence[Artist], **settings: Any) -> None:
    """A legend under the panels, in as many columns as fit."""
    widths = [0.068 * len(re.sub(r"[\\$]|lambda", "", str(handle.get_label()))) for handle in handles]
    free = figure.get_figwidth() - 0.2
    fit = next((n for n in range(len(handles), 1, -1) if _width(widths, n) <= free), 1)
    n_columns = -(-len(handles) // -(-len(handles) // fit)) if handles else 1  # rows of equal length
    figure.legend(handles=handles, loc="outside lower center", ncols=n_columns, **settings)


def _width(widths: Sequence[float], n_columns: int) -> float:
    """Of a legend that is filled column by column, in inches: its handles and gaps take .6 a column."""
    short, n_longer = divmod(len(widths), n_columns)
    ends = list(itertools.accumulate(short + (i < n_longer) for i in range(n_columns)))
    return sum(0.6 + max(widths[a:b]) for a, b in zip([0, *ends], ends, strict=False))


def ticks(axes: Axes, row_names: Sequence[str], column_names: Sequence[str]) -> None:
    """The names of rows and columns of a map, only some where there are many; no frame."""
    axes.set_xticks(*_some(column_names))
    axes.set_yticks(*_some(row_names))
    axes.tick_params(length=0, labelsize=TYPE)
    for spine in axes.spines.values():
        spine.set_visible(False)


def _some(names: Sequence[str]) -> tuple[list[int], list[str]]:
    """Places and names that are shown: every second of more than twice seven and so on, and one that stands apart."""
    step = -(-len(names) // (READABLE + 2))
    apart = len(names) - 1 if len(names) > 1 and not names[-2] else None
    kept = [i for i in range(len(names)) if i % step == 0 or i == apart]
    return kept, [names[i] for i in kept]
