# %% [markdown]
# # The larger example
#
# In the minimal example a handful of features fire together all the time. Is the result an accident of so small a
# world? We keep the set-up and make it larger: several groups of features, of which one group is on at a time. Then we
# ask for its condition. The minimal example has as many pairs of features as features, and a latent for each. What if
# there are more pairs than latents? And we look at other larger worlds, also at those where the result is weaker or
# absent.
#
# **You will see** a large heat map with its structure made visible, counts over many seeds, the price of each answer, a
# map of what is found over the number of latents, and a gallery of other worlds. **You will need** [the minimal
# example](01_minimal_example.ipynb): what a latent, a heat map, an atom and a composite are.

# %% tags=["parameters"]
n_groups: int = 8  # groups of features; one group is on in each sample
group_size: int = 3  # features in a group
k_active: int = 2  # how many features of the group fire
n_latents: int = 24  # latents of each autoencoder
mu: float = 1.0  # mean magnitude of a feature that fires
sigma: float = 0.1  # standard deviation of that magnitude
l1_coeff: float = 0.1  # lambda, the price of latent activation
lr: float = 0.01  # learning rate of Adam
n_steps: int = 3000  # training steps
batch_size: int = 128  # fresh samples in each step
n_saes: int = 32  # autoencoders trained side by side; half as many in the other worlds
seed: int = 0  # decides the data and the starting points
decoder_bias: bool = False  # whether the decoder has a bias
init: str = "random-sign"  # where the decoder rows start
threshold: float = 0.95  # cosine from which on a latent counts as aligned

# %%
import pandas as pd
import torch

import toysae
from toysae import figures, measures, optimum, saes
from toysae.chapters.larger_example import cooccurrence_map, heat_map
from toysae.chapters.parameters import check_parameters
from toysae.claims import (
    Family,
    Fraction,
    Pooled,
    claim,
    counted,
    listed,
    mostly,
    mostly_not,
    nothing_to_judge,
    say,
    say_trained,
    show,
)
from toysae.sweeps.room import Room, best_in, trained_in

check_parameters(globals())
figures.house_style()

# %% [markdown]
# ## The whole experiment in a few lines
#
# As before we train a whole stack of SAEs, each from its own starting point, and look at it before and after.
#
# The comment reports the same phenomenon in a larger toy. Before we look, a rule for the verdict: that is *reproduced*
# if in most SAEs most live latents are composites. It *differs* if in fewer than half, and anything between is
# *partly*. As before, "most SAEs" means that the whole interval of the count lies above one half, and the SAEs before
# training are the control, which must fail the rule.

# %%
world = toysae.groups(n_groups, group_size, k_active, mu=mu, sigma=sigma)
n_features, n_sets = world.n_features, len(world.composites())  # sets: of features that fire together


def before_and_after(world, n_latents, n_saes):
    """Trains SAEs on a world; returns what is seen before and after."""
    seeds = range(seed * n_saes, (seed + 1) * n_saes)
    start = toysae.start(world, n_latents, l1_coeff, seeds, init=init, decoder_bias=decoder_bias)
    data = saes.Batches(world, batch_size, torch.Generator().manual_seed(seed))
    trained = toysae.train(start, data, n_steps=n_steps, lr=lr)
    return [toysae.assess(stack, world, threshold) for stack in (start, trained)]


before, seen = before_and_after(world, n_latents, n_saes)


# %% jupyter={"source_hidden": true} tags=["remove-input"]
def mostly_composites(these):
    """SAEs in which more than half of the live latents are composites, and some are live."""
    return 2 * these.labels.count("composite") > these.live.sum(dim=1)


