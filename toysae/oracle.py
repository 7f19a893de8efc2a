"""What training is compared with: bounds, exact codes and exact losses. Nothing here is trained.

The loss is that of `toysae.sae`: 1/2 ||x - x_hat||^2 + l1_coeff ||z||_1, a mean over samples.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from scipy.optimize import minimize
from torch import Tensor
from torch.nn.functional import normalize

from toysae.saes.stack import Stack
from toysae.worlds.finite import finite_data
from toysae.worlds.world import World

ENTRY_TOLERANCE = 1e-10  # slope, relative to the largest, below which no further latent is let in
MAX_ROUNDS_PER_LATENT = 10  # times n_latents: rounds after which codes are taken as they are
RIDGE = 1e-10  # share by which the diagonal of the Gram matrix of the latents that are in is raised
TINY = 1e-30  # stands for zero where one divides
SOLVED_NUMBERS = 2**20  # latent activations that are solved for at once
MAX_ROUNDS, SWEEPS_PER_ROUND = 20, 20  # of alternating minimisation
SETTLED = 1e-8  # change of a row below which a search has arrived
SILENT = 1e-12  # length of a mean residual below which it points nowhere
N_POLISHED = 8  # of the best dictionaries of a search, this many are brought to their local minimum


def radial_bound(world: World, l1_coeff: float) -> float:
    """The loss that no SAE with unit decoder rows, non-negative latents and no decoder bias can go below."""
    points, probabilities = finite_data(world)
    return float(probabilities @ radial_cost(points.norm(dim=1), l1_coeff))


def radial_cost(length: Tensor, l1_coeff: float) -> Tensor:
    """The least that samples of these lengths can cost; a latent that points exactly at a sample attains it.

    Unit rows give ||z||_1 >= ||x_hat||, so a sample of length r costs at least the minimum over s of
    (r - s)^2 / 2 + l1_coeff s: that is l1_coeff r - l1_coeff^2 / 2, or r^2 / 2 where r < l1_coeff.
    """
    kept = length.clamp(max=l1_coeff)  # the part of the length that is cheaper to leave out than to pay for
    return kept.square() / 2 + l1_coeff * (length - kept)


def dictionary_loss(
    dictionary: Tensor, world: World, l1_coeff: float | Tensor, *, decoder_bias: Tensor | None = None
) -> Tensor:
    """The loss of a dictionary when every sample gets the best possible latent activations.

    dictionary    (..., n_latents, d_in) decoder rows; unit rows are what the loss is meant for
    l1_coeff      one number, or one per dictionary (...,)
    decoder_bias  (..., d_in), zero when left out
    returns       (...,) float64: exact for sigma = 0, else exact on the grid of magnitude quantiles
    raises        ValueError where shapes do not match
    """
    points, probabilities = finite_data(world)
    leading, shape = dictionary.shape[:-2], dictionary.shape[-2:]
    _require_shape("dictionary", dictionary, [(*leading, *shape[:1], world.d_in)])
    rows = dictionary.double().reshape(leading.numel(), *shape)
    penalties = torch.as_tensor(l1_coeff, dtype=torch.float64)
    _require_shape("l1_coeff", penalties, [(), tuple(leading)])
    penalties = penalties.reshape(-1).expand(len(rows))
    if decoder_bias is not None:
        _require_shape("decoder_bias", decoder_bias, [(*leading, world.d_in)])
        points = points - decoder_bias.double().reshape(len(rows), 1, world.d_in)
    parts = _chunks(len(rows), points.shape[-2] * max(1, rows.shape[1]))
    losses = [sample_losses(points[i] if points.ndim > 2 else points, rows[i], penalties[i]) for i in parts]
    return (torch.cat(losses) @ probabilities).reshape(leading)


def _chunks(n: int, numbers: int) -> list[slice]:
    """Slices of n dictionaries, so that each solves for at most SOLVED_NUMBERS activations; numbers is for one."""
    size = max(1, SOLVED_NUMBERS // numbers)
    return [slice(i, i + size) for i in range(0, max(n, 1), size)]


def _require_shape(name: str, value: Tensor, allowed: list[tuple[int, ...]]) -> None:
    if tuple(value.shape) not in allowed:
        raise ValueError(f"{name} has shape {tuple(value.shape)}: allowed is {' or '.join(map(str, allowed))}")


def sample_losses(points: Tensor, dictionaries: Tensor, l1_coeff: float | Tensor) -> Tensor:
    """Loss of every point under every dictionary with its best non-negative codes, (n_dicts, n_points) float64.

    points        (n_points, d_in), or (n_dicts, n_points, d_in)
    dictionaries  (n_dicts, n_latents, d_in)
    l1_coeff      one number, or one per dictionary (n_dicts,)
    """
    z = batch_codes(points, dictionaries, l1_coeff)
    error = (points.double() - z @ dictionaries.double()).square().sum(dim=2)
    return error / 2 + _column(l1_coeff) * z.sum(dim=2)


def code_loss(x: Tensor, dictionary: Tensor, z: Tensor, l1_coeff: float) -> Tensor:
    """Loss of every sample (n_samples,) for given latent activations z (n_samples, n_latents)."""
    return (x - z @ dictionary).square().sum(dim=1) / 2 + l1_coeff * z.sum(dim=1)


def codes(x: Tensor, dictionary: Tensor, l1_coeff: float) -> Tensor:
    """The best non-negative latent activations for a given dictionary: argmin 1/2 ||x - z W||^2 + l1_coeff sum z.

    x           (n_samples, d_in)
    dictionary  (n_latents, d_in)
    returns     (n_samples, n_latents), float64

    The sign of the lasso is fixed, z >= 0, because a ReLU cannot go below zero.
    """
    if x.ndim != 2 or dictionary.ndim != 2 or x.shape[1] != dictionary.shape[1]:
        raise ValueError(
            f"dictionary has shape {tuple(dictionary.shape)} and x {tuple(x.shape)}: "
            "allowed are (n_latents, d_in) and (n_samples, d_in)"
        )
    return batch_codes(x, dictionary[None], l1_coeff)[0]


def batch_codes(points: Tensor, dictionaries: Tensor, l1_coeff: float | Tensor) -> Tensor:
    """The best non-negative latent activations of points for many dictionaries at once.

    points        (n_points, d_in), or (n_dicts, n_points, d_in) where every dictionary has its own
    dictionaries  (n_dicts, n_latents, d_in)
    l1_coeff      one number, or one per dictionary (n_dicts,); >= 0
    returns       (n_dicts, n_points, n_latents), float64

    All problems are solved side by side, so that 64 small dictionaries cost little more than one.
    """
    penalty = _column(l1_coeff)
    if not (torch.isfinite(penalty) & (penalty >= 0)).all():
        raise ValueError(f"l1_coeff is {l1_coeff}: allowed is a finite number >= 0")
    rows = dictionaries.double()
    linear = points.double() @ rows.transpose(1, 2) - penalty[..., None]
    if not rows.shape[1]:
        return linear
    return _minimise(rows @ rows.transpose(1, 2), linear)


def _column(l1_coeff: float | Tensor) -> Tensor:
    return torch.as_tensor(l1_coeff, dtype=torch.float64).reshape(-1, 1)


def _minimise(gram: Tensor, linear: Tensor) -> Tensor:
    """Minimises 1/2 z G z - linear z over z >= 0 by an active-set method, all problems side by side.

    In each round every unfinished problem lets in the latent with the steepest slope and solves for the latents that
    are in (Lawson & Hanson 1974, "Solving Least Squares Problems", chapter 23).

    gram (n_dicts, n_latents, n_latents), linear and the answer (n_dicts, n_points, n_latents)
    """
    n_dicts, n_points, n_latents = linear.shape
    owner = torch.arange(n_dicts).repeat_interleave(n_points)
    flat, z = linear.reshape(-1, n_latents), linear.new_zeros(n_dicts * n_points, n_latents)
    tolerance = ENTRY_TOLERANCE * flat.abs().amax(dim=1).clamp(min=TINY)
    for _ in range(MAX_ROUNDS_PER_LATENT * n_latents):
        slope = flat - (z.view_as(linear) @ gram).view_as(z)
        steepest = torch.where(z > 0, -torch.inf, slope).max(dim=1)
        unfinished = (steepest.values > tolerance).nonzero().flatten()
        if not len(unfinished):
            break
        z[unfinished] = _let_in(steepest.indices[unfinished], z[unfinished], gram, owner[unfinished], flat[unfinished])
    return z.view_as(linear)


def _let_in(entering: Tensor, z: Tensor, gram: Tensor, owner: Tensor, linear: Tensor) -> Tensor:
    """The optimal z (n, n_latents) over the latents that are in, after those that would go below zero have left.

    entering (n,) latent let in; owner (n,) position of each problem's Gram matrix in gram.
    """
    inside = (z > 0).scatter(1, entering[:, None], True)
    z, moving = z.clone(), torch.arange(len(z))
    while len(moving):
        start, within = z[moving], inside[moving]
        target = _solve_inside(gram, owner[moving], linear[moving], within)
        leaving = within & (target <= 0)
        share = torch.where(leaving, start / (start - target), torch.inf)  # of the way until a latent reaches zero
        step = share.amin(dim=1, keepdim=True)
        z[moving] = torch.where(step < 1, start + step.clamp(max=1) * (target - start), target)
        gone = leaving & (share <= step)
        z[moving] = z[moving].masked_fill(gone, 0).clamp(min=0)
        inside[moving] = within & ~gone
        moving = moving[gone.any(dim=1)]
    return z


def _solve_inside(gram: Tensor, owner: Tensor, linear: Tensor, inside: Tensor) -> Tensor:
    """Unconstrained optimum over the latents that are inside, zero elsewhere, (n, n_latents).

    A touch of ridge keeps dependent rows solvable: it points far along the direction in which the loss falls for ever,
    until a latent leaves.
    """
    size = max(1, int(inside.sum(dim=1).max()))
    first = inside.to(torch.uint8).argsort(dim=1, descending=True, stable=True)[:, :size]
    used = inside.gather(1, first)
    both = used[:, :, None] & used[:, None, :]
    square = gram[owner[:, None, None], first[:, :, None], first[:, None, :]]
    lengths = square.diagonal(dim1=1, dim2=2)
    square = torch.where(both, square, 0) + torch.diag_embed(torch.where(used, RIDGE * lengths, 1.0))
    answer = torch.linalg.solve(square, torch.where(used, linear.gather(1, first), 0))
    return torch.zeros_like(linear).scatter(1, first, torch.where(used, answer, 0))


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


def search_dictionaries(
    world: World, n_latents: int, l1_coeff: float, *, n_starts: int = 64, generator: torch.Generator | None = None
) -> Search:
    """Dictionaries reached from many starts by alternating minimisation, the best of them polished; best first.

    n_starts   random positive rows, features, composites, mixtures of both, and rows of either sign, in turn
    generator  where the starts come from; always the same ones when left out
    raises     ValueError where n_latents or n_starts is below 1
    """
    for name, value in {"n_latents": n_latents, "n_starts": n_starts}.items():
        if value < 1:
            raise ValueError(f"{name} is {value}: allowed is a whole number of 1 or more")
    generator = generator or torch.Generator().manual_seed(0)
    points, probabilities = finite_data(world)
    starts = starting_rows(world, n_latents, n_starts, generator)
    parts = [starts[i] for i in _chunks(n_starts, len(points) * n_latents)]
    rows = torch.cat([alternate(part, points, probabilities, l1_coeff) for part in parts])
    losses = dictionary_loss(rows, world, l1_coeff)
    for i in losses.argsort()[:N_POLISHED].tolist():
        rows[i], losses[i] = polish(rows[i], points, probabilities, l1_coeff)
    order = losses.argsort(stable=True)
    return Search(rows[order], losses[order])


def starting_rows(world: World, n_latents: int, n_starts: int, generator: torch.Generator) -> Tensor:
    """Unit rows to start a search from, (n_starts, n_latents, d_in): five kinds, in turn."""
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


def amortisation_gap(stack: Stack, world: World, l1_coeff: float | Tensor) -> Tensor:
    """What the encoder costs: each SAE's own loss minus that of its dictionary and bias with exact codes, (n_saes,)."""
    points, probabilities = finite_data(world)
    exact = dictionary_loss(stack.W_dec, world, l1_coeff, decoder_bias=stack.b_dec)
    return stack.double().losses(points, probabilities) - exact


def dictionary_gap(stack: Stack, world: World, l1_coeff: float | Tensor, best_loss: float | Tensor) -> Tensor:
    """What the dictionary costs: its loss with exact codes minus the best known one, (n_saes,).

    best_loss  of `best_dictionary` for as many latents. That one has no decoder bias, so with one a gap may be negative
    """
    return dictionary_loss(stack.W_dec, world, l1_coeff, decoder_bias=stack.b_dec) - best_loss
