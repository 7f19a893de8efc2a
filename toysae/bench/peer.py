"""The contender from SAELens: train_toy_sae of sae_lens.synthetic. It runs in an environment of its own.

SAELens sets no length for decoder rows but charges for it, and leaves out the factor 1/2 of the squared error: twice
our price gives twice our loss.
"""

from __future__ import annotations

import torch
from sae_lens import StandardTrainingSAE, StandardTrainingSAEConfig
from sae_lens.synthetic import ActivationGenerator, FeatureDictionary, train_toy_sae
from torch import Tensor

from toysae.bench.serving import Task, one_by_one, serve


def train_one(task: Task, seed: int) -> dict[str, Tensor]:
    """The parameters of one trained SAE; its seed sets the initialisation and the batches."""
    torch.manual_seed(seed)
    features = FeatureDictionary(task.d_in, task.d_in, bias=False, initializer=None)
    features.feature_vectors.data = torch.eye(task.d_in)
    activations = ActivationGenerator(task.d_in, torch.tensor(task.rates), task.sigma, task.mu)
    settings = StandardTrainingSAEConfig(d_in=task.d_in, d_sae=task.n_latents, l1_coefficient=2 * task.l1_coeff)
    model = StandardTrainingSAE(settings)
    train_toy_sae(
        model,
        features,
        activations,
        training_samples=task.n_steps * task.batch_size,
        batch_size=task.batch_size,
        lr=task.lr,
        lr_decay_steps=task.n_steps // 2,
    )
    return {name: getattr(model, name).detach() for name in ("W_dec", "W_enc", "b_enc", "b_dec")}


if __name__ == "__main__":
    serve(one_by_one(train_one))
