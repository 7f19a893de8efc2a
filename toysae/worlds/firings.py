"""Firings: which features fire together, and how often."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from toysae.worlds.checks import (
    ROUNDING,
    Numbers,
    is_whole,
    numbers,
    probability_list,
    require,
    require_at_most_one,
    require_count,
    require_draw,
    require_positions,
    require_whole,
    shown,
    zeros_and_ones,
)
from toysae.worlds.copulas import LowRankCopula

MAX_PATTERNS = 100_000  # a support longer than this is refused: it would no longer fit on a screen, or in a cache


A_FIRING = "a firing, such as Patterns or ExactlyK"  # what is allowed where one is asked for

Descent = tuple[tuple[int, tuple[int, ...]], ...]  # (parent, children) by the positions of the features


class Firing(Protocol):
    """Who fires with whom. Everything that samples patterns like this can be the firing of a World.

    It may know two things more:

    families        (parent, children) by the positions of the features; where it is missing, none descends from another
    cooccurrence()  how often features i and j fire in one sample, float64 (n_features, n_features), rates on the
                    diagonal; where it is missing, pairs are counted in the list of all patterns
    """

    @property
    def n_features(self) -> int:
        """How many features there are."""

    @property
    def n_patterns(self) -> float:
        """How many patterns there are; infinity where they cannot be listed."""

    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        """Patterns drawn at random, bool (n, n_features)."""

    def support(self) -> tuple[Tensor, Tensor]:
        """Every pattern and its probability: bool (n_patterns, n_features) and float64 (n_patterns,)."""

    def rates(self) -> Tensor:
        """How often each feature fires, float64 (n_features,)."""

    def fire_together(self, members: Sequence[int]) -> bool:
        """Whether all of these features can be on in one and the same sample."""


def families_of(firing: Firing) -> Descent:
    """Who descends from whom: what the firing says of its families, and () where it says nothing."""
    _require_firing(firing)
    return tuple(getattr(firing, "families", ()))


def cooccurrence_of(firing: Firing) -> Tensor:
    """How often features i and j fire in one sample, float64 (n_features, n_features); rates on the diagonal.

    raises  ValueError where the firing does not know, and has no list of all patterns to count in
    """
    _require_firing(firing)
    known = getattr(firing, "cooccurrence", None)
    if known is not None:
        return known()
    patterns, probabilities = firing.support()
    return (patterns.double() * probabilities[:, None]).T @ patterns.double()


def _require_firing(firing: object) -> None:
    require("firing", firing, hasattr(firing, "n_features"), A_FIRING)


@dataclass(frozen=True)
class Patterns:
    """A finite list of firing patterns, each with its probability.

    patterns       (n_patterns, n_features)  zeros and ones
    probabilities  (n_patterns,)             non-negative, sum to one
    """

    patterns: Tensor
    probabilities: Tensor

    def __init__(self, patterns: Sequence[Sequence[float]] | np.ndarray | Tensor, probabilities: Numbers) -> None:
        allowed = "rows of zeros and ones, (n_patterns, n_features)"
        patterns = zeros_and_ones("patterns", patterns, allowed)
        require("patterns", patterns, patterns.ndim == 2 and patterns.numel() > 0, allowed)
        probabilities = numbers("probabilities", probabilities, "a list of numbers >= 0 that sum to 1")
        if patterns.ndim != 2 or probabilities.shape != patterns.shape[:1]:
            raise ValueError(
                f"probabilities has shape {tuple(probabilities.shape)} and patterns {tuple(patterns.shape)}: "
                "allowed are (n_patterns,) and (n_patterns, n_features)"
            )
        if not (probabilities >= 0).all() or not math.isclose(probabilities.sum().item(), 1.0, abs_tol=1e-6):
            raise ValueError(f"probabilities is {shown(probabilities)}: allowed are numbers >= 0 that sum to 1")
        object.__setattr__(self, "patterns", patterns)
        object.__setattr__(self, "probabilities", probabilities / probabilities.sum())

    @property
    def n_features(self) -> int:
        return self.patterns.shape[1]

    @property
    def n_patterns(self) -> int:
        return len(self.probabilities)

    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        require_draw(n, self.n_features, generator)
        return self.patterns[torch.multinomial(self.probabilities, n, replacement=True, generator=generator)]

    def support(self) -> tuple[Tensor, Tensor]:
        possible = self.probabilities > 0
        return self.patterns[possible], self.probabilities[possible]

    def rates(self) -> Tensor:
        return self.probabilities @ self.patterns.double()

    def fire_together(self, members: Sequence[int]) -> bool:
        require_positions("members", members, self.n_features)
        possible, _ = self.support()
        return bool(possible[:, list(members)].all(dim=1).any())


@dataclass(frozen=True)
class ExactlyK:
    """Exactly k of n features fire, every choice equally often."""

    n_features: int
    k: int

    def __post_init__(self) -> None:
        require_count(n_features=self.n_features)
        require_whole("k", self.k, 1, self.n_features, "n_features")

    @property
    def n_patterns(self) -> int:
        return math.comb(self.n_features, self.k)

    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        require_draw(n, self.n_features, generator)
        order = torch.rand(n, self.n_features, generator=generator).argsort(dim=1)
        return torch.zeros(n, self.n_features, dtype=torch.bool).scatter_(1, order[:, : self.k], True)

    def support(self) -> tuple[Tensor, Tensor]:
        require_enumerable(self)
        chosen = torch.tensor(list(itertools.combinations(range(self.n_features), self.k)))
        patterns = torch.zeros(len(chosen), self.n_features, dtype=torch.bool).scatter_(1, chosen, True)
        return patterns, torch.full((len(chosen),), 1 / len(chosen), dtype=torch.float64)

    def rates(self) -> Tensor:
        return torch.full((self.n_features,), self.k / self.n_features, dtype=torch.float64)

    def fire_together(self, members: Sequence[int]) -> bool:
        require_positions("members", members, self.n_features)
        return len(set(members)) <= self.k


@dataclass(frozen=True)
class Independently:
    """Every feature fires on its own, with its own rate."""

    probabilities: Tensor  # (n_features,)

    def __init__(self, probabilities: Numbers) -> None:
        object.__setattr__(self, "probabilities", probability_list("probabilities", probabilities))

    @property
    def n_features(self) -> int:
        return len(self.probabilities)

    @property
    def n_patterns(self) -> int:
        return 2**self.n_features

    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        require_draw(n, self.n_features, generator)
        return torch.rand(n, self.n_features, generator=generator) < self.probabilities

    def support(self) -> tuple[Tensor, Tensor]:
        require_enumerable(self)
        patterns = torch.tensor(list(itertools.product([False, True], repeat=self.n_features)))
        probabilities = torch.where(patterns, self.probabilities, 1 - self.probabilities).prod(dim=1)
        return patterns[probabilities > 0], probabilities[probabilities > 0]

    def rates(self) -> Tensor:
        return self.probabilities

    def fire_together(self, members: Sequence[int]) -> bool:
        require_positions("members", members, self.n_features)
        return bool((self.probabilities[list(members)] > 0).all())


@dataclass(frozen=True)
class SideBySide:
    """Several firings at once, independent of each other: their features are laid side by side."""

    parts: tuple[Firing, ...]

    def __post_init__(self) -> None:
        listed = isinstance(self.parts, tuple | list) and len(self.parts) > 0
        require("parts", self.parts, listed, "one firing or more")
        for part in self.parts:
            require("one of parts", part, hasattr(part, "n_features"), A_FIRING)
        require_count(n_features=self.n_features)

    @property
    def n_features(self) -> int:
        return sum(part.n_features for part in self.parts)

    @property
    def n_patterns(self) -> float:
        return math.prod(part.n_patterns for part in self.parts)

    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        require_draw(n, self.n_features, generator)
        return torch.cat([part.sample(n, generator) for part in self.parts], dim=1)

    def support(self) -> tuple[Tensor, Tensor]:
        require_enumerable(self)
        supports = [part.support() for part in self.parts]
        choices = list(itertools.product(*(range(len(probabilities)) for _, probabilities in supports)))
        columns = torch.tensor(choices).T
        patterns = torch.cat([part[i] for (part, _), i in zip(supports, columns, strict=True)], dim=1)
        factors = torch.stack([p[i] for (_, p), i in zip(supports, columns, strict=True)])
        return patterns, factors.prod(dim=0)

    def rates(self) -> Tensor:
        return torch.cat([part.rates() for part in self.parts])

    @property
    def families(self) -> Descent:
        """Those of the parts, at their positions among all features."""
        return tuple(
            (start + parent, tuple(start + child for child in children))
            for start, part in zip(self._starts(), self.parts, strict=True)
            for parent, children in families_of(part)
        )

    def cooccurrence(self) -> Tensor:
        """As in Firing: within a part what it says; features of different parts fire independently of each other."""
        rates = self.rates()
        within = torch.block_diag(*(cooccurrence_of(part) for part in self.parts))
        of_one_part = torch.block_diag(*(torch.ones(part.n_features, part.n_features) for part in self.parts)).bool()
        return torch.where(of_one_part, within, torch.outer(rates, rates))

    def fire_together(self, members: Sequence[int]) -> bool:
        require_positions("members", members, self.n_features)
        for start, part in zip(self._starts(), self.parts, strict=True):
            own = [i - start for i in members if start <= i < start + part.n_features]
            if own and not part.fire_together(own):
                return False
        return True

    def _starts(self) -> list[int]:
        """The position of each part's first feature among all features."""
        return list(itertools.accumulate((part.n_features for part in self.parts[:-1]), initial=0))


