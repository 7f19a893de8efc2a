"""Whatever is assessed gets the same answer for the same SAE, and what cannot be assessed one clear line."""

import itertools
import math

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import normalize

import toysae
from toysae.measures.absorption import measure_absorption
from toysae.measures.assessment import assess, joined
from toysae.measures.guests import as_stack
from toysae.optimum import search
from toysae.optimum.codes import dictionary_loss, radial_bound
from toysae.optimum.search import best_dictionary
from toysae.saes.saelens import to_saelens
from toysae.saes.stack import ReluL1, Stack, untrained
from toysae.saes.variants import Relu, TopK, Variant
from toysae.worlds.directions import random_rotation
from toysae.worlds.named_worlds import groups, hierarchy, independent, k_of_n, solo_leak, tree, two_of_three

PRICE = 0.1
WORLD = hierarchy(n_others=2, sigma=[0.2, 0.0, 0.0, 0.0])
N_LATENTS = 5


class Written(nn.Module):
    """An SAE as one writes it in ten lines: other names, columns in place of rows, dropout that must be off."""

    def __init__(self, d_in, n_latents, dtype=torch.float32):
        super().__init__()
        self.into = nn.Linear(d_in, n_latents, dtype=dtype)
        self.out = nn.Linear(n_latents, d_in, dtype=dtype)
        self.dropout = nn.Dropout(0.5)

    def encode(self, x):
        return self.dropout(torch.relu(self.into(x)))

    def decode(self, z):
        return self.out(self.dropout(z))


def random_stack(decoder_bias=True, n_saes=1):
    """A stack of ours with random numbers in float64, but unit rows."""
    generator = torch.Generator().manual_seed(1)
    rows = normalize(torch.randn(n_saes, N_LATENTS, WORLD.d_in, generator=generator), dim=2)
    stack = untrained(ReluL1(PRICE), rows, range(n_saes), decoder_bias=decoder_bias).double()
    for name in stack.parameters.keys() - {"W_dec"}:
        value = stack.parameters[name]
        value += 0.2 * torch.randn(value.shape, generator=generator).double()
    stack.parameters["W_dec"].copy_(normalize(stack.W_dec, dim=2))
    return stack


def as_module(stack, dtype=torch.float64):
    """The first SAE of a stack, as a module. Its encoder's bias makes up for the b_dec that ours takes away first."""
    module = Written(stack.W_dec.shape[2], stack.W_dec.shape[1], dtype)
    p = {name: value[0] for name, value in stack.parameters.items()}
    with torch.no_grad():
        module.into.weight.copy_(p["W_enc"].T)
        module.into.bias.copy_(p["b_enc"] - p["b_dec"] @ p["W_enc"])
        module.out.weight.copy_(p["W_dec"].T)
        module.out.bias.copy_(p["b_dec"])
    return module


def assert_same(seen, expected, **tolerance):
    for name in ("losses", "costs", "l0", "mcc", "mmcs", "explained_variance", "cosines", "bias_cosines", "absorption"):
        torch.testing.assert_close(getattr(seen, name), getattr(expected, name), **tolerance, msg=name)
    assert torch.equal(seen.live, expected.live)
    assert torch.equal(seen.labels.kinds, expected.labels.kinds)
    assert [seen.names(i) for i in range(len(seen.l0))] == [expected.names(i) for i in range(len(expected.l0))]


# ---- the same SAE in every guise


@pytest.fixture
def stack():
    return random_stack()


def guises(stack, folder):
    module = as_module(stack)
    arrays = {name: value[0].numpy() for name, value in stack.parameters.items()}
    centre, into, bias, out = (arrays[name] for name in ("b_dec", "W_enc", "b_enc", "W_dec"))
    return {
        "module": module,
        "its methods": (module.encode, module.decode),
        "modules": (nn.Sequential(module.into, nn.ReLU()), module.out),
        "functions": (lambda x: stack.encode(x)[0], lambda z: z @ stack.W_dec[0] + stack.b_dec[0]),
        "numpy": [lambda x: np.maximum((x - centre) @ into + bias, 0), lambda z: z @ out + centre],
        "sparse": (lambda x: stack.encode(x)[0].to_sparse(), module.decode),
        "folder": to_saelens(stack, 0, folder / "path"),
        "folder by name": str(to_saelens(stack, 0, folder / "name")),
    }


def test_every_guise_of_an_sae_is_assessed_like_the_stack(stack, tmp_path):
    expected = assess(stack, WORLD)
    assert expected.live.sum() > 0 and expected.absorption.shape == (1, 1)
    for guest in guises(stack, tmp_path).values():
        assert_same(assess(guest, WORLD, l1_coeff=PRICE), expected)


