"""Every public function of the core, with each of its arguments replaced by what cannot be: all is refused in one line.

A right call of each stands in CALLS; a new public function has to join them, or say below why it is left out.
"""

import math

import pytest
import torch

from toysae import measures as m
from toysae import optimum as o
from toysae import saes as s
from toysae import worlds as w

WORLD, VARYING, FAMILY, LEAKY = w.two_of_three(), w.two_of_three(sigma=0.1), w.hierarchy(), w.solo_leak(3, 2, 0.3)
STACK, FAMILY_STACK = s.start(WORLD, 3, 0.1, range(2)), s.start(FAMILY, 4, 0.1, range(2))
ROWS, POINTS, PROBABILITIES = STACK.W_dec, *WORLD.support()
X, WEIGHTS, Z, X_HAT = (
    POINTS.float(),
    PROBABILITIES.float(),
    STACK.encode(POINTS.float()),
    STACK.reconstruct(POINTS.float()),
)
SEEN = m.assess(STACK, WORLD)
LABELS, COSINES = SEEN.labels, SEEN.cosines
PLAN = s.Plan(4, torch.tensor(0.01), 2, 1, False)
SAMPLES, FIRES = FAMILY.sample(20, torch.Generator().manual_seed(0)), torch.ones(2, 3).bool()
PLANE, AXES = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]), torch.eye(3)
ACTIVATIONS, EVEN = torch.rand(2, 3, 4, generator=torch.Generator().manual_seed(0)), torch.full((4,), 0.25)
DRAWS = torch.Generator().manual_seed(0)
NORMAL, ANDERS = w.RectifiedNormal(1.0, 0.1), w.CorrelatedUniform(0.5, [True, False])
FIRINGS = {
    "Patterns": w.Patterns([[1, 1, 0]], [1.0]),
    "ExactlyK": w.ExactlyK(3, 2),
    "Independently": w.Independently([0.1, 0.2]),
    "SideBySide": w.SideBySide((w.ExactlyK(3, 2),)),
    "MutuallyExclusive": w.MutuallyExclusive([0.1, 0.2]),
    "Hierarchy": w.Hierarchy([-1, 0], [0.5, 0.2]),
    "Families": w.Families(w.LowRankCopula([0.5, 0.4], torch.zeros(2, 1)), torch.tensor([[0.2]])),
    "GaussianCopula": w.GaussianCopula([0.1, 0.2], torch.eye(2)),
    "LowRankCopula": w.LowRankCopula([0.1, 0.2], torch.zeros(2, 1)),
}

