"""Stacks that are trained side by side, and SAEs put together from two."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from toysae.saes.stack import Stack


def side_by_side(stacks: Sequence[Stack]) -> Stack:
    """One stack that holds the SAEs of all, in their order: it trains as they would, in less time.

    Their shapes and their one price must be the same; the model is that of the first.
    """
    parameters = {name: torch.cat([stack.parameters[name] for stack in stacks]) for name in stacks[0].parameters}
    return Stack(stacks[0].model, parameters, tuple(seed for stack in stacks for seed in stack.seeds))


def with_encoder_of(stack: Stack, other: Stack) -> Stack:
    """The dictionaries of one stack with the encoders of another, SAE by SAE."""
    encoders = {name: other.parameters[name] for name in ("W_enc", "b_enc")}
    return Stack(stack.model, stack.parameters | encoders, stack.seeds)
