"""Rules see the seeds that choose, and no others; intervals are Student's."""

import numpy as np
import pandas as pd
import pytest

from toysae.chapters.remedies.contest import seeds_of
from toysae.chapters.remedies.tuning import (
    most_features,
    nearest_true_l0,
    paired,
    sparsest_good_enough,
    tuned,
    versus,
)

TRIED = pd.DataFrame(
    {
        "l0": [0.5, 1.2, 2.1, 3.0],
        "explained_variance": [0.5, 0.92, 0.99, 1.0],
        "found": [0.2, 0.1, 0.6, 0.6],
        "mcc": [0.9, 0.9, 0.7, 0.8],
    },
    index=[10.0, 20.0, 30.0, 40.0],
)


def test_rules_choose_by_what_they_are_told():
    assert sparsest_good_enough(TRIED, 2) == 20
    assert sparsest_good_enough(TRIED.iloc[:1], 2) == 10
    assert nearest_true_l0(TRIED, 2) == 30
    assert nearest_true_l0(TRIED, 0.1) == 10
    assert most_features(TRIED, 2) == 40


def test_the_blind_rule_does_not_see_the_answer():
    other = TRIED.assign(found=[1.0, 0.0, 0.0, 0.0], mcc=[1.0, 0.0, 0.0, 0.0])
    assert sparsest_good_enough(other, 2) == sparsest_good_enough(TRIED, 7)


def scored(found_by_setting, seeds):
    rows = [
        {"setting": setting, "seed": seed, "found": found(seed), "l0": 1.0, "explained_variance": 1.0, "mcc": 1.0}
        for setting, found in found_by_setting.items()
        for seed in seeds
    ]
    return pd.DataFrame(rows).assign(task="a", contestant="b")


def test_settings_are_chosen_on_some_seeds_and_scored_on_the_others():
    table = scored({1.0: lambda seed: float(seed < 2), 2.0: lambda seed: 0.5}, range(5))
    chosen = tuned(table, [0, 1], {"a": 1.0}).query("rule == 'told the features'")
    assert chosen["setting"].tolist() == [1.0] * 3  # best where it was chosen, worst where it is scored
    assert chosen["found"].tolist() == [0.0] * 3
    assert chosen["seed"].tolist() == [2, 3, 4]


def test_two_contestants_of_one_name_are_refused():
    table = scored({1.0: lambda seed: 0.5}, range(3))
    with pytest.raises(ValueError, match="contestant is 'b' in two rows"):
        tuned(pd.concat([table, table]), [0], {"a": 1.0})


def test_seeds_that_choose_are_never_scored():
    everyone, selecting = seeds_of(2, 8)
    assert len(everyone) == 12 and list(everyone[:4]) == list(selecting)
    assert not set(everyone) & set(seeds_of(3, 8)[0])


def test_pairs_are_compared_seed_by_seed():
    worse = scored({1.0: lambda seed: seed / 10, 2.0: lambda seed: seed / 5}, range(4))
    better = worse.assign(contestant="c", found=worse["found"] + 0.25)
    table = pd.concat([worse, better.iloc[::-1]])
    np.testing.assert_allclose(paired(table, "c", "b", "found"), 0.25)
    difference = versus(table, "c", "b", "found")
    assert difference.mean == pytest.approx(0.25) and difference.high - difference.low < 1e-9 and difference.n == 4
