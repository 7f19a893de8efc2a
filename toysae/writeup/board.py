"""What the terminal shows while notebooks run."""

import shutil
import sys
import time
from typing import Any, TextIO

from toysae.writeup.crew import Outcome

_QUIET = 20.0  # seconds between two reports on a notebook where the output is no terminal


class Board:
    """Lines that stay: a notebook began, a notebook ended. Between them, seldom, how far it is."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self.stream = stream or sys.stdout
        self._began: dict[str, float] = {}
        self._state: dict[str, str] = {}
        self._last = time.monotonic()

    def line(self, text: str = "") -> None:
        """A line that stays."""
        self.stream.write(text + "\n")
        self.stream.flush()

    def started(self, name: str) -> None:
        self._began[name], self._state[name] = time.monotonic(), "starting"
        self.line(f"{name}: started")

    def cell(self, name: str, event: dict[str, Any]) -> None:
        claims = f", {_published(event['hold'], event['claims'])}" if event["claims"] else ""
        self._state[name] = f"cell {event['done']}/{event['total']}{claims}"

    def tick(self) -> None:
        if self._state and time.monotonic() - self._last > _QUIET:
            self._last = time.monotonic()
            self.line(self._now())

    def ended(self, outcome: Outcome) -> None:
        self._state.pop(outcome.job.name)
        self.line(summary(outcome))

    def _now(self, letters: int | None = None) -> str:
        """How far every notebook is, each name cut to so many letters."""
        spent = {name: time.monotonic() - self._began[name] for name in self._state}
        return " | ".join(f"{name[:letters]} {state}, {spent[name]:.0f} s" for name, state in self._state.items())


class LiveBoard(Board):
    """On a terminal: below the lines that stay, one that is always rewritten."""

    def line(self, text: str = "") -> None:
        super().line("\r\033[K" + text)

    def started(self, name: str) -> None:
        self._began[name], self._state[name] = time.monotonic(), "starting"

    def tick(self) -> None:
        room = shutil.get_terminal_size().columns - 1
        line = self._now() if len(self._now()) <= room else self._now(letters=2)  # a name begins with its number
        self.stream.write("\r\033[K" + line[:room])
        self.stream.flush()


def board_for(stream: TextIO | None = None) -> Board:
    """The board that suits the stream (standard output if none is given)."""
    stream = stream or sys.stdout
    return LiveBoard(stream) if stream.isatty() else Board(stream)


def summary(outcome: Outcome) -> str:
    """One line on how a notebook ended."""
    if not outcome.succeeded:
        return f"{outcome.job.name}: FAILED after {outcome.seconds:.1f} s: {outcome.reason}"
    return f"{outcome.job.name}: done in {outcome.seconds:.1f} s, {_published(outcome.hold, outcome.claims)}"


def _published(hold: int, claims: int) -> str:
    return f"claims {hold}/{claims} as published"
