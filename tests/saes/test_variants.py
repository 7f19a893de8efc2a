"""The variants: each against its formula number by number, and against what must hold for any numbers."""

import math

import pytest
import torch
from torch.nn.functional import normalize

from toysae.saes.gradients import Buffers
from toysae.saes.stack import ReluL1, Stack, untrained
from toysae.saes.starts import positive_rows, random_sign_rows
from toysae.saes.training import Batches, Support, fit
from toysae.saes.variants import (
    L0,
    L1,
    AllCosines,
    BatchTopK,
    Gated,
    JumpRelu,
    LargestCosine,
    Prefixes,
    Relu,
    TopK,
    Variant,
)
from toysae.worlds.directions import random_rotation
from toysae.worlds.named_worlds import k_of_n, two_of_three

N_LATENTS, D_IN, N_SAMPLES = 5, 4, 7
SEEDS = range(3)
PRICES = torch.tensor([0.1, 0.3, 0.05], dtype=torch.float64)
K = torch.tensor([1, 2, 3])
MEAN_K = torch.tensor([0.7, 1.5, 2.2], dtype=torch.float64)
BANDWIDTH, THRESHOLD = 0.6, 0.3
SIZES, SHARES = (1, 3, N_LATENTS), (0.2, 0.5, 0.3)
VARIANTS = {
    "relu": Variant(Relu(), [L1(PRICES)]),
    "top-k": Variant(TopK(K)),
    "batch-top-k": Variant(BatchTopK(MEAN_K)),
    "jump-relu": Variant(JumpRelu(BANDWIDTH, THRESHOLD), [L0(PRICES, BANDWIDTH)]),
    "matryoshka": Variant(Relu(), [L1(PRICES)], prefixes=Prefixes(SIZES, SHARES)),
    "matryoshka-batch-top-k": Variant(BatchTopK(MEAN_K), prefixes=Prefixes(SIZES, SHARES)),
    "largest-cosine": Variant(Relu(), [L1(PRICES), LargestCosine(PRICES * 2)]),
    "all-cosines": Variant(TopK(K), [AllCosines(PRICES * 3)]),
    "gated": Gated(PRICES),
}
every_variant = pytest.mark.parametrize("name", VARIANTS)
every_shape = pytest.mark.parametrize(("decoder_bias", "tied"), [(False, False), (True, True)])


def random_case(name, decoder_bias=True, tied=False):
    """A stack of three SAEs in the middle of nowhere, in float64, with data points and uneven probabilities."""
    generator = torch.Generator().manual_seed(5)
    rows = torch.randn(len(SEEDS), N_LATENTS, D_IN, generator=generator)
    stack = untrained(VARIANTS[name], normalize(rows, dim=2), SEEDS, decoder_bias=decoder_bias, tied=tied).double()
    for value in stack.parameters.values():
        value += 0.3 * torch.randn(value.shape, generator=generator).double()
    stack.parameters["W_dec"].copy_(normalize(stack.W_dec, dim=2))
    x = torch.randn(N_SAMPLES, D_IN, generator=generator).double()
    weights = torch.rand(N_SAMPLES, generator=generator).double()
    return stack, x, weights / weights.sum()


def gradients(stack, x, weights):
    """As training gets them."""
    out = {name: torch.full_like(value, torch.nan) for name, value in stack.parameters.items()}
    stack.model.gradients(stack.parameters, x, weights, out, Buffers())
    return out


def projected(slope, rows):
    """The part of the gradient of unit rows that training uses."""
    return slope - (slope * rows).sum(dim=-1, keepdim=True) * rows


# ---- the formulas, number by number: one SAE `p`, one sample, one latent at a time; autograd through these loops


def dot(a, b):
    return sum(s * t for s, t in zip(a, b, strict=True))


def centred(p, point):
    return [point[d] - p["b_dec"][d] for d in range(D_IN)] if "b_dec" in p else list(point)


