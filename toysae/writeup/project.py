"""Where things are in a checkout, and what its notebooks are called."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from toysae.claims.words import nearest

LAST_CHAPTER = 5  # the notebooks up to this number are the chapters of the write-up, the others are studies
_CHAPTER = re.compile(r"\d\d_\w+")


def is_chapter(name: str) -> bool:
    """Whether a notebook is a chapter of the write-up; else it is a study."""
    return int(name[:2]) <= LAST_CHAPTER


def spoken(name: str) -> str:
    """What a text calls a notebook: 'chapter 1', 'study 6'."""
    return f"{'chapter' if is_chapter(name) else 'study'} {int(name[:2])}"


@dataclass(frozen=True)
class Project:
    """The paths of one checkout."""

    root: Path

    @classmethod
    def of_this_package(cls) -> "Project":
        """The checkout that this package was imported from. Raises FileNotFoundError if it lies in none."""
        root = Path(__file__).resolve().parents[2]
        if not (root / "notebooks").is_dir():
            raise FileNotFoundError(f"{root}: holds no notebooks/; install the package in place, from its checkout")
        return cls(root)

    @property
    def notebooks(self) -> Path:
        return self.root / "notebooks"

    @property
    def package(self) -> Path:
        return self.root / "toysae"

    @property
    def build(self) -> Path:
        return self.root / "build"

    @property
    def published(self) -> Path:
        """The claims of the published run."""
        return self.notebooks / "published.json"

    @property
    def claims(self) -> Path:
        return self.build / "claims.json"

    @property
    def comparison(self) -> Path:
        """This run beside the published one."""
        return self.build / "comparison.json"

    @property
    def book(self) -> Path:
        return self.build / "book"

    @property
    def bench(self) -> Path:
        return self.build / "bench"

    @property
    def runs(self) -> Path:
        return self.build / "run"

    @property
    def lab(self) -> Path:
        """Copies for JupyterLab."""
        return self.build / "lab"

    @property
    def scratch(self) -> Path:
        """Files on their way to their place: on the same file system, so that a move is one step."""
        return self.build / "scratch"

    def source(self, name: str) -> Path:
        return self.notebooks / f"{name}.py"

    def executed(self, name: str) -> Path:
        return self.notebooks / f"{name}.ipynb"

    def names(self) -> list[str]:
        """The notebooks' names, in the order of the book."""
        return sorted(path.stem for path in self.notebooks.glob("*.py") if _CHAPTER.fullmatch(path.stem))

    def find(self, wanted: str) -> str:
        """The full name behind 01, 01_minimal_example or 01_minimal_example.ipynb. Raises ValueError if none has it."""
        if os.sep in wanted and not self._is_ours(wanted):
            raise ValueError(f"unknown notebook {wanted!r}: it does not lie in notebooks/ of this checkout")
        names = self.names()
        stem = Path(wanted).name.removesuffix(".py").removesuffix(".ipynb")
        matches = [name for name in names if stem in (name, name[:2])]
        if len(matches) != 1:
            raise ValueError(f"unknown notebook {wanted!r}: {nearest(stem, names)}")
        return matches[0]

    def _is_ours(self, path: str) -> bool:
        places = [Path(path), self.root / path]
        return any(place.resolve().parent == self.notebooks.resolve() for place in places)
