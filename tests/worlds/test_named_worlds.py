"""Worlds: exact frequencies and co-occurrence; sampling equals the support in the limit; what is refused."""

import itertools
import math

import pytest
import torch

from toysae.worlds.directions import coherence, random_rotation, unit_directions
from toysae.worlds.firings import Hierarchy, MutuallyExclusive, Patterns
from toysae.worlds.magnitudes import CorrelatedUniform, RectifiedNormal
from toysae.worlds.named_worlds import (
    VARIANTS,
    antipodal_plane,
    bundles,
    groups,
    hierarchy,
    independent,
    independent_groups,
    k_of_n,
    mutually_exclusive,
    one_with_others,
    product,
    solo_leak,
    tree,
    two_features,
    two_of_three,
    zipf_rates,
)
from toysae.worlds.world import Isotropic, World

N = 40_000

FINITE = {
    "two of three": two_of_three(),
    "three of five": k_of_n(5, 3),
    "groups": groups(4),
    "independent groups": independent_groups(2, 0.3),
    "bundles": bundles(3, 2),
    "product": product([3, 4]),
    "solo leak": solo_leak(4, 2, 0.3),
    "independent": independent([0.1, 0.5, 0.9]),
    "hierarchy": hierarchy(),
    "hierarchy with a leak": hierarchy(leak=0.1, n_others=1),
    "tree": tree(n_parents=2, n_children=2, n_others=1),
    "forest": World(Hierarchy((-1, 0, 0, 1, 1, -1, 5), (0.5, 0.4, 0.6, 0.3, 0.7, 0.4, 1.0), 0.2, exclusive=[(1, 2)])),
    "exclusive roots": World(Hierarchy((-1, -1, 0), (0.3, 0.7, 0.5), exclusive=[(0, 1)])),
    "mutually exclusive": mutually_exclusive([0.1, 0.3, 0.2]),
    "one always": mutually_exclusive([0.7, 0.2, 0.1]),
    "correlated": one_with_others(),
    "anticorrelated": one_with_others(correlation=-0.5),
    "own": World(Patterns([[1, 1, 0], [0, 0, 1]], [0.25, 0.75])),
}


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("name", FINITE)
def test_sampling_equals_the_support_in_the_limit(name):
    world = FINITE[name]
    patterns, probabilities = world.support()
    exact = (patterns * probabilities[:, None]).T @ patterns
    samples = world.sample(N, generator()).double()
    error = (samples.T @ samples / N - exact).abs().max()
    assert error < 5 * 0.5 / math.sqrt(N)  # five standard errors of a probability
    assert probabilities.sum().item() == pytest.approx(1)
    assert world.firing.n_patterns == len(probabilities)


@pytest.mark.parametrize("name", FINITE)
def test_every_sample_is_a_pattern_of_the_support(name):
    world = FINITE[name]
    possible = {tuple(row) for row in world.support()[0].bool().tolist()}
    assert {tuple(row) for row in world.sample(2000, generator()).bool().tolist()} <= possible


@pytest.mark.parametrize("name", FINITE)
def test_rates_and_togetherness_agree_with_the_support(name):
    world = FINITE[name]
    patterns, probabilities = world.firing.support()
    assert torch.allclose(world.firing.rates(), probabilities @ patterns.double())
    assert torch.allclose(world.cooccurrence().diagonal(), world.firing.rates())
    for pair in itertools.combinations(range(world.n_features), 2):
        seen = bool(patterns[:, list(pair)].all(dim=1).any())
        assert world.firing.fire_together(pair) == seen


def test_exact_cooccurrence_of_two_of_three():
    expected = torch.full((3, 3), 1 / 3).double().fill_diagonal_(2 / 3)
    assert torch.allclose(two_of_three().cooccurrence(), expected)


def test_features_of_different_groups_never_meet():
    together = groups(8).cooccurrence()
    blocks = torch.block_diag(*[torch.ones(3, 3)] * 8).bool()
    assert (together[~blocks] == 0).all()
    assert torch.allclose(together[0, 1], torch.tensor(1 / 24).double())


