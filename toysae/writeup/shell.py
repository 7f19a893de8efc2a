"""A notebook executed in this process, without a kernel: in an IPython shell that keeps what its cells display.

A process can do this once. Whoever executes several forks, or starts a process for each.
"""

from pathlib import Path
from typing import Any

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from nbformat import NotebookNode
from nbformat.v4 import new_output
from traitlets.config import Config

from toysae.writeup import pairs


class Failed(Exception):
    """A cell raised, or what it ends in could not be displayed."""


class Publisher(DisplayPublisher):
    """Keeps what is displayed, as a kernel would send it."""

    shell: Any

    def publish(self, data: Any, metadata: Any = None, *_: Any, **__: Any) -> None:
        self.shell.outputs.append(new_output("display_data", data=data, metadata=metadata or {}))


class Hook(DisplayHook):
    """Keeps the value that a cell ends in, as a kernel would send it."""

    shell: Any

    def write_output_prompt(self) -> None:
        """None."""

    def write_format_data(self, format_dict: dict, md_dict: dict | None = None) -> None:
        about = {"metadata": md_dict or {}, "execution_count": self.shell.number}
        self.shell.outputs.append(new_output("execute_result", data=format_dict, **about))


class Shell(InteractiveShell):
    """A shell that keeps what its cells display, and what went wrong."""

    def __init__(self, **settings: Any) -> None:
        self.outputs: list[NotebookNode] = []
        self.tracebacks: list[str] = []
        self.number = 0
        super().__init__(**settings)

    def _showtraceback(self, etype: Any, evalue: Any, stb: list[str]) -> None:
        self.tracebacks.append("\n".join(stb))


def executed(source: Path, parameters: dict) -> NotebookNode:
    """The notebook with these parameters, executed. Raises Failed with the traceback of the first cell that fails."""
    from papermill import execute_notebook

    settings = {"InteractiveShell": {"colors": "nocolor"}, "HistoryManager": {"enabled": False}}
    shell = Shell.instance(config=Config(settings), display_pub_class=Publisher, displayhook_class=Hook)
    how = {"kernel_name": "python3", "language": "python", "prepare_only": True, "progress_bar": False}
    notebook = execute_notebook(pairs.read_source(source), None, parameters, **how)  # Papermill puts in the parameters
    for cell in notebook.cells:
        if cell.cell_type == "code":
            _execute(cell, shell)
    return notebook


def _execute(cell: NotebookNode, shell: Shell) -> None:
    shell.number += 1
    cell.execution_count = shell.number
    ended = shell.run_cell(cell.source, store_history=True)  # a last semicolon is looked up there
    cell.outputs, shell.outputs = shell.outputs, []
    if shell.tracebacks or not ended.success:
        raise Failed("\n".join(shell.tracebacks) or repr(ended.error_in_exec))
