"""Every notebook runs through under other settings, and says only finished sentences."""

import re

import forks
import pytest
from tiny_project import ROOT

from toysae.chapters.parameters import check_parameters
from toysae.writeup import pairs, records
from toysae.writeup.project import Project

PROJECT = Project(ROOT)
QUICK = {"n_steps": 40, "n_saes": 4}
SETTINGS = {
    "01_minimal_example": {
        "no spread": {"sigma": 0.0},
        "much spread": {"sigma": 0.8},
        "a decoder bias": {"decoder_bias": True},
        "two of four": {"n_features": 4, "k_active": 2},
        "six latents": {"n_latents": 6},
        "positive rows": {"init": "positive"},
    },
    "02_larger_example": {
        "no spread": {"sigma": 0.0},
        "much spread": {"sigma": 0.8},
        "a decoder bias": {"decoder_bias": True},
        "three groups": {"n_groups": 3, "n_latents": 9},
        "whole groups": {"k_active": 3, "n_latents": 8},
        "few latents": {"n_latents": 6},
    },
    "05_what_helps": {
        "no spread": {"spread": 0.0},
        "much spread": {"spread": 0.6},
        "hardly ever alone": {"p_alone": 0.02},
        "a high price": {"l1_coeff": 0.6},
        "more than a feature is worth": {"l1_coeff": 1.5},
        "another seed, strict, slow": {"seed": 7, "threshold": 0.99, "lr": 0.001},
    },
    "06_the_bias": {
        "no spread": {"sigma": 0.0},
        "much spread": {"sigma": 0.8},
        "all of three": {"k_active": 3},
        "two of four": {"n_features": 4, "k_active": 2},
        "one latent": {"n_latents": 1},
        "a high price": {"l1_coeff": 1.5},
    },
    "03_why_composites_win": {
        "a low price": {"l1_coeff": 0.01},
        "a high price": {"l1_coeff": 0.6},
        "more than a feature is worth": {"l1_coeff": 1.5},
        "five at once": {"k_active": 5},
        "eight at once, a price near one": {"k_active": 8, "l1_coeff": 0.95},
        "another seed": {"seed": 7},
    },
    "04_when_they_win": {
        "a loose threshold": {"threshold": 0.8},
        "a strict threshold": {"threshold": 0.99},
        "slow": {"lr": 0.001},
        "fast": {"lr": 0.1},
        "another seed": {"seed": 7},
        "another seed, slow": {"seed": 3, "lr": 0.003},
    },
    "07_optimum_and_training": {
        "at most four features": {"n_features": 4, "n_largest": 4},
        "five features": {"n_features": 5},
        "a low price": {"l1_coeff": 0.01},
        "more than a sample is worth": {"l1_coeff": 1.5},
        "fast": {"lr": 0.3},
        "another seed, strict": {"seed": 7, "threshold": 0.999},
    },
    "08_hierarchies": {
        "no spread": {"sigma": 0.0},
        "much spread": {"sigma": 0.8},
        "a frequent child": {"p_child": 0.9},
        "a high price": {"l1_coeff": 0.5},
        "more than a feature is worth": {"l1_coeff": 1.5},
        "another seed, strict": {"seed": 7, "threshold": 0.99},
    },
    "09_correlations": {
        "as correlated as can be": {"correlation": 0.5},
        "hardly correlated, a tight budget": {"correlation": 0.05, "k": 1.2},
        "no spread, few features": {"sigma": 0.0, "n_features": 4},
        "more than a sample is worth": {"l1_coeff": 1.5},
        "fast": {"lr": 0.3},
        "another seed, strict": {"seed": 7, "threshold": 0.99},
    },
    "10_remedies": {
        "no spread": {"spread": 0.0},
        "much spread": {"spread": 0.6},
        "a loose threshold": {"threshold": 0.8},
        "a strict threshold": {"threshold": 0.99},
        "fast": {"lr": 0.1},
        "another seed, slow": {"seed": 7, "lr": 0.001},
    },
    "11_beyond_the_toy": {
        "no spread": {"sigma": 0.0},
        "few at once": {"mean_l0": 2.0},
        "many at once": {"mean_l0": 12.0, "batch_size": 32},
        "more than a feature is worth": {"l1_coeff": 1.5},
        "slow, another seed": {"lr": 0.001, "seed": 7},
        "a loose threshold": {"threshold": 0.8},
    },
}
CASES = [(name, title) for name, settings in SETTINGS.items() for title in settings]
UNFINISHED = re.compile(
    r"\bnan\b|\binf\b|\bNone\b(?! of\b)|tensor\(|array\(|\bTrue\b|\bFalse\b|\{|  +\S|\.\.$|<[a-z]+ object"
)


@pytest.fixture(scope="module")
def results(request, tmp_path_factory):
    """All cases that were picked, executed side by side."""
    picked = {(call.params["name"], call.params["title"]) for call in calls(request) if "title" in call.params}
    cases = [case for case in CASES if case in picked]
    runs = [forks.Run(key(*case), str(PROJECT.source(case[0])), SETTINGS[case[0]][case[1]] | QUICK) for case in cases]
    return forks.execute(runs, tmp_path_factory.mktemp("settings"))


def calls(request):
    """The parameters of the tests of this module that pytest is to run."""
    return [
        item.callspec for item in request.session.items if item.module is request.module and hasattr(item, "callspec")
    ]


def key(name: str, title: str) -> str:
    return f"{name}-{title.replace(' ', '-')}"


@pytest.mark.parametrize(("name", "title"), CASES)
def test_a_notebook_runs_through_and_leaves_no_sentence_unfinished(name, title, results):
    result = results[key(name, title)]
    assert result.notebook, result.reason
    shown = [output.data.get("text/markdown") for output in records.outputs_of(result.notebook)]
    sentences = list(filter(None, shown))
    assert len(sentences) > 5
    for sentence in sentences:
        prose = re.sub(r"\$[^$]*\$|`[^`]*`", "x", sentence)
        assert not UNFINISHED.search(prose), sentence
        assert re.search(r"[.!?:|]\**(</small>)?$", sentence.strip()), sentence


@pytest.mark.parametrize("name", SETTINGS)
def test_every_notebook_is_run_with_six_possible_settings(name):
    published = pairs.published_parameters(pairs.read_source(PROJECT.source(name)))
    assert len(SETTINGS[name]) >= 6
    for setting in SETTINGS[name].values():
        assert set(setting) <= set(published)
        assert {key: published[key] for key in setting} != setting
        check_parameters(published | setting | QUICK)


def test_no_notebook_is_left_out():
    assert set(SETTINGS) == set(PROJECT.names())
