"""A claim: a list of cases in the order of its rule. The first case whose condition is true is said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from toysae.claims.evidence import Evidence, as_json, checked, printed
from toysae.claims.prose import emit, short_name, text
from toysae.claims.record import CLAIM_MIME, Record
from toysae.claims.sources import best_verdict, check_verdicts
from toysae.claims.templates import check_name, filled, told_whole
from toysae.claims.words import listed

Case = tuple[Any, str, str | None]  # the condition (a bool of Python, numpy or torch), the sentence, the verdict
Control = tuple[Any, Any]  # whether the control passes the rule of the best verdict, and what it scores


def claim(
    id: str,
    *cases: Case,
    evidence: Mapping[str, Any] | None = None,
    control: Mapping[str, Control] | None = None,
    source: str = "ours",
) -> None:
    """Say the sentence of the first case that is true, show its evidence below it, and record both.

    id        kebab-case, used once in a notebook
    cases     (condition, sentence, verdict), two or more, in the order of the rule; the last condition is mostly True,
              "otherwise". Sentences are templates: "{name}", "{name.k}", "{name:.2f}" are filled from the evidence; a
              brace that is meant is doubled. The verdict is a word that the source allows, or None if there is
              nothing to judge
    evidence  by name: a Fraction, a Mean, a number or a name. A name may hold spaces, for it is shown as the label;
              underscores become spaces. What the sentence does not tell whole stands below it
    control   what the rule of the best verdict should condemn, by name: whether it passes that rule, and its score
              (evidence). The name is a noun phrase, "the SAEs before training", for it is shown, and told where the
              control passes: a rule that its control passes proves little, so the verdict is then "partly" at best
    source    whom the claim comes from: "seed", "theory", "ours" or a paper's short name, as in sources.SOURCES

    Raises ValueError or TypeError, in one line, for what is no claim: fewer than two cases, a sentence used twice, a
    sentence that cannot be filled in (also one that is not said), verdicts of which data can choose only one, no case
    that is true.
    """
    short_name("id", id)
    try:
        known = {check_name(name): _evidence(name, value) for name, value in (evidence or {}).items()}
        against = {check_name(name): _control(name, given) for name, given in (control or {}).items()}
        said, sentences = _judged(cases, known, source)
    except (TypeError, ValueError) as problem:
        raise type(problem)(f"claim {id!r}: {problem}") from problem
    untold = {name: value for name, value in known.items() if name not in told_whole(cases[said][1])}
    numbers = {name: as_json(value) for name, value in known.items()}
    scores = {name: {"passes": passes, "score": as_json(score)} for name, (passes, score) in against.items()}
    sentence, verdict = _weighed(sentences[said], cases[said][2], against, source)
    record = Record(id, said, sentence, verdict, source, numbers, scores)
    below = small_print(untold, {name: score for name, (_, score) in against.items()})
    emit({"text/markdown": f"**Claim.** {sentence}{below}", CLAIM_MIME: record.in_cell()})


def small_print(evidence: Mapping[str, Evidence], controls: Mapping[str, Evidence] | None = None) -> str:
    """The small line of evidence below a sentence, controls last, as Markdown; nothing for no evidence."""
    told = [f"{name.replace('_', ' ')}: {_small(value)}" for name, value in evidence.items() if printed(value)]
    told += [f"control, {name}: {_small(value)}" for name, value in (controls or {}).items()]
    return f"\n\n<small>{'; '.join(told)}.</small>" if told else ""


def _small(value: Evidence) -> str:
    """Without the words that the page "How we judge" says once: brackets hold 95 % intervals."""
    return printed(value).replace("95 % interval ", "")


def _weighed(sentence: str, verdict: str | None, against: Mapping[str, tuple], source: str) -> tuple[str, str | None]:
    """Sentence and verdict once the controls were looked at."""
    passing = [name for name, (passes, _) in against.items() if passes]
    if not passing or verdict != best_verdict(source):
        return sentence, verdict
    return f"{sentence} The same is true of {listed(passing)}, though, so it proves little.", "partly"


def _judged(cases: Sequence[Case], evidence: Mapping[str, Evidence], source: str) -> tuple[int, list[str]]:
    """Which case is true, and the sentences of all."""
    if len(cases) < 2 or not all(isinstance(case, tuple) and len(case) == 3 for case in cases):
        raise ValueError("must have two or more cases, each (condition, sentence, verdict)")
    templates = [text(f"the sentence of case {place}", case[1]) for place, case in enumerate(cases, start=1)]
    if len(set(templates)) < len(templates):
        raise ValueError("two cases have the same sentence; each outcome needs its own")
    check_verdicts(source, [verdict for _, _, verdict in cases])
    conditions = [_truth(f"the condition of case {place}", case[0]) for place, case in enumerate(cases, start=1)]
    sentences = [filled(template, evidence) for template in templates]
    if not any(conditions):
        raise ValueError("no case is true; the condition of the last is mostly True, for all other outcomes")
    return conditions.index(True), sentences


def _truth(what: str, condition: Any) -> bool:
    value = condition.item() if hasattr(condition, "item") else condition
    if not isinstance(value, bool):
        raise TypeError(f"{what} is {condition!r}: must be one bool, True or False")
    return value


def _control(name: str, given: Any) -> tuple[bool, Evidence]:
    if not isinstance(given, tuple) or len(given) != 2:
        raise TypeError(f"control {name!r} is {given!r}: must be (whether it passes the rule, what it scores)")
    return _truth(f"control {name!r}: whether it passes", given[0]), _evidence(name, given[1])


def _evidence(name: str, value: Any) -> Evidence:
    try:
        return checked(value)
    except TypeError as problem:
        raise TypeError(f"evidence {name!r}: {problem}") from problem
