"""Two features and two latents: losses in the plane, the best two rows, and the grid of trained SAEs."""

import numpy as np
import pandas as pd
import pytest

from toysae.chapters.when_they_win.two_features import pairs_grid
from toysae.worlds.named_worlds import VARIANTS


@pytest.fixture(scope="module")
def grid() -> pd.DataFrame:
    return pairs_grid([0.02, 0.2], [0.0, 0.4], [0.0, 0.3], n_seeds=4, n_steps=800)


def test_the_grid_holds_every_setting_once_in_the_order_asked_for(grid):
    settings = list(grid[["variant", "l1_coeff", "solo", "sigma"]].itertuples(index=False, name=None))
    assert settings == [(v, l1, p, s) for v in VARIANTS for l1 in (0.02, 0.2) for p in (0.0, 0.4) for s in (0.0, 0.3)]


def test_nothing_in_the_grid_is_below_the_best_two_rows(grid):
    for name in ("atoms", "pair", "trained"):
        assert (grid[name] >= grid.best * (1 - 1e-6)).all(), name


def test_the_best_sae_of_each_setting_comes_close_to_the_best_two_rows(grid):
    assert (grid.trained <= 1.05 * grid.best).all()


def test_names_and_angles_belong_together(grid):
    for angle, name in [*zip(grid.trained_1, grid.name_1, strict=True), *zip(grid.trained_2, grid.name_2, strict=True)]:
        towards = {"A": 0, "B": 90, "A+B": 45}.get(name)
        assert towards is None or abs(angle - towards) < 18.2, (angle, name)
    assert {"A", "B", "A+B"} <= {*grid.name_1, *grid.name_2}


def test_a_child_that_is_never_alone_is_learned_as_a_composite_and_one_that_often_is_as_an_atom(grid):
    at = grid[(grid.l1_coeff == 0.02) & (grid.sigma == 0)].set_index(["variant", "solo"])
    assert at.loc[("nested", 0.0), ["name_1", "name_2", "both_atoms"]].tolist() == ["A", "A+B", 0]
    assert at.loc[("symmetric", 0.4), ["name_1", "name_2"]].tolist() == ["A", "B"]
    assert at.loc[("symmetric", 0.4), "both_atoms"] >= 1


def test_a_setting_does_not_depend_on_what_else_is_in_the_grid(grid):
    alone = pairs_grid([0.2], [0.4], [0.3], n_seeds=4, n_steps=800).iloc[0]
    among = grid[(grid.l1_coeff == 0.2) & (grid.solo == 0.4) & (grid.sigma == 0.3) & (grid.variant == "nested")].iloc[0]
    for column in ("atoms", "pair", "best", "trained", "trained_1", "trained_2"):
        assert alone[column] == pytest.approx(among[column], rel=1e-3), column
    assert alone.name_1 == among.name_1


def test_the_seeds_asked_for_decide_what_is_trained_and_nothing_else():
    """SAEs 0 to 3 are the SAEs 0 and 1 and the SAEs 2 and 3."""
    settings = [0.02, 0.2], [0.1, 0.4], [0.0]
    four = pairs_grid(*settings, n_seeds=4, n_steps=100)
    first, second = (pairs_grid(*settings, n_seeds=2, first_seed=seed, n_steps=100) for seed in (0, 2))
    assert four.trained.tolist() == pytest.approx(np.minimum(first.trained, second.trained).tolist(), rel=1e-3)
    assert (four.both_atoms == first.both_atoms + second.both_atoms).all()
    assert not np.allclose(first.trained, second.trained, rtol=1e-3)
    assert (four.best == second.best).all()


def test_one_kind_of_world_alone_is_trained_as_beside_the_other():
    setting = {"l1_coeffs": [0.02], "solo_rates": [0.1, 0.3], "sigmas": [0.0], "n_seeds": 2, "n_steps": 60}
    both, nested = pairs_grid(**setting), pairs_grid(**setting, variants=["nested"])
    assert nested.variant.unique().tolist() == ["nested"]
    alike = both[both.variant == "nested"].reset_index(drop=True)
    pd.testing.assert_frame_equal(nested, alike, rtol=1e-4)