@dataclass(frozen=True)
class MutuallyExclusive:
    """At most one feature fires, each with its own rate."""

    probabilities: Tensor  # (n_features,) that sum to at most one

    def __init__(self, probabilities: Numbers) -> None:
        rates = probability_list("probabilities", probabilities)
        total = rates.sum().item()
        require_at_most_one("probabilities", total)
        object.__setattr__(self, "probabilities", rates / max(1.0, total))

    @property
    def n_features(self) -> int:
        return len(self.probabilities)

    @property
    def n_patterns(self) -> int:
        return len(self.support()[1])

    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        require_draw(n, self.n_features, generator)
        return _one_at_most(torch.rand(n, 1, generator=generator, dtype=torch.float64), self.probabilities)

    def support(self) -> tuple[Tensor, Tensor]:
        patterns = torch.cat([torch.zeros(1, self.n_features), torch.eye(self.n_features)]).bool()
        none = (1 - self.probabilities.sum()).clamp(min=0)
        none = torch.where(none > ROUNDING, none, 0)
        probabilities = torch.cat([none[None], self.probabilities])
        return patterns[probabilities > 0], probabilities[probabilities > 0]

    def rates(self) -> Tensor:
        return self.probabilities

    def fire_together(self, members: Sequence[int]) -> bool:
        require_positions("members", members, self.n_features)
        return len(set(members)) <= 1 and all(self.probabilities[i] > 0 for i in members)


