"""Checks of arguments: one clear line that names the argument, its value and what is allowed."""

from __future__ import annotations

import math
import reprlib
from collections.abc import Iterable, Sequence
from numbers import Integral, Real
from typing import Any

import numpy as np
import torch
from torch import Tensor

Numbers = Sequence[float] | np.ndarray | Tensor  # a list of numbers, however it comes

ROUNDING = 1e-9  # probabilities below this are what is left of sums that should be one
SUM_TOLERANCE = 1e-4  # within which probabilities in float32 sum to one
UNIT_TOLERANCE = 1e-3  # within which a row has length one
MOST_FEATURES = 2**16  # more features, dimensions, latents or SAEs than this is a slip of the keyboard
MOST_NUMBERS = 2**28  # in one tensor: a gigabyte in float32
LARGEST_SEED = 2**62  # twice a seed, and one, must fit into 64 bits
SHORT = 80  # characters of a value that a message shows

_brief = reprlib.Repr()
_brief.maxlist = _brief.maxtuple = 8
_brief.maxother = _brief.maxstring = SHORT


def shown(value: object) -> str:
    """A value as a message shows it: on one line, and shortened where it is long."""
    if isinstance(value, Integral) and abs(int(value)).bit_length() > SHORT:
        return f"about 10^{int(abs(int(value)).bit_length() * math.log10(2))}"  # Python refuses to write long ones out
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, Tensor | np.ndarray):
        few = math.prod(value.shape) <= 2 * _brief.maxlist and value.ndim <= 2
        value = value.tolist() if few else f"numbers of shape {tuple(value.shape)}"
    text = value if isinstance(value, str) else _brief.repr(value)
    text = " ".join(text.split())
    return text if len(text) <= 2 * SHORT else f"{text[: 2 * SHORT]}..."


def require(name: str, value: object, holds: bool, allowed: str) -> None:
    """raises ValueError that names an argument, its value and what is allowed, unless it holds."""
    if not holds:
        raise ValueError(f"{name} is {shown(value)}: allowed is {allowed}")


# ---- one number


def is_whole(value: object) -> bool:
    """Whether it is a whole number; True and False are none."""
    return isinstance(value, Integral) and not isinstance(value, bool)


def as_number(value: object) -> float:
    """The value as a float; not a number where it is none, as True and False are."""
    if isinstance(value, Tensor | np.ndarray) and value.ndim == 0:
        value = value.item()
    if isinstance(value, bool) or not isinstance(value, Real):
        return math.nan
    try:
        return float(value)
    except OverflowError:
        return math.inf


def require_whole(name: str, value: object, least: int = 1, most: int | None = None, what: str = "") -> None:
    """raises ValueError unless it is a whole number from least to most; `what` says which number most is."""
    fits = (
        isinstance(value, Integral) and is_whole(value) and least <= int(value) <= (math.inf if most is None else most)
    )
    most_is = f"{what} = {most}" if what else f"{most}"
    allowed = f"a whole number of {least} or more" if most is None else f"a whole number from {least} to {most_is}"
    require(name, value, fits, allowed)


def require_count(**values: object) -> None:
    """raises ValueError for the first that cannot be a number of features, dimensions, latents or SAEs."""
    for name, value in values.items():
        require_whole(name, value, 1, MOST_FEATURES)


def require_size(name: str, *shape: int) -> None:
    """raises ValueError where a tensor of this shape would not fit into memory."""
    holds = math.prod(shape) <= MOST_NUMBERS
    require(f"the shape of {name}", tuple(shape), holds, f"at most {MOST_NUMBERS} numbers in all")


def require_finite(name: str, value: object) -> None:
    """raises ValueError unless it is a finite number."""
    require(name, value, math.isfinite(as_number(value)), "a finite number")


def require_positive(**values: object) -> None:
    """raises ValueError for the first of these values that is not a finite number above zero."""
    for name, value in values.items():
        number = as_number(value)
        require(name, value, math.isfinite(number) and number > 0, "a finite number > 0")


def require_not_negative(**values: object) -> None:
    """raises ValueError for the first of these values that is not a finite number of zero or more."""
    for name, value in values.items():
        number = as_number(value)
        require(name, value, math.isfinite(number) and number >= 0, "a finite number >= 0")


