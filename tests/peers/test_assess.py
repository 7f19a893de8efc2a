"""An SAE of SAELens is assessed as our own SAE of the same numbers is: in memory, and from its folder."""

import pytest
import torch
from random_stacks import SEEDS, random_stack
from sae_lens import SAE
from sae_lens.registry import get_sae_class, get_sae_training_class
from torch.nn.functional import normalize

from toysae.measures.assessment import assess
from toysae.measures.recovery import activity, explained_variance
from toysae.saes.saelens import to_saelens
from toysae.saes.stack import ReluL1, Stack, untrained
from toysae.saes.variants import L0, L1, BatchTopK, Gated, JumpRelu, Prefixes, Relu, TopK, Variant
from toysae.worlds.finite import finite_data
from toysae.worlds.named_worlds import hierarchy, k_of_n

WORLD = hierarchy(0.4, 0.5, n_others=3, p_others=0.3, sigma=[0.2, 0.0, 0.0, 0.0, 0.0])
PRICE, D_IN, N_LATENTS = 0.1, 5, 7
MODELS = {
    "standard": ReluL1(torch.tensor([0.1, 0.2])),
    "topk": Variant(TopK(torch.tensor([2, 3]))),
    "batchtopk": Variant(BatchTopK(torch.tensor([1.0, 2.3]))),
    "jumprelu": Variant(JumpRelu(), [L0(0.1)]),
    "gated": Gated(0.1),
    "matryoshka": Variant(BatchTopK(1.5), prefixes=Prefixes.all(N_LATENTS)),
    "matryoshka without top k": Variant(Relu(), [L1(0.1)], prefixes=Prefixes.all(N_LATENTS)),
}


def assert_same(seen, expected):
    for name in ("costs", "l0", "mcc", "mmcs", "explained_variance", "cosines", "bias_cosines", "absorption"):
        torch.testing.assert_close(getattr(seen, name), getattr(expected, name), rtol=1e-5, atol=1e-6, msg=name)
    assert seen.costs.isfinite().all() and seen.absorption.shape == (1, 1)
    assert torch.equal(seen.live, expected.live) and seen.live.any()
    assert seen.names(0) == expected.names(0)


def settled(model):
    """Two random SAEs; where a batch chose, a threshold does."""
    stack, (x, weights) = random_stack(model), finite_data(WORLD)
    return Stack(model, model.settled(stack.parameters, x[None], weights), SEEDS)


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("member", range(len(SEEDS)))
def test_ours_there_is_assessed_as_here(name, member, tmp_path):
    stack = settled(MODELS[name])
    expected = assess(stack[member : member + 1], WORLD, l1_coeff=PRICE)
    folder = to_saelens(stack, member, tmp_path / "sae")
    theirs = SAE.load_from_disk(folder)
    for guest in (folder, str(folder), theirs, theirs.train(), (theirs.encode, theirs.decode)):
        assert_same(assess(guest, WORLD, l1_coeff=PRICE), expected)
    assert theirs.training


TRAINED = {
    "standard": {},
    "topk": {"k": 2},
    "batchtopk": {"k": 1.5},
    "jumprelu": {},
    "gated": {},
    "matryoshka_batchtopk": {"k": 1.5, "matryoshka_widths": [2, 4, N_LATENTS]},
}


def randomised(model):
    """Their SAE with random numbers in all its parameters, so rows of any length."""
    generator = torch.Generator().manual_seed(6)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(0.5 * torch.randn(parameter.shape, generator=generator))
        if hasattr(model, "threshold"):
            model.threshold.abs_()
        if hasattr(model, "topk_threshold"):
            model.topk_threshold.fill_(0.4)
    return model


@pytest.mark.parametrize("architecture", TRAINED)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_what_they_trained_is_the_same_in_memory_and_in_its_folder(architecture, dtype, tmp_path):
    kind, settings = get_sae_training_class(architecture)
    model = randomised(kind(settings(d_in=D_IN, d_sae=N_LATENTS, dtype=dtype, **TRAINED[architecture])))
    model.save_inference_model(tmp_path)
    there = assess(SAE.load_from_disk(tmp_path), WORLD, l1_coeff=PRICE)
    assert_same(assess(tmp_path, WORLD, l1_coeff=PRICE), there)
    if "batchtopk" not in architecture:  # in memory these still choose by batch
        assert_same(assess(model, WORLD, l1_coeff=PRICE), there)


@pytest.mark.parametrize("norm", ["constant_norm_rescale", "layer_norm"])
def test_inputs_that_they_rescale_at_run_time_are_their_own_business(norm):
    """What our reader of folders refuses, because a stack cannot express it, can be assessed in memory."""
    kind, settings = get_sae_class("standard")
    model = randomised(kind(settings(D_IN, N_LATENTS, dtype="float64", normalize_activations=norm)))
    world = k_of_n(D_IN, 2, sigma=0.1)
    x, weights = finite_data(world)
    seen = assess(model, world, l1_coeff=PRICE)
    with torch.no_grad():
        z = model.encode(x)
        x_hat = model.decode(z)
    torch.testing.assert_close(seen.explained_variance, explained_variance(x, x_hat[None], weights))
    torch.testing.assert_close(seen.l0, activity(z[None], weights)[1])
    torch.testing.assert_close(seen.cosines[0], normalize(model.W_dec.detach(), dim=1) @ world.features.double().T)


def test_an_sae_of_true_features_is_recognised():
    stack = untrained(ReluL1(PRICE), torch.eye(D_IN)[None], [0], decoder_bias=False)
    kind, settings = get_sae_class("standard")
    theirs = kind(settings(D_IN, D_IN, apply_b_dec_to_input=False))
    with torch.no_grad():
        theirs.W_dec.copy_(3 * stack.W_dec[0])
        theirs.W_enc.copy_(stack.parameters["W_enc"][0] / 3)
    seen = assess(theirs, WORLD, l1_coeff=PRICE)
    assert seen.names(0) == list("ABCDE") and seen.mcc.item() == pytest.approx(1)
    assert_same(seen, assess(stack, WORLD))
