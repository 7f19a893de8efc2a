"""The large sweep of this chapter: kinds of SAE on a benchmark of 2,048 features."""

from toysae.chapters.beyond_the_toy.trials import JUMPRELU, MATRYOSHKA, PLAIN, TOPK, trial
from toysae.sweeps.catalogue import Planned

# The world, and what each kind tries there: few active latents, and about as many as features fire
LARGE = {"n_features": 2048, "d_in": 128, "n_latents": 256, "mean_l0": 6.0, "n_families": 64, "n_steps": 1500}
TRIED = {PLAIN: [0.2, 0.4], TOPK: [3, 6], JUMPRELU: [0.05, 0.2], MATRYOSHKA: [3, 6]}

BENCHMARK = Planned(
    trial, [{"kind": kind, "setting": settings, "seed": list(range(8))} | LARGE for kind, settings in TRIED.items()]
)
