# %% [markdown]
# # The optimum and training
#
# A strange heat map can have two causes. The loss may prefer composites, or training may have stopped before it reached what the loss prefers. The chapters before this one looked at the first cause; this one measures the second.
# Under a forum post on composed features in small toys (Anders et al. 2024) a reader called Till objected just that: these SAEs do not even reach their own optimum. How many do?
#
# **You will see** trained losses beside the best known ones as the number of features grows, what happens from five starting points, and the loss that is left over split into two parts.
# **You will need** [the minimal example](01_minimal_example.ipynb) and [why composites win](03_why_composites_win.ipynb).

# %% tags=["parameters"]
n_features: int = 6  # true features in the world that is looked at closely
n_largest: int = 7  # most features in the comparison of sizes
l1_coeff: float = 0.1  # lambda, the price of latent activation
lr: float = 0.01  # learning rate of Adam
n_steps: int = 3000  # training steps
n_saes: int = 40  # autoencoders for every point
seed: int = 0  # decides where the autoencoders start
threshold: float = 0.95  # cosine from which on a latent counts as aligned

# %%
from functools import cache
from math import comb

import pandas as pd
import torch

from toysae import figures, measures, oracle, sae, sentences, training, worlds
from toysae.measures import Fraction
from toysae.writeup import check_parameters, claim, say, say_trained, show

check_parameters(globals())
figures.house_style()
seeds = range(seed * n_saes, (seed + 1) * n_saes)
n_trained = 0


# %% [markdown]
# ## How low can the loss be?
#
# To say how far training is from the optimum, one has to know the optimum. We leave out the spread of magnitudes ($\sigma = 0$, $\mu = 1$), so every world here is a short list of patterns with known probabilities, and every loss is an exact sum.
#
# For a given number of latents we search for the *best known dictionary*: from many starting points, each latent in turn gets its best activations and then its best direction, until nothing moves. Activations are the best possible ones, chosen per
# sample; no encoder is involved. Nobody can promise that such a search found the very best, but if many starts agree, it is likely. And where the best known loss equals the radial bound, it *is* the best.

# %%
@cache
def search(world, n_latents):
    """Dictionaries found without training, best first."""
    generator = torch.Generator().manual_seed(seed)
    how = {"n_starts": 32, "generator": generator}
    return oracle.search_dictionaries(world, n_latents, l1_coeff, **how)


def best_known(world, n_latents):
    """The lowest loss that the search found."""
    return float(search(world, n_latents).losses[0])


# %%
sizes = range(3, n_largest + 1)
pairs = {n: worlds.k_of_n(n, 2) for n in sizes}
n_pairs = {n: comb(n, 2) for n in sizes}
bound = oracle.radial_bound(pairs[3], l1_coeff)


def price(n, directions):
    """The loss of a dictionary in the world of n features, with exact activations."""
    return float(oracle.dictionary_loss(directions, pairs[n], l1_coeff))


cost = {n: price(n, pairs[n].features) for n in sizes}
full_cost = {n: price(n, pairs[n].composites()) for n in sizes}

# %% [markdown]
# In our worlds two of $n$ features fire, each pair equally often. Two sizes of SAE are natural: $n$ latents, one per feature, and $n (n - 1) / 2$ latents, one per pair. For $n = 3$ they are the same.

# %%
columns = {}
for n in sizes:
    few, many = search(pairs[n], n), search(pairs[n], n_pairs[n])
    columns[f"two of {n}"] = {
        "n latents: best known": f"{few.losses[0]:.5f}",
        "starts that agree": f"{few.agreeing()} of {len(few.losses)}",
        "a latent per pair: best known": f"{many.losses[0]:.5f}",
        "starts that agree ": f"{many.agreeing()} of {len(many.losses)}",
        "atoms": f"{cost[n]:.5f}",
        "composites": f"{full_cost[n]:.5f}",
        "radial bound": f"{bound:.5f}",
    }
pd.DataFrame(columns)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
off = max(abs(loss / bound - 1) for n in sizes for loss in (full_cost[n], best_known(pairs[n], n_pairs[n])))
claim(
    "pairs-attain-the-bound",
    off < 1e-6,
    f"With a latent per pair the composites are optimal: for every $n$ from 3 to {n_largest} their loss and the best known one are the radial bound, {bound:.5f}.",
    otherwise=f"With a latent per pair the loss of the composites, or the best known one, differs from the radial bound, {bound:.5f}, by up to {100 * off:.3g} %.",
    source="theory",
)
below_atoms = {n: cost[n] - best_known(pairs[n], n) for n in sizes}
claim(
    "atoms-are-not-optimal",
    min(below_atoms.values()) > 1e-5,
    f"With $n$ latents the exact atoms are never the optimum: the best known dictionary costs less for every $n$, by {below_atoms[3]:.5f} for $n = 3$ and by {below_atoms[n_largest]:.5f} for $n = {n_largest}$.",
    otherwise=f"With $n$ latents the best known dictionary costs less than the atoms by {min(below_atoms.values()):.5f} to {max(below_atoms.values()):.5f}: not everywhere by a margin.",
    source="theory",
)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
live = torch.ones(1, 1, dtype=torch.bool)


