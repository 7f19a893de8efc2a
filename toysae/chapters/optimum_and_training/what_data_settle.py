"""Which features the data settle: where these are a sharp minimum, and where a mirror image costs the same."""

from __future__ import annotations

import itertools
import math

import numpy as np
import torch
from scipy.optimize import linprog
from torch import Tensor
from torch.nn.functional import normalize

from toysae.worlds.checks import require, require_positive
from toysae.worlds.finite import coordinates
from toysae.worlds.firings import ExactlyK
from toysae.worlds.world import World

MOST_SLOPES = 10**7  # linear programmes of `sharpness`, times data points: with more it does not end


def sharpness(world: World) -> float:
    """The smallest slope of the signed l1 norm around the true features; positive means a sharp local minimum.

    Codes are signed and reconstruct exactly. Turning the features so that the code of feature k moves by c . a changes
    E||z||_1, per unit of largest |c_j|, by at least this much: the minimum over k and c, with c_k = 0, of
    E[|c . a| 1(a_k = 0)] - c . E[a 1(a_k > 0)] (Gribonval & Schnass 2010; Wang, Wu & Yu 2019, arXiv 1902.08380).

    Two features: positive iff P(both) < P(A only) and P(both) < P(B only). Exactly k of n: iff n > 2 k - 1, zero at
    equality. Independent features: iff every rate is below one half.
    """
    activations, probabilities = (part.numpy() for part in coordinates(world))
    n_programmes = 2 * world.n_features * (world.n_features - 1)
    size = n_programmes * len(activations)
    require(
        "n_features", world.n_features, size <= MOST_SLOPES, f"at most {MOST_SLOPES} linear programmes times points"
    )
    return min(_flattest(activations, probabilities, k) for k in range(world.n_features))


def sharp_local_minimum(world: World, tolerance: float = 1e-6) -> str:
    """Whether the true features are a sharp local minimum of the signed l1 norm: "yes", "no" or "on the boundary".

    tolerance  slopes (`sharpness`) from -tolerance to tolerance count as zero
    """
    require_positive(tolerance=tolerance)
    slope = sharpness(world)
    if abs(slope) <= tolerance:
        return "on the boundary"
    return "yes" if slope > 0 else "no"


def signed_growth(world: World, turns: Tensor, angle: float) -> Tensor:
    """How fast E||z||_1 grows when the features turn, signed codes and exact reconstruction, without any formula.

    turns    (n_turns, n_features, n_features): feature i moves by angle * turns[., i, j] along feature j
    angle    how far they turn, in radians; rows are made unit again
    returns  (n_turns,) growth per radian, float64
    """
    activations, probabilities = coordinates(world)
    rows = normalize(torch.eye(world.n_features) + angle * turns.double(), dim=2)
    z = torch.linalg.solve(rows.transpose(1, 2), activations.T.expand(len(rows), -1, -1))
    return (z.abs().sum(dim=1) - activations.sum(dim=1)) @ probabilities / angle


def growth_by_turning(world: World, angle: float = 1e-4) -> float:
    """The smallest `signed_growth` when rows turn towards one feature, each by plus, minus or nothing.

    It tests `sharpness`, whose minimum lies at such a turn where all other features are alike.
    """
    n = world.n_features
    signs = torch.tensor([c for c in itertools.product([-1.0, 0.0, 1.0], repeat=n - 1) if any(c)]).double()
    towards = [torch.cat([signs[:, :k], torch.zeros(len(signs), 1), signs[:, k:]], dim=1) for k in range(n)]
    turns = torch.cat([column[:, :, None] * torch.eye(n)[k] for k, column in enumerate(towards)])
    return float(signed_growth(world, turns, angle).min())


def _flattest(activations: np.ndarray, probabilities: np.ndarray, k: int) -> float:
    """The smallest slope for the code of feature k, over all c with largest |c_j| = 1: two linear programmes per j."""
    others = np.delete(activations, k, axis=1)
    fires = activations[:, k] > 0
    drift = (probabilities * fires) @ others
    silent, weights = others[~fires], probabilities[~fires]
    slopes = [_lowest_slope(silent, weights, drift, j, side) for j in range(others.shape[1]) for side in (-1.0, 1.0)]
    return min(slopes, default=math.inf)


def _lowest_slope(silent: np.ndarray, weights: np.ndarray, drift: np.ndarray, j: int, side: float) -> float:
    """Minimum of weights . |silent c| - drift . c over c in the cube with c_j = side.

    The absolute values become variables u >= silent c, u >= -silent c.
    """
    n_samples, n_others = silent.shape
    identity = np.eye(n_samples)
    limits = np.block([[silent, -identity], [-silent, -identity]])
    cube = [(-1.0, 1.0)] * n_others
    cube[j] = (side, side)
    found = linprog(
        np.concatenate([-drift, weights]),
        A_ub=limits if n_samples else None,
        b_ub=np.zeros(2 * n_samples) if n_samples else None,
        bounds=cube + [(0, None)] * n_samples,
        method="highs",
    )
    return float(found.fun)


def mirrored_features(world: World) -> Tensor:
    """The other basis in which exactly k of 2 k features look just the same, (n_features, d_in) float64.

    Derived in the study "The optimum and training": its rows are the sum of all features divided by k, minus one
    feature. They are orthonormal, and any k of them add up to the other k features. So without spread in the magnitudes
    no loss that only sees the data can tell which of the two bases is the true one.

    raises  ValueError where the world is not exactly k of 2 k
    """
    if not isinstance(world.firing, ExactlyK) or world.n_features != 2 * world.firing.k:
        raise ValueError(f"world has the firing {world.firing}: allowed is exactly k of n_features = 2 k")
    world.require_orthonormal()
    features = world.features.double()
    return features.sum(dim=0) * 2 / world.n_features - features
