"""The largest activations: as a sort finds them, in every case in which a faster way could go wrong."""

import pytest
import torch

from toysae.saes import selection
from toysae.saes.gradients import Buffers
from toysae.saes.selection import by_sorting, largest_of_samples, smallest_kept

SHAPES = [(1, 1, 1), (3, 2, 5), (2, 7, 40), (4, 10, 300), (1, 300, 7)]


def pre_activations(shape, dtype=torch.float64, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed)).to(dtype)


def literal_largest(pre, k):
    """One sample after the other; of equal ones the earlier latents."""
    kept = torch.zeros_like(pre)
    for sae, sample in torch.cartesian_prod(torch.arange(len(pre)), torch.arange(pre.shape[2])).tolist():
        values = pre[sae, :, sample].tolist()
        number = int(k.expand(len(pre))[sae])
        for latent in sorted(range(len(values)), key=lambda i: (-values[i], i))[:number]:
            kept[sae, latent, sample] = max(values[latent], 0.0)
    return kept


def literal_kept(positive, weights, k):
    """Marks activations, largest first, while weights add up to at most k, and those equal to the last one."""
    kept = torch.zeros_like(positive, dtype=torch.bool)
    for sae in range(len(positive)):
        own = weights.expand(len(positive), -1)[sae].tolist()
        everything = sorted(
            (-value, sample, latent)
            for latent, row in enumerate(positive[sae].tolist())
            for sample, value in enumerate(row)
        )
        most, counted, last = float(k.expand(len(positive))[sae]) * (1 + 1e-6), 0.0, None
        for value, sample, _ in everything:
            counted += own[sample]
            if value == 0 or (counted > most and last is not None):
                break
            last = -value
            if counted > most:
                break
        if last is not None:
            kept[sae] = positive[sae] >= last
    return kept


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("k", [1, 2, 5, 14, 500])
def test_the_largest_of_samples_are_those_of_a_sort(shape, k):
    pre = pre_activations(shape)
    for each in (torch.tensor(k), torch.arange(len(pre)) % 3 + k):
        assert torch.equal(largest_of_samples(pre, each, Buffers()), literal_largest(pre, each))


@pytest.mark.parametrize("k", [1, 2, 3, 14])
def test_of_equal_ones_the_earlier_latents_are_kept(k):
    pre = pre_activations((3, 20, 30)).mul(2).round().div(2)  # nearly all are equal to some other
    each = torch.tensor([k, k + 1, 1])
    ours = largest_of_samples(pre, each, Buffers())
    assert torch.equal(ours, literal_largest(pre, each))
    assert ((ours > 0).sum(dim=1) <= each[:, None]).all()


