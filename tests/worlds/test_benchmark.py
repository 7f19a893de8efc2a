"""The synthetic benchmark: rates, families and correlations are those asked for; detectors are scored right."""

import json
import math
from pathlib import Path

import pytest
import torch
from scipy.stats import multivariate_normal, norm

from toysae.chapters.beyond_the_toy.inheritance import overlap
from toysae.chapters.beyond_the_toy.trials import trial, world_of
from toysae.measures.detection import detection_scores, holes
from toysae.saes.kinds import KINDS
from toysae.saes.stack import ReluL1, untrained
from toysae.sweeps import catalogue, read_table
from toysae.sweeps.settings import complete
from toysae.worlds.catalogue import benchmark, independent
from toysae.worlds.copulas import LowRankCopula
from toysae.worlds.firings import Families, Patterns
from toysae.worlds.world import World

N = 40_000
TABLES = Path(__file__).parents[2] / "notebooks" / "tables"
SMALL = {"n_features": 16, "d_in": 8, "mean_l0": 2.0, "n_families": 1}


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture(scope="module")
def world():
    return world_of(0, **SMALL, n_repulsions=20)


def families():
    roots = LowRankCopula([0.5, 0.4, 0.3], torch.tensor([[0.5, 0.0], [0.3, 0.4], [-0.5, 0.2]]))
    return Families(roots, torch.tensor([[0.3, 0.5]]))


def test_features_fire_at_their_rates(world):
    fires = world.firing.sample(N, generator(1)).double()
    assert (fires.mean(dim=0) - world.firing.rates()).abs().max() < 5 * math.sqrt(0.25 / N)


def test_rates_fall_with_the_square_root_of_the_rank_and_sum_to_the_mean_l0(world):
    rates = world.firing.rates().sort(descending=True).values
    ranks = torch.arange(1, 17).double()
    assert torch.allclose(rates, 2.0 * ranks**-0.5 / (ranks**-0.5).sum())


def test_pairs_fire_together_as_the_factors_say():
    firing = families().roots
    fires = firing.sample(N, generator(2)).double()
    for i, j in [(0, 1), (0, 2), (1, 2)]:
        correlation = float(firing.loadings[i] @ firing.loadings[j])
        thresholds = -norm.isf(firing.probabilities[[i, j]])
        both = multivariate_normal(cov=[[1, correlation], [correlation, 1]]).cdf(thresholds)
        assert abs((fires[:, i] * fires[:, j]).mean() - both) < 5 * math.sqrt(0.25 / N)


def test_at_most_one_child_fires_and_only_with_its_parent():
    fires = families().sample(N, generator(3))
    assert fires[:, 3:].sum(dim=1).max() == 1
    assert not (fires[:, 3:].any(dim=1) & ~fires[:, 0]).any()
    given = fires[fires[:, 0]].double()[:, 3:].mean(dim=0)
    assert given.tolist() == pytest.approx([0.3, 0.5], abs=5 * math.sqrt(0.25 / (0.5 * N)))


def test_who_fires_with_whom():
    firing = families()
    assert firing.children_of(0) == [3, 4]
    assert [firing.family_of(3), firing.family_of(4)] == [0, 0]
    assert firing.fire_together([0, 1, 2, 3])
    assert not firing.fire_together([3, 4])


def test_what_cannot_be_is_refused():
    with pytest.raises(ValueError, match=r"longest row of loadings is 1\.0: allowed is a number below 1"):
        LowRankCopula([0.5], torch.ones(1, 1))
    with pytest.raises(ValueError, match="the shape of loadings"):
        LowRankCopula([0.5, 0.5], torch.zeros(1, 1))
    with pytest.raises(ValueError, match=r"highest sum of chances in a family is 1\.5"):
        Families(LowRankCopula([0.5], torch.zeros(1, 1)), torch.tensor([[0.75, 0.75]]))
    with pytest.raises(ValueError, match="the shape of chances"):
        Families(LowRankCopula([0.5], torch.zeros(1, 1)), torch.zeros(2, 1))
    with pytest.raises(ValueError, match="n_families is 4: allowed is 0 to 3"):
        benchmark(12, 8, 2.0, generator(), n_families=4)
    with pytest.raises(ValueError, match="patterns can be listed"):
        families().support()


def test_overlap_is_the_mean_of_the_largest_cosines():
    rows = torch.tensor([[1.0, 0.0], [0.0, 1.0], [math.sqrt(0.5), -math.sqrt(0.5)]])
    assert overlap(rows) == pytest.approx(math.sqrt(0.5), abs=1e-6)
    assert overlap(torch.eye(3)) == 0


def test_the_features_themselves_are_perfect_detectors_where_they_are_orthonormal():
    world = independent([0.3] * 4)
    stack = untrained(ReluL1(0.1), torch.eye(4)[None], [0], decoder_bias=False)
    seen = detection_scores(stack, world, world.sample(500, generator()))
    perfect = ("precision", "recall", "f1", "unique", "found", "mcc", "atomic", "explained_variance")
    assert [seen[name].item() for name in perfect] == pytest.approx([1.0] * len(perfect))


