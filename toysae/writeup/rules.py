"""The rules of judgement, as the page "How we judge" states them: each with an example that is computed here.

The examples use the rules that notebooks use, so the page cannot say anything else than they do.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from toysae.claims import Family, Fraction, Mean, Pooled, mostly, nearly_all
from toysae.claims.evidence import estimate_of
from toysae.claims.families import LEVEL
from toysae.claims.record import Record
from toysae.claims.rules import HALF, NEARLY_ALL
from toysae.writeup.pages import anchor, coloured
from toysae.writeup.project import spoken

FEWEST = 16  # what a verdict that rests on a count has to have counted


@dataclass(frozen=True)
class Rule:
    """A rule of judgement: what it is called, what it asks for and why, and an example with computed numbers."""

    title: str
    text: str
    example: str


def rules_of(claims: list[Record], of_seeds: str) -> list[Rule]:
    """All seven, in their order.

    claims    those of the run that the book shows
    of_seeds  how many come out alike with other seeds, in a sentence
    """
    by_data = [_counts(), _comparisons(), _independence()]
    return [*by_data, _controls(claims), _all_of_the_evidence(), _stability(of_seeds), _first_the_rule(claims)]


def _counts() -> Rule:
    few, enough, most, half = Fraction(8, 8), Fraction(16, 16), Fraction(42, 64), Fraction(36, 64)
    least = next(n for n in range(1, 100) if nearly_all(Fraction(n, n)))
    return Rule(
        "Counts are judged by their interval",
        "How many of 64 SAEs do something is a sample: other starting points would give another count. So a count comes"
        " with the shares that it is compatible with, its 95 % Wilson interval, in brackets in the small print. *Most*"
        f" is said if that whole interval lies above {HALF:g}, *fewer than half* if it lies below, *nearly all* if its"
        f" lower end is above {NEARLY_ALL:g}. There is no exception for all of a few. A verdict that rests on a count"
        f" has counted at least {FEWEST}, a number that was fixed before the run, and is not raised because of what"
        " came out.",
        f"After {few} a sentence {_may(nearly_all(few))} say *nearly all*; after {enough} it"
        f" {_may(nearly_all(enough))}, and {least} is the smallest number of which that is true. After {most} it"
        f" {_may(mostly(most))} say *most*; after {half} it {_may(mostly(half))}.",
    )


def _comparisons() -> Rule:
    alone = {name: Family.of({name: values})[name] for name, values in _invented().items()}
    family = Family.of(_invented())
    by_chance = [name for name, comparison in alone.items() if comparison.p < LEVEL]
    first, second = by_chance[0], by_chance[1]
    return Rule(
        "Comparisons that one table invites are judged together",
        "Contestants are compared seed by seed, on at least 32 seeds. Who looks at a table of ten differences looks for"
        " the largest, and one in twenty comparisons of nothing with nothing has p below .05. So all comparisons of a"
        " table form a family, and *surely* is said of those that survive Holm's correction at 5 %: the smallest p is"
        " multiplied by the size of the family, the next by one less, and so on. Where a contestant is shown at its"
        " best setting, the setting is chosen on other seeds than those that score it, and the interval comes from"
        " drawing seeds again, with the choice repeated in each draw. Names are listed only if they survive; otherwise"
        " a sentence says how many did, and that it is undecided which.",
        f"{len(family)} invented contestants differ from a baseline at 32 seeds. Taken alone, {len(by_chance)} of them"
        f" are better with p below .05. In the family {_only(family.surely_more)} surely better:"
        f" contestant {first} (p {alone[first].p:.3f} alone, {family[first].p:.3f} in the family). Contestant {second}"
        f" is not (p {alone[second].p:.3f} alone, {family[second].p:.3f} in the family), although its own interval,"
        f" {alone[second].low:.2f} to {alone[second].high:.2f}, leaves out zero.",
    )


def _independence() -> Rule:
    does = np.repeat([True] * 11 + [False] * 5, 8).reshape(16, 8)  # 16 seeds; at 8 settings each does the same
    pooled, by_seed = Pooled.of(does), Mean.of_clusters(does)
    as_if = Fraction(pooled.k, pooled.n)
    return Rule(
        "Only seeds are independent",
        "Seeds are what we draw. The runs of one seed at eight settings share that draw, and are eight looks at one"
        " thing. A count over seeds and settings together is therefore told without an interval, and no rule accepts"
        " it; what is judged has one value for each seed. Nor are the cells of a grid a sample of anything: a predicted"
        " boundary is judged by how far off it is, beside the best constant line.",
        f"Of 16 invented seeds 11 do something at all 8 settings, the others at none: {pooled} runs. Were the runs"
        f" independent ({as_if}), it {_might(mostly(as_if))} be said that most do. Seed by seed the mean share is"
        f" {by_seed:.2f}, and it {_may(mostly(by_seed))}.",
    )


def _controls(claims: list[Record]) -> Rule:
    return Rule(
        "A rule must be able to condemn",
        "A rule that everything passes proves nothing. So the rule of a claim's best case is also applied to a control"
        " that should fail it: the SAEs before training, the plain SAE, shuffled data, the best constant line. The"
        " control and its score stand below the claim. If the control passes, the verdict is *partly* at best, and the"
        " sentence says so.",
        _example_of_controls(claims),
    )


def _example_of_controls(claims: list[Record]) -> str:
    """The counts of the headline, before and after training, from the run that the book shows."""
    found = next((claim for claim in claims if claim.id == "no-atoms"), None)
    counts = {name: _fraction(value) for name, value in found.evidence.items()} if found else {}
    start = counts.get("no atom before training")
    controls = [_fraction(control["score"]) for control in found.control.values()] if found else []
    only_before = counts.get("composites only before training") or next(iter(filter(None, controls)), None)
    trained = counts.get("no atom"), counts.get("composites only")
    if found is None or start is None or only_before is None or None in trained:
        return "The run that this book shows does not tell the counts of our example."
    place = f"[{spoken(found.notebook)}](#{anchor(found.notebook, found.id)})"
    return (
        f"*No latent for a single feature* is true of {_k(trained[0])} trained SAEs in {place}, but of"
        f" {_k(start)} before training, too: the start"
        f" {'passes' if mostly(start) else 'fails'} the rule *most have no atom*, so that it"
        f" {'proves little' if mostly(start) else 'does tell something'}. *Every latent is a composite* is true of"
        f" {_k(trained[1])} after training and of {_k(only_before)} before: the start"
        f" {'passes' if mostly(only_before) else 'fails'}. So the claim rests on the second."
    )


def _all_of_the_evidence() -> Rule:
    strict, loose = Fraction(30, 32), Fraction(18, 32)
    both = "holds" if mostly(strict) and mostly(loose) else "partly"
    return Rule(
        "All of the evidence counts",
        "A verdict weighs every setting that was run, not the one that came out best. Where a second size, a second"
        " threshold or a second score says otherwise, the verdict is *partly*, and both stand side by side.",
        f"Say that at one threshold {strict} SAEs do something, at another {loose}. The first alone"
        f" {_may(mostly(strict))} say *most*, the second {_may(mostly(loose))}, so together"
        f" the verdict is {coloured(both)}.",
    )


def _stability(of_seeds: str) -> Rule:
    return Rule(
        "Nothing hangs on the machine or on the seed",
        "Processors round in different ways, and training makes a small difference large. A sentence may therefore not"
        " name a winner that another processor would not name, nor a verdict rest on a count right at its bound. `make"
        " sweep SWEEP=seeds` runs every notebook with other seeds, each of which trains all SAEs anew.",
        of_seeds,
    )


def _first_the_rule(claims: list[Record]) -> Rule:
    cases = Counter(claim.case for claim in claims)
    return Rule(
        "First the rule, then the result",
        "The cases of a claim are written in the order of its rule, each with its own sentence, before anything is"
        " computed; the first that is true is said. No count is added and no threshold moved because a result"
        " disappoints, and where a rule was changed afterwards, the chapter or [the page on what"
        " changed](changes.md) says so.",
        f"In this run {cases[0]} of {len(claims)} claims came out in their first case, the others in a later one.",
    )


def _invented() -> dict[str, Sequence[float]]:
    """Differences of ten contestants at 32 seeds, made so that each has a known t value."""
    noise = np.random.default_rng(0).normal(size=(10, 32))
    noise = (noise - noise.mean(1, keepdims=True)) / noise.std(1, ddof=1, keepdims=True)
    t_values = [3.3, 2.5, 2.2, 1.6, 1.0, 0.6, 0.1, -0.4, -0.9, -1.7]
    return {name: list(t / np.sqrt(32) + row) for name, t, row in zip("ABCDEFGHIJ", t_values, noise, strict=True)}


def _may(allowed: bool) -> str:
    return "may" if allowed else "may not"


def _might(allowed: bool) -> str:
    return "could" if allowed else "could not"


def _only(names: Sequence[str]) -> str:
    return "one is" if len(names) == 1 else f"{len(names) or 'none'} are"


def _fraction(recorded: Any) -> Fraction | None:
    found = estimate_of(recorded)
    return found if isinstance(found, Fraction) else None


def _k(count: Fraction | None) -> str:
    return f"{count.k} of {count.n}" if count else "none"
