"""Stacks in the middle of nowhere, in float64: what SAELens is asked about."""

import torch
from torch.nn.functional import normalize

from toysae.saes.stack import untrained

N_LATENTS, D_IN, N_SAMPLES = 7, 5, 60
SEEDS = (0, 1)


def random_stack(model, decoder_bias=True, tied=False):
    """Two SAEs of unit decoder rows; everything else is random."""
    generator = torch.Generator().manual_seed(3)
    rows = torch.randn(len(SEEDS), N_LATENTS, D_IN, generator=generator)
    stack = untrained(model, normalize(rows, dim=2), SEEDS, decoder_bias=decoder_bias, tied=tied).double()
    for value in stack.parameters.values():
        value += 0.3 * torch.randn(value.shape, generator=generator).double()
    stack.parameters["W_dec"].copy_(normalize(stack.W_dec, dim=2))
    return stack


def random_points():
    return torch.randn(N_SAMPLES, D_IN, generator=torch.Generator().manual_seed(4)).double()
