"""Rules see the seeds that choose, and no others; a draw of seeds is a contest among those that were drawn."""

import numpy as np
import pandas as pd
import pytest

from toysae.sweeps.contests import (
    ROW,
    SCORES,
    Contest,
    most_features,
    nearest_true_l0,
    sparsest_good_enough,
)

TRIED = {
    "l0": np.array([0.5, 1.2, 2.1, 3.0]),
    "explained_variance": np.array([0.5, 0.92, 0.99, 1.0]),
    "found": np.array([0.2, 0.1, 0.6, 0.6]),
    "mcc": np.array([0.9, 0.9, 0.7, 0.8]),
}
TWO = np.array(2.0)


def first(tried, n):
    return {score: values[:n] for score, values in tried.items()}


def test_rules_choose_by_what_they_are_told():
    assert sparsest_good_enough(TRIED, TWO) == 1
    assert sparsest_good_enough(first(TRIED, 1), TWO) == 0  # none is good enough
    assert nearest_true_l0(TRIED, TWO) == 2
    assert nearest_true_l0(TRIED, np.array(0.1)) == 0
    assert most_features(TRIED, TWO) == 3


def test_the_blind_rule_does_not_see_the_answer():
    other = TRIED | {"found": np.array([1.0, 0, 0, 0]), "mcc": np.array([1.0, 0, 0, 0])}
    assert sparsest_good_enough(other, TWO) == sparsest_good_enough(TRIED, np.array(7.0))


@pytest.mark.parametrize("rule", [sparsest_good_enough, nearest_true_l0, most_features])
def test_a_setting_that_was_not_tried_is_never_chosen(rule):
    """Where a contestant has fewer settings than another there is no number, also where none is good enough."""
    for tried in (TRIED, TRIED | {"explained_variance": np.full(4, 0.1)}):
        padded = {score: np.append(values, np.nan) for score, values in tried.items()}
        assert rule(padded, TWO) == rule(tried, TWO)


def table(found_by_setting, seeds, name="b", task="a"):
    """Settings that explain the same; the earlier one is sparser."""
    rows = [
        {"setting": setting, "seed": seed, "found": found(seed), "l0": 1.0 + i, "explained_variance": 1.0, "mcc": 1.0}
        for i, (setting, found) in enumerate(found_by_setting.items())
        for seed in seeds
    ]
    given = pd.DataFrame(rows).assign(task=task, contestant=name, n_features=2, absorption=np.nan, extra_cost=0.0)
    counted = given.assign(found_90=given["found"], composite=0, composite_90=0)
    return counted.assign(role=np.where(counted["seed"] < 2, "selecting", "scored"))


def test_settings_are_chosen_on_some_seeds_and_scored_on_the_others():
    settings = {1.0: lambda seed: 2 * (seed < 2), 2.0: lambda seed: 1}
    contest = Contest.of(table(settings, range(5)), {"a": 1.0})
    assert contest.n_seeds == (2, 3)
    assert contest.choices("told the features") == {("a", "b"): 1.0}  # best where it was chosen, worst where it counts
    assert contest.means(["found"], ["told the features"])().item() == 0


def test_a_share_of_one_half_is_exactly_one_half():
    """Three features, found by thirds: floating-point shares would add up to something else."""
    given = table({1.0: lambda seed: seed % 4}, range(2, 34)).assign(n_features=3)
    both = pd.concat([table({1.0: lambda seed: 0}, range(2)).assign(n_features=3), given])
    assert Contest.of(both, {"a": 1.0}).means(["found"])().item() == 0.5


def test_a_draw_of_seeds_is_the_contest_among_those():
    settings = {1.0: lambda seed: seed % 2, 2.0: lambda seed: 2 - seed % 3}
    contest = Contest.of(table(settings, range(6)), {"a": 1.0})
    rule = ["told the features"]
    only = {seed: contest.means(["found"], rule)(np.array([0, 0]), np.array([seed, seed])).item() for seed in range(4)}
    assert only == {0: 0.0, 1: 1.0, 2: 0.5, 3: 0.0}  # setting 2.0, which seed 0 prefers, at seeds 2 to 5


def test_missing_settings_do_not_reach_the_means():
    one, other = (
        table({1.0: lambda seed: 1}, range(5)),
        table({1.0: lambda seed: 1, 2.0: lambda seed: 2}, range(5), "c"),
    )
    contest = Contest.of(pd.concat([one, other]), {"a": 1.0})
    assert contest.means(["found"], ["told the features"])().ravel().tolist() == [0.5, 1.0]


def test_a_part_of_a_contest_is_in_the_order_that_is_given():
    parts = [table({1.0: lambda seed, n=n: n}, range(5), name) for n, name in enumerate("bcd")]
    contest = Contest.of(pd.concat(parts), {"a": 1.0}).among(names=["d", "b"])
    assert contest.names == ("d", "b") and contest.means(["found"])().ravel().tolist() == [1.0, 0.0]


def test_two_contestants_of_one_name_are_refused():
    given = table({1.0: lambda seed: 1}, range(3))
    with pytest.raises(ValueError, match="contestant is 'b' in two rows"):
        Contest.of(pd.concat([given, given]), {"a": 1.0})


def test_a_contest_that_is_not_told_the_true_l0_refuses_the_rule_that_needs_it():
    rows = [
        dict.fromkeys(SCORES, 1.0) | dict.fromkeys(ROW, 0) | {"n_features": 2, "role": role, "seed": seed}
        for seed, role in enumerate(("selecting", "scored"))
    ]
    untold = Contest.of(pd.DataFrame(rows))
    assert untold.chosen().shape == (1, 1)
    with pytest.raises(ValueError, match="true_l0 is left out"):
        untold.chosen("told the true L0")
