"""Sweeps: a grid of settings becomes one tidy table, on all cores or on a cluster, and a killed sweep goes on.

A *point* is a function of a module: it takes one setting as keyword arguments and returns rows, one dict each. Settings
are computed side by side, each in a process with one thread. Every finished one is written to a *journal* at once. The
table depends on the settings and the code alone: not on the number of cores, nor on how often the sweep was killed.

    table = sweep(points.recovery, grid(world="two_of_three", n_latents=3, l1_coeff=[0.05, 0.1], seed=[range(64)]))
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from toysae.sweeps.journal import Journal, as_text
from toysae.sweeps.origin import code_hash, versions
from toysae.sweeps.settings import Point, Setting, complete, grid, point_name, require_importable
from toysae.sweeps.tables import read_table, write_table
from toysae.sweeps.workers import computed, executor_for

if TYPE_CHECKING:  # workers import this package too, and would wait half a second for what they do not use
    import pandas as pd

__all__ = ["SweepError", "grid", "provenance", "read_table", "sweep", "write_table"]


class SweepError(RuntimeError):
    """Some settings failed. The others are in the journal, and here.

    failures  (setting, reason) of each that failed
    table     the rows of all others
    """

    def __init__(self, failures: list[tuple[Setting, str]], table: pd.DataFrame, n_settings: int) -> None:
        setting, reason = failures[0]
        super().__init__(f"{len(failures)} of {n_settings} settings failed; the first is {as_text(setting)}: {reason}")
        self.failures, self.table = failures, table


def sweep(
    point: Point,
    settings: Iterable[Setting],
    *,
    journal: str | Path | None = None,
    n_workers: int | None = None,
    scheduler: str | None = None,
) -> pd.DataFrame:
    """Computes point(**setting) for every setting; one table of all rows, in the order of the settings.

    point      a function of a module that can be imported; it returns a list of dicts or a DataFrame. Its values are
               numbers, strings, booleans, None, or lists of them
    settings   keyword arguments of the point; grid() makes them
    journal    a file of finished settings: those in it are not computed again, those finished now are added
    n_workers  processes on this machine; one per core when left out
    scheduler  the address of a Dask scheduler, whose workers compute instead, for example tcp://10.0.0.1:8786

    A row holds every setting, the point's defaults included, then what the point returned; where both have a name, the
    point's value stands. In a script, call this below `if __name__ == "__main__":`, because processes are started.

    raises  ValueError for what cannot be; SweepError where a point failed, after all others were computed
    """
    require_importable(point)
    settings, code = complete(point, settings), code_hash(point)
    keys = [as_text({"point": point_name(point), "code": code, "setting": setting}) for setting in settings]
    wanted = dict(zip(keys, settings, strict=True))
    nothing: dict[str, list[dict]] = {}
    with Journal(journal) if journal else nullcontext(nothing) as finished:
        missing = {key: setting for key, setting in wanted.items() if key not in finished}
        failures = {}
        with executor_for(n_workers, scheduler, len(missing)) as executor:
            for key, rows, reason in computed(executor, point, missing, code, n_done=len(wanted) - len(missing)):
                if reason:
                    failures[key] = reason
                else:
                    finished[key] = rows
        table = _joined((wanted[key], finished[key]) for key in keys if key in finished)
    if failures:
        raise SweepError([(wanted[key], failures[key]) for key in keys if key in failures], table, len(keys))
    return table


def provenance(point: Point, settings: Iterable[Setting]) -> dict:
    """What the table of a sweep was made from: point, code, versions, every setting. For write_table."""
    completed = complete(point, settings)
    return {"point": point_name(point), "code": code_hash(point), "versions": versions(), "settings": completed}


def _joined(results: Iterable[tuple[Setting, list[dict]]]) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame([setting | row for setting, rows in results for row in rows])
