"""The contest that is kept with the notebooks, and a part of it that is trained again and held against it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from toysae.chapters.remedies.arena import Task
from toysae.chapters.remedies.contestants import Contestant, judged
from toysae.sweeps.contests import ROW
from toysae.sweeps.tables import read_table

KEPT = Path(__file__).parents[3] / "notebooks" / "tables" / "remedies.csv"
SETTINGS = ("spread", "n_steps", "lr", "threshold")  # of the whole contest
SAME_COUNTS = ("found", "found_90", "composite")  # of two dictionaries that score the same
NEAR = {"mcc": 0.01, "extra_cost": 0.01}  # how far their other scores may lie apart


def kept_contest() -> pd.DataFrame:
    """The table of the sweep "remedies": one row per task, contestant, setting and seed."""
    return read_table(KEPT)


def kept_settings(table: pd.DataFrame) -> dict[str, float]:
    """What the whole contest was run with."""
    return {name: table[name].iloc[0] for name in SETTINGS}


def seeds_again(seed: int, n_saes: int, n_kept: int) -> range:
    """n_saes seeds that begin among those of the kept contest; another seed of a run begins elsewhere."""
    start = seed * n_saes % n_kept
    return range(start, start + n_saes)


def trained_again(
    contestant: Contestant, setting: float, task: Task, seeds: Sequence[int], threshold: float, **plan: Any
) -> list[dict]:
    """One row per seed of a contestant at one setting: what `judged` says of it. plan holds n_steps and lr."""
    values = torch.full((len(seeds),), setting).double()
    stack = contestant.trained(task.world, task.n_latents, values, seeds, **plan)
    columns = {name: scores.tolist() for name, scores in judged(stack, task, threshold).items()}
    rows = pd.DataFrame(columns).assign(setting=setting, seed=list(seeds), n_features=task.world.n_features)
    return rows.to_dict("records")


def same(again: pd.DataFrame, kept: pd.DataFrame, *, seeds_apart: int = 0) -> NDArray[np.bool_]:
    """Whether rows of `again` score as the kept rows of the same task, contestant, setting and seed do.

    seeds_apart  how far the seeds of the kept rows lie from those they are held against: 0, but for a control
    returns      one bool for each row that has a kept one
    """
    shifted = kept.assign(seed=kept["seed"] - seeds_apart)
    both = again.merge(shifted, on=ROW, suffixes=("", "_kept"))
    counts = [(both[score] == both[f"{score}_kept"]) for score in SAME_COUNTS]
    others = [((both[score] - both[f"{score}_kept"]).abs() <= near) for score, near in NEAR.items()]
    return np.logical_and.reduce([column.to_numpy() for column in (*counts, *others)])
