"""Stamps: an executed notebook is fresh until anything that it depends on is another."""

import pytest

from toysae.writeup import stamps
from toysae.writeup.project import Project

FILES = {
    "notebooks/01_some.py": "x = 1\n",
    "notebooks/01_some.ipynb": "{}\n",
    "notebooks/02_other.py": "y = 1\n",
    "notebooks/tables/remedies.csv": "a\n1\n",
    "notebooks/tables/seeds.csv": "a\n1\n",
    "toysae/__init__.py": "",
    "toysae/live/page.css": "",
    "toysae/live/page.js": "",
    "toysae/saes/training.py": "z = 1\n",
    "constraints.txt": "torch==2\n",
}


@pytest.fixture
def executed(tmp_path):
    """A project whose first notebook was just executed."""
    for path, text in FILES.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    project = Project(tmp_path)
    stamps.put(project, "01_some", stamps.sources_hash(project, "01_some"), 3.21)
    return project


def test_what_was_just_executed_is_fresh(executed):
    assert stamps.is_fresh(executed, "01_some") and stamps.seconds_of(executed, "01_some") == 3.2
    assert not stamps.is_fresh(executed, "02_other") and stamps.seconds_of(executed, "02_other") is None


@pytest.mark.parametrize("path", sorted(FILES.keys() - {"notebooks/02_other.py", "notebooks/tables/seeds.csv"}))
def test_a_change_of_anything_that_it_depends_on_is_seen(executed, path):
    (executed.root / path).write_text(FILES[path] + "# changed\n")
    assert not stamps.is_fresh(executed, "01_some")


def test_files_that_come_and_go_are_seen(executed):
    for path in ("toysae/new.py", "notebooks/tables/new.csv"):
        (executed.root / path).write_text("")
        assert not stamps.is_fresh(executed, "01_some")
        (executed.root / path).unlink()
    assert stamps.is_fresh(executed, "01_some")
    executed.executed("01_some").unlink()
    assert not stamps.is_fresh(executed, "01_some")


@pytest.mark.parametrize("path", ["notebooks/02_other.py", "notebooks/tables/seeds.csv"])
def test_other_notebooks_and_what_only_is_made_of_them_may_change(executed, path):
    (executed.root / path).write_text("changed")
    assert stamps.is_fresh(executed, "01_some")
