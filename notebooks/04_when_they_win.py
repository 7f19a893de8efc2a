# %% [markdown]
# # When they win
#
# Composites pay where features fire together, always and equally strongly, and each set has a latent of its own ([why
# composites win](03_why_composites_win.ipynb)). Real features are not like that. How much may magnitudes vary, how
# often may a feature be seen alone, and how few may the latents be, before the features win?

# %% tags=["parameters", "hide-input"] mystnb={"code_prompt_show": "Set-up: parameters, imports, training"}
n_saes: int = 16  # autoencoders for every point of every diagram
n_steps: int = 1500  # training steps
lr: float = 0.01  # learning rate of Adam
seed: int = 0  # decides where all autoencoders of this chapter start
threshold: float = 0.95  # cosine from which on a latent counts as aligned

# %% tags=["hide-input"]
import math

import numpy as np
import pandas as pd
import torch

import toysae
from toysae import figures, optimum, saes, sweeps, worlds
from toysae.chapters.parameters import check_parameters
from toysae.chapters.when_they_win.phases import (
    HALF_LEAN,
    half_way,
    leans_over,
    measured_over_predicted,
    phase_diagram,
)
from toysae.chapters.when_they_win.two_features import pairs_grid
from toysae.claims import Family, Fraction, Pooled, claim, listed, mostly, say, say_answer, say_trained, show
from toysae.claims.cases import small_print
from toysae.claims.rules import NEARLY_ALL
from toysae.sweeps.points import recovery
from toysae.sweeps.room import Room, best_in, trained_in

check_parameters(globals())
figures.house_style()
recipe = {"n_steps": n_steps, "lr": lr, "threshold": threshold}
recipe["seed"] = [list(range(seed * n_saes, (seed + 1) * n_saes))]

# %% tags=["hide-input"]
# Spread and price: two of three features, a latent for each pair; a table with one row for every SAE
spreads = [round(0.15 + 0.05 * i, 2) for i in range(11)]
prices = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32]


def table_of(settings):
    """One row for every SAE of a sweep."""
    return pd.DataFrame([row for setting in settings for row in recovery(**setting)])


def shares(table, rows, columns, what):
    """A Fraction of SAEs with all latents live for every cell, and the share of others."""
    cells = table.groupby([rows, columns], sort=True)
    fractions = cells.apply(lambda c: Fraction.of(c[what][c.all_live]))
    return fractions.unstack().values, 1 - cells.all_live.mean().unstack().values


jitter = table_of(sweeps.grid(world="two_of_three", n_latents=3, l1_coeff=[prices], sigma=spreads, **recipe))
no_atom, dead = shares(jitter, "l1_coeff", "sigma", "no_atom")
boundary = {price: optimum.leaning_boundary(price) for price in prices}
pure = {price: optimum.jitter_boundary(price) for price in prices}


# %% tags=["hide-input"]
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

# %% tags=["hide-input"]
# Solitude: two features and two latents, over how often a feature is seen alone
solos = np.geomspace(0.004, 0.4, 24).round(4).tolist()
pair_prices = [0.01, 0.02, 0.05, 0.1, 0.2]
training_of_pairs = {"n_seeds": n_saes, "first_seed": seed * n_saes, "lr": lr, "threshold": threshold}
pairs = pairs_grid(pair_prices, solos, [0.0], n_steps=n_steps, **training_of_pairs)
fine = np.geomspace(0.004, 0.4, 400)


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


# %% tags=["hide-input"]
bend, curves, sides = {}, {variant: {} for variant in worlds.VARIANTS}, {}  # sides: where each kind changes sides
for variant in worlds.VARIANTS:
    sides[variant] = {"computed": [], "trained": [], "line": []}
    for price in pair_prices:
        angle = lean(best_rows(variant, price))
        bend[variant, price] = float(angle.diff().abs().max())
        chosen = pairs[(pairs.variant == variant) & (pairs.l1_coeff == price)]
        trained = lean(torch.tensor(chosen[["trained_1", "trained_2"]].values))
        star = crossing(variant, price)
        sides[variant]["computed"].append(float(np.exp(half_way(np.log(fine), angle.numpy(), HALF_LEAN))))
        sides[variant]["trained"].append(float(np.exp(half_way(np.log(solos), trained.numpy(), HALF_LEAN))))
        sides[variant]["line"].append(star)
        if price in pair_prices[::2]:
            curves[variant][price] = {"line": (fine, angle), "dots": (solos, trained), "cross": star}

