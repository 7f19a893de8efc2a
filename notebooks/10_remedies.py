# %% [markdown]
# # Do the remedies work?
#
# Sparse autoencoders (SAEs) learn composites where features keep company. Nine remedies compete on seven small worlds
# with the same seeds and the same budget of settings, beside methods that are older than SAEs.

# %% tags=["parameters", "hide-input"] mystnb={"code_prompt_show": "Set-up: parameters, imports, the kept contest"}
lr: float = 0.01  # learning rate of Adam
n_steps: int = 1000  # training steps
n_saes: int = 8  # autoencoders that are trained again, for every remedy and world
seed: int = 0  # decides the starting points
spread: float = 0.1  # standard deviation of the magnitude of a feature that fires; its mean is one
threshold: float = 0.95  # cosine from which on a latent counts as aligned

# %% tags=["hide-input"]
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
    mean_at_all_settings,
    right_counts,
)
from toysae.chapters.remedies.contestants import LOOSER, MOST_SETTINGS
from toysae.chapters.remedies.figures import found_map
from toysae.chapters.remedies.fourth_power import FOURTH_POWER
from toysae.chapters.remedies.kept import kept_contest, kept_settings, same, seeds_again, trained_again
from toysae.chapters.remedies.settings import BASELINES, CLASSICAL, CONTESTANTS, KINDS_OF_SAE, PLAIN_REMEDY, REMEDIES
from toysae.claims import (
    Family,
    Fraction,
    Pooled,
    below,
    claim,
    listed,
    mostly,
    say,
    say_answer,
    say_trained,
    show,
)
from toysae.sweeps.contests import ENOUGH, Contest
from toysae.sweeps.standings import key, levels, seeds_against_seeds, surely, versus

check_parameters(globals())
figures.house_style()

# %% tags=["hide-input"]
ENOUGH_FOUND, CONTROL, plain, ours = 0.95, "independent", PLAIN_REMEDY.name, FOURTH_POWER.name
seed_worlds = ["two of three", "groups"]  # where features are never seen alone
company = [name for name in TASKS if name != CONTROL]
published = [remedy.name for remedy in REMEDIES]
kinds = [kind.name for kind in KINDS_OF_SAE]
titles = {name: name for name in CONTESTANTS} | {plain: "plain SAE", ours: "fourth power (ours)"}
shuffled, random_rows, true_rows = (baseline.name for baseline in BASELINES)
kept = kept_contest()
contest = Contest.of(kept, {name: build().true_l0 for name, build in TASKS.items()})
n_selecting, n_scored = contest.n_seeds
RECOVERY = ("found", "found_90", "mcc")  # three scores of one thing: they stand side by side
of_kinds = contest.among(None, kinds)
by_world = pd.DataFrame(of_kinds.means(["found"])()[0, 0], of_kinds.tasks, of_kinds.names).T
best = by_world.loc[published].max()
reached = [task for task in TASKS if best[task] >= ENOUGH_FOUND]
leads = (by_world.loc[published] >= best - 1e-9)[company].sum(
    axis=1
)  # worlds in which each is the best, or one of them
everywhere = [name for name in published if reached and by_world.loc[name, reached].min() >= ENOUGH_FOUND]


def named(names):
    """A list of names for evidence, or a word for none."""
    return listed([name.replace(", ", " with ") for name in names] or ["none"])


# %% jupyter={"source_hidden": true} tags=["remove-input"]
answer = (
    f"In {len(reached) or 'none'} of {len(TASKS)} worlds some known remedy finds {ENOUGH_FOUND:g} of the features or"
    " more, on average over seeds"
    + (
        ", but no remedy does so in all of these"
        if reached and not everywhere
        else f", and {named(everywhere)} in all of these"
        if reached
        else ""
    )
    + ". Where features are never seen alone, the best of them finds"
    f" {best[seed_worlds].max():.2f}."
)
say_answer(answer)
show(
    found_map(by_world.rename(index=titles), parts=(2, 6)),
    f"No known remedy leads in more than {leads.max()} of the {len(company)} worlds where features keep company."
    f" In {sum(by_world.loc[plain] >= ENOUGH_FOUND) or 'none'} of all {len(TASKS)} the plain SAE itself finds"
    f" {ENOUGH_FOUND:g} or more.",
    "Share of features found: each row is a kind of SAE, each column a world. In the first two worlds features are"
    " never seen alone; in the last one, the control, no feature keeps company.",
    alt="A map of numbers: kinds of SAE by worlds, darker where more features are found.",
)

