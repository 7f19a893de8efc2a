# %% [markdown]
# # Do the remedies work?
#
# Earlier chapters showed sparse autoencoders (SAEs) that learn composites, and why. Many cures have been proposed:
# other activations, other penalties, nested losses, tied weights, rows that are pushed apart. Here they compete on the
# same worlds, with the same seeds and the same budget of settings, beside methods that are older than SAEs; none may
# look at the answer when it chooses its setting. The whole contest takes minutes, so its table is kept with this page,
# at the published parameters (`make sweep SWEEP=remedies` computes it anew); the page trains a part of it again, with
# your parameters. The doubt that stays is that all these worlds are small.
#
# **You will see** who finds the features and who does not, what a cure costs, where each cure fails, and how to add
# your own in a few lines. **You will need** [the minimal example](01_minimal_example.ipynb) and [why composites
# win](03_why_composites_win.ipynb).

# %% tags=["parameters"]
lr: float = 0.01  # learning rate of Adam
n_steps: int = 1000  # training steps
n_saes: int = 8  # autoencoders that are trained again, for every remedy and world
seed: int = 0  # decides the starting points
spread: float = 0.1  # standard deviation of the magnitude of a feature that fires; its mean is one
threshold: float = 0.95  # cosine from which on a latent counts as aligned

# %%
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch

import toysae
from toysae import figures, saes, worlds
from toysae.chapters.parameters import check_parameters
from toysae.chapters.remedies.arena import L1_COEFF, TASKS
from toysae.chapters.remedies.comparisons import (
    at_equal_settings,
    beyond,
    gains,
    key,
    levels,
    mean_at_all_settings,
    right_counts,
    seeds_against_seeds,
    surely,
    versus,
)
from toysae.chapters.remedies.contestants import LOOSER, MOST_SETTINGS, Remedy, tried
from toysae.chapters.remedies.figures import Panel, contest_figure, ink
from toysae.chapters.remedies.kept import kept_contest, kept_settings, same, seeds_again, trained_again
from toysae.chapters.remedies.settings import BASELINES, CLASSICAL, CONTESTANTS, KINDS_OF_SAE, PLAIN_REMEDY, REMEDIES
from toysae.chapters.remedies.tuning import ENOUGH, Contest
from toysae.claims import (
    Family,
    Fraction,
    Pooled,
    below,
    claim,
    listed,
    mostly,
    say,
    say_trained,
    show,
)

check_parameters(globals())
figures.house_style()
ENOUGH_FOUND, CONTROL, plain = 0.95, "independent", PLAIN_REMEDY.name
seed_worlds = ["two of three", "groups"]
company = [name for name in TASKS if name != CONTROL]
published = [remedy.name for remedy in REMEDIES]
kinds = [kind.name for kind in KINDS_OF_SAE]
shuffled, random_rows, true_rows = (baseline.name for baseline in BASELINES)

# %%
kept = kept_contest()
contest = Contest.of(kept, {name: build().true_l0 for name, build in TASKS.items()})
n_selecting, n_scored = contest.n_seeds
RECOVERY = ("found", "found_90", "mcc")  # three scores of one thing: they stand side by side
against_plain = versus(contest.among(company, kinds), plain, [*RECOVERY, "composite", "extra_cost"])
finders = {score: surely(against_plain, score, more=True) for score in RECOVERY}
losers = {score: surely(against_plain, score, more=False) for score in RECOVERY}
finders_by_all = [name for name in kinds if all(name in finders[score] for score in RECOVERY)]
enough = beyond(contest.among(None, published), "found", ENOUGH_FOUND)
cured = [task for task in TASKS if any(enough[key(name, task)].surely_more for name in published)]
reached = [task for task in TASKS if any(enough[key(name, task)].mean >= 0 for name in published)]
in_company = {task: levels(contest.among([task], published), RECOVERY[:2]) for task in seed_worlds}
most_found = {task: max(mean.mean for mean in found.values()) for task, found in in_company.items()}


def all_below_half(found):
    return all(below(mean, 0.5) for mean in found)


none_finds_half = all(all_below_half(found.values()) for found in in_company.values())


def called(contestant):
    """A name without a comma, fit for a list in a sentence."""
    return contestant.replace(", ", " with ")


def named(names):
    """A list of names for evidence, or a word for none."""
    return listed([called(name) for name in names] or ["none"])


def so_many(names, one, many):
    """'none finds', '1 finds', '2 find'."""
    return f"{len(names) or 'none'} {one if len(names) < 2 else many}"


# %% jupyter={"source_hidden": true} tags=["remove-input"]
others = len(kinds) - 1
answer = (
    f"Where features keep company, of {others} kinds of SAE {so_many(finders['found'], 'surely finds', 'surely find')}"
    f" more features than the plain one{', and some surely find fewer' if losers['found'] else ''}. By the mean cosine"
    f" (MCC) {so_many(finders['mcc'], 'is surely', 'are surely')} better. "
    + (
        "In the two worlds of the first chapters, where features always fire in company, no known remedy finds half of"
        " the features. "
        if none_finds_half
        else "In the two worlds of the first chapters, where features always fire in company, it is not sure that every"
        " known remedy finds fewer than half of the features. "
    )
    + f"Some known remedy finds {100 * ENOUGH_FOUND:.0f} % of the features, on average over seeds, in {len(reached)} of"
    f" {len(TASKS)} worlds; surely so in {len(cured)}."
)
say(f"**The answer, in short.** {answer}")

# %% [markdown]
# ## On which worlds do they compete?
#
# Seven small worlds. In each there are as many latents as features, and the true directions are at right angles.
#
# * *Two of three*: the minimal example. *Groups*: three such groups, one of them on.
# * *Solo leak*: two of three, but sometimes a feature fires alone.
# * *Hierarchy*: a child fires only with its parent; two more features fire by themselves. *Tree*: two parents, two
#   children each, of which at most one fires. [Hierarchies](08_hierarchies.ipynb) tells more.
# * *Correlated*: one feature tends to fire with three others. See [correlations](09_correlations.ipynb).
# * *Independent*: the control, where no feature keeps company. Here a cure must at least do no harm.
#
# A feature that fires has one of two magnitudes, a little below or above one, equally often. So every data point can be
# listed with its probability: SAEs train on the whole list in every step, scores are exact, and no luck in sampling
# separates the SAEs. To keep the lists short, two worlds are smaller than the published ones that the linked chapters
# rebuild: our tree has six features instead of twenty, and our correlated world four instead of five.

