"""A run beside the published one: what is the same, what differs, and whether it matters."""

import json
from pathlib import Path

import pytest

from toysae.claims.record import Published
from toysae.writeup.comparison import compare, page, summary

BEFORE = {
    "versions": {"Python": "3.11.9", "torch": "2.1"},
    "processor": "one kind",
    "claims": {
        "01_first": {
            "no-atoms": {"case": 0, "verdict": "reproduced", "statement": "s", "evidence": {"loss": 0.1, "name": "a"}},
            "share": {"case": 0, "verdict": "holds", "statement": "s", "evidence": {"found": {"k": 60, "n": 64}}},
            "old": {"case": 0, "verdict": None, "statement": "s", "evidence": {}},
        },
        "02_second": {
            "cost": {
                "case": 1,
                "verdict": "partly",
                "statement": "s",
                "evidence": {"cost": {"mean": 2.0, "low": 1.5, "high": 2.5, "n": 16}},
            }
        },
    },
}


def runs(tmp_path, **changes):
    """The published run and the same with other evidence or cases, by "notebook/id", through their files."""
    after = json.loads(json.dumps(BEFORE)) | {"processor": "another kind"}
    for place, change in changes.items():
        notebook, id = place.split("/")
        after["claims"][notebook][id] = after["claims"][notebook].get(id, {}) | change
    read = []
    for name, content in (("before", BEFORE), ("after", after)):
        (tmp_path / name).write_text(json.dumps(content))
        read.append(Published.read(tmp_path / name))
    return read


def compared(tmp_path, without_results=(), **changes):
    return compare(*runs(tmp_path, **changes), list(without_results))


def test_a_run_is_as_published_if_numbers_differ_by_less_than_they_are_rounded(tmp_path):
    found = compared(tmp_path, **{"01_first/no-atoms": {"evidence": {"loss": 0.1 * (1 + 1e-12), "name": "a"}}})
    assert summary(found) == "4 of 4 verdicts as published; no number differs"
    assert found.numbers == []


def test_what_a_control_scores_is_compared_like_evidence(tmp_path):
    published, now = runs(tmp_path)
    for run, k in ((published, 30), (now, 29)):
        score = {"passes": False, "score": {"k": k, "n": 64}}
        run.claims["01_first"]["share"]["control"] = {"the start": score}
    (number,) = compare(published, now, []).numbers
    assert (number.label, number.within) == ("control, the start", True)
    assert "| control, the start | 30 of 64 | 29 of 64 |" in page(compare(published, now, []))


def test_a_pooled_count_that_differs_has_no_interval(tmp_path):
    published, now = runs(tmp_path)
    for run, k in ((published, 30), (now, 29)):
        run.claims["01_first"]["share"]["evidence"] = {"cells": {"pooled_k": k, "pooled_n": 64}}
    found = compare(published, now, [])
    assert summary(found).endswith("; 1 number differs: 1 without an interval")
    assert "| cells | 30 of 64 | 29 of 64 | without an interval |" in page(found)


def evidence(**numbers):
    return {"evidence": numbers}


MEAN = {"mean": 2.0, "low": 1.5, "high": 2.5, "n": 16}


@pytest.mark.parametrize(
    ("place", "change", "within"),
    [
        ("01_first/share", evidence(found={"k": 59, "n": 64}), True),
        ("01_first/share", evidence(found={"k": 20, "n": 64}), False),
        ("01_first/share", evidence(found={"k": 0, "n": 0}), False),
        ("02_second/cost", evidence(cost=MEAN | {"mean": 2.1, "high": 2.7}), True),
        ("02_second/cost", evidence(cost=MEAN | {"low": None, "high": None}), True),
        ("02_second/cost", evidence(cost=MEAN | {"mean": 2.6, "high": 3.7}), False),  # only one lies in the other
        ("02_second/cost", evidence(cost=MEAN | {"mean": None}), False),
        ("02_second/cost", evidence(cost=2.0), None),
        ("02_second/cost", evidence(cost=MEAN, more=1), None),
        ("02_second/cost", {"control": {"noise": {"passes": False, "score": {"k": 1, "n": 8}}}}, None),
        ("01_first/no-atoms", evidence(loss=0.1000001, name="a"), None),
        ("01_first/no-atoms", evidence(loss=None, name="a"), None),
        ("01_first/no-atoms", evidence(loss=0.1, name="b"), None),
    ],
)
def test_a_number_that_differs_is_within_its_interval_if_each_lies_in_the_interval_of_the_other(
    tmp_path, place, change, within
):
    (number,) = compared(tmp_path, **{place: change}).numbers
    assert number.within is within


