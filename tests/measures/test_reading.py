"""Phrases: each label is explained by its own rule, and lists read like English."""

import torch

from toysae.measures.assessment import assess, with_signed_labels
from toysae.measures.reading import drawn_by_loss, row_read_aloud, stand_for, tally
from toysae.saes.stack import ReluL1, untrained
from toysae.worlds.catalogue import two_of_three

WORLD = two_of_three()


def read(row):
    rows = torch.tensor([[row, [0.0, 0.0, 1.0]]])
    seen = assess(untrained(ReluL1(0.1), rows, [0], decoder_bias=False), WORLD)
    return row_read_aloud(seen, 0, 0, 0.95)


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


def test_of_saes_with_the_same_loss_but_for_a_last_digit_the_first_is_drawn():
    losses = torch.tensor([0.5, 0.2 + 1e-6, 0.3, 0.2, 0.5 + 1e-6])
    assert drawn_by_loss(losses) == {"lowest": 1, "median": 2, "highest": 0}
    assert drawn_by_loss(losses.flip(0)) == {"lowest": 1, "median": 2, "highest": 0}
    assert drawn_by_loss(losses, tolerance=0.6)["lowest"] == 1
    assert drawn_by_loss(losses, tolerance=2.0)["lowest"] == 0