def test_composites_are_the_normalised_sums_of_what_fires_together():
    half = math.sqrt(0.5)
    expected = {(half, half, 0.0), (half, 0.0, half), (0.0, half, half)}
    found = {tuple(row) for row in two_of_three().composites().tolist()}
    assert {tuple(round(v, 6) for v in row) for row in found} == {tuple(round(v, 6) for v in row) for row in expected}
    assert len(solo_leak(4, 2, 0.5).composites()) == math.comb(4, 2)


def test_magnitude_moments_are_those_of_a_rectified_normal():
    for sigma in (0.0, 0.1, 0.8, 3.0):
        world = k_of_n(2, 2, mu=1.0, sigma=sigma)
        active = world.sample(N, generator(1)).flatten().double()
        mean, deviation = world.magnitude_moments()
        assert active.mean().item() == pytest.approx(mean, abs=5 * deviation / math.sqrt(2 * N) + 1e-6)
        assert active.std().item() == pytest.approx(deviation, rel=0.03, abs=1e-6)


def test_entry_moments_count_the_zeros():
    world = two_of_three(sigma=0.5)
    entries = world.sample(N, generator(2)).flatten().double()
    mean, deviation = world.entry_moments()
    assert entries.mean().item() == pytest.approx(mean, abs=0.01)
    assert entries.std().item() == pytest.approx(deviation, abs=0.01)


def test_a_rotated_world_has_the_same_geometry():
    features = random_rotation(3, 7, generator())
    assert torch.allclose(features @ features.T, torch.eye(3), atol=1e-5)
    world = two_of_three(features=features)
    activations = world.sample(10, generator())
    assert torch.allclose(world.inputs(activations).norm(dim=1), activations.norm(dim=1), atol=1e-5)


def test_the_same_generator_seed_gives_the_same_samples():
    world = groups(3, sigma=0.2)
    assert torch.equal(world.sample(50, generator(7)), world.sample(50, generator(7)))
    assert not torch.equal(world.sample(50, generator(7)), world.sample(50, generator(8)))


def test_magnitudes_are_never_negative():
    assert two_of_three(sigma=5.0).sample(1000, generator()).min() >= 0


def test_isotropic_data_look_the_same_from_everywhere():
    world = Isotropic(3)
    x = world.inputs(world.sample(N, generator()))
    turned = x @ random_rotation(3, 3, generator(1)).T
    for data in (x, turned):
        assert torch.allclose(data.T @ data / N, torch.eye(3), atol=0.05)
        assert data.pow(4).mean().item() == pytest.approx(3, abs=0.15)  # a normal fourth moment, in any basis


def test_the_defaults_are_the_published_toys():
    assert hierarchy().firing.rates().tolist() == pytest.approx([0.25, 0.05, 0.05, 0.05])
    assert hierarchy(n_others=0).firing.rates().tolist() == pytest.approx([0.25, 0.05])
    family = [0.15, 0.03, 0.03, 0.03]
    assert tree().firing.rates().tolist() == pytest.approx(family * 3 + [0.05] * 8)
    assert one_with_others().firing.rates().sum().item() == pytest.approx(2)


def test_a_leak_of_the_stated_size_gives_the_stated_share_of_children_with_their_parent():
    p_parent, p_child, share = 0.25, 0.2, 0.95
    leak = p_child * p_parent * (1 - share) / (share * (1 - p_parent))
    together = hierarchy(p_parent, p_child, leak=leak).cooccurrence()
    assert (together[0, 1] / together[1, 1]).item() == pytest.approx(share)


def test_children_of_a_tree_fire_with_their_parent_and_never_with_a_sibling():
    samples = tree().sample(N, generator()) > 0
    for parent in (0, 4, 8):
        children = samples[:, parent + 1 : parent + 4]
        assert (children.any(dim=1) <= samples[:, parent]).all()
        assert children.sum(dim=1).max() == 1
        share = children.any(dim=1).sum() / samples[:, parent].sum()
        assert share.item() == pytest.approx(0.6, abs=5 * math.sqrt(0.24 / (0.15 * N)))


