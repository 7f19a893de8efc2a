"""The map of the contest shows every share with its number, readable on its colour."""

import pandas as pd

from toysae.chapters.remedies.figures import found_map


def test_every_share_stands_in_its_cell():
    shares = pd.DataFrame({"first": [0.0, 0.97], "second": [0.5, 1.0], "third": [0.25, 0.6]}, ["one", "two"])
    (axes,) = found_map(shares, parts=(2,)).axes
    texts = {text.get_position(): (text.get_text(), text.get_color()) for text in axes.texts}
    assert texts[0.5, 0.5] == ("0.00", "#222222") and texts[0.5, 1.5] == ("0.97", "white")
    assert texts[2.5, 0.5][0] == "0.25" and len(texts) == shares.size
    assert [label.get_text() for label in axes.get_xticklabels()] == list(shares.columns)
    assert [label.get_text() for label in axes.get_yticklabels()] == list(shares.index)
    assert axes.get_ylim() == (2, 0)
