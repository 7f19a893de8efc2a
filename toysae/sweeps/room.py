"""Room: two of n features fire, and latents are fewer than features, or as many, or one for every pair.

Composites win where there is a latent for each set that fires together; with fewer, features do. These are the worlds
in which that shows. All magnitudes are one, so every world is a short list of points, and training sees all of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb

import torch
from torch import Tensor
from torch.nn.functional import pad

from toysae.measures.assessment import Assessment, assess
from toysae.measures.labels import THRESHOLD
from toysae.optimum.search import search_dictionaries
from toysae.saes.stack import ReluL1, Stack
from toysae.saes.starts import start
from toysae.saes.training import Support, fit
from toysae.worlds.checks import require, require_whole
from toysae.worlds.named_worlds import k_of_n
from toysae.worlds.world import World

AGREE = 1e-6  # share of a loss by which the best dictionaries may differ


@dataclass(frozen=True)
class Room:
    """A world in which two of n_features fire, how many latents there are for it, and what activation costs."""

    n_features: int
    n_latents: int
    l1_coeff: float

    def __post_init__(self) -> None:
        require_whole("n_features", self.n_features, 2)
        require_whole("n_latents", self.n_latents, 1)

    @property
    def world(self) -> World:
        return k_of_n(self.n_features, 2)

    @property
    def n_pairs(self) -> int:
        """How many pairs can fire."""
        return comb(self.n_features, 2)


def trained_in(
    rooms: Sequence[Room],
    seeds: Sequence[int],
    *,
    n_steps: int = 3000,
    lr: float = 0.01,
    init: str = "random-sign",
    threshold: float = THRESHOLD,
) -> dict[Room, Assessment]:
    """What SAEs without a decoder bias have found in every room, one SAE for each seed; n_steps=0: at the start.

    Rooms with as many latents are trained as one stack, whatever their worlds and prices: a narrower world lies in a
    wider one, where its SAEs never meet the other features.
    """
    require("rooms", rooms, len(set(rooms)) == len(rooms) > 0, "one Room or more, each once")
    found: dict[Room, Assessment] = {}
    for n_latents in dict.fromkeys(room.n_latents for room in rooms):
        alike = [room for room in rooms if room.n_latents == n_latents]
        stacks = {room: start(room.world, n_latents, room.l1_coeff, seeds, init=init) for room in alike}
        if n_steps:
            stacks = _trained(stacks, n_steps, lr)
        found |= {room: assess(stack, room.world, threshold) for room, stack in stacks.items()}
    return {room: found[room] for room in rooms}


def best_in(room: Room, *, n_starts: int = 40, threshold: float = THRESHOLD) -> Assessment:
    """What the best dictionaries known hold: all those that a search finds at the lowest loss, up to its tolerance.

    Where there is a latent for each pair the composites attain the radial bound, and nothing needs to be searched for.
    """
    world = room.world
    if room.n_latents == room.n_pairs:
        return assess(world.composites(), world, threshold, l1_coeff=room.l1_coeff)
    found = search_dictionaries(world, room.n_latents, room.l1_coeff, n_starts=n_starts)
    return assess(found.dictionaries[: found.agreeing(AGREE)], world, threshold, l1_coeff=room.l1_coeff)


def _trained(stacks: dict[Room, Stack], n_steps: int, lr: float) -> dict[Room, Stack]:
    """Stacks of as many latents after training as one."""
    widest = max(stacks, key=lambda room: room.n_features)
    points, _ = widest.world.support()
    weights = torch.cat([_weights(room, points).expand(len(stack), -1) for room, stack in stacks.items()])
    data = Support(points @ torch.eye(widest.n_features, dtype=points.dtype), weights)
    trained, _ = fit(_joined(stacks, widest.n_features), data, n_steps=n_steps, lr=lr)
    parts, first = {}, 0
    for room, stack in stacks.items():
        own = _cut(trained[first : first + len(stack)].parameters, room.n_features)
        parts[room] = Stack(stack.model, own, stack.seeds)
        first += len(stack)
    return parts


def _weights(room: Room, points: Tensor) -> Tensor:
    """How often each of the points (n_points, n_widest) comes in a room: those with no other feature, equally often."""
    possible = (points[:, room.n_features :] == 0).all(dim=1)
    return possible.double() / possible.sum()


def _joined(stacks: dict[Room, Stack], width: int) -> Stack:
    """One stack of all, whose rows have zeros along the features that their room does not have."""
    prices = torch.cat([torch.full((len(stack),), room.l1_coeff) for room, stack in stacks.items()])
    wide = [_padded(stack.parameters, width - room.n_features) for room, stack in stacks.items()]
    parameters = {name: torch.cat([part[name] for part in wide]) for name in wide[0]}
    seeds = tuple(seed for stack in stacks.values() for seed in stack.seeds)
    return Stack(ReluL1(prices.double()), parameters, seeds)


def _padded(parameters: dict[str, Tensor], missing: int) -> dict[str, Tensor]:
    more = {"W_dec": (0, missing), "W_enc": (0, 0, 0, missing)}
    return {name: pad(value, more[name]) if name in more else value for name, value in parameters.items()}


def _cut(parameters: dict[str, Tensor], width: int) -> dict[str, Tensor]:
    own = {"W_dec": parameters["W_dec"][:, :, :width], "W_enc": parameters["W_enc"][:, :width]}
    return parameters | own
