"""One training loop for every stack and every world.

Adam; the gradient of a decoder row is projected so that the row stays on the unit sphere, and the row is renormalised
after each step. The learning rate is constant in the first half and falls linearly to zero in the second. In the first
half, latents that have not fired are *resampled*: aimed afresh at the residual of a sample that is drawn in proportion
to its loss, as one does with large SAEs (Bricken et al. 2023, "Towards Monosemanticity").

Moments of resampling are spread evenly over the first half. At each of them a latent that has fired on no possible
sample since the last one gets the direction of the residual of a sample of the step just taken, drawn in proportion to
its probability times its loss, as decoder row and as encoder; its bias is zero, what its kind has beside them is as
before training, and Adam's averages of all of these are zero. tests/literal.py is all of this a second time.

All members of a stack see the same batches, so differences between them come from their initialisation alone.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor

from toysae.saes.gradients import Buffers, Parameters
from toysae.saes.stack import Stack, require_stack
from toysae.saes.starts import member_generator
from toysae.worlds.checks import (
    MOST_NUMBERS,
    numbers,
    require,
    require_all_finite,
    require_generator,
    require_points,
    require_precision,
    require_seed,
    require_seeds,
    require_switch,
    require_weights,
    require_whole,
)
from toysae.worlds.world import World, require_firing, require_world

BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-8  # Adam's usual constants
BLOCK_STEPS = 50  # batches are drawn for this many steps at once
CHUNK_NUMBERS = (
    2**18
)  # SAEs are trained in chunks whose largest buffer holds about this many numbers: it fits the cache
BATCH_SIZE = 256  # fresh samples in each step, unless said otherwise
MOST_POINTS = 1024  # data points up to which training sees all of them in every step, unless said otherwise
MOST_STEPS, MOST_RESAMPLINGS = 10**7, 10**4  # more would not end, or not fit into memory
LR_ALLOWED = "finite numbers > 0, one or one per SAE"  # as learning rates
N_RESAMPLINGS = 10  # moments in the first half of training at which dead latents are aimed afresh


_trained_here: list[int] = []  # the length of every stack that this process trained


class Data(Protocol):
    """Where batches come from."""

    def block(self, n_steps: int) -> tuple[Tensor, Tensor]:
        """Data points (n_steps, n_samples, d_in) of the next steps and the samples' probabilities."""