composed, composed_before = (Fraction.of(mostly_composites(these)) for these in (seen, before))
claim(
    "composites-larger",
    (
        mostly(composed) and n_latents >= n_sets,
        "With {features} features it happens again, where there is a latent for each of the {sets} sets that fire"
        " together: in most SAEs most live latents are composites.",
        "reproduced",
    ),
    (
        mostly(composed),
        "With {features} features it happens again, though {latents} latents are too few for the {sets} sets that fire"
        " together: in most SAEs most live latents are composites.",
        "reproduced",
    ),
    (
        mostly_not(composed),
        "With {features} features it does not happen again: most live latents are composites in"
        " {mostly composites.k} of {mostly composites.n} SAEs.",
        "differs",
    ),
    (
        True,
        "With {features} features it happens only in part: most live latents are composites in {mostly composites.k} of"
        " {mostly composites.n} SAEs.",
        "partly",
    ),
    evidence={
        "features": n_features,
        "latents": n_latents,
        "sets": n_sets,
        "mostly composites": composed,
        "no atom": seen.no_atom,
        "no atom before training": before.no_atom,
    },
    control={"the SAEs before training": (mostly(composed_before), composed_before)},
    source="seed",
)

# %% [markdown]
# ## Who fires with whom?
#
# The features come in groups. In every sample one group is on, each equally often, and some members of that group fire
# together. Features of different groups never meet, so a latent that mixed them would match no sample.

# %% jupyter={"source_hidden": true} tags=["remove-input"]
together = world.cooccurrence()
within = float(together[0, 1])
show(
    cooccurrence_map(together),
    f"{counted(n_groups, 'group')} of {group_size} features: two of the same group fire together in {100 * within:.1f}"
    " % of all samples, two of different groups never.",
    "Each cell is the probability that the two features fire in the same sample; the diagonal holds how often each"
    " fires at all.",
    alt="Square map of co-occurrence probabilities with one block on the diagonal for each group of features.",
)

# %% [markdown]
# ## What did it learn?
#
# Again the rule, fixed beforehand: draw the SAE with the lowest loss, the first of those that have the same within a
# thousandth. Its latents are sorted by the features they stand
# for, so that latents of one group stand beside each other. Read it like the small map: an atom would be a row with a
# single dark cell.

# %%
drawn = measures.by_loss(seen.losses)
best = drawn["lowest loss"]

# %% jupyter={"source_hidden": true} tags=["remove-input"]
title = f"$\\mu$ = {mu:g}, $\\sigma$ = {sigma:g}, the SAE with the lowest loss of {n_saes}"
show(
    heat_map(seen, best, title),
    f"Of the {counted(n_latents, 'latent')} of this SAE, by label: {measures.tally(seen.labels, best)}.",
    "Rows are latents, columns are true features, colour is the cosine between them: red is positive, blue is negative."
    " The strip at the right tells each latent's label. The last row, set apart, is the decoder bias"
    + ("." if decoder_bias else ", which is switched off."),
    alt=(
        "Large heat map of cosines: learned latents by true features, a label strip beside it and the decoder bias"
        " below."
    ),
    name="larger_heat_map",
)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
first = measures.reading_order(seen.cosines, seen.labels, best)[0]
largest = seen.cosines[best, first].abs().topk(min(group_size, n_features)).indices.tolist()
names = measures.feature_names(n_features)
cosines_read = listed(
    [f"{measures.signed(float(seen.cosines[best, first, i]))} with {names[i]}" for i in sorted(largest)]
)
say(
    f"**The first row, read aloud.** Latent {first + 1} has cosine {cosines_read}; no other cosine is larger in size."
    f" Its label: *{seen.labels.names(best, names)[first]}*."
)

# %% [markdown]
# Do latents mix features of different groups? A row has length one, and the squares of its cosines with the features of
# one group say how much of it lies in that group.

# %%


def within_one_group(these):
    """Whether each latent has at least 95 % of its squared length in one group, (n_saes, n_latents)."""
    return these.cosines.square().unflatten(2, (n_groups, group_size)).sum(dim=3).amax(dim=2) >= 0.95


pure = Pooled.of(within_one_group(seen)[seen.live])
apart, apart_before = (Fraction.of((within_one_group(t) | ~t.live).all(dim=1)) for t in (seen, before))

