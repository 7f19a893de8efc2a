"""Lists and counts read like English."""

import pytest

from toysae.claims import counted, listed


@pytest.mark.parametrize(("words", "text"), [(["A"], "A"), (["A", "B"], "A and B"), (["A", "B", "C"], "A, B and C")])
def test_a_list(words, text):
    assert listed(words) == text


@pytest.mark.parametrize(("n", "text"), [(0, "no latents"), (1, "1 latent"), (3, "3 latents")])
def test_a_count(n, text):
    assert counted(n, "latent") == text
