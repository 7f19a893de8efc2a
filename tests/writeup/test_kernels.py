"""Kernels of notebooks, forked and started anew: the same to a cell, hermetic, and told why where they die."""

import ast
import os
import re
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

import pytest
from jupyter_core.utils import run_sync
from tiny_project import ROOT, alive

from toysae.writeup import crew, kernels, pairs, records, warm
from toysae.writeup.board import Board

STATE = r"""
import matplotlib, multiprocessing, os, re, signal, sys, threading
import matplotlib.pyplot as plt
import numpy
import pandas
import torch

seen = [os.getcwd(), sys.path, sorted(os.environ), os.getpgrp() == os.getpid(), __name__, sys.stdin.isatty()]
seen += [numpy.get_printoptions(), dict(matplotlib.rcParams)]
seen += [pandas.describe_option(_print_desc=False).replace("utf-8", "UTF-8")]
seen += [matplotlib.is_interactive(), plt.get_fignums(), torch.get_num_threads()]
seen += [multiprocessing.get_start_method(), multiprocessing.current_process(), multiprocessing.parent_process()]
seen += [sorted(re.sub(r"-[0-9]+", "", thread.name) for thread in threading.enumerate())]
seen += [(number, signal.getsignal(number)) for number in (signal.SIGTERM, signal.SIGCHLD, signal.SIGPIPE)]
str(seen)

# %%
pandas.DataFrame([range(15)] * 2, columns=[f'a long name {i}' for i in range(15)])

# %%
plt.plot([0, 2, 1]);

# %%
matplotlib.get_backend()
"""
DRAWS = "import random, numpy, torch\n\n[random.random(), numpy.random.rand(), float(torch.rand(()))]"
CELLS = {
    "state": STATE,
    "draws": DRAWS,
    "draws-again": DRAWS,
    "pool": """
from concurrent.futures import ProcessPoolExecutor
from math import factorial

from toysae.sweeps.workers import executor_for

with executor_for(2, None, 2) as ours, ProcessPoolExecutor(1) as plain:
    found = [*ours.map(factorial, [4, 5]), *plain.map(factorial, [6])]
found
""",
    "is-killed": "import os, signal\n\nos.kill(os.getpid(), signal.SIGKILL)",
    "crashes": "import os, signal\n\nos.kill(os.getpid(), signal.SIGSEGV)",
    # a client that is slow to notice interrupts the kernel at its end, which then says so
    "stops": "import sys\n\nget_ipython().kernel.log.error('KeyboardInterrupt caught in kernel.')\nsys.exit()",
    "leaves": "import os\n\nos._exit(3)",
    "loses-its-worker": "import os, pathlib, signal, time\n\npathlib.Path('kernel').write_text(str(os.getpid()))\n"
    "os.kill(os.getppid(), signal.SIGKILL)\ntime.sleep(600)",
}
REASONS = {
    "is-killed": "the kernel of is-killed was killed by the system, probably out of memory",
    "crashes": "the kernel of crashes was killed by SIGSEGV",
    "leaves": "the kernel of leaves ended by itself (exit code 3)",
    "stops": "it was not executed to its end",
    "loses-its-worker": "the process that executed it ended without a word: killed, or out of memory",
}
IN_FRESH_ONES = ("state", "is-killed")  # each takes seconds
FORKED = pytest.mark.skipif(sys.platform != "linux", reason="forks are for Linux")
WAYS = [pytest.param("forked", marks=FORKED), "fresh"]


