"""The house as its sources tell it: which module imports what, and the picture of the floors for CONTRIBUTING.md.

As a script it prints the picture.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import toysae

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "toysae"


@dataclass(frozen=True)
class Import:
    """One imported thing: a module, or a name of it; when is "at once", "later" (in a function) or "types"."""

    module: str
    name: str | None
    when: str

    @property
    def target(self) -> str:
        """The module that is loaded: `from toysae.worlds import world` loads toysae.worlds.world."""
        inner = f"{self.module}.{self.name}"
        return inner if path_of(inner) else self.module


@dataclass(frozen=True)
class Module:
    """A module of the package. folder is the one on a floor of the house, "" for the front door."""

    name: str
    path: Path

    @property
    def folder(self) -> str:
        return self.name.split(".")[1] if "." in self.name else ""

    @property
    def imports(self) -> list[Import]:
        return list(_imports(_tree(self.path), "at once"))

    @property
    def of_ours(self) -> list[Import]:
        return [found for found in self.imports if found.module.split(".")[0] == "toysae"]

    @property
    def defines(self) -> set[str]:
        """The names that are its own, and for a folder those that its stub or its __all__ offers."""
        stub = self.path.with_suffix(".pyi")
        return _defined(_tree(self.path)) | (_offered(stub) if stub.exists() else set())


def modules() -> list[Module]:
    return [Module(_dotted(path), path) for path in sorted(PACKAGE.rglob("*.py"))]


def path_of(name: str) -> Path | None:
    """The file of a module of ours, or None."""
    place = ROOT.joinpath(*name.split("."))
    found = [path for path in (place.with_suffix(".py"), place / "__init__.py") if path.exists()]
    return found[0] if found and name.startswith("toysae") else None


def picture() -> str:
    """The floors, the highest first, each folder with the first line of what it says about itself."""
    lines = []
    for height in range(len(toysae.FLOORS), 0, -1):
        for place, folder in enumerate(toysae.FLOORS[height - 1]):
            lines.append(f"{height if place == 0 else ' '}  {folder:<9} {sentence(folder)}")
    return "\n".join(lines)


def sentence(folder: str) -> str:
    """The first line of a folder's docstring, without its "In reading order"."""
    text = ast.get_docstring(_tree(PACKAGE / folder / "__init__.py")) or ""
    return re.sub(r"[.,;] (nothing .*)?[Ii]n reading order:$", ".", text.split("\n")[0])


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def _dotted(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _imports(node: ast.AST, when: str) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            yield from (Import(alias.name, None, when) for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            assert child.level == 0, f"a relative import of {child.module}"
            yield from (Import(child.module or "", alias.name, when) for alias in child.names)
        else:
            yield from _imports(child, _when(child, when))


def _when(node: ast.AST, outside: str) -> str:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return "later"
    if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
        return "types"
    return outside


def _defined(tree: ast.Module) -> set[str]:
    """Names that a module binds itself at its top level; imported ones only where __all__ lists them."""
    names = set()
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names |= {inner.id for target in targets for inner in ast.walk(target) if isinstance(inner, ast.Name)}
            if "__all__" in names and isinstance(node.value, ast.List):
                names |= set(ast.literal_eval(node.value))
    return names


def _offered(stub: Path) -> set[str]:
    tree = _tree(stub)
    return {alias.name for node in tree.body if isinstance(node, ast.ImportFrom) for alias in node.names}


if __name__ == "__main__":
    print(picture())
