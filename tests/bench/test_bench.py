"""The bench: everyone gets the same errand and is judged in the same way. No test looks at how long a thing took."""

import ast
import json
import math
import platform
import subprocess
import sys
import types
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
import torch
from tiny_project import ROOT, make_tiny_project

from toysae.bench import __main__ as command
from toysae.bench import costs, errands, home, report
from toysae.bench.errands import Contender
from toysae.optimum.codes import dictionary_loss
from toysae.saes.kinds import KINDS
from toysae.saes.stack import ReluL1, Stack, untrained
from toysae.saes.starts import random_sign_rows
from toysae.saes.training import Batches, fit
from toysae.worlds.named_worlds import independent
from toysae.writeup import book

ERRAND = replace(costs.errand_of("L1", n_steps=3, width=3, decoder_bias=True), batch_size=8, lr=0.01)
AT_HOME = (sys.executable, "-m", "toysae.bench.home")
PLANTED = """
import json, sys
from dataclasses import asdict
from pathlib import Path
import torch
from toysae.bench.errands import serve

def prepare(errand):
    with Path(sys.argv[1]).open("a") as record:
        record.write(json.dumps(asdict(errand) | {"to": sys.argv[2]}) + "\\n")
    print("a library that talks")
    rows = 3 * torch.eye(errand.width).expand(len(errand.seeds), -1, -1)
    zeros = torch.zeros(len(errand.seeds), errand.width)
    return lambda: {"W_dec": rows, "W_enc": rows / 9, "b_enc": zeros - errand.knob / 3, "b_dec": zeros}

serve(prepare)
"""


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    """Two rounds between contenders that answer with the true features, in rows three times too long.

    Returns the table of the race, and the errands as the contenders recorded them.
    """
    folder = tmp_path_factory.mktemp("planted")
    (folder / "planted.py").write_text(PLANTED)
    words = (sys.executable, str(folder / "planted.py"), str(folder / "record"))
    with pytest.MonkeyPatch.context() as settings:
        settings.setenv("PYTHONPATH", str(ROOT))
        turns = [(Contender(name, (*words, name), n), ERRAND) for name, n in (("a", 3), ("b", 1))]
        raced = costs.race(turns, 2, ROOT, folder)
    return raced, [json.loads(line) for line in (folder / "record").read_text().splitlines()]


# ---- the race


def test_all_contenders_get_the_same_errand_in_turn_and_fresh_seeds_in_every_round(planted):
    raced, asked = planted[0], [dict(errand) for errand in planted[1]]
    assert [errand.pop("to") for errand in asked] == ["a", "b"] + ["a", "b"] * 2
    assert [errand.pop("seeds") for errand in asked][2:] == [[0, 1, 2], [0], [3, 4, 5], [1]]
    assert [errand.pop("n_steps") for errand in asked] == [costs.WARM_UP_STEPS] * 2 + [ERRAND.n_steps] * 4
    assert all(errand == asked[0] for errand in asked) and asked[0]["batch_size"] == ERRAND.batch_size
    turns = [("a", 0, 3), ("b", 0, 1), ("a", 1, 3), ("b", 1, 1)]
    assert list(raced[["contender", "round", "n_saes"]].itertuples(index=False, name=None)) == turns
    assert (raced[["microseconds", "cpu_microseconds"]] > 0).all(axis=None)


def test_planted_features_are_found_to_be_perfect_whatever_the_length_of_their_rows(planted):
    found, world = costs.learned(planted[0], ERRAND), home.batches_of(ERRAND).world
    best = dictionary_loss(world.features, world, ERRAND.knob).item()
    assert found["mcc"].tolist() == pytest.approx([1.0] * 8) and found["mmcs"].tolist() == pytest.approx([1.0] * 8)
    assert found["loss"].tolist() == pytest.approx([best] * 8, rel=1e-6)


def test_rows_get_length_one_and_the_sae_stays_the_same():
    generator = torch.Generator().manual_seed(0)
    shapes = {"W_dec": (3, 4, 5), "W_enc": (3, 5, 4), "b_enc": (3, 4), "b_dec": (3, 5)}
    before = {name: torch.randn(shape, generator=generator) for name, shape in shapes.items()}
    after = costs.with_unit_rows(before)
    assert torch.allclose(after["W_dec"].norm(dim=2), torch.ones(3, 4))
    x, model = torch.randn(20, 5, generator=generator), ReluL1(0.1)
    long, unit = (Stack(model, values, (0, 1, 2)).reconstruct(x) for values in (before, after))
    assert torch.allclose(long, unit, atol=1e-5)
    assert long.std() > 0.5  # there is something to compare


