"""The page "References": whose results are looked for here, and what else the book uses."""

from __future__ import annotations

from toysae.claims.sources import SOURCES, Reference
from toysae.writeup.pages import bullets

NAME = "references"
_HEAD = """# References

Publications whose results we look for, with a link to what we see, and then those whose mathematics or methods we use.
"""
_ARXIV = "https://arxiv.org/abs/"

# and what each is used for
USED = (
    (
        Reference(
            "Trenton Bricken and others", 2023,
            "Towards Monosemanticity: Decomposing Language Models With Dictionary Learning",
            "https://transformer-circuits.pub/2023/monosemantic-features/index.html",
        ),
        "Resampling: what never fires is aimed anew.",
    ),
    (
        Reference(
            "Bart Bussmann, Patrick Leask and Neel Nanda", 2024, "BatchTopK Sparse Autoencoders", _ARXIV + "2412.06410"
        ),
        "The BatchTopK SAE.",
    ),
    (
        Reference(
            "William Dorrell", 2026,
            "How Optimality Structures Sparse Dictionaries: A Theory for Understanding SAE Representations",
            _ARXIV + "2606.02385",
        ),
        "What the best dictionary must satisfy when activations are not negative and pay a price.",
    ),
    (
        Reference(
            "Nelson Elhage and others", 2022, "Toy Models of Superposition", _ARXIV + "2209.10652"
        ),
        "Superposition.",
    ),
    (
        Reference(
            "Leo Gao and others", 2024,
            "Scaling and evaluating sparse autoencoders", _ARXIV + "2406.04093",
        ),
        "The TopK SAE.",
    ),
    (
        Reference(
            "Rémi Gribonval and Karin Schnass", 2010,
            "Dictionary Identification: Sparse Matrix-Factorisation via ℓ1-Minimisation", _ARXIV + "0904.4774",
        ),
        "When the true features are a local minimum, for activations of either sign.",
    ),
    (
        Reference(
            "Patrick Leask and others", 2025,
            "Sparse Autoencoders Do Not Find Canonical Units of Analysis", _ARXIV + "2502.04878",
        ),
        "Latents that are made of others: an SAE trained on the rows of an SAE.",
    ),
    (
        Reference(
            "Senthooran Rajamanoharan and others", 2024,
            "Improving Dictionary Learning with Gated Sparse Autoencoders", _ARXIV + "2404.16014",
        ),
        "The gated SAE.",
    ),
    (
        Reference(
            "Senthooran Rajamanoharan and others", 2024,
            "Jumping Ahead: Improving Reconstruction Fidelity with JumpReLU Sparse Autoencoders", _ARXIV + "2407.14435",
        ),
        "The JumpReLU SAE.",
    ),
    (
        Reference(
            "Yu Wang, Siqi Wu and Bin Yu", 2019,
            "Unique Sharp Local Minimum in ℓ1-minimization Complete Dictionary Learning", _ARXIV + "1902.08380",
        ),
        "When that minimum is sharp, and the only one.",
    ),
    (
        Reference(
            "Siqi Wu and Bin Yu", 2018,
            "Local Identifiability of ℓ1-minimization Dictionary Learning: a Sufficient and Almost Necessary Condition",
            _ARXIV + "1505.04363",
        ),
        "The condition that is nearly necessary as well.",
    ),
)  # fmt: skip


def page(places: dict[str, str]) -> str:
    """The page as MyST Markdown.

    places  by the short name of a source, the anchor of what we see of its results; only of those that are told
    """
    publications = {short: source for short, source in SOURCES.items() if source.is_publication}
    theirs = [
        f"{cited(reference)}{f' [What we see](#{places[short]}).' if short in places else ''}"
        for short, source in publications.items()
        for reference in source.references
    ]
    ours = [f"{cited(reference)} *{use}*" for reference, use in USED]
    return f"{_HEAD}\n## Whose results we look for\n\n{bullets(theirs)}\n## What else we use\n\n{bullets(ours)}"


def cited(reference: Reference) -> str:
    """A publication in one line, with its link."""
    return f"{reference.authors}: [{reference.title}]({reference.link}), {reference.year}."
