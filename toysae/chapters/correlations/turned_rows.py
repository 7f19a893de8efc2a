"""Two sets of features in one plane: what a dictionary of four rows at right angles costs, whichever way it is turned.

The world is `named_worlds.antipodal_plane`: x = +-a e1 +- b e2 with fair signs, a and b the magnitudes of the two sets.
Four rows at right angles write every x exactly. As the price vanishes only the sum of activations counts, which is
a + b for rows along the axes, and |a + b| / sqrt 2 + |a - b| / sqrt 2 = sqrt 2 max(a, b) for rows along the diagonals.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

ALONE = 0.5  # mean of the magnitude of a feature that fires by itself, where that of two is 1


def cross(angle: Tensor) -> Tensor:
    """Four unit rows at right angles, turned by these angles in radians: (...,) becomes (..., 4, 2).

    Angle zero is the features themselves, a quarter of pi the composites.
    """
    east = torch.stack([angle.cos(), angle.sin()], dim=-1)
    north = torch.stack([-angle.sin(), angle.cos()], dim=-1)
    return torch.stack([east, north, -east, -north], dim=-2)


def angle_from_feature(rows: Tensor) -> Tensor:
    """By how many degrees each row (..., 2) is turned from the feature below it, from 0 to 90; 45 is a composite."""
    return torch.atan2(rows[..., 1], rows[..., 0]).rad2deg() % 90


def mean_difference(correlation: float) -> float:
    """E|a - b| for magnitudes a = u and b = (1 - f) u' + f u, with u and u' uniform: (1 - f) E|u - u'|, a third of it.

    correlation  f from 0 to 1, as in magnitudes.CorrelatedUniform
    """
    return (1 - correlation) / 3


def diagonal_gain(correlation: float) -> float:
    """Which share of the axes' price the diagonals save as the price vanishes; negative where they cost more.

    E max(a, b) = (E[a + b] + E|a - b|) / 2 with E[a + b] = 1, so the gain is 1 - (1 + E|a - b|) / sqrt 2: positive for
    every f, since E|a - b| <= 1/3 < sqrt 2 - 1.
    """
    return 1 - (1 + mean_difference(correlation)) / math.sqrt(2)


def alone_boundary(correlation: float) -> float:
    """How often a feature must fire by itself before the axes cost less than the diagonals, as the price vanishes.

    A feature alone, of mean magnitude 1/2, costs the axes 1/2 and the diagonals sqrt 2 / 2. The share p at which both
    cost the same solves (1 - p) gain = p (sqrt 2 - 1) / 2.
    """
    gain, loss = diagonal_gain(correlation), ALONE * (math.sqrt(2) - 1)
    return gain / (gain + loss)
