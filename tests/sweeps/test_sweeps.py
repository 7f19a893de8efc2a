"""Sweeps: the table depends on settings and code alone, whoever computes it and however often it is killed."""

import ast
import contextlib
import io
import json
import os
import random
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import sweep_points
import torch
from distributed import LocalCluster
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

from toysae.sweeps import SweepError, catalogue, grid, origin, provenance, read_table, sweep, workers, write_table
from toysae.sweeps.__main__ import main
from toysae.sweeps.journal import Journal, as_text
from toysae.sweeps.points import combinations, recovery
from toysae.sweeps.settings import complete

TESTS = Path(__file__).parents[1]
MANY = grid(n=range(60), seconds=0.08)
# A shell that starts the tests in its background makes them ignore interrupts, and what they start inherits that
SCRIPT = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
import sys, sweep_points
from toysae.sweeps import grid, provenance, sweep, write_table
settings = grid(n=range(60), seconds=float(sys.argv[2]))
table = sweep(sweep_points.third, settings, journal=sys.argv[1] + "/journal.jsonl", n_workers=2)
write_table(table, sys.argv[1] + "/table.csv", provenance(sweep_points.third, settings))
"""


@pytest.fixture
def calls(tmp_path, monkeypatch):
    """The file in which every call of a point leaves a line."""
    path = tmp_path / "calls"
    path.touch()
    monkeypatch.setenv("CALLS_OF_POINTS", str(path))
    return lambda: sorted(map(int, path.read_text().split()))


def start(folder, seconds=0.08):
    """A process of its own that sweeps into this folder."""
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(folder), str(seconds)],
        cwd=TESTS,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def wait_for(condition):
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def n_lines(path):
    return path.read_bytes().count(b"\n") if path.exists() else 0


def numbers_in(path):
    """The settings whose lines are whole."""
    found = []
    for line in path.read_text().splitlines():
        with contextlib.suppress(json.JSONDecodeError):
            found.append(json.loads(line)["entry"]["key"]["setting"]["n"])
    return found


def files(folder):
    return [(folder / name).read_bytes() for name in ("table.csv", "table.json")]


def same(table, other):
    pd.testing.assert_frame_equal(table, other, check_exact=True)
    return True


# ---- killed and resumed


def test_a_sweep_that_is_killed_again_and_again_ends_with_the_undisturbed_table_byte_for_byte(tmp_path, calls):
    killed, journal, chance = tmp_path / "killed", tmp_path / "killed" / "journal.jsonl", random.Random(0)
    for kill in range(4):
        process = start(killed)
        more = n_lines(journal) + chance.randint(1, 6)
        wait_for(lambda more=more: n_lines(journal) >= more)
        time.sleep(chance.uniform(0, 0.05))
        process.kill()
        process.communicate(timeout=30)  # returns when all who share its output have ended: the workers too
        assert kill < n_lines(journal) < len(MANY)
        finished = {n: calls().count(n) for n in numbers_in(journal)}
    assert start(killed).communicate(timeout=60)[0] == b""
    assert set(calls()) == set(range(60))
    assert {n: calls().count(n) for n in finished} == finished  # none of them was computed again

    write_table(sweep(sweep_points.third, MANY), tmp_path / "table.csv", provenance(sweep_points.third, MANY))
    assert files(killed) == files(tmp_path)


def test_an_interrupt_ends_workers_in_the_middle_of_what_they_do(tmp_path, calls):
    process = start(tmp_path, seconds=600)
    wait_for(lambda: len(calls()) == 2)
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=30)[0].decode()
    assert process.returncode != 0
    assert said.count("Traceback") == 1 and said.strip().endswith("KeyboardInterrupt")


def test_a_finished_sweep_is_not_computed_again(tmp_path, calls):
    first = sweep(sweep_points.third, grid(n=range(4)), journal=tmp_path / "journal.jsonl", n_workers=1)
    before = (tmp_path / "journal.jsonl").read_bytes()
    again = sweep(sweep_points.third, grid(n=range(4)), journal=tmp_path / "journal.jsonl")
    assert calls() == [0, 1, 2, 3]
    assert (tmp_path / "journal.jsonl").read_bytes() == before
    assert same(first, again)


def test_a_journal_keeps_the_rows_of_two_points_apart(tmp_path):
    """They live in one module, so that their code has one hash, and take the same settings."""
    journal = tmp_path / "journal.jsonl"
    one, other = (
        sweep(point, grid(n=[1]), journal=journal, n_workers=1)
        for point in (sweep_points.as_table, sweep_points.fails_at_two)
    )
    assert one["x"].tolist() == [1 / 7, 1 / 11] and other["x"].tolist() == [1]


def test_rows_come_in_the_order_of_the_settings_asked_for_and_changed_settings_are_computed(tmp_path, calls):
    journal = tmp_path / "journal.jsonl"
    sweep(sweep_points.third, grid(n=[3, 1]), journal=journal, n_workers=1)
    table = sweep(sweep_points.third, [{"n": n} for n in (5, 1, 4, 3)], journal=journal, n_workers=1)
    assert table["n"].tolist() == [n for n in (5, 1, 4, 3) for _ in range(3)]
    sweep(sweep_points.third, [{"n": 1, "seconds": 1e-9}, {"n": 3}], journal=journal)
    assert calls() == [1, 1, 3, 4, 5]


# ---- the journal

KEYS = [as_text({"setting": {"n": n, "x": n / 7}}) for n in range(4)]
ROWS = [[{"value": n / 3, "nan": float("nan")}, {"word": "é\n"}] for n in range(4)]


@pytest.fixture
def lines(tmp_path):
    """A journal with the first three keys, as bytes."""
    with Journal(tmp_path / "whole.jsonl") as journal:
        for key, rows in zip(KEYS[:3], ROWS, strict=False):
            journal[key] = rows
    return (tmp_path / "whole.jsonl").read_bytes()


def trusted(path):
    with Journal(path) as journal:
        return {key: as_text(journal[key]) for key in KEYS if key in journal}


def expected(*numbers):
    return {KEYS[n]: as_text(ROWS[n]) for n in numbers}


def test_a_journal_gives_back_what_was_put_in(tmp_path, lines):
    assert trusted(tmp_path / "whole.jsonl") == expected(0, 1, 2)


def test_wherever_a_journal_is_cut_only_whole_lines_are_trusted_and_the_next_line_stays_whole(tmp_path, lines):
    path, ends = tmp_path / "cut.jsonl", [i for i, byte in enumerate(lines) if byte == ord("\n")]
    for cut in range(0, len(lines), 3):
        path.write_bytes(lines[:cut])
        whole = range(sum(end <= cut for end in ends))
        assert trusted(path) == expected(*whole)
        with Journal(path) as journal:
            journal[KEYS[3]] = ROWS[3]
        assert trusted(path) == expected(*whole, 3)


def test_a_line_with_any_changed_byte_is_not_trusted(tmp_path, lines):
    path, (first, second, third) = tmp_path / "changed.jsonl", lines.splitlines(keepends=True)
    for i in range(len(second) - 1):
        changed = bytearray(second)
        changed[i] ^= 1
        path.write_bytes(first + bytes(changed) + third)
        assert trusted(path) == expected(0, 2)


@pytest.mark.parametrize("line", [b"{}", b"[]", b"7", b"", b"\xff\xfe", b'{"checksum": 1, "entry": {}}'])
def test_a_line_of_something_else_is_passed_over(tmp_path, lines, line):
    path = tmp_path / "strange.jsonl"
    path.write_bytes(line + b"\n" + lines)
    assert trusted(path) == expected(0, 1, 2)


def test_a_sweep_with_a_torn_journal_gives_the_same_table(tmp_path, calls):
    journal = tmp_path / "journal.jsonl"
    whole = sweep(sweep_points.third, grid(n=range(5)), journal=journal, n_workers=1)
    journal.write_bytes(journal.read_bytes()[:-40])
    torn = sweep(sweep_points.third, grid(n=range(5)), journal=journal)
    assert len(calls()) == 6
    assert same(whole, torn)


def test_a_journal_belongs_to_one_sweep_at_a_time(tmp_path):
    path = tmp_path / "journal.jsonl"
    with Journal(path), pytest.raises(ValueError, match=r"journal is .*journal.jsonl: allowed is a file that no other"):
        sweep(sweep_points.third, grid(n=1), journal=path)


# ---- the code


@pytest.fixture
def module(tmp_path, monkeypatch):
    """A point in a module of its own, which imports a helper inside a function; another module lies beside it."""
    sources = {
        "grown_point": "def point(n):\n    from grown_helper import factor\n    return [{'x': n * factor}]\n",
        "grown_helper": "factor = 2\n",
        "grown_neighbour": "factor = 3\n",
    }
    for name, source in sources.items():
        (tmp_path / f"{name}.py").write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    yield __import__("grown_point")
    for name in sources:
        sys.modules.pop(name, None)


def test_changed_code_is_computed_again(tmp_path, module):
    for factor in (2, 100):
        (tmp_path / "grown_helper.py").write_text(f"factor = {factor}\n")
        table = sweep(module.point, grid(n=[1, 2]), journal=tmp_path / "journal.jsonl", n_workers=1)
        assert table["x"].tolist() == [factor, 2 * factor]
    assert n_lines(tmp_path / "journal.jsonl") == 4


@pytest.mark.parametrize(("name", "matters"), [("point", True), ("helper", True), ("neighbour", False)])
def test_the_code_of_a_point_is_its_module_and_what_that_imports(tmp_path, module, name, matters):
    before = origin.code_hash(module.point)
    with (tmp_path / f"grown_{name}.py").open("a") as file:
        file.write("changed = True\n")
    assert (origin.code_hash(module.point) != before) == matters


def test_comments_and_docstrings_are_no_code(tmp_path, module):
    path, before = tmp_path / "grown_helper.py", origin.code_hash(module.point)
    path.write_text('"""What it is for,\nin two lines."""\n\n# a remark\nfactor = 2  # another\n')
    assert origin.code_hash(module.point) == before
    path.write_text('factor = "#2"  # a sign within a string is no comment\n')
    assert origin.statements(path.read_text()) == 'factor = "#2"'


def test_statements_keep_what_is_computed():
    for name in ("toysae.worlds.copulas", "toysae.sweeps.origin"):
        source = Path(sys.modules[name].__file__).read_text()
        kept = ast.parse(origin.statements(source).replace("\n\n", "\n"))
        assert ast.dump(_without_docstrings(kept)) == ast.dump(_without_docstrings(ast.parse(source)))


def _without_docstrings(tree):
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if (
            isinstance(body, list)
            and body
            and isinstance(body[0], ast.Expr)
            and isinstance(body[0].value, ast.Constant)
        ):
            body.pop(0)
    return tree


@pytest.mark.parametrize("library", origin.LIBRARIES)
def test_another_version_of_a_library_is_other_code(monkeypatch, library):
    before, installed = origin.code_hash(sweep_points.third), origin.versions()
    assert set(installed) == set(origin.LIBRARIES)
    monkeypatch.setattr(origin, "versions", lambda: installed | {library: "0"})
    assert origin.code_hash(sweep_points.third) != before


MAKE_A_STACK = (
    "worlds.named_worlds",
    "worlds.finite",
    "saes.stack",
    "saes.starts",
    "saes.training",
    "measures.assessment",
)


def test_what_a_stack_is_made_with_belongs_to_its_code_and_pictures_do_not():
    names = {name for name, _ in origin.sources("toysae.sweeps.points")}
    assert {f"toysae.{name}" for name in MAKE_A_STACK} <= names
    assert not {"toysae.figures", "toysae.sweeps.workers", "torch"} & names


def test_a_worker_with_other_code_is_refused():
    def ask(point, code):
        with ThreadPoolExecutor(1) as executor:
            return next(workers.computed(executor, point, {"key": {"n": 1}}, code, n_done=0))

    assert ask(sweep_points.as_table, origin.code_hash(sweep_points.as_table))[2] == ""
    assert "this worker has other code or libraries" in ask(sweep_points.as_table, "another")[2]


# ---- who computes

TRAINED = grid(
    world="two_of_three", n_latents=3, sigma=[0.0, 0.3, 0.6], l1_coeff=[[0.05, 0.2]], seed=[range(3)], n_steps=60
)


def test_the_number_of_workers_does_not_matter():
    one, three = (sweep(sweep_points.third, grid(n=range(7)), n_workers=n) for n in (1, 3))
    assert len(one) == 21 and same(one, three)


@pytest.fixture(scope="module")
def by_hand():
    """The table of TRAINED, without a sweep."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    rows = [setting | row for setting in complete(recovery, TRAINED) for row in recovery(**setting)]
    torch.set_num_threads(threads)
    return pd.DataFrame(rows)


