"""Lists and counts in English."""

from __future__ import annotations

from collections.abc import Sequence


def listed(words: Sequence[str]) -> str:
    """'A', 'A and B', 'A, B and C'."""
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + " and " + words[-1]


def counted(n: int, noun: str) -> str:
    """'no latents', '1 latent', '3 latents'."""
    return f"{n or 'no'} {noun}{'' if n == 1 else 's'}"
