"""How we judge: each example's number is held, every claim is listed, and the published run keeps to the rules."""

import json
import re
from pathlib import Path

from toysae.claims import Family, Fraction, mostly, nearly_all
from toysae.claims.record import Published, Record
from toysae.claims.sources import SOURCES
from toysae.writeup import book, judging, pages, pairs, rules
from toysae.writeup.judging import Runs, Seeds, conditions_of, smallest_n
from toysae.writeup.project import Project

ROOT = Path(__file__).resolve().parents[2]
PROJECT = Project(ROOT)
BEST = {source.verdicts[0] for source in SOURCES.values()}

# Claims whose best verdict may rest on fewer than 16, by name, with the reason
FEW: dict[str, str] = {}


def count(k, n=64):
    return {"k": k, "n": n}


HEADLINE = Record(
    "no-atoms",
    0,
    "It is.",
    "reproduced",
    "seed",
    {"composites only": count(62), "no atom": count(64), "no atom before training": count(48)},
    {"the SAEs before training": {"passes": False, "score": count(0)}},
    "01_first",
)
SOURCE = """claim("no-atoms", (n == 0, "Nothing.", None), (mostly(only) | more(a, b), "Yes.", "reproduced"),
      (True, "No.", "differs"))
"""


def page(*claims, seeds=None):
    titles, sources = {"01_first": "A first", "02_second": "A second"}, {"01_first": SOURCE, "02_second": ""}
    return judging.page(list(claims), titles, sources, seeds or Seeds({}))


def example(number, *claims, seeds="How many is told here."):
    return rules.rules_of(list(claims), seeds)[number - 1].example


def test_there_are_seven_rules_each_with_an_example():
    said = page(HEADLINE)
    assert re.findall(r"^## (\d)\. ", said, re.MULTILINE) == list("1234567")
    assert said.count("**Example.** ") == 7


def test_of_few_all_are_not_nearly_all():
    assert example(1) == (
        "After 8 of 8 (95 % interval 68 to 100 %) a sentence may not say *nearly all*; after 16 of 16 (95 % interval 81"
        " to 100 %) it may, and 16 is the smallest number of which that is true. After 42 of 64 (95 % interval 53 to"
        " 76 %) it may say *most*; after 36 of 64 (95 % interval 44 to 68 %) it may not."
    )
    assert (nearly_all(Fraction(8, 8)), nearly_all(Fraction(16, 16)), mostly(Fraction(36, 64))) == (False, True, False)


def test_of_ten_comparisons_three_are_better_alone_and_one_in_the_family():
    assert example(2) == (
        "10 invented contestants differ from a baseline at 32 seeds. Taken alone, 3 of them are better with p below"
        " .05. In the family one is surely better: contestant A (p 0.002 alone, 0.024 in the family). Contestant B is"
        " not (p 0.018 alone, 0.161 in the family), although its own interval, 0.08 to 0.80, leaves out zero."
    )
    assert Family.of(rules._invented()).surely_more == ["A"]


def test_settings_are_no_seeds():
    assert example(3) == (
        "Of 16 invented seeds 11 do something at all 8 settings, the others at none: 88 of 128 runs. Were the runs"
        " independent (88 of 128 (95 % interval 60 to 76 %)), it could be said that most do. Seed by seed the mean"
        " share is 0.69 (95 % interval 0.43 to 0.94), and it may not."
    )


def test_no_atom_is_condemned_by_the_start_of_training():
    assert example(4, HEADLINE) == (
        "*No latent for a single feature* is true of 64 of 64 trained SAEs in"
        " [chapter 1](#claim-01-first-no-atoms), but of 48 of 64 before training, too: the start passes the rule *most"
        " have no atom*, so that it proves little. *Every latent is a composite* is true of 62 of 64 after training and"
        " of 0 of 64 before: the start fails. So the claim rests on the second."
    )
    assert example(4).startswith("The run that this book shows does not tell")


def test_the_example_of_the_controls_is_that_of_the_published_run():
    """48 of 64 untrained SAEs pass the rule that most have no atom: so the first chapter's claim records it."""
    (notebook,) = [name for name in PROJECT.names() if name.endswith("minimal_example")]
    entry = Published.read(PROJECT.published).claims[notebook]["no-atoms"]
    record = Record("no-atoms", source="seed", notebook=notebook, **entry)
    told = example(4, record)
    assert "but of 48 of 64 before training, too: the start passes" in told
    assert "is true of 62 of 64 after training and of 0 of 64 before: the start fails" in told


def test_a_second_threshold_that_says_otherwise_makes_it_partly():
    assert example(5).endswith("so together the verdict is [partly]{.verdict-partly}.")
    assert "30 of 32 (95 % interval 80 to 98 %)" in example(5) and "18 of 32 (95 % interval 39 to 72 %)" in example(5)


def test_the_first_case_is_counted():
    second = Record("b", 2, "It is.", "partly", "ours", notebook="01_first")
    assert example(7, HEADLINE, second).startswith("In this run 1 of 2 claims came out in their first case")


# ---- other seeds


def seeds_of(tmp_path, *rows):
    (tmp_path / "seeds.csv").write_text("\n".join(["notebook,code,seed,claim,case,verdict,failure", *rows]) + "\n")
    published = Published.of([HEADLINE, Record("b", 1, "It is.", None, "ours", notebook="01_first")])
    return Seeds.read(tmp_path / "seeds.csv", published)


