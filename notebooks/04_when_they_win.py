# %% [markdown]
# # When they win
#
# Composites are cheaper where features always fire together at equal strength, and where there is a latent for each set
# that does. Real features do so only more or less, and real latents are limited. This chapter turns the knobs one at a
# time and asks where the composites stop: how much the magnitudes vary, how often a feature is seen alone, how many
# latents there are, and what activation costs.
#
# **You will see** phase diagrams of trained SAEs with computed lines drawn over them, a law without free parameters,
# and a figure with sliders. **You will need** [why composites win](03_why_composites_win.ipynb), where every formula of
# this chapter is derived.

# %% tags=["parameters"]
n_saes: int = 16  # autoencoders for every point of every diagram
n_steps: int = 1500  # training steps
lr: float = 0.01  # learning rate of Adam
seed: int = 0  # decides where all autoencoders of this chapter start
threshold: float = 0.95  # cosine from which on a latent counts as aligned

# %%
import math

import numpy as np
import pandas as pd
import torch

import toysae
from toysae import figures, optimum, saes, sweeps, worlds
from toysae.chapters.parameters import check_parameters
from toysae.chapters.when_they_win.phases import half_way, phase_diagram
from toysae.chapters.when_they_win.two_features import pairs_grid
from toysae.claims import (
    Family,
    Fraction,
    Pooled,
    claim,
    listed,
    mostly,
    say,
    say_trained,
    show,
)
from toysae.claims.rules import NEARLY_ALL
from toysae.sweeps.points import recovery
from toysae.sweeps.room import Room, best_in, trained_in

check_parameters(globals())
figures.house_style()
recipe = {"n_steps": n_steps, "lr": lr, "threshold": threshold}
recipe["seed"] = [list(range(seed * n_saes, (seed + 1) * n_saes))]

# %% [markdown]
# ## Many SAEs at once
#
# A *sweep* is a grid of settings, and a table with one row for every SAE. (`make sweep` spreads larger ones over all
# cores.) SAEs whose data points agree are trained as
# one tensor program, even if they pay different prices $\lambda$ or see the patterns with different probabilities.
# Every SAE sees all data points in every step, weighted by their probabilities. So there is no sampling noise, and the
# SAEs of a diagram differ in nothing but their setting and their start.
#
# How is a computed line judged? Cells of a diagram are no sample, and a line that runs through the middle of it gets
# most of them right whatever it says. So for every price we ask at which setting half of the SAEs have changed sides,
# and by how much the line misses that. Beside it stands what the *best constant* misses, a vertical line that is fitted
# to the very same results. The intervals come from drawing the SAEs anew, by their seeds.
#
# ## How much may magnitudes vary?
#
# Two of three features fire; their magnitudes are $\max(0, 1 + \sigma \varepsilon)$ with $\varepsilon$ standard normal,
# on a grid of a few equally likely values (so the realised spread is a little smaller than $\sigma$, and $\mu = 1$).
# There is a latent for each pair. For every pair of $\sigma$ and $\lambda$ we train SAEs and count those without an
# atom. An SAE with a dead latent, one that never fires, is not counted: it is no evidence.

# %%
spreads = [round(0.15 + 0.05 * i, 2) for i in range(11)]
prices = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32]


def table_of(settings):
    """One row for every SAE of a sweep."""
    return pd.DataFrame([row for setting in settings for row in recovery(**setting)])


jitter = table_of(sweeps.grid(world="two_of_three", n_latents=3, l1_coeff=[prices], sigma=spreads, **recipe))
pure = {price: optimum.jitter_boundary(price) for price in prices}


# %%
def shares(table, rows, columns, what):
    """A Fraction of SAEs with all latents live for every cell, and the share of others."""
    cells = table.groupby([rows, columns], sort=True)
    fractions = cells.apply(lambda c: Fraction.of(c[what][c.all_live]))
    return fractions.unstack().values, 1 - cells.all_live.mean().unstack().values


no_atom, dead = shares(jitter, "l1_coeff", "sigma", "no_atom")

# %% [markdown]
# What does theory say? The previous chapter compared two pure dictionaries, the three atoms and the three composites
# $(1, 1, 0)/\sqrt2$, and so on. But rows may *lean*. A composite can lean away from the feature that it leaves out,
# $(1, 1, -e)$; two such rows together can write an uneven pair, which pure composites cannot. An atom can lean towards
# the others, $(1, e, e)$, and save price. Let each side lean as far as suits it, and ask again where both cost the
# same. That is one number $e$ for each side, and still no training.