def pre_of(p, point):
    def column(i):
        return p["W_enc"][:, i] if "W_enc" in p else p["W_dec"][i]

    return [dot(centred(p, point), column(i)) + p["b_enc"][i] for i in range(N_LATENTS)]


def squared_error(p, point, z, size=N_LATENTS):
    """With the first `size` latents alone."""
    bias = p["b_dec"] if "b_dec" in p else [0.0] * D_IN
    x_hat = [sum(z[i] * p["W_dec"][i][d] for i in range(size)) + bias[d] for d in range(D_IN)]
    return sum((point[d] - x_hat[d]) ** 2 for d in range(D_IN))


def rectified(values):
    return [v if v > 0 else 0 * v for v in values]


def only(values, kept):
    return [v if on else 0 * v for v, on in zip(values, kept, strict=True)]


def the_k_largest(values, k):
    return [sum(other > v for other in values) < k and v > 0 for v in values]


def the_largest_of_the_batch(z, weights, mean_k):
    """Marks activations, largest first, while the probabilities of their samples add up to no more than mean_k."""
    everything = sorted(((z[s][i].item(), s, i) for s in range(N_SAMPLES) for i in range(N_LATENTS)), reverse=True)
    kept, counted = [[False] * N_LATENTS for _ in range(N_SAMPLES)], 0.0
    for value, s, i in everything:
        counted += weights[s].item()
        if counted > mean_k or value <= 0:
            return kept
        kept[s][i] = True
    return kept


def literal_activations(name, p, x, weights, member):
    pre = [pre_of(p, point) for point in x]
    if name in ("top-k", "all-cosines"):
        return [only(row, the_k_largest(row, K[member])) for row in pre]
    if "batch-top-k" in name:
        z = [rectified(row) for row in pre]
        return [only(*pair) for pair in zip(z, the_largest_of_the_batch(z, weights, MEAN_K[member]), strict=True)]
    if name == "jump-relu":
        return [only(row, [v > torch.exp(t) for v, t in zip(row, p["log_threshold"], strict=True)]) for row in pre]
    if name == "gated":
        return [gated_activations(p, point) for point in x]
    return [rectified(row) for row in pre]


def gated_activations(p, point):
    gate = pre_of(p, point)
    scale, shift = p["r_mag"], p["b_mag"]
    magnitude = [torch.exp(scale[i]) * (gate[i] - p["b_enc"][i]) + shift[i] for i in range(N_LATENTS)]
    return only(rectified(magnitude), [v > 0 for v in gate])


def literal_penalty(name, p, point, z, price):
    """What a sample pays beside its squared error, gradients of thresholds apart."""
    if name in ("relu", "matryoshka"):
        return price * sum(z)
    if name == "largest-cosine":
        largest = [max(dot(p["W_dec"][i], p["W_dec"][j]) for j in range(N_LATENTS) if j != i) for i in range(N_LATENTS)]
        return price * sum(z) + 2 * price * sum(c**2 for c in largest) / N_LATENTS
    if name == "all-cosines":
        pairs = [(i, j) for i in range(N_LATENTS) for j in range(i)]
        return 3 * price * sum(dot(p["W_dec"][i], p["W_dec"][j]) ** 2 for i, j in pairs) / len(pairs)
    if name == "jump-relu":
        return price * sum(v > 0 for v in z)
    if name == "gated":
        opened = rectified(pre_of(p, point))
        frozen = {key: value.detach() for key, value in p.items()}
        return price * sum(opened) + squared_error(frozen, point, opened) / 2
    return 0.0


def literal_loss(name, p, x, weights, member):
    total = 0.0
    activations = literal_activations(name, p, x, weights, member)
    for point, z, weight in zip(x, activations, weights, strict=True):
        if "matryoshka" in name:
            error = sum(share * squared_error(p, point, z, size) for size, share in zip(SIZES, SHARES, strict=True))
        else:
            error = squared_error(p, point, z)
        total = total + weight * (error / 2 + literal_penalty(name, p, point, z, PRICES[member]))
    return total


