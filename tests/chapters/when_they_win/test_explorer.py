"""The interactive figure: complete, deterministic, labelled, silent towards the network; and how the book shows it."""

import json
import re
from html.parser import HTMLParser

import IPython.display
import pytest
from matplotlib.figure import Figure
from nbformat.v4 import new_output
from tiny_project import make_tiny_project

from toysae.chapters.when_they_win.explorer import LOSSES, explorer, in_words, still
from toysae.chapters.when_they_win.two_features import Cell, pairs_grid
from toysae.claims import show_interactive
from toysae.writeup import book, pages, pairs

START = Cell("symmetric", 0.2, 0.1, 0.3)
SCRIPTS = re.compile(r'<script(?: type="([a-z/]+)")?>(.*?)</script>', re.DOTALL)
AXES = ("variant", "l1_coeff", "solo", "sigma")


def small_grid():
    return pairs_grid([0.05, 0.2], [0.0, 0.1, 0.4], [0.0, 0.3], n_seeds=2, n_steps=100)


@pytest.fixture(scope="module")
def table():
    return small_grid()


@pytest.fixture(scope="module")
def snippet(table):
    return explorer(table, START)


def script(snippet: str, kind: str) -> str:
    found = [text for name, text in SCRIPTS.findall(snippet) if name == kind]
    assert len(found) == 1
    return found[0]


class Tree(HTMLParser):
    """Every tag with its attributes and the tags around it."""

    def __init__(self, source: str):
        super().__init__()
        self.around, self.tags = [], []
        self.feed(source)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes), tuple(self.around)))
        if tag != "input":
            self.around.append(tag)

    def handle_endtag(self, tag):
        assert self.around.pop() == tag


def test_the_same_settings_give_the_same_bytes(snippet):
    assert explorer(small_grid(), START) == snippet


def test_the_rows_of_the_table_may_stand_in_any_order(table, snippet):
    assert explorer(table.sample(frac=1, random_state=0), START) == snippet


def test_the_snippet_names_no_address_and_loads_nothing(snippet):
    assert not re.search(r"https?:|//\w|url\(|@import|\bsrc=|\bhref=|fetch\(|XMLHttp|import\(", snippet)


def test_the_snippet_is_small_without_its_numbers(snippet):
    assert len(snippet) - len(script(snippet, "application/json")) < 9_000


def test_without_its_scripts_the_snippet_shows_nothing(snippet):
    visible = re.sub(r"<style>.*?</style>", "", SCRIPTS.sub("", snippet), flags=re.DOTALL)
    assert re.sub(r"<[^>]*>", "", visible).strip() == ""


def test_every_slider_is_native_sits_in_a_label_and_tells_its_value(snippet):
    tree = Tree(script(snippet, "text/html"))
    sliders = [(attributes, around) for tag, attributes, around in tree.tags if tag == "input"]
    assert [attributes["data-axis"] for attributes, _ in sliders] == list(AXES[1:])
    assert all(attributes["type"] == "range" and around[-1] == "label" for attributes, around in sliders)
    assert [around[-1] for tag, _, around in tree.tags if tag == "output"] == ["label"] * 3
    assert "fieldset" in script(snippet, "text/html")


def test_what_is_shown_is_told_to_those_who_cannot_see_it(snippet):
    tags = Tree(script(snippet, "text/html")).tags
    assert [attributes["class"] for _, attributes, _ in tags if attributes.get("aria-live") == "polite"] == [
        "sentence wide"
    ]
    drawings = [attributes for tag, attributes, _ in tags if tag == "svg"]
    assert len(drawings) == 2
    assert all(drawing["role"] == "img" and len(drawing["aria-label"]) > 15 for drawing in drawings)


def test_ids_and_radio_names_belong_to_this_snippet_alone(table, snippet):
    other = explorer(table.assign(best=table.best * 0.9), START)
    names = [set(re.findall(r"explorer-[0-9a-f]{10}", text)) for text in (snippet, other)]
    assert [len(found) for found in names] == [1, 1]
    assert names[0] != names[1]
    assert "NAME" not in snippet


def test_the_numbers_are_the_whole_grid_where_the_script_looks_for_them(table, snippet):
    data = json.loads(script(snippet, "application/json"))
    assert len(data["points"]) == len(table)
    for row in table.itertuples():
        place = 0
        for axis in AXES:  # as the script counts
            place = place * len(data["axes"][axis]) + data["axes"][axis].index(getattr(row, axis))
        losses, angles, kind, found = data["points"][place]
        assert losses == pytest.approx([getattr(row, name) for name in LOSSES], rel=1e-4)
        assert angles == pytest.approx([row.best_1, row.best_2, row.trained_1, row.trained_2], abs=0.051)
        assert data["labels"][kind]["names"] == [row.name_1, row.name_2]
        assert found == row.both_atoms


