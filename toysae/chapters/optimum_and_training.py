"""The chapter "The optimum and training": stacks trained side by side, and the figure that splits an excess in two."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from matplotlib.figure import Figure
from torch import Tensor

from toysae.figures.style import SERIES_COLOURS
from toysae.saes.stack import Stack


def side_by_side(stacks: Sequence[Stack]) -> Stack:
    """One stack that holds the SAEs of all, in their order: it trains as they would, in less time.

    Their shapes and their one price must be the same; the model is that of the first.
    """
    parameters = {name: torch.cat([stack.parameters[name] for stack in stacks]) for name in stacks[0].parameters}
    return Stack(stacks[0].model, parameters, tuple(seed for stack in stacks for seed in stack.seeds))


def with_encoder_of(stack: Stack, other: Stack) -> Stack:
    """The dictionaries of one stack with the encoders of another, SAE by SAE."""
    encoders = {name: other.parameters[name] for name in ("W_enc", "b_enc")}
    return Stack(stack.model, stack.parameters | encoders, stack.seeds)


def excess_split(panels: Mapping[str, tuple[Tensor, Tensor]], n_columns: int = 3) -> Figure:
    """A bar per SAE in two parts: title -> (dictionary gap, amortisation gap), shares of the best loss (n_saes,)."""
    n_columns = min(n_columns, len(panels))
    n_rows = -(-len(panels) // n_columns)
    figure = Figure(figsize=(7.6, 1.9 * n_rows + 0.4), layout="constrained")
    places = figure.subplots(n_rows, n_columns, squeeze=False).flatten()
    for axes, (title, (dictionary, amortisation)) in zip(places, panels.items(), strict=False):
        order = (dictionary + amortisation).argsort()
        below, above = (100 * part[order].clamp(min=0).numpy() for part in (dictionary, amortisation))
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
