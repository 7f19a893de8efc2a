"""The pictures of the chapter: both ways end where the best activations do, and every curve is what it says."""

import math

import pytest
import torch

from toysae.chapters.why_composites_win import seen_alone, spread_boundary, turning, two_ways
from toysae.figures.style import ATOM_INK, COMPOSITE_INK
from toysae.optimum.codes import best_codes


def drawn(figure):
    figure.canvas.draw()
    return figure


def arrows(axes):
    """Tip and tail of every arrow."""
    return [(text.xy, text.xyann) for text in axes.texts if getattr(text, "arrow_patch", None) is not None]


@pytest.mark.parametrize("l1_coeff", [0.1, 0.6])
def test_both_ways_end_at_what_the_best_activations_write(l1_coeff):
    first, second, diagonal = arrows(
        drawn(two_ways(l1_coeff, [1, 2], *[{"atoms": [1, 2], "composite": [1, 1]}] * 2)).axes[0]
    )
    sample = torch.ones(1, 2).double()
    assert list(second[0]) == pytest.approx(best_codes(sample, torch.eye(2), l1_coeff)[0].tolist(), abs=1e-5)
    assert first[0] == second[1]
    (written,) = best_codes(sample, sample / math.sqrt(2), l1_coeff)[0].tolist()
    assert math.hypot(*diagonal[0]) == pytest.approx(written, abs=1e-5)


@pytest.mark.parametrize(("l1_coeff", "n_arrows"), [(1.2, 1), (1.9, 0)])
def test_a_latent_that_stays_silent_has_no_arrow(l1_coeff, n_arrows):
    figure = drawn(two_ways(l1_coeff, [1, 2], *[{"atoms": [1, 2], "composite": [1, 1]}] * 2))
    assert len(arrows(figure.axes[0])) == n_arrows


def test_atoms_are_blue_and_composites_orange():
    costs = drawn(two_ways(0.1, [1, 2], *[{"atoms": [1, 2], "composite": [1, 1]}] * 2)).axes[1]
    assert {line.get_label(): line.get_color() for line in costs.lines[::2]} == {
        "atoms": ATOM_INK,
        "composite": COMPOSITE_INK,
    }


def test_the_floor_is_a_line_below_every_curve():
    axes = drawn(turning([0, 45, 90], {"a": [1, 2, 1], "b": [2, 1, 2], "c": [1, 1, 1]}, 1.0)).axes[0]
    floor = next(line for line in axes.lines if line.get_label() == "radial bound")
    assert set(floor.get_ydata()) == {1.0}
    assert axes.get_ylim()[0] < 1.0


def test_the_boundary_parts_the_picture():
    prices, computed = [0.01, 0.03, 0.1], [0.1, 0.2, 0.4]
    axes = drawn(spread_boundary(prices, computed, [0.1, 0.25, 0.5], 0.37)).axes[0]
    below, above = (collection.get_datalim(axes.transData) for collection in axes.collections)
    assert below.ymin == 0
    assert below.ymax == pytest.approx(0.4)
    assert above.ymin == pytest.approx(0.1)
    assert above.ymax == pytest.approx(axes.get_ylim()[1])


def test_what_is_compared_and_what_leans_stand_side_by_side():
    leans = {"best rows": [0.1, 0.2], "first order": [0.1, 0.3], "second order": [0.1, 0.2]}
    compared, leaning = drawn(seen_alone([0.1, 0.2], {"x": [2, 1], "y": [1, 2]}, 0.15, [0.01, 0.02], leans)).axes
    assert compared.lines[-1].get_xdata() == [0.15, 0.15]
    assert [list(line.get_ydata()) for line in leaning.lines] == [
        leans["first order"],
        leans["second order"],
        leans["best rows"],
    ]
