"""The check of wordings finds each kind of fault, and nothing in a claim that is in order."""

import pytest

from toysae.claims import wording
from toysae.claims.templates import filled
from toysae.claims.wording import Placeholder, faults, readings, sentence_faults

GOOD = """
claim(
    "bias-fills",
    (mostly(filled), "In {filled.k} of {filled.n} SAEs (or {price:.2f}) " + "it is $\\\\sqrt{{2}}$.", "reproduced"),
    (True, "Nothing of "
           "the kind.", "differs"),
    evidence={"filled": filled, "price": 1 / n, **more},
    source="seed",
)
"""


def test_a_claim_in_order_is_read_with_placeholders():
    (reading,) = readings(GOOD)
    assert (reading.line, reading.id, reading.faults) == (2, "'bias-fills'", ())
    first, second = reading.wordings
    assert first.condition == "mostly(filled)"
    assert first.sentence == "In ‹filled.k› of ‹filled.n› SAEs (or ‹price›) it is $\\sqrt{2}$."
    assert (second.sentence, second.verdict) == ("Nothing of the kind.", "'differs'")


def test_the_controls_of_a_claim_are_read_by_name():
    (reading,) = readings(f"claim('a', {A}, {B}, control={{'the start': (x, 1), 'noise': (y, 2), **more}})")
    assert (reading.controls, reading.faults) == (("the start", "noise"), ())


def test_a_placeholder_takes_any_format_and_has_any_part():
    assert filled("{a.b.c:.3f} {a:>10} {a}", {"a": Placeholder("a")}) == "‹a.b.c› ‹a› ‹a›"


A, B = '(x > 0, "It is.", "holds")', '(True, "It is not.", "does not hold")'
FAULTS = {
    f"claim('a', {A})": "with two cases or more",
    "claim('a', *cases)": "must be a tuple (condition, sentence, verdict), written out",
    f"claim('a', {A}, (True, 'It is not.'))": "case 2: must be a tuple",
    f"claim('a', {A}, ['x', 'y', 'z'])": "case 2: must be a tuple",
    f"claim('a', (True, 'It was.', 'partly'), {A}, {B})": "case 1: its condition is always True",
    f"claim('a', {A}, (False, 'It was.', 'partly'))": "case 2: its condition is always False",
    f"claim('a', {A}, (True, f'It is {{x}}.', 'partly'))": "case 2: its sentence is an f-string",
    f"claim('a', {A}, (True, 'It is ' + word, 'partly'))": "case 2: its sentence is word",
    f"claim('a', {A}, (True, wording, 'partly'))": "case 2: its sentence is wording",
    f"claim('a', {A}, (True, 'It {{is}}.', 'partly'), evidence={{'it': 1}})": "case 2: 'is' is no evidence",
    f"claim('a', {A}, (True, '$\\\\sqrt{{2}}$.', 'partly'))": "case 2: '2' is no evidence",
    f"claim('a', {A}, {B}, evidence=known)": "its evidence must be a dict with literal names",
    f"claim('a', {A}, {B}, evidence={{name: 1}})": "its evidence must be a dict with literal names",
    f"claim('a', {A}, {B}, evidence={{'a.b': 1}})": "a name is words",
    f"claim('a', {A}, {B}, control=known)": "its control must be a dict with literal names",
    f"claim('a', {A}, {B}, control={{'a.b': (x, 1)}})": "a name is words",
    f"claim('a', {A}, (True, 'It is.', 'partly'))": "two cases have the same sentence",
    f"claim('a', {A}, (True, 'Or not.', word))": "case 2: its verdict is computed",
    f"claim('a', {A}, (True, 'Or not.', 'holds'))": "a claim must be able to fail",
    f"claim('a', {A}, {B}, source='seed')": "verdict 'holds': must be one of reproduced",
    f"claim('a', {A}, {B}, source=whose)": "its source is computed",
    f"claim('a', {A}, {B}, otherwise='It is not.')": "must be claim(id, case, case, ...",
    f"claim('a', {A}, (True, 'it is not', 'partly'))": "case 2: must begin with a capital",
    "if x:\n    claims.claim('a')": "with two cases or more",
}


@pytest.mark.parametrize(("source", "fault"), FAULTS.items(), ids=FAULTS)
def test_each_kind_of_fault_is_found(source, fault):
    assert any(fault in found for found in faults(source)), faults(source)


def test_faults_come_with_line_and_id_and_only_where_they_are():
    (found,) = faults(f"claim('a', {A}, {B})\n\nclaim('b', {A}, (True, 'Or not.', word))")
    assert found == "line 3, 'b': case 2: its verdict is computed; write one case for each verdict"


@pytest.mark.parametrize("sentence", [
    "It is.", "3 of 4 are.", "$x$ is (almost) one!", "*Most* are?", "‹a› and ‹b›.", "A half-open $[0, 1)$ is no fault.",
    "It costs \\$3.",
])  # fmt: skip
def test_a_sentence_is_one(sentence):
    assert list(sentence_faults(sentence)) == []


@pytest.mark.parametrize(("sentence", "fault"), [
    ("it is.", "begin"), (", then.", "begin"), ("It is", "end"), ("It is:", "end"), ("It  is.", "blank"),
    (" It is.", "blank"), ("It is (almost.", "parenthesis"), ("It )is(.", "parenthesis"), ("It costs $x.", "$"),
])  # fmt: skip
def test_what_is_no_sentence_is_told(sentence, fault):
    assert any(fault in found for found in sentence_faults(sentence))


def test_the_command_prints_all_wordings_and_fails_where_something_is_wrong(tmp_path, capsys):
    path = tmp_path / "01_some.py"
    path.write_text(GOOD)
    assert wording.main([str(path)]) == 0
    assert "    'differs': Nothing of the kind." in capsys.readouterr().out
    path.write_text(f"claim('a', {A})")
    assert wording.main([str(path)]) == 1
    assert "WRONG: must be claim(" in capsys.readouterr().out
