"""The contest: its tasks, contestants, scores and rules of tuning."""

import math

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.stats import t as student
from torch.nn.functional import normalize

from toysae.chapters.remedies import contestants
from toysae.chapters.remedies.arena import L1_COEFF, TASKS, Task, data_of
from toysae.chapters.remedies.contest import CONTESTANTS, committed, remedy_point, seeds_of
from toysae.chapters.remedies.contestants import MOST_SETTINGS, PRICES, Remedy, Shuffled, TrueFeatures, coded, tried
from toysae.chapters.remedies.tuning import (
    RULES,
    mean_interval,
    most_features,
    nearest_true_l0,
    paired,
    sparsest_good_enough,
    tuned,
    versus,
)
from toysae.sweeps import grid
from toysae.sweeps.settings import complete
from toysae.worlds.catalogue import hierarchy, tree, two_of_three
from toysae.worlds.finite import finite_data
from toysae.worlds.magnitudes import TwoLevels

PLAN = {"n_steps": 60, "lr": 0.01}


# ---- tasks


def test_two_levels_make_an_exact_list_with_the_right_moments():
    world = two_of_three(magnitudes=TwoLevels(0.25))
    points, probabilities = finite_data(world)
    assert points.shape == (3 * 4, 3) and set(points.flatten().tolist()) == {0.0, 0.75, 1.25}
    torch.testing.assert_close(probabilities, torch.full((12,), 1 / 12).double())
    drawn = world.sample(20_000, torch.Generator().manual_seed(0))
    assert set(drawn.unique().tolist()) == {0.0, 0.75, 1.25}
    on = drawn[drawn > 0]
    assert abs(float(on.mean()) - 1) < 5 * 0.25 / math.sqrt(len(on))
    assert abs(float((on > 1).double().mean()) - 0.5) < 5 * 0.5 / math.sqrt(len(on))
    assert world.magnitude_moments() == (1.0, 0.25)


@pytest.mark.parametrize("given", [{"sigma": 1.0}, {"sigma": -0.1}, {"sigma": math.nan}, {"sigma": 0.1, "mu": 2.0}])
def test_two_levels_refuse_what_cannot_be(given):
    with pytest.raises(ValueError, match="allowed is"):
        TwoLevels(**given)


@pytest.mark.parametrize("name", TASKS)
def test_every_task_is_listed_exactly_and_its_families_are_families(name):
    task = TASKS[name](magnitudes=TwoLevels(0.1))
    points, probabilities = finite_data(task.world)
    assert torch.equal(data_of(task.world).x, points)
    fires = (points @ task.world.features.double().T > 0).double()
    assert float(probabilities @ fires.sum(dim=1)) == pytest.approx(task.true_l0)
    for parent, children in task.families:
        alone = fires[:, list(children)].any(dim=1) & ~fires[:, parent].bool()
        assert not alone.any()


def test_long_lists_are_trained_on_in_batches():
    world = tree()
    x, weights = data_of(world).block(2)
    assert x.shape[:2] == (2, len(weights))
    assert torch.equal(x, data_of(world).block(2)[0])


# ---- scores


@pytest.fixture(scope="module")
def minimal():
    return TASKS["two of three"](magnitudes=TwoLevels(0.0))


def judged(rows, task):
    return {name: float(value) for name, value in contestants.judged(coded(rows[None], [0]), task).items()}


def test_the_features_and_the_composites_get_the_scores_that_are_due(minimal):
    atoms = judged(torch.eye(3), minimal)
    assert (atoms["found"], atoms["atomic"], atoms["composite"]) == (1, 1, 0)
    assert atoms["mcc"] == pytest.approx(1) and atoms["l0"] == pytest.approx(2)
    composites = judged(minimal.world.composites(), minimal)
    assert (composites["found"], composites["composite"]) == (0, 1)
    assert composites["l0"] == pytest.approx(1)
    # Pythagoras: two atoms cost 2 (c - c^2 / 2), one composite sqrt(2) c - c^2 / 2, and nothing is cheaper
    best = math.sqrt(2) * L1_COEFF - L1_COEFF**2 / 2
    assert composites["excess"] == pytest.approx(0, abs=1e-6)
    assert atoms["excess"] == pytest.approx((2 * L1_COEFF - L1_COEFF**2) / best - 1, rel=1e-5)


