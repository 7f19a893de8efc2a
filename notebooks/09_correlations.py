# %% [markdown]
# # Correlations
#
# Others have built toys in which features are correlated, and reported three things: that autoencoders find composed
# features whatever one does; that too small a budget of active latents makes them wrong; and that there is a band of
# settings in which they are right. Do these results come out here, and why? All three toys are scaled down or
# simplified, and each section says how.
#
# **You will see** two sets of features in a plane and what their data can tell; a budget that is too small by a tenth,
# and what decides the sign of the error; and a map of recovery over price and width. **You will need** [the minimal
# example](01_minimal_example.ipynb); [the optimum and training](07_optimum_and_training.ipynb) helps.
#
# Every result that comes from a publication gets a verdict: *reproduced*, *partly* or *differs*. The rule of each
# verdict stands before its results. "Most" means that the whole $95\,\%$ interval lies above one half, "nearly all"
# that it lies above four fifths. What is sampled is seeds: where SAEs of one seed are trained at many settings, the
# seed counts once, by its mean over them. Each rule is also applied to a *control* that should fail it. A formula
# *holds* if all its checks come out, and *partly* if some do; such claims are computed, and nothing in them is drawn at
# random.

# %% tags=["parameters"]
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

# %%
import itertools
import math
from functools import cache

import pandas as pd
import torch

import toysae
from toysae import figures, measures, optimum, saes, worlds
from toysae.chapters.correlations.budget import budget_errors, mixed_rows
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
    say_trained,
    show,
)

check_parameters(globals())
figures.house_style()
seeds = range(seed * n_saes, (seed + 1) * n_saes)

# %% [markdown]
# ## Two sets of features in one plane
#
# In March 2024 Anders and others reported that "sparse autoencoders find composed features in small toy models". Their
# data: two sets of two features; in every sample one feature of each set is on, with fair odds. A small network had
# learned to put its four features into a plane, the two of a set opposite to each other. We put them there exactly: the
# sets are $\pm e_1$ and $\pm e_2$, so a sample is
#
# $$x = \pm a \, e_1 \pm b \, e_2 .$$
#
# Magnitude $a$ is uniform between 0 and 1, and $b$ is tied to it by a number $f$: $b = (1 - f) u + f a$ with another
# uniform $u$. At $f = 0$ the two are independent, at $f = 1$ equal. An SAE has four latents. An *atom* points along one
# of the four features; a *composite* points along a diagonal, the sum of two features that fire together.
#
# ### What can the data tell?
#
# Take four rows at right angles, a *cross*, and turn it. At 0 degrees its rows are the true features, at 45 degrees the
# composites, at 90 degrees the features again. Every cross can write every sample; only the price differs. A commenter,
# Ali Shehper, remarked that at $f = 0$ these data have no privileged basis. If so, the loss at $f = 0$ is the same at
# every angle, as it is for points spread evenly over all directions, which we draw beside it.
#
# *Rule.* Take the range of the loss over all angles as a share of its mean. Shehper's remark counts as reproduced if
# that is at most a hundredth at $f = 0$; as partly so if it is less than half of that at $f = 1$.

# %%
ties = [0.0, 0.5, 1.0]  # f
planes = {f: toysae.antipodal_plane(f) for f in ties}
degrees = torch.arange(0, 91, 3).double()
turned = cross(degrees.deg2rad())
around = torch.arange(0, 360, 0.5).double().deg2rad()
ring = torch.stack([around.cos(), around.sin()], dim=1)


def losses_of(points, probabilities, price):
    """Loss of the cross at every angle, with the best latent activations."""
    return optimum.sample_losses(points, turned, price) @ probabilities


def fine_losses(world, price):
    """The same on a grid of twenty magnitudes per set."""
    activations, probabilities = worlds.quantile_grid(world, 20)
    return losses_of(world.inputs(activations), probabilities, price)


# %%
by_angle = {f"f = {f:g}": fine_losses(world, l1_coeff) for f, world in planes.items()}
even = torch.full((len(ring),), 1 / len(ring)).double()
by_angle["all directions alike"] = losses_of(ring, even, l1_coeff)
ranges = {name: float((v.max() - v.min()) / v.mean()) for name, v in by_angle.items()}
lowest_at = {name: float(degrees[v.argmin()]) for name, v in by_angle.items()}

