"""Gradients that are written out are those that autograd finds, for every kind, in every use of it."""

from dataclasses import dataclass, replace
from itertools import product

import pytest
import torch
from torch.nn.functional import normalize

from toysae.saes.gradients import Buffers, Pass, largest_cosine
from toysae.saes.stack import Model, ReluL1, Stack, untrained
from toysae.saes.starts import random_sign_rows
from toysae.saes.training import Batches, fit
from toysae.saes.variants import (
    L0,
    L1,
    AllCosines,
    BatchTopK,
    Gated,
    JumpRelu,
    LargestCosine,
    Part,
    Prefixes,
    Relu,
    TopK,
    Variant,
)
from toysae.worlds.named_worlds import k_of_n

N_LATENTS, D_IN, SEEDS = 6, 4, range(3)
OWN = torch.tensor([0.1, 0.3, 0.05], dtype=torch.float64)  # a number per SAE
OWN_K, OWN_MEAN_K = torch.tensor([1, 3, 2]), torch.tensor([0.7, 2.2, 1.4], dtype=torch.float64)
WINDOW = 0.6
NESTED = Prefixes((1, 2, 5, N_LATENTS), (0.1, 0.4, 0.2, 0.3))
KINDS = {
    "relu": lambda c, k, m: Variant(Relu(), [L1(c)]),
    "plain": lambda c, k, m: ReluL1(c),
    "two prices": lambda c, k, m: Variant(Relu(), [L1(c), L1(2 * c)]),
    "top-k": lambda c, k, m: Variant(TopK(k)),
    "batch-top-k": lambda c, k, m: Variant(BatchTopK(m)),
    "jump, l0": lambda c, k, m: Variant(JumpRelu(WINDOW, 0.3), [L0(c, WINDOW)]),
    "jump, l0 by another kernel, l1": lambda c, k, m: Variant(JumpRelu(WINDOW, 0.3), [L0(c, 0.4), L1(c)]),
    "jump alone": lambda c, k, m: Variant(JumpRelu(WINDOW, 0.3)),
    "gated": lambda c, k, m: Gated(c),
    "nested relu": lambda c, k, m: Variant(Relu(), [L1(c)], prefixes=NESTED),
    "every prefix": lambda c, k, m: Variant(Relu(), [L1(c)], prefixes=Prefixes.all(N_LATENTS)),
    "nested top-k": lambda c, k, m: Variant(TopK(k), [LargestCosine(c)], prefixes=NESTED),
    "nested batch-top-k": lambda c, k, m: Variant(BatchTopK(m), prefixes=NESTED),
    "nested jump": lambda c, k, m: Variant(JumpRelu(WINDOW, 0.3), [L0(c, WINDOW)], prefixes=NESTED),
    "largest cosine": lambda c, k, m: Variant(Relu(), [L1(c), LargestCosine(c)]),
    "all cosines": lambda c, k, m: Variant(TopK(k), [AllCosines(c), LargestCosine(c)]),
}
SETTINGS = {"one for all": (0.2, 2, 1.3), "one per SAE": (OWN, OWN_K, OWN_MEAN_K)}
WEIGHTS = ("equal", "uneven", "per SAE", "some impossible")


def weights_of(name, n_samples):
    generator = torch.Generator().manual_seed(7)
    if name == "equal":
        return torch.full((n_samples,), 1 / n_samples, dtype=torch.float64)
    shape = (len(SEEDS), n_samples) if name == "per SAE" else (n_samples,)
    weights = torch.rand(shape, generator=generator, dtype=torch.float64) ** 3
    if name == "some impossible":
        weights[::3] = 0
    return weights / weights.sum(dim=-1, keepdim=True)


def random_stack(model, tied=False, decoder_bias=True, n_latents=N_LATENTS):
    """Three SAEs in the middle of nowhere, in float64."""
    generator = torch.Generator().manual_seed(5)
    rows = normalize(torch.randn(len(SEEDS), n_latents, D_IN, generator=generator), dim=2)
    stack = untrained(model, rows, SEEDS, decoder_bias=decoder_bias, tied=tied).double()
    for value in stack.parameters.values():
        value += 0.3 * torch.randn(value.shape, generator=generator).double()
    stack.parameters["W_dec"].copy_(normalize(stack.W_dec, dim=2))
    return stack


def points(n_samples, seed=6):
    return torch.randn(n_samples, D_IN, generator=torch.Generator().manual_seed(seed)).double()


def gradients(stack, x, weights, buffers=None, way=None):
    """As training gets them, and the activations; way is the model's own unless given."""
    out = {name: torch.full_like(value, torch.nan) for name, value in stack.parameters.items()}
    model = stack.model
    given = model.gradients if way is None else way.__get__(model)
    return out, given(stack.parameters, x, weights, out, buffers or Buffers()).clone()


