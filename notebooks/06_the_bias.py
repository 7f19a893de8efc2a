# %% [markdown]
# # The bias
#
# A decoder bias is a latent that is always on and costs nothing. The comment switched it off, since so small a model
# would use it "to do tricky things". Which things? *Reproduced* means: in most sparse autoencoders (SAEs) the bias is
# at least half as long as the mean of the data ([how we judge](judging.md)).

# %% mystnb={"code_prompt_show": "Set-up: parameters, imports, training"} tags=["parameters", "hide-input"]
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

# %% tags=["hide-input"]
from dataclasses import replace
from math import ceil

import pandas as pd
import torch

import toysae
from toysae import figures, measures, optimum, saes, worlds
from toysae.chapters.parameters import check_parameters
from toysae.chapters.the_bias import (
    best_bias,
    costs_along_the_diagonal,
    floor_around,
    latents_needed,
    placed,
    seen_along_the_diagonal,
)
from toysae.claims import (
    Fraction,
    Mean,
    Pooled,
    above,
    below,
    claim,
    fewer,
    listed,
    more,
    mostly,
    mostly_not,
    say,
    say_trained,
    show,
)

check_parameters(globals())
figures.house_style()

# %% tags=["hide-input"]
world = toysae.k_of_n(n_features, k_active, mu=mu, sigma=sigma)
seeds = range(seed * n_saes, (seed + 1) * n_saes)
start = toysae.start(world, n_latents, l1_coeff, seeds, init=init, decoder_bias=True)
start_plain = toysae.start(world, n_latents, l1_coeff, seeds, init=init, decoder_bias=False)


def on_batches(start):
    """The stack trained on fresh batches, the same ones for every stack."""
    batches = saes.Batches(world, batch_size, torch.Generator().manual_seed(seed))
    return toysae.train(start, batches, n_steps=n_steps, lr=lr)


def look(stack, world):
    """Everything that is counted, with the labels of this notebook."""
    seen = toysae.assess(stack, world, threshold)
    return measures.with_signed_labels(seen, world, threshold)


trained = on_batches(start)
before, seen, plain = look(start, world), look(trained, world), look(on_batches(start_plain), world)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
points, probabilities = worlds.finite_data(world)
mean = probabilities @ points
filled, filled_before = (Fraction.of(of.b_dec.norm(dim=1) >= mean.norm() / 2) for of in (trained, start))
claim(
    "bias-fills",
    (
        mostly(filled),
        "The bias is used: it starts at zero, and in most SAEs it ends at least half as long as the mean of the data.",
        "reproduced",
    ),
    (
        mostly_not(filled),
        "The bias stays short: in fewer than half of the SAEs it is at least half as long as the mean of the data.",
        "differs",
    ),
    (
        True,
        "Whether most SAEs use the bias is undecided.",
        "partly",
    ),
    evidence={
        "bias at least half as long": filled,
        "note": "the control starts at zero, so it only shows that training makes the bias",
    },
    control={"the SAEs before training": (mostly(filled_before), filled_before)},
    source="seed",
)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
best_plain = measures.by_loss(plain.losses)["lowest loss"]
low, middle, high = measures.by_loss(seen.losses).values()
drawn = {
    f"no bias, loss {plain.losses[best_plain]:.4f}": best_plain,
    f"with a bias, loss {seen.losses[low]:.4f}": n_saes + low,
}
show(
    figures.heat_map_row(measures.joined([plain, seen]), drawn, f"$\\mu$ = {mu:g}, $\\sigma$ = {sigma:g}"),
    f"Without a bias: {measures.stand_for(plain, best_plain)}. With one: {measures.stand_for(seen, low)}.",
    f"The two SAEs with the lowest loss of {n_saes} each: rows are latents, columns true features, cells their cosine."
    " The last row, set apart, is the decoder bias.",
    alt="Two heat maps of cosines side by side, each with a bias row: an SAE without a bias and one with a bias.",
)

# %% jupyter={"source_hidden": true} tags=["remove-input", "evidence"]
first = measures.reading_order(seen.cosines, seen.labels, low)[0]
say(
    f"The first row of the right map, read aloud. This is latent {first + 1}."
    f" {measures.row_read_aloud(seen, low, first, threshold)}"
)
with_names = zip(measures.feature_names(n_features), seen.bias_cosines[low].tolist(), strict=True)
cosines = listed([f"{measures.signed(value)} with {name}" for name, value in with_names])
to_mean = float(measures.cosines(trained.b_dec[low].double(), mean[None])[0])
say(
    f"Bias only, read aloud. The bias has length {trained.b_dec[low].norm():.2f} and cosine {cosines}. Its cosine with"
    f" the mean of the data is {to_mean:.3f}, and the mean has length {mean.norm():.2f}. It is added to every"
    f" reconstruction before any latent fires. The maps show seeds {seeds[best_plain]} and {seeds[low]}."
)

# %% [markdown]
# ## What do the latents become?
#
# With a bias the SAE rebuilds $x - b$ instead of $x$, so its latents may have to write something negative. Two more
# labels say so, for latents that would otherwise be called mixed:
#
# * **negative**: it points *away* from a feature, or from a sum of features that fire together: $-C$, "not C".
# * **difference**: it points along the average of some features minus the average of others. We write $A + B - C$ and
#   mean $(A + B)/2 - C$.
#
# If both fit, the larger cosine decides. In few dimensions a random direction is easily near *some* difference, so the
# SAEs before training show the level of chance.

