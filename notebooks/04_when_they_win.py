# %% [markdown]
# # When they win
#
# Composites are cheaper where features always fire together at equal strength. Real features do so only more or less.
# This chapter turns the knobs one at a time and asks where the composites stop: how much the magnitudes vary, how often
# a feature is seen alone, how many latents there are, and what activation costs.
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
from toysae.chapters.when_they_win.explorer import explorer, still
from toysae.chapters.when_they_win.phases import phase_diagram
from toysae.chapters.when_they_win.two_features import Cell, pairs_grid
from toysae.claims import (
    Fraction,
    at_least_half,
    claim,
    listed,
    mostly,
    mostly_not,
    nearly_all,
    nothing_to_judge,
    say,
    say_trained,
    show,
    show_interactive,
)
from toysae.sweeps.points import recovery

check_parameters(globals())
figures.house_style()
recipe = {"n_steps": n_steps, "lr": lr, "threshold": threshold}
recipe["seed"] = [list(range(seed * n_saes, (seed + 1) * n_saes))]

# %% [markdown]
# ## Many SAEs at once
#
# A *sweep* is a grid of settings, and a table with one row for every SAE. SAEs whose data points agree are trained as
# one tensor program, even if they pay different prices $\lambda$ or see the patterns with different probabilities.
# Every SAE sees all data points in every step, weighted by their probabilities. So there is no sampling noise, and the
# SAEs of a diagram differ in nothing but their setting and their start.
#
# Formulas are judged as in the previous chapter: in the table of claims, a claim about one gets the verdict *holds*,
# *partly* or *does not hold*, and what counts as a check is said before its result.
#
# ## How much may magnitudes vary?
#
# Two of three features fire; their magnitudes are $\max(0, 1 + \sigma \varepsilon)$ with $\varepsilon$ standard normal,
# on a grid of a few equally likely values (so the realised spread is a little smaller than $\sigma$, and $\mu = 1$).
# For every pair of $\sigma$ and $\lambda$ we train SAEs and count those without an atom. An SAE with a dead latent, one
# that never fires, is not counted: it is no evidence.

# %%
spreads = [round(0.05 * i, 2) for i in range(1, 16)]
prices = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32]
grid = sweeps.grid(world="two_of_three", n_latents=3, l1_coeff=[prices], sigma=spreads, **recipe)
jitter = sweeps.sweep(recovery, grid, n_workers=1)
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
picked = [prices[0], prices[2], prices[4]]
free = {p: [s for s, f in zip(spreads, no_atom[prices.index(p)], strict=True) if f.n and f.value > 0.5] for p in picked}
lasts = [f"{max(free[p]):g} at $\\lambda$ = {p:g}" if free[p] else f"none at $\\lambda$ = {p:g}" for p in picked]
show(
    figures.fraction_curves(
        {f"$\\lambda$ = {p:g}": (spreads, no_atom[prices.index(p)]) for p in picked},
        {f"$\\lambda$ = {p:g}": boundary[p] for p in picked},
        xlabel="spread of the magnitudes, sigma / mu",
        ylabel="share of SAEs without an atom",
    ),
    "Three rows of the diagram with their intervals. The last spread at which most SAEs are free of atoms is"
    f" {listed(lasts)}.",
    "Dots are fractions with 95 % Wilson intervals. A dashed line of the same colour is the boundary of that price for"
    " dictionaries that may lean.",
    alt=(
        "Curves of the share of SAEs without an atom over the spread, for three prices, with computed boundaries as"
        " dashed lines."
    ),
)

# %% [markdown]
# Does a line predict the cells? The rule of counting was fixed beforehand (the orange line itself came later, see *What
# could be wrong?*): leave out cells that are nearer to the line than a tenth of its value, and cells in which fewer
# than half of the SAEs have all latents live. In each other cell, at spreads below the line more than half of the
# counted SAEs should be free of atoms, at spreads above it fewer than half.

# %%
too_near, too_many_dead = 0.1, 0.5  # as shares: of the line's value, and of the SAEs


