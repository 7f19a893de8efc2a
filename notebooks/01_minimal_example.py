# %% [markdown]
# # The minimal example
#
# Does a sparse autoencoder find the features that its data are made of, or does it find mixtures of them? We build data
# whose true features are known and at right angles, train many small autoencoders on them, and look at every number
# they learned. The answer stands in the first section, and so does its condition: how many latents there are for the
# sets of features that fire together. A toy can only show that something *can* happen: what it says about large models
# is a question that we keep for the end.
#
# The question comes from [a comment](https://www.lesswrong.com/posts/QoR8noAB3Mp2KBA4B?commentId=mtPPrejkhYSudDh6m)
# under the forum post *Do sparse autoencoders find "true features"?* of February 2024. It shows a heat map and says of
# an autoencoder that it "has not learned a single atomic feature". A reader asks for a more detailed write-up. This is
# one.
#
# **You will see** that heat map, what each of its numbers means, how often the result occurs, and what it costs. **You
# will need** to know what a vector, a cosine and a neural network are. Nothing else is assumed.

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
seed: int = 0  # decides the data and the starting points
decoder_bias: bool = False  # whether the decoder has a bias
init: str = "random-sign"  # where the decoder rows start
threshold: float = 0.95  # cosine from which on a latent counts as aligned

# %%
import math

import pandas as pd
import torch

import toysae
from toysae import figures, measures, optimum, saes
from toysae.chapters.minimal_example import map_with_activations, pattern_table, sphere_paths
from toysae.chapters.parameters import check_parameters
from toysae.claims import (
    Fraction,
    claim,
    counted,
    fewer,
    more,
    mostly,
    mostly_not,
    nearly_all,
    nothing_to_judge,
    say,
    say_trained,
    show,
)

check_parameters(globals())
figures.house_style()

# %% [markdown]
# ## The whole experiment in a few lines
#
# A *world* makes the data. A *sparse autoencoder* (SAE) learns to rebuild them out of a few *latents*. We train not one
# but a whole stack of SAEs, each from its own starting point, because one SAE proves little. The rest of this page
# explains each line.
#
# The comment reports an SAE that has learned no feature by itself, only mixtures. Before we look, a rule for the
# verdict: that is *reproduced* if most of our SAEs consist of composites only, which means that each of their latents
# stands for several features that fire together. It *differs* if fewer than half do, and most have a latent that stands
# for a single feature. Anything between is *partly*. "Most" means that the whole interval of a count lies above one
# half. The same SAEs before training are the *control*: a rule that they pass as well would prove nothing. To have no
# latent for a single feature is such a rule, for a random direction is seldom near one; both counts stand beside the
# verdict.
#
# The number of latents is part of the question. A composite is a latent for a set of features that fire together, so
# there has to be a latent for each such set. Here there are as many sets as features: three choose two is three. [The
# larger example](02_larger_example.ipynb) takes worlds in which these numbers differ.

# %%
world = toysae.k_of_n(n_features, k_active, mu=mu, sigma=sigma)
seeds = range(seed * n_saes, (seed + 1) * n_saes)
start = toysae.start(world, n_latents, l1_coeff, seeds, init=init, decoder_bias=decoder_bias)


def batches(world):
    """Batches of a world: the same ones for every stack that is trained on it."""
    return saes.Batches(world, batch_size, torch.Generator().manual_seed(seed))