# %% [markdown]
# All numbers of the contest are read from the *kept contest*: the stored results of the full contest. Which remedy does
# best on average, and what a cure costs, [the chapter on what helps](05_what_helps.ipynb) tells. This
# study asks how the contest is run, and why each cure fails.
#
# ## On which worlds do they compete?
#
# In each world there are as many latents as features, and the true directions are at right angles.
#
# * *Two of three*: the minimal example. *Groups*: three such groups, one of them on.
# * *Solo leak*: two of three, but in three samples of ten a feature fires alone.
# * *Hierarchy*: a child fires only with its parent; two more features fire by themselves. *Tree*: two parents, two
#   children each, of which at most one fires. [Hierarchies](08_hierarchies.ipynb) tells more.
# * *Correlated*: one feature tends to fire with three others. See [correlations](09_correlations.ipynb).
# * *Independent*: the control, where no feature keeps company. Here a cure must at least do no harm.
#
# A feature that fires has one of two magnitudes, a little below or above one. So every data point can be listed with
# its probability: SAEs train on the whole list in every step, and scores are exact. To keep the lists short, the tree
# and the correlated world are smaller than the published ones.

# %% tags=["hide-input"] mystnb={"code_prompt_show": "The worlds"}
magnitudes = worlds.TwoLevels(spread)
arena = {name: build(magnitudes=magnitudes) for name, build in TASKS.items()}
sizes = {
    "features": {name: task.world.n_features for name, task in arena.items()},
    "data points": {name: len(worlds.finite_data(task.world)[0]) for name, task in arena.items()},
    "features that fire (true L0)": {name: f"{task.true_l0:.2f}" for name, task in arena.items()},
}

# %% jupyter={"source_hidden": true} tags=["remove-input", "evidence"]
pd.DataFrame(sizes)

# %% [markdown]
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
#   not at right angles; *OrtSAE* puts the second of them on a BatchTopK SAE ([Korznikov et al.
#   2025](https://arxiv.org/abs/2509.22033)).
# * The *fourth power* is [our own](05_what_helps.ipynb#add-your-own).
#
# All start, seed by seed, from the same rows, have no decoder bias, and train equally long at one learning rate.
#
# The *classical* methods get a hundred samples each and no encoder: principal components (PCA), independent components
# (ICA), non-negative matrix factorisation (NMF), and dictionary learning, which minimises the loss of the plain SAE by
# other means. Their dictionaries get the best activations there are.
#
# Three baselines set the scale. *L1 on shuffled data* trains where each feature fires as often as before, but
# regardless of the others: without company. *Random rows* are what chance gives. The *true features* find all by
# definition, and show what that costs.
#
# <details><summary>What was changed after a first run?</summary>
#
# The threshold of JumpReLU learns only from activations within a certain distance, its kernel. At the usual narrow
# kernel no price moved its L0, since few data points are listed and hardly any came so close. So its kernel was widened
# and its prices were lowered. The rules below were rewritten for the second edition before its contest was run: the
# first judged by eight seeds and without a correction, and knew no score beside the usual cosine. Two were changed
# after it was run. The question about loss first asked about kinds with *surely* fewer composites; one kind stood right
# at that bound. And the control of the question about orthogonal rows was first the control world: there, too, a wrong
# $k$ makes composites, which the penalty may well reduce.
#
# </details>

# %% jupyter={"source_hidden": true} tags=["remove-input", "evidence"]
pd.DataFrame(
    {
        titles[c.name]: {
            "knob": c.knob,
            "settings": ", ".join(f"{s:g}" for s in c.settings) if c.knob != "none" else "none",
        }
        for c in CONTESTANTS.values()
    }
).T