def predicted(line):
    """How many cells away from the line come out as it says."""
    right, judged = 0, 0
    for price, row, gone in zip(prices, no_atom, dead, strict=True):
        for spread, fraction, lost in zip(spreads, row, gone, strict=True):
            if abs(spread / line[price] - 1) > too_near and lost < too_many_dead:
                judged += 1
                right += fraction.value != 0.5 and (fraction.value > 0.5) == (spread < line[price])
    return Fraction(right, judged)


right_pure, right = predicted(pure), predicted(boundary)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
claim(
    "boundary-predicts-training",
    (
        nothing_to_judge(right),
        "With these settings no cell away from the line of leaning dictionaries has enough SAEs with all latents live.",
        None,
    ),
    (
        nearly_all(right),
        "The line of leaning dictionaries predicts training: away from it, {cells that come out as computed.k} of"
        " {cells that come out as computed.n} cells come out as computed. The line of pure dictionaries predicts"
        " {the same for pure dictionaries.k} of {the same for pure dictionaries.n}.",
        "holds",
    ),
    (
        at_least_half(right),
        "The line of leaning dictionaries predicts half of the cells or more, but not nearly all: away from it,"
        " {cells that come out as computed.k} of {cells that come out as computed.n} come out as computed. The line of"
        " pure dictionaries predicts {the same for pure dictionaries.k} of {the same for pure dictionaries.n}.",
        "partly",
    ),
    (
        True,
        "The line of leaning dictionaries does not predict training: away from it, only"
        " {cells that come out as computed.k} of {cells that come out as computed.n} cells come out as computed. The"
        " line of pure dictionaries predicts {the same for pure dictionaries.k} of {the same for pure dictionaries.n}.",
        "does not hold",
    ),
    evidence={"cells that come out as computed": right, "the same for pure dictionaries": right_pure},
    source="theory",
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
# sides? As before, worlds nearer to it than a tenth of its value are left out. In the others, and in each of the two
# kinds of world, the row that leans most should be more than half-way from its feature to the composite where the
# composite is cheaper, and less than half-way where the atoms are.

# %%
solos = np.geomspace(0.004, 0.4, 16).round(4).tolist()
pair_prices = [0.02, 0.05, 0.1]
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
bend, change, panels, sides = {}, {}, {}, {variant: [] for variant in worlds.VARIANTS}
for variant in worlds.VARIANTS:
    lines, dots = {}, {}
    for price in pair_prices:
        angle = lean(best_rows(variant, price))
        bend[variant, price] = float(angle.diff().abs().max())
        chosen = pairs[(pairs.variant == variant) & (pairs.l1_coeff == price)]
        lines[f"$\\lambda$ = {price:g}"] = fine, angle.tolist()
        trained = lean(torch.tensor(chosen[["trained_1", "trained_2"]].values)).tolist()
        dots[f"$\\lambda$ = {price:g}"] = chosen.solo, trained
        star = crossing(variant, price)
        change[variant, price] = fine[(angle > 22.5).sum().clamp(max=len(fine) - 1)] / star
        judged = [(s, t) for s, t in zip(chosen.solo, trained, strict=True) if abs(s / star - 1) > 0.1]
        sides[variant] += [(t > 22.5) == (s < star) for s, t in judged]
    stars = [crossing(variant, price) for price in pair_prices]  # one of them is enough in the legend
    panels[variant] = lines, dots, dict(zip(["pure dictionaries cost the same", "_2", "_3"], stars, strict=True))

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
    " that one is the composite, or lies farther away. Lines: the best dictionary of two rows, by looking at all"
    f" angles. Dots: the trained SAE with the lowest loss of {n_saes}. The three dotted lines belong to the three"
    " prices, from left to right.",
    alt=(
        "Two panels, nested and symmetric: largest lean of a row over the solo rate, computed lines and trained dots"
        " for three prices."
    ),
)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
steps = {v: [b for (variant, _), b in bend.items() if variant == v] for v in worlds.VARIANTS}
as_derived = Fraction.of([(b > 5) == (variant == "symmetric") for (variant, _), b in bend.items()])
claim(
    "bending-and-jumping",
    (
        nearly_all(as_derived),
        "Nested features are given up gradually: as the solo rate falls, the best row of B bends towards the"
        " composite. Symmetric features are given up at once: somewhere the best dictionary jumps.",
        "holds",
    ),
    (
        at_least_half(as_derived),
        "Nested features bend and symmetric ones jump in {cases as derived} of {cases} cases, a kind of world at one"
        " price each; in the others they do the opposite.",
        "partly",
    ),
    (
        True,
        "The two kinds of world do not differ as derived: nested features bend and symmetric ones jump in only"
        " {cases as derived} of {cases} cases, a kind of world at one price each.",
        "does not hold",
    ),
    evidence={
        "cases as derived": as_derived.k,
        "cases": as_derived.n,
        "largest step of a nested pair, in degrees": max(steps["nested"]),
        "smallest jump of a symmetric pair, in degrees": min(steps["symmetric"]),
    },
    source="theory",
)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
near = Fraction.of(pairs.trained / pairs.best - 1 < 1e-3)
claim(
    "training-finds-the-best-pair",
    (
        nearly_all(near),
        "Training gets there: in {worlds within a thousandth.k} of {worlds within a thousandth.n} worlds the"
        " lowest-loss SAE is within one part in a thousand of the best loss there is.",
        "holds",
    ),
    (
        True,
        "Training fails to get there in too many of these worlds: the lowest-loss SAE is within one part in a thousand"
        " of the best loss there is in {worlds within a thousandth.k} of {worlds within a thousandth.n}.",
        "does not hold",
    ),
    evidence={"worlds within a thousandth": near},
)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
on_side = {variant: Fraction.of(checks) for variant, checks in sides.items()}
claim(
    "crossover-predicts-training",
    (
        all(nearly_all(worlds_on_side) for worlds_on_side in on_side.values()),
        "The simple line tells the side: away from it, the lowest-loss SAE is on the computed side in"
        " {nested worlds.k} of {nested worlds.n} nested worlds and in {symmetric worlds.k} of {symmetric worlds.n}"
        " symmetric ones.",
        "holds",
    ),
    (
        all(at_least_half(worlds_on_side) for worlds_on_side in on_side.values()),
        "The simple line tells the side in at least half of the worlds of each kind, but not in nearly all of both:"
        " away from it, the lowest-loss SAE is on the computed side in {nested worlds.k} of {nested worlds.n} nested"
        " worlds and in {symmetric worlds.k} of {symmetric worlds.n} symmetric ones.",
        "partly",
    ),
    (
        True,
        "In at least one of the two kinds of world the simple line does not tell the side: away from it, the"
        " lowest-loss SAE is on the computed side in {nested worlds.k} of {nested worlds.n} nested worlds and in"
        " {symmetric worlds.k} of {symmetric worlds.n} symmetric ones.",
        "does not hold",
    ),
    evidence={"nested worlds": on_side["nested"], "symmetric worlds": on_side["symmetric"]},
    source="theory",
)
half_way = {v: [c for (variant, _), c in change.items() if variant == v] for v in worlds.VARIANTS}
real = listed([f"{min(c):.2f} to {max(c):.2f} times that of the line ({v})" for v, c in half_way.items()])
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
# order, where each lean takes away from the gain of the other, the prediction should come nearer to training in these
# same worlds.

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
kept = Fraction.of((ratio > 0.85) & (ratio < 1.15))
claim(
    "tilt-law",
    (
        nearly_all(kept),
        "In {worlds within 15 %.k} of the {worlds within 15 %.n} worlds where it should hold, the law for the row of"
        " $B$ is right within 15 %.",
        "holds",
    ),
    (
        at_least_half(kept),
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
    source="theory",
)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
misses = {order: np.concatenate([abs(r - 1) for r in parts.values()]) for order, parts in ratios.items()}
nearer = Fraction.of(misses["second order"] < misses["first order"])
claim(
    "second-order-is-nearer",
    (
        nearly_all(nearer),
        "The second-order law is nearer to training than the first-order one for {rows nearer to second order.k} of the"
        " {rows nearer to second order.n} rows in these worlds.",
        "holds",
    ),
    (
        at_least_half(nearer),
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
    source="theory",
)

# %% [markdown]
# ## How many latents are there?
#
# Back to three features of which two fire, except that with probability $p$, again called the solo rate, a sample holds
# one feature alone. With three latents the SAE must choose; with six it can have all atoms *and* all composites. Does
# it find every feature if there is room?

# %%
leaks = [round(0.05 + 0.1 * i, 2) for i in range(10)]
sizes = [2, 3, 4, 5, 6]
leaky = sweeps.grid(world="solo_leak", n_features=3, k=2, p_alone=[leaks], n_latents=sizes, l1_coeff=0.1, **recipe)
room = sweeps.sweep(recovery, leaky, n_workers=1)
room["all_found"] = room.features_found == 3
found, lost = shares(room, "n_latents", "p_alone", "all_found")

# %% jupyter={"source_hidden": true} tags=["remove-input"]
whole = {
    size: [p for p, f in zip(leaks, row, strict=True) if f.n and f.value > 0.5]
    for size, row in zip(sizes, found, strict=True)
}
told = listed(
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
    f"Of {len(leaks)} solo rates, more than half of the SAEs have an atom for every feature at {told}.",
    f"Each cell: the share of {n_saes} SAEs in which each of the three features has an atom, among those with all"
    " latents live, at $\\lambda$ = 0.1; two latents cannot hold three atoms. Crosses and colours as above; grey cells"
    " have no SAE with all latents live.",
    alt="Phase diagram over solo rate and number of latents: share of SAEs that found all features.",
)

# %% [markdown]
# ## Try it
#
# Two features, two latents, and three sliders. Arrows are the rows of the trained SAE with the lowest loss; the bars
# compare its loss with that of the atoms, of the dictionary $\{A, (A+B)/\sqrt 2\}$, and of the best dictionary there
# is.

# %%
explored = pairs_grid(
    [0.01, 0.02, 0.05, 0.1, 0.2, 0.3],
    [0.0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4],
    [0.0, 0.1, 0.3, 0.6],
    n_seeds=min(n_saes, 8),
    first_seed=seed * n_saes,
    n_steps=n_steps,
    lr=lr,
    threshold=threshold,
)
shown_first = Cell("nested", 0.1, 0.05, 0.0)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
all_atoms = Fraction.of(explored.both_atoms == explored.n_seeds)
none_atoms = Fraction.of(explored.both_atoms == 0)
show_interactive(
    explorer(explored, shown_first),
    f"Of the {len(explored)} worlds behind the sliders, {all_atoms.k} give both atoms from every start and"
    f" {none_atoms.k} from none.",
    "Arrows: the two rows of the trained SAE with the lowest loss. Dashed: the best two rows there are. Dots: the data,"
    " larger where they are more frequent. Without a script one setting is shown as a picture.",
    alt=(
        "Two features as axes with the rows of a trained SAE as arrows, beside bars of losses; sliders change price,"
        " solo rate and spread."
    ),
    fallback=still(explored, shown_first),
)

# %% [markdown]
# ## What could be wrong?
#
# *The lines were drawn with the dots in view.* That is so: the first version of this chapter had only the line of pure
# dictionaries, it failed on settings that had been set aside for it, and the leaning line came of asking why. So, once
# everything above was written, settings were chosen that had not been used before: four pairs of price and spread for
# the boundary, with fresh starting points, and three worlds for the law of leaning. The rules are the same as above:
# more than half of the SAEs with all latents live should be free of atoms where composites are computed to be cheaper,
# fewer than half where atoms are; and the law should be right within fifteen parts in a hundred.

# %%
unseen = {
    "a low price and a small spread": (0.025, 0.27),
    "a low price and a large spread": (0.025, 0.41),
    "a high price and a small spread": (0.11, 0.39),
    "a high price and a large spread": (0.11, 0.51),
}
fresh_seeds = [s + 10**6 for s in recipe["seed"][0]]
fresh = {"world": "two_of_three", "n_latents": 3} | recipe | {"seed": fresh_seeds}
fresh_settings = [fresh | {"l1_coeff": price, "sigma": spread} for price, spread in unseen.values()]
later = sweeps.sweep(recovery, fresh_settings, n_workers=1)
fresh_shares, as_computed = {}, []
for name, (price, spread) in unseen.items():
    same = (later.l1_coeff == price) & (later.sigma == spread)
    share = fresh_shares[name] = Fraction.of(later.no_atom[same & later.all_live])
    wins = spread < optimum.leaning_boundary(price)
    as_computed.append(share.n > 0 and share.value != 0.5 and (share.value > 0.5) == wins)

# %%
unseen_pairs = [(0.003, 0.06), (0.007, 0.13), (0.013, 0.35)]
fresh_ratios = []
for price, solo in unseen_pairs:
    table = pairs_grid([price], [solo], [0.0], n_steps=2 * n_steps, **training_of_pairs)
    trained_lean = 90 - float(table[table.variant == "nested"].trained_2.iloc[0])
    both = 1 - worlds.PARENT_ALONE - solo
    fresh_ratios.append(trained_lean / math.degrees(optimum.tilt(price, both, solo)))

# %% jupyter={"source_hidden": true} tags=["remove-input"]
foretold = Fraction.of(as_computed)
claim(
    "fresh-settings-boundary",
    (
        nearly_all(foretold),
        "The boundary predicts all {fresh settings} fresh settings: of the SAEs with all latents live, more than half"
        " are free of atoms at spreads below it, and fewer than half at spreads above it.",
        "holds",
    ),
    (
        at_least_half(foretold),
        "The boundary predicts only {settings predicted} of {fresh settings} fresh settings.",
        "partly",
    ),
    (
        True,
        "The boundary predicts fewer than half of the fresh settings: {settings predicted} of {fresh settings}.",
        "does not hold",
    ),
    evidence={
        "settings predicted": foretold.k,
        "fresh settings": foretold.n,
        **{f"without an atom at {name}": share for name, share in fresh_shares.items()},
        "settings whose whole interval lies on one side of one half": sum(
            mostly(share) or mostly_not(share) for share in fresh_shares.values()
        ),
    },
    source="theory",
)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
foretold_leans = Fraction.of([0.85 < r < 1.15 for r in fresh_ratios])
claim(
    "fresh-settings-lean",
    (
        nearly_all(foretold_leans),
        "The law of leaning predicts all {fresh worlds} fresh worlds within 15 %.",
        "holds",
    ),
    (
        at_least_half(foretold_leans),
        "The law of leaning predicts only {worlds predicted} of {fresh worlds} fresh worlds within 15 %.",
        "partly",
    ),
    (
        True,
        "The law of leaning misses by more than 15 % in most of the fresh worlds: it predicts {worlds predicted} of"
        " {fresh worlds}.",
        "does not hold",
    ),
    evidence={
        "fresh worlds": foretold_leans.n,
        "worlds predicted": foretold_leans.k,
        "measured over predicted in the first world": fresh_ratios[0],
        "in the second": fresh_ratios[1],
        "in the third": fresh_ratios[2],
    },
    source="theory",
)

# %% [markdown]
# *Only tiny worlds.* Lines can be computed here because the worlds are tiny. What they show is a mechanism:
# companionship, equal strength and a price for activation make composites. How these three are mixed in a large model
# is an empirical question.
#
# ## So what?

# %% jupyter={"source_hidden": true} tags=["remove-input"]
n_in_sweeps = sum(len(table) for table in (jitter, room, later))  # another process trained these
say_trained(saes.n_trained() + n_in_sweeps)
say(
    f"By the computed boundary of leaning dictionaries, a spread of {boundary[prices[0]]:.2f} makes the atoms cheaper"
    f" at a price of {prices[0]:g}; at {prices[-1]:g} it takes {boundary[prices[-1]]:.2f}. So a lower price lets the"
    " atoms win at a smaller spread. It does not help where magnitudes do not vary and no feature is ever alone."
)

# %% [markdown]
# Two questions to take along:
#
# 1. A feature is seen alone once in a thousand samples. At which price would you expect an SAE to give it a latent of
#    its own?
# 2. Which of the knobs of this chapter can somebody who trains an SAE on a language model actually turn?