@every_variant
@every_shape
def test_activations_loss_and_gradient_are_those_of_the_formula(name, decoder_bias, tied):
    stack, x, weights = random_case(name, decoder_bias, tied)
    z, losses = stack.model.encode(stack.parameters, x, weights), stack.losses(x, weights)
    ours = gradients(stack, x, weights)
    for member in range(len(stack)):
        p = {key: value[member].clone().requires_grad_() for key, value in stack.parameters.items()}
        literal_z = torch.stack([torch.stack(row) for row in literal_activations(name, p, x, weights, member)])
        assert torch.allclose(z[member], literal_z, rtol=1e-12, atol=1e-14)
        assert 0 < (literal_z > 0).sum() < literal_z.numel()
        loss = literal_loss(name, p, x, weights, member)
        assert losses[member].item() == pytest.approx(loss.item(), rel=1e-12)
        slopes = torch.autograd.grad(loss, list(p.values()), materialize_grads=True)
        for key, slope in zip(p, slopes, strict=True):
            if key != "log_threshold":  # which has no gradient, but an estimate: below
                assert torch.allclose(ours[key][member], slope, rtol=1e-10, atol=1e-13), key
                assert slope.abs().max() > 1e-4, key


@pytest.mark.parametrize("name", [name for name in VARIANTS if name != "gated"])
def test_the_gradient_is_the_slope_of_the_loss(name):
    stack, x, weights = random_case(name)
    ours, generator, step = gradients(stack, x, weights), torch.Generator().manual_seed(0), 1e-6
    for key, value in stack.parameters.items():
        if key == "log_threshold":
            continue
        way = torch.randn(value.shape, generator=generator).double()
        there, back = (
            Stack(stack.model, stack.parameters | {key: value + s * way}, stack.seeds) for s in (step, -step)
        )
        slope = (there.losses(x, weights) - back.losses(x, weights)) / (2 * step)
        assert torch.allclose((ours[key] * way).flatten(1).sum(dim=1), slope, rtol=1e-5, atol=1e-8), key


# ---- ReLU


def test_relu_and_l1_are_the_plain_sae():
    stack, x, weights = random_case("relu")
    plain = Stack(ReluL1(PRICES), stack.parameters, stack.seeds)
    assert torch.allclose(stack.losses(x, weights), plain.losses(x, weights), rtol=1e-13)
    ours, plains = gradients(stack, x, weights), gradients(plain, x, weights)
    for key in ours:
        assert torch.allclose(ours[key], plains[key], rtol=1e-10, atol=1e-13), key


# ---- TopK


def test_top_k_keeps_the_k_largest_of_every_sample():
    pre = torch.randn(3, 200, 8, generator=torch.Generator().manual_seed(0))
    z = TopK(K)(pre, {}, None)
    positive = (pre > 0).sum(dim=2)
    assert torch.equal((z > 0).sum(dim=2), torch.minimum(positive, K[:, None]))
    smallest_kept = torch.where(z > 0, z, torch.inf).amin(dim=2)
    largest_dropped = torch.where(z == 0, pre, -torch.inf).amax(dim=2)
    assert (smallest_kept > largest_dropped).all()
    assert torch.equal(z[z > 0], pre[z > 0])


def test_as_many_as_there_are_latents_is_a_relu():
    pre = torch.randn(2, 50, 4, generator=torch.Generator().manual_seed(0))
    assert torch.equal(TopK(9)(pre, {}, None), torch.relu(pre))


# ---- BatchTopK


def pre_activations(n_saes=3, n_samples=40, n_latents=7):
    return torch.randn(n_saes, n_samples, n_latents, generator=torch.Generator().manual_seed(2)).double()


