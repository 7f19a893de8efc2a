"""Sentences with gaps: "{filled.k} of {filled.n} SAEs" names evidence, and the evidence fills it in.

A gap holds a name, after it perhaps a part of that evidence (.k) and a format (:.2f) as in str.format. A name may hold
spaces, since it is also the label that a page shows. A brace that is meant as one is doubled: "$\\sqrt{{2}}$".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from string import Formatter
from typing import Any

from toysae.claims.evidence import printed

_NAME = re.compile(r"(?=.*[^\W\d_])[^\s{}.:!\[\]]+( [^\s{}.:!\[\]]+)*")
HINT = "a brace that is meant is doubled, as in $\\sqrt{{2}}$"


@dataclass(frozen=True)
class Gap:
    """A place in a sentence: the evidence that it names, the parts that it asks for, the format."""

    name: str
    parts: tuple[str, ...] = ()
    spec: str = ""

    def filled(self, evidence: Mapping[str, Any]) -> str:
        """What stands there. Raises ValueError, in one line, for what the evidence does not give."""
        if self.name not in evidence:
            known = ", ".join(map(repr, evidence)) or "none"
            raise ValueError(f"{self.name!r} is no evidence of this claim; known: {known}; {HINT}")
        try:
            value = evidence[self.name]
            for part in self.parts:
                value = getattr(value, part)
            return format(value, self.spec) if self.spec else printed(value)
        except (AttributeError, TypeError, ValueError) as problem:
            raise ValueError(f"{{{'.'.join((self.name, *self.parts))}}} cannot be filled in: {problem}") from problem


def pieces(template: str) -> list[str | Gap]:
    """The sentence in its order: text, and gaps. Raises ValueError, in one line, for braces that are none."""
    try:
        parsed = list(Formatter().parse(template))
    except ValueError as problem:
        raise ValueError(f"{problem}; {HINT}") from problem
    found: list[str | Gap] = []
    for text, field, spec, conversion in parsed:
        found.append(text)
        if field is not None:
            found.append(_gap(field, spec or "", conversion))
    return found


def filled(template: str, evidence: Mapping[str, Any]) -> str:
    """The sentence with its gaps filled in. Raises ValueError, in one line, if one cannot be."""
    return "".join(piece.filled(evidence) if isinstance(piece, Gap) else piece for piece in pieces(template))


def told_whole(template: str) -> set[str]:
    """The names of the evidence that the sentence tells entirely, not only a part of it."""
    return {piece.name for piece in pieces(template) if isinstance(piece, Gap) and not piece.parts}


def check_name(name: Any) -> str:
    """The name of evidence. Raises ValueError, in one line, for one that no sentence could name."""
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ValueError(
            f"evidence {name!r}: a name is words, with a letter, joined by single spaces, without . : ! [ ] {{ }}"
        )
    return name


def _gap(field: str, spec: str, conversion: str | None) -> Gap:
    name, *parts = field.split(".")
    if conversion or "{" in spec or "[" in field or not all(parts):
        raise ValueError(f"{{{field}}}: a gap holds a name, its parts after a dot, a format after a colon; {HINT}")
    return Gap(name, tuple(parts), spec)
