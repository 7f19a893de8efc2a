"""Gradients of every kind of SAE, written out: latents by batch, into memory that is already there.

A step is a `Pass`. An activation fills z, a squared error gives the slope of the loss by z and the gradient of the
decoder, penalties add to both, the activation turns the slope by z into that by the pre-activations, and `encoder`
makes the rest of the gradient of it:

    relu, keep, jump                           z from pre
    squared_error, nested_error, gated_error   back from z; gradients of W_dec, b_dec
    l1, l0, largest_cosine, all_cosines        what a penalty adds
    kept, thresholds                           back through the activation
    encoder                                    gradients of W_enc, b_enc, b_dec

Fresh intermediates cost more than arithmetic here, and masks of True and False ten times as much as masks of 1 and 0.
So everything is a float in a buffer, and what is not kept is made zero by threshold_backward(slope, z, 0), which lets a
slope pass where z > 0. Everything is the same as what autograd finds, which the tests hold against it.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any, TypeVar

import torch
from torch import Tensor

Parameters = dict[str, Tensor]
Made = TypeVar("Made")

# By their full names: torch takes six times as long to find out which of several is meant
threshold_backward = torch.ops.aten.threshold_backward.grad_input
hardtanh_backward = torch.ops.aten.hardtanh_backward.grad_input

ENCODER_AND_DECODER = {"W_dec", "b_dec", "W_enc", "b_enc"}  # what every SAE may have; the rest belongs to its kind


class Buffers:
    """Scratch tensors that are allocated once and used again at every step: fresh memory costs more than arithmetic."""

    def __init__(self) -> None:
        self._tensors: dict[str, Tensor] = {}
        self._made: dict[Hashable, tuple[Tensor, Any]] = {}

    def get(self, name: str, shape: tuple[int, ...], like: Tensor) -> Tensor:
        held = self._tensors.get(name)
        if held is None or held.shape != shape:
            held = self._tensors[name] = torch.empty(shape, dtype=like.dtype, device=like.device)
        return held

    def once(self, name: Hashable, source: Tensor, make: Callable[[Tensor], Made]) -> Made:
        """make(source), made anew only when source is another tensor than last time."""
        held = self._made.get(name)
        if held is None or held[0] is not source:
            held = self._made[name] = source, make(source)
        made: Made = held[1]
        return made


class Pass:
    """One batch on its way through a stack and back.

    samples  (d_in, n_samples) the data points
    weights  (n_samples,) or (n_saes, n_samples), their probabilities
    row      the weights, to be broadcast to the shape of z
    pre      (n_saes, n_latents, n_samples) pre-activations, as long as nothing was written over them
    z        latent activations, of the same shape
    back     slope of the weighted loss by z, later by the pre-activations; of the same shape
    out      gradients, to be filled; those of a kind's own parameters start at zero
    """

    def __init__(self, parameters: Parameters, x: Tensor, weights: Tensor, out: Parameters, buffers: Buffers) -> None:
        """x  (n_samples, d_in), the rest as in Model.gradients."""
        self.parameters, self.weights, self.out, self.buffers = parameters, weights, out, buffers
        self.W_dec, self.b_dec = parameters["W_dec"], parameters.get("b_dec")
        n_saes, n_latents, d_in = self.W_dec.shape
        self.shape, self.d_in = (n_saes, n_latents, x.shape[0]), d_in
        self.row = weights.unsqueeze(-2)
        # A transposed copy, because on a transposed view the products take ten times as long
        self.samples = buffers.get("samples", (d_in, x.shape[0]), self.W_dec).copy_(x.T)
        self._pre: Tensor | None = self.preactivations(self.buffer("pre"))
        self.z = self.back = self.pre
        self._beyond: Tensor | None = None
        for name in out:
            if name not in ENCODER_AND_DECODER:
                out[name].zero_()

    @property
    def pre(self) -> Tensor:
        assert self._pre is not None, "something was written over them"
        return self._pre

    def used_up(self) -> Tensor:
        """The memory of pre, to be written over."""
        pre, self._pre = self.pre, None
        return pre

    def buffer(self, name: str) -> Tensor:
        """Scratch memory of the shape of z."""
        return self.buffers.get(name, self.shape, self.W_dec)

    def shared_samples(self) -> Tensor:
        """The data points once per SAE, without a copy: (n_saes, d_in, n_samples)."""
        return self.samples.expand(self.shape[0], -1, -1)

    def to_latents(self) -> Tensor:
        """The encoder's weights, (n_saes, n_latents, d_in); the decoder's where they are tied."""
        return self.parameters["W_enc"].transpose(1, 2) if "W_enc" in self.parameters else self.W_dec

    def preactivations(self, pre: Tensor) -> Tensor:
        """Fills pre with W_enc (x - b_dec) + b_enc."""
        to_latents, bias = self.to_latents(), self.parameters["b_enc"][:, :, None]
        if self.b_dec is not None:
            bias = bias - to_latents @ self.b_dec[:, :, None]
        torch.bmm(to_latents, self.shared_samples(), out=pre)
        return pre.add_(bias)

    def threshold(self) -> Tensor:
        """(n_saes, n_latents, 1)"""
        return self.parameters["log_threshold"].exp()[:, :, None]

    def beyond(self) -> Tensor:
        """How far pre-activations lie above their latent's threshold. Uses up pre."""
        if self._beyond is None:
            pre = self.preactivations(self.buffer("pre again")) if self._pre is None else self.used_up()
            self._beyond = pre.sub_(self.threshold())
        return self._beyond

    def weighted(self, name: Hashable, make: Callable[[Tensor], Tensor]) -> Tensor:
        """make(weights), made anew only when the weights are others; in the precision of the parameters."""
        return self.buffers.once(name, self.weights, lambda weights: make(weights).to(self.W_dec))