@pytest.mark.parametrize("k", [0.5, 1.0, 1.83, 2.5])
def test_batch_top_k_keeps_the_largest_of_the_batch(k):
    pre = pre_activations()
    z, n_kept = BatchTopK(k)(pre, {}, None), math.floor(k * pre.shape[1] + 1e-9)
    for ours, given in zip(z, pre, strict=True):
        smallest = given.flatten().sort(descending=True).values[n_kept - 1]
        assert torch.equal(ours, given * (given >= smallest))
        assert (ours > 0).sum() == n_kept


def test_batch_top_k_is_top_k_for_a_batch_of_one_sample():
    pre = pre_activations(n_samples=1)
    assert torch.equal(BatchTopK(2.0)(pre, {}, None), TopK(2)(pre, {}, None))


def test_a_sample_of_weight_two_counts_like_two_samples():
    pre = pre_activations(n_samples=20)
    twice = torch.arange(20) % 3 == 0
    weights = torch.where(twice, 2.0, 1.0).double()
    repeated = torch.cat([pre, pre[:, twice]], dim=1)
    for k in (0.6, 1.2, 2.1):
        weighted, plain = BatchTopK(k)(pre, {}, weights / weights.sum()), BatchTopK(k)(repeated, {}, None)
        difference = (weighted > 0).double().sum() - (plain[:, :20] > 0).double().sum()
        assert difference.abs() <= 3  # where the last one counts twice, one of its two copies may fit alone
        assert ((weighted > 0) & (plain[:, :20] == 0)).sum() == 0


def test_every_sae_counts_by_its_own_probabilities():
    pre = pre_activations()
    weights = torch.softmax(3 * torch.randn(3, 40, generator=torch.Generator().manual_seed(3)).double(), dim=1)
    together = BatchTopK(MEAN_K)(pre, {}, weights)
    for i in range(3):
        alone = BatchTopK(MEAN_K[i])(pre[i : i + 1], {}, weights[i])
        assert torch.equal(alone[0], together[i])
        count = (weights[i] * (alone[0] > 0).sum(dim=1)).sum()
        assert count <= MEAN_K[i] + 1e-5


def test_at_least_the_largest_activation_stays():
    pre = pre_activations()
    z = BatchTopK(1e-6)(pre, {}, None)
    assert torch.equal((z > 0).flatten(1).sum(dim=1), torch.ones(3, dtype=torch.int64))
    assert (BatchTopK(1.0)(-pre.abs(), {}, None) == 0).all()


def test_the_settled_threshold_does_what_the_batch_did():
    """Exactly so on the batch it comes from, nearly so on fresh batches."""
    pre = torch.randn(60, 2, 500, 6, generator=torch.Generator().manual_seed(4)).double()
    activation, weights = BatchTopK(torch.tensor([0.8, 2.0])), torch.full((500,), 1 / 500).double()
    one = activation.settled(pre[:1], weights)
    assert one["log_threshold"].shape == (2, 6)
    assert torch.equal(activation(pre[0], one, weights), activation(pre[0], {}, weights))
    settled = activation.settled(pre[:50], weights)
    for fresh in pre[50:]:
        differs = (activation(fresh, settled, weights) > 0) != (activation(fresh, {}, weights) > 0)
        assert differs.double().mean() < 0.03
    l0 = torch.stack([(activation(fresh, settled, weights) > 0).sum(dim=2).double().mean(dim=1) for fresh in pre[50:]])
    assert torch.allclose(l0.mean(dim=0), activation.k, rtol=0.03)


def test_a_trained_batch_top_k_needs_no_batch():
    world = k_of_n(5, 2, sigma=0.2)
    rows = positive_rows(world, 5, SEEDS)
    stack = untrained(Variant(BatchTopK(2.0)), rows, SEEDS, decoder_bias=False)
    trained, _ = fit(stack, Batches(world, 128, torch.Generator().manual_seed(0)), n_steps=300, lr=0.01)
    x = world.inputs(world.sample(1000, torch.Generator().manual_seed(1)))
    z = trained.encode(x)
    assert torch.allclose(torch.cat([trained.encode(point[None]) for point in x[:20]], dim=1), z[:, :20], atol=1e-6)
    assert ((z > 0).sum(dim=2).double().mean(dim=1) - 2).abs().max() < 0.15


