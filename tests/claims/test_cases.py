"""A claim: the first true case is said and recorded, its evidence shown, and what is no claim refused in one line."""

import json

import numpy as np
import pytest
import torch

from toysae.claims import Fraction, Mean, claim, mostly, mostly_not, nearly_all
from toysae.claims.record import CLAIM_MIME

YES, NO = "It does.", "It does not."


def state(share: Fraction, **words):
    """The claim of the house's plan."""
    claim(
        "bias-fills",
        (mostly(share), "The SAE uses its bias: it is long in {long} SAEs.", "reproduced"),
        (mostly_not(share), "Most SAEs keep their bias short, all but {long.k}.", "differs"),
        (True, "Whether most SAEs use their bias is undecided.", "partly"),
        evidence={"long": share, "mean_length": Mean(0.5, 0.25, 0.75, 8)},
        source="seed",
        **words,
    )


@pytest.mark.parametrize(("k", "case", "verdict"), [(60, 0, "reproduced"), (4, 1, "differs"), (30, 2, "partly")])
def test_the_first_true_case_is_recorded_with_its_verdict_and_the_evidence_as_numbers(displayed, k, case, verdict):
    state(Fraction(k, 64))
    record = displayed[0][0][CLAIM_MIME]
    assert (record["id"], record["case"], record["verdict"], record["source"]) == ("bias-fills", case, verdict, "seed")
    assert record["evidence"] == {
        "long": {"k": k, "n": 64},
        "mean_length": {"mean": 0.5, "low": 0.25, "high": 0.75, "n": 8},
    }
    assert json.loads(json.dumps(record, allow_nan=False)) == record


@pytest.mark.parametrize(("k", "sentence", "small"), [
    (60, f"The SAE uses its bias: it is long in {Fraction(60, 64)} SAEs.", ""),
    (4, "Most SAEs keep their bias short, all but 4.", "long: 4 of 64 (2 to 15 %); "),
    (30, "Whether most SAEs use their bias is undecided.", "long: 30 of 64 (35 to 59 %); "),
])  # fmt: skip
def test_the_sentence_stands_above_the_evidence_that_it_does_not_tell_whole(displayed, k, sentence, small):
    state(Fraction(k, 64))
    about = "<small>" + small + "mean length: 0.5 (0.25 to 0.75).</small>"
    assert displayed[0][0]["text/markdown"] == f"**Claim.** {sentence}\n\n{about}"
    assert displayed[0][0][CLAIM_MIME]["statement"] == sentence


def test_a_claim_without_evidence_is_its_sentence_alone(displayed):
    claim("it-holds", (False, YES, "holds"), (True, NO, "does not hold"), evidence={"winner": ""})
    assert displayed[0][0]["text/markdown"] == f"**Claim.** {NO}"
    assert displayed[0][0][CLAIM_MIME]["source"] == "ours"


def test_where_nothing_can_be_judged_the_verdict_is_none(displayed):
    claim("it-holds", (True, "Nothing was counted.", None), (True, YES, "holds"), (True, NO, "does not hold"))
    assert displayed[0][0][CLAIM_MIME]["verdict"] is None


@pytest.mark.parametrize("true", [np.bool_(True), torch.tensor(True), np.array(True), torch.tensor([True])])
def test_conditions_are_bools_of_python_numpy_or_torch(displayed, true):
    claim("it-holds", (~true, YES, "holds"), (true, NO, "does not hold"))
    assert displayed[0][0][CLAIM_MIME]["case"] == 1


@pytest.mark.parametrize("condition", [1, 0.0, None, "yes", np.float64(1.0), torch.tensor(1)])
def test_what_is_no_bool_is_no_condition_even_in_a_case_that_is_not_said(displayed, condition):
    with pytest.raises(TypeError, match=r"claim 'it-holds': the condition of case 2 .*: must be one bool"):
        claim("it-holds", (True, YES, "holds"), (condition, NO, "does not hold"))
    assert not displayed


