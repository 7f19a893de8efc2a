"""The large sweep of this chapter: every contestant on every task, trained for longer and with more spread."""

from toysae.chapters.remedies.arena import TASKS
from toysae.chapters.remedies.contest import CONTESTANTS, remedy_point
from toysae.sweeps.catalogue import Planned
from toysae.sweeps.settings import grid

REMEDIES = Planned(
    remedy_point, grid(task=list(TASKS), contestant=list(CONTESTANTS), spread=0.3, n_saes=8, n_steps=2000)
)
