"""The contender of this project: training.fit, all SAEs of a task at once."""

from __future__ import annotations

import torch

from toysae.bench.serving import Task, Train, serve
from toysae.saes.stack import ReluL1, untrained
from toysae.saes.starts import random_sign_rows
from toysae.saes.training import Batches, fit
from toysae.worlds.catalogue import independent
from toysae.worlds.world import World


def world_of(task: Task) -> World:
    """The world of a task."""
    return independent(task.rates, mu=task.mu, sigma=task.sigma)


def prepare(task: Task) -> Train:
    """Makes the stack ready; see serving.serve."""
    world = world_of(task)
    rows = random_sign_rows(world, task.n_latents, task.seeds)
    stack = untrained(ReluL1(task.l1_coeff), rows, task.seeds, decoder_bias=True)
    data = Batches(world, task.batch_size, torch.Generator().manual_seed(task.seeds[0]))
    return lambda: fit(stack, data, n_steps=task.n_steps, lr=task.lr)[0].parameters


if __name__ == "__main__":
    serve(prepare)