@pytest.mark.parametrize("name", TASKS)
def test_the_true_features_find_all_and_are_not_the_cheapest(name):
    task = TASKS[name](magnitudes=TwoLevels(0.1))
    rows = pd.DataFrame(tried(TrueFeatures(), task, [0, 1], **PLAN))
    assert (rows["found"] == 1).all() and (rows["composite"] == 0).all() and (rows["excess"] > 1e-3).all()
    np.testing.assert_allclose(rows["l0"], task.true_l0, rtol=1e-5)


def test_absorption_is_scored_where_there_is_a_family_and_nowhere_else(minimal):
    assert math.isnan(judged(torch.eye(3), minimal)["absorption"])
    nested = Task(hierarchy(n_others=0), ((0, (1,)),))
    assert judged(torch.eye(2), nested)["absorption"] == 0
    assert judged(normalize(torch.tensor([[1.0, 0.0], [1.0, 1.0]]), dim=1), nested)["absorption"] == 1


@pytest.mark.parametrize("contestant", CONTESTANTS.values(), ids=lambda c: c.name)
def test_every_contestant_returns_a_row_for_each_setting_and_seed(contestant, minimal):
    rows = pd.DataFrame(tried(contestant, minimal, [3, 8], **PLAN))
    wanted = [(setting, seed) for setting in contestant.settings for seed in (3, 8)]
    assert list(rows[["setting", "seed"]].itertuples(index=False, name=None)) == wanted
    assert len(contestant.settings) <= MOST_SETTINGS
    assert rows["found"].between(0, 1).all() and (rows["explained_variance"] <= 1).all()
    np.testing.assert_allclose(rows[["atomic", "composite", "mixed", "dead"]].sum(axis=1), 1)
    assert (rows["excess"] > -1e-6).all()


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


# ---- tuning

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


def test_the_interval_is_students():
    values = [0.1, 0.4, 0.35, math.nan, 0.2]
    kept = [v for v in values if v == v]
    low, high = student.interval(0.95, 3, loc=np.mean(kept), scale=np.std(kept, ddof=1) / 2)
    assert mean_interval(values) == pytest.approx((np.mean(kept), low, high))
    assert mean_interval([0.3])[1:] == (-math.inf, math.inf)


def test_pairs_are_compared_seed_by_seed():
    worse = scored({1.0: lambda seed: seed / 10, 2.0: lambda seed: seed / 5}, range(4))
    better = worse.assign(contestant="c", found=worse["found"] + 0.25)
    table = pd.concat([worse, better.iloc[::-1]])
    np.testing.assert_allclose(paired(table, "c", "b", "found"), 0.25)
    mean, low, high = versus(table, "c", "b", "found")
    assert mean == pytest.approx(0.25) and high - low < 1e-9


# ---- the contest as a point of a sweep


def test_the_point_has_one_row_for_each_rule():
    rows = remedy_point("two of three", "L1", n_saes=2, n_steps=20)
    assert [row["rule"] for row in rows] == list(RULES)
    for row in rows:
        assert row["setting_chosen"] in PRICES and row["absorption"] is None
        assert row["found_low"] <= row["found"] <= row["found_high"]


@pytest.mark.parametrize("given", [("two of tree", "L1"), ("tree", "L2")])
def test_unknown_names_are_refused(given):
    with pytest.raises(ValueError, match="allowed is one of"):
        remedy_point(*given)


def test_the_kept_table_holds_the_whole_contest():
    table = committed()
    cells = table.groupby(["task", "contestant", "spread", "rule"]).size()
    assert (cells == 1).all()
    wanted = grid(task=list(TASKS), contestant=list(CONTESTANTS), spread=sorted(table["spread"].unique()))
    assert len(complete(remedy_point, wanted)) * len(RULES) == len(table)
