"""What is counted: labels of latents, recovery scores, reconstruction and absorption."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from toysae.labels import LABELS as LABELS  # who counts looks for the words here
from toysae.labels import SIGNED_LABELS as SIGNED_LABELS
from toysae.labels import THRESHOLD, Labels, cosines, label_latents, signed_labels
from toysae.oracle import finite_activations, finite_data
from toysae.sae import Stack
from toysae.worlds import World

ASSESSED_NUMBERS = 2**24  # latent activations that are held in memory at once
ABSORBED_SHARE = 0.4  # of the projection on a feature that a latent must carry to absorb it, as in SAEBench
ABSORBING_COSINE = 0.1  # with the feature, that a latent must have to count as carrying it, as in SAEBench


def activity(z: Tensor, weights: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """Which latents fire at all, (n_saes, n_latents), and L0, the mean number of active latents, (n_saes,).

    z        (n_saes, n_samples, n_latents) latent activations
    weights  (n_samples,) probabilities of the samples; equal when left out
    """
    active = z > 0
    weights = z.new_full((z.shape[1],), 1 / z.shape[1]) if weights is None else weights.to(z)
    return active.any(dim=1), (active.sum(dim=2) * weights).sum(dim=1)


def mmcs(dictionary: Tensor, features: Tensor) -> Tensor:
    """Mean over features of the best signed cosine with any latent (n_saes,): mean max cosine similarity."""
    return cosines(dictionary, features).amax(dim=1).mean(dim=1)


def mcc(dictionary: Tensor, features: Tensor) -> Tensor:
    """Mean signed cosine over features under the best one-to-one matching with latents (n_saes,); unmatched count zero.

    Not Matthews' coefficient, which shares the abbreviation.
    """
    scores = []
    for cosine in cosines(dictionary, features).double():
        rows, columns = linear_sum_assignment(cosine.numpy(), maximize=True)
        scores.append(cosine[rows, columns].sum() / len(features))
    return torch.stack(scores)


@dataclass(frozen=True)
class Absorption:
    """How far the latents of its children have taken over a parent feature, in each SAE of a stack.

    own       (n_saes,) the parent's own latent: the live one with the largest cosine with the parent
    cosine    (n_saes,) that cosine. Where it is low, the parent has no latent that could be absorbed
    full      (n_saes,) full absorption rate: how often the own latent is silent while another one stands in
    fraction  (n_saes,) absorption fraction: how much of what own and standing-in latents say about the parent is
              said by the latter; it sees partial absorption, where the own latent still fires but weakly

    Both are means over the samples in which the parent and at least one of the children fire.
    """

    own: Tensor
    cosine: Tensor
    full: Tensor
    fraction: Tensor


def absorption(
    stack: Stack, world: World, parent: int, children: Sequence[int], share: float = ABSORBED_SHARE
) -> Absorption:
    """Whether a parent feature is represented by its own latent when a child fires, or by the child's.

    A latent k says z_k cos(row_k, parent) about the parent, of which the sample holds a_parent. A latent other than the
    parent's own stands in for it where it fires and points both towards the parent and towards a child that fires, with
    cosines of ABSORBING_COSINE or more. In a sample the parent is

    fully absorbed  where its own latent is silent and one that stands in says at least `share` of a_parent
    absorbed by     S / (S + O), where those that stand in say S >= share a_parent in sum, capped at what is missing
                    from a_parent, and its own latent says O; so 1 where O is zero. 0 where S is too little, or O is
                    a_parent or more

    The metric of SAEBench (Karvonen et al. 2025, arXiv 2503.09532) for the absorption of Chanin et al. (2024, arXiv
    2409.14507), in a world whose features are known: the feature's direction replaces a probe, children are named, not
    found, and the samples are those where one fires, so that 1 is complete absorption; there it is counted among all
    samples of the parent. SAEBench asks for a cosine of .025 where absorption is full, and adds up three latents at
    most.

    parent    a position among the features, and children the positions of its children
    returns   not a number where no latent is live, or where parent and children never fire together
    """
    _require_family(parent, children, world.n_features)
    if not 0 < share <= 1:
        raise ValueError(f"share is {share}: allowed is a number above 0 and at most 1")
    activations, probabilities = finite_activations(world)
    parts = _parts(stack, len(activations))
    return _concatenated(
        [_absorption(p, world, parent, list(children), share, activations, probabilities) for p in parts]
    )


def _absorption(
    stack: Stack, world: World, parent: int, children: list[int], share: float, activations: Tensor, weights: Tensor
) -> Absorption:
    z = stack.model.encode(stack.parameters, world.inputs(activations), weights)
    live, _ = activity(z, weights)
    cosine = cosines(stack.W_dec, world.features)
    own_cosine, own = cosine[..., parent].masked_fill(~live, -torch.inf).max(dim=1)
    together = (activations[:, parent] > 0) & (activations[:, children] > 0).any(dim=1)
    z, held, weights = z[:, together], activations[together, parent], weights[together]
    is_own = torch.nn.functional.one_hot(own, z.shape[2]).bool()[:, None]
    stands_in = _carries_both(cosine, parent, children, activations[together] > 0) & ~is_own
    said = z * cosine[:, None, :, parent]
    by_own, by_others = ((said * who).sum(dim=2) for who in (is_own, stands_in))
    silent = ~((z > 0) & is_own).any(dim=2)
    full = silent & ((said * stands_in).amax(dim=2) >= share * held)
    kept = torch.minimum(by_others, held - by_own)
    fraction = torch.where(by_own > 0, kept / (kept + by_own), 1.0)
    fraction = torch.where((by_own < held) & (by_others >= share * held), fraction, 0.0)
    known = torch.where(live.any(dim=1), 1.0, torch.nan).double()
    rates = [known * (value.double() @ weights) / weights.sum() for value in (full, fraction)]
    return Absorption(own, known * own_cosine, *rates)


def _carries_both(cosine: Tensor, parent: int, children: list[int], fires: Tensor) -> Tensor:
    """Which latents point towards the parent and towards a child that fires, bool (n_saes, n_samples, n_latents).

    cosine (n_saes, n_latents, n_features); fires (n_samples, n_features) bool
    """
    points = cosine >= ABSORBING_COSINE
    to_a_child = torch.einsum("sc,alc->asl", fires[:, children].double(), points[..., children].double()) > 0
    return to_a_child & points[:, None, :, parent]


def _require_family(parent: int, children: Sequence[int], n_features: int) -> None:
    if parent not in range(n_features):
        raise ValueError(f"parent is {parent}: allowed is 0 to {n_features - 1}")
    if not children or not set(children) <= set(range(n_features)) - {parent}:
        raise ValueError(
            f"children is {list(children)}: allowed are features from 0 to {n_features - 1}, not the parent"
        )


def explained_variance(x: Tensor, x_hat: Tensor, weights: Tensor | None = None) -> Tensor:
    """1 - FVU, the share of the variance of x that is explained, (n_saes,).

    x  (n_samples, d_in);  x_hat  (n_saes, n_samples, d_in);  weights  (n_samples,)
    """
    weights = x.new_full((len(x),), 1 / len(x)) if weights is None else weights.to(x)
    variance = (weights[:, None] * (x - weights @ x).square()).sum()
    return 1 - (weights[:, None] * (x - x_hat).square()).sum(dim=(1, 2)) / variance


@dataclass(frozen=True)
class Assessment:
    """Everything that is counted about a stack of SAEs, on the finite data of one world.

    losses, l0, mmcs, mcc, explained_variance  (n_saes,)
    cosines                                    (n_saes, n_latents, n_features) decoder rows with feature directions
    bias_cosines                               (n_saes, n_features) decoder bias with feature directions
    live                                       (n_saes, n_latents) bool
    """

    losses: Tensor
    l0: Tensor
    mmcs: Tensor
    mcc: Tensor
    explained_variance: Tensor
    cosines: Tensor
    bias_cosines: Tensor
    live: Tensor
    labels: Labels

    @property
    def all_live(self) -> Tensor:
        """SAEs in which no latent is dead, (n_saes,) bool."""
        return self.live.all(dim=1)

    @property
    def no_atom(self) -> Tensor:
        """SAEs without a single atomic latent, (n_saes,) bool."""
        return self.labels.count("atomic") == 0


def assess(stack: Stack, world: World, threshold: float = THRESHOLD) -> Assessment:
    """Counts everything on the finite data of the world (oracle.finite_data), in float64."""
    x, weights = finite_data(world)
    return joined([_assess(part, world, threshold, x, weights) for part in _parts(stack, len(x))])


def _parts(stack: Stack, n_points: int) -> list[Stack]:
    """The stack in float64, cut so that the activations of a part on all points fit into memory."""
    size = max(1, ASSESSED_NUMBERS // (n_points * max(stack.W_dec.shape[1:])))
    return [stack[i : i + size].double() for i in range(0, len(stack), size)]


def with_signed_labels(seen: Assessment, world: World, threshold: float = THRESHOLD) -> Assessment:
    """The same assessment, in which mixed latents are told apart as labels.signed_labels does."""
    return replace(seen, labels=signed_labels(seen.labels, seen.cosines, world, threshold))


def joined(parts: Sequence[Assessment]) -> Assessment:
    """The assessments of several stacks of one shape as one, in their order."""
    return _concatenated(parts, labels=_concatenated([part.labels for part in parts]))


def _concatenated(parts: Sequence, **given):
    """Dataclasses of tensors joined along their first axis, field by field; given fields are taken as they are."""
    values = {f.name: [getattr(part, f.name) for part in parts] for f in fields(parts[0]) if f.name not in given}
    return replace(parts[0], **{name: torch.cat(tensors) for name, tensors in values.items()}, **given)


def _assess(stack: Stack, world: World, threshold: float, x: Tensor, weights: Tensor) -> Assessment:
    z = stack.model.encode(stack.parameters, x, weights)
    live, l0 = activity(z, weights)
    features = world.features.double()
    return Assessment(
        losses=stack.losses(x, weights),
        l0=l0,
        mmcs=mmcs(stack.W_dec, features),
        mcc=mcc(stack.W_dec, features),
        explained_variance=explained_variance(x, stack.model.decode(stack.parameters, z), weights),
        cosines=cosines(stack.W_dec, features),
        bias_cosines=cosines(stack.b_dec, features),
        live=live,
        labels=label_latents(stack.W_dec, world, live, threshold),
    )


def reading_order(cosine: Tensor, labels: Labels, sae: int) -> list[int]:
    """The order in which the latents of one SAE are drawn, so that a map shows its structure.

    By the features a latent stands for, in the order of the features; a mixed latent stands for its largest cosine;
    dead latents come last. cosine is (n_saes, n_latents, n_features).
    """

    def place(latent: int) -> tuple:
        members = labels.members[sae, latent].nonzero().flatten().tolist()
        return labels.word(sae, latent) == "dead", members or [int(cosine[sae, latent].argmax())], latent

    return sorted(range(cosine.shape[1]), key=place)
