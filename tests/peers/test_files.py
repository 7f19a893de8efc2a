"""An SAE of ours does in SAELens what it did here, and one of theirs does here what it did there."""

import pytest
import torch
from random_stacks import D_IN, N_LATENTS, SEEDS, random_points, random_stack
from sae_lens import SAE
from sae_lens.registry import get_sae_class, get_sae_training_class

from toysae.saes.saelens import from_saelens, to_saelens
from toysae.saes.stack import ReluL1, Stack
from toysae.saes.variants import L0, L1, BatchTopK, Gated, JumpRelu, Prefixes, Relu, TopK, Variant

MODELS = {
    "standard": ReluL1(torch.tensor([0.1, 0.2])),
    "matryoshka": Variant(Relu(), [L1(0.1)], prefixes=Prefixes.all(N_LATENTS)),
    "topk": Variant(TopK(torch.tensor([2, 3]))),
    "topk of all": Variant(TopK(7)),
    "batchtopk": Variant(BatchTopK(torch.tensor([1.0, 2.3]))),
    "jumprelu": Variant(JumpRelu(), [L0(0.1)]),
    "gated": Gated(0.1),
}
ARCHITECTURE = {"matryoshka": "standard", "topk of all": "topk", "batchtopk": "jumprelu"}
same = torch.testing.assert_close  # to the precision of the numbers


def settled_stack(name, decoder_bias=True, tied=False):
    stack, x = random_stack(MODELS[name], decoder_bias, tied), random_points()
    parameters = stack.model.settled(stack.parameters, x[None], torch.full((len(x),), 1 / len(x)).double())
    return Stack(stack.model, parameters, stack.seeds)


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("decoder_bias", [False, True])
@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("precision", [torch.float32, torch.float64])
def test_ours_gives_the_same_there(name, decoder_bias, tied, precision, tmp_path):
    stack = settled_stack(name, decoder_bias, tied)
    stack = Stack(stack.model, {key: value.to(precision) for key, value in stack.parameters.items()}, SEEDS)
    x = random_points().to(precision)
    for member in range(len(SEEDS)):
        theirs = SAE.load_from_disk(to_saelens(stack, member, tmp_path / str(member)))
        assert theirs.cfg.architecture() == ARCHITECTURE.get(name, name) and theirs.dtype == precision
        z = stack.encode(x)[member]
        assert 0 < (z > 0).sum() < z.numel()
        with torch.no_grad():
            same(theirs.encode(x), z)
            same(theirs(x), stack.reconstruct(x)[member])


def randomised(model):
    """Their SAE with random numbers in all its parameters."""
    generator = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(0.5 * torch.randn(parameter.shape, generator=generator))
        if hasattr(model, "threshold"):
            model.threshold.abs_()
        if hasattr(model, "topk_threshold"):
            model.topk_threshold.fill_(0.4)
    return model


def assert_the_same_here(theirs, folder):
    x, ours = random_points(), from_saelens(folder)
    with torch.no_grad():
        z = theirs.encode(x)
        assert 0 < (z > 0).sum() < z.numel()
        same(ours.encode(x)[0], z)
        same(ours.reconstruct(x)[0], theirs.decode(z))


@pytest.mark.parametrize("architecture", ["standard", "topk", "jumprelu", "gated"])
@pytest.mark.parametrize("centred", [False, True])
def test_theirs_gives_the_same_here(architecture, centred, tmp_path):
    kind, settings = get_sae_class(architecture)
    own = {"k": 3} if architecture == "topk" else {}
    theirs = randomised(kind(settings(D_IN, N_LATENTS, dtype="float64", apply_b_dec_to_input=centred, **own)))
    theirs.save_model(tmp_path)
    assert_the_same_here(theirs, tmp_path)


@pytest.mark.parametrize("centred", [False, True])
def test_theirs_in_units_of_decoder_rows_gives_the_same_here(centred, tmp_path):
    kind, settings = get_sae_class("topk")
    own = {"k": 3, "rescale_acts_by_decoder_norm": True, "apply_b_dec_to_input": centred}
    theirs = randomised(kind(settings(D_IN, N_LATENTS, dtype="float64", **own)))
    theirs.save_model(tmp_path)
    assert_the_same_here(theirs, tmp_path)


TRAINED = {
    "standard": {},
    "topk": {"k": 2},
    "jumprelu": {},
    "gated": {},
    "batchtopk": {"k": 1.5},
    "matryoshka_batchtopk": {"k": 1.5, "matryoshka_widths": [2, 4, N_LATENTS]},
}


@pytest.mark.parametrize("architecture", TRAINED)
def test_what_they_trained_can_be_used_here(architecture, tmp_path):
    """As they save it for use: there, a batch's choice has become a threshold."""
    kind, settings = get_sae_training_class(architecture)
    trainable = randomised(kind(settings(d_in=D_IN, d_sae=N_LATENTS, dtype="float64", **TRAINED[architecture])))
    trainable.save_inference_model(tmp_path)
    assert_the_same_here(SAE.load_from_disk(tmp_path), tmp_path)