def kinds_of_best(n):
    """What the latents of the best known dictionary of n latents are, in words."""
    rows = search(pairs[n], n).dictionaries[:1]
    labels = measures.label_latents(rows, pairs[n], live.expand(1, n), threshold)
    counts = {kind: int(labels.count(kind)) for kind in measures.LABELS}
    return sentences.listed([f"{count} {kind}" for kind, count in counts.items() if count])


say(
    f"By the label of its latents (threshold {threshold:g}), the best known dictionary of $n$ latents has: "
    + "; ".join(f"for $n = {n}$, {kinds_of_best(n)}" for n in sizes)
    + "."
)


# %% [markdown]
# ## Does training get there as the world grows?
#
# Now train SAEs of both sizes, on the complete list of patterns. Say that an SAE *reaches* the best known loss if its own loss, with its own encoder, lies within one part in a thousand of it.

# %%
@cache
def train(world, n_latents, init="random-sign", **how):
    """A stack of SAEs on the exact support of a world, kept."""
    global n_trained
    if init == "at-best":
        best = search(world, n_latents).dictionaries[0].float()
        rows = sae.rows_at(best, n_latents, seeds)
    else:
        rows = sae.initial_rows(init, world, n_latents, seeds)
    start = sae.untrained(sae.ReluL1(l1_coeff), rows, seeds, decoder_bias=False)
    data = training.Support.of(world)
    n_trained += n_saes
    return training.fit(start, data, **{"n_steps": n_steps, "lr": lr} | how)[0]


# %%
def excess(world, n_latents, *init, **how):
    """By which share each SAE's loss lies above the best known one."""
    stack = train(world, n_latents, *init, **how).double()
    losses = stack.losses(*oracle.finite_data(world))
    return losses / best_known(world, n_latents) - 1


def reached(above, share=1e-3):
    """SAEs within a share of the best known loss."""
    return Fraction.of(above <= share)


# %%
widths = {"n latents": {n: n for n in sizes}, "a latent per pair": n_pairs}
grown, arrived = {}, {}
for name, n_latents in widths.items():
    grown[name] = {n: excess(pairs[n], n_latents[n]) for n in sizes}
    arrived[name] = {n: reached(above) for n, above in grown[name].items()}

# %% jupyter={"source_hidden": true} tags=["remove-input"]
lines, dots = {}, {}
spread = torch.linspace(-0.12, 0.12, n_saes)
for side, (name, n_latents) in enumerate(widths.items()):
    best = [best_known(pairs[n], n_latents[n]) for n in sizes]
    lines[f"{name}: best known"] = list(sizes), best
    places = torch.cat([n + 0.3 * (side - 0.5) + spread for n in sizes])
    dots[name] = places, torch.cat([best[i] * (1 + grown[name][n]) for i, n in enumerate(sizes)])
lines["atoms"] = list(sizes), [cost[n] for n in sizes]
figure = figures.curves(lines, dots, xlabel="$n$, number of features, of which two fire", ylabel="loss")
figure.axes[0].set_xticks(list(sizes))
counts = {name: sentences.listed([f"{arrived[name][n].k} ($n = {n}$)" for n in sizes]) for name in widths}
show(
    figure,
    f"Of {n_saes} SAEs, these reach the best known loss. With $n$ latents: {counts['n latents']}. With a latent per pair: {counts['a latent per pair']}.",
    f"Lines: the best known loss for each size, and the atoms. Dots: the {n_saes} trained SAEs at each point, in the colour of their line and spread sideways; dots with $n$ latents stand left of the number, those with a latent per pair right of it.",
    alt="Loss against the number of features: lines for the best known losses and the atoms, with a column of trained SAEs at each point.",
)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
few, many = arrived["n latents"], arrived["a latent per pair"]
claim(
    "small-dictionaries-reach-it",
    min(few[n].interval[0] for n in sizes) > 0.5,
    f"With $n$ latents most SAEs reach the best known loss, at every $n$: {few[3]} for $n = 3$, {few[n_largest]} for $n = {n_largest}$.",
    otherwise=f"With $n$ latents it cannot be said that most SAEs reach the best known loss at every $n$: {few[3]} do for $n = 3$, {few[n_largest]} for $n = {n_largest}$.",
)
claim(
    "large-dictionaries-fall-behind",
    many[n_largest].interval[1] < many[3].interval[0],
    f"With a latent per pair training falls behind as the world grows: {many[3]} reach the best known loss for $n = 3$, {many[n_largest]} for $n = {n_largest}$.",
    otherwise=f"With a latent per pair it cannot be said that training falls behind as the world grows: {many[3]} reach the best known loss for $n = 3$, {many[n_largest]} for $n = {n_largest}$.",
)
there_at_four = grown["n latents"][4] <= 1e-3
atoms_at_four = measures.assess(train(pairs[4], 4), pairs[4], threshold).labels.count("atomic")
kinds_at_four = sorted(set(atoms_at_four[there_at_four].tolist()))

