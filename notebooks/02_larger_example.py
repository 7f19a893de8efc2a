# %% [markdown]
# # The larger example
#
# Is [the minimal example](01_minimal_example.ipynb) an accident of its size? Now groups of features take turns: in each
# sample one group is on, and some of its features fire together. *Reproduced* means: in most sparse autoencoders (SAEs)
# most live latents are composites ([how we judge](judging.md)).

# %% mystnb={"code_prompt_show": "Set-up: parameters, imports, training"} tags=["parameters", "hide-input"]
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

# %% tags=["hide-input"]
import pandas as pd
import torch

import toysae
from toysae import figures, measures, optimum, saes
from toysae.chapters.larger_example import heat_map, world_maps
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

# %% tags=["hide-input"]
world = toysae.groups(n_groups, group_size, k_active, mu=mu, sigma=sigma)
n_features, n_sets = world.n_features, len(world.composites())  # sets: of features that fire together


def before_and_after(world, n_latents, n_saes):
    """Trains SAEs on a world; returns what is seen before and after."""
    seeds = range(seed * n_saes, (seed + 1) * n_saes)
    start = toysae.start(world, n_latents, l1_coeff, seeds, init=init, decoder_bias=decoder_bias)
    data = saes.Batches(world, batch_size, torch.Generator().manual_seed(seed))
    trained = toysae.train(start, data, n_steps=n_steps, lr=lr)
    return [toysae.assess(stack, world, threshold) for stack in (start, trained)]


def mostly_composites(these):
    """SAEs in which more than half of the live latents are composites, and some are live."""
    return 2 * these.labels.count("composite") > these.live.sum(dim=1)


before, seen = before_and_after(world, n_latents, n_saes)
drawn = measures.by_loss(seen.losses)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
composed, composed_before = (Fraction.of(mostly_composites(these)) for these in (seen, before))
claim(
    "composites-larger",
    (
        mostly(composed) and n_latents >= n_sets,
        "It is no accident: with {features} features, and a latent for each of the {sets} sets that fire together, most"
        " SAEs learn mostly composites.",
        "reproduced",
    ),
    (
        mostly(composed),
        "It is no accident: with {features} features most SAEs learn mostly composites, though {latents} latents are"
        " too few for the {sets} sets that fire together.",
        "reproduced",
    ),
    (
        mostly_not(composed),
        "Here it does not happen again: with {features} features in {groups} groups, fewer than half of the SAEs learn"
        " mostly composites.",
        "differs",
    ),
    (
        True,
        "With {features} features it is undecided whether most SAEs learn mostly composites.",
        "partly",
    ),
    evidence={
        "features": n_features,
        "groups": n_groups,
        "latents": n_latents,
        "sets": n_sets,
        "mostly composites": composed,
    },
    control={"the SAEs before training": (mostly(composed_before), composed_before)},
    source="seed",
)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
best = drawn["lowest loss"]
show(
    heat_map(seen, best, group_size, f"$\\mu$ = {mu:g}, $\\sigma$ = {sigma:g}"),
    f"One SAE with {counted(n_latents, 'latent')}: {measures.tally(seen.labels, best)}.",
    f"There are {n_groups} groups of {group_size} features; in each sample one group is on and {k_active} of its"
    f" features fire. Rows are the latents of the SAE with the lowest loss of {n_saes}, columns true features, cells"
    " their cosine; the strip at the right shows the label.",
    alt=(
        "Large heat map of cosines: learned latents by true features, a strip of labels beside it and the decoder bias"
        " below."
    ),
    name="larger_heat_map",
)

# %% jupyter={"source_hidden": true} tags=["remove-input", "evidence"]
say(
    "Each row of the map is named by what its latent stands for. The last row, set apart, is the decoder bias"
    + ("." if decoder_bias else ", which is switched off.")
)
say(
    "Other SAEs of the stack: "
    + "; ".join(f"{name}, {measures.tally(seen.labels, i)}" for name, i in drawn.items() if name != "lowest loss")
    + f". SAEs without an atom: {seen.no_atom}; before training, {before.no_atom}."
)

