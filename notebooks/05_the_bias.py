# %% [markdown]
# # The bias
#
# In the minimal example the decoder bias was switched off. The comment that started this write-up did the same, since so small a model would use the bias "to do tricky things". Which things?
# We switch it on, look at what the latents become, and work out to the last digit why that is cheaper. The doubt comes at the end: if a bias changes so much, what did the heat map without it tell us?
#
# **You will see** the "bias only" row fill, latents that stand for differences, an exact account of their price, and worlds in which atoms are found without a bias and lost with one.
# **You will need** [the minimal example](01_minimal_example.ipynb): what a latent, a heat map, an atom, a composite and the radial bound are.

# %% tags=["parameters"]
n_features: int = 3  # true features, at right angles to each other
k_active: int = 2  # how many of them fire in each sample
n_latents: int = 3  # latents of each autoencoder
mu: float = 1.0  # mean magnitude of a feature that fires
sigma: float = 0.1  # standard deviation of that magnitude
l1_coeff: float = 0.1  # lambda, the price of latent activation
lr: float = 0.01  # learning rate of Adam
n_steps: int = 3000  # training steps
batch_size: int = 256  # fresh samples in each step
n_saes: int = 64  # autoencoders trained side by side
seed: int = 0  # decides the data, and with them which autoencoders are drawn
init: str = "random-sign"  # where the decoder rows start
threshold: float = 0.95  # cosine from which on a latent counts as aligned

# %%
from dataclasses import replace

import pandas as pd
import torch

from toysae import bias, figures, measures, oracle, sae, sentences, training, worlds
from toysae.measures import Fraction
from toysae.writeup import check_parameters, claim, say, say_trained, show

check_parameters(globals())
figures.house_style()

# %% [markdown]
# ## The whole experiment in a few lines
#
# The SAEs of the minimal example, from the same starting points and on the same batches, once without a decoder bias and once with one. The bias starts at zero.

# %%
world = worlds.k_of_n(n_features, k_active, mu=mu, sigma=sigma)
seeds = range(seed * n_saes, (seed + 1) * n_saes)
rows = sae.initial_rows(init, world, n_latents, seeds)
model = sae.ReluL1(l1_coeff)
start = sae.untrained(model, rows, seeds, decoder_bias=True)
start_plain = sae.untrained(model, rows, seeds, decoder_bias=False)


# %%
def train(start):
    """Trains a stack on fresh batches, the same ones for every stack."""
    data = training.Batches(world, batch_size, torch.Generator().manual_seed(seed))
    return training.fit(start, data, n_steps=n_steps, lr=lr)[0]


def look(stack, world):
    """Everything that is counted, with the labels of this notebook."""
    seen = measures.assess(stack, world, threshold)
    return measures.with_signed_labels(seen, world, threshold)


# %%
trained = train(start)
before, seen = look(start, world), look(trained, world)
plain = look(train(start_plain), world)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
points, probabilities = oracle.finite_data(world)
mean = probabilities @ points
filled = Fraction.of(trained.b_dec.norm(dim=1) >= mean.norm() / 2)
claim(
    "bias-fills",
    filled.interval[0] > 0.5,
    f"The bias is used: in {filled} of the SAEs it is at least half as long as the mean of the data.",
    otherwise=f"A long bias is not the rule: in {filled} of the SAEs it is at least half as long as the mean of the data.",
    source="seed",
)

# %% [markdown]
# ## What did it learn?
#
# With a bias the SAE rebuilds $x - b$ instead of $x$, so its latents may also have to write something negative. Two more labels say so. They are given to live latents that would otherwise be called mixed:
#
# * **negative**: the latent points *away* from a feature, or from a sum of features that fire together. We write $-C$ and read "not C".
# * **difference**: it points along the mean of some features minus the mean of some others. We write $A + B - C$ for short; it means $(A + B)/2 - C$.
#
# If both fit, the larger cosine decides. The rule for drawing is as before: the SAE with the lowest loss of each stack. Beside it stands the SAE with a bias that has the highest loss.

# %%
both = measures.joined([plain, seen])
names = figures.feature_names(n_features)
lowest = {"without": int(plain.losses.argmin()), "with": int(seen.losses.argmin())}
worst = int(seen.losses.argmax())

# %% jupyter={"source_hidden": true} tags=["remove-input"]
drawn = {
    f"no bias, lowest loss:\n{plain.losses.min():.4f}": lowest["without"],
    f"bias, lowest loss:\n{seen.losses.min():.4f}": n_saes + lowest["with"],
    f"bias, highest loss:\n{seen.losses.max():.4f}": n_saes + worst,
}