# %% tags=["hide-input"]
# Room: two of five features, with a latent for each feature, for each pair, and in between
room_prices, room_sizes = [0.03, 0.1, 0.3], [5, 7, 10]
five = [Room(5, size, price) for price in room_prices for size in room_sizes]
seeds_of_all = range(seed * n_saes, (seed + 1) * n_saes)
at_start, in_five = (
    trained_in(five, seeds_of_all, n_steps=steps, lr=lr, threshold=threshold) for steps in (0, 2 * n_steps)
)


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
rules_kept = by_the_rules(in_five, 5, 10)
fit_for = told(rules_kept)
decide = {
    "where magnitudes vary enough": ((turned > spreads[0]) & (turned < spreads[-1])).all(),
    "where a feature is seen alone often enough": all(
        solos[0] < s["trained"][0] and s["trained"][-1] < solos[-1] for s in sides.values()
    ),
    "where there is a latent for each feature but not for each pair": len(fit_for) > 0,
}
shown_to = [clause for clause, holds in decide.items() if holds]
not_at_all = " (the last not at every price)" if 0 < len(fit_for) < len(room_prices) else ""
dearer = turned[-1] > turned[0] and all(s["trained"][-1] > s["trained"][0] for s in sides.values())
say_answer(
    f"Features win {listed(shown_to)}{not_at_all}."
    + (
        " The higher the price of activation, the more spread it takes, and the more often a feature must be alone."
        if dearer
        else ""
    )
    if shown_to
    else "With these settings it is not seen where the features win."
)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
crossed = " A cross: more than one SAE in ten has a dead latent." if (dead > 0.1).any() else ""
show(
    phase_diagram(
        spreads,
        [f"{price:g}" for price in prices],
        no_atom,
        dead,
        {"computed line": list(boundary.values()), "computed, rows do not lean": list(pure.values())},
        share_of="share without an atom",
        xlabel="spread of the magnitudes, sigma / mu",
        ylabel="price lambda",
    ),
    f"Half of the SAEs have an atom from a spread of {turned[0]:.2f} on at the lowest price, and of {turned[-1]:.2f} on"
    " at the highest."
    if decide["where magnitudes vary enough"]
    else "At some price the share of SAEs without an atom does not fall through one half within these spreads.",
    f"A cell is {n_saes} SAEs for two of three features, one latent per pair. Blue: features win, for every SAE has an"
    " atom, be it only one; orange: none has. The lines need no training. On the solid one decoder rows may turn a"
    f" little (*lean*); where it is right of the dotted one, that helps composites, elsewhere features.{crossed}",
    alt=(
        "Phase diagram over spread and price: share of SAEs without an atom in every cell, with two computed boundaries"
        " as lines."
    ),
    name="phase_diagram",
)

# %% [markdown]
# ## How much may magnitudes vary?
#
# Two of three features fire, with magnitudes $\max(0, 1 + \sigma \varepsilon)$, $\varepsilon$ normal, and there is a
# latent for each pair. At which spread do half of the SAEs have an atom? An SAE with a dead latent is no evidence and
# is not counted. The rival of a computed line is the *best constant*: the one spread for all prices that fits these
# same results best. A line *predicts* if it surely misses by less ([how we judge](judging.md)).

# %% tags=["hide-input"] mystnb={"code_prompt_show": "The line beside the best constant"}
n_draws = 1999  # of the SAEs, by their seeds


def beside_constant(drawn):
    """What each line misses, less what the constant misses that fits these SAEs best."""
    measured = half_ways(spreads, counts, drawn)
    best = miss(np.median(measured), measured)
    return {name: miss(line, measured) - best for name, line in computed.items()}


