"""The SAEs people actually use, put together from interchangeable parts.

    Variant(Relu(), [L1(0.1)])                              the plain SAE (ReluL1 is the same, and faster)
    Variant(TopK(2))                                        k latents per sample
    Variant(BatchTopK(1.8))                                 k latents per sample on average
    Variant(JumpRelu(), [L0(0.01)])                         a trained threshold per latent
    Variant(Relu(), [L1(0.1)], prefixes=Prefixes.all(20))   Matryoshka: the first m latents must do alone
    Variant(Relu(), [L1(0.1), LargestCosine(0.3)])          decoder rows pushed apart
    Gated(0.1)                                              a gate decides whether, a magnitude how much

Tied weights are a matter of the parameters: untrained(..., tied=True). A part is a small object; numbers in it may be
one for all SAEs or one per SAE (n_saes,). To add your own, write a part with the same call and hand it to Variant, or a
Model with encode and sample_losses: it trains through autograd. The parts here have gradients that are written out
(`toysae.saes.gradients`), which takes a fraction of the time: a Variant uses them if all its parts have one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from copy import copy
from dataclasses import dataclass, fields, replace
from itertools import accumulate
from typing import ClassVar, Protocol, Self, cast

import torch
from torch import Tensor

from toysae.saes import gradients, selection
from toysae.saes.gradients import Buffers, Parameters, Pass
from toysae.saes.stack import Model, Priced, as_leaves, coefficient, per_sample, preactivations, slopes_into
from toysae.worlds.checks import (
    as_number,
    is_whole,
    numbers,
    require,
    require_count,
    require_one_or_each,
    require_positive,
    shown,
)


class Activation(Protocol):
    """From pre-activations to latent activations."""

    def __call__(self, pre: Tensor, parameters: Parameters, weights: Tensor | None) -> Tensor:
        """Latent activations of pre-activations, both (n_saes, n_samples, n_latents); weights as in Model."""

    def own_parameters(self, rows: Tensor) -> Parameters:
        """As in Model."""

    def settled(self, batches: Iterable[Tensor], weights: Tensor) -> Parameters:
        """What is added to the parameters after training, given the pre-activations of the last batches."""

    def members(self, chosen: slice) -> Activation:
        """The same for a part of the stack."""


class Penalty(Protocol):
    """A term of the loss."""

    def __call__(self, parameters: Parameters, pre: Tensor, z: Tensor) -> Tensor:
        """(n_saes, n_samples), or (n_saes, 1) where it is the same for all samples; pre and z as in Activation."""

    def members(self, chosen: slice) -> Penalty:
        """The same for a part of the stack."""


class WrittenActivation(Activation, Protocol):
    """An activation whose gradient is written out; latents by batch."""

    def forward(self, step: Pass) -> None:
        """From step.pre to step.z, both (n_saes, n_latents, n_samples)."""

    def backward(self, step: Pass) -> None:
        """From the slope by step.z to that by the pre-activations, in step.back."""


class WrittenPenalty(Penalty, Protocol):
    """A penalty whose gradient is written out."""

    def backward(self, step: Pass) -> None:
        """Adds its slope to step.back, or its gradient to step.out."""


@dataclass(frozen=True)
class Part:
    """What activations and penalties share: numbers that may differ between the SAEs of a stack.

    A part whose gradient is written out has `backward`, an activation also `forward`. Both belong to the call: a part
    that changes the call alone has neither.
    """

    backward: ClassVar[Callable[..., None] | None] = None

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        own = vars(cls)
        if "__call__" in own and not own.keys() & {"forward", "backward"}:
            cls.backward = None

    def members(self, chosen: slice) -> Self:
        given = {field.name: getattr(self, field.name) for field in fields(self)}
        own = {name: value[chosen] for name, value in given.items() if isinstance(value, Tensor) and value.ndim}
        return replace(self, **own) if own else self

    def require_fits(self, n_saes: int, n_latents: int) -> None:
        """As in Model."""

    def own_parameters(self, rows: Tensor) -> Parameters:
        return {}

    def settled(self, batches: Iterable[Tensor], weights: Tensor) -> Parameters:
        return {}


class Keeping(Part):
    """An activation that keeps some pre-activations and makes the others zero."""

    def backward(self, step: Pass) -> None:
        gradients.kept(step)


@dataclass(frozen=True)
class Relu(Keeping):
    """z = max(0, pre)."""

    def __call__(self, pre: Tensor, parameters: Parameters, weights: Tensor | None) -> Tensor:
        return torch.relu(pre)

    def forward(self, step: Pass) -> None:
        gradients.relu(step)


@dataclass(frozen=True)
class TopK(Keeping):
    """The k largest pre-activations of each sample, as far as they are positive (Gao et al. 2024, arXiv 2406.04093).

    k  a whole number >= 1, or one per SAE

    Of equal ones the earlier latents go first. The paper's auxiliary loss for dead latents is not here: training.fit
    resamples dead latents instead.
    """

    k: Tensor

    def __init__(self, k: int | Tensor) -> None:
        allowed = "whole numbers >= 1, one or one per SAE"
        numbers("k", k, allowed)
        k = torch.as_tensor(k)
        if k.is_floating_point() or k.ndim > 1 or not k.numel() or not (k >= 1).all():
            raise ValueError(f"k is {shown(k)}: allowed are {allowed}")
        object.__setattr__(self, "k", k)

    def require_fits(self, n_saes: int, n_latents: int) -> None:
        """As in Model."""
        _require_k(self.k, n_saes, n_latents)

    def __call__(self, pre: Tensor, parameters: Parameters, weights: Tensor | None) -> Tensor:
        largest = selection.largest_of_samples(pre.detach().transpose(1, 2), self.k, Buffers()).transpose(1, 2)
        return torch.where(largest > 0, pre, 0)

    def forward(self, step: Pass) -> None:
        step.z = selection.largest_of_samples(step.pre, self.k, step.buffers)


@dataclass(frozen=True)
class BatchTopK(Keeping):
    """The largest activations of a whole batch: k per sample on average (Bussmann et al. 2024, arXiv 2412.06410).

    k  a number > 0, or one per SAE; it need not be whole

    On a weighted batch an activation counts as much as its sample: activations are kept, largest first, while their
    weights add up to at most k. After training a threshold takes the place of the batch: the smallest activation kept,
    averaged over the last batches (the paper averages over all of training).
    """

    k: Tensor

    def __init__(self, k: float | Tensor) -> None:
        k = coefficient("k", k)
        if not (k > 0).all():
            raise ValueError(f"k is {shown(k)}: allowed are finite numbers > 0, one or one per SAE")
        object.__setattr__(self, "k", k)

    def require_fits(self, n_saes: int, n_latents: int) -> None:
        """As in Model."""
        _require_k(self.k, n_saes, n_latents)

    def __call__(self, pre: Tensor, parameters: Parameters, weights: Tensor | None) -> Tensor:
        positive = torch.relu(pre)
        if "log_threshold" in parameters:
            return positive * (pre > parameters["log_threshold"].exp()[:, None])
        equal = pre.new_full((pre.shape[1],), 1 / pre.shape[1])
        kept = positive.detach().transpose(1, 2)
        smallest = selection.smallest_kept(kept, equal if weights is None else weights, self.k, Buffers())
        return positive * (positive >= smallest)

    def forward(self, step: Pass) -> None:
        if "log_threshold" in step.parameters:
            return gradients.jump(step)
        positive = torch.clamp(step.pre, min=0, out=step.buffer("positive"))
        return gradients.keep(step, selection.smallest_kept(positive, step.weights, self.k, step.buffers))

    def settled(self, batches: Iterable[Tensor], weights: Tensor) -> Parameters:
        batches = list(batches)
        buffers, positive = Buffers(), [torch.relu(pre).transpose(1, 2) for pre in batches]
        smallest = torch.stack([selection.smallest_kept(z, weights, self.k, buffers) for z in positive]).mean(dim=0)
        # A hair below, so that the smallest activation itself passes
        log_threshold = (smallest * (1 - 1e-5)).clamp(min=1e-12).log()
        return {"log_threshold": log_threshold[:, :, 0].expand(-1, batches[0].shape[-1]).contiguous()}


@dataclass(frozen=True)
class JumpRelu(Keeping):
    """z = pre where pre exceeds the latent's trained threshold, else 0 (Rajamanoharan et al. 2024, arXiv 2407.14435).

    bandwidth          width of the kernel of the straight-through estimator: only pre-activations this close to the
                       threshold move it. > 0, in units of x
    initial_threshold  > 0, in units of x

    The paper's values, 0.001 for both, suit its normalised language-model activations; ours suit magnitudes near 1.
    """

    bandwidth: float = 0.1
    initial_threshold: float = 0.1

    def __post_init__(self) -> None:
        require_positive(bandwidth=self.bandwidth, initial_threshold=self.initial_threshold)

    def own_parameters(self, rows: Tensor) -> Parameters:
        return {"log_threshold": torch.full_like(rows[:, :, 0], self.initial_threshold).log()}

    def __call__(self, pre: Tensor, parameters: Parameters, weights: Tensor | None) -> Tensor:
        threshold = parameters["log_threshold"].exp()[:, None]
        return torch.relu(pre) * (pre > threshold) + threshold.detach() * _slope(pre, threshold, self.bandwidth)

    def forward(self, step: Pass) -> None:
        gradients.jump(step)

    def backward(self, step: Pass) -> None:
        gradients.thresholds(step, self.bandwidth)
        gradients.kept(step)


@dataclass(frozen=True)
class Weighted(Part):
    """What penalties share: their weight in the loss.

    coeff  >= 0, one number or one per SAE (n_saes,)
    """

    coeff: Tensor

    def __init__(self, coeff: float | Tensor) -> None:
        object.__setattr__(self, "coeff", coefficient("coeff", coeff))

    def require_fits(self, n_saes: int, n_latents: int) -> None:
        """As in Model."""
        require_one_or_each("coeff", self.coeff, n_saes)


class L1(Weighted):
    """coeff ||z||_1."""

    def __call__(self, parameters: Parameters, pre: Tensor, z: Tensor) -> Tensor:
        return per_sample(self.coeff, z) * z.sum(dim=-1)

    def backward(self, step: Pass) -> None:
        gradients.l1(step, self.coeff)


@dataclass(frozen=True)
class L0(Weighted):
    """coeff times the number of active latents of a JumpRelu, whose thresholds it moves by a straight-through estimate.

    bandwidth  as in JumpRelu
    """

    bandwidth: float

    def __init__(self, coeff: float | Tensor, bandwidth: float = 0.1) -> None:
        super().__init__(coeff)
        require_positive(bandwidth=bandwidth)
        object.__setattr__(self, "bandwidth", bandwidth)

    def __call__(self, parameters: Parameters, pre: Tensor, z: Tensor) -> Tensor:
        _require_thresholds(parameters)
        threshold = parameters["log_threshold"].exp()[:, None]
        active = (pre > threshold).to(z) + _slope(pre, threshold, self.bandwidth)
        return per_sample(self.coeff, z) * active.sum(dim=-1)

    def backward(self, step: Pass) -> None:
        _require_thresholds(step.parameters)
        gradients.l0(step, self.coeff, self.bandwidth)


class LargestCosine(Weighted):
    """coeff times the mean over decoder rows of the squared largest cosine with another row.

    OrtSAE (arXiv 2509.22033); with one latent there is no other row, and the penalty is zero.
    """

    def __call__(self, parameters: Parameters, pre: Tensor, z: Tensor) -> Tensor:
        W_dec = parameters["W_dec"]
        if W_dec.shape[1] == 1:
            return z.new_zeros(len(z), 1)
        largest = _cosines_of_pairs(W_dec, fill=-1.0).amax(dim=2)
        return per_sample(self.coeff, z) * largest.square().mean(dim=1, keepdim=True)

    def backward(self, step: Pass) -> None:
        gradients.largest_cosine(step, self.coeff)


class AllCosines(Weighted):
    """coeff times the mean squared cosine over all pairs of decoder rows."""

    def __call__(self, parameters: Parameters, pre: Tensor, z: Tensor) -> Tensor:
        cosines = _cosines_of_pairs(parameters["W_dec"], fill=0.0)
        n_pairs = max(1, cosines.shape[1] * (cosines.shape[1] - 1))
        return per_sample(self.coeff, z) * cosines.square().sum(dim=(1, 2))[:, None] / n_pairs

    def backward(self, step: Pass) -> None:
        gradients.all_cosines(step, self.coeff)


@dataclass(frozen=True)
class Prefixes:
    """The prefixes of latents that have to reconstruct alone, and how much each counts: the loss of Matryoshka SAEs.

    sizes   ascending numbers of latents
    shares  as many, non-negative, summing to one

    Bussmann et al. (arXiv 2503.17547) add up a few fixed sizes, Nabeshima (matryoshka-saes) draws sizes anew for every
    batch. We take the mean: of fixed sizes, or over a distribution, whose expectation then is exact and needs no draws.
    """

    sizes: tuple[int, ...]
    shares: tuple[float, ...]

    def __post_init__(self) -> None:
        for name, given in {"sizes": self.sizes, "shares": self.shares}.items():
            require(name, given, isinstance(given, (tuple, list)), "several numbers")
        sizes, shares = list(self.sizes), list(self.shares)
        whole = all(is_whole(size) for size in sizes)
        if not (sizes and whole and sizes[0] >= 1 and sizes == sorted(set(sizes))):
            raise ValueError(f"sizes is {shown(sizes)}: allowed are ascending whole numbers >= 1")
        counted = [as_number(share) for share in shares]
        if not (len(shares) == len(sizes) and min(counted) >= 0 and abs(sum(counted) - 1) <= 1e-6):
            raise ValueError(f"shares is {shown(shares)}: allowed are {len(sizes)} numbers >= 0 that sum to 1")

    @classmethod
    def of(cls, *sizes: int) -> Prefixes:
        """These sizes, each counting the same."""
        return cls(sizes, tuple(1 / len(sizes) for _ in sizes))

    @classmethod
    def all(cls, n_latents: int) -> Prefixes:
        """Every size from 1 to n_latents, each counting the same."""
        require_count(n_latents=n_latents)
        return cls.of(*range(1, n_latents + 1))

    def reach(self, n_latents: int) -> tuple[float, ...]:
        """For each latent the share of the prefixes that hold it. Raises ValueError if the largest is not n_latents."""
        require_count(n_latents=n_latents)
        if self.sizes[-1] != n_latents:
            raise ValueError(f"prefixes ends at {self.sizes[-1]}: allowed is n_latents = {n_latents}")
        shares = dict(zip(self.sizes, self.shares, strict=True))
        return tuple(accumulate(shares.get(size, 0.0) for size in range(n_latents, 0, -1)))[::-1]


class Variant(Model):
    """An SAE put together from an activation, any number of penalties and, for a Matryoshka SAE, prefixes.

    loss of a sample = 1/2 ||x - x_hat||^2 + penalties; with prefixes the squared error is their weighted mean

    The largest of the prefixes has to be n_latents, else some latents would not be trained.
    """

    def __init__(
        self, activation: Activation, penalties: Sequence[Penalty] = (), *, prefixes: Prefixes | None = None
    ) -> None:
        made = callable(activation) and not isinstance(activation, type) and hasattr(activation, "own_parameters")
        require("activation", activation, made, "an activation, such as Relu() or TopK(2)")
        require("penalties", penalties, isinstance(penalties, (list, tuple)), "a list of penalties, such as [L1(0.1)]")
        for one in penalties:
            require("one of penalties", one, callable(one) and not isinstance(one, type), "a penalty, such as L1(0.1)")
        none_or_some = prefixes is None or isinstance(prefixes, Prefixes)
        require("prefixes", prefixes, none_or_some, "Prefixes, such as Prefixes.all(20), or None")
        self.activation, self.penalties, self.prefixes = activation, tuple(penalties), prefixes

    def require_fits(self, n_saes: int, n_latents: int) -> None:
        for part in (self.activation, *self.penalties):
            if isinstance(part, Part):
                part.require_fits(n_saes, n_latents)
        if self.prefixes is not None:
            self.prefixes.reach(n_latents)

    def members(self, chosen: slice) -> Variant:
        part = copy(self)  # of the same class, which may have a loss of its own
        part.activation = self.activation.members(chosen)
        part.penalties = tuple(penalty.members(chosen) for penalty in self.penalties)
        return part

    def own_parameters(self, rows: Tensor) -> Parameters:
        return self.activation.own_parameters(rows)

    def encode(self, parameters: Parameters, x: Tensor, weights: Tensor | None = None) -> Tensor:
        return self.activation(preactivations(parameters, x), parameters, weights)

    def sample_losses(self, parameters: Parameters, x: Tensor, weights: Tensor | None = None) -> Tensor:
        return self._losses_and_activations(parameters, x, weights)[0]

    def gradients(
        self, parameters: Parameters, x: Tensor, weights: Tensor, out: Parameters, buffers: Buffers
    ) -> Tensor:
        written = self._written()
        if written is None:
            return self._by_autograd(parameters, x, weights, out)
        activation, penalties = written
        step = Pass(parameters, x, weights, out, buffers)
        activation.forward(step)
        if self.prefixes is None:
            gradients.squared_error(step)
        else:
            gradients.nested_error(step, self.prefixes.reach(step.shape[1]))
        for penalty in penalties:
            penalty.backward(step)
        activation.backward(step)
        gradients.encoder(step)
        return step.z.transpose(1, 2)

    def _written(self) -> tuple[WrittenActivation, tuple[WrittenPenalty, ...]] | None:
        """The parts, where the gradients of all are written out."""
        if any(getattr(part, "backward", None) is None for part in (self.activation, *self.penalties)):
            return None
        return cast(WrittenActivation, self.activation), cast(tuple[WrittenPenalty, ...], self.penalties)

    def _by_autograd(self, parameters: Parameters, x: Tensor, weights: Tensor, out: Parameters) -> Tensor:
        """As Model.gradients, without encoding a second time."""
        leaves = as_leaves(parameters)
        with torch.enable_grad():
            losses, z = self._losses_and_activations(leaves, x, weights)
            total = (losses * weights).sum()
        slopes_into(out, total, leaves)
        return z.detach()

    def _losses_and_activations(
        self, parameters: Parameters, x: Tensor, weights: Tensor | None
    ) -> tuple[Tensor, Tensor]:
        pre = preactivations(parameters, x)
        z = self.activation(pre, parameters, weights)
        losses = self.squared_errors(parameters, x, z) / 2
        for penalty in self.penalties:
            losses = losses + penalty(parameters, pre, z)
        return losses, z

    def settled(self, parameters: Parameters, x: Tensor, weights: Tensor) -> Parameters:
        # A generator: only an activation that has to settle something looks at the batches
        return parameters | self.activation.settled((preactivations(parameters, batch) for batch in x), weights)

    def squared_errors(self, parameters: Parameters, x: Tensor, z: Tensor) -> Tensor:
        """As in Model; with prefixes the weighted mean over what each of them reconstructs."""
        if self.prefixes is None:
            return super().squared_errors(parameters, x, z)
        self.prefixes.reach(z.shape[-1])  # raises if latents are left out
        residual = (x - parameters["b_dec"][:, None] if "b_dec" in parameters else x).expand(len(z), -1, -1)
        total, start = residual.new_zeros(()), 0
        for size, share in zip(self.prefixes.sizes, self.prefixes.shares, strict=True):
            residual = residual - z[:, :, start:size] @ parameters["W_dec"][:, start:size]
            total, start = total + share * residual.square().sum(dim=-1), size
        return total


class Gated(Priced):
    """A gate decides whether a latent is active, a magnitude how much (Rajamanoharan et al. 2024, arXiv 2404.16014).

    gate pre-activation  pi = (x - b_dec) W_enc + b_enc
    magnitude            exp(r_mag) ((x - b_dec) W_enc) + b_mag, rectified
    z                    the magnitude where pi > 0
    loss                 1/2 ||x - x_hat||^2 + l1_coeff ||relu(pi)||_1 + 1/2 ||x - x_hat_frozen(relu(pi))||^2

    The last term trains the gate; in it the decoder is held fixed.
    """

    def own_parameters(self, rows: Tensor) -> Parameters:
        return {"r_mag": torch.zeros_like(rows[:, :, 0]), "b_mag": torch.zeros_like(rows[:, :, 0])}

    def encode(self, parameters: Parameters, x: Tensor, weights: Tensor | None = None) -> Tensor:
        return self._activations(parameters, preactivations(parameters, x))

    def sample_losses(self, parameters: Parameters, x: Tensor, weights: Tensor | None = None) -> Tensor:
        gate = preactivations(parameters, x)
        error = self.squared_errors(parameters, x, self._activations(parameters, gate))
        opened = torch.relu(gate)
        frozen = {name: value.detach() for name, value in parameters.items()}
        auxiliary = self.squared_errors(frozen, x, opened)
        return (error + auxiliary) / 2 + per_sample(self.l1_coeff, x) * opened.sum(dim=-1)

    def gradients(
        self, parameters: Parameters, x: Tensor, weights: Tensor, out: Parameters, buffers: Buffers
    ) -> Tensor:
        step = Pass(parameters, x, weights, out, buffers)
        gradients.gated_error(step, self.l1_coeff)
        gradients.encoder(step)
        gradients.gated_bias(step)
        return step.z.transpose(1, 2)

    def _activations(self, parameters: Parameters, gate: Tensor) -> Tensor:
        projected = gate - parameters["b_enc"][:, None]
        magnitude = torch.relu(projected * parameters["r_mag"].exp()[:, None] + parameters["b_mag"][:, None])
        return magnitude * (gate > 0)


def _require_k(k: Tensor, n_saes: int, n_latents: int) -> None:
    require_one_or_each("k", k, n_saes)
    require("k", k, bool((k <= n_latents).all()), f"numbers up to n_latents = {n_latents}")


def _require_thresholds(parameters: Parameters) -> None:
    if "log_threshold" not in parameters:
        raise ValueError("penalties holds L0, which moves thresholds: allowed only with an activation that has them")


def _slope(pre: Tensor, threshold: Tensor, bandwidth: float) -> Tensor:
    """Zero, with the straight-through estimate of the slope of (pre > threshold) by the threshold.

    That is -1 / bandwidth where pre lies in a window of this width around the threshold, and 0 elsewhere.
    """
    inside = ((pre - threshold).abs() < bandwidth / 2).to(pre) / bandwidth
    return inside.detach() * (threshold.detach() - threshold)


def _cosines_of_pairs(W_dec: Tensor, fill: float) -> Tensor:
    """Cosines of unit rows with each other, (n_saes, n_latents, n_latents), with `fill` on the diagonal."""
    own = torch.eye(W_dec.shape[1], dtype=torch.bool, device=W_dec.device)
    return (W_dec @ W_dec.transpose(1, 2)).masked_fill(own, fill)