# %% mystnb={"code_prompt_show": "The same SAEs with a bias that starts at the mean, and counting"} tags=["hide-input"]
start_mean = placed(start, mean)
from_mean = look(on_batches(start_mean), world)
stacks = {
    "before training": before,
    "without a bias": plain,
    "bias from zero": seen,
    "bias from the mean": from_mean,
}
sampled_bound = optimum.radial_bound(world, l1_coeff)
rules = {
    "mostly differences": lambda these: Fraction.of(2 * these.labels.count("difference") > n_latents),
    "differences only": lambda these: Fraction.of(these.labels.count("difference") == n_latents),
    "no atom, of those all live": lambda these: Fraction.of(these.lacks_atoms[these.all_live]),
    "below the radial bound": lambda these: Fraction.of(these.losses < sampled_bound - 1e-6),
}
tallies = {title: {name: rule(these) for name, these in stacks.items()} for title, rule in rules.items()}

# %% jupyter={"source_hidden": true} tags=["remove-input"]
chance, without_bias, share = (
    tallies["mostly differences"][name] for name in ("before training", "without a bias", "bias from zero")
)
claim(
    "latents-become-differences",
    (
        mostly(share) and more(share, chance),
        "Latents become differences: most SAEs with a bias are made mostly of them, and more than before training.",
        "holds",
    ),
    (
        more(share, chance),
        "Training makes differences, but it cannot be said that most SAEs with a bias are made mostly of them.",
        "partly",
    ),
    (
        fewer(share, chance),
        "With a bias, fewer SAEs are made mostly of differences after training than before.",
        "does not hold",
    ),
    (
        True,
        "Whether training makes more differences than chance does is undecided.",
        "partly",
    ),
    evidence={"mostly differences with a bias": share, "before training": chance},
    control={"the SAEs without a bias": (mostly(without_bias) and more(without_bias, chance), without_bias)},
)

# %% jupyter={"source_hidden": true} tags=["remove-input", "evidence"]
labelled = {word: int(seen.labels.count(word).sum()) for word in seen.labels.words}
total = sum(labelled.values())
counts = listed([f"{count} {word}" for word, count in labelled.items() if count])
say(f"The labels of {total} latents with a bias: {counts}.")
pd.DataFrame({title: {name: f"{f.k} of {f.n}" for name, f in row.items()} for title, row in tallies.items()})

# %% [markdown]
# ## What does it look like from the bias?
#
# In "k of n" exactly $k$ of the $n$ features fire in each sample, every choice equally often. The *diagonal* is the
# direction of the sum of all features. Without spread the samples lie in a plane at right angles to it; with spread
# they lie around that plane. Look along the diagonal, and the mean of the data is in the middle.

# %% jupyter={"source_hidden": true} tags=["remove-input"]
chosen = {"lowest loss": low, "highest loss": high}
cloud = world.inputs(world.sample(400, torch.Generator().manual_seed(seed)))
arrows = trained.encode(cloud).amax(dim=1)[..., None] * trained.W_dec
if n_features == 3:
    words = {i: [seen.labels.word(i, j) for j in range(n_latents)] for i in chosen.values()}
    panels = {f"{name}: {seen.losses[i]:.4f}": (trained.b_dec[i], arrows[i], words[i]) for name, i in chosen.items()}
    show(
        seen_along_the_diagonal(panels, cloud),
        f"At the lowest loss the latents are {measures.stand_for(seen, low)}; at the highest,"
        f" {measures.stand_for(seen, high)}.",
        "Grey dots are samples, named by the features that fire; the black dot is the bias, and each latent is an arrow"
        " from there, as long as its strongest activation.",
        alt="Two panels with samples as a cloud of dots, the bias as a black dot and latents as arrows from there.",
    )
else:
    say(f"There are {n_features} features here, so this cannot be drawn. The account below says the same in numbers.")

# %% [markdown]
# ## Why is that cheaper?
#
# From a bias in the middle, a difference reaches a sample in one short step. Leave out the spread ($\sigma = 0$) and
# the account is exact. Put the bias on the diagonal, $b = s (v_1 + \dots + v_n)$. Seen from there, a sample has the
# coordinate $\mu - s$ along each of the $k$ features that fire and $-s$ along each of the others. Let $c(r)$ be the
# least that a latent can pay for a length $r$ in its own direction, with the part that it leaves unwritten: $c(r) =
# \lambda r - \lambda^2 / 2$, or $r^2 / 2$ if $r < \lambda$. Then, for $0 \le s \le \mu$:
#
# | dictionary | latents | it cannot write | cost of a sample |
# |---|---|---|---|
# | atoms $v_i$ | $n$ | every $-s$ | $k\, c(\mu - s) + (n - k)\, s^2/2$ |
# | composites | $\binom{n}{k}$ | every $-s$ | $c(\sqrt k (\mu - s)) + (n - k)\, s^2/2$ |
# | negatives $-v_i$ | $n$ | every $\mu - s$ | $(n - k)\, c(s) + k (\mu - s)^2/2$ |
# | differences, along each $x - b$ | $\binom{n}{k}$ | nothing | $c(\sqrt{k (\mu-s)^2 + (n-k) s^2})$ |
#
# A latent can only push one way: that is why something is left. The last line is the radial bound with the bias in the
# place of the origin, so *no* SAE with this bias pays less.

# %% mystnb={"code_prompt_show": "The account, its check, training without spread"} tags=["hide-input"]
shifts = torch.linspace(0, mu, 61, dtype=torch.float64)
account = costs_along_the_diagonal(n_features, k_active, shifts, mu, l1_coeff)
needed = latents_needed(n_features, k_active)
exact_world = toysae.k_of_n(n_features, k_active, mu=mu, sigma=0.0)
known = {"atoms": exact_world.features, "negatives": -exact_world.features, "composites": exact_world.composites()}

few = slice(None, None, 6)
along = shifts[few, None] * exact_world.features.sum(dim=0)
coded = {"differences": floor_around(along, exact_world, l1_coeff)}
for name, directions in known.items():
    copies = directions.expand(len(along), *directions.shape)
    coded[name] = optimum.dictionary_loss(copies, exact_world, l1_coeff, decoder_bias=along)
