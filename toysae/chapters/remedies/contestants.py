"""Who competes against composites, and how a contestant is scored; which settings each tries stands in `settings`.

A *contestant* turns a world into SAEs, or dictionaries that are handled like them. It has one knob, and no more than
MOST_SETTINGS settings of it. All settings and seeds of a contestant on one task are one stack.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor

from toysae.chapters.remedies.arena import L1_COEFF, Task, listed_data
from toysae.measures.assessment import assess
from toysae.measures.labels import THRESHOLD, Labels, label_latents
from toysae.optimum.codes import Coded, dictionary_loss
from toysae.saes.kinds import KINDS
from toysae.saes.stack import Model, Stack, untrained
from toysae.saes.starts import random_sign_rows
from toysae.saes.training import fit
from toysae.worlds.firings import Independently
from toysae.worlds.world import World

MOST_SETTINGS = 5  # settings that a contestant may try
LOOSER = 0.9  # second cosine from which on a latent counts as aligned, beside the one that is asked for
N_SEEN_SAMPLES = 100  # that a classical method sees: its time grows with them
STEPS_PER_ROUND = 33  # training steps of an SAE that stand for one round of a classical method


class Contestant(Protocol):
    """Whatever turns a world into a stack."""

    @property
    def name(self) -> str:
        """As tables and figures show it."""

    @property
    def knob(self) -> str:
        """What its settings are settings of."""

    @property
    def settings(self) -> tuple[float, ...]:
        """MOST_SETTINGS values at most."""

    def trained(self, world: World, n_latents: int, values: Tensor, seeds: Sequence[int], **plan: Any) -> Stack:
        """One SAE per value of the knob (n_saes,) and seed; plan holds n_steps and lr."""


@dataclass(frozen=True)
class Remedy:
    """SAEs of one kind: one of KINDS, or one of your own.

    knob      what its settings are settings of
    settings  MOST_SETTINGS values at most
    model     from values of the knob (n_saes,) and n_latents to a Model
    tied      whether the encoder is the decoder transposed
    """

    name: str
    knob: str
    settings: tuple[float, ...]
    model: Callable[[Tensor, int], Model]
    tied: bool = False

    def __post_init__(self) -> None:
        if not 1 <= len(self.settings) <= MOST_SETTINGS:
            raise ValueError(f"settings has {len(self.settings)} values: allowed are 1 to {MOST_SETTINGS}, as for all")

    @classmethod
    def of(cls, kind: str, settings: tuple[float, ...]) -> Remedy:
        """One of KINDS, by its name."""
        its = KINDS[kind]
        return cls(its.name, its.knob, settings, its.model, its.tied)

    def trained(self, world: World, n_latents: int, values: Tensor, seeds: Sequence[int], **plan: Any) -> Stack:
        rows = random_sign_rows(world, n_latents, seeds)
        if self.knob == "k":  # the same settings for all tasks: where there are fewer latents, all of them may fire
            values = values.clamp(max=n_latents)
        start = untrained(self.model(values, n_latents), rows, seeds, decoder_bias=False, tied=self.tied)
        return fit(start, listed_data(world), **plan)[0]


@dataclass(frozen=True)
class Classical:
    """A method of `classical`, each seed with samples of its own, and with the best codes at L1_COEFF."""

    name: str
    knob: str
    settings: tuple[float, ...]
    method: Callable[[Tensor, int, float, int, int], Tensor]

    def trained(self, world: World, n_latents: int, values: Tensor, seeds: Sequence[int], **plan: Any) -> Stack:
        samples = {s: world.inputs(world.sample(N_SEEN_SAMPLES, torch.Generator().manual_seed(s))) for s in set(seeds)}
        n_rounds = max(1, plan["n_steps"] // STEPS_PER_ROUND)
        tried = zip(values.tolist(), seeds, strict=True)
        rows = [self.method(samples[seed].double(), n_latents, value, seed, n_rounds) for value, seed in tried]
        return coded(torch.stack(rows), seeds)


@dataclass(frozen=True)
class RandomRows:
    """No training: what chance alone gives."""

    name: str = "random rows"
    knob: str = "none"
    settings: tuple[float, ...] = (0.0,)

    def trained(self, world: World, n_latents: int, values: Tensor, seeds: Sequence[int], **plan: Any) -> Stack:
        return coded(random_sign_rows(world, n_latents, seeds), seeds)


@dataclass(frozen=True)
class TrueFeatures:
    """No training: the dictionary that all others look for, to see what it costs. It competes with as many latents."""

    name: str = "true features"
    knob: str = "none"
    settings: tuple[float, ...] = (0.0,)

    def trained(self, world: World, n_latents: int, values: Tensor, seeds: Sequence[int], **plan: Any) -> Stack:
        return coded(world.features.expand(len(seeds), -1, -1).clone(), seeds)


@dataclass(frozen=True)
class Shuffled:
    """A remedy trained where every feature fires as often as before, but regardless of the others."""

    remedy: Remedy
    name: str = "L1 on shuffled data"

    @property
    def knob(self) -> str:
        return self.remedy.knob

    @property
    def settings(self) -> tuple[float, ...]:
        return self.remedy.settings

    def trained(self, world: World, n_latents: int, values: Tensor, seeds: Sequence[int], **plan: Any) -> Stack:
        lonely = World(Independently(world.firing.rates()), features=world.features, magnitudes=world.magnitudes)
        return self.remedy.trained(lonely, n_latents, values, seeds, **plan)


def coded(rows: Tensor, seeds: Sequence[int]) -> Stack:
    """Dictionaries (n_saes, n_latents, d_in) as a stack, with the best codes at L1_COEFF."""
    # Not by untrained, which wants unit rows: a classical method may find fewer directions and leave rows of zeros
    parameters = {"W_dec": rows.clone(), "b_enc": rows.new_zeros(rows.shape[:2])}
    return Stack(Coded(L1_COEFF), parameters, tuple(seeds))


def tried(
    contestant: Contestant, task: Task, seeds: Sequence[int], threshold: float = THRESHOLD, **plan: Any
) -> list[dict]:
    """One row per setting and seed of a contestant: what `judged` says of it. plan holds n_steps and lr."""
    values = [value for value in contestant.settings for _ in seeds]
    members = [seed for _ in contestant.settings for seed in seeds]
    stack = contestant.trained(task.world, task.n_latents, torch.tensor(values).double(), members, **plan)
    columns = {"setting": values, "seed": members} | {k: v.tolist() for k, v in judged(stack, task, threshold).items()}
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def judged(stack: Stack, task: Task, threshold: float = THRESHOLD) -> dict[str, Tensor]:
    """Scores of every SAE, (n_saes,) each.

    found       how many features have an atomic latent, by cosines from threshold on; found_90, from LOOSER on
    composite   how many latents are composite, by the same two; composite_90
    mcc, l0, explained_variance
    absorption  mean absorption fraction over the families of the task; not a number where there is none
    loss        of its dictionary at L1_COEFF, with the best codes
    extra_cost  that loss above the best one known, as a share of it

    Found and composite are whole numbers, so that a share of them can be one half exactly.
    """
    seen = assess(stack, task.world, threshold)
    loss = dictionary_loss(stack.W_dec, task.world, L1_COEFF)
    return (
        _counts(seen.labels, "")
        | _counts(label_latents(stack.W_dec, task.world, seen.live, LOOSER), "_90")
        | {"mcc": seen.mcc, "l0": seen.l0, "explained_variance": seen.explained_variance}
        | {"absorption": seen.absorption.mean(dim=1)}
        | {"loss": loss, "extra_cost": loss / task.best_loss - 1}
    )


def _counts(labels: Labels, suffix: str) -> dict[str, Tensor]:
    return {f"found{suffix}": labels.features_found, f"composite{suffix}": labels.count("composite")}
