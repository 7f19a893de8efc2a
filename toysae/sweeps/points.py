"""Points of sweeps: from one setting to rows of a table, a whole stack of SAEs at a time.

A setting describes SAEs; `combinations` says what is in it. Each of its values may be a list: then an SAE is trained
for every combination. SAEs share a stack wherever their shapes and data points agree, even if they live in different
worlds and pay different prices: a phase diagram over co-occurrence and l1_coeff is one tensor program.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from toysae.measures.assessment import Assessment, assess
from toysae.measures.labels import LABELS, THRESHOLD
from toysae.saes.stack import ReluL1, Stack, untrained
from toysae.saes.starts import initial_rows
from toysae.saes.training import Batches, Data, Support, fit
from toysae.sweeps.settings import Setting, grid
from toysae.worlds.finite import finite_data
from toysae.worlds.named_worlds import WORLDS
from toysae.worlds.world import World


def combinations(
    world: str,
    n_latents: int,
    l1_coeff: float,
    mu: float = 1.0,
    sigma: float = 0.0,
    init: str = "random-sign",
    decoder_bias: bool = False,
    tied: bool = False,
    data: str = "finite",
    batch_size: int = 128,
    data_seed: int = 0,
    n_steps: int = 3000,
    lr: float = 0.01,
    threshold: float = THRESHOLD,
    seed: int = 0,
    **parameters: float,
) -> list[Setting]:
    """One setting per SAE, from a setting in which any value may be a list; seed varies fastest.

    world       a name in WORLDS; parameters are that world's own numbers
    data        "finite": every data point with its probability, exact for sigma = 0, else a grid of quantiles;
                "batches": fresh samples in every step, the same ones for all SAEs of a world
    batch_size  and data_seed matter for "batches" alone
    n_steps     0 leaves the SAEs as they start, which gives the rates by chance
    """
    settings = locals()
    return grid(world=settings.pop("world"), **settings.pop("parameters"), **settings)


def recovery(**setting: Any) -> list[dict]:
    """One row per SAE: loss, l0, explained_variance, mmcs, mcc, the number of latents of each label, features_found,
    and whether it has no atom and no dead latent. A setting is what `combinations` takes."""
    rows = {}
    for family, seen in _families_trained(combinations(**setting)):
        columns = {name: values.tolist() for name, values in _recovery(seen).items()}
        for i, (position, cell) in enumerate(family.cells.items()):
            rows[position] = cell | {name: values[i] for name, values in columns.items()}
    return [rows[position] for position in sorted(rows)]


def directions(**setting: Any) -> list[dict]:
    """One row per latent: its label, the features it stands for, its cosine with each feature (cos_1, cos_2, ...).

    A setting is what `combinations` takes.
    """
    rows = {}
    for family, seen in _families_trained(combinations(**setting)):
        cosines = seen.cosines.tolist()
        for i, (position, cell) in enumerate(family.cells.items()):
            rows[position] = [cell | latent for latent in _latents(seen, i, cosines[i])]
    return [row for position in sorted(rows) for row in rows[position]]


for _point in (recovery, directions):
    _point.__signature__ = inspect.signature(combinations)  # type: ignore[attr-defined]  # inspect looks for it there


def _recovery(seen: Assessment) -> dict[str, Tensor]:
    counts = {label: seen.labels.count(label) for label in LABELS}
    scores = {name: getattr(seen, name) for name in ("l0", "explained_variance", "mmcs", "mcc")}
    found = {"features_found": seen.labels.features_found, "no_atom": seen.lacks_atoms, "all_live": seen.all_live}
    return {"loss": seen.losses} | scores | counts | found


def _latents(seen: Assessment, i: int, cosines: list[list[float]]) -> Iterator[dict]:
    features = [str(i + 1) for i in range(seen.cosines.shape[2])]
    kinds, names = seen.labels.kinds[i].tolist(), seen.labels.names(i, features)
    for latent, cosine in enumerate(cosines):
        label = LABELS[kinds[latent]]
        stands_for = names[latent] if label in ("atomic", "composite") else ""
        along = {f"cos_{feature}": value for feature, value in zip(features, cosine, strict=True)}
        yield {"latent": latent, "label": label, "stands_for": stands_for} | along


STACKED = ("l1_coeff", "seed")  # what the SAEs of one world may differ in within a stack


@dataclass(frozen=True)
class Family:
    """SAEs of one world, alike in everything but STACKED: position in the table -> setting."""

    world: World
    cells: dict[int, Setting]

    @property
    def recipe(self) -> Setting:
        """The setting of the first; all share it but for STACKED."""
        return next(iter(self.cells.values()))

    def values(self, name: str) -> list:
        return [cell[name] for cell in self.cells.values()]


def _families_trained(cells: list[Setting]) -> Iterator[tuple[Family, Assessment]]:
    """Trains all SAEs, and looks at those of each world."""
    alike = _grouped(enumerate(cells), lambda numbered: _without(numbered[1], STACKED))
    families = [Family(_world(group[0][1]), dict(group)) for group in alike]
    for together in _grouped(families, _same_stack):
        stack, start = _trained(together), 0
        for family in together:
            part = stack[start : start + len(family.cells)]
            start += len(part)
            yield family, assess(part, family.world, family.recipe["threshold"])


def _grouped(items: Iterable, key: Callable[..., Hashable]) -> list[list]:
    """Items with the same key together, each group where its first one stands."""
    groups: dict[Hashable, list] = {}
    for item in items:
        groups.setdefault(key(item), []).append(item)
    return list(groups.values())


def _without(setting: Setting, names: Iterable[str]) -> Hashable:
    return tuple((name, value) for name, value in setting.items() if name not in names)


def _same_stack(family: Family) -> Hashable:
    """Equal for families that can be one tensor program: the same data points, weighted differently at most."""
    if family.recipe["data"] != "finite":
        return _without(family.recipe, STACKED)
    points, _ = finite_data(family.world)
    return _without(family.recipe, {*STACKED, *_world_numbers(family.recipe)}), points.numpy().tobytes()


def _trained(families: list[Family]) -> Stack:
    recipe = families[0].recipe
    seeds = [seed for family in families for seed in family.values("seed")]
    prices = torch.tensor([price for f in families for price in f.values("l1_coeff")], dtype=torch.float64)
    rows = [initial_rows(recipe["init"], f.world, recipe["n_latents"], f.values("seed")) for f in families]
    bias, tied = recipe["decoder_bias"], recipe["tied"]
    start = untrained(ReluL1(prices), torch.cat(rows), seeds, decoder_bias=bias, tied=tied)
    if recipe["n_steps"] == 0:
        return start
    return fit(start, SOURCES_OF_DATA[recipe["data"]](families), n_steps=recipe["n_steps"], lr=recipe["lr"])[0]


def _finite(families: list[Family]) -> Data:
    supports = [finite_data(family.world) for family in families]
    if len(families) == 1:
        return Support(*supports[0])
    weights = [p.expand(len(family.cells), -1) for family, (_, p) in zip(families, supports, strict=True)]
    return Support(supports[0][0], torch.cat(weights))


def _batches(families: list[Family]) -> Data:
    recipe = families[0].recipe
    return Batches(families[0].world, recipe["batch_size"], torch.Generator().manual_seed(recipe["data_seed"]))


SOURCES_OF_DATA: dict[str, Callable[[list[Family]], Data]] = {"finite": _finite, "batches": _batches}


def _world(cell: Setting) -> World:
    """The world of a setting, once everything in it was found to be possible."""
    _require_one_of("world", cell["world"], WORLDS)
    _require_one_of("data", cell["data"], SOURCES_OF_DATA)
    for name, lowest in {"n_latents": 1, "batch_size": 1, "n_steps": 0, "seed": 0, "data_seed": 0}.items():
        if not isinstance(cell[name], int) or cell[name] < lowest:
            raise ValueError(f"{name} is {cell[name]!r}: allowed is a whole number of {lowest} or more")
    own = {name: cell[name] for name in _world_numbers(cell)}
    build = WORLDS[cell["world"]]
    taken = [p for p in inspect.signature(build).parameters.values() if p.kind is not p.VAR_KEYWORD]
    needed = {p.name for p in taken if p.default is p.empty}
    if not needed <= own.keys() <= {p.name for p in taken}:
        names = ", ".join(p.name for p in taken) or "none"
        raise ValueError(f"{cell['world']} has the numbers {own}: allowed are {names}")
    return build(**own, mu=cell["mu"], sigma=cell["sigma"])


def _world_numbers(cell: Setting) -> set[str]:
    """Names of the numbers that are the world's own."""
    return set(cell) - set(inspect.signature(combinations).parameters)


def _require_one_of(name: str, value: object, allowed: Collection[str]) -> None:
    if value not in allowed:
        raise ValueError(f"{name} is {value!r}: allowed is one of {', '.join(allowed)}")