def assert_autograds(stack, x, weights, buffers=None):
    (ours, z), (theirs, their_z) = (
        gradients(stack, x, weights, buffers),
        gradients(stack, x, weights, way=Model.gradients),
    )
    torch.testing.assert_close(z, their_z, rtol=1e-12, atol=1e-14)
    assert ours.keys() == theirs.keys()
    for name, value in theirs.items():
        for member in range(len(stack)):  # relative to each SAE's own gradient
            size = value[member].abs().max()
            assert (ours[name][member] - value[member]).abs().max() <= 1e-10 * size.clamp(max=1), name
        assert value.abs().max() > 1e-4, name  # there is something to compare


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("settings", SETTINGS)
@pytest.mark.parametrize("given", WEIGHTS)
def test_what_is_written_out_is_what_autograd_finds(kind, settings, given):
    x = points(37)
    for tied, decoder_bias in product((False, True), repeat=2):
        stack = random_stack(KINDS[kind](*SETTINGS[settings]), tied, decoder_bias)
        assert_autograds(stack, x, weights_of(given, len(x)))


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_here_trains_through_autograd(kind, monkeypatch):
    stack, x = random_stack(KINDS[kind](0.2, 2, 1.3)), points(9)

    def refuse(*_, **__):
        raise AssertionError("autograd was asked")

    monkeypatch.setattr(torch.autograd, "grad", refuse)
    gradients(stack, x, weights_of("equal", 9))
    with pytest.raises(AssertionError, match="autograd was asked"):
        gradients(stack, x, weights_of("equal", 9), way=Model.gradients)


@pytest.mark.parametrize("kind", KINDS)
def test_buffers_serve_batches_of_changing_sizes_and_weights(kind):
    stack, buffers = random_stack(KINDS[kind](*SETTINGS["one per SAE"])), Buffers()
    for n_samples, given in [(8, "equal"), (31, "uneven"), (8, "per SAE"), (8, "equal"), (300, "equal"), (5, "uneven")]:
        assert_autograds(stack, points(n_samples, seed=n_samples), weights_of(given, n_samples), buffers)


def subclassed(model, **own):
    """The same model, of a class that has something of its own."""
    other = object.__new__(type("Other", (type(model),), own))
    vars(other).update(vars(model))
    return other