def test_a_hierarchy_may_be_told_by_the_rates_of_all_features():
    firing = Hierarchy.of_rates((-1, 0, 1), [0.5, 0.2, 0.1])
    assert firing.rates().tolist() == pytest.approx([0.5, 0.2, 0.1])
    assert firing.n_patterns == 4


def test_a_child_that_comes_before_its_parent_is_no_different():
    forward, backward = Hierarchy((-1, 0, 1), (0.5, 0.4, 0.3), 0.1), Hierarchy((1, 2, -1), (0.3, 0.4, 0.5), 0.1)
    tables = [
        dict(zip(map(tuple, p.tolist()), q.tolist(), strict=True)) for p, q in (forward.support(), backward.support())
    ]
    assert tables[0] == {pattern[::-1]: pytest.approx(q) for pattern, q in tables[1].items()}


@pytest.mark.parametrize("size", [2, 3])
def test_togetherness_of_sets_agrees_with_the_support(size):
    for name in ("forest", "exclusive roots", "hierarchy with a leak", "tree"):
        firing = FINITE[name].firing
        patterns, _ = firing.support()
        for members in itertools.combinations(range(firing.n_features), size):
            assert firing.fire_together(members) == bool(patterns[:, list(members)].all(dim=1).any())


def test_a_large_tree_counts_its_patterns_without_listing_them():
    assert tree().firing.n_patterns == 5**3 * 2**8
    assert Hierarchy([-1] * 300, [0.5] * 300).n_patterns == 2**300


def test_at_most_one_of_exclusive_features_fires():
    samples = mutually_exclusive([0.2] * 5).sample(N, generator()) > 0
    assert (samples.sum(dim=1) == 1).all()
    assert MutuallyExclusive([0.2] * 5).n_patterns == 5


def test_zipf_rates_are_a_power_law_that_starts_or_sums_where_it_should():
    rates = zipf_rates(50, 0.7, highest=0.3)
    slope = (rates[1:] / rates[0]).log() / torch.arange(2, 51).double().log()
    assert torch.allclose(slope, torch.full((49,), -0.7).double())
    assert rates[0].item() == 0.3
    assert zipf_rates(50, 0.7, mean_l0=2.0).sum().item() == pytest.approx(2)


def test_jitter_may_be_that_of_one_feature_alone():
    world = hierarchy(sigma=[0.1, 0, 0, 0])
    samples = world.sample(N, generator())
    jittered, still = samples[:, 0], samples[:, 1:]
    assert set(still.unique().tolist()) == {0.0, 1.0}
    assert jittered[jittered > 0].std().item() == pytest.approx(0.1, rel=0.05)
    mean, deviation = world.magnitude_moments()
    assert mean.tolist() == pytest.approx([1] * 4)
    assert deviation.tolist() == pytest.approx([0.1, 0, 0, 0])


def test_magnitudes_told_per_feature_are_those_told_once():
    once, each = k_of_n(3, 2, mu=2.0, sigma=0.5), k_of_n(3, 2, mu=[2.0] * 3, sigma=[0.5] * 3)
    assert torch.equal(once.sample(50, generator()), each.sample(50, generator()))
    assert torch.allclose(each.magnitude_moments()[1], torch.tensor(once.magnitude_moments()[1]).double())
    assert each.entry_moments() == pytest.approx(once.entry_moments())
    assert isinstance(once.mu, float) and isinstance(once.sigma, float)


def test_entry_moments_weigh_features_by_their_rates():
    world = independent([0.1, 0.6], mu=[1.0, 3.0], sigma=[0.0, 0.5])
    entries = world.sample(N, generator(2)).flatten().double()
    mean, deviation = world.entry_moments()
    assert entries.mean().item() == pytest.approx(mean, abs=5 * deviation / math.sqrt(N))
    assert entries.std().item() == pytest.approx(deviation, rel=0.02)


def test_a_world_of_fixed_magnitudes_that_differ_has_an_exact_support():
    activations, _ = k_of_n(2, 1, mu=[1.0, 3.0]).support()
    assert sorted(activations.tolist()) == [[0, 3], [1, 0]]


