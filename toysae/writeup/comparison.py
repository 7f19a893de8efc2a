"""A run beside the published one: verdicts by the case that came out, and every number of the evidence.

Two processors round differently, so numbers may differ. What matters is that no verdict does.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from toysae.claims.evidence import estimate_of
from toysae.claims.intervals import Fraction, Mean
from toysae.claims.record import NOT_JUDGED, Published
from toysae.claims.words import counted
from toysae.writeup.pages import anchor, bullets, cell, coloured, section, shown, table
from toysae.writeup.project import spoken

NAME = "comparison"
TITLE = "Compared with the published run"
_SAME = 1e-9  # relative: what rounds in another order
_RUNS = ("Published", "Here")
_PLACES = {True: "within its interval", False: "outside its interval", None: "without an interval"}
_HEAD = f"""# {TITLE}

The run that this book shows, beside the one that was published. A verdict is the same if the same case of the claim
came out. A number is the same up to a relative difference of $10^{{-9}}$. One that differs and has an interval is
within it if the published value lies in the interval found here, and the value found here in the published one.
"""


@dataclass(frozen=True)
class Number:
    """A piece of evidence that is not the published one; within is None where there is no interval."""

    label: str
    published: Any
    now: Any
    within: bool | None


@dataclass(frozen=True)
class Compared:
    """A claim in two runs: its case and verdict in each, None where it is not in that run."""

    notebook: str
    id: str
    published: Mapping[str, Any] | None
    now: Mapping[str, Any] | None
    numbers: list[Number] = field(default_factory=list)

    @property
    def in_both(self) -> bool:
        return self.published is not None and self.now is not None

    @property
    def as_published(self) -> bool:
        return self.in_both and self.published == self.now

    def to_json(self) -> dict[str, Any]:
        """As build/comparison.json lists it."""
        return vars(self) | {"numbers": [vars(number) for number in self.numbers]}


@dataclass(frozen=True)
class Comparison:
    """All claims of two runs, and what each run was made with."""

    claims: list[Compared]
    published: Mapping[str, Any]
    now: Mapping[str, Any]

    @property
    def numbers(self) -> list[Number]:
        return [number for claim in self.claims for number in claim.numbers]

    def to_bytes(self) -> bytes:
        """The file build/comparison.json."""
        content = {"summary": summary(self), "published": self.published, "now": self.now}
        claims = [claim.to_json() for claim in self.claims]
        return (json.dumps(content | {"claims": claims}, indent=2, ensure_ascii=False) + "\n").encode()


def compare(published: Published, run: Published, without_results: list[str]) -> Comparison:
    """The published run and another one. Of notebooks without results nothing is said."""
    claims = []
    for notebook in sorted({*published.claims, *run.claims} - set(without_results)):
        old, new = published.claims.get(notebook, {}), run.claims.get(notebook, {})
        claims += [_compared(notebook, id, old.get(id), new.get(id)) for id in {**new, **old}]
    return Comparison(claims, published.made_with, run.made_with)


def summary(comparison: Comparison) -> str:
    """One line: '113 of 113 verdicts as published; 3 numbers differ, all within their intervals'."""
    both = [claim for claim in comparison.claims if claim.in_both]
    same = sum(claim.as_published for claim in both)
    parts = [f"{same} of {len(both)} verdicts as published", _of_numbers(comparison.numbers)]
    new = sum(claim.published is None for claim in comparison.claims)
    gone = sum(claim.now is None for claim in comparison.claims)
    parts += [f"{counted(new, 'claim')} {'is' if new == 1 else 'are'} new"] if new else []
    parts += [f"{counted(gone, 'published claim')} {'is' if gone == 1 else 'are'} gone"] if gone else []
    return "; ".join(parts)


def page(comparison: Comparison) -> str:
    """The page of the book, as MyST Markdown."""
    claims = comparison.claims
    others = [_row_of_verdicts(claim) for claim in claims if claim.in_both and not claim.as_published]
    numbers = [_row_of_number(claim, number) for claim in claims for number in claim.numbers]
    parts = [_HEAD, f"**{summary(comparison)}.**\n"]
    parts.append(section("What it was made with", table(["", *_RUNS], _rows_of_settings(comparison))))
    parts.append(section("Verdicts that differ", table(["Claim", *_RUNS], others) if others else ""))
    columns = ["Claim", "Number", *_RUNS, "It is"]
    parts.append(section("Numbers that differ", table(columns, numbers) if numbers else ""))
    parts.append(section("New claims", bullets(_link(claim) for claim in claims if claim.published is None)))
    gone = bullets(f"{claim.id} ({claim.notebook})" for claim in claims if claim.now is None)
    parts.append(section("Published claims that are gone", gone))
    return "\n".join(filter(None, parts))


def _compared(notebook: str, id: str, old: Mapping[str, Any] | None, new: Mapping[str, Any] | None) -> Compared:
    numbers = list(_differing(_numbers(old), _numbers(new))) if old is not None and new is not None else []
    return Compared(notebook, id, _outcome(old), _outcome(new), numbers)


def _outcome(entry: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    return None if entry is None else {"case": entry["case"], "verdict": entry["verdict"]}


def _numbers(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Evidence by label, and what the controls score; files of the first edition know no controls."""
    scores = {f"control, {name}": control["score"] for name, control in entry.get("control", {}).items()}
    return {**entry["evidence"], **scores}