CALLS = {
    # ---- worlds
    "CorrelatedUniform": (w.CorrelatedUniform, {"correlation": 0.5, "second": [True, False]}),
    "ExactlyK": (w.ExactlyK, {"n_features": 3, "k": 2}),
    "Families": (
        w.Families,
        {"roots": w.LowRankCopula([0.5, 0.4], torch.zeros(2, 1)), "chances": torch.tensor([[0.2, 0.3]])},
    ),
    "GaussianCopula": (w.GaussianCopula, {"probabilities": [0.5, 0.4], "correlation": torch.eye(2)}),
    "Hierarchy": (
        w.Hierarchy,
        {"parents": [-1, 0, 0], "probabilities": [0.5, 0.2, 0.2], "leaks": 0.1, "exclusive": [[1, 2]]},
    ),
    "Hierarchy.of_rates": (
        w.Hierarchy.of_rates,
        {"parents": [-1, 0, 0], "rates": [0.5, 0.2, 0.2], "exclusive": [[1, 2]]},
    ),
    "Independently": (w.Independently, {"probabilities": [0.5, 0.4]}),
    "Isotropic": (w.Isotropic, {"d_in": 3}),
    "Isotropic.inputs": (w.Isotropic(3).inputs, {"activations": torch.ones(2, 3)}),
    "LowRankCopula": (w.LowRankCopula, {"probabilities": [0.5, 0.4], "loadings": torch.zeros(2, 1)}),
    "MutuallyExclusive": (w.MutuallyExclusive, {"probabilities": [0.5, 0.4]}),
    "Patterns": (w.Patterns, {"patterns": [[1, 0], [0, 1]], "probabilities": [0.5, 0.5]}),
    "RectifiedNormal": (w.RectifiedNormal, {"mu": 1.0, "sigma": 0.1}),
    "RectifiedNormal.sample": (NORMAL.sample, {"fires": FIRES, "generator": DRAWS}),
    "RectifiedNormal.n_varying": (NORMAL.n_varying, {"patterns": FIRES}),
    "RectifiedNormal.grid": (NORMAL.grid, {"patterns": FIRES, "n_levels": 2}),
    "Uniform.sample": (w.Uniform().sample, {"fires": FIRES, "generator": DRAWS}),
    "TwoLevels.sample": (w.TwoLevels(0.1).sample, {"fires": FIRES, "generator": DRAWS}),
    "CorrelatedUniform.sample": (ANDERS.sample, {"fires": torch.ones(2, 2).bool(), "generator": DRAWS}),
    "SideBySide": (w.SideBySide, {"parts": (w.ExactlyK(3, 2),)}),
    "TwoLevels": (w.TwoLevels, {"sigma": 0.1, "mu": 1.0}),
    "Uniform": (w.Uniform, {"mu": 0.5, "sigma": 1 / math.sqrt(12)}),
    "World": (w.World, {"firing": w.ExactlyK(3, 2), "mu": 1.0, "sigma": 0.1, "features": None, "magnitudes": None}),
    "World.sample": (VARYING.sample, {"n": 3, "generator": DRAWS}),
    "World.inputs": (WORLD.inputs, {"activations": torch.ones(2, 3)}),
    "affordable_levels": (w.affordable_levels, {"world": VARYING}),
    "antipodal_plane": (w.antipodal_plane, {"correlation": 0.5, "p_alone": 0.1}),
    "benchmark": (
        w.benchmark,
        {
            "n_features": 8,
            "d_in": 4,
            "mean_l0": 1.0,
            "generator": DRAWS,
            "n_families": 1,
            "n_children": 2,
            "n_repulsions": 0,
        },
    ),
    "bundles": (w.bundles, {"n_bundles": 2, "bundle_size": 2}),
    "choices": (w.choices, {"pattern": torch.tensor([True, False]), "levels": [[0.5, 1.5], [1.0]]}),
    "coherence": (w.coherence, {"features": AXES}),
    "cooccurrence_of": (w.cooccurrence_of, {"firing": w.ExactlyK(3, 2)}),
    "coordinates": (w.coordinates, {"world": WORLD}),
    "correlated": (w.correlated, {"rates": [0.5, 0.4], "correlation": torch.eye(2)}),
    "families_of": (w.families_of, {"firing": w.ExactlyK(3, 2)}),
    "finite_activations": (w.finite_activations, {"world": WORLD}),
    "finite_data": (w.finite_data, {"world": WORLD}),
    "grid_size": (w.grid_size, {"world": VARYING, "n_levels": 2}),
    "groups": (w.groups, {"n_groups": 2, "group_size": 3, "k": 2}),
    "hierarchy": (w.hierarchy, {"p_parent": 0.25, "p_child": 0.2, "n_others": 2, "p_others": 0.05, "leak": 0.0}),
    "independent": (w.independent, {"rates": [0.1, 0.2]}),
    "independent_groups": (w.independent_groups, {"n_groups": 2, "p": 0.3, "group_size": 3, "k": 2}),
    "k_of_n": (w.k_of_n, {"n_features": 3, "k": 2}),
    "largest_cosines": (w.largest_cosines, {"features": AXES}),
    "magnitude_levels": (w.magnitude_levels, {"mu": 1.0, "sigma": 0.1, "n_levels": 3}),
    "mutually_exclusive": (w.mutually_exclusive, {"rates": [0.1, 0.2]}),
    "one_with_others": (w.one_with_others, {"n_features": 5, "p": 0.4, "correlation": 0.4}),
    "orthants": (w.orthants, {"thresholds": torch.zeros(2).double(), "correlation": torch.eye(2).double()}),
    "pair": (w.pair, {"p_both": 0.2, "p_first": 0.3}),
    "product": (w.product, {"set_sizes": [2, 3]}),
    "quantile_grid": (w.quantile_grid, {"world": VARYING, "n_levels": 3}),
    "random_correlation": (w.random_correlation, {"n": 3, "generator": DRAWS}),
    "random_rotation": (w.random_rotation, {"n_features": 3, "d_in": 3, "generator": DRAWS}),
    "solo_leak": (w.solo_leak, {"n_features": 3, "k": 2, "p_alone": 0.1}),
    "superposed": (w.superposed, {"n_features": 5, "d_in": 3, "mean_l0": 1.0, "generator": DRAWS}),
    "superposition": (w.superposition, {"n_features": 5, "d_in": 3, "p": 0.1, "n_repulsions": 2, "direction_seed": 0}),
    "tree": (
        w.tree,
        {"n_parents": 2, "p_parent": 0.15, "n_children": 2, "p_child": 0.2, "n_others": 2, "p_others": 0.05},
    ),
    "two_features": (w.two_features, {"variant": "nested", "solo": 0.1, "sigma": 0.1}),
    "two_of_three": (w.two_of_three, {"mu": 1.0, "sigma": 0.1}),
    "unit_directions": (w.unit_directions, {"n_features": 3, "d_in": 2, "generator": DRAWS, "n_steps": 2}),
    "zipf": (w.zipf, {"n_features": 3, "exponent": 1.0, "highest": 0.3}),
    "zipf_rates": (w.zipf_rates, {"n_features": 3, "exponent": 1.0, "highest": 0.3, "mean_l0": None}),
    # ---- saes
    "AllCosines": (s.AllCosines, {"coeff": 0.1}),
    "BatchTopK": (s.BatchTopK, {"k": 1.5}),
    "Batches": (s.Batches, {"world": WORLD, "batch_size": 4, "generator": DRAWS}),
    "Batches.block": (s.Batches(WORLD, 4, DRAWS).block, {"n_steps": 2}),
    "Support.block": (s.Support(X, WEIGHTS).block, {"n_steps": 2}),
    "Support.of": (s.Support.of, {"world": WORLD}),
    "Gated": (s.Gated, {"l1_coeff": 0.1}),
    "JumpRelu": (s.JumpRelu, {"bandwidth": 0.1, "initial_threshold": 0.1}),
    "Kind.untrained": (
        s.KINDS["L1"].untrained,
        {"values": torch.tensor([0.1, 0.2]), "rows": ROWS, "seeds": [0, 1], "decoder_bias": False},
    ),
    "L0": (s.L0, {"coeff": 0.1, "bandwidth": 0.1}),
    "L1": (s.L1, {"coeff": 0.1}),
    "LargestCosine": (s.LargestCosine, {"coeff": 0.1}),
    "Plan": (
        s.Plan,
        {"n_steps": 4, "lr": torch.tensor(0.01), "n_resamplings": 2, "record_every": 1, "snapshots": False},
    ),
    "Prefixes": (s.Prefixes, {"sizes": (1, 2), "shares": (0.5, 0.5)}),
    "Prefixes.all": (s.Prefixes.all, {"n_latents": 3}),
    "Prefixes.reach": (s.Prefixes((1, 2), (0.5, 0.5)).reach, {"n_latents": 2}),
    "Priced": (s.Priced, {"l1_coeff": 0.1}),
    "ReluL1": (s.ReluL1, {"l1_coeff": 0.1}),
    "Stack": (s.Stack, {"model": STACK.model, "parameters": STACK.parameters, "seeds": STACK.seeds}),
    "Stack.encode": (STACK.encode, {"x": X}),
    "Stack.reconstruct": (STACK.reconstruct, {"x": X}),
    "Stack.losses": (STACK.losses, {"x": X, "weights": WEIGHTS}),
    "Support": (s.Support, {"x": X, "probabilities": WEIGHTS}),
    "TopK": (s.TopK, {"k": 2}),
    "Trainer": (s.Trainer, {"stack": STACK, "chosen": slice(0, 1), "plan": PLAN}),
    "Variant": (s.Variant, {"activation": s.Relu(), "penalties": [s.L1(0.1)], "prefixes": None}),
    "Weighted": (s.Weighted, {"coeff": 0.1}),
    "by_sorting": (s.by_sorting, {"positive": ACTIVATIONS, "weights": EVEN, "k": torch.tensor(1.5)}),
    "chunk_length": (s.chunk_length, {"n_latents": 3, "n_samples": 4, "chunk_numbers": 100}),
    "coarse_prefixes": (s.coarse_prefixes, {"n_latents": 3}),
    "data_of": (s.data_of, {"world": WORLD, "batch_size": 4, "seed": 0}),
    "fit": (
        s.fit,
        {
            "stack": STACK,
            "data": s.Support(X, WEIGHTS),
            "n_steps": 2,
            "lr": 0.01,
            "n_resamplings": 2,
            "record_every": 1,
            "snapshots": False,
            "chunk_numbers": 1000,
        },
    ),
    "initial_rows": (s.initial_rows, {"init": "positive", "world": WORLD, "n_latents": 3, "seeds": [0, 1]}),
    "largest_of_samples": (s.largest_of_samples, {"pre": ACTIVATIONS, "k": torch.tensor(2), "buffers": s.Buffers()}),
    "member_generator": (s.member_generator, {"seed": 0, "stream": 0}),
    "positive_rows": (s.positive_rows, {"world": WORLD, "n_latents": 3, "seeds": [0, 1]}),
    "random_sign_rows": (s.random_sign_rows, {"world": WORLD, "n_latents": 3, "seeds": [0, 1]}),
    "rows_at": (s.rows_at, {"directions": AXES, "n_latents": 3, "seeds": [0, 1]}),
    "smallest_kept": (
        s.smallest_kept,
        {"positive": ACTIVATIONS, "weights": EVEN, "k": torch.tensor(1.5), "buffers": s.Buffers()},
    ),
    "start": (
        s.start,
        {
            "world": WORLD,
            "n_latents": 3,
            "sae": 0.1,
            "seeds": [0, 1],
            "init": "positive",
            "decoder_bias": False,
            "tied": False,
        },
    ),
    "to_saelens": (s.to_saelens, {"stack": STACK, "member": 0, "folder": "nowhere"}),
    "from_saelens": (s.from_saelens, {"folder": "nowhere"}),
    "train": (s.train, {"stack": STACK, "data": WORLD, "n_steps": 2, "lr": 0.01}),
    "untrained": (
        s.untrained,
        {"model": s.ReluL1(0.1), "rows": ROWS, "seeds": [0, 1], "decoder_bias": False, "tied": False},
    ),
    "whole": (s.whole, {"k": torch.tensor([1.0, 2.0])}),
    # ---- optimum
    "Coded": (o.Coded, {"l1_coeff": 0.1}),
    "Search.agreeing": (o.search_dictionaries(WORLD, 2, 0.1, n_starts=2).agreeing, {"tolerance": 1e-4}),
    "alternate": (
        o.alternate,
        {"rows": AXES.double()[None], "points": POINTS, "probabilities": PROBABILITIES, "l1_coeff": 0.1},
    ),
    "amortisation_gap": (o.amortisation_gap, {"stack": STACK, "world": WORLD, "l1_coeff": 0.1}),
    "atoms_loss": (o.atoms_loss, {"m": 2, "l1_coeff": 0.1}),
    "batch_codes": (o.batch_codes, {"points": POINTS, "dictionaries": AXES[None], "l1_coeff": 0.1}),
    "best_angles": (o.best_angles, {"x": PLANE, "probabilities": torch.full((1, 3), 1 / 3).double(), "l1_coeff": 0.1}),
    "best_codes": (o.best_codes, {"x": POINTS, "dictionary": AXES, "l1_coeff": 0.1}),
    "best_dictionary": (
        o.best_dictionary,
        {"world": WORLD, "n_latents": 2, "l1_coeff": 0.1, "n_starts": 2, "generator": DRAWS},
    ),
    "best_lean": (o.best_lean, {"rows": AXES, "sigma": 0.1, "l1_coeff": 0.1}),
    "best_losses": (o.best_losses, {"world": WORLD, "n_latents": 2, "prices": torch.tensor([0.1, 0.1])}),
    "code_loss": (
        o.code_loss,
        {"x": POINTS, "dictionary": AXES.double(), "z": torch.ones(3, 3).double(), "l1_coeff": 0.1},
    ),
    "composite_gain": (o.composite_gain, {"m": 2, "l1_coeff": 0.1}),
    "composite_loss": (o.composite_loss, {"m": 2, "l1_coeff": 0.1}),
    "composites_lead": (o.composites_lead, {"sigma": 0.1, "l1_coeff": 0.1, "n_levels": 5}),
    "crossover": (o.crossover, {"l1_coeff": 0.1}),
    "dictionary_gap": (o.dictionary_gap, {"stack": STACK, "world": WORLD, "l1_coeff": 0.1, "best_loss": 0.1}),
    "dictionary_loss": (o.dictionary_loss, {"dictionary": AXES, "world": WORLD, "l1_coeff": 0.1, "decoder_bias": None}),
    "jitter_boundary": (o.jitter_boundary, {"l1_coeff": 0.1, "n_levels": 5}),
    "jitter_boundary_small": (o.jitter_boundary_small, {"l1_coeff": 0.1}),
    "leaning": (o.leaning, {"rows": AXES, "lean": 0.1}),
    "leaning_boundary": (o.leaning_boundary, {"l1_coeff": 0.1}),
    "plane_losses": (o.plane_losses, {"angles": torch.tensor([0.0, 90.0]), "x": PLANE, "l1_coeff": 0.1}),
    "polish": (o.polish, {"rows": AXES.double(), "points": POINTS, "probabilities": PROBABILITIES, "l1_coeff": 0.1}),
    "radial_bound": (o.radial_bound, {"world": WORLD, "l1_coeff": 0.1}),
    "radial_cost": (o.radial_cost, {"length": torch.ones(2), "l1_coeff": 0.1}),
    "sample_losses": (o.sample_losses, {"points": POINTS, "dictionaries": AXES[None], "l1_coeff": 0.1}),
    "search_dictionaries": (
        o.search_dictionaries,
        {"world": WORLD, "n_latents": 2, "l1_coeff": 0.1, "n_starts": 2, "generator": DRAWS},
    ),
    "starting_rows": (o.starting_rows, {"world": WORLD, "n_latents": 2, "n_starts": 2, "generator": DRAWS}),
    "tilt": (o.tilt, {"l1_coeff": 0.1, "p_both": 0.2, "p_alone": 0.2}),
    "tilt_gain": (o.tilt_gain, {"world": LEAKY, "l1_coeff": 0.1}),
    "tilt_matrix": (o.tilt_matrix, {"world": LEAKY, "l1_coeff": 0.1}),
    "tilts": (o.tilts, {"l1_coeff": 0.1, "p_both": 0.2, "p_parent_only": 0.2, "p_child_only": 0.2}),
    "top_eigenvector_angle": (o.top_eigenvector_angle, {"p_parent_only": 0.2, "p_both": 0.2}),
    # ---- measures
    "activity": (m.activity, {"z": Z, "weights": WEIGHTS}),
    "as_stack": (m.as_stack, {"anything": ROWS, "world": WORLD, "l1_coeff": 0.1}),
    "assess": (m.assess, {"anything": ROWS, "world": WORLD, "threshold": 0.95, "l1_coeff": 0.1}),
    "Assessment.names": (SEEN.names, {"sae": 0}),
    "best_composites": (m.best_composites, {"cosine": COSINES, "world": WORLD, "threshold": 0.95}),
    "best_differences": (m.best_differences, {"cosine": COSINES}),
    "chosen": (m.chosen, {"names": ["A", "B"], "where": torch.tensor([True, False])}),
    "cosines": (m.cosines, {"dictionary": ROWS, "directions": AXES}),
    "costs": (m.costs, {"x": X, "x_hat": X_HAT, "z": Z, "rows": ROWS, "l1_coeff": torch.tensor(0.1)}),
    "detection_scores": (
        m.detection_scores,
        {"stack": FAMILY_STACK, "world": FAMILY, "activations": SAMPLES, "threshold": 0.95},
    ),
    "explained_variance": (m.explained_variance, {"x": X, "x_hat": X_HAT, "weights": WEIGHTS}),
    "feature_names": (m.feature_names, {"n_features": 3}),
    "holes": (m.holes, {"stack": FAMILY_STACK, "world": FAMILY, "activations": SAMPLES}),
    "joined": (m.joined, {"parts": [SEEN, SEEN]}),
    "label_latents": (m.label_latents, {"dictionary": ROWS, "world": WORLD, "live": FIRES, "threshold": 0.95}),
    "Labels.count": (LABELS.count, {"label": "atomic"}),
    "Labels.word": (LABELS.word, {"sae": 0, "latent": 0}),
    "mcc": (m.mcc, {"dictionary": ROWS, "features": AXES}),
    "mmcs": (m.mmcs, {"dictionary": ROWS, "features": AXES}),
    "measure_absorption": (
        m.measure_absorption,
        {"stack": FAMILY_STACK, "world": FAMILY, "parent": 0, "children": [1], "share": 0.4},
    ),
    "own_latents_fire": (
        m.own_latents_fire,
        {"stack": FAMILY_STACK, "world": FAMILY, "activations": SAMPLES, "features": [0, 1]},
    ),
    "parts_in_memory": (m.parts_in_memory, {"stack": STACK, "n_points": 3}),
    "prices": (m.prices, {"anything": ROWS, "n_saes": 2, "l1_coeff": 0.1}),
    "by_loss": (m.by_loss, {"losses": SEEN.losses}),
    "reading_order": (m.reading_order, {"cosine": COSINES, "labels": LABELS, "sae": 0}),
    "row_read_aloud": (m.row_read_aloud, {"seen": SEEN, "sae": 0, "latent": 0, "threshold": 0.95}),
    "signed": (m.signed, {"cosine": 0.5}),
    "signed_labels": (m.signed_labels, {"old": LABELS, "cosine": COSINES, "world": WORLD, "threshold": 0.95}),
    "stand_for": (m.stand_for, {"seen": SEEN, "sae": 0}),
    "tally": (m.tally, {"labels": LABELS, "sae": 0}),
    "with_signed_labels": (m.with_signed_labels, {"seen": SEEN, "world": WORLD, "threshold": 0.95}),
} | {f"{name}.fire_together": (firing.fire_together, {"members": [0, 1]}) for name, firing in FIRINGS.items()}

