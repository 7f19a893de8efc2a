"""What a training step costs: how it grows with the stack and with the width, and where the time goes."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import torch

from toysae.saes.kinds import KINDS, NARROW, WIDE, Kind, coarse_prefixes
from toysae.saes.stack import ReluL1, untrained
from toysae.saes.starts import random_sign_rows
from toysae.saes.training import BLOCK_STEPS, Batches, Data, Support, chunk_length, fast_arithmetic, fit
from toysae.worlds.catalogue import independent, two_of_three
from toysae.worlds.world import World

L1_COEFF, LR = 0.1, 0.003
KNOBS = {"l1_coeff": L1_COEFF, "l0_coeff": L1_COEFF, "weight": L1_COEFF, "k": 1}  # at which each kind is measured
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


def by_variant(width: int, n_saes: int, n_steps: int, n_rounds: int, peers: Path | None = None) -> pd.DataFrame:
    """Cost of each of KINDS, with as many latents as features, on fresh samples, and of SAELens's own training.

    peers    the Python that has SAELens, if there is one
    columns  variant, round, microseconds, cpu_microseconds, saelens_microseconds, saelens_cpu_microseconds (per SAE and
             step); the last two are not numbers where SAELens has no such kind
    """
    world = independent([1 / width] * width)
    jobs = {name: kind_job(KINDS[name], world, width, n_saes, n_steps) for name in KINDS}
    rounds = pd.DataFrame(in_turn(jobs, n_rounds)).rename(columns={"job": "variant"})
    ours = rounds.assign(**per_step(rounds, n_saes * n_steps)).drop(columns=["seconds", "cpu_seconds"])
    theirs = saelens_rounds(peers, width, n_steps, n_rounds) if peers else pd.DataFrame(columns=["variant", "round"])
    columns = per_step(theirs.reindex(columns=["seconds", "cpu_seconds"]), n_steps)
    named = {f"saelens_{name}": values for name, values in columns.items()}
    return ours.merge(theirs[["variant", "round"]].assign(**named), how="left")


def kind_job(kind: Kind, world: World, width: int, n_saes: int, n_steps: int) -> Job:
    """One call of training.fit for SAEs of a kind."""
    values = torch.full((n_saes,), KNOBS[kind.knob], dtype=torch.float64)
    start = kind.untrained(values, random_sign_rows(world, width, range(n_saes)), range(n_saes))
    return lambda: fit(start, fresh_batches(world), n_steps=n_steps, lr=LR) and None


def saelens_kinds(width: int) -> dict[str, tuple[str, dict]]:
    """What SAELens calls the kinds that it has, and their settings: its squared error has no half, so prices double."""
    k, price, jump = KNOBS["k"], 2 * L1_COEFF, {"jumprelu_init_threshold": WIDE.initial_threshold}
    return {
        "L1": ("standard", {"l1_coefficient": price}),
        "TopK": ("topk", {"k": k}),
        "BatchTopK": ("batchtopk", {"k": k}),
        "JumpReLU, L0": ("jumprelu", {"l0_coefficient": price, "jumprelu_bandwidth": WIDE.bandwidth} | jump),
        "JumpReLU, narrow kernel": (
            "jumprelu",
            {"l0_coefficient": price, "jumprelu_bandwidth": NARROW.bandwidth} | jump,
        ),
        "Gated": ("gated", {"l1_coefficient": price}),
        "Matryoshka BatchTopK": (
            "matryoshka_batchtopk",
            {"k": k, "matryoshka_widths": list(coarse_prefixes(width).sizes)},
        ),
    }


def saelens_rounds(peers: Path, width: int, n_steps: int, n_rounds: int) -> pd.DataFrame:
    """Time of SAELens's training of one SAE, for each kind that it has. Raises RuntimeError if it fails.

    columns  variant, round, seconds, cpu_seconds
    """
    asked = {"width": width, "batch_size": BATCH_SIZE, "n_steps": n_steps, "n_rounds": n_rounds, "lr": LR}
    words = json.dumps(asked | {"kinds": saelens_kinds(width)})
    command = [str(peers), "-P", str(Path(__file__).with_name("peer_kinds.py"))]  # nothing of ours is needed there
    one_thread = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "TQDM_DISABLE": "1"}
    run = subprocess.run(command, input=words, capture_output=True, text=True, env=os.environ | one_thread)
    if run.returncode:
        raise RuntimeError(f"SAELens's kinds were not measured: {run.stderr.strip()[-300:]}")
    measured = json.loads(run.stdout).items()
    rows = [(name, number, *spent) for name, turns in measured for number, spent in enumerate(turns)]
    return pd.DataFrame(rows, columns=["variant", "round", "seconds", "cpu_seconds"])


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


def training_job(world: World, data: Data, n_latents: int, n_saes: int, n_steps: int) -> Job:
    """One call of training.fit, for plain SAEs."""
    rows = random_sign_rows(world, n_latents, range(n_saes))
    stack = untrained(ReluL1(L1_COEFF), rows, range(n_saes), decoder_bias=False)
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