# %%
boundary = {price: optimum.leaning_boundary(price) for price in prices}
composites = 1 - torch.eye(3)
leans = [optimum.best_lean(composites, boundary[price], price)[0] for price in prices]
first_order = {price: optimum.jitter_boundary_small(price) for price in prices}
columns = {"boundary, leaning": boundary, "boundary, pure": pure, "pure, first order": first_order}
columns["lean e of the composites"] = dict(zip(prices, leans, strict=True))
pd.DataFrame(columns).rename_axis("lambda").round(3)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
show(
    phase_diagram(
        spreads,
        [f"{price:g}" for price in prices],
        no_atom,
        dead,
        {
            "leaning": list(boundary.values()),
            "pure": list(pure.values()),
            "first order": list(first_order.values()),
        },
        xlabel="spread of the magnitudes, sigma / mu",
        ylabel="price lambda",
    ),
    "SAEs without an atom, where the magnitudes vary by sigma and activation costs lambda. The computed boundary runs"
    f" from {min(boundary.values()):.2f} to {max(boundary.values()):.2f}, that of pure dictionaries from"
    f" {min(pure.values()):.2f} to {max(pure.values()):.2f}.",
    f"Each cell: the share of {n_saes} SAEs that have no atom, among those with all latents live; yellow is all, violet"
    " none. Lines: the spread at which composites and atoms cost the same, computed without training; orange if both"
    " may lean, black if both are pure, dotted the first-order formula for pure ones, made for small prices. A red"
    " cross marks cells in which more than one SAE in ten has a dead latent.",
    alt=(
        "Phase diagram over spread and price: share of SAEs without an atom in every cell, with three computed"
        " boundaries as lines."
    ),
    name="phase_diagram",
)


# %% jupyter={"source_hidden": true} tags=["remove-input"]
def counts_by_seed(table):
    """Whether an SAE has no atom and all latents live, and whether those are live: (n_prices, n_spreads, n_saes)."""
    ordered = table.sort_values(["l1_coeff", "sigma", "seed"])
    shape = (ordered.l1_coeff.nunique(), ordered.sigma.nunique(), -1)
    live = ordered.all_live.values
    return (ordered.no_atom.values & live).reshape(shape), live.reshape(shape)


def half_ways(at, counts, drawn):
    """For every price the spread at which half of the drawn SAEs have no atom, of those with all latents live."""
    gone, live = (values[..., drawn].sum(axis=-1) for values in counts)
    return half_way(at, gone / np.maximum(live, 1))


def miss(line, measured):
    """By how much a line misses the measured spreads, on average over the prices."""
    return float(np.abs(np.asarray(line) - measured).mean())


everyone, counts = np.arange(n_saes), counts_by_seed(jitter)
turned = half_ways(spreads, counts, everyone)
constant = float(np.median(turned))  # no other constant has a smaller mean miss
computed = {"the leaning line": list(boundary.values()), "the line of pure dictionaries": list(pure.values())}


def beside_constant(drawn):
    """What each line misses, less what the constant misses that fits these SAEs best."""
    measured = half_ways(spreads, counts, drawn)
    best = miss(np.median(measured), measured)
    return {name: miss(line, measured) - best for name, line in computed.items()}


against = Family.resampled(beside_constant, n_saes, generator=np.random.default_rng(0), draws=1999)
pd.DataFrame({"half of the SAEs": turned} | computed, index=prices).rename_axis("lambda").round(3)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
picked = [prices[0], prices[2], prices[4]]
halves = listed([f"{turned[prices.index(p)]:.2f} at $\\lambda$ = {p:g}" for p in picked])
show(
    figures.fraction_curves(
        {f"$\\lambda$ = {p:g}": (spreads, no_atom[prices.index(p)]) for p in picked},
        {f"$\\lambda$ = {p:g}": boundary[p] for p in picked},
        xlabel="spread of the magnitudes, sigma / mu",
        ylabel="share of SAEs without an atom",
    ),
    f"Three rows of the diagram with their intervals. Half of the SAEs are free of atoms at a spread of {halves}.",
    "Dots are fractions with 95 % Wilson intervals. A dashed line of the same colour is the boundary of that price for"
    " dictionaries that may lean.",
    alt=(
        "Curves of the share of SAEs without an atom over the spread, for three prices, with computed boundaries as"
        " dashed lines."
    ),
)

