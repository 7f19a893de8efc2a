"""The numbers of the live page are those of the package, from world to costs; and its sentence is true."""

import math
import re

import pytest
import torch

import toysae
from toysae import optimum, saes
from toysae.claims import Fraction, mostly, mostly_not
from toysae.measures.labels import LABELS, label_latents
from toysae.measures.reading import by_loss
from toysae.saes.starts import member_generator
from toysae.saes.training import N_RESAMPLINGS
from toysae.worlds.finite import finite_data
from toysae.worlds.magnitudes import magnitude_levels

SETTINGS = [
    {"sigma": 0.1, "p_alone": 0.0, "l1_coeff": 0.1, "n_latents": 3},
    {"sigma": 0.0, "p_alone": 0.0, "l1_coeff": 0.3, "n_latents": 3},
    {"sigma": 0.5, "p_alone": 0.0, "l1_coeff": 0.1, "n_latents": 6},
    {"sigma": 1.0, "p_alone": 0.3, "l1_coeff": 0.01, "n_latents": 2},
    {"sigma": 0.02, "p_alone": 0.9, "l1_coeff": 0.5, "n_latents": 4},
]
each_setting = pytest.mark.parametrize("setting", SETTINGS, ids=str)


def world_of(setting):
    return toysae.solo_leak(3, 2, setting["p_alone"], sigma=setting["sigma"])


def started(setting, n_saes=6):
    """The package's SAEs before training in float64, and what decides where their dead latents go."""
    stack = toysae.start(world_of(setting), setting["n_latents"], setting["l1_coeff"], range(n_saes)).double()
    numbers = N_RESAMPLINGS, setting["n_latents"]
    return stack, [torch.rand(*numbers, generator=member_generator(i, stream=1)) for i in range(n_saes)]


def given(setting, stack, draws):
    """The same for the page."""
    rows = [
        {"rows": one.flatten().tolist(), "draws": d.flatten().tolist()}
        for one, d in zip(stack.W_dec, draws, strict=True)
    ]
    return {"setting": setting, "starts": rows}


TRAINING = """
    const starts = given.map(({ rows, draws }) => [Float64Array.from(rows), Float64Array.from(draws)]);
    const run = trainingOf(worldOf(setting), setting.l1_coeff, starts, plan);
"""


# ---- the world


@pytest.mark.parametrize("sigma", [0.01, 0.1, 0.37, 1.0])
@pytest.mark.parametrize("n_levels", [2, 7, 10])
def test_magnitudes_are_those_of_the_package(js, sigma, n_levels):
    levels = js("return magnitudeLevels(sigma, n)", sigma=sigma, n=n_levels)
    assert levels == pytest.approx(magnitude_levels(1.0, sigma, n_levels), abs=1e-13)


@each_setting
def test_points_and_probabilities_are_those_of_the_package(js, setting):
    points, probabilities = finite_data(world_of(setting))
    world = js("return worldOf(setting)", setting=setting)
    assert world["x"] == pytest.approx(points.flatten().tolist(), abs=1e-13)
    assert world["weights"] == pytest.approx(probabilities.tolist(), abs=1e-15)


# ---- training


@each_setting
def test_losses_and_rows_are_those_of_the_package_all_the_way(js, setting):
    stack, draws = started(setting)
    support = saes.Support(*finite_data(world_of(setting)))
    trained, history = saes.fit(stack, support, n_steps=600, lr=0.01, record_every=60)
    plan = {"nSteps": 600, "lr": 0.01, "nResamplings": N_RESAMPLINGS, "recordEvery": 7}
    found = js(
        TRAINING
        + """
        const lossesAt = (step) => { run.advance(step - run.step); return assess(run).map(({ loss }) => loss); };
        const losses = steps.map(lossesAt);
        run.advance(600);
        return { losses, parameters: run.saes.map(({ parameters }) => parameters), isDone: run.isDone };""",
        given=given(setting, stack, draws)["starts"],
        setting=setting,
        plan=plan,
        steps=history.steps.tolist(),
    )
    assert found["isDone"]
    assert torch.tensor(found["losses"]).double().numpy() == pytest.approx(history.loss.numpy(), rel=1e-6)
    expected = torch.cat(
        [trained.W_dec.flatten(1), trained.parameters["W_enc"].transpose(1, 2).flatten(1), trained.parameters["b_enc"]],
        1,
    )
    assert torch.tensor(found["parameters"], dtype=torch.float64).numpy() == pytest.approx(expected.numpy(), abs=1e-7)


def test_dead_latents_were_aimed_afresh_in_what_was_compared():
    """Else the comparison would say nothing of resampling."""
    setting = SETTINGS[0]
    support = saes.Support(*finite_data(world_of(setting)))
    stack, _ = started(setting)
    with_it, without = (saes.train(stack, support, n_steps=600, n_resamplings=n) for n in (10, 0))
    assert (with_it.W_dec - without.W_dec).abs().amax() > 0.1


