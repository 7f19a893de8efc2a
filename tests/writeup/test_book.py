"""The rendered book: complete, linked, described, and silent towards the network."""

import re
import shutil
from dataclasses import replace
from html import escape
from html.parser import HTMLParser
from pathlib import Path

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from tiny_project import ROOT, make_tiny_project

from toysae.claims.cases import small_print
from toysae.claims.record import CLAIM_MIME, Published, Record
from toysae.claims.sources import REPORTED, SOURCES
from toysae.writeup import book, budgets, contents, pages, pairs, records, reproduced
from toysae.writeup.project import Project, is_chapter

LOADING = {("script", "src"), ("link", "href"), ("img", "src"), ("iframe", "src"), ("source", "src")}
CSS_LOAD = re.compile(r"(?:url\(\s*['\"]?|@import\s+['\"]?)\s*(?:https?:)?//", re.IGNORECASE)
JS_LOAD = re.compile(r"""(import\(|importScripts\(|fetch\(|\.src\s*=|open\(\s*['"]GET['"]\s*,)\s*['"`](https?:)?//""")


class Page(HTMLParser):
    """Tags with their attributes, ids, and the text of one page."""

    def __init__(self, path: Path):
        super().__init__()
        self.path, self.tags, self.ids = path, [], set()
        self.source = path.read_text(encoding="utf-8")
        self.feed(self.source)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        self.ids.add(dict(attributes).get("id"))

    def all(self, tag: str) -> list[dict]:
        return [attributes for name, attributes in self.tags if name == tag]


def shown_claim(record: Record):
    """The output of a cell that makes a claim, as cases.claim displays it."""
    shown = f"**Claim.** {record.statement}{small_print(record.evidence)}"
    return new_output("display_data", data={"text/markdown": shown, CLAIM_MIME: record.in_cell()})


