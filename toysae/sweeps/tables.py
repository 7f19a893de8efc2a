"""Tables as files."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


def write_table(table: pd.DataFrame, path: str | Path, made_from: dict) -> None:
    """Writes a table as CSV, floats with all their digits, and beside it, as JSON, what it was made from."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    _replace(path.with_suffix(".json"), json.dumps(made_from, indent=1) + "\n")
    _replace(path, table.to_csv(index=False, lineterminator="\n"))


def read_table(path: str | Path) -> pd.DataFrame:
    """The table that write_table wrote, floats to their last digit."""
    import pandas as pd

    return pd.read_csv(path)


def _replace(path: Path, text: str) -> None:
    """The file appears whole or not at all."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        draft.write_text(text)
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)
