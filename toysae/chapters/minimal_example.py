"""Words and figures of the chapter "The minimal example"."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib
import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from torch import Tensor

from toysae.claims import spelled
from toysae.figures.maps import cosine_scale, draw_heat_map, name_rows_and_columns
from toysae.figures.style import ATOM_INK, COMPOSITE_INK, LABEL_COLOURS, READABLE, label_legend, ticks
from toysae.measures.assessment import Assessment
from toysae.measures.labels import LABELS
from toysae.measures.reading import reading_order
from toysae.worlds.world import World

TYPE = 9.5  # points: at least nine pixels on a phone, for figures of five inches
SETS = {2: "pair", 3: "triple", 4: "quadruple"}  # what so many features are together; more are a group

# ---- what is given to an SAE, in words


@dataclass(frozen=True)
class Given:
    """What an SAE is given, in words: "three features that always fire in pairs", "one latent per pair", "pairs"."""

    features: str
    latents: str
    sets: str


def given(world: World, k_active: int, n_latents: int, silent: float) -> Given:
    """The world and the number of latents in words; silent is the share of chosen features that are zero after all."""
    one, n_sets = SETS.get(k_active, "group"), len(world.composites())
    features = f"{spelled(world.n_features)} features that {'always ' if silent < 5e-4 else ''}fire"
    latents = f"{spelled(n_latents)} latent{'s' if n_latents > 1 else ''}"
    if n_sets == 1:
        return Given(f"{features} together", latents, "composites")
    size = "" if k_active in SETS else f" of {spelled(k_active)}"
    room = f"one latent per {one}" if n_latents == n_sets else f"{latents} for {spelled(n_sets)} {one}s"
    return Given(f"{features} in {one}s{size}", room, f"{one}s")


# ---- the learned map


def map_with_activations(seen: Assessment, sae: int, z: Tensor, sample_names: Sequence[str], title: str) -> Figure:
    """The heat map, and beside it how strongly each latent fires on chosen samples: z (n_samples, n_latents)."""
    n_latents, n_features = seen.cosines.shape[1:]
    readable = n_latents <= READABLE
    cell = 0.41 if readable else 0.24
    size = 2.0 + cell * (n_features + len(sample_names)), 1.1 + cell * (n_latents + 2)
    figure = Figure(figsize=(max(size[0], 4.5), size[1]), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=[n_features + 0.6, len(sample_names)])
    draw_heat_map(left, seen, sae)
    name_rows_and_columns(left, seen, sae)
    order = reading_order(seen.cosines, seen.labels, sae)
    names = seen.names(sae)
    _draw_activations(right, z.T[order].numpy(), sample_names, [names[i] for i in order] if readable else [])
    if not readable:
        cosine_scale(figure, left)
    left.set_xlabel("cosine with feature")
    figure.suptitle(title, fontsize=10)
    label_legend(figure, seen.labels.words)
    return figure


def _draw_activations(axes: Axes, z: np.ndarray, sample_names: Sequence[str], names: Sequence[str]) -> None:
    """Latent activations (n_latents, n_samples), on the same rows as the heat map beside them."""
    padded = np.vstack([z, np.full((2, z.shape[1]), np.nan)])
    axes.imshow(padded, cmap="Greens", vmin=0, vmax=max(z.max(), 1e-9), interpolation="nearest")
    if names:
        for (i, j), value in np.ndenumerate(z):
            ink = "white" if value > 0.6 * z.max() else "#222222"
            axes.text(j, i, f"{value:.2f}", ha="center", va="center", fontsize=9, color=ink)
    ticks(axes, [*names, *[""] * (len(padded) - len(names))], sample_names)
    axes.set_xlabel("activation by sample")


# ---- one sample, two ways to write it


@dataclass(frozen=True)
class Way:
    """A way to write one sample of two features, and what it pays.

    corners  (n, 2) the points that the reconstruction passes, from the origin to where it stops
    price    l1_coeff times the length of the way; error is half the squared distance that is left
    """

    name: str
    ink: str
    corners: np.ndarray
    price: float
    error: float


def ways(mu: float, l1_coeff: float) -> list[Way]:
    """Along the edges of a square of side mu, with an atom for each feature; and along its diagonal, with a composite.

    Each latent stops l1_coeff before the end of its edge or diagonal: there, half the square of what is left grows by
    as much as the price falls. Where the price exceeds the length the latent does not fire.
    """
    edge, diagonal = max(mu - l1_coeff, 0.0), max(math.sqrt(2) * mu - l1_coeff, 0.0)
    along = diagonal / math.sqrt(2)
    return [
        Way("two atoms", ATOM_INK, np.array([[0, 0], [edge, 0], [edge, edge]]), 2 * l1_coeff * edge, (mu - edge) ** 2),
        Way(
            "one composite",
            COMPOSITE_INK,
            np.array([[0, 0], [along, along]]),
            l1_coeff * diagonal,
            (math.sqrt(2) * mu - diagonal) ** 2 / 2,
        ),
    ]


def two_ways(mu: float, l1_coeff: float) -> Figure:
    """The square of one sample with both ways to write it, and what each pays."""
    figure = Figure(figsize=(5, 2.9), layout="constrained")
    square, account = figure.subplots(1, 2, width_ratios=[1.5, 1])
    edges, diagonal = ways(mu, l1_coeff)
    _draw_square(square, mu, edges, diagonal)
    _draw_account(account, [edges, diagonal])
    parts = {"price of length": 1.0, "error left over": 0.35}
    handles = [Patch(color="#666666", alpha=alpha, linewidth=0, label=name) for name, alpha in parts.items()]
    figure.legend(handles=handles, loc="outside lower right", ncols=2, fontsize=TYPE, handlelength=1)
    return figure


def _draw_square(axes: Axes, mu: float, edges: Way, diagonal: Way) -> None:
    axes.add_patch(matplotlib.patches.Rectangle((0, 0), mu, mu, fill=False, color="#bbbbbb", linestyle=(0, (3, 2))))
    for way in (edges, diagonal):
        axes.plot(*way.corners.T, color=way.ink, linewidth=3, solid_joinstyle="miter", solid_capstyle="butt")
        axes.plot(*way.corners[-1], "o", color=way.ink, markersize=7)
    axes.plot(mu, mu, "*", color="#222222", markersize=12)
    axes.text(mu, 1.07 * mu, "the sample", ha="center", va="bottom", fontsize=TYPE)
    axes.text(0.56 * mu, 0.05 * mu, edges.name, color=edges.ink, ha="center", va="bottom", fontsize=TYPE)
    at: dict[str, Any] = {"ha": "center", "va": "center", "rotation": 45, "fontsize": TYPE}
    axes.text(0.42 * mu, 0.54 * mu, diagonal.name, color=diagonal.ink, **at)
    axes.set(xlim=(-0.06 * mu, 1.3 * mu), ylim=(-0.06 * mu, 1.22 * mu), aspect="equal", xticks=[], yticks=[])
    axes.set_xlabel("feature A", fontsize=TYPE)
    axes.set_ylabel("feature B", fontsize=TYPE)


def _draw_account(axes: Axes, both: Sequence[Way]) -> None:
    for place, way in enumerate(both):
        axes.bar(place, way.price, width=0.6, color=way.ink)
        axes.bar(place, way.error, width=0.6, bottom=way.price, color=way.ink, alpha=0.35)
        total = way.price + way.error
        axes.text(place, total, f"{total:.3f}", ha="center", va="bottom", fontsize=TYPE)
    axes.set_xticks(range(len(both)), [way.name.replace(" ", "\n") for way in both], fontsize=TYPE)
    axes.set(yticks=[], xlim=(-0.5, len(both) - 0.5))
    axes.margins(y=0.12)
    axes.set_title("what each pays", fontsize=10)
    axes.spines["left"].set_visible(False)
    axes.tick_params(length=0)


# ---- the sphere

RESAMPLED = 0.35  # a step longer than this on the sphere is a resampled latent, not a path


def sphere_paths(panels: Mapping[str, tuple[Tensor, Assessment]], features: Tensor) -> Figure:
    """The way of every latent over the sphere, for three features.

    panels    title -> (dictionaries (n_records, n_saes, n_latents, d_in), what was seen at the end)
    features  (3, d_in) the true feature directions, which become the corners
    """
    figure = Figure(figsize=(2.7 * len(panels), 3.25), layout="constrained")
    for axes, (title, (dictionaries, seen)) in zip(figure.subplots(1, len(panels)), panels.items(), strict=True):
        _draw_octant(axes)
        points = _sphere_map(torch.nn.functional.normalize(dictionaries.double(), dim=-1) @ features.double().T)
        for path, kind in zip(points.flatten(1, 2).unbind(1), seen.labels.kinds.flatten().tolist(), strict=True):
            _draw_path(axes, path.numpy(), LABEL_COLOURS[LABELS[kind]])
        axes.set_title(title, fontsize=10)
    label_legend(figure)
    return figure


def _sphere_map(directions: Tensor) -> Tensor:
    """Lambert's equal-area map of the sphere, seen from (1, 1, 1): unit vectors (..., 3) to (..., 2).

    The whole sphere fits into a disc of radius 2; the point opposite to (1, 1, 1) becomes its rim.
    """
    ahead = directions.sum(dim=-1) / math.sqrt(3)
    across = (directions[..., 1] - directions[..., 0]) / math.sqrt(2)
    up = (2 * directions[..., 2] - directions[..., 0] - directions[..., 1]) / math.sqrt(6)
    stretch = (2 / (1 + ahead).clamp(min=1e-9)).sqrt()
    return torch.stack([across * stretch, up * stretch], dim=-1)


def _draw_octant(axes: Axes) -> None:
    """Where all features are positive: corners A, B, C, and the composites half-way along the edges."""
    corners = torch.eye(3, dtype=torch.float64)
    turn = torch.linspace(0, math.pi / 2, 40, dtype=torch.float64)[:, None]
    for first, second in ((0, 1), (1, 2), (0, 2)):
        edge = _sphere_map(corners[first] * turn.cos() + corners[second] * turn.sin())
        axes.plot(*edge.T, color="#bbbbbb", linewidth=1, zorder=1)
        _name_point(axes, edge[len(edge) // 2], "ABC"[first] + "+" + "ABC"[second])
    for corner, name in zip(_sphere_map(corners), "ABC", strict=True):
        _name_point(axes, corner, name)
    axes.set(xlim=(-2.05, 2.05), ylim=(-2.05, 2.05), aspect="equal")
    axes.axis("off")
    axes.add_patch(matplotlib.patches.Circle((0, 0), 2, fill=False, color="#dddddd"))


def _name_point(axes: Axes, point: Tensor, name: str) -> None:
    outward = point / point.norm()
    x, y = (point + (0.26 + 0.06 * len(name)) * outward).tolist()
    axes.text(x, y, name, ha="center", va="center", fontsize=10, color="#222222", zorder=5)


def _draw_path(axes: Axes, path: np.ndarray, colour: str) -> None:
    """One latent's way (n_records, 2), interrupted where it was resampled; a ring at the start, a dot at the end."""
    broken = path.copy()
    broken[1:][np.linalg.norm(np.diff(path, axis=0), axis=1) > RESAMPLED] = np.nan
    axes.plot(*broken.T, color=colour, linewidth=0.6, alpha=0.3, zorder=2)
    ring: dict[str, Any] = {"markerfacecolor": "white", "markeredgecolor": colour, "markeredgewidth": 0.6}
    axes.plot(*path[0], "o", markersize=2.5, alpha=0.7, zorder=3, **ring)
    axes.plot(*path[-1], "o", markersize=5, color=colour, alpha=0.8, markeredgewidth=0, zorder=4)
