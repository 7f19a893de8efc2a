"""A worker: one notebook, executed by Papermill in a process of its own.

The process reads one job (a line of JSON) from its standard input and answers with events (lines of JSON) on
its standard output. When that input closes, whoever asked is gone, and the process ends with its kernel.
"""

import json
import logging
import os
import re
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

from nbformat import NotebookNode
from traitlets.config import Config

from toysae.claims.record import Published
from toysae.writeup import banner, kernels, pairs, records

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


class Events:
    """The stream of events back to the process that asked."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def send(self, **event: Any) -> None:
        self._stream.write(json.dumps(event) + "\n")
        self._stream.flush()


def main(forked: bool = False) -> None:
    """Do the job that standard input holds. A forked process forks its kernel."""
    orders = sys.stdin.readline()
    if not orders:  # who asked is gone already
        return
    job = json.loads(orders)
    os.chdir(Path(job["source"]).parent)
    kernel = kernels.Kernel(job["name"], kernels.Fork() if forked else None)  # first, for no thread may run by then
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    events = Events(os.fdopen(os.dup(1), "w"))
    os.dup2(2, 1)  # a kernel inherits this descriptor, and what it prints must not mix with the events
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        execute(job, kernel, events)
    except kernels.NoPlace as problem:
        events.send(kind="failed", reason=str(problem))
    except OSError as problem:
        events.send(kind="failed", reason=f"cannot write: {problem.strerror or problem}")
    except Exception as problem:  # whatever went wrong belongs into the report on this notebook
        events.send(kind="failed", reason=f"{type(problem).__name__}: {problem}".rstrip(": "))


def execute(job: dict, kernel: kernels.Kernel, events: Events) -> None:
    """Execute job["source"] with job["parameters"] and leave the normalised result in job["output"]."""
    from nbclient.exceptions import DeadKernelError
    from papermill.exceptions import PapermillExecutionError

    notebook, published = pairs.read_source(Path(job["source"])), Published.read(Path(job["published"]))
    about = {"sources": pairs.fingerprint(notebook)}
    if job["banner"]:
        banner.insert(notebook, job["banner"])
        about["parameters"] = job["parameters"]
    try:
        with kernels.meeting(Path(job["output"]).parent, job["name"]) as config:
            report = _reporter(job["name"], notebook, published, events)
            executed = _papermill(notebook, job, kernel, config, report)
    except PapermillExecutionError as error:
        events.send(
            kind="failed", reason=f"{error.ename}: {error.evalue}".rstrip(": "), traceback=_last_lines(error.traceback)
        )
        return
    except DeadKernelError:
        events.send(kind="failed", reason=kernel.death())
        return
    if executed.metadata.papermill.exception:  # a cell left with exit(), which Papermill takes for a success
        events.send(kind="failed", reason="it was not executed to its end")
        return
    clean = pairs.normalise(executed, about)
    claims = records.claims_of(job["name"], clean, published)
    Path(job["output"]).write_bytes(pairs.to_bytes(clean))
    events.send(kind="done", claims=len(claims), hold=sum(claim.holds for claim in claims))


def _papermill(
    notebook: NotebookNode, job: dict, kernel: kernels.Kernel, config: Config, report: Callable
) -> NotebookNode:
    """Execute a notebook. What there is of it after a failure is left in job["partial"]."""
    from nbclient.exceptions import DeadKernelError
    from papermill import execute_notebook

    begun: list[NotebookNode] = []
    logging.getLogger("papermill").addHandler(logging.NullHandler())  # what it logs, it also raises
    try:
        return execute_notebook(
            notebook,
            job["partial"].replace("{", "{{").replace("}", "}}"),  # Papermill takes it for a template
            parameters=job["parameters"],
            kernel_name="python3",
            language="python",
            progress_bar=False,
            request_save_on_cell_execute=False,  # it would write the whole notebook twice for each cell
            start_timeout=300,
            iopub_timeout=300,
            on_notebook_start=lambda notebook: begun.append(notebook),
            on_cell_executed=report,
            kernel_manager_class=kernel.manager_class,
            config=config,
        )
    except DeadKernelError:
        Path(job["partial"]).write_bytes(pairs.to_bytes(begun[0]))
        raise


def _reporter(name: str, notebook: NotebookNode, published: Published, events: Events) -> Callable:
    counts = {"done": 0, "claims": 0, "hold": 0}
    total = sum(cell.cell_type == "code" for cell in notebook.cells)

    def report(cell: NotebookNode, **_: Any) -> None:
        claims = records.recorded(name, cell.outputs, published)
        counts["done"] += 1
        counts["claims"] += len(claims)
        counts["hold"] += sum(claim.holds for claim in claims)
        events.send(kind="cell", total=max(total, counts["done"]), **counts)

    return report


def _last_lines(traceback: list[str]) -> list[str]:
    """The end of a traceback, without colours: the cell's line and the error."""
    return _COLOUR.sub("", "\n".join(traceback)).splitlines()[-15:]


def _end_with_parent() -> None:
    sys.stdin.read()
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()
