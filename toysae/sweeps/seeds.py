"""The sweep over seeds: every notebook with ten seeds, to see whether a claim hangs on one.

A notebook is run again only if something changed that decides which cases of its claims come out. How they are worded
decides nothing, so that texts, captions and evidence can be changed without computing anything anew.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from toysae.sweeps.catalogue import Planned
from toysae.sweeps.executed import outcomes
from toysae.sweeps.origin import closure, imported
from toysae.sweeps.settings import Setting

SEEDS = range(10)
ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = ROOT / "notebooks"
JUDGES = {"toysae.claims.rules", "toysae.claims.intervals", "toysae.claims.families"}
_SPEAKING = {"say", "say_answer", "say_trained", "show", "show_interactive"}


def planned() -> Planned:
    """Every notebook of this checkout with every seed."""
    return Planned(outcomes, [setting for path in sorted(NOTEBOOKS.glob("[0-9][0-9]_*.py")) for setting in _of(path)])


def _of(notebook: Path) -> list[Setting]:
    code = code_of(notebook)
    return [{"notebook": notebook.stem, "code": code, "seed": seed} for seed in SEEDS]


def code_of(notebook: Path) -> str:
    """A hash over what decides the cases of a notebook's claims.

    That is its code without its words, the modules of ours that it uses with all that they import, and the kept tables
    that it reads. Modules that word, draw or write up results decide nothing.
    """
    tree = ast.parse(notebook.read_text(encoding="utf-8"))
    modules = _deciding({*_used(tree), *JUDGES})
    tables = set(_tables(tree)).union(*(_read(path)[1] for path in modules.values()))
    lines = [f"{name} {_read(path)[0]}" for name, path in sorted(modules.items())]
    lines += [f"{name} {_digest((NOTEBOOKS / 'tables' / name).read_text())}" for name in sorted(tables)]
    return _digest("\n".join([_shape(_Wordless().visit(tree)), *lines]))[:16]


# ---- a notebook's own code


class _Wordless(ast.NodeTransformer):
    """Takes out of a syntax tree what is said and shown, evidence, and docstrings: conditions and verdicts stay."""

    def visit_Call(self, call: ast.Call) -> ast.AST:
        self.generic_visit(call)
        if _name(call.func) in _SPEAKING:
            return _Textless().visit(call)
        if _name(call.func) == "claim":
            call.args = [_without_sentence(argument) for argument in call.args]
            call.keywords = [_without_scores(k) for k in call.keywords if k.arg != "evidence"]
        return call

    def visit_Expr(self, statement: ast.Expr) -> ast.AST | None:
        if isinstance(statement.value, ast.Constant):
            return None
        return self.generic_visit(statement)


class _Textless(ast.NodeTransformer):
    """Empties strings."""

    def visit_Constant(self, constant: ast.Constant) -> ast.AST:
        return ast.Constant("") if isinstance(constant.value, str) else constant

    def visit_JoinedStr(self, text: ast.JoinedStr) -> ast.AST:
        return ast.Constant("")


def _without_sentence(argument: ast.expr) -> ast.expr:
    if isinstance(argument, ast.Tuple) and len(argument.elts) == 3:
        argument.elts = [argument.elts[0], argument.elts[2]]
    return argument


def _without_scores(keyword: ast.keyword) -> ast.keyword:
    """Of controls only whether they pass."""
    if keyword.arg == "control" and isinstance(keyword.value, ast.Dict):
        pairs = [value.elts[0] if isinstance(value, ast.Tuple) else value for value in keyword.value.values]
        keyword.value = ast.Tuple(pairs)
    return keyword


def _shape(node: object) -> str:
    """The tree as text, alike in every version of Python: without fields that are empty, and without places."""
    if isinstance(node, ast.AST):
        fields = [f"{name}={_shape(value)}" for name, value in ast.iter_fields(node) if value not in (None, [])]
        return f"{type(node).__name__}({','.join(fields)})"
    return f"[{','.join(map(_shape, node))}]" if isinstance(node, list) else repr(node)


def _name(function: ast.expr) -> str | None:
    return function.id if isinstance(function, ast.Name) else getattr(function, "attr", None)


# ---- what it uses


def _used(tree: ast.Module) -> Iterator[str]:
    """The modules of ours that a notebook imports, or whose names it takes from a folder that offers them."""
    homes: dict[str, str] = {}  # by the name that the notebook calls a folder by
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            homes |= {alias.asname or alias.name: alias.name for alias in node.names if alias.name == "toysae"}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "toysae":
            names = [alias.name for alias in node.names]
            homes |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
            yield from (_home(str(node.module), name) for name in names)
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in homes:
            yield _home(homes[node.value.id], node.attr)


def _home(folder: str, name: str) -> str:
    """The module in which a name that a folder offers lives: by its stub, if it offers names lazily."""
    stub = ROOT.joinpath(*folder.split("."), "__init__.pyi")
    for node in ast.parse(stub.read_text()).body if stub.exists() else []:
        if isinstance(node, ast.ImportFrom) and name in [alias.name for alias in node.names]:
            return f"{folder}.{node.module}"
    return f"{folder}.{name}" if _file(f"{folder}.{name}") else folder


def _file(module: str) -> Path | None:
    """The file of a module of ours; None for all other names."""
    place = ROOT.joinpath(*module.split("."))
    found = [path for path in (place.with_suffix(".py"), place / "__init__.py") if path.exists()]
    return found[0] if found and module.startswith("toysae") else None


def _deciding(modules: Iterable[str]) -> dict[str, Path]:
    """Name and file of these modules of ours and of all that they import, without those that decide nothing."""
    return closure(modules, lambda name: _file(name) if _decides(name) else None, _imports)


@cache
def _imports(module: str, path: Path) -> tuple[str, ...]:
    return tuple(imported(module, path))


def _decides(module: str) -> bool:
    _, folder, *inner = [*module.split("."), ""]
    if folder == "claims":
        return module in JUDGES
    return folder not in ("writeup", "figures") and "figures" not in inner and module != "toysae.chapters.parameters"


@cache
def _read(path: Path) -> tuple[str, tuple[str, ...]]:
    """A hash of a module's code without comments and docstrings, and the tables that it names."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return _digest(_shape(_Documentless().visit(tree))), tuple(_tables(tree))


class _Documentless(ast.NodeTransformer):
    """Takes out docstrings."""

    def visit_Expr(self, statement: ast.Expr) -> ast.AST | None:
        return None if isinstance(statement.value, ast.Constant) else self.generic_visit(statement)


def _tables(tree: ast.Module) -> Iterator[str]:
    """The kept tables that some code names."""
    texts = (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str))
    names = (Path(text).name for text in texts if text.endswith(".csv"))
    return (name for name in names if (NOTEBOOKS / "tables" / name).exists())


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