# %% [markdown]
# ## How is a setting chosen, and what counts as better?
#
# Settings are chosen on some seeds and scored on others, by one of three rules. **Told nothing**: of the settings that
# explain enough variance, the one with the lowest L0. That is how one would choose without knowing the answer, and it
# is the rule of the contest. **Told the true L0**: the setting whose L0 comes nearest to the number of features that
# fire. **Told the features**: the setting that finds most. Nobody can do this outside a toy.
#
# A feature is *found* if a latent that fires is aligned with it, by the usual cosine and by a looser one. *MCC* is the
# mean cosine under the best one-to-one matching of latents and features. Where these three scores disagree, the answer
# is that they disagree. *Surely* is said as on the page [how we judge](judging.md); the bootstrap over seeds repeats
# the choice of settings.

# %% jupyter={"source_hidden": true} tags=["remove-input", "evidence"]
ran_with = kept_settings(kept)
say(
    f"Every contestant has at most {MOST_SETTINGS} settings, chosen on {n_selecting} seeds and scored on {n_scored}"
    f" others; enough variance means {100 * ENOUGH:.0f} %. The usual cosine is {ran_with['threshold']:g}, the looser"
    f" one {LOOSER:g}."
)
say(
    f"Within a world all SAEs see the same data (the shuffled baseline has its own), so seeds differ in their starting"
    f" points; for classical methods in their samples as well. The kept contest has {len(kept):,} dictionaries at a"
    f" spread of {ran_with['spread']:g}; `make sweep SWEEP=remedies` computes it anew."
)

# %% [markdown]
# ## Does this page find the same?
#
# In three worlds the page trains the contestants again, at the settings that the kept contest chose; not OrtSAE and the
# fourth power, which are slow. More dictionaries are compared than SAEs are trained, since classical methods, random
# rows and true features are no SAEs. With the parameters of the kept contest, nine dictionaries in ten must have the
# same counts, and MCC and extra cost within a hundredth. The control holds the same rule against other seeds.

# %% tags=["hide-input"] mystnb={"code_prompt_show": "Training again"}
trained_worlds = ["two of three", "hierarchy", CONTROL]
seeds = seeds_again(seed, n_saes, n_selecting + n_scored)
plan = {"n_steps": n_steps, "lr": lr}
rows = [
    {"task": task, "contestant": name} | row
    for (task, name), setting in contest.among(trained_worlds).choices().items()
    if name not in (ours, "OrtSAE")
    for row in trained_again(CONTESTANTS[name], setting, arena[task], seeds, threshold, **plan)
]
again = pd.DataFrame(rows)
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
        "Trained again here, {trained again} dictionaries score as they do in the kept contest.",
        "holds",
    ),
    (
        True,
        "Trained again here, only {trained again} dictionaries score as they do in the kept contest.",
        "does not hold",
    ),
    evidence={"trained again": alike},
    control={"the scores of other seeds": (agrees(other_seeds), other_seeds)},
)

# %% [markdown]
# With parameters of your own, the table in the fold below is what you look at: the contestants with the seeds and
# parameters of this page, on average over the worlds with company that it trains on.

# %% jupyter={"source_hidden": true} tags=["remove-input", "evidence"]
shares = again.assign(found=again["found"] / again["n_features"], found_90=again["found_90"] / again["n_features"])
here = shares[shares["task"] != CONTROL].groupby("contestant", sort=False)[[*RECOVERY, "extra_cost"]].mean()
headings = {"found": "found", "found_90": f"found at {LOOSER:g}", "mcc": "MCC", "extra_cost": "extra cost"}
order = [name for name in contest.names if name in here.index]
here.loc[order].rename(columns=headings, index=titles).rename_axis(None).round(2)

# %% [markdown]
# ## What does the contest say of all of them?
#
# From here on, all that is said of the contest is said of the kept one. The table in the fold below has means over the
# six worlds with company. *Extra cost* prices all dictionaries in one currency: the plain loss with the best
# activations, as a share above the best one known.

