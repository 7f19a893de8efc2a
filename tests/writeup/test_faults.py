"""Faults of files and places: each ends in one clear line, before anything is executed, and nothing is changed."""

import pytest
from tiny_project import FIRST, call, files_below, make_tiny_project

from toysae.writeup import crew
from toysae.writeup.__main__ import main

NEEDS_PUBLISHED = [["reproduce"], ["run", "01"], ["book"], ["publish"]]
NOTHING_PUBLISHED = [
    b"",
    b"{",
    b"null",
    b"3",
    b"[]",
    b"\xff",
    b"[" * 100_000,
    b'{"claims": 3}',
    b'{"claims": {"01_first": {"even": {"case": 0}}}}',
    b'{"claims": {}, "versions": 3}',
    b'{"claims": {}, "seconds": 3}',
]


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A tiny project in which nothing may be executed."""

    def started(*_):
        raise AssertionError("something was executed")

    monkeypatch.setattr(crew, "execute", started)
    return make_tiny_project(tmp_path / "project")


def refused(project, words, capsys):
    """The one line that the command says; it exits with 1 or 2 and writes nothing but its lock."""
    before = files_below(project.root)
    assert main(words, project) in (1, 2)
    said = capsys.readouterr()
    assert said.out == "" and said.err.count("\n") == 1
    assert {name: text for name, text in files_below(project.root).items() if not name.endswith("lock")} == before
    return said.err


@pytest.mark.parametrize("words", NEEDS_PUBLISHED, ids=lambda words: words[0])
@pytest.mark.parametrize("content", NOTHING_PUBLISHED, ids=range(len(NOTHING_PUBLISHED)))
def test_published_claims_that_are_none(project, words, content, capsys):
    project.published.write_bytes(content)
    said = refused(project, words, capsys)
    assert said == "published.json: holds no published claims; restore it, or remove it and publish anew\n"


@pytest.mark.parametrize("words", [["reproduce"], ["book"]], ids=lambda words: words[0])
def test_a_front_page_that_is_no_utf8(project, words, capsys):
    (project.notebooks / "index.md").write_bytes(b"# The b\xfcok")
    assert refused(project, words, capsys) == "index.md: is not UTF-8 (byte 7)\n"


def test_a_front_page_with_a_slot_that_nobody_fills(project, capsys):
    (project.notebooks / "index.md").write_text("<!-- slot: nonsense -->")
    for name in project.names():
        project.source(name).unlink()
    assert main(["book"], project) == 1
    assert capsys.readouterr().err == "index.md: unknown slot 'nonsense'; known: live, chapters, studies, about\n"


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("sigma: float = 1 / 3", "sigma is 1 / 3: allowed is a literal"),
        ("sigma: float = = 1", "invalid syntax"),
        ("import math", "'import math' is no assignment to one name"),
    ],
)
@pytest.mark.parametrize("words", [["lab"], ["run", "01"]], ids=lambda words: words[0])
def test_a_parameters_cell_that_is_none(project, words, line, why, capsys):
    project.source("01_first").write_text(FIRST.replace("sigma: float = 0.1", line))
    said = refused(project, words, capsys)
    assert "parameters cell: " in said and why in said


def test_a_checkout_may_lie_in_a_folder_whose_name_looks_like_a_template(tmp_path):
    project = make_tiny_project(tmp_path / "a {2} %d {clone")
    project.source("02_second").unlink()
    finished = call(project, "reproduce", TINY_NO_BOOK="1")
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert project.executed("01_first").exists()
