"""What a mutant is: a bug that somebody might have put into the package, and the tests that have to notice it.

The lists are the .txt files beside this one. After what they are about they hold

    @ toysae/folder/file.py | tests that are nearest to it
    # name of a bug
    - old text, as it stands in the file, once
    + new text; without it the old one goes

where the text of more lines than one has a - or + before each of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


class Stale(ValueError):
    """The text that a mutant replaces is no longer there exactly once."""


@dataclass(frozen=True)
class Mutant:
    """One bug: in a file, told from the root of the project, the old text becomes the new one.

    tests  the files that are nearest to it, told from tests/
    """

    name: str
    file: str
    tests: tuple[str, ...]
    old: str
    new: str

    def source(self, root: Path = ROOT) -> str:
        """The file with the bug in it. Raises Stale, in one line, unless the old text stands there exactly once."""
        text = (root / self.file).read_text(encoding="utf-8")
        count = text.count(self.old)
        if count != 1:
            first = self.old.strip().splitlines()[0]
            raise Stale(f"{self.name}: {self.file} holds {first!r} {count} times: it has to be there exactly once")
        return text.replace(self.old, self.new)


def read(text: str) -> Iterator[Mutant]:
    """The mutants of one list. Raises ValueError for a line that is none of the above."""
    file, tests = "", ""
    _, *blocks = text.split("\n\n")  # the first says what the list is about
    for block in blocks:
        first, *rest = block.strip("\n").split("\n")
        if first.startswith("@ "):
            file, tests = first[2:].split(" | ")
        elif first.startswith("# ") and all(line[:2] in ("- ", "+ ") for line in rest):
            old, new = ("\n".join(line[2:] for line in rest if line[0] == sign) for sign in "-+")
            yield Mutant(first[2:], file, tuple(tests.split()), old, new)
        else:
            raise ValueError(f"{first!r} is no line of a list of mutants")


LISTED = [mutant for path in sorted(Path(__file__).parent.glob("*.txt")) for mutant in read(path.read_text("utf-8"))]
