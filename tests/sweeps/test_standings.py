"""Families of the contest: what was planted is found, what is noise is not, and the choice of settings is repeated."""

import numpy as np
import pytest
from planted_contest import PLANTED, contest

from toysae.sweeps import standings
from toysae.sweeps.contests import SCORES
from toysae.sweeps.standings import key, surely


def test_planted_differences_are_sure_and_noise_is_not():
    family = standings.versus(PLANTED, "plain", ["mcc", "found"])
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
    torn = standings.versus(split, "plain", ["mcc"])[key("torn", "mcc")]
    assert torn.low == pytest.approx(0.0) and torn.high == pytest.approx(0.4)
    assert not torn.surely_more


def test_levels_are_means_with_their_intervals():
    levels = standings.levels(PLANTED, ["mcc"])
    assert levels[key("worse", "mcc")].mean == pytest.approx(0.4, abs=0.02)
    assert levels[key("worse", "mcc")].low < 0.4 < levels[key("worse", "mcc")].high


def test_a_contestant_against_itself_is_another_half_of_its_seeds():
    stepped = contest(plain=lambda setting, seed, z: float(seed >= 12))
    assert (standings.seeds_against_seeds(stepped, "plain", ["mcc"])["mcc"] == -1).all()
