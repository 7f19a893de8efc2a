"""A project small enough to execute in a test: two notebooks that need no torch, beside the real book settings."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from toysae.writeup.project import Project

ROOT = Path(__file__).resolve().parents[1]

FIRST = r"""# %% [markdown]
# # A first chapter
#
# The sum $\sum_i a_i v_i$ comes back in [the second](02_second.ipynb).

# %% tags=["parameters"]
sigma: float = 0.1  # standard deviation
seed: int = 0  # seed
init: str = "positive"  # initial rows

# %%
from toysae.chapters.parameters import check_parameters
from toysae.claims import claim, say, show

check_parameters(globals())

# %% tags=["remove-input"]
say(f"Here $\\sigma$ is {sigma}.")
claim(
    "no-atoms",
    (sigma < 0.3, "At {sigma:g} no atom.", "reproduced"),
    (True, "At {sigma:g} an atom.", "differs"),
    evidence={"sigma": sigma, "the_seed": seed},
    source="seed",
)

# %%
print(object())
{1, 2, 3}
"""

SECOND = """# %% [markdown]
# # A second chapter

# %% tags=["parameters"]
seed: int = 0  # seed

# %%
import os
import time
from pathlib import Path

import matplotlib.pyplot as plt

from toysae.claims import claim, show

# %%
if "TINY_SLEEP" in os.environ:
    Path(os.environ["TINY_SLEEP"]).write_text(str(os.getpid()))
    time.sleep(600)

# %%
assert "TINY_ERROR" not in os.environ, "asked to fail"

# %%
figure, axes = plt.subplots(figsize=(3, 2))
axes.plot([0, 1], [seed, 1])
alt = 'A line: "rising", and # alone'
show(figure, f"The line starts at {seed}.", "Read it from the left.", alt=alt, name="a_line")

# %% tags=["remove-input"]
claim("even", ("TINY_FALSE" not in os.environ, "It is even.", "holds"), (True, "It is odd.", "does not hold"))
"""

INDEX = """# The book

<!-- finding: first/no-atoms -->

<!-- slot: chapters -->

<!-- slot: studies -->

[All claims](claims.md) have a page of their own.

<!-- slot: about -->
"""

_MAIN = """
import os
import sys
from pathlib import Path
from toysae.writeup import book, warm
from toysae.writeup.__main__ import main
from toysae.writeup.project import Project
if "TINY_FRESH" in os.environ:  # as on macOS
    warm.FORKS = False
if "TINY_NO_BOOK" in os.environ:  # Sphinx takes seconds, and is no matter in most tests of the runner
    book.build = lambda project: project.book / "index.html"
sys.exit(main(sys.argv[2:], Project(Path(sys.argv[1]))))
"""


def make_tiny_project(root: Path) -> Project:
    """Two notebooks, a package folder and pinned versions below root, whose name may hold a space."""
    project = Project(root)
    project.notebooks.mkdir(parents=True)
    project.package.mkdir()
    project.source("01_first").write_text(FIRST)
    project.source("02_second").write_text(SECOND)
    (project.package / "science.py").write_text("answer = 42\n")
    (root / "constraints.txt").write_text("torch==2\n")
    (project.notebooks / "index.md").write_text(INDEX)
    for name in ("conf.py", "glossary.md"):
        shutil.copyfile(ROOT / "notebooks" / name, project.notebooks / name)
    shutil.copytree(ROOT / "notebooks" / "_static", project.notebooks / "_static")
    return project


def command(project: Project, *words: str) -> list[str]:
    """The command line of the write-up, for another project than this checkout."""
    return [sys.executable, "-c", _MAIN, str(project.root), *words]


def environment(**extra: str) -> dict[str, str]:
    """The environment of such a command: this checkout's package comes first."""
    return os.environ | {"PYTHONPATH": str(ROOT)} | extra


def call(project: Project, *words: str, **extra: str) -> subprocess.CompletedProcess:
    """Run such a command to its end."""
    told = environment(**extra)
    return subprocess.run(command(project, *words), env=told, capture_output=True, text=True, timeout=300)


def files_below(folder: Path) -> dict[str, bytes]:
    """Every file with its content, to tell whether anything was written."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def alive(process_id: int) -> bool:
    try:
        return Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
