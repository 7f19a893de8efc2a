"""say, claim and show: what they display, what they record, what they refuse."""

from base64 import b64decode
from struct import unpack

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch

from toysae.writeup import claim, prose, say, say_trained, show


@pytest.fixture
def displayed(monkeypatch):
    """Everything displayed, as (data, metadata) pairs."""
    shown = []
    monkeypatch.setattr(prose, "display", lambda data, raw, metadata: shown.append((data, metadata)))
    return shown


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


def test_a_claim_that_holds_shows_and_records_its_first_sentence(displayed):
    claim("no-atoms", True, "None is an atom.", otherwise="One is.", source="seed", verdict="reproduced")
    data = displayed[0][0]
    assert data["text/markdown"] == "**Claim.** None is an atom."
    assert data[prose.CLAIM_MIME] == {
        "id": "no-atoms", "statement": "None is an atom.", "holds": True, "source": "seed", "verdict": "reproduced",
    }  # fmt: skip


def test_a_claim_that_fails_shows_and_records_its_second_sentence_and_does_not_raise(displayed):
    claim("no-atoms", False, "None is an atom.", otherwise="One is.")
    data = displayed[0][0]
    assert data["text/markdown"] == "**Not with these settings.** One is."
    assert data[prose.CLAIM_MIME] == {"id": "no-atoms", "statement": "One is.", "holds": False, "source": "ours"}


@pytest.mark.parametrize("holds", [np.bool_(True), torch.tensor(True), np.array(True), torch.tensor([True])])
def test_a_claim_takes_bools_of_numpy_and_torch_and_records_a_plain_one(displayed, holds):
    claim("it-holds", holds, "It does.", otherwise="It does not.")
    assert displayed[0][0][prose.CLAIM_MIME]["holds"] is True


@pytest.mark.parametrize("holds", [1, 0.0, None, "yes", (True, "sentence"), np.float64(1.0), torch.tensor(1)])
def test_a_claim_refuses_what_is_no_bool(displayed, holds):
    with pytest.raises(TypeError, match="needs one bool"):
        claim("it-holds", holds, "It does.", otherwise="It does not.")
    assert not displayed


@pytest.mark.parametrize("id", ["No-Atoms", "no atoms", "", "-no", "no--atoms", 3])
def test_a_claim_refuses_an_id_that_is_not_kebab_case(displayed, id):
    with pytest.raises(ValueError, match="id="):
        claim(id, True, "It does.", otherwise="It does not.")


def test_a_claim_needs_both_sentences_whichever_is_true(displayed):
    with pytest.raises(ValueError, match="otherwise"):
        claim("it-holds", True, "It does.", otherwise=" ")
    with pytest.raises(ValueError, match="statement"):
        claim("it-holds", False, "", otherwise="It does not.")


@pytest.mark.parametrize("words", [{"source": "hearsay"}, {"source": "seed"}, {"verdict": "agrees"}])
def test_a_claim_refuses_a_source_that_nobody_knows_and_a_verdict_that_does_not_suit(displayed, words):
    with pytest.raises(ValueError, match="must be"):
        claim("it-holds", True, "It does.", otherwise="It does not.", **words)
    assert not displayed


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
