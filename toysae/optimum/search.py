"""The best dictionaries that a search from many starts finds, and how far trained SAEs stay from them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from scipy.optimize import minimize
from torch import Tensor
from torch.nn.functional import normalize

from toysae.optimum.codes import batch_codes, dictionary_loss, parts_of, radial_cost, require_shape
from toysae.saes.stack import Stack, require_stack
from toysae.worlds.checks import (
    numbers,
    require_all_finite,
    require_axes,
    require_count,
    require_generator,
    require_not_negative,
    require_points,
    require_size,
    require_tensor,
    require_weights,
)
from toysae.worlds.finite import finite_data
from toysae.worlds.world import World, require_firing

MAX_ROUNDS, SWEEPS_PER_ROUND = 20, 20  # of alternating minimisation
SETTLED = 1e-8  # change of a row below which a search has arrived
SILENT = 1e-12  # length of a mean residual below which it points nowhere
N_POLISHED = 8  # of the best dictionaries of a search, this many are brought to their local minimum


@dataclass(frozen=True)
class Search:
    """What a search from many starts found, best first.

    dictionaries  (n_starts, n_latents, d_in) float64, unit rows
    losses        (n_starts,) float64, ascending
    """

    dictionaries: Tensor
    losses: Tensor

    def agreeing(self, tolerance: float = 1e-4) -> int:
        """How many starts end within this share of the best loss: the more, the surer one may be of it."""
        require_not_negative(tolerance=tolerance)
        tolerance = float(tolerance)
        return int((self.losses <= self.losses[0] * (1 + tolerance) + SETTLED).sum())


def best_dictionary(
    world: World, n_latents: int, l1_coeff: float, *, n_starts: int = 64, generator: torch.Generator | None = None
) -> tuple[Tensor, float]:
    """The best dictionary of n_latents unit rows that a search from many starts finds, and its loss.

    returns  (n_latents, d_in) float64, and the exact loss on the finite data of the world, without decoder bias

    The loss has many local minima, so "best known" is all that can be promised: `search_dictionaries` tells how many
    starts agree.
    """
    found = search_dictionaries(world, n_latents, l1_coeff, n_starts=n_starts, generator=generator)
    return found.dictionaries[0], float(found.losses[0])


def best_losses(world: World, n_latents: int, prices: Tensor) -> Tensor:
    """The loss of the best dictionary known at each of these prices, float64 (n,); not a number where the price is not.

    One search for each price that differs from the others.
    """
    prices = numbers("prices", prices, "finite numbers >= 0, or not numbers")
    require_axes("prices", prices, "n")
    differing = {price for price in prices.tolist() if not math.isnan(price)}
    found = {price: best_dictionary(world, n_latents, price)[1] for price in differing}
    return torch.tensor([found.get(price, math.nan) for price in prices.tolist()], dtype=torch.float64)


def search_dictionaries(
    world: World, n_latents: int, l1_coeff: float, *, n_starts: int = 64, generator: torch.Generator | None = None
) -> Search:
    """Dictionaries reached from many starts by alternating minimisation, the best of them polished; best first.

    n_starts   random positive rows, features, composites, mixtures of both, and rows of either sign, in turn
    generator  where the starts come from; always the same ones when left out
    raises     ValueError where n_latents or n_starts is below 1
    """
    require_not_negative(l1_coeff=l1_coeff)
    l1_coeff = float(l1_coeff)
    generator = torch.Generator().manual_seed(0) if generator is None else generator
    points, probabilities = finite_data(world)
    starts = starting_rows(world, n_latents, n_starts, generator)
    parts = [starts[i] for i in parts_of(n_starts, len(points) * n_latents)]
    rows = torch.cat([alternate(part, points, probabilities, l1_coeff) for part in parts])
    losses = dictionary_loss(rows, world, l1_coeff)
    for i in losses.argsort()[:N_POLISHED].tolist():
        rows[i], losses[i] = polish(rows[i], points, probabilities, l1_coeff)
    order = losses.argsort(stable=True)
    return Search(rows[order], losses[order])


def starting_rows(world: World, n_latents: int, n_starts: int, generator: torch.Generator) -> Tensor:
    """Unit rows to start a search from, (n_starts, n_latents, d_in): five kinds, in turn."""
    require_firing(world)
    require_count(n_latents=n_latents, n_starts=n_starts)
    require_size("the starts", n_starts, n_latents, world.d_in)
    require_generator(generator)
    features, composites = world.features.double(), world.composites().double()

    def gaussians(width: int) -> Tensor:
        return torch.randn(n_latents, width, generator=generator, dtype=torch.float64)

    def drawn(directions: Tensor) -> Tensor:
        shuffled = torch.randperm(len(directions), generator=generator)
        return directions[shuffled[torch.arange(n_latents) % len(directions)]] + 0.02 * gaussians(world.d_in)

    several = composites if len(composites) else features
    kinds = (
        lambda: gaussians(world.n_features).abs() @ features,
        lambda: drawn(features),
        lambda: drawn(several),
        lambda: drawn(torch.cat([features, composites])),
        lambda: gaussians(world.d_in),
    )
    return normalize(torch.stack([kinds[i % len(kinds)]() for i in range(n_starts)]), dim=2)


def alternate(rows: Tensor, points: Tensor, probabilities: Tensor, l1_coeff: float) -> Tensor:
    """Improves dictionaries (n_starts, n_latents, d_in) by turns: a latent's activations, then its row, then the next.

    The loss never rises. In every round all activations are made exact and idle latents are put to use first.
    Dictionaries that have arrived are left alone.
    """
    require_tensor("rows", rows, "n_starts n_latents d_in")
    _require_data(points, probabilities, rows.shape[2])
    require_not_negative(l1_coeff=l1_coeff)
    rows, points, probabilities = rows.double(), points.double(), probabilities.double()
    rows, busy = rows.clone(), torch.arange(len(rows))
    for _ in range(MAX_ROUNDS):
        part = rows[busy]
        z = batch_codes(points, part, l1_coeff)
        revived = _revive(part, z, points, probabilities, l1_coeff)
        z = z.transpose(1, 2).contiguous()
        for _ in range(SWEEPS_PER_ROUND):
            moved = _sweep(part, z, points, probabilities, l1_coeff)
        rows[busy] = part
        busy = busy[revived | (moved > SETTLED)]
        if not len(busy):
            break
    return rows


def _revive(rows: Tensor, z: Tensor, points: Tensor, probabilities: Tensor, l1_coeff: float) -> Tensor:
    """Aims latents that no point uses at the points that cost most above their radial bound, in place.

    z        (n_dicts, n_points, n_latents)
    returns  where that happened, (n_dicts,) bool
    """
    losses = (points - z @ rows).square().sum(dim=2) / 2 + l1_coeff * z.sum(dim=2)
    excess, order = (probabilities * (losses - radial_cost(points.norm(dim=1), l1_coeff))).sort(descending=True)
    idle = (z == 0).all(dim=1)
    turn = (idle.cumsum(dim=1) - 1).clamp(min=0, max=len(points) - 1)  # the n-th idle latent gets the n-th worst point
    aimed = idle & (excess.gather(1, turn) > SETTLED)
    aims = normalize(points[order.gather(1, turn)], dim=2)
    rows.copy_(torch.where(aimed[..., None], aims, rows))
    return aimed.any(dim=1)


def _sweep(rows: Tensor, z: Tensor, points: Tensor, probabilities: Tensor, l1_coeff: float) -> Tensor:
    """Renews activations and row of one latent after the other, in place; returns the largest change, (n_dicts,).

    Both are exact given everything else: activations are relu(residual . row - l1_coeff), and the best unit row points
    along the mean of the residuals, weighted by the activations. z is (n_dicts, n_latents, n_points).
    """
    before = rows.clone()
    for k in range(rows.shape[1]):
        z[:, k] = 0  # so that the residual is without this latent
        others = torch.bmm(rows, rows[:, k, :, None]).transpose(1, 2)  # cosines with the other rows
        z[:, k] = (rows[:, k] @ points.T - torch.bmm(others, z)[:, 0] - l1_coeff).clamp_(min=0)
        weighted = probabilities * z[:, k]
        shared = torch.bmm(z, weighted[..., None])
        shared[:, k] = 0
        aim = weighted @ points - (shared * rows).sum(dim=1)
        length = aim.norm(dim=1, keepdim=True)
        rows[:, k] = torch.where(length > SILENT, aim / length.clamp(min=SILENT), rows[:, k])
    return (rows - before).abs().amax(dim=(1, 2))


def polish(rows: Tensor, points: Tensor, probabilities: Tensor, l1_coeff: float) -> tuple[Tensor, float]:
    """The local minimum near one dictionary (n_latents, d_in), by L-BFGS on the exact loss; and that loss.

    The gradient needs no derivative of the codes: they are optimal, so the first-order change of the loss is that at
    fixed codes, -E[z^T (x - z W)], along the sphere.
    """
    require_tensor("rows", rows, "n_latents+ d_in+")
    _require_data(points, probabilities, rows.shape[1])
    require_not_negative(l1_coeff=l1_coeff)
    rows, points, probabilities = rows.double(), points.double(), probabilities.double()

    def loss(flat: np.ndarray) -> tuple[float, np.ndarray]:
        free = torch.from_numpy(flat).view_as(rows)
        unit = normalize(free, dim=1)
        z = batch_codes(points, unit[None], l1_coeff)[0]
        residual = points - z @ unit
        slope = -(z * probabilities[:, None]).T @ residual
        slope = (slope - (slope * unit).sum(dim=1, keepdim=True) * unit) / free.norm(dim=1, keepdim=True)
        value = probabilities @ (residual.square().sum(dim=1) / 2 + l1_coeff * z.sum(dim=1))
        return float(value), slope.flatten().numpy()

    start = rows.flatten().numpy()
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 500, "ftol": 1e-14, "gtol": 1e-9})
    return normalize(torch.from_numpy(found.x).view_as(rows), dim=1), float(found.fun)


def _require_data(points: Tensor, probabilities: Tensor, d_in: int) -> None:
    """raises ValueError unless these are points and their probabilities."""
    require_points("points", points, d_in)
    require_weights("probabilities", probabilities, (len(points),))


def amortisation_gap(stack: Stack, world: World, l1_coeff: float | Tensor) -> Tensor:
    """What the encoder costs: each SAE's own loss minus that of its dictionary and bias with exact codes, (n_saes,)."""
    require_stack(stack)
    points, probabilities = finite_data(world)
    exact = dictionary_loss(stack.W_dec, world, l1_coeff, decoder_bias=stack.b_dec)
    return stack.double().losses(points, probabilities) - exact


def dictionary_gap(stack: Stack, world: World, l1_coeff: float | Tensor, best_loss: float | Tensor) -> Tensor:
    """What the dictionary costs: its loss with exact codes minus the best known one, (n_saes,).

    best_loss  of `best_dictionary` for as many latents. That one has no decoder bias, so with one a gap may be negative
    """
    require_stack(stack)
    best = numbers("best_loss", best_loss, "finite numbers, one or one per SAE")
    require_shape("best_loss", best, [(), (len(stack),)])
    require_all_finite("best_loss", best)
    return dictionary_loss(stack.W_dec, world, l1_coeff, decoder_bias=stack.b_dec) - best