def weights_of(name, n_saes, n_samples):
    generator = torch.Generator().manual_seed(1)
    shape = (n_saes, n_samples) if name == "per SAE" else (n_samples,)
    weights = torch.ones(shape).double() if name == "equal" else torch.rand(shape, generator=generator).double() ** 4
    if name == "some impossible":
        weights[..., ::2] = 0
        weights[..., -1] = 1
    return weights / weights.sum(dim=-1, keepdim=True)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("given", ["equal", "uneven", "per SAE", "some impossible"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_of_a_batch_exactly_those_are_kept_that_a_sort_keeps(shape, given, dtype):
    weights = weights_of(given, shape[0], shape[2]).to(dtype)
    for seed, k in enumerate((1e-9, 0.5, 1.0, 1.83, 50.0)):
        positive = pre_activations(shape, dtype, seed).relu()
        for each in (torch.tensor(k).double(), torch.linspace(k, 2 * k, shape[0]).double()):
            smallest = smallest_kept(positive, weights, each, Buffers())
            assert torch.equal(smallest, by_sorting(positive, weights, each))
            assert torch.equal((positive >= smallest) & (positive > 0), literal_kept(positive, weights, each))


TRICKY = {
    "all equal": lambda z: (z > 0).to(z),
    "few values": lambda z: z.mul(3).round().div(3),
    "one far above": lambda z: z.index_fill(2, torch.tensor([3]), 1e6),
    "one far below": lambda z: torch.where(z < 0.5, z * 1e-20, z),
    "next to each other": lambda z: torch.where(z > 0, 1 + (z * 3).round() * torch.finfo(z.dtype).eps, 0),
    "nothing on": torch.zeros_like,
    "a single one on": lambda z: torch.zeros_like(z).index_fill(2, torch.tensor([5]), 0.3),
    "one SAE off": lambda z: torch.cat([z[:-1], 0 * z[-1:]]),
    "hardly any": lambda z: (z - 2.5).relu(),
    "far above one": lambda z: z * 1e30,
    "tiny": lambda z: z * 1e-30,
    "hidden among equals": lambda z: torch.where(z > 1, 1.0, z),
}


@pytest.mark.parametrize("case", TRICKY)
@pytest.mark.parametrize("given", ["equal", "uneven", "per SAE", "some impossible"])
@pytest.mark.parametrize("shape", [(3, 10, 300), (2, 5, 9)])
def test_tricky_batches_are_sorted_out_too(case, given, shape):
    for dtype in (torch.float32, torch.float64):
        positive = TRICKY[case](pre_activations(shape, dtype).relu())
        weights = weights_of(given, shape[0], shape[2]).to(dtype)
        for k in (1e-9, 0.01, 0.3, 0.9999999, 1.0, 2.0, 4.9, 100.0):
            each = torch.tensor(k).double()
            smallest = smallest_kept(positive, weights, each, Buffers())
            assert torch.equal(smallest, by_sorting(positive, weights, each)), k
            assert torch.equal((positive >= smallest) & (positive > 0), literal_kept(positive, weights, each)), k


def test_equal_ones_at_the_edge_are_kept_if_the_first_of_them_fits():
    """Samples of weight .6 and .4, one latent each at the same height: the first counts, and the other goes with it."""
    positive = torch.ones(1, 1, 2).double()
    for weights, k, n_kept in [((0.6, 0.4), 0.7, 2), ((0.4, 0.6), 0.5, 2), ((0.6, 0.4), 0.5, 2)]:
        smallest = smallest_kept(positive, torch.tensor(weights).double(), torch.tensor(k), Buffers())
        assert int((positive >= smallest).sum()) == n_kept
    below = torch.cat([torch.full((1, 1, 1), 2.0), torch.ones(1, 1, 200)], dim=2).double()
    weights = torch.cat([torch.tensor([0.3, 0.5]), torch.full((199,), 0.2 / 199)]).double()
    for k, n_kept in [(0.7, 1), (0.9, 201)]:  # after the one at 2.0 the first of the equal ones weighs .5
        smallest = smallest_kept(below, weights, torch.tensor(k), Buffers())
        assert int((below >= smallest).sum()) == n_kept


@pytest.mark.parametrize("left", [1, 7, 63, 10**6])
def test_how_much_is_left_to_sort_changes_nothing(left, monkeypatch):
    positive, weights = pre_activations((3, 10, 100)).relu(), weights_of("uneven", 3, 100)
    expected = by_sorting(positive, weights, torch.tensor(1.2))
    monkeypatch.setattr(selection, "LEFT_TO_SORT", left)
    assert torch.equal(smallest_kept(positive, weights, torch.tensor(1.2), Buffers()), expected)


def test_views_and_buffers_that_served_other_batches_do_as_well():
    buffers = Buffers()
    for n_samples in (300, 40, 300):
        positive, weights = pre_activations((2, n_samples, 10)).relu(), weights_of("equal", 2, n_samples)
        turned = positive.transpose(1, 2)
        expected = by_sorting(turned, weights, torch.tensor(1.2))
        assert torch.equal(smallest_kept(turned, weights, torch.tensor(1.2), buffers), expected)
        assert torch.equal(
            largest_of_samples(turned, torch.tensor(2), buffers),
            largest_of_samples(turned.contiguous(), torch.tensor(2), Buffers()),
        )
