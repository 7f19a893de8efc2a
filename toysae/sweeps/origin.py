"""Which code a result comes from: a result of other code is never taken for one of this code."""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import io
import sys
import sysconfig
import tokenize
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib import metadata
from importlib.machinery import ModuleSpec
from pathlib import Path

Span = tuple[tuple[int, int], tuple[int, int]]  # where a piece of source begins and ends: line from 1, column from 0

LIBRARIES = ("numpy", "scikit-learn", "scipy", "torch")  # their arithmetic decides the numbers


def code_hash(point: Callable, libraries: Mapping[str, str] | None = None) -> str:
    """A hash over all that decides what a point computes.

    libraries  versions of LIBRARIES; those that are installed when left out

    That is the source of its module and of every module which that imports, directly or not. Python and installed
    libraries count by the versions of LIBRARIES. Comments and docstrings may change: they compute nothing.
    """
    lines = [f"{name} {version}" for name, version in (libraries or versions()).items()]
    for name, path in sources(point.__module__):
        lines.append(f"{name} {hashlib.sha256(statements(path.read_text()).encode()).hexdigest()}")
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def versions() -> dict[str, str]:
    """The installed versions of LIBRARIES."""
    return {name: metadata.version(name) for name in LIBRARIES}


def sources(module: str) -> list[tuple[str, Path]]:
    """Name and file of a module and of all that it imports, directly or not, sorted by name; without libraries."""
    return sorted(closure([module], _own_file).items())


def closure(
    modules: Iterable[str],
    file_of: Callable[[str], Path | None],
    imports: Callable[[str, Path], Iterable[str]] | None = None,
) -> dict[str, Path]:
    """Name and file of these modules and of all that they import, directly or not.

    file_of  None for a module that is left out, with what it alone imports
    imports  as `imported`, which it is when left out
    """
    found: dict[str, Path] = {}
    waiting = list(modules)
    while waiting:
        name = waiting.pop()
        path = None if name in found else file_of(name)
        if path is not None:
            found[name] = path
            waiting += (imports or imported)(name, path)
    return found


def statements(source: str) -> str:
    """The source without comments, docstrings and empty lines: what is left decides what is computed."""
    lines = source.splitlines()
    for start, end in sorted(_docstrings(source) + _comments(source), reverse=True):
        first, last = lines[start[0] - 1][: start[1]], lines[end[0] - 1][end[1] :]
        lines[start[0] - 1 : end[0]] = [first + last]
    return "\n".join(line.rstrip() for line in lines if line.strip())


def _docstrings(source: str) -> list[Span]:
    """Where docstrings begin and end: (line, column) from 1 and 0."""
    holders = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, holders) and ast.get_docstring(node, clean=False) is not None:
            text = node.body[0]
            found.append(((text.lineno, 0), (text.end_lineno or text.lineno, sys.maxsize)))
    return found


def _comments(source: str) -> list[Span]:
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return [(token.start, token.end) for token in tokens if token.type == tokenize.COMMENT]


def _own_file(module: str) -> Path | None:
    """The file of a module; None where it belongs to a library, or where this is no module at all."""
    top = module.partition(".")[0]
    if top != "toysae" and _is_library(importlib.util.find_spec(top)):
        return None
    try:
        spec = importlib.util.find_spec(module)
    except ModuleNotFoundError:  # the name of a function, say
        return None
    return Path(spec.origin) if spec and spec.has_location and spec.origin else None


def _is_library(spec: ModuleSpec | None) -> bool:
    if spec is None or not spec.has_location or spec.origin is None:
        return True
    homes = [sysconfig.get_path(kind) for kind in ("stdlib", "platstdlib", "purelib", "platlib")]
    return any(Path(spec.origin).is_relative_to(home) for home in homes)


def imported(module: str, path: Path) -> Iterator[str]:
    """Names that may be modules, from the import statements of a module, wherever they stand in it."""
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            origin = importlib.util.resolve_name("." * node.level + (node.module or ""), package)
            yield origin
            yield from (f"{origin}.{alias.name}" for alias in node.names)