class Batches:
    """Fresh samples of a world in every step; each sample of a batch weighs the same."""

    def __init__(self, world: World, batch_size: int, generator: torch.Generator) -> None:
        require_world(world)
        require_whole("batch_size", batch_size, 1, MOST_NUMBERS // (BLOCK_STEPS * max(world.n_features, world.d_in)))
        require_generator(generator)
        self.world, self.batch_size, self.generator = world, batch_size, generator

    def block(self, n_steps: int) -> tuple[Tensor, Tensor]:
        require_whole("n_steps", n_steps, 1, MOST_STEPS)
        activations = self.world.sample(n_steps * self.batch_size, self.generator)
        x = self.world.inputs(activations).view(n_steps, self.batch_size, self.world.d_in)
        return x, torch.full((self.batch_size,), 1 / self.batch_size)


class Support:
    """The whole data distribution in every step: all data points, weighted by their probabilities.

    x              (n_points, d_in)
    probabilities  (n_points,), or (n_saes, n_points) where members of the stack live in different worlds
    """

    def __init__(self, x: Tensor, probabilities: Tensor) -> None:
        require_points("x", x, x.shape[-1] if isinstance(x, Tensor) and x.ndim else 0)
        n_rows = len(probabilities) if isinstance(probabilities, Tensor) and probabilities.ndim else 0
        require_weights("probabilities", probabilities, (len(x),), (n_rows, len(x)))
        self.x, self.probabilities = x, probabilities

    @classmethod
    def of(cls, world: World) -> Support:
        """The exact support of a world with sigma = 0."""
        require_firing(world)
        activations, probabilities = world.support()
        return cls(world.inputs(activations), probabilities)

    def block(self, n_steps: int) -> tuple[Tensor, Tensor]:
        require_whole("n_steps", n_steps, 1, MOST_STEPS)
        return self.x.expand(n_steps, *self.x.shape), self.probabilities


def data_of(world: World, *, batch_size: int = BATCH_SIZE, seed: int = 0) -> Data:
    """All data points of a world whose magnitudes do not vary and whose patterns are few; else fresh batches."""
    require_world(world)
    require_whole("batch_size", batch_size)
    require_seed("seed", seed)
    if not world.varies and world.firing.n_patterns <= MOST_POINTS:
        return Support.of(world)
    return Batches(world, batch_size, torch.Generator().manual_seed(seed))


@dataclass(frozen=True)
class History:
    """What was recorded on the way, at these steps; each value is taken before the step, on its batch.

    steps         (n_records,)
    loss          (n_records, n_saes)
    l0            (n_records, n_saes)  mean number of active latents per sample
    live          (n_records, n_saes)  latents that fire in the batch
    dictionaries  (n_records, n_saes, n_latents, d_in), or None when snapshots were not asked for
    """

    steps: Tensor
    loss: Tensor
    l0: Tensor
    live: Tensor
    dictionaries: Tensor | None


def train(stack: Stack, data: World | Data, *, n_steps: int = 3000, lr: float | Tensor = 0.01, **more: Any) -> Stack:
    """The stack after training; the given one stays as it is.

    data  a world, whose data are those of `data_of`; or where batches come from
    more  as in `fit`, which also returns the history
    """
    source = data_of(data) if isinstance(data, World) else data
    return fit(stack, source, n_steps=n_steps, lr=lr, **more)[0]


def fit(
    stack: Stack,
    data: Data,
    *,
    n_steps: int,
    lr: float | Tensor,
    n_resamplings: int = N_RESAMPLINGS,
    record_every: int = 100,
    snapshots: bool = False,
    chunk_numbers: int = CHUNK_NUMBERS,
) -> tuple[Stack, History]:
    """Trains every SAE of the stack and returns the trained stack with its history; the given stack stays as it is.

    lr             learning rate at the start, one for all or one per SAE (n_saes,)
    n_resamplings  moments at which dead latents are aimed afresh; 0 switches that off
    snapshots      whether the history holds the dictionaries as well
    chunk_numbers  how much is worked on at once; changes the speed and nothing else

    Device and precision are those of the stack; data follow.
    """
    _require_trainable(stack)
    plan = Plan(n_steps, numbers("lr", lr, LR_ALLOWED), n_resamplings, record_every, snapshots)
    plan.require_fits(len(stack))
    require_whole("chunk_numbers", chunk_numbers)
    require("data", data, callable(getattr(data, "block", None)), "a World, Support or Batches")
    _trained_here.append(len(stack))
    with fast_arithmetic(), torch.no_grad():
        trainers: list[Trainer] = []
        for start in range(0, n_steps, BLOCK_STEPS):
            x, weights = _block(data, min(BLOCK_STEPS, n_steps - start), stack)
            trainers = trainers or _trainers(stack, plan, x.shape[1], chunk_numbers)
            for trainer in trainers:
                trainer.run(start, x, trainer.own(weights))
        parts = [trainer.settled(x, trainer.own(weights)) for trainer in trainers]
    trained = {name: torch.cat([part[name] for part in parts]) for name in parts[0]}
    return Stack(stack.model, trained, stack.seeds), _joined([trainer.history for trainer in trainers])


@dataclass(frozen=True)
class Plan:
    """When what happens in a training run."""

    n_steps: int
    lr: Tensor
    n_resamplings: int
    record_every: int
    snapshots: bool

    def __post_init__(self) -> None:
        require_whole("n_steps", self.n_steps, 1, MOST_STEPS)
        require("lr", self.lr, isinstance(self.lr, Tensor) and self.lr.is_floating_point(), f"a tensor of {LR_ALLOWED}")
        fits = self.lr.ndim <= 1 and bool((torch.isfinite(self.lr) & (self.lr > 0)).all())
        require("lr", self.lr, fits, LR_ALLOWED)
        require_whole("n_resamplings", self.n_resamplings, 0, MOST_RESAMPLINGS)
        require_whole("record_every", self.record_every)
        require_switch(snapshots=self.snapshots)

    def require_fits(self, n_saes: int) -> None:
        """raises ValueError where it is not meant for so many SAEs."""
        require("lr", self.lr, self.lr.shape in ((), (n_saes,)), LR_ALLOWED)

    def lr_at(self, step: int) -> float:
        """The learning rate at this step; where each SAE has its own, the share of it that is left."""
        start = self.lr.item() if self.lr.ndim == 0 else 1.0
        return start * min(1.0, 2 * (1 - step / self.n_steps))

    def records(self, step: int) -> bool:
        return step % self.record_every == 0 or step == self.n_steps - 1

    def recorded(self) -> list[int]:
        """The steps that are recorded: every so many, and the last."""
        return sorted({*range(0, self.n_steps, self.record_every), self.n_steps - 1})

    def resamplings(self) -> dict[int, int]:
        """Step -> number of the resampling that follows it: evenly spread over the first half."""
        half = self.n_steps // 2
        moments = [half * (i + 1) // self.n_resamplings for i in range(self.n_resamplings)]
        return {step: i for i, step in enumerate(moments) if step > 0}


class Trainer:
    """A chunk of a stack while it is trained: parameters, Adam's moments and gradients in flat buffers.

    buffers  scratch memory; trainers that take turns may share it
    """

    def __init__(self, stack: Stack, chosen: slice, plan: Plan, buffers: Buffers | None = None) -> None:
        require_stack(stack)
        require("plan", plan, isinstance(plan, Plan), "a Plan: when what happens")
        plan.require_fits(len(stack))
        part = stack[chosen]
        require("chosen", chosen, len(part) > 0, f"a slice of the {len(stack)} SAEs, one or more")
        self.chosen, self.plan, self.model, self.buffers = chosen, plan, part.model, buffers or Buffers()
        self.moments = plan.resamplings()
        self.watched = max(self.moments, default=0)  # until then it matters which latents fire
        shapes = {name: value.shape for name, value in part.parameters.items()}
        self.flat, self.mean, self.square, self.gradient, self.scratch = (
            stack.W_dec.new_zeros(sum(math.prod(shape) for shape in shapes.values())) for _ in range(5)
        )
        self.parameters, self.means, self.squares, self.gradients = (
            _views(flat, shapes) for flat in (self.flat, self.mean, self.square, self.gradient)
        )
        for name, value in part.parameters.items():
            self.parameters[name].copy_(value)
        self.own_lr = _spread(plan.lr[chosen], shapes).to(self.flat) if plan.lr.ndim else None
        n_latents = self.parameters["W_dec"].shape[1]
        draws = [_resampling_draws(seed, plan.n_resamplings, n_latents) for seed in part.seeds]
        self.draws = torch.stack(draws, dim=1).to(stack.W_dec)
        self.fired = stack.W_dec.new_zeros(len(part), n_latents)
        self.history = _empty_history(plan, part.W_dec)

    def own(self, weights: Tensor) -> Tensor:
        """The weights of this chunk's SAEs."""
        return weights[self.chosen] if weights.ndim == 2 else weights

    def run(self, start: int, x: Tensor, weights: Tensor) -> None:
        """Trains through one block: x (n_steps, n_samples, d_in), the first of its steps being number start."""
        for step, batch in enumerate(x, start):
            if self.plan.records(step):
                self._observe(step, batch, weights)
            self._step(step, batch, weights)
            if step + 1 in self.moments:
                self._resample(self.moments[step + 1], batch, weights)

    def settled(self, x: Tensor, weights: Tensor) -> Parameters:
        """The trained parameters; x (n_steps, n_samples, d_in) is the last block."""
        return self.model.settled(self.parameters, x, weights)

    def _step(self, step: int, x: Tensor, weights: Tensor) -> None:
        z = self.model.gradients(self.parameters, x, weights, self.gradients, self.buffers)
        if step < self.watched:
            torch.maximum(self.fired, self._largest(z, weights), out=self.fired)
        W_dec, slope = self.parameters["W_dec"], self.gradients["W_dec"]
        slope -= (slope * W_dec).sum(dim=2, keepdim=True) * W_dec  # along the sphere only
        self._adam(step)
        W_dec /= W_dec.square().sum(dim=2, keepdim=True).sqrt_()

    def _largest(self, z: Tensor, weights: Tensor) -> Tensor:
        """The largest activation of every latent on samples that can occur: a probability of zero is no sample."""
        possible = self.buffers.once("possible", weights, lambda w: None if (w > 0).all() else (w > 0).unsqueeze(-1))
        return (z if possible is None else z * possible).amax(dim=1)

    def _adam(self, step: int) -> None:
        self.mean.lerp_(self.gradient, 1 - BETA_1)
        self.square.mul_(BETA_2).addcmul_(self.gradient, self.gradient, value=1 - BETA_2)
        torch.sqrt(self.square, out=self.scratch)
        self.scratch.mul_(1 / math.sqrt(1 - BETA_2 ** (step + 1))).add_(EPSILON)
        if self.own_lr is not None:
            self.scratch /= self.own_lr
        self.flat.addcdiv_(self.mean, self.scratch, value=-self.plan.lr_at(step) / (1 - BETA_1 ** (step + 1)))

    def _observe(self, step: int, x: Tensor, weights: Tensor) -> None:
        number, history = -(-step // self.plan.record_every), self.history
        active = self.model.encode(self.parameters, x, weights) > 0
        history.l0[number] = (active.sum(dim=2) * weights).sum(dim=1)
        history.live[number] = active.any(dim=1).sum(dim=1)
        history.loss[number] = self.model.loss(self.parameters, x, weights)
        if history.dictionaries is not None:
            history.dictionaries[number] = self.parameters["W_dec"]

    def _resample(self, number: int, x: Tensor, weights: Tensor) -> None:
        """Aims every latent that has not fired since the last time at the residual of a badly explained sample."""
        dead = self.fired == 0
        self.fired.zero_()
        if not dead.any():
            return
        losses = self.model.sample_losses(self.parameters, x, weights) * weights
        chosen = _drawn_in_proportion(losses, self.draws[number])
        residual = x - self.model.decode(self.parameters, self.model.encode(self.parameters, x, weights))
        rows = torch.gather(residual, 1, chosen[:, :, None].expand(-1, -1, x.shape[1]))
        length = rows.norm(dim=2, keepdim=True)
        aimed = dead[:, :, None] & (length > 1e-6)  # a residual of zero points nowhere
        self._replace(aimed, rows / length.clamp(min=1e-6))

    def _replace(self, aimed: Tensor, rows: Tensor) -> None:
        """Rows become the new ones where aimed (n_saes, n_latents, 1) is true; Adam forgets the old ones."""
        own = self.model.own_parameters(rows)
        new = {"W_dec": rows, "W_enc": rows.transpose(1, 2), "b_enc": rows.new_zeros(rows.shape[:2])} | own
        where = {"W_dec": aimed, "W_enc": aimed.transpose(1, 2)} | dict.fromkeys(["b_enc", *own], aimed[:, :, 0])
        for name in new.keys() & self.parameters.keys():
            self.parameters[name].copy_(torch.where(where[name], new[name], self.parameters[name]))
            self.means[name].masked_fill_(where[name], 0)
            self.squares[name].masked_fill_(where[name], 0)


def n_trained() -> int:
    """How many SAEs `fit` has trained in this process; what other processes trained for it is not among them."""
    return sum(_trained_here)


@contextlib.contextmanager
def fast_arithmetic() -> Iterator[None]:
    """One intra-op thread, since on tiny tensors more of them only wait for each other; and denormals become zero.

    Adam's averages of a latent that stopped firing decay until they are denormal: then every product costs a hundred
    times as much.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(False)
        torch.set_num_threads(before)


def chunk_length(n_latents: int, n_samples: int, chunk_numbers: int = CHUNK_NUMBERS) -> int:
    """How many SAEs are trained together."""
    for name, value in {"n_latents": n_latents, "n_samples": n_samples, "chunk_numbers": chunk_numbers}.items():
        require_whole(name, value)
    return max(1, chunk_numbers // (n_latents * n_samples))


def _trainers(stack: Stack, plan: Plan, n_samples: int, chunk_numbers: int) -> list[Trainer]:
    size = chunk_length(stack.W_dec.shape[1], n_samples, chunk_numbers)
    buffers = Buffers()  # one set for all, since one chunk is trained at a time: else memory grows with their number
    return [Trainer(stack, slice(i, min(i + size, len(stack))), plan, buffers) for i in range(0, len(stack), size)]


def _require_trainable(stack: Stack) -> None:
    """raises ValueError unless all numbers of the stack are finite, and no decoder row has length zero."""
    require_stack(stack)
    require_seeds(stack.seeds)
    require_precision("stack", stack.W_dec)
    for name, value in stack.parameters.items():
        require_all_finite(f"{name} of the stack", value)
    shortest = stack.W_dec.norm(dim=2).min().item()
    require("the length of the shortest row of the stack", shortest, shortest > 0, "any number above 0")
    stack.model.require_fits(len(stack), stack.W_dec.shape[1])


def _block(data: Data, n_steps: int, stack: Stack) -> tuple[Tensor, Tensor]:
    """Data of the next steps in the precision of the stack; raises ValueError where it cannot be trained on them."""
    x, weights = data.block(n_steps)
    d_in = stack.W_dec.shape[2]
    fits = x.ndim == 3 and len(x) == n_steps and x.shape[2] == d_in
    require("the shape of the data", tuple(x.shape), fits, f"(n_steps = {n_steps}, n_samples, d_in = {d_in})")
    shapes = ((x.shape[1],), (len(stack), x.shape[1]))
    shape = tuple(weights.shape)
    require("the shape of the probabilities", shape, shape in shapes, " or ".join(map(str, shapes)))
    x, weights = x.to(stack.W_dec), weights.to(stack.W_dec)
    require_all_finite("the data", x[:1] if x.stride(0) == 0 else x)
    return x, weights


def _spread(values: Tensor, shapes: dict[str, torch.Size]) -> Tensor:
    """One value per SAE, repeated for every number of the flat buffer."""
    return torch.cat([values.repeat_interleave(math.prod(shape[1:])) for shape in shapes.values()])


def _views(flat: Tensor, shapes: dict[str, torch.Size]) -> Parameters:
    """One view of the flat buffer per parameter, side by side."""
    parts = flat.split([math.prod(shape) for shape in shapes.values()])
    return {name: part.view(shape) for (name, shape), part in zip(shapes.items(), parts, strict=True)}


def _resampling_draws(seed: int, n_resamplings: int, n_latents: int) -> Tensor:
    """Uniform numbers that decide what replaces dead latents, (n_resamplings, n_latents): the member's own."""
    return torch.rand(n_resamplings, n_latents, generator=member_generator(seed, stream=1))


def _drawn_in_proportion(losses: Tensor, uniforms: Tensor) -> Tensor:
    """Sample numbers (n_saes, n_latents), drawn in proportion to losses (n_saes, n_samples) by inverting their sum."""
    cumulated = losses.cumsum(dim=1)
    chosen = torch.searchsorted(cumulated, uniforms * cumulated[:, -1:])
    return chosen.clamp_(max=losses.shape[1] - 1)


def _empty_history(plan: Plan, W_dec: Tensor) -> History:
    """Room for all records at once: many small pieces of memory leave holes between them, ten times as large."""
    steps = torch.tensor(plan.recorded())
    shape = (len(steps), len(W_dec))
    loss, l0 = (W_dec.new_empty(shape) for _ in range(2))
    dictionaries = W_dec.new_empty(len(steps), *W_dec.shape) if plan.snapshots else None
    return History(steps, loss, l0, torch.empty(shape, dtype=torch.long, device=W_dec.device), dictionaries)


def _joined(chunks: list[History]) -> History:
    """One history out of those of all chunks."""
    loss, l0, live = (torch.cat([getattr(chunk, name) for chunk in chunks], dim=1) for name in ("loss", "l0", "live"))
    kept = [chunk.dictionaries for chunk in chunks if chunk.dictionaries is not None]
    return History(chunks[0].steps, loss, l0, live, torch.cat(kept, dim=1) if kept else None)
