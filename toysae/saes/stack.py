"""Sparse autoencoders, many at once.

A *stack* holds n_saes sparse autoencoders (SAEs) of one shape; every parameter has a leading axis of that length.

    z     = relu((x - b_dec) W_enc + b_enc)        latent activations
    x_hat = z W_dec + b_dec                        reconstruction
    loss  = 1/2 ||x - x_hat||^2 + l1_coeff ||z||_1 squared error summed over d_in, mean over samples

Rows of W_dec are unit directions. A *model* says how the parameters are used: it owns the forward pass and the loss.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from toysae.saes import gradients
from toysae.saes.gradients import Buffers, Parameters
from toysae.worlds.checks import (
    numbers,
    require,
    require_one_or_each,
    require_points,
    require_rows,
    require_seeds,
    require_switch,
    require_weights,
    shown,
)

DECIDE_THE_LOSS = {"encode", "decode", "squared_errors", "sample_losses", "loss"}


class Model:
    """How parameters become latent activations, a reconstruction and a loss.

    A subclass supplies encode and sample_losses; it then trains through autograd. It may override gradients for speed.
    A gradient that is written out belongs to its loss: a subclass that changes the loss alone trains through autograd.
    The weights, (n_samples,) or (n_saes, n_samples), are the samples' probabilities: they matter to models that compare
    samples with each other, and left out they are equal.
    """

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        own = vars(cls)
        if "gradients" not in own and own.keys() & DECIDE_THE_LOSS:
            cls.gradients = Model.gradients  # type: ignore[method-assign]

    def encode(self, parameters: Parameters, x: Tensor, weights: Tensor | None = None) -> Tensor:
        """Latent activations (n_saes, n_samples, n_latents) of data points (n_samples, d_in)."""
        raise NotImplementedError

    def loss(self, parameters: Parameters, x: Tensor, weights: Tensor) -> Tensor:
        """Mean loss of every SAE, (n_saes,)."""
        return (self.sample_losses(parameters, x, weights) * weights).sum(dim=-1)

    def sample_losses(self, parameters: Parameters, x: Tensor, weights: Tensor | None = None) -> Tensor:
        """Loss of every SAE on every sample, (n_saes, n_samples)."""
        raise NotImplementedError

    def own_parameters(self, rows: Tensor) -> Parameters:
        """What is trained beside encoder, decoder and biases, each (n_saes, n_latents), as it is before training.

        rows  (n_saes, n_latents, d_in) decoder rows before training
        """
        return {}

    def settled(self, parameters: Parameters, x: Tensor, weights: Tensor) -> Parameters:
        """The parameters with which the SAE is used after training; x (n_batches, n_samples, d_in) was trained on last.

        Only a model that compares the samples of a batch has to add something: a threshold that needs no batch.
        """
        return parameters

    def decode(self, parameters: Parameters, z: Tensor) -> Tensor:
        """Reconstructions (n_saes, n_samples, d_in) of latent activations (n_saes, n_samples, n_latents)."""
        x_hat = z @ parameters["W_dec"]
        return x_hat + parameters["b_dec"][:, None] if "b_dec" in parameters else x_hat

    def squared_errors(self, parameters: Parameters, x: Tensor, z: Tensor) -> Tensor:
        """||x - x_hat||^2, (n_saes, n_samples), of data points x (n_samples, d_in) with latent activations z."""
        return (x - self.decode(parameters, z)).square().sum(dim=-1)

    def require_fits(self, n_saes: int, n_latents: int) -> None:
        """raises ValueError where its settings are not meant for so many SAEs, or for so many latents."""

    def members(self, chosen: slice) -> Model:
        """The model of a part of the stack: differs from self only if settings differ between members."""
        return self

    def gradients(
        self, parameters: Parameters, x: Tensor, weights: Tensor, out: Parameters, buffers: Buffers
    ) -> Tensor:
        """Writes the gradient of each SAE's loss into out.

        returns  the latent activations on the way, (n_saes, n_samples, n_latents), good until the next call
        """
        leaves = as_leaves(parameters)
        with torch.enable_grad():
            total = self.loss(leaves, x, weights).sum()
        slopes_into(out, total, leaves)
        with torch.no_grad():
            return self.encode(parameters, x, weights)


class Priced(Model):
    """A model whose loss has an L1 penalty.

    l1_coeff  one number, or one per member of the stack (n_saes,); >= 0
    """

    def __init__(self, l1_coeff: float | Tensor) -> None:
        self.l1_coeff = coefficient("l1_coeff", l1_coeff)

    def require_fits(self, n_saes: int, n_latents: int) -> None:
        require_one_or_each("l1_coeff", self.l1_coeff, n_saes)

    def members(self, chosen: slice) -> Priced:
        return type(self)(self.l1_coeff[chosen]) if self.l1_coeff.ndim else self


class ReluL1(Priced):
    """ReLU activation, L1 penalty on the latent activations: the SAE of the seed, and the work horse here.

    Without "b_dec" among the parameters the decoder has no bias; without "W_enc" the encoder is tied to the decoder.
    """

    def encode(self, parameters: Parameters, x: Tensor, weights: Tensor | None = None) -> Tensor:
        return torch.relu(preactivations(parameters, x))

    def sample_losses(self, parameters: Parameters, x: Tensor, weights: Tensor | None = None) -> Tensor:
        z = self.encode(parameters, x)
        return self.squared_errors(parameters, x, z) / 2 + per_sample(self.l1_coeff, x) * z.sum(dim=-1)

    def gradients(
        self, parameters: Parameters, x: Tensor, weights: Tensor, out: Parameters, buffers: Buffers
    ) -> Tensor:
        """The same gradient as autograd's, written out."""
        step = gradients.Pass(parameters, x, weights, out, buffers)
        gradients.relu(step)
        gradients.squared_error(step)
        gradients.l1(step, self.l1_coeff)
        gradients.kept(step)
        gradients.encoder(step)
        return step.z.transpose(1, 2)


