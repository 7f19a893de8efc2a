"""Directions of features: at right angles, or more of them than dimensions."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import normalize

from toysae.worlds.checks import require, require_count, require_generator, require_size, require_tensor, require_whole

MOST_STEPS = 100_000  # of repulsion: more would not end


def random_rotation(n_features: int, d_in: int, generator: torch.Generator) -> Tensor:
    """Orthonormal feature directions drawn uniformly at random, (n_features, d_in); needs d_in >= n_features."""
    require_count(n_features=n_features, d_in=d_in)
    require("d_in", d_in, d_in >= n_features, f"n_features = {n_features} or more")
    require_size("the rotation", n_features, d_in)
    require_generator(generator)
    gaussian = torch.randn(d_in, n_features, generator=generator, dtype=torch.float64)
    q, r = torch.linalg.qr(gaussian)
    return (q * r.diagonal().sign()).T.float()


def unit_directions(n_features: int, d_in: int, generator: torch.Generator, n_steps: int = 0) -> Tensor:
    """Unit rows (n_features, d_in) drawn uniformly at random: features in superposition where n_features > d_in.

    n_steps  steps of mutual repulsion, which lower the sum of the fourth powers of the cosines. The more, the smaller
             the largest cosine; `coherence` says what is achieved

    Where n_features <= d_in, `random_rotation` gives exact right angles. Where not, no choice of directions has a
    coherence below sqrt((n_features - d_in) / (d_in (n_features - 1))) (Welch 1974, "Lower bounds on the maximum cross
    correlation of signals"). sae_lens.synthetic lowers the sum of squares, which hardly moves the largest cosine.
    """
    require_count(n_features=n_features, d_in=d_in)
    require_size("the directions", n_features, d_in)
    require_whole("n_steps", n_steps, 0, MOST_STEPS)
    require_generator(generator)
    rows = normalize(torch.randn(n_features, d_in, generator=generator, dtype=torch.float64), dim=1)
    for _ in range(n_steps):
        cosines = rows @ rows.T
        steepest = torch.linalg.matrix_norm(cosines.square(), ord=2)  # of the forces; half of it makes no step too long
        rows = normalize(rows - cosines.pow(3).fill_diagonal_(0) @ rows / (2 * steepest), dim=1)
    return rows.float()


def coherence(features: Tensor) -> float:
    """The largest absolute cosine between two different rows (n_features, d_in); zero for a single one."""
    return largest_cosines(features).max().item()


def largest_cosines(features: Tensor) -> Tensor:
    """The largest absolute cosine of each row (n_features, d_in) with another one, float64 (n_features,)."""
    require_tensor("features", features, "n_features+ d_in+")
    rows = normalize(features.double(), dim=1)
    return (rows @ rows.T).fill_diagonal_(0).abs().amax(dim=1)
