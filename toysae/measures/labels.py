"""What a latent stands for: one feature, several that fire together, or neither."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor
from torch.nn.functional import normalize

from toysae.worlds.checks import as_number, require, require_axes, require_count, require_tensor, require_whole
from toysae.worlds.world import World, require_firing

THRESHOLD = 0.95  # cosine from which on a latent counts as aligned with a direction
LABELS = ("atomic", "composite", "mixed", "dead")
SIGNED_LABELS = (*LABELS, "negative", "difference")  # what a mixed latent may be, where a decoder bias is on
MINUS = "\N{MINUS SIGN}"
LARGEST_COSINES = 8  # features that a composite is looked for among, where they are not at right angles
NO_LENGTH = 1e-3  # a sum of features shorter than this is nothing but rounding


def cosines(dictionary: Tensor, directions: Tensor) -> Tensor:
    """Signed cosine of every row of a dictionary (..., n_latents, d_in) with directions (n, d_in): (..., n_latents, n).

    Signed, because a ReLU latent can push along its row only: a row that points away from a feature has not learned it.
    A row of length zero has cosine zero with everything.
    """
    require_tensor("dictionary", dictionary, "... d_in+")
    require_tensor("directions", directions, "n d_in", d_in=dictionary.shape[-1])
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
        require("label", label, isinstance(label, str) and label in self.words, f"one of {', '.join(self.words)}")
        return (self.kinds == self.words.index(label)).sum(dim=1)

    def word(self, sae: int, latent: int) -> str:
        """The label of one latent."""
        require_whole("sae", sae, 0, len(self.kinds) - 1)
        require_whole("latent", latent, 0, self.kinds.shape[1] - 1)
        return self.words[self.kinds[sae, latent]]

    @property
    def features_found(self) -> Tensor:
        """How many features have an atomic latent of their own in each SAE, (n_saes,)."""
        atomic = self.kinds == LABELS.index("atomic")
        return (self.members & atomic[..., None]).any(dim=1).sum(dim=1)

    @property
    def sets_found(self) -> Tensor:
        """How many sets of features have a composite latent of their own in each SAE, (n_saes,)."""
        composite = (self.kinds == LABELS.index("composite")).tolist()
        owned = [
            {tuple(row) for row, is_one in zip(rows, among, strict=True) if is_one}
            for rows, among in zip(self.members.tolist(), composite, strict=True)
        ]
        return torch.tensor([len(sets) for sets in owned])

    def names(self, sae: int, feature_names: list[str]) -> list[str]:
        """A short name per latent of one SAE: 'A' for an atom, 'A+B' for a composite, 'mixed', 'dead'."""
        require_whole("sae", sae, 0, len(self.kinds) - 1)
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
        require_whole("sae", sae, 0, len(self.kinds) - 1)
        names = []
        for latent, (plus, minus) in enumerate(zip(self.members[sae], self.against[sae], strict=True)):
            others = int((plus | minus).sum()) == len(feature_names)
            given, taken = (chosen(feature_names, side) for side in (plus, minus))
            if others and min(len(given), len(taken)) > 0:
                given, taken = (["others"] if len(side) > 2 else side for side in (given, taken))
            names.append("+".join(given) + "".join(MINUS + name for name in taken) or self.word(sae, latent))
        return names


def feature_names(n_features: int) -> list[str]:
    """A, B, C, ... while letters last, else 1, 2, 3, ..."""
    require_count(n_features=n_features)
    return [chr(ord("A") + i) if n_features <= 26 else str(i + 1) for i in range(n_features)]


def chosen(names: Sequence[str], where: Tensor) -> list[str]:
    """The names at which a bool tensor is true."""
    require_axes("where", where, "n_names", n_names=len(names) if isinstance(names, Sequence) else 0)
    require("the type of where", str(where.dtype), where.dtype == torch.bool, "torch.bool")
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
    require_threshold(threshold)
    require_firing(world)
    require_tensor("dictionary", dictionary, "n_saes n_latents d_in", d_in=world.d_in)
    n_saes, n_latents, _ = dictionary.shape
    require_axes("live", live, "n_saes n_latents", n_saes=n_saes, n_latents=n_latents)
    require("the type of live", str(live.dtype), live.dtype == torch.bool, "torch.bool")
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
    _require_cosines(cosine, world, threshold)
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


def _require_cosines(cosine: Tensor, world: World, threshold: float) -> None:
    require_firing(world)
    require_tensor("cosine", cosine, "n_saes n_latents n_features", n_features=world.n_features)
    require_threshold(threshold)


def require_threshold(threshold: float) -> None:
    """raises ValueError unless this is a cosine from which a latent may be called aligned."""
    require("threshold", threshold, 0 < as_number(threshold) <= 1, "a number above 0 and at most 1")


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


def signed_labels(old: Labels, cosine: Tensor, world: World, threshold: float = THRESHOLD) -> SignedLabels:
    """The same labels, in which live latents that were mixed are told apart by two more rules:

    negative    the opposite of its row has cosine >= threshold with an atom or a composite: a "not A"
    difference  its row has cosine >= threshold with the mean of some features minus the mean of some others

    Where both hold, the larger cosine decides.
    cosine  (n_saes, n_latents, n_features) decoder rows with features
    raises  ValueError where features are not orthonormal
    """
    _require_cosines(cosine, world, threshold)
    require("old", old, isinstance(old, Labels), "Labels, such as label_latents(...) makes")
    alike = old.kinds.shape == cosine.shape[:2]
    require("the shape of old.kinds", tuple(old.kinds.shape), alike, f"{tuple(cosine.shape[:2])}, as cosine")
    world.require_orthonormal()
    reached, members, against = best_differences(cosine)
    opposite, minus = _best_sums(-cosine, world, threshold)
    mixed = old.kinds == LABELS.index("mixed")
    is_negative = mixed & (opposite >= threshold) & (opposite >= reached)
    is_difference = mixed & (reached >= threshold) & ~is_negative
    kinds = old.kinds.clone()
    kinds[is_negative] = SIGNED_LABELS.index("negative")
    kinds[is_difference] = SIGNED_LABELS.index("difference")
    members = torch.where(is_difference[..., None], members, old.members)
    against = (against & is_difference[..., None]) | (minus & is_negative[..., None])
    return SignedLabels(kinds, members, against)


def best_differences(cosine: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The difference, mean of some features minus mean of some others, that each row is most aligned with.

    cosine   (n_saes, n_latents, n_features) with orthonormal features
    returns  the cosine (n_saes, n_latents); the features added and those taken away, bool like cosine

    For p features added and q taken away the p largest and the q smallest cosines are best: so one choice for each
    p and q has to be looked at, not all of them.
    """
    require_tensor("cosine", cosine, "n_saes n_latents n_features+")
    n = cosine.shape[2]
    if n < 2:
        none = torch.zeros(cosine.shape, dtype=torch.bool)
        return cosine.new_zeros(cosine.shape[:2]), none, none
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
