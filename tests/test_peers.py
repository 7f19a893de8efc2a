"""How the tests in tests/peers are run: by "make test-peers", in an environment of their own, not by "make test"."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PYTHON = '#!/bin/sh\necho "$0 $*" >>record\nexit $(cat exit-code)\n'
ENVIRONMENT = """#!/bin/sh
echo environment $1 >>record
place=.venv${1:+-$1}/bin; mkdir -p $place; cp python $place/python; chmod +x $place/python
"""
TESTS = ".venv-peers/bin/python -m pytest -c tests/peers/pytest.ini tests/peers"


@pytest.fixture
def clone(tmp_path):
    """The Makefile, among stand-ins that record what is asked."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    for name, text in {"python": PYTHON, "environment.sh": ENVIRONMENT, "exit-code": "0"}.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def make(clone, *words):
    return subprocess.run(["make", *words], cwd=clone, env={"PATH": os.environ["PATH"]}, capture_output=True, text=True)


def test_they_get_both_environments_and_then_run_in_that_of_the_peers(clone):
    assert make(clone, "test-peers", "ARGS=-k gated*").returncode == 0
    assert (clone / "record").read_text().splitlines() == ["environment", "environment peers", f"{TESTS} -k gated*"]


def test_a_failure_inside_is_a_failure_of_make(clone):
    (clone / "exit-code").write_text("1")
    assert make(clone, "test-peers").returncode != 0


def test_nothing_runs_without_the_peers(clone):
    (clone / "environment.sh").write_text(ENVIRONMENT + "[ -z $1 ]\n")
    assert make(clone, "test-peers").returncode != 0
    assert (clone / "record").read_text().splitlines() == ["environment", "environment peers"]


def test_help_the_readme_and_ci_name_them(clone):
    assert re.search(r"^  test-peers +\S", make(clone).stdout, flags=re.M)
    assert "make test-peers" in (ROOT / "README.md").read_text()
    commands = re.findall(r"^make (\S+)", (ROOT / ".ci" / "run").read_text(), flags=re.M)
    assert commands.index("reproduce") < commands.index("test-peers") < commands.index("test")


def test_make_test_leaves_them_out():
    """They need SAELens, which our own environment has not."""
    asked = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:xdist", "-o", "addopts=", "--rootdir=."]
    patterns = ["--override-ini=python_files=test_files.py test_losses.py test_peers.py"]
    listed = subprocess.run([*asked, *patterns], cwd=ROOT, capture_output=True, text=True)
    assert "tests/test_peers.py" in listed.stdout and "tests/peers/" not in listed.stdout
    assert len(list((ROOT / "tests" / "peers").glob("test_*.py"))) >= 2
