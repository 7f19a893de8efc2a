"""Scores of recovery and reconstruction."""

from __future__ import annotations

import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from toysae.measures.labels import cosines
from toysae.worlds.checks import numbers, require, require_one_or_each, require_points, require_tensor, require_weights


def activity(z: Tensor, weights: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """Which latents fire at all, (n_saes, n_latents), and L0, the mean number of active latents, (n_saes,).

    z        (n_saes, n_samples, n_latents) latent activations
    weights  (n_samples,) probabilities of the samples; equal when left out
    """
    require_tensor("z", z, "n_saes n_samples+ n_latents")
    _require_weights(weights, z.shape[1])
    active = z > 0
    weights = z.new_full((z.shape[1],), 1 / z.shape[1]) if weights is None else weights.to(z)
    return active.any(dim=1), (active.sum(dim=2) * weights).sum(dim=1)


def mmcs(dictionary: Tensor, features: Tensor) -> Tensor:
    """Mean over features of the best signed cosine with any latent (n_saes,): mean max cosine similarity."""
    _require_dictionary(dictionary, features)
    return cosines(dictionary, features).amax(dim=1).mean(dim=1)


def mcc(dictionary: Tensor, features: Tensor) -> Tensor:
    """Mean signed cosine over features under the best one-to-one matching with latents (n_saes,); unmatched count zero.

    Not Matthews' coefficient, which shares the abbreviation.
    """
    _require_dictionary(dictionary, features)
    scores = []
    for cosine in cosines(dictionary, features).double():
        rows, columns = linear_sum_assignment(cosine.numpy(), maximize=True)
        scores.append(cosine[rows, columns].sum() / len(features))
    return torch.stack(scores)


def costs(x: Tensor, x_hat: Tensor, z: Tensor, rows: Tensor, l1_coeff: Tensor) -> Tensor:
    """1/2 ||x - x_hat||^2 + l1_coeff ||z||_1 of every sample, (n_saes, n_samples): what all kinds of SAE are priced by.

    Activations count in units of their decoder rows, so that nothing is gained by long rows and small activations.
    x  (n_samples, d_in);  x_hat  (n_saes, n_samples, d_in);  z  (n_saes, n_samples, n_latents)
    rows  (n_saes, n_latents, d_in);  l1_coeff  (n_saes,) or ()
    """
    require_tensor("rows", rows, "n_saes n_latents d_in")
    n_saes, n_latents, d_in = rows.shape
    require_points("x", x, d_in)
    require_tensor("x_hat", x_hat, "n_saes n_samples d_in", n_saes=n_saes, n_samples=len(x), d_in=d_in)
    require_tensor("z", z, "n_saes n_samples n_latents", n_saes=n_saes, n_samples=len(x), n_latents=n_latents)
    require("l1_coeff", l1_coeff, isinstance(l1_coeff, Tensor), "a tensor, () or (n_saes,)")
    require_one_or_each("l1_coeff", l1_coeff, n_saes)
    allowed = "numbers >= 0, or not a number where there is no price"
    require("l1_coeff", l1_coeff, not (numbers("l1_coeff", l1_coeff, allowed) < 0).any(), allowed)
    l1 = (z.abs() * rows.norm(dim=2)[:, None]).sum(dim=2)
    return (x - x_hat).square().sum(dim=2) / 2 + l1_coeff.to(z).unsqueeze(-1) * l1


def explained_variance(x: Tensor, x_hat: Tensor, weights: Tensor | None = None) -> Tensor:
    """1 - FVU, the share of the variance of x that is explained, (n_saes,).

    x  (n_samples, d_in);  x_hat  (n_saes, n_samples, d_in);  weights  (n_samples,)
    """
    require_points("x", x, x.shape[-1] if isinstance(x, Tensor) and x.ndim else 0)
    require_tensor("x_hat", x_hat, "n_saes n_samples d_in", n_samples=len(x), d_in=x.shape[1])
    _require_weights(weights, len(x))
    weights = x.new_full((len(x),), 1 / len(x)) if weights is None else weights.to(x)
    variance = (weights[:, None] * (x - weights @ x).square()).sum()
    return 1 - (weights[:, None] * (x - x_hat).square()).sum(dim=(1, 2)) / variance


def _require_dictionary(dictionary: Tensor, features: Tensor) -> None:
    require_tensor("dictionary", dictionary, "n_saes+ n_latents+ d_in+")
    require_tensor("features", features, "n_features+ d_in", d_in=dictionary.shape[2])


def _require_weights(weights: Tensor | None, n_samples: int) -> None:
    if weights is not None:
        require_weights("weights", weights, (n_samples,))