def test_it_opens_at_the_start_that_was_asked_for(snippet):
    data = json.loads(script(snippet, "application/json"))
    assert [data["axes"][axis][i] for axis, i in zip(AXES, data["start"], strict=True)] == list(vars(START).values())


def test_a_start_outside_the_grid_and_a_table_with_holes_are_refused(table):
    with pytest.raises(ValueError, match=r"start is .*allowed"):
        explorer(table, Cell("nested", 0.3, 0.0, 0.0))
    with pytest.raises(ValueError, match="table has 23 rows: allowed is a whole grid"):
        explorer(table.drop(index=3), START)


@pytest.mark.parametrize(("names", "words"), [
    (["A", "B"], "2 atoms"), (["A", "A+B"], "1 atom, 1 composite"), (["A+B", "A+B"], "2 composites"),
    (["mixed", "B"], "1 atom, 1 mixed latent"), (["dead", "A+B"], "1 composite, 1 dead latent"),
])  # fmt: skip
def test_latents_are_counted_in_words(names, words):
    assert in_words(names) == words


def test_the_still_picture_names_its_setting_and_shows_every_loss(table):
    figure = still(table, START)
    assert isinstance(figure, Figure)
    title = figure.get_suptitle()
    assert title.startswith("symmetric features, λ = 0.2, B alone in 10 % of samples, σ = 0.3: ")
    plane, bars = figure.axes
    row = table[(table[list(AXES)] == list(vars(START).values())).all(axis=1)].iloc[0]
    assert [bar.get_width() for bar in bars.patches][::-1] == pytest.approx([row[name] for name in LOSSES])
    assert len(plane.patches) >= 63


@pytest.fixture
def outputs(table, snippet, monkeypatch):
    """What show_interactive leaves in a notebook."""
    shown = []
    monkeypatch.setattr(
        IPython.display,
        "display",
        lambda data, raw, metadata: shown.append(new_output("display_data", data, metadata=metadata)),
    )
    show_interactive(snippet, "It bends.", "Move $x$.", alt='Two "rows" & bars of losses', fallback=still(table, START))
    return shown


def test_a_notebook_gets_the_still_picture_the_live_figure_and_one_caption(outputs, snippet):
    assert [output.metadata["toysae"]["role"] for output in outputs] == ["still", "live", "caption"]
    picture, live, caption = outputs
    assert picture.metadata["image/png"]["alt"] == 'Two "rows" & bars of losses'
    assert "text/html" not in picture.data
    assert live.data["text/html"] == snippet.strip()
    assert caption.data["text/markdown"] == "**It bends.** Move $x$."


@pytest.mark.parametrize("words", [{"finding": ""}, {"reading": " "}, {"alt": ""}, {"html": ""}])
def test_an_interactive_figure_without_words_is_refused(words, table, monkeypatch):
    shown = []
    monkeypatch.setattr(IPython.display, "display", lambda *_, **__: shown.append(1))
    complete = {"html": "<p></p>", "finding": "It.", "reading": "So.", "alt": "A"} | words
    with pytest.raises(ValueError, match=next(iter(words))):
        show_interactive(**complete, fallback=still(table, START))
    assert not shown


def test_the_book_shows_the_live_figure_with_its_caption_and_keeps_the_picture_for_readers_without_scripts(
    outputs, snippet, tmp_path
):
    project = make_tiny_project(tmp_path / "project")
    notebook = pairs.read_source(project.source("01_first"))
    notebook.cells[3].outputs = outputs
    book.build_page(project, "01_first", pairs.normalise(notebook, {}), project.root)
    page = (project.root / "01_first.html").read_text(encoding="utf-8")
    shown = re.search(
        r"<figure>(.*?)<noscript>(.*?)</noscript>\s*<figcaption>(.*?)</figcaption></figure>", page, re.DOTALL
    )
    live, picture, caption = shown.groups()
    assert live.strip() == re.sub(r"\n\s*\n", "\n", snippet).strip()
    assert 'alt="Two &quot;rows&quot; &amp; bars of losses"' in picture
    assert '<strong>It bends.</strong> Move <span class="math' in caption
    assert page.count("<img") - picture.count("<img") == 0


def test_a_second_figure_on_the_page_keeps_its_own_number(outputs, tmp_path):
    figure = new_output("display_data", dict(outputs[0].data), metadata={"toysae": {"role": "figure"},
                        "image/png": outputs[0].metadata["image/png"]})  # fmt: skip
    project = make_tiny_project(tmp_path / "project")
    notebook = pairs.read_source(project.source("01_first"))
    notebook.cells[3].outputs = [*outputs, figure, outputs[2]]
    pages.chapter("01_first", notebook, tmp_path / "pictures")
    assert [path.name for path in (tmp_path / "pictures").iterdir()] == ["01_first-1.png"]
