"""Rules of judgement: each says of a count or a mean whether a sentence may be said. Evidence decides by its interval.

The interval is the 95 % one: Wilson's for a Fraction, the t interval for a Mean. Nothing counted decides nothing:
its interval is everything, so every rule but nothing_to_judge says no. A Pooled count has no interval, and is refused.
"""

from __future__ import annotations

from toysae.claims.intervals import Fraction, Mean

HALF = 0.5
NEARLY_ALL = 0.8  # what the lower end of the interval has to exceed, so that exceptions do not matter


def above(evidence: Fraction | Mean, bound: float) -> bool:
    """The whole interval lies above the bound."""
    return evidence.interval[0] > bound


def below(evidence: Fraction | Mean, bound: float) -> bool:
    """The whole interval lies below the bound."""
    return evidence.interval[1] < bound


def mostly(share: Fraction | Mean) -> bool:
    """Most: the whole interval lies above one half."""
    return above(share, HALF)


def mostly_not(share: Fraction | Mean) -> bool:
    """Fewer than half: the whole interval lies below one half."""
    return below(share, HALF)


def nearly_all(count: Fraction | Mean) -> bool:
    """The whole interval lies above .8. All of a few is not enough: 8 of 8 reaches down to .68, 16 of 16 to .81."""
    return above(count, NEARLY_ALL)


def at_least_half(count: Fraction) -> bool:
    """One half or more of those that were counted, wherever the interval ends; there has to be something to count."""
    return not below(count, HALF) and 2 * count.k >= count.n > 0  # below refuses a Pooled count


def more(first: Fraction | Mean, second: Fraction | Mean) -> bool:
    """The interval of the first lies above that of the second."""
    return first.interval[0] > second.interval[1]


def fewer(first: Fraction | Mean, second: Fraction | Mean) -> bool:
    """The interval of the first lies below that of the second."""
    return first.interval[1] < second.interval[0]


def nothing_to_judge(evidence: Fraction | Mean) -> bool:
    """Nothing was counted: these settings leave nothing to judge."""
    return evidence.n == 0
