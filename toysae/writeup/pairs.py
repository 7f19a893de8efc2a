"""A notebook is a pair: NAME.py holds the cells that we edit, NAME.ipynb the same cells executed.

Here pairs are read, their sources fingerprinted, and executed notebooks made byte-stable.
"""

import ast
import hashlib
import io
import json
import re
import tokenize
from pathlib import Path

import jupytext
import nbformat
from nbformat import NotebookNode

from toysae.claims.record import Unreadable

_CELL_METADATA = ("tags", "mystnb", "slideshow", "jupyter")
_KERNELSPEC = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
_LANGUAGE = {
    "codemirror_mode": {"name": "ipython", "version": 3},
    "file_extension": ".py",
    "mimetype": "text/x-python",
    "name": "python",
    "nbconvert_exporter": "python",
    "pygments_lexer": "ipython3",
}
_ADDRESS = re.compile(r"\b0x[0-9a-f]{6,}\b")


def read_source(path: Path) -> NotebookNode:
    """The cells of a notebook's .py, without outputs. Raises Unreadable if it is no UTF-8."""
    try:
        notebook = jupytext.read(path, fmt="py:percent")
    except UnicodeDecodeError as broken:
        raise Unreadable(f"{path.name}: is not UTF-8 (byte {broken.start})") from broken
    notebook.metadata = NotebookNode(kernelspec=_KERNELSPEC, language_info=_LANGUAGE)
    return notebook


def read_executed(path: Path) -> NotebookNode:
    """An executed notebook. Raises Unreadable if the file is no notebook."""
    try:
        notebook = nbformat.read(path, as_version=4)
    except OSError:
        raise
    except Exception as broken:  # JSON of another kind fails in as many ways as there are kinds
        raise Unreadable(f"{path.name}: is not a notebook") from broken
    if not _is_whole(notebook):
        raise Unreadable(f"{path.name}: is not a notebook")
    return notebook


def _is_whole(notebook: NotebookNode) -> bool:
    """Whether it has what is read here: nbformat only warns of what is missing."""
    cells = notebook.get("cells")
    return isinstance(cells, list) and all({"cell_type", "source", "metadata"} <= set(cell) for cell in cells)


def cells_of(notebook: NotebookNode) -> list[tuple[str, str, list[str]]]:
    """Type, source and tags of each cell: what both halves of a pair must share."""
    return [(cell.cell_type, cell.source, list(cell.metadata.get("tags", []))) for cell in notebook.cells]


def fingerprint(notebook: NotebookNode) -> str:
    """A hash over the sources of a notebook, stored in the executed half to tell stale outputs."""
    return hashlib.sha256(json.dumps(cells_of(notebook)).encode()).hexdigest()


def stored_fingerprint(notebook: NotebookNode) -> str | None:
    """The hash of the sources that an executed notebook's outputs come from."""
    return notebook.metadata.get("toysae", {}).get("sources")


def parameters_cell(notebook: NotebookNode) -> NotebookNode | None:
    """The cell tagged parameters."""
    tagged = [cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", [])]
    return tagged[0] if tagged else None


def published_parameters(notebook: NotebookNode) -> dict:
    """Names and values in the cell tagged parameters, in its order. Raises Unreadable for what is no literal."""
    cell = parameters_cell(notebook)
    values = {}
    for statement in _statements(cell.source if cell else ""):
        name, value = _assignment(statement)
        try:
            values[name] = ast.literal_eval(value)
        except ValueError:
            raise Unreadable(f"parameters cell: {name} is {ast.unparse(value)}: allowed is a literal") from None
    return values


def _assignment(statement: ast.stmt) -> tuple[str, ast.expr]:
    match statement:
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            return name, value
        case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
            return name, value
    line = " ".join(ast.unparse(statement).split())
    raise Unreadable(f"parameters cell: {line!r} is no assignment to one name")


def _statements(source: str) -> list[ast.stmt]:
    try:
        return ast.parse(source).body
    except SyntaxError as error:
        raise Unreadable(f"parameters cell: {error}") from error


def parameter_comments(notebook: NotebookNode) -> dict[int, str]:
    """The comments in the parameters cell by line number, from 1."""
    cell = parameters_cell(notebook)
    tokens = tokenize.generate_tokens(io.StringIO(cell.source if cell else "").readline)
    return {token.start[0]: token.string for token in tokens if token.type == tokenize.COMMENT}


def normalise(notebook: NotebookNode, about: dict) -> NotebookNode:
    """The same executed notebook without what differs between two runs; `about` becomes its toysae metadata.

    Times, random ids, the way streams were chunked and memory addresses go; sources, outputs and execution counts stay.
    """
    clean = nbformat.from_dict(json.loads(json.dumps(notebook)))
    clean.metadata = NotebookNode(kernelspec=_KERNELSPEC, language_info=_LANGUAGE, toysae=about)
    clean.nbformat, clean.nbformat_minor = 4, 5
    seen: dict[str, int] = {}
    for cell in clean.cells:
        cell.id = _identify(cell, seen)
        cell.metadata = NotebookNode({key: cell.metadata[key] for key in _CELL_METADATA if cell.metadata.get(key)})
        if cell.cell_type == "code":
            cell.outputs = [_steady(output) for output in _join_streams(cell.outputs)]
    return clean


def to_bytes(notebook: NotebookNode) -> bytes:
    """The file of a notebook, sorted and indented as JupyterLab does."""
    return (nbformat.writes(notebook).rstrip("\n") + "\n").encode()


def _identify(cell: NotebookNode, seen: dict[str, int]) -> str:
    digest = hashlib.sha256(f"{cell.cell_type}\n{cell.source}".encode()).hexdigest()[:10]
    seen[digest] = seen.get(digest, 0) + 1
    return digest if seen[digest] == 1 else f"{digest}-{seen[digest]}"


def _join_streams(outputs: list[NotebookNode]) -> list[NotebookNode]:
    joined: list[NotebookNode] = []
    for output in outputs:
        previous = joined[-1] if joined else None
        if output.output_type == "stream" and previous and previous.get("name") == output.name:
            previous.text += output.text
        else:
            joined.append(output)
    return joined


def _steady(output: NotebookNode) -> NotebookNode:
    if output.output_type == "stream":
        output.text = _mask(re.sub(r"[^\n]*\r(?!\n)", "", output.text))
    elif output.output_type == "error":
        output.traceback = [_mask(line) for line in output.traceback]
    else:
        output.data.update({mime: _mask(text) for mime, text in output.data.items() if mime.startswith("text/")})
    return output


def _mask(text: str) -> str:
    return _ADDRESS.sub("0x...", text)