# %% [markdown]
# Does the line predict where training changes sides? It does if its mean miss is *surely* smaller than that of the best
# constant, which means that the difference is clear after Holm's correction for both lines. (The orange line came
# later than the black one, see *What could be wrong?*)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
claim(
    "boundary-predicts-training",
    (
        not jitter.all_live.any(),
        "With these settings no SAE has all its latents live, so there is nothing to hold the line against.",
        None,
    ),
    (
        against["the leaning line"].surely_less,
        "The line of leaning dictionaries predicts the spread at which half of the SAEs lose their composites: it"
        " misses by {mean miss of the line:.3f} on average, the best constant by {that of the best constant:.3f}.",
        "holds",
    ),
    (
        against["the leaning line"].mean < 0,
        "The line of leaning dictionaries is nearer to the spread at which half of the SAEs lose their composites than"
        " the best constant, but not surely: it misses by {mean miss of the line:.3f} on average, the constant by"
        " {that of the best constant:.3f}.",
        "partly",
    ),
    (
        True,
        "The line of leaning dictionaries does not predict the spread at which half of the SAEs lose their composites:"
        " it misses by {mean miss of the line:.3f} on average, the best constant by {that of the best constant:.3f}.",
        "does not hold",
    ),
    evidence={
        "mean miss of the line": miss(list(boundary.values()), turned),
        "that of the best constant": miss(constant, turned),
        "difference": against["the leaning line"],
    },
    control={
        "the line of pure dictionaries": (
            against["the line of pure dictionaries"].surely_less,
            miss(list(pure.values()), turned),
        )
    },
    source="theory",
)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
off = turned - list(boundary.values())
say(
    f"At the two lowest prices the measured spread lies {off[:2].mean():+.3f} from the line on average, at the others"
    f" {off[2:].mean():+.3f}."
    + (
        " The line tells which side is cheaper. Training can stay with composites after they have become the dearer"
        " side, most of all where the price, and with it the difference, is small."
        if off[:2].mean() > max(0.0, off[2:].mean())
        else ""
    )
)

# %% [markdown]
# ## How often must a feature be seen alone?
#
# Two features and two latents. In a *nested* world $A$ is alone in four samples of ten; the *solo rate* is the share of
# samples with $B$ alone. In a *symmetric* world each is alone at the solo rate. In all other samples both fire. With
# two latents in a plane everything is known: a dictionary is two angles, and the best one can be found by looking at
# all. How does it change as the solo rate grows?
#
# The previous chapter compared the pure dictionaries $\{A, B\}$ and $\{A, (A+B)/\sqrt 2\}$, which cost the same at a
# ratio $\rho^*$ of samples with $B$ alone to samples with both. Does that simple line tell where training changes
# sides? Training has changed sides at the solo rate from which on the row that leans most is less than half-way from
# its feature to the composite. The line *tells* it if it is right within a quarter at every price, in both kinds of
# world, and tells it *in part* if it is at least nearer, on average over the prices, than the best constant in both.

# %%
solos = np.geomspace(0.004, 0.4, 24).round(4).tolist()
pair_prices = [0.01, 0.02, 0.05, 0.1, 0.2]
training_of_pairs = {"n_seeds": n_saes, "first_seed": seed * n_saes, "lr": lr, "threshold": threshold}
pairs = pairs_grid(pair_prices, solos, [0.0], n_steps=n_steps, **training_of_pairs)
fine = np.geomspace(0.004, 0.4, 400)


# %%
def lean(angles):
    """Degrees from the row that leans most to its nearest feature; 45 is the composite."""
    return torch.minimum(angles.abs(), (90 - angles).abs()).clamp(max=45).amax(dim=1)


def best_rows(variant, price):
    """The angles of the best two rows over the fine grid of solo rates, (400, 2)."""
    weights = [toysae.two_features(variant, s, 0.0).firing.probabilities for s in fine]
    square = torch.tensor([[1.0, 1.0], [1.0, 0.0], [0.0, 1.0]]).double()
    return optimum.best_angles(square, torch.stack(weights), price)[0]


def crossing(variant, price):
    """The solo rate at which {A, B} and {A, (A+B)/sqrt 2} cost the same."""
    rho = optimum.crossover(price)
    return (1 - worlds.PARENT_ALONE) * rho / (1 + rho) if variant == "nested" else rho / (1 + 2 * rho)


# %%
bend, panels, ratios_to_line = {}, {}, {}
for variant in worlds.VARIANTS:
    lines, dots, stars = {}, {}, [crossing(variant, price) for price in pair_prices]
    changed = {"computed": [], "trained": []}
    for price in pair_prices:
        angle = lean(best_rows(variant, price))
        bend[variant, price] = float(angle.diff().abs().max())
        chosen = pairs[(pairs.variant == variant) & (pairs.l1_coeff == price)]
        lines[f"$\\lambda$ = {price:g}"] = fine, angle.tolist()
        trained = lean(torch.tensor(chosen[["trained_1", "trained_2"]].values))
        dots[f"$\\lambda$ = {price:g}"] = chosen.solo, trained.tolist()
        changed["computed"].append(half_way(np.log(fine), angle.numpy(), 22.5))
        changed["trained"].append(half_way(np.log(solos), trained.numpy(), 22.5))
    ratios_to_line[variant] = {how: np.exp(rates) / stars for how, rates in changed.items()}
    # one of the lines is enough in the legend
    marks = dict(zip(["pure dictionaries cost the same", *(f"_{p}" for p in pair_prices[1:])], stars, strict=True))
    panels[variant] = lines, dots, marks

