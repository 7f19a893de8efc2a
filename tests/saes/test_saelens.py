"""Exchange with SAELens, without SAELens: what leaves comes back; tests/peers asks SAELens itself."""

import json
import os

import pytest
import torch
from safetensors.torch import load_file, save_file

from toysae.saes import saelens
from toysae.saes.saelens import OWN_WEIGHTS, SETTINGS, WEIGHTS, from_saelens, to_saelens
from toysae.saes.stack import ReluL1, Stack, untrained
from toysae.saes.starts import positive_rows
from toysae.saes.training import Batches, fit
from toysae.saes.variants import L0, L1, BatchTopK, Gated, JumpRelu, LargestCosine, Prefixes, Relu, TopK, Variant
from toysae.worlds.named_worlds import k_of_n

SEEDS = (4, 7)
WORLD = k_of_n(4, 2, sigma=0.2)
MODELS = {
    "standard": ReluL1(torch.tensor([0.1, 0.2])),
    "penalties": Variant(Relu(), [L1(0.1), LargestCosine(0.1)]),
    "matryoshka": Variant(Relu(), [L1(0.1)], prefixes=Prefixes.all(6)),
    "topk": Variant(TopK(torch.tensor([1, 3]))),
    "topk of all": Variant(TopK(6)),
    "batchtopk": Variant(BatchTopK(torch.tensor([1.0, 1.7]))),
    "jumprelu": Variant(JumpRelu(), [L0(0.02)]),
    "gated": Gated(0.1),
}
ARCHITECTURES = ["standard", "standard", "standard", "topk", "topk", "jumprelu", "jumprelu", "gated"]
every_model = pytest.mark.parametrize("name", MODELS)


def points():
    return WORLD.inputs(WORLD.sample(200, torch.Generator().manual_seed(9)))


def trained(name, decoder_bias=True, tied=False):
    rows = positive_rows(WORLD, 6, SEEDS)
    stack = untrained(MODELS[name], rows, SEEDS, decoder_bias=decoder_bias, tied=tied)
    return fit(stack, Batches(WORLD, 32, torch.Generator().manual_seed(1)), n_steps=60, lr=0.01)[0]


def changed(folder, settings=None, weights=None, without=()):
    """A folder of an SAE, edited."""
    given = json.loads((folder / SETTINGS).read_text())
    (folder / SETTINGS).write_text(json.dumps(given | (settings or {})))
    held = load_file(folder / WEIGHTS) | (weights or {})
    save_file({name: value for name, value in held.items() if name not in without}, folder / WEIGHTS)
    return folder


@every_model
@pytest.mark.parametrize("decoder_bias", [False, True])
@pytest.mark.parametrize("tied", [False, True])
def test_what_leaves_comes_back(name, decoder_bias, tied, tmp_path):
    stack, x = trained(name, decoder_bias, tied), points()
    for member, seed in enumerate(SEEDS):
        back = from_saelens(to_saelens(stack, member, tmp_path / str(member)))
        assert len(back) == 1 and back.seeds == (seed,)
        assert torch.allclose(back.encode(x)[0], stack.encode(x)[member], atol=1e-6)
        assert torch.allclose(back.reconstruct(x)[0], stack.reconstruct(x)[member], atol=1e-6)
        assert torch.equal(back.W_dec[0], stack.W_dec[member])
        assert torch.equal(back.b_dec[0], stack.b_dec[member])


def test_coming_back_twice_changes_nothing(tmp_path):
    for name in MODELS:
        once = from_saelens(to_saelens(trained(name), 0, tmp_path / name / "once"))
        twice = from_saelens(to_saelens(once, 0, tmp_path / name / "twice"))
        for key, value in once.parameters.items():
            assert torch.allclose(twice.parameters[key], value, atol=1e-6), key


def test_the_folder_holds_settings_and_weights_by_the_names_of_saelens(tmp_path):
    for name, architecture in zip(MODELS, ARCHITECTURES, strict=True):
        folder = to_saelens(trained(name), 1, tmp_path / "any" / "where" / name)
        assert sorted(os.listdir(folder)) == ["cfg.json", "sae_weights.safetensors"]
        settings = json.loads((folder / "cfg.json").read_text())
        assert (settings["architecture"], settings["d_in"], settings["d_sae"]) == (architecture, 4, 6)
        assert settings.get("k") == {"topk": 3, "topk of all": 6}.get(name)
        weights = load_file(folder / "sae_weights.safetensors")
        assert weights["W_dec"].shape == (6, 4) and weights["W_enc"].shape == (4, 6)
        assert weights.keys() == {"W_dec", "W_enc", "b_dec", *OWN_WEIGHTS[architecture]}


