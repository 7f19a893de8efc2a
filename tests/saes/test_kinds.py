"""The list of kinds: whoever takes one from it gets an SAE that trains, and nobody keeps a list beside it."""

import pytest
import torch

from toysae.bench import costs
from toysae.chapters.beyond_the_toy import trials
from toysae.chapters.remedies.arena import L1_COEFF
from toysae.chapters.remedies.settings import REMEDIES
from toysae.saes.gradients import Buffers
from toysae.saes.kinds import KINDS, PRICE_BESIDE, coarse_prefixes
from toysae.saes.starts import random_sign_rows
from toysae.saes.training import Support, fit
from toysae.saes.variants import Prefixes, Variant
from toysae.worlds.named_worlds import two_of_three

KNOBS = {"l1_coeff": [0.05, 0.2], "l0_coeff": [0.01, 0.1], "weight": [0.1, 1.0], "k": [1, 2]}
SEEDS = [0, 1]
every_kind = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)


def start(kind, values):
    rows = random_sign_rows(two_of_three(), 3, SEEDS)
    return kind.untrained(torch.tensor(values).double(), rows, SEEDS)


@every_kind
def test_every_kind_trains_with_a_value_of_its_knob_for_each_sae(kind):
    world = two_of_three()
    before = start(kind, KNOBS[kind.knob])
    after, history = fit(before, Support.of(world), n_steps=200, lr=0.01)
    assert ("W_enc" in after.parameters) != kind.tied
    assert history.loss[-1].mean() < history.loss[0].mean()
    assert all(torch.isfinite(value).all() for value in after.parameters.values())


@every_kind
def test_no_kind_trains_through_autograd(kind, monkeypatch):
    monkeypatch.setattr(torch.autograd, "grad", None)
    stack, x = start(kind, KNOBS[kind.knob]), torch.rand(7, 3)
    out = {name: torch.zeros_like(value) for name, value in stack.parameters.items()}
    stack.model.gradients(stack.parameters, x, torch.full((7,), 1 / 7), out, Buffers())
    assert out["W_dec"].abs().max() > 0


@every_kind
def test_a_value_of_the_knob_belongs_to_one_sae(kind):
    """The losses of a stack are those of its members alone, and the knob makes a difference."""
    x, values = torch.rand(40, 3, generator=torch.Generator().manual_seed(0)), KNOBS[kind.knob]
    both = start(kind, values).losses(x)
    for i, value in enumerate(values):
        torch.testing.assert_close(start(kind, [value] * 2).losses(x)[i], both[i])
    assert not torch.allclose(start(kind, values[::-1]).losses(x), both)


def test_names_are_told_apart_and_knobs_are_known():
    assert all(name == kind.name for name, kind in KINDS.items())
    assert {kind.knob for kind in KINDS.values()} == KNOBS.keys() == costs.KNOBS.keys()


def test_every_remedy_is_a_kind_and_so_is_what_the_benchmark_trains():
    for remedy in REMEDIES:
        kind = KINDS[remedy.name]
        assert (remedy.knob, remedy.model, remedy.tied) == (kind.knob, kind.model, kind.tied)
    assert {trials.PLAIN, trials.TOPK, trials.JUMPRELU, trials.MATRYOSHKA} <= KINDS.keys()
    assert PRICE_BESIDE == L1_COEFF  # the chapter compares at the price that is paid beside a penalty on cosines


def test_matryoshkas_state_their_prefixes():
    stated = {}
    for name, kind in KINDS.items():
        model = kind.model(torch.tensor([1.0]).double(), 16)
        if isinstance(model, Variant) and model.prefixes:
            stated[name] = model.prefixes
    four = Prefixes.of(2, 4, 8, 16)
    assert stated == {"Matryoshka": Prefixes.all(16), "Matryoshka TopK": four, "Matryoshka BatchTopK": four}
    assert coarse_prefixes(10).sizes == (1, 2, 5, 10) and coarse_prefixes(1).sizes == (1,)
