"""What a decoder bias changes: the floor of the loss around a bias, the best bias, and the account along the diagonal.

With a bias b the SAE rebuilds x - b instead of x. So its loss knows the shape of the data, but not where they lie:
moving or mirroring all data moves or mirrors the best SAE and changes no loss.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import comb

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.optimize import minimize
from torch import Tensor

from toysae.figures.style import LABEL_COLOURS, label_legend
from toysae.optimum.codes import radial_cost
from toysae.saes.stack import Stack
from toysae.worlds.checks import require_not_negative, require_positive, require_tensor, require_whole
from toysae.worlds.finite import finite_data
from toysae.worlds.world import World


def floor_around(bias: Tensor, world: World, l1_coeff: float) -> Tensor:
    """The loss that no SAE with this decoder bias can go below; one latent towards each data point attains it.

    bias     (..., d_in)
    returns  (...,) float64

    It is the radial bound with the bias in the place of the origin.
    """
    points, probabilities = finite_data(world)
    require_tensor("bias", bias, "... d_in", d_in=world.d_in)
    return radial_cost((points - bias.double()[..., None, :]).norm(dim=-1), l1_coeff) @ probabilities


def best_bias(world: World, l1_coeff: float) -> tuple[Tensor, float]:
    """The bias with the lowest floor, (d_in,) float64, and that floor: no SAE with a decoder bias can go below it.

    The cost of a sample is a convex function of its distance from the bias and grows with it, so the floor is convex
    in the bias and descent from the mean of the data finds its minimum.
    """
    require_not_negative(l1_coeff=l1_coeff)
    points, probabilities = finite_data(world)

    def floor_and_slope(flat: np.ndarray) -> tuple[float, np.ndarray]:
        bias = torch.from_numpy(flat).requires_grad_()
        floor = floor_around(bias, world, l1_coeff)
        (slope,) = torch.autograd.grad(floor, bias)
        return floor.item(), torch.nan_to_num(slope).numpy()

    start = (probabilities @ points).numpy()
    found = minimize(floor_and_slope, start, jac=True, method="L-BFGS-B", options={"ftol": 1e-15, "gtol": 1e-10})
    return torch.from_numpy(found.x), float(found.fun)


def placed(start: Stack, at: Tensor) -> Stack:
    """The same SAEs with their decoder biases placed somewhere else; at is (d_in,) or (n_saes, d_in)."""
    before = start.parameters.get("b_dec")
    if before is None:
        raise ValueError("start has no decoder bias: allowed are SAEs that were made with decoder_bias=True")
    if at.shape not in (before.shape, before.shape[1:]):
        raise ValueError(
            f"at has shape {tuple(at.shape)}: allowed are {tuple(before.shape[1:])} and {tuple(before.shape)}"
        )
    return replace(start, parameters=start.parameters | {"b_dec": at.to(before).expand_as(before).clone()})


def latents_needed(n: int, k: int) -> dict[str, int]:
    """How many latents each dictionary of `costs_along_the_diagonal` has: one per feature, or one per pattern."""
    require_whole("n", n)
    require_whole("k", k, 1, n, "n")
    return {"atoms": n, "composites": comb(n, k), "negatives": n, "differences": comb(n, k)}


def costs_along_the_diagonal(n: int, k: int, shifts: Tensor, mu: float, l1_coeff: float) -> dict[str, Tensor]:
    """What four dictionaries cost in "k of n" without spread, when the bias is s (v_1 + ... + v_n), 0 <= s <= mu.

    shifts   (n_shifts,) values of s
    returns  dictionary -> loss (n_shifts,)

    Seen from the bias a sample has the coordinate mu - s on its k features and -s on the other n - k. Each dictionary
    writes what it can at `radial_cost` and leaves the rest: derived in the chapter "The bias".
    """
    require_whole("n", n)
    require_whole("k", k, 1, n, "n")
    require_positive(mu=mu)
    require_not_negative(l1_coeff=l1_coeff)
    on, off = mu - shifts, shifts

    def price(length: Tensor) -> Tensor:
        return radial_cost(length, l1_coeff)

    return {
        "atoms": k * price(on) + (n - k) * off.square() / 2,
        "composites": price(k**0.5 * on) + (n - k) * off.square() / 2,
        "negatives": k * on.square() / 2 + (n - k) * price(off),
        "differences": price((k * on.square() + (n - k) * off.square()).sqrt()),
    }


def seen_along_the_diagonal(panels: Mapping[str, tuple[Tensor, Tensor, Sequence[str]]], data: Tensor) -> Figure:
    """Data of three features seen along (1, 1, 1), an SAE's bias as a dot and its latents as arrows from there.

    panels  title -> (bias (3,), arrows (n_latents, 3), label of each latent)
    data    (n_samples, 3), drawn as grey dots
    """
    words = [word for word in LABEL_COLOURS if any(word in labels for _, _, labels in panels.values())]
    figure = Figure(figsize=(2.45 * len(panels), 2.8), layout="constrained")
    for axes, (title, (bias, arrows, labels)) in zip(figure.subplots(1, len(panels)), panels.items(), strict=True):
        axes.scatter(*_flattened(data).T, s=5, color="#bbbbbb", linewidth=0, zorder=1)
        start = _flattened(bias)
        for arrow, label in zip(_flattened(arrows), labels, strict=True):
            style = {"arrowstyle": "-|>", "color": LABEL_COLOURS[label], "linewidth": 2, "shrinkA": 0, "shrinkB": 0}
            axes.annotate("", start + arrow, start, arrowprops=style, zorder=3)
        axes.plot(*start, "o", color="black", markersize=6, zorder=4)
        _name_patterns(axes, data)
        axes.set_title(title, fontsize=9)
    label_legend(figure, words)
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
        x, y = middle + 0.5 * middle / max(float(np.linalg.norm(middle)), 1e-9)
        axes.text(x, y, name, ha="center", va="center")
    reach = 1.7 * max(np.abs(_flattened(data)).max(), 1e-9)
    axes.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal")
    axes.axis("off")
