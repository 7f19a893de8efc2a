"""Phrases: each label is explained by its own rule, and lists read like English."""

import torch

from toysae import measures, sae, sentences, worlds

WORLD = worlds.two_of_three()


def read(row):
    rows = torch.tensor([[row, [0.0, 0.0, 1.0]]])
    seen = measures.assess(sae.untrained(sae.ReluL1(0.1), rows, [0], decoder_bias=False), WORLD)
    return sentences.row_read_aloud(seen, 0, 0, 0.95)


def test_lists_and_counts_read_like_english():
    assert sentences.listed(["A"]) == "A"
    assert sentences.listed(["A", "B", "C"]) == "A, B and C"
    assert sentences.counted(0, "latent") == "no latents"
    assert sentences.counted(1, "latent") == "1 latent"
    assert sentences.counted(3, "latent") == "3 latents"


def test_a_row_is_read_with_its_numbers_and_its_reason():
    assert read([1.0, 0.0, 0.0]).startswith("Its cosine is 1.00 with A, 0.00 with B and 0.00 with C.")
    assert "The cosine with A reaches the threshold of 0.95: this latent is *atomic*" in read([1.0, 0.0, 0.0])
    assert "normalised sum of A and B is 1.000: this latent is *composite*" in read([0.7071068, 0.7071068, 0.0])
    assert "*mixed*" in read([0.9, 0.4359, 0.0])
    assert "*dead*" in read([-1.0, 0.0, 0.0])


def test_negatives_and_differences_are_explained_too():
    rows = torch.tensor([[[0.0, 0.0, -1.0], [0.5, 0.5, -(0.5**0.5)]]])
    stack = sae.untrained(sae.ReluL1(0.1), rows, [0], decoder_bias=False)
    stack.parameters["b_enc"] += 2  # so that both fire
    seen = measures.with_signed_labels(measures.assess(stack, WORLD), WORLD)
    assert sentences.row_read_aloud(seen, 0, 0, 0.95).endswith("this latent is a *negative*, −C.")
    assert "; the mean of A and B minus that of C does: " in sentences.row_read_aloud(seen, 0, 1, 0.95)