# %%
magnitudes = worlds.TwoLevels(spread)
arena = {name: build(magnitudes=magnitudes) for name, build in TASKS.items()}

pd.DataFrame(
    {
        name: {
            "features": task.world.n_features,
            "data points": len(worlds.finite_data(task.world)[0]),
            "true L0": round(task.true_l0, 2),
        }
        for name, task in arena.items()
    }
).T.astype({"features": int, "data points": int})

# %% [markdown]
# The *true L0* is how many features fire in a sample, on average.
#
# ## Who competes?
#
# Each contestant has one knob and a few settings of it.
#
# * The plain SAE (*L1*) pays a price $\lambda$ per unit of activation. With *tied weights* its encoder is its decoder,
#   transposed.
# * *TopK* keeps the $k$ largest activations of a sample, *BatchTopK* $k$ per sample on average.
# * *JumpReLU* has a trained threshold per latent and pays per active latent.
# * *Gated* decides with one part of the encoder whether a latent fires, with another how strongly.
# * *Matryoshka* must also rebuild the data from its first latent alone, its first two, and so on.
# * *All cosines* and *largest cosine* keep a fixed price per unit of activation and add one on decoder rows that are
#   not at right angles; *OrtSAE* puts the second of them, with a fixed weight, on a BatchTopK SAE ([Korznikov et al.
#   2025](https://arxiv.org/abs/2509.22033)).
#
# All of them start, seed by seed, from the same rows, have no decoder bias, and train for the same number of steps at
# the same learning rate. One thing was changed after a first run: the threshold of JumpReLU learns only from
# activations within a certain distance, its kernel. At the usual narrow kernel no price moved its L0, since few data
# points are listed and hardly any came so close. So its kernel was widened and its prices were lowered.

# %%
roster = pd.DataFrame(
    {
        c.name: {"knob": c.knob, "settings": ", ".join(f"{s:g}" for s in c.settings) if c.knob != "none" else "none"}
        for c in CONTESTANTS.values()
    }
).T
roster

# %% [markdown]
# The *classical* methods get a hundred samples each instead of the list, a number of rounds that grows with the
# training steps, and no encoder: principal components (PCA), independent components (ICA), non-negative matrix
# factorisation (NMF, which needs data without negative coordinates, and has them here), and dictionary learning, which
# minimises the very loss of the plain SAE by other means. Their dictionaries get the best activations there are, which
# helps them; the samples do not. Signs, which PCA and ICA leave open, are turned towards the mean of the data.
#
# Three baselines set the scale. *L1 on shuffled data* trains where each feature fires as often as before, but
# regardless of the others: without company. *Random rows* are what chance gives. The *true features* find all by
# definition, and show what that costs.
#
# ## Add your own
#
# A new contestant is a name, a knob with at most five settings, and a model for them. Here is one that we have not seen
# proposed. A composite saves because a single long activation costs less than several short ones. So let the price grow
# faster than the activation: with its fourth power, an activation of $\sqrt 2$ costs four, and two activations of one
# cost two.
#
# The class is the price. It gets the activations `z`, of the shape (SAEs, samples, latents), and returns what each
# sample pays, (SAEs, samples). All settings and seeds train at once, so `coeff` holds one value for every SAE. `steep`
# makes the model: an activation, here ReLU, and a list of prices.

# %%
coefficients = (0.001, 0.003, 0.01, 0.03, 0.1)


@dataclass(frozen=True)
class FourthPower(saes.Part):
    """coeff sum z^4."""

    coeff: torch.Tensor

    def __call__(self, parameters, pre, z):
        return self.coeff.to(z)[:, None] * z.pow(4).sum(dim=-1)


def steep(coeff, n_latents):
    return saes.Variant(saes.Relu(), [FourthPower(coeff)])


own = Remedy("fourth power", "coeff", coefficients, steep)

# %% [markdown]
# From here on it competes like all others, with the seeds and the parameters of this page. To try an idea of yours,
# change this cell, for example the line with `z.pow(4)`, the settings, or `saes.Relu()` into `saes.TopK(2)`; give it a
# name that is not taken; and run all cells (`make lab` opens the page). To keep it, add its kind to the list `KINDS` in
# `toysae/saes/kinds.py`, and its settings to the list `REMEDIES` in `toysae/chapters/remedies/settings.py`: then
# `make sweep SWEEP=remedies` adds it to the kept contest. The fourth power competes there already.
#
# ## How is a setting chosen, and what counts as better?
#
# Settings are chosen on some seeds and scored on others, by rules that were fixed before any run:
#
# 1. **Told nothing.** Among the settings whose SAEs explain enough variance, the one with the lowest L0; if none does,
#    the one that explains most. That is how one would choose without knowing the answer, and it is the rule of the
#    contest.
# 2. **Told the true L0.** The setting whose L0 comes nearest to the number of features that fire.
# 3. **Told the features.** The setting that finds most features. Nobody can do this outside a toy: it shows what the
#    settings could have given.
#
# The first rule has a leaning of its own: composites need fewer active latents than features do. The other two show how
# much that matters.
#
# A feature is *found* if a latent that fires is aligned with it, by the usual cosine and by a looser one. *MCC* is the
# mean cosine under the best one-to-one matching of latents and features: it also rewards those who come near. Where
# these scores disagree, the answer is that they disagree. All comparisons that one table invites are one family.
# *Surely* means: holds in the family after Holm's correction. The interval is a bootstrap over seeds, both those that
# select and those that are scored, that repeats the choice of settings. The questions to come are decided like this:
#
# * *Does a remedy do better than the plain SAE?* Yes, if one is surely better by all three scores; *partly*, if by
#   some.
# * *Does no remedy cure the minimal example?* None does, if in both worlds of the first chapters every known remedy
#   finds fewer than half of the features, by its whole interval, at both cosines.
# * *Do cures cost loss?* Yes, if every kind of SAE with fewer composites, on average, has dictionaries that surely cost
#   more; *partly*, if some.
# * *Do cures do harm?* Yes, if in the control some kind is surely worse by all three scores.
# * *Is it sparse coding?* Yes, if in both worlds of the first chapters most latents of dictionary learning are
#   composite, by the whole interval, at both cosines.
# * *Do orthogonal rows mean fewer composites, and less absorption?* OrtSAE against BatchTopK at equal $k$, seed by
#   seed, on average over all settings and all worlds with company; all scores are one family.
# * *Does a count have to be right?* Yes, if for every kind with a count the $k$ nearest to each world's true L0 is
#   surely better than any one $k$ for all worlds, by features found and by MCC.
# * *Is tuning the cure?* No, if the other two rules add less than a tenth to each of the three scores, by the whole
#   interval.
#
# These rules were rewritten for the second edition before its contest was run: the first judged by eight seeds and
# without a correction, counted cases where this one compares seed by seed, and knew no score beside the usual cosine.
# Two were changed after it was run. The question about loss first asked about kinds with *surely* fewer composites; one
# kind stood right at that bound. And the control of the question about orthogonal rows was first the control world:
# there, too, a wrong $k$ makes composites, which the penalty may well reduce.

