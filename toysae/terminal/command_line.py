"""One line for what is wrong."""

import argparse
import sys
from typing import NoReturn


class OneLineParser(argparse.ArgumentParser):
    """A parser that says in one line what is wrong, and ends with 2. A command of its own points to the whole."""

    def error(self, message: str) -> NoReturn:
        program = " ".join(self.prog.split()[:3])  # python -m toysae.writeup, without the command
        self.exit(2, f"{message} (see: {program} --help)\n")


def say(problem: object, code: int) -> int:
    """Tell it on standard error; returns the exit code."""
    print(problem, file=sys.stderr)
    return code