def coefficient(name: str, value: float | Tensor) -> Tensor:
    """A weight in the loss as float64, () or one per SAE (n_saes,). Raises ValueError unless finite and >= 0."""
    allowed = "finite numbers >= 0, one or one per SAE"
    value = numbers(name, value, allowed)
    if value.ndim > 1 or not value.numel() or not (torch.isfinite(value) & (value >= 0)).all():
        raise ValueError(f"{name} is {shown(value)}: allowed are {allowed}")
    return value


def per_sample(value: Tensor, like: Tensor) -> Tensor:
    """One number, or one per SAE, to be broadcast over samples: (1,) or (n_saes, 1)."""
    return value.to(like).unsqueeze(-1)


def preactivations(parameters: Parameters, x: Tensor) -> Tensor:
    """(x - b_dec) W_enc + b_enc, (n_saes, n_samples, n_latents), of data points (n_samples, d_in)."""
    centred = x - parameters["b_dec"][:, None] if "b_dec" in parameters else x
    W_enc = parameters["W_enc"] if "W_enc" in parameters else parameters["W_dec"].transpose(1, 2)  # tied
    return centred @ W_enc + parameters["b_enc"][:, None]


def as_leaves(parameters: Parameters) -> Parameters:
    """The same numbers, for autograd to start from."""
    return {name: value.detach().requires_grad_() for name, value in parameters.items()}


def slopes_into(out: Parameters, total: Tensor, leaves: Parameters) -> None:
    """Writes the gradient of total into out, as autograd finds it; zero where total does not depend on a leaf."""
    slopes = torch.autograd.grad(total, list(leaves.values()), materialize_grads=True)
    for name, slope in zip(leaves, slopes, strict=True):
        out[name].copy_(slope)


