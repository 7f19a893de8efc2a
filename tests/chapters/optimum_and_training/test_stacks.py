"""Stacks side by side train as they would alone; a dictionary with another encoder keeps its rows and nothing else."""

import pytest
import torch

import toysae
from toysae.chapters.optimum_and_training.stacks import side_by_side, with_encoder_of

WORLD = toysae.two_of_three()


def begun(init, seeds):
    return toysae.start(WORLD, 3, 0.1, seeds, init=init)


def test_stacks_side_by_side_train_as_they_would_alone():
    parts = [begun("random-sign", range(3)), begun("at-composites", range(2))]
    together = toysae.train(side_by_side(parts), WORLD, n_steps=200)
    assert together.seeds == (0, 1, 2, 0, 1)
    for part, place in zip(parts, (slice(0, 3), slice(3, 5)), strict=True):
        alone = toysae.train(part, WORLD, n_steps=200)
        for name, value in alone.parameters.items():
            assert torch.allclose(together[place].parameters[name], value, atol=1e-4), name


def test_stacks_of_other_shapes_do_not_stand_side_by_side():
    with pytest.raises(RuntimeError):
        side_by_side([begun("random-sign", range(2)), toysae.start(WORLD, 4, 0.1, range(2))])


def test_a_dictionary_with_another_encoder_keeps_its_rows():
    start = begun("random-sign", range(4))
    trained = toysae.train(start, WORLD, n_steps=100)
    mixed = with_encoder_of(trained, start)
    assert torch.equal(mixed.W_dec, trained.W_dec)
    x, _ = WORLD.support()
    assert torch.equal(mixed.encode(x.float()), start.encode(x.float()))
