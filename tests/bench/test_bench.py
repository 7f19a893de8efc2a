"""The bench: everyone gets the same task and is judged in the same way. No test here looks at how long a thing took."""

import ast
import json
import math
import platform
import sys
import types
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
import torch
from tiny_project import ROOT, make_tiny_project

from toysae.bench import __main__ as command
from toysae.bench import contest, costs, ours, plain, report
from toysae.bench.contest import Contender
from toysae.bench.serving import Task
from toysae.optimum.codes import dictionary_loss
from toysae.saes.kinds import KINDS
from toysae.saes.stack import ReluL1, Stack, untrained
from toysae.saes.starts import random_sign_rows
from toysae.saes.training import Batches, fit
from toysae.worlds.catalogue import independent
from toysae.writeup import book

TASK = Task(
    rates=(0.3, 0.2), mu=1.0, sigma=0.0, n_latents=2, batch_size=8, n_steps=3, lr=0.01, l1_coeff=0.1, seeds=(0, 1)
)
PLANTED = """
import json, sys
from dataclasses import asdict
from pathlib import Path
import torch
from toysae.bench.serving import serve

def prepare(task):
    with Path(sys.argv[1]).open("a") as record:
        record.write(json.dumps(asdict(task) | {"to": sys.argv[2]}) + "\\n")
    print("a library that talks")
    rows = 3 * torch.eye(task.d_in).expand(len(task.seeds), -1, -1)
    zeros = torch.zeros(len(task.seeds), task.d_in)
    return lambda: {"W_dec": rows, "W_enc": rows / 9, "b_enc": zeros - task.l1_coeff / 3, "b_dec": zeros}

serve(prepare)
"""


def hold(contenders, folder, n_rounds, task=TASK):
    """A contest, and every line that it told."""
    lines = []
    return contest.contest(contenders, task, n_rounds, ROOT, folder, lines.append), lines


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    """Two rounds between contenders that answer with the true features, in rows three times too long.

    Returns the table, the lines that were told, and the tasks that the contenders recorded.
    """
    folder = tmp_path_factory.mktemp("planted")
    (folder / "planted.py").write_text(PLANTED)
    command = (sys.executable, str(folder / "planted.py"), str(folder / "record"))
    with pytest.MonkeyPatch.context() as settings:
        settings.setenv("PYTHONPATH", str(ROOT))
        told, lines = hold([Contender(name, (*command, name), n) for name, n in (("a", 3), ("b", 1))], folder, 2)
    return told, lines, [json.loads(line) for line in (folder / "record").read_text().splitlines()]


# ---- the contest


def test_all_contenders_get_the_same_task_in_turn_and_fresh_seeds_in_every_round(planted):
    tasks = [dict(task) for task in planted[2]]
    assert [task.pop("to") for task in tasks] == ["a", "b"] + ["a", "b"] * 2
    seeds = [tuple(task.pop("seeds")) for task in tasks]
    assert seeds[2:] == [(0, 1, 2), (0,), (3, 4, 5), (1,)]
    assert [task.pop("n_steps") for task in tasks] == [contest.WARM_UP_STEPS] * 2 + [TASK.n_steps] * 4
    assert all(task == tasks[0] for task in tasks)
    assert tasks[0]["batch_size"] == TASK.batch_size and tasks[0]["rates"] == list(TASK.rates)


def test_the_contest_has_a_row_for_every_sae_and_tells_every_turn(planted):
    told, lines, _ = planted
    assert told.groupby(["contender", "round"]).size().to_dict() == {
        ("a", 0): 3, ("a", 1): 3, ("b", 0): 1, ("b", 1): 1
    }  # fmt: skip
    assert (told["microseconds"] > 0).all() and (told["n_saes"] == told["contender"].map({"a": 3, "b": 1})).all()
    assert [line.split(",")[0] for line in lines] == [f"round {i} of 2: {name}" for i in (1, 2) for name in "ab"]


