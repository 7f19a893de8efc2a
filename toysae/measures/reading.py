"""Reading an SAE aloud: the order of its latents in a map, their names, one row number by number."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from toysae.claims.words import listed
from toysae.measures.assessment import Assessment
from toysae.measures.labels import Labels, SignedLabels, chosen, feature_names, require_threshold
from toysae.worlds.checks import require, require_finite, require_not_negative, require_tensor, require_whole


def signed(cosine: float) -> str:
    """A cosine with two decimals, without the minus sign of a rounded zero."""
    require_finite("cosine", cosine)
    return f"{round(cosine, 2) + 0.0:.2f}"


def reading_order(cosine: Tensor, labels: Labels, sae: int) -> list[int]:
    """The order in which the latents of one SAE are drawn, so that a map shows its structure.

    By the features a latent stands for, in the order of the features; a mixed latent stands for its largest cosine;
    dead latents come last. cosine is (n_saes, n_latents, n_features).
    """
    _require_labels(labels, sae)
    shape = dict(zip(("n_saes", "n_latents", "n_features"), labels.members.shape, strict=True))
    require_tensor("cosine", cosine, " ".join(shape), **shape)

    def place(latent: int) -> tuple:
        members = labels.members[sae, latent].nonzero().flatten().tolist()
        return labels.word(sae, latent) == "dead", members or [int(cosine[sae, latent].argmax())], latent

    return sorted(range(cosine.shape[1]), key=place)


def drawn_by_loss(losses: Tensor, tolerance: float = 1e-3) -> dict[str, int]:
    """Which SAEs are drawn: one each with the lowest, the median and the highest loss, by these words.

    losses     (n_saes,), none below zero
    tolerance  of all SAEs whose loss is within this share of the one looked for, the first is taken: which of several
               equal ones is the lowest by a last digit would hang on the processor
    """
    require_tensor("losses", losses, "n_saes+")
    require("the lowest loss", float(losses.min()), float(losses.min()) >= 0, "a number >= 0")
    require_not_negative(tolerance=tolerance)
    levels = {"lowest": losses.min(), "median": losses.median(), "highest": losses.max()}
    return {name: int(((losses - at).abs() <= tolerance * at).nonzero()[0]) for name, at in levels.items()}


def tally(labels: Labels, sae: int) -> str:
    """'14 composite and 1 mixed': how many latents of one SAE carry each label."""
    _require_labels(labels, sae)
    counts = {word: int(labels.count(word)[sae]) for word in labels.words}
    return listed([f"{count} {word}" for word, count in counts.items() if count])


def stand_for(seen: Assessment, sae: int) -> str:
    """'A+B, A+C and mixed': what the latents of one SAE stand for, in the order in which a map shows them."""
    _require_assessment(seen)
    names = seen.labels.names(sae, feature_names(seen.cosines.shape[2]))
    return listed([names[latent] for latent in reading_order(seen.cosines, seen.labels, sae)])


def row_read_aloud(seen: Assessment, sae: int, latent: int, threshold: float) -> str:
    """One row of a heat map, number by number, and why the latent is called what it is called."""
    _require_assessment(seen)
    require_threshold(threshold)
    seen.labels.word(sae, latent)  # there is such a latent
    cosine = seen.cosines[sae, latent]
    names = feature_names(len(cosine))
    numbers = listed([f"{signed(value)} with {name}" for name, value in zip(names, cosine.tolist(), strict=True)])
    return f"Its cosine is {numbers}. {_reason(seen, sae, latent, threshold)}"


def _require_labels(labels: Labels, sae: int) -> None:
    require("labels", labels, isinstance(labels, Labels), "Labels, such as label_latents(...) makes")
    require_whole("sae", sae, 0, len(labels.kinds) - 1)


def _require_assessment(seen: Assessment) -> None:
    require("seen", seen, isinstance(seen, Assessment), "an Assessment, such as assess(...) makes")


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
        case "negative" | "difference" if isinstance(seen.labels, SignedLabels):
            return _signed_reason(seen, seen.labels, sae, latent, threshold)
    return (
        f"Neither a single feature nor a sum of features that fire together reaches the threshold of {threshold:g}: "
        "this latent is *mixed*."
    )


def _signed_reason(seen: Assessment, labels: SignedLabels, sae: int, latent: int, threshold: float) -> str:
    names = feature_names(seen.cosines.shape[2])
    plus, minus = (chosen(names, side[sae, latent]) for side in (labels.members, labels.against))
    short = labels.names(sae, names)[latent]
    if labels.word(sae, latent) == "negative":
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