# %% tags=["hide-input"] mystnb={"code_prompt_show": "Everybody, on average over the worlds with company"}
older = [*(method.name for method in CLASSICAL), shuffled, random_rows]
rest = versus(contest.among(company, [plain, *older]), plain, [*RECOVERY, "composite"])
names = [*kinds, *older, true_rows]
listed_scores = {"found": "found", "mcc": "MCC", "composite": "composites", "extra_cost": "extra cost"}
averages = levels(contest.among(company, names), list(listed_scores))
enough = beyond(contest.among(None, published), "found", ENOUGH_FOUND)
cured = [task for task in TASKS if any(enough[key(name, task)].surely_more for name in published)]


def written(score):
    return f"{score.mean:.2f}\u202f±\u202f{(score.high - score.low) / 2:.2f}"


# %% jupyter={"source_hidden": true} tags=["remove-input", "evidence"]
pd.DataFrame(
    {heading: [written(averages[key(name, score)]) for name in names] for score, heading in listed_scores.items()},
    [titles[name] for name in names],
)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
say(
    f"That some known remedy finds more than {ENOUGH_FOUND:g} of the features is sure in {len(cured)} worlds"
    f" ({listed(cured or ['none'])}). The plain SAE finds as much, on average, in"
    f" {sum(by_world.loc[plain, cured] >= ENOUGH_FOUND) or 'none'} of these"
    f"{', so none surely does where it fails' if min(by_world.loc[plain, cured], default=1) >= ENOUGH_FOUND else ''}."
    f" Random rows find {averages[key(random_rows, 'found')].mean:.2f}: that much is chance."
)

# %% [markdown]
# ## Can a cure do harm?
#
# Matryoshka stands here in its finest form: its prefixes hold one latent, two, three and so on. In [beyond the
# toy](11_beyond_the_toy.ipynb) it has four prefixes, and with hundreds of features it is there a better detector than
# TopK.

# %% tags=["hide-input"] mystnb={"code_prompt_show": "Comparisons in the control"}
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
        "A cure can do harm. Where no feature keeps company, and the plain SAE finds {found there:.2f} of them, surely"
        " worse by every score: {remedies that do harm}.",
        "holds",
    ),
    (
        any(harmed.values()),
        "Whether a cure does harm where no feature keeps company depends on the score: the plain SAE finds"
        " {found there:.2f} of the features there, and no remedy is surely worse by every score.",
        "partly",
    ),
    (
        True,
        "Where no feature keeps company, and the plain SAE finds {found there:.2f} of them, no remedy is surely worse.",
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

# %% [markdown]
# ## Is it the SAE, or is it sparse coding?
#
# Dictionary learning has no encoder that could fail. If it learns composites too, the objective is the suspect. The
# shuffled data ask the opposite question: the same plain SAE, with everything as before except the company.

# %% tags=["hide-input"] mystnb={"code_prompt_show": "Composites of dictionary learning; the plain SAE without company"}
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
        "Dictionary learning, which has no encoder, learns composites too: they are {two of three.mean:.2f} of its"
        " latents in two of three and {groups.mean:.2f} in groups. So this failure needs no encoder.",
        "holds",
    ),
    (
        any(mostly(share) for its in coding.values() for share in its.values()),
        "Dictionary learning, which has no encoder, learns composites too ({two of three.mean:.2f} of its latents in"
        " two of three, {groups.mean:.2f} in groups), but most of them not surely in both worlds at both cosines.",
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
        "Company makes the composites: without it the plain SAE surely finds more, {found without company:.2f} of the"
        " features instead of {found with company:.2f}.",
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

# %% jupyter={"source_hidden": true} tags=["remove-input"]
older_better = [name for name in older[: len(CLASSICAL)] if all(rest[key(name, s)].surely_more for s in RECOVERY)]
say(
    f"Of {len(CLASSICAL)} classical methods {len(older_better) or 'none'} surely beat the plain SAE by all three scores"
    f"{': ' + listed(older_better) if older_better else ''}. NMF is helped by something that real activations do not"
    " offer: here every feature direction has non-negative coordinates."
)

# %% [markdown]
# ## Do orthogonal rows mean fewer composites?
#
# Korznikov et al. penalise, for each decoder row, the square of its largest cosine with another row. In language
# models, at an equal number of active latents, they report $15\,\%$ less composition and $65\,\%$ less absorption. We
# compare OrtSAE with BatchTopK at equal $k$, seed by seed, over settings and worlds with company; all scores are one
# family. What differs here: composites and absorption are counted against known features, and the weight of the
# penalty is our choice.

# %% tags=["hide-input"] mystnb={"code_prompt_show": "OrtSAE less BatchTopK at equal k"}
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
        "As the paper reports of language models, composites become fewer in our toys: at equal $k$ by"
        " {percent fewer:.0f} %, against {percent fewer in the paper} % there. Judged is the direction, not the size.",
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
    evidence={
        "change": penalty_changes["composite"],
        "without the penalty": without_penalty["composite"],
        "percent fewer": -100 * penalty_changes["composite"].mean / (without_penalty["composite"] or float("nan")),
        "percent fewer in the paper": 15,
    },
    control={"BatchTopK on other seeds": (halves["composite"].surely_less, halves["composite"])},
    source="ortsae",
)

