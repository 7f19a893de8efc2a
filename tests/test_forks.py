"""Notebooks executed without kernels: they say what they say in a kernel, and nothing that goes wrong stays unseen."""

from contextlib import closing

import forks
import pytest
from tiny_project import make_tiny_project

from toysae.claims.record import Published
from toysae.writeup import crew, pairs, records
from toysae.writeup.board import Board

PARAMETERS = """# %% tags=["parameters"]
sigma: float = 0.1  # standard deviation

# %%
"""
CELLS = {
    "raises": "x = 1\nx / 0",
    "shows-what-cannot-be-shown": "class Broken:\n    def _repr_html_(self):\n        return 1 / 0\n\n\nBroken()",
    "is-no-python": "x = = 1",
    "dies": "import os\n\nprint('last words', flush=True)\nos._exit(1)",
    "leaves": "import sys\n\nsys.exit(3)",
    "claims-twice": "from toysae.claims import claim\n\n"
    + 2 * 'claim("same", (sigma < 1, "It is.", "holds"), (True, "It is not.", "does not hold"))\n',
    "sees-the-parameter": "sigma",
    "sees-it-in-globals": "globals()['sigma']",
    "dirties": "import builtins, json\n\nbuiltins.dirt = json.dirt = 1\ndirt",
    "is-clean": "import builtins, json\n\nhasattr(builtins, 'dirt'), hasattr(json, 'dirt')",
    "defines": "import dataclasses\n\n\n@dataclasses.dataclass\nclass Point:\n    x: int\n\n\nPoint(3)",
    "is-silent": "sigma;",
}


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """Small notebooks, each with one of these cells."""
    folder = tmp_path_factory.mktemp("forks")
    for name, cell in CELLS.items():
        (folder / f"{name}.py").write_text(PARAMETERS + cell + "\n")
    runs = [forks.Run(name, str(folder / f"{name}.py"), {"sigma": 0.5}) for name in CELLS]
    return forks.execute(runs, folder)


REASONS = {
    "raises": ("ZeroDivisionError", "x / 0"),
    "shows-what-cannot-be-shown": ("ZeroDivisionError", "return 1 / 0"),
    "is-no-python": ("SyntaxError", "x = = 1"),
    "dies": ("ended without a word", "last words"),
    "leaves": ("SystemExit", "3"),
    "claims-twice": ("ValueError", "'same' is used 2 times"),
}


@pytest.mark.parametrize(("name", "words"), REASONS.items(), ids=REASONS)
def test_what_goes_wrong_is_told_with_its_place(results, name, words):
    assert results[name].notebook is None
    for word in words:
        assert word in results[name].reason


SHOWN = {
    "sees-the-parameter": ["0.5"],
    "sees-it-in-globals": ["0.5"],
    "dirties": ["1"],
    "is-clean": ["(False, False)"],
    "defines": ["Point(x=3)"],
    "is-silent": [],
}


@pytest.mark.parametrize(("name", "shown"), SHOWN.items(), ids=SHOWN)
def test_every_run_begins_clean_with_its_parameters_and_shows_its_last_line(results, name, shown):
    assert results[name].reason == ""
    assert [output.data["text/plain"] for output in records.outputs_of(results[name].notebook)] == shown


def test_every_small_notebook_is_looked_at():
    assert set(CELLS) == set(REASONS) | set(SHOWN)


def test_a_notebook_says_what_it_says_in_a_kernel(tmp_path):
    project, parameters = make_tiny_project(tmp_path / "project"), {"sigma": 0.5, "init": "random-sign"}
    source, executed = project.source("01_first"), tmp_path / "01_first.ipynb"
    jobs = [crew.Job("01_first", source, executed, tmp_path / "part", project.published, parameters)]
    with closing(crew.execute(jobs, tmp_path, Board())) as outcomes:
        assert next(outcomes).succeeded
    result = forks.execute([forks.Run("forked", str(source), parameters)], tmp_path)["forked"]
    in_a_kernel = pairs.read_executed(executed)
    assert pairs.cells_of(result.notebook) == pairs.cells_of(in_a_kernel)
    assert records.outputs_of(result.notebook) == records.outputs_of(in_a_kernel)
    assert records.claims_of("01_first", result.notebook, Published())[0].statement == "At 0.5 an atom."
