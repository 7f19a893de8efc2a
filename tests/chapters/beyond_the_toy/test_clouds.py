"""Clouds of scores: every SAE is a dot, every setting a mark at its mean."""

import numpy as np

from toysae.chapters.beyond_the_toy.clouds import clouds


def test_marks_stand_at_the_means_and_every_sae_has_a_dot():
    x, y = np.array([[1.0, 3.0], [4.0, 6.0]]), np.array([[0.2, 0.4], [0.5, 0.9]])
    figure = clouds({"left": {"a": (x, y)}, "right": {"a": (y, x)}}, at=2.5, xlabel="x")
    figure.canvas.draw()
    left, right = figure.axes
    assert np.allclose(left.lines[1].get_xydata(), [[2, 0.3], [5, 0.7]])
    assert np.allclose(left.lines[0].get_xdata(), 2.5)
    dots = left.collections[0].get_offsets()
    assert sorted(map(tuple, dots.tolist())) == [(1, 0.2), (3, 0.4), (4, 0.5), (6, 0.9)]
    assert [axes.get_title() for axes in (left, right)] == ["left", "right"]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["a"]
