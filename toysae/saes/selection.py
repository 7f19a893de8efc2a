"""The largest activations: of each sample, or of a whole batch.

Activations come latents by batch, (n_saes, n_latents, n_samples). Sorting them costs several hundred times as much as a
pass of plain arithmetic over them. So a few passes narrow down where the edge lies, and the few near it are sorted.
"""

from __future__ import annotations

import torch
from torch import Tensor

from toysae.saes.gradients import Buffers, threshold_backward
from toysae.worlds.checks import shown

COUNT_TOLERANCE = 1e-6  # probabilities of samples add up to a count of latents only up to rounding
MAXIMA = 12  # up to so many, the maxima of a sample are taken one after the other
LEFT_TO_SORT = 63  # activations per SAE, about: halving their range once more costs more than sorting so few


def largest_of_samples(pre: Tensor, k: Tensor, buffers: Buffers) -> Tensor:
    """The k largest of each sample, as far as they are positive, where they are; zeros elsewhere.

    pre  (n_saes, n_latents, n_samples)
    k    () or (n_saes,) whole numbers >= 1

    Of equal ones the earlier latents are kept.
    """
    _require_shapes("pre", pre, k)
    pre, each = pre.contiguous(), k.to(pre.device).reshape(-1, 1, 1)
    kept = buffers.get("kept", pre.shape, pre)
    torch.ge(pre, _kth_largest(pre, each, kept).clamp_(min=torch.finfo(pre.dtype).tiny), out=kept)
    if (kept.sum(dim=1, keepdim=True) > each).any():  # several equal ones at the edge
        kept = _the_earlier(pre, each)
    return kept.mul_(pre)


def _kth_largest(pre: Tensor, k: Tensor, scratch: Tensor) -> Tensor:
    """The k-th largest number of each sample, or a smaller one where several are equal: (n_saes, 1, n_samples)."""
    most = min(int(k.max()), pre.shape[1])
    if most > MAXIMA:
        values = pre.topk(most, dim=1).values
        return values.gather(1, k.clamp(max=most).sub(1).expand(len(pre), 1, pre.shape[2]))
    largest = found = pre.amax(dim=1, keepdim=True)
    for rank in range(1, most):
        torch.sub(largest, pre, out=scratch)
        # Zero instead of all that was not below the last maximum: only positive ones matter
        threshold_backward(pre, scratch, 0, grad_input=scratch)
        largest = scratch.amax(dim=1, keepdim=True)
        found = torch.where(k > rank, largest, found)
    return found


def _the_earlier(pre: Tensor, k: Tensor) -> Tensor:
    """1 at the k largest of each sample that are positive, the earlier ones first among equal ones; else 0."""
    order = pre.argsort(dim=1, descending=True, stable=True)
    first = (torch.arange(pre.shape[1], device=pre.device)[:, None] < k).to(pre).expand(pre.shape)
    return torch.zeros_like(pre).scatter_(1, order, first).mul_(pre > 0)


def smallest_kept(positive: Tensor, weights: Tensor, k: Tensor, buffers: Buffers) -> Tensor:
    """The smallest activation of the batch that is kept, (n_saes, 1, 1): as by_sorting finds it, which costs more.

    positive  (n_saes, n_latents, n_samples) rectified pre-activations
    weights   (n_samples,) or (n_saes, n_samples): an activation counts as much as its sample
    k         () or (n_saes,)

    Activations are kept, largest first, while their weights add up to at most k; of those equal to the last one, all.
    The largest always stays, else a small k would switch the SAE off.
    """
    _require_shapes("positive", positive, k, weights)
    n_halvings = max(0, positive[0].numel().bit_length() - LEFT_TO_SORT.bit_length())
    if not n_halvings:
        return by_sorting(positive, weights, k)
    positive, most = positive.contiguous(), _most(k, weights)[:, 0]
    low, high, counted = _narrowed(positive, weights, most, n_halvings, buffers)
    values, masses = _between(positive, weights, low, high, buffers)
    counted = masses.cumsum_(dim=1).add_(counted[:, None])
    n_fitting = ((counted <= most[:, None]) & (values > 0)).sum(dim=1)
    found = values.gather(1, n_fitting.sub(1).clamp_(min=0)[:, None])[:, 0]
    for i in (n_fitting == 0).nonzero()[:, 0].tolist():  # none between the bounds: the smallest above them, if any
        above = positive[i][positive[i] >= high[i]]
        found[i] = above.amin() if len(above) else positive[i].amax()
    return found[:, None, None].clamp_(min=torch.finfo(positive.dtype).tiny)


