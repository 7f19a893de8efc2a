# %% [markdown]
# # The minimal example
#
# A sparse autoencoder (SAE) is meant to find the features that its data are made of. [A
# comment](https://www.lesswrong.com/posts/QoR8noAB3Mp2KBA4B?commentId=mtPPrejkhYSudDh6m) shows the heat map of a small
# one that "has not learned a single atomic feature". We train such SAEs on features that we know. What do they learn?

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
seed: int = 0  # decides the data and the starting points
decoder_bias: bool = False  # whether the decoder has a bias
init: str = "random-sign"  # where the decoder rows start
threshold: float = 0.95  # cosine from which on a latent counts as aligned

# %% tags=["hide-input"]
import math

import pandas as pd
import torch

import toysae
from toysae import figures, live, measures, optimum, saes
from toysae.chapters.minimal_example import given, map_with_activations, sphere_paths, two_ways, ways
from toysae.chapters.parameters import check_parameters
from toysae.claims import (
    Fraction,
    claim,
    fewer,
    more,
    mostly,
    mostly_not,
    nearly_all,
    nothing_to_judge,
    say,
    say_trained,
    show,
    show_interactive,
)

check_parameters(globals())
figures.house_style()

# %% tags=["hide-input"]
world = toysae.k_of_n(n_features, k_active, mu=mu, sigma=sigma)
seeds = range(seed * n_saes, (seed + 1) * n_saes)
start = toysae.start(world, n_latents, l1_coeff, seeds, init=init, decoder_bias=decoder_bias)


def batches(world):
    """Batches of a world: the same ones for every stack that is trained on it."""
    return saes.Batches(world, batch_size, torch.Generator().manual_seed(seed))


