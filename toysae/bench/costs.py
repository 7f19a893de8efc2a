"""What a training step costs: how it grows with the stack and with the width, and where the time goes."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd
import torch

from toysae.saes.stack import Model, ReluL1, untrained
from toysae.saes.starts import random_sign_rows
from toysae.saes.training import BLOCK_STEPS, Batches, Data, Support, chunk_length, fast_arithmetic, fit
from toysae.saes.variants import L0, L1, BatchTopK, Gated, JumpRelu, LargestCosine, Prefixes, Relu, TopK, Variant
from toysae.worlds.catalogue import independent, two_of_three
from toysae.worlds.world import World

L1_COEFF, LR = 0.1, 0.003
BATCH_SIZE = 1024
N_PRODUCTS = 5  # matrix products of a step: encode, decode, back to the latents, and the gradients of W_dec and W_enc
SGEMM_SIZE = 2048

Job = Callable[[], object]


def by_stack_size(sizes: Sequence[int], n_steps: int, n_rounds: int) -> pd.DataFrame:
    """Cost of 3 x 3 SAEs on their exact support, in stacks of several sizes.

    columns  n_saes, round, microseconds, cpu_microseconds (per SAE and step)
    """
    world = two_of_three()
    jobs = {n: training_job(world, Support.of(world), 3, n, n_steps) for n in sizes}
    rounds = pd.DataFrame(in_turn(jobs, n_rounds)).rename(columns={"job": "n_saes"})
    return rounds.assign(**per_step(rounds, rounds["n_saes"] * n_steps)).drop(columns=["seconds", "cpu_seconds"])


def by_width(widths: Sequence[int], n_saes: int, n_steps: int, n_rounds: int) -> pd.DataFrame:
    """Cost of SAEs with as many latents as features on fresh samples, and of two parts of it alone.

    columns  width, part, round, microseconds, cpu_microseconds (per SAE and step); the parts are "whole step",
             "matrix products" (the same ones, on buffers of the same size) and "batches" (drawing them)
    """
    jobs = {}
    for width in widths:
        world = independent([1 / width] * width)
        jobs[width, "whole step"] = training_job(world, fresh_batches(world), width, n_saes, n_steps)
        jobs[width, "matrix products"] = products_job(width, n_saes, n_steps)
        jobs[width, "batches"] = batches_job(world, n_steps)
    rounds = pd.DataFrame(in_turn(jobs, n_rounds))
    rounds["width"], rounds["part"] = zip(*rounds.pop("job"), strict=True)
    return rounds.assign(**per_step(rounds, n_saes * n_steps)).drop(columns=["seconds", "cpu_seconds"])


def variants(width: int) -> dict[str, Model]:
    """One SAE model of each kind for so many latents; the first has its gradient written out."""
    return {
        "L1, gradient written out": ReluL1(L1_COEFF),
        "L1": Variant(Relu(), [L1(L1_COEFF)]),
        "TopK": Variant(TopK(1)),
        "BatchTopK": Variant(BatchTopK(1)),
        "JumpReLU": Variant(JumpRelu(), [L0(L1_COEFF)]),
        "Gated": Gated(L1_COEFF),
        "Matryoshka": Variant(Relu(), [L1(L1_COEFF)], prefixes=Prefixes.all(width)),
        "largest cosine": Variant(Relu(), [L1(L1_COEFF), LargestCosine(L1_COEFF)]),
    }


def by_variant(width: int, n_saes: int, n_steps: int, n_rounds: int) -> pd.DataFrame:
    """Cost of each kind of SAE, with as many latents as features, on fresh samples.

    columns  variant, round, microseconds, cpu_microseconds (per SAE and step)
    """
    world = independent([1 / width] * width)
    jobs = {
        name: training_job(world, fresh_batches(world), width, n_saes, n_steps, model)
        for name, model in variants(width).items()
    }
    rounds = pd.DataFrame(in_turn(jobs, n_rounds)).rename(columns={"job": "variant"})
    return rounds.assign(**per_step(rounds, n_saes * n_steps)).drop(columns=["seconds", "cpu_seconds"])


def sgemm_rate(n_rounds: int) -> pd.DataFrame:
    """What this machine reaches in large products of square matrices on one thread, in float32.

    columns  round, gflops (thousand million operations per second)
    """
    square = torch.rand(SGEMM_SIZE, SGEMM_SIZE)
    rounds = pd.DataFrame(in_turn({"sgemm": lambda: torch.mm(square, square)}, n_rounds))
    return pd.DataFrame({"round": rounds["round"], "gflops": 2e-9 * SGEMM_SIZE**3 / rounds["seconds"]})


def operations(width: int, batch_size: int = BATCH_SIZE) -> int:
    """Multiplications and additions in the matrix products of one SAE and step."""
    return N_PRODUCTS * 2 * width * width * batch_size


def training_job(
    world: World, data: Data, n_latents: int, n_saes: int, n_steps: int, model: Model | None = None
) -> Job:
    """One call of training.fit, for plain SAEs where no other model is given."""
    model = model or ReluL1(L1_COEFF)
    rows = random_sign_rows(world, n_latents, range(n_saes))
    stack = untrained(model, rows, range(n_saes), decoder_bias=False)
    return lambda: fit(stack, data, n_steps=n_steps, lr=LR)


def fresh_batches(world: World) -> Batches:
    """Batches of the size that the contest uses."""
    return Batches(world, BATCH_SIZE, torch.Generator().manual_seed(0))


def batches_job(world: World, n_steps: int) -> Job:
    """Drawing the batches of so many steps, block by block as training does."""
    data = fresh_batches(world)

    def draw() -> None:
        for start in range(0, n_steps, BLOCK_STEPS):
            data.block(min(BLOCK_STEPS, n_steps - start))

    return draw


def products_job(width: int, n_saes: int, n_steps: int) -> Job:
    """The matrix products of so many steps and nothing else, chunk by chunk as training does."""
    size = chunk_length(width, BATCH_SIZE)
    chunks = [min(size, n_saes - start) for start in range(0, n_saes, size)]
    weights, samples = torch.rand(max(chunks), width, width), torch.rand(width, BATCH_SIZE)
    z, error, back = (torch.rand(max(chunks), width, BATCH_SIZE) for _ in range(3))

    def multiply() -> None:
        for n in chunks:
            shared, small = samples.expand(n, -1, -1), torch.empty(n, width, width)
            for _ in range(n_steps):
                torch.bmm(weights[:n].transpose(1, 2), shared, out=z[:n])
                torch.bmm(weights[:n].transpose(1, 2), z[:n], out=error[:n])
                torch.bmm(weights[:n], error[:n], out=back[:n])
                torch.bmm(z[:n], error[:n].transpose(1, 2), out=small)
                torch.bmm(shared, back[:n].transpose(1, 2), out=small)

    return multiply


def in_turn(jobs: Mapping[Any, Job], n_rounds: int) -> list[dict[str, Any]]:
    """Runs every job once to warm up, then all of them in turn; seconds and cpu_seconds of each run."""
    runs = []
    with fast_arithmetic(), torch.no_grad():
        for number in range(-1, n_rounds):
            for name, job in jobs.items():
                began, cpu_began = time.perf_counter(), time.process_time()
                job()
                spent = {"seconds": time.perf_counter() - began, "cpu_seconds": time.process_time() - cpu_began}
                runs.append({"job": name, "round": number} | spent)
    return [run for run in runs if run["round"] >= 0]


def per_step(rounds: pd.DataFrame, n: int | pd.Series) -> dict[str, pd.Series]:
    """Seconds of whole runs as microseconds of each of the n things that were done in them."""
    return {"microseconds": 1e6 * rounds["seconds"] / n, "cpu_microseconds": 1e6 * rounds["cpu_seconds"] / n}
