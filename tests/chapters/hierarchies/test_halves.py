"""The picture of both halves of an SAE shows the numbers it was given, where they belong."""

import numpy as np

from toysae.chapters.hierarchies.halves import decoders_and_encoders

DECODER = np.array([[1.0, 0.0], [0.6, 0.8], [0.0, 1.0]])
ENCODER = np.array([[1.0, -0.9], [0.1, 1.4], [0.3, -0.001]])
NAMES = ["A", "A+B", "B"]


def drawn():
    return decoders_and_encoders({"one": (DECODER, ENCODER, NAMES), "two": (DECODER.T, ENCODER.T, NAMES[:2])}).axes


def numbers(axes):
    """The numbers in the cells, in the order of rows and columns."""
    cells = sorted(axes.texts, key=lambda text: text.get_position()[::-1])
    return [text.get_text() for text in cells]


def test_decoders_stand_above_encoders_and_panels_side_by_side():
    above, also_above, below, also_below = drawn()
    assert [axes.get_title() for axes in (above, also_above)] == ["one", "two"]
    assert numbers(above) == ["1.00", "0.00", "0.60", "0.80", "0.00", "1.00"]
    assert numbers(below)[:2] == ["1.00", "-0.90"]
    assert len(numbers(also_above)) == len(numbers(also_below)) == 6


def test_a_rounded_zero_has_no_sign():
    assert numbers(drawn()[2])[-1] == "0.00"


def test_rows_carry_the_names_of_the_latents_in_both_halves():
    for axes in (drawn()[0], drawn()[2]):
        assert [label.get_text() for label in axes.get_yticklabels()] == NAMES


def test_red_is_positive_and_blue_negative_on_one_scale_per_half():
    above, _, below, _ = drawn()
    assert above.images[0].get_clim() == (-1, 1)
    low, high = below.images[0].get_clim()
    assert low == -high
    assert np.abs(ENCODER).max() <= high
