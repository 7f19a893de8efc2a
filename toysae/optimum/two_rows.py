"""Dictionaries of two rows in a plane: all of them are looked at.

Such a dictionary is a pair of angles, measured in degrees from the first feature (0) towards the second (90).
"""

from __future__ import annotations

import torch
from torch import Tensor

from toysae.worlds.checks import numbers, require, require_not_negative, require_tensor, require_weights

ATOMS, PAIR = (0.0, 90.0), (0.0, 45.0)  # the dictionaries {A, B} and {A, (A+B)/sqrt 2} as angles
STEP, N_HALVINGS = 1.5, 10  # first step of the search over angles, in degrees, and how often it is halved


def plane_losses(angles: Tensor, x: Tensor, l1_coeff: float | Tensor) -> Tensor:
    """Loss of every data point x (n_points, 2) under dictionaries of two unit rows, with the best activations.

    angles    (..., 2) degrees from A towards B
    l1_coeff  a number, or a tensor that broadcasts against (..., n_points)
    returns   (..., n_points)

    If both activations of the unconstrained optimum are positive it is the answer; else one of the two is zero.
    """
    require_tensor("angles", angles, "... two", two=2)
    require_tensor("x", x, "n_points+ two", two=2)
    prices = numbers("l1_coeff", l1_coeff, "finite numbers >= 0")
    require("l1_coeff", l1_coeff, bool((torch.isfinite(prices) & (prices >= 0)).all()), "finite numbers >= 0")
    pairs = zip(reversed(prices.shape), reversed((*angles.shape[:-1], len(x))), strict=False)
    fits = all(one == other or 1 in (one, other) for one, other in pairs)
    require("the shape of l1_coeff", tuple(prices.shape), fits, "a number, or what broadcasts against (..., n_points)")
    radians = torch.deg2rad(angles.double())
    rows = torch.stack([radians.cos(), radians.sin()], dim=-1)
    first, second = (rows[..., row, :] @ x.double().T - prices for row in (0, 1))
    overlap = (radians[..., :1] - radians[..., 1:]).cos()
    alone = torch.maximum(first.clamp(min=0), second.clamp(min=0)).square()
    together = (first.square() + second.square() - 2 * overlap * first * second) / (1 - overlap.square())
    both_fire = (first > overlap * second) & (second > overlap * first)
    return (x.double().square().sum(dim=1) - torch.where(both_fire, together, alone)) / 2


def best_angles(x: Tensor, probabilities: Tensor, l1_coeff: float) -> tuple[Tensor, Tensor]:
    """The best two rows for each of several worlds on the same points, by brute force to a thousandth of a degree.

    x, probabilities  (n_points, 2) and (n_worlds, n_points)
    returns           angles (n_worlds, 2) in ascending order, and losses (n_worlds,)

    Rows outside the quadrant of the data are not looked at: they are never better there.
    """
    require_tensor("x", x, "n_points+ two", two=2)
    require_tensor("probabilities", probabilities, "n_worlds n_points", n_points=len(x))
    require_weights("probabilities", probabilities, tuple(probabilities.shape))
    require_not_negative(l1_coeff=l1_coeff)
    probabilities = probabilities.double()
    angles = torch.combinations(torch.arange(0, 90 + STEP / 2, STEP, dtype=torch.float64))
    best = angles[(plane_losses(angles, x, l1_coeff) @ probabilities.T).argmin(dim=0)]
    around = torch.cartesian_prod(*[torch.arange(-2, 3, dtype=torch.float64)] * 2)
    for halving in range(1, N_HALVINGS + 1):
        near = (best[:, None] + around * STEP / 2**halving).clamp(0, 90)
        losses = (plane_losses(near, x, l1_coeff) * probabilities[:, None]).sum(dim=-1)
        best = near[torch.arange(len(best)), losses.argmin(dim=1)]
    return best.sort(dim=1).values, losses.amin(dim=1)
