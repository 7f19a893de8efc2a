"""The picture of the contest: which remedy finds the features of which world."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from toysae.figures.style import ATOM_INK

DARK = 0.55  # share from which on a cell is dark, and its number white


def found_map(shares: pd.DataFrame, parts: tuple[int, ...] = ()) -> Figure:
    """Shares of features found: contestants by worlds, the more the darker, each with its number.

    parts  columns before which a white line parts the worlds
    """
    from matplotlib.colors import LinearSegmentedColormap

    n_rows, n_columns = shares.shape
    figure = Figure(figsize=(1.6 + 0.47 * n_columns, 1.1 + 0.26 * n_rows), layout="constrained")
    axes = figure.subplots()
    blues = LinearSegmentedColormap.from_list("found", ["#f2f6fa", ATOM_INK])
    axes.pcolormesh(shares.to_numpy(), cmap=blues, vmin=0, vmax=1, edgecolors="white", linewidth=1)
    for i, row in enumerate(shares.to_numpy()):
        for j, share in enumerate(row):
            ink = "white" if share > DARK else "#222222"
            axes.text(j + 0.5, i + 0.5, f"{share:.2f}", ha="center", va="center", color=ink, fontsize=9)
    for column in parts:
        axes.axvline(column, color="white", linewidth=6)
    axes.set_xticks([j + 0.5 for j in range(n_columns)], list(shares.columns), rotation=40, ha="left")
    axes.set_yticks([i + 0.5 for i in range(n_rows)], list(shares.index))
    axes.xaxis.tick_top()
    axes.tick_params(length=0)
    axes.set_ylim(n_rows, 0)
    for spine in axes.spines.values():
        spine.set_visible(False)
    return figure
