"""What is planted is found more where it was planted, and an arrow stands where a difference is sure."""

import pytest
from planted_contest import SEEDS, contest

from toysae.chapters.what_helps import found_more, marked, pairs_of_means
from toysae.claims import Family, Mean
from toysae.sweeps.contests import SCORES


@pytest.fixture
def planted():
    """Two contestants that find one of two features; in the second task the second finds both, in every seed."""
    made = contest(plain=lambda setting, seed, z: z, other=lambda setting, seed, z: z)
    for part in (made.selecting, made.scored):
        part[SCORES.index("found"), 1, 1] = 2.0
    return made


def test_a_share_at_one_place_less_that_at_another(planted):
    places = {
        "planted": (("b", "other"), ("a", "other")),
        "turned": (("a", "plain"), ("b", "other")),
        "none": (("b", "plain"), ("a", "plain")),
    }
    family = found_more(planted, places)
    assert {name: its.mean for name, its in family.items()} == {"planted": 0.5, "turned": -0.5, "none": 0.0}
    assert (family.surely_more, family.surely_less) == (["planted"], ["turned"])
    assert family["planted"].n == len(SEEDS) - 8


def test_an_arrow_stands_where_a_difference_is_sure():
    family = Family.of({"more": [1.0, 1.1] * 8, "less": [-1.0, -1.1] * 8, "neither": [1.0, -1.0] * 8})
    told = [marked(0.254, family.get(name)) for name in ("more", "less", "neither", "not compared")]
    assert told == ["0.25↑", "0.25↓", "0.25", "0.25"]


def test_each_row_has_two_marks_joined_by_a_line():
    rows = {"one": (Mean(0.1, 0.0, 0.2, 8), Mean(0.6, 0.5, 0.7, 8)), "two": (Mean(0.0, 0.0, 0.0, 8),) * 2}
    figure = pairs_of_means(rows, ("before", "after"), "share")
    (axes,) = figure.axes
    lines = [tuple(map(float, line.get_xdata())) for line in axes.get_lines() if len(line.get_xdata()) == 2]
    assert (0.1, 0.6) in lines and (0.0, 0.2) in lines and (0.5, 0.7) in lines
    assert [text.get_text() for text in axes.get_yticklabels()] == ["one", "two"]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["before", "after"]