def test_training_in_slices_is_training_at_once(js):
    body = (
        "const run = trainingFor(setting); run.saes.length = 4; for (const n of slices) run.advance(n); return run.saes"
    )
    setting = SETTINGS[0] | {"seed": 3}
    at_once, sliced = (js(body, setting=setting, slices=slices) for slices in ([300], [1, 6, 93, 200]))
    assert at_once == sliced


# ---- chance


def test_the_same_seed_gives_the_same_start_and_another_seed_another(js):
    first, again, other = (js("return [randomRows(4, s), randomDraws(4, s)]", s=s) for s in (5, 5, 6))
    assert first == again
    assert not {x for part in first for x in part} & {x for part in other for x in part}


def test_rows_at_the_start_are_uniform_on_the_sphere(js):
    rows = torch.tensor(js("return randomRows(20000, 1)"), dtype=torch.float64).view(-1, 3)
    assert rows.norm(dim=1).numpy() == pytest.approx(1.0)
    assert rows.mean(dim=0).abs().max() < 0.02
    assert (rows.T @ rows / len(rows) - torch.eye(3) / 3).abs().max() < 0.01
    assert (rows[:, 2] > 0.5).double().mean() == pytest.approx(0.25, abs=0.01)  # Archimedes


def test_what_decides_where_dead_latents_go_is_uniform(js):
    draws = torch.tensor(js("return randomDraws(500, 7)"), dtype=torch.float64)
    assert len(draws) == 5000 and draws.min() >= 0 and draws.max() < 1
    counts = torch.histc(draws, bins=10, min=0, max=1)
    assert ((counts - 500) ** 2 / 500).sum() < 27.9  # chi square with 9 degrees of freedom: one in a thousand


# ---- what is counted


def test_labels_are_those_of_the_package(js):
    generator = torch.Generator().manual_seed(0)
    rows = torch.nn.functional.normalize(torch.randn(3000, 3, generator=generator).double(), dim=1)
    towards = torch.nn.functional.normalize(
        torch.tensor([[1.0, 0, 0], [1, 1, 0], [0, 1, 1], [1, 1, 1]]).double(), dim=1
    )
    rows = torch.cat([rows, torch.nn.functional.normalize(towards.repeat(100, 1) + 0.3 * rows[:400], dim=1)])
    live = torch.rand(len(rows), generator=generator) < 0.9
    world = toysae.solo_leak(3, 2, 0.2, sigma=0.1)
    expected = label_latents(rows[None], world, live[None])
    found = js("return rows.map((row, i) => labelOf(row, live[i]))", rows=rows.tolist(), live=live.tolist())
    assert [LABELS.index(one["kind"]) for one in found] == expected.kinds[0].tolist()
    members = expected.members[0].tolist()
    assert [one["members"] for one in found] == [[i for i, is_in in enumerate(row) if is_in] for row in members]
    assert set(expected.kinds[0].tolist()) == {0, 1, 2, 3}


def test_what_is_counted_is_what_the_package_counts(js):
    setting = SETTINGS[2]
    stack, draws = started(setting, 16)
    plan = {"nSteps": 300, "lr": 0.01, "nResamplings": 10, "recordEvery": 50}
    support = saes.Support(*finite_data(world_of(setting)))
    seen = toysae.assess(saes.train(stack, support, n_steps=300), world_of(setting))
    found = js(
        TRAINING + "run.advance(300); const seen = assess(run);"
        "return { ...tally(seen), losses: seen.map(({ loss }) => loss), best: seen.indexOf(bestOf(seen)) }",
        given=given(setting, stack, draws)["starts"],
        setting=setting,
        plan=plan,
    )
    atoms, composites = seen.labels.count("atomic"), seen.labels.count("composite")
    all_three = seen.labels.features_found == 3
    assert found["losses"] == pytest.approx(seen.losses.tolist(), rel=1e-7)
    assert found["best"] == by_loss(seen.losses)["lowest loss"]
    assert found["n"] == 16
    assert found["pairsOnly"] == seen.composites_only.k
    assert found["noAtom"] == seen.no_atom.k
    assert found["allFound"] == int(all_three.sum())
    assert found["allAndPairs"] == int((all_three & (composites > 0)).sum())
    assert found["both"] == int(((atoms > 0) & (composites > 0)).sum())
    assert found["anyDead"] == int((~seen.all_live).sum())


def test_the_best_is_the_first_of_those_whose_loss_is_the_same(js):
    losses = [2.0, 1.0005, 1.0, 1.0009, 1.5]
    assert js("return losses.indexOf(bestOf(losses.map((loss) => ({ loss }))).loss)", losses=losses) == 1
    assert by_loss(torch.tensor(losses))["lowest loss"] == 1


def test_intervals_and_what_is_most_are_those_of_the_claims(js):
    found = js("return ks.map((k) => [interval(k, 64), judged(k, 64)])", ks=list(range(65)))
    for k, (ends, word) in enumerate(found):
        count = Fraction(k, 64)
        assert ends == pytest.approx(count.interval, abs=1e-12)
        assert word == ("most" if mostly(count) else "fewer" if mostly_not(count) else "undecided")


