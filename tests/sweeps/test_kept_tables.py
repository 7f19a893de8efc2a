"""Tables that are kept with the notebooks are what the code beside them computes."""

import json
from pathlib import Path
from pkgutil import resolve_name

import pytest

from toysae.sweeps import catalogue, origin
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