@dataclass(frozen=True)
class Hierarchy:
    """A forest of features: how often a feature fires depends on whether its parent does.

    parents        (n_features,) position of each feature's parent, -1 for a root
    probabilities  (n_features,) of a root: how often it fires; of a child: how often when its parent fires
    leaks          how often a child fires when its parent is silent; one number, or one per feature. Roots have none
    exclusive      groups of siblings of which at most one fires; the rest of the probability is that of none

    Given their parent, siblings of different groups are independent.
    """

    parents: tuple[int, ...]
    probabilities: Tensor
    leaks: Tensor
    exclusive: tuple[tuple[int, ...], ...]

    def __init__(
        self,
        parents: Sequence[int],
        probabilities: Numbers,
        leaks: float | Numbers = 0.0,
        exclusive: Sequence[Sequence[int]] = (),
    ) -> None:
        parents = _positions("parents", parents)
        probabilities = probability_list("probabilities", probabilities)
        require("probabilities", probabilities, len(probabilities) == len(parents), "one number per parent")
        leaks = _leaks(leaks, parents)
        require("exclusive", exclusive, isinstance(exclusive, tuple | list), "groups of features, such as [[1, 2]]")
        groups = tuple(_positions("exclusive", group) for group in exclusive)
        _require_forest(parents)
        _require_siblings(groups, parents)
        for name, chances in {"probabilities": probabilities, "leaks": leaks}.items():
            for group in groups:
                require_at_most_one(f"{name} of the exclusive features {group}", chances[list(group)].sum().item())
        for name, value in (("parents", parents), ("probabilities", probabilities), ("leaks", leaks)):
            object.__setattr__(self, name, value)
        object.__setattr__(self, "exclusive", groups)

    @classmethod
    def of_rates(
        cls, parents: Sequence[int], rates: Sequence[float], exclusive: Sequence[Sequence[int]] = ()
    ) -> Hierarchy:
        """A forest without leak in which each feature fires at its own rate (n_features,), all samples counted.

        raises  ValueError where a child is to fire more often than its parent
        """
        rates = probability_list("rates", rates).tolist()
        parents = _positions("parents", parents)
        require("rates", rates, len(rates) == len(parents), "one number per parent")
        _require_forest(parents)
        chances = list(rates)
        for i, parent in enumerate(parents):
            if parent >= 0:
                limit = rates[parent]
                require(f"the rate of feature {i}", rates[i], rates[i] <= limit, f"at most {limit}, its parent's rate")
                chances[i] = rates[i] / limit if limit else 0.0
        return cls(parents, chances, exclusive=exclusive)

    @property
    def n_features(self) -> int:
        return len(self.parents)

    @property
    def n_patterns(self) -> int:
        return self._count(frozenset())

    @property
    def families(self) -> Descent:
        """As in Firing, of every feature that has children; those of a leak are children too."""
        parents = sorted(set(self.parents) - {-1})
        return tuple(
            (parent, tuple(i for i, above in enumerate(self.parents) if above == parent)) for parent in parents
        )

    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        require_draw(n, self.n_features, generator)
        units = self._units()
        uniform = torch.rand(n, len(units), generator=generator, dtype=torch.float64)
        fires = torch.zeros(n, self.n_features, dtype=torch.bool)
        for k, unit in enumerate(units):
            given = self._parent_fires(unit, fires)
            chances = torch.where(given[:, None], self.probabilities[list(unit)], self.leaks[list(unit)])
            fires[:, list(unit)] = _one_at_most(uniform[:, k : k + 1], chances)
        return fires

    def support(self) -> tuple[Tensor, Tensor]:
        require_enumerable(self)
        patterns, probabilities = torch.zeros(1, self.n_features, dtype=torch.bool), torch.ones(1, dtype=torch.float64)
        for unit in self._units():
            given = self._parent_fires(unit, patterns).long()
            parts = []
            for member, chances in zip((None, *unit), self._chances(unit).T, strict=True):
                part = patterns.clone()
                if member is not None:
                    part[:, member] = True
                parts.append((part, probabilities * chances[given]))
            patterns, probabilities = (torch.cat(values) for values in zip(*parts, strict=True))
            patterns, probabilities = patterns[probabilities > 0], probabilities[probabilities > 0]
        return patterns, probabilities

    def rates(self) -> Tensor:
        rates = self.probabilities.clone()
        for unit in self._units():
            parent = self.parents[unit[0]]
            if parent >= 0:
                i = list(unit)
                rates[i] = rates[parent] * self.probabilities[i] + (1 - rates[parent]) * self.leaks[i]
        return rates

    def fire_together(self, members: Sequence[int]) -> bool:
        require_positions("members", members, self.n_features)
        return self._count(frozenset(members)) > 0

    def _count(self, members: frozenset[int]) -> int:
        """How many patterns there are in which all members fire: by turns from the leaves to the roots."""
        ways = [[int(i not in members), 1] for i in range(self.n_features)]  # of what hangs below i, itself off or on
        total = 1
        for unit in reversed(self._units()):
            off, on = ([chance > 0 for chance in chances] for chances in self._chances(unit).tolist())
            all_off = math.prod(ways[i][0] for i in unit)
            one_on = [ways[i][1] * math.prod(ways[j][0] for j in unit if j != i) for i in unit]
            sums = [
                sum(w for w, possible in zip((all_off, *one_on), state, strict=True) if possible) for state in (off, on)
            ]
            parent = self.parents[unit[0]]
            if parent < 0:
                total *= sums[1]
            else:
                ways[parent] = [ways[parent][0] * sums[0], ways[parent][1] * sums[1]]
        return total

    def _units(self) -> list[tuple[int, ...]]:
        """What is drawn at once: an exclusive group, or a feature by itself; parents before their children."""
        grouped = {i: group for group in self.exclusive for i in group}
        units = {grouped.get(i, (i,)): None for i in range(self.n_features)}
        return sorted(units, key=lambda unit: self._depth(unit[0]))

    def _depth(self, feature: int) -> int:
        depth = 0
        while self.parents[feature] >= 0:
            feature, depth = self.parents[feature], depth + 1
        return depth

    def _parent_fires(self, unit: tuple[int, ...], fires: Tensor) -> Tensor:
        """Whether the parent is on in each pattern (n, n_features), as (n,); what stands above a root always is."""
        parent = self.parents[unit[0]]
        return fires[:, parent] if parent >= 0 else torch.ones(len(fires), dtype=torch.bool)

    def _chances(self, unit: tuple[int, ...]) -> Tensor:
        """Probabilities that none fires, and that each one does: (2, 1 + n_members), the parent off and on."""
        each = torch.stack([self.leaks[list(unit)], self.probabilities[list(unit)]])
        none = 1 - each.sum(dim=1, keepdim=True)
        return torch.cat([torch.where(none > ROUNDING, none, 0), each], dim=1)


