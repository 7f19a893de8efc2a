"""Training: a stack equals its members, planted answers are kept, known answers are found."""

import subprocess
import sys

import pytest
import torch

from toysae.measures.assessment import assess
from toysae.measures.labels import cosines
from toysae.optimum.codes import radial_bound
from toysae.saes.stack import Model, ReluL1, Stack, untrained
from toysae.saes.starts import initial_rows, positive_rows
from toysae.saes.training import (
    CHUNK_NUMBERS,
    MOST_POINTS,
    N_RESAMPLINGS,
    Batches,
    Support,
    data_of,
    fast_arithmetic,
    fit,
    n_trained,
    train,
)
from toysae.worlds.named_worlds import independent, k_of_n, two_of_three


def start(world, n_latents, seeds, l1_coeff=0.1, init="random-sign", **settings):
    settings = {"decoder_bias": False} | settings
    return untrained(ReluL1(l1_coeff), initial_rows(init, world, n_latents, seeds), seeds, **settings)


def batches(world, size=64):
    return Batches(world, size, torch.Generator().manual_seed(1))


def same(a, b):
    return all(torch.equal(a.parameters[name], b.parameters[name]) for name in a.parameters)


def test_a_stack_equals_single_runs_to_the_last_bit():
    world = k_of_n(6, 2, sigma=0.1)
    together, _ = fit(start(world, 9, range(6)), batches(world), n_steps=300, lr=0.01)
    for seed in (0, 4):
        alone, _ = fit(start(world, 9, [seed]), batches(world), n_steps=300, lr=0.01)
        assert same(alone, together[seed : seed + 1])


@pytest.mark.parametrize("chunk_numbers", [1, 9 * 64 * 4])
def test_the_size_of_chunks_changes_nothing(chunk_numbers):
    world = k_of_n(6, 2, sigma=0.1)
    runs = [
        fit(start(world, 9, range(6), decoder_bias=True), batches(world), n_steps=120, lr=0.01, chunk_numbers=c)
        for c in (CHUNK_NUMBERS, chunk_numbers)
    ]
    assert same(runs[0][0], runs[1][0])
    assert torch.equal(runs[0][1].loss, runs[1][1].loss)


def test_every_chunk_has_the_probabilities_of_its_own_saes():
    world = two_of_three()
    x, probabilities = world.inputs(world.support()[0]), torch.softmax(torch.arange(18.0).view(6, 3) % 7, dim=1)
    runs = [
        fit(start(world, 3, range(6)), Support(x, probabilities), n_steps=60, lr=0.01, chunk_numbers=c)[0]
        for c in (CHUNK_NUMBERS, 3 * 3 * 2)
    ]
    assert same(*runs)


def test_members_may_differ_in_price_and_in_probabilities():
    world = two_of_three()
    x = world.inputs(world.support()[0])
    probabilities = torch.tensor([[0.2, 0.3, 0.5], [0.6, 0.2, 0.2]])
    prices = torch.tensor([0.05, 0.2])
    rows = positive_rows(world, 3, [0, 1])
    mixed = untrained(ReluL1(prices), rows, [0, 1], decoder_bias=False)
    mixed, _ = fit(mixed, Support(x, probabilities), n_steps=200, lr=0.01)
    for i in range(2):
        alone = untrained(ReluL1(float(prices[i])), rows[i : i + 1], [i], decoder_bias=False)
        alone, _ = fit(alone, Support(x, probabilities[i]), n_steps=200, lr=0.01)
        assert same(alone, mixed[i : i + 1])


def test_members_may_differ_in_learning_rate_whatever_the_others_learn_at():
    world, lr = two_of_three(), torch.tensor([0.003, 0.02, 0.01])
    together, _ = fit(start(world, 3, range(3)), Support.of(world), n_steps=200, lr=lr)
    for i in range(3):
        alone, _ = fit(start(world, 3, [i]), Support.of(world), n_steps=200, lr=lr[i : i + 1])
        assert same(alone, together[i : i + 1])
        plain, _ = fit(start(world, 3, [i]), Support.of(world), n_steps=20, lr=lr[i].item())
        mixed, _ = fit(start(world, 3, range(3)), Support.of(world), n_steps=20, lr=lr)
        assert torch.allclose(plain.W_dec[0], mixed.W_dec[i], atol=1e-5)


