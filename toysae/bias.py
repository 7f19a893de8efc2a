"""What a decoder bias changes: the floor of the loss around a bias, the best bias, and the account along the diagonal.

With a bias b the SAE rebuilds x - b instead of x. So its loss knows the shape of the data, but not where they lie:
moving or mirroring all data moves or mirrors the best SAE and changes no loss.
"""

from __future__ import annotations

from dataclasses import replace
from math import comb

import torch
from scipy.optimize import minimize
from torch import Tensor

from toysae.optimum.codes import radial_cost
from toysae.saes.stack import Stack
from toysae.worlds.finite import finite_data
from toysae.worlds.world import World


def floor_around(bias: Tensor, world: World, l1_coeff: float) -> Tensor:
    """The loss that no SAE with this decoder bias can go below; one latent towards each data point attains it.

    bias     (..., d_in)
    returns  (...,) float64

    It is the radial bound with the bias in the place of the origin.
    """
    if bias.shape[-1] != world.d_in:
        raise ValueError(f"bias has shape {tuple(bias.shape)}: allowed is (..., d_in = {world.d_in})")
    points, probabilities = finite_data(world)
    return radial_cost((points - bias.double()[..., None, :]).norm(dim=-1), l1_coeff) @ probabilities


def best_bias(world: World, l1_coeff: float) -> tuple[Tensor, float]:
    """The bias with the lowest floor, (d_in,) float64, and that floor: no SAE with a decoder bias can go below it.

    The cost of a sample is a convex function of its distance from the bias and grows with it, so the floor is convex
    in the bias and descent from the mean of the data finds its minimum.
    """
    points, probabilities = finite_data(world)

    def floor_and_slope(flat):
        bias = torch.from_numpy(flat).requires_grad_()
        floor = floor_around(bias, world, l1_coeff)
        floor.backward()
        return floor.item(), torch.nan_to_num(bias.grad).numpy()

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
    return {"atoms": n, "composites": comb(n, k), "negatives": n, "differences": comb(n, k)}


def costs_along_the_diagonal(n: int, k: int, shifts: Tensor, mu: float, l1_coeff: float) -> dict[str, Tensor]:
    """What four dictionaries cost in "k of n" without spread, when the bias is s (v_1 + ... + v_n), 0 <= s <= mu.

    shifts   (n_shifts,) values of s
    returns  dictionary -> loss (n_shifts,)

    Seen from the bias a sample has the coordinate mu - s on its k features and -s on the other n - k. Each dictionary
    writes what it can at `radial_cost` and leaves the rest: derived in notebook 05.
    """
    on, off = mu - shifts, shifts

    def price(length: Tensor) -> Tensor:
        return radial_cost(length, l1_coeff)

    return {
        "atoms": k * price(on) + (n - k) * off.square() / 2,
        "composites": price(k**0.5 * on) + (n - k) * off.square() / 2,
        "negatives": k * on.square() / 2 + (n - k) * price(off),
        "differences": price((k * on.square() + (n - k) * off.square()).sqrt()),
    }
