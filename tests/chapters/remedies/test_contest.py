"""The contest as a point of a sweep."""

import pytest

from toysae.chapters.remedies.contest import N_SCORED, N_SELECTING, remedy_point, role
from toysae.chapters.remedies.plan import REMEDIES
from toysae.chapters.remedies.settings import CONTESTANTS, PRICES


def test_the_point_has_one_row_for_each_setting_and_seed():
    seeds = (0, N_SELECTING)
    rows = remedy_point("two of three", "L1", n_steps=20, seed=seeds)
    assert [(row["setting"], row["seed"]) for row in rows] == [(price, seed) for price in PRICES for seed in seeds]
    for row in rows:
        assert row["role"] == ("scored" if row["seed"] else "selecting")
        assert row["absorption"] is None and row["n_features"] == 3
        assert type(row["found"]) is int and round(row["mcc"], 4) == row["mcc"]


def test_first_seeds_select_and_the_others_are_scored():
    roles = [role(seed) for seed in range(N_SELECTING + N_SCORED)]
    assert roles == ["selecting"] * N_SELECTING + ["scored"] * N_SCORED
    assert N_SELECTING >= 16 and N_SCORED >= 32


@pytest.mark.parametrize("given", [("two of tree", "L1"), ("tree", "L2")])
def test_unknown_names_are_refused(given):
    with pytest.raises(ValueError, match="allowed is one of"):
        remedy_point(*given)


def test_everybody_is_planned_with_the_same_seeds():
    assert {setting["contestant"] for setting in REMEDIES.settings} == set(CONTESTANTS)
    assert {tuple(setting["seed"]) for setting in REMEDIES.settings} == {tuple(range(N_SELECTING + N_SCORED))}