# ---- JumpReLU


def test_thresholds_get_the_pseudo_gradient_of_the_paper():
    """Rajamanoharan et al. 2024, section 4: E[(theta_i d_i (x - x_hat) - lambda) K((pre_i - theta_i) / eps)] / eps.

    Theirs has a factor of two before theta_i, for their squared error has no half; K is 1 between -1/2 and 1/2.
    """
    stack, x, weights = random_case("jump-relu")
    ours = gradients(stack, x, weights)["log_threshold"]
    for member in range(len(stack)):
        p = {key: value[member] for key, value in stack.parameters.items()}
        activations = literal_activations("jump-relu", p, x, weights, member)
        for i in range(N_LATENTS):
            theta, total = math.exp(p["log_threshold"][i]), 0.0
            for point, z, weight in zip(x, activations, weights, strict=True):
                if abs(pre_of(p, point)[i] - theta) < BANDWIDTH / 2:
                    error = point - sum(z[j] * p["W_dec"][j] for j in range(N_LATENTS)) - p["b_dec"]
                    total += weight * (theta * dot(p["W_dec"][i], error) - PRICES[member]) / BANDWIDTH
            assert ours[member, i].item() == pytest.approx(float(total) * theta, rel=1e-10, abs=1e-14)
    assert (ours != 0).sum() > 5


def test_with_a_narrow_kernel_that_is_the_slope_of_the_expected_loss():
    """x uniform on [0, 1], one latent, price c: theta^3/6 + c (1 - theta) is expected, its slope theta^2/2 - c."""
    x = ((torch.arange(100_000).double() + 0.5) / 100_000)[:, None]
    weights = torch.full((len(x),), 1 / len(x)).double()
    prices = torch.tensor([0.0, 0.02, 0.2])
    for theta in (0.2, 0.5, 0.7):
        model = Variant(JumpRelu(0.01, theta), [L0(prices, 0.01)])
        stack = untrained(model, torch.ones(3, 1, 1).double(), SEEDS, decoder_bias=False)
        assert torch.allclose(stack.losses(x, weights), theta**3 / 6 + prices.double() * (1 - theta), atol=1e-4)
        slope = gradients(stack, x, weights)["log_threshold"][:, 0] / theta
        assert torch.allclose(slope, theta**2 / 2 - prices.double(), atol=2e-3)


def test_the_price_of_l0_moves_thresholds_and_nothing_else():
    stack, x, weights = random_case("jump-relu")
    free = Stack(Variant(JumpRelu(BANDWIDTH, THRESHOLD)), stack.parameters, stack.seeds)
    priced, unpriced = gradients(stack, x, weights), gradients(free, x, weights)
    for key in priced:
        assert torch.equal(priced[key], unpriced[key]) == (key != "log_threshold"), key


# ---- Gated


def test_the_auxiliary_term_gives_the_decoder_no_gradient():
    stack, x, weights = random_case("gated")
    rows = stack.W_dec.clone().requires_grad_()
    z = stack.encode(x)
    x_hat = z @ rows + stack.b_dec[:, None]
    ((x - x_hat).square().sum(dim=2) / 2 * weights).sum().backward()
    assert torch.allclose(gradients(stack, x, weights)["W_dec"], rows.grad, rtol=1e-10)


