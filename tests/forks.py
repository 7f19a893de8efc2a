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

from nbformat import NotebookNode

from toysae.claims import Family, prose
from toysae.claims.record import Published
from toysae.writeup import crew, pairs, records, shell
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


def in_a_shell(run: Run) -> NotebookNode:
    """The notebook executed in this process. Raises Failed with the traceback of the first cell that fails."""
    from toysae.sweeps import standings, workers

    workers._processes = lambda n: ThreadPoolExecutor(1)  # the processes of sweeps are the subject of test_sweeps
    Family.resampled.__func__.__kwdefaults__["draws"] = standings.DRAWS_OF_INTERVALS = 99  # intervals, of tests/claims
    prose._DPI = 50  # every figure is drawn and packed, but in fewer pixels
    return shell.executed(Path(run.source), run.parameters)


if __name__ == "__main__":
    main()