HOSTILE = [object(), "nonsense", 1j, {}, math.nan, [math.nan], torch.full((2, 2), math.nan)]
NONE_MEANS_SOMETHING = {
    ("World", "features"),
    ("World", "magnitudes"),
    ("Stack.losses", "weights"),
    ("Variant", "prefixes"),
    ("activity", "weights"),
    ("explained_variance", "weights"),
    ("as_stack", "l1_coeff"),
    ("assess", "l1_coeff"),
    ("prices", "l1_coeff"),
    ("zipf_rates", "mean_l0"),
    ("best_dictionary", "generator"),
    ("search_dictionaries", "generator"),
    ("dictionary_loss", "decoder_bias"),
}
ANYTHING_GOES = {
    ("prices", "anything"),
    ("best_losses", "prices"),  # a price that is no number has no best loss
    ("to_saelens", "folder"),
    ("from_saelens", "folder"),
    ("largest_of_samples", "buffers"),  # scratch memory of a training step
    ("smallest_kept", "buffers"),
}


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """What is written goes to a folder of its own."""
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("name", CALLS)
def test_whatever_cannot_be_is_refused_in_one_line(name):
    function, right = CALLS[name]
    for argument in right:
        hostile = [] if (name, argument) in ANYTHING_GOES else HOSTILE
        none = [] if (name, argument) in NONE_MEANS_SOMETHING | ANYTHING_GOES else [None]
        for value in [*hostile, *none]:
            with pytest.raises(ValueError, match="allowed") as refusal:
                function(**right | {argument: value})
                pytest.fail(f"{argument}={value!r} was taken")
            assert "\n" not in str(refusal.value) and len(str(refusal.value)) < 700


