"""What is counted about SAEs, all of it at once: labels of latents, recovery, reconstruction, absorption, cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from toysae.claims.intervals import Fraction
from toysae.measures.absorption import measure_absorption
from toysae.measures.guests import as_stack, prices
from toysae.measures.labels import (
    THRESHOLD,
    Labels,
    cosines,
    feature_names,
    label_latents,
    require_threshold,
    signed_labels,
)
from toysae.measures.parts import concatenated, parts_in_memory
from toysae.measures.recovery import activity, costs, explained_variance, mcc, mmcs
from toysae.optimum.search import best_losses
from toysae.saes.stack import Stack
from toysae.worlds.checks import require
from toysae.worlds.finite import finite_data
from toysae.worlds.world import World


@dataclass(frozen=True)
class Assessment:
    """Everything that is counted about a stack of SAEs, on the finite data of one world.

    losses, l0, mmcs, mcc, explained_variance  (n_saes,)
    cosines                                    (n_saes, n_latents, n_features) decoder rows with feature directions
    bias_cosines                               (n_saes, n_features) decoder bias with feature directions
    live                                       (n_saes, n_latents) bool
    prices                                     (n_saes,) of a unit of activation; not a number without one
    costs                                      (n_saes,) 1/2 ||x - x_hat||^2 + price ||z||_1, in the mean: the loss of
                                               the plain SAE, for SAEs of any kind
    assessed                                   what was: SAEs, and the world in which they were
    """

    losses: Tensor
    l0: Tensor
    mmcs: Tensor
    mcc: Tensor
    explained_variance: Tensor
    cosines: Tensor
    bias_cosines: Tensor
    live: Tensor
    prices: Tensor
    costs: Tensor
    labels: Labels
    assessed: tuple[tuple[Stack, World], ...] = field(repr=False)

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

    def names(self, sae: int) -> list[str]:
        """A name for each latent of one SAE: 'A' for an atom, 'A+B' for a composite, 'mixed', 'dead'."""
        return self.labels.names(sae, feature_names(self.cosines.shape[2]))

    @cached_property
    def absorption(self) -> Tensor:
        """How much of each parent its children's latents say while a child is on, (n_saes, n_families).

        The absorption fraction of `measure_absorption`, in the order of world.families; empty where there are none.
        """
        return torch.cat([_absorption(stack, world) for stack, world in self.assessed])

    @cached_property
    def excess(self) -> Tensor:
        """Costs above those of the best dictionary known of as many latents at the same price, (n_saes,).

        Not a number where there is no price. That dictionary has the best activations and no decoder bias, so an SAE
        with a bias may lie below. Looked for when first asked, once per price, which takes seconds.
        raises  ValueError in a world whose patterns cannot be listed
        """
        parts = self.prices.split([len(stack) for stack, _ in self.assessed])
        asked = zip(self.assessed, parts, strict=True)
        return self.costs - torch.cat([best_losses(world, stack.W_dec.shape[1], own) for (stack, world), own in asked])


def assess(
    anything: Any, world: World, threshold: float = THRESHOLD, *, l1_coeff: float | Tensor | None = None
) -> Assessment:
    """Counts everything on the finite data of the world (finite.finite_data), in float64.

    anything   a Stack; decoder rows (n_latents, d_in) or (n_saes, n_latents, d_in) of any length, which get the best
               non-negative activations at the price; functions (encode, decode); a module or another object that has
               both; the folder of an SAE of SAELens. `as_stack` says how each is used; none is trained or changed
    threshold  cosine from which on a latent is aligned with a direction
    l1_coeff   the price of a unit of activation, at which costs and excess are told; one number, or one per SAE. When
               left out, that of a Stack whose model has one; else there is none, and rows get theirs at price 0

    A latent fires where its activation is above 0; of foreign SAEs too.
    raises  ValueError for what cannot be assessed: one line with its name, value and what is allowed
    """
    require_threshold(threshold)
    stack = as_stack(anything, world, l1_coeff)
    own = prices(anything, len(stack), l1_coeff)
    x, weights = finite_data(world)
    parts = parts_in_memory(stack, len(x))
    shares = zip(parts, own.split([len(part) for part in parts]), strict=True)
    return replace(
        joined([_assess(part, world, threshold, x, weights, own) for part, own in shares]), assessed=((stack, world),)
    )


def with_signed_labels(seen: Assessment, world: World, threshold: float = THRESHOLD) -> Assessment:
    """The same assessment, in which mixed latents are told apart as labels.signed_labels does."""
    require("seen", seen, isinstance(seen, Assessment), "an Assessment, such as assess(...) makes")
    return replace(seen, labels=signed_labels(seen.labels, seen.cosines, world, threshold))


def joined(parts: Sequence[Assessment]) -> Assessment:
    """The assessments of several stacks of one shape as one, in their order."""
    listed = isinstance(parts, Sequence) and len(parts) > 0 and all(isinstance(part, Assessment) for part in parts)
    require("parts", parts, listed, "a list of one Assessment or more")
    assessed = tuple(both for part in parts for both in part.assessed)
    return concatenated(parts, labels=concatenated([part.labels for part in parts]), assessed=assessed)


def _assess(stack: Stack, world: World, threshold: float, x: Tensor, weights: Tensor, own: Tensor) -> Assessment:
    z = stack.model.encode(stack.parameters, x, weights)
    x_hat = stack.model.decode(stack.parameters, z)  # before anything else is encoded: guests may remember the last
    live, l0 = activity(z, weights)
    features = world.features.double()
    return Assessment(
        losses=stack.losses(x, weights),
        l0=l0,
        mmcs=mmcs(stack.W_dec, features),
        mcc=mcc(stack.W_dec, features),
        explained_variance=explained_variance(x, x_hat, weights),
        cosines=cosines(stack.W_dec, features),
        bias_cosines=cosines(stack.b_dec, features),
        live=live,
        prices=own,
        costs=(costs(x, x_hat, z, stack.W_dec, own) * weights).sum(dim=1),
        labels=label_latents(stack.W_dec, world, live, threshold),
        assessed=((stack, world),),
    )


def _absorption(stack: Stack, world: World) -> Tensor:
    fractions = [measure_absorption(stack, world, parent, children).fraction for parent, children in world.families]
    return torch.stack(fractions, dim=1) if fractions else torch.zeros(len(stack), 0, dtype=torch.float64)