def trained(model, tied, **how):
    world = k_of_n(4, 2, sigma=0.1)
    rows = random_sign_rows(world, N_LATENTS, SEEDS).double()
    stack = untrained(model, rows, SEEDS, decoder_bias=True, tied=tied)
    return fit(stack, Batches(world, 32, torch.Generator().manual_seed(1)), n_steps=40, lr=0.01, **how)[0].parameters


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("tied", [False, True])
def test_training_does_not_depend_on_the_size_of_chunks(kind, tied):
    model = KINDS[kind](*SETTINGS["one per SAE"])
    whole, one_by_one = (trained(model, tied, chunk_numbers=n) for n in (10**9, 1))
    for name, value in whole.items():
        torch.testing.assert_close(one_by_one[name], value, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("tied", [False, True])
def test_training_goes_as_by_autograd(kind, tied):
    """Step by step. Without resampling: latents aimed at one sample are equal, and rounding alone picks the top one."""
    model, differences = KINDS[kind](*SETTINGS["one per SAE"]), []

    def both(self, parameters, x, weights, out, buffers):
        z = type(model).gradients(self, parameters, x, weights, out, buffers).clone()
        theirs = {name: torch.zeros_like(value) for name, value in out.items()}
        Model.gradients(self, parameters, x, weights, theirs, Buffers())
        differences.append(max((out[name] - theirs[name]).abs().max().item() for name in out))
        return z

    trained(subclassed(model, gradients=both), tied, n_resamplings=0)
    assert len(differences) >= 40 and max(differences) < 1e-12


def test_equal_cosines_share_the_slope_as_autograd_has_it():
    """Four rows at right angles; three of them, each exactly as near to the fourth; and two such pairs."""
    axes, half = torch.eye(4).double(), torch.full((4,), 0.5).double()
    away = torch.tensor([0.5, 0.5, -0.5, -0.5]).double()
    rows = torch.stack([axes, torch.stack([half, *axes[:3]]), torch.stack([half, axes[0], away, axes[1]])])
    stack = untrained(Variant(Relu(), [LargestCosine(0.5)]), rows, SEEDS, decoder_bias=False)
    x = points(11)
    out, _ = gradients(stack, x, weights_of("uneven", 11))
    theirs, _ = gradients(stack, x, weights_of("uneven", 11), way=Model.gradients)
    torch.testing.assert_close(out["W_dec"], theirs["W_dec"], rtol=1e-10, atol=1e-12)


def test_of_one_row_alone_no_cosine_is_the_largest():
    stack = random_stack(Variant(Relu(), [LargestCosine(0.5), AllCosines(0.5)]), n_latents=1)
    out = {name: torch.zeros_like(value) for name, value in stack.parameters.items()}
    step = Pass(stack.parameters, points(5), weights_of("equal", 5), out, Buffers())
    largest_cosine(step, torch.tensor(0.5))
    assert (out["W_dec"] == 0).all()
    assert_autograds(stack, points(5), weights_of("equal", 5))


def test_a_settled_batch_top_k_can_be_trained_on():
    """Then the threshold stands for the batch; it has no slope."""
    stack = random_stack(Variant(BatchTopK(1.3)))
    settled = stack.parameters | {"log_threshold": torch.full((3, N_LATENTS), -1.0).double()}
    ours, _ = gradients(Stack(stack.model, settled, stack.seeds), points(20), weights_of("uneven", 20))
    theirs, _ = gradients(
        Stack(stack.model, settled, stack.seeds), points(20), weights_of("uneven", 20), way=Model.gradients
    )
    for name in theirs:
        torch.testing.assert_close(ours[name], theirs[name], rtol=1e-10, atol=1e-12)
    assert (ours["log_threshold"] == 0).all()


def test_prefixes_are_checked_where_the_gradient_is_written_out_too():
    stack = replace(random_stack(Variant(Relu())), model=Variant(Relu(), prefixes=Prefixes.of(1, 3)))
    with pytest.raises(ValueError, match=rf"prefixes ends at 3: allowed is n_latents = {N_LATENTS}"):
        gradients(stack, points(5), weights_of("equal", 5))
    assert NESTED.reach(N_LATENTS) == pytest.approx((1.0, 0.9, 0.5, 0.5, 0.5, 0.3))


def test_the_price_of_l0_needs_thresholds_where_the_gradient_is_written_out_too():
    stack = random_stack(Variant(TopK(2), [L0(0.1)]))
    with pytest.raises(ValueError, match=r"penalties holds L0, .*: allowed only with an activation that has them"):
        gradients(stack, points(5), weights_of("equal", 5))


@dataclass(frozen=True)
class FourthPower(Part):
    """A penalty of one's own, as in the chapter on remedies."""

    coeff: torch.Tensor

    def __call__(self, parameters, pre, z):
        return self.coeff.to(z)[:, None] * z.pow(4).sum(dim=-1)


class Absolute(Relu):
    """An activation of one's own, made of one that has its gradient written out."""

    def __call__(self, pre, parameters, weights):
        return pre.abs()


class Bare:
    """A penalty that knows nothing of us."""

    def __call__(self, parameters, pre, z):
        return 0.1 * z.sum(dim=-1)

    def members(self, chosen):
        return self


@pytest.mark.parametrize("activation", [Relu(), TopK(OWN_K), BatchTopK(OWN_MEAN_K), JumpRelu(WINDOW), Absolute()])
@pytest.mark.parametrize("penalties", [[FourthPower(OWN)], [Bare()], []])
def test_parts_of_ones_own_train_through_autograd_and_encode_each_batch_once(activation, penalties, monkeypatch):
    if not penalties and not isinstance(activation, Absolute):
        return
    stack, x, weights = random_stack(Variant(activation, penalties)), points(20), weights_of("uneven", 20)
    expected, z = gradients(stack, x, weights, way=Model.gradients)
    n_calls, call = [], type(activation).__call__
    monkeypatch.setattr(type(activation), "__call__", lambda self, *given: n_calls.append(1) or call(self, *given))
    ours, own_z = gradients(stack, x, weights)
    assert len(n_calls) == 1
    torch.testing.assert_close(own_z, z, rtol=1e-12, atol=1e-14)
    for name, value in expected.items():
        torch.testing.assert_close(ours[name], value, rtol=1e-10, atol=1e-13)


def test_a_price_that_is_written_by_hand_trains_the_same_stack():
    """Bare is an L1 penalty of 0.1 that only autograd knows."""
    world = k_of_n(4, 2, sigma=0.1)
    rows = random_sign_rows(world, N_LATENTS, SEEDS).double()
    ends = []
    for penalty in (Bare(), L1(0.1)):
        stack = untrained(Variant(Relu(), [penalty]), rows, SEEDS, decoder_bias=True)
        ends.append(fit(stack, Batches(world, 32, torch.Generator().manual_seed(1)), n_steps=60, lr=0.01)[0])
    for name, value in ends[0].parameters.items():
        torch.testing.assert_close(value, ends[1].parameters[name], rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("kind", ["plain", "relu", "gated"])
def test_a_model_that_changes_the_loss_alone_does_not_keep_the_gradient(kind):
    model = KINDS[kind](0.2, 2, 1.3)
    dearer = subclassed(model, sample_losses=lambda self, *given: 2 * type(model).sample_losses(self, *given))
    stack, x, weights = random_stack(model), points(12), weights_of("uneven", 12)
    assert type(dearer.members(slice(0, 1))) is type(dearer)  # also where a part of the stack is trained
    once, _ = gradients(stack, x, weights)
    twice, _ = gradients(Stack(dearer, stack.parameters, stack.seeds), x, weights)
    for name, value in once.items():
        torch.testing.assert_close(twice[name], 2 * value, rtol=1e-10, atol=1e-13)


def test_a_part_that_brings_its_gradient_is_asked_for_it():
    class Halved(L1):
        def __call__(self, parameters, pre, z):
            return super().__call__(parameters, pre, z) / 2

        def backward(self, step):
            step.back += self.coeff / 2 * step.weights.unsqueeze(-2)

    assert_autograds(random_stack(Variant(Relu(), [Halved(0.4)])), points(15), weights_of("uneven", 15))
