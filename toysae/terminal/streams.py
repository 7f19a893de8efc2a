"""Standard output and error, also where they are closed or nobody listens."""

import os
import sys


def open_closed() -> None:
    """Where standard output or error was closed, what is said goes nowhere, and no other file takes its number."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115 (as long as the process)


def silence() -> None:
    """Send the rest of standard output nowhere: Python itself writes it at its end, and would fail."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
