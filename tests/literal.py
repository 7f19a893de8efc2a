"""Training as the docstrings tell it, written down a second time and as plainly as can be: the reference for `fit`.

Nothing here is taken from toysae.saes. One SAE at a time; its gradient is what autograd finds; the steps are those of
torch.optim.Adam with its usual constants; a batch is looked at sample by sample where samples are compared.

    rows       (n_latents, d_in) unit decoder rows before training
    x, p       (n_samples, d_in) and (n_samples,), the data points of one step and their probabilities
    a loss     takes the parameters of one SAE, x and p; gives the loss of each sample and its activations z
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import torch

# ---- one step of the SAE: what it reconstructs, and what that costs


def encoder(P):
    """(d_in, n_latents); where it is tied, the decoder transposed."""
    return P["W_enc"] if "W_enc" in P else P["W_dec"].T


def centred(P, x):
    return x - P["b_dec"] if "b_dec" in P else x


def preactivations(P, x):
    return centred(P, x) @ encoder(P) + P["b_enc"]


def half_error(P, x, z, m=None):
    """1/2 ||x - x_hat||^2 of each sample, of the first m latents alone if m is given."""
    x_hat = z[:, :m] @ P["W_dec"][:m]
    if "b_dec" in P:
        x_hat = x_hat + P["b_dec"]
    return ((x - x_hat) ** 2).sum(dim=1) / 2


def relu_l1(l1_coeff):
    def loss(P, x, p):
        z = preactivations(P, x).clamp(min=0)
        return half_error(P, x, z) + l1_coeff * z.sum(dim=1), z

    return loss


def top_k(k):
    def loss(P, x, p):
        pre = preactivations(P, x)
        z = torch.stack([_largest(sample, int(k)) for sample in pre])
        return half_error(P, x, z), z

    return loss


def _largest(sample, k):
    """The k largest numbers of one sample, as far as they are positive; of equal ones the earlier first."""
    numbers = sample.tolist()
    ranked = sorted(range(len(numbers)), key=lambda i: (-numbers[i], i))
    kept = torch.tensor([i in ranked[:k] and numbers[i] > 0 for i in range(len(numbers))])
    return torch.where(kept, sample, torch.zeros_like(sample))


def batch_top_k(k):
    def loss(P, x, p):
        pre = preactivations(P, x)
        kept = pre.detach() >= smallest_kept(pre.detach(), p, k)
        z = torch.where(kept & (pre > 0), pre, torch.zeros_like(pre))
        return half_error(P, x, z), z

    return loss


def smallest_kept(pre, p, k):
    """Largest first, activations are kept while the probabilities of their samples add up to at most k."""
    places = (pre > 0).nonzero()
    activations = pre[pre > 0]
    total, smallest = 0.0, math.inf
    for place in activations.argsort(descending=True).tolist():
        total += float(p[places[place, 0]])
        if total > k * (1 + 1e-6) and smallest < math.inf:  # up to rounding; and the largest always stays
            break
        smallest = float(activations[place])
    return smallest


class Jump(torch.autograd.Function):
    """z = pre where it exceeds theta; theta moves as in Rajamanoharan et al. 2024, by a rectangle around it."""

    @staticmethod
    def forward(ctx, pre, theta, width):
        ctx.save_for_backward(pre, theta)
        ctx.width = width
        return pre * (pre > theta)

    @staticmethod
    def backward(ctx, slope):
        pre, theta = ctx.saved_tensors
        near = ((pre - theta) / ctx.width).abs() < 0.5
        return slope * (pre > theta), -(theta / ctx.width * near * slope), None


class Step(torch.autograd.Function):
    """Whether pre exceeds theta."""

    @staticmethod
    def forward(ctx, pre, theta, width):
        ctx.save_for_backward(pre, theta)
        ctx.width = width
        return (pre > theta).to(pre)

    @staticmethod
    def backward(ctx, slope):
        pre, theta = ctx.saved_tensors
        near = ((pre - theta) / ctx.width).abs() < 0.5
        return None, -(near * slope / ctx.width), None


def jump_l0(l0_coeff, width):
    def loss(P, x, p):
        pre = preactivations(P, x)
        theta = P["log_threshold"].exp().expand_as(pre)
        z = Jump.apply(pre, theta, width)
        return half_error(P, x, z) + l0_coeff * Step.apply(pre, theta, width).sum(dim=1), z

    return loss


def gated(l1_coeff):
    def loss(P, x, p):
        projected = centred(P, x) @ encoder(P)
        gate = projected + P["b_enc"]
        magnitude = (P["r_mag"].exp() * projected + P["b_mag"]).clamp(min=0)
        z, opened = magnitude * (gate > 0), gate.clamp(min=0)
        frozen = {name: value.detach() for name, value in P.items()}
        return half_error(P, x, z) + l1_coeff * opened.sum(dim=1) + half_error(frozen, x, opened), z

    return loss


def nested(loss, sizes):
    """The same with the squared error of each prefix alone, in the mean over prefixes."""

    def of_prefixes(P, x, p):
        losses, z = loss(P, x, p)
        each = [half_error(P, x, z, m) for m in sizes]
        return losses - half_error(P, x, z) + sum(each) / len(sizes), z

    return of_prefixes


def with_cosines(loss, weight, largest):
    """And a price on cosines between decoder rows: on the largest of each row, or on all pairs."""

    def apart(P, x, p):
        losses, z = loss(P, x, p)
        W, n = P["W_dec"], len(P["W_dec"])
        pairs = [[W[i] @ W[j] for j in range(n) if j != i] for i in range(n)]
        if largest:
            price = sum(max(row) ** 2 for row in pairs) / n
        else:
            price = sum(cosine**2 for row in pairs for cosine in row) / (n * (n - 1))
        return losses + weight * price, z

    return apart


# ---- the run


@dataclass
class Run:
    """What became of one SAE.

    before  of each step: W_dec, loss, l0 and live, before it is taken
    aimed   (steps taken until then, latent, data point, whether it had fired earlier) of each latent aimed afresh
    P       the parameters at the end
    """

    P: dict
    before: list = field(default_factory=list)
    aimed: list = field(default_factory=list)


def trained(rows, seed, loss, batches, *, lr, n_resamplings, decoder_bias=False, tied=False, own=None):
    """One SAE trained on batches [(x, p), ...], one per step.

    seed  of the SAE: it decides what replaces dead latents
    own   what its kind has beside encoder and decoder: a number by name, the same for all latents, before training
    """
    own = own or {}
    run, n_steps = Run(_start(rows, decoder_bias, tied, own)), len(batches)
    adam = torch.optim.Adam([value.requires_grad_() for value in run.P.values()], lr=lr)
    draws = torch.rand(n_resamplings, len(rows), generator=torch.Generator().manual_seed(2 * seed + 1))
    moments = {(n_steps // 2) * (i + 1) // n_resamplings: i for i in range(n_resamplings)}
    fired = ever = torch.zeros(len(rows), dtype=torch.bool)
    for step, (x, p) in enumerate(batches):
        fired = fired | _one_step(run, adam, loss, x, p, lr * _share_left(step, n_steps))
        ever = ever | fired
        if step + 1 in moments:
            aimed = _resample(run.P, adam, loss, x, p, ~fired, draws[moments[step + 1]], own)
            run.aimed += [(step + 1, latent, point, bool(ever[latent])) for latent, point in aimed]
            fired = torch.zeros_like(fired)
    run.P = {name: value.detach() for name, value in run.P.items()}
    return run


def _start(rows, decoder_bias, tied, own):
    """Encoder = decoder transposed, biases zero."""
    P = {"W_dec": rows.clone(), "b_enc": torch.zeros_like(rows[:, 0])}
    P |= {name: torch.full_like(rows[:, 0], value) for name, value in own.items()}
    P |= {} if tied else {"W_enc": rows.T.clone()}
    return P | ({"b_dec": torch.zeros_like(rows[0])} if decoder_bias else {})


def _share_left(step, n_steps):
    """Of the learning rate: constant in the first half, then falling linearly to zero."""
    return 1.0 if 2 * step <= n_steps else 2 * (n_steps - step) / n_steps


def _one_step(run, adam, loss, x, p, lr):
    """Takes one step; says which latents fired on samples that can occur."""
    P = run.P
    losses, z = loss(P, x, p)
    total, active = (losses * p).sum(), z.detach() > 0
    l0, live = float((active.sum(dim=1) * p).sum()), int(active.any(dim=0).sum())
    run.before.append({"W_dec": P["W_dec"].detach().clone(), "loss": total.item(), "l0": l0, "live": live})
    adam.zero_grad()
    total.backward()
    with torch.no_grad():
        for row, slope in zip(P["W_dec"], P["W_dec"].grad, strict=True):
            slope -= (slope @ row) * row
        adam.param_groups[0]["lr"] = lr
        adam.step()
        for row in P["W_dec"]:
            row /= (row @ row).sqrt()
    return active[p > 0].any(dim=0)


@torch.no_grad()
def _resample(P, adam, loss, x, p, dead, uniforms, own):
    """Each dead latent is aimed at the residual of a sample drawn in proportion to its probability times its loss.

    Its encoder becomes its row, its bias zero, what its kind has beside them what it was before training; and Adam's
    moments of all of these are cleared. All see the SAE as it was before. A residual of zero points nowhere.
    """
    losses, z = loss(P, x, p)
    residual = x - z @ P["W_dec"] - P.get("b_dec", 0.0)
    chances, aimed = (losses * p).tolist(), []
    for latent in dead.nonzero()[:, 0].tolist():
        point, passed = 0, chances[0]
        while passed < float(uniforms[latent]) * sum(chances) and point < len(chances) - 1:
            point += 1
            passed += chances[point]
        length = float(residual[point].norm())
        if length <= 1e-6:
            continue
        row = residual[point] / length
        for name, value in {"W_dec": row, "W_enc": row, "b_enc": 0.0, **own}.items():
            if name in P:
                held = (P[name], adam.state[P[name]]["exp_avg"], adam.state[P[name]]["exp_avg_sq"])
                for tensor, new in zip(held, (value, 0.0, 0.0), strict=True):
                    (tensor.T if name == "W_enc" else tensor)[latent] = new
        aimed.append((latent, point))
    return aimed
