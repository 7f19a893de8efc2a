"""The large sweeps, by name: too long for a notebook, run with `make sweep`."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from toysae.chapters.beyond_the_toy.trials import trial
from toysae.chapters.remedies.arena import TASKS
from toysae.chapters.remedies.contest import CONTESTANTS, remedy_point
from toysae.sweeps import provenance, sweep, write_table
from toysae.sweeps.points import recovery
from toysae.sweeps.settings import Point, Setting, grid

PRICES = [0.005, 0.01, 0.02, 0.03, 0.05, 0.07, 0.1, 0.15, 0.2, 0.25, 0.3]  # l1_coeff


@dataclass(frozen=True)
class Planned:
    """A sweep with a name."""

    question: str
    point: Point
    settings: list[Setting]


# The benchmark's world, and what each kind of SAE tries there: few active latents, and about as many as features fire
LARGE = {"n_features": 2048, "d_in": 128, "n_latents": 256, "mean_l0": 6.0, "n_families": 64, "n_steps": 1500}
TRIED = {"L1": [0.2, 0.4], "TopK": [3, 6], "JumpReLU": [0.05, 0.2], "Matryoshka": [3, 6]}


# Lists within lists are trained side by side, see toysae.points; one line of the journal holds them all
SWEEPS = {
    "jitter": Planned(
        "How much may magnitudes vary before composites give way? Two of three, sigma / mu by l1_coeff, 64 seeds.",
        recovery,
        grid(
            world="two_of_three",
            n_latents=3,
            l1_coeff=[PRICES],
            sigma=[i / 40 for i in range(33)],
            seed=[range(64)],
        ),
    ),
    "solo": Planned(
        "How often must a feature be seen alone? k of n with a leak, rate alone by l1_coeff, 64 seeds.",
        recovery,
        grid(
            world="solo_leak",
            n_latents=[3, 4, 6],
            n_features=[3, 4],
            k=2,
            l1_coeff=[PRICES],
            p_alone=[[i / 40 for i in range(33)]],
            seed=[range(16 * i, 16 * (i + 1)) for i in range(4)],
        ),
    ),
    "benchmark": Planned(
        "Is reconstruction recovery? A synthetic benchmark of 2,048 features, four kinds of SAE at two L0s, 8 seeds.",
        trial,
        [{"kind": kind, "setting": settings, "seed": list(range(8))} | LARGE for kind, settings in TRIED.items()],
    ),
    "remedies": Planned(
        "Which remedy finds the features? The contest of notebook 09, trained for longer and with more spread.",
        remedy_point,
        grid(task=list(TASKS), contestant=list(CONTESTANTS), spread=0.3, n_saes=8, n_steps=2000),
    ),
}


def listing() -> str:
    """What there is, one line each."""
    return "\n".join(f"{name:8} {planned.question}" for name, planned in SWEEPS.items())


def find(name: str) -> Planned:
    """The sweep of that name. Raises ValueError if there is none."""
    if name not in SWEEPS:
        close = get_close_matches(name, SWEEPS, n=1, cutoff=0.4)
        hint = f"did you mean {close[0]}?" if close else f"known: {', '.join(SWEEPS)}"
        raise ValueError(f"unknown sweep {name!r}: {hint}")
    return SWEEPS[name]


def run(name: str, folder: Path, n_workers: int | None = None, scheduler: str | None = None) -> Path:
    """Computes a sweep, or goes on with it, and returns its table: folder/NAME.csv, beside .json and .jsonl.

    raises  ValueError for a name that does not exist or workers that cannot be; SweepError where settings failed
    """
    planned, path = find(name), folder / f"{name}.csv"
    journal = path.with_suffix(".jsonl")
    table = sweep(planned.point, planned.settings, journal=journal, n_workers=n_workers, scheduler=scheduler)
    write_table(table, path, provenance(planned.point, planned.settings))
    return path