@pytest.mark.parametrize("name", [name for name in CALLS if name != "from_saelens"])
def test_the_right_calls_are_right(name):
    function, right = CALLS[name]
    function(**right)


# ---- what is left out

CHECKS = {
    "as_number",
    "coefficient",
    "is_whole",
    "numbers",
    "probability_list",
    "repeated",
    "rows_of_numbers",
    "shown",
    "zeros_and_ones",
}
PROTOCOLS = {"Activation", "Data", "Firing", "Gridded", "Magnitudes", "Penalty", "WrittenActivation", "WrittenPenalty"}
SHARED = {"Keeping", "Model", "Part", "Relu"}  # they take nothing
TYPED = {"Appearance", "Spread", "Strength"}
RECORDS = {"Absorption", "Assessment", "Functions", "Foreign", "History", "Kind", "Labels", "Search", "SignedLabels"}
WITHIN_A_STEP = {"Buffers", "Pass", "as_leaves", "per_sample", "preactivations", "slopes_into"}
TAKE_NOTHING = {"fast_arithmetic", "jitter_threshold_signed", "n_trained"}
WITHIN_A_RESULT = {"concatenated", "parts_of"}
LEFT_OUT = CHECKS | PROTOCOLS | SHARED | TYPED | RECORDS | WITHIN_A_STEP | WITHIN_A_RESULT | TAKE_NOTHING


@pytest.mark.parametrize("package", [w, s, o, m], ids=lambda package: package.__name__)
def test_no_public_function_is_left_out(package):
    offered = {name for name in package.__all__ if callable(getattr(package, name)) and not name.startswith("require")}
    within_a_step = {name for name in offered if getattr(package, name).__module__ == "toysae.saes.gradients"}
    called = {name.partition(".")[0] for name in CALLS}
    assert offered - within_a_step - LEFT_OUT <= called
