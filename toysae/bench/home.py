"""The contenders at home: training.fit, for all SAEs at once, and a plain loop as one writes it at a first go."""

from __future__ import annotations

import sys

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from toysae.bench.errands import Errand, Train, serve
from toysae.saes.kinds import KINDS
from toysae.saes.starts import random_sign_rows
from toysae.saes.training import Batches, fit
from toysae.worlds.named_worlds import independent


def batches_of(errand: Errand) -> Batches:
    """Fresh samples from the world of an errand; the first seed decides them."""
    world = independent([1 / errand.width] * errand.width)
    return Batches(world, errand.batch_size, torch.Generator().manual_seed(errand.seeds[0]))


def ours(errand: Errand) -> Train:
    """Our training; see errands.serve."""
    data = batches_of(errand)
    rows = random_sign_rows(data.world, errand.width, errand.seeds)
    knobs = torch.full((len(errand.seeds),), errand.knob, dtype=torch.float64)
    start = KINDS[errand.kind].untrained(knobs, rows, errand.seeds, decoder_bias=errand.decoder_bias)
    return lambda: fit(start, data, n_steps=errand.n_steps, lr=errand.lr)[0].parameters


class PlainSAE(nn.Module):
    """z = relu((x - b_dec) W_enc + b_enc), x_hat = z W_dec + b_dec."""

    def __init__(self, d_in: int, n_latents: int) -> None:
        super().__init__()
        self.W_dec = nn.Parameter(normalize(torch.randn(n_latents, d_in), dim=1))
        self.W_enc = nn.Parameter(self.W_dec.detach().T.clone())
        self.b_enc = nn.Parameter(torch.zeros(n_latents))
        self.b_dec = nn.Parameter(torch.zeros(d_in))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        z = torch.relu((x - self.b_dec) @ self.W_enc + self.b_enc)
        return z @ self.W_dec + self.b_dec, z


def plain_loop(errand: Errand) -> Train:
    """Autograd, Adam, unit decoder rows; see errands.serve."""
    torch.manual_seed(*errand.seeds)
    data, model = batches_of(errand), PlainSAE(errand.width, errand.width)
    optimizer = torch.optim.Adam(model.parameters(), lr=errand.lr)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: min(1.0, 2 * (1 - step / errand.n_steps)))

    def train() -> dict[str, Tensor]:
        for _ in range(errand.n_steps):
            x = data.world.inputs(data.world.sample(errand.batch_size, data.generator))
            x_hat, z = model(x)
            loss = (x - x_hat).square().sum(dim=1).mean() / 2 + errand.knob * z.sum(dim=1).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            with torch.no_grad():
                model.W_dec.copy_(normalize(model.W_dec, dim=1))
        return {name: value.detach()[None] for name, value in model.named_parameters()}

    return train


if __name__ == "__main__":
    serve({"ours": ours, "plain": plain_loop}[sys.argv[1]])
