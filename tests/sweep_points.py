"""Points that the tests of sweeps use: quick, and open about what happens in a worker."""

import os
import time
from pathlib import Path

import pandas as pd

from toysae.sweeps import grid
from toysae.sweeps.catalogue import Planned


def third(n, seconds=0.0):
    """Three rows, with what is hard to keep: a third, a float that is not a number, words, a truth value."""
    note_the_call(n)
    time.sleep(seconds)
    same = {"nan": float("nan"), "word": f"é {n}", "odd": n % 2 == 1}
    return [{"row": i, "third": (n + i) / 3} | same for i in range(3)]


def as_table(n):
    return pd.DataFrame({"x": [n / 7, n / 11], "n": [10 * n, 10 * n + 1]})


def where(n):
    """The world that a worker sees."""
    variables = {name: os.environ.get(name) for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS")}
    return [variables | {"process": os.getpid()}]


def fails_at_two(n):
    if n == 2:
        raise ValueError("two is too much\nand this is a second line")
    return [{"x": n}]


def dies(n):
    os._exit(3)


def returns_a_number(n):
    return n


def takes_anything(first, last=1, **others):
    return [{"total": first + last}]


def note_the_call(n):
    """A line in the file that the environment names: which settings were computed, and how often."""
    path = os.environ.get("CALLS_OF_POINTS")
    if path:
        with Path(path).open("a") as file:
            file.write(f"{n}\n")


SMALL = Planned(as_table, grid(n=[1, 2]))
FAILING = Planned(fails_at_two, grid(n=[1, 2]))