# %% jupyter={"source_hidden": true} tags=["remove-input"]
varies = listed([f"{100 * ranges[f'f = {f:g}']:.1f} % for $f = {f:g}$" for f in ties])
lines = {name: (degrees.tolist(), (v / v[0]).tolist()) for name, v in by_angle.items()}
axes = {"xlabel": "angle between the cross and the true features, degrees", "ylabel": "loss / loss of the features"}
show(
    figures.curve_figure(lines, {}, **axes, xticks=[0, 15, 30, 45, 60, 75, 90]),
    f"As the cross turns, the loss varies by {varies}, and by {100 * ranges['all directions alike']:.1f} % where all"
    " directions are alike.",
    f"Exact losses of a cross with the best latent activations, $\\lambda$ = {l1_coeff:g}. 0 and 90 degrees are the"
    " true features, 45 degrees the composites.",
    alt=(
        "Loss of four rows at right angles over the angle by which they are turned: one curve for each tie of the"
        " magnitudes, and one for points in all directions."
    ),
)
claim(
    "a-weak-preference-at-zero",
    (
        ranges["f = 0"] <= 0.01,
        "Shehper remarks that at $f = 0$ no basis is privileged. So it is here: as the cross turns, the loss varies by"
        " only {percent at f = 0:.1f} % of its mean.",
        "reproduced",
    ),
    (
        ranges["f = 0"] < ranges["f = 1"] / 2,
        "Shehper remarks that at $f = 0$ no basis is privileged. Here the loss is not flat even then: it varies by"
        " {percent at f = 0:.1f} % as the cross turns, and is lowest at {lowest angle at f = 0:.0f} degrees. The"
        " samples fill a square, and a square has corners.",
        "partly",
    ),
    (
        True,
        "Shehper remarks that at $f = 0$ no basis is privileged. Here the loss varies by {percent at f = 0:.1f} % as"
        " the cross turns: at least half as much as at $f = 1$, where it is {percent at f = 1:.1f} %.",
        "differs",
    ),
    evidence={
        "percent at f = 0": 100 * ranges["f = 0"],
        "percent at f = 1": 100 * ranges["f = 1"],
        "lowest angle at f = 0": lowest_at["f = 0"],
    },
    control={"the same at f = 1": (ranges["f = 1"] <= 0.01, 100 * ranges["f = 1"])},
    source="anders",
)

# %% [markdown]
# Arithmetic says the same. As the price vanishes, only the sum of activations counts. The features pay $a + b$. The
# diagonals pay $|a + b| / \sqrt 2 + |a - b| / \sqrt 2 = \sqrt 2 \max(a, b)$. In the mean $a + b$ is 1 and $|a - b|$ is
# $(1 - f)/3$, so the diagonals save the share
#
# $$g = 1 - \frac{1 + (1 - f)/3}{\sqrt 2} ,$$
#
# which is positive for every $f$. So at a low price the cross of the composites is cheaper than that of the features,
# whatever $f$ is. *Rule.* The formula is checked at each $f$ against exact losses at a price of $0.001$, where
# magnitudes come from a grid. It may be off by $0.005$. The control is the best constant, one for all $f$.

# %%
gains = {}
for f, world in planes.items():
    fine = fine_losses(world, 0.001)
    gains[f] = 1 - float(fine[15] / fine[0]), diagonal_gain(f)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
