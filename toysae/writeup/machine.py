"""What a run is made with, as far as it may show in its numbers: versions and the kind of processor."""

import os
import platform
import re
import sys
from contextlib import suppress
from importlib import metadata
from pathlib import Path

_LIBRARIES = ("torch", "numpy", "scipy", "scikit-learn", "matplotlib")
_MODEL = re.compile(r"^model name\s*:\s*(.+)$", re.MULTILINE)


def versions() -> dict[str, str]:
    """Python and the libraries that compute and draw, those that are installed."""
    found = {"Python": ".".join(map(str, sys.version_info[:3]))}
    for library in _LIBRARIES:
        with suppress(metadata.PackageNotFoundError):
            found[library] = metadata.version(library)
    return found


def processor() -> str:
    """The kind of processor, and which of its instructions torch was told to use."""
    told = os.environ.get("ATEN_CPU_CAPABILITY")
    return f"{_model() or platform.machine()}{f', as {told}' if told else ''}"


def _model() -> str:
    try:
        found = _MODEL.search(Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace"))
    except OSError:  # not Linux
        return platform.processor()
    return found.group(1).strip() if found else ""