deviation = max(float((account[name][few] - losses).abs().max()) for name, losses in coded.items())
unwritten = float((k_active * (mu - shifts[few]).square() / 2).max())  # what negatives leave

# %% tags=["hide-input"]
exact = toysae.train(start, exact_world, n_steps=n_steps, lr=lr)
exact_plain = toysae.train(start_plain, exact_world, n_steps=n_steps, lr=lr)
exact_seen, exact_seen_plain = look(exact, exact_world), look(exact_plain, exact_world)
order = ["differences", "composites", "negatives", "atoms"]
cheapest = {name: float(account[name].min()) for name in order}
best_shift = {name: float(shifts[account[name].argmin()]) for name in order}

# %% jupyter={"source_hidden": true} tags=["remove-input"]
claim(
    "account-is-exact",
    (
        deviation < 1e-5,
        "The four formulas agree with the best latent activations that a computation finds, at every bias that was"
        " tried.",
        "holds",
    ),
    (
        True,
        "The four formulas and the best latent activations found by computation differ by up to {deviation:.5f}.",
        "does not hold",
    ),
    evidence={
        "deviation": deviation,
        "biases compared": len(along),
    },
    control={
        "the formula for negatives, less what they cannot write": (
            unwritten < 1e-5,
            f"it is off by up to {unwritten:.3g}",
        )
    },
    source="theory",
)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
top = max(2 * float(account["atoms"][0]), float(exact_seen.losses.max()), float(exact_seen_plain.losses.max()))
dots = {
    "with": (exact.b_dec.mean(dim=1), exact_seen.losses),
    "without": (torch.zeros(n_saes), exact_seen_plain.losses),
}
axes = {"xlabel": "$s$, how far the bias lies along the diagonal", "ylabel": "loss", "ylim": (0, 1.05 * top)}
winners = [name for name in order if cheapest[name] < min(cheapest.values()) + 1e-9]
show(
    figures.curve_figure({name: (shifts, account[name]) for name in order}, dots, **axes),
    f"Each at its best bias, {listed(winners)} cost least, {cheapest[winners[0]]:.4f}"
    + (f" at $s$ = {best_shift[winners[0]]:.2f}." if len(winners) == 1 else "."),
    f"Lines are the dictionaries of the table. Dots are {n_saes} SAEs trained with a bias, in the colour of"
    " differences, and as many without one at $s = 0$; a bias off the diagonal puts its dot beside the lines.",
    alt=(
        "Loss against the place of the bias along the diagonal: one line for each of the dictionaries, with the trained"
        " SAEs as dots."
    ),
)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
differences_win = cheapest["differences"] < min(cheapest[name] for name in order[1:]) - 1e-9
lead_without = float(min(account[name][0] for name in order[1:]) - account["differences"][0])  # without a bias, s = 0
fitting = [name for name in order if needed[name] <= n_latents]
claim(
    "differences-are-cheapest",
    (
        not differences_win,
        "Differences are not the cheapest: each at its best bias, they cost {cost of differences:.4f}, and the cheapest"
        " of the other three {cheapest of the others:.4f}.",
        "does not hold",
    ),
    (
        "differences" in fitting,
        "Differences are the cheapest, and these SAEs have enough latents for them: each at its best bias, they cost"
        " {cost of differences:.4f}, and the next {cheapest of the others:.4f}.",
        "holds",
    ),
    (
        bool(fitting),
        "Differences are the cheapest, at {cost of differences:.4f} against {cheapest of the others:.4f} for the next."
        " But these SAEs have too few latents for them; of the four, {cheapest that fit} are the cheapest that fit.",
        "holds",
    ),
    (
        True,
        "Differences are the cheapest, at {cost of differences:.4f} against {cheapest of the others:.4f} for the next."
        " But these SAEs have too few latents for any of the four.",
        "holds",
    ),
    evidence={
        "cheapest of the others": min(cheapest[name] for name in order[1:]),
        "cost of differences": cheapest["differences"],
        **{f"cost of {name}": cheapest[name] for name in order[1:]},
        "cheapest that fit": min(fitting, key=cheapest.get, default="none"),
        "latents that differences need": needed["differences"],
        "latents of these SAEs": n_latents,
    },
    control={"the same directions without a bias": (lead_without > 1e-9, f"{max(0.0, lead_without):.4f} cheaper")},
    source="theory",
)

# %% [markdown]
# Can a bias *off* the diagonal do better? No. The floor around a bias, the mean of $c(\lVert x - b \rVert)$, is a
# convex function of $b$, and exchanging features in $b$ does not change it. So the mean of all exchanges, which lies on
# the diagonal, has no higher floor. There all samples are equally far from the bias, and nearest at $s = k \mu / n$,
# the mean of the data. So no SAE with a decoder bias pays less than $c(\mu \sqrt{k (n - k) / n})$. If that distance is
# longer than $\lambda$, it takes a latent for every pattern to pay no more.

# %% mystnb={"code_prompt_show": "A search over all biases"} tags=["hide-input"]
best, floor = best_bias(exact_world, l1_coeff)
radius = mu * (k_active * (n_features - k_active) / n_features) ** 0.5
derived = float(optimum.radial_cost(torch.tensor(radius).double(), l1_coeff))
bound = optimum.radial_bound(exact_world, l1_coeff)
for_the_floor = needed["differences"] if radius > l1_coeff else 0
off_the_mean = float((best - mu * k_active / n_features).abs().max())
leaky = toysae.solo_leak(3, 2, 0.3, mu=mu)  # two of three, but sometimes a feature is alone
leaky_points, leaky_probabilities = worlds.finite_data(leaky)
leaky_off = float((best_bias(leaky, l1_coeff)[0] - leaky_probabilities @ leaky_points).abs().max())

