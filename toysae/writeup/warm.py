"""Warm starts: one process imports what notebooks need, and each worker is a fork of it, which has it all at once.

Forking is safe on Linux only: elsewhere, macOS for one, system libraries fail in a fork, and every worker starts anew.
A worker is a process that runs toysae.writeup.worker between three files: orders, events and a log.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import IO, NoReturn, Protocol

from toysae.writeup.preload import leave, preload

FORKS = sys.platform == "linux"


class Starter(Protocol):
    """Starts workers."""

    def start(self, orders: int, events: int, log: int) -> None:
        """Start one between these files, given by their numbers, which the caller may close then."""

    def end(self, deadline: float) -> None:
        """Wait for all to end, which they do when their orders end; kill those that live at the deadline."""


class Fresh:
    """Starts every worker as a Python of its own."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._environment = environment
        self._started: list[subprocess.Popen] = []

    def start(self, orders: int, events: int, log: int) -> None:
        # In a session of its own, Ctrl-C reaches the runner only, which then ends the workers in order
        command, told = [sys.executable, "-m", "toysae.writeup.worker"], self._environment
        process = subprocess.Popen(command, stdin=orders, stdout=events, stderr=log, env=told, start_new_session=True)
        self._started.append(process)

    def end(self, deadline: float) -> None:
        for process in self._started:
            try:
                process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


class Forks:
    """Starts workers as forks of one process, which has imported what the notebooks `sources` import."""

    def __init__(self, environment: dict[str, str], sources: Iterable[Path], log: IO) -> None:
        self._fresh = Fresh(environment)
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        command = [sys.executable, "-m", "toysae.writeup.warm", *map(str, sources)]
        with theirs:
            self._process = subprocess.Popen(
                command, stdin=theirs.fileno(), stdout=log, stderr=log, env=environment, start_new_session=True
            )

    def start(self, orders: int, events: int, log: int) -> None:
        try:
            socket.send_fds(self._socket, [b"."], [orders, events, log])
        except OSError:  # that process is gone; the notebooks can do without
            self._fresh.start(orders, events, log)

    def end(self, deadline: float) -> None:
        self._socket.close()
        self._process.terminate()  # which it heeds while it imports; later it ends when its workers have
        try:
            self._process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)  # the workers belong to its group
            self._process.wait()
        self._fresh.end(deadline)


def starter(environment: dict[str, str], sources: Iterable[Path], log: IO) -> Starter:
    """The one for this machine. What the process that forks has to say goes to the log."""
    return Forks(environment, sources, log) if FORKS else Fresh(environment)


# ---- the process that forks


def main() -> None:
    """Import, then fork a worker for each message on standard input, a socket; end when it closes."""
    asked = socket.socket(fileno=os.dup(0))
    preload(map(Path, sys.argv[1:]))
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody asks here how a worker ended
    while True:
        message, ends, *_ = socket.recv_fds(asked, 1, 3)
        if not message:
            break
        if not os.fork():
            asked.close()
            _become_worker(ends)
        for end in ends:
            os.close(end)
    with suppress(ChildProcessError):
        os.waitpid(-1, 0)  # returns when all have ended


def _become_worker(ends: list[int]) -> NoReturn:
    for ignored in (signal.SIGTERM, signal.SIGCHLD):
        signal.signal(ignored, signal.SIG_DFL)
    for number, end in enumerate(ends):
        os.dup2(end, number)
        os.close(end)
    from toysae.writeup import worker

    worker.main(forked=True)
    leave()


if __name__ == "__main__":
    if Path(sys.path[0]) == Path.cwd():
        del sys.path[0]  # put there by "python -m"; a kernel that starts anew is without it too
    main()
