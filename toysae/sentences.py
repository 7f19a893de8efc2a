"""Phrases that several notebooks compute: the last step from a measure to a sentence."""

from __future__ import annotations

from collections.abc import Sequence

from toysae.claims.evidence import Fraction
from toysae.claims.words import listed
from toysae.figures import feature_names, signed
from toysae.labels import Labels, chosen
from toysae.measures import Assessment, reading_order

MOST_CHECKS = 0.8  # the lower end of the interval from which on a formula that fails some checks still agrees


def tally(labels: Labels, sae: int) -> str:
    """'14 composite and 1 mixed': how many latents of one SAE carry each label."""
    counts = {word: int(labels.count(word)[sae]) for word in labels.words}
    return listed([f"{count} {word}" for word, count in counts.items() if count])


def stand_for(seen: Assessment, sae: int) -> str:
    """'A+B, A+C and mixed': what the latents of one SAE stand for, in the order in which a map shows them."""
    names = seen.labels.names(sae, feature_names(seen.cosines.shape[2]))
    return listed([names[latent] for latent in reading_order(seen.cosines, seen.labels, sae)])


def by_half(share: Fraction, *, more: str, fewer: str, undecided: str) -> str:
    """One of three wordings: the whole interval of a count lies above one half, below it, or on both sides."""
    low, high = share.interval
    return more if low > 0.5 else fewer if high < 0.5 else undecided


def by_intervals(first: Fraction, second: Fraction, *, more: str, fewer: str, undecided: str) -> str:
    """One of three wordings: the interval of the first lies above that of the second, below it, or they overlap."""
    if first.interval[0] > second.interval[1]:
        return more
    return fewer if first.interval[1] < second.interval[0] else undecided


def verdict(came_out: Fraction) -> str:
    """What a claim says of a formula: 'agrees', 'partly' or 'differs', out of how many checks came out.

    It agrees if all of them did, or so many that the 95 % interval lies above MOST_CHECKS; it differs if fewer than
    half did. Without any check it is 'not tested'.
    """
    if not came_out.n:
        return "not tested"
    if came_out.k == came_out.n or came_out.interval[0] > MOST_CHECKS:
        return "agrees"
    return "partly" if 2 * came_out.k >= came_out.n else "differs"


def row_read_aloud(seen: Assessment, sae: int, latent: int, threshold: float) -> str:
    """One row of a heat map, number by number, and why the latent is called what it is called."""
    cosine = seen.cosines[sae, latent]
    names = feature_names(len(cosine))
    numbers = listed([f"{signed(value)} with {name}" for name, value in zip(names, cosine.tolist(), strict=True)])
    return f"Its cosine is {numbers}. {_reason(seen, sae, latent, threshold)}"


def _reason(seen: Assessment, sae: int, latent: int, threshold: float) -> str:
    members = seen.labels.members[sae, latent].nonzero().flatten()
    names = [feature_names(seen.cosines.shape[2])[i] for i in members.tolist()]
    aligned = float(seen.cosines[sae, latent, members].sum()) / max(len(names), 1) ** 0.5
    match seen.labels.word(sae, latent):
        case "atomic":
            return f"The cosine with {names[0]} reaches the threshold of {threshold:g}: this latent is *atomic*."
        case "composite":
            return (
                f"No single cosine reaches the threshold of {threshold:g}, but the cosine with the normalised sum "
                f"of {listed(names)} is {aligned:.3f}: this latent is *composite*."
            )
        case "dead":
            return "But it fires on no sample, so its direction means nothing: this latent is *dead*."
        case "negative" | "difference":
            return _signed_reason(seen, sae, latent, threshold)
    return (
        f"Neither a single feature nor a sum of features that fire together reaches the threshold of {threshold:g}: "
        "this latent is *mixed*."
    )


def _signed_reason(seen: Assessment, sae: int, latent: int, threshold: float) -> str:
    names = feature_names(seen.cosines.shape[2])
    plus, minus = (chosen(names, side[sae, latent]) for side in (seen.labels.members, seen.labels.against))
    short = seen.labels.names(sae, names)[latent]
    if seen.labels.word(sae, latent) == "negative":
        return (
            f"It points away from {listed(minus)}, beyond the threshold of {threshold:g}: "
            f"this latent is a *negative*, {short}."
        )
    return (
        f"No feature and no sum reaches the threshold of {threshold:g}, but {_average(plus)} minus {_average(minus)} "
        f"does: this latent is a *difference*, {short}."
    )


def _average(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"the average of {listed(names)}"