often = {"snapshots": True, "record_every": max(1, n_steps // 300)}
trained, history = saes.fit(start, batches(world), n_steps=n_steps, lr=lr, **often)
before = toysae.assess(start, world, threshold)
seen = toysae.assess(trained, world, threshold)

# %% tags=["hide-input"]
# The rule, written before the result: "reproduced" if in most SAEs every latent is a composite; the control are the
# same SAEs before training. To have no atom is not enough: a random direction is seldom close to a feature.
n_sets = len(world.composites())  # sets of features that fire together
no_atom, only, only_before = seen.no_atom, seen.composites_only, before.composites_only
complete = Fraction.of(seen.all_composite & (seen.labels.sets_found == n_sets))
silent = 0.5 * math.erfc(mu / (sigma * math.sqrt(2))) if sigma else 0.0  # chosen to fire, and zero after all
words = given(world, k_active, n_latents, silent)

# %% tags=["hide-input"]
patterns, _ = world.firing.support()
names, shown = measures.feature_names(n_features), slice(0, 12)
drawn = measures.by_loss(seen.losses)
best = drawn["lowest loss"]  # the rule: draw the SAE that solved its task best
order = measures.reading_order(seen.cosines, seen.labels, best)
strength = trained.encode(world.inputs(mu * patterns[shown].float()))[best]
pattern_names = ["+".join(n for n, on in zip(names, row, strict=True) if on) for row in patterns[shown].tolist()]

# %% jupyter={"source_hidden": true} tags=["remove-input"]
claim(
    "no-atoms",
    (
        nearly_all(complete),
        "Give an SAE {features}, and {latents}, and it learns the {sets} and no feature.",
        "reproduced",
    ),
    (
        mostly(only) and n_latents >= n_sets,
        "Give many SAEs {features}, and {latents}, and most learn {sets} and no feature.",
        "reproduced",
    ),
    (
        mostly(only),
        "Give many SAEs {features}, but only {latents}, and most still learn {sets} and no feature.",
        "reproduced",
    ),
    (
        mostly(no_atom),
        "Give many SAEs {features}, and {latents}, and most learn no feature. But {composites only.k} of"
        " {composites only.n} learn nothing but {sets}, too few to say that most do.",
        "partly",
    ),
    (
        mostly_not(only),
        "Give many SAEs {features}, and {latents}, and fewer than half learn nothing but {sets}:"
        " {composites only.k} of {composites only.n} do.",
        "differs",
    ),
    (
        True,
        "Give many SAEs {features}, and {latents}, and it is undecided whether most learn nothing but {sets}:"
        " {composites only.k} of {composites only.n} do.",
        "partly",
    ),
    evidence={
        "features": words.features,
        "latents": words.latents,
        "sets": words.sets,
        "composites only": only,
        "every composite found": complete,
        "no atom": no_atom,
        "no atom before training": before.no_atom,
        "SAE": f"plain L1 price, {'a' if decoder_bias else 'no'} decoder bias",
        "settings": "our choice",
    },
    control={"the SAEs before training": (mostly(only_before), only_before)},
    source="seed",
)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
show(
    map_with_activations(
        seen,
        best,
        strength,
        pattern_names,
        f"magnitudes: mean $\\mu$ = {mu:g}, standard deviation $\\sigma$ = {sigma:g}",
    ),
    f"The latents of this SAE stand for {measures.stand_for(seen, best)}.",
    "Left: the cosine of each latent's direction with each true feature (1 is the same direction, 0 a right angle);"
    " right: how strongly the latent fires on samples of these features"
    + (f", the first 12 of {len(patterns)} combinations." if len(patterns) > 12 else "."),
    alt=(
        "Heat map of learned latents by true features with a separate bias row, beside a map of latent activations by"
        " combination of features."
    ),
    name="minimal_heat_map",
)

# %% jupyter={"source_hidden": true} tags=["evidence", "remove-input"]
say(
    f"Drawn is the SAE with the lowest loss of {n_saes}; losses within a thousandth of each other count as the same,"
    " and the first of those SAEs is taken. The latents of the SAE with the median loss stand for"
    f" {measures.stand_for(seen, drawn['median loss'])}; those of the SAE with the highest loss for"
    f" {measures.stand_for(seen, drawn['highest loss'])}."
)

# %% [markdown]
# <details><summary>How do I read a claim?</summary>
#
# The run chose the sentence beside a coloured bar. *Most* is said if a count is above one half even at the low end of
# its interval; *surely*, if a difference survives a correction for how many were compared ([how we judge](judging.md)).
#
# The small print holds what was counted, and the *control*: a case in which the same test should fail, or it would show
# nothing.
#
# The last line is the verdict on what somebody said (*reproduced*, *partly*, *differs*), or what theory or we ourselves
# said (*holds*, *partly*, *does not hold*).
#
# </details>
#
# ## One row, read aloud

# %% jupyter={"source_hidden": true} tags=["remove-input"]
say(
    f"Take the first row, latent {order[0] + 1}. {measures.row_read_aloud(seen, best, order[0], threshold)} On the"
    f" right, the best activation of a composite{' without a bias' if decoder_bias else ''} is"
    f" {max(0.0, math.sqrt(k_active) * mu - l1_coeff):.2f}:"
    f" {'the length of the sample less the price' if math.sqrt(k_active) * mu > l1_coeff else 'the price is too high'}."
)

# %% [markdown]
# Each latent gets the first of four labels that fits. It is **dead** if it never fires, and else *live*: an **atom** if
# its cosine with one feature reaches the threshold; a **composite** if its cosine with the normalised sum of features
# that fire together does; **mixed** otherwise. Had the SAE found the features, each row would hold a single 1.

# %% jupyter={"source_hidden": true} tags=["remove-input"]
bias_size = float(trained.b_dec[best].norm())
say(
    f"**Bias only.** The decoder bias is on, and this SAE's has length {bias_size:.2f}. It is added to every"
    " reconstruction, so that a latent writes a step away from the bias, and need not be a sum of features."
    " [The bias](06_the_bias.ipynb) tells more."
    if decoder_bias
    else (
        "**Bias only.** The last row is all zeros because the decoder bias is switched off. The comment did so too:"
        ' so small a model would use it "to do tricky things". No feature is lost by that: the direction of each passes'
        " through the origin. [The bias](06_the_bias.ipynb) switches it on."
    )
)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
explained = 100 * float(seen.explained_variance[best])
say(
    f"{'Nothing warns you: this' if explained > 90 and bool(seen.lacks_atoms[best]) else 'This'} SAE explains"
    f" {explained:.1f} % of the variance, with {float(seen.l0[best]):.2f} latents active per sample."
    if explained > 0
    else "This SAE explains nothing: the mean of the data would be nearer to them."
)

# %% [markdown]
# ## What is a sparse autoencoder?
#
# The data come first. A *feature* owns a direction $v_i$ in space, and here all directions are at right angles. A
# sample is the sum of the features that fire in it, each with its *magnitude* $a_i \ge 0$:
#
# $$x = \sum_i a_i v_i .$$

# %% jupyter={"source_hidden": true} tags=["remove-input"]
say(
    f"In every sample {k_active} of the {n_features} features fire, each choice equally likely. A feature that fires"
    " has magnitude $\\max(0, \\mu + \\sigma \\varepsilon)$ with a standard normal $\\varepsilon$; $\\sigma / \\mu$"
    " is called the *spread*."
)

# %%
samples = world.sample(4, torch.Generator().manual_seed(seed))
pd.DataFrame(samples.numpy(), columns=names).round(2)

# %% [markdown]
# An SAE is a network with one hidden layer that rebuilds its input. Its hidden units are called *latents*. The encoder
# decides how strongly each latent fires, $z_j$; the decoder adds up one direction per latent, as strongly as it fires.
# These directions are the rows of $W_{dec}$. Each has length one, and together they are the *dictionary*:
#
# $$z = \mathrm{relu}(x W_{enc} + b_{enc}), \qquad \hat x = z W_{dec} .$$
#
# Training makes the error small, and charges a price $\lambda$ per unit of activation $z_j$:
#
# $$\text{loss} = \tfrac12 \lVert x - \hat x \rVert^2 + \lambda \sum_j z_j .$$
#
# The price keeps most latents silent, hence *sparse*. The hope is that each latent then finds one $v_i$ and becomes an
# atom. In code, with a decoder bias that stays zero unless it is switched on:

# %%
x = world.inputs(samples[0])


def one_loss(x, W_enc, b_enc, W_dec, b_dec):
    z = torch.relu((x - b_dec) @ W_enc + b_enc)  # how strongly each latent fires
    x_hat = z @ W_dec + b_dec  # the sum of their directions
    return (x - x_hat).square().sum() / 2 + l1_coeff * z.sum()


# %% mystnb={"code_prompt_show": "A check: the package computes the same"} tags=["hide-input"]
first = {name: value[0] for name, value in trained.parameters.items()} | {"b_dec": trained.b_dec[0]}
torch.testing.assert_close(one_loss(x, **first), trained.losses(x[None])[0])

# %% [markdown]
# <details><summary>How do I compare λ with other papers?</summary>
#
# | their loss | their $\lambda$, for the same optimum |
# |---|---|
# | half the squared error, summed over dimensions (here) | $\lambda$ |
# | squared error without the half, summed | $2 \lambda$ |
# | squared error, mean over $d$ dimensions | $2 \lambda / d$ |
# | half the squared error, mean over $d$ dimensions | $\lambda / d$ |
#
# </details>
#
# ## One sample, two ways to write it
#
# Why would an SAE prefer pairs? Let two features fire with magnitude $\mu$ each. Their sample is the far corner of a
# square. Two atoms approach it along the edges; one composite, along the diagonal.

# %% jupyter={"source_hidden": true} tags=["remove-input"]
edges, diagonal = ways(mu, l1_coeff)
show(
    two_ways(mu, l1_coeff),
    f"For this sample two atoms pay {edges.price + edges.error:.3f}, one composite pays"
    f" {diagonal.price + diagonal.error:.3f}.",
    "Left: both ways from the origin to where they stop; right: what each pays for its length and for the error that is"
    " left.",
    alt=(
        "A square whose far corner is a sample, one way along two edges and one along the diagonal, both stopping"
        " before the corner; beside it a bar for what each way pays."
    ),
    name="two_ways",
)

# %% [markdown]
# The price is on length, and a diagonal is shorter than two edges. Neither way goes to its end: the last bit would cost
# more than the error that it removes. [Why composites win](03_why_composites_win.ipynb) has the whole account.
#
# That was one sample, in which both features have the same magnitude. And all samples together?

# %% mystnb={"code_prompt_show": "What atoms and composites cost"} tags=["hide-input"]
composites_cost = float(optimum.dictionary_loss(world.composites(), world, l1_coeff))
atoms_cost = float(optimum.dictionary_loss(world.features, world, l1_coeff))
atoms = world.features.expand(n_saes, -1, -1)


def beats_atoms(stack, these):
    """SAEs whose loss is at most that of the atoms, given the same decoder bias."""
    cost = optimum.dictionary_loss(atoms, world, l1_coeff, decoder_bias=stack.b_dec)
    return these.losses <= cost + 1e-9


cheap = Fraction.of(beats_atoms(trained, seen)[seen.lacks_atoms & seen.all_live])
cheap_before = Fraction.of(beats_atoms(start, before)[before.lacks_atoms & before.all_live])

# %% jupyter={"source_hidden": true} tags=["remove-input"]
claim(
    "composites-cheaper",
    (
        composites_cost < atoms_cost and n_latents >= n_sets,
        "The objective itself prefers the composites: over all samples, a dictionary of them costs"
        " {composites cost:.3f}, one of the true features {true features cost:.3f}.",
        "holds",
    ),
    (
        composites_cost < atoms_cost,
        "The objective itself prefers the composites, though these SAEs have too few latents for all of them: over"
        " all samples, a dictionary of all composites costs {composites cost:.3f}, one of the true features"
        " {true features cost:.3f}.",
        "holds",
    ),
    (
        True,
        "The objective does not prefer the composites here: over all samples, a dictionary of them costs"
        " {composites cost:.3f}, one of the true features {true features cost:.3f}.",
        "does not hold",
    ),
    evidence={"composites cost": composites_cost, "true features cost": atoms_cost, "composites in all": n_sets},
    source="theory",
)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
claim(
    "no-atom-costs-no-more",
    (
        nothing_to_judge(cheap),
        "With these settings no SAE is without an atom and without a dead latent, so none is compared with"
        " {the atoms}.",
        None,
    ),
    (
        mostly(cheap),
        "Among SAEs with no atom and no dead latent, most cost no more than {the atoms}.",
        "holds",
    ),
    (
        mostly_not(cheap),
        "Among SAEs with no atom and no dead latent, most cost more than {the atoms}.",
        "does not hold",
    ),
    (
        True,
        "Among SAEs with no atom and no dead latent, it is undecided whether most cost no more than {the atoms}.",
        "partly",
    ),
    evidence={
        "cost no more": cheap,
        "the atoms": "the true features" + (" with the same bias" if decoder_bias else ""),
    },
    control={"such SAEs before training": (mostly(cheap_before), cheap_before)},
)

# %% [markdown]
# No way is shorter than the straight line, and that puts a floor under the loss of every SAE without a bias, the
# *radial bound*. Without spread, $\sigma = 0$, the samples of each *set* of features that fire together
# are one direction, and a latent along it reaches the floor. Does training?

# %% mystnb={"code_prompt_show": "Training without spread"} tags=["hide-input"]
exact_world = toysae.k_of_n(n_features, k_active, mu=mu, sigma=0.0)  # trained on the complete list of its samples
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
        "Without spread most SAEs come within a thousandth of the radial bound, so no SAE without a bias"
        " can be noticeably better than these.",
        "holds",
    ),
    (
        n_latents < n_sets,
        "Without spread it cannot be said that most SAEs reach the radial bound, as one expects where there are more"
        " sets than latents.",
        None,
    ),
    (
        mostly_not(at_bound),
        "Without spread most SAEs stay above the radial bound, although there is a latent for each set:"
        " {within a thousandth.k} of {within a thousandth.n} reach it.",
        "does not hold",
    ),
    (
        True,
        "Whether most SAEs reach the radial bound without spread is undecided: {within a thousandth.k} of"
        " {within a thousandth.n} do.",
        "partly",
    ),
    evidence={"within a thousandth": at_bound, "radial bound": exact_bound},
    control={
        "the SAEs before training": (mostly(at_bound_before), at_bound_before),
        "the true features": (atoms_above < 1e-3, f"{100 * atoms_above:.0f} % above the bound"),
    },
    source="theory",
)