@pytest.mark.parametrize(
    ("talk", "said"),
    [
        ("raise SystemExit('no such library')", r"talker ended without an answer.*no such library$"),
        ("import os, sys; sys.exit(os.environ['OMP_NUM_THREADS'] + os.environ['MKL_NUM_THREADS'])", r"11$"),
    ],
)
def test_a_contender_that_ends_is_named_with_its_last_words_and_all_run_on_one_thread(tmp_path, talk, said):
    with pytest.raises(RuntimeError, match=said):
        costs.race([(Contender("talker", (sys.executable, "-c", talk), 1), ERRAND)], 1, ROOT, tmp_path)


def test_every_kind_races_on_the_same_errand_and_saelens_with_the_kinds_that_it_has(monkeypatch):
    monkeypatch.setattr(costs, "race", lambda turns, *_: pd.DataFrame({"turn": turns, "parameters": 0}))
    here, saelens = Contender("here", (), 64), Contender("there", (), 1)
    turns = costs.by_kind(here, saelens, n_steps=2, n_rounds=1, root=ROOT, logs=ROOT)["turn"]
    known = costs.in_saelens(10)
    asked = [(contender, errand.kind, errand.architecture) for contender, errand in turns]
    assert asked[: len(KINDS)] == [(here, name, known.get(name, [""])[0]) for name in KINDS]
    assert asked[len(KINDS) :] == [(saelens, name, known[name][0]) for name in KINDS if name in known]
    assert len({(e.width, e.batch_size, e.n_steps, e.lr, e.decoder_bias) for _, e in turns}) == 1
    assert known.keys() < KINDS.keys() and known["Matryoshka BatchTopK"][1]["matryoshka_widths"] == [1, 2, 5, 10]
    assert known["L1"][1] == {"l1_coefficient": 2 * turns[0][1].knob}  # its squared error has no factor 1/2


# ---- the contenders


def test_ours_is_what_fit_gives():
    errand = replace(ERRAND, seeds=(4, 5))
    stack = untrained(ReluL1(0.1), random_sign_rows(independent([1 / 3] * 3), 3, (4, 5)), (4, 5), decoder_bias=True)
    data = Batches(independent([1 / 3] * 3), 8, torch.Generator().manual_seed(4))
    expected = fit(stack, data, n_steps=3, lr=0.01)[0].parameters
    trained = home.ours(errand)()
    assert trained.keys() == expected.keys() == {"W_dec", "W_enc", "b_enc", "b_dec"}
    assert all(torch.equal(value, expected[name]) for name, value in trained.items())


def test_our_processes_answer(tmp_path):
    contenders = [Contender("ours", (*AT_HOME, "ours"), 3), Contender("plain", (*AT_HOME, "plain"), 1)]
    learned = costs.learned(costs.race([(one, ERRAND) for one in contenders], 1, ROOT, tmp_path), ERRAND)
    assert learned["contender"].tolist() == ["ours"] * 3 + ["plain"]
    assert learned[["loss", "mcc", "mmcs"]].map(math.isfinite).all(axis=None)


def test_the_plain_loop_finds_independent_features():
    rows = home.plain_loop(replace(ERRAND, batch_size=64, n_steps=300, lr=0.03, seeds=(4,)))()["W_dec"][0]
    assert torch.allclose(rows.norm(dim=1), torch.ones(3), atol=1e-5)
    assert (rows.max(dim=0).values > 0.95).all()  # the features are the axes; other starts may leave a latent dead