def test_single_precision_is_enough(stack):
    module = as_module(stack, torch.float32)
    p = {name: value[0].float() for name, value in stack.parameters.items()}
    functions = (
        lambda x: torch.relu((x - p["b_dec"]) @ p["W_enc"] + p["b_enc"]),
        lambda z: z @ p["W_dec"] + p["b_dec"],
    )
    for guest in (module, functions):
        assert_same(assess(guest, WORLD, l1_coeff=PRICE), assess(stack, WORLD), rtol=1e-5, atol=1e-5)


def test_without_a_price_the_loss_is_half_the_squared_error(stack, tmp_path):
    free = Stack(ReluL1(0.0), stack.parameters, stack.seeds)
    for guest in guises(stack, tmp_path).values():
        seen = assess(guest, WORLD)
        torch.testing.assert_close(seen.losses, assess(free, WORLD).losses)
        assert seen.prices.isnan().all() and seen.costs.isnan().all() and seen.excess.isnan().all()


def test_long_rows_with_small_activations_are_the_same_sae(stack):
    p = {name: value[0] for name, value in stack.parameters.items()}
    scales = torch.tensor([0.1, 3.0, 1.0, 20.0, 0.5]).double()
    guest = (lambda x: stack.encode(x)[0] / scales, lambda z: z * scales @ p["W_dec"] + p["b_dec"])
    assert_same(assess(guest, WORLD, l1_coeff=PRICE), assess(stack, WORLD))


# ---- a guest is left as it was


def test_a_module_is_used_in_eval_mode_and_put_back(stack):
    module = as_module(stack)
    module.train()
    module.out.eval()
    before = {name: value.clone() for name, value in module.state_dict().items()}
    seen = assess(module, WORLD, l1_coeff=PRICE)
    assert_same(seen, assess(stack, WORLD))
    assert [part.training for part in module.modules()] == [True, True, False, True]
    assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())
    assert all(p.grad is None and p.requires_grad for p in module.parameters())
    assert not seen.losses.requires_grad


def test_a_module_that_fails_is_put_back_too():
    module = Written(WORLD.d_in + 1, 3).train()
    with pytest.raises(ValueError, match="encode"):
        assess(module, WORLD)
    assert all(part.training for part in module.modules())


def test_a_module_that_undoes_the_scale_of_what_it_encoded_last():
    """As SAELens does at run time: the decoder needs the batch that the encoder saw, once."""

    class Rescaled(nn.Module):
        def encode(self, x):
            self.scale = x.norm(dim=1, keepdim=True)
            return torch.relu(x / self.scale)

        def decode(self, z):
            x_hat = z * self.scale
            del self.scale
            return x_hat

    world = k_of_n(4, 2, sigma=0.1)
    seen = assess(Rescaled(), world, l1_coeff=PRICE)
    assert seen.names(0) == list("ABCD") and seen.l0.item() == pytest.approx(2)
    torch.testing.assert_close(seen.explained_variance, torch.ones(1).double())


# ---- dictionaries


def test_true_features_are_found_and_cost_exactly_what_atoms_cost_more():
    world = two_of_three()
    seen = assess(world.features, world, l1_coeff=PRICE)
    assert seen.names(0) == ["A", "B", "C"] and seen.labels.count("atomic").tolist() == [3]
    assert seen.mcc.item() == pytest.approx(1) and seen.l0.item() == pytest.approx(2)
    # Two atoms at price c cost 2 (c - c^2 / 2), the pair of length sqrt 2 costs sqrt 2 c - c^2 / 2
    assert seen.costs.item() == pytest.approx(2 * (PRICE - PRICE**2 / 2))
    assert seen.excess.item() == pytest.approx((2 - math.sqrt(2)) * PRICE - PRICE**2 / 2, abs=1e-9)


def test_composites_reach_the_bound_so_nothing_is_in_excess():
    world = two_of_three()
    seen = assess(world.composites(), world, l1_coeff=PRICE)
    assert sorted(seen.names(0)) == ["A+B", "A+C", "B+C"] and str(seen.composites_only).startswith("1 of 1")
    assert seen.costs.item() == pytest.approx(radial_bound(world, PRICE))
    assert seen.excess.item() == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("form", [lambda rows: rows, lambda rows: rows.numpy(), lambda rows: rows.tolist(), list])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_rows_are_directions_in_whatever_form(form, dtype):
    lengths = torch.tensor([1e-30, 7.0, 1.0, 1e30, 0.5, 2.0])
    directions = normalize(torch.randn(6, 5, generator=torch.Generator().manual_seed(0)), dim=1)
    world = k_of_n(5, 2, features=random_rotation(5, 5, torch.Generator().manual_seed(2)))
    expected = dictionary_loss(directions, world, PRICE)
    seen = assess(form((directions * lengths[:, None]).to(dtype)), world, l1_coeff=PRICE)
    torch.testing.assert_close(seen.losses, expected[None], rtol=1e-5, atol=1e-7)
    torch.testing.assert_close(seen.costs, seen.losses)


