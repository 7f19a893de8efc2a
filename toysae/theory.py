"""Closed forms: what the objective prefers, in formulas. Each says where it comes from and what it takes for granted.

Features are orthonormal and, unless said otherwise, fire with magnitude one, so l1_coeff is in units of that magnitude.
Codes are the best ones: non-negative as in `toysae.oracle`, signed only where a name or docstring says so.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

import numpy as np
import torch
from scipy.optimize import brentq, linear_sum_assignment, linprog, minimize_scalar
from torch import Tensor
from torch.nn.functional import normalize

from toysae.oracle import dictionary_loss, radial_cost, sample_losses
from toysae.worlds.catalogue import two_of_three
from toysae.worlds.finite import finite_data, quantile_grid
from toysae.worlds.firings import ExactlyK, Patterns
from toysae.worlds.world import World

JITTER_LEVELS = 100  # magnitudes per feature in the grid on which the jitter boundary is computed
SILENT = 1e-6  # activations below this share of mu are rounding: features are float32
LEAN_LEVELS = 15  # the same where rows may lean, which takes many evaluations
MOST_LEAN = 0.9  # how far they may: at 1 all rows would be parallel, or at right angles to their sum
WIDEST_JITTER = 3.0  # the largest sigma / mu at which a boundary is looked for


def atoms_loss(m: int, l1_coeff: float) -> float:
    """Loss of a sample of m features when each has a latent of its own: m (lambda - lambda^2 / 2) for lambda <= 1.

    Derived in notebook 03: each latent pays for its own feature.
    """
    _require_count(m)
    return m * _cost(1.0, l1_coeff)


def composite_loss(m: int, l1_coeff: float) -> float:
    """Loss of a sample of m features under one latent along their sum: sqrt(m) lambda - lambda^2 / 2.

    Derived in notebook 03: the sample has length sqrt(m), and one latent pays for that. For lambda <= sqrt(m).
    """
    _require_count(m)
    return _cost(math.sqrt(m), l1_coeff)


def composite_gain(m: int, l1_coeff: float) -> float:
    """How much cheaper a sample of m features is under one composite than under m atoms, for lambda <= 1.

    Derived in notebook 03: lambda (m - sqrt(m)) - (m - 1) lambda^2 / 2.
    """
    _require_count(m)
    if not 0 <= l1_coeff <= 1:
        raise ValueError(f"l1_coeff is {l1_coeff}: allowed is 0 to 1, the magnitude of a feature")
    return l1_coeff * (m - math.sqrt(m)) - (m - 1) * l1_coeff**2 / 2


def jitter_threshold_signed() -> float:
    """sigma / mu up to which composites beat atoms in two of three, for signed codes and l1_coeff -> 0.

    Derived in notebook 03: magnitudes a, b cost (a + b) / sqrt(2) + sqrt(2) |a - b| in composites and a + b in atoms,
    and E|a - b| = 2 sigma / sqrt(pi) for normal magnitudes. Their rectification at zero is left out.
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
    one_pair = World(Patterns([[1, 1, 0]], [1.0]), sigma=sigma)
    activations, probabilities = quantile_grid(one_pair, n_levels)
    both = torch.stack([one_pair.features, two_of_three().composites()])
    atoms, composites = sample_losses(activations, both, l1_coeff) @ probabilities
    return float(atoms - composites)


def jitter_boundary_small(l1_coeff: float) -> float:
    """The leading term of `jitter_boundary` for small l1_coeff: sqrt(3 (2 - sqrt(2)) l1_coeff).

    Derived in notebook 03: non-negative composites cannot write the difference a - b of two magnitudes. Of its square a
    sixth is lost, in the mean sigma^2 / 3, and the gain that this eats up is (2 - sqrt(2)) l1_coeff.
    """
    return math.sqrt(3 * (2 - math.sqrt(2)) * l1_coeff)