def test_tied_weights_leave_as_a_copy(tmp_path):
    weights = load_file(to_saelens(trained("standard", tied=True), 0, tmp_path / "tied") / WEIGHTS)
    assert torch.equal(weights["W_enc"], weights["W_dec"].T)


def test_precision_is_kept(tmp_path):
    back = from_saelens(to_saelens(trained("gated").double(), 0, tmp_path / "double"))
    assert {value.dtype for value in back.parameters.values()} == {torch.float64}


def test_what_comes_back_trains(tmp_path):
    back = from_saelens(to_saelens(trained("jumprelu"), 0, tmp_path / "sae"))
    _, history = fit(back, Batches(WORLD, 32, torch.Generator().manual_seed(1)), n_steps=60, lr=0.01)
    assert torch.isfinite(history.loss).all()


# ---- SAEs that others trained: their conventions, written out


def test_an_encoder_that_sees_x_itself(tmp_path):
    for name in ("standard", "topk", "jumprelu"):
        folder = to_saelens(trained(name), 0, tmp_path / name)
        weights = load_file(folder / WEIGHTS)
        back = from_saelens(changed(folder, {"apply_b_dec_to_input": False}))
        ours = back.parameters
        pre = points() @ weights["W_enc"] + weights["b_enc"]
        assert torch.allclose((points() - ours["b_dec"][0]) @ ours["W_enc"][0] + ours["b_enc"][0], pre, atol=1e-6)
        assert weights["b_dec"].abs().max() > 0.01


def test_a_gated_encoder_that_sees_x_itself(tmp_path):
    folder = to_saelens(trained("gated"), 0, tmp_path / "gated")
    w, x = load_file(folder / WEIGHTS), points()
    back = from_saelens(changed(folder, {"apply_b_dec_to_input": False}))
    z = torch.relu(x @ (w["W_enc"] * w["r_mag"].exp()) + w["b_mag"]) * (x @ w["W_enc"] + w["b_gate"] > 0)
    assert torch.allclose(back.encode(x)[0], z, atol=1e-5)
    assert torch.allclose(back.reconstruct(x)[0], z @ w["W_dec"] + w["b_dec"], atol=1e-5)


def test_activations_counted_in_units_of_decoder_rows(tmp_path):
    folder = to_saelens(trained("topk"), 1, tmp_path / "topk")
    w, x = load_file(folder / WEIGHTS), points()
    w["W_dec"] = w["W_dec"] * torch.tensor([0.2, 3.0, 1.0, 0.5, 2.0, 0.7])[:, None]
    back = from_saelens(changed(folder, {"rescale_acts_by_decoder_norm": True}, w))
    norms = w["W_dec"].norm(dim=1)
    pre = ((x - w["b_dec"]) @ w["W_enc"] + w["b_enc"]) * norms
    z = torch.relu(pre) * (pre >= pre.topk(3).values[:, -1:])
    assert torch.allclose(back.encode(x)[0], z, atol=1e-5)
    assert torch.allclose(back.reconstruct(x)[0], (z / norms) @ w["W_dec"] + w["b_dec"], atol=1e-5)
    assert torch.allclose(back.W_dec.norm(dim=2), torch.ones(1, 6))


@pytest.mark.parametrize("threshold", [0.0, -1.0])
def test_a_threshold_that_does_nothing_is_a_relu(tmp_path, threshold):
    folder = to_saelens(trained("jumprelu"), 0, tmp_path / "sae")
    back = from_saelens(changed(folder, weights={"threshold": torch.full((6,), threshold)}))
    plain = Stack(ReluL1(0.0), {k: v for k, v in back.parameters.items() if k != "log_threshold"}, back.seeds)
    assert torch.equal(back.encode(points()), plain.encode(points()))


# ---- refusals


def refused(made, *said):
    with pytest.raises(ValueError) as caught:
        made()
    message = str(caught.value)
    assert "\n" not in message and "allowed" in message
    for part in said:
        assert part in message


