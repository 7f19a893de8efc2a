"""The page "What was reproduced": what others report beside what these notebooks find, publication by publication.

It is made from the same claims as build/claims.json. What was reported is written by hand; what we see is not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from toysae.claims.record import Record
from toysae.claims.sources import OURS, REPORTED, SOURCES
from toysae.claims.words import counted
from toysae.writeup.budgets import count_words
from toysae.writeup.pages import anchor, bullets, cell, coloured, fold, table
from toysae.writeup.project import spoken
from toysae.writeup.references import cited

NAME = "reproduced"
SHORT = 15  # words that fit into a row
_HEAD = """# What was reproduced

Others have built toys like these and reported what they saw. We build them too. The *verdict* compares both, by a rule
that stands in the chapter before its results. A result that differs is a finding, not a failure. Below the table, each
publication opens to show its setting and our sentences in full.
"""
_DERIVED = """## Our own derivations

A formula is derived in its chapter and then compared with something that does not use it: an independent computation,
or trained SAEs.
"""
# what was reported, by claim: our words for the part of the publication that the claim looks for
WHAT = {
    "seed/no-atoms": "The SAE has not learned a single atomic feature.",
    "seed/composites-larger": "A larger example shows the same.",
    "seed/bias-fills": "So small a model would use its bias to do tricky things.",
    "anders/till-on-the-diagonals": "Training does not even reach the diagonals, which are optimal (Till).",
    "anders/a-weak-preference-at-zero": "Without correlation no basis of the data is privileged (Shehper).",
    "anders/composed-at-every-setting": "Composed features at every learning rate and price.",
    "anders/till-on-the-grid": "Training does not reach its own optimum (Till).",
    "anders/composed-even-when-alone": "They persist when features are alone in three of four samples.",
    "absorption/control": "Independent features are all found.",
    "absorption/strict-hierarchy": "In a hierarchy, one latent for the parent without the child, one for both.",
    "absorption/magnitudes-vary": "If the parent's magnitude varies, absorption is partial.",
    "absorption/child-leaks": "If the child is sometimes alone, absorption is still partial.",
    "absorption/tied-weights": "Tied weights remove absorption.",
    "matryoshka/tree-plain": "In a tree, a plain SAE writes each parent with its children's latents.",
    "matryoshka/tree-matryoshka-holes": "With the prefix loss, parents fire with their children.",
    "matryoshka/tree-matryoshka-diagonal": "A Matryoshka SAE is mostly diagonal.",
    "hedging/one-latent-bends": "A single latent bends towards the child.",
    "hedging/two-latents-absorb": "Two latents absorb.",
    "sparse-but-wrong/too-small-a-budget-mixes": "Too small an L0 mixes correlated features, by sign.",
    "sparse-but-wrong/right-budget-random-start": "At the right L0 features are found, if nothing gets stuck.",
    "sharkey/a-band-of-recovery": "Features are recovered in a band of prices and widths.",
    "ortsae/orthogonality-composites": "A penalty on cosines leaves fewer composites.",
    "ortsae/orthogonality-absorption": "A penalty on cosines leaves less absorption.",
    "synthsaebench/l0-trades-precision-for-recall": "L0 trades precision for recall.",
    "synthsaebench/reconstruction-is-not-recovery": "Good reconstruction is not recovery.",
    "synthsaebench/matryoshka-detects-better": "At one L0, Matryoshka explains less and detects better.",
    "synthsaebench/plain-is-not-far-behind": "The plain SAE is last, far behind the others.",
}
_SEEN = {"reproduced": "We see the same.", "partly": "We see it in part.", "differs": "We do not see it."}


def page(claims: list[Record]) -> str:
    """The page as MyST Markdown: counts and one table of all results, then the evidence, folded by publication."""
    reported = [claim for claim in claims if _is_reported(claim)]
    formulas = [claim for claim in claims if claim.source == "theory"]
    parts = [_HEAD, _summary("result", "that others report", reported, REPORTED)]
    if reported:
        columns = ["Source", "What was reported", "What we see", "Verdict"]
        parts.append(table(columns, _rows(reported), "claims-table reproduced-table"))
        parts.append("## The evidence, by publication\n")
    parts += [_fold(short, of_source) for short, of_source in _by_source(reported)]
    if formulas:
        parts += [_DERIVED, _summary("formula", "derived here", formulas, OURS), fold("Formulas", _table(formulas))]
    return "\n".join(parts)


def place_of(source: str) -> str | None:
    """The anchor of a publication's section, or None for a source without one."""
    return f"{NAME}-{source}" if source in SOURCES and SOURCES[source].is_publication else None


def seen(claim: Record) -> str:
    """What we see, in at most fifteen words: the claim's sentence, or what its verdict says of what was reported."""
    if count_words(claim.statement) <= SHORT:
        return claim.statement
    return _SEEN.get(claim.word, "Nothing to judge with these settings.")


def _is_reported(claim: Record) -> bool:
    return SOURCES[claim.source].is_publication


def _by_source(claims: list[Record]) -> list[tuple[str, list[Record]]]:
    of_sources = ((short, [claim for claim in claims if claim.source == short]) for short in SOURCES)
    return [(short, of_source) for short, of_source in of_sources if of_source]


def _rows(claims: list[Record]) -> list[str]:
    """A row for each result, the name of the publication in the first of its rows."""
    rows = []
    for short, of_source in _by_source(claims):
        for place, claim in enumerate(of_source):
            source = f"[{_name(short)}](#{place_of(short)})" if place == 0 else ""
            what = WHAT.get(f"{short}/{claim.id}", SOURCES[short].reports)
            link = f"[{claim.word}](#{anchor(claim.notebook, claim.id)})"
            rows.append(f"| {source} | {cell(what)} | {cell(seen(claim))} | {coloured(claim.word, link)} |")
    return rows


def _name(short: str) -> str:
    name = SOURCES[short].name
    return name[0].upper() + name[1:]


def _counts(claims: Sequence[Record], words: Sequence[str], all_words: bool) -> list[tuple[str, int]]:
    counts = Counter(claim.word for claim in claims)
    shown = [*words, *sorted(set(counts) - set(words))]
    return [(word, counts[word]) for word in shown if all_words or counts[word]]


def _summary(noun: str, rest: str, claims: list[Record], words: tuple[str, ...]) -> str:
    """How many of each verdict; what is not judged is counted only if it occurs."""
    told = ", ".join(
        coloured(word, f"{count} {word}") for word, count in _counts(claims, words, True) if word in words or count
    )
    return f"{counted(len(claims), noun)} {rest}: {told}.\n"


def _fold(short: str, claims: list[Record]) -> str:
    """A publication, folded up: its setting, what it reports, and our sentences."""
    source = SOURCES[short]
    references = bullets(map(cited, source.references))
    about = f"**Setting.** {source.setting}\n\n**Reported.** {source.reports}"
    told = ", ".join(f"{count} {word}" for word, count in _counts(claims, REPORTED, False))
    state = f"{counted(len(claims), 'result')}: {told}"
    named = f"({place_of(short)})=\n\n"  # within, so that a link to it opens the fold
    return fold(_name(short), f"{named}{references}\n{about}\n\n{_table(claims)}", state)


def _table(claims: list[Record]) -> str:
    return table(["What we find", "Verdict", "Where"], map(_row, claims))


def _row(claim: Record) -> str:
    where = f"[{spoken(claim.notebook)}](#{anchor(claim.notebook, claim.id)})"
    return f"| {cell(claim.statement)} | {coloured(claim.word)} | {where} |"
