"""The specification of parameters: what it refuses."""

import pytest

from toysae.chapters.parameters import RULES, SPECIFICATIONS, Choice, Number, Whole, check_parameters

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