against = Family.resampled(beside_constant, n_saes, generator=np.random.default_rng(0), draws=n_draws)

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
        "The computed line predicts how much spread brings atoms back: it beats the best constant, surely.",
        "holds",
    ),
    (
        against["the leaning line"].mean < 0,
        "The computed line predicts roughly how much spread brings atoms back: it misses by less than the best"
        " constant, but not surely.",
        "partly",
    ),
    (
        True,
        "The computed line does not predict how much spread brings atoms back: the best constant misses by no more.",
        "does not hold",
    ),
    evidence={
        "mean miss of the computed line": miss(list(boundary.values()), turned),
        "mean miss of the best constant": miss(constant, turned),
        "the first less the second": against["the leaning line"],
    },
    control={
        "the line of pure dictionaries": (
            against["the line of pure dictionaries"].surely_less,
            miss(list(pure.values()), turned),
        )
    },
    source="theory",
)

# %% jupyter={"source_hidden": true} tags=["remove-input", "evidence"]
columns = {"half of the SAEs": turned, "solid line": boundary.values(), "without lean": pure.values()}
by_price = pd.DataFrame({name: list(values) for name, values in columns.items()})
by_price.set_axis([f"price {price:g}" for price in prices]).round(3)

# %% [markdown]
# What is the line? It compares two dictionaries, features and composites, but lets the rows *lean* (rows that do not
# are *pure*). A composite that leans away from the feature it leaves out, $(1, 1, -e)$, helps another one to write an
# uneven pair; two pure composites cannot. A row $(1, e, e)$ leans from its feature towards the others, and saves price.
# Each side leans as far as suits it; the line is where both then cost the same.

# %%
price, spread = 0.04, 0.3
dictionaries = {"features": torch.eye(3), "composites": 1 - torch.eye(3)}
best = pd.DataFrame(index=["best lean e", "loss"])
for name, rows in dictionaries.items():
    best[name] = optimum.best_lean(rows, spread, price)
best.T.round(4)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
off = turned - list(boundary.values())
if off[:2].mean() > max(0.0, off[2:].mean()) and jitter.all_live.any():
    say(
        "At the lowest prices training keeps composites up to a larger spread than the line says: there the two sides"
        " cost nearly the same."
        + small_print(
            {
                "trained spread less that of the line, mean of the two lowest prices": off[:2].mean(),
                "of the other prices": off[2:].mean(),
            }
        )
    )

# %% [markdown]
# ## How often must a feature be seen alone?
#
# *Solitude* is how often a feature is seen alone. Take two features and two latents. In a *nested* world $A$ is alone
# in four samples of ten, and the *solo rate* is the share of samples with $B$ alone; in a *symmetric* world each is
# alone at the solo rate. In all other samples both fire. Two rows in a plane are two angles, so the best dictionary is
# found by trying all. A row's *lean* is its angle to the nearest feature; at 45 degrees the row is the composite.
#
# <details><summary>How does the solo rate differ from the ρ of the last chapter?</summary>
#
# The solo rate is a share of all samples. $\rho$ is a ratio ([why composites win](03_why_composites_win.ipynb)): the
# solo rate divided by the share of samples in which both fire.
#
# </details>

