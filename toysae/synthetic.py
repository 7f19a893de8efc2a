"""A synthetic benchmark of any size: many features, frequent and rare, in families, correlated, in superposition.

It follows SynthSAEBench (Chanin & Garriga-Alonso 2026, arXiv 2602.14687; sae_lens.synthetic). What differs: here only
parents and loners are correlated, and children through their parents alone, so that all rates are exact; families have
two generations, there three; a child's magnitude does not depend on its parent's; magnitudes have one mean.
"""

from __future__ import annotations

from torch import Tensor

from toysae.worlds.directions import largest_cosines


def overlap(features: Tensor) -> float:
    """The mean over features (n_features, d_in) of the largest absolute cosine with another one."""
    return largest_cosines(features).mean().item()
