"""Stacks cut so that what is counted fits into memory, and results put together again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any, TypeVar

import torch

from toysae.saes.stack import Stack, require_stack
from toysae.worlds.checks import require, require_whole
from toysae.worlds.world import World

ASSESSED_NUMBERS = 2**24  # latent activations that are held in memory at once

Counted = TypeVar("Counted")


def parts_in_memory(stack: Stack, n_points: int) -> list[Stack]:
    """The stack in float64, cut so that the activations of a part on all points fit into memory."""
    require_stack(stack)
    require_whole("n_points", n_points)
    size = max(1, ASSESSED_NUMBERS // (n_points * max(stack.W_dec.shape[1:])))
    return [stack[i : i + size].double() for i in range(0, len(stack), size)]


def require_width(stack: Stack, world: World) -> None:
    """raises ValueError unless this is a stack for the points of this world."""
    require_stack(stack)
    shape = tuple(stack.W_dec.shape)
    require("the shape of W_dec", shape, shape[-1] == world.d_in, f"(..., d_in = {world.d_in})")


def concatenated(parts: Sequence[Counted], **given: Any) -> Counted:
    """Dataclasses of tensors joined along their first axis, field by field; given fields are taken as they are."""
    listed = isinstance(parts, Sequence) and not isinstance(parts, str) and len(parts) > 0
    require("parts", parts, listed, "a list of one or more")
    first: Any = parts[0]
    values = {f.name: [getattr(part, f.name) for part in parts] for f in fields(first) if f.name not in given}
    return replace(first, **{name: torch.cat(tensors) for name, tensors in values.items()}, **given)
