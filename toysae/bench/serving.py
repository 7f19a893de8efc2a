"""What a contender is: a process that reads one task per line and answers with what it trained and how long it took."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

Train = Callable[[], dict[str, Tensor]]


@dataclass(frozen=True)
class Task:
    """What every contender is asked for: SAEs with a decoder bias, on features that fire independently.

    rates       how often each feature fires; the features are the axes, so d_in is their number
    mu, sigma   mean and standard deviation of a magnitude
    n_latents   latents of each SAE
    batch_size  fresh samples in every step
    lr          learning rate; constant in the first half, falling linearly to zero in the second
    l1_coeff    price of the latent activations, for a squared error with the factor 1/2
    seeds       one per SAE
    """

    rates: tuple[float, ...]
    mu: float
    sigma: float
    n_latents: int
    batch_size: int
    n_steps: int
    lr: float
    l1_coeff: float
    seeds: tuple[int, ...]

    @property
    def d_in(self) -> int:
        return len(self.rates)


def serve(prepare: Callable[[Task], Train]) -> None:
    """Answers every task on standard input with one line, until that input ends.

    prepare  makes everything ready and returns the training itself; only that is timed. What it returns are the SAEs'
             parameters with a leading axis, as in toysae.saes.stack.Stack; decoder rows may have any length
    """
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a library prints must not mix with the answers
    torch.set_num_threads(1)
    for line in sys.stdin:
        train = prepare(Task(**json.loads(line)))
        began, cpu_began = time.perf_counter(), time.process_time()
        parameters = train()
        spent = {"seconds": time.perf_counter() - began, "cpu_seconds": time.process_time() - cpu_began}
        answers.write(json.dumps(spent | {"parameters": {k: v.tolist() for k, v in parameters.items()}}) + "\n")
        answers.flush()


def one_by_one(train_one: Callable[[Task, int], dict[str, Tensor]]) -> Callable[[Task], Train]:
    """For contenders that know a single SAE only: train_one(task, seed), again and again."""

    def prepare(task: Task) -> Train:
        def train() -> dict[str, Tensor]:
            trained = [train_one(task, seed) for seed in task.seeds]
            return {name: torch.stack([one[name] for one in trained]) for name in trained[0]}

        return train

    return prepare