def test_the_gate_learns_from_the_auxiliary_term_alone_and_the_magnitude_from_the_error_alone():
    stack, x, weights = random_case("gated", decoder_bias=False)
    shut = stack.parameters | {"b_enc": stack.parameters["b_enc"] - 100}
    slopes = gradients(Stack(stack.model, shut, stack.seeds), x, weights)
    assert all((slope == 0).all() for slope in slopes.values())
    gate = stack.parameters["b_enc"].clone().requires_grad_()
    opened = torch.relu(x @ stack.parameters["W_enc"] + gate[:, None])
    auxiliary = (x - opened @ stack.W_dec).square().sum(dim=2) / 2 + PRICES[:, None] * opened.sum(dim=2)
    (auxiliary * weights).sum().backward()
    # b_enc is in the gate alone: the magnitude has a bias of its own
    assert torch.allclose(gradients(stack, x, weights)["b_enc"], gate.grad, rtol=1e-10)


# ---- penalties on the decoder


def two_rows(degrees):
    angle = math.radians(degrees)
    return torch.tensor([[[1.0, 0.0], [math.cos(angle), math.sin(angle)]]], dtype=torch.float64)


@pytest.mark.parametrize("penalty", [LargestCosine(0.5), AllCosines(0.5)])
@pytest.mark.parametrize(("degrees", "cosine"), [(90, 0.0), (60, 0.5), (45, math.sqrt(0.5)), (0, 1.0)])
def test_of_two_rows_both_penalties_take_the_squared_cosine(penalty, degrees, cosine):
    z = torch.zeros(1, 3, 2).double()
    paid = penalty({"W_dec": two_rows(degrees)}, z, z)
    assert paid.shape == (1, 1)
    assert paid.item() == pytest.approx(0.5 * cosine**2, abs=1e-12)


@pytest.mark.parametrize("penalty", [LargestCosine(1.0), AllCosines(1.0)])
def test_right_angles_are_free_however_they_are_turned(penalty):
    z = torch.zeros(1, 2, 4)
    rotation = random_rotation(4, 4, torch.Generator().manual_seed(0))[None]
    assert penalty({"W_dec": rotation}, z, z).item() == pytest.approx(0.0, abs=1e-10)
    assert penalty({"W_dec": rotation[:, :1]}, z, z).item() == 0.0


@pytest.mark.parametrize("name", ["largest-cosine", "all-cosines"])
def test_along_the_sphere_their_gradient_is_that_of_the_cosine(name):
    """Training keeps rows at unit length and so takes the product of two rows for their cosine."""
    stack, x, _ = random_case(name)
    penalty, z = stack.model.penalties[-1], stack.encode(x)
    products, cosines = stack.W_dec.clone().requires_grad_(), stack.W_dec.clone().requires_grad_()
    penalty({"W_dec": products}, z, z).sum().backward()
    penalty({"W_dec": normalize(cosines, dim=2)}, z, z).sum().backward()
    assert torch.allclose(projected(products.grad, stack.W_dec), cosines.grad, atol=1e-12)
    assert cosines.grad.abs().max() > 1e-3


# ---- prefixes


def test_one_prefix_of_all_latents_is_the_plain_error():
    stack, x, weights = random_case("relu")
    nested = Stack(Variant(Relu(), [L1(PRICES)], prefixes=Prefixes.of(N_LATENTS)), stack.parameters, stack.seeds)
    assert torch.allclose(nested.losses(x, weights), stack.losses(x, weights), rtol=1e-13)


def test_all_prefixes_are_the_mean_over_saes_that_end_earlier():
    stack, x, weights = random_case("top-k")
    nested = Stack(Variant(TopK(K), prefixes=Prefixes.all(N_LATENTS)), stack.parameters, stack.seeds)
    z, losses = stack.encode(x), []
    for size in range(1, N_LATENTS + 1):
        x_hat = stack.model.decode(stack.parameters, z * (torch.arange(N_LATENTS) < size))
        losses.append(((x - x_hat).square().sum(dim=2) / 2 * weights).sum(dim=1))
    assert torch.allclose(nested.losses(x, weights), torch.stack(losses).mean(dim=0), rtol=1e-12)


# ---- in training