# %% jupyter={"source_hidden": true} tags=["remove-input"]
claim(
    "best-bias-is-the-mean",
    (
        abs(floor - derived) < 1e-6 and off_the_mean < 1e-3,
        "A search over all biases agrees: the best one is the mean of the data, and its floor is that of the formula.",
        "holds",
    ),
    (
        True,
        "A search over all biases does not agree: its floor is {floor:.6f}, that of the formula {formula:.6f}, and its"
        " bias is up to {distance from the mean:.4f} away from the mean in an entry.",
        "does not hold",
    ),
    evidence={"entries": best.mean(), "floor": floor, "formula": derived, "distance from the mean": off_the_mean},
    control={"two of three with a feature that is sometimes alone": (leaky_off < 1e-3, leaky_off)},
    source="theory",
)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
at_floor, plain_at_floor = (these.losses <= 1.001 * floor + 1e-6 for these in (exact_seen, exact_seen_plain))
share_at_floor, share_of_plain = Fraction.of(at_floor), Fraction.of(plain_at_floor)
claim(
    "new-floor-is-reached",
    (
        not (exact_seen.losses >= floor - 1e-5).all(),
        "A loss below this floor was computed, which cannot be: {lowest loss:.6f} against {floor:.6f}.",
        "does not hold",
    ),
    (
        mostly(share_at_floor),
        "Training reaches this floor and does not go below it: most SAEs are within a thousandth of it.",
        "holds",
    ),
    (
        at_floor.any(),
        "Training reaches this floor and does not go below it, but it cannot be said that most SAEs get there.",
        "partly",
    ),
    (
        n_latents < for_the_floor,
        "Training stays above this floor, as it must: these SAEs have too few latents for it.",
        "does not hold",
    ),
    (
        True,
        "Training stays above this floor, although these SAEs have enough latents for it.",
        "does not hold",
    ),
    evidence={
        "lowest loss": exact_seen.losses.min(),
        "floor": floor,
        "within a thousandth": share_at_floor,
        "latents of these SAEs": n_latents,
        "latents that the floor takes": for_the_floor,
    },
    control={"the SAEs without a bias": (mostly(share_of_plain), share_of_plain)},
    source="theory",
)

# %% jupyter={"source_hidden": true} tags=["remove-input", "evidence"]
rest = exact_seen.losses[~at_floor]
first_above = int((~at_floor).int().argmax())  # by its seed
to_middle = float((exact.b_dec[first_above] - best).norm())
to_pattern = float((exact_world.support()[0] - exact.b_dec[first_above]).norm(dim=1).min())
nearest = {
    to_pattern < to_middle / 2: "so this answer counts from one pattern",
    to_middle < to_pattern / 2: "so this answer still counts from the middle",
}
if len(rest):
    losses = sorted({f"{loss:.4f}" for loss in (float(rest.min()), float(rest.max()))})
    say(
        f"{'All' if at_floor.sum() == 0 else f'The other {len(rest)} of'} {n_saes} end above the floor, with"
        f" {'the loss' if len(losses) == 1 else 'losses from'} {' to '.join(losses)}; negatives at their best bias pay"
        f" {cheapest['negatives']:.4f}. The first of them has the latents"
        f" {measures.stand_for(exact_seen, first_above)}."
        f" Its bias lies {to_middle:.2f} from the mean of the data and {to_pattern:.2f} from the nearest pattern,"
        f" {nearest.get(True, 'so it is near neither')}."
    )
else:
    say(f"All {n_saes} SAEs end at the floor.")

# %% [markdown]
# ## Does it matter where the bias starts?
#
# So far it started at zero; it may as well start at the mean of the data. Which of the two, seed by seed, ends within a
# hundredth of the lowest loss? The start *matters much* if the whole interval of the difference between the two shares
# lies beyond a quarter, both on these data and on those without spread.
#
# <details><summary>Why a quarter?</summary>
#
# The first edition asked for two intervals that do not overlap, on these data alone. What that said changed with the
# seed, and so did the sign of the mean difference. The quarter was chosen before the seeds that showed it were looked
# at.
#
# </details>

# %% mystnb={"code_prompt_show": "Both starts, with spread and without"} tags=["hide-input"]
exact_from_mean = look(toysae.train(start_mean, exact_world, n_steps=n_steps, lr=lr), exact_world)
MUCH = 0.25  # difference of two shares from which on a start matters much


def at_the_bottom(*stacks):
    """Which SAEs end within a hundredth of the lowest loss of all these stacks, stack by stack."""
    lowest = min(these.losses.min() for these in stacks)
    return [(these.losses <= 1.01 * lowest).double() for these in stacks]


pairs = {"with": at_the_bottom(seen, from_mean), "without": at_the_bottom(exact_seen, exact_from_mean)}
gain = {data: Mean.of(central - zero) for data, (zero, central) in pairs.items()}
zero, central = pairs["with"]
chance_gain = {data: Mean.of(zero.roll(1) - zero) for data, (zero, _) in pairs.items()}

# %% jupyter={"source_hidden": true} tags=["remove-input"]
claim(
    "start-of-the-bias",
    (
        all(below(these, -MUCH) for these in gain.values()),
        "Starting at the mean of the data hurts much: with spread and without, fewer SAEs come within a hundredth of"
        " the lowest loss, by a quarter of them or more.",
        "holds",
    ),
    (
        all(above(these, MUCH) for these in gain.values()),
        "Starting at the mean of the data helps much: with spread and without, more SAEs come within a hundredth of the"
        " lowest loss, by a quarter of them or more.",
        "does not hold",
    ),
    (
        True,
        "{better or worse}. But it is not shown that the start matters much: by a quarter or more on both kinds of"
        " data.",
        "partly",
    ),
    evidence={
        "better or worse": "Starting at the mean of the data is "
        + (
            "surely worse, with spread and without"
            if all(below(these, 0) for these in gain.values())
            else "surely better, with spread and without"
            if all(above(these, 0) for these in gain.values())
            else "not surely worse on both kinds of data, nor surely better on both"
        ),
        "near the lowest loss from zero": Fraction.of(zero),
        "from the mean": Fraction.of(central),
        **{f"difference of the shares, {data} spread": these for data, these in gain.items()},
    },
    control={
        "SAEs from zero of other seeds": (
            all(below(these, -MUCH) for these in chance_gain.values()),
            chance_gain["without"],
        )
    },
)