def test_planted_features_are_found_to_be_perfect_whatever_the_length_of_their_rows(planted):
    told, world = planted[0], ours.world_of(TASK)
    best = dictionary_loss(world.features, world, TASK.l1_coeff).item()
    assert told["mcc"].tolist() == pytest.approx([1.0] * 8)
    assert told["mmcs"].tolist() == pytest.approx([1.0] * 8)
    assert told["loss"].tolist() == pytest.approx([best] * 8, rel=1e-6)


def test_rows_get_length_one_and_the_sae_stays_the_same():
    generator = torch.Generator().manual_seed(0)
    shapes = {"W_dec": (3, 4, 5), "W_enc": (3, 5, 4), "b_enc": (3, 4), "b_dec": (3, 5)}
    before = {name: torch.randn(shape, generator=generator) for name, shape in shapes.items()}
    after = contest.with_unit_rows(before)
    assert torch.allclose(after["W_dec"].norm(dim=2), torch.ones(3, 4))
    x, model = torch.randn(20, 5, generator=generator), ReluL1(0.1)
    long, unit = (Stack(model, values, (0, 1, 2)).reconstruct(x) for values in (before, after))
    assert torch.allclose(long, unit, atol=1e-5)
    assert long.std() > 0.5  # there is something to compare


def test_a_contender_that_ends_is_named_with_its_last_words(tmp_path):
    broken = Contender("broken", (sys.executable, "-c", "raise SystemExit('no such library')"), 1)
    with pytest.raises(RuntimeError, match=r"broken ended without an answer.*no such library"):
        hold([broken], tmp_path, n_rounds=1)


def test_every_contender_runs_on_one_thread(tmp_path):
    talk = "import os, sys; sys.exit(os.environ['OMP_NUM_THREADS'] + os.environ['MKL_NUM_THREADS'])"
    with pytest.raises(RuntimeError, match=r"11$"):
        hold([Contender("talker", (sys.executable, "-c", talk), 1)], tmp_path, n_rounds=1)


# ---- the contenders


def test_ours_is_what_fit_gives():
    trained = ours.prepare(TASK)()
    world = independent(TASK.rates)
    stack = untrained(ReluL1(0.1), random_sign_rows(world, 2, TASK.seeds), TASK.seeds, decoder_bias=True)
    data = Batches(world, TASK.batch_size, torch.Generator().manual_seed(TASK.seeds[0]))
    expected, _ = fit(stack, data, n_steps=TASK.n_steps, lr=TASK.lr)
    assert {name: torch.equal(value, expected.parameters[name]) for name, value in trained.items()} == dict.fromkeys(
        ["W_dec", "b_enc", "W_enc", "b_dec"], True
    )


def test_our_processes_answer(tmp_path):
    contenders = [
        Contender(name, (sys.executable, "-m", f"toysae.bench.{name}"), n) for name, n in (("ours", 3), ("plain", 1))
    ]
    told, _ = hold(contenders, tmp_path, n_rounds=1)
    assert told["contender"].tolist() == ["ours"] * 3 + ["plain"]
    assert told[["loss", "mcc", "mmcs", "microseconds", "cpu_microseconds"]].map(math.isfinite).all(axis=None)


def test_the_plain_loop_finds_independent_features():
    task = replace(TASK, batch_size=64, n_steps=300, lr=0.03, seeds=(3,))
    values = {name: value[None] for name, value in plain.train_one(task, 3).items()}
    assert torch.allclose(values["W_dec"].norm(dim=2), torch.ones(1, 2), atol=1e-5)
    scores = contest.quality({name: value.tolist() for name, value in values.items()}, task, ours.world_of(task))
    assert scores["mcc"].item() > 0.95