def started(name, seeds=SEEDS, chosen=slice(None), **settings):
    """The variant on two of three features and a fourth that is on alone, in float64."""
    world = k_of_n(4, 2, sigma=0.1)
    rows = random_sign_rows(world, N_LATENTS, seeds)[chosen].double()
    settings = {"decoder_bias": True} | settings
    return untrained(VARIANTS[name].members(chosen), rows, seeds[chosen], **settings).double()


def trained(stack, **settings):
    world = k_of_n(4, 2, sigma=0.1)
    data = Batches(world, 32, torch.Generator().manual_seed(1))
    return fit(stack, data, **{"n_steps": 60, "lr": 0.01, "record_every": 10} | settings)


@every_variant
@pytest.mark.parametrize("tied", [False, True])
def test_a_stack_equals_single_runs(name, tied):
    together, history = trained(started(name, tied=tied))
    for i in SEEDS:
        alone, own_history = trained(started(name, chosen=slice(i, i + 1), tied=tied))
        for key, value in alone.parameters.items():
            assert torch.allclose(value[0], together.parameters[key][i], atol=1e-10), key
        assert torch.allclose(own_history.loss[:, 0], history.loss[:, i], atol=1e-10)


@every_variant
def test_the_size_of_chunks_changes_nothing(name):
    (whole, _), (chunked, _) = (trained(started(name), chunk_numbers=n) for n in (10**9, 1))
    for key, value in whole.parameters.items():
        assert torch.allclose(value, chunked.parameters[key], atol=1e-10), key


@every_variant
@pytest.mark.parametrize("tied", [False, True])
def test_every_variant_trains(name, tied):
    world, seeds = two_of_three(), range(3)
    model = VARIANTS[name]
    if "matryoshka" in name:
        model = Variant(model.activation, model.penalties, prefixes=Prefixes.all(3))
    stack = untrained(model, positive_rows(world, 3, seeds), seeds, decoder_bias=False, tied=tied)
    after, history = fit(stack, Support.of(world), n_steps=300, lr=0.01)
    # On average: with 0.7 latents per sample the choice of a batch can end in a worse place than it began
    assert history.loss[-1].mean() < 0.8 * history.loss[0].mean()
    assert torch.allclose(after.W_dec.norm(dim=2), torch.ones(3, 3), atol=1e-5)
    assert all(torch.isfinite(value).all() for value in after.parameters.values())
    assert after.parameters.keys() >= stack.parameters.keys() and ("W_enc" in after.parameters) != tied


@pytest.mark.parametrize("name", ["jump-relu", "gated"])
def test_resampling_resets_what_a_variant_trains_beside_the_rest(name):
    stack = started(name)
    generator = torch.Generator().manual_seed(0)
    own = stack.model.own_parameters(stack.W_dec)
    for key in own:
        stack.parameters[key].copy_(-torch.rand(stack.parameters[key].shape, generator=generator) - 0.1)
    stack.parameters["b_enc"][:, :2] = -50.0  # two latents that never fire
    after, _ = trained(stack, n_steps=4, lr=1e-9, n_resamplings=1)
    for key, start in own.items():
        assert torch.allclose(after.parameters[key][:, :2], start[:, :2], atol=1e-6)
    for key in ["W_dec", *own]:
        assert not torch.allclose(after.parameters[key][:, :2], stack.parameters[key][:, :2], atol=1e-2)
    assert torch.allclose(after.parameters["b_enc"][:, :2], torch.zeros(3, 2).double(), atol=1e-6)


def test_a_model_of_ones_own_needs_a_part_with_the_same_call():
    class Absolute(Relu):
        def __call__(self, pre, parameters, weights):
            return pre.abs()

    stack = Stack(Variant(Absolute()), started("relu").parameters, tuple(SEEDS))
    _, history = trained(stack)
    assert (history.loss[-1] < history.loss[0]).all()


# ---- refusals

