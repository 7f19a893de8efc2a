"""SAEs as detectors: does a latent fire when its feature does? For worlds whose patterns are too many to be listed."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from toysae.measures.labels import LABELS, THRESHOLD, cosines, label_latents, require_threshold
from toysae.measures.parts import require_width
from toysae.measures.recovery import explained_variance, mcc
from toysae.saes.stack import Stack
from toysae.worlds.checks import require, require_points, require_positions
from toysae.worlds.world import World, require_firing

SAES_AT_ONCE = 4  # whose activations on all samples are held in memory


def detection_scores(
    stack: Stack, world: World, activations: Tensor, threshold: float = THRESHOLD
) -> dict[str, Tensor]:
    """Scores of every SAE on samples (n_samples, n_features) of feature activations, (n_saes,) each.

    A latent stands for the feature that its decoder row has the largest cosine with, as in sae_lens.synthetic. Means
    over latents are taken over the live ones, which fire on any of the samples.

    l0, explained_variance
    mcc                     mean cosine of features and latents matched one to one; of min(n_latents, n_features) pairs.
                            Signed; sae_lens takes the absolute value
    precision               how often its feature is on when a latent fires
    recall                  how often a latent fires when its feature is on
    f1                      harmonic mean of the two for a latent
    unique                  different features that latents stand for, per live latent
    found                   features that have an atomic latent, as a share of the most that could: one per latent
    atomic ... dead         share of the latents with each label
    """
    require_threshold(threshold)
    _require_samples(stack, world, activations)
    parts = [stack[i : i + SAES_AT_ONCE] for i in range(0, len(stack), SAES_AT_ONCE)]
    seen = [_scores(part, world, activations, threshold) for part in parts]
    return {name: torch.cat([part[name] for part in seen]) for name in seen[0]}


def _scores(stack: Stack, world: World, activations: Tensor, threshold: float) -> dict[str, Tensor]:
    x = world.inputs(activations)
    z = stack.encode(x)
    fires, on = (z > 0).float(), (activations > 0).float()
    live = fires.any(dim=1)
    cosine = cosines(stack.W_dec, world.features)
    feature = cosine.argmax(dim=2)
    precision, recall, f1 = _hits(fires, on[:, feature].permute(1, 0, 2))
    labels = label_latents(stack.W_dec, world, live, threshold)
    n_latents, n_pairs = z.shape[2], min(z.shape[2], world.n_features)
    return {
        "l0": fires.sum(dim=2).mean(dim=1),
        "explained_variance": explained_variance(x, stack.model.decode(stack.parameters, z)),
        "mcc": mcc(stack.W_dec, world.features) * world.n_features / n_pairs,
        "precision": _mean(precision, live),
        "recall": _mean(recall, live),
        "f1": _mean(f1, live),
        "unique": _distinct(feature, live, world.n_features) / live.sum(dim=1).clamp(min=1),
        "found": labels.features_found / n_pairs,
    } | {label: labels.count(label) / n_latents for label in LABELS}


def holes(stack: Stack, world: World, activations: Tensor) -> tuple[Tensor, Tensor]:
    """How often the latents of parents fire when the parent is alone, and when a child is on too: each (n_saes,).

    The latent of a parent is the one whose decoder row has the largest cosine with it. Means over the parents.
    raises  ValueError where the world has no families
    """
    _require_samples(stack, world, activations)
    require("world.families", world.families, len(world.families) > 0, "a world in which features have children")
    on = activations > 0
    parents = [parent for parent, _ in world.families]
    child_on = torch.stack([on[:, list(children)].any(dim=1) for _, children in world.families], dim=1)
    of_parents = own_latents_fire(stack, world, activations, parents)
    alone_or_not = on[:, parents] & ~child_on, on[:, parents] & child_on
    rates = [(of_parents & who).sum(dim=1) / who.sum(dim=0) for who in alone_or_not]
    alone, together = (rate.nanmean(dim=1) for rate in rates)
    return alone, together


def own_latents_fire(stack: Stack, world: World, activations: Tensor, features: Sequence[int]) -> Tensor:
    """Whether the own latents of these features fire on samples: bool (n_saes, n_samples, as many as features).

    features  positions of features, in the order of the answer

    The own latent of a feature is the one whose decoder row has the largest cosine with it.
    """
    _require_samples(stack, world, activations)
    require_positions("features", features, world.n_features)
    own = cosines(stack.W_dec, world.features)[..., list(features)].argmax(dim=1)
    fires = stack.encode(world.inputs(activations)) > 0
    return fires.gather(2, own[:, None].expand(-1, len(activations), -1))


def _require_samples(stack: Stack, world: World, activations: Tensor) -> None:
    """raises ValueError unless the stack can be tried on these samples."""
    require_firing(world)
    require_width(stack, world)
    require_points("activations", activations, world.n_features)


def _hits(fires: Tensor, on: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Precision, recall and F1 (n_saes, n_latents) of fires for on, zeros and ones (n_saes, n_samples, n_latents)."""
    hits, fired, present = (fires * on).sum(dim=1), fires.sum(dim=1), on.sum(dim=1)
    precision, recall = hits / fired.clamp(min=1), hits / present.clamp(min=1)
    return precision, recall, 2 * hits / (fired + present).clamp(min=1)


def _mean(values: Tensor, live: Tensor) -> Tensor:
    return (values * live).sum(dim=1) / live.sum(dim=1).clamp(min=1)


def _distinct(feature: Tensor, live: Tensor, n_features: int) -> Tensor:
    """How many different features the live latents stand for, (n_saes,)."""
    stands = torch.nn.functional.one_hot(feature, n_features).bool() & live[..., None]
    return stands.any(dim=1).sum(dim=1)
