"""The specification of parameters: what it refuses, and that a refusal costs nothing."""

import pytest
from tiny_project import files_below, make_tiny_project

from toysae.chapters.parameters import RULES, SPECIFICATIONS, Choice, Number, Whole, parse_assignments
from toysae.writeup import check_parameters, crew
from toysae.writeup.__main__ import main

PUBLISHED = {
    "n_features": 3, "k_active": 2, "n_latents": 3, "mu": 1.0, "sigma": 0.1, "l1_coeff": 0.1, "lr": 0.01,
    "n_steps": 3000, "n_saes": 64, "seed": 0, "decoder_bias": False, "init": "random-sign", "threshold": 0.95,
}  # fmt: skip

IMPOSSIBLE = {
    "n_features": [1, 65, 3.0, True, "3", None],
    "k_active": [0, -1, 2.0],
    "n_latents": [0, 257],
    "n_groups": [0, 65],
    "group_size": [1, 17],
    "mu": [0, -1, 10.1, float("nan"), float("inf"), "1", False],
    "sigma": [-0.1, 10.5, float("nan"), float("-inf")],
    "l1_coeff": [0, -0.1, 2.1, float("nan")],
    "lr": [0, 1e-6, 1.5],
    "n_steps": [0, 100_001, 3000.0],
    "batch_size": [0, 65_537],
    "n_saes": [1, 4097],
    "seed": [-1, 2**31, 0.0],
    "decoder_bias": [0, 1, "true", None],
    "init": ["random", "", 3],
    "threshold": [0.7, 1.0, 10**400],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name in IMPOSSIBLE for value in IMPOSSIBLE[name]])
def test_an_impossible_value_is_refused_in_one_line_that_names_it(name, value):
    with pytest.raises(ValueError, match=name) as refusal:
        check_parameters({name: value})
    message = str(refusal.value)
    assert "\n" not in message
    assert repr(value) in message
    assert SPECIFICATIONS[name].allowed in message


@pytest.mark.parametrize(("name", "specification"), SPECIFICATIONS.items())
def test_the_ends_of_a_range_are_allowed_and_what_lies_beyond_is_not(name, specification):
    assert specification.about
    if isinstance(specification, Whole):
        assert specification.accepts(specification.low)
        assert specification.accepts(specification.high)
        assert not specification.accepts(specification.low - 1)
        assert not specification.accepts(specification.high + 1)
    elif isinstance(specification, Number):
        assert specification.accepts(specification.low) is not specification.above
        assert specification.accepts(specification.high)
        assert not specification.accepts(specification.high * 1.001)
    elif isinstance(specification, Choice):
        assert all(specification.accepts(word) for word in specification.words)
        assert not specification.accepts(specification.words[0] + "x")
    else:
        assert specification.accepts(True)
        assert not specification.accepts(1)


def test_a_whole_number_is_a_fine_value_for_a_real_one():
    check_parameters({"sigma": 1, "mu": 2})


def test_names_that_are_no_parameters_are_let_be():
    check_parameters({"sigma": 0.1, "torch": object(), "alpha": float("nan")})


def test_more_active_features_than_features_are_refused():
    with pytest.raises(ValueError, match=r"k_active=4.*n_features=3"):
        check_parameters({"k_active": 4, "n_features": 3})
    check_parameters({"k_active": 3, "n_features": 3})


def test_every_rule_speaks_of_known_parameters():
    assert all(set(rule.names) <= set(SPECIFICATIONS) for rule in RULES)


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
    parsed = parse_assignments([word], PUBLISHED)[word.partition("=")[0]]
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


@pytest.mark.parametrize("words", [[], ["publish"], ["run"], ["reproduce", "--fast"]])
def test_an_unknown_command_exits_2_with_one_line(words, capsys):
    with pytest.raises(SystemExit) as exit:
        main(words)
    assert exit.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize("wanted", ["01", "01_first", "01_first.py", "01_first.ipynb", "notebooks/01_first.py"])
def test_a_notebook_is_found_by_its_number_its_name_or_its_file(project, wanted):
    assert project.find(wanted) == "01_first"
