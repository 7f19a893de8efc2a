"""The pictures: data in, a matplotlib Figure out. Nothing is computed here that a sentence could state."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import matplotlib
import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle
from matplotlib.patheffects import withStroke
from torch import Tensor

from toysae.claims.evidence import Fraction
from toysae.measures import LABELS, Assessment, reading_order

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
BOUNDARIES = (("#D55E00", "-"), ("black", "-"), ("black", (0, (0.6, 0.6))))  # of a phase diagram
SIGNED = "RdBu_r"  # diverging: red is positive, white is zero, blue is negative
ATOM_INK, COMPOSITE_INK, BOUND_INK = "#0072B2", "#C77700", "#444444"
READABLE = 12  # numbers are written into the cells of a map with at most this many rows
JUMP = 0.35  # a step longer than this on the sphere is a resampled latent, not a path


def house_style() -> None:
    """The look of every figure: sober, readable at the width of a page."""
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
            "legend.fontsize": 8,
            "figure.facecolor": "white",
            "savefig.facecolor": "white",
            "svg.hashsalt": "toysae",
        }
    )


def feature_names(n_features: int) -> list[str]:
    """A, B, C, ... while letters last, else 1, 2, 3, ..."""
    return [chr(ord("A") + i) if n_features <= 26 else str(i + 1) for i in range(n_features)]


def signed(cosine: float) -> str:
    """A cosine with two decimals, without the minus sign of a rounded zero."""
    return f"{round(cosine, 2) + 0.0:.2f}"


def pattern_table(patterns: Tensor, probabilities: Tensor) -> Figure:
    """Which features fire in which pattern: patterns (n_patterns, n_features), probabilities (n_patterns,)."""
    n_patterns, n_features = patterns.shape
    figure = Figure(figsize=(1.6 + 0.34 * n_features, 0.7 + 0.34 * n_patterns), layout="constrained")
    axes = figure.subplots()
    axes.pcolormesh(patterns.numpy(), cmap="Blues", vmin=0, vmax=1.4, edgecolors="white", linewidth=2)
    _label_cells(axes, feature_names(n_features), [f"probability {p:.3g}" for p in probabilities.tolist()])
    axes.set_xlabel("true feature")
    return figure


def cooccurrence_map(probabilities: Tensor) -> Figure:
    """Who fires with whom: probabilities (n_features, n_features) that both features fire in a sample."""
    names = feature_names(len(probabilities))
    figure = Figure(figsize=(4.6, 3.8), layout="constrained")
    axes = figure.subplots()
    image = axes.imshow(probabilities.numpy(), cmap="Greens", vmin=0, interpolation="nearest")
    _ticks(axes, names, names)
    axes.set(xlabel="true feature", ylabel="true feature")
    figure.colorbar(image, ax=axes, label="probability that both fire", shrink=0.85, aspect=25)
    return figure


def expected_maps(maps: Mapping[str, np.ndarray]) -> Figure:
    """Heat maps of dictionaries that were written down, not trained: title -> cosines (n_latents, n_features)."""
    figure = Figure(figsize=(2.9 * len(maps), 2.7), layout="constrained")
    for axes, (title, cosine) in zip(np.atleast_1d(figure.subplots(1, len(maps))), maps.items(), strict=True):
        _draw_cosines(axes, np.asarray(cosine))
        _ticks(axes, [f"latent {i + 1}" for i in range(len(cosine))], feature_names(cosine.shape[1]))
        axes.set_xlabel("true feature")
        axes.set_title(title)
    return figure


def heat_map(seen: Assessment, sae: int, title: str) -> Figure:
    """The heat map of the seed: learned features by true features, "bias only" below, labels beside it."""
    n_latents, n_features = seen.cosines.shape[1:]
    cell = 0.52 if n_latents <= READABLE else 0.24
    figure = Figure(figsize=(2.6 + cell * n_features, 1.6 + cell * (n_latents + 1.6)), layout="constrained")
    axes = figure.subplots()
    _draw_heat_map(axes, seen, sae)
    _name_rows_and_columns(axes, seen, sae)
    _cosine_scale(figure, axes)
    _finish(figure, title, seen.labels.words)
    return figure


def heat_map_row(seen: Assessment, saes: Mapping[str, int], title: str) -> Figure:
    """Several SAEs side by side: title -> number of the SAE in the stack."""
    n_latents, n_features = seen.cosines.shape[1:]
    readable = n_latents <= READABLE
    cell, names = (0.44, 0.9) if readable else (0.09, 0.5)
    size = (names + 0.3 + cell * n_features) * len(saes), 1.5 + cell * (n_latents + 1.6)
    figure = Figure(figsize=size, layout="constrained")
    for axes, (name, sae) in zip(np.atleast_1d(figure.subplots(1, len(saes))), saes.items(), strict=True):
        _draw_heat_map(axes, seen, sae)
        if readable:
            _name_rows_and_columns(axes, seen, sae)
        else:
            _ticks(axes, [*[""] * (n_latents + 1), "bias"], [""] * n_features)
        axes.set_title(name, fontsize=9)
    _finish(figure, title, seen.labels.words)
    return figure


def map_with_activations(seen: Assessment, sae: int, z: Tensor, sample_names: Sequence[str], title: str) -> Figure:
    """The heat map, and beside it how strongly each latent fires on chosen samples: z (n_samples, n_latents)."""
    n_latents, n_features = seen.cosines.shape[1:]
    cell = 0.52 if n_latents <= READABLE else 0.24
    size = 4.6 + cell * (n_features + len(sample_names)), 1.9 + cell * (n_latents + 1.6)
    figure = Figure(figsize=size, layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=[n_features + 1.2, len(sample_names)])
    _draw_heat_map(left, seen, sae)
    _name_rows_and_columns(left, seen, sae)
    _cosine_scale(figure, left)
    order = reading_order(seen.cosines, seen.labels, sae)
    _draw_activations(figure, right, z.T[order].numpy(), sample_names)
    left.set_title("what each latent writes")
    right.set_title("when each latent fires")
    _finish(figure, title, seen.labels.words)
    return figure


def small_maps(worlds: Mapping[str, tuple[Assessment, int]], n_columns: int = 3) -> Figure:
    """Small heat maps, one world each: title -> (what was seen, number of the SAE that is drawn)."""
    n_rows = -(-len(worlds) // n_columns)
    figure = Figure(figsize=(2.5 * n_columns, 2.6 * n_rows + 0.3), layout="constrained")
    for axes, (title, (seen, sae)) in zip(figure.subplots(n_rows, n_columns).flat, worlds.items(), strict=True):
        order = reading_order(seen.cosines, seen.labels, sae)
        image = seen.cosines[sae][order].numpy()
        axes.imshow(image, cmap=SIGNED, vmin=-1, vmax=1, aspect="auto", interpolation="nearest")
        _strip(axes, seen, sae, order, width=0.05 * image.shape[1], left=image.shape[1] * 1.02 - 0.5)
        axes.set(xticks=[], yticks=[], xlabel=f"{image.shape[1]} features", ylabel=f"{image.shape[0]} latents")
        axes.set_title(title, fontsize=9)
    _label_legend(figure)
    return figure


def sphere_paths(panels: Mapping[str, tuple[Tensor, Assessment]], features: Tensor) -> Figure:
    """The way of every latent over the sphere, for three features.

    panels    title -> (dictionaries (n_records, n_saes, n_latents, d_in), what was seen at the end)
    features  (3, d_in) the true feature directions, which become the corners
    """
    figure = Figure(figsize=(4.6 * len(panels), 4.9), layout="constrained")
    for axes, (title, (dictionaries, seen)) in zip(figure.subplots(1, len(panels)), panels.items(), strict=True):
        _draw_octant(axes)
        points = _sphere_map(torch.nn.functional.normalize(dictionaries.double(), dim=-1) @ features.double().T)
        for path, kind in zip(points.flatten(1, 2).unbind(1), seen.labels.kinds.flatten().tolist(), strict=True):
            _draw_path(axes, path.numpy(), LABEL_COLOURS[LABELS[kind]])
        axes.set_title(title)
    _label_legend(figure)
    return figure


def loss_account(groups: Mapping[str, Tensor], references: Mapping[str, float]) -> Figure:
    """The loss of every SAE beside what dictionaries and bounds cost.

    groups      name -> losses (n_saes_in_the_group,)
    references  name -> loss; drawn as lines
    """
    figure = Figure(figsize=(7.2, 1.3 + 0.5 * len(groups)), layout="constrained")
    axes = figure.subplots()
    for row, losses in enumerate(groups.values()):
        spread = np.linspace(-0.28, 0.28, max(len(losses), 1))[np.argsort(np.argsort(losses.numpy()))]
        axes.scatter(losses, row + spread, s=14, color=_series_colour(row), alpha=0.7, linewidth=0, zorder=3)
    inks = (ATOM_INK, COMPOSITE_INK, BOUND_INK)
    for (name, value), ink, style in zip(references.items(), inks, ("--", "-.", ":"), strict=False):
        axes.axvline(value, color=ink, linestyle=style, linewidth=1.4, label=f"{name}: {value:.4f}")
    axes.set(yticks=range(len(groups)), yticklabels=list(groups), ylim=(len(groups) - 0.5, -0.5))
    axes.set_xlabel("loss: half the squared error plus lambda times the sum of latent activations")
    figure.legend(loc="outside upper center", ncols=len(references))
    return figure


Curves = Mapping[str, tuple[Sequence[float], Sequence[float]]]


def curves(lines: Curves, dots: Curves, *, marks: Mapping[str, float] | None = None, **axes_settings) -> Figure:
    """Computed lines, measured dots of the same colour over them, grey vertical marks: name -> (x, y), name -> x.

    axes_settings  as matplotlib's Axes.set takes them: xlabel, ylabel, ylim, xscale, ...
    """
    figure = Figure(figsize=(7.2, 3.6), layout="constrained")
    axes = figure.subplots()
    _draw_curves(axes, lines, dots, marks or {})
    axes.set(**axes_settings)
    figure.legend(loc="outside right upper")
    return figure


def curve_panels(panels: Mapping[str, tuple[Curves, Curves, Mapping[str, float]]], **axes_settings) -> Figure:
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


def phase_diagram(
    x: Sequence[float],
    y: Sequence[str],
    shares: Sequence[Sequence[Fraction]],
    dead: np.ndarray,
    lines: Mapping[str, Sequence[float]],
    **axes_settings,
) -> Figure:
    """Shares of SAEs over two settings, and a computed boundary.

    x       values of the setting along the columns, evenly spaced
    y       names of the rows; the first one is at the bottom
    shares  (n_rows, n_columns) a Fraction each; a cell with nothing to count stays grey
    dead    (n_rows, n_columns) the share of SAEs with dead latents, which are not in the cell's Fraction
    lines   name -> where a computed boundary crosses each row, in the units of x; drawn as BOUNDARIES say
    """
    values = np.array([[fraction.value for fraction in row] for row in shares])
    half = (x[1] - x[0]) / 2
    figure = Figure(figsize=(7.4, 1.5 + 0.42 * len(y)), layout="constrained")
    axes = figure.subplots()
    axes.set_facecolor("#cccccc")
    edges = np.append(np.array(x) - half, x[-1] + half)
    image = axes.pcolormesh(
        edges, np.arange(len(y) + 1), values, cmap="viridis", vmin=0, vmax=1, edgecolors="white", linewidth=1
    )
    for row, column in zip(*np.nonzero(dead > 0.1), strict=True):
        axes.text(x[column], row + 0.5, "+", color="#d7191c", ha="center", va="center", fontsize=10)
    for (colour, style), crossings in zip(BOUNDARIES, lines.values(), strict=False):
        for row, crossing in enumerate(crossings):
            look = {"color": colour, "linestyle": style, "linewidth": 2.5, "solid_capstyle": "butt"}
            axes.plot(
                [crossing] * 2, [row, row + 1], **look, path_effects=[withStroke(linewidth=4, foreground="white")]
            )
    axes.set_yticks(np.arange(len(y)) + 0.5, y)
    axes.tick_params(length=0)
    axes.set(xlim=(edges[0], edges[-1]), **axes_settings)
    figure.colorbar(image, ax=axes, label="share of SAEs", pad=0.02, aspect=25)
    return figure


def fraction_curves(
    series: Mapping[str, tuple[Sequence[float], Sequence[Fraction]]], marks: Mapping[str, float], **axes_settings
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
            color=_series_colour(i),
            label=name,
        )
    for i, x in enumerate(marks.values()):
        axes.axvline(x, color=_series_colour(i), linewidth=1.4, linestyle="--", zorder=0)
    axes.set(ylim=(-0.05, 1.05), **axes_settings)
    figure.legend(loc="outside right upper")
    return figure


def _draw_curves(axes: Axes, lines: Curves, dots: Curves, marks: Mapping[str, float]) -> None:
    for i, (name, (x, y)) in enumerate(lines.items()):
        axes.plot(x, y, color=_series_colour(i), linestyle=LINE_STYLES[i % 4], linewidth=1.6, label=name)
    for i, (x, y) in enumerate(dots.values()):
        axes.plot(x, y, "o", color=_series_colour(i), markersize=4, markeredgecolor="white", markeredgewidth=0.5)
    for name, x in marks.items():
        axes.axvline(x, color="#999999", linewidth=1.2, linestyle=(0, (1, 1)), label=name, zorder=0)


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
            axes.plot(value, row, RUNGS[i % len(RUNGS)], color=_series_colour(i), markersize=8, markerfacecolor="none")
    names = next(iter(worlds.values()))
    for i, name in enumerate(names):
        axes.plot(
            [], [], RUNGS[i % len(RUNGS)], color=_series_colour(i), markersize=8, markerfacecolor="none", label=name
        )
    axes.set(yticks=range(len(worlds)), yticklabels=list(worlds), ylim=(len(worlds) - 0.5, -0.5))
    axes.set_xlabel(f"loss / loss of the {next(iter(names))}")
    figure.legend(loc="outside upper center", ncols=len(names), handletextpad=0.2)
    return figure


def _series_colour(i: int) -> str:
    return SERIES_COLOURS[i % len(SERIES_COLOURS)]


def fractions(panels: Mapping[str, Mapping[str, Fraction]]) -> Figure:
    """Fractions with their 95 % Wilson intervals: title of a panel -> row -> Fraction; all panels share their rows."""
    names = list(next(iter(panels.values())))
    figure = Figure(figsize=(7.6, 0.9 + 0.32 * len(names)), layout="constrained")
    for axes, (title, rows) in zip(figure.subplots(1, len(panels), sharey=True), panels.items(), strict=True):
        for row, fraction in enumerate(rows.values()):
            _draw_fraction(axes, row, fraction)
        axes.set(xlim=(-0.03, 1.03), xticks=[0, 0.5, 1], ylim=(len(names) - 0.5, -0.5))
        axes.set_yticks(range(len(names)), names)
        axes.set_title(title, fontsize=9)
        axes.grid(axis="x", color="#e4e4e4")
        axes.tick_params(length=0)
        axes.set_axisbelow(True)
    return figure


def label_shares(panels: Mapping[str, Mapping[str, Sequence[float]]], words: Sequence[str]) -> Figure:
    """Bars divided by label: title of a panel -> row -> share of each word; all panels share their rows."""
    names = list(next(iter(panels.values())))
    figure = Figure(figsize=(7.6, 1.0 + 0.24 * len(names)), layout="constrained")
    for axes, (title, rows) in zip(figure.subplots(1, len(panels), sharey=True), panels.items(), strict=True):
        shares = np.array(list(rows.values()))
        starts = shares.cumsum(axis=1) - shares
        for word, width, left in zip(words, shares.T, starts.T, strict=True):
            axes.barh(range(len(names)), width, left=left, height=0.8, color=LABEL_COLOURS[word], linewidth=0)
        axes.set(xlim=(0, 1), xticks=[0, 0.5, 1], ylim=(len(names) - 0.4, -0.6), xlabel="share of all latents")
        axes.set_yticks(range(len(names)), names)
        axes.set_title(title, fontsize=9)
        axes.tick_params(length=0)
    _label_legend(figure, words)
    return figure


def excess_split(panels: Mapping[str, tuple[Tensor, Tensor]], n_columns: int = 3) -> Figure:
    """A bar per SAE in two parts: title -> (dictionary gap, amortisation gap), shares of the best loss (n_saes,)."""
    n_columns = min(n_columns, len(panels))
    n_rows = -(-len(panels) // n_columns)
    figure = Figure(figsize=(7.6, 1.9 * n_rows + 0.4), layout="constrained")
    places = figure.subplots(n_rows, n_columns, squeeze=False).flatten()
    for axes, (title, gaps) in zip(places, panels.items(), strict=False):
        order = sum(gaps).argsort()
        below, above = (100 * part[order].clamp(min=0).numpy() for part in gaps)
        axes.bar(range(len(order)), below, width=0.85, color=SERIES_COLOURS[0], label="dictionary gap")
        axes.bar(range(len(order)), above, width=0.85, bottom=below, color=SERIES_COLOURS[1], label="amortisation gap")
        axes.set(xticks=[], ylim=(0, None))
        axes.set_title(title, fontsize=9)
    for axes in places[len(panels) :]:
        axes.axis("off")
    figure.supylabel("excess over the best known loss, %", fontsize=9)
    handles, names = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=2, handlelength=1)
    return figure


def seen_along_the_diagonal(panels: Mapping[str, tuple[Tensor, Tensor, Sequence[str]]], data: Tensor) -> Figure:
    """Data of three features seen along (1, 1, 1), an SAE's bias as a dot and its latents as arrows from there.

    panels  title -> (bias (3,), arrows (n_latents, 3), label of each latent)
    data    (n_samples, 3), drawn as grey dots
    """
    words = [word for word in LABEL_COLOURS if any(word in labels for _, _, labels in panels.values())]
    figure = Figure(figsize=(2.5 * len(panels), 3.2), layout="constrained")
    for axes, (title, (bias, arrows, labels)) in zip(figure.subplots(1, len(panels)), panels.items(), strict=True):
        axes.scatter(*_flattened(data).T, s=5, color="#bbbbbb", linewidth=0, zorder=1)
        start = _flattened(bias)
        for arrow, label in zip(_flattened(arrows), labels, strict=True):
            style = {"arrowstyle": "-|>", "color": LABEL_COLOURS[label], "linewidth": 2, "shrinkA": 0, "shrinkB": 0}
            axes.annotate("", start + arrow, start, arrowprops=style, zorder=3)
        axes.plot(*start, "o", color="black", markersize=6, zorder=4)
        _name_patterns(axes, data)
        axes.set_title(title, fontsize=9)
    _label_legend(figure, words)
    return figure


def _flattened(points: Tensor) -> np.ndarray:
    """Points (..., 3) seen along (1, 1, 1), (..., 2): the first feature points left, the second right, the third up."""
    across = (points[..., 1] - points[..., 0]) / math.sqrt(2)
    up = (2 * points[..., 2] - points[..., 0] - points[..., 1]) / math.sqrt(6)
    return torch.stack([across, up], dim=-1).double().numpy()


def _name_patterns(axes: Axes, data: Tensor) -> None:
    """The name of each firing pattern beside the middle of its samples."""
    for pattern in torch.unique(data > 0, dim=0):
        middle = _flattened(data[((data > 0) == pattern).all(dim=1)].mean(dim=0))
        name = "+".join(n for n, on in zip("ABC", pattern.tolist(), strict=True) if on) or "none"
        axes.text(*(middle + 0.32 * middle / max(np.linalg.norm(middle), 1e-9)), name, ha="center", va="center")
    reach = 1.5 * max(np.abs(_flattened(data)).max(), 1e-9)
    axes.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal")
    axes.axis("off")


def _draw_fraction(axes: Axes, row: int, fraction: Fraction) -> None:
    if not fraction.n:
        return
    axes.plot(fraction.interval, [row, row], color="#777777", linewidth=2, solid_capstyle="round")
    axes.plot(fraction.value, row, "o", color=SERIES_COLOURS[0], markersize=5.5)
    left = fraction.value > 0.5  # the counts stand on the side where there is room
    end, side = (fraction.interval[0] - 0.04, "right") if left else (fraction.interval[1] + 0.04, "left")
    axes.text(end, row, f"{fraction.k} of {fraction.n}", va="center", ha=side, fontsize=7.5, color="#333333")


def _draw_heat_map(axes: Axes, seen: Assessment, sae: int) -> None:
    """One SAE's cosines in reading order, an empty row, the bias; the strip of labels beside them."""
    order = reading_order(seen.cosines, seen.labels, sae)
    n_latents, n_features = seen.cosines.shape[1:]
    gap = np.full((1, n_features), np.nan)
    rows = np.vstack([seen.cosines[sae][order].numpy(), gap, seen.bias_cosines[sae][None].numpy()])
    _draw_cosines(axes, rows)
    _strip(axes, seen, sae, order, width=0.22 if n_latents <= READABLE else 0.6, left=n_features - 0.5 + 0.12)