# %% jupyter={"source_hidden": true} tags=["remove-input"]
show(
    figures.curve_panels(panels, xlabel="solo rate of B", ylabel="largest lean of a row, degrees", xscale="log"),
    f"From one of {len(fine)} solo rates to the next, the lean of the best rows changes by at most "
    + listed(
        [
            f"{max(b for (v, _), b in bend.items() if v == variant):.1f} degrees ({variant})"
            for variant in worlds.VARIANTS
        ]
    )
    + ".",
    "Of the two rows, the one that is farther from its nearest feature: 0 degrees means both rows are features, 45"
    " that one is the composite, or lies farther away. Lines: the best dictionary of two rows, found by trying every"
    f" angle. Dots: the trained SAE with the lowest loss of {n_saes}. The dotted lines belong to the prices, from left"
    " to right.",
    alt=(
        "Two panels, nested and symmetric: largest lean of a row over the solo rate, computed lines and trained dots"
        " for each price."
    ),
)

# %% [markdown]
# The lines of this figure are computed, from nothing but the formulas: the next result depends on no training, and on
# none of the parameters above. A step of more than five degrees from one solo rate to the next counts as a jump.

# %% jupyter={"source_hidden": true} tags=["remove-input"]
steps = {v: [b for (variant, _), b in bend.items() if variant == v] for v in worlds.VARIANTS}
as_derived = Pooled.of([(b > 5) == (variant == "symmetric") for (variant, _), b in bend.items()])
claim(
    "bending-and-jumping",
    (
        as_derived.k == as_derived.n,
        "Nested features are given up gradually: as the solo rate falls, the best row of B bends towards the"
        " composite. Symmetric features are given up at once: somewhere the best dictionary jumps.",
        "holds",
    ),
    (
        2 * as_derived.k >= as_derived.n,
        "Nested features bend and symmetric ones jump in {cases as derived.k} of {cases as derived.n} cases, a kind"
        " of world at one"
        " price each; in the others they do the opposite.",
        "partly",
    ),
    (
        True,
        "The two kinds of world do not differ as derived: nested features bend and symmetric ones jump in only"
        " {cases as derived.k} of {cases as derived.n} cases, a kind of world at one price each.",
        "does not hold",
    ),
    evidence={
        "cases as derived": as_derived,
        "largest step of a nested pair, in degrees": max(steps["nested"]),
        "smallest jump of a symmetric pair, in degrees": min(steps["symmetric"]),
    },
    source="theory",
)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
near = Pooled.of(pairs.trained / pairs.best - 1 < 1e-3)
near_pure = Pooled.of(np.minimum(pairs.atoms, pairs.pair) / pairs.best - 1 < 1e-3)
claim(
    "training-finds-the-best-pair",
    (
        near.value > NEARLY_ALL,
        "Training gets there in {worlds within a thousandth.k} of {worlds within a thousandth.n} worlds: the"
        " lowest-loss SAE is within one part in a thousand of the best loss there is.",
        "holds",
    ),
    (
        2 * near.k >= near.n,
        "Training gets there in only {worlds within a thousandth.k} of {worlds within a thousandth.n} worlds: there the"
        " lowest-loss SAE is within one part in a thousand of the best loss there is.",
        "partly",
    ),
    (
        True,
        "Training fails to get there in most of these worlds: the lowest-loss SAE is within one part in a thousand of"
        " the best loss there is in {worlds within a thousandth.k} of {worlds within a thousandth.n}.",
        "does not hold",
    ),
    evidence={"worlds within a thousandth": near, "SAEs in each": n_saes},
    control={"the cheaper of the two pure dictionaries": (near_pure.value > NEARLY_ALL, near_pure)},
)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
missed = {v: np.abs(np.log(ratios_to_line[v]["trained"])) for v in worlds.VARIANTS}
rates = {v: np.log(ratios_to_line[v]["trained"] * [crossing(v, p) for p in pair_prices]) for v in worlds.VARIANTS}
by_constant = {v: np.abs(rates[v] - np.median(rates[v])) for v in worlds.VARIANTS}
quarter = {
    name: all((np.exp(m) < 1.25).all() for m in each.values())
    for name, each in {"line": missed, "constant": by_constant}.items()
}
claim(
    "crossover-predicts-training",
    (
        quarter["line"],
        "The simple line tells where training changes sides, within a quarter, at every price and in both kinds of"
        " world.",
        "holds",
    ),
    (
        all(missed[v].mean() < by_constant[v].mean() for v in worlds.VARIANTS),
        "The simple line tells only roughly where training changes sides: nearer than the best constant in both kinds"
        " of world, but not within a quarter.",
        "partly",
    ),
    (
        True,
        "The simple line does not tell where training changes sides: in at least one of the two kinds of world the best"
        " constant is as near.",
        "does not hold",
    ),
    evidence={
        **{f"trained over computed, {v}, at least": ratios_to_line[v]["trained"].min() for v in worlds.VARIANTS},
        **{f"at most, {v}": ratios_to_line[v]["trained"].max() for v in worlds.VARIANTS},
        **{f"mean factor of the miss, {v}": math.exp(missed[v].mean()) for v in worlds.VARIANTS},
    },
    control={
        "the best constant, whose mean factor is": (
            quarter["constant"],
            math.exp(np.mean([m.mean() for m in by_constant.values()])),
        )
    },
    source="theory",
)
real = listed(
    [
        f"{min(r['computed']):.2f} to {max(r['computed']):.2f} times that of the line ({v})"
        for v, r in ratios_to_line.items()
    ]
)
say(
    "The line can be no more than a guide, since it knows pure dictionaries only. The best two rows, which may lean,"
    f" pass the half-way mark at solo rates of {real}."
)