def leaning_boundary(l1_coeff: float) -> float:
    """sigma / mu at which leaning atoms and leaning composites of two of three cost the same, non-negative codes.

    Like `jitter_boundary`, but each side first leans as far as suits it: the atoms towards the other features, the
    composites away from the feature that they leave out (`leaning`). Derived in notebook 04. Still only dictionaries
    that treat all three features alike are compared.

    raises  ValueError where the two never cost the same for sigma up to WIDEST_JITTER times mu
    """

    def lead(sigma: float) -> float:
        atoms, composites = (best_lean(side, sigma, l1_coeff)[1] for side in (two_of_three().features, _pairs()))
        return atoms - composites

    return _boundary(lead, l1_coeff, xtol=1e-5)


def _boundary(lead: Callable[[float], float], l1_coeff: float, xtol: float) -> float:
    """The sigma / mu at which the lead of the composites over the atoms changes its sign."""
    if not 0 < l1_coeff < 1:
        raise ValueError(f"l1_coeff is {l1_coeff}: allowed is a number between 0 and 1, in units of mu")
    low, high = 1e-3 * math.sqrt(l1_coeff), WIDEST_JITTER
    if lead(low) * lead(high) > 0:
        raise ValueError(f"l1_coeff is {l1_coeff}, where one side always wins: allowed are smaller values")
    return float(brentq(lead, low, high, xtol=xtol))


def best_lean(rows: Tensor, sigma: float, l1_coeff: float) -> tuple[float, float]:
    """How far the atoms or the composites of two of three lean at best, and what they then cost.

    rows     (3, 3) zeros and ones: the features themselves, or the sums of two
    returns  the lean as in `leaning`, and the loss
    """
    points, probabilities = quantile_grid(World(Patterns([[1, 1, 0]], [1.0]), sigma=sigma), LEAN_LEVELS)

    def loss(lean: float) -> float:
        return float(sample_losses(points, leaning(rows, lean)[None], l1_coeff)[0] @ probabilities)

    found = minimize_scalar(loss, bounds=(0, MOST_LEAN), method="bounded", options={"xatol": 1e-5})
    return float(found.x), float(found.fun)


def leaning(rows: Tensor, lean: float) -> Tensor:
    """Unit rows (3, 3) in which the zeros have become `lean` for atoms, (1, e, e), or `-lean` for sums, (1, 1, -e)."""
    rows = rows.double()
    side = 1.0 if rows.sum() == 3 else -1.0
    return normalize(rows + side * lean * (1 - rows), dim=1)


def _pairs() -> Tensor:
    return 1 - torch.eye(3)


def tilt(l1_coeff: float, p_both: float, p_alone: float) -> float:
    """Angle in radians by which the row of one of two features leans towards the other, to first order in l1_coeff.

    Derived in notebook 03: leaning by an angle t costs t^2 / 2 when the feature fires alone and saves l1_coeff t when
    both fire, so t = l1_coeff P(both) / P(alone). p_alone is that of the feature that leans.
    """
    _require_positive(p_alone=p_alone)
    return l1_coeff * p_both / p_alone


