"""Contenders side by side: the same task, in turn, again and again; the time and what came out of it."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from toysae.bench.serving import Task
from toysae.measures.assessment import assess
from toysae.saes.stack import ReluL1, Stack
from toysae.worlds.catalogue import independent
from toysae.worlds.world import World

ONE_THREAD = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
SILENCE = {"TQDM_DISABLE": "1", "WANDB_MODE": "disabled", "HF_HUB_OFFLINE": "1", "PYTHONWARNINGS": "ignore"}


@dataclass(frozen=True)
class Contender:
    """Who takes part: a name to show, the command that starts it, and how many SAEs it trains in one go."""

    name: str
    command: tuple[str, ...]
    n_saes: int


@dataclass(frozen=True)
class Answer:
    """What came back from a task: wall and processor time of the training in seconds, and the SAEs' parameters."""

    seconds: float
    cpu_seconds: float
    parameters: dict[str, list]


class Worker:
    """A contender's process, started once and asked many times."""

    def __init__(self, contender: Contender, root: Path, log: Path) -> None:
        self.contender, self.log = contender, log
        with log.open("w") as errors:
            self.process = subprocess.Popen(
                contender.command,
                cwd=root,
                env=os.environ | ONE_THREAD | SILENCE,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )

    def ask(self, task: Task) -> Answer:
        """Raises RuntimeError if the process ends instead of answering."""
        with suppress(BrokenPipeError):  # it ended; what it said last is told below
            print(json.dumps(asdict(task)), file=self.process.stdin, flush=True)
        assert self.process.stdout is not None, "it was asked for when the process was started"
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.contender.name} ended without an answer; see {self.log}: {self._last_words()}")
        return Answer(**json.loads(line))

    def close(self) -> None:
        self.process.kill()
        self.process.communicate()

    def _last_words(self) -> str:
        self.process.wait()
        return (self.log.read_text().strip().splitlines() or ["it said nothing"])[-1]


def contest(
    contenders: Sequence[Contender], task: Task, n_rounds: int, root: Path, logs: Path, tell: Callable[[str], None]
) -> pd.DataFrame:
    """One row per SAE, contender and round; in each round every contender has its turn.

    columns  contender, round, n_saes, seed; microseconds and cpu_microseconds per SAE and step; loss, mcc, mmcs
    """
    world = independent(task.rates, mu=task.mu, sigma=task.sigma)
    tables = []
    with ExitStack() as stack:
        workers = [stack.enter_context(started(contender, root, logs)) for contender in contenders]
        for worker in workers:
            worker.ask(replace(task, n_steps=WARM_UP_STEPS, seeds=(0,)))
        for number in range(n_rounds):
            for worker in workers:
                asked = replace(task, seeds=seeds_of(number, worker.contender.n_saes))
                answer = worker.ask(asked)
                tables.append(rows_of(worker.contender, number, asked, answer, world))
                spent = tables[-1]["microseconds"].iloc[0]
                tell(f"round {number + 1} of {n_rounds}: {worker.contender.name}, {spent:.1f} us per SAE and step")
    return pd.concat(tables, ignore_index=True)


WARM_UP_STEPS = 20  # before the first round: libraries load and allocate at their first call


@contextmanager
def started(contender: Contender, root: Path, logs: Path) -> Iterator[Worker]:
    """A contender's process for the time being."""
    worker = Worker(contender, root, logs / f"{contender.name}.log")
    try:
        yield worker
    finally:
        worker.close()


def seeds_of(number: int, n_saes: int) -> tuple[int, ...]:
    """Fresh seeds in every round."""
    return tuple(range(number * n_saes, (number + 1) * n_saes))


def rows_of(contender: Contender, number: int, task: Task, answer: Answer, world: World) -> pd.DataFrame:
    """What one answer is worth: one row per SAE."""
    per_step = 1e6 / (task.n_steps * len(task.seeds))
    about = {
        "contender": contender.name,
        "round": number,
        "n_saes": len(task.seeds),
        "seed": task.seeds,
        "microseconds": answer.seconds * per_step,
        "cpu_microseconds": answer.cpu_seconds * per_step,
    }
    return pd.DataFrame(about | quality(answer.parameters, task, world))


def quality(parameters: dict[str, list], task: Task, world: World) -> dict[str, np.ndarray]:
    """Loss, MCC and MMCS of every SAE, in the same way for whoever trained it, on the finite data of the world."""
    values = with_unit_rows({name: torch.tensor(value) for name, value in parameters.items()})
    seen = assess(Stack(ReluL1(task.l1_coeff), values, task.seeds), world)
    return {"loss": seen.losses.numpy(), "mcc": seen.mcc.numpy(), "mmcs": seen.mmcs.numpy()}


def with_unit_rows(parameters: dict[str, Tensor]) -> dict[str, Tensor]:
    """The same SAEs with decoder rows of length one: the length moves into the latents, reconstructions stay."""
    length = parameters["W_dec"].norm(dim=2)
    return parameters | {
        "W_dec": parameters["W_dec"] / length[:, :, None],
        "W_enc": parameters["W_enc"] * length[:, None, :],
        "b_enc": parameters["b_enc"] * length,
    }
