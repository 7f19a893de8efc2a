"""Comparisons of SAEs, on tables that were written down."""

import pandas as pd
import pytest

from toysae.chapters.beyond_the_toy.comparison import (
    at_extreme_l0,
    at_true_l0,
    best_reconstruction_is_low,
    gains,
    is_lowest,
    matryoshka_less_topk,
    of_one_setting,
    precision_for_recall,
)

COLUMNS = ["kind", "setting", "seed", "l0", "precision", "recall", "f1", "mcc", "explained_variance"]


@pytest.fixture
def table():
    """Two seeds; in the second one TopK gains precision with L0, and explains most while it detects best."""
    rows = [
        ("L1", 0.2, 0, 8.0, 0.2, 0.9, 0.3, 0.5, 0.9),
        ("L1", 0.4, 0, 4.1, 0.5, 0.6, 0.5, 0.6, 0.6),
        ("TopK", 2.0, 0, 2.0, 0.9, 0.4, 0.6, 0.8, 0.5),
        ("TopK", 4.0, 0, 4.0, 0.7, 0.8, 0.7, 0.7, 0.7),
        ("Matryoshka TopK", 4.0, 0, 4.0, 0.8, 0.8, 0.8, 0.9, 0.6),
        ("Matryoshka TopK", 6.0, 0, 6.0, 0.6, 0.9, 0.7, 0.8, 0.7),
        ("L1", 0.2, 1, 8.0, 0.2, 0.9, 0.3, 0.5, 0.6),
        ("L1", 0.4, 1, 4.1, 0.5, 0.6, 0.9, 0.6, 0.6),
        ("TopK", 2.0, 1, 2.0, 0.6, 0.4, 0.6, 0.8, 0.5),
        ("TopK", 4.0, 1, 4.0, 0.7, 0.8, 0.95, 0.7, 0.9),
        ("Matryoshka TopK", 4.0, 1, 4.0, 0.8, 0.8, 0.8, 0.6, 0.6),
        ("Matryoshka TopK", 6.0, 1, 6.0, 0.6, 0.9, 0.7, 0.8, 0.7),
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def test_the_best_reconstruction_may_be_low_by_a_score(table):
    assert best_reconstruction_is_low(table, "f1") == [True, False]


def test_every_kind_has_to_trade_precision_for_recall(table):
    assert precision_for_recall(table) == [True, False]


def test_matryoshka_and_topk_are_compared_at_one_setting(table):
    assert matryoshka_less_topk(table, "mcc", 4) == pytest.approx([0.2, -0.1])
    assert matryoshka_less_topk(table, "explained_variance", 4) == pytest.approx([-0.1, -0.3])
    with pytest.raises(ValueError, match=r"settings are .*: allowed are some that both kinds have"):
        matryoshka_less_topk(table[table["kind"] == "TopK"], "mcc", 4)


def test_the_plain_sae_is_compared_near_the_true_l0(table):
    near = at_true_l0(table, 4)
    assert set(zip(near["kind"], near["setting"], strict=True)) == {
        ("L1", 0.4),
        ("TopK", 4.0),
        ("Matryoshka TopK", 4.0),
    }
    assert is_lowest(table, "L1", "f1", 4) == [True, False]
    assert is_lowest(table, "Matryoshka TopK", "f1", 4) == [False, True]


def test_the_sparsest_and_the_densest_of_each_kind_and_seed(table):
    assert at_extreme_l0(table, lowest=True)["l0"].tolist() == [4.1, 2.0, 4.0] * 2
    assert at_extreme_l0(table, lowest=False)["l0"].tolist() == [8.0, 4.0, 6.0] * 2
    shuffled = table.sample(frac=1, random_state=0)
    assert precision_for_recall(shuffled) == [True, False]


def test_what_another_table_gains_is_told_by_world_for_what_both_hold(table):
    first = table.assign(data_seed=table["seed"])
    second = first[(first["kind"] == "TopK") & (first["setting"] == 4)].assign(seed=[101, 100], data_seed=[1, 0])
    second["mcc"] = [0.9, 0.6]
    assert gains(first, second, "mcc") == pytest.approx([-0.1, 0.2])


def test_saes_of_one_setting_are_compared_as_if_they_shared_a_seed(table):
    alike = of_one_setting(table, 4, 2)
    assert len(alike) == 2 * len(at_true_l0(table, 4))
    assert (alike.groupby(["seed", "kind"]).size() == 2).all()
    assert (alike.groupby(["seed", "kind"])["setting"].nunique() == 1).all()
    topk = alike[alike["kind"] == "TopK"].groupby("seed")["f1"].agg(sorted)
    assert topk.tolist() == [[0.7, 0.95], [0.7, 0.95]]