class StandIn:
    """What SAELens would be asked for: every call is recorded under the name it was made by."""

    def __init__(self):
        self.calls = {}
        self.library = types.ModuleType("sae_lens")
        self.synthetic = types.ModuleType("sae_lens.synthetic")
        for module, names in (
            (self.library, ["StandardTrainingSAE", "StandardTrainingSAEConfig"]),
            (self.synthetic, ["ActivationGenerator", "FeatureDictionary", "train_toy_sae"]),
        ):
            for name in names:
                setattr(module, name, self.recorder(name))

    def recorder(self, name):
        def call(*arguments, **settings):
            self.calls[name] = (arguments, settings)
            made = types.SimpleNamespace(feature_vectors=torch.nn.Parameter(torch.zeros(2, 2)))
            shapes = {"W_dec": (2, 2), "W_enc": (2, 2), "b_enc": (2,), "b_dec": (2,)}
            vars(made).update({key: torch.nn.Parameter(torch.ones(shape)) for key, shape in shapes.items()})
            self.calls[name + " made"] = made
            return made

        return call


def test_saelens_gets_the_task_in_its_own_terms(monkeypatch):
    stand_in = StandIn()
    monkeypatch.setitem(sys.modules, "sae_lens", stand_in.library)
    monkeypatch.setitem(sys.modules, "sae_lens.synthetic", stand_in.synthetic)
    monkeypatch.delitem(sys.modules, "toysae.bench.peer", raising=False)
    from toysae.bench import peer

    values = peer.train_one(TASK, 0)
    sys.modules.pop("toysae.bench.peer")
    assert {name: tuple(value.shape) for name, value in values.items()} == {
        "W_dec": (2, 2), "W_enc": (2, 2), "b_enc": (2,), "b_dec": (2,)
    }  # fmt: skip
    (n_features, rates, sigma, mu), _ = stand_in.calls["ActivationGenerator"]
    assert (n_features, sigma, mu) == (2, 0.0, 1.0) and rates.tolist() == pytest.approx(list(TASK.rates))
    assert torch.equal(stand_in.calls["FeatureDictionary made"].feature_vectors.data, torch.eye(2))
    assert stand_in.calls["StandardTrainingSAEConfig"][1] == {"d_in": 2, "d_sae": 2, "l1_coefficient": 0.2}
    assert stand_in.calls["train_toy_sae"][1] == {
        "training_samples": 3 * 8, "batch_size": 8, "lr": 0.01, "lr_decay_steps": 1
    }  # fmt: skip


def test_what_runs_beside_saelens_imports_nothing_that_is_not_there():
    there = set(sys.stdlib_module_names) | {"torch", "lazy_loader", "sae_lens", "toysae.bench.serving"}
    for module in ("toysae/__init__.py", "toysae/bench/__init__.py", "toysae/bench/serving.py", "toysae/bench/peer.py"):
        nodes = list(ast.walk(ast.parse((ROOT / module).read_text())))
        imported = {name.name for node in nodes if isinstance(node, ast.Import) for name in node.names}
        imported |= {node.module for node in nodes if isinstance(node, ast.ImportFrom)}
        assert {name for name in imported if name.partition(".")[0] not in there} <= there, module


# ---- costs


def test_stacks_and_widths_are_measured_in_every_round():
    stacks = costs.by_stack_size((2, 5), n_steps=3, n_rounds=2)
    assert stacks.groupby("n_saes").size().to_dict() == {2: 2, 5: 2}
    widths = costs.by_width((3, 4), n_saes=2, n_steps=2, n_rounds=2)
    parts = ["batches", "matrix products", "whole step"]
    assert widths.groupby(["width", "part"]).size().to_dict() == {(w, p): 2 for w in (3, 4) for p in parts}
    for table in (stacks, widths):
        assert (table["microseconds"] > 0).all() and set(table["round"]) == {0, 1}


def test_every_kind_of_sae_is_measured_on_the_same_world():
    table = costs.by_variant(width=3, n_saes=2, n_steps=2, n_rounds=2)
    assert list(table["variant"].unique()) == list(KINDS)
    assert table["saelens_microseconds"].isna().all()  # nobody was asked
    assert (table.groupby("variant").size() == 2).all() and (table["microseconds"] > 0).all()