# %% [markdown]
# ## A law without free parameters
#
# For small prices the previous chapter predicts by how much the row of $B$ leans:
# $t = \lambda P(A \text{ and } B) / P(B \text{ alone})$, to first order. The row of $A$ leans too, by the same law with
# $P(A \text{ alone})$. Nothing can be fitted. The law for the row of $B$ should be right within fifteen parts in a
# hundred where the predicted lean is below six degrees and $\lambda \le 0.02$; that was said before training. To second
# order, where each lean takes away from the gain of the other, the prediction should come nearer to training for every
# row of these same worlds.

# %%
small_prices = [0.002, 0.005, 0.01, 0.02]
lone_rates = [0.05, 0.1, 0.2, 0.3, 0.4]
leaning = pairs_grid(small_prices, lone_rates, [0.0], n_steps=2 * n_steps, **training_of_pairs)
leaning = leaning[leaning.variant == "nested"].copy()
leaning["both"] = 1 - worlds.PARENT_ALONE - leaning.solo
first = [optimum.tilt(*row) for row in leaning[["l1_coeff", "both", "solo"]].values]
leaning = leaning[np.degrees(first) < 6]
predicted_for = leaning[["l1_coeff", "both", "solo"]].values
measured = {"row of B": 90 - leaning.trained_2.values, "row of A": leaning.trained_1.values}
alone = worlds.PARENT_ALONE
orders = {
    "first order": [(optimum.tilt(p, both, alone), optimum.tilt(p, both, solo)) for p, both, solo in predicted_for],
    "second order": [optimum.tilts(p, both, alone, solo) for p, both, solo in predicted_for],
}
laws = {name: dict(zip(("row of A", "row of B"), np.degrees(leans).T, strict=True)) for name, leans in orders.items()}
ratios = {order: {row: measured[row] / law[row] for row in measured} for order, law in laws.items()}

# %% jupyter={"source_hidden": true} tags=["remove-input"]
ends = [min(v.min() for v in laws["first order"].values()), max(v.max() for v in laws["first order"].values())]
medians = {name: np.median(np.concatenate(list(parts.values()))) for name, parts in ratios.items()}
drawn = {row: lean.clip(min=1e-3) for row, lean in measured.items()}
panels = {
    order: (dict.fromkeys(drawn, (ends, ends)), {row: (law[row], drawn[row]) for row in drawn}, {})
    for order, law in laws.items()
}
show(
    figures.curve_panels(
        panels,
        xlabel="predicted lean, degrees",
        ylabel="lean of the trained row, degrees",
        xscale="log",
        yscale="log",
    ),
    f"Measured over predicted lean, both rows: median {medians['first order']:.3f} to first order,"
    f" {medians['second order']:.3f} to second.",
    f"Each dot is a row of the lowest-loss SAE of {n_saes} in one world. The line is the law, not a fit. A lean of next"
    " to nothing, or to the other side, is drawn at the lower edge.",
    alt=(
        "Two panels, first and second order: measured against predicted lean of both rows on logarithmic axes, with the"
        " law as the diagonal."
    ),
)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
ratio = ratios["first order"]["row of B"]
constant_lean = np.median(measured["row of B"])
ratio_of_constant = measured["row of B"] / constant_lean
kept, kept_by_constant = (Pooled.of((r > 0.85) & (r < 1.15)) for r in (ratio, ratio_of_constant))
claim(
    "tilt-law",
    (
        kept.k == kept.n,
        "The law for the row of $B$ is right within 15 % in every world where it should hold.",
        "holds",
    ),
    (
        2 * kept.k >= kept.n,
        "In {worlds within 15 %.k} of the {worlds within 15 %.n} worlds where it should hold, the law for the row of"
        " $B$ is right within 15 %, but not in the others.",
        "partly",
    ),
    (
        True,
        "The law for the row of $B$ misses by more than 15 % in most of the worlds where it should hold: it is right"
        " in {worlds within 15 %.k} of {worlds within 15 %.n}.",
        "does not hold",
    ),
    evidence={
        "worlds within 15 %": kept,
        "smallest ratio of measured to predicted": ratio.min(),
        "median": np.median(ratio),
        "largest": ratio.max(),
    },
    control={"one lean for all worlds, the best": (kept_by_constant.k == kept_by_constant.n, kept_by_constant)},
    source="theory",
)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
every_ratio = {order: np.concatenate(list(parts.values())) for order, parts in ratios.items()}
misses = {order: abs(r - 1) for order, r in every_ratio.items()}
scaled = abs(every_ratio["first order"] / np.median(every_ratio["first order"]) - 1)
nearer, nearer_scaled = (Pooled.of(m < misses["first order"]) for m in (misses["second order"], scaled))
claim(
    "second-order-is-nearer",
    (
        nearer.k == nearer.n,
        "The second-order law is nearer to training than the first-order one for every row in these worlds.",
        "holds",
    ),
    (
        2 * nearer.k >= nearer.n,
        "The second-order law is nearer to training than the first-order one for {rows nearer to second order.k} of the"
        " {rows nearer to second order.n} rows in these worlds, but not for the others.",
        "partly",
    ),
    (
        True,
        "For most of the rows in these worlds the second-order law is no nearer to training than the first-order one:"
        " it is nearer for {rows nearer to second order.k} of {rows nearer to second order.n}.",
        "does not hold",
    ),
    evidence={
        "rows nearer to second order": nearer,
        "largest miss to first order, in %": 100 * misses["first order"].max(),
        "largest miss to second order, in %": 100 * misses["second order"].max(),
    },
    control={"the first-order law times the best constant factor": (nearer_scaled.k == nearer_scaled.n, nearer_scaled)},
    source="theory",
)

