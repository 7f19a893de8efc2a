"""What the claims of one notebook come to: nothing else is computed or written, and a failure is told."""

import json

import pytest
from tiny_project import call, files_below, make_tiny_project


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    return make_tiny_project(tmp_path_factory.mktemp("outcomes") / "a project")


def test_the_claims_are_told_with_case_and_verdict_and_nothing_is_written(project):
    before = files_below(project.root)
    ended = call(project, "outcomes", "01", "sigma=0.5")
    assert ended.returncode == 0, ended.stderr
    found = json.loads(ended.stdout.splitlines()[-1])
    assert found == {"claims": [{"claim": "no-atoms", "case": 1, "verdict": "differs"}], "failure": ""}
    assert files_below(project.root) == before


def test_figures_are_left_out_and_claims_after_them_are_not(project):
    found = json.loads(call(project, "outcomes", "02", "seed=3").stdout.splitlines()[-1])
    assert found["claims"] == [{"claim": "even", "case": 0, "verdict": "holds"}]


def test_a_cell_that_fails_is_told_in_one_line(project):
    ended = call(project, "outcomes", "02", TINY_ERROR="1")
    assert ended.returncode == 1
    assert json.loads(ended.stdout.splitlines()[-1]) == {"claims": [], "failure": "AssertionError: asked to fail"}


def test_bad_words_are_refused_before_anything_starts(project):
    ended = call(project, "outcomes", "01", "sigmaa=3")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == "unknown parameter 'sigmaa': did you mean sigma?\n"
