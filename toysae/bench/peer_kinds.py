"""What a training step of each kind costs in SAELens: its own trainer, one SAE after the other.

It runs in the peers' environment. Standard input holds one line of JSON: width (features = latents; each fires in one
of so many samples), batch_size, n_steps, n_rounds, lr, and kinds: for each name the architecture and its settings.
Standard output gets one line: for each name, one pair per round, the seconds and processor seconds of n_steps steps.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable

import torch
from sae_lens.registry import get_sae_training_class
from sae_lens.synthetic import ActivationGenerator, FeatureDictionary, train_toy_sae


def training(task: dict, architecture: str, settings: dict) -> Callable[[], None]:
    """One SAE of an architecture, ready to be trained: its batches are drawn while it trains, as ours are."""
    torch.manual_seed(0)
    width = task["width"]
    features = FeatureDictionary(width, width, bias=False, initializer=None)
    features.feature_vectors.data = torch.eye(width)
    activations = ActivationGenerator(width, torch.full((width,), 1 / width), 0.0, 1.0)
    kind, config = get_sae_training_class(architecture)
    model = kind(config(d_in=width, d_sae=width, **settings))
    sizes = {"training_samples": task["n_steps"] * task["batch_size"], "batch_size": task["batch_size"]}
    return lambda: train_toy_sae(model, features, activations, lr=task["lr"], **sizes)


def measured(task: dict) -> dict[str, list[tuple[float, float]]]:
    """Seconds of each kind in each round; the kinds take turns, after one turn to warm up."""
    seconds: dict[str, list[tuple[float, float]]] = {name: [] for name in task["kinds"]}
    for number in range(-1, task["n_rounds"]):
        for name, (architecture, settings) in task["kinds"].items():
            train = training(task, architecture, settings)
            began, cpu_began = time.perf_counter(), time.process_time()
            train()
            if number >= 0:
                seconds[name].append((time.perf_counter() - began, time.process_time() - cpu_began))
    return seconds


if __name__ == "__main__":
    answer = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a library prints must not mix with the answer
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)  # as in our training: denormal numbers cost a hundred times as much
    answer.write(json.dumps(measured(json.loads(sys.stdin.readline()))) + "\n")
    answer.flush()