# %%
often = {"snapshots": True, "record_every": max(1, n_steps // 300)}
trained, history = saes.fit(start, batches(world), n_steps=n_steps, lr=lr, **often)
before = toysae.assess(start, world, threshold)
seen = toysae.assess(trained, world, threshold)
n_sets = len(world.composites())  # sets of features that fire together

# %% jupyter={"source_hidden": true} tags=["remove-input"]
no_atom, only, only_before = seen.no_atom, seen.composites_only, before.composites_only
claim(
    "no-atoms",
    (
        mostly(only) and n_latents >= n_sets,
        "Of {features} features {active} fire together, and there is a latent for each of the {sets} sets that do:"
        " most sparse autoencoders then learn composites only, and every latent stands for several features.",
        "reproduced",
    ),
    (
        mostly(only),
        "Of {features} features {active} fire together. Most sparse autoencoders learn composites only, though they"
        " have fewer latents than the {sets} sets that fire together.",
        "reproduced",
    ),
    (
        mostly(no_atom),
        "Most SAEs here have no latent for a single feature, but it cannot be said that most consist of composites"
        " only: {composites only.k} of {composites only.n} do.",
        "partly",
    ),
    (
        mostly_not(only),
        "Fewer than half of the SAEs here consist of composites only: {composites only.k} of {composites only.n} do.",
        "differs",
    ),
    (
        True,
        "Whether most SAEs here consist of composites only is undecided: {composites only.k} of {composites only.n}"
        " do.",
        "partly",
    ),
    evidence={
        "features": n_features,
        "active": k_active,
        "latents": n_latents,
        "sets": n_sets,
        "composites only": only,
        "no atom": no_atom,
        "no atom before training": before.no_atom,
    },
    control={"the SAEs before training": (mostly(only_before), only_before)},
    source="seed",
)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
say(
    "An interval says how far a count may be off. The SAEs are a sample from all the starting points there are; the"
    " share among *all* of them lies in the 95 % Wilson interval, unless this sample is one of the unluckiest 5 %. All"
    " SAEs of a stack see the same batches."
)

# %% [markdown]
# ## What are the data?
#
# A *feature* is something that can be present in a sample, more or less strongly. Each feature owns one direction in
# space, and the directions are at right angles: nothing overlaps, nothing is hidden. A sample is the sum of the
# features that fire in it,
#
# $$x = \sum_i a_i v_i ,$$
#
# where $v_i$ is the direction of feature $i$ and $a_i \ge 0$ its *activation*. Which features can fire together?

# %%
patterns, probabilities = world.firing.support()
names = measures.feature_names(n_features)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
shown = slice(0, 12)
show(
    pattern_table(patterns[shown], probabilities[shown]),
    f"For every sample exactly {k_active} of the {counted(n_features, 'feature')} are chosen to fire.",
    "Each row is one pattern, each column one feature; a filled cell means that the feature fires. "
    + (
        "All patterns are shown; they are equally likely."
        if len(patterns) <= 12
        else f"The first 12 of {len(patterns)} are shown; all are equally likely."
    ),
    alt="Table of firing patterns: one row per pattern, one column per true feature, filled where the feature fires.",
)

# %% [markdown]
# How strongly does a feature fire? When it fires, its activation is $\max(0, \mu + \sigma \varepsilon)$ with a fresh
# standard normal $\varepsilon$ each time. Where $\sigma$ is much smaller than $\mu$, these are the mean and the
# standard deviation of the magnitude; cutting off at zero changes both.

# %%
samples = world.sample(5, torch.Generator().manual_seed(seed))
pd.DataFrame(samples.numpy(), columns=names).round(2)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
active_mean, active_sd = world.magnitude_moments()
entry_mean, entry_sd = world.entry_moments()
silent = 0.5 * math.erfc(mu / (sigma * math.sqrt(2))) if sigma else 0.0
say(
    f"Here $\\mu = {mu:g}$ and $\\sigma = {sigma:g}$. Over the features that are chosen, the mean is then"
    f" {active_mean:.3f} and the standard deviation {active_sd:.3f}"
    + (f"; {100 * silent:.1f} % of them have activation zero after all" if silent > 0.0005 else "")
    + f". Over all entries of such a table, zeros included, if it were endless, they are {entry_mean:.3f} and"
    f" {entry_sd:.3f}. The comment prints $\\mu$ and $\\sigma$ above its heat map and does not say which of the two"
    " it means. Nor does it say how many features there are, who fires with whom, or what $\\lambda$ is. So all of"
    " these are *our* choice, stated in the parameters above; $\\lambda$ is explained next."
)

# %% [markdown]
# ## What is a sparse autoencoder?
#
# It is a network with one hidden layer. The hidden units are called *latents*. The encoder decides how strongly each
# latent fires; the decoder adds up one direction per latent, as strongly as it fires:
#
# $$z = \mathrm{relu}(x W_{enc} + b_{enc}), \qquad \hat x = z W_{dec}.$$
#
# Each row of $W_{dec}$ has length one, so it is a pure direction; all rows together are called the *dictionary*.
# Training minimises the error of the reconstruction plus a price for firing:
#
# $$\text{loss} = \tfrac12 \lVert x - \hat x \rVert^2 + \lambda \sum_j z_j .$$
#
# The price makes the SAE use few latents at a time, that is why it is called sparse. The hope behind SAEs is that the
# rows of $W_{dec}$ then become the feature directions $v_i$. Here is one SAE, written out, on one data point. (The
# decoder bias `b_dec` is zero unless it is switched on above.)

# %%
x = world.inputs(samples[0])


def one_loss(x, W_enc, b_enc, W_dec, b_dec):
    z = torch.relu((x - b_dec) @ W_enc + b_enc)  # how strongly each latent fires
    x_hat = z @ W_dec + b_dec  # the sum of their directions
    return (x - x_hat).square().sum() / 2 + l1_coeff * z.sum()


first = {name: value[0] for name, value in trained.parameters.items()}
first["b_dec"] = trained.b_dec[0]
by_hand = one_loss(x, **first)
by_stack = trained.losses(x[None])[0]

# %% jupyter={"source_hidden": true} tags=["remove-input"]
say(f"By these few lines the first SAE pays {by_hand:.4f} for this data point, by the package {by_stack:.4f}.")

# %% [markdown]
# Other sources write the loss differently. To compare values of $\lambda$:
#
# | their loss | their $\lambda$, for the same optimum |
# |---|---|
# | half the squared error, summed over dimensions (here) | $\lambda$ |
# | squared error without the half, summed | $2 \lambda$ |
# | squared error, mean over $d$ dimensions | $2 \lambda / d$ |
# | half the squared error, mean over $d$ dimensions | $\lambda / d$ |
#
# ## What would success look like?
#
# A heat map answers this. It has one row per latent and one column per true feature; each cell holds the *cosine*
# between the latent's direction and the feature's. A cosine of 1 means the same direction, 0 a right angle, $-1$ the
# opposite. If an SAE finds the true features, each row has one cell with a 1: such a latent is an *atom*. If each
# latent stands for features that fire together, each row has several equal cells: such a latent is a *composite*.

# %%
atoms = torch.eye(n_features)
composites = measures.cosines(world.composites(), world.features)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
share = 1 / k_active**0.5
expected = {"if it finds atoms": atoms.numpy(), "if it finds composites": composites[:12].numpy()}
show(
    figures.expected_maps({title: cosine for title, cosine in expected.items() if len(cosine)}),
    (
        "Two answers an SAE could give, written down by hand before any training."
        if len(composites)
        else "Only one answer can be written down: where features never fire together there is nothing to compose."
    ),
    f"Rows are latents, columns are true features, cells are cosines. A direction in the middle of {k_active} features"
    f" has cosine $1/\\sqrt{{{k_active}}} = {share:.2f}$ with each of them. Will training look like this? Decide before"
    " you read on.",
    alt="Two heat maps of cosines side by side: the atoms' map, and the composites' map.",
)

# %% [markdown]
# ## What did it learn?
#
# The stack holds many SAEs, and we may not pick the one that looks best. The rule, fixed beforehand: *draw the SAE with
# the lowest loss*, the one that solved its task best. Losses within a thousandth count as the same, and the first of
# those SAEs is drawn. Its latents are sorted by the features they stand for.

# %%
drawn = measures.by_loss(seen.losses)
best = drawn["lowest loss"]
order = measures.reading_order(seen.cosines, seen.labels, best)
strongest = mu * patterns.float()
z = trained.encode(world.inputs(strongest[shown]))[best]

# %% jupyter={"source_hidden": true} tags=["remove-input"]
pattern_names = ["+".join(n for n, on in zip(names, row, strict=True) if on) for row in patterns[shown].tolist()]
show(
    map_with_activations(
        seen,
        best,
        z,
        pattern_names,
        f"$\\mu$ = {mu:g}, $\\sigma$ = {sigma:g}, the SAE with the lowest loss of {n_saes}",
    ),
    f"The latents stand for: {measures.stand_for(seen, best)}.",
    "Left: cosine of each latent's direction with each true feature; the strip tells its label. Below, set apart, the"
    " cosine of the decoder bias. Right: how strongly the same latents fire on one sample of each pattern, with every"
    " active feature at its mean magnitude.",
    alt=(
        "Heat map of learned latents by true features with a separate bias row, beside a map of latent activations by"
        " pattern."
    ),
    name="minimal_heat_map",
)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
say(
    f"**The first row, read aloud.** This is latent {order[0] + 1}."
    f" {measures.row_read_aloud(seen, best, order[0], threshold)}"
)

# %% [markdown]
# The four labels follow one rule each, tried in this order. A latent is **dead** if it fires on no sample; **atomic**
# if its cosine with one feature reaches the threshold; **composite** if its cosine with the normalised sum of two or
# more features that fire together does; **mixed** otherwise. A latent that is not dead is *live*. The published
# threshold was fixed before we looked.
#
# Losses and labels are not judged on the batches of training, but on one fixed list of data points for all: each
# magnitude takes a few equally likely values, and every pattern appears with every combination of them.

# %% jupyter={"source_hidden": true} tags=["remove-input"]
bias_size = float(trained.b_dec[best].norm())
say(
    f"**Bias only.** The decoder bias is on, and this SAE has learned one of length {bias_size:.2f}. It is added to"
    " every reconstruction, so a part of the data can be explained before any latent fires, and the latents only have"
    " to write the rest. A row is then a step away from the bias, and need not be a sum of features."
    if decoder_bias
    else (
        "**Bias only.** The last row is the cosine of the decoder bias with each feature. It is all zeros because the"
        " bias is switched off: there is no bias. The comment did the same, since it says that a model as small as this"
        " one would use the bias for tricks. Nothing is lost by it, as all features start from the origin. Run this"
        " notebook with `decoder_bias=true` to see the tricks."
    )
)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
share_explained = float(seen.explained_variance[best])
warning = (
    "Notice that the reconstruction gives no warning. "
    if share_explained > 0.9 and bool(seen.lacks_atoms[best])
    else ""
)
say(
    f"{warning}This SAE explains {100 * share_explained:.1f} % of the variance of the data with {seen.l0[best]:.2f}"
    f" active latents per sample, and a true feature has on average a cosine of {seen.mmcs[best]:.2f} with the latent"
    " that is nearest to it."
)

# %% [markdown]
# ## Is that one SAE typical?
#
# Beside it stand the SAE with the median loss and the one with the highest loss. If the median looks the same, the
# lowest is no lucky exception; the highest shows what a bad outcome looks like. Again the first SAE is drawn of those
# whose loss is the same within a thousandth.

# %% jupyter={"source_hidden": true} tags=["remove-input"]
show(
    figures.heat_map_row(
        seen,
        {f"{name}: {seen.losses[i]:.4f}": i for name, i in drawn.items()},
        f"$\\mu$ = {mu:g}, $\\sigma$ = {sigma:g}",
    ),
    "Their latents stand for: "
    + "; ".join(f"{measures.stand_for(seen, i)} ({name})" for name, i in drawn.items())
    + ".",
    "Three SAEs of the same stack, chosen by their rank in loss alone. Cells and strips as in the figure above.",
    alt="Three heat maps side by side: the SAEs with the lowest, the median and the highest loss.",
)

# %% [markdown]
# ## How often does it happen?
#
# Counting needs care in two places. A *dead* latent never fires, so it is no evidence of anything: we count all SAEs,
# and again only those whose latents are all live. And a row that never learned anything is seldom an atom either, so we
# count the same SAEs *before* training. "No atom" alone would say little; so we also count the SAEs in which *every*
# latent is a composite.
#
# Does the starting point decide? We train more stacks on the same batches: without *resampling* (in the first half of
# training, dead latents are otherwise aimed afresh at badly explained samples), from rows that are random positive sums
# of the features, from the true features themselves, and from the composites.

# %%
places = {"positive rows": "positive", "the true features": "at-features", "the composites": "at-composites"}
unaided = toysae.train(start, batches(world), n_steps=n_steps, lr=lr, n_resamplings=0)
stacks = {"before training": start, "after training": trained, "without resampling": unaided}
for place, rows_there in places.items():
    placed = toysae.start(world, n_latents, l1_coeff, seeds, init=rows_there, decoder_bias=decoder_bias)
    stacks[f"started at {place}"] = toysae.train(placed, batches(world), n_steps=n_steps, lr=lr)
assessed = {name: toysae.assess(stack, world, threshold) for name, stack in stacks.items()}

# %%
atoms = world.features.expand(n_saes, -1, -1)
atoms_cost = float(optimum.dictionary_loss(world.features, world, l1_coeff))


def beats_atoms(stack, these):
    """SAEs whose loss is at most that of the atoms, given the same decoder bias."""
    cost = optimum.dictionary_loss(atoms, world, l1_coeff, decoder_bias=stack.b_dec)
    return these.losses <= cost + 1e-9


# %%
columns = {}
for name, these in assessed.items():
    without = these.lacks_atoms & these.all_live
    columns[name] = {
        "no atom": these.lacks_atoms.sum(),
        "all latents live": these.all_live.sum(),
        "both": without.sum(),
        "both, and loss at most the atoms'": (without & beats_atoms(stacks[name], these)).sum(),
        "composites only": these.all_composite.sum(),
    }
pd.DataFrame(columns).T.astype(int)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
tallies = {
    "no atom": {name: these.no_atom for name, these in assessed.items()},
    "no atom, among SAEs\nwith all latents live": {
        name: Fraction.of(these.lacks_atoms[these.all_live]) for name, these in assessed.items()
    },
    "composites only": {name: these.composites_only for name, these in assessed.items()},
}
show(
    figures.fractions(tallies),
    f"Composites only: before training {only_before}, after training {only}.",
    f"Fractions of the {n_saes} SAEs of each stack. A dot is the fraction, the bar its 95 % Wilson interval, the"
    " numbers beside it the counts. A row without a dot has nothing to count.",
    alt=(
        "Three dot plots with intervals, one row per starting point: SAEs with no atom, the same among SAEs with all"
        " latents live, and SAEs with composites only."
    ),
)

# %% [markdown]
# ## What does the way there look like?
#
# Is it a failure of training? As a *control* we train the same SAEs on features that fire independently: each is on or
# off whatever the others do. Two rates are worth a look. If each feature fires with probability one in $n$, it is often
# seen alone. If it fires as often as in our world, features meet by accident all the time.

# %%
rates = {"rare": 1 / n_features, "as in our world": k_active / n_features}
apart_worlds = {name: toysae.independent([rate] * n_features, mu=mu, sigma=sigma) for name, rate in rates.items()}
controls = {}
for name, independent in apart_worlds.items():
    stack, way = saes.fit(start, batches(independent), n_steps=n_steps, lr=lr, **often)
    controls[name] = way, toysae.assess(stack, independent, threshold)
at_features = toysae.start(world, n_latents, l1_coeff, seeds, init="at-features", decoder_bias=decoder_bias)
stayed = toysae.train(at_features, batches(apart_worlds["rare"]), n_steps=n_steps, lr=lr)
kept_apart = toysae.assess(stayed, apart_worlds["rare"], threshold)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
panels = {
    f"{k_active} of {n_features} fire together": (history.dictionaries, seen),
    f"independent, each with probability {rates['rare']:.2f}": (controls["rare"][0].dictionaries, controls["rare"][1]),
}
together, apart = (
    [f"{these.labels.count(kind).double().mean():.2f}" for kind in ("composite", "atomic")]
    for _, these in panels.values()
)
where = (
    " Three features can be drawn: a latent is a direction, so it is a point on a sphere. The sphere is seen from the"
    " middle of the corner where all features are positive. A, B and C are the true features; half-way along the edges"
    " lie the sums of two. The rim is the direction opposite to the viewer."
)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
if n_features == 3:
    show(
        sphere_paths(panels, world.features),
        f"Where features fire together, {together[0]} of {counted(n_latents, 'latent')} per SAE end as composites and "
        f"{together[1]} as atoms; where they are independent, {apart[0]} and {apart[1]} do.",
        f"The latents of all {n_saes} SAEs. A ring is where a latent starts, a dot where it ends, the line its way,"
        " coloured by its final label; a line is broken where a dead latent was aimed afresh. The map keeps areas"
        " true." + where,
        alt=(
            "Two maps of the sphere with corners A, B and C: paths of all latents from start to end, for the world and"
            " for the control."
        ),
        name="sphere_paths",
    )
else:
    say(f"The way of the latents over the sphere is drawn for three features only; here there are {n_features}.")

# %% jupyter={"source_hidden": true} tags=["remove-input"]
only_apart = controls["rare"][1].composites_only
claim(
    "training-makes-composites",
    (
        more(only, only_before),
        "Training makes the composites: {after.k} of {after.n} SAEs consist of nothing else after it, {before.k}"
        " before.",
        "holds",
    ),
    (
        fewer(only, only_before),
        "Training does away with composites: {after.k} of {after.n} SAEs consist of nothing else after it, {before.k}"
        " before.",
        "does not hold",
    ),
    (
        True,
        "The composites cannot be said to come from training: {after.k} of {after.n} SAEs consist of nothing else after"
        " it, {before.k} before.",
        "partly",
    ),
    evidence={"after": only, "before": only_before},
    control={"the same SAEs trained on independent features": (more(only_apart, only_before), only_apart)},
)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
left = assessed["started at the true features"].no_atom
claim(
    "atoms-are-left",
    (
        mostly(left),
        "Even SAEs that start at the true features leave them: {no atom.k} of {no atom.n} end without an atom.",
        "holds",
    ),
    (
        mostly_not(left),
        "Most SAEs that start at the true features keep at least one: {no atom.k} of {no atom.n} end without an atom.",
        "does not hold",
    ),
    (
        True,
        "Whether most SAEs that start at the true features leave them is undecided: {no atom.k} of {no atom.n} end"
        " without an atom.",
        "partly",
    ),
    evidence={"no atom": left},
    control={"the same SAEs trained on independent features": (mostly(kept_apart.no_atom), kept_apart.no_atom)},
)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
found = {name: Fraction.of(these.labels.features_found == n_features) for name, (_, these) in controls.items()}
found_before, found_together = (Fraction.of(these.labels.features_found == n_features) for these in (before, seen))
claim(
    "control-finds-atoms",
    (
        n_latents < n_features,
        "The control has nothing to show: an SAE with fewer latents than features cannot have an atom for each.",
        None,
    ),
    (
        mostly(found["rare"]) and nearly_all(found["as in our world"]),
        "When features fire independently, the same SAEs do find them all, at both rates.",
        "holds",
    ),
    (
        mostly(found["rare"]),
        "When features fire independently, most of the same SAEs find them all where each fires rarely. Where each"
        " fires as often as in our world, {all found as in our world.k} of {all found as in our world.n} do, which is"
        " not nearly all.",
        "partly",
    ),
    (
        mostly_not(found["rare"]),
        "Even when features fire independently and rarely, most SAEs do not find them all: {all found.k} of"
        " {all found.n} have an atom for every feature.",
        "does not hold",
    ),
    (
        True,
        "Whether most SAEs find all features when these fire independently is undecided: {all found.k} of"
        " {all found.n} have an atom for every feature.",
        "partly",
    ),
    evidence={
        "all found": found["rare"],
        "rate of each feature": rates["rare"],
        "all found as in our world": found["as in our world"],
        "rate as in our world": rates["as in our world"],
    },
    control={
        "the SAEs before training": (mostly(found_before), found_before),
        "the SAEs of our world": (mostly(found_together), found_together),
    },
)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
none_left = controls["as in our world"][1].no_atom
say(
    f"At the rate of our world, {none_left} of the independent SAEs have no atom at all."
    + (
        " So it matters not only whether features fire independently, but also how often each of them is seen without"
        " the others."
        if more(found["rare"], found["as in our world"])
        else ""
    )
)

# %% [markdown]
# ## What does each answer cost?
#
# Training lowers the loss. So ask what each answer costs when it is used as well as possible, with the best latent
# activations for every sample. Two dictionaries are known, the atoms and the composites. And there is a floor for SAEs
# without a decoder bias. Rows have length one, so writing a reconstruction of length $s$ takes latent activations that
# sum to at least $s$, and leaves an error of at least $(r - s)^2 / 2$ for a sample of length $r$. The sum of price and
# error is smallest at $s = r - \lambda$, where it is $\lambda r - \lambda^2 / 2$ (for $r \ge \lambda$). We call this
# the *radial bound*.

# %%
composites_cost = float(optimum.dictionary_loss(world.composites(), world, l1_coeff))
bound = optimum.radial_bound(world, l1_coeff)
picked = seen.lacks_atoms & seen.all_live
by_outcome = {"no atom, all live": seen.losses[picked], "all others": seen.losses[~picked]}
dots = {f"{name}: {len(losses)}": losses for name, losses in by_outcome.items() if len(losses)}

# %% jupyter={"source_hidden": true} tags=["remove-input"]
show(
    figures.loss_account(dots, {"atoms": atoms_cost, "composites": composites_cost, "radial bound": bound}),
    f"The atoms cost {atoms_cost:.4f}, all {counted(n_sets, 'composite')} together {composites_cost:.4f}, and no"
    f" SAE without a bias can cost less than {bound:.4f}.",
    "Each dot is the loss of one SAE, in rows by what it learned, with the number of SAEs; the lines are the costs of"
    " the two dictionaries at their best and the bound. Dots are spread vertically; where losses agree they merge into"
    " a bar." + (" With the decoder bias on, the bound does not apply to the dots." if decoder_bias else ""),
    alt="Strip plot of the losses of all SAEs, with vertical lines for atoms, composites and the radial bound.",
)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
claim(
    "composites-cheaper",
    (
        composites_cost < atoms_cost and n_latents >= n_sets,
        "The objective itself prefers the composites: with one latent for each they cost {composites cost:.4f}, the"
        " true features {true features cost:.4f}.",
        "holds",
    ),
    (
        composites_cost < atoms_cost,
        "The objective itself prefers the composites, though these SAEs have no room for all {composites}: with one"
        " latent for each they cost {composites cost:.4f}, the true features {true features cost:.4f}.",
        "holds",
    ),
    (
        True,
        "The objective does not prefer the composites here: with one latent for each they cost {composites cost:.4f},"
        " the true features {true features cost:.4f}.",
        "does not hold",
    ),
    evidence={"composites cost": composites_cost, "true features cost": atoms_cost, "composites": n_sets},
    source="theory",
)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
cheap = Fraction.of(beats_atoms(trained, seen)[picked])
cheap_before = Fraction.of(beats_atoms(start, before)[before.lacks_atoms & before.all_live])
same_bias = " with the same bias" if decoder_bias else ""
claim(
    "no-atom-costs-no-more",
    (
        nothing_to_judge(cheap),
        "With these settings no SAE without an atom has all its latents live, so none is held against {the atoms}.",
        None,
    ),
    (
        mostly(cheap),
        "Most SAEs without an atom cost no more than {the atoms}: {cost no more.k} of the {cost no more.n} whose"
        " latents are all live.",
        "holds",
    ),
    (
        mostly_not(cheap),
        "Most SAEs without an atom cost more than {the atoms}: of the {cost no more.n} whose latents are all"
        " live, {cost no more.k} do not.",
        "does not hold",
    ),
    (
        True,
        "Whether most SAEs without an atom cost no more than {the atoms} is undecided: {cost no more.k} of"
        " the {cost no more.n} whose latents are all live do.",
        "partly",
    ),
    evidence={"cost no more": cheap, "the atoms": "the true features" + same_bias},
    control={"SAEs without an atom before training": (mostly(cheap_before), cheap_before)},
)

# %% [markdown]
# Without any spread of magnitudes the argument closes: every pattern is then one single direction, and one latent on
# each of them reaches the floor exactly. Does training get there, if there is a latent for each pattern? We train the
# same SAEs again with $\sigma = 0$, now on the complete list of patterns with their probabilities, so that no sampling
# noise is left.

# %%
exact_world = toysae.k_of_n(n_features, k_active, mu=mu, sigma=0.0)
exact = toysae.assess(toysae.train(start, exact_world, n_steps=n_steps, lr=lr), exact_world, threshold)
exact_bound = optimum.radial_bound(exact_world, l1_coeff)
at_bound, at_bound_before = (
    Fraction.of(these.losses / exact_bound - 1 < 1e-3)
    for these in (exact, toysae.assess(start, exact_world, threshold))
)
atoms_above = float(optimum.dictionary_loss(exact_world.features, exact_world, l1_coeff)) / exact_bound - 1

# %% jupyter={"source_hidden": true} tags=["remove-input"]
claim(
    "bound-is-reached",
    (decoder_bias, "The decoder has a bias here, and the radial bound is one for SAEs without.", None),
    (
        mostly(at_bound),
        "With $\\sigma = 0$ most SAEs come within one part in a thousand of the radial bound, so no SAE of this kind"
        " can be noticeably better.",
        "holds",
    ),
    (
        n_latents < n_sets,
        "With $\\sigma = 0$ it cannot be said that most SAEs reach the radial bound, which is what one expects where"
        " patterns outnumber latents.",
        None,
    ),
    (
        mostly_not(at_bound),
        "With $\\sigma = 0$ most SAEs stay above the radial bound, although there is a latent for each pattern:"
        " {within a thousandth.k} of {within a thousandth.n} reach it.",
        "does not hold",
    ),
    (
        True,
        "Whether most SAEs reach the radial bound with $\\sigma = 0$ is undecided: {within a thousandth.k} of"
        " {within a thousandth.n} do.",
        "partly",
    ),
    evidence={"within a thousandth": at_bound, "radial bound": exact_bound},
    control={
        "the SAEs before training": (mostly(at_bound_before), at_bound_before),
        "the true features, which lie above it by %": (atoms_above < 1e-3, 100 * atoms_above),
    },
    source="theory",
)

# %% [markdown]
# ## What could be wrong?
#
# *The threshold.* A latent counts as atomic from a cosine that we chose. Would another choice tell another story? We
# label the same latents again, with thresholds from loose to strict.

# %%
thresholds = sorted({0.8, 0.85, 0.9, 0.95, 0.99, threshold})


def counts_at_thresholds(stack, these):
    """How many SAEs have no atom, and how many consist of composites only, at every threshold."""
    rows = stack.W_dec.double()
    relabelled = [toysae.label_latents(rows, world, these.live, t) for t in thresholds]
    without = [int((labels.count("atomic") == 0).sum()) for labels in relabelled]
    return without, [int((labels.count("composite") == n_latents).sum()) for labels in relabelled]


counted_after, counted_before = counts_at_thresholds(trained, seen), counts_at_thresholds(start, before)
change, change_before = (max(max(n) - min(n) for n in both) for both in (counted_after, counted_before))

# %% jupyter={"source_hidden": true} tags=["remove-input"]
spans = [" to ".join(map(str, sorted({min(counts), max(counts)}))) for counts in counted_after]
claim(
    "threshold-does-not-matter",
    (
        change <= 0.05 * n_saes,
        "The counts hardly depend on the threshold: from {loosest:g} to {strictest:g} they change by no more than"
        " {change} of {n} SAEs.",
        "holds",
    ),
    (
        True,
        "The counts depend on the threshold: from {loosest:g} to {strictest:g} they change by up to {change} of {n}"
        " SAEs.",
        "does not hold",
    ),
    evidence={
        "loosest": thresholds[0],
        "strictest": thresholds[-1],
        "change": change,
        "n": n_saes,
        "no atom": spans[0],
        "composites only": spans[1],
    },
    control={"the SAEs before training, whose counts change by": (change_before <= 0.05 * n_saes, change_before)},
)

# %% [markdown]
# *The choice of the world.* We chose how many features there are, who fires with whom, and how strongly. The parameters
# at the top are there to be changed: with a larger spread $\sigma$ the samples of one pattern no longer share one
# direction, which speaks against composites. Try `sigma=0.5`.
#
# *The words.* Composition has neighbours that should not be confused with it. In *absorption* a latent for a general
# feature stays silent where a specific one fires. In *splitting* one feature is divided among several latents. In
# *hedging* a latent leans towards a correlated feature because there are too few latents. They have different causes.
#
# ## So what?

# %% jupyter={"source_hidden": true} tags=["remove-input"]
lowest_loss = float(seen.losses.min())
say(
    f"Judge an SAE by its loss and you get what the loss asks for. The cheapest SAE found here costs {lowest_loss:.4f},"
    f" and its latents stand for: {measures.stand_for(seen, best)}. The true features"
    + (
        ", with the same bias, cost"
        f" {float(optimum.dictionary_loss(world.features, world, l1_coeff, decoder_bias=trained.b_dec[best])):.4f}."
        if decoder_bias
        else f" cost {atoms_cost:.4f}."
    )
)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
say_trained(saes.n_trained())

# %% [markdown]
# A toy shows what *can* happen when the data are clean and nothing is hidden. It does not show how often it happens in
# a large model, where features are many and fire in many combinations.
#
# Two questions to take along:
#
# 1. Before you run it: what should the map look like if all features fire in every sample?
# 2. If each feature also fired alone from time to time, how often would be often enough?
