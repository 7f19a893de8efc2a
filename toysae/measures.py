"""What is counted: cosines, labels of latents, recovery scores, reconstruction, and intervals for fractions."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import ClassVar

import torch
from scipy.optimize import linear_sum_assignment
from scipy.stats import binomtest
from torch import Tensor
from torch.nn.functional import normalize

from toysae.oracle import finite_activations, finite_data
from toysae.sae import Stack
from toysae.worlds import World

THRESHOLD = 0.95  # cosine from which on a latent counts as aligned with a direction
CONFIDENCE = 0.95  # level of the intervals
ASSESSED_NUMBERS = 2**24  # latent activations that are held in memory at once
LABELS = ("atomic", "composite", "mixed", "dead")
SIGNED_LABELS = (*LABELS, "negative", "difference")  # what a mixed latent may be, where a decoder bias is on
MINUS = "\N{MINUS SIGN}"
LARGEST_COSINES = 8  # features that a composite is looked for among, where they are not at right angles
NO_LENGTH = 1e-3  # a sum of features shorter than this is nothing but rounding
ABSORBED_SHARE = 0.4  # of the projection on a feature that a latent must carry to absorb it, as in SAEBench
ABSORBING_COSINE = 0.1  # with the feature, that a latent must have to count as carrying it, as in SAEBench


def cosines(dictionary: Tensor, directions: Tensor) -> Tensor:
    """Signed cosine of every row of a dictionary (..., n_latents, d_in) with directions (n, d_in): (..., n_latents, n).

    Signed, because a ReLU latent can push along its row only: a row that points away from a feature has not learned it.
    A row of length zero has cosine zero with everything.
    """
    return normalize(dictionary, dim=-1) @ normalize(directions.to(dictionary), dim=-1).T


@dataclass(frozen=True)
class Labels:
    """What every latent of every dictionary stands for.

    kinds    (n_saes, n_latents) positions in words
    members  (n_saes, n_latents, n_features) bool: the feature of an atomic latent, those of a composite; else empty
    """

    words: ClassVar[tuple[str, ...]] = LABELS
    kinds: Tensor
    members: Tensor

    def count(self, label: str) -> Tensor:
        """How many latents of each SAE carry this label, (n_saes,)."""
        return (self.kinds == self.words.index(label)).sum(dim=1)

    def word(self, sae: int, latent: int) -> str:
        """The label of one latent."""
        return self.words[self.kinds[sae, latent]]

    @property
    def features_found(self) -> Tensor:
        """How many features have an atomic latent of their own in each SAE, (n_saes,)."""
        atomic = self.kinds == LABELS.index("atomic")
        return (self.members & atomic[..., None]).any(dim=1).sum(dim=1)

    def names(self, sae: int, feature_names: list[str]) -> list[str]:
        """A short name per latent of one SAE: 'A' for an atom, 'A+B' for a composite, 'mixed', 'dead'."""
        composed = ["+".join(chosen(feature_names, row)) for row in self.members[sae]]
        return [name or self.word(sae, latent) for latent, name in enumerate(composed)]


@dataclass(frozen=True)
class SignedLabels(Labels):
    """Labels with two more words, "negative" and "difference".

    members  as in Labels, and the features that a difference adds
    against  (n_saes, n_latents, n_features) bool: the features that a negative or a difference takes away
    """

    words: ClassVar[tuple[str, ...]] = SIGNED_LABELS
    against: Tensor

    def names(self, sae: int, feature_names: list[str]) -> list[str]:
        """As in Labels; a minus before each feature that is taken away; "others" where that is shorter."""
        names = []
        for latent, (plus, minus) in enumerate(zip(self.members[sae], self.against[sae], strict=True)):
            others = int((plus | minus).sum()) == len(feature_names)
            given, taken = (chosen(feature_names, side) for side in (plus, minus))
            if others and min(len(given), len(taken)) > 0:
                given, taken = (["others"] if len(side) > 2 else side for side in (given, taken))
            names.append("+".join(given) + "".join(MINUS + name for name in taken) or self.word(sae, latent))
        return names


def chosen(names: Sequence[str], where: Tensor) -> list[str]:
    """The names at which a bool tensor is true."""
    return [name for name, is_chosen in zip(names, where.tolist(), strict=True) if is_chosen]


def label_latents(dictionary: Tensor, world: World, live: Tensor, threshold: float = THRESHOLD) -> Labels:
    """Labels every latent by these rules, tried in this order:

    dead       it fires on no sample
    atomic     its row has cosine >= threshold with one feature direction
    composite  its row has cosine >= threshold with the normalised sum of two or more features that fire together
    mixed      none of these

    dictionary  (n_saes, n_latents, d_in) decoder rows, any length
    live        (n_saes, n_latents) bool: whether the latent fires on any sample
    """
    if not 0 < threshold <= 1:
        raise ValueError(f"threshold is {threshold}: allowed is a number above 0 and at most 1")
    if dictionary.ndim != 3 or live.shape != dictionary.shape[:2]:
        raise ValueError(
            f"live has shape {tuple(live.shape)} and dictionary {tuple(dictionary.shape)}: "
            "allowed are (n_saes, n_latents) and (n_saes, n_latents, d_in)"
        )
    cosine = cosines(dictionary, world.features)
    is_atomic = cosine.amax(dim=2) >= threshold
    members = best_composites(cosine, world, threshold)
    atoms = torch.nn.functional.one_hot(cosine.argmax(dim=2), world.n_features).bool()
    members = torch.where(is_atomic[..., None], atoms, members) & live[..., None]
    kinds = torch.full(live.shape, LABELS.index("mixed"))
    kinds[members.sum(dim=2) >= 2] = LABELS.index("composite")
    kinds[is_atomic] = LABELS.index("atomic")
    kinds[~live] = LABELS.index("dead")
    return Labels(kinds, members)


def best_composites(cosine: Tensor, world: World, threshold: float) -> Tensor:
    """The set of features that fire together whose normalised sum each row is most aligned with.

    cosine   (n_saes, n_latents, n_features)
    returns  bool, the same shape; empty where no such sum reaches the threshold

    Where features are orthonormal, the sum of the m largest cosines, divided by sqrt(m), is the largest cosine a row
    can have with a normalised sum of m features: so one set for each m has to be looked at, not all of them. Where they
    are not, the features with the LARGEST_COSINES are tried in all combinations, each sum divided by its true length; a
    composite of others, or of more, is not found.
    """
    order = cosine.argsort(dim=2, descending=True)
    ranked = cosine.gather(2, order)
    alignment, sets = _of_each_size(ranked) if world.orthonormal else _of_the_largest(ranked, order, world)
    members = torch.zeros(cosine.shape, dtype=torch.bool)
    best = torch.full(cosine.shape[:2], threshold, dtype=cosine.dtype)
    for sae, latent, tried in (alignment >= threshold).nonzero().tolist():
        chosen = order[sae, latent, : sets.shape[1]][sets[tried]]
        reached = alignment[sae, latent, tried]
        if len(chosen) >= 2 and reached >= best[sae, latent] and world.firing.fire_together(chosen.tolist()):
            best[sae, latent] = reached
            members[sae, latent] = False
            members[sae, latent, chosen] = True
    return members


def _of_each_size(ranked: Tensor) -> tuple[Tensor, Tensor]:
    """Cosine with the sum of the first m features, for each m, and those sets, bool (n_features, n_features), by rank.

    ranked  (n_saes, n_latents, n_features) cosines with orthonormal features, descending
    """
    n_features = ranked.shape[2]
    sizes = torch.arange(1, n_features + 1)
    return ranked.cumsum(dim=2) / sizes.to(ranked).sqrt(), torch.ones(n_features, n_features).tril().bool()


def _of_the_largest(ranked: Tensor, order: Tensor, world: World) -> tuple[Tensor, Tensor]:
    """Cosine with the sum of every set among the first features, and those sets, bool (n_sets, n_tried), by rank.

    ranked, order  (n_saes, n_latents, n_features) cosines, descending, and the features that they belong to
    """
    first = order[..., :LARGEST_COSINES]
    sets = torch.tensor(list(itertools.product([False, True], repeat=first.shape[2])))
    features = world.features.to(ranked)
    gram = (features @ features.T)[first[..., :, None], first[..., None, :]]
    chosen = sets.to(ranked)
    lengths = torch.einsum("tk,slkj,tj->slt", chosen, gram, chosen).clamp(min=0).sqrt()
    lengths = torch.where(lengths > NO_LENGTH, lengths, torch.inf)
    return ranked[..., : first.shape[2]] @ chosen.T / lengths, sets


def with_signed_labels(seen: Assessment, world: World, threshold: float = THRESHOLD) -> Assessment:
    """The same assessment, in which live latents that were mixed are told apart by two more rules:

    negative    the opposite of its row has cosine >= threshold with an atom or a composite: a "not A"
    difference  its row has cosine >= threshold with the mean of some features minus the mean of some others

    Where both hold, the larger cosine decides.
    raises  ValueError where features are not orthonormal
    """
    world.require_orthonormal()
    old = seen.labels
    reached, members, against = best_differences(seen.cosines)
    opposite, minus = _best_sums(-seen.cosines, world, threshold)
    mixed = old.kinds == LABELS.index("mixed")
    is_negative = mixed & (opposite >= threshold) & (opposite >= reached)
    is_difference = mixed & (reached >= threshold) & ~is_negative
    kinds = old.kinds.clone()
    kinds[is_negative] = SIGNED_LABELS.index("negative")
    kinds[is_difference] = SIGNED_LABELS.index("difference")
    members = torch.where(is_difference[..., None], members, old.members)
    against = (against & is_difference[..., None]) | (minus & is_negative[..., None])
    return replace(seen, labels=SignedLabels(kinds, members, against))


def best_differences(cosine: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The difference, mean of some features minus mean of some others, that each row is most aligned with.

    cosine   (n_saes, n_latents, n_features) with orthonormal features
    returns  the cosine (n_saes, n_latents); the features added and those taken away, bool like cosine

    For p features added and q taken away the p largest and the q smallest cosines are best: so one choice for each
    p and q has to be looked at, not all of them.
    """
    n = cosine.shape[2]
    if n < 2:
        return cosine.new_zeros(cosine.shape[:2]), *(torch.zeros(cosine.shape, dtype=torch.bool) for _ in range(2))
    descending, order = cosine.sort(dim=2, descending=True)
    sizes = torch.arange(1, n + 1).to(cosine)
    top, bottom = (part.cumsum(dim=2) / sizes for part in (descending, descending.flip(2)))
    aligned = (top[..., :, None] - bottom[..., None, :]) / (1 / sizes[:, None] + 1 / sizes).sqrt()
    aligned = aligned.masked_fill(sizes[:, None] + sizes > n, -torch.inf)
    reached, best = aligned.flatten(2).max(dim=2)
    rank = order.argsort(dim=2)
    return reached, rank <= (best // n)[..., None], rank >= n - 1 - (best % n)[..., None]


def _best_sums(cosine: Tensor, world: World, threshold: float) -> tuple[Tensor, Tensor]:
    """The atom or composite that each row is most aligned with: its cosine, and its features; empty below threshold."""
    members = best_composites(cosine, world, threshold)
    composed = (cosine * members).sum(dim=2) / members.sum(dim=2).clamp(min=1).sqrt()
    single, feature = cosine.max(dim=2)
    is_single = (single >= threshold) & (single >= composed)
    atoms = torch.nn.functional.one_hot(feature, world.n_features).bool()
    return torch.maximum(single, composed), torch.where(is_single[..., None], atoms, members)


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
    size = max(1, ASSESSED_NUMBERS // (len(activations) * max(stack.W_dec.shape[1:])))
    parts = [stack[i : i + size].double() for i in range(0, len(stack), size)]
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
    size = max(1, ASSESSED_NUMBERS // (len(x) * max(stack.W_dec.shape[1:])))
    return joined(
        [_assess(stack[i : i + size].double(), world, threshold, x, weights) for i in range(0, len(stack), size)]
    )


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


@dataclass(frozen=True)
class Fraction:
    """k of n with its Wilson interval: a count of SAEs is a sample from all seeds there are."""

    k: int
    n: int

    @classmethod
    def of(cls, holds: Tensor) -> Fraction:
        """The share of True in a bool tensor."""
        return cls(int(holds.sum()), holds.numel())

    @property
    def value(self) -> float:
        """k / n; not a number when there is nothing to count."""
        return self.k / self.n if self.n else float("nan")

    @property
    def interval(self) -> tuple[float, float]:
        """Lower and upper end of the 95 % Wilson score interval; everything is possible when nothing was counted."""
        if not self.n:
            return 0.0, 1.0
        interval = binomtest(self.k, self.n).proportion_ci(CONFIDENCE, method="wilson")
        return float(interval.low), float(interval.high)

    def __str__(self) -> str:
        if not self.n:
            return "none of 0"
        low, high = self.interval
        digits = 0 if self.n <= 200 else 1
        return f"{self.k} of {self.n} (95 % interval {100 * low:.{digits}f} to {100 * high:.{digits}f} %)"