# %% jupyter={"source_hidden": true} tags=["remove-input"]
claim(
    "groups-stay-apart",
    (nothing_to_judge(pure), "With these settings no latent is live.", None),
    (
        mostly(apart),
        "Most SAEs tell the groups apart: in {groups apart.k} of {groups apart.n} every live latent keeps at least 95"
        " % of its squared length within one group.",
        "holds",
    ),
    (
        mostly_not(apart),
        "Most SAEs mix groups somewhere: in {groups apart.k} of {groups apart.n} every live latent keeps at least 95 %"
        " of its squared length within one group.",
        "does not hold",
    ),
    (
        True,
        "Whether most SAEs tell the groups apart is undecided: in {groups apart.k} of {groups apart.n} every live"
        " latent keeps at least 95 % of its squared length within one group.",
        "partly",
    ),
    evidence={"groups apart": apart, "live latents within one group": pure},
    control={"the SAEs before training": (mostly(apart_before), apart_before)},
)

# %% [markdown]
# ## Is that one SAE typical?

# %% jupyter={"source_hidden": true} tags=["remove-input"]
show(
    figures.heat_map_row(
        seen,
        {f"{name}: {seen.losses[i]:.4f}": i for name, i in drawn.items()},
        f"$\\mu$ = {mu:g}, $\\sigma$ = {sigma:g}",
    ),
    "; ".join(f"{name}: {measures.tally(seen.labels, i)}" for name, i in drawn.items()).capitalize() + ".",
    "The SAEs with the lowest, the median and the highest loss of the stack, chosen by their loss alone.",
    alt="Three large heat maps side by side: the SAEs with the lowest, the median and the highest loss.",
)

# %% [markdown]
# ## How often does it happen?
#
# A larger SAE has more chances to keep an atom: one in any group is enough to spoil "no atom at all". And in many
# dimensions a direction that never learned anything is hardly ever near a feature, so "no atom" proves little by
# itself. We therefore count three things, each before and after training: SAEs without an atom, the same among SAEs
# with all latents live (dead latents are no evidence), and SAEs in which most live latents are composites.

# %% jupyter={"source_hidden": true} tags=["remove-input"]
stacks = {"before training": before, "after training": seen}
panels = {
    "no atom": {name: these.no_atom for name, these in stacks.items()},
    "no atom, among SAEs\nwith all latents live": {
        name: Fraction.of(these.lacks_atoms[these.all_live]) for name, these in stacks.items()
    },
    "mostly composites": {name: Fraction.of(mostly_composites(these)) for name, these in stacks.items()},
}
show(
    figures.fractions(panels),
    f"Mostly composites: before training {composed_before}, after training {composed}.",
    f"Fractions of the {n_saes} SAEs. A dot is the fraction, the bar its 95 % Wilson interval, the numbers beside it"
    " the counts.",
    alt="Three dot plots with intervals, each comparing the stack before and after training.",
)

# %% [markdown]
# ## What does each answer cost?
#
# The same account as before: the loss of the true features and of all composites, each with the best possible latent
# activations, and the radial bound that no SAE without a bias can beat.

# %%
atoms_cost = float(optimum.dictionary_loss(world.features, world, l1_coeff))
composites_cost = float(optimum.dictionary_loss(world.composites(), world, l1_coeff))
bound = optimum.radial_bound(world, l1_coeff)
with_atom = seen.losses[~seen.lacks_atoms]
without_atom = seen.losses[seen.lacks_atoms & seen.all_live]
by_outcome = {
    "no atom, all live": without_atom,
    "no atom, some dead": seen.losses[seen.lacks_atoms & ~seen.all_live],
    "at least one atom": with_atom,
}
dots = {f"{name}: {len(losses)}": losses for name, losses in by_outcome.items() if len(losses)}

