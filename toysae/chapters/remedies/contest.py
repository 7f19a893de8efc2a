"""The contest as a point of a sweep: one contestant on one task, all its settings, all seeds."""

from __future__ import annotations

from collections.abc import Sequence

from toysae.chapters.remedies.arena import TASKS
from toysae.chapters.remedies.contestants import tried
from toysae.chapters.remedies.settings import CONTESTANTS
from toysae.measures.labels import THRESHOLD
from toysae.worlds.magnitudes import TwoLevels

N_SELECTING, N_SCORED = 16, 32  # seeds by which settings are chosen, the first ones; and seeds that are scored
DECIMALS = {"loss": 6}  # of a score in the table; four of all others


def remedy_point(
    task: str,
    contestant: str,
    spread: float = 0.1,
    n_steps: int = 1000,
    lr: float = 0.01,
    threshold: float = THRESHOLD,
    seed: Sequence[int] = tuple(range(N_SELECTING + N_SCORED)),
) -> list[dict]:
    """One row per setting and seed: the seed's role, "selecting" or "scored", and scores as `judged` gives them.

    task        a name in TASKS
    contestant  a name in CONTESTANTS
    spread      standard deviation of the magnitudes, see `TwoLevels`
    """
    for name, value, allowed in (("task", task, TASKS), ("contestant", contestant, CONTESTANTS)):
        if value not in allowed:
            raise ValueError(f"{name} is {value!r}: allowed is one of {', '.join(allowed)}")
    built = TASKS[task](magnitudes=TwoLevels(spread))
    scores = tried(CONTESTANTS[contestant], built, seed, threshold=threshold, n_steps=n_steps, lr=lr)
    return [_row(row, built.world.n_features) for row in scores]


def role(seed: int) -> str:
    """What a seed of the kept contest is for."""
    return "selecting" if seed < N_SELECTING else "scored"


def _row(scores: dict, n_features: int) -> dict:
    own = {name: scores.pop(name) for name in ("setting", "seed")}
    rounded = {name: _plain(value, DECIMALS.get(name, 4)) for name, value in scores.items()}
    return own | {"role": role(own["seed"]), "n_features": n_features} | rounded


def _plain(value: float, decimals: int) -> float | None:
    """A few decimals; nothing where there is no number, since a journal knows none."""
    if isinstance(value, int):
        return value
    return round(float(value), decimals) if abs(value) < float("inf") else None
