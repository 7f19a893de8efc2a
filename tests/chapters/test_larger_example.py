"""The larger example: rows and columns of the large map are named where there is room; worlds stand two in a row."""

import matplotlib
import pytest

from toysae.chapters.larger_example import heat_map, world_maps
from toysae.figures.style import LABEL_COLOURS
from toysae.measures.assessment import assess
from toysae.worlds.named_worlds import groups, two_of_three


def drawn(figure):
    figure.canvas.draw()
    return figure


@pytest.fixture
def planted():
    """An SAE that is the composites of eight groups, in reverse."""
    world = groups(8)
    return assess(world.composites().flip(0)[None], world, l1_coeff=0.1)


def names(ticks):
    return [tick.get_text() for tick in ticks]


def test_the_large_map_shows_the_cosines_in_the_order_of_the_features_and_the_bias_below(planted):
    axes = drawn(heat_map(planted, 0, 3, "sigma = 0")).axes[0]
    shown = axes.images[0].get_array()
    assert shown.shape == (26, 24)
    assert (shown[:24] == planted.cosines[0].flip(0).numpy()).all()
    assert shown[24].mask.all() and not shown[25].any()
    colours = {matplotlib.colors.to_hex(patch.get_facecolor()) for patch in axes.patches}
    assert len(axes.patches) == 24 and colours == {LABEL_COLOURS["composite"].lower()}


def test_rows_are_named_by_what_they_stand_for_and_columns_by_groups(planted):
    axes = drawn(heat_map(planted, 0, 3, "sigma = 0")).axes[0]
    assert names(axes.get_yticklabels()) == [*map("+".join, planted_pairs()), "bias only"]
    assert names(axes.get_xticklabels()) == ["ABC", "DEF", "GHI", "JKL", "MNO", "PQR", "STU", "VWX"]
    assert axes.get_xlabel() == "true features, by group (sigma = 0)"


def planted_pairs():
    letters = "ABCDEFGHIJKLMNOPQRSTUVWX"
    for a, b, c in zip(letters[::3], letters[1::3], letters[2::3], strict=True):
        yield from (a + b, a + c, b + c)


def test_names_that_have_no_room_are_left_out():
    world = groups(20, 3, 2)
    axes = drawn(heat_map(assess(world.composites()[None], world, l1_coeff=0.1), 0, 3, "")).axes[0]
    assert names(axes.get_yticklabels()) == ["bias only"]
    assert axes.get_ylabel() == "60 latents"
    assert names(axes.get_xticklabels()) == []


@pytest.mark.parametrize("n_groups", [2, 8, 21])
def test_the_large_map_fits_a_page_and_a_phone(n_groups):
    world = groups(n_groups)
    figure = heat_map(assess(world.features[None], world, l1_coeff=0.1), 0, 3, "")
    assert max(figure.get_size_inches()) < 5.1


def test_worlds_stand_two_in_a_row_each_with_its_line(planted):
    world = two_of_three()
    small = assess(world.features[None], world, l1_coeff=0.1)
    figure = drawn(world_maps({"a": (planted, 0, "all composite"), "b": (small, 0, "x"), "c": (small, 0, "y")}))
    shown = [axes for axes in figure.axes if axes.get_visible()]
    assert [axes.get_xlabel() for axes in shown] == ["all composite", "x", "y"]
    assert [axes.get_title() for axes in shown] == ["a\n24 features", "b\n3 features", "c\n3 features"]
    assert names(figure.legends[0].get_texts()) == ["atomic", "composite"]