errors = [abs(found - formula) for found, formula in gains.values()]
n_close = sum(error < 0.005 for error in errors)
constant_error = (max(gains[f][0] for f in ties) - min(gains[f][0] for f in ties)) / 2
claim(
    "diagonals-save",
    (
        n_close == len(ties),
        "Exact losses agree with the formula: the diagonals save {percent at f = 0:.1f} % at $f = 0$,"
        " {percent at f = one half:.1f} % at $f = 0.5$ and {percent at f = 1:.1f} % at $f = 1$.",
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
# We train on a grid of three learning rates and three prices, at every $f$, on a grid of seven magnitudes per set. What
# differs from the original: features exactly opposite, no decoder bias (the last section switches it on), plain squared
# error instead of error relative to $\|x\|^2$, Adam with its usual constants, dead latents resampled, and a grid that
# is ours.
#
# *Rule.* An SAE *composes* if it does not find all four features, and its live latents hold more composites than atoms.
# (An SAE in which fewer than half of the latents are live is left out.) The finding counts as reproduced if nearly all
# seeds compose at every setting, and as partly so if a seed composes at most of them. The control are the SAEs before
# training.
#
# Till's comment on that post says that SAEs do not even reach their own optimum. [The chapter on
# it](07_optimum_and_training.ipynb) looked at $f = 1$; here is the whole grid. *Rule.* An SAE reaches the optimum if
# its loss is within a hundredth of that of the best known dictionary of four rows. The comment counts as reproduced if
# most do not at every learning rate, as differing if most do at every learning rate, and else as partly reproduced. The
# control are SAEs that start at the composites, at the lowest learning rate.

# %%
rates = [0.1 * lr, 0.3 * lr, lr]
prices = [share * l1_coeff for share in (0.1, 1, 3)]
everywhere = tuple(itertools.product(rates, prices))
slowest = tuple((rates[0], price) for price in prices)


@cache
def seen_in_plane(f, p_alone=0.0, decoder_bias=False, init="random-sign", settings=everywhere):
    """What is seen of SAEs that were trained in the plane at these learning rates and prices."""
    world = toysae.antipodal_plane(f, p_alone)
    each_lr, each_price = torch.tensor(settings).double().repeat_interleave(n_saes, dim=0).T
    members = list(seeds) * len(settings)
    start = toysae.start(world, 4, each_price, members, init=init, decoder_bias=decoder_bias)
    trained = toysae.train(start, saes.Support(*worlds.finite_data(world)), n_steps=n_steps, lr=each_lr)
    return toysae.assess(trained, world, threshold)


together = {f: seen_in_plane(f) for f in ties}  # no feature is ever alone
untrained = {f: toysae.assess(toysae.start(planes[f], 4, l1_coeff, seeds), planes[f], threshold) for f in ties}


# %%
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


def seed_by_seed(values):
    """The mean over seeds, of values (..., n_seeds); each seed counts by its mean over settings."""
    return Mean.of(values.double().flatten(0, -2).nanmean(dim=0))


# %%
def lacks(seen):
    """Whether each SAE misses one of the four features."""
    return seen.labels.features_found < 4


def composes(seen):
    """Whether each SAE composes, (n_settings, n_seeds); not a number where that cannot be judged."""
    more_composites = seen.labels.count("composite") > seen.labels.count("atomic")
    judged = seen.live.sum(dim=1) >= 2
    return (lacks(seen) & more_composites).double().where(judged, torch.nan).view(-1, n_saes)


def at_all(values):
    """In how many seeds something holds at every setting that can be judged; seeds without one are left out."""
    return Fraction.of((values != 0).all(dim=0)[~values.isnan().all(dim=0)])


composing, before = (torch.cat([composes(seen) for seen in each.values()]) for each in (together, untrained))
short = (excess(together) > 0.01).double()
control_short = excess({f: seen_in_plane(f, init="at-composites", settings=slowest) for f in ties}) > 0.01


# %% jupyter={"source_hidden": true} tags=["remove-input"]
def panel(f):
    """The cost of crosses at the middle price, and the latents of all SAEs at that price."""
    fine = losses_of(*worlds.finite_data(planes[f]), prices[1])
    seen = together[f]
    at_price = torch.tensor([price == prices[1] for _, price in everywhere]).repeat_interleave(n_saes)
    shown = at_price[:, None] & seen.live
    angle = angle_from_feature(seen.cosines[..., [0, 2]])[shown]
    height = (seen.losses[:, None] / fine[0]).expand(-1, 4)[shown]
    crosses = {"cross at this angle": (degrees.tolist(), (fine / fine[0]).tolist())}
    return crosses, {"latents": (angle.tolist(), height.tolist())}, {}


counts = {f: Pooled.of(short[i, :, 1] == 0) for i, f in enumerate(ties)}
reach_here = listed([f"{count.k} of {count.n} at $f = {f:g}$" for f, count in counts.items()])
axes = {"xlabel": "angle from the feature, degrees", "ylabel": "loss / loss of the features", "xticks": [0, 45, 90]}
show(
    figures.curve_panels({f"$f = {f:g}$": panel(f) for f in ties}, **axes),
    f"SAEs within a hundredth of the best known loss, at this price and over three learning rates: {reach_here}.",
    f"Dots: the live latents of all SAEs at $\\lambda$ = {prices[1]:g}, placed by the angle of their row (0 and 90: a"
    " true feature, 45: a composite) and by the loss of their SAE. Line: what a cross costs if all four rows have that"
    " angle. A dot above the line belongs to an SAE that pays more than such a cross.",
    alt=(
        "Three panels of loss over angle, a curve for crosses and dots for the latents of trained SAEs, one panel for"
        " each tie of the magnitudes."
    ),
)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
composed, composed_before = seed_by_seed(composing), seed_by_seed(before)
at_every, before_at_every = at_all(composing), at_all(before)
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
        " average at {share of settings.mean:.0%} of them, but not at every one.",
        "partly",
    ),
    (
        True,
        "The post finds composed features at every learning rate and price. Here it is not even sure that a seed"
        " composes at most settings: on average it does at {share of settings.mean:.0%} of them.",
        "differs",
    ),
    evidence={
        "share of settings": composed,
        "at every setting": at_every,
        "share of settings before training": composed_before,
    },
    control={"the SAEs before training": (nearly_all(before_at_every), before_at_every)},
    source="anders",
)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
slow, middling, fast = (seed_by_seed(short[:, i]) for i in range(len(rates)))
slower_is_shorter = seed_by_seed(short[:, 0] - short[:, -1])
from_composites = seed_by_seed(control_short)
claim(
    "till-on-the-grid",
    (
        all(map(mostly, (slow, middling, fast))),
        "Till remarks that these SAEs do not even reach their own optimum. Most do not at any learning rate, not even"
        " at the highest: {highest learning rate.mean:.0%} of SAEs end more than a hundredth above the best known loss"
        " there.",
        "reproduced",
    ),
    (
        all(map(mostly_not, (slow, middling, fast))),
        "Till remarks that these SAEs do not even reach their own optimum. Here most do at every learning rate: even at"
        " the lowest only {lowest learning rate.mean:.0%} end more than a hundredth above the best known loss.",
        "differs",
    ),
    (
        above(slower_is_shorter, 0),
        "Till remarks that these SAEs do not even reach their own optimum. Here that depends on the learning rate:"
        " {lowest learning rate.mean:.0%} end more than a hundredth above the best known loss at the lowest one,"
        " {highest learning rate.mean:.0%} at"
        " the highest.",
        "partly",
    ),
    (
        True,
        "Till remarks that these SAEs do not even reach their own optimum. Here it is undecided whether most do:"
        " {lowest learning rate.mean:.0%} end more than a hundredth above the best known loss at the lowest learning"
        " rate, {highest learning rate.mean:.0%} at the highest.",
        "partly",
    ),
    evidence={"lowest learning rate": slow, "learning rate between": middling, "highest learning rate": fast},
    control={"SAEs that start at the composites, lowest learning rate": (mostly(from_composites), from_composites)},
    source="anders",
)