def _narrowed(
    positive: Tensor, weights: Tensor, most: Tensor, n_halvings: int, buffers: Buffers
) -> tuple[Tensor, Tensor, Tensor]:
    """Bounds, (n_saes,): what reaches the upper one is kept, what does not reach the lower one is not. And the weight
    of what reaches the upper one.

    The middle between them becomes one of them, n_halvings times.
    """
    weights = buffers.once("exact weights", weights, lambda w: w.double())
    reaching = buffers.get("reaching", positive.shape, positive)
    low = positive.new_full((len(positive),), torch.finfo(positive.dtype).tiny)
    high = positive.amax(dim=(1, 2)).mul_(1.01).clamp_(min=2 * low[0])
    counted = torch.zeros_like(high, dtype=torch.float64)
    for _ in range(n_halvings):
        middle = (low + high) / 2
        torch.ge(positive, middle[:, None, None], out=reaching)
        mass = reaching.sum(dim=1).mul(weights).sum(dim=1)
        fits = mass <= most
        low, high = torch.where(fits, low, middle), torch.where(fits, middle, high)
        counted = torch.where(fits, mass, counted)
    return low, high, counted


def _between(positive: Tensor, weights: Tensor, low: Tensor, high: Tensor, buffers: Buffers) -> tuple[Tensor, Tensor]:
    """Activations from low to below high, (n_saes, most of an SAE), largest first and filled up with zeros; and the
    weights of their samples. Equal ones come in the order of samples, then of latents."""
    n_saes, n_latents, n_samples = positive.shape
    size = n_latents * n_samples
    above = torch.ge(positive, high[:, None, None], out=buffers.get("reaching", positive.shape, positive))
    between = torch.ge(positive, low[:, None, None], out=buffers.get("between", positive.shape, positive)).sub_(above)
    places = between.bool().view(-1).nonzero()[:, 0]
    keys = (places // size * size + places % n_samples * n_latents + places % size // n_samples).sort().values
    rows, samples, latents = keys // size, keys % size // n_latents, keys % n_latents
    numbers = rows.bincount(minlength=n_saes)
    columns = torch.arange(len(rows), device=rows.device) - (numbers.cumsum(dim=0) - numbers)[rows]
    values = positive.new_zeros(n_saes, max(1, int(numbers.max())))
    masses = torch.zeros_like(values, dtype=torch.float64)
    values[rows, columns] = positive[rows, latents, samples]
    masses[rows, columns] = weights.expand(n_saes, -1)[rows, samples].double()
    values, order = values.sort(dim=1, descending=True, stable=True)
    return values, masses.gather(1, order)


def by_sorting(positive: Tensor, weights: Tensor, k: Tensor) -> Tensor:
    """What smallest_kept finds, by sorting all activations; of equal ones the earlier sample, then latent, is first."""
    _require_shapes("positive", positive, k, weights)
    n_saes, n_latents, n_samples = positive.shape
    values, order = positive.transpose(1, 2).flatten(1).sort(dim=1, descending=True, stable=True)
    counted = weights.expand(n_saes, n_samples).gather(1, order // n_latents).double().cumsum(dim=1)
    last = ((counted <= _most(k, weights)) & (values > 0)).sum(dim=1, keepdim=True).sub(1).clamp(min=0)
    return values.gather(1, last)[:, :, None].clamp(min=torch.finfo(values.dtype).tiny)


def _require_shapes(name: str, given: Tensor, k: Tensor, *weights: Tensor) -> None:
    """raises ValueError where shapes do not match. Numbers are not looked at: this is done in every step."""
    tensors = (given, k, *weights)
    if all(isinstance(value, Tensor) for value in tensors) and given.ndim == 3 and given.is_floating_point():
        n_saes, _, n_samples = given.shape
        own = ((n_samples,), (n_saes, n_samples))
        if given.numel() and k.shape in ((), (n_saes,)) and all(value.shape in own for value in weights):
            return
    shapes = ", ".join(str(tuple(value.shape)) if isinstance(value, Tensor) else shown(value) for value in tensors)
    allowed = "floats (n_saes, n_latents, n_samples), and () or (n_saes,)"
    allowed += ", and (n_samples,) or (n_saes, n_samples)" * len(weights)
    raise ValueError(f"the shapes of {name}, k{' and weights' * len(weights)} are {shapes}: allowed are {allowed}")


def _most(k: Tensor, like: Tensor) -> Tensor:
    """What weights may add up to, (n_saes, 1) or (1, 1)."""
    return k.to(like.device).reshape(-1, 1) * (1 + COUNT_TOLERANCE)
