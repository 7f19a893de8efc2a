"""Lists, counts, near misses and settings read like English."""

import pytest

from toysae.claims import counted, listed, spelled
from toysae.claims.words import nearest, other_settings


@pytest.mark.parametrize(("words", "text"), [(["A"], "A"), (["A", "B"], "A and B"), (["A", "B", "C"], "A, B and C")])
def test_a_list(words, text):
    assert listed(words) == text


@pytest.mark.parametrize(("n", "text"), [(0, "no latents"), (1, "1 latent"), (3, "3 latents")])
def test_a_count(n, text):
    assert counted(n, "latent") == text


@pytest.mark.parametrize(("n", "text"), [(0, "no"), (3, "three"), (12, "twelve"), (13, "13"), (1820, "1,820")])
def test_a_number_in_words(n, text):
    assert spelled(n) == text


@pytest.mark.parametrize(("word", "remark"), [("sigmaa", "did you mean sigma?"), ("x", "known: sigma, seed")])
def test_a_near_miss(word, remark):
    assert nearest(word, ["sigma", "seed"]) == remark


def test_other_settings():
    said = other_settings({"sigma": 0.50, "init": "positive"}, {"sigma": 0.1, "init": "random-sign"})
    assert said.endswith("`sigma` is 0.5 (published: 0.1), `init` is positive (published: random-sign).")