def _positions(name: str, given: Sequence[int]) -> tuple[int, ...]:
    """Whole numbers as a tuple; raises ValueError where they are none."""
    fits = isinstance(given, Iterable) and all(is_whole(position) for position in given)
    require(name, given, fits, "whole numbers, the positions of features")
    return tuple(int(position) for position in given)


def _leaks(given: float | Numbers, parents: tuple[int, ...]) -> Tensor:
    """One leak per feature (n_features,); roots have none."""
    leaks, n = numbers("leaks", given, "a number from 0 to 1, or one per feature"), len(parents)
    require("the shape of leaks", tuple(leaks.shape), leaks.shape in ((), (n,)), f"() or ({n},)")
    return torch.where(torch.tensor(parents) >= 0, probability_list("leaks", leaks.expand(n)), 0)


def _one_at_most(uniform: Tensor, chances: Tensor) -> Tensor:
    """Which feature fires, if any, bool (n, m): each has its own slice of the interval from 0 to 1.

    uniform (n, 1) numbers from 0 to 1; chances (m,) or (n, m)
    """
    end = chances.cumsum(dim=-1)
    return (uniform >= end - chances) & (uniform < end)


def require_enumerable(firing: Firing) -> None:
    """raises ValueError where there are too many patterns for a list."""
    _require_firing(firing)
    n_patterns = firing.n_patterns
    require("n_patterns", n_patterns, n_patterns <= MAX_PATTERNS, f"at most {MAX_PATTERNS} for a list of all patterns")