def test_saelens_gets_the_errand_in_its_own_terms(monkeypatch):
    calls = {}

    def stand_in(name, gives=lambda *_, **__: None):
        def call(*arguments, **settings):
            calls[name] = (arguments, settings)
            return gives(*arguments, **settings)

        return call

    registry, synthetic = types.ModuleType("registry"), types.ModuleType("synthetic")
    features, model = (
        types.SimpleNamespace(feature_vectors=torch.nn.Parameter(torch.zeros(3, 3))),
        torch.nn.Linear(3, 2),
    )
    classes = stand_in("sae", lambda config: model), stand_in("config")
    registry.get_sae_training_class = stand_in("class", lambda architecture: classes)
    synthetic.FeatureDictionary = stand_in("features", lambda *_, **__: features)
    synthetic.ActivationGenerator, synthetic.train_toy_sae = stand_in("activations"), stand_in("train")
    monkeypatch.setitem(sys.modules, "sae_lens.registry", registry)
    monkeypatch.setitem(sys.modules, "sae_lens.synthetic", synthetic)
    monkeypatch.setitem(sys.modules, "sae_lens", types.ModuleType("sae_lens"))
    from toysae.bench import peer

    monkeypatch.delitem(sys.modules, "toysae.bench.peer")
    trained = peer.prepare(ERRAND)()
    assert {name: tuple(value.shape) for name, value in trained.items()} == {"weight": (1, 2, 3), "bias": (1, 2)}
    (width, rates, sigma, mu), _ = calls["activations"]
    assert (width, sigma, mu) == (3, 0.0, 1.0) and rates.tolist() == pytest.approx([1 / 3] * 3)
    assert torch.equal(features.feature_vectors.data, torch.eye(3)) and calls["class"][0] == ("standard",)
    assert calls["config"][1] == {"d_in": 3, "d_sae": 3, "l1_coefficient": 0.2}
    assert calls["train"][1] == {"training_samples": 3 * 8, "batch_size": 8, "lr": 0.01, "lr_decay_steps": 1}


def test_what_runs_beside_saelens_imports_nothing_that_is_not_there():
    there = set(sys.stdlib_module_names) | {"torch", "lazy_loader", "sae_lens", "toysae.bench.errands"}
    for module in ("toysae/__init__.py", "toysae/bench/__init__.py", "toysae/bench/errands.py", "toysae/bench/peer.py"):
        nodes = list(ast.walk(ast.parse((ROOT / module).read_text())))
        imported = {name.name for node in nodes if isinstance(node, ast.Import) for name in node.names}
        imported |= {node.module for node in nodes if isinstance(node, ast.ImportFrom)}
        assert {name for name in imported if name.partition(".")[0] not in there} <= there, module


# ---- what is measured here


def test_stacks_widths_and_beginnings_are_measured_in_every_round(monkeypatch):
    monkeypatch.setattr(costs, "BEGINNINGS", ("pass", "import toysae"))
    stacks = costs.by_stack_size((2, 5), n_steps=3, n_rounds=2)
    assert stacks.groupby("n_saes").size().to_dict() == {2: 2, 5: 2}
    widths = costs.by_width((3, 4), n_saes=2, n_steps=2, n_rounds=2)
    parts = ["batches", "matrix products", "whole step"]
    assert widths.groupby(["width", "part"]).size().to_dict() == {(w, p): 2 for w in (3, 4) for p in parts}
    beginnings = costs.beginnings(ROOT, n_rounds=2)
    assert beginnings.groupby("code").size().to_dict() == {"pass": 2, "import toysae": 2}
    monkeypatch.setattr(costs, "BEGINNINGS", ("import no_such_thing",))
    with pytest.raises(subprocess.CalledProcessError):
        costs.beginnings(ROOT, n_rounds=1)
    for table in (stacks, widths, beginnings):
        assert (table["microseconds"] > 0).all() and set(table["round"]) == {0, 1}


def test_jobs_take_turns_after_one_turn_to_warm_up():
    done = []
    jobs = {(name, 0): (lambda name=name: done.append(name), 1) for name in "ab"}
    runs = costs.in_turn(jobs, ["job", "zero"], n_rounds=2)
    assert done == list("ababab")
    assert runs["job"].tolist() == list("abab") and runs["round"].tolist() == [0, 0, 1, 1]


def test_time_is_told_for_each_thing_that_was_done(monkeypatch):
    monkeypatch.setattr(errands.time, "perf_counter", iter([1.0, 3.0]).__next__)
    monkeypatch.setattr(errands.time, "process_time", iter([1.0, 2.0]).__next__)
    assert errands.timed(lambda: "done", 4) == ("done", {"microseconds": 5e5, "cpu_microseconds": 2.5e5})


def test_the_products_are_counted_one_by_one():
    """A product of (n, k) and (k, m) matrices takes n m k multiplications and as many additions."""
    samples, latents, d_in = 1024, 7, 7
    encode = decode = back = 2 * samples * latents * d_in
    gradient_W_dec = gradient_W_enc = 2 * latents * d_in * samples
    assert costs.operations(7, samples) == encode + decode + back + gradient_W_dec + gradient_W_enc


# ---- the report


def frame(columns, *rows):
    return pd.DataFrame(rows, columns=columns.split())


