"""Copies of the notebooks for JupyterLab, in build/lab/: what is done there never reaches the published pair.

A copy that somebody changed is kept. Where its notebook changed too, the new one is put beside it under a number.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from toysae.claims.record import Unreadable
from toysae.writeup import pairs
from toysae.writeup.files import write_whole
from toysae.writeup.project import Project

_HALVES = (".py", ".ipynb")
_NOTES = ".copies.json"  # what each copy was made from; JupyterLab does not show it


@dataclass(frozen=True)
class _Pair:
    """Both halves of a notebook by their suffix, and the fingerprints of the cells in them: one if they agree."""

    halves: dict[str, bytes]
    cells: set[str | None]

    @property
    def digest(self) -> str:
        return _hash(*self.halves.values())


def prepare(project: Project) -> list[str]:
    """Bring the copies up to date. Returns what there is to say, a line each."""
    notes = _read_notes(project)
    said = [line for name in project.names() for line in _bring(project, name, notes)]
    said += [line for path in _companions(project) for line in _bring_companion(project, path, notes)]
    write_whole(project.lab / _NOTES, json.dumps(notes, indent=2, sort_keys=True).encode())
    _trust(project, notes)
    return said


def _bring(project: Project, name: str, notes: dict) -> Iterator[str]:
    """Copy one notebook, or leave the copy that there is."""
    new, stem = _made(project, name), _newest(project, name)
    there, note = _found(project, stem), notes.get(stem, {})
    untouched = not there.halves or there.digest == note.get("digest")
    (cells,) = new.cells
    if there.cells == new.cells and len(there.halves) == 2 and not untouched:  # executed or saved in JupyterLab
        notes[stem] = note | {"cells": cells}
        return
    ours = untouched or there.cells == {note.get("cells")}
    if not ours and note.get("cells") == cells:  # somebody works on the copy of what is still published
        return
    if not ours:
        stem = _next(project, name)
        yield f"{name} changed, and so did your copy of it; the new one is beside it: {_place(project, stem)}.ipynb"
    elif there.halves and there.cells != new.cells:
        yield f"{name} changed, and its copy was renewed"
    for suffix, content in new.halves.items():
        write_whole(project.lab / f"{stem}{suffix}", content)
    notes[stem] = {"cells": cells, "digest": new.digest}


def _made(project: Project, name: str) -> _Pair:
    """The pair as it is copied: with its outputs if they belong to its text, and with the published parameters."""
    source = pairs.read_source(project.source(name))
    cells, shown = pairs.fingerprint(source), source
    if project.executed(name).exists():
        executed = pairs.read_executed(project.executed(name))
        shown = executed if pairs.fingerprint(executed) == cells else source
    try:
        about = {"sources": cells, "published": pairs.published_parameters(source)}
    except Unreadable as problem:
        raise Unreadable(f"{name}.py: {problem}") from problem
    shown = pairs.normalise(shown, about)
    return _Pair({".py": project.source(name).read_bytes(), ".ipynb": pairs.to_bytes(shown)}, {cells})


def _found(project: Project, stem: str) -> _Pair:
    """The copy as it is now; a half that is no notebook has the fingerprint None."""
    paths = {suffix: project.lab / f"{stem}{suffix}" for suffix in _HALVES}
    there = {suffix: path for suffix, path in paths.items() if path.exists()}
    return _Pair({suffix: path.read_bytes() for suffix, path in there.items()}, set(map(_cells_in, there.values())))


def _cells_in(path: Path) -> str | None:
    try:
        return pairs.fingerprint((pairs.read_source if path.suffix == ".py" else pairs.read_executed)(path))
    except ValueError:
        return None


def _newest(project: Project, name: str) -> str:
    """The copy that is kept up to date: the one with the highest number."""
    stem, number = name, 2
    while any((project.lab / f"{name}-{number}{suffix}").exists() for suffix in _HALVES):
        stem, number = f"{name}-{number}", number + 1
    return stem


def _next(project: Project, name: str) -> str:
    newest = _newest(project, name)
    return f"{name}-2" if newest == name else f"{name}-{int(newest.rpartition('-')[2]) + 1}"


def _companions(project: Project) -> list[Path]:
    """What the notebooks need beside them: the tables they read, and how JupyterLab takes a pair for one."""
    paths = [project.notebooks / "jupytext.toml", *sorted((project.notebooks / "tables").glob("*"))]
    return [path for path in paths if path.is_file()]


def _bring_companion(project: Project, path: Path, notes: dict) -> Iterator[str]:
    inside, content = path.relative_to(project.notebooks), path.read_bytes()
    copy, new = project.lab / inside, _hash(content)
    if copy.exists() and _hash(copy.read_bytes()) not in (notes.get(str(inside)), new):
        yield f"{_place(project, str(inside))} is not the one of notebooks/, and stays"
        return
    write_whole(copy, content)
    notes[str(inside)] = new


def _trust(project: Project, notes: dict) -> None:
    """JupyterLab shows the scripts of those copies that are as we made them; it asks for all others."""
    from nbformat.sign import NotebookNotary

    notary = NotebookNotary()
    for stem, note in notes.items():
        if isinstance(note, dict) and _found(project, stem).digest == note.get("digest"):
            notary.sign(pairs.read_executed(project.lab / f"{stem}.ipynb"))


def _read_notes(project: Project) -> dict:
    try:
        notes = json.loads((project.lab / _NOTES).read_text(encoding="utf-8"))
        return notes if isinstance(notes, dict) else {}
    except (OSError, ValueError):
        return {}


def _place(project: Project, inside: str) -> str:
    return str((project.lab / inside).relative_to(project.root))


def _hash(*contents: bytes) -> str:
    return hashlib.sha256(b"\0".join(contents)).hexdigest()
