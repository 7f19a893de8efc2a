"""The command line: python -m toysae.sweeps [NAME] [--only name=value] [--workers N | --scheduler ADDRESS].

Exit codes: 0 done, 1 something failed, 2 bad input, 130 interrupted.
"""

import argparse
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from toysae.sweeps import SweepError, catalogue
from toysae.terminal import streams
from toysae.terminal.command_line import OneLineParser, say

FOLDER = Path("build", "sweeps")


def main(words: list[str] | None = None, folder: Path = FOLDER) -> int:
    """Compute the sweep that the words ask for, or list what there is; returns the exit code."""
    streams.open_closed()
    asked = parser().parse_args(words)
    try:
        with interruptible():
            code = run(asked, folder)
            sys.stdout.flush()
            return code
    except BrokenPipeError:
        streams.silence()
        return say("nobody listens any more; the next run goes on from here", 1)
    except OSError as problem:
        return say(f"cannot go on: {problem.strerror or problem}: {problem.filename or ''}".rstrip(": "), 1)
    except KeyboardInterrupt:
        return say("interrupted; what is finished stays in the journal, the next run goes on from here", 130)


@contextmanager
def interruptible() -> Iterator[None]:
    """Inside, a polite kill and a closed terminal do what Ctrl-C does."""
    numbers = (signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, signal.default_int_handler) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def run(asked: argparse.Namespace, folder: Path) -> int:
    if asked.name is None:
        print(catalogue.listing())
        return 0
    try:
        settings = catalogue.find(asked.name).planned.settings
        n_settings = len(catalogue.only(settings, asked.only) if asked.only else settings)
        print(f"{asked.name}: {n_settings} settings; what is finished stays in {folder}")
        path = catalogue.run(asked.name, folder, asked.workers, asked.scheduler, asked.only)
    except ValueError as problem:
        return say(problem, 2)
    except SweepError as problem:
        return say(problem, 1)
    print(f"finished: {path}; without --only, the rest and the table" if asked.only else f"table: {path}")
    return 0


def number_of_workers(text: str) -> int:
    """As --workers takes it, refused before anything heavy is imported."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r}: allowed is a whole number of 1 or more")
    return int(text)


def parser() -> argparse.ArgumentParser:
    parser = OneLineParser(prog="python -m toysae.sweeps", description="Compute a large sweep, or go on with it.")
    parser.add_argument("name", metavar="NAME", nargs="?", help="one of those that are listed without a name")
    parser.add_argument(
        "--only", metavar="name=value", help="these settings alone, such as notebook=01_minimal_example"
    )
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        "--workers", type=number_of_workers, metavar="N", help="processes on this machine (default: one per core)"
    )
    where.add_argument("--scheduler", metavar="ADDRESS", help="of a Dask cluster, for example tcp://10.0.0.1:8786")
    return parser


if __name__ == "__main__":
    sys.exit(main())