def relu(p: Pass) -> None:
    """z = max(0, pre), over pre."""
    p.z = p.used_up().clamp_(min=0)


def keep(p: Pass, smallest: Tensor) -> None:
    """z = pre where it is at least `smallest`, which is positive and broadcast to the shape of z; else 0."""
    kept = torch.ge(p.pre, smallest, out=p.buffer("z"))
    p.z = kept.mul_(p.pre)


def jump(p: Pass) -> None:
    """z = pre where it exceeds the latent's threshold, else 0."""
    kept = torch.gt(p.pre, p.threshold(), out=p.buffer("z"))
    p.z = kept.mul_(p.pre)


def kept(p: Pass) -> None:
    """Back through an activation that keeps pre-activations or makes them zero: slopes pass where z > 0."""
    threshold_backward(p.back, p.z, 0, grad_input=p.back)


def thresholds(p: Pass, bandwidth: float) -> None:
    """Straight-through estimate of the thresholds' gradient, by way of z; comes before `kept`.

    Rajamanoharan et al. 2024 (arXiv 2407.14435): dz / dtheta = -theta / bandwidth where pre lies within half a
    bandwidth of theta, and theta d / dtheta is the slope by log theta.
    """
    slope = _within(p, p.back, bandwidth)
    p.out["log_threshold"].addcmul_(p.threshold().square()[:, :, 0], slope, value=-1 / bandwidth)


def _within(p: Pass, values: Tensor, bandwidth: float) -> Tensor:
    """Sum of values (shape of z) over samples whose pre-activation is near the threshold: (n_saes, n_latents)."""
    half, near = bandwidth / 2, p.buffer("near")
    hardtanh_backward(values, p.beyond(), -half, half, grad_input=near)
    return near.sum(dim=2)


def squared_error(p: Pass) -> None:
    """Of 1/2 ||x - x_hat||^2: back, and the gradients of W_dec and of b_dec as far as the decoder goes."""
    error = _weighted_error(p, p.z, p.samples, p.row)
    p.back = torch.bmm(p.W_dec, error, out=p.buffer("back"))
    _decoder(p, p.z, error)


def _weighted_error(p: Pass, z: Tensor, samples: Tensor, row: Tensor) -> Tensor:
    """(x_hat - x) times the weights, (n_saes, d_in, n_samples), of z (n_saes, n_latents, n_samples)."""
    error = p.buffers.get("error", (p.shape[0], p.d_in, z.shape[2]), z)
    torch.bmm(p.W_dec.transpose(1, 2), z, out=error)
    error -= samples
    if p.b_dec is not None:
        error += p.b_dec[:, :, None]
    error *= row
    return error


def _decoder(p: Pass, z: Tensor, error: Tensor) -> None:
    torch.bmm(z, error.transpose(1, 2), out=p.out["W_dec"])
    if p.b_dec is not None:
        torch.sum(error, dim=2, out=p.out["b_dec"])


