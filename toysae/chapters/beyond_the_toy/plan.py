"""The large sweep of this chapter: kinds of SAE on the benchmark, in two sizes, each seed in a world of its own."""

from typing import Any

from toysae.chapters.beyond_the_toy.trials import JUMPRELU, MATRYOSHKA, PLAIN, TOPK, trial
from toysae.sweeps.catalogue import Planned

N_WORLDS = 16  # a seed decides world, batches and starts together
OTHER_STARTS = 100  # added to the seed of an SAE that starts elsewhere in the same world: the control
SMALL = {"n_features": 256, "d_in": 64, "mean_l0": 4.0, "n_families": 16, "n_repulsions": 40, "n_latents": 128}
LARGE = {"n_features": 2048, "d_in": 128, "mean_l0": 6.0, "n_families": 64, "n_latents": 256, "n_steps": 1500}
LONGER = SMALL | {"n_steps": 2000}  # twice the steps
# What each kind tries: fewer active latents than features fire, about as many, and in the small world more
TRIED: dict[str, list[float]] = {
    PLAIN: [0.2, 0.3, 0.4],
    TOPK: [2, 4, 6],
    JUMPRELU: [0.05, 0.1, 0.2],
    MATRYOSHKA: [2, 4, 6],
}
TRIED_LARGE: dict[str, list[float]] = {PLAIN: [0.2, 0.4], TOPK: [3, 6], JUMPRELU: [0.05, 0.2], MATRYOSHKA: [3, 6]}


def _in_each_world(kind: str, settings: list[float], numbers: dict[str, Any], starts: int = 0) -> list[dict[str, Any]]:
    asked = {"kind": kind, "setting": settings} | numbers
    return [asked | {"seed": [starts + world], "data_seed": world} for world in range(N_WORLDS)]


BENCHMARK = Planned(
    trial,
    [
        *(point for kind, settings in TRIED.items() for point in _in_each_world(kind, settings, SMALL)),
        *(point for kind, settings in TRIED_LARGE.items() for point in _in_each_world(kind, settings, LARGE)),
        *_in_each_world(TOPK, [4], SMALL, OTHER_STARTS),
        *_in_each_world(TOPK, [6], LARGE, OTHER_STARTS),
        *_in_each_world(TOPK, [4], LONGER),
    ],
)
