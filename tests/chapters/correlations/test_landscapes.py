"""Values over two settings: what is written is what was given."""

import numpy as np

from toysae.chapters.correlations.landscapes import landscapes, value_map


def test_a_small_map_writes_its_values_with_the_first_row_below():
    values = np.array([[0.1, 0.2], [0.3, 0.94]])
    figure = value_map(values, ["a", "b"], ["c", "d"], "value")
    figure.canvas.draw()
    axes = figure.axes[0]
    written = {text.get_position(): text.get_text() for text in axes.texts}
    assert written == {(0, 0): "0.10", (1, 0): "0.20", (0, 1): "0.30", (1, 1): "0.94"}
    assert axes.get_ylim()[0] < axes.get_ylim()[1]


def test_landscapes_share_one_scale_and_draw_their_points():
    x, y = np.linspace(-1, 1, 5), np.linspace(0, 1, 4)
    surface = y[:, None] + x[None] ** 2
    panels = {"one": (surface, {"here": ([0.0], [0.5])}), "two": (surface + 3, {"here": ([], [])})}
    figure = landscapes(panels, x, y, "value")
    figure.canvas.draw()
    first, second = figure.axes[:2]
    assert [line.get_xydata().tolist() for line in first.lines] == [[[0.0, 0.5]]]
    assert np.allclose(first.collections[0].levels, second.collections[0].levels)


def test_a_flat_landscape_can_be_drawn():
    flat = np.ones((3, 3))
    landscapes({"flat": (flat, {"here": ([0], [0])})}, [0, 1, 2], [0, 1, 2], "value").canvas.draw()