@pytest.mark.parametrize("member", [-1, 2])
def test_a_member_that_is_not_there_is_refused(tmp_path, member):
    refused(lambda: to_saelens(trained("standard"), member, tmp_path / "sae"), f"member is {member}", "0 to 1")
    assert os.listdir(tmp_path) == []


def test_a_place_that_is_taken_is_left_as_it_is(tmp_path):
    stack = trained("standard")
    folder = to_saelens(stack, 0, tmp_path / "sae")
    before = (folder / WEIGHTS).read_bytes()
    refused(lambda: to_saelens(stack, 1, folder), "something already")
    assert (folder / WEIGHTS).read_bytes() == before
    refused(lambda: to_saelens(stack, 1, folder / SETTINGS), "something already")
    (tmp_path / "empty").mkdir()
    assert from_saelens(to_saelens(stack, 1, tmp_path / "empty")).seeds == SEEDS[1:]


def test_it_appears_whole_or_not_at_all(tmp_path, monkeypatch):
    def full_disk(*_, **__):
        raise OSError("no space left")

    monkeypatch.setattr(saelens.json, "dumps", full_disk)  # when the weights are written already
    with pytest.raises(OSError, match="no space left"):
        to_saelens(trained("standard"), 0, tmp_path / "sae")
    assert os.listdir(tmp_path) == []


def test_what_saelens_cannot_express_is_refused(tmp_path):
    class Own(Relu):
        pass

    rows = positive_rows(WORLD, 6, SEEDS)
    for model, said in [
        (Variant(BatchTopK(1.0)), "BatchTopK without a threshold"),
        (Variant(Own()), "Own"),
        (type("Mine", (ReluL1,), {})(0.1), "Mine"),
    ]:
        stack = untrained(model, rows, SEEDS, decoder_bias=False)
        refused(lambda stack=stack: to_saelens(stack, 0, tmp_path / "sae"), said)
    half = trained("standard")
    half = Stack(half.model, {name: value.half() for name, value in half.parameters.items()}, SEEDS)
    refused(lambda: to_saelens(half, 0, tmp_path / "sae"), "torch.float16", "float32, float64")
    assert os.listdir(tmp_path) == []


UNREADABLE = {
    "architecture": {"architecture": "temporal"},
    "dtype": {"dtype": "bfloat16"},
    "normalize_activations": {"normalize_activations": "layer_norm"},
    "reshape_activations": {"reshape_activations": "hook_z"},
    "sae_lens_version": {"metadata": {"sae_lens_version": "5.1.0"}},
    "W_dec": {"d_in": 9},
    "k in ": {"architecture": "topk", "k": 0},
}


@pytest.mark.parametrize(("said", "settings"), UNREADABLE.items(), ids=UNREADABLE)
def test_what_a_stack_cannot_express_is_refused(tmp_path, said, settings):
    folder = to_saelens(trained("standard"), 0, tmp_path / "sae")
    refused(lambda: from_saelens(changed(folder, settings)), said)


def test_missing_superfluous_and_damaged_numbers_are_refused(tmp_path):
    def fresh(name):
        return to_saelens(trained("jumprelu"), 0, tmp_path / name)

    refused(lambda: from_saelens(changed(fresh("a"), without=["threshold"])), "sae_weights.safetensors holds")
    refused(lambda: from_saelens(changed(fresh("b"), weights={"more": torch.zeros(2)})), "more")
    refused(lambda: from_saelens(changed(fresh("c"), weights={"b_dec": torch.full((4,), torch.nan)})), "b_dec")


def test_a_folder_that_holds_no_sae_is_refused(tmp_path):
    refused(lambda: from_saelens(tmp_path), "cfg.json", str(tmp_path))
    folder = to_saelens(trained("standard"), 0, tmp_path / "sae")
    (folder / WEIGHTS).write_bytes(b"\x80\x04pickled")
    refused(lambda: from_saelens(folder), "sae_weights.safetensors")
    for text in ("{", "[1]", "[]"):
        (to_saelens(trained("standard"), 0, tmp_path / f"with {text}") / SETTINGS).write_text(text)
        refused(lambda text=text: from_saelens(tmp_path / f"with {text}"))
