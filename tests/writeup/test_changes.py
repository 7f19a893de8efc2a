"""What changed since the first edition: verdicts of then and now, which are not written by hand, and the reasons."""

import json
import re
from pathlib import Path

from toysae.claims.record import Published, Record
from toysae.claims.sources import SOURCES
from toysae.writeup.changes import UNTOLD, FirstEdition, overturned, page
from toysae.writeup.project import Project

ROOT = Path(__file__).resolve().parents[2]
PROJECT = Project(ROOT)
FIRST = FirstEdition(
    {("first", "a"): "reproduced", ("first", "b"): "holds", ("first", "old"): "holds", ("later", "z"): "holds"},
    {("first", "a"): "Eight of eight | is too few.", ("first", "b"): "Another rule."},
)


def claim(id, verdict, source="ours", notebook="03_first"):
    return Record(id, 0, "It is.", verdict, source, notebook=notebook)


def test_a_verdict_that_is_another_one_now_is_told_with_its_reason():
    said = page([claim("a", "partly", "seed"), claim("b", "holds")], FIRST)
    assert "**Of 2 verdicts, 1 came out otherwise than in the first edition.**" in said
    over, again = said.split("## Overturned")[1].split("## Judged in another way, with the same verdict")
    words = "[reproduced]{.verdict-holds}, now [partly]{.verdict-partly}"
    assert f"| [a, chapter 3](#claim-03-first-a): {words} | Eight of eight \\| is too few. |" in over
    assert "| [b, chapter 3](#claim-03-first-b): [holds]{.verdict-holds}, still [holds]{.verdict-holds} |" in again


def test_a_verdict_is_compared_whatever_number_its_chapter_has_and_cannot_be_left_out():
    other = claim("b", None, notebook="09_first")
    assert overturned([other], FIRST) == [other]
    without = FirstEdition(FIRST.verdicts, {})
    assert f"now [not judged]{{.verdict-open}} | {UNTOLD} |" in page([other], without)


def test_claims_that_are_new_or_gone_are_listed_and_chapters_without_results_are_not():
    said = page([claim("a", "reproduced", "seed"), claim("new", "holds")], FIRST)
    assert "## New claims\n\n* [new, chapter 3](#claim-03-first-new)\n" in said
    assert "## Claims that are no longer made\n\n* b (first): Another rule.\n* old (first)\n" in said
    assert "**Of 1 verdicts, none came out" in said
    assert "z" not in re.findall(r"^\* (\w+)", said, re.MULTILINE)


def test_a_claim_that_moved_to_another_chapter_is_neither_new_nor_gone():
    moved = claim("old", "partly", notebook="07_other")
    assert FIRST.name(moved) == ("first", "old")
    said = page([claim("a", "reproduced", "seed"), moved], FIRST)
    assert "[old, study 7](#claim-07-other-old): [holds]{.verdict-holds}, now [partly]" in said
    assert "New claims" not in said and "* old" not in said
    twice = FirstEdition(dict.fromkeys([("a", "x"), ("b", "x")], "holds"), {})
    assert twice.name(claim("x", "holds", notebook="03_c")) == ("c", "x")


def test_without_the_files_nothing_is_said(tmp_path):
    assert FirstEdition.read(tmp_path) == FirstEdition({}, {})


# ---- this project's own


def published():
    claims = Published.read(PROJECT.published).claims
    return [
        claim(id, entry["verdict"], "theory", notebook) for notebook in claims for id, entry in claims[notebook].items()
    ]


def test_the_first_edition_is_whole_and_its_words_are_known():
    first = FirstEdition.read(PROJECT.notebooks)
    words = {word for source in SOURCES.values() for word in source.verdicts}
    assert len(first.verdicts) == 113
    assert set(first.verdicts.values()) <= words


def test_every_verdict_that_was_overturned_and_every_claim_that_is_gone_has_its_reason():
    first = FirstEdition.read(PROJECT.notebooks)
    gone = set(first.verdicts) - {first.name(claim) for claim in published()}
    changed = {first.name(claim) for claim in overturned(published(), first)}
    assert (changed | gone) - set(first.reasons) == set()


def test_every_reason_is_a_sentence_about_a_claim_that_there_is_or_was():
    first = FirstEdition.read(PROJECT.notebooks)
    known = set(first.verdicts) | {first.name(claim) for claim in published()}
    assert set(first.reasons) <= known
    assert all(re.fullmatch(r"[A-Z\d].*[.]", reason) for reason in first.reasons.values())
    assert json.loads((PROJECT.notebooks / "changes.json").read_text())
