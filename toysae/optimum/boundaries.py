"""Boundaries: how much the magnitudes may vary before the composites of "two of three" cost more than the atoms.

Codes are the best ones: non-negative as in `toysae.optimum.codes`, signed only where a name or docstring says so.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from scipy.optimize import brentq, minimize_scalar
from torch import Tensor
from torch.nn.functional import normalize

from toysae.optimum.codes import sample_losses
from toysae.worlds.checks import as_number, require, require_not_negative, require_tensor
from toysae.worlds.finite import quantile_grid
from toysae.worlds.firings import Patterns
from toysae.worlds.named_worlds import two_of_three
from toysae.worlds.world import World

JITTER_LEVELS = 100  # magnitudes per feature in the grid on which the jitter boundary is computed
LEAN_LEVELS = 15  # the same where rows may lean, which takes many evaluations
MOST_LEAN = 0.9  # how far they may: at 1 all rows would be parallel, or at right angles to their sum
WIDEST_JITTER = 3.0  # the largest sigma / mu at which a boundary is looked for


def jitter_threshold_signed() -> float:
    """sigma / mu up to which composites beat atoms in two of three, for signed codes and l1_coeff -> 0.

    Derived in the chapter "Why composites win": magnitudes a, b cost (a + b) / sqrt(2) + sqrt(2) |a - b| in composites
    and a + b in atoms, and E|a - b| = 2 sigma / sqrt(pi) for normal magnitudes. Their rectification at zero is left
    out.
    """
    return (1 - 1 / math.sqrt(2)) * math.sqrt(math.pi / 2)


def jitter_boundary(l1_coeff: float, *, n_levels: int = JITTER_LEVELS) -> float:
    """sigma / mu at which the atoms and the composites of two of three cost the same, non-negative codes.

    Only these two pure dictionaries are compared; the best dictionary may be a third. Computed on a grid of n_levels
    magnitudes per feature, by root finding. Composites win below.

    l1_coeff  in units of mu
    raises    ValueError where the two never cost the same for sigma up to WIDEST_JITTER times mu
    """
    return _boundary(lambda sigma: composites_lead(sigma, l1_coeff, n_levels), l1_coeff, xtol=1e-6)


def composites_lead(sigma: float, l1_coeff: float, n_levels: int = JITTER_LEVELS) -> float:
    """Loss of the atoms minus that of the composites of two of three, for magnitudes of mean one before rectification.

    All three pairs cost the same, so one of them is enough.
    """
    require_not_negative(l1_coeff=l1_coeff)
    one_pair = World(Patterns([[1, 1, 0]], [1.0]), sigma=sigma)
    activations, probabilities = quantile_grid(one_pair, n_levels)
    both = torch.stack([one_pair.features, two_of_three().composites()])
    atoms, composites = sample_losses(activations, both, l1_coeff) @ probabilities
    return float(atoms - composites)


def jitter_boundary_small(l1_coeff: float) -> float:
    """The leading term of `jitter_boundary` for small l1_coeff: sqrt(3 (2 - sqrt(2)) l1_coeff).

    Derived in the chapter "Why composites win": non-negative composites cannot write the difference a - b of two
    magnitudes. Of its square a sixth is lost, in the mean sigma^2 / 3, and the gain that this eats up is (2 - sqrt(2))
    l1_coeff.
    """
    require_not_negative(l1_coeff=l1_coeff)
    return math.sqrt(3 * (2 - math.sqrt(2)) * l1_coeff)


def leaning_boundary(l1_coeff: float) -> float:
    """sigma / mu at which leaning atoms and leaning composites of two of three cost the same, non-negative codes.

    Like `jitter_boundary`, but each side first leans as far as suits it: the atoms towards the other features, the
    composites away from the feature that they leave out (`leaning`). Derived in the chapter "When they win". Still only
    dictionaries that treat all three features alike are compared.

    raises  ValueError where the two never cost the same for sigma up to WIDEST_JITTER times mu
    """

    def lead(sigma: float) -> float:
        atoms, composites = (best_lean(side, sigma, l1_coeff)[1] for side in (two_of_three().features, _pairs()))
        return atoms - composites

    return _boundary(lead, l1_coeff, xtol=1e-5)


def _boundary(lead: Callable[[float], float], l1_coeff: float, xtol: float) -> float:
    """The sigma / mu at which the lead of the composites over the atoms changes its sign."""
    require("l1_coeff", l1_coeff, 0 < as_number(l1_coeff) < 1, "a number between 0 and 1, in units of mu")
    low, high = 1e-3 * math.sqrt(l1_coeff), WIDEST_JITTER
    if lead(low) * lead(high) > 0:
        raise ValueError(f"l1_coeff is {l1_coeff}, where one side always wins: allowed are smaller values")
    return float(brentq(lead, low, high, xtol=xtol))


def best_lean(rows: Tensor, sigma: float, l1_coeff: float) -> tuple[float, float]:
    """How far the atoms or the composites of two of three lean at best, and what they then cost.

    rows     (3, 3) zeros and ones: the features themselves, or the sums of two
    returns  the lean as in `leaning`, and the loss
    """
    require_tensor("rows", rows, "three three", three=3)
    require_not_negative(l1_coeff=l1_coeff)
    points, probabilities = quantile_grid(World(Patterns([[1, 1, 0]], [1.0]), sigma=sigma), LEAN_LEVELS)

    def loss(lean: float) -> float:
        return float(sample_losses(points, leaning(rows, lean)[None], l1_coeff)[0] @ probabilities)

    found = minimize_scalar(loss, bounds=(0, MOST_LEAN), method="bounded", options={"xatol": 1e-5})
    return float(found.x), float(found.fun)


def leaning(rows: Tensor, lean: float) -> Tensor:
    """Unit rows (3, 3) in which the zeros have become `lean` for atoms, (1, e, e), or `-lean` for sums, (1, 1, -e)."""
    require_tensor("rows", rows, "three three", three=3)
    require("lean", lean, 0 <= as_number(lean) < 1, "a number from 0 to below 1")
    rows = rows.double()
    side = 1.0 if rows.sum() == 3 else -1.0
    return normalize(rows + side * lean * (1 - rows), dim=1)


def _pairs() -> Tensor:
    return 1 - torch.eye(3)
