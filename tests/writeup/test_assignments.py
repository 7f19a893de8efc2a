"""What is asked of a run: a refusal names what is wrong, and costs nothing."""

import pytest
from tiny_project import files_below, make_tiny_project

from toysae.chapters.parameters import PARAMETERS
from toysae.writeup import crew
from toysae.writeup.__main__ import main
from toysae.writeup.assignments import parse_assignments

PUBLISHED = {
    "n_features": 3, "k_active": 2, "n_latents": 3, "mu": 1.0, "sigma": 0.1, "l1_coeff": 0.1, "lr": 0.01,
    "n_steps": 3000, "n_saes": 64, "seed": 0, "decoder_bias": False, "init": "random-sign", "threshold": 0.95,
}  # fmt: skip


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("l1_coeff=1e-3", 0.001),
        ("sigma=1", 1.0),
        ("seed=3", 3),
        ("decoder_bias=true", True),
        ("decoder_bias=True", True),
        ("decoder_bias=false", False),
        ("init=positive", "positive"),
    ],
)
def test_a_word_is_read_by_the_type_of_its_parameter(word, value):
    parsed = parse_assignments([word], PUBLISHED, PARAMETERS)[word.partition("=")[0]]
    assert parsed == value
    assert type(parsed) is type(value)


BAD_WORDS = [
    ("sigma", "name=value"),
    ("=3", "name=value"),
    ("sigmaa=0.5", "did you mean sigma?"),
    ("SIGMA=0.5", "unknown parameter"),
    ("sigma=abc", "must be a number"),
    ("sigma=", "must be a number"),
    ("sigma=nan", "must be a number"),
    ("seed=1.5", "must be a whole number"),
    ("seed=1e3", "must be a whole number"),
    ("init=posittive", "one of"),
    ("mu=1", "unknown parameter"),
]


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    return make_tiny_project(tmp_path_factory.mktemp("bad input") / "project")


def refused(project, words, monkeypatch, capsys) -> str:
    """What the command says when it refuses, after checking that it did nothing else."""

    def no_kernel(*_):
        raise AssertionError("a kernel was started")

    monkeypatch.setattr(crew, "_Worker", no_kernel)
    before = files_below(project.root)
    assert main(words, project) == 2
    assert files_below(project.root) == before
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    return said.err


@pytest.mark.parametrize(("word", "remark"), BAD_WORDS)
def test_a_bad_parameter_exits_2_with_one_line_and_nothing_done(project, word, remark, monkeypatch, capsys):
    assert remark in refused(project, ["run", "01_first", word], monkeypatch, capsys)


def test_a_parameter_given_twice_is_refused(project, monkeypatch, capsys):
    assert "twice" in refused(project, ["run", "01", "seed=1", "seed=2"], monkeypatch, capsys)


@pytest.mark.parametrize(
    ("name", "remark"),
    [("01_frist", "did you mean 01_first?"), ("07", "01_first, 02_second"), ("", "known:"), ("01_", "01_first")],
)
def test_an_unknown_notebook_exits_2_with_the_nearest_known_name(project, name, remark, monkeypatch, capsys):
    said = refused(project, ["run", name], monkeypatch, capsys)
    assert "unknown notebook" in said
    assert remark in said


@pytest.mark.parametrize("words", [[], ["sweep"], ["run"], ["reproduce", "--fast"]])
def test_an_unknown_command_exits_2_with_one_line(words, capsys):
    with pytest.raises(SystemExit) as exit:
        main(words)
    assert exit.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize("wanted", ["01", "01_first", "01_first.py", "01_first.ipynb", "notebooks/01_first.py"])
def test_a_notebook_is_found_by_its_number_its_name_or_its_file(project, wanted):
    assert project.find(wanted) == "01_first"


@pytest.mark.parametrize("wanted", ["/some/where/01_first.py", "elsewhere/01_first.py", "notebooks/../01_first.py"])
def test_a_notebook_of_another_place_is_refused(tmp_path, wanted):
    with pytest.raises(ValueError, match="it does not lie in notebooks/ of this checkout"):
        make_tiny_project(tmp_path / "project").find(wanted)


def test_a_notebook_may_be_named_by_its_path(tmp_path):
    project = make_tiny_project(tmp_path / "project")
    assert project.find("notebooks/01_first.py") == project.find(str(project.executed("01_first"))) == "01_first"
