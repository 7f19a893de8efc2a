"""Phrases."""

from __future__ import annotations

from toysae.claims.evidence import Fraction

MOST_CHECKS = 0.8  # the lower end of the interval from which on a formula that fails some checks still agrees


def by_half(share: Fraction, *, more: str, fewer: str, undecided: str) -> str:
    """One of three wordings: the whole interval of a count lies above one half, below it, or on both sides."""
    low, high = share.interval
    return more if low > 0.5 else fewer if high < 0.5 else undecided


def by_intervals(first: Fraction, second: Fraction, *, more: str, fewer: str, undecided: str) -> str:
    """One of three wordings: the interval of the first lies above that of the second, below it, or they overlap."""
    if first.interval[0] > second.interval[1]:
        return more
    return fewer if first.interval[1] < second.interval[0] else undecided


def verdict(came_out: Fraction) -> str:
    """What a claim says of a formula: 'agrees', 'partly' or 'differs', out of how many checks came out.

    It agrees if all of them did, or so many that the 95 % interval lies above MOST_CHECKS; it differs if fewer than
    half did. Without any check it is 'not tested'.
    """
    if not came_out.n:
        return "not tested"
    if came_out.k == came_out.n or came_out.interval[0] > MOST_CHECKS:
        return "agrees"
    return "partly" if 2 * came_out.k >= came_out.n else "differs"