# %% [markdown]
# ## How often does it happen?
#
# One SAE proves little, so we trained many, each from a random start of its own. We count those in which *every*
# latent is a composite, and count the same SAEs before training. [How we judge](judging.md) says what counts as *most*.

# %% jupyter={"source_hidden": true} tags=["remove-input"]
chance = before.no_atom
say(
    f"Having no atom is weaker evidence: {chance.k} of {chance.n} SAEs have none before training"
    + (", since a random direction is seldom close to a feature." if mostly(chance) else ".")
)

# %% mystnb={"code_prompt_show": "Training from other starts, and on independent features"} tags=["hide-input"]
places = {"positive rows": "positive", "the true features": "at-features", "the composites": "at-composites"}
unaided = toysae.train(start, batches(world), n_steps=n_steps, lr=lr, n_resamplings=0)
stacks = {"before training": start, "after training": trained, "without resampling": unaided}
for place, rows_there in places.items():
    placed = toysae.start(world, n_latents, l1_coeff, seeds, init=rows_there, decoder_bias=decoder_bias)
    stacks[f"started at {place}"] = toysae.train(placed, batches(world), n_steps=n_steps, lr=lr)
assessed = {name: toysae.assess(stack, world, threshold) for name, stack in stacks.items()}

# %% tags=["hide-input"]
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
columns = {}
for name, these in assessed.items():
    columns[name] = {
        "composites only": these.all_composite.sum(),
        "no atom": these.lacks_atoms.sum(),
        "no atom, all live": (these.lacks_atoms & these.all_live).sum(),
    }
