"""The large sweep of this chapter: every contestant on every task, at the published settings of the notebook."""

from toysae.chapters.remedies.arena import TASKS
from toysae.chapters.remedies.contest import N_SCORED, N_SELECTING, remedy_point
from toysae.chapters.remedies.settings import CONTESTANTS
from toysae.sweeps.catalogue import Planned
from toysae.sweeps.settings import grid

REMEDIES = Planned(
    remedy_point,
    grid(
        task=list(TASKS),
        contestant=list(CONTESTANTS),
        spread=0.1,
        n_steps=1000,
        lr=0.01,
        seed=[range(N_SELECTING + N_SCORED)],
    ),
)