def test_saelens_is_asked_for_kinds_of_ours_and_its_times_stand_beside_ours(tmp_path):
    """A stand-in answers: it needs one second per kind and round, and another half of the processor."""
    talk = """import json, sys
task = json.loads(sys.stdin.readline())
print(json.dumps({name: [[1.0, 0.5]] * task["n_rounds"] for name in task["kinds"]}))"""
    (tmp_path / "answer.py").write_text(talk)
    peers = tmp_path / "python"
    peers.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{tmp_path}/answer.py"\n')
    peers.chmod(0o755)
    table = costs.by_variant(width=3, n_saes=2, n_steps=2, n_rounds=2, peers=peers).set_index("variant")
    asked = costs.saelens_kinds(3)
    assert asked.keys() < KINDS.keys() and asked["Matryoshka BatchTopK"][1]["matryoshka_widths"] == [1, 3]
    assert (table.loc[list(asked), "saelens_microseconds"] == 5e5).all()
    assert (table.loc[list(asked), "saelens_cpu_microseconds"] == 2.5e5).all()
    assert table.drop(index=list(asked))["saelens_microseconds"].isna().all()
    peers.write_text("#!/bin/sh\necho no such library >&2\nexit 3\n")
    with pytest.raises(RuntimeError, match="were not measured: no such library"):
        costs.saelens_rounds(peers, 3, 2, 2)


def test_jobs_take_turns_after_one_turn_to_warm_up():
    done = []
    runs = costs.in_turn({name: lambda name=name: done.append(name) for name in "ab"}, n_rounds=2)
    assert done == list("ababab")
    assert [(run["job"], run["round"]) for run in runs] == [("a", 0), ("b", 0), ("a", 1), ("b", 1)]


def test_the_products_are_counted_one_by_one():
    """A product of (n, k) and (k, m) matrices takes n m k multiplications and as many additions."""
    samples, latents, d_in = 1024, 7, 7
    encode = decode = back = 2 * samples * latents * d_in
    gradient_W_dec = gradient_W_enc = 2 * latents * d_in * samples
    assert costs.operations(7) == encode + decode + back + gradient_W_dec + gradient_W_enc


# ---- the report


def results():
    """Made-up measurements: twice 10 and 30 us for us, twice 400 and 600 us for them."""
    turns = [("us", 0, 2, 10.0), ("them", 0, 1, 400.0), ("us", 1, 2, 30.0), ("them", 1, 1, 600.0)]
    rows = [
        {"contender": name, "round": number, "n_saes": n, "seed": seed, "microseconds": spent}
        | {"cpu_microseconds": spent / 2 + 5, "loss": 0.1, "mcc": 0.5 + 0.1 * seed, "mmcs": 0.8}
        for name, number, n, spent in turns
        for seed in range(n)
    ]
    stacks = [{"n_saes": n, "round": r, "microseconds": 64 / n + r} for n in (64, 1024) for r in (0, 1)]
    kinds = [
        {"variant": v, "round": r, "microseconds": m, "saelens_microseconds": theirs}
        for v, m, theirs in (("z", 40.0, 1000.0), ("a", 90.0, math.nan))
        for r in (0, 1)
    ]
    parts = {"whole step": 100.0, "matrix products": 30.0, "batches": 5.0}
    widths = [
        {"width": w, "part": part, "round": r, "microseconds": w * spent}
        for w in (10, 20) for part, spent in parts.items() for r in (0, 1)
    ]  # fmt: skip
    machine = report.machine({"torch": "2.0", "SAELens": "6.0"})
    sgemm = pd.DataFrame({"round": [0, 1], "gflops": [100.0, 120.0]})
    tables = (pd.DataFrame(rows), pd.DataFrame(stacks), pd.DataFrame(kinds), pd.DataFrame(widths), sgemm)
    return report.Results(machine, TASK, *tables, atoms=0.0987)


