"""An errand (SAEs to be trained), and both ends of the pipe to who runs it: one line there, one line back."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

Train = Callable[[], dict[str, Tensor]]
ONE_THREAD = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
SILENCE = {"TQDM_DISABLE": "1", "WANDB_MODE": "disabled", "HF_HUB_OFFLINE": "1", "PYTHONWARNINGS": "ignore"}


@dataclass(frozen=True)
class Errand:
    """What every contender is asked for: SAEs on features that fire independently, with magnitude 1.

    kind, knob              which of saes.kinds.KINDS, and the value of its knob
    architecture, settings  the same in SAELens; "" where it has no such kind
    width                   how many features, and how many latents in each SAE; a feature fires in one of width samples
    decoder_bias            whether the decoder has a bias; in SAELens it always has
    batch_size              fresh samples in every step
    lr                      learning rate; constant in the first half, falling linearly to zero in the second
    seeds                   one per SAE
    """

    kind: str
    knob: float
    architecture: str
    settings: dict[str, Any]
    width: int
    n_steps: int
    decoder_bias: bool
    batch_size: int = 1024
    lr: float = 0.003
    seeds: tuple[int, ...] = (0,)


@dataclass(frozen=True)
class Contender:
    """Who takes part: a name to show, the command that starts it, and how many SAEs it trains in one go."""

    name: str
    command: tuple[str, ...]
    n_saes: int


@contextmanager
def at_work(contender: Contender, root: Path, folder: Path) -> Iterator[Callable[[Errand], dict[str, Any]]]:
    """A contender's process for the time being: how it is asked. What it says besides goes into a log in the folder.

    An answer holds microseconds and cpu_microseconds per SAE and step, and parameters: lists by name, with a leading
    axis for the SAEs. Asking raises RuntimeError if the process ends instead.
    """
    log, pipe = folder / f"{contender.name}.log", subprocess.PIPE
    with log.open("w") as errors:
        settings = os.environ | ONE_THREAD | SILENCE
        process = subprocess.Popen(
            contender.command, cwd=root, env=settings, stdin=pipe, stdout=pipe, stderr=errors, text=True
        )

    def ask(errand: Errand) -> dict[str, Any]:
        with suppress(BrokenPipeError):  # it ended; what it said last is told below
            print(json.dumps(asdict(errand)), file=process.stdin, flush=True)
        assert process.stdout is not None, "it was asked for when the process was started"
        if line := process.stdout.readline():
            return json.loads(line)
        process.wait()
        said = log.read_text().strip().splitlines() or ["it said nothing"]
        raise RuntimeError(f"{contender.name} ended without an answer; see {log}: {said[-1]}")

    try:
        yield ask
    finally:
        process.kill()
        process.communicate()


def serve(prepare: Callable[[Errand], Train]) -> None:
    """Answers every errand on standard input with one line, until that input ends.

    prepare  makes everything ready and returns the training itself; only that is timed. What it returns are the SAEs'
             parameters with a leading axis, as in toysae.saes.stack.Stack; decoder rows may have any length
    """
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a library prints must not mix with the answers
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)  # as in our training: denormal numbers cost a hundred times as much
    for line in sys.stdin:
        errand = Errand(**json.loads(line))
        parameters, spent = timed(prepare(errand), errand.n_steps * len(errand.seeds))
        answers.write(json.dumps(spent | {"parameters": {k: v.tolist() for k, v in parameters.items()}}) + "\n")
        answers.flush()


def timed(job: Callable[[], Any], n: int) -> tuple[Any, dict[str, float]]:
    """What a job returns, and the time of each of the n things that it does: on the clock, and of the processor."""
    began, cpu_began = time.perf_counter(), time.process_time()
    result = job()
    spent = time.perf_counter() - began, time.process_time() - cpu_began
    return result, {"microseconds": 1e6 * spent[0] / n, "cpu_microseconds": 1e6 * spent[1] / n}