# %% [markdown]
# ## Which trick is used when?
#
# Now every world of "k of n" from three to six features, without spread, always with as many latents as features. There
# is a symmetry to test. With a bias the loss knows only the *shape* of the data, not where they lie: move or mirror all
# data, and the best SAE moves or mirrors with them. Exchange on and off, $x \to \mu (v_1 + \dots + v_n) - x$, and "k of
# n" becomes "$n - k$ of $n$". So the two must cost the same.

# %% mystnb={"code_prompt_show": "Training in every world of k of n"} tags=["hide-input"]
n_gallery = max(2, n_saes // 2)
sizes = [(n, k) for n in range(3, 7) for k in range(1, n)]
mirrored = [((n, k), (n, n - k)) for n, k in sizes if 2 * k < n]


def visit(group, decoder_bias):
    """Trains SAEs with n latents on some worlds "k of n" without spread, side by side: each SAE has its own weights."""
    n = group[0][0]
    data = [worlds.finite_data(toysae.k_of_n(*size, mu=mu)) for size in group]
    points = torch.cat([points for points, _ in data])
    weights = torch.block_diag(*[probabilities for _, probabilities in data]).repeat_interleave(n_gallery, dim=0)
    many_seeds = [*seeds[:n_gallery]] * len(group)
    start = toysae.start(toysae.k_of_n(n, 1), n, l1_coeff, many_seeds, decoder_bias=decoder_bias)
    done = toysae.train(start, saes.Support(points.float(), weights.float()), n_steps=n_steps, lr=lr)
    return {size: done[i * n_gallery : (i + 1) * n_gallery] for i, size in enumerate(group)}


# Many patterns are faster world by world
groups = [[size for size in sizes if size[0] == n] for n in range(3, 6)] + [[size] for size in sizes if size[0] == 6]
stays_off, stays_on = (
    {size: stack for group in groups for size, stack in visit(group, on).items()} for on in (False, True)
)
visits = {
    on: {size: look(stack, toysae.k_of_n(*size, mu=mu)) for size, stack in stacks.items()}
    for on, stacks in {False: stays_off, True: stays_on}.items()
}


# %% jupyter={"source_hidden": true} tags=["remove-input"]
def shares(labels):
    """The share of each label among all latents."""
    return [float(labels.count(word).double().mean()) / labels.kinds.shape[1] for word in labels.words]


panels = {
    title: {f"{k} of {n}": shares(these.labels) for (n, k), these in visits[on].items()}
    for title, on in {"without a bias": False, "with a bias": True}.items()
}
off, on = (sum(bar[0] == max(bar) for bar in bars.values()) for bars in panels.values())
show(
    figures.label_shares(panels, measures.SIGNED_LABELS),
    f"Atoms are the most frequent label in {off or 'none'} of {len(sizes)} worlds without a bias and in {on or 'none'}"
    " with one.",
    f"One row for each world; the bar divides the latents of {n_gallery} SAEs by label.",
    alt="Two panels of bars divided by label, one row for each world of k of n features: without and with a bias.",
)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
lows = {on: {size: float(these.losses.min()) for size, these in visits[on].items()} for on in visits}
floors = {(n, k): best_bias(toysae.k_of_n(n, k, mu=mu), l1_coeff)[1] for n, k in sizes}
mirror = max(abs(floors[one] - floors[other]) for one, other in mirrored)
no_mirror = max(abs(floors[n, k] - floors[n + 1, k]) for n, k in sizes if n < 6)
claim(
    "mirror-worlds-cost-the-same",
    (mirror < 1e-6, "A world and its mirror image have the same floor, in every pair.", "holds"),
    (True, "The floors of a world and its mirror image differ by up to {difference:.6f}.", "does not hold"),
    evidence={"difference": mirror, "pairs": len(mirrored)},
    control={"worlds that differ by a silent feature": (no_mirror < 1e-6, no_mirror)},
    source="theory",
)


# %% jupyter={"source_hidden": true} tags=["remove-input"]
def form(these):
    """The most frequent form of a latent in an SAE with the lowest loss: how many features it adds and takes away."""
    i = measures.by_loss(these.losses)["lowest loss"]
    sides = torch.stack([these.labels.members[i].sum(dim=1), these.labels.against[i].sum(dim=1)], dim=1)
    forms, counts = sides.unique(dim=0, return_counts=True)
    plus, minus = forms[counts.argmax()].tolist()
    return f"{plus} \N{MINUS SIGN} {minus}" if minus else str(plus) if plus else "mixed or dead"


forms = {on: [form(these) for these in visits[on].values()] for on in visits}
formed = list(zip(forms[True], [n for n, k in sizes], strict=True))
added = sum(found == f"1 \N{MINUS SIGN} {n - 1}" for found, n in formed)
taken = sum(found == f"{n - 1} \N{MINUS SIGN} 1" for found, n in formed)
say(
    f"In {added + taken} of the {len(sizes)} worlds the latents with a bias set one feature against all others: it is"
    f" added in {added or 'none'} and taken away in {taken or 'none'}."
    if added + taken
    else f"In none of the {len(sizes)} worlds do the latents with a bias set one feature against all others."
)

# %% jupyter={"source_hidden": true} tags=["remove-input", "evidence"]
apart, plain_apart = (max(abs(lows[on][a] / lows[on][b] - 1) for a, b in mirrored) for on in (True, False))
say(
    "The table counts features of the most frequent kind of latent in an SAE with the lowest loss: 1 is an atom, 2 a"
    " composite of two, 2 \N{MINUS SIGN} 1 the average of two features minus a third. To reach the floor takes a latent"
    " for every pattern, unless the price $\\lambda$ is so high that the latents had better stay silent. The lowest"
    f" *trained* losses of a pair differ by at most {ceil(1e4 * apart) / 100:g} % with a bias and"
    f" {ceil(100 * plain_apart)} % without."
)
table = {
    "no bias": [f"{low:.4f}" for low in lows[False].values()],
    "bias": [f"{low:.4f}" for low in lows[True].values()],
    "floor": [f"{floors[size]:.4f}" for size in sizes],
    "patterns": [latents_needed(n, k)["differences"] for n, k in sizes],
    "form, no bias": forms[False],
    "form, bias": forms[True],
}
pd.DataFrame(table, index=[f"{k} of {n}" for n, k in sizes])

# %% [markdown]
# ## Can a bias hide a feature that fires alone?
#
# Where one feature fires at a time, nothing should be composed. But from the mean of the data, the sample with feature
# $A$ lies towards $A$ *and away from all others*, in a direction whose cosine with $v_A$ is $\sqrt{1 - 1/n}$: near an
# atom for many features, far from one for few. So whether it is called an atom depends on the threshold. Atoms
# *disappear* in a world if most SAEs with a bias, all latents live, have none, and more of them than without a bias. It
# must be so at two thresholds, ours and a looser one.

# %% mystnb={"code_prompt_show": "Counting SAEs without an atom"} tags=["hide-input"]
alone = [(n, 1) for n in range(3, 7)]
lone = {on: [these[size] for size in alone] for on, these in visits.items()}
LOOSE = 0.8  # a second threshold, the loosest of this chapter


def without_atoms(cosine):
    """SAEs without an atom, among those with all latents live, by whether there is a bias and by world."""
    has = {on: [((these.cosines >= cosine).any(dim=2) & these.live).any(dim=1) for these in lone[on]] for on in lone}
    return {on: [Fraction.of(~h[s.all_live]) for h, s in zip(has[on], lone[on], strict=True)] for on in lone}


def lost_to_the_bias(counts):
    """By world: most SAEs with a bias have no atom, and more of them than without a bias."""
    return [mostly(on) and more(on, off) for on, off in zip(counts[True], counts[False], strict=True)]


lost, lost_loosely = without_atoms(threshold), without_atoms(LOOSE)
gone, gone_loosely = lost_to_the_bias(lost), lost_to_the_bias(lost_loosely)
most_without = max(lost[False], key=lambda share: share.k)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
claim(
    "lone-features-are-lost",
    (
        all(gone) and all(gone_loosely),
        "Where one feature fires at a time, a bias alone makes the atoms disappear: in each of {worlds} worlds, at both"
        " thresholds.",
        "holds",
    ),
    (
        all(gone),
        "Where one feature fires at a time, a bias alone makes the atoms disappear in each of {worlds} worlds at a"
        " threshold of {threshold:g}; at {second threshold:g} it does in {worlds at the second threshold}.",
        "partly",
    ),
    (
        any(gone),
        "Where one feature fires at a time, a bias alone makes the atoms disappear in {worlds without atoms} of"
        " {worlds} worlds.",
        "partly",
    ),
    (
        True,
        "Of none of the {worlds} worlds with one feature at a time can it be said that a bias makes the atoms"
        " disappear.",
        "does not hold",
    ),
    evidence={
        "worlds": len(alone),
        "worlds without atoms": sum(gone),
        "threshold": threshold,
        "second threshold": LOOSE,
        "worlds at the second threshold": sum(gone_loosely) or "none",
        **{f"no atom with a bias, $n = {n}$": share for (n, _), share in zip(alone, lost[True], strict=True)},
    },
    control={"the SAEs without a bias": (all(map(mostly, lost[False])), most_without)},
)

# %% jupyter={"source_hidden": true} tags=["remove-input", "evidence"]
away = {size: (stays_on[size].b_dec - mu / size[0]).norm(dim=1) / (mu / size[0] ** 0.5) for size in alone}
rows = {
    "bias near the mean of the data": [Fraction.of(away[size] < 0.1) for size in alone],
    "no bias: an atom for every feature": [
        Fraction.of(s.labels.features_found == s.live.shape[1]) for s in lone[False]
    ],
    "no bias: no atom": lost[False],
    "bias: no atom": lost[True],
    f"bias: no atom at {LOOSE:g}": lost_loosely[True],
}
say("A bias is near the mean if it lies within a tenth of the mean's length from it.")
pd.DataFrame(
    {name: [f"{f.k} of {f.n}" for f in row] for name, row in rows.items()}, index=[f"1 of {n}" for n, _ in alone]
).T

# %% [markdown]
# ## Do independent features survive the bias?
#
# Three features, each of which fires on its own, without spread, at one rate after another. Exchanging on and off turns
# a rate $p$ into $1 - p$ and an atom into a negative, so the two cost the same at a rate of one half. Below it atoms
# are cheaper, since an atom is paid for when its feature fires and a negative when it does not (unless the price is so
# high that both stay silent); above it, negatives. A bias that starts at the mean respects this symmetry, one that
# starts at zero does not.
#
# Training *follows* the account at a rate if most SAEs have more atoms than negatives there, below one half, or more
# negatives than atoms, above. It follows it on a side if it does at half of the rates there or more. The control has no
# bias, so it can have no negatives.

# %% mystnb={"code_prompt_show": "Training at nine rates"} tags=["hide-input"]
rates = [i / 10 for i in range(1, 10)]
each = torch.tensor(rates).repeat_interleave(n_gallery)
three = toysae.independent([0.5] * 3, mu=mu)
patterns, _ = three.firing.support()
weights = torch.where(patterns, each[:, None, None], 1 - each[:, None, None]).prod(dim=2)
mixed_rates = saes.Support(mu * patterns.float(), weights)
many_seeds = list(seeds[:n_gallery]) * len(rates)
zeros = toysae.start(three, 3, l1_coeff, many_seeds, decoder_bias=True)
starts = {
    "no bias": toysae.start(three, 3, l1_coeff, many_seeds, decoder_bias=False),
    "bias from zero": zeros,
    "bias from the mean": placed(zeros, (mu * each[:, None]).expand(-1, 3)),
}
control = {}
for name, untrained in starts.items():
    stack = toysae.train(untrained, mixed_rates, n_steps=n_steps, lr=lr)
    # The same patterns occur at every rate, so one rate is enough to tell the labels
    control[name] = look(stack, three)


# %% tags=["hide-input"]
def at_rate(labels, i):
    """The labels of the SAEs at one rate."""
    here = slice(i * n_gallery, (i + 1) * n_gallery)
    return replace(labels, kinds=labels.kinds[here], members=labels.members[here], against=labels.against[here])


split = {name: [at_rate(these.labels, i) for i in range(len(rates))] for name, these in control.items()}
leads = {name: [part.count("atomic") - part.count("negative") for part in parts] for name, parts in split.items()}


def followed(name):
    """The rates at which training follows the account, and those at which that cannot be said."""
    demanded = {p: (lead if p < 0.5 else -lead) > 0 for p, lead in zip(rates, leads[name], strict=True) if p != 0.5}
    does = [p for p, these in demanded.items() if mostly(Fraction.of(these))]
    return does, [p for p in demanded if p not in does]


def as_words(some_rates):
    return listed([f"{p:g}" for p in some_rates] or ["none"])


def sides_followed(does):
    """The sides of one half, below and above, on which training follows the account at half of the rates or more."""
    sides = {"below": [p for p in rates if p < 0.5], "above": [p for p in rates if p > 0.5]}
    return [side for side, there in sides.items() if 2 * len(set(there) & set(does)) >= len(there)]


# %% jupyter={"source_hidden": true} tags=["remove-input"]
panels = {
    name: {f"rate {p:g}": shares(part) for p, part in zip(rates, parts, strict=True)} for name, parts in split.items()
}
lead_at = [int((leads["bias from the mean"][i] > 0).sum()) for i in (0, len(rates) - 1)]
show(
    figures.label_shares(panels, measures.SIGNED_LABELS),
    f"With a bias from the mean, atoms outnumber negatives in {lead_at[0] or 'none'} of {n_gallery} SAEs at the"
    f" lowest rate and in {lead_at[1] or 'none'} at the highest.",
    "One row for each rate, at which each of three independent features fires; the bar divides the latents by label.",
    alt=(
        "Three panels of bars divided by label, one row for each rate: without a bias, with a bias started at zero,"
        " with a bias started at the mean."
    ),
)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
does, cannot_be_said = followed("bias from the mean")
from_zero, open_from_zero = map(as_words, followed("bias from zero"))
sides, sides_without = sides_followed(does), sides_followed(followed("no bias")[0])
claim(
    "negatives-above-one-half",
    (
        len(sides) == 2,
        "If the bias starts at the mean, training follows the account on both sides of one half, at {so many}.",
        "holds",
    ),
    (
        len(sides) == 1,
        "If the bias starts at the mean, training follows the account at rates on one side of one half; on the other"
        " side that cannot be said.",
        "partly",
    ),
    (
        True,
        "If the bias starts at the mean, it can be said of neither side of one half that training follows the account.",
        "does not hold",
    ),
    evidence={
        "so many": f"{len(does)} of {len(rates) - 1} rates; at the others that cannot be said"
        if cannot_be_said
        else f"all {len(does)} rates",
        "most SAEs do at the rates": as_words(does),
        "it cannot be said at": as_words(cannot_be_said),
        "from zero most do at": from_zero,
        "from zero it cannot be said at": open_from_zero,
    },
    control={"the SAEs without a bias": (len(sides_without) == 2, f"follow it {listed(sides_without or ['nowhere'])}")},
    source="theory",
)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
low_rates = [p for p in rates if p < 0.5]
complete = {  # an atom for every feature, at each low rate and for each seed
    name: torch.stack([part.features_found == 3 for part in parts[: len(low_rates)]]) for name, parts in split.items()
}
# By seed, over these rates together: SAEs of one seed share their start from rate to rate
cost = Mean.of_clusters((complete["no bias"].double() - complete["bias from zero"].double()).T)
no_cost = Mean.of_clusters((complete["no bias"].double() - complete["no bias"].roll(1, dims=1).double()).T)
claim(
    "control-suffers",
    (
        above(cost, 0),
        "Even below one half a bias from zero costs atoms: fewer SAEs than without a bias have an atom for every"
        " feature.",
        "holds",
    ),
    (
        below(cost, 0),
        "Below one half a bias from zero brings atoms: more SAEs than without a bias have an atom for every feature.",
        "does not hold",
    ),
    (
        True,
        "Whether a bias from zero costs atoms below one half is undecided.",
        "partly",
    ),
    evidence={
        "smaller share, over these rates together": cost,
        **{f"an atom for every feature, {name}": Pooled.of(found) for name, found in complete.items()},
    },
    control={"other seeds without a bias": (above(no_cost, 0), no_cost)},
)

# %% [markdown]
# ## Why switch it off?
#
# The comment says no more than that the bias would do tricky things. Our reason is this. The features of this toy
# radiate from the origin, where nothing fires. Only from there does a feature's direction mean "this feature, and
# nothing else". A bias abandons that point: the loss then rewards any place from which the samples are near. In mean
# square no place is nearer than the mean of the data; in "k of n" without spread every sample is nearer to it than to
# the origin, by a factor of $\sqrt{1 - k/n}$.

# %% jupyter={"source_hidden": true} tags=["remove-input"]
lower = f"{100 * (1 - floor / bound):.0f} % below" if floor < bound - 1e-9 else "not below"
proof = (
    " And with a bias a heat map without atoms proves little: where one feature fires at a time nothing is composed,"
    f" and at a threshold of {threshold:g} the atoms "
    + ("are" if all(gone) else "of some worlds are")
    + " gone all the same."
)
say(
    f"Without spread the floor with a bias is {floor:.4f}, {lower} the radial bound of {bound:.4f}."
    + (proof if any(gone) else "")
)

# %% [markdown]
# Switching the bias off costs loss, but no feature: each of them starts at the origin, so a direction from the origin
# can stand for it. SAEs in practice do have a bias. Where few of very many features fire, the factor above is close to
# one, so there should be less to gain. That is an argument, not a measurement.
#
# ## What could be wrong?
#
# *The threshold.* A lone feature seen from the mean is called a difference or an atom depending on where the line is
# drawn. We label the latents of all worlds of "k of n" again, at five thresholds.

# %% mystnb={"code_prompt_show": "Labels at five thresholds"} tags=["hide-input"]
thresholds = [0.8, 0.85, 0.9, 0.95, 0.99]


def relabelled(size, threshold, on=True):
    """Latents by label in one world, for another threshold: by label and SAE."""
    these, other = visits[on][size], toysae.k_of_n(*size, mu=mu)
    labels = toysae.label_latents(these.cosines, other, these.live, threshold)
    signed = measures.with_signed_labels(replace(these, labels=labels), other, threshold)
    return torch.stack([signed.labels.count(word) for word in measures.SIGNED_LABELS])


kinds_of_world = {"one of n": alone, "more than one of n": [size for size in sizes if size[1] > 1]}
tables = {
    (name, t): torch.stack([relabelled(size, t) for size in group]).sum(dim=0)
    for name, group in kinds_of_world.items()
    for t in thresholds
}
several = kinds_of_world["more than one of n"]
without = {t: torch.stack([relabelled(size, t, on=False) for size in several]).sum(dim=0) for t in thresholds}

# %% jupyter={"source_hidden": true} tags=["remove-input"]
dead = measures.SIGNED_LABELS.index("dead")


def shares_of_atoms(table):
    """By seed, over the worlds together: the share of atoms among live latents."""
    return (table[0] / (table.sum(dim=0) - table[dead])).double()


shares_with = [shares_of_atoms(tables["more than one of n", t]) for t in thresholds]
shares_without = [shares_of_atoms(without[t]) for t in thresholds]
lone_live = bool(shares_of_atoms(tables["one of n", thresholds[0]]).isfinite().all())  # some, in every SAE
together = [Mean.of(share) for share in shares_with]
fewer_with = [Mean.of(on - off) for on, off in zip(shares_with, shares_without, strict=True)]
fewer_by_chance = [Mean.of(on - on.roll(1)) for on in shares_with]
claim(
    "few-atoms-at-any-threshold",
    (
        all(map(mostly_not, together)) and all(below(difference, 0) for difference in fewer_with),
        "Where several features fire together, atoms are less than half of the live latents with a bias, and fewer than"
        " without one, at each of these thresholds.",
        "holds",
    ),
    (
        any(map(mostly_not, together)),
        "Where several features fire together, it cannot be said at each of these thresholds that atoms are less than"
        " half of the live latents with a bias, and fewer than without one.",
        "partly",
    ),
    (
        True,
        "Where several features fire together, it can be said at none of these thresholds that atoms are less than half"
        " of the live latents with a bias.",
        "does not hold",
    ),
    evidence={
        "lowest share of atoms, %": 100 * min(share.mean for share in together),
        "highest share, %": 100 * max(share.mean for share in together),
        "thresholds": len(thresholds),
        "share at the loosest threshold": together[0],
        "less what it is without a bias": fewer_with[0],
    },
    control={
        "SAEs with a bias of other seeds": (all(below(these, 0) for these in fewer_by_chance), fewer_by_chance[0])
    },
)
lone_shares = [100 * float(shares_of_atoms(tables["one of n", t]).mean()) for t in thresholds if lone_live]
say(
    f"Where one feature fires at a time, {min(lone_shares):.0f} to {max(lone_shares):.0f} % of the live latents are"
    f" called atoms: {'it depends on' if max(lone_shares) - min(lone_shares) > 10 else 'little depends on'} the"
    " threshold."
    if lone_shares
    else "Where one feature fires at a time, some SAE has no live latent, so the share of atoms is not told."
)

# %% jupyter={"source_hidden": true} tags=["remove-input", "evidence"]
pd.DataFrame({key: table.sum(dim=1).tolist() for key, table in tables.items()}, index=measures.SIGNED_LABELS).T

# %% [markdown]
# *The words.* "Difference" is our word for a direction, not an explanation. $A + B - C$ with a bias at the mean and
# "not C" with a bias at the sum of all features describe the same three patterns. The account only says which is
# cheaper.
#
# ## So what?
#
# A decoder bias is not a detail: it moves the point from which features are seen, and a direction means something else
# from another point. Before reading a latent of an SAE with a bias, ask what the bias already says.

# %% jupyter={"source_hidden": true} tags=["remove-input"]
say_trained(saes.n_trained())

# %% [markdown]
# A question: large SAEs are often started with the bias at the median of the data and keep it trainable. Which of their
# latents would you suspect of being a "not"?