def test_scores_of_a_planted_dictionary_are_those_counted_by_hand():
    """One latent for feature 0, one for A + B of features 1 and 2, one that is a copy of the first, one dead."""
    world = World(Patterns([[1, 0, 0], [0, 1, 1], [0, 1, 0]], [0.5, 0.25, 0.25]))
    both = torch.tensor([0.0, 1.0, 1.0]) / math.sqrt(2)
    rows = torch.stack([torch.tensor([1.0, 0, 0]), both, torch.tensor([1.0, 0, 0]), torch.tensor([0.0, 0, -1.0])])
    stack = untrained(ReluL1(0.1), rows[None], [0], decoder_bias=False)
    samples = torch.tensor([[1.0, 0, 0], [1, 0, 0], [0, 1, 1], [0, 1, 0]])
    seen = {name: value.item() for name, value in detection_scores(stack, world, samples).items()}
    assert seen["l0"] == pytest.approx((2 + 2 + 1 + 1) / 4)
    assert (seen["precision"], seen["recall"], seen["f1"]) == pytest.approx((1, 1, 1))
    assert seen["unique"] == pytest.approx(2 / 3)
    assert seen["found"] == pytest.approx(1 / 3)
    assert seen["mcc"] == pytest.approx((1 + math.sqrt(0.5) + 0) / 3)
    assert [seen[label] for label in ("atomic", "composite", "mixed", "dead")] == [0.5, 0.25, 0, 0.25]


def test_precision_falls_by_false_alarms_and_recall_by_misses():
    world = independent([0.5, 0.5])
    stack = untrained(ReluL1(0.1), torch.eye(2)[None], [0], decoder_bias=False)
    stack.parameters["W_enc"][0] = torch.tensor([[1.0, 0.0], [1.0, 1.0]])  # latent 0 fires for both features
    stack.parameters["b_enc"][0] = torch.tensor([0.0, -1.5])  # latent 1 fires for a strong feature only
    samples = torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.0, 2.0], [0.0, 0.0]])
    seen = detection_scores(stack, world, samples)
    assert seen["precision"].item() == pytest.approx((1 / 3 + 1) / 2)
    assert seen["recall"].item() == pytest.approx((1 + 1 / 2) / 2)
    assert seen["f1"].item() == pytest.approx((1 / 2 + 2 / 3) / 2)


def test_holes_are_seen_in_an_sae_whose_parent_is_absorbed():
    world = World(families())
    rows = torch.eye(5)
    stack = untrained(ReluL1(0.1), rows[None], [0], decoder_bias=False)
    stack.parameters["W_enc"][0, 3:, 0] = -1.0  # the latent of the parent is switched off by its children
    alone, together = holes(stack, world, world.sample(1000, generator(4)))
    assert (alone.item(), together.item()) == (1.0, 0.0)
    with pytest.raises(ValueError, match="Families"):
        holes(stack, independent([0.5] * 5), torch.ones(1, 5))


def test_a_point_gives_one_row_per_setting_and_seed_whatever_else_is_asked():
    asked = SMALL | {"n_latents": 6, "n_steps": 5, "batch_size": 16}
    rows = trial("TopK", [1, 2], [0, 1], **asked)
    assert [(row["setting"], row["seed"]) for row in rows] == [(1, 0), (1, 1), (2, 0), (2, 1)]
    alone = trial("TopK", [2], [1], **asked)
    assert alone[0] == pytest.approx(rows[3])
    with pytest.raises(ValueError, match="kind is 'TopQ': allowed is one of L1"):
        trial("TopQ", [1], [0], **asked)


# With tied weights a price of one is too much
@pytest.mark.parametrize("kind", [name for name, kind in KINDS.items() if not kind.tied])
def test_every_kind_learns(kind):
    asked = SMALL | {"n_latents": 6, "batch_size": 64}
    before, after = (trial(kind, [1], [0, 1], n_steps=n, **asked) for n in (1, 150))
    assert sum(row["mcc"] for row in after) > sum(row["mcc"] for row in before)


def test_the_table_of_chapter_ten_is_what_the_sweep_would_compute_now():
    """The settings of the committed table are those of the catalogue, so nobody reads numbers of another world."""
    planned = catalogue.SWEEPS["benchmark"]
    made_from = json.loads((TABLES / "benchmark.json").read_text())
    assert made_from["settings"] == complete(planned.point, planned.settings)
    table = read_table(TABLES / "benchmark.csv")
    asked = [(s["kind"], v, seed) for s in made_from["settings"] for v in s["setting"] for seed in s["seed"]]
    assert list(table[["kind", "setting", "seed"]].itertuples(index=False, name=None)) == asked
