"""The kept contest is whole; what is trained again is held against it, and the rule can condemn."""

from dataclasses import dataclass

import jupytext
import numpy as np
import pandas as pd
import pytest
import torch

import toysae
from toysae import saes
from toysae.chapters.remedies.arena import TASKS
from toysae.chapters.remedies.contest import N_SCORED, N_SELECTING, remedy_point
from toysae.chapters.remedies.fourth_power import FOURTH_POWER
from toysae.chapters.remedies.kept import KEPT, kept_contest, kept_settings, same, seeds_again, trained_again
from toysae.chapters.remedies.settings import CONTESTANTS, PLAIN_REMEDY
from toysae.sweeps.contests import ROW, SCORES, Contest
from toysae.worlds.finite import finite_data
from toysae.worlds.magnitudes import TwoLevels

N_KEPT = N_SELECTING + N_SCORED


def test_the_kept_table_holds_the_whole_contest():
    table = kept_contest()
    assert set(kept_settings(table)) == {"spread", "n_steps", "lr", "threshold"}
    for name, values in kept_settings(table).items():
        assert (table[name] == values).all()
    assert not table.duplicated(ROW).any()
    wanted = len(TASKS) * sum(len(contestant.settings) for contestant in CONTESTANTS.values()) * N_KEPT
    assert len(table) == wanted
    contest = Contest.of(table, {name: build().true_l0 for name, build in TASKS.items()})
    assert contest.n_seeds == (N_SELECTING, N_SCORED)
    assert not np.isnan(contest.means([score for score in SCORES if score != "absorption"])()).any()


def test_seeds_that_are_trained_again_begin_among_the_kept_ones():
    for seed in range(20):
        seeds = seeds_again(seed, 8, N_KEPT)
        assert len(seeds) == 8 and seeds.start < N_KEPT
    assert seeds_again(0, 8, N_KEPT) != seeds_again(1, 8, N_KEPT)


def test_trained_again_scores_as_the_point_does_and_other_seeds_do_not():
    seeds, how = range(4), {"n_steps": 60, "lr": 0.01}
    kept = pd.DataFrame(remedy_point("solo leak", "L1", seed=range(6), **how)).assign(task="solo leak", contestant="L1")
    rows = trained_again(PLAIN_REMEDY, 0.1, TASKS["solo leak"](magnitudes=TwoLevels(0.1)), seeds, 0.95, **how)
    again = pd.DataFrame(rows).assign(task="solo leak", contestant="L1")
    assert same(again, kept).tolist() == [True] * 4
    assert not same(again, kept, seeds_apart=1).all()
    assert not same(again.assign(found=again["found"] + 1), kept).any()
    assert not same(again.assign(mcc=again["mcc"] + 0.02), kept).any()
    assert not len(same(again.assign(seed=again["seed"] + 90), kept))


@pytest.fixture
def own():
    """The remedy that the chapter "What helps?" writes out as its example, at a coefficient."""
    cells = jupytext.read(KEPT.parents[1] / "05_what_helps.py").cells
    example = next(cell.source for cell in cells if "class FourthPower" in cell.source)
    assert len(example.splitlines()) < 15

    def built(coeff):
        names = {"dataclass": dataclass, "saes": saes}
        exec(example, names)
        names["WEIGHT"] = coeff
        return saes.Variant(saes.Relu(), [names["FourthPower"]()])

    return built


def test_the_example_of_the_chapter_is_the_fourth_power_of_the_contest(own):
    world, how = TASKS["two of three"](magnitudes=TwoLevels(0.1)).world, {"n_steps": 30, "lr": 0.01}
    data = saes.Support(*finite_data(world))
    for coeff in (0.01, 0.1):
        one = toysae.train(toysae.start(world, 3, own(coeff), [0, 1]), data, **how)
        other = FOURTH_POWER.trained(world, 3, torch.tensor([coeff, coeff]).double(), [0, 1], **how)
        assert torch.allclose(one.W_dec, other.W_dec, atol=1e-6)
