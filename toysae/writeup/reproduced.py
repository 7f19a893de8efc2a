"""The page "What was reproduced": what others report beside what these notebooks find, publication by publication.

It is made from the same claims as build/claims.json.
"""

from collections import Counter

from toysae.writeup.pages import anchor, cell, coloured, kind_of, verdict_of
from toysae.writeup.sources import DERIVED, OUTSIDE, SOURCES, Reference, Source

NAME = "reproduced"
_HEAD = """# What was reproduced

Others have built toys like these, and reported what they saw. Here is what we find when we build them too. A row is the
sentence that came out true in our runs. The *verdict* compares it with what was reported, by a rule that the chapter
states before its results: *reproduced*, *partly* or *differs*. A result that differs is a finding, not a failure. Where
the settings of a run leave nothing to judge, the verdict is *not tested*.
"""
_DERIVED = """## Our own derivations

A formula is derived in its chapter and then compared with something that does not use it: an independent computation,
or trained SAEs. Here the verdict is *agrees*, *partly* or *differs*.
"""


def page(claims: list[dict]) -> str:
    """The page as MyST Markdown: counts, then a table for every publication, then one for our own formulas."""
    reported = [claim for claim in claims if _is_reported(claim)]
    formulas = [claim for claim in claims if claim["source"] == "theory" and "verdict" in claim]
    parts = [_HEAD, _summary("result", "that others report", reported, OUTSIDE)]
    parts.append(_summary("formula", "derived here", formulas, DERIVED))
    for short, source in SOURCES.items():
        found = [claim for claim in reported if claim["source"] == short]
        if found:
            parts += [_section(short, source), _table(found)]
    if formulas:
        parts += [_DERIVED, _table(formulas)]
    return "\n".join(parts)


def place_of(source: str) -> str | None:
    """The anchor of a publication's section, or None for a source without one."""
    return f"{NAME}-{source}" if source in SOURCES and SOURCES[source].is_publication else None


def _is_reported(claim: dict) -> bool:
    return claim["source"] in SOURCES and SOURCES[claim["source"]].is_publication


def _summary(noun: str, rest: str, claims: list[dict], words: tuple[str, ...]) -> str:
    """How many of each verdict; a word that nobody expects is counted only if it occurs."""
    counts = Counter(verdict_of(claim)[0] for claim in claims)
    shown = [*words[:3], *sorted(set(counts) - set(words[:3]))]
    told = ", ".join(f"{coloured(f'{counts[word]} {word}', kind_of(word))}" for word in shown)
    return f"{len(claims)} {noun}{'' if len(claims) == 1 else 's'} {rest}: {told}.\n"


def _section(short: str, source: Source) -> str:
    references = "\n".join(f"* {_reference(reference)}" for reference in source.references)
    about = f"**Setting.** {source.setting}\n\n**Reported.** {source.reports}"
    heading = source.name[0].upper() + source.name[1:]
    return f"({place_of(short)})=\n\n## {heading}\n\n{references}\n\n{about}\n"


def _reference(reference: Reference) -> str:
    return f"{reference.authors}: [{reference.title}]({reference.link}), {reference.year}."


def _table(claims: list[dict]) -> str:
    rows = "\n".join(_row(claim) for claim in claims)
    head = "| What we find | Verdict | Where |\n|---|---|---|"
    return f"::::{{container}} claims-table\n\n{head}\n{rows}\n::::\n"


def _row(claim: dict) -> str:
    place = anchor(claim["notebook"], claim["id"])
    chapter = f"[chapter {int(claim['notebook'][:2])}](#{place})"
    return f"| {cell(claim['statement'])} | {coloured(*verdict_of(claim))} | {chapter} |"
