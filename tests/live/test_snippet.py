"""The snippet of the live page: complete, the same every time; how a notebook, the book and its front page show it."""

import re

import IPython.display
import pytest
from matplotlib.figure import Figure
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from tiny_project import make_tiny_project

from toysae import live
from toysae.claims import show_interactive
from toysae.writeup import book, pages, pairs

SHOWN = {"finding": "It bends.", "reading": "Move $x$.", "alt": 'A "sphere" & bars'}


def test_the_same_bytes_every_time_and_no_address_in_them():
    snippet = live.html()
    assert snippet == live.html()
    assert not re.search(r"https?:|//[a-z]+\.|\bimport\b|fetch\(|XMLHttpRequest|eval\(", snippet)
    assert len(snippet.encode()) < 50_000


def test_it_is_one_element_with_one_script_that_nothing_ends_early():
    snippet = live.html()
    assert re.fullmatch(
        r'<div class="toysae-live">\n<style>.*</style>\n<script>.*</script>\n</div>\n', snippet, re.DOTALL
    )
    assert snippet.count("<script") == snippet.count("</script") == snippet.count("<style") == 1
    assert snippet.count('class="toysae-live"') == 1
    script = snippet[snippet.index("<script>") + 8 : snippet.index("</script>")].strip()
    assert script.startswith("(() => {") and script.endswith("})();")


@pytest.fixture
def outputs(monkeypatch):
    """What show_interactive leaves in a notebook."""
    shown = []
    monkeypatch.setattr(
        IPython.display,
        "display",
        lambda data, raw, metadata: shown.append(new_output("display_data", data, metadata=metadata)),
    )
    show_interactive(live.html(), **SHOWN, fallback=Figure(figsize=(1, 1)))
    return shown


def test_a_notebook_gets_the_still_picture_the_live_page_and_one_caption(outputs):
    assert [output.metadata["toysae"]["role"] for output in outputs] == ["still", "live", "caption"]
    picture, shown, caption = outputs
    assert picture.metadata["image/png"]["alt"] == SHOWN["alt"]
    assert "text/html" not in picture.data
    assert shown.data["text/html"] == live.html().strip()
    assert caption.data["text/markdown"] == "**It bends.** Move $x$."


@pytest.mark.parametrize("words", [{"finding": ""}, {"reading": " "}, {"alt": ""}, {"html": ""}])
def test_an_interactive_figure_without_words_is_refused(words, monkeypatch):
    shown = []
    monkeypatch.setattr(IPython.display, "display", lambda *_, **__: shown.append(1))
    with pytest.raises(ValueError, match=next(iter(words))):
        show_interactive(**{"html": "<p></p>"} | SHOWN | words, fallback=Figure())
    assert not shown


def test_the_book_shows_it_with_its_caption_and_keeps_the_picture_for_readers_without_scripts(outputs, tmp_path):
    project = make_tiny_project(tmp_path / "project")
    notebook = pairs.read_source(project.source("01_first"))
    notebook.cells[3].outputs = outputs
    book.build_page(project, "01_first", pairs.normalise(notebook, {}), project.root)
    page = (project.root / "01_first.html").read_text(encoding="utf-8")
    shown = re.search(
        r"<figure[^>]*>(.*?)<noscript>(.*?)</noscript>\s*<figcaption>(.*?)</figcaption></figure>", page, re.DOTALL
    )
    snippet, picture, caption = shown.groups()  # whole: what looks like an address in memory is taken out of notebooks
    assert snippet.strip() == re.sub(r"\n\s*\n", "\n", live.html()).strip()
    assert 'alt="A &quot;sphere&quot; &amp; bars"' in picture
    assert '<strong>It bends.</strong> Move <span class="math' in caption
    assert page.count("<img") - picture.count("<img") == 0


def test_the_front_page_shows_it_with_a_picture_where_there_is_one(tmp_path):
    still = tmp_path / "map.png"
    without = pages.live_page(live.html(), still)
    still.write_bytes(b"a picture")
    with_it = pages.live_page(live.html(), still)
    assert "<noscript></noscript>" in without
    assert '<noscript><img alt="A heat map of cosines" src="data:image/png;base64,YSBwaWN0dXJl"></noscript>' in with_it
    assert with_it.replace("\n\n", "", 1).count("\n\n") == 0  # an empty line could end the block
    assert pages.front_page("a\n<!-- slot: live -->\nb", {"live": with_it}) == f"a\n{with_it}\nb"


@pytest.mark.parametrize(("has_live_page", "leads_to"), [(True, ""), (False, "index.html")])
def test_a_link_to_a_preset_stays_on_a_page_that_has_a_live_page(has_live_page, leads_to, outputs):
    link = new_markdown_cell("See [six latents](index.md#live:n_latents=6).")
    shown = outputs if has_live_page else outputs[2:]
    page = pages.chapter("01_first", new_notebook(cells=[link, new_code_cell("", outputs=shown)]), None)
    pages.point_presets(page)
    assert f'<a href="{leads_to}#live:n_latents=6">six latents</a>' in page.cells[0].source