@pytest.mark.parametrize("lr", [[0.1, 0.0], [0.1], [[0.1, 0.1]], [0.1, float("inf")]])
def test_impossible_learning_rates_are_refused(lr):
    world = two_of_three()
    with pytest.raises(ValueError, match=r"lr is .*: allowed is finite numbers > 0, one or one per SAE"):
        fit(start(world, 3, [0, 1]), Support.of(world), n_steps=5, lr=torch.tensor(lr))


def test_a_model_that_supplies_only_its_loss_trains_the_same_through_autograd():
    class PlainReluL1(ReluL1):
        gradients = Model.gradients

    world = two_of_three()
    ours = start(world, 3, range(4), decoder_bias=True).double()
    plain = Stack(PlainReluL1(0.1), ours.parameters, ours.seeds)
    ours, _ = fit(ours, Support.of(world), n_steps=200, lr=0.01)
    plain, _ = fit(plain, Support.of(world), n_steps=200, lr=0.01)
    for name in ours.parameters:
        assert torch.allclose(ours.parameters[name], plain.parameters[name], atol=1e-9), name


def test_decoder_rows_stay_unit_and_the_given_stack_stays_as_it_is():
    world = two_of_three(sigma=0.1)
    before = start(world, 5, range(3))
    kept = before.W_dec.clone()
    after, _ = fit(before, batches(world), n_steps=50, lr=0.05)
    assert torch.allclose(after.W_dec.norm(dim=2), torch.ones(3, 5), atol=1e-5)
    assert torch.equal(before.W_dec, kept)
    assert not torch.equal(after.W_dec, kept)


def test_without_spread_the_minimal_example_reaches_the_radial_bound():
    world = two_of_three()
    trained, _ = fit(start(world, 3, range(8)), Support.of(world), n_steps=2000, lr=0.01)
    seen = assess(trained, world)
    bound = radial_bound(world, 0.1)
    assert seen.losses.min().item() == pytest.approx(bound, rel=1e-3)
    assert (seen.losses > bound - 1e-6).all()
    assert seen.labels.count("composite")[seen.losses.argmin()] == 3


def test_independent_features_are_recovered():
    world = independent([0.3, 0.3, 0.3], sigma=0.1)
    trained, _ = fit(start(world, 3, range(16)), batches(world, 128), n_steps=1500, lr=0.01)
    seen = assess(trained, world)
    assert (seen.labels.features_found == 3).double().mean() > 0.7
    assert seen.mcc.median() > 0.98


def test_a_planted_dictionary_of_composites_is_kept():
    world = two_of_three()
    planted = start(world, 3, range(4), init="at-composites")
    trained, _ = fit(planted, Support.of(world), n_steps=1000, lr=0.01)
    best = cosines(trained.W_dec, world.composites()).amax(dim=2)
    assert best.min() > 0.999


def test_resampling_revives_dead_latents():
    world = two_of_three(sigma=0.1)
    dead = [
        (
            ~assess(
                fit(start(world, 3, range(32)), batches(world), n_steps=600, lr=0.01, n_resamplings=n)[0],
                world,
            ).live
        ).sum()
        for n in (0, N_RESAMPLINGS)
    ]
    assert dead[1] < dead[0] / 4


def test_a_latent_that_fires_on_impossible_samples_alone_is_resampled():
    x = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    rows = torch.eye(2)[None].repeat(2, 1, 1)
    stack = untrained(ReluL1(0.1), rows, [0, 1], decoder_bias=False)
    probabilities = torch.tensor([[0.5, 0.5], [1.0, 0.0]])  # in the second world B never fires
    trained, _ = fit(stack, Support(x, probabilities), n_steps=40, lr=1e-6)
    assert torch.allclose(trained.W_dec[0], torch.eye(2), atol=1e-3)
    assert trained.W_dec[1, 1, 0].abs() > 0.99  # aimed at what is left of A


