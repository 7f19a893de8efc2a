"""A remedy of our own: a price that grows faster than the activation. The notebook writes it out as an example."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor

from toysae.chapters.remedies.contestants import Remedy
from toysae.saes.variants import Part, Relu, Variant

COEFFICIENTS = (0.001, 0.003, 0.01, 0.03, 0.1)


@dataclass(frozen=True)
class FourthPower(Part):
    """coeff sum z^4, coeff one number per SAE. An activation of sqrt 2 costs four, two activations of one cost two."""

    coeff: Tensor

    def __call__(self, parameters: Mapping[str, Tensor], pre: Tensor, z: Tensor) -> Tensor:
        return self.coeff.to(z)[:, None] * z.pow(4).sum(dim=-1)


def steep(coeff: Tensor, n_latents: int) -> Variant:
    return Variant(Relu(), [FourthPower(coeff)])


FOURTH_POWER = Remedy("fourth power", "coeff", COEFFICIENTS, steep)
