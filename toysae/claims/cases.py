"""A claim: a list of cases in the order of its rule. The first case whose condition is true is said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from toysae.claims.evidence import Evidence, as_json, checked, printed
from toysae.claims.prose import emit, short_name, text
from toysae.claims.record import CLAIM_MIME, Record
from toysae.claims.sources import check_verdicts
from toysae.claims.templates import check_name, filled, told_whole

Case = tuple[Any, str, str | None]  # the condition (a bool of Python, numpy or torch), the sentence, the verdict


def claim(id: str, *cases: Case, evidence: Mapping[str, Any] | None = None, source: str = "ours") -> None:
    """Say the sentence of the first case that is true, show its evidence below it, and record both.

    id        kebab-case, used once in a notebook
    cases     (condition, sentence, verdict), two or more, in the order of the rule; the last condition is mostly True,
              "otherwise". Sentences are templates: "{name}", "{name.k}", "{name:.2f}" are filled from the evidence; a
              brace that is meant is doubled. The verdict is a word that the source allows, or None if there is
              nothing to judge
    evidence  by name: a Fraction, a Mean, a number or a name. A name may hold spaces, for it is shown as the label;
              underscores become spaces. What the sentence does not tell whole stands below it
    source    whom the claim comes from: "seed", "theory", "ours" or a paper's short name, as in sources.SOURCES

    Raises ValueError or TypeError, in one line, for what is no claim: fewer than two cases, a sentence used twice, a
    sentence that cannot be filled in (also one that is not said), verdicts of which data can choose only one, no case
    that is true.
    """
    short_name("id", id)
    try:
        known = {check_name(name): _evidence(name, value) for name, value in (evidence or {}).items()}
        said, sentences = _judged(cases, known, source)
    except (TypeError, ValueError) as problem:
        raise type(problem)(f"claim {id!r}: {problem}") from problem
    untold = {name: value for name, value in known.items() if name not in told_whole(cases[said][1])}
    numbers = {name: as_json(value) for name, value in known.items()}
    record = Record(id, said, sentences[said], cases[said][2], source, numbers)
    emit({"text/markdown": f"**Claim.** {sentences[said]}{small_print(untold)}", CLAIM_MIME: record.in_cell()})


def small_print(evidence: Mapping[str, Evidence]) -> str:
    """The small line of evidence below a sentence, as Markdown; nothing for no evidence."""
    told = [f"{name.replace('_', ' ')}: {printed(value)}" for name, value in evidence.items() if printed(value)]
    return f"\n\n<small>{'; '.join(told)}.</small>" if told else ""


def _judged(cases: Sequence[Case], evidence: Mapping[str, Evidence], source: str) -> tuple[int, list[str]]:
    """Which case is true, and the sentences of all."""
    if len(cases) < 2 or not all(isinstance(case, tuple) and len(case) == 3 for case in cases):
        raise ValueError("must have two or more cases, each (condition, sentence, verdict)")
    templates = [text(f"the sentence of case {place}", case[1]) for place, case in enumerate(cases, start=1)]
    if len(set(templates)) < len(templates):
        raise ValueError("two cases have the same sentence; each outcome needs its own")
    check_verdicts(source, [verdict for _, _, verdict in cases])
    conditions = [_truth(place, case[0]) for place, case in enumerate(cases, start=1)]
    sentences = [filled(template, evidence) for template in templates]
    if not any(conditions):
        raise ValueError("no case is true; the condition of the last is mostly True, for all other outcomes")
    return conditions.index(True), sentences


def _truth(place: int, condition: Any) -> bool:
    value = condition.item() if hasattr(condition, "item") else condition
    if not isinstance(value, bool):
        raise TypeError(f"the condition of case {place} is {condition!r}: must be one bool, True or False")
    return value


def _evidence(name: str, value: Any) -> Evidence:
    try:
        return checked(value)
    except TypeError as problem:
        raise TypeError(f"evidence {name!r}: {problem}") from problem
