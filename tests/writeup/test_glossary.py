"""The glossary: every word of it explained once, and its first use on a page carries the explanation."""

import re
from pathlib import Path

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output
from tiny_project import ROOT, make_tiny_project

from toysae.writeup import book, budgets, pairs
from toysae.writeup.glossary import Entry, entries, marked, note

WRITTEN = entries((ROOT / "notebooks" / "glossary.md").read_text(encoding="utf-8"))
NEEDED = (
    "atom composite mixed dead live latent feature dictionary L0 MCC MMCS price spread absorption hedging splitting"
    " SAE world loss lean control surely seed BatchTopK OrtSAE"
)
ATOM = Entry(("atom", "atomic"), "One feature.")
MCC = Entry(("MCC",), "A <mean>.")


def parts(text, *waiting):
    return [part if isinstance(part, str) else (part[0], part[1].forms[0]) for part in marked(text, list(waiting))]


def test_all_words_that_the_chapters_use_in_a_sense_of_their_own_are_explained():
    known = [entry.forms[0] for entry in WRITTEN]
    assert {"Matryoshka", "resampling"} <= set(known)
    assert {
        *NEEDED.split(),
        "explained variance",
        "radial bound",
        "amortisation gap",
        "superposition",
        "TopK",
        "JumpReLU",
        "solo rate",
        "tied weights",
        "kept contest",
    } <= set(known)
    assert len({form.lower() for entry in WRITTEN for form in entry.forms}) == sum(len(e.forms) for e in WRITTEN)
    assert known == sorted(known, key=str.lower)


@pytest.mark.parametrize("entry", WRITTEN, ids=lambda entry: entry.forms[0])
def test_an_entry_is_one_or_two_plain_sentences(entry):
    assert re.match(r"[A-Z]", entry.definition) and entry.definition.endswith(".")
    assert 1 <= len(budgets.sentences(entry.definition)) <= 2
    assert budgets.count_words(entry.definition) <= 45
    assert not re.search(r"[$`*<>\[\]]", entry.definition)  # it is shown as plain text


def test_entries_are_read_with_all_their_lines():
    text = "# G\n\nSome text: not one.\n\natom, atomic\n: One feature\n  of the world.\n\nL0\n: A mean.\n"
    assert entries(text) == [Entry(("atom", "atomic"), "One feature of the world."), Entry(("L0",), "A mean.")]


def test_the_first_use_is_marked_in_any_form_and_no_later_one():
    waiting = [ATOM, MCC]
    assert list(marked("Atoms, atoms", waiting)) == [("Atoms", ATOM), ", atoms"]
    assert waiting == [MCC]
    assert parts("An atomic latent.", ATOM) == ["An ", ("atomic", "atom"), " latent."]
    assert parts("By MCC an atom.", ATOM, MCC) == ["By ", ("MCC", "MCC"), " an ", ("atom", "atom"), "."]


@pytest.mark.parametrize("text", ["anatomy", "non-atomic", "mcc", "atom-like", "an 'anatom'"])
def test_a_part_of_a_word_is_no_use(text):
    assert parts(text, ATOM, MCC) == [text]


@pytest.mark.parametrize(
    ("term", "text"),
    [
        ("price", "Some of that is the price of\nthe truth."),
        ("live", "All SAEs of a seed live in the same world."),
        ("mixed", "How they are mixed in a large model."),
        ("mixed", "Groups are mixed: in most SAEs."),
    ],
)
def test_a_term_in_another_sense_is_no_use(term, text):
    entry = Entry((term,), "A definition.")
    assert parts(text, entry) == [text]
    assert parts(f"The {term} one.", entry) == ["The ", (term, term), " one."]
    assert parts(f"{text} It is {term}.", entry)[-2] == (term, term)


def test_a_note_is_reached_by_keyboard_and_read_by_screen_readers():
    html = note("MCC", MCC)
    assert 'tabindex="0"' in html and 'aria-describedby="term-mcc"' in html
    assert 'role="tooltip" id="term-mcc">A &lt;mean&gt;.</span>' in html


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """A page alone whose terms stand where none is marked before they stand where one is."""
    project = make_tiny_project(tmp_path_factory.mktemp("glossary") / "project")
    notebook = pairs.read_source(project.source("01_first"))
    shown = new_output("display_data", data={"text/markdown": "Atoms.\n\n<small>dead: 3 of 4</small>"})
    table = new_output("display_data", data={"text/markdown": "| MCC |\n|---|\n| hedging |\n"})
    folded = new_output("display_data", data={"text/markdown": "It is mixed."})
    notebook.cells = [
        new_markdown_cell("# An atom\n\n## A composite\n\n[An atom](https://a.b), `atom`, $atom$.\n\n```\natom\n```"),
        new_markdown_cell('See <a href="atom.html">an atom</a>.'),
        new_markdown_cell("<details><summary>Why?</summary>\n\nMixed and dead.\n\n</details>"),
        new_code_cell("x = 'atom'"),
        new_code_cell("x", metadata={"tags": ["remove-input"]}, outputs=[shown, table]),
        new_code_cell("x", metadata={"tags": ["remove-input", "evidence"]}, outputs=[folded]),
        new_markdown_cell("* A *composite*, mixed and dead, MCC and hedging; atoms again."),
    ]
    place = project.runs / "01_first"
    place.mkdir(parents=True)
    book.build_page(project, "01_first", notebook, place)
    return (place / "01_first.html").read_text()


def test_terms_are_marked_in_visible_prose_alone(page):
    found = re.findall(r'<span class="term"[^>]*>([^<]*)<', page)
    assert found == ["Atoms", "composite", "mixed", "dead", "MCC", "hedging"]


def test_the_definition_is_that_of_the_glossary_and_shows_without_a_script(page):
    (atom,) = [entry for entry in WRITTEN if entry.forms[0] == "atom"]
    assert f'id="term-atom">{atom.definition}</span>' in page
    styles = (ROOT / "notebooks" / "_static" / "book.css").read_text()
    assert re.search(r"\.term:hover > \.term-note,\s*\.term:focus > \.term-note \{\s*display: block", styles)


def test_definitions_do_not_count_as_words(page):
    without = re.sub(r'<span class="term-note".*?</span>', "", page)
    assert budgets.read_html(page).words == budgets.read_html(without).words


def test_without_a_glossary_nothing_is_marked(tmp_path):
    project = make_tiny_project(tmp_path / "project")
    (project.notebooks / "glossary.md").unlink()
    place = project.runs / "01_first"
    place.mkdir(parents=True)
    notebook = pairs.read_source(project.source("01_first"))
    notebook.cells.append(new_markdown_cell("An atom."))
    book.build_page(project, "01_first", notebook, place)
    assert 'class="term"' not in Path(place / "01_first.html").read_text()
