"""A claim on its way from the cell to the front page, and the published run that it is compared with."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

CLAIM_MIME = "application/vnd.toysae.claim+json"
NOT_JUDGED = "not judged"
_PUBLISHED = ("case", "verdict", "statement", "evidence", "control")  # of each claim
_NEEDED = {"case", "verdict", "statement", "evidence"}  # what those of the first edition have


class Unreadable(ValueError):
    """A file does not hold what it should. The message is one line that names it."""


@dataclass(frozen=True)
class Record:
    """What came out of one claim.

    id         its name, unique in its notebook
    case       which of its cases was true, from 0
    statement  the sentence of that case, filled in
    verdict    the word that judges it, or None if there was nothing to judge
    source     whom the claim comes from, as in sources.SOURCES
    evidence   numbers and names by label, as evidence.as_json makes them
    control    what should fail the rule, by name: whether it "passes", and its "score", as evidence is recorded
    notebook   where it stands; a cell does not know that yet
    holds      whether the published run says the same case; true for a claim that was not published yet
    """

    id: str
    case: int
    statement: str
    verdict: str | None
    source: str
    evidence: Mapping[str, Any] = field(default_factory=dict)
    control: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    notebook: str = ""
    holds: bool = True

    @property
    def word(self) -> str:
        """The verdict as a page prints it."""
        return self.verdict or NOT_JUDGED

    def in_cell(self) -> dict[str, Any]:
        """As a cell records it."""
        names = ("id", "case", "statement", "verdict", "source", "evidence", "control")
        return {name: getattr(self, name) for name in names}

    @classmethod
    def from_cell(cls, notebook: str, recorded: Mapping[str, Any], published: Published) -> Record:
        """A claim that the cell of a notebook recorded. Raises ValueError, in one line, for what is no such record."""
        try:
            found = cls(**recorded, notebook=notebook)
        except TypeError as problem:
            raise ValueError(f"{notebook}: a claim was recorded in another form; execute it again") from problem
        return replace(found, holds=published.says(found))

    def to_json(self) -> dict[str, Any]:
        """As build/claims.json lists it."""
        names = ("notebook", "id", "statement", "holds", "source", "verdict", "evidence", "control", "case")
        return {name: getattr(self, name) for name in names}

    @classmethod
    def from_json(cls, listed: Mapping[str, Any]) -> Record:
        """An entry of build/claims.json."""
        return cls(**listed)


def to_bytes(records: Iterable[Record]) -> bytes:
    """The file build/claims.json."""
    return _file([record.to_json() for record in records])


@dataclass(frozen=True)
class Published:
    """The published run: by notebook and id the case, verdict, statement, evidence and control of each claim.

    versions   those of Python and the libraries it was made with
    processor  the kind of processor, in words
    """

    claims: Mapping[str, Mapping[str, Mapping[str, Any]]] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    processor: str = ""

    @classmethod
    def of(cls, records: Iterable[Record], versions: Mapping[str, str] | None = None, processor: str = "") -> Published:
        """What is published when these claims are."""
        claims: dict[str, dict[str, Mapping[str, Any]]] = {}
        for record in records:
            entry = {name: getattr(record, name) for name in _PUBLISHED}
            claims.setdefault(record.notebook, {})[record.id] = entry
        return cls(claims, versions or {}, processor)

    @classmethod
    def read(cls, path: Path) -> Published:
        """The file notebooks/published.json; nothing is published where there is none.

        Files of the first edition hold the claims alone. Raises Unreadable for a file that holds anything else.
        """
        if not path.exists():
            return cls()
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            read = cls(**content) if "claims" in content else cls(content)
            whole = all(entry.keys() >= _NEEDED for claims in read.claims.values() for entry in claims.values())
        except (ValueError, TypeError, AttributeError, RecursionError):
            whole = False
        if not (whole and isinstance(read.versions, dict) and isinstance(read.processor, str)):
            raise Unreadable(f"{path.name}: holds no published claims; restore it, or remove it and publish anew")
        return read

    @property
    def made_with(self) -> dict[str, Any]:
        """What may show in the numbers."""
        return {"versions": self.versions, "processor": self.processor}

    def says(self, record: Record) -> bool:
        """Whether this claim came out in the published case, with its verdict; a claim that is new does."""
        entry = self.claims.get(record.notebook, {}).get(record.id)
        return entry is None or (entry["case"], entry["verdict"]) == (record.case, record.verdict)

    def to_bytes(self) -> bytes:
        """The file notebooks/published.json, sorted."""
        return _file(self.made_with | {"claims": self.claims}, sort_keys=True)


def _file(content: Any, **options: Any) -> bytes:
    return (json.dumps(content, indent=2, ensure_ascii=False, **options) + "\n").encode()
