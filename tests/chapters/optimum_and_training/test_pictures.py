"""The figures of the study: what is drawn where, and that all can be drawn at their extremes."""

import pytest
import torch

from toysae.chapters.optimum_and_training.pictures import gaps, leans, reached_by_row, reached_by_size, slopes
from toysae.claims.intervals import Fraction

NONE, HALF, ALL = Fraction(0, 4), Fraction(2, 4), Fraction(4, 4)


def drawn(figure):
    figure.canvas.draw()
    return figure


def marks(figure, name):
    """The dots of one series of a figure with error bars."""
    handles, names = figure.axes[0].get_legend_handles_labels()
    return handles[names.index(name)].lines[0]


def test_every_row_shows_its_two_shares_and_their_intervals():
    figure = drawn(reached_by_row({"a": (ALL, HALF), "b": (HALF, NONE)}))
    assert marks(figure, "as trained").get_xdata() == pytest.approx([1, 0.5])
    assert marks(figure, "without resampling").get_xdata() == pytest.approx([0.5, 0])
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["a", "b"]
    handles, _ = figure.axes[0].get_legend_handles_labels()
    ends = handles[0].lines[2][0].get_segments()[1][:, 0]
    assert ends == pytest.approx(HALF.interval)


def test_shares_stand_at_their_number_of_features():
    figure = drawn(reached_by_size([3, 4], {"few": [ALL, HALF], "many": [HALF, NONE]}))
    assert marks(figure, "few").get_ydata() == pytest.approx([1, 0.5])
    assert marks(figure, "many").get_xdata().round() == pytest.approx([3, 4])


def test_a_dot_stands_at_its_two_gaps_in_per_cent_and_never_below_zero():
    dictionary, encoder = torch.tensor([0.3, 0.02]), torch.tensor([-1e-9, 0.1])
    axes = drawn(gaps(dictionary, encoder, (dictionary, torch.ones(2)))).axes[0]
    lines = {line.get_label(): line for line in axes.lines}
    assert lines["SAEs"].get_xdata() == pytest.approx([30, 2])
    assert lines["SAEs"].get_ydata() == pytest.approx([0, 10])
    assert (lines["both alike"].get_xdata() == lines["both alike"].get_ydata()).all()
    assert max(axes.get_ylim()) > 100


def test_the_figures_can_be_drawn_at_their_extremes():
    nothing = torch.zeros(1)
    drawn(gaps(nothing, nothing, (nothing, nothing)))
    drawn(leans([0.01], {"a": [0.1]}, {"a": [0.1]}))
    drawn(slopes({"a": ([0, 1], [1, -1])}, {"a": ([0.5], [0])}))
    drawn(reached_by_row({"a": (ALL, NONE)}))
    drawn(reached_by_size([3], {"few": [ALL], "many": [NONE]}))
