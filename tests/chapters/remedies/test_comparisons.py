"""Families of the contest: what was planted is found, what is noise is not, and the choice of settings is repeated."""

import numpy as np
import pandas as pd
import pytest

from toysae.chapters.remedies import comparisons
from toysae.chapters.remedies.comparisons import key, surely
from toysae.chapters.remedies.tuning import SCORES, Contest

SETTINGS, SEEDS = (0.5, 1.0, 2.0), range(24)


def contest(**mcc_of):
    """Contestants by name: a function of setting, seed and a standard normal number gives their MCC on two tasks."""
    generator = np.random.default_rng(0)
    rows = [
        dict.fromkeys(SCORES, 1.0)
        | {"task": task, "contestant": name, "setting": setting, "seed": seed, "l0": setting, "n_features": 2}
        | {"mcc": mcc(setting, seed, generator.normal()), "role": "selecting" if seed < 8 else "scored"}
        | {"absorption": np.nan if task == "a" else setting}
        for task in "ab"
        for name, mcc in mcc_of.items()
        for setting in SETTINGS
        for seed in SEEDS
    ]
    return Contest.of(pd.DataFrame(rows), {"a": 1.0, "b": 2.0})


PLANTED = contest(
    plain=lambda setting, seed, z: 0.5 + 0.02 * z,
    better=lambda setting, seed, z: 0.6 + 0.02 * z,
    worse=lambda setting, seed, z: 0.4 + 0.02 * z,
    alike=lambda setting, seed, z: 0.5 + 0.02 * z,
)


def test_planted_differences_are_sure_and_noise_is_not():
    family = comparisons.versus(PLANTED, "plain", ["mcc", "found"])
    assert surely(family, "mcc", more=True) == ["better"]
    assert surely(family, "mcc", more=False) == ["worse"]
    assert surely(family, "found", more=True) == surely(family, "found", more=False) == []
    assert family[key("better", "mcc")].mean == pytest.approx(0.1, abs=0.02)
    assert family[key("alike", "found")].mean == 0.0 and len(family) == 6


def test_an_unstable_choice_of_settings_widens_the_interval():
    """Scored seeds agree on every setting; which one is chosen hangs on seeds that select."""
    split = contest(
        plain=lambda setting, seed, z: 0.5,
        torn=lambda setting, seed, z: {0.5: 0.9, 1.0: 0.5, 2.0: 0.5}[setting],
    )
    explained = SCORES.index("explained_variance")
    split.selecting[explained, :, 1, 0] = np.where(np.arange(8) < 5, 0.95, 0.8)  # enough variance in five of eight
    torn = comparisons.versus(split, "plain", ["mcc"])[key("torn", "mcc")]
    assert torn.low == pytest.approx(0.0) and torn.high == pytest.approx(0.4)
    assert not torn.surely_more


def test_levels_and_what_lies_beyond_a_level():
    levels = comparisons.levels(PLANTED, ["mcc"])
    assert levels[key("worse", "mcc")].mean == pytest.approx(0.4, abs=0.02)
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


def test_a_contestant_against_itself_is_another_half_of_its_seeds():
    stepped = contest(plain=lambda setting, seed, z: float(seed >= 12))
    assert (comparisons.seeds_against_seeds(stepped, "plain", ["mcc"])["mcc"] == -1).all()


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