WRONG = {
    "k is 0": lambda: TopK(0),
    "k is 1.5": lambda: TopK(1.5),
    r"k is \[\[1\]\]": lambda: TopK(torch.tensor([[1]])),
    r"k is \[2, -1\]": lambda: TopK(torch.tensor([2, -1])),
    "k is 0.0": lambda: BatchTopK(0),
    "k is nan": lambda: BatchTopK(float("nan")),
    "k is -1.0": lambda: BatchTopK(-1.0),
    "bandwidth is 0": lambda: JumpRelu(bandwidth=0),
    "initial_threshold is inf": lambda: JumpRelu(initial_threshold=float("inf")),
    "coeff is -0.1": lambda: L1(-0.1),
    "coeff is nan": lambda: L0(float("nan")),
    "bandwidth is -1": lambda: L0(0.1, bandwidth=-1),
    "coeff is inf": lambda: LargestCosine(float("inf")),
    r"coeff is \[\[0.5\]\]": lambda: AllCosines(torch.tensor([[0.5]])),
    "l1_coeff is -1.0": lambda: Gated(-1),
    r"sizes is \[\]": lambda: Prefixes.of(),
    r"sizes is \[0, 2\]": lambda: Prefixes((0, 2), (0.5, 0.5)),
    r"sizes is \[3, 2\]": lambda: Prefixes.of(3, 2),
    r"sizes is \[1.5, 2\]": lambda: Prefixes.of(1.5, 2),
    r"shares is \[0.5\]": lambda: Prefixes((1, 2), (0.5,)),
    r"shares is \[0.5, 0.6\]": lambda: Prefixes((1, 2), (0.5, 0.6)),
    r"shares is \[-0.5, 1.5\]": lambda: Prefixes((1, 2), (-0.5, 1.5)),
    r"shares is \[nan, 0.5\]": lambda: Prefixes((1, 2), (float("nan"), 0.5)),
}


@pytest.mark.parametrize(("said", "made"), WRONG.items(), ids=WRONG)
def test_impossible_settings_are_refused_by_name(said, made):
    with pytest.raises(ValueError, match=rf"^{said}: allowed [^\n]*$"):
        made()


def test_prefixes_that_leave_latents_untrained_are_refused():
    stack, x, _ = random_case("relu")
    for sizes in [(1, 3), (1, 3, 9)]:
        nested = Stack(Variant(Relu(), prefixes=Prefixes.of(*sizes)), stack.parameters, stack.seeds)
        with pytest.raises(ValueError, match=rf"prefixes ends at {sizes[-1]}: allowed is n_latents = 5"):
            nested.losses(x)


def test_the_price_of_l0_needs_thresholds():
    stack, x, _ = random_case("relu")
    priced = Stack(Variant(BatchTopK(1.0), [L0(0.1)]), stack.parameters, stack.seeds)
    with pytest.raises(ValueError, match=r"penalties holds L0, .*: allowed only with an activation that has them"):
        priced.losses(x)


def test_without_weights_samples_weigh_the_same():
    for name in VARIANTS:
        stack, x, _ = random_case(name)
        equal = torch.full((N_SAMPLES,), 1 / N_SAMPLES, dtype=torch.float64)
        assert torch.allclose(stack.losses(x), stack.losses(x, equal), rtol=1e-13)
        assert torch.equal(stack.encode(x), stack.model.encode(stack.parameters, x, equal))


@pytest.mark.parametrize("activation", [JumpRelu(), BatchTopK(1.0)], ids=["jump", "batch-top-k after training"])
def test_at_exactly_its_threshold_a_latent_is_silent(activation):
    """A threshold whose logarithm is zero is exactly one; so is the first pre-activation."""
    pre = torch.tensor([[[1.0], [1.0 + 2**-50]]], dtype=torch.float64)
    parameters = {"log_threshold": torch.zeros(1, 1, dtype=torch.float64)}
    z = activation(pre, parameters, None)
    assert (z > 0).tolist() == [[[False], [True]]]
    if isinstance(activation, JumpRelu):
        assert L0(1.0)(parameters, pre, z).tolist() == [[0.0, 1.0]]