# %% [markdown]
# ## How many latents are there?
#
# Composites need a latent each. [The larger example](02_larger_example.ipynb) turns that knob, for three to eight
# features of which any two fire: from fewer latents than features to one for every pair. It does so at one price. Does
# the price matter? With five features we train SAEs with fewer latents than features, with as many, and with one for
# each of the ten pairs. The rules of that chapter: with one latent for each feature most SAEs should have an atom for
# every feature, with one for each pair most live latents should be composites in most SAEs. Both should be so at every
# price.

# %%
room_prices, room_sizes = [0.03, 0.1, 0.3], [4, 5, 7, 10]
five = [Room(5, size, price) for price in room_prices for size in room_sizes]
seeds_of_all = range(seed * n_saes, (seed + 1) * n_saes)
at_start, in_five = (
    trained_in(five, seeds_of_all, n_steps=steps, lr=lr, threshold=threshold) for steps in (0, 2 * n_steps)
)
known = {room: best_in(room, threshold=threshold) for room in five if room.n_latents in (5, 10)}


def shares_found(stacks, price):
    """By number of latents: shares of features with an atom, and of pairs with a composite, (n_saes,) each."""
    labels = {room.n_latents: these.labels for room, these in stacks.items() if room.l1_coeff == price}
    return {size: ((own.features_found / 5).tolist(), (own.sets_found / 10).tolist()) for size, own in labels.items()}


panels = {
    f"$\\lambda$ = {price:g}": figures.Panel(5, shares_found(in_five, price), shares_found(known, price))
    for price in room_prices
}


# %%
def by_the_rules(stacks, narrow, wide):
    """By price: in how many SAEs every feature has an atom, and in how many most live latents are composites."""
    lists_of = {size: [stacks[Room(5, size, price)] for price in room_prices] for size in {narrow, wide}}
    features = [Fraction.of(these.labels.features_found == 5) for these in lists_of[narrow]]
    composites_lead = [
        Fraction.of(2 * these.labels.count("composite") > these.live.sum(dim=1)) for these in lists_of[wide]
    ]
    return features, composites_lead


def told(rules):
    """The prices at which both rules are kept."""
    return [
        price for price, *kept_by in zip(room_prices, *rules, strict=True) if all(mostly(share) for share in kept_by)
    ]