def require_probability(name: str, value: object) -> None:
    """raises ValueError unless the value is a probability."""
    require(name, value, 0 <= as_number(value) <= 1, "a number from 0 to 1")


def require_switch(**values: object) -> None:
    """raises ValueError for the first of these values that is neither True nor False."""
    for name, value in values.items():
        require(name, value, isinstance(value, bool | np.bool_), "True or False")


# ---- many numbers


def numbers(name: str, values: Any, allowed: str, dtype: torch.dtype = torch.float64) -> Tensor:
    """The values as a tensor; raises ValueError where they are no numbers, as texts, None and True are not."""
    given = None
    try:
        flat = values if isinstance(values, list | tuple) else ()
        if not any(isinstance(value, bool | str) for value in flat):
            given = torch.as_tensor(values)
            if given.dtype != torch.bool and not given.is_complex():
                # Not from `given`: a list is read anew, so that no digits are lost
                return given.to(dtype) if isinstance(values, Tensor) else torch.as_tensor(values, dtype=dtype)
    except (TypeError, ValueError, RuntimeError, OverflowError):
        given = None
    raise ValueError(f"{name} is {shown(values)}: allowed is {allowed}") from None


def zeros_and_ones(name: str, values: Any, allowed: str) -> Tensor:
    """The values as bool; raises ValueError where they hold anything but zeros and ones, or True and False."""
    given = values
    if isinstance(values, Tensor) and values.dtype == torch.bool:
        return values
    if isinstance(values, list | tuple | np.ndarray):
        given = [int(value) if isinstance(value, bool | np.bool_) else value for value in values]
    found = numbers(name, given, allowed)
    require(name, found, bool(((found == 0) | (found == 1)).all()), allowed)
    return found.bool()


def rows_of_numbers(name: str, values: Any, allowed: str) -> Tensor:
    """The values (tensor, array or nested lists) in their own precision, float32 where they have none; all finite."""
    found = numbers(name, values, allowed, torch.float64)
    if isinstance(values, Tensor):
        found = values if values.is_floating_point() else values.float()
    elif not (isinstance(values, np.ndarray) and values.dtype == np.float64):
        found = found.float()
    require_precision(name, found)
    require_all_finite(name, found)
    return found


def require_all_finite(name: str, values: Tensor) -> None:
    """raises ValueError unless all of these numbers are finite."""
    if not torch.isfinite(values).all():
        first = values[~torch.isfinite(values)][0].item()
        raise ValueError(f"{name} holds {first}: allowed are finite numbers")


def probability_list(name: str, values: Numbers) -> Tensor:
    """The values as float64 (n,); raises ValueError unless they are probabilities."""
    rates = numbers(name, values, "a list of numbers from 0 to 1")
    fits = rates.ndim == 1 and len(rates) > 0 and bool(((rates >= 0) & (rates <= 1)).all())
    require(name, rates, fits, "a list of numbers from 0 to 1")
    require_count(**{f"the length of {name}": len(rates)})
    return rates


def require_at_most_one(name: str, total: float) -> None:
    require(f"the sum of {name}", total, total <= 1 + ROUNDING, "at most 1, since at most one of them fires")


def require_weights(name: str, weights: object, *shapes: tuple[int, ...]) -> None:
    """raises ValueError unless these are probabilities of samples, of one of these shapes, that sum to one."""
    require(name, weights, isinstance(weights, Tensor) and not weights.is_complex(), "a tensor of probabilities")
    assert isinstance(weights, Tensor)
    shape = tuple(weights.shape)
    require(f"the shape of {name}", shape, shape in shapes, " or ".join(map(str, shapes)))
    sums = weights.double().sum(dim=-1)
    fits = bool((weights >= 0).all()) and bool(((sums - 1).abs() <= SUM_TOLERANCE).all())
    require(name, weights, fits, "numbers >= 0 that sum to 1")


# ---- what is handed over


def require_points(name: str, x: object, d_in: int) -> None:
    """raises ValueError unless these are data points (n_samples, d_in): finite, in float32 or float64."""
    require_tensor(name, x, "n_samples+ d_in", d_in=d_in)