# %% jupyter={"source_hidden": true} tags=["remove-input"]
claim(
    "orthogonality-absorption",
    (
        penalty_changes["absorption"].surely_less,
        "As the paper reports of language models, there is less absorption in our toys: at equal $k$ by"
        " {percent less:.0f} %, against {percent less in the paper} % there. Judged is the direction, not the size.",
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
    evidence={
        "change": penalty_changes["absorption"],
        "without the penalty": without_penalty["absorption"],
        "percent less": -100 * penalty_changes["absorption"].mean / (without_penalty["absorption"] or float("nan")),
        "percent less in the paper": 65,
    },
    control={"BatchTopK on other seeds": (halves["absorption"].surely_less, halves["absorption"])},
    source="ortsae",
)
say(
    "But are more features found? With the penalty their share is"
    f" {in_words(penalty_changes['found'])}, and MCC is {in_words(penalty_changes['mcc'])}."
)

# %% [markdown]
# There is a limit that no weight can lift. The penalty sees the angles between rows and nothing else. Turn all rows
# together, and all angles stay. So it is zero for true features at right angles, and zero for every rotation of them:
# it cannot tell them apart. We check this on random rotations, and then train a plain SAE with the heaviest weight.

# %% tags=["hide-input"] mystnb={"code_prompt_show": "Random rotations, and the heaviest weight"}
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
    f"Trained on two of three with the heaviest weight, {int(straight.sum())} of {n_saes} SAEs end with rows at nearly"
    f" right angles (no cosine above 0.2 in size). Of these, {lost.k} have no atom at all."
)

# %% [markdown]
# ## Where do the other cures fail?
#
# Four cases, each a cure tried where it should fail:
#
# * **Orthogonal rows** that need not be the features, as above.
# * **Tied weights with few latents.** The tie keeps a latent from being on for one thing and writing another. But with
#   fewer latents than features, a latent has to speak for several, tied or not.
# * **Wrong $k$.** A count of active latents has to be right, and the data do not come with it.
# * **Matryoshka where nothing is nested.** The first latents must do alone, so they lean towards everything. This is
#   called *hedging*. [Hierarchies](08_hierarchies.ipynb) tests this loss on a larger tree.

# %% tags=["hide-input"] mystnb={"code_prompt_show": "The four cases"}
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
atomless = [title for title, count in without_atom.items() if count.k == count.n]
show(
    figures.small_maps(drawn, n_columns=2),
    f"In {len(atomless)} of {len(cases)} cases no SAE has an atom.",
    "Cosines of the decoder rows of one SAE (rows) with the true features (columns); the strip at the right has each"
    " row's label. In the tree, columns one and four are the parents.",
    alt="Four small heat maps of decoder rows by true features, one for each failing remedy.",
)

