"""The kinds of SAE, in one list that chapters, sweeps and the bench read.

To add one, add a line to the list below: its name as tables and figures show it, what its one number is, and how a
Model is made of values of that number, one per SAE. It may be put together from the parts in `toysae.saes.variants`, or
from parts of your own: those train through autograd, until you write their gradients out. Then it can be trained with
`KINDS[name]`, and `make bench` measures it. Which settings a chapter tries of it stands in that chapter.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from torch import Tensor

from toysae.saes.stack import Model, ReluL1, Stack, untrained
from toysae.saes.variants import (
    L0,
    L1,
    AllCosines,
    BatchTopK,
    Gated,
    JumpRelu,
    LargestCosine,
    Prefixes,
    Relu,
    TopK,
    Variant,
)
from toysae.worlds.checks import numbers, require, require_count, require_rows, require_seeds

PRICE_BESIDE = 0.1  # l1_coeff of the kinds whose number is the weight of another penalty
ORTHOGONALITY = 0.25  # weight of the penalty on cosines of the kind whose number is k
WIDE, NARROW = JumpRelu(bandwidth=0.5), JumpRelu(bandwidth=0.1)  # few listed points lie within a narrow kernel


@dataclass(frozen=True)
class Kind:
    """A kind of SAE with one number to choose, its knob.

    knob   what the number is: l1_coeff, l0_coeff, weight (of a penalty on cosines) or k (active latents per sample)
    model  from values of the knob (n_saes,) and n_latents to a Model
    tied   whether the encoder is the decoder transposed
    """

    name: str
    knob: str
    model: Callable[[Tensor, int], Model]
    tied: bool = False

    def untrained(self, values: Tensor, rows: Tensor, seeds: Sequence[int], *, decoder_bias: bool = False) -> Stack:
        """One SAE per value of the knob (n_saes,), decoder rows (n_saes, n_latents, d_in) and seed, before training."""
        require("values", values, isinstance(values, Tensor), f"a tensor of values of {self.knob}, one per SAE")
        require_seeds(seeds)
        require_rows("rows", rows, len(seeds))
        model = self.model(values, rows.shape[1])
        return untrained(model, rows, seeds, decoder_bias=decoder_bias, tied=self.tied)


def whole(k: Tensor) -> Tensor:
    """The same numbers as whole ones; raises ValueError unless they are."""
    allowed = "whole numbers >= 1"
    k = numbers("k", k, allowed)
    require("k", k, bool((k == k.long()).all()) and bool((k >= 1).all()), allowed)
    return k.long()


def coarse_prefixes(n_latents: int) -> Prefixes:
    """An eighth, a quarter, a half and all of the latents, each counting the same."""
    require_count(n_latents=n_latents)
    return Prefixes.of(*sorted({max(1, n_latents // part) for part in (8, 4, 2, 1)}))


KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("L1", "l1_coeff", lambda c, n: ReluL1(c)),
        Kind("L1, tied weights", "l1_coeff", lambda c, n: ReluL1(c), tied=True),
        Kind("TopK", "k", lambda k, n: Variant(TopK(whole(k)))),
        Kind("BatchTopK", "k", lambda k, n: Variant(BatchTopK(k))),
        Kind("JumpReLU, L0", "l0_coeff", lambda c, n: Variant(WIDE, [L0(c, WIDE.bandwidth)])),
        Kind("JumpReLU, narrow kernel", "l0_coeff", lambda c, n: Variant(NARROW, [L0(c, NARROW.bandwidth)])),
        Kind("Gated", "l1_coeff", lambda c, n: Gated(c)),
        # Matryoshka: with every prefix, or with the few that large SAEs have
        Kind("Matryoshka", "l1_coeff", lambda c, n: Variant(Relu(), [L1(c)], prefixes=Prefixes.all(n))),
        Kind("Matryoshka TopK", "k", lambda k, n: Variant(TopK(whole(k)), prefixes=coarse_prefixes(n))),
        Kind("Matryoshka BatchTopK", "k", lambda k, n: Variant(BatchTopK(k), prefixes=coarse_prefixes(n))),
        Kind("L1, all cosines", "weight", lambda w, n: Variant(Relu(), [L1(PRICE_BESIDE), AllCosines(w)])),
        Kind("L1, largest cosine", "weight", lambda w, n: Variant(Relu(), [L1(PRICE_BESIDE), LargestCosine(w)])),
        Kind("OrtSAE", "k", lambda k, n: Variant(BatchTopK(k), [LargestCosine(ORTHOGONALITY)])),
    )
}
