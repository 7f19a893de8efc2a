"""Tables that are kept with the notebooks are what the code beside them computes."""

import csv
import json
from collections import Counter, defaultdict
from pathlib import Path
from pkgutil import resolve_name

import pytest

from toysae.claims.record import NOT_JUDGED, Published
from toysae.sweeps import catalogue, origin
from toysae.sweeps.seeds import SEEDS
from toysae.sweeps.settings import complete, point_name

ROOT = Path(__file__).parents[2]
TABLES = ROOT / "notebooks" / "tables"
NAMES = sorted(path.stem for path in TABLES.glob("*.csv"))


def made_from(name):
    return json.loads((TABLES / f"{name}.json").read_text())


def test_there_are_tables_and_each_is_that_of_a_sweep():
    assert NAMES and set(NAMES) <= set(catalogue.SWEEPS)


@pytest.mark.parametrize("name", NAMES)
def test_a_kept_table_was_made_by_the_code_of_today(name):
    """A point needs its module and what that imports. If this fails: make sweep SWEEP=name, and keep the new table."""
    point = catalogue.find(name).planned.point
    assert made_from(name)["point"] == point_name(point)
    assert resolve_name(made_from(name)["point"]) is point
    assert made_from(name)["code"] == origin.code_hash(point, made_from(name)["versions"])


@pytest.mark.parametrize("name", NAMES)
def test_a_kept_table_was_made_with_the_pinned_libraries(name):
    pins = (ROOT / "constraints.txt").read_text().splitlines()
    for library, version in made_from(name)["versions"].items():
        assert f"{library}=={version.partition('+')[0]}" in [pin.partition(" ")[0].partition("+")[0] for pin in pins]


@pytest.mark.parametrize("name", NAMES)
def test_a_kept_table_holds_the_settings_that_the_chapter_plans(name):
    planned = catalogue.find(name).planned
    assert made_from(name)["settings"] == complete(planned.point, planned.settings)


# ---- the table of the seeds: notebook, claim and seed, and which case came out

needs_the_seeds = pytest.mark.skipif(
    not (TABLES / "seeds.csv").exists(), reason="no table of the seeds is kept yet: make sweep SWEEP=seeds, and keep it"
)


@pytest.fixture(scope="module")
def published():
    """Case and verdict of every published claim, by notebook and name."""
    claims = Published.read(ROOT / "notebooks" / "published.json").claims
    return {
        (notebook, id): (str(entry["case"]), entry["verdict"] or NOT_JUDGED)
        for notebook, entries in claims.items()
        for id, entry in entries.items()
    }


@pytest.fixture(scope="module")
def rows():
    """If there is no such table: make sweep SWEEP=seeds, and keep it."""
    with (TABLES / "seeds.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def changed(rows, published):
    """Claim and seed of every row that says another case than the published run."""
    told = [((row["notebook"], row["claim"]), row["seed"], row["case"]) for row in rows if not row["failure"]]
    return [(claim, seed) for claim, seed, case in told if claim in published and case != published[claim][0]]


@needs_the_seeds
def test_no_notebook_fails_at_any_seed(rows):
    assert [row for row in rows if row["failure"]] == []


@needs_the_seeds
def test_every_published_claim_was_judged_with_every_seed(rows, published):
    seeds = defaultdict(list)
    for row in rows:
        seeds[row["notebook"], row["claim"]].append(int(row["seed"]))
    assert dict(seeds) == {claim: list(SEEDS) for claim in published}


@needs_the_seeds
def test_with_the_published_seed_the_published_cases_come_out(rows, published):
    first = {(row["notebook"], row["claim"]): (row["case"], row["verdict"]) for row in rows if row["seed"] == "0"}
    assert first == published


@needs_the_seeds
def test_no_claim_changes_its_case_in_more_than_one_of_ten_runs(rows, published):
    assert {claim: n for claim, n in Counter(claim for claim, _ in changed(rows, published)).items() if n > 1} == {}


@needs_the_seeds
def test_a_run_with_another_seed_changes_at_most_two_claims_in_the_mean(rows, published):
    per_seed = Counter(seed for _, seed in changed(rows, published))
    assert sum(per_seed.values()) <= 2 * (len(SEEDS) - 1), per_seed  # the published seed changes none
