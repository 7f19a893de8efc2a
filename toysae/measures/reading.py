"""Reading an SAE aloud: the order of its latents in a map, their names, one row number by number."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from toysae.claims.words import listed
from toysae.measures.assessment import Assessment
from toysae.measures.labels import Labels, SignedLabels, chosen, feature_names, require_threshold
from toysae.worlds.checks import require, require_finite, require_tensor, require_whole

ALIKE = 1e-3  # share by which losses may differ and still count as the same


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


def by_loss(losses: Tensor) -> dict[str, int]:
    """Three SAEs that stand for a stack: "lowest loss", "median loss", "highest loss" -> position of the SAE.

    Losses (n_saes,) within ALIKE of each other count as the same, and the first of those SAEs is taken: else the last
    digit, which differs between processors, would pick one of many that have learned the same.
    """
    require_tensor("losses", losses, "n_saes+")
    wanted = {"lowest loss": losses.min(), "median loss": losses.median(), "highest loss": losses.max()}
    return {name: int(((losses - loss).abs() <= ALIKE * loss.abs()).int().argmax()) for name, loss in wanted.items()}


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