def test_integers_and_parameters_are_rows_too():
    world = two_of_three()
    for rows in (np.eye(3, dtype=int), nn.Parameter(torch.eye(3)), np.eye(3)[::-1], [[1, 0, 0], [0, 1, 0], [0, 0, 1]]):
        assert sorted(assess(rows, world).names(0)) == ["A", "B", "C"]


def test_many_dictionaries_each_at_its_price():
    world, prices = k_of_n(4, 2), torch.tensor([0.05, 0.2, 0.05])
    rows = torch.randn(3, 4, 4, generator=torch.Generator().manual_seed(3))
    seen = assess(rows, world, l1_coeff=prices)
    for i, price in enumerate(prices.tolist()):
        alone = assess(rows[i], world, l1_coeff=price)
        assert seen.names(i) == alone.names(0)
        torch.testing.assert_close(seen.losses[i : i + 1], alone.losses)
        torch.testing.assert_close(seen.costs[i : i + 1], alone.costs)


def test_without_a_price_activations_are_those_of_least_squares():
    world = two_of_three()
    seen = assess(torch.eye(3)[:2], world)
    # Of the pairs A+B, A+C, B+C nothing, C and C are left
    torch.testing.assert_close(seen.losses, torch.tensor([1 / 3]).double())
    assert seen.costs.isnan().all() and seen.excess.isnan().all()


# ---- excess, absorption, names


def test_the_search_is_asked_once_per_price_and_only_when_needed(monkeypatch):
    asked = []

    def counted(world, n_latents, price):
        asked.append((n_latents, price))
        return torch.eye(3), 10 * price

    monkeypatch.setattr(search, "best_dictionary", counted)
    prices = torch.tensor([0.1, 0.2, 0.1], dtype=torch.float64)
    stack = untrained(ReluL1(prices), torch.eye(3).expand(3, 3, 3), range(3), decoder_bias=False)
    seen = assess(stack, two_of_three())
    assert not asked
    torch.testing.assert_close(seen.excess, seen.costs - torch.tensor([1.0, 2.0, 1.0]).double())
    assert seen.excess is seen.excess and sorted(asked) == [(3, 0.1), (3, 0.2)]


def test_a_stack_has_its_own_price_unless_another_is_asked_for():
    world = two_of_three()
    stack = untrained(ReluL1(0.1), torch.eye(3)[None], [0], decoder_bias=False)
    own, other = assess(stack, world), assess(stack, world, l1_coeff=0.2)
    torch.testing.assert_close(own.costs, own.losses)
    torch.testing.assert_close(other.losses, own.losses)
    torch.testing.assert_close(other.excess, other.costs - best_dictionary(world, 3, 0.2)[1])
    assert other.costs > own.costs


def test_a_model_without_a_price_has_no_excess_until_it_gets_one():
    stack = untrained(Variant(TopK(2)), torch.eye(3)[None], [0], decoder_bias=False)
    assert assess(stack, two_of_three()).excess.isnan().all()
    seen = assess(stack, two_of_three(), l1_coeff=0.1)
    # It keeps all of a sample, and pays for both features
    assert seen.excess.item() == pytest.approx(2 * 0.1 - radial_bound(two_of_three(), 0.1), abs=1e-6)


def test_absorption_is_that_of_each_family():
    world = tree(2, 0.3, 2, 0.3, 0)
    rows = torch.eye(6)
    rows[1] = rows[0] + rows[1]  # the first child of the first parent carries it
    seen = assess(rows, world, l1_coeff=0.05)
    each = [measure_absorption(as_stack(rows, world, 0.05), world, *family).fraction for family in world.families]
    torch.testing.assert_close(seen.absorption, torch.stack(each, dim=1))
    assert seen.absorption[0, 0] > 0.3 and seen.absorption[0, 1] == 0
    assert assess(rows, independent([0.3] * 6)).absorption.shape == (1, 0)


def test_assessments_joined_know_what_each_was():
    worlds = two_of_three(), solo_leak(3, 2, p_alone=0.3)
    parts = [assess(torch.eye(3), world, l1_coeff=price) for world, price in zip(worlds, (0.1, 0.2), strict=True)]
    both = joined(parts)
    torch.testing.assert_close(both.excess, torch.cat([part.excess for part in parts]))
    assert both.absorption.shape == (2, 0) and both.names(1) == parts[1].names(0)


# ---- refusals


