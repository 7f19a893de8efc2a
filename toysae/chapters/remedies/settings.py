"""The settings that each contestant tries: a new contestant is added here."""

from __future__ import annotations

from toysae.chapters.remedies.classical import (
    independent_components,
    learned_dictionary,
    non_negative_factors,
    principal_components,
)
from toysae.chapters.remedies.contestants import (
    Classical,
    Contestant,
    RandomRows,
    Remedy,
    Shuffled,
    TrueFeatures,
)
from toysae.chapters.remedies.fourth_power import FOURTH_POWER

PRICES = (0.01, 0.03, 0.1, 0.2, 0.4)
COUNTS = (0.5, 1.0, 1.5, 2.0, 3.0)
PUSHES = (0.03, 0.1, 0.3, 1.0, 3.0)
PLAIN_REMEDY = Remedy.of("L1", PRICES)
REMEDIES: tuple[Contestant, ...] = (
    PLAIN_REMEDY,
    Remedy.of("L1, tied weights", PRICES),
    Remedy.of("TopK", (1, 2, 3, 4, 5)),
    Remedy.of("BatchTopK", COUNTS),
    Remedy.of("JumpReLU, L0", (0.003, 0.01, 0.03, 0.1, 0.3)),
    Remedy.of("Gated", PRICES),
    Remedy.of("Matryoshka", PRICES),
    Remedy.of("L1, all cosines", PUSHES),
    Remedy.of("L1, largest cosine", PUSHES),
    Remedy.of("OrtSAE", COUNTS),
)
CLASSICAL: tuple[Contestant, ...] = (
    Classical("PCA", "none", (0.0,), principal_components),
    Classical("ICA", "contrast", (1, 2, 3), independent_components),
    Classical("NMF", "l1_coeff", (0.0, *PRICES[:4]), non_negative_factors),
    Classical("dictionary learning", "l1_coeff", PRICES[1:4], learned_dictionary),
)
BASELINES: tuple[Contestant, ...] = (Shuffled(PLAIN_REMEDY), RandomRows(), TrueFeatures())
KINDS_OF_SAE: tuple[Contestant, ...] = (*REMEDIES, FOURTH_POWER)
CONTESTANTS: dict[str, Contestant] = {c.name: c for c in (*KINDS_OF_SAE, *CLASSICAL, *BASELINES)}
