"""How much a reader has to read: the visible words of a rendered page, its heavy sentences and its code.

One function counts for tests and authors. Words are those of text, captions and claims. Not counted: evidence, what is
folded up, exercises, tables, code, the live page, definitions that show on hover. A formula counts as one word.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

from toysae.writeup.project import is_chapter

CHAPTER, STUDY, FRONT, WRITE_UP = 1_400, 2_500, 700, 7_700  # words
NUMBERS, LONGEST = 3, 45  # in a sentence: numbers at most, words at most
BLOCKS, LINES, WIDTH = 10, 8, 84  # of visible code

_VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
_SILENT_TAGS = {"details", "pre", "table", "small", "script", "style", "svg", "noscript"}
_SILENT_CLASSES = {"headerlink", "toysae-live", "exercise", "cell_input", "toctree-wrapper", "term-note"}
_HEADINGS = {"h1", "h2", "h3", "h4", "h5", "h6"}
_BLOCKS = _HEADINGS | {"p", "li", "figcaption", "dt", "dd", "div", "section", "ul", "ol"}  # a paragraph ends with them
_WORD = re.compile(r"[A-Za-z][\w'’-]*|\d[\d.,]*")
_NUMBER = re.compile(r"(?<![\w.])\d{2,}(?:[.,]\d+)*|\d*\.\d+|(?<![\w.])\d(?=\s*%)")  # one-digit counts aside
_INTERVAL = re.compile(r"95\s*%\s+(\w+\s+)?interval|Wilson")
_END = re.compile(r"(?<=[.?!])\s+(?=[A-Z*“])")


@dataclass
class Reading:
    """What a page asks of its reader.

    paragraphs  visible text by paragraph, item or caption
    headings    the same for headings
    unlinked    all of it, without what is a link
    code        visible blocks of code
    """

    paragraphs: list[str] = field(default_factory=list)
    headings: list[str] = field(default_factory=list)
    unlinked: str = ""
    code: list[str] = field(default_factory=list)

    @property
    def words(self) -> int:
        """How many words there are to read."""
        return sum(map(count_words, [*self.paragraphs, *self.headings]))

    @property
    def heavy(self) -> list[str]:
        """The sentences that hold too many numbers or words, or an interval, each with what is wrong with it."""
        return [f"{fault}: {one}" for text in self.paragraphs for one in sentences(text) for fault in weight_of(one)]


def count_words(text: str) -> int:
    """Words and numbers."""
    return len(_WORD.findall(text))


def sentences(text: str) -> list[str]:
    """A paragraph in sentences."""
    return [one for one in _END.split(" ".join(text.split())) if one]


def weight_of(sentence: str) -> Iterable[str]:
    """What makes a sentence heavy; nothing for a light one."""
    numbers, words = len(_NUMBER.findall(sentence)), count_words(sentence)
    if numbers > NUMBERS:
        yield f"{numbers} numbers"
    if words > LONGEST:
        yield f"{words} words"
    if _INTERVAL.search(sentence):
        yield "an interval"


def read(path: Path) -> Reading:
    """The reading of a rendered page."""
    return read_html(path.read_text(encoding="utf-8"))


def read_html(html: str) -> Reading:
    """The reading of a page of the book, given as HTML; of its article, where it has one."""
    _, opening, article = html.partition("<article")
    reader = _Reader()
    reader.feed(f"<article{article.partition('</article>')[0]}</article>" if opening else html)
    reader.close()
    return reader.done()


class _Reader(HTMLParser):
    """Collects a page from the outside in: what stands in a silent element is not read."""

    def __init__(self) -> None:
        super().__init__()
        self.found = Reading()
        self.open: list[tuple[str, bool, set[str]]] = []  # tag, whether it is silent, classes
        self.paragraph: list[str] = []
        self.block: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag in _VOID:
            return
        classes = set((dict(attributes).get("class") or "").split())
        if is_formula := "math" in classes or tag == "mjx-container":
            self.handle_data(" x ")
        if tag in _BLOCKS:
            self._end_paragraph()
        if tag == "pre":
            self.block = []
        self.open.append((tag, is_formula or tag in _SILENT_TAGS or bool(classes & _SILENT_CLASSES), classes))

    def handle_endtag(self, tag: str) -> None:
        if not self._within(tag):
            return
        if tag in _BLOCKS:
            self._end_paragraph()
        if tag == "pre" and not self._within("details") and not any("cell_output" in c for _, _, c in self.open):
            self.found.code.append("".join(self.block).strip("\n"))
        while self.open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if self._within("pre"):
            self.block.append(data)
        if not any(silent for _, silent, _ in self.open):
            self.paragraph.append(data)
            self.found.unlinked += " " if self._within("a") else data

    def done(self) -> Reading:
        """What was read; a paragraph that nothing ended counts too."""
        self._end_paragraph()
        return self.found

    def _within(self, *tags: str) -> bool:
        return any(name in tags for name, _, _ in self.open)

    def _end_paragraph(self) -> None:
        text, self.paragraph = " ".join("".join(self.paragraph).split()), []
        if text:
            (self.found.headings if self._within(*_HEADINGS) else self.found.paragraphs).append(text)


def budget_of(name: str) -> int:
    """How many words a page may have."""
    if name == "index":
        return FRONT
    return CHAPTER if is_chapter(name) else STUDY


def told(readings: Mapping[str, Reading]) -> str:
    """Pages by name as a small table, the sum of the write-up, and every heavy sentence of a chapter."""
    lines = [f"{'page':28} {'words':>6} {'of':>6} {'heavy':>6} {'code':>5}"]
    for name, page in readings.items():
        lines.append(f"{name:28} {page.words:6,} {budget_of(name):6,} {len(page.heavy):6} {len(page.code):5}")
    write_up = {name: page for name, page in readings.items() if name == "index" or is_chapter(name)}
    lines.append(f"{'the write-up':28} {sum(page.words for page in write_up.values()):6,} {WRITE_UP:6,}")
    return "\n".join(lines + [f"{name}: {fault}" for name, page in write_up.items() for fault in page.heavy])
