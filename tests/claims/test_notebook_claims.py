"""The claims of the notebooks as they are written: cases with literal sentences, each of which reads as one."""

from pathlib import Path

import pytest

from toysae.claims.wording import faults, readings

NOTEBOOKS = sorted((Path(__file__).resolve().parents[2] / "notebooks").glob("[0-9][0-9]_*.py"))

each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


@each_notebook
def test_every_case_of_every_claim_is_written_out_and_reads_as_a_sentence(path):
    assert faults(path.read_text(encoding="utf-8")) == []


@each_notebook
def test_a_notebook_makes_claims(path):
    assert readings(path.read_text(encoding="utf-8"))
