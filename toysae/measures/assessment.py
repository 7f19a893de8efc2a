"""What is counted: labels of latents, recovery scores, reconstruction, absorption, and intervals for fractions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import torch
from torch import Tensor

from toysae.claims.evidence import Fraction
from toysae.measures.labels import THRESHOLD, Labels, cosines, label_latents, signed_labels
from toysae.measures.recovery import activity, explained_variance, mcc, mmcs
from toysae.saes.stack import Stack
from toysae.worlds.finite import finite_data
from toysae.worlds.world import World

ASSESSED_NUMBERS = 2**24  # latent activations that are held in memory at once


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
    def lacks_atoms(self) -> Tensor:
        """SAEs without a single atomic latent, (n_saes,) bool."""
        return self.labels.count("atomic") == 0

    @property
    def all_composite(self) -> Tensor:
        """SAEs in which every latent is a composite, (n_saes,) bool."""
        return self.labels.count("composite") == self.live.shape[1]

    @property
    def no_atom(self) -> Fraction:
        """How many SAEs have no atomic latent. Says little by itself: many untrained SAEs have none either."""
        return Fraction.of(self.lacks_atoms)

    @property
    def composites_only(self) -> Fraction:
        """How many SAEs consist of composites and nothing else."""
        return Fraction.of(self.all_composite)


def assess(stack: Stack, world: World, threshold: float = THRESHOLD) -> Assessment:
    """Counts everything on the finite data of the world (finite.finite_data), in float64."""
    x, weights = finite_data(world)
    return joined([_assess(part, world, threshold, x, weights) for part in parts_in_memory(stack, len(x))])


def parts_in_memory(stack: Stack, n_points: int) -> list[Stack]:
    """The stack in float64, cut so that the activations of a part on all points fit into memory."""
    size = max(1, ASSESSED_NUMBERS // (n_points * max(stack.W_dec.shape[1:])))
    return [stack[i : i + size].double() for i in range(0, len(stack), size)]


def with_signed_labels(seen: Assessment, world: World, threshold: float = THRESHOLD) -> Assessment:
    """The same assessment, in which mixed latents are told apart as labels.signed_labels does."""
    return replace(seen, labels=signed_labels(seen.labels, seen.cosines, world, threshold))


def joined(parts: Sequence[Assessment]) -> Assessment:
    """The assessments of several stacks of one shape as one, in their order."""
    return concatenated(parts, labels=concatenated([part.labels for part in parts]))


def concatenated(parts: Sequence, **given):
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
