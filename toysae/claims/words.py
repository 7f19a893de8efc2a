"""Lists, counts, near misses and settings in English."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches

_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


def listed(words: Sequence[str]) -> str:
    """'A', 'A and B', 'A, B and C'."""
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + " and " + words[-1]


def counted(n: int, noun: str) -> str:
    """'no latents', '1 latent', '3 latents'."""
    return f"{n or 'no'} {noun}{'' if n == 1 else 's'}"


def spelled(n: int) -> str:
    """'three', 'twelve', '13': small numbers in words, as a sentence has them."""
    return _NUMBERS[n] if 0 <= n < len(_NUMBERS) else f"{n:,}"


def nearest(word: str, known: Iterable[str]) -> str:
    """A remark that names the known word closest to the one given, or lists what there is."""
    known = list(known)
    close = get_close_matches(word, known, n=1, cutoff=0.4)
    return f"did you mean {close[0]}?" if close else "known: " + (", ".join(known) or "none")


def other_settings(new: Mapping[str, object], published: Mapping[str, object]) -> str:
    """Which settings of a run are not the published ones, as Markdown."""
    words = [f"`{name}` is {setting(new[name])} (published: {setting(published[name])})" for name in new]
    return "**This run has other settings than the published one:** " + ", ".join(words) + "."


def setting(value: object) -> str:
    """'0.5', '3', 'random-sign'."""
    return f"{value:g}" if isinstance(value, float) else str(value)
