"""Whether an executed notebook is up to date: stamps in build/ over all that it depends on."""

import hashlib
import json
from pathlib import Path

from toysae.writeup.files import write_whole
from toysae.writeup.project import Project

_CODE = {".py", ".js", ".css"}  # of the package; what the live page is made of stands in a notebook as well


def is_fresh(project: Project, name: str) -> bool:
    """Whether the executed notebook is in place, unchanged, and made from the present sources."""
    try:
        stamp = json.loads(_path(project, name).read_text())
        return stamp["output"] == _hash(project.executed(name)) and stamp["sources"] == sources_hash(project, name)
    except (OSError, ValueError, KeyError, TypeError):
        return False


def sources_hash(project: Project, name: str) -> str:
    """A hash over the notebook's own text, the package, the tables that notebooks read and the pinned versions.

    Taken before an execution, so that what is edited meanwhile counts as changed. The table of the seeds is made by
    notebooks and read by none.
    """
    package = sorted(path for path in project.package.rglob("*") if path.suffix in _CODE)
    tables = [path for path in sorted((project.notebooks / "tables").glob("*")) if path.stem != "seeds"]
    paths = [project.source(name), *package, *tables, project.root / "constraints.txt"]
    lines = [f"{path.relative_to(project.root)} {_hash(path)}" for path in paths if path.exists()]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def put(project: Project, name: str, sources: str, seconds: float) -> None:
    """Note what the executed notebook now in place was made from, and how long that took."""
    stamp = {"sources": sources, "output": _hash(project.executed(name)), "seconds": round(seconds, 1)}
    write_whole(_path(project, name), json.dumps(stamp).encode())


def seconds_of(project: Project, name: str) -> float | None:
    """How long the last execution on this machine took."""
    try:
        return json.loads(_path(project, name).read_text())["seconds"]
    except (OSError, ValueError, KeyError):
        return None


def _path(project: Project, name: str) -> Path:
    return project.build / "stamps" / f"{name}.json"


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
