"""`fit` against the literal loop in tests/literal.py, step by step: every kind, with and without biases and ties."""

from functools import cache

import literal
import pytest
import torch

from toysae.saes.kinds import KINDS, ORTHOGONALITY, PRICE_BESIDE
from toysae.saes.stack import ReluL1, untrained
from toysae.saes.starts import random_sign_rows
from toysae.saes.training import BLOCK_STEPS, Batches, Support, fit
from toysae.worlds.directions import unit_directions
from toysae.worlds.named_worlds import k_of_n

N_LATENTS, SEEDS, N_STEPS, N_RESAMPLINGS = 8, [2, 3], 61, 4
LR = torch.tensor([0.01, 0.03], dtype=torch.float64)
TOLERANCE = {"rtol": 1e-7, "atol": 1e-8}  # of two programs in float64; each step amplifies what rounding leaves
BATCH = 32  # a power of two, whose share is exact in any precision
# At no right angles, where a latent aimed at one sample has a pre-activation of zero on another, and rounding decides
WORLD = k_of_n(6, 2, sigma=0.1, features=unit_directions(6, 5, torch.Generator().manual_seed(0)))

PREFIXES = (1, 2, 4, 8)
OWN = {"JumpReLU": {"log_threshold": -2.302585092994046}, "Gated": {"r_mag": 0.0, "b_mag": 0.0}}
THE_SAME = {  # each kind as its docstring tells it, by one value of its knob
    "L1": literal.relu_l1,
    "L1, tied weights": literal.relu_l1,
    "TopK": literal.top_k,
    "BatchTopK": literal.batch_top_k,
    "JumpReLU, L0": lambda c: literal.jump_l0(c, 0.5),
    "JumpReLU, narrow kernel": lambda c: literal.jump_l0(c, 0.1),
    "Gated": literal.gated,
    "Matryoshka": lambda c: literal.nested(literal.relu_l1(c), range(1, N_LATENTS + 1)),
    "Matryoshka TopK": lambda k: literal.nested(literal.top_k(k), PREFIXES),
    "Matryoshka BatchTopK": lambda k: literal.nested(literal.batch_top_k(k), PREFIXES),
    "L1, all cosines": lambda w: literal.with_cosines(literal.relu_l1(0.1), w, largest=False),
    "L1, largest cosine": lambda w: literal.with_cosines(literal.relu_l1(0.1), w, largest=True),
    "OrtSAE": lambda k: literal.with_cosines(literal.batch_top_k(k), 0.25, largest=True),
}
VALUES = {"l1_coeff": [0.1, 0.6], "l0_coeff": [0.02, 0.1], "weight": [0.2, 1.0], "k": [1, 2]}


