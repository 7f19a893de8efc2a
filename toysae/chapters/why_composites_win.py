"""The pictures of the chapter "Why composites win": atoms in blue, composites in orange, theory in black."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from toysae.figures.style import ATOM_INK, COMPOSITE_INK, GUIDE, THEORY_INK, TRAINED_INK, legend_below, page_figure

Numbers = Sequence[float]
ARROW = {"arrowstyle": "-|>", "shrinkA": 0, "shrinkB": 0, "linewidth": 2, "mutation_scale": 12}


def two_ways(
    l1_coeff: float, sizes: Sequence[int], lines: Mapping[str, Numbers], dots: Mapping[str, Numbers]
) -> Figure:
    """One sample of two features written in two ways, to scale, and what each way costs for more features.

    lines  "atoms" and "composite": the loss of a sample by formula, for each number of features
    dots   the same, computed without the formula
    """
    figure = page_figure(2.75)
    square, costs = figure.subplots(1, 2)
    _draw_square(square, l1_coeff)
    for name, ink in {"atoms": ATOM_INK, "composite": COMPOSITE_INK}.items():
        costs.plot(sizes, lines[name], color=ink, linewidth=1.6, label=name)
        costs.plot(sizes, dots[name], "o", color=ink, markersize=4)
    costs.set(title="What a sample costs", xlabel="features that fire together", ylabel="loss", ylim=(0, None))
    costs.set_xticks(sizes)
    _legend(figure, costs)
    return figure


def _draw_square(axes: Axes, l1_coeff: float) -> None:
    """The two ways from zero to the sample A + B, each latent stopping l1_coeff short."""
    edge, diagonal = max(1 - l1_coeff, 0), max(math.sqrt(2) - l1_coeff, 0)
    end = diagonal / math.sqrt(2)
    axes.plot([0, 1, 1, 0, 0], [0, 0, 1, 1, 0], color="#cccccc", linewidth=1, zorder=0)
    axes.plot(1, 1, "o", color="black", markersize=6)
    axes.text(1.0, 1.05, "sample A + B", ha="right", va="bottom")
    if edge:
        for tip, tail in (((edge, 0), (0, 0)), ((edge, edge), (edge, 0))):
            axes.annotate("", tip, tail, arrowprops=ARROW | {"color": ATOM_INK})
        axes.text(edge / 2, -0.05, f"{edge:.2f}", color=ATOM_INK, ha="center", va="top")
        axes.text(1.05, edge / 2, f"{edge:.2f}", color=ATOM_INK, ha="left", va="center")
    if diagonal:
        axes.annotate("", (end, end), (0, 0), arrowprops=ARROW | {"color": COMPOSITE_INK})
        axes.text(end / 2 - 0.06, end / 2 + 0.06, f"{diagonal:.2f}", color=COMPOSITE_INK, ha="right")
    axes.set(title="Two ways to write it", xlim=(-0.08, 1.3), ylim=(-0.22, 1.22), aspect="equal")
    axes.axis("off")


def turning(degrees: Numbers, cost: Mapping[str, Numbers], floor: float) -> Figure:
    """What a sample costs while it turns from one feature to the other, under three dictionaries, above the floor."""
    figure = page_figure(2.75)
    axes = figure.subplots()
    looks = zip((ATOM_INK, COMPOSITE_INK, GUIDE), ("-", "-", (0, (1, 1))), strict=True)
    for (name, values), (ink, style) in zip(cost.items(), looks, strict=True):
        axes.plot(degrees, values, color=ink, linestyle=style, linewidth=2, label=name)
    axes.axhline(floor, color=THEORY_INK, linestyle="--", linewidth=1.2, label="radial bound")
    axes.set(ylim=(0.95 * floor, 1.55 * floor), xlabel="direction of the sample", ylabel="loss of the sample")
    axes.set_xticks([0, 45, 90], ["A alone", "A and B alike", "B alone"])
    axes.set_xmargin(0.02)
    _legend(figure, axes)
    return figure


def spread_boundary(prices: Numbers, computed: Numbers, by_formula: Numbers, signed: float) -> Figure:
    """Up to which spread composites are cheaper than atoms, over the price: computed, and by two formulas."""
    figure = page_figure(3.1)
    axes = figure.subplots()
    top = 1.25 * max(*computed, *by_formula, signed)
    axes.fill_between(prices, 0, computed, color=COMPOSITE_INK, alpha=0.15, linewidth=0)
    axes.fill_between(prices, computed, top, color=ATOM_INK, alpha=0.12, linewidth=0)
    axes.plot(prices, computed, "o-", color=THEORY_INK, markersize=4, linewidth=1.6, label="computed")
    axes.plot(prices, by_formula, "--", color=THEORY_INK, linewidth=1.2, label="formula for small prices")
    axes.axhline(signed, color=GUIDE, linestyle=":", linewidth=1.6, label="signed latents, vanishing price")
    axes.text(prices[-1] / 1.1, 0.05 * top, "composites cheaper", color=COMPOSITE_INK, ha="right", va="bottom")
    axes.text(prices[0] * 1.1, 0.95 * top, "atoms cheaper", color=ATOM_INK, ha="left", va="top")
    axes.set(xscale="log", ylim=(0, top), xlim=(prices[0], prices[-1]))
    axes.set_xticks(prices[::2], [f"{price:.2g}" for price in prices[::2]])
    axes.set_xticks([], minor=True)
    axes.set(xlabel=r"price $\lambda$", ylabel=r"spread $\sigma/\mu$")
    _legend(figure, axes)
    return figure


def seen_alone(
    ratios: Numbers, cost: Mapping[str, Numbers], star: float, small: Numbers, leans: Mapping[str, Numbers]
) -> Figure:
    """What two dictionaries cost the more often B is alone, and how far B's best row leans towards A.

    cost   "{A, B}" and "{A, A + B}": their losses over the ratios
    star   the ratio at which they should be alike
    leans  "exact", then the laws: degrees over the small prices
    """
    figure = page_figure(3.0)
    compared, leaning = figure.subplots(1, 2)
    for (name, values), ink in zip(cost.items(), (ATOM_INK, COMPOSITE_INK), strict=True):
        compared.plot(ratios, values, color=ink, linewidth=2)
        falls = values[0] > values[-1]  # its name stands where the curve is not
        x, sides = (0.22, {"ha": "left", "va": "top"}) if falls else (0.98, {"ha": "right", "va": "bottom"})
        compared.text(x, values[0], name, color=ink, transform=compared.get_yaxis_transform(), **sides)
    compared.axvline(star, color=THEORY_INK, linestyle=":", linewidth=1.4)
    compared.text(star, 0.99, r" $\rho^*$", va="top", transform=compared.get_xaxis_transform())
    compared.set(xlabel=r"$\rho$: B alone / both", ylabel="loss", title="Which of two is cheaper")
    exact, *laws = leans.items()
    for (name, values), style in zip(laws, ("--", "-"), strict=True):
        leaning.plot(small, values, color=THEORY_INK, linestyle=style, linewidth=1.4, label=name)
    leaning.plot(small, exact[1], "o", color=TRAINED_INK, markersize=5, label=exact[0])
    leaning.set(
        xlabel=r"price $\lambda$", ylabel="degrees", title="How far B's row leans", xlim=(0, None), ylim=(0, None)
    )
    leaning.set_xticks([0, small[-1] / 2, small[-1]])
    leaning.legend(handlelength=1.4)
    return figure


def _legend(figure: Figure, axes: Axes) -> None:
    """One legend below, of what these axes hold."""
    legend_below(figure, axes.get_legend_handles_labels()[0])