# %% [markdown]
# ## Does it mix groups?
#
# Features of different groups never fire together, so a latent along both would match no sample. A latent lies *within
# one group* if nearly all of its squared length is along the features of that group.

# %%
MOST = 0.95  # of the squared length


def within_one_group(these):
    """Latents with most of their squared length in one group."""
    squares = these.cosines.square().unflatten(2, (n_groups, group_size))
    return squares.sum(dim=3).amax(dim=2) >= MOST


# %% jupyter={"source_hidden": true} tags=["remove-input"]
pure = Pooled.of(within_one_group(seen)[seen.live])
apart, apart_before = (Fraction.of((within_one_group(t) | ~t.live).all(dim=1)) for t in (seen, before))
claim(
    "groups-stay-apart",
    (nothing_to_judge(pure), "With these settings no latent is live.", None),
    (
        mostly(apart),
        "The groups stay apart: in most SAEs every live latent lies within one group.",
        "holds",
    ),
    (
        mostly_not(apart),
        "Groups are mixed: in fewer than half of the SAEs does every live latent lie within one group.",
        "does not hold",
    ),
    (
        True,
        "Whether the groups stay apart is undecided: it cannot be said that in most SAEs every live latent lies within"
        " one group, nor that it does in fewer than half.",
        "partly",
    ),
    evidence={"groups apart": apart, "live latents with 95 % of their squared length in one group": pure},
    control={"the SAEs before training": (mostly(apart_before), apart_before)},
)

# %% [markdown]
# ## Is it a mistake?
#
# If training had merely failed, the true features would be cheaper. Are they? Both are priced by the loss that trained
# the SAEs; for the features we take the best possible activations. [Why composites win](03_why_composites_win.ipynb)
# explains the answer.

# %% tags=["hide-input"]
costs = {
    name: float(optimum.dictionary_loss(rows, world, l1_coeff))
    for name, rows in {"the true features": world.features, "all composites": world.composites()}.items()
}
with_atom, without_atom = seen.losses[~seen.lacks_atoms], seen.losses[seen.lacks_atoms & seen.all_live]
untrained = before.losses[before.lacks_atoms & before.all_live]
cheap, cheap_before = (Fraction.of(losses <= costs["the true features"]) for losses in (without_atom, untrained))

# %% jupyter={"source_hidden": true} tags=["remove-input"]
claim(
    "no-atom-costs-no-more-larger",
    (nothing_to_judge(cheap), "With these settings no SAE without an atom has all its latents live.", None),
    (
        mostly(cheap),
        "It is no mistake: where all latents are live, most SAEs without a single atom cost no more than the true"
        " features do.",
        "holds",
    ),
    (
        mostly_not(cheap),
        "Here the features would be cheaper: where all latents are live, fewer than half of the SAEs without an atom"
        " cost no more than the true features do.",
        "does not hold",
    ),
    (
        True,
        "Whether most SAEs without an atom, all their latents live, cost no more than the true features is undecided.",
        "partly",
    ),
    evidence={
        "cost no more": cheap,
        **{f"loss of {name}": cost for name, cost in costs.items()},
        "median loss without an atom, all live": float(without_atom.median()) if len(without_atom) else "no such SAE",
        "median loss with an atom": float(with_atom.median()) if len(with_atom) else "no such SAE",
        "radial bound": optimum.radial_bound(world, l1_coeff),
    },
    control={"SAEs without an atom before training": (mostly(cheap_before), cheap_before)},
)

# %% [markdown]
# ## Where does it stop being so?
#
# Four other kinds of world, two of them with two numbers of latents, make six cases. A label *leads* in a case if it is
# the most frequent one among the latents of all its SAEs.