def test_runs_with_other_seeds_are_counted_by_case_and_a_failure_is_another_outcome(tmp_path):
    found = seeds_of(
        tmp_path,
        "01_first,cafe,0,no-atoms,0,reproduced,",
        "01_first,cafe,0,b,1,not judged,",
        "01_first,cafe,1,no-atoms,1,partly,",
        "01_first,cafe,1,b,1,not judged,",
        '01_first,cafe,2,,,,"ValueError: a, b"',
        "02_second,cafe,0,of-another-edition,0,holds,",
    )
    assert found.runs["01_first", "no-atoms"] == Runs(1, 3)
    assert found.runs["01_first", "b"] == Runs(2, 3)
    assert found.runs["02_second", "of-another-edition"] == Runs(0, 1)
    assert found.failures == ["01_first failed with seed 2: ValueError: a, b"]
    said = page(HEADLINE, seeds=found)
    assert "| [reproduced]{.verdict-holds} | 1 of 3 |" in said
    assert "Runs that failed count as other outcomes:\n\n* 01_first failed with seed 2: ValueError: a, b\n" in said


def test_where_there_is_no_such_table_the_page_says_so(tmp_path):
    assert Seeds.read(tmp_path / "none.csv", Published()) == Seeds({})
    said = page(HEADLINE)
    assert "The table of those runs is not part of this copy" in said
    assert "| not run |" in said and "that column says *not run*" in said


def test_stability_is_told_by_the_number_of_claims():
    runs = {("01_first", name): Runs(same, 10) for name, same in {"a": 10, "b": 10, "c": 9, "d": 4}.items()}
    told = "With 10 seeds, 2 of 4 claims come out in the same case every time, 1 in all runs but one, 1 less often."
    assert told in page(HEADLINE, seeds=Seeds(runs))


# ---- the table of claims


def test_a_row_tells_rule_sample_control_and_verdict():
    row = (
        "| [no-atoms](#claim-01-first-no-atoms) | `mostly(only) \\| more(a, b)` | 64"
        " | the SAEs before training: 0 of 64, fails | [reproduced]{.verdict-holds} | not run |"
    )
    assert row in page(HEADLINE)


def test_a_claim_without_counts_control_or_source_says_so():
    row = "| [b](#claim-02-second-b) | no longer in the notebook |  | none | [not judged]{.verdict-open} | not run |"
    assert row in page(HEADLINE, Record("b", 1, "It is.", None, "ours", notebook="02_second"))


def test_a_control_that_passes_is_seen():
    passing = Record("c", 0, "It is.", "partly", "ours", {}, {"noise": {"passes": True, "score": 0.5}}, "02_second")
    assert "| noise: 0.5, [passes]{.verdict-fails} |" in page(passing)


def test_the_smallest_sample_is_that_of_counts_and_means_not_of_pooled_counts():
    evidence = {"a": count(3, 64), "b": {"mean": 1, "low": 0, "high": 2, "n": 16}, "c": {"pooled_k": 1, "pooled_n": 4}}
    assert smallest_n(evidence) == 16
    assert smallest_n({"c": evidence["c"], "d": 3.0, "e": "name"}) is None


def test_every_claim_of_every_notebook_has_its_rule():
    sources = {name: PROJECT.source(name).read_text(encoding="utf-8") for name in PROJECT.names()}
    claims = book.claims_of_all(PROJECT)
    conditions = conditions_of(sources)
    titles = {name: pages.title_of(pairs.read_source(PROJECT.source(name))) for name in sources}
    said = judging.page(claims, titles, sources, Seeds({}))
    for claim in claims:
        assert said.count(f"(#{pages.anchor(claim.notebook, claim.id)}) | ") == 1
    assert {(claim.notebook, claim.id) for claim in claims} == set(conditions)
    assert "True" not in conditions.values()


def test_a_best_case_for_all_other_outcomes_has_the_rule_that_none_before_it_is_true():
    cases = '(a, "A.", None), (b > 1, "B.", "does not hold"), (True, "C.", "holds")'
    assert conditions_of({"01_first": f"claim('c', {cases})"}) == {("01_first", "c"): "not (a or b > 1)"}


# ---- what the published run has to keep to


def published(verdicts=BEST):
    """The claims of the published run that have one of these verdicts, with their names."""
    claims = Published.read(PROJECT.published).claims
    return [
        (f"{notebook}/{id}", entry)
        for notebook, entries in claims.items()
        for id, entry in entries.items()
        if entry["verdict"] in verdicts
    ]


def test_no_best_verdict_stands_beside_a_control_that_passes():
    passing = [name for name, entry in published() for c in entry.get("control", {}).values() if c["passes"]]
    assert passing == []


def test_no_best_verdict_rests_on_a_count_of_fewer_than_sixteen():
    few = {
        name: label
        for name, entry in published()
        for label, value in entry["evidence"].items()
        if isinstance(value, dict) and "k" in value and value["n"] < rules.FEWEST
    }
    assert few.keys() == FEW.keys(), json.dumps(few, indent=1)
    assert all(reason.endswith(".") for reason in FEW.values())