def _require_forest(parents: tuple[int, ...]) -> None:
    """raises ValueError where a parent is no feature, or where one descends from itself."""
    n = len(parents)
    for i, parent in enumerate(parents):
        require(f"the parent of feature {i}", parent, -1 <= parent < n, f"-1 for a root, or 0 to {n - 1}")
        ancestor, steps = parent, 0
        while ancestor >= 0 and steps < n:
            ancestor, steps = parents[ancestor], steps + 1
        require("parents", list(parents), ancestor < 0, f"a forest, but feature {i} has no root above it")


def _require_siblings(groups: tuple[tuple[int, ...], ...], parents: tuple[int, ...]) -> None:
    members = [i for group in groups for i in group]
    require("exclusive", groups, len(members) == len(set(members)), "each feature in one group at most")
    for group in groups:
        known = len(group) > 0 and all(0 <= i < len(parents) for i in group)
        require("exclusive", groups, known, f"groups of features from 0 to {len(parents) - 1}")
        require("exclusive", groups, len({parents[i] for i in group}) == 1, "groups of children of one parent")


@dataclass(frozen=True)
class Families:
    """Features without parents, of which the first have children: at most one child fires, and only with its parent.

    roots    the firing of the features without parents, which come first
    chances  (n_families, n_children) how often each child fires when its parent does; at most one in sum
    """

    roots: LowRankCopula
    chances: Tensor

    def __post_init__(self) -> None:
        require("roots", self.roots, isinstance(self.roots, LowRankCopula), "a LowRankCopula")
        chances = numbers("chances", self.chances, "numbers from 0 to 1, (n_families, n_children)")
        fits = chances.ndim == 2 and len(chances) <= self.roots.n_features
        require(
            "the shape of chances",
            tuple(chances.shape),
            fits,
            f"at most {self.roots.n_features} families by their children",
        )
        highest = chances.sum(dim=1).max().item() if chances.numel() else 0.0
        fits = bool((chances >= 0).all()) and highest <= 1 + ROUNDING
        require("the highest sum of chances in a family", highest, fits, "from 0 to 1, each of them 0 or more")
        object.__setattr__(self, "chances", chances)

    @property
    def n_features(self) -> int:
        return self.roots.n_features + self.chances.numel()

    @property
    def n_patterns(self) -> float:
        return math.inf

    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        require_draw(n, self.n_features, generator)
        roots = self.roots.sample(n, generator)
        uniform = torch.rand(n, len(self.chances), 1, generator=generator)
        end = self.chances.cumsum(dim=1).float()
        children = (uniform >= end - self.chances.float()) & (uniform < end) & roots[:, : len(self.chances), None]
        return torch.cat([roots, children.flatten(1)], dim=1)

    @property
    def families(self) -> Descent:
        """As in Firing."""
        n_families = len(self.chances) if self.chances.numel() else 0
        return tuple((parent, tuple(self.children_of(parent))) for parent in range(n_families))

    def support(self) -> tuple[Tensor, Tensor]:
        return self.roots.support()

    def rates(self) -> Tensor:
        roots = self.roots.rates()
        return torch.cat([roots, (roots[: len(self.chances), None] * self.chances).flatten()])

    def fire_together(self, members: Sequence[int]) -> bool:
        require_positions("members", members, self.n_features)
        families = [self.family_of(i) for i in set(members) if i >= self.roots.n_features]
        return len(families) == len(set(families)) and bool((self.rates()[list(members)] > 0).all())

    def family_of(self, child: int) -> int:
        """The parent of a child, both by their positions among the features."""
        return (child - self.roots.n_features) // self.chances.shape[1]

    def children_of(self, parent: int) -> list[int]:
        """The children of a parent, by their positions among the features."""
        n_children, start = self.chances.shape[1], self.roots.n_features
        return list(range(start + parent * n_children, start + (parent + 1) * n_children))
