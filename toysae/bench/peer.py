"""The contender from SAELens: train_toy_sae of sae_lens.synthetic. It runs in an environment of its own."""

from __future__ import annotations

import torch
from sae_lens.registry import get_sae_training_class
from sae_lens.synthetic import ActivationGenerator, FeatureDictionary, train_toy_sae
from torch import Tensor

from toysae.bench.errands import Errand, Train, serve


def prepare(errand: Errand) -> Train:
    """One SAE; its seed sets the initialisation and the batches, which are drawn while it trains. See errands.serve."""
    torch.manual_seed(*errand.seeds)
    width = errand.width
    features = FeatureDictionary(width, width, bias=False, initializer=None)
    features.feature_vectors.data = torch.eye(width)
    activations = ActivationGenerator(width, torch.full((width,), 1 / width), 0.0, 1.0)
    sae, config = get_sae_training_class(errand.architecture)
    model = sae(config(d_in=width, d_sae=width, **errand.settings))
    sizes = {"training_samples": errand.n_steps * errand.batch_size, "batch_size": errand.batch_size}

    def train() -> dict[str, Tensor]:
        train_toy_sae(model, features, activations, lr=errand.lr, lr_decay_steps=errand.n_steps // 2, **sizes)
        return {name: value.detach()[None] for name, value in model.named_parameters()}

    return train


if __name__ == "__main__":
    serve(prepare)
