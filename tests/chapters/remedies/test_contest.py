"""The contest as a point of a sweep, and its table."""

import pytest

from toysae.chapters.remedies.arena import TASKS
from toysae.chapters.remedies.contest import CONTESTANTS, committed, remedy_point
from toysae.chapters.remedies.settings import PRICES
from toysae.chapters.remedies.tuning import (
    RULES,
)
from toysae.sweeps import grid
from toysae.sweeps.settings import complete


def test_the_point_has_one_row_for_each_rule():
    rows = remedy_point("two of three", "L1", n_saes=2, n_steps=20)
    assert [row["rule"] for row in rows] == list(RULES)
    for row in rows:
        assert row["setting_chosen"] in PRICES and row["absorption"] is None
        assert row["found_low"] <= row["found"] <= row["found_high"]


@pytest.mark.parametrize("given", [("two of tree", "L1"), ("tree", "L2")])
def test_unknown_names_are_refused(given):
    with pytest.raises(ValueError, match="allowed is one of"):
        remedy_point(*given)


def test_the_kept_table_holds_the_whole_contest():
    table = committed()
    cells = table.groupby(["task", "contestant", "spread", "rule"]).size()
    assert (cells == 1).all()
    wanted = grid(task=list(TASKS), contestant=list(CONTESTANTS), spread=sorted(table["spread"].unique()))
    assert len(complete(remedy_point, wanted)) * len(RULES) == len(table)
