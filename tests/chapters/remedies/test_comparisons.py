"""What the chapter compares of a contest: what was planted comes out."""

import numpy as np
import pytest
from planted_contest import PLANTED, SEEDS, SETTINGS, contest

from toysae.chapters.remedies import comparisons
from toysae.sweeps.contests import SCORES
from toysae.sweeps.standings import key


def test_what_lies_beyond_a_level():
    beyond = comparisons.beyond(PLANTED, "mcc", 0.55)
    assert beyond.surely_more == [key("better", task) for task in "ab"]


def test_at_equal_settings_counts_all_seeds_and_the_tasks_that_have_the_score():
    differences = comparisons.at_equal_settings(PLANTED, "better", "plain", ["mcc", "absorption"])
    assert differences["mcc"].shape == (len(SEEDS),) and differences["mcc"].mean() == pytest.approx(0.1, abs=0.02)
    assert (differences["absorption"] == 0).all()
    assert comparisons.mean_at_all_settings(PLANTED, "plain", ["absorption"])["absorption"] == np.mean(SETTINGS)


def test_other_settings_cannot_be_equal():
    other = PLANTED.among(names=["plain", "better"])
    other.settings[1] += 1
    with pytest.raises(ValueError, match="second is 'better'"):
        comparisons.at_equal_settings(other, "plain", "better", ["mcc"])


def test_the_right_count_is_better_where_the_world_decides_and_no_better_where_one_count_serves_all():
    """The k nearest to the true L0s is 1 in the first task and 2 in the second."""
    serves = contest(plain=lambda setting, seed, z: 1.0 * (setting == 2.0))
    by_k = comparisons.right_counts(serves, "plain", "mcc", serves.true_l0)
    assert {k: values.mean() for k, values in by_k.items()} == {"0.5": 0.5, "1": 0.5, "2": -0.5}


def test_knowing_more_adds_what_the_better_setting_gives():
    """Told nothing takes the sparsest setting; the features are at the last."""
    hidden = contest(plain=lambda setting, seed, z: 1.0 * (setting == 2.0))
    found = SCORES.index("found")
    for part in (hidden.selecting, hidden.scored):
        part[found] = np.array([0.0, 0.0, 2.0])[:, None]
    added = comparisons.gains(hidden, ["mcc"])
    assert added[key("told the features", "mcc")].mean == 1.0
    assert added[key("told the true L0", "mcc")].mean == 0.5
