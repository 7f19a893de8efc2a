"""say and show: what they display, what they record, what they refuse."""

from base64 import b64decode
from struct import unpack

import matplotlib.pyplot as plt
import pytest

from toysae.claims import prose, say, say_trained, show


def test_say_displays_markdown_as_it_is(displayed):
    say(r"With $\lambda = 0.1$ it holds.")
    assert displayed[0][0]["text/markdown"] == r"With $\lambda = 0.1$ it holds."


def test_the_number_of_trained_saes_is_said_and_recorded(displayed):
    say_trained(1234)
    data, _ = displayed[0]
    assert data["text/markdown"] == "This chapter trained 1,234 SAEs."
    assert data[prose.TRAINED_MIME] == {"n_saes": 1234}
    for wrong in (-1, True, 3.0):
        with pytest.raises(ValueError, match="n_saes="):
            say_trained(wrong)


def draw():
    figure, axes = plt.subplots(figsize=(3, 2))
    axes.plot([0, 1], [1, 0])
    return figure


def test_show_displays_a_picture_at_half_its_pixels_and_then_its_caption(displayed):
    show(draw(), "It falls.", "Read it from the left.", alt="A falling line", name="a_line")
    (picture, about), (caption, role) = displayed
    width, height = unpack(">II", b64decode(picture["image/png"])[16:24])
    assert about["image/png"] == {"width": width // 2, "height": height // 2, "alt": "A falling line"}
    assert about["toysae"] == {"role": "figure", "name": "a_line"}
    assert caption["text/markdown"] == "**It falls.** Read it from the left."
    assert role["toysae"] == {"role": "caption"}


def test_show_closes_the_figure_so_that_it_is_not_shown_twice(displayed):
    before = plt.get_fignums()
    show(draw(), "It falls.", "Read it from the left.", alt="A falling line")
    assert plt.get_fignums() == before


def test_the_same_figure_gives_the_same_bytes(displayed):
    for _ in range(2):
        show(draw(), "It falls.", "Read it from the left.", alt="A falling line")
    assert displayed[0][0]["image/png"] == displayed[2][0]["image/png"]


@pytest.mark.parametrize("words", [{"finding": ""}, {"reading": " "}, {"alt": ""}, {"name": "A Line"}])
def test_show_refuses_a_figure_without_words(displayed, words):
    complete = {"finding": "It falls.", "reading": "From the left.", "alt": "A line"} | words
    with pytest.raises(ValueError, match=next(iter(words))):
        show(draw(), complete.pop("finding"), complete.pop("reading"), **complete)
    assert not displayed
    plt.close("all")


def test_a_figure_that_is_not_to_be_drawn_is_closed_all_the_same(displayed, monkeypatch):
    monkeypatch.setattr(prose, "_painted", prose._painted)  # put back afterwards
    prose.draw_nothing()
    before = plt.get_fignums()
    show(draw(), "It falls.", "From the left.", alt="A line")
    assert plt.get_fignums() == before
    assert displayed[0][1]["image/png"] == {"width": 0, "height": 0, "alt": "A line"}
    assert [data["text/plain"] for data, _ in displayed] == ["A line", "**It falls.** From the left."]