def listed():
    """Data points, told by their probabilities: a list for each SAE, with points that never occur.

    They are many, so that no two latents are aimed at the same one: of equal latents rounding would decide.
    """
    x = WORLD.inputs(WORLD.sample(100, torch.Generator().manual_seed(4))).double()
    p = torch.rand(2, len(x), generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    p[0, ::4], p[1, 1::3] = 0, 0
    return x, p / p.sum(dim=1, keepdim=True)


def the_data(how):
    """What `fit` is given, and the same written out for each SAE: (x, p) of every step."""
    if how == "listed":
        x, p = listed()
        return Support(x, p), [[(x, own)] * N_STEPS for own in p]
    drawn, generator = [], torch.Generator().manual_seed(1)
    for start in range(0, N_STEPS, BLOCK_STEPS):  # so many steps are drawn at once
        n_steps = min(BLOCK_STEPS, N_STEPS - start)
        drawn += list(WORLD.inputs(WORLD.sample(n_steps * BATCH, generator)).double().split(BATCH))
    equal = torch.full((BATCH,), 1 / BATCH, dtype=torch.float64)
    return Batches(WORLD, BATCH, torch.Generator().manual_seed(1)), [[(x, equal) for x in drawn]] * 2


@cache
def both(kind, how, decoder_bias):
    """The trained stack and its history; and the literal runs, one per SAE."""
    values, rows = VALUES[kind.knob], random_sign_rows(WORLD, N_LATENTS, SEEDS).double()
    data, written = the_data(how)
    start = kind.untrained(torch.tensor(values, dtype=torch.float64), rows, SEEDS, decoder_bias=decoder_bias)
    recorded = {"record_every": 1, "snapshots": True}
    ours = fit(start, data, n_steps=N_STEPS, lr=LR, n_resamplings=N_RESAMPLINGS, **recorded)
    own = OWN.get(kind.name.partition(",")[0])
    settings = {"n_resamplings": N_RESAMPLINGS, "decoder_bias": decoder_bias, "tied": "tied" in kind.name, "own": own}
    runs = [
        literal.trained(rows[i], SEEDS[i], THE_SAME[kind.name](values[i]), written[i], lr=float(LR[i]), **settings)
        for i in range(2)
    ]
    return ours, runs, written


def assert_step_by_step(history, i, run):
    assert history.steps.tolist() == list(range(N_STEPS))
    for step, expected in enumerate(run.before):
        told = f"step {step} of SAE {i}"
        torch.testing.assert_close(history.dictionaries[step, i], expected["W_dec"], **TOLERANCE, msg=told)
        assert float(history.loss[step, i]) == pytest.approx(expected["loss"], rel=1e-7), told
        assert float(history.l0[step, i]) == pytest.approx(expected["l0"], abs=1e-9), told
        assert int(history.live[step, i]) == expected["live"], told


@pytest.mark.parametrize(("how", "decoder_bias"), [("listed", True), ("drawn", False)])
@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_every_step_is_that_of_the_literal_loop(kind, how, decoder_bias):
    (stack, history), runs, written = both(kind, how, decoder_bias)
    for i, run in enumerate(runs):
        assert_step_by_step(history, i, run)
        expected = dict(run.P)
        if kind.knob == "k" and "log_threshold" in stack.parameters:
            expected["log_threshold"] = settled(run.P, written[i], VALUES["k"][i])
        assert stack.parameters.keys() == expected.keys()
        for name, value in expected.items():
            torch.testing.assert_close(stack.parameters[name][i], value, **TOLERANCE, msg=name)


def settled(P, steps, k):
    """The threshold after training: the smallest activation kept, in the mean over the last block, and a hair below."""
    last = steps[(N_STEPS - 1) // BLOCK_STEPS * BLOCK_STEPS :]
    smallest = [literal.smallest_kept(literal.preactivations(P, x), p, k) for x, p in last]
    mean = torch.tensor(smallest, dtype=torch.float64).mean()
    return (mean * (1 - 1e-5)).log().expand(N_LATENTS)


def test_the_list_of_the_same_is_that_of_the_kinds():
    assert THE_SAME.keys() == KINDS.keys()
    assert (PRICE_BESIDE, ORTHOGONALITY) == (0.1, 0.25)


@pytest.mark.parametrize(("how", "decoder_bias"), [("listed", True), ("drawn", False)])
def test_what_is_compared_holds_all_that_may_happen_to_a_latent(how, decoder_bias):
    """Latents are aimed at every moment, some after they had fired; and no two at one point, or they would be equal."""
    aimed = []
    for kind in KINDS.values():
        for run in both(kind, how, decoder_bias)[1]:
            at = [(steps, point) for steps, _, point, _ in run.aimed]
            assert len(set(at)) == len(at)
            aimed += run.aimed
    assert {steps for steps, *_ in aimed} == {7, 15, 22, 30}
    assert {had_fired for *_, had_fired in aimed} == {False, True}


@pytest.mark.parametrize("n_resamplings", [0, 3, 50])
def test_one_learning_rate_and_one_list_for_all(n_resamplings):
    """With 50 moments in 35 steps there is one after each of them, and each has the draws of its last number."""
    x, p = listed()[0], torch.softmax(torch.linspace(0, 1, 100, dtype=torch.float64), dim=0)
    rows, n_steps = random_sign_rows(WORLD, N_LATENTS, SEEDS).double(), 70
    start = untrained(ReluL1(0.8), rows, SEEDS, decoder_bias=False)
    ours, _ = fit(start, Support(x, p), n_steps=n_steps, lr=0.04, n_resamplings=n_resamplings)
    aimed = []
    for i, seed in enumerate(SEEDS):
        run = literal.trained(
            rows[i], seed, literal.relu_l1(0.8), [(x, p)] * n_steps, lr=0.04, n_resamplings=n_resamplings
        )
        aimed += run.aimed
        for name, value in run.P.items():
            torch.testing.assert_close(ours.parameters[name][i], value, **TOLERANCE, msg=name)
    assert bool(aimed) == bool(n_resamplings)


def test_a_residual_of_zero_points_nowhere():
    """Both points are rebuilt exactly, by a latent each at no price; the third latent fires on neither, and stays."""
    x, p = torch.eye(2, dtype=torch.float64), torch.tensor([0.5, 0.5], dtype=torch.float64)
    rows = torch.tensor([[1.0, 0.0], [0.0, 1.0], [-0.6, -0.8]], dtype=torch.float64)
    ours, _ = fit(untrained(ReluL1(0.0), rows[None], [0], decoder_bias=False), Support(x, p), n_steps=40, lr=0.01)
    assert torch.equal(ours.W_dec[0], rows)
    assert not literal.trained(rows, 0, literal.relu_l1(0.0), [(x, p)] * 40, lr=0.01, n_resamplings=10).aimed
