"""The specification of parameters: what it refuses."""

import json
import os
import re

import pytest

from toysae.chapters import parameters
from toysae.chapters.beyond_the_toy.plan import SMALL
from toysae.chapters.parameters import PARAMETERS, RULES, SPECIFICATIONS, Choice, Number, Whole, check_parameters

IMPOSSIBLE = {
    "n_features": [1, 65, 3.0, True, "3", None],
    "k_active": [0, -1, 2.0, 64],
    "n_latents": [0, 257, True],
    "n_groups": [0, 65],
    "group_size": [1, 17],
    "mu": [0, 1e-300, -1, 10.1, float("nan"), float("inf"), "1", False],
    "sigma": [1e-300, 0.0009, -0.1, 10.5, float("nan"), float("-inf")],
    "l1_coeff": [0, 1e-300, -0.1, 2.1, float("nan")],
    "lr": [0, 1e-6, 1.5],
    "n_steps": [0, 100_001, 3000.0],
    "batch_size": [0, 65_536],
    "n_saes": [1, 4096],
    "spread": [1e-9, 0.91],
    "correlation": [0, 1e-300, 0.51],
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
        assert specification.accepts(specification.low) and specification.accepts(specification.high)
        assert specification.accepts(0) is (specification.or_zero or specification.low == 0)
        assert not specification.accepts(specification.low * 0.999 - 1e-9)
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


TWO_GB, TWENTY_GB = 2 * 2**30, 20 * 2**30
LARGE = {"n_latents": 256, "n_features": 25, "k_active": 2, "n_saes": 1024, "batch_size": 16_384}


@pytest.mark.parametrize(
    ("there", "asked", "line"),
    [
        (TWENTY_GB, LARGE, ""),
        (TWO_GB, LARGE, r"n_saes=1024, batch_size=16384: need \d\.\d GB .* 1\.5 GB can be had; n_saes=\d+ would fit"),
        (TWO_GB, LARGE | {"n_saes": 2}, ""),
        (TWENTY_GB, LARGE | {"n_steps": 300, "decoder_bias": False}, r"need \d\d\.\d GB .*; n_saes=\d+ would fit"),
        (TWO_GB, {"mean_l0": 4.0, "n_saes": 8, "batch_size": 16_384}, r"; batch_size=\d+ would fit"),
        (TWO_GB, {"n_groups": 8, "group_size": 3, "n_latents": 24, "n_saes": 64, "batch_size": 128}, ""),
    ],
)
def test_what_memory_cannot_hold_is_refused_with_what_fits(monkeypatch, there, asked, line):
    monkeypatch.setattr(parameters, "memory", lambda: there)
    if not line:
        check_parameters(asked)
        return
    with pytest.raises(ValueError, match=line) as refusal:
        check_parameters(asked)
    fitting = dict(word.split("=") for word in re.findall(r"\w+=\d+", str(refusal.value).split(";")[1]))
    for name, value in fitting.items():
        check_parameters(asked | {name: int(value)})
        with pytest.raises(ValueError, match="would fit"):
            check_parameters(asked | {name: int(value) + 1})


def test_the_memory_of_a_container_counts(monkeypatch, tmp_path):
    whole, limit = parameters.memory(), tmp_path / "memory.max"
    monkeypatch.setattr(parameters, "LIMITS", (str(limit), str(tmp_path / "none")))
    for text, found in {"max": whole, "1000": 1000, str(2**62): whole}.items():
        limit.write_text(text)
        assert parameters.memory() == found


def test_the_benchmark_is_as_large_as_is_thought():
    assert (SMALL["n_features"], SMALL["n_latents"], 0) == parameters.BENCHMARK


def test_every_rule_speaks_of_known_parameters():
    assert all(set(rule.names) <= set(SPECIFICATIONS) for rule in RULES)


def test_a_parameter_that_nobody_specified_is_named_and_so_is_the_place_for_it():
    with pytest.raises(ValueError, match=r"^alpha=1: has no specification in toysae/chapters/parameters\.py$"):
        PARAMETERS.parse("alpha", "1")


# ---- in JupyterLab


CELL = "sigma: float = 0.1  # standard deviation\nseed: int = 0"
FOUND = {"sigma": 0.1, "seed": 0}


def cells(*ran):
    """What a kernel holds after these cells; the last one checks the parameters."""
    return {**FOUND, "In": ["", *ran, "check_parameters(globals())"]}


@pytest.mark.parametrize("typo", ["sigmaa = 0.5", "sigmaa: float = 0.5"])
def test_a_name_in_the_parameters_cell_that_is_no_parameter_is_refused_with_the_nearest(typo):
    with pytest.raises(ValueError, match=r"^unknown parameter 'sigmaa': did you mean sigma\?$"):
        check_parameters(cells(CELL, "other = 3", f"{typo}\nseed: int = 0", "broken ("))


def test_what_other_cells_assign_is_no_parameter_and_neither_is_a_typo_that_was_mended():
    check_parameters(cells("answer: int = 42", "sigmaa: float = 0.5\nseed: int = 0", CELL, "# Parameters\nx = 1"))


@pytest.fixture
def in_lab(tmp_path, monkeypatch):
    """This process takes itself for the kernel of a copy in JupyterLab; returns where the copy lies."""
    copy = tmp_path / "01_some.ipynb"
    copy.write_text(json.dumps({"metadata": {"toysae": {"published": FOUND}}}))
    monkeypatch.setenv("JPY_SESSION_NAME", str(copy))
    return copy


def test_in_lab_a_banner_tells_what_is_not_as_published(in_lab, capsys):
    check_parameters(FOUND)
    assert capsys.readouterr().out == ""
    check_parameters(FOUND | {"sigma": 0.5, "mu": 2.0})
    said = "**This run has other settings than the published one:** `sigma` is 0.5 (published: 0.1)."
    assert said in capsys.readouterr().out


def test_in_lab_a_parameter_of_another_notebook_is_refused(in_lab):
    with pytest.raises(ValueError, match=r"^unknown parameter 'lr': known: sigma, seed$"):
        check_parameters(cells(CELL + "\nlr: float = 0.1"))


@pytest.mark.parametrize("content", [None, "{", "[]", '{"metadata": {"toysae": 3}}', "\udcff"])
def test_a_notebook_that_tells_nothing_of_what_is_published_has_no_banner(in_lab, content, capsys):
    in_lab.unlink()
    if content is not None:
        in_lab.write_bytes(os.fsencode(content))
    check_parameters(FOUND | {"sigma": 0.5})
    assert capsys.readouterr().out == ""
