"""What a training step costs, here and elsewhere, for every kind, stack and width; and what it takes to begin.

Everything is measured in rounds: in each of them everyone has a turn, so that a busy minute hits all alike.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from torch import Tensor

from toysae.bench.errands import Contender, Errand, at_work, timed
from toysae.bench.home import batches_of, ours
from toysae.measures.assessment import assess
from toysae.saes.kinds import KINDS, NARROW, WIDE, coarse_prefixes
from toysae.saes.stack import ReluL1, Stack
from toysae.saes.starts import start
from toysae.saes.training import BLOCK_STEPS, chunk_length, fast_arithmetic, train
from toysae.worlds.named_worlds import two_of_three

PRICE = 0.1  # of a unit of activation, and of an active latent
KNOBS = {"l1_coeff": PRICE, "l0_coeff": PRICE, "weight": 0.1, "k": 1}  # at which each kind is measured
WARM_UP_STEPS = 20  # before the first round: libraries load and allocate at their first call
N_PRODUCTS = 5  # matrix products of a step: encode, decode, back to the latents, and the gradients of W_dec and W_enc
SGEMM_SIZE = 2048
BEGINNINGS = ("pass", "import torch", "import toysae", "import toysae; toysae.two_of_three()")

Job = Callable[[], object]


def errand_of(kind: str, n_steps: int, width: int = 10, decoder_bias: bool = False) -> Errand:
    """To train SAEs of one of KINDS."""
    architecture, settings = in_saelens(width).get(kind, ("", {}))
    return Errand(kind, KNOBS[KINDS[kind].knob], architecture, settings, width, n_steps, decoder_bias)


def in_saelens(width: int) -> dict[str, tuple[str, dict[str, Any]]]:
    """What SAELens calls the kinds that it has, and their settings.

    It leaves out the factor 1/2 of the squared error, so twice our price gives twice our loss.
    """
    k, price = {"k": KNOBS["k"]}, 2 * PRICE
    jump = {"l0_coefficient": price, "jumprelu_init_threshold": WIDE.initial_threshold}
    return {
        "L1": ("standard", {"l1_coefficient": price}),
        "TopK": ("topk", k),
        "BatchTopK": ("batchtopk", k),
        "JumpReLU, L0": ("jumprelu", jump | {"jumprelu_bandwidth": WIDE.bandwidth}),
        "JumpReLU, narrow kernel": ("jumprelu", jump | {"jumprelu_bandwidth": NARROW.bandwidth}),
        "Gated": ("gated", {"l1_coefficient": price}),
        "Matryoshka BatchTopK": ("matryoshka_batchtopk", k | {"matryoshka_widths": [*coarse_prefixes(width).sizes]}),
    }


def race(turns: Sequence[tuple[Contender, Errand]], n_rounds: int, root: Path, logs: Path) -> pd.DataFrame:
    """One row per turn and round, with fresh seeds in every round.

    columns  contender, kind, round, n_saes; microseconds and cpu_microseconds per SAE and step; parameters of the SAEs
    """
    rows = []
    with ExitStack() as stack:
        ask = {one: stack.enter_context(at_work(one, root, logs)) for one in dict.fromkeys(one for one, _ in turns)}
        for contender, errand in turns:
            ask[contender](replace(errand, n_steps=WARM_UP_STEPS))
        for number in range(n_rounds):
            print(f"round {number + 1} of {n_rounds}, {len(turns)} turns", flush=True)
            for contender, errand in turns:
                n = contender.n_saes
                answer = ask[contender](replace(errand, seeds=tuple(range(number * n, (number + 1) * n))))
                about = {"contender": contender.name, "kind": errand.kind, "round": number, "n_saes": n}
                rows.append(about | answer)
    return pd.DataFrame(rows)


def learned(raced: pd.DataFrame, errand: Errand) -> pd.DataFrame:
    """What the ReLU SAEs of a race learned, in the same way for whoever trained them, on the finite data of the world.

    columns  contender, round, loss, mcc, mmcs: one row per SAE
    """
    tables = []
    for turn in raced.itertuples():
        values = with_unit_rows({name: torch.tensor(value) for name, value in turn.parameters.items()})
        seen = assess(Stack(ReluL1(errand.knob), values, tuple(range(turn.n_saes))), batches_of(errand).world)
        numbers = {"loss": seen.losses.numpy(), "mcc": seen.mcc.numpy(), "mmcs": seen.mmcs.numpy()}
        tables.append(pd.DataFrame({"contender": turn.contender, "round": turn.round} | numbers))
    return pd.concat(tables, ignore_index=True)


def with_unit_rows(parameters: dict[str, Tensor]) -> dict[str, Tensor]:
    """The same SAEs with decoder rows of length one: the length moves into the latents, reconstructions stay."""
    length = parameters["W_dec"].norm(dim=2)
    return parameters | {
        "W_dec": parameters["W_dec"] / length[:, :, None],
        "W_enc": parameters["W_enc"] * length[:, None, :],
        "b_enc": parameters["b_enc"] * length,
    }


def by_kind(here: Contender, saelens: Contender, n_steps: int, n_rounds: int, root: Path, logs: Path) -> pd.DataFrame:
    """Cost of each of KINDS in our training, and in SAELens's where it has that kind; columns as those of a race."""
    errands = [errand_of(name, n_steps) for name in KINDS]
    turns = [(here, errand) for errand in errands] + [(saelens, errand) for errand in errands if errand.architecture]
    return race(turns, n_rounds, root, logs).drop(columns="parameters")


