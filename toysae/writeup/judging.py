"""The page "How we judge": seven rules, each with an example, then every claim with its rule, sample and control."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from toysae.claims.record import Published, Record
from toysae.claims.sources import SOURCES
from toysae.claims.wording import Wording, readings
from toysae.claims.words import counted
from toysae.writeup.pages import NOTHING_YET, anchor, bullets, cell, coloured, fold, shown, table
from toysae.writeup.rules import Rule, rules_of

NAME = "judging"
TITLE = "How we judge"
Place = tuple[str, str]  # a notebook and a claim of it

_HEAD = f"""# {TITLE}

A result is only as good as the rule that it is judged by. These are our rules. They stand in the package once, in
`toysae.claims`, and every chapter calls them from there. The numbers on this page were computed by the same code when
the page was made.
"""
_WORDS = """## The words of a verdict

What others report is *reproduced*, comes out *partly*, or *differs*. What we derive or find ourselves *holds*, holds
*partly*, or *does not hold*. *Partly* covers three things: some settings agree and some do not; the count is too close
to the bound to decide; or a control passes as well. Where a run's settings leave nothing to look at, a claim is
*not judged*.
"""
_TABLE = """## Every claim

*Rule* is the condition of the claim's best case, as its notebook has it; the other cases stand in the notebook. *n* is
the smallest sample among the counts and means below the claim. *Control* is what the rule has to fail on, and what it
scored. *Seeds* tells in how many of the runs with the seeds 0 to 9 the claim came out in its published case.
"""


@dataclass(frozen=True)
class Runs:
    """How often a claim came out in its published case when its notebook was run with several seeds."""

    same: int
    of: int

    def __str__(self) -> str:
        return f"{self.same} of {self.of}"


@dataclass(frozen=True)
class Seeds:
    """The kept table of runs with other seeds: by claim, and the runs that failed, as words."""

    runs: Mapping[Place, Runs]
    failures: Sequence[str] = ()

    @classmethod
    def read(cls, path: Path, published: Published) -> Seeds:
        """From notebooks/tables/seeds.csv; empty where there is none."""
        if not path.exists():
            return cls({})
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        seeds: dict[str, set[str]] = {}
        for row in rows:
            seeds.setdefault(row["notebook"], set()).add(row["seed"])
        said = Counter(
            (row["notebook"], row["claim"]) for row in rows if row["claim"] and _as_published(row, published)
        )
        places = dict.fromkeys((row["notebook"], row["claim"]) for row in rows if row["claim"])
        failures = [f"{r['notebook']} failed with seed {r['seed']}: {r['failure']}" for r in rows if r["failure"]]
        return cls({place: Runs(said[place], len(seeds[place[0]])) for place in places}, failures)


def _as_published(row: Mapping[str, str], published: Published) -> bool:
    entry = published.claims.get(row["notebook"], {}).get(row["claim"])
    return entry is not None and row["case"] == str(entry["case"])


def page(claims: list[Record], titles: Mapping[str, str], sources: Mapping[str, str], seeds: Seeds) -> str:
    """The page as MyST Markdown.

    titles   of the chapters, in the order of the book
    sources  the text of each notebook's .py, where the rules stand
    """
    numbered = enumerate(rules_of(claims, _summary(seeds)), start=1)
    rules = "\n".join(_told(number, rule) for number, rule in numbered)
    conditions = conditions_of(sources)
    tables = [_chapter(titles[name], of_chapter, conditions, seeds) for name, of_chapter in _by_chapter(claims, titles)]
    return "\n".join([_HEAD, rules, _WORDS, _TABLE, _of_seeds(seeds), *(tables or [NOTHING_YET])])


def conditions_of(sources: Mapping[str, str]) -> dict[Place, str]:
    """The rule of every claim's best case, as code."""
    return {
        (name, reading.id.strip("'\"")): _best_condition(reading.wordings)
        for name, source in sources.items()
        for reading in readings(source)
        if reading.wordings
    }


def _best_condition(cases: Sequence[Wording]) -> str:
    """When the first case with the best verdict is said; those before it are for runs that leave nothing to judge."""
    best = {repr(source.verdicts[0]) for source in SOURCES.values()}
    place = next((place for place, case in enumerate(cases) if case.verdict in best), 0)
    if cases[place].condition != "True":
        return cases[place].condition
    return f"not ({' or '.join(case.condition for case in cases[:place])})"


def smallest_n(evidence: Mapping[str, Any]) -> int | None:
    """The smallest sample among counts and means; None where there is neither."""
    sizes = [value["n"] for value in evidence.values() if isinstance(value, Mapping) and "n" in value]
    return min(sizes, default=None)


def _told(number: int, rule: Rule) -> str:
    return (
        f"## {number}. {rule.title}\n\n{rule.text}\n\n::::{{container}} example\n\n**Example.** {rule.example}\n::::\n"
    )


def _by_chapter(claims: list[Record], titles: Mapping[str, str]) -> Iterable[tuple[str, list[Record]]]:
    of_chapters = ((name, [claim for claim in claims if claim.notebook == name]) for name in titles)
    return [(name, of_chapter) for name, of_chapter in of_chapters if of_chapter]


def _chapter(title: str, claims: list[Record], conditions: Mapping[Place, str], seeds: Seeds) -> str:
    columns = ["Claim", "Rule", "n", "Control", "Verdict", "Seeds"]
    rows = [f"| {' | '.join(_row(claim, conditions, seeds))} |" for claim in claims]
    return fold(title, table(columns, rows, "claims-table rules-table"), counted(len(claims), "claim"))


def _row(claim: Record, conditions: Mapping[Place, str], seeds: Seeds) -> list[str]:
    place = claim.notebook, claim.id
    n = smallest_n(claim.evidence)
    rule = conditions.get(place)
    return [
        f"[{claim.id}](#{anchor(*place)})",
        f"`{cell(rule)}`" if rule else "no longer in the notebook",
        "" if n is None else f"{n:,}",
        "; ".join(_control(name, control) for name, control in claim.control.items()) or "none",
        coloured(claim.word),
        str(seeds.runs.get(place, "not run")),
    ]


def _control(name: str, control: Mapping[str, Any]) -> str:
    said = coloured("does not hold", "passes") if control["passes"] else "fails"
    return f"{cell(name)}: {shown(control['score'])}, {said}"


def _summary(seeds: Seeds) -> str:
    if not seeds.runs:
        return "The table of those runs is not part of this copy, so nothing is said about them here."
    runs, always = seeds.runs.values(), sum(run.same == run.of for run in seeds.runs.values())
    once = sum(run.same == run.of - 1 for run in runs)
    rest = len(seeds.runs) - always - once
    return (
        f"With {max(run.of for run in runs)} seeds, {always} of {len(seeds.runs)} claims come out in the same case"
        f" every time, {once} in all runs but one, {rest or 'none'} less often."
    )


def _of_seeds(seeds: Seeds) -> str:
    """What the column of the seeds does not tell."""
    if not seeds.runs:
        return "In this copy there is no table of runs with other seeds, so that column says *not run*.\n"
    failures = bullets(map(cell, seeds.failures))
    note = "*Not run* is said of a claim that the kept table of those runs does not hold.\n"
    return f"{note}\nRuns that failed count as other outcomes:\n\n{failures}" if failures else note