# %% jupyter={"source_hidden": true} tags=["remove-input"]
show(
    figures.loss_account(dots, {"atoms": atoms_cost, "composites": composites_cost, "radial bound": bound}),
    f"The atoms cost {atoms_cost:.4f}, all {counted(n_sets, 'composite')} together {composites_cost:.4f}, and no"
    f" SAE without a bias can cost less than {bound:.4f}.",
    "Each dot is the loss of one SAE, in rows by what it learned, with the number of SAEs. Dots are spread vertically;"
    " where losses agree they merge into a bar."
    + (" With the decoder bias on, the bound does not apply to the dots." if decoder_bias else ""),
    alt=(
        "Strip plot of the losses of all SAEs in three rows, with vertical lines for atoms, composites and the radial"
        " bound."
    ),
)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
cheap = Fraction.of(without_atom <= atoms_cost)
cheap_before = Fraction.of(before.losses[before.lacks_atoms & before.all_live] <= atoms_cost)
claim(
    "no-atom-costs-no-more-larger",
    (nothing_to_judge(cheap), "With these settings no SAE without an atom has all its latents live.", None),
    (
        mostly(cheap),
        "Most SAEs without an atom cost no more than the true features: {cost no more.k} of the {cost no more.n} whose"
        " latents are all live.",
        "holds",
    ),
    (
        mostly_not(cheap),
        "Most SAEs without an atom cost more than the true features: of the {cost no more.n} whose latents are all"
        " live, {cost no more.k} do not.",
        "does not hold",
    ),
    (
        True,
        "Whether most SAEs without an atom cost no more than the true features is undecided: {cost no more.k} of the"
        " {cost no more.n} whose latents are all live do.",
        "partly",
    ),
    evidence={"cost no more": cheap},
    control={"SAEs without an atom before training": (mostly(cheap_before), cheap_before)},
)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
if len(with_atom) and len(without_atom):
    higher = "the higher" if with_atom.median() > without_atom.median() else "no higher"
    say(
        f"SAEs with an atom have {higher} median loss: {with_atom.median():.4f} against {without_atom.median():.4f} for"
        " those without one whose latents are all live."
    )
else:
    say(
        "With these settings there are not both SAEs with an atom and SAEs without one whose latents are all live, so"
        " their losses cannot be compared."
    )

# %% [markdown]
# ## How many latents does it take?
#
# In the minimal example, and in groups of three, there are as many pairs as features. So a latent for each feature *is*
# a latent for each pair, and nobody could tell which number matters. Take worlds in which the two differ: any two of
# $n$ features fire, and $n$ features have $n (n - 1) / 2$ pairs. We train SAEs with fewer latents than features, with
# as many, with one for each pair, and with numbers between. All magnitudes are one here, so every world is a short list
# of points, and each SAE sees all of it in every step. The price is that of the parameters; [When they
# win](04_when_they_win.ipynb) asks whether it matters.
#
# Beside them stands the best dictionary known: the cheapest one that a search from many starts finds, or several where
# they cost the same. It is looked for up to ten latents. With a latent for each pair nothing has to be searched for,
# since the pairs attain the radial bound.

