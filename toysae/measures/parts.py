"""Stacks cut so that what is counted fits into memory, and results put together again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any, TypeVar

import torch

from toysae.saes.stack import Stack

ASSESSED_NUMBERS = 2**24  # latent activations that are held in memory at once

Counted = TypeVar("Counted")


def parts_in_memory(stack: Stack, n_points: int) -> list[Stack]:
    """The stack in float64, cut so that the activations of a part on all points fit into memory."""
    size = max(1, ASSESSED_NUMBERS // (n_points * max(stack.W_dec.shape[1:])))
    return [stack[i : i + size].double() for i in range(0, len(stack), size)]


def concatenated(parts: Sequence[Counted], **given: Any) -> Counted:
    """Dataclasses of tensors joined along their first axis, field by field; given fields are taken as they are."""
    first: Any = parts[0]
    values = {f.name: [getattr(part, f.name) for part in parts] for f in fields(first) if f.name not in given}
    return replace(first, **{name: torch.cat(tensors) for name, tensors in values.items()}, **given)
