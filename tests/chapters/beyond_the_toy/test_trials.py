"""Trials on the benchmark: a point of a sweep, and the table that is kept."""

import json
from pathlib import Path

import pytest

from toysae.chapters.beyond_the_toy.trials import trial
from toysae.saes.kinds import KINDS
from toysae.sweeps import catalogue, read_table
from toysae.sweeps.settings import complete

TABLES = Path(__file__).parents[3] / "notebooks" / "tables"
SMALL = {"n_features": 16, "d_in": 8, "mean_l0": 2.0, "n_families": 1}


def test_a_point_gives_one_row_per_setting_and_seed_whatever_else_is_asked():
    asked = SMALL | {"n_latents": 6, "n_steps": 5, "batch_size": 16}
    rows = trial("TopK", [1, 2], [0, 1], **asked)
    assert [(row["setting"], row["seed"]) for row in rows] == [(1, 0), (1, 1), (2, 0), (2, 1)]
    alone = trial("TopK", [2], [1], **asked)
    assert alone[0] == pytest.approx(rows[3])
    with pytest.raises(ValueError, match="kind is 'TopQ': allowed is one of L1"):
        trial("TopQ", [1], [0], **asked)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_learns(kind):
    asked = SMALL | {"n_latents": 6, "batch_size": 64}
    setting = {"k": 1, "l1_coeff": 0.1, "l0_coeff": 0.05, "weight": 0.1}[KINDS[kind].knob]
    before, after = (trial(kind, [setting], [0, 1], n_steps=n, **asked) for n in (1, 150))
    assert sum(row["mcc"] for row in after) > sum(row["mcc"] for row in before)


def test_the_table_of_chapter_ten_is_what_the_sweep_would_compute_now():
    """The settings of the committed table are those of the catalogue, so nobody reads numbers of another world."""
    planned = catalogue.find("benchmark").planned
    made_from = json.loads((TABLES / "benchmark.json").read_text())
    assert made_from["settings"] == complete(planned.point, planned.settings)
    table = read_table(TABLES / "benchmark.csv")
    names = ["kind", "n_features", "data_seed", "setting", "seed"]
    settings = [
        (*(s[name] for name in names[:3]), v, i) for s in made_from["settings"] for v in s["setting"] for i in s["seed"]
    ]
    assert list(table[names].itertuples(index=False, name=None)) == settings