def results():
    """Made-up measurements: 10 and 30 us for us, 400 and 600 us for them."""
    turns = [("us", 0, 2, 10.0, 10.0), ("them", 0, 1, 400.0, 205.0), ("us", 1, 2, 30.0, 20.0)]
    kinds = [("us", "z", 0, 40.0), ("us", "a", 0, 90.0), ("them", "z", 0, 1000.0)]
    parts = (("whole step", 100.0), ("matrix products", 30.0), ("batches", 5.0))
    return report.Results(
        report.machine(torch="2.0", SAELens="6.0"), ERRAND, 0.0987,
        frame("contender round n_saes microseconds cpu_microseconds", *turns, ("them", 1, 1, 600.0, 305.0)),
        frame("contender round loss mcc mmcs", *[(c, 0, 0.1, mcc, 0.8) for c in ("us", "them") for mcc in (0.5, 0.6)]),
        frame("contender kind round microseconds", *kinds),
        frame("n_saes round microseconds", *[(n, 0, 64.0 / n) for n in (64, 1024)]),
        frame("width part round microseconds", *[(w, part, 0, w * us) for w in (10, 20) for part, us in parts]),
        frame("round gflops", (0, 100.0), (1, 120.0)),
        frame("code round microseconds", ("import toysae", 0, 25000.0)),
    )  # fmt: skip


def cells(text):
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines()[2:]]


def test_contenders_are_told_by_medians_extremes_and_ratios_within_a_round():
    us, them = cells(report.contenders(results().race))
    assert us == ["us", "20 (10 to 30)", "1 (1 to 1)", "15", "1", "2"]
    assert them == ["them", "500 (400 to 600)", "30 (20 to 40)", "255", "17.9", "1"]  # 400 / 10 and 600 / 30
    assert cells(report.learned(results().learned))[0] == ["us", "2", "0.55", "0.5", "0.8", "0.1"]


def test_kinds_of_saes_keep_their_order_and_are_compared_with_the_first_and_with_saelens():
    told = cells(report.kinds(results().kinds))
    assert told == [["z", "40 (40 to 40)", "1", "1,000", "25"], ["a", "90 (90 to 90)", "2.25", "", ""]]


def test_the_parts_of_a_step_add_up_to_the_whole():
    parts = report.parts_of_a_step(results().widths)
    assert parts[list(report.PARTS)].sum(axis=1).tolist() == parts["whole step"].tolist() == [1000, 2000]
    assert parts.loc[10, "everything else"] == 650
    first = cells(report.widths(results().widths, peak=1.0, batch_size=1000))[0]
    assert first == ["10", "1,000 (1,000 to 1,000)", "300", "50", "650", "1,000", "100%"]  # a million operations


@pytest.mark.parametrize(
    ("value", "shown"), [(0.12345, "0.123"), (1234.5, "1,230"), (1234, "1,234"), (math.nan, ""), (2.5e7, "25,000,000")]
)
def test_numbers_are_shown_to_three_digits_and_counts_in_full(value, shown):
    assert report.number(value) == shown


def test_page_and_numbers_say_on_what_kind_of_machine_and_name_no_host_user_or_path(tmp_path):
    report.write(results(), tmp_path)
    page, numbers = (tmp_path / "bench.md").read_text(), (tmp_path / "bench.json").read_text()
    for text in (page, numbers):
        assert report.processor() in text
        assert str(ROOT) not in text and str(Path.home()) + "/" not in text and platform.node() not in text.split()
    tables = [block.splitlines() for block in page.split("\n\n") if block.startswith("|")]
    assert len(tables) == 7 and all(len({line.count("|") for line in table}) == 1 for table in tables)
    assert pd.DataFrame(json.loads(numbers)["race"]).equals(results().race)
    assert json.loads(numbers)["errand"]["settings"] == ERRAND.settings


def test_the_book_shows_the_page_where_there_is_one(tmp_path):
    project = make_tiny_project(tmp_path / "with")
    report.write(results(), project.bench)
    front = book.build(project)
    assert 'href="bench.html"' in front.read_text()
    shown = (front.parent / "bench.html").read_text()
    assert "How fast is it?" in shown and "them 30 times as long" in shown
    assert "bench.png" in shown and list(front.parent.glob("_images/bench*.png"))


def test_without_the_peers_nothing_is_measured(tmp_path, capsys):
    project = make_tiny_project(tmp_path / "without")
    assert command.main(project.root) == 2
    assert capsys.readouterr().err.splitlines() == ["what we compare with is not installed: run make bench"]
    assert not project.bench.exists()
