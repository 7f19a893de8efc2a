"""Folding: plumbing behind one line, evidence behind another, and nothing lost."""

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from tiny_project import make_tiny_project

from toysae.writeup import book, pages, pairs
from toysae.writeup.folding import folded


def code(source, *tags, shows=None, line=None):
    metadata = {"tags": list(tags)} | ({"mystnb": {"code_prompt_show": line}} if line else {})
    outputs = [new_output("display_data", data={"text/markdown": shows})] if shows else []
    return new_code_cell(source, metadata=metadata, outputs=outputs)


def line_of(cell):
    prompts = cell.metadata["mystnb"]
    assert prompts["code_prompt_show"] == prompts["code_prompt_hide"]
    return prompts["code_prompt_show"]


def shown(cell):
    return [output.data["text/markdown"] for output in cell.outputs]


def test_neighbouring_plumbing_is_one_fold_with_the_line_of_the_first():
    cells = [code("a = 1", "parameters", "hide-input", line="Set-up"), code("b = 2", "hide-input", line="More")]
    (one,) = folded([*cells, code("c = 3", "hide-input", shows="It is 3.")])
    assert one.source == "a = 1\n\nb = 2\n\nc = 3"
    assert line_of(one) == "Set-up"
    assert shown(one) == ["It is 3."]
    assert set(one.metadata["tags"]) == {"hide-input", "parameters"}


def test_what_is_shown_keeps_its_place_between_folds():
    cells = [code("a", "hide-input", shows="A."), code("b", "hide-input")]
    assert [cell.source for cell in folded(cells)] == ["a", "b"]
    text = new_markdown_cell("Between.")
    assert len(folded([code("a", "hide-input"), text, code("b", "hide-input")])) == 3
    assert [line_of(cell) for cell in folded(cells)] == ["Code", "Code"]


def test_code_that_is_no_plumbing_stays_as_it_is():
    cells = [code("a", "hide-input"), code("b"), code("c", "remove-input", shows="C.")]
    assert [cell.source for cell in folded(cells)] == ["a", "b", "c"]
    assert "mystnb" not in cells[1].metadata and "mystnb" not in cells[2].metadata


def test_a_cell_that_neither_shows_nor_tells_anything_does_not_come_between():
    cells = [code("a", "hide-input"), code("hidden", "remove-input"), code("b", "hide-input", line="B")]
    (one,) = folded(cells)
    assert one.source == "a\n\nb"
    assert line_of(one) == "B"


def test_evidence_is_one_fold_until_one_has_a_line_of_its_own():
    cells = [
        code("a", "evidence", "remove-input", shows="A."),
        code("b", "evidence", "remove-input", shows="B."),
        code("c", "evidence", "hide-input", shows="C.", line="By world"),
        code("d", "remove-input", shows="D."),
    ]
    first, second, rest = folded(cells)
    assert (line_of(first), shown(first)) == ("Evidence", ["A.", "B."])
    assert (line_of(second), shown(second)) == ("By world", ["C."])
    assert {"hide-output", "remove-input"} <= set(second.metadata["tags"])
    assert "hide-input" not in second.metadata["tags"]
    assert shown(rest) == ["D."]


@pytest.fixture(scope="module")
def rendered(tmp_path_factory):
    """A page alone, of a notebook that folds all there is to fold."""
    project = make_tiny_project(tmp_path_factory.mktemp("folding") / "project")
    aside = "<details><summary>Why?</summary>\n\nBecause $x$ is **long**.\n\n* an item\n\n</details>\n\nAfter it."
    cells = [
        new_markdown_cell("# A page"),
        code("set_up = 1", "hide-input", line="Set-up: <1>"),
        code("train = 2", "hide-input"),
        code("idea = 3"),
        code("x", "evidence", "remove-input", shows="A small $y$ table."),
        new_markdown_cell(aside),
    ]
    notebook = pairs.read_source(project.source("01_first"))
    notebook.cells = cells
    before = pairs.to_bytes(notebook)
    place = project.runs / "01_first"
    place.mkdir(parents=True)
    book.build_page(project, "01_first", notebook, place)
    assert pairs.to_bytes(notebook) == before  # the notebook itself stays whole
    return (place / "01_first.html").read_text()


def fold_with(page, line):
    (fold,) = [part.partition("</details>")[0] for part in page.split("<details")[1:] if line in part[:400]]
    return fold


def test_the_page_has_one_fold_of_code_and_shows_the_idea(rendered):
    fold = fold_with(rendered, "Set-up: &lt;1&gt;")
    assert "set_up" in fold and "train" in fold and "idea" not in fold
    assert "idea" in rendered and rendered.count("<details") == 3


def test_evidence_is_folded_with_its_mathematics(rendered):
    fold = fold_with(rendered, "Evidence")
    assert "A small" in fold and 'class="math notranslate nohighlight">\\(y\\)' in fold


def test_an_aside_renders_what_is_in_it(rendered):
    fold = fold_with(rendered, "Why?")
    assert "<strong>long</strong>" in fold and 'class="math notranslate nohighlight">\\(x\\)' in fold
    assert "<li><p>an item</p></li>" in fold
    assert "After it." not in fold


def test_the_downloaded_notebook_is_not_folded():
    cells = [code("a", "hide-input"), code("b", "hide-input")]
    notebook = new_notebook(cells=[new_markdown_cell("# T"), *cells])
    page = pages.chapter("01_x", notebook, None)
    assert len(page.cells) == 2 and len(notebook.cells) == 3