def _name_rows_and_columns(axes: Axes, seen: Assessment, sae: int) -> None:
    n_latents, n_features = seen.cosines.shape[1:]
    word = "latent " if n_latents <= READABLE else ""
    names = [f"{word}{i + 1}" for i in reading_order(seen.cosines, seen.labels, sae)]
    _ticks(axes, [*names, "", "bias only"], feature_names(n_features))
    axes.set_xlabel("true feature")


def _cosine_scale(figure: Figure, axes: Axes) -> None:
    scale = ScalarMappable(Normalize(-1, 1), SIGNED)
    figure.colorbar(scale, ax=axes, label="cosine", shrink=0.8, ticks=[-1, 0, 1], pad=0.02, aspect=25)


def _finish(figure: Figure, title: str, words: Sequence[str] = LABELS) -> None:
    """The title above and the legend of the labels below."""
    figure.suptitle(title, fontsize=10)
    _label_legend(figure, words)


def _label_legend(figure: Figure, words: Sequence[str] = LABELS) -> None:
    handles = [Patch(color=LABEL_COLOURS[word], label=word) for word in words]
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles), handlelength=1)


def _draw_cosines(axes: Axes, rows: np.ndarray) -> None:
    """Cosines as coloured cells, written out where there is room; rows of nan stay empty."""
    axes.imshow(rows, cmap=SIGNED, vmin=-1, vmax=1, interpolation="nearest")
    if len(rows) <= READABLE + 2:
        for (i, j), value in np.ndenumerate(rows):
            if not math.isnan(value):
                ink = "white" if abs(value) > 0.6 else "#222222"
                axes.text(j, i, signed(value), ha="center", va="center", fontsize=8, color=ink)


