"""The file of finished settings, from which a killed sweep goes on."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from pathlib import Path
from types import TracebackType
from typing import Any


class Journal:
    """Finished settings, one line of JSON each; lines are added and never changed. Key -> rows, like a dict.

    A line counts only if it is whole: it must parse, and hold the checksum of its own content. A line that was cut
    short by a kill or a full disk is as if it had never been written. Used as a context manager; raises ValueError
    when another sweep is writing the same file.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)

    def __enter__(self) -> Journal:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._file = self.path.open("ab+")
        self._lock()
        self._file.seek(0)
        lines = self._file.read().split(b"\n")
        if lines[-1]:  # cut short: what comes next begins a line of its own
            self._file.write(b"\n")
        self._rows = dict(filter(None, map(_entry, lines)))
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._file.close()

    def __contains__(self, key: str) -> bool:
        return key in self._rows

    def __getitem__(self, key: str) -> list[dict]:
        return self._rows[key]

    def __setitem__(self, key: str, rows: list[dict]) -> None:
        entry = {"key": json.loads(key), "rows": rows}
        line = as_text({"checksum": short_hash(as_text(entry)), "entry": entry})
        self._file.write(line.encode() + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())
        self._rows[key] = rows

    def _lock(self) -> None:
        """For this process alone, until it ends, however that comes."""
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._file.close()
            raise ValueError(f"journal is {self.path}: allowed is a file that no other sweep is writing now") from None


def as_text(value: Any) -> str:
    """One text for one JSON value: floats with all their digits, not-a-number included."""
    return json.dumps(value, separators=(",", ":"))


def short_hash(text: str) -> str:
    """Sixteen hexadecimal digits that tell texts apart."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _entry(line: bytes) -> tuple[str, list[dict]] | None:
    """Key and rows of one line, or None where it cannot be trusted."""
    try:
        read = json.loads(line)
        entry = read["entry"]
        whole = as_text(read).encode() == line and read["checksum"] == short_hash(as_text(entry))
        return (as_text(entry["key"]), entry["rows"]) if whole else None
    except (ValueError, KeyError, TypeError):
        return None
