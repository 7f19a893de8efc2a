"""Dictionaries by methods older than SAEs, through scikit-learn: is the failure one of SAEs, or of sparse coding?

Each method takes samples (n_samples, d_in), n_latents, a setting, a seed and the rounds it may iterate for, and returns
unit rows (n_latents, d_in). A row of zeros stands where a method has fewer directions to offer than latents. To compare
such a dictionary with an SAE, `optimum.Coded` gives it the best possible encoder.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import torch
from sklearn.decomposition import NMF, PCA, DictionaryLearning, FastICA
from sklearn.exceptions import ConvergenceWarning
from torch import Tensor
from torch.nn.functional import normalize

SILENT = 1e-8  # share of the largest deviation below which a direction of the data does not vary
ITERATIONS_PER_ROUND = 20  # of ICA and NMF, whose iterations are cheap


def principal_components(x: Tensor, n_latents: int, setting: float, seed: int, n_rounds: int) -> Tensor:
    """Directions of largest variance, orthogonal to each other. There is nothing to set, and nothing is random.

    The sign of a component is free; it is chosen so that the mean of the samples lies on its positive side, since
    latent activations are not negative.
    """
    return _towards_the_mean(_rows(_varying(x, n_latents), n_latents), x)


def independent_components(x: Tensor, n_latents: int, setting: float, seed: int, n_rounds: int) -> Tensor:
    """FastICA: what mixes sources that are as independent as possible; the columns of its mixing matrix.

    setting  power of the source's activation a in the contrast: 1 is log cosh a, 2 is -exp(-a^2 / 2), 3 is a^4 / 4
    Signs are chosen as in `principal_components`. Directions in which the data do not vary carry no source.
    """
    contrast = {1: "logcosh", 2: "exp", 3: "cube"}[int(setting)]
    varying = _varying(x, n_latents)
    method = FastICA(len(varying), fun=contrast, random_state=seed, max_iter=ITERATIONS_PER_ROUND * n_rounds)
    mixing = _fitted(method, (x - x.mean(dim=0)) @ varying.T).mixing_
    return _towards_the_mean(_rows(torch.from_numpy(mixing).T @ varying, n_latents), x)


def non_negative_factors(x: Tensor, n_latents: int, setting: float, seed: int, n_rounds: int) -> Tensor:
    """NMF: rows and activations both non-negative. Coordinates of x below zero are cut off, which makes it a method for
    data whose features have non-negative coordinates only.

    setting  weight of the L1 penalty on the activations
    """
    method = NMF(
        n_latents,
        init="random",
        alpha_W=setting,
        alpha_H=0.0,
        l1_ratio=1.0,
        max_iter=ITERATIONS_PER_ROUND * n_rounds,
        random_state=seed,
    )
    return _rows(_fitted(method, x.clamp(min=0)).components_, n_latents)


def learned_dictionary(x: Tensor, n_latents: int, setting: float, seed: int, n_rounds: int) -> Tensor:
    """Sparse coding with non-negative activations: the loss of the SAE by turns in activations and rows, no encoder.

    setting  l1_coeff, in the convention of `toysae.saes.stack`
    Starts from random rows of either sign, as the SAEs do.
    """
    start = torch.randn(n_latents, x.shape[1], generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    method = DictionaryLearning(
        n_latents,
        alpha=setting,
        positive_code=True,
        fit_algorithm="cd",
        max_iter=n_rounds,
        code_init=np.ones((len(x), n_latents)),
        dict_init=normalize(start, dim=1).numpy(),
        random_state=seed,
    )
    return _rows(_fitted(method, x).components_, n_latents)


def _varying(x: Tensor, n_latents: int) -> Tensor:
    """Principal components (n_components, d_in) of samples, without those along which they do not vary."""
    found = PCA(min(n_latents, *x.shape), svd_solver="full").fit(x.numpy())
    varies = found.explained_variance_ > SILENT**2 * found.explained_variance_[0]
    return torch.from_numpy(found.components_[varies])


def _fitted(method: Any, x: Tensor) -> Any:
    """The method fitted; one that ran out of iterations is taken as it is, like an SAE that ran out of steps."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return method.fit(x.numpy())


def _rows(found: np.ndarray | Tensor, n_latents: int) -> Tensor:
    """Unit rows, filled up with rows of zeros."""
    rows = normalize(torch.as_tensor(found, dtype=torch.float64), dim=1)
    return torch.cat([rows, rows.new_zeros(n_latents - len(rows), rows.shape[1])])


def _towards_the_mean(rows: Tensor, x: Tensor) -> Tensor:
    return torch.where((rows @ x.double().mean(dim=0))[:, None] < 0, -rows, rows)