def run_all(folder, way, cells):
    """Executes a notebook for each cell, which comes second in it. Returns the outcomes by name."""
    for name, cell in cells.items():
        (folder / f"{name}.py").write_text(f"# %%\n1 + 1\n\n# %%\n{cell.strip()}\n")
    jobs = [
        crew.Job(
            name, folder / f"{name}.py", folder / f"{name}.ipynb", folder / f"{name}.part.ipynb", folder / "none.json"
        )
        for name in cells
    ]
    with pytest.MonkeyPatch.context() as patch, closing(crew.execute(jobs, folder, Board())) as outcomes:
        patch.setattr(warm, "FORKS", way == "forked")
        return {outcome.job.name: outcome for outcome in outcomes}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Both ways work in one folder, so that its name makes no difference."""
    return tmp_path_factory.mktemp("kernels")


@pytest.fixture(scope="module")
def forked(folder):
    return run_all(folder, "forked", CELLS)


@pytest.fixture(scope="module")
def forked_state(forked):
    """What the cells of that notebook showed."""
    return shown(forked["state"])


@pytest.fixture(scope="module")
def fresh(folder, request):
    if sys.platform == "linux":
        request.getfixturevalue("forked_state")  # read before it is overwritten
    return run_all(folder, "fresh", {name: CELLS[name] for name in IN_FRESH_ONES})


def shown(outcome):
    return [output.data for output in records.outputs_of(pairs.read_executed(outcome.job.output))[1:]]


@FORKED
def test_a_fork_is_to_a_cell_what_a_fresh_kernel_is(forked_state, fresh):
    assert forked_state == shown(fresh["state"])


def test_the_state_that_is_compared_is_that_of_a_kernel_with_tables_and_figures(fresh):
    seen, table, figure, backend = shown(fresh["state"])
    assert "display.max_columns" in seen["text/plain"] and "lines.linewidth" in seen["text/plain"]
    assert table["text/plain"].count("a long name") == 15
    assert len(figure["image/png"]) > 1000
    assert "inline" in backend["text/plain"]


@FORKED
def test_nobody_draws_what_another_draws(forked):
    first, second = (ast.literal_eval(shown(forked[name])[-1]["text/plain"]) for name in ("draws", "draws-again"))
    assert len({*first, *second}) == 6


@FORKED
def test_a_kernel_can_have_processes(forked):
    assert shown(forked["pool"])[-1]["text/plain"] == "[24, 120, 720]"


@FORKED
@pytest.mark.parametrize("name", REASONS)
def test_an_end_before_its_time_is_one_clear_line(forked, name):
    assert (forked[name].reason, forked[name].traceback) == (REASONS[name], [])


def test_the_death_of_a_fresh_kernel_is_told_in_the_same_words(fresh):
    assert (fresh["is-killed"].reason, fresh["is-killed"].traceback) == (REASONS["is-killed"], [])


def test_what_a_dead_kernel_had_done_is_kept(fresh):
    first, second = pairs.read_executed(fresh["is-killed"].job.partial).cells
    assert first.outputs[0].data["text/plain"] == "2"
    assert second.outputs == []


@FORKED
def test_a_kernel_ends_with_its_worker(folder, forked):
    assert not alive(int((folder / "kernel").read_text()))


def test_where_the_process_that_forks_is_gone_workers_start_anew(tmp_path):
    forks = warm.Forks(crew._environment(tmp_path), [], None)
    forks._process.kill()
    forks._process.wait()
    (orders, told), (heard, events) = os.pipe(), os.pipe()
    with (tmp_path / "log").open("w") as log:
        forks.start(orders, events, log.fileno())
    os.close(orders), os.close(events), os.close(told)
    assert len(forks._fresh._started) == 1
    forks.end(time.monotonic() + 60)
    assert os.read(heard, 1) == b"" and (tmp_path / "log").read_text() == ""
    os.close(heard)


def test_what_fails_when_it_is_imported_is_left_to_the_cell(tmp_path):
    (tmp_path / "broken_module.py").write_text("x = = 1\n")
    outcome = run_all(tmp_path, "forked" if sys.platform == "linux" else "fresh", {"a": "import broken_module"})["a"]
    assert outcome.reason.startswith("SyntaxError: invalid syntax")


# ---- sockets


DEEP = "a folder with a long name/" * 8


def test_a_long_path_to_a_checkout_does_no_harm(tmp_path, monkeypatch):
    folder = tmp_path / DEEP / "scratch"
    folder.mkdir(parents=True)
    monkeypatch.chdir(folder.parent)
    with kernels.meeting(folder, "01_some") as config:
        assert config.KernelManager.ip == "scratch/01_some-ipc"


def test_where_a_folder_holds_no_sockets_a_temporary_one_does(tmp_path, monkeypatch):
    far = tmp_path / DEEP
    far.mkdir(parents=True)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with kernels.meeting(far, "01_some") as config:
        place = Path(config.KernelManager.ip).parent
        assert place.parent == tmp_path and config.KernelManager.connection_file == f"{place}/01_some.json"
    assert not place.exists()


def test_where_nothing_holds_sockets_one_line_says_so(tmp_path, monkeypatch):
    far = tmp_path / DEEP
    far.mkdir(parents=True)
    monkeypatch.setattr(tempfile, "tempdir", str(far))
    with pytest.raises(kernels.NoPlace) as told, kernels.meeting(far, "01_some"):
        pass
    assert re.fullmatch(r"no sockets for kernels can be made: .* too long in .*", str(told.value))
    assert list(far.iterdir()) == []


# ---- what is a user's


def test_a_kernel_reads_no_file_of_a_user(tmp_path, monkeypatch):
    """Whatever the environment says, which a run also clears."""
    profile = tmp_path / "profile_default"
    files = {
        profile / "startup" / "00.py": "from_startup = 1",
        profile / "ipython_config.py": "c.InteractiveShellApp.exec_lines = ['from_configuration = 1']",
        tmp_path / "start.py": "from_pythonstartup = 1",
    }
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    for name, value in {"IPYTHONDIR": tmp_path, "PYTHONSTARTUP": tmp_path / "start.py", "PYTHONPATH": ROOT}.items():
        monkeypatch.setenv(name, str(value))
    monkeypatch.chdir(tmp_path)
    with kernels.meeting(tmp_path, "k") as config:
        names = names_in(kernels.Kernel("k").manager_class(config=config))
    assert "get_ipython" in names and "from_" not in names


def names_in(manager) -> str:
    """What stands in the names of a kernel that has just begun; ends it."""
    run_sync(manager.start_kernel)()
    client = manager.blocking_client()
    client.start_channels()
    client.wait_for_ready(timeout=60)
    shown = []
    client.execute_interactive("print(dir())", output_hook=lambda message: shown.append(message["content"].get("text")))
    client.stop_channels()
    run_sync(manager.shutdown_kernel)(now=True)
    return str(shown)