@pytest.mark.parametrize("f", [0.0, 0.3, 1.0])
def test_magnitudes_of_the_plane_are_tied_as_they_should_be(f):
    world = antipodal_plane(f)
    samples = world.sample(N, generator()).double()
    first, second = samples[:, :2].sum(dim=1), samples[:, 2:].sum(dim=1)
    assert ((samples > 0).sum(dim=1) == 2).all()
    found = torch.corrcoef(torch.stack([first, second]))[0, 1].item()
    assert found == pytest.approx(world.magnitudes.coefficient, abs=5 / math.sqrt(N))
    for values, deviation in ((first, world.sigma[0]), (second, world.sigma[2])):
        assert values.mean().item() == pytest.approx(0.5, abs=5 * 0.3 / math.sqrt(N))
        assert values.std().item() == pytest.approx(deviation.item(), rel=0.02)
    assert world.magnitudes.coefficient == pytest.approx({0.0: 0, 0.3: 0.3 / math.sqrt(0.58), 1.0: 1}[f])


def test_the_plane_points_every_way_equally_often():
    world = antipodal_plane(0.5, p_alone=0.3)
    x = world.inputs(world.sample(N, generator()))
    signs, counts = x.sign().unique(dim=0, return_counts=True)
    expected = {0: 0.175, 1: 0.075}  # off the axes, and along them
    for sign, count in zip(signs, counts, strict=True):
        assert count.item() / N == pytest.approx(expected[int((sign == 0).sum())], abs=5 * 0.4 / math.sqrt(N))


def test_features_in_superposition_are_unit_rows_which_repulsion_spreads():
    welch = math.sqrt((12 - 5) / (5 * 11))
    reached = []
    for n_steps in (0, 20, 300):
        rows = unit_directions(12, 5, generator(), n_steps)
        gram = rows.double() @ rows.double().T
        assert torch.allclose(gram.diagonal(), torch.ones(12).double())
        assert coherence(rows) == pytest.approx((gram - torch.eye(12)).abs().max().item(), abs=1e-6)
        reached.append(coherence(rows))
    assert reached[0] > reached[1] > reached[2] >= welch
    assert reached[2] < 1.5 * welch
    assert coherence(unit_directions(4, 9, generator(), 300)) < 0.1


def test_as_many_directions_as_dimensions_plus_one_reach_the_simplex():
    rows = unit_directions(4, 3, generator(), 2000)
    assert coherence(rows) == pytest.approx(1 / 3, abs=1e-3)  # the bound of Welch is attained