def test_processes_compute_what_the_point_computes_by_hand(by_hand):
    assert len(by_hand) == 18 and by_hand["loss"].nunique() > 5
    assert same(sweep(recovery, TRAINED, n_workers=2), by_hand)


def test_a_dask_cluster_of_two_workers_gives_the_same_and_keeps_failures_apart(by_hand, tmp_path):
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        address = cluster.scheduler_address
        table = sweep(recovery, TRAINED, scheduler=address, journal=tmp_path / "journal.jsonl")
        assert same(table, by_hand)
        with pytest.raises(SweepError, match="1 of 3 settings failed") as failed:
            sweep(sweep_points.fails_at_two, grid(n=[1, 2, 3]), scheduler=address)
    assert failed.value.table["x"].tolist() == [1, 3]
    assert n_lines(tmp_path / "journal.jsonl") == len(TRAINED)


def test_every_worker_has_one_thread_and_settings_are_shared_out(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.delenv("MKL_NUM_THREADS", raising=False)
    table = sweep(sweep_points.where, grid(n=range(2)), n_workers=2)
    assert table[["OMP_NUM_THREADS", "MKL_NUM_THREADS"]].values.tolist() == [["1", "1"]] * 2
    assert os.getpid() not in table["process"].tolist()
    assert os.environ["OMP_NUM_THREADS"] == "7" and "MKL_NUM_THREADS" not in os.environ


def test_a_sweep_in_a_notebook_leaves_nothing_but_its_table():
    source = (
        f"import sys; sys.path.insert(0, {str(TESTS)!r})\n"
        "import sweep_points\nfrom toysae.sweeps import grid, sweep\n"
        "int(sweep(sweep_points.as_table, grid(n=range(3)))['n'].sum())"
    )
    notebook = new_notebook(cells=[new_code_cell(source)])
    NotebookClient(notebook, timeout=60, kernel_name="python3").execute()
    (output,) = notebook.cells[0].outputs
    assert output.data["text/plain"] == str(sum(20 * n + 1 for n in range(3)))


class Screen(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(
    ("stream", "disabled", "shown"), [(Screen, "", True), (Screen, "1", False), (io.StringIO, "", False)]
)
def test_progress_is_shown_on_a_terminal_only_and_not_where_it_is_switched_off(monkeypatch, stream, disabled, shown):
    monkeypatch.setattr(sys, "stderr", stream())
    monkeypatch.setenv("TQDM_DISABLE", disabled)
    code = origin.code_hash(sweep_points.as_table)
    with ThreadPoolExecutor(1) as executor:
        missing = {n: {"n": n} for n in "ab"}
        list(workers.computed(executor, sweep_points.as_table, missing, code, n_done=5))
    assert ("7/7" in sys.stderr.getvalue()) == shown
    assert bool(sys.stderr.getvalue()) == shown


# ---- failures


def test_a_failed_point_names_its_setting_and_the_others_are_kept(tmp_path):
    with pytest.raises(SweepError) as failed:
        sweep(sweep_points.fails_at_two, grid(n=range(5)), journal=tmp_path / "journal.jsonl")
    assert str(failed.value).startswith('1 of 5 settings failed; the first is {"n":2}: ValueError: two is too much (')
    assert "\n" not in str(failed.value) and "sweep_points.py, line" in str(failed.value)
    assert failed.value.failures[0][0] == {"n": 2}
    assert failed.value.table["x"].tolist() == [0, 1, 3, 4]
    assert n_lines(tmp_path / "journal.jsonl") == 4


def test_a_worker_that_dies_is_told():
    with pytest.raises(SweepError, match=r"30 of 30 settings failed; .* a worker process ended before its time"):
        sweep(sweep_points.dies, grid(n=range(30)))


class Broken:
    def submit(self, *asked):
        raise BrokenProcessPool


def test_settings_that_no_worker_is_left_for_are_told_as_well():
    told = list(workers.computed(Broken(), sweep_points.dies, {"key": {"n": 1}}, "code", n_done=0))
    assert told == [("key", [], "a worker process ended before its time: killed, or out of memory")]


def test_a_point_that_returns_something_else_is_told():
    with pytest.raises(SweepError, match="returns_a_number returned int: allowed is a list of dicts or a table"):
        sweep(sweep_points.returns_a_number, grid(n=1))


# ---- what can be asked


def test_a_grid_is_the_product_in_the_stated_order():
    assert grid(b=[1, 2], a="word", c=np.array([0.5, 1.5])) == [
        {"b": b, "a": "word", "c": c} for b in (1, 2) for c in (0.5, 1.5)
    ]
    assert grid(seed=[range(3)]) == [{"seed": [0, 1, 2]}]
    with pytest.raises(ValueError, match=r"sigma is \[\]: allowed is at least one value"):
        grid(l1_coeff=0.1, sigma=[])


def test_a_setting_is_completed_by_the_defaults_and_told_in_plain_values():
    asked = [{"first": np.float32(0.5), "zeta": torch.tensor([1, 2]), "alpha": (np.int64(3), True)}]
    (completed,) = complete(sweep_points.takes_anything, asked)
    assert list(completed.items()) == [("first", 0.5), ("last", 1), ("alpha", [3, True]), ("zeta", [1, 2])]
    assert type(completed["alpha"][0]) is int


POSSIBLE = {"point": sweep_points.third, "settings": [{"n": 1}]}
NAN = float("nan")
IMPOSSIBLE = {
    "an empty grid": ({"settings": []}, "settings is empty: allowed is at least one"),
    "a value that is no JSON": ({"settings": [{"n": 1}, {"n": {1}}]}, r"settings\[1\]\['n'\] is \{1\}: allowed are"),
    "a value that is not a number": ({"settings": [{"n": NAN}]}, r"settings\[0\]\['n'\] is nan: allowed are fin"),
    "the same setting twice": ({"settings": [{"n": 1}, {"n": 1, "seconds": 0.0}]}, r"settings\[1\] is .*, the same as"),
    "an unknown name": ({"settings": [{"n": 1, "m": 2}]}, r"settings\[0\] .*'m'; allowed is \(n, seconds=0.0\)"),
    "a missing name": ({"settings": [{"seconds": 0.1}]}, r"settings\[0\] .*missing .*'n'; allowed is"),
    "a nameless point": ({"point": lambda n: []}, "point is .*lambda.*: allowed is a function of a module"),
    "no point": ({"point": 3}, "point is 3: allowed is a function of a module"),
    "no worker": ({"n_workers": 0}, "n_workers is 0: allowed is a whole number of 1 or more"),
    "half a worker": ({"n_workers": 0.5}, "n_workers is 0.5: allowed is a whole number of 1 or more"),
    "workers twice": ({"n_workers": 1, "scheduler": "tcp://a:1"}, "n_workers is 1 beside a scheduler: allowed is None"),
    "no address": ({"scheduler": "nowhere"}, "scheduler is 'nowhere': allowed is the address of a Dask scheduler"),
    "nobody there": ({"scheduler": "tcp://127.0.0.1:1"}, "scheduler is 'tcp://127.0.0.1:1': allowed is the address"),
}


@pytest.mark.parametrize(("asked", "line"), IMPOSSIBLE.values(), ids=IMPOSSIBLE)
def test_what_cannot_be_is_refused_in_one_line(asked, line):
    with pytest.raises(ValueError, match=line) as refused:
        sweep(**(POSSIBLE | asked))
    assert "\n" not in str(refused.value)


# ---- tables


def test_a_table_comes_back_from_its_file_to_the_last_digit(tmp_path):
    numbers = np.random.default_rng(0).standard_normal(200) * 10.0 ** np.arange(-100, 100)
    table = pd.DataFrame({"x": numbers, "n": range(200), "word": "a", "nan": float("nan"), "odd": [True, False] * 100})
    write_table(table, tmp_path / "deep" / "table.csv", {"point": "somewhere"})
    assert same(read_table(tmp_path / "deep" / "table.csv"), table)
    assert [path.name for path in sorted((tmp_path / "deep").iterdir())] == ["table.csv", "table.json"]


def test_what_a_table_was_made_from_tells_code_versions_and_every_setting_but_no_place():
    made_from = provenance(sweep_points.third, grid(n=[1, 2]))
    assert made_from["settings"] == [{"n": 1, "seconds": 0.0}, {"n": 2, "seconds": 0.0}]
    assert made_from["point"] == "sweep_points.third" and set(made_from["versions"]) == set(origin.LIBRARIES)
    assert str(TESTS.parent) not in as_text(made_from)


def test_a_point_may_return_a_table_and_its_values_stand_before_the_settings():
    table = sweep(sweep_points.as_table, grid(n=[1, 2]), n_workers=1)
    assert table.to_dict("list") == {"n": [10, 11, 20, 21], "x": [1 / 7, 1 / 11, 2 / 7, 2 / 11]}


# ---- the large sweeps


@pytest.mark.parametrize("name", [name for name, it in catalogue.SWEEPS.items() if it.planned.point is recovery])
def test_every_large_sweep_can_be_asked_for_and_has_64_seeds_a_point(name):
    planned = catalogue.find(name).planned
    settings = complete(planned.point, planned.settings)
    cells = pd.DataFrame([cell for setting in settings for cell in combinations(**setting)])
    counts = cells.groupby([column for column in cells if column != "seed"], dropna=False)["seed"].nunique()
    assert len(counts) > 300 and (counts >= 64).all()


def test_a_large_sweep_is_run_by_its_name(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(catalogue.SWEEPS, "small", catalogue.Offer("How much?", "sweep_points:SMALL"))
    assert main(["small", "--workers", "1"], tmp_path) == 0
    assert capsys.readouterr().out.splitlines()[-1] == f"table: {tmp_path}/small.csv"
    assert len(read_table(tmp_path / "small.csv")) == 4
    assert {path.suffix for path in tmp_path.iterdir()} == {".csv", ".json", ".jsonl"}


def test_without_a_name_the_large_sweeps_are_listed(tmp_path, capsys):
    assert main([], tmp_path) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == list(catalogue.SWEEPS)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["jitter", "--workers", "0"], "argument --workers: '0': allowed is a whole number of 1 or more"),
        (["jitter", "--workers", "two"], "argument --workers: 'two': allowed is"),
        (["jitter", "--workers", "2", "--scheduler", "tcp://a:1"], "argument --scheduler: not allowed with"),
        (["jiter"], "unknown sweep 'jiter'"),
    ],
)
def test_bad_words_are_refused_before_anything_heavy_is_imported(words, line):
    script = (
        "import sys; from toysae.sweeps.__main__ import main\ntry: main({})\nfinally: print(seen & {{*sys.modules}})"
    )
    script = "seen = {{'torch', 'pandas'}}; " + script
    finished = subprocess.run([sys.executable, "-c", script.format(words)], capture_output=True, text=True)
    assert finished.stdout == "set()\n"
    assert finished.stderr.startswith(line) and finished.stderr.count("\n") == 1


@pytest.mark.parametrize("end", [">&-", "2>&- >&-", "| true"])
def test_a_closed_output_gives_no_traceback(end):
    finished = subprocess.run(f"'{sys.executable}' -m toysae.sweeps {end}", shell=True, capture_output=True, text=True)
    assert "Traceback" not in finished.stderr and "Exception" not in finished.stderr


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["jiter"], "unknown sweep 'jiter': did you mean jitter?"),
        (["xyz"], "unknown sweep 'xyz': known: jitter, "),
        (["jitter", "--scheduler", "nowhere"], "scheduler is 'nowhere': allowed is"),
    ],
)
def test_bad_words_give_one_clear_line_and_exit_code_two(tmp_path, capsys, words, line):
    assert main(words, tmp_path) == 2
    said = capsys.readouterr().err
    assert said.startswith(line) and said.count("\n") == 1


def test_a_large_sweep_with_a_failed_point_ends_with_exit_code_one(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(catalogue.SWEEPS, "failing", catalogue.Offer("Two?", "sweep_points:FAILING"))
    assert main(["failing"], tmp_path) == 1
    assert '{"n":2}: ValueError: two is too much' in capsys.readouterr().err
