"""What training is compared with: bounds, exact codes and exact losses. Nothing here is trained.

The loss is that of `toysae.saes.stack`: 1/2 ||x - x_hat||^2 + l1_coeff ||z||_1, a mean over samples.
"""

from __future__ import annotations

import torch
from torch import Tensor

from toysae.saes.gradients import Parameters
from toysae.saes.stack import Priced, per_sample
from toysae.worlds.checks import (
    numbers,
    require,
    require_not_negative,
    require_points,
    require_tensor,
    require_whole,
    shown,
)
from toysae.worlds.finite import finite_data
from toysae.worlds.world import World

ENTRY_TOLERANCE = 1e-10  # slope, relative to the largest, below which no further latent is let in
MAX_ROUNDS_PER_LATENT = 10  # times n_latents: rounds after which codes are taken as they are
RIDGE = 1e-10  # share by which the diagonal of the Gram matrix of the latents that are in is raised
PRICES = "finite numbers >= 0, one or one per dictionary"  # as l1_coeff
TINY = 1e-30  # stands for zero where one divides
SOLVED_NUMBERS = 2**20  # latent activations that are solved for at once


def radial_bound(world: World, l1_coeff: float) -> float:
    """The loss that no SAE with unit decoder rows, non-negative latents and no decoder bias can go below."""
    require_not_negative(l1_coeff=l1_coeff)
    points, probabilities = finite_data(world)
    return float(probabilities @ radial_cost(points.norm(dim=1), l1_coeff))


def radial_cost(length: Tensor, l1_coeff: float) -> Tensor:
    """The least that samples of these lengths can cost; a latent that points exactly at a sample attains it.

    Unit rows give ||z||_1 >= ||x_hat||, so a sample of length r costs at least the minimum over s of
    (r - s)^2 / 2 + l1_coeff s: that is l1_coeff r - l1_coeff^2 / 2, or r^2 / 2 where r < l1_coeff.
    """
    require_tensor("length", length, "...")
    require("length", length, bool((length >= 0).all()), "numbers >= 0")
    require_not_negative(l1_coeff=l1_coeff)
    l1_coeff = float(l1_coeff)
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
    require_tensor("dictionary", dictionary, "... n_latents d_in", d_in=world.d_in)
    leading, shape = dictionary.shape[:-2], dictionary.shape[-2:]
    rows = dictionary.double().reshape(leading.numel(), *shape)
    penalties = numbers("l1_coeff", l1_coeff, PRICES)
    require_shape("l1_coeff", penalties, [(), tuple(leading)])
    penalties = penalties.reshape(-1).expand(len(rows))
    if decoder_bias is not None:
        require_tensor("decoder_bias", decoder_bias, "... d_in", d_in=world.d_in)
        require_shape("decoder_bias", decoder_bias, [(*leading, world.d_in)])
        points = points - decoder_bias.double().reshape(len(rows), 1, world.d_in)
    parts = parts_of(len(rows), points.shape[-2] * max(1, rows.shape[1]))
    losses = [sample_losses(points[i] if points.ndim > 2 else points, rows[i], penalties[i]) for i in parts]
    return (torch.cat(losses) @ probabilities).reshape(leading)


def parts_of(n: int, numbers: int) -> list[slice]:
    """Slices of n dictionaries, so that each solves for at most SOLVED_NUMBERS activations; numbers is for one."""
    require_whole("n", n, 0)
    require_whole("numbers", numbers, 0)
    size = max(1, SOLVED_NUMBERS // max(1, numbers))
    return [slice(i, i + size) for i in range(0, max(n, 1), size)]


def require_shape(name: str, value: Tensor, allowed: list[tuple[int, ...]]) -> None:
    """raises ValueError unless the tensor has one of these shapes."""
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
    require_tensor("dictionary", dictionary, "n_latents d_in")
    n_latents, d_in = dictionary.shape
    require_points("x", x, d_in)
    require_tensor("z", z, "n_samples n_latents", n_samples=len(x), n_latents=n_latents)
    require_not_negative(l1_coeff=l1_coeff)
    l1_coeff = float(l1_coeff)
    return (x - z @ dictionary.to(z)).square().sum(dim=1) / 2 + l1_coeff * z.sum(dim=1)


def best_codes(x: Tensor, dictionary: Tensor, l1_coeff: float) -> Tensor:
    """The best non-negative latent activations for a given dictionary: argmin 1/2 ||x - z W||^2 + l1_coeff sum z.

    x           (n_samples, d_in)
    dictionary  (n_latents, d_in)
    returns     (n_samples, n_latents), float64

    The sign of the lasso is fixed, z >= 0, because a ReLU cannot go below zero.
    """
    require_tensor("dictionary", dictionary, "n_latents d_in")
    require_tensor("x", x, "n_samples d_in", d_in=dictionary.shape[1])
    require_not_negative(l1_coeff=l1_coeff)
    return batch_codes(x, dictionary[None], l1_coeff)[0]


class Coded(Priced):
    """A dictionary whose latent activations are the best there are, argmin_z>=0 of the loss: no encoder stands between.

    l1_coeff  the price in that loss, one number or one per dictionary (n_saes,); >= 0
    """

    def encode(self, parameters: Parameters, x: Tensor, weights: Tensor | None = None) -> Tensor:
        return batch_codes(x, parameters["W_dec"], self.l1_coeff).to(x)

    def sample_losses(self, parameters: Parameters, x: Tensor, weights: Tensor | None = None) -> Tensor:
        z = self.encode(parameters, x)
        return self.squared_errors(parameters, x, z) / 2 + per_sample(self.l1_coeff, x) * z.sum(dim=-1)


def batch_codes(points: Tensor, dictionaries: Tensor, l1_coeff: float | Tensor) -> Tensor:
    """The best non-negative latent activations of points for many dictionaries at once.

    points        (n_points, d_in), or (n_dicts, n_points, d_in) where every dictionary has its own
    dictionaries  (n_dicts, n_latents, d_in)
    l1_coeff      one number, or one per dictionary (n_dicts,); >= 0
    returns       (n_dicts, n_points, n_latents), float64

    All problems are solved side by side, so that 64 small dictionaries cost little more than one.
    """
    require_tensor("dictionaries", dictionaries, "n_dicts n_latents d_in")
    n_dicts, _, d_in = dictionaries.shape
    own = isinstance(points, Tensor) and points.ndim == 3
    require_tensor("points", points, "n_dicts n_points d_in" if own else "n_points d_in", n_dicts=n_dicts, d_in=d_in)
    penalty = _column(l1_coeff)
    require_shape("l1_coeff", penalty, [(1, 1), (n_dicts, 1)])
    if not (torch.isfinite(penalty) & (penalty >= 0)).all():
        raise ValueError(f"l1_coeff is {shown(l1_coeff)}: allowed are {PRICES}")
    rows = dictionaries.double()
    linear = points.double() @ rows.transpose(1, 2) - penalty[..., None]
    if not rows.shape[1]:
        return linear
    return _minimise(rows @ rows.transpose(1, 2), linear)


def _column(l1_coeff: float | Tensor) -> Tensor:
    return numbers("l1_coeff", l1_coeff, PRICES).reshape(-1, 1)


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
