"""Figures of the chapter "The larger example"."""

from __future__ import annotations

from matplotlib.figure import Figure
from torch import Tensor

from toysae.figures.maps import cosine_scale, draw_heat_map, name_rows_and_columns
from toysae.figures.style import READABLE, finish, ticks
from toysae.measures.assessment import Assessment
from toysae.measures.labels import feature_names


def cooccurrence_map(probabilities: Tensor) -> Figure:
    """Who fires with whom: probabilities (n_features, n_features) that both features fire in a sample."""
    names = feature_names(len(probabilities))
    figure = Figure(figsize=(4.6, 3.8), layout="constrained")
    axes = figure.subplots()
    image = axes.imshow(probabilities.numpy(), cmap="Greens", vmin=0, interpolation="nearest")
    ticks(axes, names, names)
    axes.set(xlabel="true feature", ylabel="true feature")
    figure.colorbar(image, ax=axes, label="probability that both fire", shrink=0.85, aspect=25)
    return figure


def heat_map(seen: Assessment, sae: int, title: str) -> Figure:
    """The heat map of the seed: learned features by true features, "bias only" below, labels beside it."""
    n_latents, n_features = seen.cosines.shape[1:]
    cell = 0.52 if n_latents <= READABLE else 0.24
    figure = Figure(figsize=(2.6 + cell * n_features, 1.6 + cell * (n_latents + 1.6)), layout="constrained")
    axes = figure.subplots()
    draw_heat_map(axes, seen, sae)
    name_rows_and_columns(axes, seen, sae)
    cosine_scale(figure, axes)
    finish(figure, title, seen.labels.words)
    return figure