def stand_for(these, i):
    """What the latents of one SAE stand for, in words."""
    order = measures.reading_order(these.cosines, these.labels, i)
    return sentences.listed([these.labels.names(i, names)[j] for j in order])


show(
    figures.heat_map_row(both, drawn, f"$\\mu$ = {mu:g}, $\\sigma$ = {sigma:g}"),
    f"Without a bias: {stand_for(plain, lowest['without'])}. With a bias: {stand_for(seen, lowest['with'])}.",
    "Rows are latents, columns are true features, cells are cosines; the strip tells each latent's label. The last row, set apart, is the cosine of the decoder bias with each feature.",
    alt="Three heat maps of cosines side by side, each with a bias row: an SAE without a bias and two with one.",
)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
first = measures.reading_order(seen.cosines, seen.labels, lowest["with"])[0]
say(
    f"**The first row with a bias, read aloud.** This is latent {first + 1}. {sentences.row_read_aloud(seen, lowest['with'], first, threshold)}"
)
cosines = sentences.listed(
    [f"{figures.signed(v)} with {n}" for n, v in zip(names, seen.bias_cosines[lowest["with"]].tolist(), strict=True)]
)
length = float(trained.b_dec[lowest["with"]].norm())
to_mean = float(measures.cosines(trained.b_dec[lowest["with"]].double(), mean[None])[0])
say(
    f"**Bias only, read aloud.** The bias has length {length:.2f} and cosine {cosines}. Its cosine with the mean of the data is {to_mean:.3f}, and the mean has length {mean.norm():.2f}. "
    "It is added to every reconstruction before any latent fires; the latents write the rest."
)

# %% [markdown]
# ## What does the bias look at?
#
# Three features can be drawn. If the same number of features fires in every sample, the data lie around a plane: look at it along the diagonal, the direction that is the same for all features. The mean of the data is then in the middle. The arrows
# start at the bias and show each latent at its strongest.

