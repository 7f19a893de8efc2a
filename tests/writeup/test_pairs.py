"""Pairs of .py and .ipynb: fingerprints, the parameters cell, byte-stable outputs."""

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from tiny_project import make_tiny_project

from toysae.claims.record import CLAIM_MIME, Published, Record, Unreadable
from toysae.writeup import pairs, records


@pytest.fixture
def source(tmp_path):
    return pairs.read_source(make_tiny_project(tmp_path / "project").source("01_first"))


def executed_once(when: str, address: str):
    """An executed notebook as Papermill leaves it, with what differs from run to run."""
    outputs = [
        new_output("stream", name="stdout", text="10 %\r50 %\r"),
        new_output("stream", name="stdout", text=f"done <object at {address}>\n"),
        new_output("display_data", data={"text/plain": f"<A at {address}>", "image/png": "iVBORw0="}),
    ]
    metadata = {"execution": {"start": when}, "tags": []}
    cell = new_code_cell("work()", outputs=outputs, execution_count=1, metadata=metadata)
    titles = [new_markdown_cell("# Title", metadata={"papermill": {"duration": when}, "tags": []}) for _ in range(2)]
    return new_notebook(cells=[titles[0], cell, titles[1]], metadata={"papermill": {"start_time": when}})


def test_two_executions_are_byte_identical_after_normalising():
    first, second = executed_once("10:00", "0x7f52aa10"), executed_once("11:00", "0x7f11bb20")
    assert pairs.to_bytes(first) != pairs.to_bytes(second)
    clean = [pairs.to_bytes(pairs.normalise(notebook, {"sources": "x"})) for notebook in (first, second)]
    assert clean[0] == clean[1]


def test_normalising_twice_changes_nothing_more():
    once = pairs.normalise(executed_once("10:00", "0x7f52aa10"), {"sources": "x"})
    assert pairs.to_bytes(pairs.normalise(once, {"sources": "x"})) == pairs.to_bytes(once)


def test_normalising_keeps_what_is_read_and_leaves_its_argument_alone():
    raw = executed_once("10:00", "0x7f52aa10")
    before = pairs.to_bytes(raw)
    clean = pairs.normalise(raw, {"sources": "x"})
    assert pairs.to_bytes(raw) == before
    assert pairs.cells_of(clean) == pairs.cells_of(raw)
    assert [output.get("text") for output in clean.cells[1].outputs] == ["done <object at 0x...>\n", None]
    assert clean.cells[1].outputs[1].data["image/png"] == "iVBORw0="
    assert clean.cells[1].execution_count == 1
    nbformat.validate(clean)


def test_cells_with_equal_content_still_get_ids_of_their_own():
    clean = pairs.normalise(executed_once("10:00", "0x7f52aa10"), {})
    assert len({cell.id for cell in clean.cells}) == len(clean.cells)


def test_normalising_adds_nothing_about_this_machine():
    clean = pairs.normalise(executed_once("10:00", "0x7f52aa10"), {"sources": "x"})
    assert set(clean.metadata) == {"kernelspec", "language_info", "toysae"}
    assert "version" not in clean.metadata.language_info


@pytest.mark.parametrize("change", ["source", "tags", "cell_type", "order"])
def test_the_fingerprint_tells_any_change_of_the_sources(source, change):
    before = pairs.fingerprint(source)
    cell = source.cells[1]
    if change == "source":
        cell.source += " "
    elif change == "tags":
        cell.metadata["tags"] = []
    elif change == "cell_type":
        cell.cell_type = "raw"
    else:
        source.cells.reverse()
    assert pairs.fingerprint(source) != before


def test_the_fingerprint_does_not_depend_on_outputs(source):
    before = pairs.fingerprint(source)
    source.cells[1].outputs = [new_output("stream", text="x")]
    source.cells[1].execution_count = 7
    assert pairs.fingerprint(source) == before


def test_the_fingerprint_survives_the_way_through_an_executed_file(source, tmp_path):
    path = tmp_path / "x.ipynb"
    path.write_bytes(pairs.to_bytes(pairs.normalise(source, {"sources": pairs.fingerprint(source)})))
    read = pairs.read_executed(path)
    assert pairs.fingerprint(read) == pairs.fingerprint(source) == pairs.stored_fingerprint(read)


def test_the_parameters_cell_gives_names_values_and_comments(source):
    assert pairs.published_parameters(source) == {"sigma": 0.1, "seed": 0, "init": "positive"}
    assert pairs.parameter_comments(source) == {1: "# standard deviation", 2: "# seed", 3: "# initial rows"}


@pytest.mark.parametrize("cell", ["x = 1 + y", "x, y = 1, 2", "print(1)", "x ="])
def test_a_parameters_cell_holds_literals_only(source, cell):
    source.cells[1].source = cell
    with pytest.raises(ValueError, match=r"parameters cell|malformed"):
        pairs.published_parameters(source)


BROKEN = ["<<<<<<< ours", "{}", "[]", "3", "null", '{"nbformat": 4, "cells": 3}', '{"nbformat": 4, "cells": [{}]}']


@pytest.mark.parametrize("content", [*BROKEN, '{"nbformat": 4, "cells": [3], "metadata": {}, "nbformat_minor": 5}'])
def test_a_file_that_is_no_notebook_is_named(tmp_path, content):
    (tmp_path / "x.ipynb").write_text(content)
    with pytest.raises(ValueError, match=r"x\.ipynb"):
        pairs.read_executed(tmp_path / "x.ipynb")


def claiming(*ids: str):
    data = [{CLAIM_MIME: Record(id, 0, "It is.", "holds", "ours").in_cell()} for id in ids]
    return new_notebook(cells=[new_code_cell("x", outputs=[new_output("display_data", data=each) for each in data])])


def test_claims_are_read_in_order_with_their_notebook():
    read = records.claims_of("01_first", claiming("b", "a"), Published())
    assert [(claim.notebook, claim.id) for claim in read] == [("01_first", "b"), ("01_first", "a")]


def test_a_claim_id_used_twice_is_an_error_that_names_it():
    with pytest.raises(ValueError, match="'a' is used 2 times"):
        records.claims_of("01_first", claiming("a", "b", "a"), Published())


def test_a_source_that_is_no_utf8_is_named(tmp_path):
    (tmp_path / "x.py").write_bytes(b"# %%\n'\xff'\n")
    with pytest.raises(Unreadable, match=r"^x\.py: is not UTF-8 \(byte 6\)$"):
        pairs.read_source(tmp_path / "x.py")