def test_a_world_knows_whether_its_features_are_at_right_angles():
    crowded = independent([0.1] * 6, features=unit_directions(6, 4, generator()))
    assert crowded.d_in == 4
    assert not crowded.orthonormal
    assert two_of_three(features=random_rotation(3, 5, generator())).orthonormal
    two_of_three().require_orthonormal()
    with pytest.raises(ValueError, match=r"the coherence of features is 0\..*: allowed is 0"):
        crowded.require_orthonormal()


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        (lambda: k_of_n(3, 4), "k is 4"),
        (lambda: k_of_n(3, 0), "k is 0"),
        (lambda: two_of_three(mu=0.0), "mu is 0.0"),
        (lambda: two_of_three(mu=math.nan), "mu is nan"),
        (lambda: two_of_three(sigma=-1.0), "sigma is -1.0"),
        (lambda: two_of_three(sigma=math.inf), "sigma is inf"),
        (lambda: solo_leak(3, 2, 1.5), "p_alone is 1.5"),
        (lambda: independent_groups(3, -0.1), "p is -0.1"),
        (lambda: independent([0.5, 1.2]), "probabilities is"),
        (lambda: independent([0.5, math.nan]), "probabilities is"),
        (lambda: Patterns([[1, 0]], [0.5]), "probabilities is"),
        (lambda: Patterns([[1, 0]], [0.5, 0.5]), "probabilities has shape"),
        (lambda: two_of_three(features=torch.eye(2)), "features has shape"),
        (lambda: two_of_three(features=torch.ones(3, 3)), "features has rows"),
        (lambda: random_rotation(3, 2, generator()), "d_in is 2"),
        (lambda: two_of_three(sigma=0.1).support(), "sigma is 0.1"),
        (lambda: two_of_three(sigma=[0.1, 0, 0]).support(), "sigma is [0.1, 0.0, 0.0]"),
        (lambda: two_of_three(sigma=[0.1, -1, 0]), "sigma is [0.1, -1.0, 0.0]"),
        (lambda: two_of_three(mu=[1.0, 1.0]), "the shape of mu is (2,)"),
        (lambda: antipodal_plane(0.5, mu=2.0), "mu is 2.0"),
        (lambda: antipodal_plane(0.5, sigma=0.2), "sigma is 0.2"),
        (lambda: antipodal_plane(1.5), "correlation is 1.5"),
        (lambda: antipodal_plane(0.5, p_alone=2), "p_alone is 2"),
        (lambda: two_of_three(magnitudes=CorrelatedUniform(0.5, [True])), "the shape of sigma is (1,)"),
        (lambda: two_of_three(magnitudes=RectifiedNormal(sigma=math.nan)), "sigma is nan"),
        (lambda: Hierarchy.of_rates((-1, 0), [0.1, 1.2]), "rates is [0.1, 1.2]"),
        (lambda: Hierarchy.of_rates((-1, 0), [0.1, 0.2]), "the rate of feature 1 is 0.2"),
        (lambda: hierarchy(p_child=1.2), "probabilities is [0.25, 1.2]"),
        (lambda: hierarchy(leak=-0.1), "leaks is [0.0, -0.1]"),
        (lambda: hierarchy(n_others=-1), "n_others is -1"),
        (lambda: Hierarchy((-1, 0, 3), (0.5,) * 3), "the parent of feature 2 is 3"),
        (lambda: Hierarchy((-1, 2, 1), (0.5,) * 3), "parents is [-1, 2, 1]"),
        (lambda: Hierarchy((-1, 0), (0.5, 0.5), (0.1,) * 3), "the shape of leaks is (3,)"),
        (lambda: Hierarchy((-1, 0), (0.5,)), "probabilities is [0.5]"),
        (lambda: tree(p_child=0.4), "the sum of probabilities of the exclusive features (1, 2, 3) is 1.2"),
        (lambda: tree(n_others=-1), "n_others is -1"),
        (lambda: tree(n_parents=0, n_others=0), "n_parents + n_others is 0"),
        (lambda: Hierarchy((-1, 0, 1), (0.5,) * 3, exclusive=[(1, 2)]), "exclusive is ((1, 2),)"),
        (lambda: Hierarchy((-1, 0, 0), (0.5,) * 3, exclusive=[(1, 2), (2,)]), "exclusive is ((1, 2), (2,))"),
        (lambda: Hierarchy((-1, 0, 0), (0.5,) * 3, exclusive=[(1, 7)]), "exclusive is ((1, 7),)"),
        (lambda: mutually_exclusive([0.5, 0.6]), "the sum of probabilities is 1.1"),
        (lambda: mutually_exclusive([0.5, -0.1]), "probabilities is [0.5, -0.1]"),
        (lambda: zipf_rates(10, highest=1.2), "highest is 1.2"),
        (lambda: zipf_rates(10, mean_l0=5), "mean_l0 is 5"),
        (lambda: zipf_rates(10, -1.0, highest=0.2), "exponent is -1.0"),
        (lambda: zipf_rates(10), "the number of highest and mean_l0 that are given is 0"),
        (lambda: zipf_rates(0, highest=0.2), "n_features is 0"),
        (lambda: unit_directions(3, 0, generator()), "d_in is 0"),
        (lambda: unit_directions(3, 2, generator(), -1), "n_steps is -1"),
        (lambda: one_with_others(p=1.4), "p is 1.4"),
        (lambda: independent([0.5] * 30).support(), "n_patterns is"),
    ],
)
def test_impossible_worlds_are_refused_by_name(wrong, named):
    with pytest.raises(ValueError, match="allowed") as refusal:
        wrong()
    assert str(refusal.value).startswith(named)
    assert "\n" not in str(refusal.value)


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
