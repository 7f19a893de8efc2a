"""Pictures of both halves of an SAE: what its latents write, and what makes them fire."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from toysae.figures.style import SIGNED
from toysae.measures.labels import feature_names
from toysae.measures.reading import signed

Halves = tuple[np.ndarray, np.ndarray, Sequence[str]]
WIDTH, TYPE = 5.0, 9  # inches and points: readable where a phone shrinks the figure to its own width
LARGEST_WEIGHT = 1.5  # of an encoder, at the end of the colour scale


def decoders_and_encoders(panels: Mapping[str, Halves]) -> Figure:
    """Above the decoder of each SAE, below its encoder, on the same rows: title -> (cosines, weights, latent names).

    cosines  (n_latents, n_features) of decoder rows with features
    weights  (n_latents, n_features) of the encoder: how much a unit of each feature adds to the pre-activation
    """
    n_latents = max(len(names) for *_, names in panels.values())
    figure = Figure(figsize=(WIDTH, 1.5 + 0.6 * n_latents), layout="constrained")
    grid = figure.subplots(2, len(panels), squeeze=False)
    for i, (title, (cosines, weights, names)) in enumerate(panels.items()):
        above, below = grid[:, i]
        _draw_half(above, cosines, names, largest=1.0)
        _draw_half(below, weights, names, largest=LARGEST_WEIGHT)
        above.set_title(title, fontsize=TYPE)
        below.set_xlabel("true feature")
    grid[0, 0].set_ylabel("decoder")
    grid[1, 0].set_ylabel("encoder")
    return figure


def _draw_half(axes: Axes, values: np.ndarray, names: Sequence[str], largest: float) -> None:
    axes.imshow(values, cmap=SIGNED, vmin=-largest, vmax=largest, aspect="auto")
    for (row, column), value in np.ndenumerate(values):
        ink = "white" if abs(value) > 0.65 * largest else "#222222"
        axes.text(column, row, signed(value), ha="center", va="center", color=ink, fontsize=TYPE)
    axes.set_yticks(range(len(names)), names)
    axes.set_xticks(range(values.shape[1]), feature_names(values.shape[1]))
    axes.tick_params(length=0)
    for side in axes.spines.values():
        side.set_visible(False)
