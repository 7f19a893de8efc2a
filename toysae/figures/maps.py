"""Heat maps of cosines."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from toysae.figures.style import (
    LABEL_COLOURS,
    READABLE,
    SIGNED,
    TYPE,
    WIDTH,
    finish,
    grid_of,
    label_legend,
    page_figure,
    ticks,
)
from toysae.measures.assessment import Assessment
from toysae.measures.labels import feature_names
from toysae.measures.reading import reading_order, signed


def expected_maps(maps: Mapping[str, np.ndarray]) -> Figure:
    """Heat maps of dictionaries that were written down, not trained: title -> cosines (n_latents, n_features)."""
    n_rows, n_columns = grid_of(len(maps))
    figure = page_figure(2.35 * n_rows, 2.5 * n_columns)
    places = list(figure.subplots(n_rows, n_columns, squeeze=False).flat)
    for axes, (title, cosine) in zip(places, maps.items(), strict=False):
        draw_cosines(axes, np.asarray(cosine))
        ticks(axes, [f"latent {i + 1}" for i in range(len(cosine))], feature_names(cosine.shape[1]))
        axes.set(xlabel="true feature", title=title)
    for axes in places[len(maps) :]:
        axes.set_visible(False)
    return figure


def heat_map_row(seen: Assessment, saes: Mapping[str, int], title: str) -> Figure:
    """Several SAEs side by side: title -> number of the SAE in the stack."""
    n_latents, n_features = seen.cosines.shape[1:]
    readable = n_latents <= READABLE
    beside = 0.38 if readable else 0.2  # what a panel needs beside its cells
    cell = min(((WIDTH - 0.2) / len(saes) - beside) / n_features, 0.44 if readable else 0.09)
    figure = page_figure(1.25 + cell * (n_latents + 1.6), min(WIDTH, 0.3 + (cell * n_features + beside) * len(saes)))
    for i, (axes, (name, sae)) in enumerate(
        zip(np.atleast_1d(figure.subplots(1, len(saes))), saes.items(), strict=True)
    ):
        draw_heat_map(axes, seen, sae)
        rows = [str(i + 1) if readable else "" for i in reading_order(seen.cosines, seen.labels, sae)]
        ticks(axes, [*rows, "", "" if i else "bias"], feature_names(n_features) if readable else [""] * n_features)
        axes.set_xlabel("true feature")
        axes.set_ylabel("" if i else "latent")
        axes.set_title(name, fontsize=TYPE)
    finish(figure, title, seen.labels.words)
    return figure


def small_maps(worlds: Mapping[str, tuple[Assessment, int]], n_columns: int = 2) -> Figure:
    """Small heat maps, one world each: title -> (what was seen, number of the SAE that is drawn)."""
    n_rows, n_columns = grid_of(len(worlds), n_columns)
    figure = page_figure(2.4 * n_rows + 0.3, WIDTH * n_columns / 2)
    places = list(figure.subplots(n_rows, n_columns, squeeze=False).flat)
    for axes, (title, (seen, sae)) in zip(places, worlds.items(), strict=False):
        order = reading_order(seen.cosines, seen.labels, sae)
        image = seen.cosines[sae][order].numpy()
        axes.imshow(image, cmap=SIGNED, vmin=-1, vmax=1, aspect="auto", interpolation="nearest")
        strip(axes, seen, sae, order, width=0.05 * image.shape[1], left=image.shape[1] * 1.02 - 0.5)
        axes.set(xticks=[], yticks=[], xlabel=f"{image.shape[1]} features", ylabel=f"{image.shape[0]} latents")
        axes.set_title(title, fontsize=TYPE)
    for axes in places[len(worlds) :]:
        axes.set_visible(False)
    label_legend(figure)
    return figure


def draw_heat_map(axes: Axes, seen: Assessment, sae: int) -> None:
    """One SAE's cosines in reading order, an empty row, the bias; the strip of labels beside them."""
    order = reading_order(seen.cosines, seen.labels, sae)
    n_latents, n_features = seen.cosines.shape[1:]
    gap = np.full((1, n_features), np.nan)
    rows = np.vstack([seen.cosines[sae][order].numpy(), gap, seen.bias_cosines[sae][None].numpy()])
    draw_cosines(axes, rows)
    strip(axes, seen, sae, order, width=0.22 if n_latents <= READABLE else 0.6, left=n_features - 0.5 + 0.12)


def name_rows_and_columns(axes: Axes, seen: Assessment, sae: int) -> None:
    """Names latents and features beside the map that draw_heat_map drew, the bias row included."""
    n_latents, n_features = seen.cosines.shape[1:]
    word = "latent " if n_latents <= READABLE else ""
    names = [f"{word}{i + 1}" for i in reading_order(seen.cosines, seen.labels, sae)]
    ticks(axes, [*names, "", "bias only"], feature_names(n_features))
    axes.set_xlabel("true feature")


def cosine_scale(figure: Figure, axes: Axes) -> None:
    """The scale of colours that says which cosine they stand for."""
    scale = ScalarMappable(Normalize(-1, 1), SIGNED)
    figure.colorbar(scale, ax=axes, label="cosine", shrink=0.8, ticks=[-1, 0, 1], pad=0.02, aspect=25)


def draw_cosines(axes: Axes, rows: np.ndarray) -> None:
    """Cosines as coloured cells, written out where there is room; rows of nan stay empty."""
    axes.imshow(rows, cmap=SIGNED, vmin=-1, vmax=1, interpolation="nearest")
    if len(rows) <= READABLE + 2:
        for (i, j), value in np.ndenumerate(rows):
            if not math.isnan(value):
                ink = "white" if abs(value) > 0.6 else "#222222"
                axes.text(j, i, signed(value), ha="center", va="center", fontsize=TYPE, color=ink)


def strip(axes: Axes, seen: Assessment, sae: int, order: Sequence[int], width: float, left: float) -> None:
    """The narrow strip beside a map that tells each latent's label by its colour."""
    for row, latent in enumerate(order):
        colour = LABEL_COLOURS[seen.labels.word(sae, latent)]
        axes.add_patch(Rectangle((left, row - 0.46), width, 0.92, color=colour, linewidth=0, clip_on=False))