def tiny_book(root: Path) -> Project:
    """A book of one executed, one stale and one not yet executed chapter."""
    project = make_tiny_project(root)
    found = Record("no-atoms", 0, "No $x$ is | an atom.", "reproduced", "seed", {"n": 3}, {}, "01_first")
    formula = Record("a-law", 0, "The law |x| fails.", "does not hold", "theory", {}, {}, "01_first")
    half = Record("an-atom", 1, "One is.", "partly", "ours", {}, {}, "01_first")
    open_one = Record("a-rest", 0, "Nothing was left.", None, "ours", {}, {}, "01_first")
    published = Published.of([found, formula, replace(half, case=0), open_one])
    project.published.write_bytes(published.to_bytes())
    png = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
    outputs = [
        *(shown_claim(record) for record in (found, formula, half, open_one)),
        new_output(
            "display_data", data={"image/png": png, "text/plain": "A"},
            metadata={"image/png": {"alt": 'A "map": it # shows', "width": 300}, "toysae": {"role": "figure"}},
        ),
        new_output(
            "display_data", data={"text/markdown": "**It is $y$.** Read it."}, metadata={"toysae": {"role": "caption"}}
        ),
    ]  # fmt: skip
    source = pairs.read_source(project.source("01_first"))
    source.cells[3].outputs = outputs
    executed = pairs.normalise(source, {"sources": pairs.fingerprint(source)})
    project.executed("01_first").write_bytes(pairs.to_bytes(executed))
    stale = pairs.normalise(pairs.read_source(project.source("02_second")), {"sources": "of earlier"})
    project.executed("02_second").write_bytes(pairs.to_bytes(stale))
    project.source("03_third").write_text("# %% [markdown]\n# # A third\n#\n# See [one](01_first.ipynb).\n\n# %%\n1\n")
    return project


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    project = tiny_book(tmp_path_factory.mktemp("book") / "a project")
    book.build(project)
    return project


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    """The book of this checkout's notebooks as they are, made in another place."""
    project = Project(tmp_path_factory.mktemp("real") / "project")
    shutil.copytree(ROOT / "notebooks", project.notebooks, ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    book.build(project)
    return project


@pytest.fixture(params=["tiny", "real"])
def built(request) -> Path:
    return request.getfixturevalue(request.param).book


def html(folder: Path) -> list[Page]:
    return [Page(path) for path in sorted(folder.rglob("*.html")) if "_static" not in path.parts]


def test_no_page_loads_anything_from_a_host(built):
    for page in html(built):
        for tag, attributes in page.tags:
            loaded = [value for name, value in attributes.items() if (tag, name) in LOADING and value]
            assert not [value for value in loaded if re.match(r"(https?:)?//", value)], page.path.name
        assert not CSS_LOAD.search(page.source)


def test_no_style_or_script_loads_anything_from_a_host(built):
    styles, scripts = list(built.rglob("*.css")), list(built.rglob("*.js"))
    assert styles
    assert scripts
    assert not [path.name for path in styles if CSS_LOAD.search(path.read_text(encoding="utf-8"))]
    assert not [path.name for path in scripts if JS_LOAD.search(path.read_text(encoding="utf-8"))]


def test_every_local_file_that_a_page_loads_is_there(built):
    for page in html(built):
        for tag, attributes in page.tags:
            for name, value in attributes.items():
                if (tag, name) in LOADING and value and not value.startswith(("data:", "#")):
                    assert (page.path.parent / value.partition("?")[0]).exists(), (page.path.name, value)


def test_every_link_between_pages_leads_somewhere(built):
    pages_by_path = {page.path.resolve(): page for page in html(built)}
    for page in pages_by_path.values():
        for link in page.all("a"):
            target, _, anchor = link.get("href", "").partition("#")
            if re.match(r"[a-z]+:", target):
                continue
            path = (page.path.parent / target).resolve() if target else page.path.resolve()
            anchor = anchor.partition(":")[0]  # after it stand settings of the live page
            assert path.exists(), (page.path.name, link)
            if anchor and path in pages_by_path:
                assert anchor in pages_by_path[path].ids, (page.path.name, link)


def test_every_picture_has_alternative_text_that_says_something(built):
    pictures = [picture for page in html(built) for picture in page.all("img")]
    assert pictures
    for picture in pictures:
        assert picture.get("alt", "").strip()
        assert not picture["alt"].endswith(".png")


def test_mathematics_is_rendered_by_the_local_script(built):
    chapters = [page for page in html(built) if re.match(r"\d\d_", page.path.name)]
    assert any("math notranslate" in page.source for page in chapters)
    assert any("mathjax/tex-svg.js" in script.get("src", "") for page in chapters for script in page.all("script"))
    assert (built / "_static" / "mathjax" / "tex-svg.js").stat().st_size > 1_000_000


def test_the_book_can_be_searched_read_in_order_and_in_the_dark(built):
    assert (built / "searchindex.js").exists()
    first = next(page for page in html(built) if page.path.name.startswith("01_"))
    assert any("right-next" in (link.get("class") or "") for link in first.all("a"))
    assert "theme-switch" in first.source


def test_nothing_superfluous_is_in_the_book(built):
    assert not list(built.rglob("*.map"))
    assert not (built / "_static" / "locales").exists()


@pytest.mark.parametrize("which", ["tiny", "real"])
def test_the_download_is_the_notebook_itself(which, request):
    project = request.getfixturevalue(which)
    for path in project.notebooks.glob("*.ipynb"):
        assert (project.book / "_sources" / path.name).read_bytes() == path.read_bytes()
        links = Page(project.book / f"{path.stem}.html").all("a")
        assert any(link.get("href", "").endswith(f"_sources/{path.name}") for link in links)


def test_the_front_page_states_the_finding_shows_both_ways_to_write_a_sample_and_a_map(real):
    front = Page(real.book / "index.html")
    assert "finding" in {name for div in front.all("div") for name in (div.get("class") or "").split()}
    shown = {Path(picture["src"]).name for picture in front.all("img")}
    assert {"two_ways.png", "minimal_heat_map.png"} <= shown


def test_every_claim_is_on_the_page_of_claims(real):
    links = {link.get("href") for link in Page(real.book / "claims.html").all("a")}
    claims = book.claims_of_all(real)
    assert {f"{claim.notebook}.html#{pages.anchor(claim.notebook, claim.id)}" for claim in claims} <= links


def test_the_front_page_gives_each_notebook_a_line_with_its_first_claim(tiny):
    said = text(tiny.book / "index.html")
    assert "A first chapter: No \\(x\\) is | an atom." in said
    assert "A second chapter" in said and "A second chapter:" not in said  # which has no results


def test_the_comparison_with_the_published_run_is_a_page_that_the_front_page_leads_to(tiny):
    page, front = (Page(tiny.book / f"{name}.html") for name in ("comparison", "index"))
    assert "3 of 4 verdicts as published; no number differs" in page.source
    assert "3 of 4 verdicts as published" in front.source
    assert "comparison.html" in {link.get("href") for link in front.all("a")}
    assert {"verdicts-that-differ", "what-it-was-made-with"} <= page.ids
    assert any(link.get("href", "").endswith("01_first.html#claim-01-first-an-atom") for link in page.all("a"))


def test_a_claim_is_a_box_with_an_anchor_and_its_colour(tiny):
    boxes = [div for div in Page(tiny.book / "01_first.html").all("div") if "claim" in (div.get("class") or "").split()]
    assert [(box["id"], box["class"]) for box in boxes] == [
        ("claim-01-first-no-atoms", "claim claim-holds docutils container"),
        ("claim-01-first-a-law", "claim claim-fails docutils container"),
        ("claim-01-first-an-atom", "claim claim-partly docutils container"),
        ("claim-01-first-a-rest", "claim claim-open docutils container"),
    ]


def test_a_claim_says_its_evidence_small_then_whose_result_it_judges_and_how(tiny):
    page = (tiny.book / "01_first.html").read_text()
    judged = r'<p>The comment: <span class="verdict-holds">reproduced</span>\.</p>'
    assert re.search(rf"is \| an [^\n]*>\.</p>\s*<p><small>n: 3\.</small></p>\s*{judged}", page)
    assert '<p>Ours: <span class="verdict-partly">partly</span>.</p>' in page
    assert '<p>Ours: <span class="verdict-open">not judged</span>.</p>' in page


def test_the_table_of_claims_gives_sentence_source_and_verdict(tiny):
    page = (tiny.book / "claims.html").read_text()
    assert "is | an atom." in page
    assert 'href="01_first.html#claim-01-first-no-atoms"' in page
    words = ("reproduced", "holds"), ("does not hold", "fails"), ("partly", "partly"), ("not judged", "open")
    for word, kind in words:
        assert re.search(rf'class="verdict-{kind}"><a [^>]*><span [^>]*>{word}<', page)
    assert 'href="reproduced.html#reproduced-seed"' in page


def test_claims_are_folded_up_by_chapter_and_lie_open_where_one_is_not_as_published(tiny, real):
    folded = Page(tiny.book / "claims.html").all("details")
    assert len([fold for fold in folded if "open" in fold]) == 1
    assert "1 A first chapter <span>4 claims, 1 not as published</span>" in (tiny.book / "claims.html").read_text()
    chapters = {claim.notebook for claim in book.claims_of_all(real)}
    failing = {claim.notebook for claim in book.claims_of_all(real) if not claim.holds}
    folds = [fold for fold in Page(real.book / "claims.html").all("details") if fold.get("class") == "fold"]
    assert len(folds) == len(chapters)
    assert sum("open" in fold for fold in folds) == len(failing)


# ---- the way through the book


def test_the_sidebar_has_three_groups_and_the_numbers_of_the_files(real):
    sidebar = (real.book / "index.html").read_text().partition('class="bd-links')[2].partition("</nav>")[0]
    parts = re.findall(r'caption-text">([^<]*)<|<a class="[^"]*" href="([^"]*)\.html">([^<]*)</a>', sidebar)
    captions = [caption for caption, _, _ in parts if caption]
    assert captions == [contents.WRITE_UP, contents.STUDIES, contents.PAGES]
    notebooks = {page: title for _, page, title in parts if re.match(r"\d\d_", page)}
    assert list(notebooks) == real.names()
    assert all(title.startswith(f"{int(page[:2])} ") for page, title in notebooks.items())
    place = captions_before(parts)
    assert {place[name] for name in real.names() if int(name[:2]) <= 5} == {contents.WRITE_UP}
    assert {place[name] for name in real.names() if int(name[:2]) > 5} == {contents.STUDIES}
    assert [page for page, caption in place.items() if caption == contents.PAGES] == [
        name for name in book.PAGES if (real.book / f"{name}.html").exists()
    ]


def captions_before(parts):
    place, caption = {}, ""
    for found, page, _ in parts:
        caption = found or caption
        if page:
            place[page] = caption
    return place


@pytest.mark.parametrize("which", ["tiny", "real"])
def test_the_title_of_a_page_has_the_number_of_its_file(which, request):
    project = request.getfixturevalue(which)
    for name in project.names():
        source = (project.book / f"{name}.html").read_text()
        title = pages.title_of(pairs.read_source(project.source(name)))
        assert f"<h1>{int(name[:2])} {escape(title, quote=False)}<" in source
        assert f"<title>{int(name[:2])} " in source


def test_an_old_address_leads_to_the_page_of_today(real):
    names = real.names()
    assert contents.moved(names) == {old: next(new for new in names if new[3:] == old[3:]) for old in contents.MOVED}
    for old, new in contents.moved(names).items():
        page = Page(real.book / f"{old}.html")
        assert any(meta.get("content") == f"0; url={new}.html" for meta in page.all("meta"))
        assert [link["href"] for link in page.all("a")] == [f"{new}.html"]
        now, before = new.replace("_", "-"), old.replace("_", "-")
        assert f'location.replace("{new}.html" + location.hash.replace("{before}", "{now}"))' in page.source
        assert (real.book / f"{new}.html").exists()


def test_a_page_that_keeps_its_address_is_not_led_on():
    assert contents.moved(["05_the_bias", "06_hierarchies"]) == {"07_hierarchies": "06_hierarchies"}


def test_every_chapter_that_a_text_names_is_a_link(built):
    for page in html(built):
        if page.path.stem != "search":
            named = re.findall(r"(?:chapter|study|notebook) \d+", budgets.read(page.path).unlinked, re.IGNORECASE)
            assert named == [], page.path.name


def test_every_publication_that_a_notebook_links_or_names_is_on_the_page_of_references(real):
    listed = {link.get("href") for link in Page(real.book / "references.html").all("a")}
    text = "\n".join(real.source(name).read_text() for name in real.names())
    named = {f"https://arxiv.org/abs/{number}" for number in re.findall(r"\b\d{4}\.\d{5}\b", text)}
    linked = set(re.findall(r"\]\((https?://(?:arxiv|www\.lesswrong|github)[^)\s]*)\)", text))
    known = {link.partition("?")[0] for link in listed}
    assert {link.partition("?")[0] for link in named | linked} - known == set()


# ---- what there is to read


NOTEBOOKS = Project(ROOT).names()
CHAPTERS = [name for name in NOTEBOOKS if is_chapter(name)]


@pytest.mark.parametrize("name", ["index", *NOTEBOOKS])
def test_a_page_keeps_to_its_budget_of_words(real, name):
    assert budgets.read(real.book / f"{name}.html").words <= budgets.budget_of(name)


def test_the_write_up_keeps_to_its_budget_of_words(real):
    assert sum(budgets.read(real.book / f"{name}.html").words for name in ["index", *CHAPTERS]) <= budgets.WRITE_UP


@pytest.mark.parametrize("name", ["index", *CHAPTERS])
def test_no_sentence_of_the_write_up_is_heavy(real, name):
    assert budgets.read(real.book / f"{name}.html").heavy == []


@pytest.mark.parametrize("name", CHAPTERS)
def test_visible_code_is_short_and_not_cut(real, name):
    blocks = budgets.read(real.book / f"{name}.html").code
    assert len(blocks) <= budgets.BLOCKS
    assert [block for block in blocks if len(block.splitlines()) > budgets.LINES] == []
    assert [line for block in blocks for line in block.splitlines() if len(line) > budgets.WIDTH] == []


@pytest.mark.parametrize("name", CHAPTERS)
def test_the_line_of_a_chapter_on_the_front_page_is_one_line(real, name):
    answer = records.answer_of(name, book.present(real, name))
    assert answer and budgets.count_words(answer) <= budgets.LONGEST


# ---- as a browser shows it


WIDER = """() => [...document.querySelectorAll('article table, article .picture')].filter((e) => e.checkVisibility())
    .map((e) => [e.scrollWidth, e.parentElement.clientWidth]).filter(([own, room]) => own > room + 1)"""
SMALL = """() => [...document.querySelectorAll('.picture')].filter((e) => e.checkVisibility()).map((e) =>
    [e.querySelector('img').clientWidth, 0.72 * parseFloat(getComputedStyle(e).getPropertyValue('--w'))])
    .filter(([shown, least]) => shown < Math.floor(least))"""
BOTTOM = "(e) => e.getBoundingClientRect().bottom"


def opened(tabs, project, name, width):
    return tabs.open((project.book / f"{name}.html").as_uri(), width=width)


def open_folds(page):
    page.evaluate("document.querySelectorAll('details').forEach((fold) => { fold.open = true; })")


@pytest.mark.parametrize("name", ["index", *NOTEBOOKS, "claims", "reproduced", "glossary", "references"])
def test_a_page_fits_its_screen_and_figures_keep_their_type_on_a_phone(real, tabs, name):
    page = opened(tabs, real, name, 390)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    open_folds(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.evaluate(SMALL) == []


@pytest.mark.parametrize("name", ["index", *NOTEBOOKS, "reproduced"])
def test_no_table_and_no_figure_is_wider_than_its_column(real, tabs, name):
    page = opened(tabs, real, name, 1280)
    open_folds(page)
    assert page.evaluate(WIDER) == []


@pytest.mark.parametrize("name", CHAPTERS)
def test_the_first_screen_holds_title_answer_and_figure(real, tabs, name):
    page = opened(tabs, real, name, 1280)
    answer, picture = page.locator("article .cell_output p").first, page.locator("article figure img").first
    assert page.locator("article h1").evaluate(BOTTOM) < answer.evaluate(BOTTOM) < picture.evaluate(BOTTOM) <= 900


@pytest.mark.parametrize("width", [390, 1280])
def test_a_definition_shows_on_focus_and_stays_on_the_screen(real, tabs, width):
    page = opened(tabs, real, "01_minimal_example", width)
    terms = page.locator(".term").all()
    assert len(terms) > 5
    for term in terms:
        if term.is_visible():
            note = term.locator(".term-note")
            assert not note.is_visible()
            term.focus()
            box = note.bounding_box()
            assert box["x"] >= 0 and box["x"] + box["width"] <= width and box["height"] > 20


# ---- what was reproduced


def text(path: Path) -> str:
    """What a page says between its tags."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", "", path.read_text()))


def test_what_was_reproduced_is_counted_and_listed_by_publication(tiny):
    page = text(tiny.book / "reproduced.html")
    assert "1 result that others report: 1 reproduced, 0 partly, 0 differs." in page
    assert "1 formula derived here: 0 hold, 0 hold in part, 1 does not hold." in page
    table = ["Source", "What was reported", "What we see", "Verdict", "The comment", "not learned a single atomic"]
    folds = ["The evidence, by publication", "Demian Till", "Setting.", "Reported.", "is | an atom.", "Our own deriv"]
    places, start = [], page.index("others report:")
    for title in [*table, *folds, "The law |x|"]:
        start = page.index(title, start)
        places.append(start)
    assert places == sorted(places)
    assert "One is." not in page  # a result of ours is no result of others
    assert "Sharkey" not in page  # nothing of theirs was looked for


def test_every_verdict_has_its_colour_and_its_place_in_the_chapter(tiny):
    page = (tiny.book / "reproduced.html").read_text()
    assert re.search(
        r'verdict-holds"><a [^>]*href="01_first.html#claim-01-first-no-atoms"><[^>]*>reproduced<', page, re.DOTALL
    )
    assert re.search(r'verdict-fails">does not hold<.*href="01_first.html#claim-01-first-a-law"', page, re.DOTALL)
    styles = (tiny.book / "_static" / "book.css").read_text()
    for kind in ("holds", "partly", "fails", "open"):
        assert f".verdict-{kind}" in styles


def test_a_link_to_a_publication_leads_into_its_fold_and_so_opens_it(tiny):
    page = (tiny.book / "reproduced.html").read_text()
    fold = page[page.index("<details") : page.index("</details>")]
    assert 'id="reproduced-seed"' in fold


def test_the_pages_follow_the_notebooks_and_the_front_page_leads_to_what_was_reproduced(real):
    assert "reproduced.html" in {link.get("href") for link in Page(real.book / "index.html").all("a")}
    last = Page(real.book / f"{real.names()[-1]}.html")
    (onward,) = [link for link in last.all("a") if "right-next" in (link.get("class") or "")]
    assert onward["href"] == "claims.html"


def test_every_result_of_others_is_in_the_table_once_and_once_in_the_evidence(real):
    others = [claim for claim in book.claims_of_all(real) if reproduced.place_of(claim.source)]
    links = [link.get("href") for link in Page(real.book / "reproduced.html").all("a")]
    for claim in others:
        assert links.count(f"{claim.notebook}.html#{pages.anchor(claim.notebook, claim.id)}") == 2
    assert len(others) > 1 and f"{len(others)} results that others report" in text(real.book / "reproduced.html")


def test_every_result_of_others_is_told_in_a_row_of_its_own_words(real):
    others = [claim for claim in book.claims_of_all(real) if reproduced.place_of(claim.source)]
    assert {f"{claim.source}/{claim.id}" for claim in others} == set(reproduced.WHAT)


def test_every_publication_in_the_table_of_sources_is_looked_for(real):
    publications = {short for short, source in SOURCES.items() if source.is_publication}
    assert {claim.source for claim in book.claims_of_all(real)} >= publications


CLAIM = Record("a", 0, "It is.", "partly", "sharkey", {}, {}, "07_some")


def test_verdicts_are_counted_and_what_is_not_judged_is_not_hidden():
    claims = [replace(CLAIM, verdict=word) for word in ("reproduced", "partly", "reproduced", None)]
    page = re.sub(r"\[([^]]*)\]\{[^}]*\}", r"\1", reproduced.page(claims))
    assert "4 results that others report: 2 reproduced, 1 partly, 0 differs, 1 not judged." in page
    assert page.count("| It is. |") == 8  # in the table, and in the evidence


def test_what_we_see_is_the_sentence_if_it_is_short_and_else_what_the_verdict_says():
    assert reproduced.seen(CLAIM) == "It is."
    long = replace(CLAIM, statement=" ".join(["So"] * 16) + ".")
    assert reproduced.seen(replace(long, statement=" ".join(["So"] * 15) + ".")).count("So") == 15
    seen = {word: reproduced.seen(replace(long, verdict=word)) for word in (*REPORTED, None)}
    assert seen["reproduced"] == "We see the same." and len(set(seen.values())) == 4
    assert all(budgets.count_words(sentence) <= reproduced.SHORT for sentence in seen.values())


def test_a_figure_keeps_its_alternative_text_size_and_caption(tiny):
    page = Page(tiny.book / "01_first.html")
    picture = page.all("img")[0]
    assert picture["alt"] == 'A "map": it # shows'
    assert "300px" in picture.get("style", "") + picture.get("width", "")
    assert {"class": "picture", "style": "--w: 300px"} in page.all(
        "div"
    )  # a phone shrinks it no further than .72 of it
    assert re.search(r"<figcaption>.*<strong>It is .*y.*</strong> Read it\.", page.source, re.DOTALL)


def test_a_chapter_without_or_with_old_results_says_so(tiny):
    assert "earlier text of this chapter" in (tiny.book / "02_second.html").read_text()
    assert "was not executed yet" in (tiny.book / "03_third.html").read_text()
    assert "admonition" not in (tiny.book / "01_first.html").read_text()


def test_results_in_the_form_of_other_code_count_as_none(tmp_path):
    project = make_tiny_project(tmp_path / "project")
    notebook = pairs.read_source(project.source("01_first"))
    notebook.cells[3].outputs = [shown_claim(CLAIM)]
    project.executed("01_first").write_bytes(pairs.to_bytes(notebook))
    assert len(book.claims_of_all(project)) == 1
    del notebook.cells[3].outputs[0].data[CLAIM_MIME]["case"]
    project.executed("01_first").write_bytes(pairs.to_bytes(notebook))
    assert book.claims_of_all(project) == []


def test_hidden_code_is_not_in_the_book_and_the_parameters_are(tiny):
    chapter = Page(tiny.book / "01_first.html").source
    assert "sigma:g" not in chapter
    assert "standard deviation" in chapter


def test_a_warning_fails_the_build_but_leaves_a_book(tiny, tmp_path):
    project = make_tiny_project(tmp_path / "project")
    with project.source("01_first").open("a") as source:
        source.write("\n# %% [markdown]\n# See [nowhere](99_nowhere.ipynb).\n")
    with pytest.raises(book.BookError, match="99_nowhere"):
        book.build(project)
    assert (project.book / "01_first.html").exists()


def test_the_front_page_chooses_its_finding_by_the_name_of_a_claim():
    template = "<!-- finding: some/a -->"
    assert "finding\n\nIt is.\n" in pages.with_findings(template, [CLAIM])
    assert pages.with_findings(template, [replace(CLAIM, notebook="07_other")]) == ""
    with pytest.raises(ValueError, match=r"index\.md: some has no claim 'a'"):
        pages.with_findings(template, [replace(CLAIM, id="b")])


def test_a_slot_that_nobody_fills_is_named():
    with pytest.raises(ValueError, match="unknown slot 'findings'"):
        pages.front_page("<!-- slot: findings -->", {"finding": ""})


@pytest.mark.parametrize(
    ("folder", "expected"), [("../../book", 'See <a href="../../book/01_x.html#a">one</a>.'), (None, "See one.")]
)
def test_links_of_a_page_alone_lead_to_the_book_if_there_is_one(folder, expected):
    page = new_notebook(cells=[new_markdown_cell("See [one](01_x.ipynb#a)."), new_code_cell("[a](01_x.ipynb)")])
    pages.point_links_to(folder, page)
    assert [cell.source for cell in page.cells] == [expected, "[a](01_x.ipynb)"]


def test_links_in_what_a_cell_said_lead_there_too_and_those_to_other_pages():
    said = new_output(
        "display_data", data={"text/markdown": "See [how](judging.md) and [live](index.md#live:sigma=0.5)."}
    )
    page = new_notebook(cells=[new_code_cell("say()", outputs=[said])])
    pages.point_links_to("b", page)
    (shown,) = [output.data["text/markdown"] for cell in page.cells for output in cell.outputs]
    assert shown == 'See <a href="b/judging.html">how</a> and <a href="b/index.html#live:sigma=0.5">live</a>.'


def test_settings_of_the_live_page_are_links_to_the_front_page_and_other_links_stay():
    text = "[one](index.md#live:sigma=0.5&seed=2), [two](01_x.ipynb#a)"
    page = new_notebook(cells=[new_markdown_cell(text)])
    pages.point_presets(page)
    assert page.cells[0].source == '<a href="index.html#live:sigma=0.5&seed=2">one</a>, [two](01_x.ipynb#a)'


def test_a_finding_stands_above_the_counts_that_it_rests_on():
    evidence = {"composites only": {"k": 3, "n": 4}, "sets": "pairs", "loss": 0.1}
    control = {"the start": {"passes": False, "score": {"k": 0, "n": 4}}}
    text = pages.with_findings("<!-- finding: some/a -->", [replace(CLAIM, evidence=evidence, control=control)])
    assert "It is.\n\n<small>composites only: 3 of 4; control, the start: 0 of 4.</small>\n" in text