def nested_error(p: Pass, reach: Sequence[float]) -> None:
    """Of the mean over prefixes of 1/2 ||x - x_hat||^2 (Matryoshka), without a loop over prefixes.

    reach  for each latent the share of the prefixes that hold it; later latents are in fewer

    Latents j and k are together in the prefixes that hold the later one, so with r_i for reach, rows w_i and the
    centred x the mean is a quadratic form in z:

        sum over m of share_m ||x - sum over j < m of z_j w_j||^2
            = ||x||^2 - 2 sum_j r_j z_j (w_j x) + sum_jk z_j z_k (w_j w_k) r_max(j,k)

    Half its slope by z_j is sum_k (w_j w_k) r_max(j,k) z_k - r_j w_j x, and by w_j, in the mean over samples,
    sum_k <z_j z_k> r_max(j,k) w_k - r_j <z_j x>: Gram matrices of rows and of activations, and no residual.
    """
    n_saes, n_latents, _ = p.shape
    r = p.weighted("reach", lambda weights: weights.new_tensor(reach))
    common = p.weighted("reach of pairs", lambda _: torch.minimum(r, r[:, None]))  # r_max(j,k), for r does not grow
    pull, weights = p.W_dec * r[:, None], p.row
    gram = p.buffers.get("gram", (n_saes, n_latents, n_latents), p.W_dec)
    torch.bmm(p.W_dec, p.W_dec.transpose(1, 2), out=gram).mul_(common)
    p.back = torch.bmm(gram, p.z, out=p.buffer("back")).baddbmm_(pull, p.shared_samples(), alpha=-1)

    z = torch.mul(p.z, weights, out=p.buffer("weighted z"))
    towards = p.buffers.get("towards", p.W_dec.shape, p.W_dec)
    torch.bmm(z, p.samples.T.expand(n_saes, -1, -1), out=towards)
    if p.b_dec is not None:
        means = z.sum(dim=2, keepdim=True)
        towards -= means * p.b_dec[:, None]
        p.back += pull @ p.b_dec[:, :, None]
        total = p.weighted("total", lambda w: w.sum(dim=-1, keepdim=True))
        torch.sub(p.b_dec * total, (p.samples * weights).sum(dim=-1), out=p.out["b_dec"])
        p.out["b_dec"] += (means * pull).sum(dim=1)
    p.back *= weights
    torch.bmm(z, p.z.transpose(1, 2), out=gram).mul_(common)
    torch.bmm(gram, p.W_dec, out=p.out["W_dec"])
    p.out["W_dec"].addcmul_(towards, r[:, None], value=-1)


def gated_error(p: Pass, l1_coeff: Tensor) -> None:
    """Of a Gated SAE's whole loss (variants.Gated): back by the projected data, and all other gradients but encoder's.

    Both reconstructions, of z and of the opened gate, go through the decoder side by side. A magnitude is
    exp(r_mag) times the projected data plus b_mag, so the slope by r_mag is sum (z - b_mag) dz. Half of that is there
    already: sum z_i dz_i over samples is row i of the decoder times its gradient.
    """
    n_saes, n_latents, n_samples = p.shape
    both = p.buffers.get("z", (n_saes, n_latents, 2 * n_samples), p.W_dec)
    z, opened = both[:, :, :n_samples], both[:, :, n_samples:]
    scale = p.parameters["r_mag"].exp()
    torch.mul(p.pre, scale[:, :, None], out=z).add_((p.parameters["b_mag"] - scale * p.parameters["b_enc"])[:, :, None])
    threshold_backward(z, p.pre, 0, grad_input=z).clamp_(min=0)
    torch.clamp(p.pre, min=0, out=opened)

    error = _weighted_error(p, both, p.samples.repeat(1, 2), p.weighted("row twice", lambda _: _twice(p.row)))
    back = torch.bmm(p.W_dec, error, out=p.buffers.get("back", both.shape, both))
    by_z, by_opened = back[:, :, :n_samples], back[:, :, n_samples:]
    by_opened += _price(p, l1_coeff)
    threshold_backward(back, both, 0, grad_input=back)
    _decoder(p, z, error[:, :, :n_samples])
    torch.sum(by_z, dim=2, out=p.out["b_mag"])
    torch.sum(p.out["W_dec"] * p.W_dec, dim=2, out=p.out["r_mag"])
    p.out["r_mag"].addcmul_(p.parameters["b_mag"], p.out["b_mag"], value=-1)
    p.z, p.back = z, torch.addcmul(by_opened, by_z, scale[:, :, None], out=p.buffer("total"))


