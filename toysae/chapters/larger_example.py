"""Figures of the chapter "The larger example"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from toysae.figures.maps import cosine_scale, strip
from toysae.figures.style import SIGNED, label_legend
from toysae.measures.assessment import Assessment
from toysae.measures.labels import LABELS, feature_names
from toysae.measures.reading import reading_order

LARGE = 3.3  # inches: the longer side of the large map
LEGIBLE = 0.127  # inches: a row this high has room for its name
WIDE = 0.09  # inches that a letter takes
LONGEST = 14  # letters in the name of a row


def heat_map(seen: Assessment, sae: int, group_size: int, setting: str) -> Figure:
    """The large map of the seed: latents by features, "bias only" below, labels beside it; small enough for a screen.

    Rows are named by what they stand for, columns by the features of each group, where there is room for the names.
    The setting, such as "sigma = 0.1", stands below.
    """
    n_latents, n_features = seen.cosines.shape[1:]
    cell = min(0.4, LARGE / max(n_features, n_latents + 1.6))
    figure = Figure(figsize=(1.4 + cell * n_features, 0.7 + cell * (n_latents + 1.6)), layout="constrained")
    axes = figure.subplots()
    order = reading_order(seen.cosines, seen.labels, sae)
    gap = np.full((1, n_features), np.nan)
    rows = np.vstack([seen.cosines[sae][order], gap, seen.bias_cosines[sae][None]])
    axes.imshow(rows, cmap=SIGNED, vmin=-1, vmax=1, interpolation="nearest")
    strip(axes, seen, sae, order, width=0.6, left=n_features - 0.3)
    _name_rows(axes, [seen.names(sae)[latent] for latent in order], cell)
    _name_groups(axes, n_features, group_size, cell)
    cosine_scale(figure, axes)
    axes.set_xlabel(f"{axes.get_xlabel()} ({setting})")
    label_legend(figure, seen.labels.words)
    return figure


def _name_rows(axes: Axes, names: Sequence[str], cell: float) -> None:
    fits = cell >= LEGIBLE and max(map(len, names)) <= LONGEST
    places = [*range(len(names))] if fits else []
    axes.set_yticks([*places, len(names) + 1], [*(names if fits else []), "bias only"], fontsize=9)
    if not fits:
        axes.set_ylabel(f"{len(names)} latents")


def _name_groups(axes: Axes, n_features: int, group_size: int, cell: float) -> None:
    """The features of each group in one word, and a thin line between groups."""
    names = feature_names(n_features)
    firsts = range(0, n_features, group_size)
    words = [
        "".join(names[i : i + group_size]) if n_features <= 26 else f"{names[i]} to {names[i + group_size - 1]}"
        for i in firsts
    ]
    fits = max(map(len, words)) * WIDE <= group_size * cell
    middles = [first + (group_size - 1) / 2 for first in firsts]
    axes.set_xticks(middles if fits else [], words if fits else [], fontsize=9)
    axes.set_xlabel("true features, by group" if fits else f"{n_features} true features, by group")
    for first in firsts[1:]:
        axes.axvline(first - 0.5, color="#cccccc", linewidth=0.5)
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)


def world_maps(worlds: Mapping[str, tuple[Assessment, int, str]]) -> Figure:
    """A small heat map for each world, two in a row: title -> (what was seen, number of the SAE, a line below)."""
    n_rows = -(-len(worlds) // 2)
    figure = Figure(figsize=(4.9, 1.95 * n_rows + 0.3), layout="constrained")
    grid = [*figure.subplots(n_rows, 2, squeeze=False).flat]
    for axes, (title, (seen, sae, line)) in zip(grid, worlds.items(), strict=False):
        order = reading_order(seen.cosines, seen.labels, sae)
        image = seen.cosines[sae][order].numpy()
        axes.imshow(image, cmap=SIGNED, vmin=-1, vmax=1, aspect="auto", interpolation="nearest")
        strip(axes, seen, sae, order, width=0.05 * image.shape[1], left=image.shape[1] * 1.02 - 0.5)
        axes.set(xticks=[], yticks=[], ylabel=f"{image.shape[0]} latents")
        axes.set_title(f"{title}\n{image.shape[1]} features", fontsize=9)
        axes.set_xlabel(line, fontsize=9, fontweight="bold")
    for axes in grid[len(worlds) :]:
        axes.set_visible(False)
    label_legend(figure, [word for word in LABELS if any(word in _labels(*drawn[:2]) for drawn in worlds.values())])
    return figure


def _labels(seen: Assessment, sae: int) -> set[str]:
    return {seen.labels.word(sae, latent) for latent in range(seen.live.shape[1])}
