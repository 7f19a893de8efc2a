"""Loss and gradient of every variant against SAELens, trainable SAE by trainable SAE.

SAELens leaves out the factor 1/2 of the squared error, so its loss is twice ours where its coefficients are twice ours;
a nested loss is its sum over prefixes and our mean. Its prices count the length of decoder rows, which is one with us:
values agree, and so do the gradients along the sphere, which are all that our training uses.
"""

import pytest
import torch
from random_stacks import D_IN, N_LATENTS, SEEDS, random_points, random_stack
from sae_lens.registry import get_sae_training_class
from sae_lens.saes.sae import TrainStepInput

from toysae.saes.gradients import Buffers
from toysae.saes.stack import ReluL1
from toysae.saes.variants import L0, L1, BatchTopK, Gated, JumpRelu, Prefixes, Relu, TopK, Variant

PRICE, K, MEAN_K, BANDWIDTH, SIZES = 0.15, 3, 2.3, 0.4, (2, 4, N_LATENTS)
UNSCALED = {"rescale_acts_by_decoder_norm": False}
CASES = {  # ours, their architecture, its settings, its coefficients, their loss in units of ours
    "plain": (ReluL1(PRICE), "standard", {}, {"l1": 2 * PRICE}, 2),
    "relu": (Variant(Relu(), [L1(PRICE)]), "standard", {}, {"l1": 2 * PRICE}, 2),
    "topk": (Variant(TopK(K)), "topk", {"k": K} | UNSCALED, {}, 2),
    "topk in units of rows": (Variant(TopK(K)), "topk", {"k": K}, {}, 2),
    "batchtopk": (Variant(BatchTopK(MEAN_K)), "batchtopk", {"k": MEAN_K} | UNSCALED, {}, 2),
    "matryoshka": (
        Variant(BatchTopK(MEAN_K), prefixes=Prefixes.of(*SIZES)),
        "matryoshka_batchtopk",
        {"k": MEAN_K, "matryoshka_widths": list(SIZES)} | UNSCALED,
        {},
        2 * len(SIZES),
    ),
    "jumprelu": (
        Variant(JumpRelu(BANDWIDTH), [L0(PRICE, BANDWIDTH)]),
        "jumprelu",
        {"jumprelu_bandwidth": BANDWIDTH},
        {"l0": 2 * PRICE},
        2,
    ),
    "gated": (Gated(PRICE), "gated", {}, {"l1": 2 * PRICE}, 2),
}
every_case = pytest.mark.parametrize("name", CASES)
members = pytest.mark.parametrize("member", range(len(SEEDS)))


def weights(x):
    return torch.full((len(x),), 1 / len(x), dtype=torch.float64)


def their_parameters(stack, member):
    """Ours by their names."""
    ours = {name: value[member] for name, value in stack.parameters.items()}
    if "log_threshold" in ours:
        ours["threshold"] = ours.pop("log_threshold").exp()
    if "r_mag" in ours:
        ours["b_gate"] = ours.pop("b_enc")
    return ours


def their_step(name, stack, member):
    """Their SAE with our parameters, after one forward and backward pass."""
    _, architecture, settings, coefficients, _ = CASES[name]
    kind, config = get_sae_training_class(architecture)
    model = kind(config(d_in=D_IN, d_sae=N_LATENTS, dtype="float64", **settings))
    with torch.no_grad():
        for key, value in their_parameters(stack, member).items():
            getattr(model, key).copy_(value)
    output = model.training_forward_pass(TrainStepInput(random_points(), coefficients, None, 0, False))
    output.loss.backward()
    return model, output


def our_gradients(stack):
    x = random_points()
    out = {name: torch.full_like(value, torch.nan) for name, value in stack.parameters.items()}
    stack.model.gradients(stack.parameters, x, weights(x), out, Buffers())
    return out


def along_the_sphere(slope, rows):
    return slope - (slope * rows).sum(dim=1, keepdim=True) * rows


@every_case
@members
def test_activations_and_loss_are_theirs(name, member):
    model, *_, factor = CASES[name]
    stack, x = random_stack(model), random_points()
    _, output = their_step(name, stack, member)
    torch.testing.assert_close(stack.encode(x)[member], output.feature_acts)
    torch.testing.assert_close(stack.reconstruct(x)[member], output.sae_out)
    torch.testing.assert_close(factor * stack.losses(x)[member], output.loss)
    assert 0 < (output.feature_acts > 0).sum() < output.feature_acts.numel()


@pytest.mark.parametrize("name", [name for name in CASES if name != "gated"])
@members
def test_the_gradient_is_theirs(name, member):
    model, *_, factor = CASES[name]
    stack = random_stack(model)
    theirs, _ = their_step(name, stack, member)
    for key, ours in our_gradients(stack).items():
        ours = factor * ours[member]
        if key == "W_dec":
            slope, ours = (along_the_sphere(s, stack.W_dec[member]) for s in (theirs.W_dec.grad, ours))
        elif key == "log_threshold":  # they train the threshold itself, in single precision
            threshold = stack.parameters[key][member].exp()
            slope = theirs.threshold.grad.double() * threshold
        else:
            slope = getattr(theirs, key).grad
        assert slope.abs().max() > 1e-3, key
        torch.testing.assert_close(ours, slope, rtol=1e-5 if key == "log_threshold" else 1e-9, atol=1e-7)


@members
def test_the_gradient_of_a_gated_sae_is_theirs_where_the_decoder_is_not_held_fixed(member):
    """In the auxiliary term the paper holds the decoder fixed, and so do we; SAELens lets it train the decoder too."""
    stack, x = random_stack(CASES["gated"][0]), random_points()
    theirs, _ = their_step("gated", stack, member)
    ours = {key: 2 * slope[member] for key, slope in our_gradients(stack).items()}
    for key, their_key in {"W_enc": "W_enc", "b_enc": "b_gate", "r_mag": "r_mag", "b_mag": "b_mag"}.items():
        torch.testing.assert_close(ours[key], getattr(theirs, their_key).grad)

    p = {key: value[member] for key, value in stack.parameters.items()}
    opened = torch.relu((x - p["b_dec"]) @ p["W_enc"] + p["b_enc"])
    rows, bias = p["W_dec"].clone().requires_grad_(), p["b_dec"].clone().requires_grad_()
    (x - opened @ rows - bias).square().sum(dim=1).mean().backward()
    along = along_the_sphere(theirs.W_dec.grad - rows.grad, p["W_dec"])
    torch.testing.assert_close(along_the_sphere(ours["W_dec"], p["W_dec"]), along)
    torch.testing.assert_close(ours["b_dec"], theirs.b_dec.grad - bias.grad)
    assert rows.grad.abs().max() > 1e-2 and bias.grad.abs().max() > 1e-2
