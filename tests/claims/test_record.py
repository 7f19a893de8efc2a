"""A claim's record from the cell to the file, and its comparison with the published run."""

import json
from dataclasses import replace

import numpy as np
import pytest

from toysae.claims import Fraction, claim
from toysae.claims.record import CLAIM_MIME, Published, Record, to_bytes

RECORD = Record("a-b", 1, "It is not.", "does not hold", "ours", {"n": {"k": 1, "n": 2}}, {}, "07_some")


def test_what_a_cell_records_comes_back_as_the_same_record(displayed):
    claim("a-b", (False, "It is.", "holds"), (True, "It is not.", "does not hold"), evidence={"n": Fraction(1, 2)})
    recorded = json.loads(json.dumps(displayed[0][0][CLAIM_MIME]))
    assert set(recorded) == {"id", "case", "statement", "verdict", "source", "evidence", "control"}
    assert Record.from_cell("07_some", recorded, Published()) == RECORD


def test_a_record_survives_the_file_of_claims():
    (listed,) = json.loads(to_bytes([RECORD]))
    names = ("notebook", "id", "statement", "holds", "source", "verdict", "evidence", "control", "case")
    assert set(listed) == set(names)
    assert Record.from_json(listed) == RECORD


def test_a_claim_holds_if_its_case_is_the_published_one_or_if_it_is_new():
    published, cell = Published.of([RECORD]), RECORD.in_cell()
    assert Record.from_cell("07_some", cell | {"statement": "In other words."}, published).holds
    assert not Record.from_cell("07_some", cell | {"case": 0}, published).holds
    assert Record.from_cell("08_other", cell | {"case": 0}, published).holds
    assert Record.from_cell("07_some", cell | {"id": "new", "case": 0}, published).holds


def test_the_published_file_is_sorted_and_says_all_of_a_claim_but_whom_it_comes_from(tmp_path):
    other = replace(RECORD, id="aa", notebook="01_first")
    made_with = {"versions": {"torch": "2"}, "processor": "some"}
    content = Published.of([RECORD, other], **made_with).to_bytes()
    assert content == Published.of([other, RECORD], **made_with).to_bytes()
    entry = {"case": 1, "evidence": {"n": {"k": 1, "n": 2}}, "statement": "It is not.", "verdict": "does not hold"}
    entry["control"] = {}
    claims = {"01_first": {"aa": entry}, "07_some": {"a-b": entry}}
    assert json.loads(content) == {"claims": claims, **made_with}
    (tmp_path / "published.json").write_bytes(content)
    assert Published.read(tmp_path / "published.json").to_bytes() == content


def test_controls_travel_with_the_claim(displayed):
    control = {"noise": (np.bool_(False), Fraction(3, 64))}
    claim("a-b", (False, "It is.", "holds"), (True, "It is not.", "does not hold"), control=control)
    record = Record.from_cell("07_some", json.loads(json.dumps(displayed[0][0][CLAIM_MIME])), Published())
    assert record.control == {"noise": {"passes": False, "score": {"k": 3, "n": 64}}}
    assert Record.from_json(json.loads(to_bytes([record]))[0]) == record
    assert json.loads(Published.of([record]).to_bytes())["claims"]["07_some"]["a-b"]["control"] == record.control


def test_a_published_file_of_the_first_edition_holds_the_claims_alone(tmp_path):
    of_now = Published.of([RECORD])
    (tmp_path / "published.json").write_text(json.dumps(json.loads(of_now.to_bytes())["claims"]))
    assert Published.read(tmp_path / "published.json") == of_now


def test_without_a_published_file_nothing_differs(tmp_path):
    assert Published.read(tmp_path / "published.json").says(replace(RECORD, case=7))


def test_what_is_not_judged_says_so():
    assert (RECORD.word, replace(RECORD, verdict=None).word) == ("does not hold", "not judged")


def test_a_claim_recorded_in_another_form_is_told_with_its_notebook():
    with pytest.raises(ValueError, match="07_some: a claim was recorded in another form"):
        Record.from_cell("07_some", {"id": "a", "statement": "s", "holds": True, "source": "ours"}, Published())
