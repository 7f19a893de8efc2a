"""Workers side by side: one process per notebook, as many at a time as there are cores.

An interrupt, or any other end of this process, ends the workers and their kernels.
"""

import json
import os
import selectors
import signal
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any, Protocol

from toysae.writeup import warm

# Kernels that lie elsewhere, what a user starts in each, and the notebook in JupyterLab that we may be started from
_OF_OTHERS = {"JUPYTER_PATH", "PYTHONSTARTUP", "JPY_SESSION_NAME"}
# What is freed stays with the process: fresh pages from the system cost up to half as much again as the arithmetic
_KEEP_MEMORY = {"MALLOC_MMAP_THRESHOLD_": str(2**32), "MALLOC_TRIM_THRESHOLD_": str(2**33)}
_INTERRUPTED = "KeyboardInterrupt caught in kernel"  # said by a kernel that is told to end when it has ended already
_PATIENCE = 5.0  # seconds that a worker gets to end its kernel before it is killed


@dataclass
class Job:
    """One notebook to execute: the result goes to `output`, what there is of it after a failure to `partial`.

    published  the file of the claims that those of this notebook are compared with
    """

    name: str
    source: Path
    output: Path
    partial: Path
    published: Path
    parameters: dict[str, Any] = field(default_factory=dict)
    banner: str = ""

    def to_json(self) -> str:
        return json.dumps(vars(self), default=str)


@dataclass
class Outcome:
    """How a job ended. `reason` is empty if it succeeded; `hold` counts the claims that came out as published."""

    job: Job
    seconds: float = 0.0
    claims: int = 0
    hold: int = 0
    reason: str = "the process that executed it ended without a word: killed, or out of memory"
    traceback: list[str] = field(default_factory=list)

    @property
    def succeeded(self) -> bool:
        return not self.reason


class Interrupted(BaseException):
    """Someone wants this to stop: Ctrl-C, or a polite kill. No error, so that nothing takes it for one."""


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Listener(Protocol):
    """Who is told about what happens: a board."""

    def started(self, name: str) -> None:
        """A notebook begins."""

    def cell(self, name: str, event: dict[str, Any]) -> None:
        """One of its cells is done."""

    def ended(self, outcome: Outcome) -> None:
        """A notebook ended, well or not."""

    def tick(self) -> None:
        """Some time went by."""


@contextmanager
def interruptible() -> Iterator[None]:
    """Inside, Ctrl-C, SIGTERM and a closed terminal raise Interrupted."""

    def stop(number: int, _frame: FrameType | None) -> None:
        raise Interrupted(signal.Signals(number).name)

    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, stop) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def execute(jobs: list[Job], folder: Path, board: Listener) -> Generator[Outcome, None, None]:
    """Execute all jobs and yield their outcomes in the order they end.

    folder  for logs and the kernels' own files
    board   is told about what happens
    Closing the iterator, or an interrupt, ends every worker and kernel first.
    """
    if not jobs:
        return
    waiting = list(jobs)
    crew: dict[int, _Worker] = {}  # by the number of the pipe that a worker talks through
    with selectors.DefaultSelector() as selector, (folder / "log").open("w") as log:
        starter = warm.starter(_environment(folder), [job.source for job in jobs], log)
        try:
            while waiting or crew:
                while waiting and len(crew) < cores():
                    worker = _Worker(waiting.pop(0), folder, starter)
                    crew[worker.pipe.fileno()] = worker
                    selector.register(worker.pipe, selectors.EVENT_READ)
                    board.started(worker.job.name)
                for key, _ in selector.select(timeout=0.2):
                    if not crew[key.fd].read(board):
                        selector.unregister(key.fileobj)
                        outcome = crew.pop(key.fd).finish()
                        board.ended(outcome)
                        yield outcome
                board.tick()
        finally:
            for worker in crew.values():
                worker.dismiss()
            starter.end(time.monotonic() + _PATIENCE)


class _Worker:
    """What a worker is told and what it says. It ends when its orders do, if only with this process."""

    def __init__(self, job: Job, folder: Path, starter: warm.Starter) -> None:
        self.job, self.began = job, time.monotonic()
        self.outcome = Outcome(job)
        self._rest = b""
        self._log = (folder / f"{job.name}.log").open("w+")
        (orders, told), (heard, events) = os.pipe(), os.pipe()
        starter.start(orders, events, self._log.fileno())
        for end in (orders, events):
            os.close(end)
        self.pipe, self._orders = os.fdopen(heard, "rb"), os.fdopen(told, "wb", buffering=0)
        with suppress(BrokenPipeError):  # it has ended already, which its other pipe will tell
            self._orders.write(job.to_json().encode() + b"\n")

    def read(self, board: Listener) -> bool:
        """Take in what the worker sent; False once it has nothing more to say."""
        chunk = os.read(self.pipe.fileno(), 65536)
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        for line in lines:
            self._take(json.loads(line), board)
        return bool(chunk)

    def _take(self, event: dict[str, Any], board: Listener) -> None:
        if event["kind"] == "cell":
            board.cell(self.job.name, event)
            return
        self.outcome.reason = event.get("reason", "")
        self.outcome.traceback = event.get("traceback", [])
        self.outcome.claims, self.outcome.hold = event.get("claims", 0), event.get("hold", 0)

    def finish(self) -> Outcome:
        self.outcome.seconds = time.monotonic() - self.began
        if not self.outcome.succeeded and not self.outcome.traceback:
            self._log.seek(0)
            lines = self._log.read().splitlines()
            self.outcome.traceback = [line for line in lines if _INTERRUPTED not in line][-12:]
        self.dismiss()
        self.pipe.close()
        self._log.close()
        return self.outcome

    def dismiss(self) -> None:
        """It ends now, and its kernel with it."""
        self._orders.close()


def _environment(folder: Path) -> dict[str, str]:
    """One thread per notebook, this checkout's package first, and nothing from the user's own set-up."""
    package_parent = str(Path(__file__).resolve().parents[2])
    path = [package_parent, *filter(None, [os.environ.get("PYTHONPATH")])]
    (folder / "matplotlibrc").touch()  # an empty one, which wins over the user's
    kept = {name: value for name, value in os.environ.items() if name not in _OF_OTHERS}
    return kept | {
        "PYTHONPATH": os.pathsep.join(path),
        "OMP_NUM_THREADS": "1",
        "TQDM_DISABLE": "1",
        "JUPYTER_PREFER_ENV_PATH": "1",
        "PYTHONHASHSEED": "0",
        "SOURCE_DATE_EPOCH": "0",
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "MATPLOTLIBRC": str(folder / "matplotlibrc"),
        "IPYTHONDIR": str(folder / "ipython"),
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        **_KEEP_MEMORY,
    }