def _draw_activations(figure: Figure, axes: Axes, z: np.ndarray, sample_names: Sequence[str]) -> None:
    """Latent activations (n_latents, n_samples), on the same rows as the heat map beside them."""
    padded = np.vstack([z, np.full((2, z.shape[1]), np.nan)])
    image = axes.imshow(padded, cmap="Greens", vmin=0, interpolation="nearest")
    if len(z) <= READABLE:
        for (i, j), value in np.ndenumerate(z):
            ink = "white" if value > 0.6 * z.max() else "#222222"
            axes.text(j, i, f"{value:.2f}", ha="center", va="center", fontsize=8, color=ink)
    _ticks(axes, [""] * len(padded), sample_names)
    axes.set_xlabel("features that fire in the sample")
    figure.colorbar(image, ax=axes, label="latent activation", shrink=0.8, pad=0.02, aspect=25)


def _ticks(axes: Axes, row_names: Sequence[str], column_names: Sequence[str]) -> None:
    small = 6 if max(len(row_names), len(column_names)) > READABLE + 2 else 9
    axes.set_xticks(range(len(column_names)), column_names, fontsize=small)
    axes.set_yticks(range(len(row_names)), row_names, fontsize=small)
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)


def _label_cells(axes: Axes, column_names: Sequence[str], row_names: Sequence[str]) -> None:
    """Names the cells of a pcolormesh, whose borders lie on whole numbers; the first row comes on top."""
    axes.set_xticks([i + 0.5 for i in range(len(column_names))], column_names)
    axes.set_yticks([i + 0.5 for i in range(len(row_names))], row_names)
    axes.invert_yaxis()
    axes.set_aspect("equal")
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)