pd.DataFrame(columns).T.astype(int)

# %% [markdown]
# *Resampling* rescues dead latents: now and then in the first half of training, they are aimed at a sample that is
# badly rebuilt. A dead latent is no evidence of anything, so the last column leaves out SAEs that have one.
# *Positive rows* are random starts without a negative entry.

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
        "It cannot be said that training makes SAEs of nothing but composites, or undoes them: there are {after.k} of"
        " {after.n} after it, {before.k} before.",
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

# %% [markdown]
# ## Where do the latents go?
#
# Is training too weak to find features? As a *control*, the same SAEs are trained in the same way on features that fire
# *independently*, each on or off whatever the others do. With three features one can watch: a direction is a
# point on a sphere.

# %% mystnb={"code_prompt_show": "Where the latents end"} tags=["hide-input"]
panels = {
    f"fire in {words.sets}": (history.dictionaries, seen),
    "fire independently": (controls["rare"][0].dictionaries, controls["rare"][1]),
}
together, apart = (
    100 * float(these.labels.count(kind).sum()) / (n_saes * n_latents)
    for kind, (_, these) in zip(("composite", "atomic"), panels.values(), strict=True)
)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
if n_features == 3:
    show(
        sphere_paths(panels, world.features),
        f"Where features fire in {words.sets}, {together:.0f} % of the latents end as composites; where they fire"
        f" independently, each in a third of the samples, {apart:.0f} % end as atoms.",
        "Each line is the way of one latent from ring to dot, coloured by its end: orange composite, blue atom, grey"
        " mixed, dark dead; A, B and C are the features, pairs lie half-way along the arcs, and the rim is the far"
        " side.",
        alt=(
            "Two maps of the sphere with corners A, B and C: paths of all latents from start to end, for the world and"
            " for the control."
        ),
        name="sphere_paths",
    )
