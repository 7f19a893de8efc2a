"""Notebooks executed without kernels: one process imports what they import, then forks a child for each run.

Kernels, Papermill and the runner have tests of their own, and take a second of every run; here the same cells, with
the parameters where Papermill puts them, go through an IPython shell that keeps what they display.
As a script: reads the runs from standard input, and leaves NAME.ipynb or NAME.failed of each in the folder it names.
"""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from nbformat import NotebookNode
from nbformat.v4 import new_output
from papermill import execute_notebook
from traitlets.config import Config

from toysae.claims import prose
from toysae.claims.record import Published
from toysae.writeup import crew, pairs, records
from toysae.writeup.preload import preload

ROOT = Path(__file__).resolve().parents[1]
SETTINGS = {"PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "0", "OMP_NUM_THREADS": "1", "MPLBACKEND": "agg"}
LIMIT = 1800  # seconds for all runs together


@dataclass(frozen=True)
class Run:
    """One notebook to execute with some parameters that differ from the published ones."""

    name: str
    source: str
    parameters: dict


@dataclass(frozen=True)
class Result:
    """The executed notebook, or why there is none: a traceback, or the last words of the process."""

    notebook: NotebookNode | None
    reason: str


def execute(runs: list[Run], folder: Path) -> dict[str, Result]:
    """Execute all runs, as many at a time as there are cores, and return the results by name."""
    asked = json.dumps({"folder": str(folder), "runs": [asdict(run) for run in runs]})
    told = os.environ | SETTINGS | {"IPYTHONDIR": str(folder / "ipython"), "TQDM_DISABLE": "1"}
    told["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"  # else a debugger warns when it is imported
    with (folder / "log").open("w") as log:
        subprocess.run([sys.executable, __file__], input=asked, text=True, env=told, stderr=log, timeout=LIMIT)
    return {run.name: _result(run, folder) for run in runs}


def _result(run: Run, folder: Path) -> Result:
    executed, failed = folder / f"{run.name}.ipynb", folder / f"{run.name}.failed"
    if executed.exists():
        return Result(pairs.read_executed(executed), "")
    logs = [path for path in (folder / f"{run.name}.log", folder / "log") if path.exists()]
    last_words = "\n".join(path.read_text()[-2000:] for path in logs)
    return Result(None, failed.read_text() if failed.exists() else f"its process ended without a word\n{last_words}")


# ---- the process that forks


def main() -> None:
    asked = json.load(sys.stdin)
    runs = [Run(**run) for run in asked["runs"]]
    preload(Path(run.source) for run in runs)
    running = set()
    for run in runs:
        if len(running) == crew.cores():
            running.discard(os.wait()[0])
        running.add(os.fork() or _child(run, Path(asked["folder"])))
    while running:
        running.discard(os.wait()[0])


def _child(run: Run, folder: Path) -> None:
    """Ends the process."""
    with (folder / f"{run.name}.log").open("w") as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    try:
        os.chdir(Path(run.source).parent)
        executed = in_a_shell(run)
        records.claims_of(run.name, executed, Published())
        (folder / f"{run.name}.ipynb").write_bytes(pairs.to_bytes(pairs.normalise(executed, {})))
    except BaseException as problem:  # a cell may raise what it likes, and this is where it is told
        (folder / f"{run.name}.failed").write_text(f"{type(problem).__name__}: {problem}")
    finally:
        sys.stdout.flush()
        os._exit(0)


# ---- the shell


class Failed(Exception):
    """A cell raised, or what it ends in could not be displayed."""


class Publisher(DisplayPublisher):
    def publish(self, data, metadata=None, **_):
        self.shell.outputs.append(new_output("display_data", data=data, metadata=metadata or {}))


class Hook(DisplayHook):
    def write_output_prompt(self): ...

    def write_format_data(self, format_dict, md_dict=None):
        about = {"metadata": md_dict or {}, "execution_count": self.shell.number}
        self.shell.outputs.append(new_output("execute_result", data=format_dict, **about))


class Shell(InteractiveShell):
    """A shell that keeps what its cells display, as a kernel would send it, and what went wrong."""

    def __init__(self, **settings):
        self.outputs, self.tracebacks, self.number = [], [], 0
        super().__init__(**settings)

    def _showtraceback(self, etype, evalue, stb):
        self.tracebacks.append("\n".join(stb))


def in_a_shell(run: Run) -> NotebookNode:
    """The notebook executed in this process. Raises Failed with the traceback of the first cell that fails."""
    from toysae.sweeps import workers

    workers._processes = lambda n: ThreadPoolExecutor(1)  # the processes of sweeps are the subject of test_sweeps
    prose._DPI = 50  # every figure is drawn and packed, but in fewer pixels
    settings = {"InteractiveShell": {"colors": "nocolor"}, "HistoryManager": {"enabled": False}}
    shell = Shell.instance(config=Config(settings), display_pub_class=Publisher, displayhook_class=Hook)
    source = pairs.read_source(Path(run.source))
    how = {"kernel_name": "python3", "language": "python", "prepare_only": True, "progress_bar": False}
    notebook = execute_notebook(source, None, run.parameters, **how)  # Papermill itself injects the parameters
    for cell in notebook.cells:
        if cell.cell_type == "code":
            _execute(cell, shell)
    return notebook


def _execute(cell: NotebookNode, shell: Shell) -> None:
    shell.number += 1
    cell.execution_count = shell.number
    ended = shell.run_cell(cell.source, store_history=True)  # a last semicolon is looked up there
    cell.outputs, shell.outputs = shell.outputs, []
    if shell.tracebacks or not ended.success:
        raise Failed("\n".join(shell.tracebacks) or repr(ended.error_in_exec))


if __name__ == "__main__":
    main()