def _strip(axes: Axes, seen: Assessment, sae: int, order: Sequence[int], width: float, left: float) -> None:
    """The narrow strip beside a map that tells each latent's label by its colour."""
    for row, latent in enumerate(order):
        colour = LABEL_COLOURS[seen.labels.word(sae, latent)]
        axes.add_patch(Rectangle((left, row - 0.46), width, 0.92, color=colour, linewidth=0, clip_on=False))


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
    axes.text(*(point + 0.24 * outward), name, ha="center", va="center", fontsize=9, color="#222222", zorder=5)


def _draw_path(axes: Axes, path: np.ndarray, colour: str) -> None:
    """One latent's way (n_records, 2), interrupted where it was resampled; a ring at the start, a dot at the end."""
    broken = path.copy()
    broken[1:][np.linalg.norm(np.diff(path, axis=0), axis=1) > JUMP] = np.nan
    axes.plot(*broken.T, color=colour, linewidth=0.7, alpha=0.3, zorder=2)
    ring = {"markerfacecolor": "white", "markeredgecolor": colour, "markeredgewidth": 0.7}
    axes.plot(*path[0], "o", markersize=3, alpha=0.7, zorder=3, **ring)
    axes.plot(*path[-1], "o", markersize=5.5, color=colour, alpha=0.8, markeredgewidth=0, zorder=4)
