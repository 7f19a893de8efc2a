"""Closed forms: what the objective prefers, in formulas. Each says where it comes from and what it takes for granted.

Features are orthonormal and, unless said otherwise, fire with magnitude one, so l1_coeff is in units of that magnitude.
Codes are the best ones: non-negative as in `toysae.optimum.codes`, signed only where a name or docstring says so.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from toysae.optimum.codes import radial_cost
from toysae.worlds.checks import (
    as_number,
    require,
    require_not_negative,
    require_positive,
    require_probability,
    require_whole,
)
from toysae.worlds.finite import coordinates
from toysae.worlds.world import World


def atoms_loss(m: int, l1_coeff: float) -> float:
    """Loss of a sample of m features when each has a latent of its own: m (lambda - lambda^2 / 2) for lambda <= 1.

    Derived in the chapter "Why composites win": each latent pays for its own feature.
    """
    _require_count(m)
    return m * _cost(1.0, l1_coeff)


def composite_loss(m: int, l1_coeff: float) -> float:
    """Loss of a sample of m features under one latent along their sum: sqrt(m) lambda - lambda^2 / 2.

    Derived in the chapter "Why composites win": the sample has length sqrt(m), and one latent pays for that. For lambda
    <= sqrt(m).
    """
    _require_count(m)
    return _cost(math.sqrt(m), l1_coeff)


def composite_gain(m: int, l1_coeff: float) -> float:
    """How much cheaper a sample of m features is under one composite than under m atoms, for lambda <= 1.

    Derived in the chapter "Why composites win": lambda (m - sqrt(m)) - (m - 1) lambda^2 / 2.
    """
    _require_count(m)
    require("l1_coeff", l1_coeff, 0 <= as_number(l1_coeff) <= 1, "0 to 1, the magnitude of a feature")
    return l1_coeff * (m - math.sqrt(m)) - (m - 1) * l1_coeff**2 / 2


def tilt(l1_coeff: float, p_both: float, p_alone: float) -> float:
    """Angle in radians by which the row of one of two features leans towards the other, to first order in l1_coeff.

    Derived in the chapter "Why composites win": leaning by an angle t costs t^2 / 2 when the feature fires alone and
    saves l1_coeff t when both fire, so t = l1_coeff P(both) / P(alone). p_alone is that of the feature that leans.
    """
    require_not_negative(l1_coeff=l1_coeff)
    require_positive(p_alone=p_alone)
    for name, value in {"p_both": p_both, "p_alone": p_alone}.items():
        require_probability(name, value)
    return l1_coeff * p_both / p_alone


def tilts(l1_coeff: float, p_both: float, p_parent_only: float, p_child_only: float) -> tuple[float, float]:
    """The two angles (parent's, child's) to second order: each lean takes away from the gain of both.

    Derived in the chapter "Why composites win": where r is the first-order `tilt` of a row, and t' the other row's
    angle, t = r (1 - t - 2 t').
    """
    parent = tilt(l1_coeff, p_both, p_parent_only)
    child = tilt(l1_coeff, p_both, p_child_only)
    angles = np.linalg.solve([[1 + parent, 2 * parent], [2 * child, 1 + child]], [parent, child])
    return float(angles[0]), float(angles[1])


def tilt_matrix(world: World, l1_coeff: float) -> Tensor:
    """How far each atom leans towards each other feature, to first order in l1_coeff, for any world and size.

    Derived like `tilt`. Let the row of feature i be v_i + sum_j T_ij v_j. When j is silent, x_hat errs
    along v_j by sum_i a_i T_ij; when j fires, the latents save l1_coeff sum_i a_i T_ij. So column j of T is
    l1_coeff E[a a^T 1(a_j = 0)]^-1 E[a 1(a_j > 0)], without row j.

    returns  (n_features, n_features) float64, zeros on the diagonal; T_ij is the part of row i along feature j
    raises   ValueError where a second moment cannot be inverted: there some lean costs nothing, and atoms may not last
    """
    require_not_negative(l1_coeff=l1_coeff)
    l1_coeff = float(l1_coeff)
    activations, probabilities = coordinates(world)
    fires = activations > 0
    leans = torch.zeros(world.n_features, world.n_features, dtype=torch.float64)
    for j in range(world.n_features):
        others = [i for i in range(world.n_features) if i != j]
        silent = activations[~fires[:, j]][:, others]
        moment = silent.T @ (silent * probabilities[~fires[:, j], None])
        if not len(others) or torch.linalg.eigvalsh(moment)[0] < 1e-9:
            raise ValueError(f"world has no full second moment where feature {j} is silent: allowed are worlds that do")
        leans[others, j] = l1_coeff * torch.linalg.solve(moment, (probabilities * fires[:, j]) @ activations[:, others])
    return leans


def tilt_gain(world: World, l1_coeff: float) -> float:
    """How much the leaning of `tilt_matrix` lowers the loss of the atoms, to second order in l1_coeff.

    Half of what the leans save, since the errors that they cause take the other half:
    l1_coeff sum_ij T_ij E[a_i 1(a_j > 0)] / 2.
    """
    require_not_negative(l1_coeff=l1_coeff)
    l1_coeff = float(l1_coeff)
    activations, probabilities = coordinates(world)
    saved = (activations * probabilities[:, None]).T @ (activations > 0).double()
    return float(l1_coeff * (tilt_matrix(world, l1_coeff) * saved).sum() / 2)


def crossover(l1_coeff: float) -> float:
    """P(B only) / P(A and B) below which {A, (A + B) / sqrt(2)} costs less than {A, B}.

    Derived in the chapter "Why composites win". Only these two dictionaries are compared; how often A fires alone does
    not matter, since both write it with A.

    raises  ValueError where l1_coeff is not below 1 / sqrt(2): there the composite is silent when B fires alone
    """
    fits = 0 <= as_number(l1_coeff) < math.sqrt(0.5)
    require("l1_coeff", l1_coeff, fits, "0 up to, but not including, 1 / sqrt(2)")
    gain = l1_coeff * (2 - math.sqrt(2) - l1_coeff / 2)  # when both fire
    price = 0.25 - (1 - math.sqrt(0.5)) * l1_coeff  # when B fires alone
    return gain / price


def top_eigenvector_angle(p_parent_only: float, p_both: float) -> float:
    """Angle in radians from the parent towards the child of the one latent that is best as l1_coeff -> 0.

    It is the top eigenvector of E[x x^T] = [[a + c, c], [c, c]], a = P(parent only), c = P(both), the child never alone
    (Chanin et al. 2025, "Feature hedging", arXiv 2505.11756).
    """
    for name, value in {"p_parent_only": p_parent_only, "p_both": p_both}.items():
        require_probability(name, value)
    return math.atan2(2 * p_both, p_parent_only) / 2


def _cost(length: float, l1_coeff: float) -> float:
    return float(radial_cost(torch.tensor(length, dtype=torch.float64), l1_coeff))


def _require_count(m: int) -> None:
    require_whole("m", m)