# %% jupyter={"source_hidden": true} tags=["remove-input"]
ran_with = kept_settings(kept)
say(
    f"Every contestant has at most {MOST_SETTINGS} settings. In each world they are chosen on {n_selecting} seeds and"
    f" scored on {n_scored} others; enough variance means {100 * ENOUGH:.0f} %. A feature is found by a cosine of"
    f" {ran_with['threshold']:g} or more, or of {LOOSER:g}. Within a world all SAEs see the same data (the shuffled"
    " baseline has its own), so the seeds differ in their starting points alone; for the classical methods, in their"
    f" samples as well. The kept contest has {len(kept):,} dictionaries; its magnitudes have a spread of"
    f" {ran_with['spread']:g}."
)

# %% [markdown]
# ## Does this page find the same?
#
# In three worlds, one of each sort (always in company, with a family, alone), the page trains the contestants again at
# the settings that the kept contest chose there, but for OrtSAE, which is slow. The contestant of the cell above tries
# all its settings. Where the page runs with the parameters of the kept contest, the scores must be the same, SAE by
# SAE, up to what rounding does in a thousand steps: the same counts, MCC and extra cost within a hundredth. That is
# asked of at least nine dictionaries in ten; the same rule is held against the scores of other seeds.

# %%
trained_worlds = ["two of three", "hierarchy", CONTROL]
seeds = seeds_again(seed, n_saes, n_selecting + n_scored)
choosing = range(seeds.stop, seeds.stop + max(2, n_saes // 2))
plan = {"n_steps": n_steps, "lr": lr}
rows = [
    {"task": task, "contestant": name} | row
    for (task, name), setting in contest.among(trained_worlds).choices().items()
    if name not in (own.name, "OrtSAE")
    for row in trained_again(CONTESTANTS[name], setting, arena[task], seeds, threshold, **plan)
]
own_rows = [
    {"task": task, "contestant": own.name, "n_features": arena[task].world.n_features} | row
    for task in trained_worlds
    for row in tried(own, arena[task], [*choosing, *seeds], threshold, **plan)
]
own_table = pd.DataFrame(own_rows)
own_table["role"] = np.where(own_table["seed"].isin(choosing), "selecting", "scored")
own_choice = Contest.of(own_table, {name: task.true_l0 for name, task in arena.items()}).choices()
is_own = own_table.apply(lambda row: row["setting"] == own_choice[row["task"], own.name], axis=1)
again = pd.concat([pd.DataFrame(rows), own_table[is_own & (own_table["role"] == "scored")]], ignore_index=True)

# %%
as_kept = ran_with == {"threshold": threshold, "spread": spread} | plan
alike = Pooled.of(same(again, kept))
other_seeds = Pooled.of(same(again, kept, seeds_apart=1))


def agrees(rows):
    """Nine in ten score the same."""
    return 10 * rows.k >= 9 * rows.n > 0


# %% jupyter={"source_hidden": true} tags=["remove-input"]
claim(
    "kept-contest-again",
    (
        not as_kept or not alike.n,
        "This page runs with other parameters than the kept contest, so its SAEs cannot be held against it.",
        None,
    ),
    (
        agrees(alike),
        "Trained again here, {trained again} dictionaries that this page shares with the kept contest score as they do"
        " there.",
        "holds",
    ),
    (
        True,
        "Trained again here, only {trained again} dictionaries that this page shares with the kept contest score as"
        " they do there.",
        "does not hold",
    ),
    evidence={"trained again": alike},
    control={"the scores of other seeds": (agrees(other_seeds), other_seeds)},
)

# %% [markdown]
# With parameters of your own, this table is what you look at: the contestants at the settings that the kept contest
# chose, with the seeds and parameters of this page, on average over the worlds with company that it trains on. The
# contestant of the cell above has settings chosen here. More names in `trained_worlds` take longer.

# %%
shares = again.assign(found=again["found"] / again["n_features"], found_90=again["found_90"] / again["n_features"])
shares = shares[shares["task"] != CONTROL]
here = shares.groupby(["contestant", "seed"], sort=False)[[*RECOVERY, "extra_cost"]].mean()
headings = {"found_90": f"found at {LOOSER:g}", "mcc": "MCC", "extra_cost": "extra cost"}
order = [*dict.fromkeys([*(name for name in contest.names if name in here.index), own.name])]
here.groupby("contestant").mean().loc[order].rename(columns=headings).rename_axis(None).round(2)

# %% [markdown]
# ## Who finds the features?
#
# From here on, all that is said of the contest is said of the kept one.

# %%
itself = Family.of(seeds_against_seeds(contest.among(company), plain, RECOVERY))
alone = {task: levels(contest.among([task], [shuffled]), RECOVERY[:2]) for task in seed_worlds}
older = [*(method.name for method in CLASSICAL), shuffled, random_rows]
rest = versus(contest.among(company, [plain, *older]), plain, [*RECOVERY, "composite", "extra_cost"])
names = [*kinds, *older, true_rows]
compared = {**against_plain, **rest}
averages = levels(contest.among(company, names), [*RECOVERY, "composite", "extra_cost", "l0"])

panels = [
    Panel(
        title,
        {score: {name: averages[key(name, score)] for name in names} for score in scores},
        {score: {name: ink(compared.get(key(name, score)), less_is_better=cost) for name in names} for score in scores},
    )
    for title, scores, cost in (
        ("features found", RECOVERY[:2], False),
        ("MCC", RECOVERY[2:], False),
        ("extra cost", ["extra_cost"], True),
    )
]

# %% jupyter={"source_hidden": true} tags=["remove-input"]
show(
    contest_figure(panels, base=plain, parts=(len(kinds), len(kinds) + len(CLASSICAL)), versus="the plain SAE"),
    f"Of {others} kinds of SAE {so_many(finders['found'], 'surely finds', 'surely find')} more features than the plain"
    f" one; by MCC {so_many(finders['mcc'], 'is surely', 'are surely')} better.",
    f"The six worlds with company, on average, at {n_scored} seeds of the kept contest; lines are intervals. Left, a"
    f" feature is found by a cosine of {ran_with['threshold']:g} (filled) or {LOOSER:g} (hollow). Extra cost is the"
    " plain loss of a dictionary with the best activations, above the best one known, as a share: less is better. Blue"
    " is surely better than the plain SAE, whose place is dotted; orange surely worse. Top to bottom: kinds of SAE,"
    " classical methods, baselines.",
    alt="Three panels of dots, one row for each contestant: features found, mean cosine, and extra cost.",
    name="remedies",
)
claim(
    "some-remedy-beats-the-plain-sae",
    (
        bool(finders_by_all),
        "Some remedies help where features keep company: of {other kinds} other kinds of SAE, {better by all} surely"
        " do better than the plain one by features found at either cosine, and by MCC.",
        "holds",
    ),
    (
        any(finders.values()),
        "Whether a remedy helps where features keep company depends on the score: {better by found} of {other kinds}"
        " other kinds of SAE surely find more features than the plain one, and {better by mcc} are surely better by"
        " MCC, but none is by every score.",
        "partly",
    ),
    (
        True,
        "Where features keep company, none of {other kinds} other kinds of SAE surely does better than the plain one,"
        " by features found at either cosine or by MCC.",
        "does not hold",
    ),
    evidence={
        "other kinds": others,
        "better by all": len(finders_by_all),
        "better by found": len(finders["found"]),
        "better by found at the looser cosine": len(finders["found_90"]),
        "better by mcc": len(finders["mcc"]),
        "surely more found": named(finders["found"]),
        "surely more found at the looser cosine": named(finders["found_90"]),
        "surely higher MCC": named(finders["mcc"]),
        "surely fewer found": named(losers["found"]),
        "surely fewer found at the looser cosine": named(losers["found_90"]),
        "surely lower MCC": named(losers["mcc"]),
        "seeds": n_scored,
    },
    control={
        "the plain SAE on other seeds": (all(itself[score].surely_more for score in RECOVERY), itself["found"]),
    },
)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
claim(
    "no-cure-for-the-minimal-example",
    (
        none_finds_half,
        "None of the known remedies finds half of the features where features always fire in company: the most that any"
        " finds is {most in two of three:.2f} of them in two of three and {most in groups:.2f} in groups.",
        "holds",
    ),
    (
        all(all_below_half(list(found.values())[: len(published)]) for found in in_company.values()),
        "None of the known remedies finds half of the features where features always fire in company, by the usual"
        " cosine; by the looser one it is not sure of all.",
        "partly",
    ),
    (
        True,
        "That every known remedy finds fewer than half of the features where features always fire in company is not"
        " sure: the most that any finds is {most in two of three:.2f} of them in two of three and"
        " {most in groups:.2f} in groups.",
        "does not hold",
    ),
    evidence={
        "most in two of three": most_found["two of three"],
        "most in groups": most_found["groups"],
        "remedies": len(published),
        "seeds": n_scored,
    },
    control={
        "the plain SAE on shuffled data": (
            all(all_below_half(found.values()) for found in alone.values()),
            alone["groups"][key(shuffled, "found")],
        )
    },
)

# %%
by_world = contest.among(None, kinds)
found_by_world = pd.DataFrame(by_world.means(["found"])()[0, 0], by_world.tasks, by_world.names)
found_by_world.T.round(2)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
say(
    "The table has the share of features that each kind of SAE finds in each world. On average over seeds some known"
    f" remedy finds {100 * ENOUGH_FOUND:.0f} % or more in {len(reached)} of {len(TASKS)} worlds"
    f" ({listed(reached or ['none'])}); that it is more than {100 * ENOUGH_FOUND:.0f} % is sure in {len(cured)}"
    f" ({listed(cured or ['none'])})."
)

# %% [markdown]
# ## What does a cure cost?
#
# One table for the worlds in which features keep company. *Found* and *composite* are shares of features and of
# latents. *L0* is divided by the true L0. *Extra cost* prices the dictionaries of all contestants in one currency: the
# plain loss with the best activations, above the best known dictionary, as a share. (The plain SAE need not have an
# extra cost of zero: it chooses its own price, and training may stop early.) The last row is the dictionary that nobody
# had to find.

# %%
listed_scores = [*RECOVERY, "composite", "extra_cost"]


def written(score):
    return f"{score.mean:.2f}\u202f±\u202f{(score.high - score.low) / 2:.2f}"


pd.DataFrame(
    {headings.get(score, score): [written(averages[key(name, score)]) for name in names] for score in listed_scores},
    names,
)

# %%
purer = [name for name in kinds[1:] if against_plain[key(name, "composite")].mean < 0]
dearer, cheaper = (surely(against_plain, "extra_cost", more=more) for more in (True, False))
pure_dearer, pure_cheaper = ([name for name in purer if name in names] for names in (dearer, cheaper))
truth = averages[key(true_rows, "extra_cost")]

# %% jupyter={"source_hidden": true} tags=["remove-input"]
claim(
    "a-cure-costs-loss",
    (not purer, "No kind of SAE has fewer composites than the plain one, on average.", None),
    (
        len(pure_dearer) == len(purer),
        "Fewer composites come at a higher price in the plain loss: all {fewer composites} kinds of SAE that have"
        " fewer composites than the plain one, on average, have dictionaries that surely cost more.",
        "holds",
    ),
    (
        bool(pure_dearer),
        "Fewer composites may come at a higher price in the plain loss, but need not: of {fewer composites} kinds of"
        " SAE that have fewer composites than the plain one, on average, {of these surely dearer} have dictionaries"
        " that surely cost more, and {of these surely cheaper} that surely cost less.",
        "partly",
    ),
    (
        True,
        "Fewer composites need not come at a higher price in the plain loss: of {fewer composites} kinds of SAE that"
        " have fewer composites than the plain one, on average, none has dictionaries that surely cost more.",
        "does not hold",
    ),
    evidence={
        "fewer composites": len(purer),
        "of these surely dearer": len(pure_dearer),
        "of these surely cheaper": len(pure_cheaper),
        "surely fewer composites": named(surely(against_plain, "composite", more=False)),
        "surely dearer": named(dearer),
        "surely cheaper": named(cheaper),
        "seeds": n_scored,
    },
    control={
        "dictionary learning which has about as many composites": (
            rest[key(CLASSICAL[-1].name, "extra_cost")].surely_more,
            rest[key(CLASSICAL[-1].name, "extra_cost")],
        )
    },
)
say(
    f"The true features themselves have an extra cost of {truth.mean:.2f}: whoever has exactly these pays that much in"
    " the plain loss. Of a higher cost, the rest is not the price of the truth."
)

# %%
in_control = versus(contest.among([CONTROL], kinds), plain, RECOVERY)
harmed = {score: surely(in_control, score, more=False) for score in RECOVERY}
harmed_by_all = [name for name in kinds if all(name in harmed[score] for score in RECOVERY)]
control_levels = levels(contest.among([CONTROL], [plain, CLASSICAL[-1].name]), [*RECOVERY, "composite", "composite_90"])
harmless = versus(contest.among([CONTROL], [plain, shuffled]), plain, [*RECOVERY, "composite"])

# %% jupyter={"source_hidden": true} tags=["remove-input"]
claim(
    "some-cures-harm-the-control",
    (
        bool(harmed_by_all),
        "A cure can do harm: in the control, where no feature keeps company and the plain SAE finds {found there:.2f}"
        " of the features, the following surely find fewer, and have a lower MCC: {remedies that do harm}.",
        "holds",
    ),
    (
        any(harmed.values()),
        "Whether a cure does harm in the control, where no feature keeps company and the plain SAE finds"
        " {found there:.2f} of the features, depends on the score: none is surely worse by all.",
        "partly",
    ),
    (
        True,
        "In the control, where no feature keeps company and the plain SAE finds {found there:.2f} of the features, no"
        " remedy is surely worse.",
        "does not hold",
    ),
    evidence={
        "found there": control_levels[key(plain, "found")].mean,
        "remedies that do harm": named(harmed_by_all),
        "surely fewer found": named(harmed["found"]),
        "surely lower MCC": named(harmed["mcc"]),
        "seeds": n_scored,
    },
    control={
        "the plain SAE on shuffled data": (
            all(harmless[key(shuffled, score)].surely_less for score in RECOVERY),
            harmless[key(shuffled, "found")],
        )
    },
)

# %%
own_less_plain = (here.loc[own.name] - here.loc[plain]).dropna() if own.name in here.index else here.iloc[:0]
own_family = Family.of({score: own_less_plain[score].to_numpy() for score in RECOVERY})
if as_kept and own.name in kinds:
    own_family = Family({score: against_plain[key(own.name, score)] for score in RECOVERY})
own_words = {
    "surely better than the plain SAE": [s for s in RECOVERY if own_family[s].surely_more],
    "surely worse": [s for s in RECOVERY if own_family[s].surely_less],
}
heading_of = {"found": "features found"} | headings

# %% jupyter={"source_hidden": true} tags=["remove-input"]
say(
    f"And the contestant of the cell above? The {own.name} is, where features keep company, "
    + (
        "; ".join(f"{word} by {listed([heading_of[s] for s in its])}" for word, its in own_words.items() if its)
        or "not surely different from the plain SAE by any score"
    )
    + f" ({own_family['found'].n} seeds). It was made with these very worlds in mind, which the published remedies were"
    " not."
)

# %% [markdown]
# ## Is it the SAE, or is it sparse coding?
#
# Dictionary learning has no encoder that could fail, and it goes down the loss by other means, from other samples. If
# it finds composites too, the objective is the suspect. The shuffled data ask the opposite question: the same plain
# SAE, with everything as before except the company.

# %%
coding = {
    task: levels(contest.among([task], [CLASSICAL[-1].name]), ["composite", "composite_90"]) for task in seed_worlds
}
composite = {task: its[key(CLASSICAL[-1].name, "composite")] for task, its in coding.items()}
coding_there = [control_levels[key(CLASSICAL[-1].name, score)] for score in ("composite", "composite_90")]
without = {score: rest[key(shuffled, score)] for score in (*RECOVERY, "composite")}


def company_matters(difference):
    """Surely more is found without company, by every score, and surely fewer latents are composite."""
    return all(difference[score].surely_more for score in RECOVERY) and difference["composite"].surely_less


# %% jupyter={"source_hidden": true} tags=["remove-input"]
claim(
    "sparse-coding-fails-alike",
    (
        all(mostly(share) for its in coding.values() for share in its.values()),
        "Dictionary learning, which has no encoder, finds composites as well: they are {two of three.mean:.2f} of its"
        " latents in two of three and {groups.mean:.2f} in groups. So this failure needs no encoder: sparse coding"
        " under an L1 price has it, too.",
        "holds",
    ),
    (
        any(mostly(share) for its in coding.values() for share in its.values()),
        "Dictionary learning, which has no encoder, finds composites as well, but that they are most of its latents is"
        " not sure in both worlds at both cosines: {two of three.mean:.2f} in two of three, {groups.mean:.2f} in"
        " groups.",
        "partly",
    ),
    (
        True,
        "Composites are {two of three.mean:.2f} of the latents of dictionary learning in two of three and"
        " {groups.mean:.2f} in groups; that they are most of them is sure in neither world.",
        "does not hold",
    ),
    evidence={"two of three": composite["two of three"], "groups": composite["groups"]},
    control={"dictionary learning in the control": (all(mostly(share) for share in coding_there), coding_there[0])},
)
claim(
    "company-makes-composites",
    (
        company_matters(without),
        "Without company the plain SAE surely finds more: {found without company:.2f} of the features instead of"
        " {found with company:.2f}. Rates and magnitudes are the same; only who fires with whom was shuffled.",
        "holds",
    ),
    (
        any(without[score].surely_more for score in RECOVERY),
        "Without company the plain SAE surely does better by some scores only: it finds {found without company:.2f} of"
        " the features, against {found with company:.2f} with company.",
        "partly",
    ),
    (
        True,
        "Without company the plain SAE does not surely find more: {found without company:.2f} of the features against"
        " {found with company:.2f} with company.",
        "does not hold",
    ),
    evidence={
        "found without company": averages[key(shuffled, "found")].mean,
        "found with company": averages[key(plain, "found")].mean,
        "more found": without["found"],
        "more found at the looser cosine": without["found_90"],
        "higher MCC": without["mcc"],
        "composite latents": without["composite"],
    },
    control={
        "the control world where nobody keeps company": (
            company_matters({score: harmless[key(shuffled, score)] for score in (*RECOVERY, "composite")}),
            harmless[key(shuffled, "found")],
        )
    },
)
say(f"Random rows find {averages[key(random_rows, 'found')].mean:.2f} of the features: that much is chance.")

# %% jupyter={"source_hidden": true} tags=["remove-input"]
older_better = [name for name in older[: len(CLASSICAL)] if all(rest[key(name, s)].surely_more for s in RECOVERY)]
say(
    f"Of {len(CLASSICAL)} classical methods {so_many(older_better, 'does surely', 'do surely')} better than the plain"
    f" SAE by all three scores{': ' + listed(older_better) if older_better else ''}. NMF is helped by something that"
    " real activations do not offer: here every feature direction has non-negative coordinates. PCA finds directions of"
    " variance, which have no reason to be features."
)

# %% [markdown]
# ## Do orthogonal rows mean fewer composites?
#
# Korznikov et al. penalise, for each decoder row, the square of its largest cosine with another row, averaged over
# rows. In language models, at an equal number of active latents, they report $15\,\%$ less composition and $65\,\%$
# less absorption than without. The rule of the verdict stands above. What differs here: our worlds are toys with as
# many latents as features, composites and absorption are counted against known features, and the weight of the penalty
# is our choice.

# %%
ORTHO_SCORES = ("composite", "absorption", *RECOVERY)
pushed_apart = at_equal_settings(contest.among(company), "OrtSAE", "BatchTopK", ORTHO_SCORES)
penalty_changes = Family.of(pushed_apart)
without_penalty = mean_at_all_settings(contest.among(company), "BatchTopK", ORTHO_SCORES)
halves = Family.of(seeds_against_seeds(contest.among(company), "BatchTopK", ORTHO_SCORES))


def in_words(difference):
    word = "smaller" if difference.surely_less else "larger" if difference.surely_more else "not surely different"
    return f"{word} ({difference.mean:+.3f})"


# %% jupyter={"source_hidden": true} tags=["remove-input"]
claim(
    "orthogonality-composites",
    (
        penalty_changes["composite"].surely_less,
        "As the paper finds in language models, composites become fewer in our toys: at equal $k$ the penalty changes"
        " their share by {change.mean:+.3f}, from {without the penalty:.2f}.",
        "reproduced",
    ),
    (
        penalty_changes["composite"].surely_more,
        "The paper finds fewer composites in language models, but in our toys they become more: at equal $k$ the"
        " penalty changes their share by {change.mean:+.3f}, from {without the penalty:.2f}.",
        "differs",
    ),
    (
        True,
        "The paper finds fewer composites in language models; whether they become fewer in our toys is undecided: at"
        " equal $k$ the penalty changes their share by {change.mean:+.3f}, from {without the penalty:.2f}.",
        "partly",
    ),
    evidence={"change": penalty_changes["composite"], "without the penalty": without_penalty["composite"]},
    control={"BatchTopK on other seeds": (halves["composite"].surely_less, halves["composite"])},
    source="ortsae",
)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
claim(
    "orthogonality-absorption",
    (
        penalty_changes["absorption"].surely_less,
        "As the paper finds in language models, there is less absorption in our toys: at equal $k$ the penalty changes"
        " it by {change.mean:+.3f}, from {without the penalty:.2f}.",
        "reproduced",
    ),
    (
        penalty_changes["absorption"].surely_more,
        "The paper finds less absorption in language models, but in our toys there is more: at equal $k$ the penalty"
        " changes it by {change.mean:+.3f}, from {without the penalty:.2f}.",
        "differs",
    ),
    (
        True,
        "The paper finds less absorption in language models; whether there is less in our toys is undecided: at equal"
        " $k$ the penalty changes it by {change.mean:+.3f}, from {without the penalty:.2f}.",
        "partly",
    ),
    evidence={"change": penalty_changes["absorption"], "without the penalty": without_penalty["absorption"]},
    control={"BatchTopK on other seeds": (halves["absorption"].surely_less, halves["absorption"])},
    source="ortsae",
)
say(
    "What matters in the end is whether the features are found: their share is"
    f" {in_words(penalty_changes['found'])}, at the looser cosine {in_words(penalty_changes['found_90'])}, and MCC is"
    f" {in_words(penalty_changes['mcc'])}."
)

# %% [markdown]
# Whatever the sign, there is a limit that no weight can lift. The penalty sees the angles between rows and nothing
# else. Turn all rows together, and all angles stay. So it is zero for true features at right angles, and it is zero for
# every rotation of them: it cannot tell them apart. We check this on random rotations, and then look at what training
# does with the heaviest weight on a plain SAE.

# %%
generator = torch.Generator().manual_seed(seed)
rotations = torch.stack([worlds.random_rotation(3, 3, generator) for _ in range(100)])
largest_cosine = saes.LargestCosine(1.0)
penalty = largest_cosine({"W_dec": rotations}, None, torch.zeros(len(rotations), 1, 3))
scattered = torch.nn.functional.normalize(torch.randn(100, 3, 3, generator=generator), dim=2)
penalty_of_any = largest_cosine({"W_dec": scattered}, None, torch.zeros(len(scattered), 1, 3))
minimal = arena["two of three"]
pushed = next(remedy for remedy in REMEDIES if remedy.name == "L1, largest cosine")


def seen_at(remedy, task, value, n_latents):
    """SAEs of one remedy at one setting, and what is seen of them."""
    values = torch.full((n_saes,), float(value)).double()
    stack = remedy.trained(task.world, n_latents, values, seeds, **plan)
    return stack, toysae.assess(stack, task.world, threshold)


apart, seen_apart = seen_at(pushed, minimal, pushed.settings[-1], 3)
between = (apart.W_dec @ apart.W_dec.transpose(1, 2) - torch.eye(3)).abs().amax(dim=(1, 2))
straight = between < 0.2
lost = Fraction.of(seen_apart.lacks_atoms[straight])

# %% jupyter={"source_hidden": true} tags=["remove-input"]
claim(
    "orthogonality-is-blind-to-rotations",
    (
        penalty.max() < 1e-6,
        "The penalty of {rotations} random rotations of the true features is at most {largest penalty:.0e}: it has"
        " nothing against any of them.",
        "holds",
    ),
    (
        True,
        "The penalty of some rotation of the true features is {largest penalty:.1e}, so it does tell them apart.",
        "does not hold",
    ),
    evidence={"rotations": len(rotations), "largest penalty": penalty.max()},
    control={"random rows": (penalty_of_any.max() < 1e-6, float(penalty_of_any.max()))},
    source="theory",
)
say(
    f"Trained on two of three with the weight {pushed.settings[-1]:g}, {int(straight.sum())} of {n_saes} SAEs end with"
    f" rows at nearly right angles (no cosine above 0.2 in size). Of these, {lost} have not a single atom."
)

# %% [markdown]
# ## Where do the other cures fail?
#
# Four cases, each a cure where it does not cure. The SAE in each picture is the first one, by seed, whose latents all
# fire; where there is none, the first.
#
# * **Orthogonal rows** that are not the features, as above.
# * **Tied weights with few latents.** Tied weights keep a latent from being on for one thing and writing another. But
#   with fewer latents than features, a latent has to speak for several; the tie does not change that. To see it, we
#   train the plain SAE with as few latents.
# * **Wrong $k$.** A count of active latents has to be right, and the data do not come with it.
# * **Matryoshka where nothing is nested.** The first latents must do alone, so they lean towards everything. This is
#   called hedging. With as many latents as features all prefixes but the last are short of latents, which is the hard
#   case for this loss; [hierarchies](08_hierarchies.ipynb) tests it on a larger tree.

# %%
by_name = {remedy.name: remedy for remedy in REMEDIES}
tree, correlated, control = (arena[name] for name in ("tree", "correlated", CONTROL))
_, seen_tied = seen_at(by_name["L1, tied weights"], tree, L1_COEFF, 2)
_, seen_untied = seen_at(PLAIN_REMEDY, tree, L1_COEFF, 2)
_, seen_count = seen_at(by_name["BatchTopK"], correlated, 1.0, correlated.n_latents)
_, seen_nested = seen_at(by_name["Matryoshka"], control, L1_COEFF, control.n_latents)
cases = {
    "largest cosine, two of three": seen_apart,
    "tied, two latents, tree": seen_tied,
    "BatchTopK, k = 1, correlated": seen_count,
    "Matryoshka, independent": seen_nested,
}
drawn = {title: (seen, int(seen.all_live.int().argmax())) for title, seen in cases.items()}
families = {"tied": seen_tied.cosines, "untied": seen_untied.cosines}
without_atom = {title: Fraction.of(seen.lacks_atoms) for title, seen in cases.items()}

# %% jupyter={"source_hidden": true} tags=["remove-input"]
per_latent = "; ".join(
    f"{title}: {seen.labels.features_found.double().mean() / seen.labels.kinds.shape[1]:.2f}"
    for title, seen in cases.items()
)
show(
    figures.small_maps(drawn, n_columns=4),
    f"Different features found, per latent: {per_latent}.",
    "Each map shows the cosines of the decoder rows of one SAE (rows) with the true features (columns): red is"
    " positive, blue negative, white zero. The strip at the right colours each row by its label: atomic (one feature),"
    " composite (the sum of features that fire together), mixed (neither). In the tree, columns one and four are the"
    " parents.",
    alt="Four small heat maps of decoder rows by true features, one for each failing remedy.",
)
leaning = "; ".join(
    f"{name}, {cosines[:, :, [0, 3]].amax(dim=1).mean():.2f} with the parents and"
    f" {cosines[:, :, [1, 2, 4, 5]].amax(dim=1).mean():.2f} with the children"
    for name, cosines in families.items()
)
say(f"With two latents for two families, the largest cosines of a latent with a feature are, on average: {leaning}.")
say(
    "SAEs without a single atom: "
    + "; ".join(f"{title}, {count}" for title, count in without_atom.items())
    + f"; untied, two latents, tree, {Fraction.of(seen_untied.lacks_atoms)}."
)

# %% [markdown]
# The third case has a cure of its own: tell the SAE the true count. How much depends on it? For each kind of SAE with a
# count we compare the $k$ that lies nearest to each world's true L0 with every single $k$ for all worlds. For
# *BatchTopK* and *OrtSAE* $k$ is a mean; for *TopK* it is a limit in every sample, and samples in which more features
# fire than usual need more.

# %%
counting = ["TopK", "BatchTopK", "OrtSAE"]
by_k = {name: contest.everything("found")[:, contest.names.index(name)].mean(axis=-1) for name in counting}
counts = {name: contest.settings[contest.names.index(name)] for name in counting}
curves = {task: {name: (counts[name], by_k[name][contest.tasks.index(task)]) for name in counting} for task in TASKS}
lines = {
    task: (curves[task], curves[task], {"true L0": contest.true_l0[contest.tasks.index(task)]})
    for task in ("correlated", CONTROL)
}


def beaten(true_l0):
    """Kinds and fixed k, by score, that the k nearest to these L0s surely beats: one family."""
    differences = {
        key(f"{name}, {k}", score): values
        for name in counting
        for score in ("found", "mcc")
        for k, values in right_counts(contest, name, score, true_l0).items()
    }
    return Family.of(differences)


right, wrong = beaten(contest.true_l0), beaten(np.roll(contest.true_l0, 1))
kinds_right, kinds_wrong = (
    [name for name in counting if all(c.surely_more for k, c in family.items() if k.startswith(f"{name},"))]
    for family in (right, wrong)
)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
show(
    figures.curve_panels(lines, xlabel="k, latents that may be active", ylim=(-0.03, 1.03)),
    f"The $k$ nearest to each true L0 is surely better than {len(right.surely_more)} of {len(right)} fixed choices.",
    f"Mean share of features found, over the {n_selecting + n_scored} seeds of the kept contest, by the number of"
    " latents that may be active. The dotted line is the number of features that fire in a sample, on average. A fixed"
    " choice is one $k$ for all seven worlds, by features found or by MCC.",
    alt=(
        "Two panels of curves: share of features found over k for three kinds of SAE, in the correlated world and in"
        " the control."
    ),
)
claim(
    "k-has-to-be-right",
    (
        len(kinds_right) == len(counting),
        "The count has to be about right: for each of {kinds of SAE} kinds of SAE, the $k$ nearest to each world's true"
        " L0 is surely better than any one $k$ for all worlds.",
        "holds",
    ),
    (
        bool(right.surely_more),
        "That the count has to be right is true in part: the $k$ nearest to each world's true L0 is surely better than"
        " {surely beaten} of {fixed choices} fixed choices, and than all of them for {beats all} of the kinds of SAE.",
        "partly",
    ),
    (
        True,
        "The count need not be right: the $k$ nearest to each world's true L0 is surely better than no one $k$ for all"
        " worlds.",
        "does not hold",
    ),
    evidence={
        "kinds of SAE": len(counting),
        "surely beaten": len(right.surely_more),
        "fixed choices": len(right),
        "surely better than the true count": len(right.surely_less),
        "beats all": len(kinds_right),
        "seeds": n_selecting + n_scored,
    },
    control={
        "the true L0s of other worlds": (
            len(kinds_wrong) == len(counting),
            Pooled(len(wrong.surely_more), len(wrong)),
        )
    },
)

# %% [markdown]
# ## How much is tuning, how much is the remedy?
#
# The choice of a setting is made blindly above. Is that what fails, and would more knowledge help?

# %%
added = gains(contest.among(company, published), RECOVERY)


def adds_little(gains):
    """Less than a tenth, by the whole interval."""
    return all(below(gain, 0.1) for gain in gains)


# %% jupyter={"source_hidden": true} tags=["remove-input"]
claim(
    "tuning-is-not-the-cure",
    (
        adds_little(added.values()),
        "Knowing more buys little: over all known remedies and the worlds with company, being told the true L0 changes"
        " the share of features found by {told the true L0.mean:+.3f}, and being told the features by"
        " {told the features.mean:+.3f}. A better choice among these settings is not the cure.",
        "holds",
    ),
    (
        any(adds_little([gain]) for gain in added.values()),
        "It is not sure that knowing more buys little by every score: over all known remedies and the worlds with"
        " company, being told the true L0 changes the share of features found by {told the true L0.mean:+.3f}, and"
        " being told the features by {told the features.mean:+.3f}.",
        "partly",
    ),
    (
        True,
        "Knowing more may buy much: over all known remedies and the worlds with company, being told the true L0 changes"
        " the share of features found by {told the true L0.mean:+.3f}, and being told the features by"
        " {told the features.mean:+.3f}.",
        "does not hold",
    ),
    evidence={
        "told the true L0": added[key("told the true L0", "found")],
        "told the features": added[key("told the features", "found")],
        "told the features at the looser cosine": added[key("told the features", "found_90")],
        "told the features by MCC": added[key("told the features", "mcc")],
    },
    control={"taking the company away instead": (adds_little(without[score] for score in RECOVERY), without["found"])},
)

# %% [markdown]
# ## What could be wrong?
#
# *Too little training, too little spread.* Training may have been too short, and where magnitudes hardly vary the data
# may say too little about the features. The part of the contest that this page trains again follows its parameters: try
# `n_steps=2000` or `spread=0.3`. *A rule that suits nobody.* Blind tuning may choose badly for one contestant and well
# for another. *Too few settings.* A knob may have a better value between two of ours, and we chose the values knowing
# the worlds. One thing was changed after a first run: the kernel of JumpReLU, as said above. *One learning rate for
# all*, and fixed second knobs: a remedy may do better at another. *Latents as many as features.* With more latents
# composites cost less, and all scores would move. *Seven worlds that we chose*: seeds are sampled, worlds are not, so
# "surely" is said of these worlds. *A toy.* None of these worlds is a language model, and a remedy that fails here may
# be worth its price there: the contest shows what a remedy does to known features, not what it is good for.
#
# ## So what?

# %% jupyter={"source_hidden": true} tags=["remove-input"]
say(f"Do the remedies work? {answer}")
say_trained(saes.n_trained())

# %% [markdown]
# A remedy changes what is wanted, and then one gets what that wants: few active latents, right angles, early latents
# that do alone. None of these is the same as "the true features". Before you adopt one, ask in which world it would be
# right, and look for a world in which it is wrong.
#
# Two questions to take along:
#
# 1. The fourth power charges less for many small activations than for one large one. What will it do with more latents
#    than features?
# 2. Which of these remedies would still stand a chance if features were not at right angles?
