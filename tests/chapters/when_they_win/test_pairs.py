"""Two features and two latents: losses in the plane, the best two rows, and the grid of trained SAEs."""

import math

import numpy as np
import pandas as pd
import pytest
import torch

from toysae.chapters.when_they_win.pairs import pairs_grid
from toysae.optimum.codes import dictionary_loss, radial_bound
from toysae.optimum.two_rows import ATOMS, PAIR, best_angles, plane_losses
from toysae.worlds.catalogue import VARIANTS, two_features
from toysae.worlds.finite import finite_data

SOME_ANGLES = torch.tensor([[0.0, 90.0], [0.0, 45.0], [10.0, 12.0], [-30.0, 110.0], [33.0, 33.0], [45.0, 80.0]])


def rows(angles):
    radians = torch.deg2rad(angles.double())
    return torch.stack([radians.cos(), radians.sin()], dim=-1)


def expected_loss(angles, x, probabilities, l1_coeff):
    return plane_losses(torch.as_tensor(angles), x, l1_coeff) @ probabilities


def test_b_is_alone_at_the_solo_rate_and_a_in_the_way_of_the_variant():
    nested, symmetric = (two_features(variant, 0.1, 0.0).firing.probabilities.tolist() for variant in VARIANTS)
    assert nested == pytest.approx([0.5, 0.4, 0.1])
    assert symmetric == pytest.approx([0.8, 0.1, 0.1])


def test_both_variants_become_the_same_world_at_the_largest_solo_rate():
    nested, symmetric = (two_features(variant, 0.4, 0.0).firing.probabilities for variant in VARIANTS)
    assert torch.allclose(nested, symmetric)


@pytest.mark.parametrize(("variant", "solo", "named"), [
    ("tree", 0.1, "variant"), ("nested", 0.5, "solo"), ("nested", -0.1, "solo"), ("nested", math.nan, "solo"),
])  # fmt: skip
def test_an_impossible_world_is_refused(variant, solo, named):
    with pytest.raises(ValueError, match=rf"^{named} is .*allowed"):
        two_features(variant, solo, 0.0)


@pytest.mark.parametrize("l1_coeff", [0.0, 0.05, 0.4, 2.0])
@pytest.mark.parametrize("sigma", [0.0, 0.4])
def test_losses_in_the_plane_are_those_of_the_oracle(sigma, l1_coeff):
    world = two_features("nested", 0.15, sigma)
    losses = expected_loss(SOME_ANGLES, *finite_data(world), l1_coeff)
    reference = dictionary_loss(rows(SOME_ANGLES), world, l1_coeff)
    assert torch.allclose(losses, reference, rtol=0, atol=1e-9)


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize(("solo", "sigma", "l1_coeff"), [(0.0, 0.0, 0.1), (0.1, 0.0, 0.3), (0.2, 0.5, 0.05)])
def test_no_pair_of_rows_in_the_whole_plane_beats_the_best_two(variant, solo, sigma, l1_coeff):
    x, probabilities = finite_data(two_features(variant, solo, sigma))
    _, lowest = best_angles(x, probabilities[None], l1_coeff)
    everywhere = torch.combinations(torch.arange(-180.0, 180.0, 3.0), 2)
    assert expected_loss(everywhere, x, probabilities, l1_coeff).min() >= lowest.item() - 1e-12


def test_the_loss_of_the_best_two_rows_is_the_loss_at_their_angles():
    x, probabilities = finite_data(two_features("symmetric", 0.1, 0.25))
    angles, lowest = best_angles(x, probabilities[None], 0.2)
    assert expected_loss(angles[0], x, probabilities, 0.2).item() == pytest.approx(lowest.item(), abs=1e-12)
    assert angles[0, 0] <= angles[0, 1]


def test_without_solo_samples_of_b_the_best_rows_are_a_and_the_composite():
    x, probabilities = finite_data(two_features("nested", 0.0, 0.0))
    angles, lowest = best_angles(x, probabilities[None], 0.1)
    assert angles[0].tolist() == pytest.approx([0, 45], abs=0.01)
    assert lowest.item() == pytest.approx(radial_bound(two_features("nested", 0.0, 0.0), 0.1))


@pytest.mark.parametrize("l1_coeff", [0.02, 0.1, 0.3])
def test_atoms_and_pair_cost_the_same_at_the_crossover_known_in_closed_form(l1_coeff):
    ratio = l1_coeff * (2 - math.sqrt(2) - l1_coeff / 2) / (1 / 4 - (1 - 1 / math.sqrt(2)) * l1_coeff)
    data = finite_data(two_features("nested", 0.6 * ratio / (1 + ratio), 0.0))
    atoms, pair = (expected_loss(dictionary, *data, l1_coeff).item() for dictionary in (ATOMS, PAIR))
    assert atoms == pytest.approx(pair, rel=1e-9)


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
