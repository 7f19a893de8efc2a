"""The page "What changed since the first edition": verdicts that were overturned, and claims judged by another rule.

The verdicts of the first edition are kept, and today's are those of the run that the book shows, so the page cannot be
wrong about either. Only the reasons are written by hand.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from toysae.claims.record import NOT_JUDGED, Record
from toysae.writeup.pages import anchor, bullets, cell, coloured, section, table
from toysae.writeup.project import spoken

NAME = "changes"
TITLE = "What changed since the first edition"
UNTOLD = "No reason is given yet."
Name = tuple[str, str]  # a chapter, without its number, and a claim of it

_HEAD = f"""# {TITLE}

The first edition of these chapters was recomputed by a referee, who found the losses, the optima and the formulas
right, and some of the conclusions too bold. Some rested on eight runs of eight, some called a contestant better that
another machine would not have called so, and some rules were passed by the very thing that they should tell apart.
[How we judge](judging.md) states the rules that hold now. Here is what became of each verdict that they overturned.
"""


@dataclass(frozen=True)
class FirstEdition:
    """The verdicts of the first edition by chapter and claim, and why claims are judged in another way now."""

    verdicts: Mapping[Name, str | None]
    reasons: Mapping[Name, str]

    @classmethod
    def read(cls, folder: Path) -> FirstEdition:
        """From first_edition.json and changes.json in the folder of the notebooks; a file that is missing is empty."""
        verdicts, reasons = (_read(folder / name) for name in ("first_edition.json", "changes.json"))
        named = {(chapter, id): verdict for chapter, claims in verdicts.items() for id, verdict in claims.items()}
        return cls(named, {_name(place): reason for place, reason in reasons.items()})

    def name(self, claim: Record) -> Name:
        """What a claim was called: its chapter, whatever number that has now, and its id.

        A claim that stands elsewhere now is known by its id, if there was one of that id only.
        """
        here = claim.notebook[3:], claim.id
        once = [name for name in self.verdicts if name[1] == claim.id]
        return once[0] if here not in self.verdicts and len(once) == 1 else here


def overturned(claims: list[Record], first: FirstEdition) -> list[Record]:
    """The claims whose verdict is another one now."""
    return [c for c in claims if first.name(c) in first.verdicts and first.verdicts[first.name(c)] != c.verdict]


def page(claims: list[Record], first: FirstEdition) -> str:
    """The page as MyST Markdown."""
    others = overturned(claims, first)
    again = [claim for claim in claims if first.name(claim) in first.reasons and claim not in others]
    names = {first.name(claim) for claim in claims}
    new = [claim for claim in claims if first.name(claim) not in first.verdicts]
    chapters = {chapter for chapter, _ in names}
    gone = [name for name in first.verdicts if name not in names and name[0] in chapters]
    kept = sum(name in first.verdicts for name in names)
    parts = [_HEAD, f"**Of {kept} verdicts, {len(others) or 'none'} came out otherwise than in the first edition.**\n"]
    parts += [_table("Overturned", others, first), _table("Judged in another way, with the same verdict", again, first)]
    parts += [section("New claims", bullets(_link(claim) for claim in new))]
    parts += [section("Claims that are no longer made", bullets(_gone(name, first) for name in gone))]
    return "\n".join(filter(None, parts))


def _table(title: str, claims: list[Record], first: FirstEdition) -> str:
    if not claims:
        return ""
    rows = [_row(claim, first) for claim in claims]
    return section(title, table(["Verdict", "Why"], rows, "claims-table changes-table"))


def _row(claim: Record, first: FirstEdition) -> str:
    before = first.verdicts.get(first.name(claim)) or NOT_JUDGED
    reason = cell(first.reasons.get(first.name(claim), UNTOLD))
    now = f"now {coloured(claim.word)}" if before != claim.word else f"still {coloured(claim.word)}"
    return f"| {_link(claim)}: {coloured(before)}, {now} | {reason} |"


def _link(claim: Record) -> str:
    return f"[{claim.id}, {spoken(claim.notebook)}](#{anchor(claim.notebook, claim.id)})"


def _gone(name: Name, first: FirstEdition) -> str:
    reason = first.reasons.get(name)
    return f"{name[1]} ({name[0].replace('_', ' ')})" + (f": {reason}" if reason else "")


def _read(path: Path) -> dict:
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def _name(place: str) -> Name:
    chapter, _, id = place.partition("/")
    return chapter, id