# %% [markdown]
# ### Does it help to see features alone?
#
# The post says that the finding largely persists if features fire by themselves in three of four samples. The same
# arithmetic tells from where on the loss prefers the features. A feature alone costs the cross of the features $1/2$
# and the diagonals $\sqrt 2 / 2$, so, with $g$ from above, the two are equal at the share
#
# $$p = \frac{g}{g + (\sqrt 2 - 1)/2} .$$
#
# *Rule.* At three of four samples the post's finding counts as reproduced if most SAEs miss a feature at every learning
# rate, as differing if most find all four at every learning rate, and else as partly reproduced. The control are SAEs
# in a world where features are always alone, so that nothing can be composed. The formula is checked at each $f$: exact
# losses at a price of $0.001$ have to change their order between $0.02$ below and $0.02$ above it. Its control is one
# boundary for all $f$.

# %%
shares_alone = [0.0, 0.25, 0.5, 0.75]
boundary = {f: alone_boundary(f) for f in ties}
quickest = ((rates[-1], prices[1]),)


def lead(f, p):
    """What the diagonals save where a feature is alone with probability p."""
    fine = fine_losses(toysae.antipodal_plane(f, p), 0.001)
    return float(fine[0] - fine[15])


def complete(f, p):
    """How many SAEs find all four features, at the highest learning rate and the price in the middle."""
    return Fraction.of(~lacks(seen_in_plane(f, p, settings=quickest)))


def changes_at(places):
    """At how many f the order changes near these places, p by f."""
    return sum(lead(f, p - 0.02) > 0 > lead(f, p + 0.02) for f, p in places.items())


n_changes = changes_at(boundary)
one_place = (min(boundary.values()) + max(boundary.values())) / 2
n_changes_there = changes_at(dict.fromkeys(ties, one_place))
series = {f"$f = {f:g}$": (shares_alone, [complete(f, p) for p in shares_alone]) for f in ties}