else:
    say(f"The way of the latents over the sphere is drawn for three features only; here there are {n_features}.")

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
        "When features fire independently, the same SAEs do find them all, each firing in {rate} of the samples or, as"
        " in our world, in {our rate}.",
        "holds",
    ),
    (
        mostly(found["rare"]),
        "When features fire independently, each in {rate} of the samples, most of the same SAEs find them all. At the"
        " rate of our world, {our rate}, {outcome}: {all found at our rate.k} of {all found at our rate.n} find all.",
        "partly",
    ),
    (
        mostly_not(found["rare"]),
        "Even when features fire independently, each in {rate} of the samples, most SAEs do not find them all:"
        " {all found.k} of {all found.n} have an atom for every feature.",
        "does not hold",
    ),
    (
        True,
        "When features fire independently, each in {rate} of the samples, it is undecided whether most SAEs find them"
        " all: {all found.k} of {all found.n} have an atom for every feature.",
        "partly",
    ),
    evidence={
        "all found": found["rare"],
        "rate": f"1/{n_features}",
        "all found at our rate": found["as in our world"],
        "our rate": f"{k_active}/{n_features}",
        "outcome": (
            "fewer than half do"
            if mostly_not(found["as in our world"])
            else "most still do, but too few to say nearly all"
            if mostly(found["as in our world"])
            else "it is undecided whether most do"
        ),
        "no atom at our rate": controls["as in our world"][1].no_atom,
    },
    control={
        "the SAEs before training": (mostly(found_before), found_before),
        "the SAEs of our world": (mostly(found_together), found_together),
    },
)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
if more(found["rare"], found["as in our world"]):
    say("So it also matters how often a feature is seen without the others.")

# %% [markdown]
# ## Live
#
# Train it yourself: at each move of a slider, 64 new SAEs are trained in this page. Its starts are its own, so counts
# differ a little. Do the atoms come back when features [fire alone now and then](index.md#live:p_alone=0.5), or [vary
# more in magnitude](index.md#live:sigma=0.6)?