def tilts(l1_coeff: float, p_both: float, p_parent_only: float, p_child_only: float) -> tuple[float, float]:
    """The two angles (parent's, child's) to second order: each lean takes away from the gain of both.

    Derived in notebook 03: where r is the first-order `tilt` of a row, and t' the other row's angle,
    t = r (1 - t - 2 t').
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
    activations, probabilities = _finite_activations(world)
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
    activations, probabilities = _finite_activations(world)
    saved = (activations * probabilities[:, None]).T @ (activations > 0).double()
    return float(l1_coeff * (tilt_matrix(world, l1_coeff) * saved).sum() / 2)


def crossover(l1_coeff: float) -> float:
    """P(B only) / P(A and B) below which {A, (A + B) / sqrt(2)} costs less than {A, B}.

    Derived in notebook 03. Only these two dictionaries are compared; how often A fires alone does not matter, since
    both write it with A.

    raises  ValueError where l1_coeff is not below 1 / sqrt(2): there the composite is silent when B fires alone
    """
    if not 0 <= l1_coeff < math.sqrt(0.5):
        raise ValueError(f"l1_coeff is {l1_coeff}: allowed is 0 up to, but not including, 1 / sqrt(2)")
    gain = l1_coeff * (2 - math.sqrt(2) - l1_coeff / 2)  # when both fire
    price = 0.25 - (1 - math.sqrt(0.5)) * l1_coeff  # when B fires alone
    return gain / price


def top_eigenvector_angle(p_parent_only: float, p_both: float) -> float:
    """Angle in radians from the parent towards the child of the one latent that is best as l1_coeff -> 0.

    It is the top eigenvector of E[x x^T] = [[a + c, c], [c, c]], a = P(parent only), c = P(both), the child never alone
    (Chanin et al. 2025, "Feature hedging", arXiv 2505.11756).
    """
    return math.atan2(2 * p_both, p_parent_only) / 2


def sharpness(world: World) -> float:
    """The smallest slope of the signed l1 norm around the true features; positive means a sharp local minimum.

    Codes are signed and reconstruct exactly. Turning the features so that the code of feature k moves by c . a changes
    E||z||_1, per unit of largest |c_j|, by at least this much: the minimum over k and c, with c_k = 0, of
    E[|c . a| 1(a_k = 0)] - c . E[a 1(a_k > 0)] (Gribonval & Schnass 2010; Wang, Wu & Yu 2019, arXiv 1902.08380).

    Two features: positive iff P(both) < P(A only) and P(both) < P(B only). Exactly k of n: iff n > 2 k - 1, zero at
    equality. Independent features: iff every rate is below one half.
    """
    activations, probabilities = (part.numpy() for part in _finite_activations(world))
    return min(_flattest(activations, probabilities, k) for k in range(world.n_features))


def sharp_local_minimum(world: World, tolerance: float = 1e-6) -> str:
    """Whether the true features are a sharp local minimum of the signed l1 norm: "yes", "no" or "on the boundary".

    tolerance  slopes (`sharpness`) from -tolerance to tolerance count as zero
    """
    _require_positive(tolerance=tolerance)
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
    activations, probabilities = _finite_activations(world)
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

    Derived in notebook 03: its rows are the sum of all features divided by k, minus one feature. They are orthonormal,
    and any k of them add up to the other k features. So without spread in the magnitudes no loss that only sees the
    data can tell which of the two bases is the true one.

    raises  ValueError where the world is not exactly k of 2 k
    """
    if not isinstance(world.firing, ExactlyK) or world.n_features != 2 * world.firing.k:
        raise ValueError(f"world has the firing {world.firing}: allowed is exactly k of n_features = 2 k")
    world.require_orthonormal()
    features = world.features.double()
    return features.sum(dim=0) * 2 / world.n_features - features


def path_dictionaries(world: World, t: Tensor) -> Tensor:
    """Dictionaries on the straight path from features (t = 0) to composites (t = 1), rows made unit again.

    t        (n_steps,) from 0 to 1
    returns  (n_steps, n_features, d_in) float64; each feature moves to a composite it is part of, as near as can be
    raises   ValueError where a world has not as many composites as features
    """
    features, composites = world.features.double(), world.composites().double()
    if len(composites) != len(features):
        raise ValueError(
            f"world has {len(features)} features and {len(composites)} composites: allowed are equally many of both"
        )
    _, partner = linear_sum_assignment((features @ composites.T).numpy(), maximize=True)
    share = t.double().reshape(-1, 1, 1)
    return normalize((1 - share) * features + share * composites[torch.from_numpy(partner)], dim=2)


def path_losses(world: World, l1_coeff: float, t: Tensor) -> Tensor:
    """Exact loss of every dictionary of `path_dictionaries`, (n_steps,) float64."""
    return dictionary_loss(path_dictionaries(world, t), world, l1_coeff)


def _finite_activations(world: World) -> tuple[Tensor, Tensor]:
    """Feature activations (n_points, n_features) of the finite data, and probabilities; rounding is taken off."""
    world.require_orthonormal()
    points, probabilities = finite_data(world)
    activations = points @ world.features.double().T
    return torch.where(activations > SILENT * world.mu, activations, 0), probabilities


def _cost(length: float, l1_coeff: float) -> float:
    return float(radial_cost(torch.tensor(length, dtype=torch.float64), l1_coeff))


def _require_count(m: int) -> None:
    if m < 1:
        raise ValueError(f"m is {m}: allowed is a whole number of 1 or more")


def _require_positive(**values: float) -> None:
    for name, value in values.items():
        if not value > 0:
            raise ValueError(f"{name} is {value}: allowed is a number > 0")
