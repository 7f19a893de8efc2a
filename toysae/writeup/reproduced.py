"""The page "What was reproduced": what others report beside what these notebooks find, publication by publication.

It is made from the same claims as build/claims.json.
"""

from collections import Counter

from toysae.claims.record import Record
from toysae.claims.sources import OURS, REPORTED, SOURCES, Reference, Source
from toysae.writeup.pages import anchor, bullets, cell, coloured, table

NAME = "reproduced"
_HEAD = """# What was reproduced

Others have built toys like these, and reported what they saw. Here is what we find when we build them too. A row is the
sentence that came out true in our runs. The *verdict* compares it with what was reported, by a rule that the chapter
states before its results: *reproduced*, *partly* or *differs*. A result that differs is a finding, not a failure. Where
the settings of a run leave nothing to judge, it is *not judged*.
"""
_DERIVED = """## Our own derivations

A formula is derived in its chapter and then compared with something that does not use it: an independent computation,
or trained SAEs. Here the verdict is *holds*, *partly* or *does not hold*.
"""


def page(claims: list[Record]) -> str:
    """The page as MyST Markdown: counts, then a table for every publication, then one for our own formulas."""
    reported = [claim for claim in claims if _is_reported(claim)]
    formulas = [claim for claim in claims if claim.source == "theory"]
    parts = [_HEAD, _summary("result", "that others report", reported, REPORTED)]
    parts.append(_summary("formula", "derived here", formulas, OURS))
    for short, source in SOURCES.items():
        found = [claim for claim in reported if claim.source == short]
        if found:
            parts += [_section(short, source), _table(found)]
    if formulas:
        parts += [_DERIVED, _table(formulas)]
    return "\n".join(parts)


def place_of(source: str) -> str | None:
    """The anchor of a publication's section, or None for a source without one."""
    return f"{NAME}-{source}" if source in SOURCES and SOURCES[source].is_publication else None


def _is_reported(claim: Record) -> bool:
    return SOURCES[claim.source].is_publication


def _summary(noun: str, rest: str, claims: list[Record], words: tuple[str, ...]) -> str:
    """How many of each verdict; what is not judged is counted only if it occurs."""
    counts = Counter(claim.word for claim in claims)
    shown = [*words, *sorted(set(counts) - set(words))]
    told = ", ".join(coloured(word, f"{counts[word]} {word}") for word in shown)
    return f"{len(claims)} {noun}{'' if len(claims) == 1 else 's'} {rest}: {told}.\n"


def _section(short: str, source: Source) -> str:
    references = bullets(map(_reference, source.references))
    about = f"**Setting.** {source.setting}\n\n**Reported.** {source.reports}"
    heading = source.name[0].upper() + source.name[1:]
    return f"({place_of(short)})=\n\n## {heading}\n\n{references}\n{about}\n"


def _reference(reference: Reference) -> str:
    return f"{reference.authors}: [{reference.title}]({reference.link}), {reference.year}."


def _table(claims: list[Record]) -> str:
    return table(["What we find", "Verdict", "Where"], map(_row, claims))


def _row(claim: Record) -> str:
    chapter = f"[chapter {int(claim.notebook[:2])}](#{anchor(claim.notebook, claim.id)})"
    return f"| {cell(claim.statement)} | {coloured(claim.word)} | {chapter} |"