# %%
square = torch.tensor([[1.0, 1.0], [1.0, 0.0], [0.0, 1.0]]).double()  # both, A, B
nested = {alone: [0.6 - alone, 0.4, alone] for alone in (0.05, 0.1, 0.2, 0.4)}
probabilities = torch.tensor(list(nested.values())).double()
rows, loss = optimum.best_angles(square, probabilities, l1_coeff=0.1)
shares_alone = [f"B alone in {alone}" for alone in nested]
best = pd.DataFrame(rows, index=shares_alone, columns=["first row", "second row"])
best.round(1)  # degrees from A (0) towards B (90)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
trained_rates = sides["nested"]["trained"]
show(
    leans_over(curves, xlabel="solo rate"),
    f"A nested $B$ gets a row of its own once it is alone in one sample of {1 / trained_rates[0]:.0f} at the lowest"
    f" price, and of {1 / trained_rates[-1]:.0f} at the highest."
    if decide["where a feature is seen alone often enough"]
    else "At some price training does not change sides within these solo rates.",
    "Lines: the best two rows; the number at each is its price $\\lambda$. Dots: the SAE with the lowest loss of"
    f" {n_saes}; blue is a feature, orange the composite. Crosses: the solo rate at which $\\{{A, B\\}}$ and"
    " $\\{A, A+B\\}$, rows that do not lean, cost the same.",
    alt=(
        "Two panels, nested and symmetric: largest lean of a row over the solo rate, computed lines and trained dots"
        " for three prices."
    ),
)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
near = Pooled.of(pairs.trained / pairs.best - 1 < 1e-3)
near_pure = Pooled.of(np.minimum(pairs.atoms, pairs.pair) / pairs.best - 1 < 1e-3)
claim(
    "training-finds-the-best-pair",
    (
        near.value > NEARLY_ALL,
        "With two features and two latents training gets to the best rows: nearly everywhere the lowest-loss SAE is"
        " within one part in a thousand of their loss.",
        "holds",
    ),
    (
        2 * near.k >= near.n,
        "With two features and two latents training often gets to the best rows, but not nearly everywhere: in"
        " {worlds within a thousandth.k} of {worlds within a thousandth.n} worlds the lowest-loss SAE is within one"
        " part in a thousand of their loss.",
        "partly",
    ),
    (
        True,
        "With two features and two latents training mostly fails to get to the best rows: in"
        " {worlds within a thousandth.k} of {worlds within a thousandth.n} worlds the lowest-loss SAE is within one"
        " part in a thousand of their loss.",
        "does not hold",
    ),
    evidence={"worlds within a thousandth": near, "SAEs in each": n_saes},
    control={"the cheaper of the two pure dictionaries": (near_pure.value > NEARLY_ALL, near_pure)},
)

# %% [markdown]
# A lean that changes by more than five degrees from one solo rate of the line to the next is a jump.

# %% jupyter={"source_hidden": true} tags=["remove-input"]
steps = {v: [b for (variant, _), b in bend.items() if variant == v] for v in worlds.VARIANTS}
as_derived = Pooled.of([(b > 5) == (variant == "symmetric") for (variant, _), b in bend.items()])
claim(
    "bending-and-jumping",
    (
        as_derived.k == as_derived.n,
        "Nested features are given up gradually: as the solo rate falls, the best row of $B$ bends towards the"
        " composite. Symmetric features are given up at once: somewhere the best dictionary jumps.",
        "holds",
    ),
    (
        2 * as_derived.k >= as_derived.n,
        "Nested features bend and symmetric ones jump in {cases as derived.k} of {cases as derived.n} cases, a kind"
        " of world at one price each; in the others they do the opposite.",
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
        "largest step of a nested pair, in degrees, where over 5 is a jump": max(steps["nested"]),
        "smallest jump of a symmetric pair, in degrees": min(steps["symmetric"]),
    },
    source="theory",
)

# %% [markdown]
# Do the crosses tell where training changes sides, that is, where the row that leans most is half-way to the
# composite? They do if they are right within a quarter at every price in both worlds, and do so roughly if in both they
# are nearer on average than the best constant.

