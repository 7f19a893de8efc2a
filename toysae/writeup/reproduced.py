"""The page "What was reproduced": what others report beside what these notebooks find, publication by publication.

It is made from the same claims as build/claims.json. What was reported is written by hand; what we see is not, but for
the words around its numbers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from toysae.claims.evidence import estimate_of
from toysae.claims.record import Record
from toysae.claims.sources import OURS, REPORTED, SOURCES
from toysae.claims.templates import filled
from toysae.claims.words import counted
from toysae.writeup.budgets import count_words
from toysae.writeup.pages import anchor, bullets, cell, coloured, fold, table
from toysae.writeup.project import spoken
from toysae.writeup.references import cited

NAME = "reproduced"
SHORT = 15  # words that fit into a row
_HEAD = """# What was reproduced

Others have built toys like these and reported what they saw. We build them too. The *verdict* compares both, by a rule
that the chapter states above the result. That is an order on the page, not a registration in advance: some rules were
changed after a first run, and the chapters say where. A result that differs is a finding, not a failure. Below the
table, each publication opens to show its setting and our sentences in full.
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
    "anders/a-weak-preference-at-zero": "If magnitudes are independent, no basis is privileged (Ali Shehper).",
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
# what we see of it, by claim: words that are true whatever the evidence is that fills them, SHORT at most
SEEN = {
    "seed/no-atoms": "{composites only.k} of {composites only.n} SAEs learn composites only.",
    "seed/composites-larger": "{mostly composites.k} of {mostly composites.n} SAEs learn mostly composites.",
    "seed/bias-fills": "In {bias at least half as long.k} of {bias at least half as long.n} SAEs it is at least half"
    " as long as the mean.",
    "anders/till-on-the-diagonals": "Between {fewest that reach it.k} and {most that reach it.k} of {SAEs} SAEs reach"
    " the optimum.",
    "anders/a-weak-preference-at-zero": "The loss then varies by {percent at f = 0:.1f} % from basis to basis.",
    "anders/composed-at-every-setting": "{at every setting.k} of {at every setting.n} seeds compose at every setting.",
    "anders/till-on-the-grid": "{percent at the lowest learning rate.mean:.0f} % do not at the lowest learning rate,"
    " {percent at the highest learning rate.mean:.0f} % at the highest.",
    "anders/composed-even-when-alone": "{percent at the lowest learning rate.mean:.0f} % miss one at the lowest"
    " learning rate, {percent at the highest learning rate.mean:.0f} % at the highest.",
    "absorption/control": "{find them.k} of {find them.n} SAEs find them all.",
    "absorption/strict-hierarchy": "{absorb.k} of {absorb.n} SAEs absorb so.",
    "absorption/magnitudes-vary": "{absorb partly.k} of {absorb partly.n} SAEs absorb partly, {absorb fully} fully.",
    "absorption/child-leaks": "{absorb partly.k} of {absorb partly.n} SAEs absorb partly at our price,"
    " {at their price.k} at theirs.",
    "absorption/tied-weights": "{kept apart.k} of {kept apart.n} SAEs keep parent and child apart.",
    "matryoshka/tree-plain": "{carry.k} of {carry.n} SAEs do so for all three parents.",
    "matryoshka/tree-matryoshka-holes": "{fill all holes.k} of {fill all holes.n} SAEs do so for all three parents.",
    "matryoshka/tree-matryoshka-diagonal": "{mostly diagonal.k} of {mostly diagonal.n} SAEs are.",
    "hedging/one-latent-bends": "{bend.k} of {bend.n} do, by a median of {degrees:.0f} degrees.",
    "hedging/two-latents-absorb": "{absorb.k} of {absorb.n} SAEs do.",
    "sparse-but-wrong/too-small-a-budget-mixes": "{mix as reported, positive correlation.k} of"
    " {mix as reported, positive correlation.n} mix so at a positive correlation,"
    " {mix as reported, negative correlation.k} at a negative one.",
    "sparse-but-wrong/right-budget-random-start": "{where it is positive.k} of {where it is positive.n} starts find all"
    " at a positive correlation, {where it is negative.k} at a negative.",
    "sharkey/a-band-of-recovery": "The best mean is {highest with as many latents:.2f}, with twice the latents"
    " {highest with twice as many:.2f}.",
    "ortsae/orthogonality-composites": "Their share changes by {change.mean:+.3f}, from {without the penalty:.2f}.",
    "ortsae/orthogonality-absorption": "It changes by {change.mean:+.3f}, from {without the penalty:.2f}.",
    "synthsaebench/l0-trades-precision-for-recall": "Every kind does in {worlds, 256 features.k} of"
    " {worlds, 256 features.n} smaller worlds and {worlds, 2,048 features.k} larger ones.",
    "synthsaebench/reconstruction-is-not-recovery": "The best reconstruction detects poorly in {smaller.k} of"
    " {smaller.n} smaller worlds, {larger.k} larger ones.",
    "synthsaebench/matryoshka-detects-better": "{as reported} of {comparisons} comparisons surely come out so,"
    " {the other way round} the other way round.",
    "synthsaebench/plain-is-not-far-behind": "It is last in {smaller.k} of {smaller.n} smaller worlds and {larger.k}"
    " larger ones.",
}
_VERBS = {"holds": "hold", "partly": "hold in part", "does not hold": "do not hold"}  # of several, or of none
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
    """What we see, in at most fifteen words: numbers, the claim's sentence, or what its verdict says."""
    if numbers := _numbers(claim):
        return numbers
    if count_words(claim.statement) <= SHORT:
        return claim.statement
    return _SEEN.get(claim.word, "Nothing to judge with these settings.")


def _numbers(claim: Record) -> str:
    """What we see, filled in; nothing if the claim judged nothing or has other evidence than is asked for."""
    evidence = {name: estimate_of(value) or value for name, value in claim.evidence.items()}
    try:
        return filled(SEEN.get(f"{claim.source}/{claim.id}", ""), evidence) if claim.verdict else ""
    except ValueError:
        return ""


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
        coloured(word, f"{count} {word if count == 1 or words != OURS else _VERBS.get(word, word)}")
        for word, count in _counts(claims, words, True)
        if word in words or count
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
