"""The one counting function, on small pages whose words can be counted by hand."""

import pytest

from toysae.writeup import budgets
from toysae.writeup.budgets import read_html, sentences, told, weight_of

PAGE = """<html><body><p>Sidebar words.</p><article class="bd-article"><section>
<h1>Three short words<a class="headerlink" href="#x">#</a></h1>
<p>One <em>two</em> three, and <a href="y.html">chapter 4</a>.<br>A formula:
<span class="math notranslate">\\(a + b\\)</span>.
<span class="term" tabindex="0">atom<span class="term-note">not counted at all</span></span></p>
<div class="cell_input"><div class="highlight"><pre><span>x</span> = 1
y = 2
</pre></div></div>
<div class="cell_output"><pre>printed</pre></div>
<div class="claim"><p><strong>Claim.</strong> It is.</p><p><small>n: 64 of 64.</small></p></div>
<figure><img alt="a picture of things" src="a.png"><figcaption><p>A caption.</p></figcaption></figure>
<details><summary>Why?</summary><p>Folded words.</p><div class="highlight"><pre>folded = 1</pre></div></details>
<table><tr><th>a</th><th>long-word</th></tr><tr><td>wordy cell</td><td>b</td></tr></table>
<div class="exercise"><p>An exercise.</p></div><div class="toysae-live"><p>Live words.</p><input name="a"></div>
<ul><li><p>An item.</p></li></ul>
</section></article><p>Footer.</p></body></html>"""


def test_text_captions_and_claims_are_counted_and_nothing_else():
    page = read_html(PAGE)
    assert page.headings == ["Three short words"]
    first = "One two three, and chapter 4.A formula: x . atom"
    assert page.paragraphs == [first, "Claim. It is.", "A caption.", "An item."]
    assert page.words == 3 + 10 + 3 + 2 + 2


def test_what_is_a_link_is_told_apart():
    assert "chapter 4" not in read_html(PAGE).unlinked
    assert "chapter 4" in read_html("<p>See chapter 4.</p>").unlinked


def test_visible_code_is_what_is_neither_folded_nor_printed():
    assert read_html(PAGE).code == ["x = 1\ny = 2"]


def test_a_page_that_is_cut_off_is_read_as_far_as_it_goes():
    assert read_html("<p>One two</p><p>three").words == 3


LONG = " ".join(["word"] * 46) + "."


@pytest.mark.parametrize(
    ("sentence", "faults"),
    [
        ("Three features, 2 of 3, and 12, 3.5 and 40 % of them.", []),
        ("It is 12, 3.5, 40 % and .7.", ["4 numbers"]),
        ("Of 64 SAEs 62 (95 % interval 89 to 99 %) do.", ["5 numbers", "an interval"]),
        ("The Wilson interval decides.", ["an interval"]),
        ("In 95 % of them it is so.", []),
        (LONG, ["46 words"]),
        (LONG.replace("word ", "", 1), []),
    ],
)
def test_a_sentence_is_heavy_by_its_numbers_its_words_or_an_interval(sentence, faults):
    assert list(weight_of(sentence)) == faults


def test_numbers_are_counted_by_sentence():
    assert sentences("It is .5. So it is. “No,” he said.") == ["It is .5.", "So it is.", "“No,” he said."]
    page = read_html("<p>It is 10 and 20. It is 30 and 40.</p><p>It is 10, 20, 30 and 40.</p><li>5.5, 6, 7.5</li>")
    assert page.heavy == ["4 numbers: It is 10, 20, 30 and 40."]


def test_the_table_names_pages_sums_up_the_write_up_and_lists_what_is_heavy():
    pages = {"index": read_html("<p>One two.</p>"), "01_a": read_html("<p>10, 20, 30, 40.</p>")}
    lines = told(pages | {"06_b": read_html(f"<p>{LONG}</p>")}).splitlines()
    assert [line.split()[:3] for line in lines[1:4]] == [
        ["index", "2", "700"],
        ["01_a", "4", "1,400"],
        ["06_b", "46", "2,500"],
    ]
    assert lines[4].split() == ["the", "write-up", "6", f"{budgets.WRITE_UP:,}"]
    assert lines[5:] == ["01_a: 4 numbers: 10, 20, 30, 40."]
