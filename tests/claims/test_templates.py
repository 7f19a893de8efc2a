"""Sentences with gaps: what fills them, what is refused, and that a refusal is one clear line."""

import pytest

from toysae.claims import Fraction
from toysae.claims.templates import check_name, filled, told_whole

EVIDENCE = {"filled": Fraction(62, 64), "mean of the data": 0.123456, "n": 4096, "best_kind": "{TopK}"}


@pytest.mark.parametrize(("template", "text"), [
    ("All {filled.k} of {filled.n}.", "All 62 of 64."),
    ("It is {filled}.", "It is 62 of 64 (95 % interval 89 to 99 %)."),
    ("{mean of the data:.2f} and {mean of the data}", "0.12 and 0.1235"),
    ("{filled.value:.0%} of {n}, {n:d}, with {best_kind}", "97% of 4,096, 4096, with {TopK}"),
    ("$\\sqrt{{2}}$ and {{n}}, {n}", "$\\sqrt{2}$ and {n}, 4,096"),
    ("Nothing to fill.", "Nothing to fill."),
])  # fmt: skip
def test_gaps_are_filled_from_the_evidence(template, text):
    assert filled(template, EVIDENCE) == text


REFUSED = {
    "{fild.k} of 64": "'fild' is no evidence",
    "$\\sqrt{2}$": "'2' is no evidence",
    "{}": "'' is no evidence",
    "{filled.m}": "{filled.m} cannot be filled in: 'Fraction' object has no attribute 'm'",
    "{filled:.2f}": "{filled} cannot be filled in: unsupported format",
    "{best_kind:.2f}": "{best_kind} cannot be filled in: Unknown format code 'f'",
    "{n": "expected '}' before end of string",
    "n}": "Single '}' encountered",
    "{n!r}": "{n}: a gap holds a name",
    "{n:{n}}": "{n}: a gap holds a name",
    "{best_kind[0]}": "{best_kind[0]}: a gap holds a name",
    "{n.}": "{n.}: a gap holds a name",
}


@pytest.mark.parametrize(("template", "words"), REFUSED.items(), ids=REFUSED)
def test_a_gap_that_cannot_be_filled_is_told_in_one_line(template, words):
    with pytest.raises(ValueError) as refused:
        filled(template, EVIDENCE)
    assert words in str(refused.value)
    assert "\n" not in str(refused.value)


def test_braces_of_latex_that_were_not_doubled_are_explained():
    with pytest.raises(ValueError, match=r"a brace that is meant is doubled, as in \$\\sqrt\{\{2\}\}\$"):
        filled("$\\frac{1}{2}$", EVIDENCE)


def test_a_part_of_some_evidence_leaves_the_rest_to_be_told():
    assert told_whole("{filled.k} of {n:d}, {{best_kind}}, {mean of the data:.2f}") == {"n", "mean of the data"}


@pytest.mark.parametrize("name", ["n", "SAEs whose bias is long", "best_kind", "$\\sigma$", "3 of 4", "loss (atoms)"])
def test_a_name_may_be_a_label(name):
    assert filled(f"{{{check_name(name)}}}", {name: "x"}) == "x"


@pytest.mark.parametrize(
    "name", ["", " a", "a ", "a  b", "a.b", "a:b", "a!b", "a{b", "a}b", "a[b", "3", "3 4", 7, None]
)
def test_a_name_that_no_sentence_could_name_is_refused(name):
    with pytest.raises(ValueError, match="a name is words"):
        check_name(name)