# %% jupyter={"source_hidden": true} tags=["remove-input"]
show(
    figures.room_panels(panels),
    "Two of five features, at three prices: shares of features and of pairs that are found, over the number of"
    " latents.",
    f"Blue: the share of features that have an atom. Orange: the share of pairs that have a composite. Dots are means"
    f" over {n_saes} SAEs with 95 % intervals, open squares the best dictionaries known for five and for ten latents."
    " Dotted lines: as many latents as features, and as many as pairs.",
    alt="Three panels, one for each price: shares of features and of pairs that are found, over the number of latents.",
)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
rules_kept, at_first, turned_round = (
    by_the_rules(in_five, 5, 10),
    by_the_rules(at_start, 5, 10),
    by_the_rules(in_five, 10, 5),
)
fit_for, ranks = told(rules_kept), ("lowest", "middle", "highest")
claim(
    "room-decides-at-every-price",
    (
        len(fit_for) == len(room_prices),
        "At every price the number of latents decides: with one for each of five features most SAEs find all features,"
        " with one for each pair composites win.",
        "holds",
    ),
    (
        len(fit_for) > 0,
        "The number of latents decides at some prices: with one for each of five features most SAEs find all features,"
        " with one for each pair composites win. At others it cannot be said.",
        "partly",
    ),
    (
        True,
        "At none of these prices does the number of latents decide as it should between five features and their pairs.",
        "does not hold",
    ),
    evidence={
        **{f"all features found at the {p} price": s for p, s in zip(ranks, rules_kept[0], strict=True)},
        **{f"composites lead at the {p} price": s for p, s in zip(ranks, rules_kept[1], strict=True)},
    },
    control={
        "the SAEs before training, at so many prices": (len(told(at_first)) == len(room_prices), len(told(at_first))),
        "the rules turned round, at so many prices": (
            len(told(turned_round)) == len(room_prices),
            len(told(turned_round)),
        ),
    },
)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
sides = [
    bool((known[Room(5, 5, price)].labels.features_found == 5).all())
    and bool((known[Room(5, 10, price)].labels.sets_found == 10).all())
    for price in room_prices
]
say(
    f"The optimum is {'clearer' if len(fit_for) < sum(sides) else 'as clear'}: with five latents the best dictionaries"
    f" known hold all features, with ten all pairs, at {sum(sides)} of {len(sides)} prices."
)

# %% [markdown]
# And if there is room for both? Back to three features of which two fire, except that with probability $p$, again
# called the solo rate, a sample holds one feature alone. With three latents the SAE must choose; with six it can have
# all atoms *and* all composites. Does it find every feature if there is room?

# %%
leaks = [round(0.05 + 0.1 * i, 2) for i in range(10)]
sizes = [2, 3, 4, 5, 6]
leaky = sweeps.grid(world="solo_leak", n_features=3, k=2, p_alone=[leaks], n_latents=sizes, l1_coeff=0.1, **recipe)
room = table_of(leaky)
room["all_found"] = room.features_found == 3
found, lost = shares(room, "n_latents", "p_alone", "all_found")

# %% jupyter={"source_hidden": true} tags=["remove-input"]
whole = {
    size: [p for p, f in zip(leaks, row, strict=True) if mostly(f)] for size, row in zip(sizes, found, strict=True)
}
told_rates = listed(
    [f"{len(ps)} with {size} latents" + (f" (the lowest is {min(ps):g})" if ps else "") for size, ps in whole.items()]
)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
show(
    phase_diagram(
        leaks,
        [str(s) for s in sizes],
        found,
        lost,
        {},
        xlabel="probability that a sample holds one feature alone",
        ylabel="latents",
    ),
    f"Of {len(leaks)} solo rates, most SAEs have an atom for every feature at {told_rates}.",
    f"Each cell: the share of {n_saes} SAEs in which each of the three features has an atom, among those with all"
    " latents live, at $\\lambda$ = 0.1; two latents cannot hold three atoms. Crosses and colours as above; grey cells"
    " have no SAE with all latents live.",
    alt="Phase diagram over solo rate and number of latents: share of SAEs that found all features.",
)

# %% [markdown]
# ## What could be wrong?
#
# *The lines were drawn with the dots in view.* That is so: the first version of this chapter had only the line of pure
# dictionaries, it failed on settings that had been set aside for it, and the leaning line came of asking why. So, once
# everything above was written, settings were chosen that had not been used before: two prices for the boundary, one
# near each end of the old ones, with fresh starting points, and three worlds for the law of leaning. The rules are the
# same as above, but for the constant: it is the one that fits the old prices best, and the line should surely be nearer
# at each of the two prices. The law should be right within fifteen parts in a hundred.

# %%
fresh_prices, fresh_spreads = [0.014, 0.23], spreads[1:-1]
fresh_seeds = [s + 10**6 for s in recipe["seed"][0]]
fresh = {"world": "two_of_three", "n_latents": 3} | recipe | {"seed": [fresh_seeds]}
later = table_of(sweeps.grid(l1_coeff=[fresh_prices], sigma=fresh_spreads, **fresh))
fresh_counts = counts_by_seed(later)
fresh_computed = {
    "the leaning line": [optimum.leaning_boundary(price) for price in fresh_prices],
    "the line of pure dictionaries": [optimum.jitter_boundary(price) for price in fresh_prices],
}
fresh_turned = half_ways(fresh_spreads, fresh_counts, everyone)


def beside_old_constant(drawn):
    """What each line misses at each fresh price, less what the constant of the old ones misses."""
    now = half_ways(fresh_spreads, fresh_counts, drawn)
    less = {name: np.abs(now - line) - np.abs(now - constant) for name, line in fresh_computed.items()}
    return {f"{name}, {p:g}": gain for name, at in less.items() for p, gain in zip(fresh_prices, at, strict=True)}