# %% jupyter={"source_hidden": true} tags=["remove-input"]
ends = listed([f"{shares[-1].k} of {shares[-1].n} at {name}" for name, (_, shares) in series.items()])
marks = {f"boundary {f:g}": p for f, p in boundary.items()}
axes = {"xlabel": "how often a feature fires by itself", "ylabel": "SAEs that find all four"}
show(
    figures.fraction_curves(series, marks, **axes),
    f"Where features are alone in three of four samples, all four are found by {ends}.",
    f"Dots: the share of SAEs that have an atom for every feature, at learning rate {rates[-1]:g} and"
    f" $\\lambda$ = {prices[1]:g}, with 95 % Wilson intervals. Dashed lines, in the colour of their $f$: the share"
    f" from which on the true"
    " features cost less than the composites as the price vanishes.",
    alt=(
        "Share of SAEs that find all four features over how often features fire alone, one line for each tie of the"
        " magnitudes, with dashed vertical boundaries."
    ),
)
claim(
    "alone-boundary",
    (
        n_changes == len(ties),
        "The boundary is where the formula puts it: exact losses change their order within $0.02$ of"
        " {formula at f = 0:.2f} at $f = 0$, {formula at f = one half:.2f} at $f = 0.5$ and {formula at f = 1:.2f} at"
        " $f = 1$.",
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

# %%
often = shares_alone[-1]
alone = {f: seen_in_plane(f, often) for f in ties}
missing = by_rate([lacks(seen) for seen in alone.values()])
missing_slow, missing_between, missing_fast = (seed_by_seed(missing[:, i]) for i in range(len(rates)))
slower_misses_more = seed_by_seed(missing[:, 0] - missing[:, -1])
lonely = by_rate([lacks(seen_in_plane(0.0, 1.0))])  # always alone: f does not matter
lonely_by_rate = [seed_by_seed(lonely[:, i]) for i in range(len(rates))]
stuck = Pooled.of(excess(alone, often)[missing > 0] > 0.01)
angles = angle_from_feature(torch.stack([best_known(f, often)[0] for f in ties]))
off_feature = float(torch.minimum(angles, 90 - angles).max())

# %% jupyter={"source_hidden": true} tags=["remove-input"]
claim(
    "composed-even-when-alone",
    (
        all(map(mostly, (missing_slow, missing_between, missing_fast))),
        "The post finds that composed features largely persist when features are alone in three of four samples. Here"
        " too: even at the highest learning rate {highest learning rate.mean:.0%} of SAEs miss a feature.",
        "reproduced",
    ),
    (
        all(map(mostly_not, (missing_slow, missing_between, missing_fast))),
        "The post finds that composed features largely persist when features are alone in three of four samples. Not"
        " here: even at the lowest learning rate only {lowest learning rate.mean:.0%} of SAEs miss a feature.",
        "differs",
    ),
    (
        above(slower_misses_more, 0),
        "The post finds that composed features largely persist when features are alone in three of four samples. Here"
        " that depends on the learning rate: {lowest learning rate.mean:.0%} of SAEs miss a feature at the lowest one,"
        " {highest learning rate.mean:.0%} at the highest.",
        "partly",
    ),
    (
        True,
        "The post finds that composed features largely persist when features are alone in three of four samples. Here"
        " it is undecided whether most SAEs miss one: {lowest learning rate.mean:.0%} do at the lowest learning rate,"
        " {highest learning rate.mean:.0%}"
        " at the highest.",
        "partly",
    ),
    evidence={
        "lowest learning rate": missing_slow,
        "learning rate between": missing_between,
        "highest learning rate": missing_fast,
        "where features are always alone, lowest learning rate": lonely_by_rate[0],
    },
    control={"SAEs where features are always alone": (all(map(mostly, lonely_by_rate)), seed_by_seed(lonely))},
    source="anders",
)
say(
    ("The optimum is not to blame: the" if off_feature < 5 else "The")
    + " rows of the best known dictionaries, for all prices and $f$, lie within"
    f" {max(off_feature, 0.1):.1f} degrees of the features."
    + (f" Of the SAEs that miss one, {stuck} pay over a hundredth more than the best known loss." if stuck.n else "")
)

# %% [markdown]
# So two different things may hide behind "composed". If no feature is ever alone, the cross of the composites is the
# cheaper one at a low price. Beyond the boundary the cross of the features is, and an SAE that still composes has
# stopped short of something better.
#
# ## A budget that is too small
#
# Many SAEs of today have no price. They have a *budget*: only $k$ latents may be active. In a *BatchTopK* SAE the
# largest activations of a whole batch stay, $k$ per sample on average, so $k$ need not be whole. Chanin and
# Garriga-Alonso (2025) asked what happens if $k$ is smaller than the number of features that are on.
#
# Their world: five orthogonal features, each on in $0.4$ of all samples, so that on average two are on. The first
# feature, $v_0$, is correlated with the four others; these are uncorrelated with each other. (The correlation is that
# of a joint normal vector, cut off at a threshold.) Magnitudes are normal with mean one. They report: with $k = 2$ an
# SAE finds the features; with $k = 1.8$ every other latent takes up some of $v_0$, *with the sign of the correlation*.
# The SAE with $k = 1.8$ starts at the true features, so that whatever happens is the doing of the loss. The one with
# $k = 2$ starts at random, and their code advises to run it again if it gets stuck.
#
# What differs here: both budgets start at the true features, slightly moved so that members differ (random starts come
# below); five dimensions instead of twenty, batches of 128, fewer steps at a higher learning rate, dead latents
# resampled. All members of a stack see the same batches. A decoder bias is on, as in their code; we come to that.

# %%
TRUE_L0 = 2.0
fewer_steps = max(1, n_steps // 2)
n_members = 2 * n_saes
budget_seeds = range(seed * n_members, (seed + 1) * n_members)
budgets = sorted({round(TRUE_L0 * share, 2) for share in (0.9, 0.95, 1.0, 1.1)} | {k})
lots = [(budget, "at-features") for budget in budgets] + [(TRUE_L0, "random-sign"), (k, "random-sign")]


@cache
def five(c):
    """Feature 0 correlated with the four others."""
    return toysae.one_with_others(5, TRUE_L0 / 5, c, sigma=sigma)


@cache
def all_budgets(c, bias):
    """BatchTopK SAEs in the world of five by their budget and start, trained as one stack on the same batches."""
    wanted = lots if c and bias else [(k, "at-features")]
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


# %% [markdown]
# For each of the four other features take the latent that is most aligned with it, and the cosine of its row with
# $v_0$. The mean of these four numbers is the *mixing* of an SAE: zero for the true features.
#
# *Rule.* The result counts as reproduced if, for both signs of the correlation, the mean mixing of SAEs with the small
# budget has the sign of the correlation and is beyond $0.1$, and that of SAEs with the right budget is within $0.05$:
# their whole intervals are. It counts as partly so if that holds for one sign. The control are uncorrelated features.
# (The first edition counted the SAEs beyond $0.05$. How many there are depends on the samples that training happens
# to see, so the counts now stand below, as evidence. For single SAEs, *mixes* still means beyond $0.05$.)

# %%
EDGE = 0.05


def mixing(stack):
    """Mean cosine with feature 0 of the latents that stand for the others."""
    cosine = measures.cosines(stack.W_dec, torch.eye(5))
    own = cosine[:, :, 1:].argmax(dim=1)
    return cosine[:, :, 0].gather(1, own).mean(dim=1)


def mixes(c, sign, budget=k, bias=True, edge=EDGE):
    """How many SAEs mix with this sign; with sign 0, how many do not mix."""
    m = mixing(train_budget(c, budget, bias))
    return Fraction.of(sign * m > edge if sign else m.abs() <= edge)


def mean_mixing(c, budget=k):
    """The mean mixing of SAEs with this budget."""
    return Mean.of(mixing(train_budget(c, budget, True)).double())


small_mean, right_mean = ({sign: mean_mixing(sign * correlation, b) for sign in (1, -1)} for b in (k, TRUE_L0))
really_mixes = {1: above(small_mean[1], 2 * EDGE), -1: below(small_mean[-1], -2 * EDGE)}
hardly_mixes = {sign: above(mean, -EDGE) and below(mean, EDGE) for sign, mean in right_mean.items()}
with_small = {sign: mixes(sign * correlation, sign) for sign in (1, -1)}  # mix with the sign of the correlation

# %%
steps_of_c = [-correlation, 0.0, correlation]
mixed = {bias: {c: mixing(train_budget(c, k, bias)) for c in steps_of_c} for bias in (True, False)}
names = {True: "decoder bias on", False: "decoder bias off"}
fan = torch.linspace(-0.12, 0.12, n_members) * correlation
middle = {bias: {c: measures.signed(float(m.median())) for c, m in each.items()} for bias, each in mixed.items()}

# %% jupyter={"source_hidden": true} tags=["remove-input"]
lines, dots = {}, {}
for bias, each in mixed.items():
    lines[names[bias]] = steps_of_c, [float(m.median()) for m in each.values()]
    dots[names[bias]] = torch.cat([c + fan for c in each]), torch.cat(list(each.values()))
on, off = middle[True], middle[False]
show(
    figures.curve_figure(lines, dots, xlabel="correlation of feature 0 with the others", ylabel="mixing"),
    f"With a budget of {k:g} and a decoder bias the median mixing is {on[-correlation]} at a correlation of"
    f" {-correlation:g} and {on[correlation]} at {correlation:g}; without the bias it is {off[-correlation]} and"
    f" {off[correlation]}.",
    f"Dots: {n_members} SAEs at each correlation, spread sideways; lines: their median. On average two features are on."
    " Mixing is the mean cosine with feature 0 of the latents that stand for the four others.",
    alt="Mixing over the correlation, as dots for SAEs and lines for medians, with the decoder bias on and off.",
)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
as_reported = [really_mixes[sign] and hardly_mixes[sign] for sign in (1, -1)]
uncorrelated = mean_mixing(0.0)
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

# %% jupyter={"source_hidden": true} tags=["remove-input"]
both = measures.joined(
    [toysae.assess(train_budget(c, k, True), five(c), threshold) for c in (correlation, -correlation)]
)
drawn = {}
for name, start in ((f"correlation {correlation:g}", 0), (f"correlation {-correlation:g}", n_members)):
    order = both.losses[start : start + n_members].argsort()
    drawn[name] = start + int(order[n_members // 2])
aligned = [float(part.mean()) for part in both.cosines.amax(dim=1).split(n_members)]
found = [float(part.double().mean()) for part in both.labels.features_found.split(n_members)]
show(
    figures.heat_map_row(both, drawn, f"five features, budget {k:g}"),
    f"The best cosine of a feature is {aligned[0]:.3f} and {aligned[1]:.3f} on average; by the threshold of"
    f" {threshold:g} alone, {found[0]:.1f} and {found[1]:.1f} of the five features count as found.",
    "The SAEs of median loss. Rows are latents, columns are true features (A is feature 0), numbers are cosines; the"
    " strip tells each latent's"
    " label. The last row is the decoder bias.",
    alt=(
        "Two heat maps of cosines between latents and features, for a positive and a negative correlation, with the"
        " decoder bias as the last row."
    ),
)

# %% [markdown]
# ### Is it the loss that prefers mixing?
#
# Leave the encoder out. Take a dictionary whose four other rows are turned towards $v_0$ by a number $m$: they point
# along $v_i + m v_0$. Let the decoder bias be $\beta v_0$. Give every sample the best non-negative activations, such
# that $k$ are active on average; the budget goes where a further latent saves most error. (All sets of latents are
# tried, so this is exact on the samples.) What is left is the error that no encoder can avoid, for every $m$ and
# $\beta$.

# %%
n_points = max(200, min(600, n_steps))
samples = {
    c: five(c).inputs(five(c).sample(n_points, torch.Generator().manual_seed(seed + 1))).double()
    for c in (-correlation, 0.0, correlation)
}
turns, shifts = torch.linspace(-0.6, 0.6, 25).double(), torch.linspace(-0.6, 1.0, 17).double()
mixed_all = mixed_rows(torch.eye(5).double(), turns.repeat(len(shifts)))
bias_all = shifts.repeat_interleave(len(turns))[:, None] * torch.eye(5)[0]
surface = {
    c: budget_errors(mixed_all, x, k, decoder_bias=bias_all).view(len(shifts), len(turns)) for c, x in samples.items()
}
lowest = {c: divmod(int(v.argmin()), len(turns)) for c, v in surface.items()}
deepest = {c: (float(turns[column]), float(shifts[row])) for c, (row, column) in lowest.items()}
unbiased_row = int(shifts.abs().argmin())
unbiased = {c: float(turns[v[unbiased_row].argmin()]) for c, v in surface.items()}


# %% jupyter={"source_hidden": true} tags=["remove-input"]
def place(c, bias):
    """Mixing as m, and the bias along feature 0, of the trained SAEs."""
    stack = train_budget(c, k, bias)
    m = mixing(stack).clamp(-0.7, 0.7).asin().tan()
    return m.clamp(-0.6, 0.6).tolist(), stack.b_dec[:, 0].clamp(-0.6, 1).tolist()


marks = {"true features": ([0], [0])}
panels = {
    f"correlation {c:g}": (v.numpy(), marks | {"SAEs, bias on": place(c, True), "SAEs, bias off": place(c, False)})
    for c, v in surface.items()
}
axes = {"xlabel": "mixing $m$", "ylabel": "bias along feature 0, $\\beta$", "xlim": (-0.6, 0.6), "ylim": (-0.6, 1.0)}
plus, minus = ([measures.signed(value) for value in deepest[c]] for c in (correlation, -correlation))
show(
    landscapes(panels, turns.tolist(), shifts.tolist(), "least mean squared error", **axes),
    f"The least error lies at $m = {plus[0]}$, $\\beta = {plus[1]}$ for the positive correlation and at $m ="
    f" {minus[0]}$, $\\beta = {minus[1]}$ for the negative one. Without a bias it lies at $m ="
    f" {measures.signed(unbiased[correlation])}$ and $m = {measures.signed(unbiased[-correlation])}$.",
    f"Error of dictionaries with the best activations of which {k:g} are active per sample, over mixing and bias; dark"
    " is low, and everything above the median has one colour. Circle: the true features without a bias. Crosses and"
    f" pluses: {n_members} trained SAEs each, placed by their mixing and by their bias along feature 0; what lies"
    " outside is drawn at the edge.",
    alt=(
        "Three landscapes of error over mixing and bias, for a negative, no and a positive correlation, with marks for"
        " the true features and for trained SAEs."
    ),
)

# %% [markdown]
# Why should mixing help, and why with a sign? If latent 0 stays silent to save budget, $v_0$ can still be written: by
# the bias and by the rows of the others, together $\beta + m \cdot$ (sum of the activations of the others). That is a
# regression line for the silent feature. If $v_0$ comes with the others, the line rises: $m$ is positive. If $v_0$
# comes without them, the line falls: $m$ is negative, and then it has to start above zero. That is what only a decoder
# bias can supply. So without a bias there should be no negative mixing.
#
# *Rule for the loss.* The true features get every advantage: the best of many biases, the best activations, no encoder.
# An SAE has its own encoder. If, at both correlations, SAEs with a small budget mix as reported and most have less
# error by a tenth or more, on the same samples and with the same number of active latents, then it is the loss that
# prefers mixing. (By a tenth, since the biases of the true features come from a coarse grid.) The control is the right
# budget.

# %%
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


def true_error(c, budget=k):
    """Least error of the true features, over all biases."""
    return float(budget_errors(same_rows, samples[c], budget, decoder_bias=all_biases).min())


both_signs = (correlation, -correlation)
beats, beats_with_right = (
    {c: Fraction.of(own_error(c, budget) < 0.9 * true_error(c, budget)) for c in both_signs} for budget in (k, TRUE_L0)
)

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
        "median error, positive correlation": own_error(correlation).median(),
        "error of the true features, positive correlation": true_error(correlation),
        "median error, negative correlation": own_error(-correlation).median(),
        "error of the true features, negative correlation": true_error(-correlation),
        "mix as reported, positive correlation": with_small[1],
        "mix as reported, negative correlation": with_small[-1],
    },
    control={"the right budget": (all(map(mostly, beats_with_right.values())), beats_with_right[correlation])},
)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
without = {sign: mixes(sign * correlation, sign, bias=False) for sign in (1, -1)}
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
# ### How exact must the budget be, and does a random start find the features?
#
# The table varies the budget around the two features that are on, from starts at the true features. And the right
# budget is tried from random starts. The authors find the features from there, with a note that training occasionally
# gets stuck and is then to be repeated. Here nothing is repeated: random starts are counted as they come.
#
# *Rule.* An SAE finds the features if each has a latent aligned with it. The result counts as reproduced if most do at
# either correlation, as differing if most do not at either, and else as partly reproduced. The control is the small
# budget.

# %%
random_starts = [(c, budget) for c in both_signs for budget in (TRUE_L0, k)]


def finds_all(c, budget):
    """SAEs from random starts that have an atom for each of the five features."""
    cosine = measures.cosines(train_budget(c, budget, True, "random-sign").W_dec, torch.eye(5))
    return Fraction.of((cosine.amax(dim=1) >= threshold).all(dim=1))


lucky = {lot: finds_all(*lot) for lot in random_starts}
at_positive, at_negative = (lucky[c, TRUE_L0] for c in both_signs)
table = {}
for c in both_signs:
    medians = [float(mixing(train_budget(c, budget, True)).median()) for budget in budgets]
    table[f"median mixing, correlation {c:g}"] = [measures.signed(m) for m in medians]
pd.DataFrame(table, index=[f"budget {budget:g}" for budget in budgets])

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
# An earlier toy, by Sharkey, Braun and Millidge (2022), brought good news. They put 512 features into 256 dimensions,
# random directions, five active on average, correlated, with rates that fall from feature to feature, and magnitudes
# between 0 and 1. Over a grid of prices and widths there was a region where the features were recovered, that is, where
# the *MMCS* (the mean over features of the best cosine with any latent) came near one.
#
# Ours is smaller, and otherwise the same in kind: half as many dimensions as features, a random correlation matrix,
# rates that fall by the same factor from first to last, uniform magnitudes. A larger share of the features is on, one
# in 25, since with one in a hundred most samples of so small a world would be empty. Training is shorter, and dead
# latents are resampled. They divide the squared error by the number of dimensions and the price by the number of
# latents, so that their coefficient is $2 \lambda$ times latents over dimensions; over their coefficient the same band
# would be slanted.
#
# *Rule.* A cell recovers if the $95\,\%$ interval of its mean MMCS lies above a bar, and fails if it lies below. There
# is a band at a width if some price recovers while the lowest and the highest price fail. "Near one" is read twice: as
# a bar of $0.9$ and of $0.95$. The result counts as reproduced if there is a band at every width of at least the number
# of features, at both bars; and as partly so if there is one at some width and bar. The control are the same SAEs held
# against other random directions.

# %%
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


# %%
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
by_chance = listed([f"{value:.2f} ({counted(width, 'latent')})" for width, value in chance.items()])
ticks = [f"{price:.3g}" for price in many_prices], [counted(width, "latent") for width in widths]
show(
    value_map(means.numpy(), *ticks, "MMCS", lowest=min(chance.values()), xlabel="$\\lambda$"),
    f"Recovery is highest with {counted(widths[row], 'latent')} and $\\lambda$ = {many_prices[column]:.3g}: the mean"
    f" MMCS is {means[row, column]:.3f}.",
    f"Each cell is the mean over {n_saes} SAEs of the mean over {n_features} features of the best cosine with"
    f" any latent. Random rows would have {by_chance}; the darkest colour stands for the least of these.",
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
# Where there is a band, features are found although they are correlated. What is different from the plane? There every
# sample held exactly one feature of each set, so that none was ever seen without company. Here the company of a feature
# changes from sample to sample. [Another chapter](04_when_they_win.ipynb) follows what company does.
#
# ## What could be wrong?
#
# *The decoder bias.* Anders and others train with one, and we left it out. So the plane is trained once more, with the
# bias. *Rule.* That SAEs compose holds if a seed does so at nearly all settings on average, and holds partly if at most
# of them.

# %%
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
        "With a decoder bias SAEs compose, too: a seed does so at {share.mean:.0%} of the settings on average.",
        "holds",
    ),
    (
        mostly(biased),
        "With a decoder bias a seed composes at most settings, on average at {share.mean:.0%} of them, but not at"
        " nearly all.",
        "partly",
    ),
    (
        True,
        "With a decoder bias it is not sure that a seed composes at most settings: on average it does at"
        " {share.mean:.0%} of them.",
        "does not hold",
    ),
    evidence={"share": biased, "without a bias": composed},
    control={"the SAEs before training": (nearly_all(composed_before), composed_before)},
)


def mixed_beyond(edge):
    """SAEs that mix with the sign of the correlation beyond an edge, at the two correlations, as text."""
    plus, minus = (mixes(sign * correlation, sign, edge=edge) for sign in (1, -1))
    return f"{plus.k} and {minus.k} of {plus.n} beyond {edge:g}"


outside = torch.cat([math.copysign(1, c) * mixed[True][c] <= EDGE for c in both_signs])
unclean = Pooled.of((both.cosines.amax(dim=1) < threshold).any(dim=1)[outside])
rest = (
    f" Of those that do not at {EDGE:g}, {unclean} miss a feature: no latent is aligned with it." if unclean.n else ""
)
right = [mixes(sign * correlation, 0, TRUE_L0, edge=EDGE / 2) for sign in (1, -1)]
say(
    f"*The edge of mixing.* SAEs with the small budget that mix with the sign of the correlation, at {correlation:g}"
    f" and {-correlation:g}, if the edge is moved: {mixed_beyond(EDGE / 2)}; {mixed_beyond(2 * EDGE)}.{rest} With the"
    f" right budget {right[0].k} and {right[1].k} of {right[0].n} stay within {EDGE / 2:g}."
)

# %% [markdown]
# *The scale.* The originals train for longer, at lower learning rates, and the third one has 512 features. A verdict
# here is about the mechanism at this size. *One world each.* The directions and correlations of the last toy were drawn
# once; other seeds draw others.
#
# ## So what?
#
# A composite can have three causes, and a heat map does not tell them apart: the loss prefers it; the loss does not,
# but training got stuck; or a budget forces it. Each has its own test: compare with the best known dictionary, look at
# the loss that is left, and give the true features every advantage. And mind what looks like bookkeeping: a decoder
# bias opens ways to save error that are closed without it.
#
# ## Two questions
#
# 1. At $f = 0$ the samples fill a square. What shape would they have to fill for the true features to be the cheapest
#    cross?
# 2. Look at the landscape without correlation. Would SAEs that start at the true features stay there?

# %% jupyter={"source_hidden": true} tags=["remove-input"]
say_trained(saes.n_trained())
