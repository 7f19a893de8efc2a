"""The contest of all remedies as a point of a sweep: a larger grid than fits into a notebook, and its table."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from toysae.chapters.remedies import contestants
from toysae.chapters.remedies.arena import TASKS
from toysae.chapters.remedies.settings import BASELINES, CLASSICAL, REMEDIES
from toysae.chapters.remedies.tuning import tuned
from toysae.claims.intervals import Mean
from toysae.measures.labels import THRESHOLD
from toysae.sweeps.tables import read_table
from toysae.worlds.magnitudes import TwoLevels

COMMITTED = Path(__file__).parents[3] / "notebooks" / "tables" / "remedies.csv"
SCORES = ("found", "composite", "mcc", "absorption", "l0", "explained_variance", "excess")
CONTESTANTS = {c.name: c for c in (*REMEDIES, *CLASSICAL, *BASELINES)}


def remedy_point(
    task: str,
    contestant: str,
    spread: float = 0.1,
    n_saes: int = 16,
    n_steps: int = 2000,
    lr: float = 0.01,
    threshold: float = THRESHOLD,
    seed: int = 0,
) -> list[dict]:
    """One row per rule of `tuning`: the setting that it chooses, and scores with their intervals over n_saes seeds.

    task        a name in TASKS
    contestant  a name in CONTESTANTS
    spread      standard deviation of the magnitudes, see `TwoLevels`
    """
    for name, value, allowed in (("task", task, TASKS), ("contestant", contestant, CONTESTANTS)):
        if value not in allowed:
            raise ValueError(f"{name} is {value!r}: allowed is one of {', '.join(allowed)}")
    built = TASKS[task](magnitudes=TwoLevels(spread))
    seeds, selecting = seeds_of(seed, n_saes)
    tried = contestants.tried(CONTESTANTS[contestant], built, seeds, threshold=threshold, n_steps=n_steps, lr=lr)
    table = pd.DataFrame(tried).assign(task=task, contestant=contestant)
    chosen = tuned(table, selecting, {task: built.true_l0})
    return [_row(rule, rows) for rule, rows in chosen.groupby("rule", sort=False)]


def seeds_of(seed: int, n_saes: int) -> tuple[range, range]:
    """All seeds of a run, and the first of them, by which settings are chosen: half as many as are scored."""
    n_selecting = max(1, n_saes // 2)
    start = seed * (n_saes + n_selecting)
    return range(start, start + n_selecting + n_saes), range(start, start + n_selecting)


def committed() -> pd.DataFrame:
    """The table of the sweep "remedies" that is kept with the notebooks."""
    return read_table(COMMITTED)


def _row(rule: str, rows: pd.DataFrame) -> dict:
    means = {score: Mean.of(rows[score]) for score in SCORES}
    parts = {
        f"{score}{end}": _plain(value)
        for score, mean in means.items()
        for end, value in (("", mean.mean), ("_low", mean.low), ("_high", mean.high))
    }
    return {"rule": rule, "setting_chosen": float(rows["setting"].iloc[0])} | parts


def _plain(value: float) -> float | None:
    """Four decimals; nothing where there is no number, since a journal knows none."""
    return round(float(value), 4) if abs(value) < float("inf") else None