fresh_against = Family.resampled(beside_old_constant, n_saes, generator=np.random.default_rng(0), draws=1999)
nearer_at = {line: [fresh_against[f"{line}, {p:g}"].surely_less for p in fresh_prices] for line in fresh_computed}

# %%
unseen_pairs = [(0.003, 0.06), (0.007, 0.13), (0.013, 0.35)]
fresh_ratios, fresh_leans = [], []
for price, solo in unseen_pairs:
    table = pairs_grid([price], [solo], [0.0], n_steps=2 * n_steps, **training_of_pairs)
    trained_lean = 90 - float(table[table.variant == "nested"].trained_2.iloc[0])
    both = 1 - worlds.PARENT_ALONE - solo
    fresh_leans.append(trained_lean)
    fresh_ratios.append(trained_lean / math.degrees(optimum.tilt(price, both, solo)))

# %% jupyter={"source_hidden": true} tags=["remove-input"]
fresh_misses = {name: np.abs(fresh_turned - line) for name, line in fresh_computed.items()}
claim(
    "fresh-settings-boundary",
    (
        not later.all_live.any(),
        "With these settings no SAE at a fresh price has all its latents live, so there is nothing to hold the line"
        " against.",
        None,
    ),
    (
        all(nearer_at["the leaning line"]),
        "The line of leaning dictionaries predicts fresh prices: at each of them it is surely nearer than the constant"
        " that fits the old prices best.",
        "holds",
    ),
    (
        any(nearer_at["the leaning line"]),
        "The line of leaning dictionaries is surely nearer than the constant that fits the old prices best at one fresh"
        " price, but not at both: it misses by {miss at the lower price:.3f} at the lower and by"
        " {miss at the higher price:.3f} at the higher.",
        "partly",
    ),
    (
        True,
        "At no fresh price is the line of leaning dictionaries surely nearer than the constant that fits the old prices"
        " best: it misses by {miss at the lower price:.3f} at the lower and by {miss at the higher price:.3f} at the"
        " higher.",
        "does not hold",
    ),
    evidence={
        "miss at the lower price": fresh_misses["the leaning line"][0],
        "miss at the higher price": fresh_misses["the leaning line"][1],
        "less that of the constant, lower price": fresh_against[f"the leaning line, {fresh_prices[0]:g}"],
        "less that of the constant, higher price": fresh_against[f"the leaning line, {fresh_prices[1]:g}"],
    },
    control={
        "the line of pure dictionaries, by its mean miss": (
            all(nearer_at["the line of pure dictionaries"]),
            float(fresh_misses["the line of pure dictionaries"].mean()),
        )
    },
    source="theory",
)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
foretold_leans = Pooled.of([0.85 < r < 1.15 for r in fresh_ratios])
by_old_lean = Pooled.of([0.85 < lean_there / constant_lean < 1.15 for lean_there in fresh_leans])
claim(
    "fresh-settings-lean",
    (
        foretold_leans.k == foretold_leans.n,
        "The law of leaning predicts all {worlds predicted.n} fresh worlds within 15 %.",
        "holds",
    ),
    (
        2 * foretold_leans.k >= foretold_leans.n,
        "The law of leaning predicts only {worlds predicted.k} of {worlds predicted.n} fresh worlds within 15 %.",
        "partly",
    ),
    (
        True,
        "The law of leaning misses by more than 15 % in most of the fresh worlds: it predicts {worlds predicted.k} of"
        " {worlds predicted.n}.",
        "does not hold",
    ),
    evidence={
        "worlds predicted": foretold_leans,
        "measured over predicted in the first world": fresh_ratios[0],
        "in the second": fresh_ratios[1],
        "in the third": fresh_ratios[2],
    },
    control={"the lean that fits the old worlds best": (by_old_lean.k == by_old_lean.n, by_old_lean)},
    source="theory",
)

# %% [markdown]
# *Only tiny worlds.* Lines can be computed here because the worlds are tiny. What they show is a mechanism:
# companionship, equal strength and a price for activation make composites. How these three are mixed in a large model
# is an empirical question.
#
# ## So what?

# %% jupyter={"source_hidden": true} tags=["remove-input"]
say_trained(saes.n_trained())
say(
    f"By the computed boundary of leaning dictionaries, a spread of {boundary[prices[0]]:.2f} makes the atoms cheaper"
    f" at a price of {prices[0]:g}; at {prices[-1]:g} it takes {boundary[prices[-1]]:.2f}. So a lower price lets the"
    " atoms win at a smaller spread. It does not help where magnitudes do not vary, no feature is ever alone, and there"
    " is a latent for each set that fires together."
)

# %% [markdown]
# Two questions to take along:
#
# 1. A feature is seen alone once in a thousand samples. At which price would you expect an SAE to give it a latent of
#    its own?
# 2. Which of the knobs of this chapter can somebody who trains an SAE on a language model actually turn?
