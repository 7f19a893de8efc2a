"""The large sweeps of this chapter: phase diagrams with 64 SAEs a cell."""

from toysae.sweeps.catalogue import Planned
from toysae.sweeps.points import recovery
from toysae.sweeps.settings import grid

PRICES = [0.005, 0.01, 0.02, 0.03, 0.05, 0.07, 0.1, 0.15, 0.2, 0.25, 0.3]  # l1_coeff

# Lists within lists are trained side by side, see toysae.sweeps.points; one line of the journal holds them all
JITTER = Planned(
    recovery,
    grid(
        world="two_of_three",
        n_latents=3,
        l1_coeff=[PRICES],
        sigma=[i / 40 for i in range(33)],
        seed=[range(64)],
    ),
)
SOLO = Planned(
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
)
