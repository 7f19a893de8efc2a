"""The large sweeps, by name: too long for a notebook, run with `make sweep`.

What a sweep computes belongs to its chapter, and is found by its place when it is asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from pkgutil import resolve_name

from toysae.claims.words import nearest
from toysae.sweeps import provenance, sweep, write_table
from toysae.sweeps.settings import Point, Setting


@dataclass(frozen=True)
class Planned:
    """What a sweep computes: a point, and the settings that it is computed for."""

    point: Point
    settings: list[Setting]


@dataclass(frozen=True)
class Offer:
    """A sweep with a name.

    question  what it answers, in a line or two
    place     where its Planned stands, or a function that gives it: module:name
    """

    question: str
    place: str

    @property
    def planned(self) -> Planned:
        found = resolve_name(self.place)
        planned = found() if callable(found) else found
        assert isinstance(planned, Planned)
        return planned


SWEEPS = {
    "jitter": Offer(
        "How much may magnitudes vary before composites give way? Two of three, sigma / mu by l1_coeff, 64 seeds.",
        "toysae.chapters.when_they_win.plan:JITTER",
    ),
    "solo": Offer(
        "How often must a feature be seen alone? k of n with a leak, rate alone by l1_coeff, 64 seeds.",
        "toysae.chapters.when_they_win.plan:SOLO",
    ),
    "benchmark": Offer(
        "Is reconstruction recovery? A synthetic benchmark of 2,048 features, four kinds of SAE at two L0s, 8 seeds.",
        "toysae.chapters.beyond_the_toy.plan:BENCHMARK",
    ),
    "remedies": Offer(
        "Which remedy finds the features? The contest of the remedies: 32 seeds are scored, 16 choose the settings.",
        "toysae.chapters.remedies.plan:REMEDIES",
    ),
    "seeds": Offer(
        "Does a claim hang on the seed? Every notebook with the seeds 0 to 9; those whose code changed run again.",
        "toysae.sweeps.seeds:planned",
    ),
}


def listing() -> str:
    """What there is, one line each."""
    return "\n".join(f"{name:9} {offer.question}" for name, offer in SWEEPS.items())


def find(name: str) -> Offer:
    """The sweep of that name. Raises ValueError if there is none."""
    if name not in SWEEPS:
        raise ValueError(f"unknown sweep {name!r}: {nearest(name, SWEEPS)}")
    return SWEEPS[name]


def only(settings: list[Setting], wanted: str) -> list[Setting]:
    """The settings in which a name has a value, from words such as "task=tree". Raises ValueError if there is none."""
    name, _, value = wanted.partition("=")
    known = sorted({str(setting[name]) for setting in settings if name in setting})
    if not known:
        names = sorted(set().union(*settings))
        raise ValueError(f"{wanted!r}: must be name=value; {nearest(name, names)}")
    if value not in known:
        raise ValueError(f"{wanted!r}: no setting has that value; {nearest(value, known)}")
    return [setting for setting in settings if str(setting.get(name)) == value]


def run(
    name: str,
    folder: Path,
    n_workers: int | None = None,
    scheduler: str | None = None,
    wanted: str | None = None,
) -> Path:
    """Computes a sweep, or goes on with it, and returns its table: folder/NAME.csv, beside .json and .jsonl.

    wanted  name=value: those settings alone are computed. What is finished stays in the journal, which is then what is
            returned: a table holds all settings or none

    raises  ValueError for a name that does not exist or workers that cannot be; SweepError where settings failed
    """
    planned, path = find(name).planned, folder / f"{name}.csv"
    settings = only(planned.settings, wanted) if wanted else planned.settings
    journal = path.with_suffix(".jsonl")
    table = sweep(planned.point, settings, journal=journal, n_workers=n_workers, scheduler=scheduler)
    if wanted:
        return journal
    write_table(table, path, provenance(planned.point, planned.settings))
    return path
