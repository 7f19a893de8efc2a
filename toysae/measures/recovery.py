"""Scores of recovery and reconstruction."""

from __future__ import annotations

import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from toysae.measures.labels import cosines


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


def costs(x: Tensor, x_hat: Tensor, z: Tensor, rows: Tensor, l1_coeff: Tensor) -> Tensor:
    """1/2 ||x - x_hat||^2 + l1_coeff ||z||_1 of every sample, (n_saes, n_samples): what all kinds of SAE are priced by.

    Activations count in units of their decoder rows, so that nothing is gained by long rows and small activations.
    x  (n_samples, d_in);  x_hat  (n_saes, n_samples, d_in);  z  (n_saes, n_samples, n_latents)
    rows  (n_saes, n_latents, d_in);  l1_coeff  (n_saes,) or ()
    """
    l1 = (z.abs() * rows.norm(dim=2)[:, None]).sum(dim=2)
    return (x - x_hat).square().sum(dim=2) / 2 + l1_coeff.to(z).unsqueeze(-1) * l1


def explained_variance(x: Tensor, x_hat: Tensor, weights: Tensor | None = None) -> Tensor:
    """1 - FVU, the share of the variance of x that is explained, (n_saes,).

    x  (n_samples, d_in);  x_hat  (n_saes, n_samples, d_in);  weights  (n_samples,)
    """
    weights = x.new_full((len(x),), 1 / len(x)) if weights is None else weights.to(x)
    variance = (weights[:, None] * (x - weights @ x).square()).sum()
    return 1 - (weights[:, None] * (x - x_hat).square()).sum(dim=(1, 2)) / variance