# %% jupyter={"source_hidden": true} tags=["remove-input"]
ratios_to_line = {v: np.divide(s["trained"], s["line"]) for v, s in sides.items()}
missed = {v: np.abs(np.log(ratio)) for v, ratio in ratios_to_line.items()}
rates = {v: np.log(s["trained"]) for v, s in sides.items()}
by_constant = {v: np.abs(rate - np.median(rate)) for v, rate in rates.items()}
quarter = {
    name: all((np.exp(m) < 1.25).all() for m in each.values())
    for name, each in {"line": missed, "constant": by_constant}.items()
}
claim(
    "crossover-predicts-training",
    (
        quarter["line"],
        "The solo rate at which pure dictionaries cost the same tells where training changes sides, within a quarter.",
        "holds",
    ),
    (
        all(missed[v].mean() < by_constant[v].mean() for v in worlds.VARIANTS),
        "The solo rate at which pure dictionaries cost the same tells only roughly where training changes sides:"
        " nearer than the best constant, but not within a quarter.",
        "partly",
    ),
    (
        True,
        "The solo rate at which pure dictionaries cost the same does not tell where training changes sides: in at"
        " least one kind of world the best constant is as near.",
        "does not hold",
    ),
    evidence={
        **{f"trained over computed, {v}, at least": ratio.min() for v, ratio in ratios_to_line.items()},
        **{f"trained over computed, {v}, at most": ratio.max() for v, ratio in ratios_to_line.items()},
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

# %% [markdown]
# ## How far does a row lean?
#
# For small prices and small leans there is a law with nothing to fit: the row of a nested $B$ leans by
# $\lambda P(A \text{ and } B) / P(B \text{ alone})$ radians, to first order ([derived
# here](03_why_composites_win.ipynb)). The row of $A$ leans too, by the same law with $P(A \text{ alone})$. It should be
# right for $B$ within fifteen parts in a hundred where $\lambda \le 0.02$ and the lean is below six degrees. To
# second order, where each lean takes away from the gain of the other, it should be nearer for every row.

# %% tags=["hide-input"] mystnb={"code_prompt_show": "Training at small prices, and both laws"}
small_prices, lone_rates = [0.002, 0.005, 0.01, 0.02], [0.05, 0.1, 0.2, 0.3, 0.4]
only_nested = {"variants": ["nested"], "n_steps": 2 * n_steps} | training_of_pairs
leaning = pairs_grid(small_prices, lone_rates, [0.0], **only_nested)
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
ratio = ratios["first order"]["row of B"]
constant_lean = np.median(measured["row of B"])
ratio_of_constant = measured["row of B"] / constant_lean
kept, kept_by_constant = (Pooled.of((r > 0.85) & (r < 1.15)) for r in (ratio, ratio_of_constant))
claim(
    "tilt-law",
    (
        kept.k == kept.n,
        "For small leans the law for the row of $B$ is right within 15 % in every world where it should hold.",
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
        "The second-order law fits training better than the first-order law, for every row.",
        "holds",
    ),
    (
        2 * nearer.k >= nearer.n,
        "The second-order law fits training better than the first-order law for {rows where second order is nearer.k}"
        " of the {rows where second order is nearer.n} rows, but not for the others.",
        "partly",
    ),
    (
        True,
        "The second-order law fits training no better than the first-order law for most rows: it is nearer for"
        " {rows where second order is nearer.k} of {rows where second order is nearer.n}.",
        "does not hold",
    ),
    evidence={
        "rows where second order is nearer": nearer,
        "largest miss of the first-order law, in %": 100 * misses["first order"].max(),
        "largest miss of the second-order law, in %": 100 * misses["second order"].max(),
    },
    control={"the first-order law times the best constant factor": (nearer_scaled.k == nearer_scaled.n, nearer_scaled)},
    source="theory",
)

# %% jupyter={"source_hidden": true} tags=["remove-input", "evidence"]
show(
    measured_over_predicted(
        np.concatenate([laws["first order"][row] for row in measured]),
        every_ratio,
        xlabel="predicted lean to first order, degrees",
        ylabel="measured / predicted",
    ),
    f"Measured over predicted lean: median {np.median(every_ratio['first order']):.3f} to first order,"
    f" {np.median(every_ratio['second order']):.3f} to second.",
    f"Each dot is a row of the lowest-loss SAE of {n_saes} in one world; at the line the law is right. Ratios"
    " below zero and above two are drawn at the edge.",
    alt="Measured over predicted lean of both rows, over the predicted lean, to first and to second order.",
)

# %% [markdown]
# ## How many latents are there?
#
# Composites need a latent for each set. [The larger example](02_larger_example.ipynb) turns this knob at one price;
# does the price matter? Two of five features fire. With a latent for each feature most SAEs should have an atom for
# every feature, with one for each of the ten pairs most live latents should be composites in most SAEs.

# %% jupyter={"source_hidden": true} tags=["remove-input"]
at_first, turned_round = by_the_rules(at_start, 5, 10), by_the_rules(in_five, 10, 5)
ranks = ("lowest", "middle", "highest")
claim(
    "room-decides-at-every-price",
    (
        len(fit_for) == len(room_prices),
        "At every price the number of latents decides: with one for each of five features most SAEs find all of"
        " them, with one for each pair composites win.",
        "holds",
    ),
    (
        len(fit_for) > 0,
        "The number of latents decides at some prices: with one for each of five features most SAEs find all of"
        " them, with one for each pair composites win. At others it cannot be said.",
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

# %% tags=["hide-input"] mystnb={"code_prompt_show": "The best dictionaries known, and what is found"}
known = {room: best_in(room, threshold=threshold) for room in five if room.n_latents in (5, 10)}


def shares_found(stacks, price):
    """By number of latents: shares of features with an atom, and of pairs with a composite, (n_saes,) each."""
    labels = {room.n_latents: these.labels for room, these in stacks.items() if room.l1_coeff == price}
    return {size: ((own.features_found / 5).tolist(), (own.sets_found / 10).tolist()) for size, own in labels.items()}


panels = {
    f"$\\lambda$ = {price:g}": figures.Panel(5, shares_found(in_five, price), shares_found(known, price))
    for price in (room_prices[0], room_prices[-1])
}
ideal = [
    bool((known[Room(5, 5, price)].labels.features_found == 5).all())
    and bool((known[Room(5, 10, price)].labels.sets_found == 10).all())
    for price in room_prices
]

# %% jupyter={"source_hidden": true} tags=["remove-input"]
show(
    figures.room_panels(panels),
    "The best dictionaries known hold all five features with five latents, and all ten pairs with ten, at"
    f" {sum(ideal)} of {len(ideal)} prices.",
    f"Shares found, at the lowest and the highest of the {len(ideal)} prices; dots: means over {n_saes} SAEs, squares:"
    " the best dictionaries known. Dotted lines: as many latents as features, and as pairs.",
    alt="Two panels, one for each price: shares of features and of pairs that are found, over the number of latents.",
)

# %% [markdown]
# And if there is room for both? Back to two of three features, except that a sample holds one feature alone at the solo
# rate. With six latents there is one for every feature and for every pair; does the SAE then find every feature?

# %% tags=["hide-input"] mystnb={"code_prompt_show": "Training with three to six latents"}
leaks = [round(0.05 + 0.1 * i, 2) for i in range(10)]
sizes = [3, 4, 5, 6]
leaky = sweeps.grid(world="solo_leak", n_features=3, k=2, p_alone=[leaks], n_latents=sizes, l1_coeff=0.1, **recipe)
room = table_of(leaky)
room["all_found"] = room.features_found == 3
found, lost = shares(room, "n_latents", "p_alone", "all_found")
whole = {size: sum(map(mostly, row)) for size, row in zip(sizes, found, strict=True)}

# %% jupyter={"source_hidden": true} tags=["remove-input"]
marked = " A cross: more than one SAE in ten has a dead latent." if (lost > 0.1).any() else ""
empty = " Grey: none has all latents live." if (lost == 1).any() else ""
most = max(whole, key=lambda size: whole[size])
in_words = dict(zip(sizes, ("three", "four", "five", "six"), strict=True))
more_room = (
    f", with {in_words[most]} at {whole[most]}" if whole[most] > whole[3] else ", and with more latents at no more"
)
show(
    phase_diagram(
        leaks,
        [str(s) for s in sizes],
        found,
        lost,
        {},
        share_of="share with all features",
        of_features=True,
        xlabel="probability that a sample holds one feature alone",
        ylabel="latents",
    ),
    f"With three latents most SAEs have an atom for every feature at {whole[3]} of {len(leaks)} solo rates{more_room}.",
    f"A cell is {n_saes} SAEs at $\\lambda$ = 0.1: blue if all have an atom for every feature, orange if none has."
    f" *Most* needs the whole interval of a cell above one half: light blue is not enough.{marked}{empty}",
    alt="Phase diagram over solo rate and number of latents: share of SAEs that found all features.",
)

# %% [markdown]
# ## What could be wrong?
#
# *The lines were drawn with the dots in view.* They were: the line of pure dictionaries came first and failed, and
# asking why led to rows that lean. So the solid line was then tried at two fresh prices from fresh starts, where it
# should surely beat the constant that fits the old prices best, and the law of leaning in three fresh worlds.

# %% tags=["hide-input"] mystnb={"code_prompt_show": "Training at fresh settings"}
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


fresh_against = Family.resampled(beside_old_constant, n_saes, generator=np.random.default_rng(0), draws=n_draws)
nearer_at = {line: [fresh_against[f"{line}, {p:g}"].surely_less for p in fresh_prices] for line in fresh_computed}

# %% tags=["hide-input"]
unseen = {0.003: 0.06, 0.007: 0.13, 0.013: 0.35}
fresh_pairs = pairs_grid(list(unseen), list(unseen.values()), [0.0], **only_nested).set_index(["l1_coeff", "solo"])
fresh_ratios, fresh_leans = [], []
for price, solo in unseen.items():
    trained_lean = 90 - float(fresh_pairs.trained_2[price, solo])
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
        "The computed line predicts fresh prices: at both it surely beats the constant that fits the old ones.",
        "holds",
    ),
    (
        any(nearer_at["the leaning line"]),
        "The computed line surely beats the constant that fits the old prices at one fresh price, but not at both.",
        "partly",
    ),
    (
        True,
        "At neither fresh price does the computed line surely beat the constant that fits the old prices.",
        "does not hold",
    ),
    evidence={
        "miss of the line at the lower price": fresh_misses["the leaning line"][0],
        "at the higher price": fresh_misses["the leaning line"][1],
        "miss of the line less miss of the constant, lower price": fresh_against[
            f"the leaning line, {fresh_prices[0]:g}"
        ],
        "the same, higher price": fresh_against[f"the leaning line, {fresh_prices[1]:g}"],
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
        "The law of leaning predicts all three fresh worlds within 15 %.",
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
# *Only tiny worlds.* Elsewhere no line can be computed. How often features of a large model fire together or alone, and
# with how much spread, is for measurement to say.
#
# ## So what?
#
# Every computed line of this chapter, beside the best constant, on average. The claims above say whether it is *surely*
# nearer.

# %% jupyter={"source_hidden": true} tags=["remove-input"]
by_rows = {v: np.abs(np.log(np.divide(s["trained"], s["computed"]))) for v, s in sides.items()}


def factor(logs):
    """A mean miss of logarithms as a factor."""
    return f"a factor of {math.exp(np.mean(logs)):.2f}"


lean_misses = [f"{100 * np.median(abs(r - 1)):.0f} %" for r in (ratio, ratio_of_constant)]
fresh_constant = float(np.abs(fresh_turned - constant).mean())
lines_told = {
    "spread, rows that lean": (f"{miss(list(boundary.values()), turned):.3f}", f"{miss(constant, turned):.3f}"),
    "the same, fresh prices": (f"{fresh_misses['the leaning line'].mean():.3f}", f"{fresh_constant:.3f}"),
    **{f"solitude, {v}, best two rows": (factor(by_rows[v]), factor(by_constant[v])) for v in worlds.VARIANTS},
    **{f"solitude, {v}, crosses": (factor(missed[v]), factor(by_constant[v])) for v in worlds.VARIANTS},
    "lean of B, small prices (median)": tuple(lean_misses),
}
pd.DataFrame(lines_told, index=["misses by", "best constant"]).T

# %% jupyter={"source_hidden": true} tags=["remove-input"]
say(
    f"A lower price lets features win at a smaller spread: {boundary[prices[0]]:.2f} instead of"
    f" {boundary[prices[-1]]:.2f} between the ends of our range, by the computed line. No price helps where magnitudes"
    " do not vary, no feature is ever alone, and there is a latent for each set that fires together."
)
say_trained(saes.n_trained())

# %% [markdown]
# Turn the knobs yourself: [a spread of one half](index.md#live:sigma=0.5), [features often
# alone](index.md#live:p_alone=0.5), [six latents](index.md#live:n_latents=6). Two questions:
#
# 1. A feature is seen alone once in a thousand samples. At which price would you expect an SAE to give it a latent of
#    its own?
# 2. Which of these knobs can somebody who trains an SAE on a language model actually turn?
