"""The glossary, and its terms in the chapters: the first use of each carries its definition.

An extension of Sphinx, named in notebooks/conf.py. The definitions stand in notebooks/glossary.md, a term and its other
forms on a line, the definition below it. On a page a term is a note to point at, to tap, or to reach by keyboard; it
needs no script.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from html import escape
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform

NAME = "glossary"
_ENTRY = re.compile(r"^(?P<term>\S.*)\n: (?P<definition>.+(?:\n {2,}\S.*)*)", re.MULTILINE)
_SILENT = (
    nodes.title,
    nodes.reference,
    nodes.literal,
    nodes.literal_block,
    nodes.math,
    nodes.math_block,
    nodes.table,
    nodes.raw,
)
_OPENING, _CLOSING = re.compile(r"<(?:details|small|a)\b"), re.compile(r"</(?:details|small|a)>")
_SPOKEN = (nodes.paragraph, nodes.caption)
_PAGE = re.compile(r"index|\d\d_\w+")
_OTHERWISE = r"(?!(?<=price)\s+of\s+the\s+truth|(?<=live)\s+in\s|(?<=mixed)(?::|\s+in\s+a\b))"  # not the terms' sense


@dataclass(frozen=True)
class Entry:
    """A term with its other forms, and what it means."""

    forms: tuple[str, ...]
    definition: str

    @property
    def place(self) -> str:
        """Its id on a page."""
        return "term-" + re.sub(r"\W+", "-", self.forms[0].lower())

    @cached_property
    def pattern(self) -> re.Pattern:
        """Any of its forms as a whole word, also in the plural and with a capital letter, where it means the term."""
        words = sorted(self.forms, key=len, reverse=True)
        return re.compile(r"(?<![\w-])(?:" + "|".join(map(_form, words)) + r")(?![\w-])" + _OTHERWISE)


def _form(word: str) -> str:
    """A pattern of a word. A word in capitals is written so; others may open a sentence."""
    first = f"[{word[0].upper()}{word[0]}]" if word[0].islower() else re.escape(word[0])
    return f"{first}{re.escape(word[1:])}(?:s|es)?"


def entries(text: str) -> list[Entry]:
    """The entries of a glossary that is written as definition lists, in their order."""
    return [
        Entry(tuple(found["term"].split(", ")), " ".join(found["definition"].split()))
        for found in _ENTRY.finditer(text)
    ]


def marked(text: str, waiting: list[Entry]) -> Iterator[str | tuple[str, Entry]]:
    """A text in parts, with the first use of each waiting entry by itself. Those that were used wait no more."""
    while text:
        uses = [(use.start(), -len(use[0]), use, entry) for entry in waiting if (use := entry.pattern.search(text))]
        if not uses:
            break
        _, _, use, entry = min(uses, key=lambda one: one[:2])
        waiting.remove(entry)
        if use.start():
            yield text[: use.start()]
        yield use[0], entry
        text = text[use.end() :]
    if text:
        yield text


def note(word: str, entry: Entry) -> str:
    """A term as HTML: the word, and its definition for those who point at it, tap it or tab to it."""
    told = f'<span class="term-note" role="tooltip" id="{entry.place}">{escape(entry.definition)}</span>'
    return f'<span class="term" tabindex="0" role="note" aria-describedby="{entry.place}">{escape(word)}{told}</span>'


class FirstUses(SphinxPostTransform):
    """Marks the first use of each term in the visible text of a chapter, or of the front page."""

    default_priority = 900  # when links are resolved and outputs chosen
    formats = ("html",)

    def run(self, **kwargs: Any) -> None:
        glossary = Path(self.app.srcdir) / f"{NAME}.md"
        if not _PAGE.fullmatch(self.env.docname) or not glossary.exists():
            return
        waiting = entries(glossary.read_text(encoding="utf-8"))
        for text in list(_visible(self.document)):
            parts = list(marked(text.astext(), waiting))
            if any(isinstance(part, tuple) for part in parts):
                text.parent.replace(text, [_node(part) for part in parts])


def _node(part: str | tuple[str, Entry]) -> nodes.Node:
    return nodes.Text(part) if isinstance(part, str) else nodes.raw("", note(*part), format="html")


def _visible(document: nodes.document) -> Iterator[nodes.Text]:
    """The text of paragraphs and captions that lies open: not in a fold, heading, link, formula, code or table."""
    depth = 0  # of silent elements that are written as HTML: a tag is a node by itself
    for node in document.findall():
        if isinstance(node, nodes.raw):
            depth += len(_OPENING.findall(node.astext())) - len(_CLOSING.findall(node.astext()))
        elif isinstance(node, nodes.Text) and not depth and _is_spoken(node):
            yield node


def _is_spoken(text: nodes.Text) -> bool:
    above, node = [], text.parent
    while node is not None:
        above.append(node)
        node = node.parent
    if any(isinstance(node, _SILENT) or type(node).__name__ == "HideCodeCellNode" for node in above):
        return False
    return any(isinstance(node, _SPOKEN) for node in above)


def setup(app: Sphinx) -> dict[str, Any]:
    """Sphinx calls this."""
    app.add_post_transform(FirstUses)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