# %%
ranked = seen.losses.argsort()
ranks = {"lowest loss": 0, "median loss": n_saes // 2, "highest loss": -1}
chosen = {name: int(ranked[rank]) for name, rank in ranks.items()}
cloud = world.sample(400, torch.Generator().manual_seed(seed))
strongest = trained.encode(world.inputs(cloud)).amax(dim=1)
arrows = strongest[..., None] * trained.W_dec

# %% jupyter={"source_hidden": true} tags=["remove-input"]
if n_features == 3:
    panels = {
        f"{name}: {seen.losses[i]:.4f}": (
            trained.b_dec[i],
            arrows[i],
            [seen.labels.word(i, j) for j in range(n_latents)],
        )
        for name, i in chosen.items()
    }
    show(
        figures.seen_along_the_diagonal(panels, world.inputs(cloud)),
        "In the order of the panels: " + "; ".join(stand_for(seen, i) for i in chosen.values()) + ".",
        "Grey dots are samples, named by the features that fire; the black dot is the bias; an arrow is a latent. Three SAEs with a bias, chosen by rank in loss alone.",
        alt="Three panels with the samples as a cloud of dots, the bias as a black dot and the latents as arrows that start there.",
    )
else:
    say(
        f"Only three features can be drawn like this; here there are {n_features}. The account below says the same in numbers."
    )

# %% [markdown]
# ## Why is that cheaper?
#
# Leave out the spread ($\sigma = 0$) and the account is exact. Put the bias on the diagonal, $b = s (v_1 + \dots + v_n)$. Seen from there, a sample of $k$ features has the coordinate $\mu - s$ along each feature that fires and $-s$ along each of
# the other $n - k$. Let $c(r)$ be the least that a latent can pay for a length $r$ in its own direction, with the part that it leaves unwritten: $c(r) = \lambda r - \lambda^2 / 2$, or $r^2 / 2$ if
# $r < \lambda$. Then, for $0 \le s \le \mu$:
#
# | dictionary | it writes | it cannot write | cost of a sample |
# |---|---|---|---|
# | atoms $v_i$ | each $\mu - s$ by a latent of its own | every $-s$ | $k\, c(\mu - s) + (n - k)\, s^2 / 2$ |
# | composites | all the $\mu - s$ by one latent | every $-s$ | $c(\sqrt k (\mu - s)) + (n - k)\, s^2 / 2$ |
# | negatives $-v_i$ | each $-s$ by a latent of its own | every $\mu - s$ | $(n - k)\, c(s) + k (\mu - s)^2 / 2$ |
# | differences, one towards each sample as seen from $b$ | everything by one latent | nothing | $c(\sqrt{k (\mu - s)^2 + (n - k) s^2})$ |
#
# Atoms and negatives are at right angles, so each coordinate is an account of its own, and a latent can only push one way: that is why something is left. The last line is more than an example. It is the radial bound with the bias in the
# place of the origin, so *no* SAE with this bias pays less.

# %%
shifts = torch.linspace(0, mu, 61, dtype=torch.float64)
account = bias.costs_along_the_diagonal(n_features, k_active, shifts, mu, l1_coeff)
exact_world = worlds.k_of_n(n_features, k_active, mu=mu, sigma=0.0)
known = {
    "atoms": exact_world.features,
    "negatives": -exact_world.features,
    "composites": exact_world.composites(),
}

# %%
few = slice(None, None, 6)
along = shifts[few, None] * exact_world.features.sum(dim=0)
floors = bias.floor_around(along, exact_world, l1_coeff)
deviations = [(account["differences"][few] - floors).abs().max()]
for name, directions in known.items():
    copies = directions.expand(len(along), *directions.shape)
    coded = oracle.dictionary_loss(copies, exact_world, l1_coeff, decoder_bias=along)
    deviations.append((account[name][few] - coded).abs().max())
deviation = float(max(deviations))

# %% jupyter={"source_hidden": true} tags=["remove-input"]
claim(
    "account-is-exact",
    deviation < 1e-5,
    f"The four formulas agree with the best latent activations found by computation, for {len(along)} biases between $s = 0$ and $s = \\mu$: the largest deviation is below 0.00001.",
    otherwise=f"The four formulas and the best latent activations found by computation differ by up to {deviation:.5f}.",
    source="theory",
)

# %% [markdown]
# Now train on the same data without spread, on the complete list of patterns with their probabilities. Each SAE is a dot at its own bias: how far it went along the diagonal, and what it pays.

# %%
support = training.Support.of(exact_world)
exact, _ = training.fit(start, support, n_steps=n_steps, lr=lr)
exact_plain, _ = training.fit(start_plain, support, n_steps=n_steps, lr=lr)
exact_seen = look(exact, exact_world)
exact_seen_plain = look(exact_plain, exact_world)
went = exact.b_dec.mean(dim=1)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
order = ["differences", "composites", "negatives", "atoms"]
cheapest = {name: float(account[name].min()) for name in order}
best_shift = {name: float(shifts[account[name].argmin()]) for name in order}
top = max(2 * float(account["atoms"][0]), float(exact_seen.losses.max()), float(exact_seen_plain.losses.max()))
dots = {"with": (went, exact_seen.losses), "without": (torch.zeros(n_saes), exact_seen_plain.losses)}
show(
    figures.curves(
        {name: (shifts, account[name]) for name in order},
        dots,
        xlabel="$s$, how far the bias lies along the diagonal",
        ylabel="loss",
        ylim=(0, 1.05 * top),
    ),
    "Each at its best bias, "
    + sentences.listed([f"{name} cost {cheapest[name]:.4f} ($s = {best_shift[name]:.2f}$)" for name in order])
    + ".",
    f"Lines: the dictionaries of the table. Dots: {n_saes} trained SAEs with a bias, in the colour of the differences, at the mean of the entries of their bias; as many without one, in the colour of the next line, at $s = 0$. "
    "Dots of one answer lie on top of each other, and may lie beside the lines, as a bias need not be on the diagonal.",
    alt="Loss against the place of the bias along the diagonal: one line for each of the dictionaries, with the trained SAEs as dots.",
)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
others = {name: cost for name, cost in cheapest.items() if name != "differences"}
runner_up = min(others, key=others.get)
priced = sentences.listed([f"{cost:.4f} for {name}" for name, cost in others.items()])
claim(
    "differences-are-cheapest",
    cheapest["differences"] < min(others.values()) - 1e-9,
    f"Differences are the cheapest: {cheapest['differences']:.4f}, against {priced}. It pays to look from the middle, and to aim a latent at each pattern from there.",
    otherwise=f"Differences are not cheaper than everything else here: {cheapest['differences']:.4f}, against {priced}.",
    source="theory",
)

# %% [markdown]
# Can a bias *off* the diagonal do better? No. The floor around a bias, the mean of $c(\lVert x - b \rVert)$, is a convex function of $b$. All features play the same role, so exchanging features in $b$ changes no floor; the mean of all
# such exchanges lies on the diagonal, and by convexity its floor is not higher. On the diagonal all samples are equally far from the bias, and nearest to it at $s = k \mu / n$, the mean of the data. So no SAE with a decoder bias can pay
# less than $c(\mu \sqrt{k (n - k) / n})$.

# %%
best, floor = bias.best_bias(exact_world, l1_coeff)
radius = mu * (k_active * (n_features - k_active) / n_features) ** 0.5
derived = float(oracle.radial_cost(torch.tensor(radius).double(), l1_coeff))
bound = oracle.radial_bound(exact_world, l1_coeff)
at_floor = Fraction.of(exact_seen.losses <= 1.001 * floor + 1e-6)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
claim(
    "best-bias-is-the-mean",
    abs(floor - derived) < 1e-6 and float((best - mu * k_active / n_features).abs().max()) < 1e-3,
    f"A search over all biases finds the same: the best one has all entries at {best.mean():.3f}, the mean of the data, and the floor there is {floor:.6f}; the formula says {derived:.6f}.",
    otherwise=f"A search over all biases finds the floor {floor:.6f}, the formula {derived:.6f}.",
    source="theory",
)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
lowest_exact = float(exact_seen.losses.min())
none_below = bool((exact_seen.losses >= floor - 1e-5).all())
claim(
    "new-floor-is-reached",
    none_below and lowest_exact <= 1.001 * floor + 1e-6,
    f"Training reaches this floor and does not go below it: the lowest loss is {lowest_exact:.6f}, and {at_floor} of the SAEs are within a thousandth of it.",
    otherwise=f"Training stays above this floor: the lowest loss is {lowest_exact:.6f}, the floor {floor:.6f}.",
    source="theory",
)
below = Fraction.of(exact_seen.losses < bound - 1e-6)
claim(
    "below-the-radial-bound",
    below.interval[0] > 0.5,
    f"The radial bound of the minimal example does not hold with a bias: {below} of the SAEs with a bias pay less than {bound:.4f}, which no SAE without a bias can.",
    otherwise=f"Of the SAEs with a bias, {below} pay less than the radial bound for SAEs without a bias, {bound:.4f}.",
    source="theory",
)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
rest = exact_seen.losses[exact_seen.losses > 1.001 * floor + 1e-6]
costliest = int(exact_seen.losses.argmax())
to_middle = float((exact.b_dec[costliest] - best).norm())
to_pattern = float((exact_world.support()[0] - exact.b_dec[costliest]).norm(dim=1).min())
at = (
    ""
    if not len(rest)
    else f"{rest.min():.4f}"
    if rest.max() - rest.min() < 5e-5
    else f"between {rest.min():.4f} and {rest.max():.4f}"
)
if to_pattern < to_middle / 2:
    place = "so this answer counts from one pattern"
elif to_middle < to_pattern / 2:
    place = "so this answer still counts from the middle"
else:
    place = "so it is near neither"

# %% jupyter={"source_hidden": true} tags=["remove-input"]
if len(rest):
    say(
        f"Above the floor end {len(rest)} of {n_saes}, at {at}; negatives at their best bias pay {cheapest['negatives']:.4f}. The costliest SAE has the latents {stand_for(exact_seen, costliest)}. "
        f"Its bias lies {to_middle:.2f} from the mean of the data and {to_pattern:.2f} from the nearest pattern, {place}."
    )
else:
    say(f"All {n_saes} SAEs end at the floor.")


# %% [markdown]
# ## How often does it happen, and does it matter where the bias starts?
#
# Back to the data of the first section. A bias may start at zero, as here, or at the mean of the data, as one may also do. And in few dimensions a random direction is easily near *some* difference, so the count before training is the level of chance.

# %%
def moved(start, to):
    """The same untrained SAEs with their biases placed somewhere else."""
    biases = to.float().expand(len(start), start.W_dec.shape[2]).clone()
    return replace(start, parameters=start.parameters | {"b_dec": biases})


from_mean = look(train(moved(start, mean)), world)
stacks = {
    "before training": before,
    "without a bias": plain,
    "bias started at zero": seen,
    "bias started at the mean": from_mean,
}

# %% jupyter={"source_hidden": true} tags=["remove-input"]
sampled_bound = oracle.radial_bound(world, l1_coeff)
tallies = {
    "no atom, among SAEs\nwith all latents live": {
        name: Fraction.of(these.no_atom[these.all_live]) for name, these in stacks.items()
    },
    "differences only": {
        name: Fraction.of(these.labels.count("difference") == n_latents) for name, these in stacks.items()
    },
    "loss below\nthe radial bound": {
        name: Fraction.of(these.losses < sampled_bound - 1e-6) for name, these in stacks.items()
    },
}
only = tallies["differences only"]
show(
    figures.fractions(tallies),
    f"Differences only: before training {only['before training']}, with a bias from zero {only['bias started at zero']}.",
    f"Fractions of {n_saes} SAEs. A dot is the fraction, the bar its 95 % Wilson interval, the numbers beside it the counts. A row without a dot has nothing to count.",
    alt="Three dot plots with intervals, one row per stack: before training, without a bias, and with biases started at two places.",
)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
labelled = {word: int(seen.labels.count(word).sum()) for word in seen.labels.words}
total = sum(labelled.values())
difference = measures.SIGNED_LABELS.index("difference")
share, chance = (Fraction.of(these.labels.kinds == difference) for these in (seen, before))
tally = f"{sentences.counted(labelled['negative'], 'negative')} and {sentences.counted(labelled['atomic'], 'atom')}. {only['bias started at zero']} of the SAEs consist of differences only"
claim(
    "latents-become-differences",
    share.interval[0] > max(0.5, chance.interval[1]),
    f"With a bias most latents become differences: {share} are, and {chance} were before training. Among the others are {tally}.",
    otherwise=f"With a bias {share} of all latents are differences, and {chance} were before training: differences are not what training makes of most. Among the others are {tally}.",
    source="seed",
)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
near = {
    name: Fraction.of(stacks[name].losses <= 1.01 * min(seen.losses.min(), from_mean.losses.min()))
    for name in ("bias started at zero", "bias started at the mean")
}
zero, middle = near.values()
says = f"within a hundredth of the lowest loss end {zero} of the SAEs whose bias starts at zero, and {middle} of those whose bias starts at the mean"
worse = middle.interval[1] < zero.interval[0]
claim(
    "start-of-the-bias",
    middle.interval[0] <= zero.interval[1],
    f"Starting at the mean of the data does not help{', it even hurts' if worse else ''}: {says}.",
    otherwise=f"Starting at the mean of the data helps: {says}.",
)

# %% [markdown]
# ## Which trick is used when?
#
# Now every world of "k of n" from three to six features, without spread, always with as many latents as features and random starting rows. With few features on, there is little to take away; with many on, "all but this one" is the shortest
# description. And there is a symmetry to test. With a bias the loss knows only the *shape* of the data, not where they lie: move or mirror all data, and the best SAE moves or mirrors with them at the same loss. Exchange on and off, $x \to \mu (v_1 + \dots + v_n) - x$,
# and "k of n" becomes "$n - k$ of $n$". So the two must cost the same.

# %%
n_gallery = max(2, n_saes // 4)
sizes = [(n, k) for n in range(3, 7) for k in range(1, n)]


def visit(n, k, decoder_bias):
    """Trains SAEs with n latents on "k of n" without spread."""
    other = worlds.k_of_n(n, k, mu=mu)
    rows = sae.random_sign_rows(other, n, seeds[:n_gallery])
    start = sae.untrained(model, rows, seeds[:n_gallery], decoder_bias=decoder_bias)
    stack, _ = training.fit(start, training.Support.of(other), n_steps=n_steps, lr=lr)
    return look(stack, other)


visits = {on: {size: visit(*size, on) for size in sizes} for on in (False, True)}


# %% jupyter={"source_hidden": true} tags=["remove-input"]
def shares(these):
    """The share of each label among all latents of a stack."""
    return [float(these.labels.count(word).double().mean()) / these.live.shape[1] for word in measures.SIGNED_LABELS]


panels = {
    title: {f"{k} of {n}": shares(these) for (n, k), these in visits[on].items()}
    for title, on in {"without a bias": False, "with a bias": True}.items()
}


def leader(these):
    """The most frequent label of a stack."""
    return max(zip(shares(these), these.labels.words, strict=True))[1]


atomic = {on: [size for size in sizes if leader(visits[on][size]) == "atomic"] for on in (False, True)}

# %% jupyter={"source_hidden": true} tags=["remove-input"]
show(
    figures.label_shares(panels, measures.SIGNED_LABELS),
    f"Atoms are the most frequent label in {len(atomic[False])} of {len(sizes)} worlds without a bias and in {len(atomic[True])} with one.",
    f"One row per world; the bar divides the latents of {n_gallery} SAEs by label.",
    alt="Two panels of bars divided by label, one row for each world of k of n features: without and with a bias.",
)


# %% jupyter={"source_hidden": true} tags=["remove-input"]
def form(these):
    """The most frequent form of a latent in the SAE with the lowest loss: how many features it adds and takes away."""
    i = int(these.losses.argmin())
    sides = torch.stack([these.labels.members[i].sum(dim=1), these.labels.against[i].sum(dim=1)], dim=1)
    forms, counts = sides.unique(dim=0, return_counts=True)
    plus, minus = forms[counts.argmax()].tolist()
    return f"{plus} \N{MINUS SIGN} {minus}" if minus else str(plus) if plus else "mixed or dead"


# %% jupyter={"source_hidden": true} tags=["remove-input"]
lowest_floor = {(n, k): bias.best_bias(worlds.k_of_n(n, k, mu=mu), l1_coeff)[1] for n, k in sizes}
table = {
    f"{k} of {n}": [
        f"{these.losses.min():.4f}",
        f"{visits[True][n, k].losses.min():.4f}",
        f"{lowest_floor[n, k]:.4f}",
        form(these),
        form(visits[True][n, k]),
    ]
    for (n, k), these in visits[False].items()
}
columns = ["lowest loss, no bias", "lowest loss, bias", "floor with a bias", "form, no bias", "form, bias"]
pd.DataFrame(table, index=columns).T

# %% jupyter={"source_hidden": true} tags=["remove-input"]
say(
    "A *form* counts the features of the most frequent kind of latent in the SAE with the lowest loss: 1 is an atom, 2 a composite of two, 2 \N{MINUS SIGN} 1 the mean of two features minus a third. "
    "The floor takes a latent for every pattern, unless the price $\\lambda$ is so high that the latents had better stay silent."
)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
mirror = max(abs(lowest_floor[n, k] - lowest_floor[n, n - k]) for n, k in sizes)
lows = {size: float(these.losses.min()) for size, these in visits[True].items()}
pairs = [(n, k) for n, k in sizes if 2 * k < n]
apart = max(abs(lows[n, k] / lows[n, n - k] - 1) for n, k in pairs)
plain_lows = {size: float(these.losses.min()) for size, these in visits[False].items()}
plain_apart = max(abs(plain_lows[n, k] / plain_lows[n, n - k] - 1) for n, k in pairs)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
claim(
    "mirror-worlds-cost-the-same",
    mirror < 1e-6,
    "A world and its mirror image have the same floor, in every pair.",
    otherwise=f"The floors of a world and its mirror image differ by up to {mirror:.6f}.",
    source="theory",
)
trained_says = (
    f"by less than {max(100 * apart, 0.005) + 0.005:.2f} %"
    if apart < 0.01
    else f"by up to {100 * apart:.1f} %, as {n_gallery} SAEs do not always find the best answer"
)
say(
    f"The lowest *trained* losses of a pair differ {trained_says}. Without a bias they differ by up to {100 * plain_apart:.0f} %."
)

# %% [markdown]
# Look at the worlds in which one feature fires at a time. Nothing fires together there, so nothing should be composed. Seen from the mean of the data, the sample with feature $A$ lies towards $A$ *and away from all others*. The cosine of that direction
# with $v_A$ is $\sqrt{1 - 1/n}$: near an atom for many features, far from one for few.

# %% jupyter={"source_hidden": true} tags=["remove-input"]
alone = [(n, k) for n, k in sizes if k == 1]
lost = {on: Fraction.of(torch.cat([visits[on][size].no_atom for size in alone])) for on in (False, True)}
complete = Fraction.of(torch.cat([visits[False][n, 1].labels.features_found == n for n, _ in alone]))
claim(
    "lone-features-are-lost",
    lost[True].interval[0] > max(0.5, lost[False].interval[1]),
    f"In the worlds with one feature at a time, {lost[False]} of the SAEs without a bias have no atom, and {lost[True]} of those with one. A bias alone makes the atoms disappear from the map, without anything that fires together.",
    otherwise=f"In the worlds with one feature at a time, {lost[False]} of the SAEs without a bias have no atom, and {lost[True]} of those with one.",
)
say(
    f"Not all is well without a bias either: of these SAEs {complete} have an atom for *every* feature."
    if complete.k < complete.n
    else f"Without a bias {complete} of these SAEs have an atom for *every* feature."
)

# %% [markdown]
# ## Do independent features survive the bias?
#
# The control of the minimal example: three features, each of which fires on its own, without spread. We go through the rates at which they fire. The mirror image tells what to expect: exchanging on and off turns a rate $p$ into $1 - p$ and an atom into a negative. So the two cost the same at a rate of one half.
# Below it atoms are cheaper, as an atom has to be paid for when its feature fires and a negative when it does not (unless the price is so high that both stay silent); above it, negatives. A bias that starts at the mean of the data respects this symmetry; one that starts at zero does not.

# %%
rates = [i / 10 for i in range(1, 10)]
each = torch.tensor(rates).repeat_interleave(n_gallery)
three = worlds.independent([0.5] * 3, mu=mu)
patterns, _ = three.firing.support()
on, off = each[:, None, None], 1 - each[:, None, None]
weights = torch.where(patterns, on, off).prod(dim=2)
mixed_rates = training.Support(mu * patterns.float(), weights)

# %%
many_seeds = list(seeds[:n_gallery]) * len(rates)
many_rows = sae.random_sign_rows(three, 3, many_seeds)
zeros = sae.untrained(model, many_rows, many_seeds, decoder_bias=True)
starts = {
    "no bias": sae.untrained(model, many_rows, many_seeds, decoder_bias=False),
    "bias from zero": zeros,
    "bias from the mean": moved(zeros, mu * each[:, None]),
}
control = {}
for name, untrained in starts.items():
    stack, _ = training.fit(untrained, mixed_rates, n_steps=n_steps, lr=lr)
    # The same patterns occur at every rate, so one rate is enough to tell the labels
    control[name] = look(stack, three)


# %% jupyter={"source_hidden": true} tags=["remove-input"]
def at_rate(these, i):
    """The labels of the SAEs at one rate, as a share of each word."""
    kinds = these.labels.kinds[i * n_gallery : (i + 1) * n_gallery].flatten()
    return [float((kinds == word).double().mean()) for word in range(len(measures.SIGNED_LABELS))]


panels = {name: {f"rate {p:g}": at_rate(these, i) for i, p in enumerate(rates)} for name, these in control.items()}
atom, negative = (measures.SIGNED_LABELS.index(word) for word in ("atomic", "negative"))


def lead(panel):
    """Atoms minus negatives at every rate."""
    return [row[atom] - row[negative] for row in panel.values()]


# %% jupyter={"source_hidden": true} tags=["remove-input"]
half = rates.index(0.5)
fair = lead(panels["bias from the mean"])
show(
    figures.label_shares(panels, measures.SIGNED_LABELS),
    "With a bias that starts at the mean, atoms minus negatives make up, of all latents, "
    + sentences.listed(
        [f"{100 * value:.0f} % at rate {p:g}" for p, value in zip(rates, fair, strict=True) if p in (0.1, 0.5, 0.9)]
    )
    + ".",
    f"One row per rate, {n_gallery} SAEs each. Three independent features, three latents.",
    alt="Three panels of bars divided by label, one row per rate: without a bias, with a bias started at zero, with a bias started at the mean.",
)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
claim(
    "negatives-above-one-half",
    all(value > 0 for value in fair[:half]) and all(value < 0 for value in fair[half + 1 :]),
    "As the account demands, atoms outnumber negatives at every rate below one half and negatives outnumber atoms at every rate above it, if the bias starts at the mean.",
    otherwise="The account demands more atoms than negatives below a rate of one half and more negatives above it. If the bias starts at the mean, training does not follow at every rate.",
    source="theory",
)
from_zero = lead(panels["bias from zero"])
late = [p for p, value in zip(rates, from_zero, strict=True) if value < 0]
first_rate = "at these rates: " + sentences.listed([f"{p:g}" for p in late]) if late else "at no rate"
say(f"If the bias starts at zero, negatives outnumber atoms {first_rate}.")

# %% jupyter={"source_hidden": true} tags=["remove-input"]
at_low = slice(0, half * n_gallery)
all_found = {name: Fraction.of((these.labels.features_found == 3)[at_low]) for name, these in control.items()}
claim(
    "control-suffers",
    all_found["bias from zero"].interval[1] < all_found["no bias"].interval[0],
    f"Even below one half the bias does harm: an atom for every feature have {all_found['no bias']} of the SAEs without a bias, {all_found['bias from zero']} with a bias from zero and {all_found['bias from the mean']} with one from the mean.",
    otherwise=f"Whether the bias does harm below one half, these counts do not settle: an atom for every feature have {all_found['no bias']} of the SAEs without a bias, {all_found['bias from zero']} with a bias from zero and {all_found['bias from the mean']} with one from the mean.",
)

# %% [markdown]
# ## Why the seed switched it off
#
# The features of this toy radiate from the origin: the origin is where nothing fires, and only from there does a feature's direction mean "this feature, and nothing else". A bias gives that point away. The loss then rewards any place from which the samples are
# near. Where a given number of features fires in every sample, the mean of the data is always nearer to them than the origin.

# %% jupyter={"source_hidden": true} tags=["remove-input"]
lower = f"{100 * (1 - floor / bound):.0f} % below" if floor < bound - 1e-9 else "not below"
proof = (
    "And with a bias a heat map without atoms proves little: there are none in most SAEs of the worlds in which nothing fires together, either."
    if lost[True].value > 0.5
    else "In the worlds in which nothing fires together, most SAEs with a bias do have atoms."
)
say(f"Without spread the floor with a bias is {floor:.4f}, {lower} the radial bound {bound:.4f}. {proof}")

# %% [markdown]
# In this toy switching the bias off costs loss, but no feature: each of them starts at the origin, so a direction from the origin can stand for it. SAEs in practice do have a bias. Do they play the same tricks? Where countless patterns lie in all directions, no single place is near to most of them, so there should be less to gain. That is an argument, not a measurement.
#
# ## What could be wrong?
#
# *The threshold.* A lone feature seen from the mean is called a difference or an atom depending on where the line is drawn. We label the latents of all worlds of "k of n" with a bias again.

# %%
thresholds = [0.8, 0.85, 0.9, 0.95, 0.99]


def relabelled(size, threshold):
    """Latents by label in one world with a bias, for another threshold."""
    these, other = visits[True][size], worlds.k_of_n(*size, mu=mu)
    labels = measures.label_latents(these.cosines, other, these.live, threshold)
    these = replace(these, labels=labels)
    signed = measures.with_signed_labels(these, other, threshold)
    return [int(signed.labels.count(word).sum()) for word in measures.SIGNED_LABELS]


# %%
groups = {
    "one of n": alone,
    "more than one of n": [size for size in sizes if size[1] > 1],
}
tables = {
    (name, t): torch.tensor([relabelled(size, t) for size in group]).sum(dim=0).tolist()
    for name, group in groups.items()
    for t in thresholds
}
pd.DataFrame(tables, index=measures.SIGNED_LABELS).T

# %% jupyter={"source_hidden": true} tags=["remove-input"]
together = [tables["more than one of n", t][0] / sum(tables["more than one of n", t]) for t in thresholds]
lone = [tables["one of n", t][0] / sum(tables["one of n", t]) for t in thresholds]
claim(
    "few-atoms-at-any-threshold",
    max(together) < 0.5,
    f"Where several features fire together, atoms are never the rule with a bias: between {100 * min(together):.0f} % and {100 * max(together):.0f} % of the latents over these thresholds.",
    otherwise=f"Where several features fire together, the share of atoms with a bias depends on the threshold: between {100 * min(together):.0f} % and {100 * max(together):.0f} % of the latents.",
)
say(
    f"Where one feature fires at a time the label does hang on the threshold: between {100 * min(lone):.0f} % and {100 * max(lone):.0f} % of the latents are called atoms."
    if max(lone) - min(lone) > 0.1
    else f"Where one feature fires at a time, between {100 * min(lone):.0f} % and {100 * max(lone):.0f} % of the latents are called atoms over these thresholds."
)

# %% [markdown]
# *The words.* "Difference" is our word for a direction, not an explanation. $A + B - C$ with a bias at the mean and "not C" with a bias at the sum of all features describe the same three patterns. The account above only says which of the two is cheaper.
#
# ## So what?

# %% jupyter={"source_hidden": true} tags=["remove-input"]
say(
    f"A bias of the decoder is not a detail. It moves the point from which features are seen, lowers the floor without spread from {bound:.4f} to {floor:.4f}, and turns most latents into differences."
    if floor < bound and labelled["difference"] > total / 2
    else f"With these settings a bias lowers the floor without spread from {bound:.4f} to {floor:.4f}, and {labelled['difference']} of {total} latents are differences."
)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
n_trained = 5 * n_saes + 2 * len(sizes) * n_gallery + len(starts) * len(many_seeds)
say_trained(n_trained)

# %% [markdown]
# Two questions to take along:
#
# 1. If the samples were now and then empty, with no feature at all, where would the best bias go?
# 2. Large SAEs are often started with the bias at the median of the data and keep it trainable. Which of their latents would you suspect of being a "not"?
