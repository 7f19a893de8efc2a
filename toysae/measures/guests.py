"""Whatever is to be assessed, as a stack. This is the one place where it matters what it is:

    a Stack                               as it is; training leaves unit rows, in whose units activations count
    decoder rows                          unit rows in their directions, with the best activations there are
    functions (encode, decode)            called, never looked into
    an object that has encode and decode  the same: a module of PyTorch, an SAE of SAELens in memory
    the folder of an SAE of SAELens       the same, after saelens.from_saelens

Foreign functions take points x (n, d_in) and return latent activations z (n, n_latents); they take z and return x_hat
(n, d_in). A module gets numbers of its own precision, on its device; other functions float64, else float32, else numpy
arrays: the first that the encoder takes. A row of the dictionary is what one latent adds, decode(unit) - decode(0), so
a decoder has to be affine for it to mean anything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from toysae.measures.recovery import costs
from toysae.optimum.codes import Coded, require_shape
from toysae.saes.gradients import Parameters
from toysae.saes.saelens import from_saelens
from toysae.saes.stack import Model, Priced, Stack, coefficient, untrained
from toysae.worlds.checks import require, require_count
from toysae.worlds.world import World, require_firing

Function = Callable[[Any], Any]


def as_stack(anything: Any, world: World, l1_coeff: float | Tensor | None = None) -> Stack:
    """Whatever is to be assessed, as a stack.

    anything  a Stack; decoder rows (n_latents, d_in) or (n_saes, n_latents, d_in), as tensor, array or list, finite and
              of any length but zero; (encode, decode); an object that has both; or the folder of an SAE of SAELens
    l1_coeff  the price at which rows get their activations, and foreign ones are counted in the loss; 0 when left out.
              A Stack keeps its own
    raises    ValueError for what is none of these, does not fit the world, or answers what no SAE would
    """
    require_firing(world)
    price = coefficient("l1_coeff", 0.0 if l1_coeff is None else l1_coeff)
    match anything:
        case Stack():
            _require_width("W_dec", anything.W_dec, world)
            return anything
        case str() | Path():
            return _foreign(Functions.of_stack(from_saelens(anything)), world, price)
        case (encode, decode) if callable(encode) and callable(decode):
            return _foreign(Functions.of(encode, decode, world), world, price)
        case object(encode=encode, decode=decode):
            return _foreign(Functions.of(encode, decode, world, owner=anything), world, price)
    rows = _rows(anything, world)
    require_shape("l1_coeff", price, [(), (len(rows),)])
    return untrained(Coded(price), rows, range(len(rows)), decoder_bias=False, tied=True)


def prices(anything: Any, n_saes: int, l1_coeff: float | Tensor | None = None) -> Tensor:
    """The price at which each SAE is held against the best dictionary, float64 (n_saes,); not a number without one.

    l1_coeff where it is given; else a Stack whose model is Priced has its own.
    """
    require_count(n_saes=n_saes)
    if l1_coeff is not None:
        price = coefficient("l1_coeff", l1_coeff)
    elif isinstance(anything, Stack) and isinstance(anything.model, Priced):
        price = anything.model.l1_coeff
    else:
        price = torch.tensor(torch.nan, dtype=torch.float64)
    require_shape("l1_coeff", price, [(), (n_saes,)])
    return price.expand(n_saes)


# ---- dictionaries


def _rows(anything: Any, world: World) -> Tensor:
    """Unit rows (n_saes, n_latents, d_in), float64."""
    try:
        given = _as_tensor(anything)
    except (TypeError, ValueError, RuntimeError):  # what numpy and torch say of what is no array
        given = torch.empty(0)
    fits = given.ndim in (2, 3) and given.numel() > 0 and not given.is_complex()
    require(
        "anything",
        f"of type {type(anything).__name__}" + (f" and shape {tuple(given.shape)}" if given.numel() else ""),
        fits,
        "a Stack, decoder rows (n_latents, d_in) or (n_saes, n_latents, d_in), functions (encode, decode), an object "
        "that has both, or the folder of an SAE of SAELens",
    )
    _require_width("the dictionary", given, world)
    rows = given.double() if given.ndim == 3 else given.double()[None]
    _require_finite("the dictionary", rows)
    largest = rows.abs().amax(dim=2, keepdim=True)  # divided out first, so that no square is too small or too large
    shortest = largest.min().item()
    require("the length of the shortest row of the dictionary", shortest, shortest > 0, "any number above 0")
    return normalize(rows / largest, dim=2)


def _as_tensor(anything: Any) -> Tensor:
    """raises  TypeError, ValueError or RuntimeError for what is no array of numbers"""
    return torch.as_tensor(anything if isinstance(anything, Tensor) else np.array(anything)).detach().cpu()


def _require_finite(name: str, numbers: Tensor) -> None:
    other = numbers[~torch.isfinite(numbers)]
    if len(other):
        raise ValueError(f"{name} holds {other[0].item()}: allowed are finite numbers")


def _require_width(name: str, rows: Tensor, world: World) -> None:
    """raises ValueError unless rows (..., d_in) are as wide as the points of the world."""
    require(f"the shape of {name}", tuple(rows.shape), rows.shape[-1] == world.d_in, f"(..., d_in = {world.d_in})")


# ---- functions


@dataclass(frozen=True)
class Functions:
    """Someone else's encoder and decoder.

    way      how they want their numbers
    modules  those that stand behind them; they are used in eval mode, and then put back
    """

    encoder: Function
    decoder: Function
    way: Function
    modules: tuple[nn.Module, ...] = ()

    @classmethod
    def of(cls, encode: Function, decode: Function, world: World, owner: Any = None) -> Functions:
        """Functions about which nothing is known, but that they take points of this world."""
        behind = (owner, encode, decode, getattr(encode, "__self__", None), getattr(decode, "__self__", None))
        modules = tuple(part for part in behind if isinstance(part, nn.Module))
        return cls(encode, decode, _way(encode, modules, world.features[:1]), modules)

    @classmethod
    def of_stack(cls, stack: Stack) -> Functions:
        """Those of a stack of one."""
        stack = stack.double()
        return cls(
            lambda x: stack.encode(x)[0], lambda z: stack.model.decode(stack.parameters, z[None])[0], Tensor.double
        )

    def encode(self, x: Tensor, n_latents: int | None = None) -> Tensor:
        """Latent activations (n, n_latents) of points (n, d_in), float64; any number of latents when left out."""
        return self._answer("encode(x)", self.encoder, x, "n_latents", n_latents)

    def decode(self, z: Tensor, d_in: int) -> Tensor:
        """Reconstructions (n, d_in) of latent activations (n, n_latents), float64."""
        return self._answer("decode(z)", self.decoder, z, "d_in", d_in)

    def _answer(self, name: str, function: Function, given: Tensor, width: str, wanted: int | None) -> Tensor:
        """What the function says to given (n, m), as float64 (n, wanted).

        raises  ValueError where it fails, or says something else
        """
        allowed = f"({len(given)}, {width}{'' if wanted is None else f' = {wanted}'})"
        try:
            with _undisturbed(self.modules):
                answer = _as_tensor(function(self.way(given))).double().to_dense()
        except Exception as error:
            reason = f"{type(error).__name__}: {' '.join(str(error).split())}"
            raise ValueError(
                f"{name} fails where the shape of {name[-2]} is {tuple(given.shape)} ({reason}): "
                f"allowed is an answer of shape {allowed}"
            ) from error
        fits = answer.ndim == 2 and len(answer) == len(given) and answer.shape[1] == (wanted or max(1, answer.shape[1]))
        require(f"the shape of {name}", tuple(answer.shape), fits, allowed)
        _require_finite(name, answer)
        return answer


def _way(encode: Function, modules: tuple[nn.Module, ...], x: Tensor) -> Function:
    """How numbers are handed over, so that the encoder takes x (n, d_in)."""
    for number in chain.from_iterable(chain(module.parameters(), module.buffers()) for module in modules):
        if number.is_floating_point():
            return partial(Tensor.to, device=number.device, dtype=number.dtype)
    for way in (Tensor.double, Tensor.float, _as_array):
        with suppress(Exception), _undisturbed(modules):
            encode(way(x))
            return way
    return Tensor.float  # and its failure is reported where an answer is wanted


def _as_array(numbers: Tensor) -> np.ndarray:
    return numbers.double().numpy()


@contextmanager
def _undisturbed(modules: tuple[nn.Module, ...]) -> Iterator[None]:
    """Without gradients, and with these modules in eval mode; afterwards each of their parts is as it was."""
    parts = [part for module in modules for part in module.modules()]
    before = [part.training for part in parts]
    try:
        for part in parts:
            part.training = False
        with torch.no_grad():
            yield
    finally:
        for part, was in zip(parts, before, strict=True):
            part.training = was


class Foreign(Model):
    """An SAE that is known by its functions alone; its loss is what recovery.costs says.

    lengths  (n_latents,) of its decoder rows. Activations are counted in these units, as if rows were of length one: to
             all that is measured, long rows with small activations are the same as short rows with large ones
    """

    def __init__(self, functions: Functions, lengths: Tensor, l1_coeff: Tensor) -> None:
        self.functions, self.lengths, self.l1_coeff = functions, lengths, l1_coeff

    def encode(self, parameters: Parameters, x: Tensor, weights: Tensor | None = None) -> Tensor:
        return (self.functions.encode(x, len(self.lengths)) * self.lengths)[None].to(x)

    def decode(self, parameters: Parameters, z: Tensor) -> Tensor:
        return self.functions.decode(z[0].double() / self.lengths, parameters["W_dec"].shape[2])[None].to(z)

    def sample_losses(self, parameters: Parameters, x: Tensor, weights: Tensor | None = None) -> Tensor:
        z = self.encode(parameters, x)
        return costs(x, self.decode(parameters, z), z, parameters["W_dec"].to(x), self.l1_coeff)


def _foreign(functions: Functions, world: World, price: Tensor) -> Stack:
    """A stack of one, whose dictionary is what the decoder makes of one latent each."""
    require_shape("l1_coeff", price, [(), (1,)])
    point = world.features[:1].double()
    n_latents = functions.encode(point).shape[1]
    units = torch.cat([torch.zeros(1, n_latents), torch.eye(n_latents)]).double()
    # Encoded first, because SAEs that rescale their inputs undo in the decoder what the encoder did last
    functions.encode(point.expand(len(units), -1), n_latents)
    nothing, ones = functions.decode(units, world.d_in).split([1, n_latents])
    rows = ones - nothing
    lengths = rows.norm(dim=1)
    lengths[lengths == 0] = 1.0  # a latent that writes nothing keeps its activations
    parameters = {"W_dec": (rows / lengths[:, None])[None], "b_dec": nothing}
    return Stack(Foreign(functions, lengths, price.reshape(())), parameters, (0,))