# %% jupyter={"source_hidden": true} tags=["remove-input", "evidence"]
per_latent = "; ".join(
    f"{title}: {seen.labels.features_found.double().mean() / seen.labels.kinds.shape[1]:.2f}"
    for title, seen in cases.items()
)
leaning = "; ".join(
    f"{name}, {cosines[:, :, [0, 3]].amax(dim=1).mean():.2f} with the parents and"
    f" {cosines[:, :, [1, 2, 4, 5]].amax(dim=1).mean():.2f} with the children"
    for name, cosines in families.items()
)
say(f"Different features found, per latent: {per_latent}.")
say(
    "SAEs without an atom: "
    + "; ".join(f"{title}, {count}" for title, count in without_atom.items())
    + f"; untied, two latents, tree, {Fraction.of(seen_untied.lacks_atoms)}."
)
say(f"With two latents for two families, the largest cosines of a latent with a feature are, on average: {leaning}.")
say("Each picture shows the first SAE, by seed, whose latents all fire; where there is none, the first.")

# %% [markdown]
# The third case has a cure of its own: tell the SAE the true count. For each kind of SAE with a count we compare the
# $k$ that lies nearest to each world's true L0 with every single $k$ for all worlds, by features found and by MCC.

# %% tags=["hide-input"] mystnb={"code_prompt_show": "The right k against every fixed one"}
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
    f"Over all {len(TASKS)} worlds, the $k$ nearest to each true L0 is surely better than {len(right.surely_more)} of"
    f" {len(right)} fixed choices.",
    "Share of features found; dotted, the mean number of features that fire. A fixed choice is one $k$ for all worlds."
    " In one world another $k$ may be better than the nearest: in the control TopK finds"
    f" {curves[CONTROL]['TopK'][1][np.abs(np.log(counts['TopK'] / lines[CONTROL][2]['true L0'])).argmin()]:.2f}"
    f" at the nearest and {max(curves[CONTROL]['TopK'][1]):.2f} at its best.",
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
        "fixed k that surely beat the true one": len(right.surely_less),
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
# The choice of a setting is made blindly above. Would more knowledge help? It would not, if the other two rules add
# less than a tenth to each of the three scores.

# %% tags=["hide-input"] mystnb={"code_prompt_show": "What knowing more adds"}
added = gains(contest.among(company, published), RECOVERY)


def adds_little(gains):
    """Less than a tenth, by the whole interval."""
    return all(below(gain, 0.1) for gain in gains)


# %% jupyter={"source_hidden": true} tags=["remove-input"]
claim(
    "tuning-is-not-the-cure",
    (
        adds_little(added.values()),
        "Knowing more buys little: being told the true L0 changes the share of features found by"
        " {told the true L0.mean:+.3f}, being told the features by {told the features.mean:+.3f}. A better choice among"
        " these settings is not the cure.",
        "holds",
    ),
    (
        any(adds_little([gain]) for gain in added.values()),
        "It is not sure that knowing more buys little by every score: being told the true L0 changes the share of"
        " features found by {told the true L0.mean:+.3f}, being told the features by {told the features.mean:+.3f}.",
        "partly",
    ),
    (
        True,
        "Knowing more may buy much: being told the true L0 changes the share of features found by"
        " {told the true L0.mean:+.3f}, being told the features by {told the features.mean:+.3f}.",
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
# *Too few settings, and we chose them.* A knob may have a better value between two of ours, another learning rate may
# suit a remedy better, and we chose the values knowing the worlds. *Too little training, too little spread*: try
# `n_steps=2000` or `spread=0.3`. *Latents as many as features.* With more latents composites cost less, and all scores
# would move. *Seven worlds that we chose*: seeds are sampled, worlds are not, so "surely" is said of these worlds. *A
# toy.* A remedy that fails here may be worth its price in a language model: the contest shows what a remedy does to
# known features, not what it is good for.
#
# ## So what?

# %% jupyter={"source_hidden": true} tags=["remove-input"]
say(
    f"Do the remedies work? {answer} The plain SAE itself finds {ENOUGH_FOUND:g} or more in"
    f" {sum(by_world.loc[plain] >= ENOUGH_FOUND) or 'none'} of the {len(TASKS)} worlds."
)
say_trained(saes.n_trained())

# %% [markdown]
# A remedy gets what it asks for: few active latents, right angles, early latents that do alone. So before you adopt
# one, look for a world in which it is wrong.
#
# The fourth power charges less for many small activations than for one large one. What will it do with more latents
# than features?
