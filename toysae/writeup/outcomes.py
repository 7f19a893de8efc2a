"""What the claims of one notebook come to with some parameters, and nothing else: no kernel, no pictures, no page."""

import os
import sys
import tempfile
import threading
import time
from typing import Any

from toysae.claims import prose
from toysae.claims.record import Published
from toysae.writeup import records
from toysae.writeup.project import Project

_QUIET = {"MPLBACKEND": "agg", "TQDM_DISABLE": "1", "OMP_NUM_THREADS": "1"}


def outcomes(project: Project, name: str, parameters: dict[str, Any]) -> dict[str, Any]:
    """The claims of a notebook, each with its case and verdict; or "failure", in one line, where a cell failed.

    Executes the notebook in this process, which ends when the one that started it does.
    """
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    prose.draw_nothing()
    with tempfile.TemporaryDirectory() as folder:
        os.environ.update(_QUIET | {"IPYTHONDIR": folder})
        from toysae.writeup import shell  # IPython looks where its files are when it is imported

        if "torch" in sys.modules:
            sys.modules["torch"].set_num_threads(1)  # a sum in another order has other last digits
        os.chdir(project.notebooks)
        try:
            notebook = shell.executed(project.source(name), parameters)
            claims = records.claims_of(name, notebook, Published())
        except Exception as problem:
            return {"claims": [], "failure": str(problem).strip().splitlines()[-1]}
    found = [{"claim": claim.id, "case": claim.case, "verdict": claim.word} for claim in claims]
    return {"claims": found, "failure": ""}


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)