# %% jupyter={"source_hidden": true} tags=["remove-input"]
show_interactive(
    live.html(),
    "Each setting of the sliders is a world of its own, and 64 SAEs are trained on it in this page.",
    "Every dot on the sphere is a latent, the map is that of the SAE with the lowest loss; without scripts a heat map"
    " is shown as a picture.",
    alt="Sliders and buttons above a sphere with the latents of many SAEs, a heat map and bars of losses.",
    fallback=figures.heat_map_row(
        seen, {"the SAE with the lowest loss": best}, f"$\\mu$ = {mu:g}, $\\sigma$ = {sigma:g}"
    ),
)

# %% [markdown]
# ## What did we choose?
#
# The comment shows features at right angles, no atom, and a bias that is switched off. How many features there are,
# which of them fire together, with what magnitudes, and at what price, it does not say. All of that is our choice: the
# smallest world that we know to show it.

# %% jupyter={"source_hidden": true} tags=["evidence", "remove-input"]
active_mean, active_sd = world.magnitude_moments()
entry_mean, entry_sd = world.entry_moments()
say(
    f"$\\mu = {mu:g}$, $\\sigma = {sigma:g}$, $\\lambda = {l1_coeff:g}$. Over the features that are chosen to fire, the"
    f" mean is {active_mean:.3f} and the standard deviation {active_sd:.3f}"
    + (f"; {100 * silent:.1f} % of them are zero after all" if silent > 5e-4 else "")
    + f". Over all entries, zeros included, they are {entry_mean:.3f} and {entry_sd:.3f}. The comment does not say"
    " which of the two its title means. Losses and labels are judged on one fixed list of samples: each magnitude takes"
    " a few equally likely values, and every set of features appears with every combination of them."
)
say_trained(saes.n_trained())

# %% [markdown]
# ## What could be wrong?
#
# *The threshold.* Would another one tell another story?

# %% tags=["hide-input"]
thresholds = sorted({0.8, 0.85, 0.9, 0.95, 0.99, threshold})


def counts_at_thresholds(stack, these):
    """How many SAEs have no atom, and how many consist of composites only, at every threshold."""
    rows = stack.W_dec.double()
    relabelled = [toysae.label_latents(rows, world, these.live, t) for t in thresholds]
    without = [int((labels.count("atomic") == 0).sum()) for labels in relabelled]
    return without, [int((labels.count("composite") == n_latents).sum()) for labels in relabelled]


counted_after, counted_before = counts_at_thresholds(trained, seen), counts_at_thresholds(start, before)
change, change_before = (max(max(n) - min(n) for n in both) for both in (counted_after, counted_before))
spans = [" to ".join(map(str, sorted({min(counts), max(counts)}))) for counts in counted_after]

# %% jupyter={"source_hidden": true} tags=["remove-input"]
claim(
    "threshold-does-not-matter",
    (
        change <= 0.05 * n_saes,
        "The counts hardly depend on the threshold: from {loosest:g} to {strictest:g} they change by at most"
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
# *The world.* It is ours, and small. [The larger example](02_larger_example.ipynb) has more features, and worlds with
# fewer latents than sets; [When they win](04_when_they_win.ipynb) moves spread, price, and how often a feature is seen
# alone.
#
# <details><summary>Is this absorption, splitting or hedging?</summary>
#
# These are neighbours, with other causes. In *absorption* a latent for a general feature stays silent where a specific
# one fires. In *splitting* one feature is divided among several latents. In *hedging* a latent leans towards a
# correlated feature because there are too few latents.
#
# </details>
#
# ## So what?

# %% jupyter={"source_hidden": true} tags=["remove-input"]
lowest = float(seen.losses.min())
bias_cost = float(optimum.dictionary_loss(world.features, world, l1_coeff, decoder_bias=trained.b_dec[best]))
say(
    f"An SAE learns what its loss asks for. The cheapest one here costs {lowest:.3f}, and its latents stand for"
    f" {measures.stand_for(seen, best)}. The true features"
    + (f", with the same bias, cost {bias_cost:.3f}." if decoder_bias else f" cost {atoms_cost:.3f}.")
)

# %% [markdown]
# A toy shows that this *can* happen, not how often it does in large models.
#
# Two questions. What should the map look like if all features fired in every sample? And if each feature also fired
# alone from time to time, how often would be often enough?
