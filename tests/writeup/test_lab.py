"""JupyterLab gets copies: what is done to them is kept, and never reaches the published pair."""

import json

import pytest
from nbformat.sign import NotebookNotary
from tiny_project import files_below, make_tiny_project

from toysae.writeup import pairs
from toysae.writeup.__main__ import main


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project with one executed notebook of two and a table, whose copies were made."""
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "jupyter"))
    project = make_tiny_project(tmp_path / "a project")
    source = pairs.read_source(project.source("01_first"))
    source.cells[2].execution_count = 7
    executed = pairs.normalise(source, {"sources": pairs.fingerprint(source)})
    project.executed("01_first").write_bytes(pairs.to_bytes(executed))
    (project.notebooks / "tables").mkdir()
    (project.notebooks / "tables" / "a.csv").write_text("x\n1\n")
    (project.notebooks / "jupytext.toml").write_text('formats = ["0/ipynb,0/py:percent"]\n')
    assert main(["lab"], project) == 0
    return project


def again(project, capsys) -> str:
    """What a second `lab` says; notebooks/ must be as before."""
    before = files_below(project.notebooks)
    capsys.readouterr()
    assert main(["lab"], project) == 0
    assert files_below(project.notebooks) == before
    return capsys.readouterr().out


def edit(path, old="seed: int = 0", new="seed: int = 5"):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def saved_in_lab(project, name):
    """What JupyterLab does to a notebook that is opened and saved."""
    notebook = pairs.read_executed(project.lab / f"{name}.ipynb")
    notebook.metadata["jupytext"] = {"formats": "ipynb,py:percent"}
    (project.lab / f"{name}.ipynb").write_bytes(pairs.to_bytes(notebook))


def test_the_copies_are_pairs_with_their_results_and_what_they_need_beside_them(project):
    expected = {f"{name}{suffix}" for name in project.names() for suffix in (".py", ".ipynb")}
    assert set(files_below(project.lab)) == expected | {"tables/a.csv", "jupytext.toml", ".copies.json"}
    for name in project.names():
        assert (project.lab / f"{name}.py").read_bytes() == project.source(name).read_bytes()
        copy, source = pairs.read_executed(project.lab / f"{name}.ipynb"), pairs.read_source(project.source(name))
        assert pairs.cells_of(copy) == pairs.cells_of(source)
        assert copy.metadata.toysae.published == pairs.published_parameters(source)
    assert pairs.read_executed(project.lab / "01_first.ipynb").cells[2].execution_count == 7


def test_results_of_an_earlier_text_are_not_copied(project):
    edit(project.source("01_first"))
    assert main(["lab"], project) == 0
    assert pairs.read_executed(project.lab / "01_first.ipynb").cells[2].execution_count is None


def test_a_second_time_nothing_happens(project, capsys):
    before = files_below(project.lab)
    assert again(project, capsys) == ""
    assert files_below(project.lab) == before


def test_a_copy_of_an_older_notebook_is_renewed_even_if_it_was_saved_in_lab(project, capsys):
    for change in (None, "02_second"):
        if change:
            saved_in_lab(project, change)
        edit(project.source("02_second"), *([] if not change else ["seed: int = 5", "seed: int = 6"]))
        assert again(project, capsys) == "02_second changed, and its copy was renewed\n"
        assert (project.lab / "02_second.py").read_bytes() == project.source("02_second").read_bytes()


def test_new_results_reach_a_copy_that_nobody_touched_and_no_other(project, capsys):
    saved_in_lab(project, "01_first")
    before = files_below(project.lab)
    executed = project.executed("01_first")
    edit(executed, '"execution_count": 7', '"execution_count": 8')
    assert again(project, capsys) == ""
    assert files_below(project.lab)["01_first.ipynb"] == before["01_first.ipynb"]
    (project.lab / "01_first.ipynb").unlink()
    assert again(project, capsys) == ""
    assert pairs.read_executed(project.lab / "01_first.ipynb").cells[2].execution_count == 8


@pytest.mark.parametrize("half", [".py", ".ipynb"])
def test_a_changed_copy_is_kept_and_a_new_source_comes_beside_it_once(project, capsys, half):
    edit(project.lab / f"02_second{half}")
    mine = {path: content for path, content in files_below(project.lab).items() if path.startswith("02_")}
    assert again(project, capsys) == ""
    edit(project.source("02_second"), "It is even.", "It is an even number.")
    said = "02_second changed, and so did your copy of it; the new one is beside it: build/lab/02_second-2.ipynb\n"
    assert again(project, capsys) == said
    assert again(project, capsys) == ""
    assert files_below(project.lab).items() >= mine.items()
    assert (project.lab / "02_second-2.py").read_bytes() == project.source("02_second").read_bytes()
    edit(project.lab / f"02_second-2{half}")
    edit(project.source("02_second"), "an even number", "even")
    assert "build/lab/02_second-3.ipynb" in again(project, capsys)


def test_a_copy_of_which_nothing_is_known_or_that_is_broken_is_kept(project, capsys):
    (project.lab / ".copies.json").write_text("[")
    (project.lab / "02_second.ipynb").write_text("{}")
    (project.lab / "tables" / "a.csv").write_text("x\n2\n")
    said = again(project, capsys)
    assert "build/lab/02_second-2.ipynb" in said
    assert "build/lab/tables/a.csv is not the one of notebooks/, and stays" in said
    assert (project.lab / "02_second.ipynb").read_text() == "{}"
    assert "01_first" not in said


def test_only_copies_as_we_made_them_are_trusted(project, capsys):
    stranger = project.lab / "03_stranger.ipynb"
    stranger.write_bytes(project.executed("01_first").read_bytes())
    saved_in_lab(project, "02_second")
    edit(project.lab / "02_second.ipynb", "It is even.", "It is evil.")
    again(project, capsys)
    notary = NotebookNotary()
    trusted = {path.stem: notary.check_signature(pairs.read_executed(path)) for path in project.lab.glob("*.ipynb")}
    assert trusted == {"01_first": True, "02_second": False, "03_stranger": False}
    assert json.loads((project.lab / ".copies.json").read_text())["01_first"]["digest"]
