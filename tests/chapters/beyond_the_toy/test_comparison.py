"""Comparisons of SAEs, on tables that were written down."""

import pandas as pd
import pytest

from toysae.chapters.beyond_the_toy.comparison import (
    at_extreme_l0,
    at_true_l0,
    best_reconstruction_is_low,
    matryoshka_above_topk,
    plain_is_lowest,
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
    assert matryoshka_above_topk(table, "mcc", 4) == [True, False]
    assert matryoshka_above_topk(table, "explained_variance", 4) == [False, False]
    with pytest.raises(ValueError, match=r"settings are .*: allowed are some that both kinds have"):
        matryoshka_above_topk(table[table["kind"] == "TopK"], "mcc", 4)


def test_the_plain_sae_is_compared_near_the_true_l0(table):
    near = at_true_l0(table, 4)
    assert set(zip(near["kind"], near["setting"], strict=True)) == {
        ("L1", 0.4),
        ("TopK", 4.0),
        ("Matryoshka TopK", 4.0),
    }
    assert plain_is_lowest(table, "f1", 4) == [True, False]


def test_the_sparsest_and_the_densest_of_each_kind_and_seed(table):
    assert at_extreme_l0(table, lowest=True)["l0"].tolist() == [4.1, 2.0, 4.0] * 2
    assert at_extreme_l0(table, lowest=False)["l0"].tolist() == [8.0, 4.0, 6.0] * 2
    shuffled = table.sample(frac=1, random_state=0)
    assert precision_for_recall(shuffled) == [True, False]
