"""What the terminal shows: seldom lines in a log, one live line on a terminal."""

import io
import time
from pathlib import Path

import pytest

from toysae.writeup import board as boards
from toysae.writeup.crew import Job, Outcome

CELL = {"kind": "cell", "done": 3, "total": 12, "claims": 2, "hold": 1}


def outcome(reason: str = "") -> Outcome:
    return Outcome(
        Job("01_x", Path("a"), Path("b"), Path("c"), Path("d")), seconds=1.24, claims=2, hold=1, reason=reason
    )


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_log_gets_a_line_at_the_start_and_at_the_end_and_none_per_cell():
    log = io.StringIO()
    board = boards.board_for(log)
    board.started("01_x")
    for _ in range(12):
        board.cell("01_x", CELL)
        board.tick()
    board.ended(outcome())
    assert log.getvalue() == "01_x: started\n01_x: done in 1.2 s, claims 1/2 as published\n"


def test_a_log_of_a_long_run_shows_now_and_then_how_far_it_is(monkeypatch):
    log, now = io.StringIO(), time.monotonic()
    board = boards.board_for(log)
    board.started("01_x")
    board.cell("01_x", CELL)
    monkeypatch.setattr(time, "monotonic", lambda: now + 30)
    board.tick()
    board.tick()
    assert log.getvalue().splitlines()[1:] == ["01_x cell 3/12, claims 1/2 as published, 30 s"]


def test_a_terminal_shows_one_live_line_with_every_notebook_and_rewrites_it():
    terminal = Terminal()
    board = boards.board_for(terminal)
    board.started("01_x")
    board.started("02_y")
    board.cell("01_x", CELL)
    board.tick()
    assert terminal.getvalue() == "\r\033[K01_x cell 3/12, claims 1/2 as published, 0 s | 02_y starting, 0 s"
    board.ended(outcome())
    assert terminal.getvalue().endswith("\r\033[K01_x: done in 1.2 s, claims 1/2 as published\n")


def test_the_live_line_is_never_wider_than_the_terminal(monkeypatch):
    monkeypatch.setenv("COLUMNS", "20")
    terminal = Terminal()
    board = boards.board_for(terminal)
    board.started("a_notebook_with_a_long_name")
    board.tick()
    assert len(terminal.getvalue().removeprefix("\r\033[K")) <= 19


def test_where_there_is_little_room_a_notebook_goes_by_its_number(monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    terminal = Terminal()
    board = boards.board_for(terminal)
    board.started("01_minimal_example")
    board.started("02_larger_example")
    board.tick()
    assert terminal.getvalue() == "\r\033[K01 starting, 0 s | 02 starting, 0 s"


@pytest.mark.parametrize("reason", ["ValueError: no", "the kernel died"])
def test_a_failure_is_told_with_its_reason(reason):
    assert boards.summary(outcome(reason)) == f"01_x: FAILED after 1.2 s: {reason}"