def _twice(row: Tensor) -> Tensor:
    return torch.cat([row, row], dim=-1)


def gated_bias(p: Pass) -> None:
    """The gate's bias is not in the magnitude: takes out what `encoder` put in. Comes after it."""
    p.out["b_enc"].addcmul_(p.parameters["r_mag"].exp(), p.out["b_mag"], value=-1)


def l1(p: Pass, coeff: Tensor) -> None:
    """Of coeff ||z||_1.

    coeff  () or (n_saes,)
    """
    p.back += _price(p, coeff)


def _price(p: Pass, coeff: Tensor) -> Tensor:
    """coeff times the weights, to be broadcast to the shape of z."""
    return p.weighted(("price", id(coeff)), lambda weights: (coeff.to(weights).unsqueeze(-1) * weights).unsqueeze(-2))


def l0(p: Pass, coeff: Tensor, bandwidth: float) -> None:
    """Of coeff ||z||_0: the straight-through estimate of the thresholds' gradient, and nothing else.

    coeff  () or (n_saes,)
    """
    weights = p.row.expand(p.shape)
    slope = _within(p, weights, bandwidth) * coeff.to(weights).unsqueeze(-1)
    p.out["log_threshold"].addcmul_(p.threshold()[:, :, 0], slope, value=-1 / bandwidth)


def largest_cosine(p: Pass, coeff: Tensor) -> None:
    """Of coeff times the mean over rows of the squared largest cosine with another row; of equal ones the mean.

    coeff  () or (n_saes,)
    """
    n_latents = p.shape[1]
    if n_latents == 1:
        return
    cosines = _cosines(p, own=-2.0)
    largest = cosines.amax(dim=2, keepdim=True)
    slopes = torch.ge(cosines, largest, out=p.buffers.get("largest", cosines.shape, cosines))
    slopes *= largest * _per_sae(p, coeff, 2 / n_latents) / slopes.sum(dim=2, keepdim=True)
    p.out["W_dec"].baddbmm_(torch.add(slopes, slopes.transpose(1, 2), out=cosines), p.W_dec)


def all_cosines(p: Pass, coeff: Tensor) -> None:
    """Of coeff times the mean squared cosine over all pairs of rows.

    coeff  () or (n_saes,)
    """
    n_latents = p.shape[1]
    slopes = _cosines(p, own=0.0).mul_(_per_sae(p, coeff, 4 / max(1, n_latents * (n_latents - 1))))
    p.out["W_dec"].baddbmm_(slopes, p.W_dec)


def _cosines(p: Pass, own: float) -> Tensor:
    """Of unit rows with each other, (n_saes, n_latents, n_latents); `own` on the diagonal."""
    cosines = p.buffers.get("cosines", (p.shape[0], p.shape[1], p.shape[1]), p.W_dec)
    torch.bmm(p.W_dec, p.W_dec.transpose(1, 2), out=cosines).diagonal(dim1=1, dim2=2).fill_(own)
    return cosines


def _per_sae(p: Pass, coeff: Tensor, factor: float) -> Tensor:
    """What a penalty that is the same for all samples counts, () or (n_saes,), to be broadcast to (n_saes, 1, 1)."""
    return p.weighted(
        ("total", id(coeff), factor),
        lambda weights: (factor * coeff.to(weights) * weights.sum(dim=-1))[..., None, None],
    )


def encoder(p: Pass) -> None:
    """Gradients of W_enc, b_enc and b_dec from the slope by the pre-activations; tied weights add to W_dec's."""
    torch.sum(p.back, dim=2, out=p.out["b_enc"])
    gradient = p.buffers.get("encoder", (p.shape[0], p.d_in, p.shape[1]), p.W_dec)
    torch.bmm(p.shared_samples(), p.back.transpose(1, 2), out=gradient)
    if p.b_dec is not None:
        gradient -= p.b_dec[:, :, None] * p.out["b_enc"][:, None]
        p.out["b_dec"] -= torch.bmm(p.to_latents().transpose(1, 2), p.out["b_enc"][:, :, None])[:, :, 0]
    if "W_enc" in p.out:
        p.out["W_enc"].copy_(gradient)
    else:
        p.out["W_dec"] += gradient.transpose(1, 2)