def _differing(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Number]:
    for label in {**new, **old}:
        before, now = old.get(label), new.get(label)
        if not _same(before, now):
            yield Number(label, before, now, _within(before, now))


def _same(old: Any, new: Any) -> bool:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        return set(old) == set(new) and all(_same(old[part], new[part]) for part in old)
    if isinstance(old, int | float) and isinstance(new, int | float):
        return math.isclose(old, new, rel_tol=_SAME)
    return bool(old == new)


def _within(old: Any, new: Any) -> bool | None:
    """Whether each lies in the interval of the other; None if one of them has no interval."""
    before, now = estimate_of(old), estimate_of(new)
    if before is None or now is None:
        return None
    return _inside(before, now) and _inside(now, before)


def _inside(one: Fraction | Mean, other: Fraction | Mean) -> bool:
    low, high = other.interval
    return low <= (one.value if isinstance(one, Fraction) else one.mean) <= high


def _of_numbers(numbers: list[Number]) -> str:
    count, places = len(numbers), Counter(number.within for number in numbers)
    if not count:
        return "no number differs"
    opening = f"{counted(count, 'number')} {'differs' if count == 1 else 'differ'}"
    if places[True] == count:
        return f"{opening}, {'within its interval' if count == 1 else 'all within their intervals'}"
    told = [(True, "within their intervals"), (False, "outside"), (None, "without an interval")]
    return f"{opening}: " + ", ".join(f"{places[place]} {words}" for place, words in told if places[place])


def _rows_of_settings(comparison: Comparison) -> list[str]:
    old, new = comparison.published, comparison.now
    rows = [("processor", old["processor"], new["processor"])]
    rows += [(name, old["versions"].get(name), new["versions"].get(name)) for name in old["versions"] | new["versions"]]
    return [f"| {name} | {cell(before or 'unknown')} | {cell(now or 'unknown')} |" for name, before, now in rows]


def _row_of_verdicts(claim: Compared) -> str:
    words = [coloured((outcome or {}).get("verdict") or NOT_JUDGED) for outcome in (claim.published, claim.now)]
    return f"| {_link(claim)} | {words[0]} | {words[1]} |"


def _row_of_number(claim: Compared, number: Number) -> str:
    label = cell(number.label.replace("_", " "))
    return f"| {_link(claim)} | {label} | {shown(number.published)} | {shown(number.now)} | {_PLACES[number.within]} |"


def _link(claim: Compared) -> str:
    return f"[{claim.id}, {spoken(claim.notebook)}](#{anchor(claim.notebook, claim.id)})"