def test_kinds_of_saes_keep_their_order_and_are_compared_with_the_first():
    _, first, second = report.variant_rows(results().variants)
    assert first == ["z", "40 (40 to 40)", "1", "1,000", "25"] and second == ["a", "90 (90 to 90)", "2.2", "", ""]


def test_the_table_holds_medians_extremes_and_ratios_within_a_round():
    table = report.contest_table(results().contest)
    assert list(table.index) == ["us", "them"]
    assert list(table.columns) == [
        "n_saes", "microseconds", "lowest", "highest", "cpu_microseconds", "ratio", "ratio_lowest", "ratio_highest",
        "cpu_ratio", "counted", "mcc", "mcc_lowest", "mmcs", "loss",
    ]  # fmt: skip
    them = table.loc["them"]
    assert them[["microseconds", "lowest", "highest"]].tolist() == [500, 400, 600]
    assert them[["ratio", "ratio_lowest", "ratio_highest"]].tolist() == [30, 20, 40]  # 400 / 10 and 600 / 30
    assert them["cpu_ratio"] == (205 / 10 + 305 / 20) / 2
    assert table.loc["us", ["ratio", "counted", "mcc", "mcc_lowest"]].tolist() == pytest.approx([1, 4, 0.55, 0.5])


def test_the_parts_of_a_step_add_up_to_the_whole():
    parts = report.parts_by_width(results().widths)
    assert parts[list(report.PARTS)].sum(axis=1).tolist() == parts["whole step"].tolist() == [1000, 2000]
    assert parts.loc[10, "everything else"] == 650


def test_the_page_says_on_what_machine_and_holds_every_number():
    page = report.page(results())
    for part in ("30 times as long", "torch 2.0", "SAELens 6.0", report.processor(), "0.0987", "make bench"):
        assert part in page
    assert "500.0 (400.0 to 600.0)" in page and "30 (20 to 40)" in page
    assert "110 GFLOP/s" in page and "30 % of the step" in page
    tables = [block.splitlines() for block in page.split("\n\n") if block.startswith("|")]
    assert [len(table) for table in tables] == [4, 4, 4, 4, 4]
    assert all(len({line.count("|") for line in table}) == 1 for table in tables)


def test_neither_page_nor_numbers_name_a_host_a_user_or_a_path(tmp_path):
    report.write(results(), tmp_path)
    for text in ((tmp_path / "bench.md").read_text(), (tmp_path / "bench.json").read_text()):
        assert str(ROOT) not in text and str(Path.home()) + "/" not in text
        assert platform.node() not in text.split()


def test_the_numbers_can_be_read_back(tmp_path):
    report.write(results(), tmp_path)
    read = json.loads((tmp_path / "bench.json").read_text())
    assert pd.DataFrame(read["contest"]).equals(results().contest)
    assert [row["contender"] for row in read["table"]] == ["us", "them"]
    assert read["machine"]["cores"] >= 1 and read["task"]["batch_size"] == TASK.batch_size
    assert (tmp_path / "bench.png").read_bytes().startswith(b"\x89PNG")


def test_the_book_shows_the_page_where_there_is_one(tmp_path):
    project = make_tiny_project(tmp_path / "with")
    report.write(results(), project.bench)
    front = book.build(project)
    assert 'href="bench.html"' in front.read_text()
    shown = (front.parent / "bench.html").read_text()
    assert "How fast is it?" in shown and "30 times as long" in shown
    assert "bench.png" in shown and list(front.parent.glob("_images/bench*.png"))


def test_without_the_peers_nothing_is_measured(tmp_path, capsys):
    project = make_tiny_project(tmp_path / "without")
    assert command.main(project.root) == 2
    assert capsys.readouterr().err.splitlines() == ["what we compare with is not installed: run make bench"]
    assert not project.bench.exists()