@dataclass(frozen=True)
class Stack:
    """n_saes SAEs of one shape.

    model       forward pass and loss
    parameters  W_dec (n_saes, n_latents, d_in), b_enc (n_saes, n_latents), where they are trained
                W_enc (n_saes, d_in, n_latents) and b_dec (n_saes, d_in), and the model's own (n_saes, n_latents)
    seeds       one per SAE; sets its initialisation and what replaces its dead latents
    """

    model: Model
    parameters: Parameters
    seeds: tuple[int, ...]

    def __post_init__(self) -> None:
        require("model", self.model, isinstance(self.model, Model), "a Model, such as ReluL1(0.1)")
        require("seeds", self.seeds, isinstance(self.seeds, tuple), "a tuple of whole numbers, one per SAE")
        held = self.parameters if isinstance(self.parameters, dict) else {}
        fits = {"W_dec", "b_enc"} & held.keys() and all(
            isinstance(value, Tensor) and value.shape[:1] == (len(self.seeds),) for value in held.values()
        )
        require(
            "parameters", self.parameters, bool(fits), "tensors by name, W_dec among them, one entry per seed in each"
        )

    def __len__(self) -> int:
        return len(self.seeds)

    def __getitem__(self, chosen: slice) -> Stack:
        require("chosen", chosen, isinstance(chosen, slice), "a slice, such as 0:1 for the first SAE")
        parameters = {name: value[chosen] for name, value in self.parameters.items()}
        return Stack(self.model.members(chosen), parameters, self.seeds[chosen])

    @property
    def W_dec(self) -> Tensor:
        """The dictionaries, (n_saes, n_latents, d_in); rows are unit directions."""
        return self.parameters["W_dec"]

    @property
    def b_dec(self) -> Tensor:
        """The decoder biases, (n_saes, d_in); zeros where the bias is switched off."""
        return self.parameters.get("b_dec", self.W_dec.new_zeros(len(self), self.W_dec.shape[2]))

    def encode(self, x: Tensor) -> Tensor:
        """Latent activations (n_saes, n_samples, n_latents) of data points (n_samples, d_in)."""
        self._require_points(x)
        return self.model.encode(self.parameters, x)

    def reconstruct(self, x: Tensor) -> Tensor:
        """Reconstructions (n_saes, n_samples, d_in) of data points (n_samples, d_in)."""
        return self.model.decode(self.parameters, self.encode(x))

    def losses(self, x: Tensor, weights: Tensor | None = None) -> Tensor:
        """Mean loss of every SAE, (n_saes,), over samples x (n_samples, d_in) that have these probabilities."""
        self._require_points(x)
        if weights is not None:
            require_weights("weights", weights, (len(x),), (len(self), len(x)))
        weights = x.new_full((len(x),), 1 / len(x)) if weights is None else weights.to(x)
        return self.model.loss(self.parameters, x, weights)

    def _require_points(self, x: Tensor) -> None:
        """raises ValueError unless x (n_samples, d_in) can be encoded."""
        require_points("x", x, self.W_dec.shape[2])
        own = self.W_dec.dtype
        require("the precision of x", str(x.dtype), x.dtype == own, f"{own}, which the SAEs have")

    def double(self) -> Stack:
        """The same SAEs in float64, for exact comparisons."""
        return Stack(self.model, {name: value.double() for name, value in self.parameters.items()}, self.seeds)


def require_stack(stack: object) -> None:
    """raises ValueError unless this is a stack."""
    require("stack", stack, isinstance(stack, Stack), "a Stack, such as start(...) makes")


def untrained(model: Model, rows: Tensor, seeds: Sequence[int], *, decoder_bias: bool, tied: bool = False) -> Stack:
    """A stack before training: encoder = decoder transposed, biases zero.

    rows  (n_saes, n_latents, d_in) unit decoder rows, one set per seed
    """
    require("model", model, isinstance(model, Model), "a Model, such as ReluL1(0.1)")
    require_switch(decoder_bias=decoder_bias, tied=tied)
    require_seeds(seeds)
    require_rows("rows", rows, len(seeds))
    n_saes, n_latents, d_in = rows.shape
    model.require_fits(n_saes, n_latents)
    parameters = {"W_dec": rows.clone(), "b_enc": rows.new_zeros(n_saes, n_latents)} | model.own_parameters(rows)
    if not tied:
        parameters["W_enc"] = rows.transpose(1, 2).contiguous()
    if decoder_bias:
        parameters["b_dec"] = rows.new_zeros(n_saes, d_in)
    return Stack(model, parameters, tuple(seeds))
