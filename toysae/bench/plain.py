"""A contender as one writes it at a first go: one SAE, autograd, Adam, unit decoder rows."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from toysae.bench.ours import world_of
from toysae.bench.serving import Task, one_by_one, serve


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


def train_one(task: Task, seed: int) -> dict[str, Tensor]:
    """The parameters of one trained SAE."""
    torch.manual_seed(seed)
    world, generator = world_of(task), torch.Generator().manual_seed(seed)
    model = PlainSAE(task.d_in, task.n_latents)
    optimizer = torch.optim.Adam(model.parameters(), lr=task.lr)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: min(1.0, 2 * (1 - step / task.n_steps)))
    for _ in range(task.n_steps):
        x = world.inputs(world.sample(task.batch_size, generator))
        x_hat, z = model(x)
        loss = (x - x_hat).square().sum(dim=1).mean() / 2 + task.l1_coeff * z.sum(dim=1).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        with torch.no_grad():
            model.W_dec.copy_(normalize(model.W_dec, dim=1))
    return {name: value.detach() for name, value in model.named_parameters()}


if __name__ == "__main__":
    serve(one_by_one(train_one))
