"""SAEs to and from SAELens: a folder that `sae_lens.SAE.load_from_disk` opens, and the way back.

    cfg.json                  the architecture and its settings
    sae_weights.safetensors   the numbers; nothing is pickled

An SAE leaves as what it is after training: how it encodes and decodes. Prices and prefixes matter only while one
trains; they stay behind, so an SAE that comes back encodes and decodes as before, and its loss is the squared error.

    ReLU, also nested or with tied weights   standard
    TopK                                     topk
    JumpRelu, and BatchTopK once trained     jumprelu
    Gated                                    gated

Their letters are ours: W_dec (d_sae = n_latents, d_in), W_enc (d_in, d_sae), and the encoder sees x - b_dec.

safetensors is imported when a folder is written or read: whoever exchanges nothing need not have it.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from toysae import __version__
from toysae.saes.gradients import Parameters
from toysae.saes.stack import Model, ReluL1, Stack, require_stack
from toysae.saes.variants import BatchTopK, Gated, JumpRelu, Relu, TopK, Variant
from toysae.worlds.checks import require, require_seed, require_switch, require_whole, shown

SETTINGS, WEIGHTS = "cfg.json", "sae_weights.safetensors"  # the names that SAELens looks for
FORMAT = "6.0.0"  # the first version of SAELens that writes its settings this way
DTYPES = {"float32": torch.float32, "float64": torch.float64}
ARCHITECTURES = {Relu: "standard", TopK: "topk", BatchTopK: "jumprelu", JumpRelu: "jumprelu"}
OWN_WEIGHTS = {
    "standard": ("b_enc",),
    "topk": ("b_enc",),
    "jumprelu": ("b_enc", "threshold"),
    "gated": ("b_gate", "r_mag", "b_mag"),
}


def to_saelens(stack: Stack, member: int, folder: Path | str) -> Path:
    """Writes one SAE of the stack as a folder for SAELens, and returns the folder.

    The folder must not exist or be empty. It appears at once with all that belongs in it, or not at all.
    Raises ValueError for a BatchTopK that was not trained, and for a model of one's own: SAELens has no word for it.
    """
    from safetensors.torch import save

    require("folder", folder, isinstance(folder, (str, Path)), "a path")
    folder = Path(folder)
    require_stack(stack)
    require_whole("member", member, 0, len(stack) - 1)
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        raise ValueError(f"folder is {folder}, where there is something already: allowed is a new place")
    one = stack[member : member + 1]
    settings, weights = _settings(one), _weights(one)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".") as beside:
        draft = Path(beside, folder.name)
        draft.mkdir()
        (draft / WEIGHTS).write_bytes(save(weights))
        (draft / SETTINGS).write_text(json.dumps(settings, indent=1) + "\n")
        os.rename(draft, folder)
    return folder


def from_saelens(folder: Path | str) -> Stack:
    """The SAE in a folder of SAELens, as a stack of one that encodes and decodes as it does there.

    Decoder rows keep their length. Raises ValueError where a file is missing or damaged, and for whatever a stack
    cannot express: another architecture or precision, inputs that are rescaled or reshaped on the way in.
    """
    require("folder", folder, isinstance(folder, (str, Path)), "a path")
    settings, weights = _read(Path(folder))
    architecture = settings["architecture"]
    if not settings["apply_b_dec_to_input"]:
        weights = _with_bias_at_the_input(weights)
    if settings.get("rescale_acts_by_decoder_norm"):
        weights = _with_norms_in_the_encoder(weights)
    parameters = {name: weights[name] for name in ("W_enc", "W_dec", "b_dec")}
    if architecture == "gated":
        parameters |= {"b_enc": weights["b_gate"], "r_mag": weights["r_mag"], "b_mag": weights["b_mag"]}
    else:
        parameters |= {"b_enc": weights["b_enc"]}
    if architecture == "jumprelu":  # behind a ReLU, a threshold below zero does what zero does
        parameters["log_threshold"] = weights["threshold"].clamp(min=0).log()
    stacked = {name: value[None].contiguous() for name, value in parameters.items()}
    return Stack(_model(architecture, settings), stacked, (settings["metadata"].get("toysae", {"seed": 0})["seed"],))


def _architecture(model: Model) -> str:
    if type(model) is ReluL1:
        return "standard"
    if type(model) is Gated:
        return "gated"
    activation = type(model.activation) if type(model) is Variant else type(model)
    if activation not in ARCHITECTURES:
        raise ValueError(
            f"stack.model is of a kind, {activation.__name__}, that SAELens has not: "
            "allowed are ReluL1, Gated, and Variant with Relu, TopK, BatchTopK or JumpRelu"
        )
    return ARCHITECTURES[activation]


def _settings(one: Stack) -> dict[str, Any]:
    _, n_latents, d_in = one.W_dec.shape
    names = {dtype: name for name, dtype in DTYPES.items()}
    if one.W_dec.dtype not in names:
        raise ValueError(f"stack has precision {one.W_dec.dtype}: allowed are {', '.join(DTYPES)}")
    settings: dict[str, Any] = {
        "architecture": _architecture(one.model),
        "d_in": d_in,
        "d_sae": n_latents,
        "dtype": names[one.W_dec.dtype],
        "device": "cpu",
        "apply_b_dec_to_input": True,
        "normalize_activations": "none",
        "reshape_activations": "none",
        "metadata": {"sae_lens_version": FORMAT, "toysae": {"version": __version__, "seed": one.seeds[0]}},
    }
    if isinstance(one.model, Variant) and isinstance(one.model.activation, TopK):
        settings |= {"k": min(int(one.model.activation.k), n_latents), "rescale_acts_by_decoder_norm": False}
    return settings


def _weights(one: Stack) -> dict[str, Tensor]:
    """What SAELens wants, by its names, without our leading axis."""
    architecture = _architecture(one.model)
    ours = {name: value[0].detach().cpu() for name, value in one.parameters.items()}
    weights = {"W_dec": ours["W_dec"], "W_enc": ours.get("W_enc", ours["W_dec"].T), "b_dec": one.b_dec[0].cpu()}
    if architecture == "gated":
        weights |= {"b_gate": ours["b_enc"], "r_mag": ours["r_mag"], "b_mag": ours["b_mag"]}
    else:
        weights["b_enc"] = ours["b_enc"]
    if architecture == "jumprelu":
        if "log_threshold" not in ours:
            raise ValueError("stack holds a BatchTopK without a threshold: allowed is one that was trained")
        weights["threshold"] = ours["log_threshold"].exp()
    # Copies: safetensors refuses tensors that share memory
    return {name: value.clone(memory_format=torch.contiguous_format) for name, value in weights.items()}


def _model(architecture: str, settings: dict[str, Any]) -> Model:
    if architecture == "gated":
        return Gated(0.0)
    if architecture == "topk":
        return Variant(TopK(settings["k"]))
    return Variant(Relu() if architecture == "standard" else JumpRelu())


def _read(folder: Path) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Settings and weights, in which nothing is missing, superfluous or misshapen."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        given, weights = dict(json.loads((folder / SETTINGS).read_text())), load_file(folder / WEIGHTS)
    except (OSError, TypeError, ValueError, RecursionError, SafetensorError) as error:
        reason = shown(str(error))
        raise ValueError(
            f"folder {folder} is no SAE: allowed is one with {SETTINGS} and {WEIGHTS} ({reason})"
        ) from None
    settings: dict[str, Any] = {"apply_b_dec_to_input": True, "metadata": {}} | given
    _require_settings(folder / SETTINGS, settings)
    version = str(settings["metadata"].get("sae_lens_version"))
    if not re.match("[6-9]|[1-9][0-9]", version):  # older settings say the same things by other names
        raise ValueError(f"sae_lens_version in {folder / SETTINGS} is {version}: allowed is {FORMAT} or later")
    allowed = {
        "architecture": list(OWN_WEIGHTS),
        "dtype": list(DTYPES),
        "normalize_activations": ["none"],
        "reshape_activations": ["none"],
    }
    for name, values in allowed.items():
        value = settings.get(name, "none")
        if value not in values:
            raise ValueError(f"{name} in {folder / SETTINGS} is {shown(value)}: allowed is {' or '.join(values)}")
    _require_shapes(folder / WEIGHTS, settings, weights)
    return settings, {name: value.to(DTYPES[settings["dtype"]]) for name, value in weights.items()}


def _require_settings(path: Path, settings: dict[str, Any]) -> None:
    """raises ValueError for settings that are of another kind than they should be."""
    require(f"metadata in {path}", settings["metadata"], isinstance(settings["metadata"], dict), "names with values")
    ours = settings["metadata"].get("toysae", {"seed": 0})
    require(f"toysae in {path}", ours, isinstance(ours, dict), "names with values")
    require_seed(f"seed in {path}", ours.get("seed"))
    for name in ("apply_b_dec_to_input", "rescale_acts_by_decoder_norm"):
        require_switch(**{f"{name} in {path}": settings.get(name, False)})
    for name in ("d_in", "d_sae"):
        require_whole(f"{name} in {path}", settings.get(name))
    if settings.get("architecture") == "topk":
        require_whole(f"k in {path}", settings.get("k"), 1, settings["d_sae"], "d_sae")


def _require_shapes(path: Path, settings: dict[str, Any], weights: dict[str, Tensor]) -> None:
    d_in, d_sae = settings.get("d_in"), settings.get("d_sae")
    shapes = {"W_dec": (d_sae, d_in), "W_enc": (d_in, d_sae), "b_dec": (d_in,)}
    shapes |= dict.fromkeys(OWN_WEIGHTS[settings["architecture"]], (d_sae,))
    given = {name: tuple(value.shape) for name, value in weights.items()}
    if given != shapes:
        raise ValueError(f"{path} holds {given}: allowed is {shapes}")
    for name, value in weights.items():
        if not torch.isfinite(value).all():
            raise ValueError(f"{name} in {path} holds numbers that are not finite: allowed are finite numbers")
    shortest = weights["W_dec"].norm(dim=1).min().item()
    require(f"the length of the shortest row of W_dec in {path}", shortest, shortest > 0, "any number above 0")


def _with_bias_at_the_input(weights: Parameters) -> Parameters:
    """The same SAE, where its encoder saw x and now sees x - b_dec: the encoder's biases make up for it."""
    shift = weights["b_dec"] @ weights["W_enc"]
    scales = {"b_enc": 1.0, "b_gate": 1.0, "b_mag": weights["r_mag"].exp() if "r_mag" in weights else 1.0}
    return weights | {name: weights[name] + scale * shift for name, scale in scales.items() if name in weights}


def _with_norms_in_the_encoder(weights: Parameters) -> Parameters:
    """The same SAE, where activations were counted in units of decoder rows and now rows are of length one."""
    norms = weights["W_dec"].norm(dim=1)
    return weights | {
        "W_enc": weights["W_enc"] * norms,
        "b_enc": weights["b_enc"] * norms,
        "W_dec": weights["W_dec"] / norms[:, None],
    }
