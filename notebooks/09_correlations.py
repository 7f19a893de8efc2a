# %% [markdown]
# # Correlations
#
# A composite has three possible causes: the loss prefers it, training got stuck, or a budget forces it. Three
# published toys with correlated features report composites, latents that mix features, and a band of settings in
# which all is well. Do their results come out here, and which cause is at work?

# %% tags=["parameters", "hide-input"] mystnb={"code_prompt_show": "Set-up: parameters, imports, training"}
correlation: float = 0.4  # of one feature with the others, in the budget's world
k: float = 1.8  # latents that may be active on average, where two are needed
sigma: float = 0.15  # standard deviation of magnitudes in the budget's world
n_features: int = 32  # features in superposition, in half as many dimensions
l1_coeff: float = 0.1  # lambda, the price around which prices are varied
lr: float = 0.01  # learning rate of Adam; lower ones are tried as well
n_steps: int = 2000  # training steps
n_saes: int = 16  # autoencoders for every setting; twice as many for every budget
seed: int = 0  # decides where the autoencoders start, and all random samples
threshold: float = 0.95  # cosine from which on a latent counts as aligned

# %% tags=["hide-input"]
import itertools
import math
from functools import cache

import torch

import toysae
from toysae import figures, measures, optimum, saes, worlds
from toysae.chapters.correlations.budget import budget_errors, mixed_rows
from toysae.chapters.correlations.causes import by_cause, cause_bars
from toysae.chapters.correlations.landscapes import landscapes, value_map
from toysae.chapters.correlations.turned_rows import alone_boundary, angle_from_feature, cross, diagonal_gain
from toysae.chapters.parameters import check_parameters
from toysae.claims import (
    Fraction,
    Mean,
    Pooled,
    above,
    below,
    claim,
    counted,
    listed,
    mostly,
    mostly_not,
    nearly_all,
    nothing_to_judge,
    say,
    say_answer,
    say_trained,
    show,
    spelled,
)

check_parameters(globals())
figures.house_style()
seeds = range(seed * n_saes, (seed + 1) * n_saes)

# %% tags=["hide-input"]
ties = [0.0, 0.5, 1.0]  # f, the tie between the magnitudes of the two sets
rates = [0.1 * lr, 0.3 * lr, lr]
prices = [share * l1_coeff for share in (0.1, 1, 3)]
everywhere = tuple(itertools.product(rates, prices))
slowest = tuple((rates[0], price) for price in prices)
quickest = ((rates[-1], prices[1]),)
shares_alone = [0.0, 0.25, 0.5, 0.75]
often = shares_alone[-1]


@cache
def seen_in_plane(f, p_alone=0.0, decoder_bias=False, init="random-sign", settings=everywhere):
    """What is seen of SAEs that were trained in the plane at these learning rates and prices."""
    world = toysae.antipodal_plane(f, p_alone)
    each_lr, each_price = torch.tensor(settings).double().repeat_interleave(n_saes, dim=0).T
    members = list(seeds) * len(settings)
    start = toysae.start(world, 4, each_price, members, init=init, decoder_bias=decoder_bias)
    trained = toysae.train(start, saes.Support(*worlds.finite_data(world)), n_steps=n_steps, lr=each_lr)
    return toysae.assess(trained, world, threshold)


planes = {f: toysae.antipodal_plane(f) for f in ties}
together = {f: seen_in_plane(f) for f in ties}  # no feature is ever alone
alone = {f: seen_in_plane(f, often) for f in ties}  # one is, in three of four samples


# %% tags=["hide-input"]
@cache
def best_known(f, p_alone):
    """The best known four rows at each price, and their losses."""
    world = toysae.antipodal_plane(f, p_alone)
    rows, losses = zip(*(toysae.best_dictionary(world, 4, p, n_starts=10) for p in prices), strict=True)
    return torch.stack(rows), torch.tensor(losses, dtype=torch.float64)


def by_rate(values):
    """Values of some f, (n_f, n_rates, n_prices, n_seeds)."""
    return torch.stack(values).double().view(len(values), -1, len(prices), n_saes)


def excess(seen, p_alone=0.0):
    """By which share the loss of each SAE exceeds the best known one."""
    return (
        by_rate([each.losses for each in seen.values()])
        / torch.stack([best_known(f, p_alone)[1] for f in seen])[:, None, :, None]
        - 1
    )


def lacks(seen):
    """Whether each SAE misses one of the four features."""
    return seen.labels.features_found < 4