def test_the_line_at_the_end_counts_verdicts_by_case_and_numbers_by_their_intervals(tmp_path):
    one = {"01_first/share": evidence(found={"k": 59, "n": 64})}
    two = one | {"02_second/cost": evidence(cost=MEAN | {"mean": 2.1})}
    told = "4 of 4 verdicts as published; 2 numbers differ, all within their intervals"
    assert summary(compared(tmp_path, **two)) == told
    assert summary(compared(tmp_path, **one)).endswith("; 1 number differs, within its interval")
    three = two | {"01_first/no-atoms": evidence(loss=0.2, name="a") | {"case": 1, "verdict": "reproduced"}}
    told = "3 of 4 verdicts as published; 3 numbers differ: 2 within their intervals, 1 without an interval"
    assert summary(compared(tmp_path, **three)) == told


def test_claims_that_are_new_or_gone_are_told_and_those_without_results_are_not_compared(tmp_path):
    new = {"case": 0, "verdict": "holds", "statement": "It is new.", "evidence": {"n": 1}}
    before, after = runs(tmp_path, **{"02_second/new": new})
    del after.claims["01_first"]["old"]
    found = compare(before, after, [])
    assert (
        summary(found) == "3 of 3 verdicts as published; no number differs; 1 claim is new; 1 published claim is gone"
    )
    said = page(found)
    assert "## New claims\n\n* [new, chapter 2](#claim-02-second-new)" in said
    assert "## Published claims that are gone\n\n* old (01_first)\n" in said
    del after.claims["01_first"]
    assert summary(compare(before, after, ["01_first"])).startswith("1 of 1 verdicts as published")


def test_the_file_holds_both_runs_claim_by_claim(tmp_path):
    change = {"case": 2, "verdict": "does not hold"} | evidence(found={"k": 20, "n": 64})
    told = json.loads(compared(tmp_path, **{"01_first/share": change}).to_bytes())
    assert told["summary"] == "3 of 4 verdicts as published; 1 number differs: 1 outside"
    assert (told["published"]["processor"], told["now"]["processor"]) == ("one kind", "another kind")
    (share,) = [claim for claim in told["claims"] if claim["id"] == "share"]
    assert share == {
        "notebook": "01_first",
        "id": "share",
        "published": {"case": 0, "verdict": "holds"},
        "now": {"case": 2, "verdict": "does not hold"},
        "numbers": [
            {"label": "found", "published": {"k": 60, "n": 64}, "now": {"k": 20, "n": 64}, "within": False},
        ],
    }


def test_the_page_shows_what_differs_and_what_each_run_was_made_with(tmp_path):
    change = {"case": 2, "verdict": "does not hold"} | evidence(found={"k": 20, "n": 64})
    said = page(compared(tmp_path, **{"01_first/share": change, "02_second/cost": evidence(cost=MEAN | {"mean": 2.1})}))
    assert "| processor | one kind | another kind |" in said
    link = "[share, chapter 1](#claim-01-first-share)"
    assert f"| {link} | [holds]{{.verdict-holds}} | [does not hold]{{.verdict-fails}} |" in said
    assert f"| {link} | found | 60 of 64 | 20 of 64 | outside its interval |" in said
    assert "| cost | 2 (1.5 to 2.5) | 2.1 (1.5 to 2.5) | within its interval |" in said


# ---- two stored runs: seven claims as two processors find them


@pytest.fixture
def processors():
    """What differs is what does in full runs: counts by one, a mean over trained SAEs, sums in their last digits."""
    folder = Path(__file__).parent / "runs"
    return [Published.read(folder / f"{name}_processor.json") for name in ("one", "another")]


def test_two_processors_say_the_same(processors):
    found = compare(*processors, [])
    assert summary(found) == "7 of 7 verdicts as published; 4 numbers differ, all within their intervals"
    assert {(claim.id, number.label) for claim in found.claims for number in claim.numbers} == {
        ("no-setting-suffices", "count"),
        ("child-leaks", "absorb partly"),
        ("control", "find them"),
        ("composites-in-superposition", "share of pairs there"),
    }
    assert "| processor | one kind of processor | another kind of processor |" in page(found)
    assert "Verdicts that differ" not in page(found)


def test_it_does_not_matter_which_of_them_is_published(processors):
    one, another = processors
    assert summary(compare(another, one, [])) == summary(compare(one, another, []))
    assert summary(compare(one, one, [])) == "7 of 7 verdicts as published; no number differs"


@pytest.mark.parametrize(("change", "told"), [
    ({"case": 1}, "6 of 7 verdicts as published; 4 numbers differ, all within their intervals"),
    ({"verdict": "partly"}, "6 of 7 verdicts as published; 4 numbers differ, all within their intervals"),
    ({"evidence": {"find them": {"k": 30, "n": 64}}}, "7 of 7 verdicts as published; 7 numbers differ: 3 within their"
     " intervals, 1 outside, 3 without an interval"),
])  # fmt: skip
def test_a_run_that_says_something_else_is_seen_among_them(processors, change, told):
    one, another = processors
    another.claims["08_hierarchies"]["control"].update(change)
    assert summary(compare(one, another, [])) == told