@pytest.mark.parametrize("setting", [*SETTINGS, {"sigma": 1.0, "p_alone": 0.5, "l1_coeff": 0.5}], ids=str)
def test_costs_are_those_of_the_package(js, setting):
    world, price = world_of(setting), setting["l1_coeff"]
    costs = js("return costsOf(worldOf(setting), setting.l1_coeff)", setting=setting)
    pairs = torch.nn.functional.normalize(world.composites().double(), dim=1)
    assert costs["atoms"] == pytest.approx(float(optimum.dictionary_loss(world.features, world, price)), rel=1e-9)
    assert costs["pairs"] == pytest.approx(float(optimum.dictionary_loss(pairs, world, price)), rel=1e-9)
    assert costs["bound"] == pytest.approx(optimum.radial_bound(world, price), rel=1e-12)


# ---- the sentence

KINDS_OF_SAE = {  # labels of one SAE
    "pairs": [("composite", [0, 1]), ("composite", [1, 2]), ("composite", [0, 2])],
    "features": [("atomic", [0]), ("atomic", [1]), ("atomic", [2])],
    "both": [("atomic", [0]), ("composite", [1, 2]), ("mixed", [])],
    "all and a pair": [("atomic", [0]), ("atomic", [1]), ("atomic", [2]), ("composite", [0, 1])],
    "one feature": [("atomic", [1]), ("mixed", []), ("mixed", [])],
    "mixed": [("mixed", []), ("composite", [0, 1]), ("mixed", [])],
    "dead": [("dead", []), ("composite", [0, 1]), ("composite", [0, 2])],
}
HELD = {  # what the parts of sentences say of one SAE
    "learned nothing but pairs": lambda kinds, _: set(kinds) == {"composite"},
    "consists? of pairs only": lambda kinds, _: set(kinds) == {"composite"},
    "(?:has|have)(?: a latent for a single feature)": lambda kinds, _: "atomic" in kinds,
    "do not have a latent for a single feature": lambda kinds, _: "atomic" not in kinds,
    "found all three": lambda _, names: {"A", "B", "C"} <= names,
    "holds? a pair as well": lambda kinds, names: {"A", "B", "C"} <= names and "composite" in kinds,
    "hold both": lambda kinds, _: {"atomic", "composite"} <= set(kinds),
    "have a dead latent": lambda kinds, _: "dead" in kinds,
}


def populations():
    """64 SAEs of one kind or of two, in many proportions."""
    for first in KINDS_OF_SAE:
        for second in KINDS_OF_SAE:
            for k in (0, 1, 2, 20, 31, 33, 40, 50, 63):
                yield [first] * (64 - k) + [second] * k


def counted_in(part):
    """What a part of a sentence counts: '62 of 64', 'All 64', 'not one', 'None of the 64', 'one', 'none', '5'."""
    number = re.search(r"All (\d+)|(\d+)|(?i:not one|none)|(?i:one)", part)
    word = number.group(0).lower()
    return 0 if word in ("not one", "none") else 1 if word == "one" else int(number.group(1) or number.group(2))


def test_every_sentence_is_true_of_what_it_was_made_of(js):
    said = {}
    for population in populations():
        saes_seen = [{"labels": [{"kind": k, "members": m} for k, m in KINDS_OF_SAE[name]]} for name in population]
        said[js("return findingOf(tally(seen))", seen=saes_seen)] = population
    for sentence, population in said.items():
        kinds = [[kind for kind, _ in KINDS_OF_SAE[name]] for name in population]
        names = [{"ABC"[m[0]] for kind, m in KINDS_OF_SAE[name] if kind == "atomic"} for name in population]
        told = 0
        for part in re.split(r"[;,:] (?:but |and )?", sentence):
            for words, holds in HELD.items():
                if re.search(words, part) and not (words.startswith("(?:has") and "do not have" in part):
                    own = "None of the" not in part
                    assert (counted_in(part) if own else 0) == sum(map(holds, kinds, names)), sentence
                    told += 1
        assert told >= 1, sentence
        assert len(re.findall(r"\d+", sentence)) <= 4 and len(sentence.split()) <= 25
    assert len({re.sub(r"\d+|one|none|None|not one|All", "#", sentence)[:45] for sentence in said}) >= 7


def test_undecided_and_dead_are_said(js):
    def finding(**counts):
        none = {"n": 64, "pairsOnly": 0, "noAtom": 64, "allFound": 0, "allAndPairs": 0, "both": 0, "anyDead": 0}
        return js("return findingOf(counts)", counts=none | counts)

    assert finding(pairsOnly=31, noAtom=32).startswith("Undecided: 31 of 64")
    assert "dead" in finding(anyDead=64)
    assert finding(pairsOnly=62) == (
        "62 of 64 SAEs learned nothing but pairs; not one has a latent for a single feature."
    )
    assert math.isclose(js("return below(0)"), 0.5)