# %% mystnb={"code_prompt_show": "Four other kinds of world, and training in them"} tags=["hide-input"]
look = {"mu": mu, "sigma": sigma}
gallery = {
    "bundles of three": (toysae.bundles(8, 3, **look), 8),
    "independent": (toysae.independent([1 / 8] * 8, **look), 8),
    "two sets with 8 latents": (toysae.product([4, 4], **look), 8),
    "two sets with 16 latents": (toysae.product([4, 4], **look), 16),
}

# %% tags=["hide-input"]
sizes = {3: [2, 3], 4: [3, 4, 5, 6], 5: [4, 5, 7, 10], 6: [5, 6, 10, 15], 7: [5, 7, 15, 21], 8: [6, 8, 15, 21, 28]}
rooms = [Room(n, size, l1_coeff) for n in sizes for size in sizes[n]]  # two of n, without spread
n_other = max(2, n_saes // 2)  # SAEs in each of the other worlds
seeds_there = range(seed * n_other, (seed + 1) * n_other)
at_start, found = (
    trained_in(rooms, seeds_there, n_steps=steps, lr=lr, init=init, threshold=threshold) for steps in (0, n_steps)
)
two_of_eight = {
    "two of eight with 8 latents": Room(8, 8, l1_coeff),
    "two of eight with 28 latents": Room(8, 28, l1_coeff),
}
visits = {name: before_and_after(other, size, n_other)[1] for name, (other, size) in gallery.items()}
visits |= {name: found[room] for name, room in two_of_eight.items()}
gallery |= {name: (room.world, room.n_latents) for name, room in two_of_eight.items()}
averages = {
    name: {kind: float(these.labels.count(kind).double().mean()) for kind in measures.LABELS}
    for name, these in visits.items()
}
leaders = {name: max(counts, key=counts.get) for name, counts in averages.items()}
led_by = {kind: [name for name, leader in leaders.items() if leader == kind] for kind in measures.LABELS}

# %% jupyter={"source_hidden": true} tags=["remove-input"]
with_room = {"bundles of three", "two sets with 16 latents", "two of eight with 28 latents"}  # a latent for each set
led_here, led_elsewhere = (len(set(led_by["composite"]) & names) for names in (with_room, set(gallery) - with_room))
say(
    "In these six cases composites lead exactly where there is a latent for each set of features that fires together."
    if (led_here, led_elsewhere) == (3, 0)
    else "In three of these six cases there is a latent for each set of features that fires together. Composites lead"
    f" in {led_here or 'none'} of the three, and in {led_elsewhere or 'none'} of the others."
)

# %% [markdown]
# | world | who fires | latents |
# |---|---|---|
# | bundles of three | 24 features in bundles of three; one whole bundle at a time | 8, one for each bundle |
# | independent | eight features, each one time in eight, whatever the others do | 8, one for each feature |
# | two sets | one of four colours and one of four shapes | 8, one for each feature; 16, one for each pair |
# | two of eight | any two of eight features, equally strong | 8, one for each feature; 28, one for each pair |

# %% jupyter={"source_hidden": true} tags=["remove-input"]
told = [f"{kind} in {len(names)}" for kind, names in led_by.items() if names]
show(
    world_maps(
        {
            name: (
                these,
                measures.by_loss(these.losses)["lowest loss"],
                f"{100 * averages[name][leaders[name]] / these.live.shape[1]:.0f} % {leaders[name]}",
            )
            for name, these in visits.items()
        }
    ),
    f"What latents become depends on the world: most often they are {listed(told)} of the six cases."
    if len(told) > 1
    else f"Latents are most often {next(iter(set(leaders.values())))} in all six cases.",
    f"Each map is the SAE with the lowest loss of {n_other}; the line below it gives the leading label, and its share"
    " among the latents of all these SAEs."
    f"{' Mixed latents can look like atoms, if their cosine is just below the threshold.' * bool(led_by['mixed'])}",
    alt="Six small heat maps of latents by features, one for each of six cases, with label strips.",
)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
control = Fraction.of(visits["independent"].labels.features_found == 8)
together = Fraction.of(visits["two of eight with 28 latents"].labels.features_found == 8)
claim(
    "independent-features-are-found",
    (
        mostly(control),
        "Where features fire independently, the same training finds them: most SAEs have an atom for each feature.",
        "holds",
    ),
    (
        mostly_not(control),
        "Even where features fire independently, fewer than half of the SAEs have an atom for each feature.",
        "does not hold",
    ),
    (
        True,
        "Whether most SAEs find all features that fire independently is undecided.",
        "partly",
    ),
    evidence={"all eight found": control},
    control={"two of eight with a latent for each pair": (mostly(together), together)},
)

# %% jupyter={"source_hidden": true} tags=["remove-input", "evidence"]
rows = {
    name: [
        *(f"{mean:.1f}" for mean in averages[name].values()),
        f"{these.no_atom.k} of {these.no_atom.n}",
        f"{these.losses.min():.4f}",
        f"{optimum.dictionary_loss(gallery[name][0].features, gallery[name][0], l1_coeff):.4f}",
    ]
    for name, these in visits.items()
}
pd.DataFrame(rows, index=[*measures.LABELS, "without an atom", "lowest loss", "loss of the atoms"]).T

# %% [markdown]
# ## How many latents does it take?
#
# In groups of three there are as many pairs as features, so nobody could tell which number matters. Now any two of $n$
# features fire: $n$ features have $n (n - 1) / 2$ pairs. We train SAEs with fewer latents than features, with as many,
# with one for each pair, and with numbers between.
#
# *Composites win* in such a world if most live latents are composites in most SAEs. *Features win* here if most SAEs
# have an atom for *every* feature; in [when they win](04_when_they_win.ipynb) a single atom is enough.
# To *lose* features or *gain* pairs means surely so, seed by seed ([how we judge](judging.md)).

# %%
narrow = {n: Room(n, n, l1_coeff) for n in sizes}  # a latent for each feature
wide = {n: Room(n, n * (n - 1) // 2, l1_coeff) for n in sizes}  # one for each pair
differ = [n for n in sizes if narrow[n] != wide[n]]

# %% mystnb={"code_prompt_show": "The best dictionaries known, and what is found"} tags=["hide-input"]
looked_for = [room for room in rooms if room.n_latents <= 10 or room.n_latents == room.n_pairs]
best_known = {room: best_in(room, threshold=threshold) for room in looked_for}


def shares_found(stacks, n):
    """By number of latents: shares of features with an atom, and of pairs with a composite, (n_saes,) each."""
    shares = {}
    for room, these in stacks.items():
        if room.n_features == n:
            atoms, pairs = these.labels.features_found / n, these.labels.sets_found / room.n_pairs
            shares[room.n_latents] = atoms.tolist(), pairs.tolist()
    return shares


panels = {
    f"{n} features, {wide[n].n_pairs} pairs": figures.Panel(n, shares_found(found, n), shares_found(best_known, n))
    for n in sizes
}

# %% jupyter={"source_hidden": true} tags=["remove-input"]
most = max(sizes)
at_each = [100 * sum(shares_found(found, most)[room[most].n_latents][0]) / n_other for room in (narrow, wide)]
show(
    figures.room_panels(panels),
    f"Of {most} features, {at_each[0]:.0f} % are found with a latent for each feature, {at_each[1]:.0f} % with one for"
    " each pair.",
    f"Dots are means over {n_other} SAEs with their intervals; dotted lines stand where there are as many latents as"
    " features, and as pairs. Open squares are the cheapest dictionaries known, and several if they tie. Training may"
    " find more features than these have, at a higher loss.",
    alt=(
        "Six panels, one for each number of features from three to eight: shares of features and of pairs that are"
        " found, over the number of latents, for trained SAEs and for the best dictionaries known."
    ),
    name="room_for_pairs",
)


# %% mystnb={"code_prompt_show": "Counting"} tags=["hide-input"]
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


# %% jupyter={"source_hidden": true} tags=["remove-input"]
one_each, one_each_before = pairs_lead(found, wide), pairs_lead(at_start, wide)
too_few = pairs_lead(found, narrow, differ)
won = [n for n, share in one_each.items() if mostly(share)]
claim(
    "one-latent-for-each-pair",
    (
        len(won) == len(sizes),
        "With a latent for each pair, composites win at every number of features from {fewest} to {most}.",
        "holds",
    ),
    (
        len(won) > 0,
        "With a latent for each pair, composites win with {worlds} features; at the other numbers from {fewest} to"
        " {most} that cannot be said.",
        "partly",
    ),
    (
        True,
        "Even with a latent for each pair, it can be said at no number of features from {fewest} to {most} that"
        " composites win.",
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
        "With only one latent for each feature, features win at every number of features from {fewest} to {most}.",
        "holds",
    ),
    (
        len(in_full) > 0,
        "With only one latent for each feature, features win where there are {worlds} of them; with {other worlds} that"
        " cannot be said.",
        "partly",
    ),
    (
        True,
        "Even with only one latent for each feature, it can be said at no number of features from {fewest} to {most}"
        " that features win.",
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
traded, traded_before = trade(found), trade(at_start)
claim(
    "room-trades-features-for-pairs",
    (
        len(trades(traded)) == len(differ),
        "Raise the number of latents from one per feature to one per pair, and SAEs lose features and gain pairs, at"
        " every number of features from {fewest} to {most}.",
        "holds",
    ),
    (
        len(trades(traded)) > 0,
        "Raise the number of latents from one per feature to one per pair, and SAEs lose features and gain pairs where"
        " there are {worlds} features; at the other numbers from {fewest} to {most} that cannot be said.",
        "partly",
    ),
    (
        True,
        "It cannot be said at any number of features from {fewest} to {most} that SAEs lose features and gain pairs"
        " when the number of latents is raised from one per feature to one per pair.",
        "does not hold",
    ),
    evidence={
        "fewest": min(differ),
        "most": max(differ),
        "worlds": listed(list(map(str, trades(traded)))) if trades(traded) else "no number of",
        **{
            f"change in {name.replace(',', ' found,')}": change
            for name, change in traded.items()
            if name.endswith((f" {min(differ)}", f" {max(differ)}"))
        },
    },
    control={
        "the SAEs before training, in so many worlds": (
            len(trades(traded_before)) == len(differ),
            len(trades(traded_before)),
        )
    },
)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
all_known = [n for n in differ if bool((best_known[narrow[n]].labels.features_found == n).all())]
largest = wide[max(differ)]
left_over = 100 * float((found[largest].labels.features_found / largest.n_features).mean())
others = [str(n) for n in differ if n not in all_known]
say(
    ("The loss itself changes sides. " if all_known else "")
    + "With a latent for each pair no dictionary costs less than the pairs. With one for each feature, "
    + (
        "the best dictionaries known hold nothing but atoms"
        + (
            f" for {listed(list(map(str, all_known)))} features; for {listed(others)}, some of the best lack an atom."
            f"{' With four, atoms and [their mirror](07_optimum_and_training.ipynb) cost the same.' * ('4' in others)}"
            if others
            else "."
        )
        if all_known
        else "at none of these numbers of features do all the best dictionaries known hold nothing but atoms."
    )
)
say(
    "Training does not go all the way: given a latent for each pair,"
    f" {left_over:.0f} % of the {largest.n_features} features still have an atom on average."
    if left_over >= 0.5
    else f"Given a latent for each pair, hardly any of the {largest.n_features} features has an atom after training."
)

# %% [markdown]
# Try it in the minimal example: [two latents for three features](index.md#live:n_latents=2), or
# [six](index.md#live:n_latents=6).
#
# And in the large map above? We halve and double its latents. Atoms *lead* in an SAE if more of its live latents are
# atoms than carry any other label.

# %% mystnb={"code_prompt_show": "Half as many latents, and twice as many"} tags=["hide-input"]
widths = {max(1, n_latents // 2), min(256, 2 * n_latents)} - {n_latents}
resized = {size: before_and_after(world, size, n_other)[1] for size in widths} | {n_latents: seen}


def atoms_lead(these):
    """In how many SAEs more latents are atoms than carry any other label."""
    others = torch.stack([these.labels.count(kind) for kind in measures.LABELS if kind not in ("atomic", "dead")])
    return Fraction.of(these.labels.count("atomic") > others.amax(dim=0))


led = {size: atoms_lead(resized[size]) for size in sorted(resized)}
led_apart = atoms_lead(visits["independent"])

# %% jupyter={"source_hidden": true} tags=["remove-input"]
claim(
    "atoms-lead-at-no-size",
    (
        all(mostly_not(share) for share in led.values()),
        "At none of these widths do atoms lead: they do in fewer than half of the SAEs.",
        "holds",
    ),
    (
        any(mostly(share) for share in led.values()),
        "There is a width among these at which atoms lead in most SAEs.",
        "does not hold",
    ),
    (True, "Whether atoms lead in fewer than half of the SAEs at each of these widths is undecided.", "partly"),
    evidence={**{f"atoms lead with {counted(size, 'latent')}": share for size, share in led.items()}},
    control={"eight independent features": (mostly_not(led_apart), led_apart)},
)

# %% jupyter={"source_hidden": true} tags=["remove-input", "evidence"]
by_size = {
    counted(size, "latent"): [
        *(f"{100 * (these.labels.count(kind).sum() / these.labels.kinds.numel()):.0f} %" for kind in measures.LABELS),
        f"{these.no_atom.k} of {these.no_atom.n}",
        f"{these.losses.median():.4f}",
    ]
    for size, these in sorted(resized.items())
}
pd.DataFrame(by_size, index=[*measures.LABELS, "without an atom", "median loss"]).T

# %% [markdown]
# ## What could be wrong?
#
# *We chose these worlds.* In each of them it is plain who fires with whom. How often features of a language model fire
# together like this, no toy can say.
#
# *The threshold.* A latent near a feature is called an atom or not, depending on where the line is drawn. With two sets
# this matters, for the data do not tell where one set ends and the other begins: the mean of one set can move into the
# other ([optimum and training](07_optimum_and_training.ipynb)).

# %% mystnb={"code_prompt_show": "Labels at other thresholds"} tags=["hide-input"]
thresholds = sorted({0.8, 0.85, 0.9, 0.95, 0.99, threshold})


def leading_labels(name):
    """The most frequent label of a world's latents at every threshold."""
    these, (other, _) = visits[name], gallery[name]
    rows = these.cosines @ other.features.double()
    counts = [toysae.label_latents(rows, other, these.live, t).kinds.flatten() for t in thresholds]
    return [measures.LABELS[int(kinds.bincount(minlength=4).argmax())] for kinds in counts]


leading = {name: leading_labels(name) for name in gallery}
fickle = [name for name, kinds in leading.items() if len(set(kinds)) > 1]

# %% jupyter={"source_hidden": true} tags=["remove-input"]
say(
    f"From the loosest threshold to the strictest, the most frequent label changes in {len(fickle)} of the six cases:"
    f" {listed(fickle)}. Read labels there with care."
    if fickle
    else "From the loosest threshold to the strictest, the most frequent label changes in none of the six cases."
)

# %% jupyter={"source_hidden": true} tags=["remove-input", "evidence"]
pd.DataFrame(leading, index=[f"{t:g}" for t in thresholds]).T

# %% [markdown]
# ## So what?
#
# Before asking what an SAE has learned, ask how many sets of features fire together, and how many latents there are.
# What else decides is the question of [when they win](04_when_they_win.ipynb).

# %% jupyter={"source_hidden": true} tags=["remove-input"]
say_trained(saes.n_trained())

# %% [markdown]
# A question: a latent for "red square" and latents for "red" and "square" describe the same data. Which would *you*
# call the true features, and why?
