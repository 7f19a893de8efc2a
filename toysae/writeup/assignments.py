"""What is asked of a run in words such as "sigma=0.5"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from toysae.claims.words import nearest


class Parameters(Protocol):
    """What the parameters of notebooks may be: the chapters hand it over."""

    def check(self, found: Mapping[str, Any]) -> None:
        """Raises ValueError, in one line, if these parameters cannot be, alone or together."""

    def parse(self, name: str, text: str) -> Any:
        """The value that a text stands for. Raises ValueError, in one line, if there is none or it cannot be."""


def parse_assignments(words: list[str], published: Mapping[str, Any], parameters: Parameters) -> dict[str, Any]:
    """The values in words such as "sigma=0.5", for a notebook whose published parameters are given.

    Raises ValueError with one line for a word that is no assignment, a name the notebook does not have
    (with the nearest one it has), a name given twice, a value of the wrong type or an impossible one.
    """
    values: dict[str, Any] = {}
    for word in words:
        name, equals, text = word.partition("=")
        if not equals or not name:
            raise ValueError(f"{word!r}: must be written name=value, such as sigma=0.5")
        if name in values:
            raise ValueError(f"{name}: given twice")
        if name not in published:
            raise ValueError(f"unknown parameter {name!r}: {nearest(name, published)}")
        values[name] = parameters.parse(name, text)
    parameters.check({**published, **values})
    return values
