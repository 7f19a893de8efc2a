"""The point of the sweep over seeds: a notebook with another seed, in a process of its own, and what it then claims.

This module imports nothing of ours, so that what the journal holds stays good whatever else changes.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys


def outcomes(notebook: str, code: str, seed: int) -> list[dict]:
    """One row for each claim of the notebook: claim, case, verdict. Where a cell fails, one row that tells the failure.

    notebook  its name, 01_minimal_example
    code      the hash of what decides its cases: results of other code are other results
    seed      the notebook's parameter of that name; the others are the published ones
    """
    told = _executed(notebook, seed)
    if told["failure"]:
        return [{"claim": "", "case": "", "verdict": "", "failure": told["failure"]}]
    return [claim | {"failure": ""} for claim in told["claims"]]


def _executed(notebook: str, seed: int) -> dict:
    """What the write-up says that the notebook claims. Raises RuntimeError if it says nothing."""
    command = [sys.executable, "-m", "toysae.writeup", "outcomes", notebook, f"seed={seed}"]
    alone = os.environ | {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "PYTHONHASHSEED": "0"}
    ended = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, env=alone)
    try:
        return json.loads(ended.stdout.splitlines()[-1])
    except (IndexError, ValueError):
        last_words = (ended.stderr.strip() or "without a word").splitlines()[-1]
        raise RuntimeError(
            f"{notebook} with seed={seed} ended with exit code {ended.returncode}: {last_words}"
        ) from None