# %%
sizes = {3: [2, 3], 4: [3, 4, 5, 6], 5: [4, 5, 7, 10], 6: [5, 6, 10, 15], 7: [6, 7, 15, 21], 8: [7, 8, 15, 21, 28]}
rooms = [Room(n, size, l1_coeff) for n in sizes for size in sizes[n]]
n_other = max(2, n_saes // 2)  # SAEs in each of the other worlds
seeds_there = range(seed * n_other, (seed + 1) * n_other)
at_start, found = (
    trained_in(rooms, seeds_there, n_steps=steps, lr=lr, init=init, threshold=threshold) for steps in (0, n_steps)
)
looked_for = [room for room in rooms if room.n_latents <= 10 or room.n_latents == room.n_pairs]
best_known = {room: best_in(room, threshold=threshold) for room in looked_for}


# %%
def shares_found(stacks, n):
    """By number of latents: shares of features with an atom, and of pairs with a composite, (n_saes,) each."""
    shares = {}
    for room, these in stacks.items():
        if room.n_features == n:
            atoms, pairs = these.labels.features_found / n, these.labels.sets_found / room.n_pairs
            shares[room.n_latents] = atoms.tolist(), pairs.tolist()
    return shares


panels = {f"two of {n}": figures.Panel(n, shares_found(found, n), shares_found(best_known, n)) for n in sizes}

# %% jupyter={"source_hidden": true} tags=["remove-input"]
most = max(sizes)
shares_of_most = shares_found(found, most)
at_each = [100 * sum(shares_of_most[size][0]) / n_other for size in (most, most * (most - 1) // 2)]
show(
    figures.room_panels(panels),
    f"Of {most} features, {at_each[0]:.0f} % are found with one latent for each feature, and {at_each[1]:.0f} % with"
    " one for each pair.",
    "Each panel is a world; the number of latents grows to the right. Blue: the share of features that have an atom."
    f" Orange: the share of pairs that have a composite. Dots are means over {n_other} SAEs with 95 % intervals, open"
    " squares the best dictionaries known. Dotted lines: as many latents as features, and as many as pairs.",
    alt=(
        "Six panels, one for each number of features from three to eight: shares of features and of pairs that are"
        " found, over the number of latents, for trained SAEs and for the best dictionaries known."
    ),
    name="room_for_pairs",
)

# %% [markdown]
# Rules, said before the results. *One latent for each pair:* composites win in a world if most live latents are
# composites in most SAEs. *One for each feature:* features win if most SAEs have an atom for every feature. *The
# trade:* from the one to the other, the SAEs of a world should surely lose features and surely gain pairs, which means
# that the difference, seed by seed, is clear after Holm's correction for all differences that are looked at. The world
# of three features is left out where the two numbers are compared: they are the same there.

# %%
narrow, wide = ({n: Room(n, n, l1_coeff) for n in sizes}, {n: Room(n, n * (n - 1) // 2, l1_coeff) for n in sizes})
differ = [n for n in sizes if narrow[n] != wide[n]]


def pairs_lead(stacks, rooms_by_n, these=sizes):
    """By number of features: in how many SAEs most live latents are composites."""
    return {n: Fraction.of(mostly_composites(stacks[rooms_by_n[n]])) for n in these}


def all_features(stacks, rooms_by_n):
    """By number of features: in how many SAEs every feature has an atom, where rooms differ."""
    return {n: Fraction.of(stacks[rooms_by_n[n]].labels.features_found == n) for n in differ}


def trade(stacks):
    """From one latent for each feature to one for each pair: what is gained, seed by seed."""
    gained = {}
    for n in differ:
        before_it, after_it = stacks[narrow[n]].labels, stacks[wide[n]].labels
        gained[f"features, of {n}"] = (after_it.features_found - before_it.features_found).double().tolist()
        gained[f"pairs, of {n}"] = (after_it.sets_found - before_it.sets_found).double().tolist()
    return Family.of(gained)


def trades(family):
    """The worlds in which features are surely lost and pairs surely gained."""
    both = (family.surely_less, family.surely_more)
    return [n for n in differ if f"features, of {n}" in both[0] and f"pairs, of {n}" in both[1]]


traded, traded_before = trade(found), trade(at_start)
changes = {what: [traded[f"{what}, of {n}"].mean for n in differ] for what in ("features", "pairs")}
pd.DataFrame(changes, index=[f"two of {n}" for n in differ]).round(1)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
one_each, one_each_before, too_few = (
    pairs_lead(found, wide),
    pairs_lead(at_start, wide),
    pairs_lead(found, narrow, differ),
)
won = [n for n, share in one_each.items() if mostly(share)]
claim(
    "one-latent-for-each-pair",
    (
        len(won) == len(sizes),
        "Where there is a latent for each pair, composites win at every number of features from {fewest} to {most}:"
        " they are most of the live latents in most SAEs.",
        "holds",
    ),
    (
        len(won) > 0,
        "Where there is a latent for each pair, composites win with {worlds} features, but not at every number of"
        " features from {fewest} to {most}.",
        "partly",
    ),
    (
        True,
        "Even where there is a latent for each pair, composites win at no number of features from {fewest} to {most}.",
        "does not hold",
    ),
    evidence={
        "fewest": min(sizes),
        "most": max(sizes),
        "worlds": listed(list(map(str, won))) if won else "no number of",
        "least often": min(one_each.values(), key=lambda share: share.value),
    },
    control={
        "the SAEs before training": (
            all(mostly(share) for share in one_each_before.values()),
            max(one_each_before.values(), key=lambda share: share.value),
        ),
        "SAEs with one latent for each feature": (
            all(mostly(share) for share in too_few.values()),
            max(too_few.values(), key=lambda share: share.value),
        ),
    },
)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
at_n, at_n_before, at_pairs = all_features(found, narrow), all_features(at_start, narrow), all_features(found, wide)
in_full = [n for n, share in at_n.items() if mostly(share)]
otherwise = [n for n in differ if n not in in_full]
claim(
    "room-matters",
    (
        not otherwise,
        "With one latent for each feature, most SAEs find all features at every number of features from {fewest} to"
        " {most}.",
        "holds",
    ),
    (
        len(in_full) > 0,
        "With one latent for each feature, most SAEs find all of {worlds} features; of {other worlds} it cannot be"
        " said.",
        "partly",
    ),
    (
        True,
        "Even with one latent for each feature, it can be said at no number of features from {fewest} to {most} that"
        " most SAEs find them all.",
        "does not hold",
    ),
    evidence={
        "fewest": min(differ),
        "most": max(differ),
        "worlds": listed(list(map(str, in_full))) if in_full else "no number of",
        "other worlds": listed(list(map(str, otherwise))) if otherwise else "none",
        **{f"all found of {n}": share for n, share in at_n.items()},
    },
    control={
        "the SAEs before training": (
            all(mostly(share) for share in at_n_before.values()),
            max(at_n_before.values(), key=lambda share: share.value),
        ),
        "SAEs with one latent for each pair": (
            all(mostly(share) for share in at_pairs.values()),
            max(at_pairs.values(), key=lambda share: share.value),
        ),
    },
)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
largest = wide[max(differ)]
claim(
    "room-trades-features-for-pairs",
    (
        len(trades(traded)) == len(differ),
        "A wider SAE trades features for pairs: from one latent for each feature to one for each pair, features are"
        " surely lost and pairs surely gained at every number of features from {fewest} to {most}.",
        "holds",
    ),
    (
        len(trades(traded)) > 0,
        "A wider SAE trades features for pairs with {worlds} features; at the other numbers from {fewest} to {most}"
        " that is undecided.",
        "partly",
    ),
    (
        True,
        "It cannot be said at any number of features from {fewest} to {most} that a wider SAE trades features for"
        " pairs.",
        "does not hold",
    ),
    evidence={
        "fewest": min(differ),
        "most": max(differ),
        "worlds": listed(list(map(str, trades(traded)))) if trades(traded) else "no number of",
        **{name: change for name, change in traded.items() if name.endswith((f" {min(differ)}", f" {max(differ)}"))},
    },
    control={
        "the SAEs before training, in so many worlds": (
            len(trades(traded_before)) == len(differ),
            len(trades(traded_before)),
        )
    },
)

# %%
longer = trained_in([largest], seeds_there, n_steps=2 * n_steps, lr=lr, init=init, threshold=threshold)[largest]
change = float(longer.losses.mean() / found[largest].losses.mean() - 1)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
all_known = [n for n in differ if bool((best_known[narrow[n]].labels.features_found == n).all())]
left_over = 100 * float((found[largest].labels.features_found / largest.n_features).mean())
say(
    "The objective itself changes sides. With one latent for each pair the pairs cost least. With one for each feature"
    " the best dictionaries known are made of atoms alone with"
    f" {listed(list(map(str, all_known))) if all_known else 'no number of'} features"
    + ("; at the other numbers they are not, or not all of them." if len(all_known) < len(differ) else ".")
)
say(
    f"Training does not go all the way: with {largest.n_features} features and a latent for each pair,"
    f" {left_over:.0f} % of the features still have an atom. Twice as many steps change the mean loss there by"
    f" {100 * change:+.1f} %."
)

# %% [markdown]
# ## Does it happen in every larger world?
#
# No single kind of world can answer this. Here are four more, each with its own reason to be looked at.
#
# * **Bundles of three**: three features always fire together; only the spread of their magnitudes tells them apart.
#   There is one latent for each bundle, too few for the features.
# * **Two sets, few latents**: one feature of each of two sets of four fires, like a colour and a shape. There are as
#   many latents as features.
# * **Two sets, one each**: the same world, with a latent for each combination.
# * **Independent**: each of eight features fires with probability one in eight, whatever the others do. It is often
#   alone.

# %%
look = {"mu": mu, "sigma": sigma}
gallery = {
    "bundles of three": (toysae.bundles(8, 3, **look), 8),
    "two sets, few latents": (toysae.product([4, 4], **look), 8),
    "two sets, one each": (toysae.product([4, 4], **look), 16),
    "independent": (toysae.independent([1 / 8] * 8, **look), 8),
}
visits = {name: before_and_after(other, size, n_other)[1] for name, (other, size) in gallery.items()}

# %% jupyter={"source_hidden": true} tags=["remove-input"]
averages = {
    name: {kind: float(these.labels.count(kind).double().mean()) for kind in measures.LABELS}
    for name, these in visits.items()
}
leaders = {name: max(counts, key=counts.get) for name, counts in averages.items()}
won = listed([f"{name} ({kind})" for name, kind in leaders.items()])
show(
    figures.small_maps(
        {name: (these, measures.by_loss(these.losses)["lowest loss"]) for name, these in visits.items()}, n_columns=4
    ),
    f"The most frequent label in each world: {won}.",
    f"Each map is the SAE with the lowest loss of {n_other}, drawn like the large map above; the strip tells the"
    f" labels. The label in brackets is the most frequent one over all {n_other} SAEs.",
    alt="Four small heat maps of latents by features, one for each of four other worlds, with label strips.",
)


# %% jupyter={"source_hidden": true} tags=["remove-input"]
def visit(name):
    """One sentence about one world of the gallery."""
    these, (other, size) = visits[name], gallery[name]
    atoms = float(optimum.dictionary_loss(other.features, other, l1_coeff))
    lowest = float(these.losses.min())
    means = listed([f"{mean:.1f} {kind}" for kind, mean in averages[name].items() if mean >= 0.05])
    compared = "lower than" if lowest < atoms else "no lower than"
    return (
        f"* **{name.capitalize()}**: of {size} latents, on average {means}; {these.no_atom} of the SAEs"
        f" have no atom. The lowest loss, {lowest:.4f}, is {compared} that of the atoms, {atoms:.4f}."
    )


say("\n".join(visit(name) for name in gallery))

# %% jupyter={"source_hidden": true} tags=["remove-input"]
control = Fraction.of(visits["independent"].labels.features_found == 8)
together = Fraction.of(found[wide[8]].labels.features_found == 8)
claim(
    "independent-features-are-found",
    (
        mostly(control),
        "Where features fire independently, the same training finds them: {all found.k} of {all found.n} SAEs have an"
        " atom for each of the eight features.",
        "holds",
    ),
    (
        mostly_not(control),
        "Even where features fire independently, most SAEs do not find them all: {all found.k} of {all found.n} have an"
        " atom for each of the eight features.",
        "does not hold",
    ),
    (
        True,
        "Whether the same training finds features that fire independently is undecided: {all found.k} of {all found.n}"
        " SAEs have an atom for each of the eight.",
        "partly",
    ),
    evidence={"all found": control},
    control={"eight features in pairs with one latent for each pair": (mostly(together), together)},
)

# %% [markdown]
# Do these labels depend on the threshold? We label the same latents again, from loose to strict.

# %%
thresholds = sorted({0.8, 0.85, 0.9, 0.95, 0.99, threshold})


def leading_labels(name):
    """The most frequent label of a world's latents at every threshold."""
    these, (other, _) = visits[name], gallery[name]
    rows = these.cosines @ other.features.double()
    counts = [toysae.label_latents(rows, other, these.live, t).kinds.flatten() for t in thresholds]
    return [measures.LABELS[int(kinds.bincount(minlength=4).argmax())] for kinds in counts]


leading = {name: leading_labels(name) for name in gallery}
pd.DataFrame(leading, index=[f"{t:g}" for t in thresholds]).T

# %% jupyter={"source_hidden": true} tags=["remove-input"]
fickle = [name for name, kinds in leading.items() if len(set(kinds)) > 1]
sets = visits["two sets, few latents"]
near = float(sets.cosines.amax(dim=2)[sets.live].median()) if sets.live.any() else float("nan")
say(
    (
        f"In {len(fickle)} of the {len(gallery)} worlds the leading label changes with the threshold: {listed(fickle)}."
        " Read their labels with care. "
        if fickle
        else "The leading label of every world is the same at all these thresholds. "
    )
    + (
        "With two sets and few latents, the median cosine of a live latent with the feature nearest to it is"
        f" {near:.3f}: what is left over is spread over the features of both sets, since the data cannot tell where one"
        " set ends and the other begins."
        if sets.live.any()
        else "With two sets and few latents, no latent is live."
    )
)

# %% [markdown]
# ## What could be wrong?
#
# *Too many or too few latents.* Composites need a latent each. What if, in the world of groups, the SAE has half as
# many latents, or twice as many? Atoms *lead* in an SAE if more of its live latents are atoms than carry any other
# label.

# %%
smaller_and_larger = {max(1, n_latents // 2), min(256, 2 * n_latents)} - {n_latents}
resized = {size: before_and_after(world, size, n_other)[1] for size in smaller_and_larger} | {n_latents: seen}
sizes_of_groups = dict(sorted(resized.items()))

# %% jupyter={"source_hidden": true} tags=["remove-input"]
by_size = {
    f"{size} latents": (
        [f"{100 * (these.labels.count(kind).sum() / these.labels.kinds.numel()):.0f} %" for kind in measures.LABELS]
        + [str(these.no_atom), f"{these.losses.median():.4f}"]
    )
    for size, these in sizes_of_groups.items()
}
pd.DataFrame(by_size, index=[*measures.LABELS, "SAEs without an atom", "median loss"]).T


# %% jupyter={"source_hidden": true} tags=["remove-input"]
def atoms_lead(these):
    """In how many SAEs more latents are atoms than carry any other label."""
    others = torch.stack([these.labels.count(kind) for kind in measures.LABELS if kind not in ("atomic", "dead")])
    return Fraction.of(these.labels.count("atomic") > others.amax(dim=0))


led = {size: atoms_lead(these) for size, these in sizes_of_groups.items()}
led_apart = atoms_lead(visits["independent"])
claim(
    "atoms-lead-at-no-size",
    (
        all(mostly_not(share) for share in led.values()),
        "Atoms lead in fewer than half of the SAEs at each of these sizes.",
        "holds",
    ),
    (
        any(mostly(share) for share in led.values()),
        "Atoms lead in most SAEs at one of these sizes or more.",
        "does not hold",
    ),
    (True, "Whether atoms lead in fewer than half of the SAEs at each of these sizes is undecided.", "partly"),
    evidence={**{f"atoms lead with {counted(size, 'latent')}": share for size, share in led.items()}},
    control={"eight independent features": (mostly_not(led_apart), led_apart)},
)
say(
    "But being free of atoms is another matter: "
    + "; ".join(
        f"with {counted(size, 'latent')}, {these.no_atom} of the SAEs have none"
        for size, these in sizes_of_groups.items()
    )
    + "."
)

# %% [markdown]
# *The labels.* A label looks at one latent at a time. Several latents could share a feature in ways that no label
# shows. The map is there for that reason: look at it, not at the counts alone.
#
# ## So what?

# %% jupyter={"source_hidden": true} tags=["remove-input"]
with_composites = [name for name, kind in leaders.items() if kind == "composite"]
with_atoms = [name for name, kind in leaders.items() if kind == "atomic"]
say(
    (
        "What latents become depends on who fires with whom, and on how many latents there are. "
        if len(set(leaders.values())) > 1
        else "Here every world of the gallery leads to the same label. "
    )
    + f"Composites lead in {counted(len(with_composites), 'world')} of the gallery"
    + (f" ({listed(with_composites)})" if with_composites else "")
    + f", atoms in {counted(len(with_atoms), 'world')}"
    + (f" ({listed(with_atoms)})." if with_atoms else ".")
)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
say_trained(saes.n_trained())

# %% [markdown]
# Two questions to take along:
#
# 1. In a world of two sets, like shapes and colours, a composite "red square" and the atoms "red" and "square" describe
#    the same data. Which would *you* call the true features, and why?
# 2. Which of these worlds is most like what a language model sees?