def functions(encode=lambda x: x, decode=lambda z: z):
    return encode, decode


def never_the_same():
    """An encoder with another number of latents at every call."""
    sizes = itertools.count(2)
    return lambda x: x.new_ones(len(x), next(sizes))


NONSENSE = {
    "nothing": (None, "anything is of type NoneType: allowed is a Stack, decoder rows"),
    "a number": (3, "anything is of type int and shape ()"),
    "a vector": ([1.0, 0.0, 0.0], "anything is of type list and shape (3,)"),
    "four axes": (torch.ones(1, 1, 3, 3), "anything is of type Tensor and shape (1, 1, 3, 3)"),
    "no latents": (torch.ones(0, 3), "anything is of type Tensor"),
    "a ragged list": ([[1.0], [1.0, 2.0]], "anything is of type list"),
    "words": ([["a", "b", "c"]], "anything is of type list"),
    "complex rows": (torch.eye(3, dtype=torch.complex64), "anything is of type Tensor and shape (3, 3)"),
    "an object": (object(), "anything is of type object"),
    "three functions": ((len, len, len), "anything is of type tuple"),
    "wide rows": (torch.eye(4), "the shape of the dictionary is (4, 4): allowed is (..., d_in = 3)"),
    "a wide stack": (random_stack(), "the shape of W_dec is (1, 5, 4): allowed is (..., d_in = 3)"),
    "nan": ([[1.0, math.nan, 0.0]], "the dictionary holds nan"),
    "infinity": ([[1.0, math.inf, 0.0]], "the dictionary holds inf"),
    "no length": ([[1.0, 0.0, 0.0], [0.0, 0.0, 0.0]], "the length of the shortest row of the dictionary is 0.0"),
    "no folder": ("nowhere", "folder nowhere is no SAE: allowed is one with cfg.json"),
    "a wide module": (Written(4, 2), "encode(x) fails where the shape of x is (1, 3)"),
    "a wide decoder": (
        functions(decode=lambda z: z[:, :2]),
        "the shape of decode(z) is (4, 2): allowed is (4, d_in = 3)",
    ),
    "another number of latents": (
        functions(never_the_same()),
        "the shape of encode(x) is (4, 4): allowed is (4, n_latents = 3)",
    ),
    "a sample less": (functions(lambda x: x[1:]), "the shape of encode(x) is (0, 3): allowed is (1, n_latents)"),
    "three axes": (functions(lambda x: x[None]), "the shape of encode(x) is (1, 1, 3)"),
    "a word": (functions(lambda x: "z"), "encode(x) fails"),
    "a dictionary": (functions(lambda x: {"z": x}), "encode(x) fails"),
    "nan activations": (functions(lambda x: x * math.nan), "encode(x) holds nan: allowed are finite numbers"),
    "nan reconstructions": (functions(decode=lambda z: z / 0), "decode(z) holds"),
    "no argument": (functions(lambda: 0), "encode(x) fails where the shape of x is (1, 3) (TypeError"),
}


@pytest.mark.parametrize("name", NONSENSE)
def test_what_cannot_be_assessed_is_refused_in_one_line(name):
    guest, said = NONSENSE[name]
    with pytest.raises(ValueError) as caught:
        assess(guest, two_of_three())
    message = str(caught.value)
    assert said in message and "allowed" in message and "\n" not in message


@pytest.mark.parametrize(
    ("guest", "l1_coeff", "said"),
    [
        (torch.eye(3), -0.1, "l1_coeff is -0.1"),
        (torch.eye(3), math.nan, "l1_coeff is nan"),
        (torch.eye(3), torch.ones(2), "l1_coeff has shape (2,): allowed is () or (1,)"),
        (functions(), torch.ones(2), "l1_coeff has shape (2,): allowed is () or (1,)"),
        (
            untrained(Variant(Relu()), torch.eye(3)[None], [0], decoder_bias=False),
            torch.ones(2),
            "l1_coeff has shape (2,)",
        ),
    ],
)
def test_a_price_that_cannot_be_is_refused(guest, l1_coeff, said):
    with pytest.raises(ValueError) as caught:
        assess(guest, two_of_three(), l1_coeff=l1_coeff)
    assert said in str(caught.value) and "allowed" in str(caught.value)


def test_nan_that_comes_with_the_data_is_seen():
    """The first points are harmless; that the encoder divides by a feature which is off shows on the world's own."""
    with pytest.raises(ValueError, match=r"encode\(x\) holds"):
        assess(functions(lambda x: x / x[:, :1]), two_of_three())


def test_the_front_door_is_the_same_door():
    assert toysae.assess is assess
    assert toysae.assess(torch.eye(6), groups(2)).names(0) == list("ABCDEF")
