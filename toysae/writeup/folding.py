"""What the book folds up: plumbing behind one line, evidence behind another. In the notebook everything lies open."""

from __future__ import annotations

from nbformat import NotebookNode

CODE, EVIDENCE = "Code", "Evidence"  # the lines where a cell gives none of its own
_PLUMBING = "hide-input"
_SILENT = {"remove-input", "remove-cell"}


def folded(cells: list[NotebookNode]) -> list[NotebookNode]:
    """The cells of a page, with neighbours that fold alike taken together.

    Cells tagged `hide-input` become one fold as long as nothing visible stands between their code: its line is the
    first `code_prompt_show` among them. Cells tagged `evidence` fold up what they show; the line of an own prompt
    begins a new fold. Changes the cells.
    """
    merged: list[NotebookNode] = []
    for cell in filter(_is_seen, cells):
        if merged and _continues(merged[-1], cell):
            _append(merged[-1], cell)
        else:
            merged.append(cell)
    for cell in merged:
        _fold(cell)
    return merged


def _tags(cell: NotebookNode) -> set[str]:
    return set(cell.metadata.get("tags", [])) if cell.cell_type == "code" else set()


def _prompt(cell: NotebookNode) -> str | None:
    return cell.metadata.get("mystnb", {}).get("code_prompt_show")


def _is_seen(cell: NotebookNode) -> bool:
    """Not so a cell whose code is hidden, and which shows nothing."""
    return cell.cell_type != "code" or bool(cell.outputs) or not _tags(cell) & _SILENT


def _continues(before: NotebookNode, cell: NotebookNode) -> bool:
    if _is_evidence(before) and _is_evidence(cell):
        return _prompt(cell) is None
    return _is_plumbing(before) and _is_plumbing(cell) and not before.outputs


def _is_plumbing(cell: NotebookNode) -> bool:
    return _PLUMBING in _tags(cell) and not _is_evidence(cell)


def _is_evidence(cell: NotebookNode) -> bool:
    return "evidence" in _tags(cell)


def _append(first: NotebookNode, cell: NotebookNode) -> None:
    """Put a cell into the one before it."""
    first.source = f"{first.source.rstrip()}\n\n{cell.source.lstrip()}"
    first.outputs = [*first.outputs, *cell.outputs]
    first.metadata["tags"] = sorted(_tags(first) | _tags(cell))
    if _prompt(first) is None and _prompt(cell) is not None:
        first.metadata["mystnb"] = {"code_prompt_show": _prompt(cell)}


def _fold(cell: NotebookNode) -> None:
    """Say in the words of MyST-NB what is folded, and behind which line."""
    if _is_evidence(cell):
        _set(cell, {"remove-input", "hide-output"}, EVIDENCE)
    elif _is_plumbing(cell):
        _set(cell, set(), CODE)


def _set(cell: NotebookNode, tags: set[str], line: str) -> None:
    cell.metadata["tags"] = sorted(_tags(cell) - ({_PLUMBING} if tags else set()) | tags)
    line = _prompt(cell) or line
    cell.metadata["mystnb"] = {"code_prompt_show": line, "code_prompt_hide": line}
