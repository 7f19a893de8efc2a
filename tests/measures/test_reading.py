"""Phrases: each label is explained by its own rule, and lists read like English."""

import torch

from toysae.measures.assessment import assess, with_signed_labels
from toysae.measures.reading import by_loss, row_read_aloud, stand_for, tally
from toysae.saes.stack import ReluL1, untrained
from toysae.worlds.named_worlds import two_of_three

WORLD = two_of_three()


def read(row):
    rows = torch.tensor([[row, [0.0, 0.0, 1.0]]])
    seen = assess(untrained(ReluL1(0.1), rows, [0], decoder_bias=False), WORLD)
    return row_read_aloud(seen, 0, 0, 0.95)


def test_of_saes_with_the_same_loss_the_first_stands_for_them_whatever_the_last_digit():
    losses = torch.tensor([0.3, 0.10001, 0.2, 0.1, 0.20001, 0.30001], dtype=torch.float64)
    wanted = {"lowest loss": 1, "median loss": 2, "highest loss": 0}
    assert by_loss(losses) == wanted
    for seed in range(20):
        noise = torch.randn(6, generator=torch.Generator().manual_seed(seed)).double()
        assert by_loss(losses * (1 + 1e-6 * noise)) == wanted
    assert by_loss(torch.zeros(2)) == dict.fromkeys(wanted, 0)
    assert by_loss(torch.tensor([1.0, 0.9, 0.8])) == {"lowest loss": 2, "median loss": 1, "highest loss": 0}


def test_a_row_is_read_with_its_numbers_and_its_reason():
    assert read([1.0, 0.0, 0.0]).startswith("Its cosine is 1.00 with A, 0.00 with B and 0.00 with C.")
    assert "The cosine with A reaches the threshold of 0.95: this latent is *atomic*" in read([1.0, 0.0, 0.0])
    assert "normalised sum of A and B is 1.000: this latent is *composite*" in read([0.7071068, 0.7071068, 0.0])
    assert "*mixed*" in read([0.9, 0.4359, 0.0])
    assert "*dead*" in read([-1.0, 0.0, 0.0])


def test_negatives_and_differences_are_explained_too():
    rows = torch.tensor([[[0.0, 0.0, -1.0], [0.5, 0.5, -(0.5**0.5)]]])
    stack = untrained(ReluL1(0.1), rows, [0], decoder_bias=False)
    stack.parameters["b_enc"] += 2  # so that both fire
    seen = with_signed_labels(assess(stack, WORLD), WORLD)
    assert row_read_aloud(seen, 0, 0, 0.95).endswith("this latent is a *negative*, −C.")
    assert ", but the average of A and B minus C does: " in row_read_aloud(seen, 0, 1, 0.95)


def test_a_tally_names_the_labels_that_occur():
    rows = torch.tensor([[[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]]])
    seen = assess(untrained(ReluL1(0.1), rows, [0], decoder_bias=False), WORLD)
    assert tally(seen.labels, 0) == "2 atomic and 1 dead"


def test_what_latents_stand_for_is_told_in_the_order_of_the_map():
    rows = torch.tensor([[[0.0, 0.0, -1.0], [0.0, 0.7071068, 0.7071068], [1.0, 0.0, 0.0]]])
    seen = assess(untrained(ReluL1(0.1), rows, [0], decoder_bias=False), WORLD)
    assert stand_for(seen, 0) == "A, B+C and dead"
