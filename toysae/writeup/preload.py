"""Processes that are forked with all that notebooks import: what to load before the forks, and how a fork ends."""

import ast
import atexit
import builtins
import gc
import importlib
import importlib.util
import os
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import SimpleNamespace
from typing import NoReturn

from nbformat import NotebookNode

from toysae.writeup import pairs

# What executes notebooks, and draws in them; a kernel imports its debugger when it begins
_ALWAYS = ("papermill", "ipykernel.kernelapp", "ipykernel.debugger", "matplotlib.pyplot")


def preload(sources: Iterable[Path]) -> None:
    """Import what notebooks and those who execute them need, and make ready for forks.

    What cannot be imported is left to the cell that needs it, which tells why.
    """
    with _seemingly_in_a_kernel():
        for module in (*_ALWAYS, *sorted(set().union(*map(imported, sources)))):
            with suppress(Exception):
                _offer(importlib.import_module(module))
    gc.freeze()  # else the garbage collector of a fork would copy every page of what was imported


@contextmanager
def _seemingly_in_a_kernel() -> Iterator[None]:
    """pandas, for one, looks where it is imported, and elsewhere fits its tables to the width of a terminal."""
    vars(builtins)["get_ipython"] = lambda: SimpleNamespace(kernel=None)
    try:
        yield
    finally:
        del vars(builtins)["get_ipython"]


def _offer(module: object) -> None:
    """Load what a package of ours loads when it is asked for."""
    for name in getattr(module, "__all__", ()) if str(getattr(module, "__name__", "")).startswith("toysae") else ():
        getattr(module, name)


def imported(source: Path) -> set[str]:
    """The modules that the cells of a notebook import by name."""
    nodes = [node for cell in pairs.read_source(source).cells for node in _nodes(cell)]
    names = {name.name for node in nodes if isinstance(node, ast.Import) for name in node.names}
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{name.name}" for name in node.names)}
    return set(filter(_is_module, names))


def _nodes(cell: NotebookNode) -> list[ast.AST]:
    try:
        return list(ast.walk(ast.parse(cell.source))) if cell.cell_type == "code" else []
    except SyntaxError:  # told by the run of the notebook
        return []


def _is_module(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except Exception:  # what it is looked for in is not there, holds no modules, or fails
        return False


def leave() -> NoReturn:
    """End a fork as Python ends, but without freeing what was imported: that takes long, and copies all its pages."""
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with suppress(Exception):
            stream.flush()
    os._exit(0)