def by_stack_size(sizes: Sequence[int], n_steps: int, n_rounds: int) -> pd.DataFrame:
    """Cost of 3 x 3 SAEs on their exact support, in stacks of several sizes.

    columns  n_saes, round, microseconds, cpu_microseconds (per SAE and step)
    """
    world = two_of_three()
    starts = {n: start(world, 3, PRICE, range(n)) for n in sizes}
    jobs = {(n,): (partial(train, its, world, n_steps=n_steps), n * n_steps) for n, its in starts.items()}
    return in_turn(jobs, ["n_saes"], n_rounds)


def by_width(widths: Sequence[int], n_saes: int, n_steps: int, n_rounds: int) -> pd.DataFrame:
    """Cost of SAEs with as many latents as features on fresh samples, and of two parts of it alone.

    columns  width, part, round, microseconds, cpu_microseconds (per SAE and step); the parts are "whole step",
             "matrix products" (the same ones, on buffers of the same size) and "batches" (drawing them)
    """
    jobs: dict[Any, tuple[Job, int]] = {}
    for width in widths:
        errand = replace(errand_of("L1", n_steps, width), seeds=tuple(range(n_saes)))
        jobs[width, "whole step"] = ours(errand), n_saes * n_steps
        jobs[width, "matrix products"] = partial(multiply, errand), n_saes * n_steps
        jobs[width, "batches"] = partial(draw, errand), n_saes * n_steps
    return in_turn(jobs, ["width", "part"], n_rounds)


def draw(errand: Errand) -> None:
    """Draws the batches of an errand, block by block as training does."""
    data = batches_of(errand)
    for begun in range(0, errand.n_steps, BLOCK_STEPS):
        data.block(min(BLOCK_STEPS, errand.n_steps - begun))


def multiply(errand: Errand) -> None:
    """The matrix products of an errand and nothing else, chunk by chunk as training does."""
    width, n_samples, n_saes = errand.width, errand.batch_size, len(errand.seeds)
    size = min(n_saes, chunk_length(width, n_samples))
    weights, samples = torch.rand(size, width, width), torch.rand(width, n_samples)
    z, error, back = (torch.empty(size, width, n_samples) for _ in range(3))
    for begun in range(0, n_saes, size):
        n = min(size, n_saes - begun)
        shared, small = samples.expand(n, -1, -1), torch.empty(n, width, width)
        for _ in range(errand.n_steps):
            torch.bmm(weights[:n].transpose(1, 2), shared, out=z[:n])
            torch.bmm(weights[:n].transpose(1, 2), z[:n], out=error[:n])
            torch.bmm(weights[:n], error[:n], out=back[:n])
            torch.bmm(z[:n], error[:n].transpose(1, 2), out=small)
            torch.bmm(shared, back[:n].transpose(1, 2), out=small)


def operations(width: int, n_samples: int) -> int:
    """Multiplications and additions in the matrix products of one SAE and step."""
    return N_PRODUCTS * 2 * width * width * n_samples


def sgemm_rate(n_rounds: int) -> pd.DataFrame:
    """What this machine reaches in large products of square matrices on one thread, in float32.

    columns  round, gflops (thousand million operations per second)
    """
    square = torch.rand(SGEMM_SIZE, SGEMM_SIZE)
    rounds = in_turn({(SGEMM_SIZE,): (lambda: torch.mm(square, square), 1)}, ["size"], n_rounds)
    return pd.DataFrame({"round": rounds["round"], "gflops": 2e-3 * SGEMM_SIZE**3 / rounds["microseconds"]})


def beginnings(root: Path, n_rounds: int) -> pd.DataFrame:
    """Time of fresh Python processes, from start to end.

    columns  code, round, microseconds
    """
    run = partial(subprocess.run, cwd=root, check=True)
    jobs = {(code,): (partial(run, [sys.executable, "-c", code]), 1) for code in BEGINNINGS}
    return in_turn(jobs, ["code"], n_rounds).drop(columns="cpu_microseconds")  # which is that of this process


def in_turn(jobs: Mapping[Any, tuple[Job, int]], names: Sequence[str], n_rounds: int) -> pd.DataFrame:
    """Runs every job once to warm up, then all of them in turn.

    jobs     by what tells them apart, one value per name: a job, and how many things it does
    columns  the names, round, microseconds, cpu_microseconds of each of these things
    """
    rows: list[dict[str, Any]] = []
    with fast_arithmetic(), torch.no_grad():
        for number in range(-1, n_rounds):
            for key, (job, n) in jobs.items():
                rows.append(dict(zip(names, key, strict=True)) | {"round": number} | timed(job, n)[1])
    return pd.DataFrame(rows[len(jobs) :])