def require_axes(name: str, value: object, axes: str, **lengths: int) -> None:
    """raises ValueError unless this is a tensor with these axes.

    axes     their names, as in "... n_latents d_in": dots stand for any axes, a plus behind a name for at least one
    lengths  of those axes whose length is known
    """
    words = axes.replace("+", "").split()
    told = ", ".join(f"{word} = {lengths[word]}" if word in lengths else word for word in words)
    allowed = f"({told}{',' * (words != ['...'] and len(words) == 1)})"
    require(name, value, isinstance(value, Tensor), f"a tensor {allowed}")
    assert isinstance(value, Tensor)
    ends = words[1:] if words[:1] == ["..."] else words
    fits = value.ndim >= len(ends) if words != ends else value.ndim == len(ends)
    for word, length in zip(ends, value.shape[value.ndim - len(ends) :], strict=True) if fits else ():
        fits &= lengths[word] == length if word in lengths else length >= (f"{word}+" in axes)
    require(f"the shape of {name}", tuple(value.shape), fits, allowed + ", one or more of each" * ("+" in axes))


def require_tensor(name: str, value: Any, axes: str, **lengths: int) -> None:
    """raises ValueError unless this is a tensor of finite numbers, in float32 or float64, with these axes."""
    require_axes(name, value, axes, **lengths)
    require_precision(name, value)
    require_all_finite(name, value)


def require_precision(name: str, values: Tensor) -> None:
    """raises ValueError unless these are float32 or float64: in half of that, training ends in no numbers."""
    holds = values.dtype in (torch.float32, torch.float64)
    require(f"the precision of {name}", str(values.dtype), holds, "float32 or float64")


def require_one_or_each(name: str, values: Tensor, n_saes: int) -> None:
    """raises ValueError unless this is one number for all SAEs, or one per SAE."""
    shape = tuple(values.shape)
    require(f"the shape of {name}", shape, shape in ((), (n_saes,)), f"() or (n_saes,) with n_saes = {n_saes}")


def require_rows(name: str, rows: object, n_saes: int) -> None:
    """raises ValueError unless these are unit rows (n_saes, n_latents, d_in) in float32 or float64."""
    require(name, rows, isinstance(rows, Tensor), f"a tensor (n_saes = {n_saes}, n_latents, d_in)")
    assert isinstance(rows, Tensor)
    if rows.ndim != 3 or len(rows) != n_saes or not rows.numel():
        raise ValueError(f"{name} has shape {tuple(rows.shape)}: allowed is (n_saes = {n_saes}, n_latents, d_in)")
    require_precision(name, rows)
    require_all_finite(name, rows)
    lengths = rows.norm(dim=2)
    furthest = lengths.flatten()[(lengths - 1).abs().argmax()].item()
    require(f"the length of a row of {name}", furthest, abs(furthest - 1) <= UNIT_TOLERANCE, "1: unit rows")


def require_generator(generator: object) -> None:
    """raises ValueError unless this can be drawn from: what None draws is other each time."""
    holds = isinstance(generator, torch.Generator)
    require("generator", generator, holds, "a torch.Generator, such as torch.Generator()")


def require_draw(n: object, n_features: int, generator: object) -> None:
    """raises ValueError unless n samples of so many features can be drawn from this generator."""
    require_whole("n", n, 0, MOST_NUMBERS // max(1, n_features))
    require_generator(generator)


def require_seeds(seeds: Any) -> None:
    """raises ValueError unless these are seeds, one per SAE: whole numbers of 0 or more."""
    allowed = f"1 to {MOST_FEATURES} whole numbers of 0 or more"
    listed = isinstance(seeds, Sequence) and not isinstance(seeds, str | bytes) and 0 < len(seeds) <= MOST_FEATURES
    require("seeds", seeds, listed, allowed)
    for seed in seeds:
        require_seed("one of seeds", seed)


def require_seed(name: str, seed: object) -> None:
    """raises ValueError unless this is a seed."""
    require_whole(name, seed, 0, LARGEST_SEED)


def require_positions(name: str, positions: object, n: int) -> None:
    """raises ValueError unless all of these are positions from 0 to n - 1."""
    listed = isinstance(positions, Iterable) and not isinstance(positions, str | dict | Tensor)
    require(name, positions, listed, "a list of positions, such as [0, 2]")
    assert isinstance(positions, Iterable)
    for position in positions:
        require_whole(f"one of {name}", position, 0, n - 1)
