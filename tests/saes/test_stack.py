"""The stack: forward pass, written-out gradient, initialisation."""

import pytest
import torch

from toysae.saes.gradients import Buffers
from toysae.saes.stack import Model, ReluL1, untrained
from toysae.saes.starts import initial_rows, random_sign_rows
from toysae.worlds.named_worlds import k_of_n, two_of_three

SEEDS = range(4)


def random_stack(decoder_bias, tied, n_latents=7):
    """A stack in the middle of nowhere, in float64, with data points and uneven probabilities."""
    world = k_of_n(5, 2, sigma=0.3)
    generator = torch.Generator().manual_seed(0)
    model = ReluL1(torch.tensor([0.1, 0.3, 0.0, 0.05]))
    rows = random_sign_rows(world, n_latents, SEEDS)
    stack = untrained(model, rows, SEEDS, decoder_bias=decoder_bias, tied=tied).double()
    for value in stack.parameters.values():
        value += 0.3 * torch.randn(value.shape, generator=generator).double()
    x = world.inputs(world.sample(40, generator)).double()
    weights = torch.rand(40, generator=generator).double()
    return stack, x, weights / weights.sum()


@pytest.mark.parametrize("decoder_bias", [False, True])
@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("own_weights", [False, True])
def test_the_written_out_gradient_is_autograds(decoder_bias, tied, own_weights):
    stack, x, weights = random_stack(decoder_bias, tied)
    if own_weights:  # every member has its own probabilities
        weights = torch.softmax(torch.randn(4, 40, generator=torch.Generator().manual_seed(1)).double(), dim=1)
    ours = {name: torch.full_like(value, torch.nan) for name, value in stack.parameters.items()}
    autograds = {name: torch.zeros_like(value) for name, value in stack.parameters.items()}
    largest = stack.model.gradients(stack.parameters, x, weights, ours, Buffers())
    reference = Model.gradients(stack.model, stack.parameters, x, weights, autograds, Buffers())
    for name in ours:
        assert torch.allclose(ours[name], autograds[name], rtol=1e-10, atol=1e-13), name
        assert autograds[name].abs().max() > 1e-3, name  # there is something to compare
    assert torch.allclose(largest, reference)


def test_the_loss_is_the_one_written_in_the_text():
    stack, x, weights = random_stack(decoder_bias=True, tied=False)
    for i in range(len(stack)):
        p = {name: value[i] for name, value in stack.parameters.items()}
        total = 0.0
        for point, weight in zip(x, weights, strict=True):
            z = torch.relu((point - p["b_dec"]) @ p["W_enc"] + p["b_enc"])
            error = point - (z @ p["W_dec"] + p["b_dec"])
            total += weight * (error @ error / 2 + stack.model.l1_coeff[i] * z.sum())
        assert stack.losses(x, weights)[i].item() == pytest.approx(total.item(), rel=1e-12)


def test_a_stack_is_its_members():
    stack, x, weights = random_stack(decoder_bias=True, tied=False)
    for i in range(len(stack)):
        alone = stack[i : i + 1]
        assert torch.allclose(alone.encode(x)[0], stack.encode(x)[i])
        assert torch.allclose(alone.losses(x, weights)[0], stack.losses(x, weights)[i])


def test_the_planted_dictionary_reconstructs_perfectly():
    world = two_of_three()
    stack = untrained(ReluL1(0.1), world.features[None], [0], decoder_bias=False)
    x = world.inputs(world.sample(50, torch.Generator().manual_seed(0)))
    assert torch.allclose(stack.reconstruct(x)[0], x)
    assert stack.losses(x).item() == pytest.approx(0.2)  # nothing but the price: two latents at 1, times 0.1


def test_the_encoder_starts_as_the_decoder_transposed():
    rows = random_sign_rows(two_of_three(), 4, SEEDS)
    stack = untrained(ReluL1(0.1), rows, SEEDS, decoder_bias=True)
    assert torch.equal(stack.parameters["W_enc"], stack.W_dec.transpose(1, 2))


@pytest.mark.parametrize("l1_coeff", [-0.1, float("nan"), float("inf"), torch.ones(2, 2)])
def test_an_impossible_price_is_refused_by_name(l1_coeff):
    with pytest.raises(ValueError, match=r"l1_coeff is .* allowed"):
        ReluL1(l1_coeff)


def test_wrong_rows_and_unknown_initialisations_are_refused_by_name():
    world = two_of_three()
    with pytest.raises(ValueError, match=r"rows has shape .* allowed"):
        untrained(ReluL1(0.1), torch.zeros(2, 3, 3), [0], decoder_bias=False)
    with pytest.raises(ValueError, match=r"the shape of directions is .*: allowed"):
        initial_rows("at-composites", k_of_n(3, 1), 3, [0])
    with pytest.raises(ValueError, match="init is 'zeros': allowed"):
        initial_rows("zeros", world, 3, [0])
