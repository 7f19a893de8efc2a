"""The banner of changed parameters: what a run with other settings opens with."""

from __future__ import annotations

from collections.abc import Mapping

from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell

from toysae.claims.words import other_settings


def text(changed: Mapping[str, object], published: Mapping[str, object]) -> str:
    """Which parameters are not the published ones, as Markdown."""
    if not changed:
        return "> [!NOTE]\n> This run has the published settings."
    return f"> [!IMPORTANT]\n> {other_settings(changed, published)}"


def insert(notebook: NotebookNode, banner: str) -> None:
    """Put a Markdown cell right below the title, which may share its cell with an abstract."""
    title, _, rest = notebook.cells[0].source.partition("\n")
    notebook.cells[0].source = title
    notebook.cells.insert(1, new_markdown_cell(banner, metadata={"tags": ["banner"]}))
    if rest.strip():
        notebook.cells.insert(2, new_markdown_cell(rest.strip()))
