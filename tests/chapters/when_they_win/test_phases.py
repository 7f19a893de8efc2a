"""Where one side gives way to the other."""

import io

import numpy as np
import pytest
from matplotlib.colors import to_rgba

from toysae.chapters.when_they_win.phases import SIDES, half_way, leans_over, measured_over_predicted, phase_diagram
from toysae.claims import Fraction
from toysae.figures.style import LABEL_COLOURS

X = [0.1, 0.2, 0.3, 0.4]


@pytest.mark.parametrize(
    ("falling", "at"),
    [
        ([1, 1, 0, 0], 0.25),
        ([1, 0.75, 0.25, 0], 0.25),
        ([1, 0.9, 0.4, 0], 0.28),
        ([1, 0.5, 0.25, 0], 0.2),
        ([1, 0.4, 0.6, 0], 0.1 + 0.1 * 5 / 6),  # the first time counts
        ([0.4, 0.2, 0, 0], 0.1),
        ([0, 0, 0, 0], 0.1),
        ([1, 1, 1, 0.5], 0.4),
        ([1, 1, 1, 1], 0.4),
    ],
)
def test_half_way_lies_on_the_straight_line_between_neighbours(falling, at):
    assert half_way(X, falling) == pytest.approx(at)


def test_many_rows_and_another_half():
    rows = [[[1, 1, 0, 0], [1, 1, 1, 0]], [[1, 0, 0, 0], [1, 1, 1, 1]]]
    assert half_way(X, rows) == pytest.approx(np.array([[0.25, 0.35], [0.15, 0.4]]))
    assert half_way(X, [45, 30, 15, 0], 22.5) == pytest.approx(0.25)


def colours_of(figure):
    """The colours of the cells of a phase diagram, row by row."""
    figure.savefig(io.BytesIO(), format="png")
    return figure.axes[0].collections[0].get_facecolors()


@pytest.mark.parametrize(("of_features", "all_of_them"), [(False, "composite"), (True, "atomic")])
def test_orange_is_the_side_of_the_composites_and_blue_that_of_the_features_in_every_map(of_features, all_of_them):
    shares = [[Fraction(0, 4), Fraction(4, 4)]]
    figure = phase_diagram(
        [0.1, 0.2], ["1"], shares, np.zeros((1, 2)), {"line": [0.15]}, share_of="share", of_features=of_features
    )
    none_of_them = {"composite": "atomic", "atomic": "composite"}[all_of_them]
    wanted = [to_rgba(LABEL_COLOURS[name]) for name in (none_of_them, all_of_them)]
    assert colours_of(figure) == pytest.approx(np.array(wanted), abs=0.01)


def test_a_cell_without_anything_to_count_stays_empty_and_dead_latents_are_marked():
    shares = [[Fraction(0, 0), Fraction(1, 2)]]
    figure = phase_diagram([0.1, 0.2], ["1"], shares, np.array([[1.0, 0.0]]), {}, share_of="share")
    assert colours_of(figure)[0][3] == 0
    assert [text.get_text() for text in figure.axes[0].texts] == ["+"]


def test_leans_are_drawn_in_the_same_language():
    drawn = {"line": ([0.01, 0.1, 0.4], [45.0, 20.0, 1.0]), "dots": ([0.01, 0.4], [45.0, 0.0]), "cross": 0.1}
    figure = leans_over({"nested": {0.1: drawn}, "symmetric": {0.1: drawn}}, xlabel="solo rate")
    figure.savefig(io.BytesIO(), format="png")
    dots = figure.axes[0].collections[0].get_facecolors()
    assert dots == pytest.approx(np.array([SIDES(1.0), SIDES(0.0)]))


def test_a_ratio_beyond_the_picture_is_drawn_at_its_edge():
    figure = measured_over_predicted([0.1, 1.0], {"first": [-3.0, 0.9], "second": [1.0, 7.0]}, xlabel="x")
    assert [line.get_ydata().tolist() for line in figure.axes[0].lines[1:]] == [[0, 0.9], [1.0, 2]]