GOOD = ((True, YES, "holds"), (True, NO, "does not hold"))
REFUSED = {
    "no case": ((), {}, "must have two or more cases"),
    "one case": (GOOD[:1], {}, "must have two or more cases"),
    "no tuple": ((GOOD[0], [True, NO, "partly"]), {}, "each (condition, sentence, verdict)"),
    "a case too short": ((GOOD[0], (True, NO)), {}, "each (condition, sentence, verdict)"),
    "no sentence": (((True, " ", "holds"), GOOD[1]), {}, "must be a sentence, not empty"),
    "one sentence twice": ((GOOD[0], (True, f" {YES}", "partly")), {}, "two cases have the same sentence"),
    "no true case": (((False, YES, "holds"), (False, NO, "does not hold")), {}, "no case is true"),
    "a strange source": (GOOD, {"source": "hearsay"}, "source='hearsay': must be one of seed,"),
    "words of another source": (GOOD, {"source": "seed"}, "verdict 'holds': must be one of reproduced,"),
    "one verdict only": ((GOOD[0], (True, NO, "holds")), {}, "a claim must be able to fail"),
    "one verdict or none": ((GOOD[0], (True, NO, None)), {}, "a claim must be able to fail"),
    "a wrong name in a case not said": ((GOOD[0], (True, "{n} do not.", "partly")), {}, "'n' is no evidence"),
    "a name that cannot be": (GOOD, {"evidence": {"a.b": 1}}, "evidence 'a.b': a name is words"),
}  # fmt: skip


@pytest.mark.parametrize(("cases", "words", "why"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_claim_is_refused_in_one_line_that_names_it(displayed, cases, words, why):
    with pytest.raises(ValueError) as refused:
        claim("it-holds", *cases, **words)
    assert str(refused.value).startswith("claim 'it-holds': ")
    assert why in str(refused.value)
    assert "\n" not in str(refused.value)
    assert not displayed


def test_evidence_of_no_known_kind_is_refused_with_its_name():
    with pytest.raises(TypeError, match=r"claim 'it-holds': evidence 'shares': \[1, 2\] is a list: must be a Fraction"):
        claim("it-holds", *GOOD, evidence={"shares": [1, 2]})


@pytest.mark.parametrize("id", ["No-Atoms", "no atoms", "", "-no", "no--atoms", 3])
def test_an_id_is_kebab_case(displayed, id):
    with pytest.raises(ValueError, match="id="):
        claim(id, *GOOD)
    assert not displayed


def with_control(k, controls, source="ours"):
    """A claim that finds k of 64, with controls by name: how many of 64 they find."""
    best, worst = ("reproduced", "differs") if source == "seed" else ("holds", "does not hold")
    found = Fraction(k, 64)
    claim(
        "it-holds",
        (nearly_all(found), "Nearly all do.", best),
        (True, "Not all do.", worst),
        evidence={"found": found},
        control={name: (nearly_all(Fraction(n, 64)), Fraction(n, 64)) for name, n in controls.items()},
        source=source,
    )


@pytest.mark.parametrize("source", ["ours", "seed"])
def test_a_control_that_passes_takes_the_best_verdict_and_says_so(displayed, source):
    with_control(62, {"the plain SAE": 63}, source)
    record = displayed[0][0][CLAIM_MIME]
    assert (record["case"], record["verdict"]) == (0, "partly")
    assert record["statement"] == "Nearly all do. The same is true of the plain SAE, though, so it proves little."
    assert record["control"] == {"the plain SAE": {"passes": True, "score": {"k": 63, "n": 64}}}


def test_only_controls_that_pass_are_told_in_the_sentence_and_all_below_it(displayed):
    with_control(62, {"noise": 64, "the start": 3, "the plain SAE": 63})
    said = displayed[0][0]["text/markdown"]
    assert "The same is true of noise and the plain SAE, though" in said
    assert "control, noise: 64 of 64 (94 to 100 %); control, the start: 3 of 64 (2 to 13 %)" in said


@pytest.mark.parametrize(("k", "control", "ends", "verdict"), [
    (62, 3, "2 to 13", "holds"),
    (5, 64, "94 to 100", "does not hold"),
])  # fmt: skip
def test_a_control_that_fails_or_a_claim_that_does_not_hold_changes_nothing(displayed, k, control, ends, verdict):
    with_control(k, {"noise": control})
    record = displayed[0][0][CLAIM_MIME]
    assert (record["verdict"], "proves little" in record["statement"]) == (verdict, False)
    assert displayed[0][0]["text/markdown"].endswith(f"control, noise: {control} of 64 ({ends} %).</small>")


@pytest.mark.parametrize(("control", "kind", "why"), [
    ({"noise": True}, TypeError, "control 'noise' is True: must be (whether it passes the rule, what it scores)"),
    ({"noise": (1, 0.5)}, TypeError, "control 'noise': whether it passes is 1: must be one bool"),
    ({"noise": (True, [1])}, TypeError, "evidence 'noise': [1] is a list"),
    ({"a.b": (True, 1)}, ValueError, "evidence 'a.b': a name is words"),
])  # fmt: skip
def test_what_is_no_control_is_refused_in_one_line(displayed, control, kind, why):
    with pytest.raises(kind) as refused:
        claim("it-holds", *GOOD, control=control)
    assert str(refused.value).startswith(f"claim 'it-holds': {why}") and "\n" not in str(refused.value)
    assert not displayed