# %% jupyter={"source_hidden": true} tags=["remove-input"]
claim(
    "one-loss-many-dictionaries",
    len(kinds_at_four) > 1,
    f"The optimum need not be one dictionary: for $n = 4$ with 4 latents, SAEs that reach the best known loss have from {min(kinds_at_four, default=0)} to {max(kinds_at_four, default=0)} atoms. The loss does not tell these answers apart.",
    otherwise=f"For $n = 4$ with 4 latents, the {int(there_at_four.sum())} SAEs that reach the best known loss do not differ in their number of atoms."
    if kinds_at_four
    else "For $n = 4$ with 4 latents, no SAE reaches the best known loss.",
)
lowest = min(float(above[n].min()) for above in grown.values() for n in sizes)
claim(
    "nothing-below-the-best-known",
    lowest > -1e-5,
    "And no SAE of this figure goes below the best known loss, beyond rounding: the search was not beaten.",
    otherwise=f"But the search was beaten: an SAE of this figure goes below the best known loss by {100 * -lowest:.3g} %.",
)

# %% [markdown]
# ## What do they look like where they stop?
#
# Look closely at one world, with a latent per pair. As always, SAEs are drawn by rank in loss alone.

# %%
world, wide = pairs[n_features], n_pairs[n_features]
stack = train(world, wide)
seen, above = measures.assess(stack, world, threshold), excess(world, wide)
ranked = above.argsort()
ranks = {"lowest loss": 0, "median loss": n_saes // 2, "highest loss": -1}
drawn = {name: int(ranked[rank]) for name, rank in ranks.items()}


# %% jupyter={"source_hidden": true} tags=["remove-input"]
def tally(i):
    """How many latents of one SAE carry each label, in words."""
    counts = {kind: int(seen.labels.count(kind)[i]) for kind in measures.LABELS}
    return sentences.listed([f"{count} {kind}" for kind, count in counts.items() if count])


show(
    figures.heat_map_row(
        seen,
        {f"{name}:\n{seen.losses[i]:.4f}": i for name, i in drawn.items()},
        f"two of {n_features} features, {sentences.counted(wide, 'latent')}",
    ),
    "; ".join(f"{name}: {tally(i)}" for name, i in drawn.items()).capitalize() + ".",
    f"Rows are latents, columns are true features, colour is the cosine; the strip tells each latent's label. The last row is the decoder bias, which is switched off. The best known loss is {best_known(world, wide):.4f}.",
    alt="Three heat maps side by side, of the SAEs with the lowest, the median and the highest loss.",
)

# %% [markdown]
# Did those that do not reach it just need more time? Take the dictionaries that stopped above the best known loss, forget their encoders, and go downhill from there on the exact loss of the dictionary, until it is flat. This is slow, so at
# most ten are taken, in the order of their seeds.

# %%
stuck = (above > 1e-3).nonzero().flatten()[:10].tolist()
points, probabilities = oracle.finite_data(world)


def downhill(rows):
    """The loss at the bottom, for a dictionary with exact activations."""
    return oracle.polish(rows.double(), points, probabilities, l1_coeff)[1]


bottoms = torch.tensor([downhill(stack.W_dec[i]) for i in stuck])
still = Fraction.of(bottoms / best_known(world, wide) - 1 > 1e-3)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
if stuck:
    claim(
        "stuck-in-minima-of-the-loss",
        2 * still.k > still.n,
        f"Most of those looked at are stuck in the loss itself: {still} still lie more than a thousandth above the best known loss when they can go down no further. More steps downhill would not free them, not even with a perfect encoder.",
        otherwise=f"Of those looked at, {still} still lie more than a thousandth above the best known loss when they can go down no further.",
    )
else:
    say("With these settings every SAE of this world reaches the best known loss, so none is stuck.")

# %% [markdown]
# ## Where does one have to start?
#
# Four starting points, with encoder = decoder transposed: rows of *random sign*, as in practice; random *positive* sums of the features; the *features* themselves; and the *composites*. (With fewer latents than composites the first ones are taken,
# with more latents than features the features are used several times; each row is moved a little.) A fifth is the best known dictionary itself. If SAEs that start somewhere stay there, we call the place *stable*.

# %%
starts = {
    "random sign": "random-sign",
    "positive": "positive",
    "features": "at-features",
    "composites": "at-composites",
    "best known": "at-best",
}
two_sizes = {f"{n_features} latents": n_features, f"{wide} latents": wide}

# %%
ends, good = {}, {}
for size, m in two_sizes.items():
    ends[size], good[size] = {}, {}
    for name, init in starts.items():
        ends[size][name] = measures.assess(train(world, m, init), world, threshold)
        good[size][name] = reached(excess(world, m, init))


# %% jupyter={"source_hidden": true} tags=["remove-input"]
def shares(these):
    """Share of each label among all latents of a stack."""
    return [float(these.labels.count(word).sum()) / these.live.numel() for word in measures.LABELS]


panels = {
    f"two of {n_features} features, {size}": {name: shares(these) for name, these in each.items()}
    for size, each in ends.items()
}
fewer, more = next(iter(good)), next(reversed(good))

# %% jupyter={"source_hidden": true} tags=["remove-input"]
show(
    figures.label_shares(panels, measures.LABELS),
    "Reach the best known loss, "
    + "; ".join(
        f"with {size}: " + sentences.listed([f"{f.k} of {f.n} from {name}" for name, f in each.items()])
        for size, each in good.items()
    )
    + ".",
    f"Bars show how all latents of {n_saes} SAEs are labelled after training, one bar for each starting point.",
    alt="Two panels of stacked bars, one per number of latents, with a bar for each starting point, divided by the labels of the latents.",
)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
stay = Fraction.of(ends[more]["composites"].labels.count("composite") == wide)
leave = Fraction.of(ends[more]["features"].no_atom)
claim(
    "composites-are-stable",
    stay.interval[0] > 0.5 > 1 - leave.interval[0],
    f"With a latent per pair composites are stable and atoms are not: {stay} of the SAEs that start at the composites still have nothing else, and {leave} of those that start at the features have no atom left.",
    otherwise=f"With a latent per pair, {stay} of the SAEs that start at the composites still have nothing else, and {leave} of those that start at the features have no atom left.",
)
atoms_stay = Fraction.of(ends[fewer]["features"].labels.features_found == n_features)
composites_stay = Fraction.of(ends[fewer]["composites"].labels.count("composite") == n_features)
claim(
    "atoms-are-stable-when-few",
    atoms_stay.interval[0] > 0.5 > composites_stay.interval[1],
    f"With {sentences.counted(n_features, 'latent')} atoms are stable and composites are not: {atoms_stay} of the SAEs that start at the features keep an atom for each, and {composites_stay} of those that start at composites consist of composites only.",
    otherwise=f"With {sentences.counted(n_features, 'latent')}, {atoms_stay} of the SAEs that start at the features keep an atom for each, and {composites_stay} of those that start at composites consist of composites only.",
)

# %% [markdown]
# An SAE with many atoms and a high loss may be on its way still. We train a part of the stack from positive rows again, for four times as many steps.

# %%
third = min(n_saes, max(16, n_saes // 3))
few_seeds = range(seed * n_saes, seed * n_saes + third)
rows = sae.initial_rows("positive", world, wide, few_seeds)
begin = sae.untrained(sae.ReluL1(l1_coeff), rows, few_seeds, decoder_bias=False)
patient = training.fit(begin, training.Support.of(world), n_steps=4 * n_steps, lr=lr)[0]
n_trained += third
patient_seen = measures.assess(patient, world, threshold)
patient_there = reached(patient_seen.losses / best_known(world, wide) - 1)

# %% jupyter={"source_hidden": true} tags=["remove-input"]


def atoms_of(these):
    """Atoms per SAE."""
    return float(these.labels.count("atomic").double().mean())


early = atoms_of(ends[more]["positive"])
lag = good[more]["positive"]
median_lag = 100 * max(0.0, float(excess(world, wide, "positive").median()))
progress = f"After {n_steps} steps, {lag} of the SAEs from positive rows reach the best known loss; they have {early:.1f} atoms each and a median loss {median_lag:.0f} % above it. After {4 * n_steps} steps, {patient_there} reach it, and they have {atoms_of(patient_seen):.1f} atoms."
claim(
    "atoms-on-the-way",
    patient_there.interval[0] > lag.interval[1] and early > 1 and atoms_of(patient_seen) < early / 2,
    f"{progress} So many atoms were a sign of training that stopped early, not of a loss that prefers them.",
    otherwise=progress,
)

# %% [markdown]
# ## Do SAEs reach their own optimum?
#
# One world is not enough for Till's question. Here are more, most of them known from earlier chapters: two of $n$ with few and with many latents; groups of three; one feature from each of two sets of three; two of four features that are sometimes seen alone; and features that
# fire independently. For each we count SAEs within one part in a hundred and within one part in a thousand of the best known loss. The last panel counts the latter again, without *resampling*, so that latents which die stay dead.

# %%
alone = worlds.solo_leak(4, 2, 0.3)
sets = worlds.product([3, 3])
visited = {
    "two of 3, 3 latents": (pairs[3], 3),
    "two of 4, 4 latents": (pairs[4], 4),
    "two of 4, 6 latents": (pairs[4], 6),
    f"two of {n_features}, {n_features} latents": (world, n_features),
    f"two of {n_features}, {wide} latents": (world, wide),
    "4 groups of 3, 12 latents": (worlds.groups(4), 12),
    "two sets of 3, 6 latents": (sets, 6),
    "two sets of 3, 9 latents": (sets, 9),
    "sometimes alone, 4 latents": (alone, 4),
    "independent, 6 latents": (worlds.independent([0.2] * 6), 6),
}

# %%
trials = {name: excess(*where) for name, where in visited.items()}
unaided = {name: excess(*where, n_resamplings=0) for name, where in visited.items()}
near = {name: reached(above, 1e-2) for name, above in trials.items()}
there = {name: reached(above) for name, above in trials.items()}
there_unaided = {name: reached(above) for name, above in unaided.items()}

# %% jupyter={"source_hidden": true} tags=["remove-input"]
mostly = [name for name, share in there.items() if share.interval[0] > 0.5]
rarely = [name for name, share in there.items() if share.interval[1] < 0.5]
everyone = list(there.values())
total = Fraction(sum(f.k for f in everyone), sum(f.n for f in everyone))
show(
    figures.fractions(
        {
            "within 1 %": near,
            "within 0.1 %": there,
            "within 0.1 %,\nwithout resampling": there_unaided,
        }
    ),
    f"Over all {len(visited)} rows, {total.k} of {total.n} SAEs reach the best known loss; by row it is {min(f.k for f in everyone)} to {max(f.k for f in everyone)} of {n_saes}.",
    "A dot is the fraction of SAEs, the bar its 95 % Wilson interval, the numbers beside it the counts.",
    alt="Three dot plots with intervals, one row per world: SAEs near the best known loss, SAEs that reach it, and the latter without resampling.",
)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
verdict = "true in some worlds, false in others" if len(mostly) < len(visited) else "false in these worlds"
claim(
    "own-optimum-depends-on-the-world",
    len(mostly) > 0 and len(mostly) < len(visited),
    f"Do SAEs reach their own optimum? It depends on the world and on the number of latents: in {len(mostly)} of {len(visited)} rows most do, by the whole interval: {'; '.join(mostly)}. In the other {len(visited) - len(mostly)} that cannot be said.",
    otherwise=f"Do SAEs reach their own optimum? In {len(mostly)} of {len(visited)} rows most do, by the whole interval.",
    source="Till on Anders et al. 2024",
    verdict=verdict,
)

# %% [markdown]
# The objection was raised about data of a certain kind: two sets of two features, where the members of a set are antipodal, so that four features share a plane, and magnitudes are uniform between 0 and 1. If the magnitudes of the two sets agree, all
# samples lie on the four diagonals of the plane. Four latents on the diagonals then attain the radial bound, so the optimum is known. Here are SAEs of our kind (no decoder bias, random-sign rows) on these data, at four prices, with magnitudes on a grid of twenty. Other correlations between the two sets are left out here.

# %%
magnitudes = (torch.arange(20, dtype=torch.float64) + 0.5) / 20
corners = torch.tensor([[1, 1], [1, -1], [-1, 1], [-1, -1]], dtype=torch.float64)
plane = (magnitudes[:, None, None] * corners).reshape(-1, 2)
even = torch.full((len(plane),), 1 / len(plane), dtype=torch.float64)

# %%
plane_prices = torch.tensor([0.2, 0.5, 1, 2]).double() * l1_coeff
alike = [*seeds] * 4
rows = sae.random_sign_rows(worlds.Isotropic(2), 4, alike)
model = sae.ReluL1(plane_prices.repeat_interleave(n_saes))
begin = sae.untrained(model, rows, alike, decoder_bias=False)
diagonal_data = training.Support(plane, even)
diagonal, _ = training.fit(begin, diagonal_data, n_steps=n_steps, lr=lr)
n_trained += len(diagonal)

# %%
lengths = plane.norm(dim=1)
plane_bounds = [even @ oracle.radial_cost(lengths, p) for p in plane_prices.tolist()]
own = diagonal.double().losses(plane, even).view(4, n_saes)
plane_above = own / torch.stack(plane_bounds)[:, None] - 1
cosine = measures.cosines(diagonal.W_dec, corners).view(4, n_saes, 4, 4)
on_all = (cosine.amax(dim=2) >= threshold).all(dim=2)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
plane_there = [reached(row) for row in plane_above]
at_prices = sentences.listed(
    [
        f"{share.k} of {share.n} at $\\lambda = {p:g}$"
        for share, p in zip(plane_there, plane_prices.tolist(), strict=True)
    ]
)
plane_total = reached(plane_above)
missed = plane_total.n - plane_total.k
consistent = int((on_all == (plane_above <= 1e-3)).sum())
claim(
    "till-on-the-diagonals",
    plane_total.interval[0] > 0.5 and missed > 0,
    f"On these data most SAEs reach the optimum, and some do not. Within 0.1 % are {at_prices}; over all prices, {plane_total}. The others end up to {100 * plane_above.max():.0f} % above it. Reaching it and having a latent on each diagonal go together in {consistent} of {plane_total.n} SAEs.",
    otherwise=f"On these data, within 0.1 % of the optimum are {at_prices}; over all prices, {plane_total}. The highest loss lies {max(0.0, 100 * float(plane_above.max())):.1f} % above the optimum. Reaching it and having a latent on each diagonal go together in {consistent} of {plane_total.n} SAEs.",
    source="Till on Anders et al. 2024",
    verdict=f"true of {missed} of {plane_total.n} SAEs",
)

# %% [markdown]
# ## What does a dead latent cost?
#
# A latent that fires on no sample gets no gradient, so gradient descent alone cannot bring it back. Compare the last two panels above, and look at what became of the latents.

# %%
seen_there, seen_unaided = (
    {name: measures.assess(train(*it, **how), it[0]) for name, it in visited.items()}
    for how in ({}, {"n_resamplings": 0})
)


# %%
def died(these):
    """Dead latents per SAE, as text."""
    return f"{(~these.live).sum(dim=1).double().mean():.2f}"


def middle(above):
    """Median excess, as text."""
    return f"{max(0.0, 100 * float(above.median())):.1f} %"


# %%
table = {
    "dead latents per SAE": {name: died(seen_there[name]) for name in visited},
    "without resampling": {name: died(seen_unaided[name]) for name in visited},
    "median excess": {name: middle(trials[name]) for name in visited},
    "without resampling ": {name: middle(unaided[name]) for name in visited},
}
pd.DataFrame(table)

# %%
has_dead = {name: ~these.all_live for name, these in seen_unaided.items()}
among_dead = torch.cat([unaided[name][has_dead[name]] for name in visited])
others = torch.cat([unaided[name][~has_dead[name]] for name in visited])

# %% jupyter={"source_hidden": true} tags=["remove-input"]
helped = Fraction(sum(f.k for f in there_unaided.values()), total.n)
claim(
    "resampling-helps",
    helped.interval[1] < total.interval[0],
    f"Resampling matters: with it {total} SAEs reach the best known loss, without it {helped}.",
    otherwise=f"With resampling {total} SAEs reach the best known loss, without it {helped}.",
)
dead_there, live_there = reached(among_dead), reached(others)
claim(
    "dead-latents-cost",
    dead_there.interval[1] < live_there.interval[0],
    f"Without resampling, {dead_there} of the SAEs with a dead latent reach the best known loss, and {live_there} of those whose latents are all live. An SAE with a dead latent is a smaller SAE, compared with the optimum of a larger one: **a dead latent is never evidence** of what the loss prefers.",
    otherwise=f"Without resampling, {dead_there} of the SAEs with a dead latent reach the best known loss, and {live_there} of those whose latents are all live. Still, a dead latent is never evidence of what the loss prefers.",
)


# %% [markdown]
# ## Is it the dictionary or the encoder?
#
# An SAE can pay too much in two ways. The two are told apart exactly, by a loss between the two: that of the SAE's own dictionary with the best possible activations.
#
# * **Amortisation gap**: the SAE's own loss minus that. Its encoder, one matrix and a ReLU, may not find the best activations. Never negative.
# * **Dictionary gap**: that minus the best known loss. The dictionary itself may be a worse one. Never negative either, if the best known dictionary is the best.

# %%
def gaps(world, n_latents, *init, **how):
    """Dictionary and amortisation gaps of SAEs, as shares of the best known loss."""
    stack, best = train(world, n_latents, *init, **how), best_known(world, n_latents)
    dictionary = oracle.dictionary_gap(stack, world, l1_coeff, best)
    encoder = oracle.amortisation_gap(stack, world, l1_coeff)
    return dictionary / best, encoder / best


# %%
split = {name: gaps(*where) for name, where in visited.items()}
this = f"two of {n_features}, {wide} latents"
split[f"{this},\npositive rows"] = gaps(world, wide, "positive")
split[f"{this},\nwithout resampling"] = gaps(world, wide, n_resamplings=0)

# %%
dictionary, amortisation = map(torch.cat, zip(*split.values(), strict=True))
not_there = dictionary + amortisation > 1e-3
larger = Fraction.of(dictionary[not_there] > amortisation[not_there])
summed = dictionary[not_there].sum(), amortisation[not_there].sum()
share = float(summed[0] / sum(summed).clamp(min=1e-12))

# %% jupyter={"source_hidden": true} tags=["remove-input"]
visible = {name: parts for name, parts in split.items() if float(sum(parts).max()) > 1e-3}
if visible:
    show(
        figures.excess_split(visible),
        f"Of all that the SAEs which do not reach it pay beyond the best known loss, {100 * share:.0f} % is due to their dictionaries and {100 * (1 - share):.0f} % to their encoders.",
        f"Each bar is one of {n_saes} SAEs, in the order of its excess over the best known loss. Panels have scales of their own. Worlds in which every SAE reaches the best known loss are left out.",
        alt="Panels of stacked bars, one panel per world and one bar per SAE: dictionary gap and amortisation gap.",
    )
    claim(
        "dictionary-gap-is-larger",
        larger.interval[0] > 0.5,
        f"The dictionary gap is the larger one: in {larger} of the SAEs that do not reach the best known loss.",
        otherwise=f"Of the SAEs that do not reach the best known loss, {larger} have a dictionary gap larger than their amortisation gap.",
    )
else:
    say("With these settings every SAE reaches the best known loss, so there is nothing to split.")

# %% [markdown]
# Is the encoder able to serve the best dictionary at all? SAEs that start at the best known dictionary, and are then trained like all others, answer that.

# %%
from_best = {name: excess(*where, "at-best") for name, where in visited.items()}
kept = {name: reached(above) for name, above in from_best.items()}

# %% jupyter={"source_hidden": true} tags=["remove-input"]
away = [name for name, f in kept.items() if f.k < f.n]
exceptions = f" The exceptions are in: {'; '.join(away)}." if away else ""
kept_in_all = Fraction(sum(f.k for f in kept.values()), sum(f.n for f in kept.values()))
claim(
    "best-dictionary-is-served",
    min(f.interval[0] for f in kept.values()) > 0.5,
    f"It is, in each of these worlds: {kept_in_all} of the SAEs that start at the best known dictionary have the best known loss at the end.{exceptions} So the encoder is no obstacle at the best known dictionary.",
    otherwise=f"Of the SAEs that start at the best known dictionary, {kept_in_all} have the best known loss at the end.{exceptions}",
)

# %% [markdown]
# ## Would more steps or another learning rate help?
#
# Back to the world that we looked at closely, with a latent per pair. Train for a ninth to three times the number of steps, with four learning rates, again a part of the stack.

# %%
step_grid = sorted({max(1, round(n_steps * factor)) for factor in (1 / 9, 1 / 3, 1, 3)})
lr_grid = [lr * factor for factor in (0.1, 0.3, 1, 3)]
rows = sae.initial_rows("random-sign", world, wide, few_seeds)
begin = sae.untrained(sae.ReluL1(l1_coeff), rows, few_seeds, decoder_bias=False)


# %%
def excess_under(rate, steps):
    """Excess of a part of the stack, trained otherwise."""
    global n_trained
    n_trained += third
    data = training.Support.of(world)
    fitted = training.fit(begin, data, n_steps=steps, lr=rate)[0].double()
    return fitted.losses(points, probabilities) / best_known(world, wide) - 1


cells = [(rate, steps) for rate in lr_grid for steps in step_grid]
tried = {cell: excess_under(*cell) for cell in cells}

# %% jupyter={"source_hidden": true} tags=["remove-input"]
lines, dots = {}, {}
for side, rate in enumerate(lr_grid):
    medians = [100 * max(0.0, float(tried[rate, steps].median())) for steps in step_grid]
    lines[f"learning rate {rate:g}"] = step_grid, medians
    shift = torch.linspace(0.98, 1.02, third) * 1.1 ** (side - 1.5)
    places = torch.cat([steps * shift for steps in step_grid])
    dots[rate] = places, 100 * torch.cat([tried[rate, steps] for steps in step_grid])
figure = figures.curves(lines, dots, xlabel="training steps", ylabel="excess over the best known loss, %")
figure.axes[0].set_xscale("log")
figure.axes[0].set_yscale("symlog", linthresh=1)
figure.axes[0].set_ylim(bottom=-0.1)
figure.axes[0].set_xticks(step_grid, [f"{steps}" for steps in step_grid])
figure.axes[0].set_xticks([], minor=True)
top = max(tried, key=lambda cell: (reached(tried[cell]).k, -float(tried[cell].median())))

# %% jupyter={"source_hidden": true} tags=["remove-input"]
show(
    figure,
    f"Most SAEs reach the best known loss with learning rate {top[0]:g} and {top[1]} steps: {reached(tried[top])}."
    if reached(tried[top]).k > third / 2
    else f"In no cell of the grid do most SAEs reach the best known loss; the most do with learning rate {top[0]:g} and {top[1]} steps: {reached(tried[top])}.",
    f"Lines: the median over {third} SAEs. Dots: the SAEs themselves, spread sideways, at each number of steps. The vertical scale is linear up to 1 % and logarithmic above.",
    alt="Excess loss against the number of steps on logarithmic axes, one line of medians for each learning rate, with the SAEs as dots.",
)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
pd.DataFrame(
    {
        f"{steps} steps": {f"learning rate {rate:g}": f"{reached(tried[rate, steps]).k} of {third}" for rate in lr_grid}
        for steps in step_grid
    }
)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
best_rate = {steps: min(lr_grid, key=lambda rate: float(tried[rate, steps].median())) for steps in step_grid}
claim(
    "no-setting-suffices",
    reached(tried[top]).interval[1] < 1,
    f"No pair of settings in this grid brings every SAE to the best known loss. The learning rate with the lowest median is {best_rate[step_grid[0]]:g} for {step_grid[0]} steps and {best_rate[step_grid[-1]]:g} for {step_grid[-1]} steps.",
    otherwise=f"With learning rate {top[0]:g} and {top[1]} steps every SAE reaches the best known loss. The learning rate with the lowest median is {best_rate[step_grid[0]]:g} for {step_grid[0]} steps and {best_rate[step_grid[-1]]:g} for {step_grid[-1]} steps.",
)

# %% [markdown]
# ## What could be wrong?
#
# *The price.* Everything above was done at one $\lambda$. Members of a stack may differ in their price, so one more stack covers four, again with a latent per pair. The optimum is the radial bound at each price.
#
# *The exact list.* In practice an SAE never sees the complete list of patterns with its probabilities, but samples. So we train once more on fresh batches of 128 and compare the losses, on the exact list, with the same optimum.

# %%
prices = torch.tensor([0.1, 0.3, 1, 3]).double() * l1_coeff
alike = [*few_seeds] * 4
many_rows = sae.initial_rows("random-sign", world, wide, alike)
model = sae.ReluL1(prices.repeat_interleave(third))
members = sae.untrained(model, many_rows, alike, decoder_bias=False)
priced, _ = training.fit(members, training.Support.of(world), n_steps=n_steps, lr=lr)
n_trained += len(priced)

# %%
bounds = torch.tensor([[oracle.radial_bound(world, p)] for p in prices.tolist()])
own = priced.double().losses(points, probabilities).view(4, third)
by_price = own / bounds - 1

# %%
batches = training.Batches(world, 128, torch.Generator().manual_seed(seed))
sampled = training.fit(begin, batches, n_steps=n_steps, lr=lr)[0].double()
n_trained += third
by_samples = sampled.losses(points, probabilities) / best_known(world, wide) - 1

# %% jupyter={"source_hidden": true} tags=["remove-input"]
table = [
    f"{reached(row, 1e-2)} at $\\lambda = {price:g}$" for price, row in zip(prices.tolist(), by_price, strict=True)
]
say(f"**The price.** Within 1 % of the optimum are {sentences.listed(table)}.")
listed_near, sampled_near = reached(above[:third], 1e-2), reached(by_samples, 1e-2)
claim(
    "batches-tell-the-same",
    sampled_near.interval[0] <= listed_near.interval[1] and listed_near.interval[0] <= sampled_near.interval[1],
    f"**The exact list.** From the same starting points, {listed_near} SAEs come within 1 % of the optimum on the exact list and {sampled_near} on fresh batches: their intervals overlap, so no difference can be claimed.",
    otherwise=f"**The exact list.** From the same starting points, {listed_near} SAEs come within 1 % of the optimum on the exact list and {sampled_near} on fresh batches: the two differ.",
)

# %% [markdown]
# *The best known is not the best.* Where it is the radial bound, nothing is better. Elsewhere we have only the agreement of many starts. A better dictionary would make every excess larger, and no more SAEs would reach it.
#
# ## So what?

# %% jupyter={"source_hidden": true} tags=["remove-input"]
say(
    f"So the objection has to be checked for each world and size of dictionary, and it can be: {total.k} of {total.n} SAEs in our worlds reach the best known loss. "
    + (
        "Those that do not are held back mainly by their dictionaries, and not by their encoders."
        if larger.interval[0] > 0.5
        else "What holds the others back is in the figure that splits their loss."
    )
)
say_trained(n_trained)

# %% [markdown]
# Two habits follow. Train several seeds and look first at the one with the lowest loss; and before you read meaning into a dictionary, count its dead latents. What a single SAE shows is what the loss prefers *and* where that SAE happened to stop.
#
# Two questions to take along:
#
# 1. An SAE starts at the features, with more latents than features. Why does it matter that each feature is then used several times?
# 2. With more latents than there are patterns, would you expect training to get closer to the optimum, or less close?
