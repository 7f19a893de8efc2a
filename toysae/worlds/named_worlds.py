"""Every world that has a name."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable
from typing import Any, Unpack

import torch
from torch import Tensor
from torch.nn.functional import normalize

from toysae.worlds.checks import (
    MOST_FEATURES,
    ROUNDING,
    Numbers,
    as_number,
    probability_list,
    require,
    require_count,
    require_generator,
    require_not_negative,
    require_positive,
    require_probability,
    require_seed,
    require_size,
    require_whole,
)
from toysae.worlds.copulas import GaussianCopula, LowRankCopula, random_correlation
from toysae.worlds.directions import unit_directions
from toysae.worlds.firings import ExactlyK, Families, Hierarchy, Independently, MutuallyExclusive, Patterns, SideBySide
from toysae.worlds.magnitudes import CorrelatedUniform, Uniform
from toysae.worlds.world import Appearance, Spread, Strength, World


def k_of_n(n_features: int, k: int, **magnitudes: Unpack[Appearance]) -> World:
    """Exactly k of n features fire, every choice equally often."""
    return World(ExactlyK(n_features, k), **magnitudes)


def two_of_three(**magnitudes: Unpack[Appearance]) -> World:
    """The minimal example: three features, exactly two of them in every sample."""
    return k_of_n(3, 2, **magnitudes)


def groups(n_groups: int, group_size: int = 3, k: int = 2, **magnitudes: Unpack[Appearance]) -> World:
    """One group of features is on, drawn uniformly; exactly k of its members fire."""
    require_count(n_groups=n_groups)
    inside, probabilities = ExactlyK(group_size, k).support()
    require_size("patterns", n_groups * len(inside), n_groups * group_size)
    patterns = torch.block_diag(*[inside.long()] * n_groups)
    return World(Patterns(patterns, probabilities.repeat(n_groups) / n_groups), **magnitudes)


def independent_groups(
    n_groups: int, p: float, group_size: int = 3, k: int = 2, **magnitudes: Unpack[Appearance]
) -> World:
    """Each group is on with probability p, whatever the others do; when on, exactly k of its members fire."""
    require_count(n_groups=n_groups)
    require_probability("p", p)
    inside, probabilities = ExactlyK(group_size, k).support()
    patterns = torch.cat([torch.zeros(1, group_size, dtype=torch.bool), inside])
    group = Patterns(patterns, torch.cat([torch.tensor([1 - p]).double(), p * probabilities]))
    return World(SideBySide((group,) * n_groups), **magnitudes)


def bundles(n_bundles: int, bundle_size: int, **magnitudes: Unpack[Appearance]) -> World:
    """One bundle is on, drawn uniformly, and all of its features fire."""
    return groups(n_bundles, bundle_size, bundle_size, **magnitudes)


def product(set_sizes: Iterable[int], **magnitudes: Unpack[Appearance]) -> World:
    """Several sets of features; in every sample exactly one feature of each set fires."""
    require("set_sizes", set_sizes, isinstance(set_sizes, Iterable), "the sizes of the sets, such as [3, 3]")
    sizes = tuple(itertools.islice(set_sizes, MOST_FEATURES + 1))
    require_count(**{"the number of set_sizes": len(sizes)})
    return World(SideBySide(tuple(ExactlyK(size, 1) for size in sizes)), **magnitudes)


def solo_leak(n_features: int, k: int, p_alone: float, **magnitudes: Unpack[Appearance]) -> World:
    """Exactly k of n features fire, except that with probability p_alone one feature fires by itself."""
    require_probability("p_alone", p_alone)
    together, probabilities = ExactlyK(n_features, k).support()
    patterns = torch.cat([together, torch.eye(n_features, dtype=torch.bool)])
    alone = torch.full((n_features,), p_alone / n_features, dtype=torch.float64)
    return World(Patterns(patterns, torch.cat([(1 - p_alone) * probabilities, alone])), **magnitudes)


def independent(rates: Numbers, **magnitudes: Unpack[Appearance]) -> World:
    """Every feature fires on its own, with its own rate: the control, where the true features are found."""
    probability_list("probabilities", rates)  # before torch says so in its own words
    return World(Independently(torch.as_tensor(rates)), **magnitudes)


def mutually_exclusive(rates: Numbers, **magnitudes: Unpack[Appearance]) -> World:
    """At most one feature fires in a sample, each with its own rate; the rates sum to at most one."""
    return World(MutuallyExclusive(rates), **magnitudes)


def hierarchy(
    p_parent: float = 0.25,
    p_child: float = 0.2,
    n_others: int = 2,
    p_others: float = 0.05,
    leak: float = 0.0,
    **magnitudes: Unpack[Appearance],
) -> World:
    """Feature 0 is a parent, feature 1 its child, and n_others features fire independently of them.

    p_parent  how often the parent fires
    p_child   how often the child fires when its parent does
    leak      how often the child fires when its parent is silent. For the parent to be on in a share s of the
              child's firings, leak = p_child p_parent (1 - s) / (s (1 - p_parent))

    As it stands this is the toy of feature absorption (chanind 2024, "Toy models of feature absorption"; Chanin et al.
    2024, arXiv 2409.14507), rates .25, .05, .05, .05; without others that of hedging (arXiv 2505.11756).
    """
    require_whole("n_others", n_others, 0, MOST_FEATURES)
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
    **magnitudes: Unpack[Appearance],
) -> World:
    """Parents, each followed by its children of which at most one fires, and only with it; then independent features.

    p_child  how often each child fires when its parent does; the rest of the probability is that of none

    As it stands this is the tree of Nabeshima (2024, "Matryoshka sparse autoencoders"), with 20 features in the same
    order. Magnitudes are one there, but not here if sigma says so.
    """
    for name, value in {"n_parents": n_parents, "n_children": n_children, "n_others": n_others}.items():
        require_whole(name, value, 0, MOST_FEATURES)
    require("n_parents + n_others", n_parents + n_others, n_parents + n_others > 0, "1 feature or more")
    siblings = tuple(range(1, n_children + 1))
    one = Hierarchy(
        (-1, *[0] * n_children), (p_parent, *[p_child] * n_children), exclusive=(siblings,) * (n_children > 0)
    )
    others = (Independently([p_others] * n_others),) if n_others else ()
    return World(SideBySide(((one,) * n_parents) + others), **magnitudes)


def correlated(rates: Numbers, correlation: Tensor, **magnitudes: Unpack[Appearance]) -> World:
    """Features with these rates (n_features,), fired by a joint normal vector with this correlation matrix."""
    return World(GaussianCopula(rates, correlation), **magnitudes)


def one_with_others(
    n_features: int = 5, p: float = 0.4, correlation: float = 0.4, **magnitudes: Unpack[Appearance]
) -> World:
    """Feature 0 is correlated with each of the others, which are uncorrelated with each other; all fire at rate p.

    correlation  of the underlying normal vector (`GaussianCopula`); its square is at most 1 / (n_features - 1)

    As it stands, with the correlation .4 or -.4, this is the small toy of Chanin & Garriga-Alonso (2025, "Sparse but
    wrong", arXiv 2508.16560), whose magnitudes have mu = 1 and sigma = .15.
    """
    require_count(n_features=n_features)
    require_size("correlation", n_features, n_features)
    require_probability("p", p)
    require("correlation", correlation, -1 <= as_number(correlation) <= 1, "a number from -1 to 1")
    matrix = torch.eye(n_features, dtype=torch.float64)
    matrix[0, 1:] = matrix[1:, 0] = correlation
    return correlated([p] * n_features, matrix, **magnitudes)


def antipodal_plane(correlation: float, p_alone: float = 0.0, **magnitudes: Unpack[Spread]) -> World:
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
    require_count(n_features=n_features)
    require_not_negative(exponent=exponent)
    given = {name: value for name, value in {"highest": highest, "mean_l0": mean_l0}.items() if value is not None}
    require("the number of highest and mean_l0 that are given", len(given), len(given) == 1, "1")
    shape = torch.arange(1, n_features + 1, dtype=torch.float64) ** -float(exponent)
    require_positive(**given)
    asked = as_number(*given.values())
    rates = shape * asked if highest is not None else shape * asked / shape.sum()
    for name, value in given.items():
        fits = bool(rates[0] <= 1)
        require(name, value, fits, "a number > 0 for which no rate exceeds 1")
    return rates


VARIANTS = ("nested", "symmetric")
PARENT_ALONE = 0.4  # how often A is alone in the nested variant
LARGEST_SOLO = 0.4  # where both variants become the same world: A alone, B alone and both at .4, .4 and .2


def two_features(variant: str, solo: float, sigma: float) -> World:
    """A world of two features in which B is alone in a share `solo` of the samples, 0 to 0.4.

    nested     A is alone in four samples of ten, whatever solo is: B fires without A only at the solo rate
    symmetric  A is alone as often as B

    In all other samples both fire. Magnitudes have mean 1 and standard deviation sigma before rectification.
    """
    known = isinstance(variant, str) and variant in VARIANTS
    require("variant", variant, known, f"one of {', '.join(VARIANTS)}")
    require("solo", solo, 0 <= as_number(solo) <= LARGEST_SOLO, f"a number from 0 to {LARGEST_SOLO}")
    parent = PARENT_ALONE if variant == "nested" else solo
    return World(Patterns([[1, 1], [1, 0], [0, 1]], [1 - parent - solo, parent, solo]), sigma=sigma)


def pair(p_both: float, p_first: float, **magnitudes: Unpack[Appearance]) -> World:
    """Two features: both fire with probability p_both, the first alone with p_first, else the second alone."""
    require_probability("p_both", p_both)
    require_probability("p_first", p_first)
    require("p_both + p_first", p_both + p_first, p_both + p_first <= 1 + ROUNDING, "at most 1")
    rest = max(0.0, 1 - p_both - p_first)
    return World(Patterns([[1, 1], [1, 0], [0, 1]], [p_both, p_first, rest]), **magnitudes)


def zipf(n_features: int, exponent: float, highest: float, **magnitudes: Unpack[Appearance]) -> World:
    """Independent features whose rates fall as a power of the rank."""
    return independent(zipf_rates(n_features, exponent, highest=highest), **magnitudes)


def superposition(
    n_features: int, d_in: int, p: float, n_repulsions: int = 0, direction_seed: int = 0, **magnitudes: Unpack[Strength]
) -> World:
    """Independent features along random directions of a space that may be smaller than their number."""
    require_seed("direction_seed", direction_seed)
    generator = torch.Generator().manual_seed(direction_seed)
    features = unit_directions(n_features, d_in, generator, n_repulsions)
    require_probability("p", p)
    return independent([p] * n_features, features=features, **magnitudes)


ORIGINAL_FEATURES, ORIGINAL_DECAY = 512, 0.99  # of "Taking features out of superposition with sparse autoencoders"


def superposed(n_features: int, d_in: int, mean_l0: float, generator: torch.Generator) -> World:
    """Correlated features of falling rates along random directions.

    n_features, d_in  more features than dimensions make superposition
    mean_l0           how many features fire at once in the mean, > 0
    raises            ValueError where the most frequent feature would fire more than always

    The authors have 512 features in 256 dimensions, five active in the mean, rates that fall as .99^i, uniform
    magnitudes and correlations out of a random matrix. Rates fall here so that the least frequent feature is as much
    rarer than the most frequent one as there, whatever n_features is.
    """
    require_count(n_features=n_features)
    require_positive(mean_l0=mean_l0)
    mean_l0 = as_number(mean_l0)
    rates = ORIGINAL_DECAY ** (ORIGINAL_FEATURES / n_features * torch.arange(n_features, dtype=torch.float64))
    directions = unit_directions(n_features, d_in, generator)
    correlation = random_correlation(n_features, generator)
    rates = rates * mean_l0 / rates.sum()
    if not 0 < rates[0] <= 1:
        raise ValueError(f"mean_l0 is {mean_l0}: allowed is a number above 0 and at most {mean_l0 / rates[0]:.3g}")
    return correlated(rates, correlation, features=directions, magnitudes=Uniform())


EXPONENT = 0.5  # of the rates, as in SynthSAEBench-16k
N_FACTORS, SHARED = 5, 0.25  # common factors, and the share of each feature's variance that is theirs


def benchmark(
    n_features: int,
    d_in: int,
    mean_l0: float,
    generator: torch.Generator,
    *,
    n_families: int,
    n_children: int = 3,
    n_repulsions: int = 0,
    **magnitudes: Unpack[Strength],
) -> World:
    """The benchmark: rates that fall with the square root of the rank, families, correlations, superposition.

    mean_l0       how many features fire at once in the mean
    n_families    of a parent and n_children children. The most frequent features are the parents, the rarest the
                  children, dealt out in turns
    n_repulsions  steps in which directions are pushed apart; their time grows with the cube of n_features
    raises        ValueError where children would have to fire more often than their parent
    """
    rates = zipf_rates(n_features, EXPONENT, mean_l0=mean_l0)
    require_whole("n_children", n_children, 0, MOST_FEATURES)
    require_whole("n_families", n_families, 0, n_features // (n_children + 1))
    require_generator(generator)
    n_roots = n_features - n_families * n_children
    children = rates[n_roots:].view(n_children, n_families).T
    gaussian = torch.randn(n_roots, N_FACTORS, generator=generator)
    roots = LowRankCopula(rates[:n_roots], math.sqrt(SHARED) * normalize(gaussian, dim=1))
    directions = unit_directions(n_features, d_in, generator, n_repulsions)
    return World(Families(roots, children / rates[:n_families, None]), features=directions, **magnitudes)


def repeated(name: str, n: int, value: float) -> list[Any]:
    """The same value n times; raises ValueError unless n is a number of features."""
    require_count(**{name: n})
    return [value] * n


# A few numbers tell each world, so that each of them is a column of a table
WORLDS: dict[str, Callable[..., World]] = {
    "two_of_three": two_of_three,
    "k_of_n": k_of_n,
    "groups": groups,
    "independent_groups": independent_groups,
    "bundles": bundles,
    "product": lambda n_sets, set_size, **magnitudes: product(repeated("n_sets", n_sets, set_size), **magnitudes),
    "solo_leak": solo_leak,
    "pair": pair,
    "independent": lambda n_features, p, **magnitudes: independent(repeated("n_features", n_features, p), **magnitudes),
    "exclusive": lambda n_features, p, **magnitudes: mutually_exclusive(
        repeated("n_features", n_features, p), **magnitudes
    ),
    "hierarchy": hierarchy,
    "tree": tree,
    "one_with_others": one_with_others,
    "antipodal_plane": antipodal_plane,
    "zipf": zipf,
    "superposition": superposition,
}
