"""Causes: the three shares are of all SAEs, and each has its own look."""

import pytest
import torch

from toysae.chapters.correlations.causes import CAUSES, by_cause, cause_bars


def test_an_sae_that_finds_the_features_is_never_stuck():
    fails = torch.tensor([[True, True, True, False], [False, False, True, False]])
    stuck = torch.tensor([[True, False, False, True], [False, False, True, True]])
    assert by_cause(fails, stuck) == pytest.approx((4 / 8, 2 / 8, 2 / 8))


def test_bars_fill_the_whole_width_from_left_to_right():
    figure = cause_bars({"one": (0.5, 0.25, 0.25), "two": (0.0, 0.0, 1.0)})
    figure.canvas.draw()
    boxes = [bar.get_bbox() for container in figure.axes[0].containers for bar in container]
    first, second = boxes[0::2], boxes[1::2]
    assert [(box.x0, box.x1) for box in first] == [(0, 0.5), (0.5, 0.75), (0.75, 1)]
    assert [(box.x0, box.x1) for box in second] == [(0, 0), (0, 0), (0, 1)]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == list(CAUSES)
