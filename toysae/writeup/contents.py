"""The table of contents beside every page of the book, and the addresses that its pages once had."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from toysae.writeup.project import is_chapter

WRITE_UP, STUDIES, PAGES = "The write-up", "Studies", "To look up"
# what the first edition called them: chapters that are studies now, with other numbers
MOVED = (
    "05_the_bias",
    "06_optimum_and_training",
    "07_hierarchies",
    "08_correlations",
    "09_remedies",
    "10_beyond_the_toy",
)


def toctrees(names: Sequence[str], pages: Sequence[str]) -> str:
    """The end of the front page, which is not seen on it: three groups with captions.

    names  of the notebooks, in the order of the book
    pages  of what stands behind them
    """
    chapters = [name for name in names if is_chapter(name)]
    studies = [name for name in names if not is_chapter(name)]
    groups = [(WRITE_UP, chapters), (STUDIES, studies), (PAGES, pages)]
    return "".join(_toctree(caption, documents) for caption, documents in groups if documents)


def _toctree(caption: str, documents: Iterable[str]) -> str:
    return "\n```{toctree}\n:hidden:\n:caption: " + caption + "\n\n" + "\n".join(documents) + "\n```\n"


def moved(names: Sequence[str]) -> dict[str, str]:
    """Today's name by an old one, for those that have another number now."""
    today = {name[3:]: name for name in names}
    return {old: today[old[3:]] for old in MOVED if today.get(old[3:], old) != old}


def lead_on(folder: Path, names: Sequence[str]) -> None:
    """Put a page at every old address in the folder of the book that leads to today's."""
    for old, new in moved(names).items():
        (folder / f"{old}.html").write_text(_leading(old, new), encoding="utf-8")


def _leading(old: str, new: str) -> str:
    """A page that goes on by itself; by its script to the place on the page as well, which has a new name too."""
    before, now = (name.replace("_", "-") for name in (old, new))
    script = f'location.replace("{new}.html" + location.hash.replace("{before}", "{now}"))'
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>This page has moved</title>
<link rel="canonical" href="{new}.html">
<script>{script}</script>
<meta http-equiv="refresh" content="0; url={new}.html">
</head>
<body><p>This page has moved: <a href="{new}.html">go on to it</a>.</p></body>
</html>
"""