# %% tags=["hide-input"]
TRUE_L0, EDGE = 2.0, 0.05
fewer_steps = max(1, n_steps // 2)
n_members = 2 * n_saes
budget_seeds = range(seed * n_members, (seed + 1) * n_members)
both_signs = (correlation, -correlation)
lots = [(budget, init) for init in ("at-features", "random-sign") for budget in (k, TRUE_L0)]


@cache
def five(c):
    """Feature 0 correlated with the four others."""
    return toysae.one_with_others(5, TRUE_L0 / 5, c, sigma=sigma)


@cache
def all_budgets(c, bias):
    """BatchTopK SAEs in the world of five by their budget and start, trained as one stack on the same batches."""
    wanted = lots if c and bias else lots[:1]
    rows = torch.cat([saes.initial_rows(init, five(c), 5, budget_seeds) for _, init in wanted])
    each_budget = torch.tensor([budget for budget, _ in wanted]).repeat_interleave(n_members)
    model = saes.Variant(saes.BatchTopK(each_budget))
    start = saes.untrained(model, rows, list(budget_seeds) * len(wanted), decoder_bias=bias)
    data = saes.Batches(five(c), 128, torch.Generator().manual_seed(seed))
    trained = toysae.train(start, data, n_steps=fewer_steps, lr=lr)
    return {lot: trained[i * n_members : (i + 1) * n_members] for i, lot in enumerate(wanted)}


def train_budget(c, budget, bias, init="at-features"):
    """Those with one budget and one start."""
    return all_budgets(c, bias)[budget, init]


# %% tags=["hide-input"]
def mixing(stack):
    """Mean cosine with feature 0 of the latents that stand for the others."""
    cosine = measures.cosines(stack.W_dec, torch.eye(5))
    own = cosine[:, :, 1:].argmax(dim=1)
    return cosine[:, :, 0].gather(1, own).mean(dim=1)


n_points = max(200, min(600, n_steps))
samples = {
    c: five(c).inputs(five(c).sample(n_points, torch.Generator().manual_seed(seed + 1))).double() for c in both_signs
}
turns, shifts = torch.linspace(-0.6, 0.6, 25).double(), torch.linspace(-0.6, 1.0, 17).double()
first, others = torch.eye(5)[0], 1 - torch.eye(5)[0]
some = torch.linspace(-0.1, 0.2, 4)[:, None]
all_biases = torch.cat([shift * first + some * others for shift in shifts.tolist()]).double()
same_rows = torch.eye(5).double().expand(len(all_biases), -1, -1)


def own_error(c, budget=k):
    """Error of each SAE with its own encoder, the largest activations of all samples kept, as many as its budget."""
    stack, x = train_budget(c, budget, True), samples[c].float()
    free = {name: value for name, value in stack.parameters.items() if name != "log_threshold"}
    z = stack.model.encode(free, x)
    return (x - stack.model.decode(free, z)).square().sum(dim=2).mean(dim=1).double()


@cache
def true_error(c, budget=k):
    """Least error of the true features, over all biases."""
    return float(budget_errors(same_rows, samples[c], budget, decoder_bias=all_biases).min())


# %% tags=["hide-input"]
def less_error(c, budget=k):
    """Whether each SAE has less error than the true features, by a tenth or more."""
    return own_error(c, budget) < 0.9 * true_error(c, budget)


def causes_in_plane(seen, p_alone=0.0):
    """SAEs that miss a feature, and whether something cheaper is known."""
    return by_cause(by_rate([lacks(each) for each in seen.values()]) > 0, excess(seen, p_alone) > 0.01)


def causes_of_budget(budget):
    """SAEs that mix, and whether the true features have no more error."""
    mixed = torch.cat([mixing(train_budget(c, budget, True)).abs() > EDGE for c in both_signs])
    return by_cause(mixed, ~torch.cat([less_error(c, budget) for c in both_signs]))


causes = {
    "never alone": causes_in_plane(together),
    "alone in 3 of 4 samples": causes_in_plane(alone, often),
    f"{k:g} latents for 2 features": causes_of_budget(k),
    "2 latents for 2 features": causes_of_budget(TRUE_L0),
}

# %% jupyter={"source_hidden": true} tags=["remove-input"]
preferred, stuck_there, forced = (shares[at] for shares, at in zip(causes.values(), (1, 2, 1), strict=False))
kept_back = {
    "the loss prefers composites": preferred,
    "training gets stuck": stuck_there,
    "too small a budget forces mixtures": forced,
}
found_causes = [cause for cause, share in kept_back.items() if share > 0.1]
several = "s" if len(found_causes) > 1 else ""
say_answer(
    f"Composites have {spelled(len(found_causes))} cause{several} here: {listed(found_causes)}."
    if found_causes
    else "With these settings no cause of composites reaches more than a tenth of the SAEs."
)
say(
    f"**The loss:** where features never fire alone, {100 * preferred:.0f} % of SAEs miss a feature although nothing"
    f" cheaper is known. **Training:** where they are alone in three of four samples, {100 * stuck_there:.0f} % miss"
    " one although something cheaper is known:"
    f" {100 * (by_rate([lacks(each) for each in alone.values()]) * (excess(alone, often) > 0.01))[:, 0].mean():.0f} %"
    " at the lowest learning rate and"
    f" {100 * (by_rate([lacks(each) for each in alone.values()]) * (excess(alone, often) > 0.01))[:, -1].mean():.0f} %"
    " at the highest. **The budget:** where fewer latents may fire than features do,"
    f" {100 * forced:.0f} % mix features and have less error for it."
)
show(
    cause_bars(causes),
    "Whether an SAE finds the features (lower rows: does not mix them), and what kept it from that.",
    "Upper rows: the first toy below, over all its settings; lower rows: the second, started at the true features. An"
    f" SAE *mixes* if its latents have a mean cosine beyond {EDGE:g} with a feature that is not theirs. *Better* is a"
    " loss lower by a hundredth; under a budget, an error lower than that of the true features by a tenth.",
    alt="Bars for four worlds, divided into SAEs that find the features, that cannot do better, and that got stuck.",
)

# %% [markdown]
# ## Two sets of features in one plane
#
# In 2024 Anders and others reported that "sparse autoencoders find composed features in small toy models". In their
# data there are two sets of two features, and in every sample one feature of each set is on. The features lie in a
# plane, the two of a set opposite to each other, so a sample is
#
# $$x = \pm a \, e_1 \pm b \, e_2 .$$
#
# Magnitude $a$ is uniform between 0 and 1, and a number $f$ ties $b$ to it: $b = (1 - f) u + f a$ with another
# uniform $u$. The sparse autoencoder (SAE) has four latents. An *atom* points along one feature, a *composite* along
# a diagonal, the sum of two features that fire together.
#
# ### What do the data prefer?
#
# Turn a *cross* of four rows at right angles: at 0 and 90 degrees its rows are the true features, at 45 degrees the
# composites. Every cross can write every sample; only the price differs. Ali Shehper, in a comment under the post,
# remarked that no basis is privileged at $f = 0$, where the magnitudes are independent. If so, the loss is the same at
# every angle. That counts as reproduced if it varies by at most a hundredth of its mean, and as
# partly so if it varies less than half as much as at $f = 1$. (Counts and means are judged as everywhere: [how we
# judge](judging.md).)

# %% tags=["hide-input"] mystnb={"code_prompt_show": "Losses of the cross at every angle"}
degrees = torch.arange(0, 91, 3).double()
turned = cross(degrees.deg2rad())
around = torch.arange(0, 360, 0.5).double().deg2rad()
ring = torch.stack([around.cos(), around.sin()], dim=1)


def losses_of(points, probabilities, price, rows=turned):
    """Loss of the cross at every angle, with the best latent activations."""
    return optimum.sample_losses(points, rows, price) @ probabilities


def fine_losses(world, price, rows=turned):
    """The same on a grid of twenty magnitudes per set."""
    activations, probabilities = worlds.quantile_grid(world, 20)
    return losses_of(world.inputs(activations), probabilities, price, rows)


by_angle = {f"$f = {f:g}$": fine_losses(world, l1_coeff) for f, world in planes.items()}
even = torch.full((len(ring),), 1 / len(ring)).double()
by_angle["all directions alike"] = losses_of(ring, even, l1_coeff)
ranges = [float((v.max() - v.min()) / v.mean()) for v in by_angle.values()]
lowest_at = float(degrees[by_angle["$f = 0$"].argmin()])

# %% jupyter={"source_hidden": true} tags=["remove-input"]
lines = {name: (degrees.tolist(), (v / v[0]).tolist()) for name, v in by_angle.items()}
axes = {"xlabel": "angle between the cross and the true features, degrees", "ylabel": "loss / loss of the features"}
best_angles = {float(degrees[v.argmin()]) for v in list(by_angle.values())[:-1]}
show(
    figures.curve_figure(lines, {}, **axes, xticks=[0, 15, 30, 45, 60, 75, 90]),
    (
        "At this price all crosses cost nearly the same."
        if max(ranges) <= 0.01
        else "The composites are the cheapest cross at every $f$."
        if best_angles == {45.0}
        else "Which cross is the cheapest depends on $f$."
    ),
    "Exact losses with the best latent activations; 0 and 90 degrees are the true features, 45 the composites, and one"
    " line is for points evenly in all directions.",
    alt=(
        "Loss of four rows at right angles over the angle by which they are turned: one curve for each tie of the"
        " magnitudes, and one for points in all directions."
    ),
)
claim(
    "a-weak-preference-at-zero",
    (
        ranges[0] <= 0.01,
        "Ali Shehper remarks that no basis is privileged if the two magnitudes are independent, $f = 0$. So it is"
        " here: as the cross turns, the loss varies by only {percent at f = 0:.1f} % of its mean.",
        "reproduced",
    ),
    (
        ranges[0] < ranges[2] / 2,
        "Ali Shehper remarks that no basis is privileged if the two magnitudes are independent, $f = 0$. Here the loss"
        " is not flat even then: it varies by {percent at f = 0:.1f} % as the cross turns, and is lowest at"
        " {lowest angle at f = 0:.0f} degrees. The samples fill a square, and a square has corners.",
        "partly",
    ),
    (
        True,
        "Ali Shehper remarks that no basis is privileged if the two magnitudes are independent, $f = 0$. Here the loss"
        " varies by {percent at f = 0:.1f} % as the cross turns: at least half as much as at $f = 1$, where it is"
        " {percent at f = 1:.1f} %.",
        "differs",
    ),
    evidence={
        "percent at f = 0": 100 * ranges[0],
        "percent at f = 1": 100 * ranges[2],
        "lowest angle at f = 0": lowest_at,
    },
    control={"the losses at f = 1": (ranges[2] <= 0.01, 100 * ranges[2])},
    source="anders",
)

# %% [markdown]
# Why the diagonals? As the price vanishes only the sum of activations counts: $a + b$ for the features,
# $\sqrt 2 \max(a, b)$ for the diagonals. On average $a + b$ is 1 and $|a - b|$ is $(1 - f)/3$, so the diagonals save
# the share
#
# $$g = 1 - \frac{1 + (1 - f)/3}{\sqrt 2} ,$$
#
# which is positive for every $f$. It is checked against exact losses at a price of $0.001$, to within $0.005$.

# %% tags=["hide-input"] mystnb={"code_prompt_show": "The formula against exact losses"}
ends = cross(torch.tensor([0.0, math.pi / 4]).double())  # the features, the diagonals
gains = {}
for f, world in planes.items():
    fine = fine_losses(world, 0.001, ends)
    gains[f] = 1 - float(fine[1] / fine[0]), diagonal_gain(f)
errors = [abs(found - formula) for found, formula in gains.values()]
n_close = sum(error < 0.005 for error in errors)
constant_error = (max(gains[f][0] for f in ties) - min(gains[f][0] for f in ties)) / 2

# %% jupyter={"source_hidden": true} tags=["remove-input"]
claim(
    "diagonals-save",
    (
        n_close == len(ties),
        "Exact losses agree with the formula: the diagonals save {percent at f = 0:.1f} % at $f = 0$"
        " and {percent at f = 1:.1f} % at $f = 1$.",
        "holds",
    ),
    (
        n_close > 0,
        "Exact losses agree with the formula at only {values of f that agree} of {values tried} values of $f$.",
        "partly",
    ),
    (
        True,
        "Exact losses and the formula disagree at all {values tried} values of $f$.",
        "does not hold",
    ),
    evidence={
        "values of f that agree": n_close,
        "values tried": len(ties),
        "percent at f = 0": 100 * gains[0.0][0],
        "percent at f = one half": 100 * gains[0.5][0],
        "percent at f = 1": 100 * gains[1.0][0],
        "largest difference from the formula, in points": 100 * max(errors),
    },
    control={"the best constant, its largest difference in points": (constant_error < 0.005, 100 * constant_error)},
    source="theory",
)

# %% [markdown]
# ### Where do trained SAEs end?
#
# We train at three learning rates, three prices and every $f$. An SAE *composes* if it misses a feature and its live
# latents hold more composites than atoms (it is left out if fewer than half of them are live). The post's finding
# counts as reproduced if nearly all seeds compose at every setting, as partly so if a seed composes at most of them.
# The control is the SAEs before training.
#
# Demian Till, in another comment, says that SAEs do not even reach their own optimum. One reaches it if its loss is
# within a hundredth of the best known four rows. The comment counts as reproduced if most do not at every learning
# rate, as differing if most do at every one. The control is SAEs that start at the composites. ([Optimum and
# training](07_optimum_and_training.ipynb) looks closer at $f = 1$.)
#
# <details><summary>What differs from the original?</summary>
#
# Features are exactly opposite, where theirs were learned by a small network. Magnitudes come from a grid of seven
# per set. There is no decoder bias (the last section switches it on). The squared error is not divided by $\|x\|^2$,
# Adam has its usual constants, dead latents are resampled, and the grid of settings is ours.
#
# </details>

# %% tags=["hide-input"] mystnb={"code_prompt_show": "Who composes, and who reaches the best known loss"}
untrained = {f: toysae.assess(toysae.start(planes[f], 4, l1_coeff, seeds), planes[f], threshold) for f in ties}


def seed_by_seed(values):
    """The mean over seeds, of values (..., n_seeds); each seed counts by its mean over settings."""
    return Mean.of(values.double().flatten(0, -2).nanmean(dim=0))


def composes(seen):
    """Whether each SAE composes, (n_settings, n_seeds); not a number where that cannot be judged."""
    more_composites = seen.labels.count("composite") > seen.labels.count("atomic")
    judged = seen.live.sum(dim=1) >= 2
    return (lacks(seen) & more_composites).double().where(judged, torch.nan).view(-1, n_saes)


def at_all(values):
    """In how many seeds something holds at every setting that can be judged; seeds without one are left out."""
    return Fraction.of((values != 0).all(dim=0)[~values.isnan().all(dim=0)])


composing, before = (torch.cat([composes(seen) for seen in each.values()]) for each in (together, untrained))
composed, composed_before = seed_by_seed(composing), seed_by_seed(before)
at_every, before_at_every = at_all(composing), at_all(before)
short = (excess(together) > 0.01).double()
control_short = excess({f: seen_in_plane(f, init="at-composites", settings=slowest) for f in ties}) > 0.01
slow, middling, fast = (seed_by_seed(short[:, i]) for i in range(len(rates)))
slower_is_shorter = seed_by_seed(short[:, 0] - short[:, -1])
from_composites = seed_by_seed(control_short)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
claim(
    "composed-at-every-setting",
    (
        nothing_to_judge(composed),
        "The post finds composed features at every learning rate and price. Here no setting can be judged: in each of"
        " them fewer than half of the latents are live.",
        None,
    ),
    (
        nearly_all(at_every),
        "The post finds composed features at every learning rate and price. Here too: {at every setting.k} of"
        " {at every setting.n} seeds compose at every setting.",
        "reproduced",
    ),
    (
        mostly(composed),
        "The post finds composed features at every learning rate and price. Here a seed composes at most settings, on"
        " average at {percent of settings.mean:.0f} % of them, but not at every one.",
        "partly",
    ),
    (
        True,
        "The post finds composed features at every learning rate and price. Here it is not even sure that a seed"
        " composes at most settings: on average it does at {percent of settings.mean:.0f} % of them.",
        "differs",
    ),
    evidence={
        "percent of settings": seed_by_seed(100 * composing),
        "at every setting": at_every,
        "percent of settings before training": seed_by_seed(100 * before),
    },
    control={"the SAEs before training": (nearly_all(before_at_every), before_at_every)},
    source="anders",
)
claim(
    "till-on-the-grid",
    (
        all(map(mostly, (slow, middling, fast))),
        "Till remarks that these SAEs do not even reach their own optimum. Most do not at any learning rate, not even"
        " at the highest: {percent at the highest learning rate.mean:.0f} % of SAEs end more than a hundredth above"
        " the best known loss there.",
        "reproduced",
    ),
    (
        all(map(mostly_not, (slow, middling, fast))),
        "Till remarks that these SAEs do not even reach their own optimum. Here most do at every learning rate: even"
        " at the lowest only {percent at the lowest learning rate.mean:.0f} % end more than a hundredth above the best"
        " known loss.",
        "differs",
    ),
    (
        above(slower_is_shorter, 0),
        "Till remarks that these SAEs do not even reach their own optimum. Here that depends on the learning rate:"
        " {percent at the lowest learning rate.mean:.0f} % end more than a hundredth above the best known loss at the"
        " lowest one, {percent at the highest learning rate.mean:.0f} % at the highest.",
        "partly",
    ),
    (
        True,
        "Till remarks that these SAEs do not even reach their own optimum. Here it is undecided whether most do:"
        " {percent at the lowest learning rate.mean:.0f} % end more than a hundredth above the best known loss at the"
        " lowest learning rate, {percent at the highest learning rate.mean:.0f} % at the highest.",
        "partly",
    ),
    evidence={
        "percent at the lowest learning rate": seed_by_seed(100 * short[:, 0]),
        "percent at the learning rate between": seed_by_seed(100 * short[:, 1]),
        "percent at the highest learning rate": seed_by_seed(100 * short[:, -1]),
    },
    control={"SAEs that start at the composites, lowest learning rate": (mostly(from_composites), from_composites)},
    source="anders",
)

# %% [markdown]
# ### Does it help to see features alone?
#
# The post says that the finding largely persists if features fire by themselves in three of four samples. What does
# the loss say? A feature alone costs the cross of the features $1/2$ and the diagonals $\sqrt 2 / 2$, so the two are
# equal at the share
#
# $$p = \frac{g}{g + (\sqrt 2 - 1)/2} .$$
#
# The formula holds if exact losses at a price of $0.001$ change their order between $0.02$ below and $0.02$ above it;
# its control is one boundary for all $f$. The post counts as reproduced if most SAEs miss a feature at every learning
# rate, as differing if most find all four at every one. The control is a world in which features are always alone.

# %% tags=["hide-input"] mystnb={"code_prompt_show": "Features that are sometimes alone"}
boundary = {f: alone_boundary(f) for f in ties}


def lead(f, p):
    """What the diagonals save where a feature is alone with probability p."""
    fine = fine_losses(toysae.antipodal_plane(f, p), 0.001, ends)
    return float(fine[0] - fine[1])


def changes_at(places):
    """At how many f the order changes near these places, p by f."""
    return sum(lead(f, p - 0.02) > 0 > lead(f, p + 0.02) for f, p in places.items())


def complete(f, p):
    """How many SAEs find all four features, at the highest learning rate and the price in the middle."""
    known = {0.0: together, often: alone}.get(p)
    missed = by_rate([lacks(known[f])])[0, -1, 1] > 0 if known else lacks(seen_in_plane(f, p, settings=quickest))
    return Fraction.of(~missed)


n_changes = changes_at(boundary)
one_place = (min(boundary.values()) + max(boundary.values())) / 2
n_changes_there = changes_at(dict.fromkeys(ties, one_place))
series = {f"$f = {f:g}$": (shares_alone, [complete(f, p) for p in shares_alone]) for f in ties}

# %% tags=["hide-input"]
missing = by_rate([lacks(seen) for seen in alone.values()])
missing_slow, missing_between, missing_fast = (seed_by_seed(missing[:, i]) for i in range(len(rates)))
slower_misses_more = seed_by_seed(missing[:, 0] - missing[:, -1])
lonely = by_rate([lacks(seen_in_plane(0.0, 1.0))])  # always alone: f does not matter
lonely_by_rate = [seed_by_seed(lonely[:, i]) for i in range(len(rates))]
stuck = Pooled.of(excess(alone, often)[missing > 0] > 0.01)
angles = angle_from_feature(torch.stack([best_known(f, often)[0] for f in ties]))
off_feature = float(torch.minimum(angles, 90 - angles).max())

# %% jupyter={"source_hidden": true} tags=["remove-input"]
found_then = [shares[-1] for _, shares in series.values()]
marks = {f"boundary {f:g}": p for f, p in boundary.items()}
axes = {"xlabel": "how often a feature fires by itself", "ylabel": "SAEs that find all four"}
show(
    figures.fraction_curves(series, marks, **axes),
    f"Where features are alone in three of four samples, at $f = 0$ all four are found by {found_then[0].k} of"
    f" {found_then[0].n} SAEs and at $f = 1$ by {found_then[-1].k}.",
    "Dots: SAEs at the highest learning rate and the middle price, with intervals. Dashed, in the colour of their $f$:"
    " the share above which the true features are cheaper, as the price vanishes.",
    alt=(
        "Share of SAEs that find all four features over how often features fire alone, one line for each tie of the"
        " magnitudes, with dashed vertical boundaries."
    ),
)
claim(
    "alone-boundary",
    (
        n_changes == len(ties),
        "The boundary is where the formula puts it: at every $f$ exact losses change their order within"
        " $0.02$ of the computed share.",
        "holds",
    ),
    (
        n_changes > 0,
        "Exact losses change their order within $0.02$ of the formula at only {values of f that agree} of"
        " {values tried} values of $f$.",
        "partly",
    ),
    (
        True,
        "The boundary is not where the formula puts it: at none of {values tried} values of $f$ do exact losses change"
        " their order within $0.02$ of it.",
        "does not hold",
    ),
    evidence={
        "values of f that agree": n_changes,
        "values tried": len(ties),
        "formula at f = 0": boundary[0.0],
        "formula at f = one half": boundary[0.5],
        "formula at f = 1": boundary[1.0],
    },
    control={"one boundary for all, values of f that agree": (n_changes_there == len(ties), n_changes_there)},
    source="theory",
)
claim(
    "composed-even-when-alone",
    (
        all(map(mostly, (missing_slow, missing_between, missing_fast))),
        "The post finds that composed features largely persist when features are alone in three of four samples. Here"
        " too: even at the highest learning rate {percent at the highest learning rate.mean:.0f} % of SAEs miss a"
        " feature.",
        "reproduced",
    ),
    (
        all(map(mostly_not, (missing_slow, missing_between, missing_fast))),
        "The post finds that composed features largely persist when features are alone in three of four samples. Not"
        " here: even at the lowest learning rate only {percent at the lowest learning rate.mean:.0f} % of SAEs miss a"
        " feature.",
        "differs",
    ),
    (
        above(slower_misses_more, 0),
        "The post finds that composed features largely persist when features are alone in three of four samples. Here"
        " that depends on the learning rate: {percent at the lowest learning rate.mean:.0f} % of SAEs miss a feature at"
        " the lowest one, {percent at the highest learning rate.mean:.0f} % at the highest. Where features are"
        " always alone, {percent at the lowest, features always alone.mean:.0f} % do at the lowest.",
        "partly",
    ),
    (
        True,
        "The post finds that composed features largely persist when features are alone in three of four samples. Here"
        " it is undecided whether most SAEs miss one: {percent at the lowest learning rate.mean:.0f} % do at the"
        " lowest learning rate, {percent at the highest learning rate.mean:.0f} % at the highest.",
        "partly",
    ),
    evidence={
        "percent at the lowest learning rate": seed_by_seed(100 * missing[:, 0]),
        "percent at the learning rate between": seed_by_seed(100 * missing[:, 1]),
        "percent at the highest learning rate": seed_by_seed(100 * missing[:, -1]),
        "percent at the lowest, features always alone": seed_by_seed(100 * lonely[:, 0]),
    },
    control={"SAEs where features are always alone": (all(map(mostly, lonely_by_rate)), seed_by_seed(lonely))},
    source="anders",
)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
say(
    "Is the optimum to blame? "
    + (
        f"No: the rows of the best known dictionaries lie within {max(off_feature, 0.1):.1f} degrees of the features."
        if off_feature < 5
        else f"In part: rows of best known dictionaries lie up to {off_feature:.0f} degrees off the features."
    )
    + (f" Of the SAEs that miss one, {stuck} pay over a hundredth more than these." if stuck.n else "")
)

# %% [markdown]
# ## A budget that is too small
#
# Many SAEs have no price but a *budget*. In a *BatchTopK* SAE the largest activations of a whole batch stay, $k$ per
# sample on average. Chanin and Garriga-Alonso (2025) asked what happens if $k$ is smaller than the number of features
# that are on.
#
# In their world an average of two among five orthogonal features are on. The first, $v_0$, is correlated with each of
# the four others. They report: with $k = 2$ an SAE finds the features; with $k = 1.8$ every other latent takes up
# some of $v_0$, *with the sign of the correlation*.
#
# For each of the four others take the latent most aligned with it, and the cosine of its row with $v_0$. The mean of
# the four is the SAE's *mixing*. All start at the true features, so no unlucky start is to blame. Whether the loss is,
# the next section asks. The result counts as reproduced if, for both signs, the mean mixing is beyond $0.1$ with the
# small budget, on the side of the correlation, and within $0.05$ with the right one; as partly so if that holds for one
# sign. The control is uncorrelated features.
#
# <details><summary>What differs from the original, and from our first edition?</summary>
#
# Each feature is on in two of five samples; the correlation is that of a joint normal vector, cut off at a threshold,
# and the four others are uncorrelated with each other. Magnitudes are normal with mean one. We use five dimensions
# instead of twenty, batches of 128, fewer steps at a higher learning rate, and resample dead latents. A decoder bias
# is on, as in their code. Their SAEs start at the true features with $k = 1.8$ and at random with $k = 2$; ours start
# slightly off the true features at both, and at random further below. All members of a stack see the same batches.
#
# The first edition counted the SAEs that mix beyond $0.05$. How many there are depends on the samples that training
# happens to see, so the counts now stand as evidence. For single SAEs, *mixes* still means beyond $0.05$.
#
# </details>

# %% tags=["hide-input"] mystnb={"code_prompt_show": "How much SAEs mix"}
middle = n_members // 2


def mixes(c, sign, budget=k, bias=True, edge=EDGE):
    """How many SAEs mix with this sign; with sign 0, how many do not mix."""
    m = mixing(train_budget(c, budget, bias))
    return Fraction.of(sign * m > edge if sign else m.abs() <= edge)


def mean_mixing(c, budget=k):
    """The mean mixing of SAEs with this budget."""
    return Mean.of(mixing(train_budget(c, budget, True)).double())


def of_median_mixing(c):
    """The SAE of median mixing, as it is seen."""
    stack = train_budget(c, k, True)
    at = int(mixing(stack).argsort()[middle])
    return toysae.assess(stack[at : at + 1], five(c), threshold)


small_mean, right_mean = ({sign: mean_mixing(sign * correlation, b) for sign in (1, -1)} for b in (k, TRUE_L0))
really_mixes = {1: above(small_mean[1], 2 * EDGE), -1: below(small_mean[-1], -2 * EDGE)}
hardly_mixes = {sign: above(mean, -EDGE) and below(mean, EDGE) for sign, mean in right_mean.items()}
with_small = {sign: mixes(sign * correlation, sign) for sign in (1, -1)}  # mix with the sign of the correlation
as_reported = [really_mixes[sign] and hardly_mixes[sign] for sign in (1, -1)]
uncorrelated = mean_mixing(0.0)
both = measures.joined([of_median_mixing(c) for c in both_signs])

# %% jupyter={"source_hidden": true} tags=["remove-input"]
found = both.labels.features_found.tolist()
show(
    figures.heat_map_row(both, {f"correlation {c:g}": i for i, c in enumerate(both_signs)}, f"budget {k:g}"),
    f"Features found, by a cosine of at least {threshold:g}: {found[0]} of five at the positive correlation, {found[1]}"
    " of five at the negative one. What their latents mix in stands in column A.",
    "With a cosine of one quarter to A, a latent can still have one of .97 to its own feature. The SAEs of median"
    " mixing at either correlation; rows are latents, columns true features (A is $v_0$), numbers are cosines, the"
    " strip tells each latent's label, and the last row is the decoder bias.",
    alt=(
        "Two heat maps of cosines between latents and features, for a positive and a negative correlation, with the"
        " decoder bias as the last row."
    ),
)
claim(
    "too-small-a-budget-mixes",
    (
        all(as_reported),
        "The paper finds that a budget below the true one mixes correlated features, with the sign of the correlation."
        " Here too, started at the true features: where the correlation is positive the mean mixing is"
        " {positive correlation.mean:.2f}, where it is negative {negative correlation.mean:.2f}.",
        "reproduced",
    ),
    (
        any(as_reported),
        "The paper finds that a budget below the true one mixes correlated features, with the sign of the correlation,"
        " and the right one does not. Here, started at the true features, that comes out for one sign only.",
        "partly",
    ),
    (
        True,
        "The paper finds that a budget below the true one mixes correlated features, with the sign of the correlation,"
        " and the right one does not. Here, started at the true features, that comes out for neither sign.",
        "differs",
    ),
    evidence={
        "positive correlation": small_mean[1],
        "negative correlation": small_mean[-1],
        "with the right budget, positive correlation": right_mean[1],
        "with the right budget, negative correlation": right_mean[-1],
        "mix as reported, positive correlation": with_small[1],
        "mix as reported, negative correlation": with_small[-1],
    },
    control={
        "uncorrelated features": (above(uncorrelated, 2 * EDGE) or below(uncorrelated, -2 * EDGE), uncorrelated),
    },
    source="sparse-but-wrong",
)

# %% [markdown]
# ### Is it the loss that prefers mixing?
#
# Leave the encoder out. Turn the four other rows towards $v_0$ by a number $m$, so that they point along
# $v_i + m v_0$, and let the decoder bias be $\beta v_0$. Give every sample the best activations that the budget
# allows. What is left is the error that no encoder can avoid.

# %% tags=["hide-input"] mystnb={"code_prompt_show": "The least error at every mixing and bias"}
mixed_all = mixed_rows(torch.eye(5).double(), turns.repeat(len(shifts)))
bias_all = shifts.repeat_interleave(len(turns))[:, None] * first
surface = {
    c: budget_errors(mixed_all, x, k, decoder_bias=bias_all).view(len(shifts), len(turns)) for c, x in samples.items()
}
lowest = {c: divmod(int(v.argmin()), len(turns)) for c, v in surface.items()}
deepest = {c: float(turns[column]) for c, (_, column) in lowest.items()}
unbiased = {c: float(turns[v[int(shifts.abs().argmin())].argmin()]) for c, v in surface.items()}


def place(c, bias):
    """Mixing as m, and the bias along feature 0, of the trained SAEs."""
    stack = train_budget(c, k, bias)
    m = mixing(stack).clamp(-0.7, 0.7).asin().tan()
    return m.clamp(-0.6, 0.6).tolist(), stack.b_dec[:, 0].clamp(-0.6, 1).tolist()


beats, beats_with_right = ({c: Fraction.of(less_error(c, budget)) for c in both_signs} for budget in (k, TRUE_L0))
without = {sign: mixes(sign * correlation, sign, bias=False) for sign in (1, -1)}


# %% jupyter={"source_hidden": true} tags=["remove-input"]
def sign_of(m):
    """On which side of the true features a mixing lies, in words."""
    return "at $m = 0$" if abs(m) < 0.01 else "at a positive $m$" if m > 0 else "at a negative $m$"


def both_ways(at):
    """Where the least error lies at the positive and at the negative correlation."""
    plus, minus = (sign_of(at[c]) for c in both_signs)
    if plus == minus:
        return f"{plus} for both correlations"
    return f"{plus} for the positive correlation and {minus} for the negative one"


marks = {"true features": ([0], [0])}
panels = {
    f"correlation {c:g}": (v.numpy(), marks | {"SAEs, bias on": place(c, True), "SAEs, bias off": place(c, False)})
    for c, v in surface.items()
}
axes = {"xlabel": "mixing $m$", "ylabel": "bias along $v_0$, $\\beta$", "xlim": (-0.62, 0.62), "ylim": (-0.62, 1.02)}
show(
    landscapes(panels, turns.tolist(), shifts.tolist(), "least mean squared error", **axes),
    f"The least error lies {both_ways(deepest)}; without a bias, {both_ways(unbiased)}.",
    "White is low, and all above the median has one shade; $\\beta = 0$ is without a bias. SAEs are placed by their"
    " mixing and bias, those outside at the edge.",
    alt=(
        "Two landscapes of error over mixing and bias, for a positive and a negative correlation, with marks for the"
        " true features and for trained SAEs."
    ),
)

# %% [markdown]
# Why should mixing help, and why with a sign? If latent 0 stays silent to save budget, $v_0$ can still be written by
# the bias and by the rows of the others: $\beta + m \cdot$ (sum of the activations of the others). That is a
# regression line for the silent feature. If $v_0$ comes with the others, the line rises, and $m$ is positive. If
# $v_0$ comes without them, it falls, and then it has to start above zero. Only a decoder bias can supply that, so
# without one there should be no negative mixing.
#
# The true features get every advantage: the best of many biases, the best activations, no encoder. If SAEs
# nevertheless mix as reported and most have less error by a tenth or more, at both correlations and on the same
# samples, then it is the loss that prefers mixing. The control is the right budget.

# %% jupyter={"source_hidden": true} tags=["remove-input"]
claim(
    "the-loss-prefers-mixing",
    (
        all(map(mostly, beats.values())) and all(really_mixes.values()),
        "With the small budget the loss itself prefers mixing: SAEs mix as reported, and most have clearly less error"
        " than the true features with every advantage. Lower error does not mean truer features.",
        "holds",
    ),
    (
        all(map(mostly, beats.values())),
        "It is not shown here that the loss prefers mixing: most SAEs have clearly less error than the true features,"
        " but they do not mix as reported.",
        "does not hold",
    ),
    (
        True,
        "It is not shown here that the loss prefers mixing: {less error, positive correlation.k} of"
        " {less error, positive correlation.n} SAEs have clearly less error than the true features where the"
        " correlation is positive, and {less error, negative correlation.k} where it is negative.",
        "does not hold",
    ),
    evidence={
        "less error, positive correlation": beats[correlation],
        "less error, negative correlation": beats[-correlation],
        "mixing of least error, positive correlation": deepest[correlation],
        "mixing of least error, negative correlation": deepest[-correlation],
        "median error, positive correlation": own_error(correlation).median(),
        "error of the true features, positive correlation": true_error(correlation),
        "median error, negative correlation": own_error(-correlation).median(),
        "error of the true features, negative correlation": true_error(-correlation),
        "mix as reported, positive correlation": with_small[1],
        "mix as reported, negative correlation": with_small[-1],
    },
    control={"the right budget": (all(map(mostly, beats_with_right.values())), beats_with_right[correlation])},
)
claim(
    "negative-mixing-needs-a-bias",
    (
        mostly(with_small[-1]) and mostly_not(without[-1]),
        "Negative mixing needs the bias: where the correlation is negative, {with the bias.k} of {with the bias.n} SAEs"
        " mix negatively with a decoder bias, and {without it.k} without one.",
        "holds",
    ),
    (
        True,
        "It is not shown here that negative mixing needs the bias: where the correlation is negative, {with the bias.k}"
        " of {with the bias.n} SAEs mix negatively with a decoder bias, and {without it.k} without one.",
        "does not hold",
    ),
    evidence={
        "with the bias": with_small[-1],
        "without it": without[-1],
        "positively without it, where the correlation is positive": without[1],
    },
    control={"positive mixing": (mostly(with_small[1]) and mostly_not(without[1]), without[1])},
)

# %% [markdown]
# ### Does a random start find the features?
#
# The authors find the features with $k = 2$ from random starts, and advise to run again if training gets stuck. Here
# every start counts. The result counts as reproduced if, at either correlation, most SAEs have a latent aligned with
# each feature, and as differing if most do not at either. The control is the small budget.

# %% tags=["hide-input"] mystnb={"code_prompt_show": "Random starts"}
tried = [(c, budget) for c in both_signs for budget in (TRUE_L0, k)]


def finds_all(c, budget):
    """SAEs from random starts that have an atom for each of the five features."""
    cosine = measures.cosines(train_budget(c, budget, True, "random-sign").W_dec, torch.eye(5))
    return Fraction.of((cosine.amax(dim=1) >= threshold).all(dim=1))


lucky = {lot: finds_all(*lot) for lot in tried}
at_positive, at_negative = (lucky[c, TRUE_L0] for c in both_signs)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
claim(
    "right-budget-random-start",
    (
        mostly(at_positive) and mostly(at_negative),
        "The authors find the features with the right budget from random starts, some of which get stuck. Here most"
        " random starts find all five features, {where it is positive.k} of {where it is positive.n} at the positive"
        " correlation and {where it is negative.k} at the negative one.",
        "reproduced",
    ),
    (
        mostly_not(at_positive) and mostly_not(at_negative),
        "The authors find the features with the right budget from random starts, some of which get stuck. Here most"
        " random starts do not find all five features, neither at the positive correlation nor at the negative one.",
        "differs",
    ),
    (
        True,
        "The authors find the features with the right budget from random starts, some of which get stuck. Here the"
        " right budget alone does not suffice: {where it is positive.k} of {where it is positive.n} random starts find"
        " all five features at the positive correlation, {where it is negative.k} at the negative one.",
        "partly",
    ),
    evidence={"where it is positive": at_positive, "where it is negative": at_negative},
    control={"the small budget": (all(mostly(lucky[c, k]) for c in both_signs), lucky[correlation, k])},
    source="sparse-but-wrong",
)

# %% [markdown]
# ## A band in which features are recovered
#
# An earlier toy, by Sharkey, Braun and Millidge (2022), brought good news. They put 512 correlated features into 256
# dimensions, five active on average. Over a grid of prices and widths there was a region where features were
# recovered: the *MMCS*, the mean over features of the best cosine with any latent, came near one.
#
# A cell recovers if the interval of its mean MMCS lies above a bar, and fails if it lies below. There is a band at a
# width if some price recovers while the lowest and the highest price fail. The result counts as reproduced if there
# is a band at every width of at least the number of features, at a bar of $0.9$ and at $0.95$; as partly so if at
# some width and bar. The control is the same SAEs held against other random directions.
#
# <details><summary>How is ours smaller?</summary>
#
# It is the same in kind: half as many dimensions as features, random directions, a random correlation matrix, rates
# that fall by the same factor from first to last, uniform magnitudes. One feature in 25 is on, since with one in a
# hundred most samples of so small a world would be empty. Training is shorter, and dead latents are resampled. They
# divide the squared error by the number of dimensions and the price by the number of latents, so that their
# coefficient is $2 \lambda$ times latents over dimensions; over their coefficient the same band would be slanted.
#
# </details>

# %% tags=["hide-input"] mystnb={"code_prompt_show": "SAEs in superposition"}
d_in = max(1, n_features // 2)
crowd = toysae.superposed(n_features, d_in, n_features / 25, torch.Generator().manual_seed(seed))
elsewhere = worlds.unit_directions(n_features, d_in, torch.Generator().manual_seed(seed + 2))
widths = [max(1, n_features // 2), n_features, 2 * n_features]
many_prices = [l1_coeff * share for share in (0.03, 1, 2, 8)]
all_seeds = list(seeds) * len(many_prices)
all_prices = torch.tensor(many_prices).double().repeat_interleave(n_saes)


def trained_rows(width):
    """Decoder rows of SAEs of this width at every price."""
    data = saes.Batches(crowd, 64, torch.Generator().manual_seed(seed + 1))
    return toysae.train(toysae.start(crowd, width, all_prices, all_seeds), data, n_steps=n_steps, lr=lr).W_dec


# %% tags=["hide-input"]
def recovery(features):
    """MMCS with these features at every width and price, (n_prices, n_seeds) by width."""
    return {w: measures.mmcs(rows, features).view(len(many_prices), -1).double() for w, rows in rows_at.items()}


def bands(recovered, bar):
    """Widths with a band, by the rule."""
    means = {width: [Mean.of(row) for row in rows] for width, rows in recovered.items()}
    return [
        width
        for width, row in means.items()
        if any(above(m, bar) for m in row) and below(row[0], bar) and below(row[-1], bar)
    ]


rows_at = {width: trained_rows(width) for width in widths}
recovered, recovered_elsewhere = recovery(crowd.features), recovery(elsewhere)
chance = {
    width: float(measures.mmcs(saes.random_sign_rows(crowd, width, seeds), crowd.features).mean()) for width in widths
}

# %% jupyter={"source_hidden": true} tags=["remove-input"]
means = torch.stack([rows.mean(dim=1) for rows in recovered.values()])
row, column = divmod(int(means.argmax()), len(many_prices))
ticks = [f"{price:.3g}" for price in many_prices], [counted(width, "latent") for width in widths]
show(
    value_map(means.numpy(), *ticks, "MMCS", lowest=min(chance.values()), xlabel="price $\\lambda$"),
    f"Recovery is best with {counted(widths[row], 'latent')} at $\\lambda$ = {many_prices[column]:.3g}.",
    "Each cell is the mean MMCS of the SAEs with this price and width; the orange end of the colours stands for what"
    " random rows have.",
    alt="A map of recovery, with prices along the columns and widths along the rows.",
)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
wide = [width for width in widths if width >= n_features]
with_band, with_high_band = bands(recovered, 0.9), bands(recovered, 0.95)
highest = {width: float(values) for width, values in zip(widths, means.amax(1), strict=True)}
control_band = bands(recovered_elsewhere, 0.9)
claim(
    "a-band-of-recovery",
    (
        set(wide) <= set(with_band) & set(with_high_band),
        "The authors find a band of prices and widths in which features are recovered. Here there is one at every width"
        " of at least the number of features.",
        "reproduced",
    ),
    (
        bool(set(wide) & set(with_band)),
        "The authors find a band of prices and widths in which features are recovered. Here there is one, but not at"
        " every width and for every reading of *recovered*: the highest mean MMCS is {highest with as many latents:.2f}"
        " with as many latents as features, {highest with twice as many:.2f} with twice as many.",
        "partly",
    ),
    (
        len(with_band) > 0,
        "The authors find a band of prices and widths in which features are recovered. Here there is one only at a"
        " width with fewer latents than the {features} features.",
        "partly",
    ),
    (
        True,
        "The authors find a band of prices and widths in which features are recovered. Here, by the rule, there is none"
        " at any width.",
        "differs",
    ),
    evidence={
        "features": n_features,
        "highest with half as many": highest[widths[0]],
        "highest with as many latents": highest[widths[1]],
        "highest with twice as many": highest[widths[2]],
        "of random rows, as many": chance[widths[1]],
    },
    control={
        "the same SAEs held against other directions": (
            set(wide) <= set(control_band),
            max(float(rows.mean(dim=1).max()) for rows in recovered_elsewhere.values()),
        )
    },
    source="sharkey",
)

# %% [markdown]
# Where there is a band, features are found although they are correlated. What is different from the plane? There no
# feature was ever seen without one of the other set. Here the company of a feature changes from sample to sample.
# [When they win](04_when_they_win.ipynb) follows what company does.
#
# ## What could be wrong?
#
# *The decoder bias.* Anders and others train with one, and we left it out. So the plane is trained once more, with
# the bias. It holds that SAEs compose if a seed does at nearly all settings on average, partly if at most of them.

# %% tags=["hide-input"] mystnb={"code_prompt_show": "The plane once more, with a decoder bias"}
biased = seed_by_seed(torch.cat([composes(seen_in_plane(f, decoder_bias=True)) for f in ties]))

# %% jupyter={"source_hidden": true} tags=["remove-input"]
claim(
    "composed-with-a-bias",
    (
        nothing_to_judge(biased),
        "With a decoder bias no setting of the grid can be judged: in each of them fewer than half of the latents are"
        " live.",
        None,
    ),
    (
        nearly_all(biased),
        "With a decoder bias SAEs compose, too: a seed does so at {percent of settings.mean:.0f} % of the settings on"
        " average.",
        "holds",
    ),
    (
        mostly(biased),
        "With a decoder bias a seed composes at most settings, on average at {percent of settings.mean:.0f} % of them,"
        " but not at nearly all.",
        "partly",
    ),
    (
        True,
        "With a decoder bias it is not sure that a seed composes at most settings: on average it does at"
        " {percent of settings.mean:.0f} % of them.",
        "does not hold",
    ),
    evidence={
        "percent of settings": seed_by_seed(
            100 * torch.cat([composes(seen_in_plane(f, decoder_bias=True)) for f in ties])
        ),
        "percent without a bias": seed_by_seed(100 * composing),
    },
    control={"the SAEs before training": (nearly_all(composed_before), composed_before)},
)


# %% jupyter={"source_hidden": true} tags=["remove-input", "evidence"]
def mixed_beyond(edge):
    """SAEs that mix with the sign of the correlation beyond an edge, at the two correlations, as text."""
    plus, minus = (mixes(sign * correlation, sign, edge=edge) for sign in (1, -1))
    return f"beyond {edge:g}, {plus.k} and {minus.k} of {plus.n}"


right = [mixes(sign * correlation, 0, TRUE_L0, edge=EDGE / 2) for sign in (1, -1)]
say(
    f"If the edge of mixing is moved, SAEs with the small budget that mix with the sign of the correlation, positive"
    f" and negative: {mixed_beyond(EDGE / 2)}; {mixed_beyond(EDGE)}; {mixed_beyond(2 * EDGE)}. With the right budget"
    f" {right[0].k} and {right[1].k} of {right[0].n} stay within {EDGE / 2:g}."
)

# %% [markdown]
# *The scale.* The originals train for longer, at lower learning rates, and the third has 512 features. A verdict here
# is about the mechanism at this size. *One world each.* The directions and correlations of the last toy were drawn
# once; other seeds draw others.
#
# ## So what?
#
# A heat map does not tell the three causes apart; each has its own test. Compare with the best known dictionary, look
# at the loss that is left, and give the true features every advantage. And mind the decoder bias:
# it opens ways to save error.
#
# ## A question
#
# At $f = 0$ the samples fill a square. What shape would they have to fill for the true features to be the cheapest
# cross?

# %% jupyter={"source_hidden": true} tags=["remove-input"]
say_trained(saes.n_trained())
