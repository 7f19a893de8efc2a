"""The contest: its tasks, contestants, scores and rules of tuning."""

import math

import numpy as np
import pandas as pd
import pytest
import torch
from torch.nn.functional import normalize

from toysae.chapters.remedies import contestants
from toysae.chapters.remedies.arena import L1_COEFF, TASKS, Task
from toysae.chapters.remedies.contestants import MOST_SETTINGS, Remedy, Shuffled, TrueFeatures, coded, tried
from toysae.chapters.remedies.settings import CONTESTANTS
from toysae.worlds.magnitudes import TwoLevels
from toysae.worlds.named_worlds import hierarchy

PLAN = {"n_steps": 60, "lr": 0.01}


@pytest.fixture(scope="module")
def minimal():
    return TASKS["two of three"](magnitudes=TwoLevels(0.0))


def judged(rows, task):
    return {name: float(value) for name, value in contestants.judged(coded(rows[None], [0]), task).items()}


def test_the_features_and_the_composites_get_the_scores_that_are_due(minimal):
    atoms = judged(torch.eye(3), minimal)
    assert (atoms["found"], atoms["found_90"], atoms["composite"]) == (3, 3, 0)
    assert atoms["mcc"] == pytest.approx(1) and atoms["l0"] == pytest.approx(2)
    composites = judged(minimal.world.composites(), minimal)
    assert (composites["found"], composites["composite"], composites["composite_90"]) == (0, 3, 3)
    assert composites["l0"] == pytest.approx(1)
    # Pythagoras: two atoms cost 2 (c - c^2 / 2), one composite sqrt(2) c - c^2 / 2, and nothing is cheaper
    best = math.sqrt(2) * L1_COEFF - L1_COEFF**2 / 2
    assert composites["extra_cost"] == pytest.approx(0, abs=1e-6)
    assert composites["loss"] == pytest.approx(best, rel=1e-5)
    assert atoms["extra_cost"] == pytest.approx((2 * L1_COEFF - L1_COEFF**2) / best - 1, rel=1e-5)


@pytest.mark.parametrize("name", TASKS)
def test_the_true_features_find_all_and_are_not_the_cheapest(name):
    task = TASKS[name](magnitudes=TwoLevels(0.1))
    rows = pd.DataFrame(tried(TrueFeatures(), task, [0, 1], **PLAN))
    assert (rows["found"] == task.world.n_features).all() and (rows["composite"] == 0).all()
    assert (rows["extra_cost"] > 1e-3).all()
    np.testing.assert_allclose(rows["l0"], task.true_l0, rtol=1e-5)


def test_absorption_is_scored_where_there_is_a_family_and_nowhere_else(minimal):
    assert math.isnan(judged(torch.eye(3), minimal)["absorption"])
    nested = Task(hierarchy(n_others=0))
    assert judged(torch.eye(2), nested)["absorption"] == 0
    assert judged(normalize(torch.tensor([[1.0, 0.0], [1.0, 1.0]]), dim=1), nested)["absorption"] == 1


@pytest.mark.parametrize("contestant", CONTESTANTS.values(), ids=lambda c: c.name)
def test_every_contestant_returns_a_row_for_each_setting_and_seed(contestant, minimal):
    rows = pd.DataFrame(tried(contestant, minimal, [3, 8], **PLAN))
    wanted = [(setting, seed) for setting in contestant.settings for seed in (3, 8)]
    assert list(rows[["setting", "seed"]].itertuples(index=False, name=None)) == wanted
    assert len(contestant.settings) <= MOST_SETTINGS
    assert rows["found"].isin(range(4)).all() and (rows["explained_variance"] <= 1).all()
    assert (rows["found"] <= rows["found_90"]).all() and (rows["found"] + rows["composite"] <= 3).all()
    assert (rows["extra_cost"] > -1e-6).all()


def test_a_feature_may_be_found_by_the_looser_cosine_alone(minimal):
    """At 22 degrees the cosine is .927."""
    leaning = torch.eye(3)
    leaning[0, :2] = torch.tensor([math.cos(math.radians(22)), math.sin(math.radians(22))])
    seen = judged(leaning, minimal)
    assert (seen["found"], seen["found_90"]) == (2, 3)


@pytest.mark.parametrize("name", ["BatchTopK", "L1, tied weights", "OrtSAE"])
def test_a_member_does_not_depend_on_the_other_settings_of_its_stack(name, minimal):
    remedy = CONTESTANTS[name]
    together = remedy.trained(minimal.world, 3, torch.tensor(remedy.settings).double(), [5] * 5, **PLAN)
    alone = remedy.trained(minimal.world, 3, torch.tensor(remedy.settings[2:3]).double(), [5], **PLAN)
    torch.testing.assert_close(together.W_dec[2:3], alone.W_dec, rtol=1e-4, atol=1e-5)


def test_shuffled_data_keep_the_rates_and_lose_the_company(minimal):
    seen = {}

    class Watched:
        knob, settings = "none", (0.0,)

        def trained(self, world, n_latents, values, seeds, **plan):
            seen["world"] = world
            return coded(torch.eye(3)[None], [0])

    Shuffled(Watched()).trained(minimal.world, 3, torch.zeros(1), [0], **PLAN)
    rates, both = minimal.world.firing.rates(), seen["world"].cooccurrence()
    torch.testing.assert_close(both, torch.outer(rates, rates).fill_diagonal_(0) + rates.diag())


def test_nobody_gets_more_settings_than_the_budget():
    with pytest.raises(ValueError, match="settings has 6 values: allowed are 1 to 5"):
        Remedy("greedy", "c", tuple(range(6)), lambda c, n: None)