def test_history_holds_what_was_asked_for():
    world = two_of_three()
    fitted = fit(start(world, 3, range(5)), Support.of(world), n_steps=101, lr=0.01, record_every=25, snapshots=True)
    history = fitted[1]
    assert history.steps.tolist() == [0, 25, 50, 75, 100]
    assert history.loss.shape == history.l0.shape == history.live.shape == (5, 5)
    assert history.dictionaries.shape == (5, 5, 3, 3)
    first = start(world, 3, range(5))
    assert torch.equal(history.dictionaries[0], first.W_dec)
    activations, probabilities = world.support()
    assert torch.allclose(history.loss[0], first.losses(world.inputs(activations).float(), probabilities), atol=1e-6)
    assert fit(first, Support.of(world), n_steps=2, lr=0.01)[1].dictionaries is None


def test_threads_and_denormals_are_given_back():
    before = torch.get_num_threads()
    with fast_arithmetic():
        assert torch.get_num_threads() == 1
        assert (torch.tensor(1e-39) * 1.0).item() == 0 or not torch.set_flush_denormal(True)
    assert torch.get_num_threads() == before
    assert (torch.tensor([1e-39]) * 1.0).item() != 0


@pytest.mark.parametrize(("name", "value"), [("n_steps", 0), ("lr", -0.1), ("lr", float("nan")), ("record_every", 0)])
def test_impossible_settings_are_refused_by_name(name, value):
    world = two_of_three()
    settings = {"n_steps": 5, "lr": 0.01} | {name: value}
    with pytest.raises(ValueError, match=rf"{name} is .*: allowed"):
        fit(start(world, 3, [0]), Support.of(world), **settings)


def test_a_world_whose_data_can_be_listed_is_trained_on_the_list():
    world = two_of_three()
    by_world = train(start(world, 3, range(2)), world, n_steps=50)
    assert same(by_world, fit(start(world, 3, range(2)), Support.of(world), n_steps=50, lr=0.01)[0])


@pytest.mark.parametrize("world", [two_of_three(sigma=0.1), k_of_n(14, 6)], ids=["magnitudes vary", "too many points"])
def test_any_other_world_is_trained_on_the_same_fresh_batches_every_time(world):
    assert world.varies or world.firing.n_patterns > MOST_POINTS
    fresh = Batches(world, 256, torch.Generator().manual_seed(0))
    x, weights = data_of(world).block(3)
    assert torch.equal(x, fresh.block(3)[0]) and torch.equal(weights, torch.full((256,), 1 / 256))
    assert not torch.equal(data_of(world, seed=1).block(3)[0], x)


def test_a_list_may_be_as_long_as_the_longest():
    longest = independent([0.5] * 10)
    assert longest.firing.n_patterns == MOST_POINTS
    assert isinstance(data_of(longest), Support)


def test_training_counts_the_saes_that_it_trained():
    before = n_trained()
    train(start(two_of_three(), 3, range(5)), two_of_three(), n_steps=2)
    assert n_trained() == before + 5
    with pytest.raises(ValueError, match="n_steps"):
        train(start(two_of_three(), 3, range(5)), two_of_three(), n_steps=0)
    assert n_trained() == before + 5


@pytest.mark.parametrize(
    "case", [{"n_saes": 400, "batch": 16_384, "steps": 1}, {"n_saes": 64, "batch": 256, "steps": 300}]
)
def test_training_takes_memory_for_what_it_keeps_and_little_more(case):
    """Many chunks share their scratch memory, and what is recorded leaves no holes."""
    script = MEMORY.format(**case)
    taken = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert int(taken) < 250


MEMORY = """
import resource, torch
from toysae import saes, worlds
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
def train(n_saes, batch, steps):
    world = worlds.k_of_n(6, 2)
    start = saes.start(world, 32, 0.1, range(n_saes))
    data = saes.Batches(world, batch, torch.Generator().manual_seed(0))
    saes.fit(start, data, n_steps=steps, lr=0.01, snapshots=True, record_every=1)
train(2, 16, 1)
before = peak()
train({n_saes}, {batch}, {steps})
print(peak() - before)
"""
