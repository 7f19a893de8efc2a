"""All wordings of a notebook's claims, read and checked without a run: python -m toysae.claims.wording NOTEBOOK.py

Each case of each claim is rendered with a placeholder, ‹filled.k›, in every gap, so that sentences for other outcomes
are read before they happen. A claim(...) is written out: tuples, literal sentences and verdicts, a literal evidence.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from toysae.claims.sources import check_verdicts
from toysae.claims.templates import check_name, filled

_MATHS = re.compile(r"(?<!\\)\$.*?(?<!\\)\$", re.DOTALL)
_OPENING = re.compile(r"[A-Z\d$*‹]")
_CLOSING = re.compile(r"[.!?]$")


@dataclass(frozen=True)
class Wording:
    """One case of a claim: when it is said, as code; what is said, with placeholders; the verdict, as code."""

    condition: str
    sentence: str
    verdict: str


@dataclass(frozen=True)
class Reading:
    """One claim of a notebook as it stands in the source: line, id as code, wordings, controls, what is wrong."""

    line: int
    id: str
    wordings: tuple[Wording, ...]
    controls: tuple[str, ...]
    faults: tuple[str, ...]


class Unwritten(ValueError):
    """Something that has to be written out in a claim is computed, or is missing."""


class Placeholder:
    """Stands for any evidence: it has every attribute, and prints as its own name in any format."""

    def __init__(self, name: str):
        self._name = name

    def __getattr__(self, part: str) -> Placeholder:
        return Placeholder(f"{self._name}.{part}")

    def __format__(self, spec: str) -> str:
        return str(self)

    def __str__(self) -> str:
        return f"‹{self._name}›"


def readings(source: str) -> list[Reading]:
    """Every claim(...) in the source of a notebook, in its order. Raises SyntaxError if it is no Python."""
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call) and _names_claim(node.func)]
    return [_reading(call) for call in sorted(calls, key=lambda call: call.lineno)]


def faults(source: str) -> list[str]:
    """What is wrong with the claims of a notebook, one line each; empty if they are in order."""
    return [f"line {reading.line}, {reading.id}: {fault}" for reading in readings(source) for fault in reading.faults]


def sentence_faults(sentence: str) -> Iterator[str]:
    """What keeps a rendered text from being a sentence."""
    if not _OPENING.match(sentence):
        yield "must begin with a capital letter, a digit, $, * or evidence"
    if not _CLOSING.search(sentence):
        yield "must end with . ! or ?"
    if "  " in sentence or sentence != sentence.strip():
        yield "has a blank too many"
    if _MATHS.sub("", sentence).count("$") - _MATHS.sub("", sentence).count(r"\$"):
        yield "has a $ without its partner"
    if not _balanced(_MATHS.sub("", sentence)):
        yield "has a parenthesis without its partner"


def _names_claim(function: ast.expr) -> bool:
    name = function.id if isinstance(function, ast.Name) else getattr(function, "attr", None)
    return name == "claim"


def _reading(call: ast.Call) -> Reading:
    id, *cases = call.args or [ast.Constant("no id")]
    told, wrong = [], []
    evidence: dict[str, Placeholder] = {}
    controls: dict[str, Placeholder] = {}
    try:
        evidence, controls = _named(call, "evidence"), _named(call, "control")
    except ValueError as problem:
        wrong = [str(problem)]
    for place, case in enumerate(cases, start=1):
        try:
            told.append(_wording(case, evidence, last=place == len(cases)))
        except ValueError as problem:
            wrong.append(f"case {place}: {problem}")
    wrong += [f"case {place}: {fault}" for place, case in enumerate(told, start=1) for fault in _of_text(case)]
    wrong += _of_all(call, cases, told)
    return Reading(call.lineno, ast.unparse(id), tuple(told), tuple(controls), tuple(wrong))


def _wording(case: ast.expr, evidence: Mapping[str, Placeholder], last: bool) -> Wording:
    if not isinstance(case, ast.Tuple) or len(case.elts) != 3:
        raise Unwritten("must be a tuple (condition, sentence, verdict), written out")
    condition, sentence, verdict = case.elts
    if isinstance(condition, ast.Constant) and not (last and condition.value is True):
        raise Unwritten(f"its condition is always {condition.value!r}; only the last may be True")
    if not isinstance(verdict, ast.Constant):
        raise Unwritten("its verdict is computed; write one case for each verdict")
    return Wording(ast.unparse(condition), filled(_literal(sentence), evidence), ast.unparse(verdict))


def _literal(sentence: ast.expr) -> str:
    """The text of a string that is written out, whole or in parts joined by +."""
    if isinstance(sentence, ast.Constant) and isinstance(sentence.value, str):
        return sentence.value
    if isinstance(sentence, ast.BinOp) and isinstance(sentence.op, ast.Add):
        return _literal(sentence.left) + _literal(sentence.right)
    found = "an f-string" if isinstance(sentence, ast.JoinedStr) else ast.unparse(sentence)
    raise Unwritten(f"its sentence is {found:.60}; write it out, and let it name evidence in braces")


def _named(call: ast.Call, argument: str) -> dict[str, Placeholder]:
    """A placeholder for each name that evidence or control gives literally; what it takes in by ** has no name."""
    value = next((keyword.value for keyword in call.keywords if keyword.arg == argument), ast.Dict([], []))
    keys = value.keys if isinstance(value, ast.Dict) else [value]
    names = [key.value if isinstance(key, ast.Constant) else None for key in keys if key is not None]
    if None in names:
        raise Unwritten(f"its {argument} must be a dict with literal names, written out")
    return {check_name(name): Placeholder(str(name)) for name in names}


def _of_text(wording: Wording) -> Iterator[str]:
    return (f"{fault}: {wording.sentence}" for fault in sentence_faults(wording.sentence))


def _of_all(call: ast.Call, cases: list[ast.expr], told: list[Wording]) -> Iterator[str]:
    """What is wrong with the cases taken together."""
    if len(cases) < 2 or any(keyword.arg not in ("evidence", "control", "source") for keyword in call.keywords):
        yield "must be claim(id, case, case, ..., evidence=..., control=..., source=...) with two cases or more"
    sentences = [wording.sentence for wording in told]
    if len(set(sentences)) < len(sentences):
        yield "two cases have the same sentence"
    try:
        if len(told) == len(cases) >= 2:
            check_verdicts(_source(call), [ast.literal_eval(wording.verdict) for wording in told])
    except ValueError as problem:
        yield str(problem)


def _source(call: ast.Call) -> Any:
    value = next((keyword.value for keyword in call.keywords if keyword.arg == "source"), ast.Constant("ours"))
    if not isinstance(value, ast.Constant):
        raise Unwritten("its source is computed; write it out")
    return value.value


def _balanced(text: str) -> bool:
    depth = 0
    for letter in text:
        depth += (letter == "(") - (letter == ")")
        if depth < 0:
            return False
    return depth == 0


def main(paths: list[str]) -> int:
    """Print every case of every claim as it reads, and what is wrong; 1 if anything is."""
    sound = True
    for path in paths:
        for reading in readings(Path(path).read_text(encoding="utf-8")):
            print(f"\n{path}:{reading.line} {reading.id}")
            for wording in reading.wordings:
                print(f"  if {wording.condition}\n    {wording.verdict}: {wording.sentence}")
            for fault in reading.faults:
                print(f"  WRONG: {fault}")
            sound = sound and not reading.faults
    return 0 if sound else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
