"""Where one side gives way to the other."""

import numpy as np
import pytest

from toysae.chapters.when_they_win.phases import half_way

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
