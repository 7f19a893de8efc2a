"""The largest activations: of each sample, or of a whole batch.

Activations come latents by batch, (n_saes, n_latents, n_samples). Sorting them costs several hundred times as much as a
pass of plain arithmetic over them, selecting a hundred times: it is done where nothing else does.
"""

from __future__ import annotations

import torch
from torch import Tensor

from toysae.gradients import Buffers

COUNT_TOLERANCE = 1e-6  # probabilities of samples add up to a count of latents only up to rounding
MAXIMA = 12  # up to so many, the maxima of a sample are taken one after the other
FEW = 256  # up to so many activations per SAE, sorting all SAEs at once is faster than selecting


# ---- of each sample


def largest_of_samples(pre: Tensor, k: Tensor, buffers: Buffers) -> Tensor:
    """The k largest of each sample, as far as they are positive, where they are; zeros elsewhere.

    pre  (n_saes, n_latents, n_samples)
    k    () or (n_saes,) whole numbers >= 1

    Of equal ones the earlier latents are kept.
    """
    each = k.to(pre.device).reshape(-1, 1, 1)
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
        torch.ops.aten.threshold_backward(pre, scratch, 0, grad_input=scratch)
        largest = scratch.amax(dim=1, keepdim=True)
        found = torch.where(k > rank, largest, found)
    return found


def _the_earlier(pre: Tensor, k: Tensor) -> Tensor:
    """1 at the k largest of each sample that are positive, the earlier ones first among equal ones; else 0."""
    order = pre.argsort(dim=1, descending=True, stable=True)
    first = (torch.arange(pre.shape[1], device=pre.device)[:, None] < k).to(pre).expand(pre.shape)
    return torch.zeros_like(pre).scatter_(1, order, first).mul_(pre > 0)


# ---- of a whole batch


def reached_by_largest(positive: Tensor, weights: Tensor, k: Tensor, buffers: Buffers) -> Tensor:
    """A number > 0 that exactly those activations reach which are kept, (n_saes, 1, 1).

    positive  (n_saes, n_latents, n_samples) rectified pre-activations
    weights   (n_samples,) or (n_saes, n_samples): an activation counts as much as its sample
    k         () or (n_saes,)

    Activations are kept, largest first, while their weights add up to at most k; of those equal to the last one, all.
    The largest always stays, else a small k would switch the SAE off.
    """
    size = positive[0].numel()
    numbers = None if size <= FEW else buffers.once((id(k), size), weights, lambda w: _numbers_kept(w, k, size))
    if numbers is None:
        return smallest_kept(positive, weights, k)
    found = positive.new_empty(len(positive), 1, 1)
    flat = positive.flatten(1)
    for number in numbers.unique().tolist():
        rows = (numbers == number).expand(len(flat))
        found[rows] = flat[rows].topk(number, dim=1, sorted=False).values.amin(dim=1)[:, None, None]
    return found.clamp_(min=torch.finfo(positive.dtype).tiny)


def _numbers_kept(weights: Tensor, k: Tensor, size: int) -> Tensor | None:
    """How many of so many activations are kept, (n_saes,) or (1,): the same whatever they are, if samples weigh the
    same; None if not."""
    if not (weights == weights.flatten()[0]).all():
        return None
    counted = weights.flatten()[:1].double().expand(size).cumsum(dim=0)
    return (counted <= _most(k, weights)).sum(dim=1).clamp(min=1)


def smallest_kept(positive: Tensor, weights: Tensor, k: Tensor) -> Tensor:
    """The smallest activation kept, (n_saes, 1, 1), by sorting them all; as in reached_by_largest."""
    n_saes, n_latents, n_samples = positive.shape
    values, order = positive.transpose(1, 2).flatten(1).sort(dim=1, descending=True)
    counted = weights.expand(n_saes, n_samples).gather(1, order // n_latents).double().cumsum(dim=1)
    last = ((counted <= _most(k, weights)) & (values > 0)).sum(dim=1, keepdim=True).sub(1).clamp(min=0)
    return values.gather(1, last)[:, :, None].clamp(min=torch.finfo(values.dtype).tiny)


def _most(k: Tensor, like: Tensor) -> Tensor:
    """What weights may add up to, (n_saes, 1) or (1, 1)."""
    return k.to(like.device).reshape(-1, 1) * (1 + COUNT_TOLERANCE)
