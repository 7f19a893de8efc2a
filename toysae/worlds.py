"""Worlds: which features fire together, how often, and how strongly.

A world is the source of the toy data. It holds three things: a *firing*, which says who fires with whom
(`toysae.firings`); the feature directions; and the magnitude of a feature when it fires (`toysae.magnitudes`), unless
said otherwise max(0, mu + sigma * standard normal).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from functools import cached_property

import torch
from torch import Tensor
from torch.nn.functional import normalize

from toysae.copula import GaussianCopula
from toysae.firings import (
    ExactlyK,
    Firing,
    Hierarchy,
    Independently,
    MutuallyExclusive,
    Patterns,
    SideBySide,
    require,
    require_probability,
)
from toysae.magnitudes import CorrelatedUniform, Magnitudes, Number, RectifiedNormal


class World:
    """Where the toy data come from: x = sum_i a_i v_i.

    firing      who fires with whom (Patterns, ExactlyK, Independently, SideBySide, ..., or your own Firing)
    mu          mean of the magnitude a_i when feature i fires, before rectification; > 0
    sigma       its standard deviation; >= 0. The magnitude is max(0, mu + sigma * standard normal)
    features    (n_features, d_in) unit rows v_i; the axes themselves when left out
    magnitudes  another way to draw magnitudes, in place of mu and sigma

    mu and sigma are one number for all features, or one per feature (n_features,).

    Your own world takes a few lines:

        World(Patterns([[1, 1, 0], [0, 0, 1]], [0.5, 0.5]), mu=1.0, sigma=0.1)
    """

    def __init__(
        self,
        firing: Firing,
        *,
        mu: Number | Sequence[float] = 1.0,
        sigma: Number | Sequence[float] = 0.0,
        features: Tensor | None = None,
        magnitudes: Magnitudes | None = None,
    ) -> None:
        if magnitudes is None:
            magnitudes = RectifiedNormal(mu, sigma)
        else:
            require("mu", mu, isinstance(mu, int | float) and mu == 1, "1 where magnitudes are given")
            require("sigma", sigma, isinstance(sigma, int | float) and sigma == 0, "0 where magnitudes are given")
        features = torch.eye(firing.n_features) if features is None else features
        _require_unit_rows(features, firing.n_features)
        _require_one_per_feature(magnitudes, firing.n_features)
        self.firing, self.features, self.magnitudes = firing, features, magnitudes
        self.mu, self.sigma = magnitudes.mu, magnitudes.sigma

    @property
    def n_features(self) -> int:
        return self.firing.n_features

    @property
    def d_in(self) -> int:
        return self.features.shape[1]

    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        """Feature activations of n samples drawn at random, float32 (n, n_features)."""
        return self.magnitudes.sample(self.firing.sample(n, generator), generator)

    @property
    def varies(self) -> bool:
        """Whether the magnitude of any feature varies."""
        return bool((torch.as_tensor(self.sigma) > 0).any())

    @cached_property
    def orthonormal(self) -> bool:
        """Whether the feature directions are at right angles to each other."""
        gram = self.features @ self.features.T
        return torch.allclose(gram, torch.eye(self.n_features).to(gram), atol=1e-4)

    def require_orthonormal(self) -> None:
        """raises ValueError unless the feature directions are at right angles, for what holds in such worlds only."""
        require("the coherence of features", coherence(self.features), self.orthonormal, "0: features at right angles")

    def support(self) -> tuple[Tensor, Tensor]:
        """Every possible row of feature activations and its probability, float64; exact, so only for sigma = 0.

        returns  (n_patterns, n_features) and (n_patterns,)
        raises   ValueError when sigma > 0 (oracle.quantile_grid makes such a world finite) or the list is too long
        """
        sigma = self.sigma.tolist() if isinstance(self.sigma, Tensor) else self.sigma
        require("sigma", sigma, not self.varies, "0 for an exact support; else use oracle.quantile_grid")
        patterns, probabilities = self.firing.support()
        return patterns.double() * self.mu, probabilities

    def inputs(self, activations: Tensor) -> Tensor:
        """The data points x = sum_i a_i v_i of feature activations (..., n_features), as (..., d_in)."""
        return activations @ self.features.to(activations)

    def composites(self) -> Tensor:
        """One unit direction per set of two or more features that fires, (n_composites, d_in).

        It is the normalised sum of the features of that set: where the data lie when magnitudes do not vary.
        """
        patterns, _ = self.firing.support()
        several = patterns[patterns.sum(dim=1) >= 2].to(self.features)
        return normalize(several @ self.features, dim=1)

    def cooccurrence(self) -> Tensor:
        """How often features i and j fire in one sample, float64 (n_features, n_features); rates on the diagonal."""
        if isinstance(self.firing, GaussianCopula):
            return self.firing.cooccurrence()
        patterns, probabilities = self.firing.support()
        return (patterns.double() * probabilities[:, None]).T @ patterns.double()

    def magnitude_moments(self) -> tuple[Number, Number]:
        """Mean and standard deviation of the magnitude of a feature that fires, after rectification at zero.

        One number each, or one per feature (n_features,) where features differ.
        """
        return self.magnitudes.moments()

    def entry_moments(self) -> tuple[float, float]:
        """Mean and standard deviation over *all* entries of the activations, zeros of silent features included."""
        mean, deviation = (torch.as_tensor(moment, dtype=torch.float64) for moment in self.magnitude_moments())
        rates = self.firing.rates()
        entry_mean = (rates * mean).mean().item()
        square = (rates * (deviation**2 + mean**2)).mean().item()
        return entry_mean, math.sqrt(square - entry_mean**2)


class Isotropic:
    """Normal data without features: every direction is like every other, so no basis can be found. The null control.

    It samples like a World, and its features are the axes, which the data do not know of.
    """

    def __init__(self, d_in: int) -> None:
        require("d_in", d_in, d_in >= 1, "a whole number of 1 or more")
        self.n_features = self.d_in = d_in
        self.features = torch.eye(d_in)

    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        """Coordinates of n samples, of either sign, float32 (n, d_in)."""
        return torch.randn(n, self.d_in, generator=generator)

    def inputs(self, activations: Tensor) -> Tensor:
        """The data points are their own coordinates."""
        return activations


def k_of_n(n_features: int, k: int, **magnitudes) -> World:
    """Exactly k of n features fire, every choice equally often."""
    return World(ExactlyK(n_features, k), **magnitudes)


def two_of_three(**magnitudes) -> World:
    """The minimal example: three features, exactly two of them in every sample."""
    return k_of_n(3, 2, **magnitudes)


def groups(n_groups: int, group_size: int = 3, k: int = 2, **magnitudes) -> World:
    """One group of features is on, drawn uniformly; exactly k of its members fire."""
    require("n_groups", n_groups, n_groups >= 1, "a whole number of 1 or more")
    inside, probabilities = ExactlyK(group_size, k).support()
    patterns = torch.block_diag(*[inside.long()] * n_groups)
    return World(Patterns(patterns, probabilities.repeat(n_groups) / n_groups), **magnitudes)


def independent_groups(n_groups: int, p: float, group_size: int = 3, k: int = 2, **magnitudes) -> World:
    """Each group is on with probability p, whatever the others do; when on, exactly k of its members fire."""
    require("n_groups", n_groups, n_groups >= 1, "a whole number of 1 or more")
    require_probability("p", p)
    inside, probabilities = ExactlyK(group_size, k).support()
    patterns = torch.cat([torch.zeros(1, group_size, dtype=torch.bool), inside])
    group = Patterns(patterns, torch.cat([torch.tensor([1 - p]).double(), p * probabilities]))
    return World(SideBySide((group,) * n_groups), **magnitudes)


def bundles(n_bundles: int, bundle_size: int, **magnitudes) -> World:
    """One bundle is on, drawn uniformly, and all of its features fire."""
    return groups(n_bundles, bundle_size, bundle_size, **magnitudes)


def product(set_sizes: Iterable[int], **magnitudes) -> World:
    """Several sets of features; in every sample exactly one feature of each set fires."""
    return World(SideBySide(tuple(ExactlyK(size, 1) for size in set_sizes)), **magnitudes)


def solo_leak(n_features: int, k: int, p_alone: float, **magnitudes) -> World:
    """Exactly k of n features fire, except that with probability p_alone one feature fires by itself."""
    require_probability("p_alone", p_alone)
    together, probabilities = ExactlyK(n_features, k).support()
    patterns = torch.cat([together, torch.eye(n_features, dtype=torch.bool)])
    alone = torch.full((n_features,), p_alone / n_features, dtype=torch.float64)
    return World(Patterns(patterns, torch.cat([(1 - p_alone) * probabilities, alone])), **magnitudes)


def independent(rates: Sequence[float] | Tensor, **magnitudes) -> World:
    """Every feature fires on its own, with its own rate: the control, where the true features are found."""
    return World(Independently(torch.as_tensor(rates)), **magnitudes)


def mutually_exclusive(rates: Sequence[float] | Tensor, **magnitudes) -> World:
    """At most one feature fires in a sample, each with its own rate; the rates sum to at most one."""
    return World(MutuallyExclusive(rates), **magnitudes)


def hierarchy(
    p_parent: float = 0.25,
    p_child: float = 0.2,
    n_others: int = 2,
    p_others: float = 0.05,
    leak: float = 0.0,
    **magnitudes,
) -> World:
    """Feature 0 is a parent, feature 1 its child, and n_others features fire independently of them.

    p_parent  how often the parent fires
    p_child   how often the child fires when its parent does
    leak      how often the child fires when its parent is silent. For the parent to be on in a share s of the
              child's firings, leak = p_child p_parent (1 - s) / (s (1 - p_parent))

    As it stands this is the toy of feature absorption (chanind 2024, "Toy models of feature absorption"; Chanin et al.
    2024, arXiv 2409.14507), rates .25, .05, .05, .05; without others that of hedging (arXiv 2505.11756).
    """
    require("n_others", n_others, n_others >= 0, "a whole number of 0 or more")
    family = Hierarchy((-1, 0), (p_parent, p_child), (0.0, leak))
    others = (Independently([p_others] * n_others),) if n_others else ()
    return World(SideBySide((family, *others)), **magnitudes)


def tree(
    n_parents: int = 3,
    p_parent: float = 0.15,
    n_children: int = 3,
    p_child: float = 0.2,
    n_others: int = 8,
    p_others: float = 0.05,
    **magnitudes,
) -> World:
    """Parents, each followed by its children of which at most one fires, and only with it; then independent features.

    p_child  how often each child fires when its parent does; the rest of the probability is that of none

    As it stands this is the tree of Nabeshima (2024, "Matryoshka sparse autoencoders"), with 20 features in the same
    order. Magnitudes are one there, but not here if sigma says so.
    """
    for name, value in {"n_parents": n_parents, "n_children": n_children, "n_others": n_others}.items():
        require(name, value, value >= 0, "a whole number of 0 or more")
    require("n_parents + n_others", n_parents + n_others, n_parents + n_others > 0, "1 feature or more")
    siblings = tuple(range(1, n_children + 1))
    one = Hierarchy(
        (-1, *[0] * n_children), (p_parent, *[p_child] * n_children), exclusive=(siblings,) * (n_children > 0)
    )
    others = (Independently([p_others] * n_others),) if n_others else ()
    return World(SideBySide(((one,) * n_parents) + others), **magnitudes)


def correlated(rates: Sequence[float] | Tensor, correlation: Tensor, **magnitudes) -> World:
    """Features with these rates (n_features,), fired by a joint normal vector with this correlation matrix."""
    return World(GaussianCopula(rates, correlation), **magnitudes)


def one_with_others(n_features: int = 5, p: float = 0.4, correlation: float = 0.4, **magnitudes) -> World:
    """Feature 0 is correlated with each of the others, which are uncorrelated with each other; all fire at rate p.

    correlation  of the underlying normal vector (`GaussianCopula`); its square is at most 1 / (n_features - 1)

    As it stands, with the correlation .4 or -.4, this is the small toy of Chanin & Garriga-Alonso (2025, "Sparse but
    wrong", arXiv 2508.16560), whose magnitudes have mu = 1 and sigma = .15.
    """
    require("n_features", n_features, n_features >= 1, "a whole number of 1 or more")
    require_probability("p", p)
    matrix = torch.eye(n_features, dtype=torch.float64)
    matrix[0, 1:] = matrix[1:, 0] = correlation
    return correlated([p] * n_features, matrix, **magnitudes)


def antipodal_plane(correlation: float, p_alone: float = 0.0, **magnitudes) -> World:
    """Four features in a plane, e1, -e1, e2 and -e2: one of the first two fires with one of the last two.

    correlation  f of the magnitudes of the two sets, which are uniform (`CorrelatedUniform`)
    p_alone      how often a feature fires by itself instead, all four equally often

    The data of Anders et al. (2024, "Sparse autoencoders find composed features in small toy models"). There a small
    network learned where to put its features, and members of a set came to lie opposite each other; here they do so
    exactly.
    """
    require_probability("p_alone", p_alone)
    together = torch.tensor([[1, 0, 1, 0], [1, 0, 0, 1], [0, 1, 1, 0], [0, 1, 0, 1]])
    patterns = torch.cat([together, torch.eye(4, dtype=torch.long)])
    probabilities = torch.tensor([1 - p_alone, p_alone], dtype=torch.float64).repeat_interleave(4) / 4
    plane = torch.tensor([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
    uniform = CorrelatedUniform(correlation, [False, False, True, True])
    return World(Patterns(patterns, probabilities), features=plane, magnitudes=uniform, **magnitudes)


def zipf_rates(
    n_features: int, exponent: float = 1.0, *, highest: float | None = None, mean_l0: float | None = None
) -> Tensor:
    """Rates that fall as a power of the rank, rate_i proportional to i^-exponent, float64 (n_features,).

    highest  rate of the most frequent feature; or else
    mean_l0  sum of the rates, which is how many features fire at once in the mean

    A pure power law; sae_lens.synthetic stretches it to end at a given lowest rate.
    """
    require("n_features", n_features, n_features >= 1, "a whole number of 1 or more")
    require("exponent", exponent, math.isfinite(exponent) and exponent >= 0, "a finite number >= 0")
    given = {name: value for name, value in {"highest": highest, "mean_l0": mean_l0}.items() if value is not None}
    require("the number of highest and mean_l0 that are given", len(given), len(given) == 1, "1")
    shape = torch.arange(1, n_features + 1, dtype=torch.float64) ** -exponent
    rates = shape * highest if highest is not None else shape * mean_l0 / shape.sum()
    for name, value in given.items():
        fits = math.isfinite(value) and value > 0 and rates[0].item() <= 1
        require(name, value, fits, "a number > 0 for which no rate exceeds 1")
    return rates


def random_rotation(n_features: int, d_in: int, generator: torch.Generator) -> Tensor:
    """Orthonormal feature directions drawn uniformly at random, (n_features, d_in); needs d_in >= n_features."""
    require("d_in", d_in, d_in >= n_features, f"n_features = {n_features} or more")
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
    for name, value in {"n_features": n_features, "d_in": d_in}.items():
        require(name, value, value >= 1, "a whole number of 1 or more")
    require("n_steps", n_steps, n_steps >= 0, "a whole number of 0 or more")
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
    rows = normalize(features.double(), dim=1)
    return (rows @ rows.T).fill_diagonal_(0).abs().amax(dim=1)


def _require_unit_rows(features: Tensor, n_features: int) -> None:
    if features.ndim != 2 or features.shape[0] != n_features:
        raise ValueError(
            f"features has shape {tuple(features.shape)}: allowed is (n_features, d_in) with n_features = {n_features}"
        )
    lengths = features.norm(dim=1)
    if not torch.allclose(lengths, torch.ones_like(lengths), atol=1e-4):
        raise ValueError(f"features has rows of length {lengths.tolist()}: allowed are unit rows")


def _require_one_per_feature(magnitudes: Magnitudes, n_features: int) -> None:
    for name in ("mu", "sigma"):
        shape = torch.as_tensor(getattr(magnitudes, name)).shape
        require(f"the shape of {name}", tuple(shape), shape in ((), (n_features,)), f"() or ({n_features},)")
