"""What the bench found: numbers in one file, a figure, and a page for the book."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from toysae.bench import costs
from toysae.bench.serving import Task
from toysae.figures.style import SERIES_COLOURS, house_style

PARTS = ("matrix products", "batches", "everything else")  # of a whole step, in the order in which they are stacked
ALT = (
    "Three panels: microseconds per SAE and step of each contender; of stacks of several sizes; "
    "and the parts of a step for SAEs of several widths: matrix products, batches, everything else."
)


@dataclass(frozen=True)
class Results:
    """All that was measured.

    contest  one row per SAE, contender and round (contest.contest); the first contender is ours
    stacks   costs.by_stack_size
    variants costs.by_variant
    widths   costs.by_width
    sgemm    costs.sgemm_rate
    atoms    loss of the true features with the best latent activations
    """

    machine: dict[str, Any]
    task: Task
    contest: pd.DataFrame
    stacks: pd.DataFrame
    variants: pd.DataFrame
    widths: pd.DataFrame
    sgemm: pd.DataFrame
    atoms: float


def machine(versions: Mapping[str, str]) -> dict[str, Any]:
    """The kind of machine this is; no name of it, no path."""
    return {"processor": processor(), "cores": os.cpu_count(), "system": platform.system(), "versions": dict(versions)}


def processor() -> str:
    """The processor's name as Linux tells it, else what Python knows."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def write(results: Results, folder: Path) -> None:
    """Writes bench.json, bench.png and the page bench.md into a folder."""
    house_style()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "bench.json").write_text(json.dumps(as_json(results), indent=1) + "\n")
    figure(results).savefig(folder / "bench.png", dpi=150)
    (folder / "bench.md").write_text(page(results))


def as_json(results: Results) -> dict:
    """Everything measured, and the table, as plain lists and dicts."""
    tables = ("contest", "stacks", "variants", "widths", "sgemm")
    whole = {name: getattr(results, name).astype(object) for name in tables}
    raw = {name: table.where(table.notna(), None).to_dict("records") for name, table in whole.items()}
    table = contest_table(results.contest).reset_index().to_dict("records")
    return {"machine": results.machine, "task": vars(results.task), "table": table, "atoms": results.atoms} | raw


# ---- tables


def contest_table(contest: pd.DataFrame) -> pd.DataFrame:
    """One row per contender, in the order of the contest.

    columns  n_saes; microseconds, lowest, highest and cpu_microseconds per SAE and step over the rounds (median,
             extremes, median); ratio, ratio_lowest, ratio_highest to the first contender in the same round, and
             cpu_ratio, the median ratio of processor times; counted (SAEs), mcc, mcc_lowest, mmcs, loss (medians and
             lowest over SAEs)
    """
    rounds = contest.drop_duplicates(["contender", "round"]).set_index(["contender", "round"])
    ours = rounds.loc[contest["contender"].iloc[0]]
    rows = {}
    for name, its in contest.groupby("contender", sort=False):
        spent, cpu = rounds.loc[name, "microseconds"], rounds.loc[name, "cpu_microseconds"]
        rows[name] = (
            {"n_saes": its["n_saes"].iloc[0], "microseconds": spent.median()}
            | {"lowest": spent.min(), "highest": spent.max()}
            | {"cpu_microseconds": cpu.median()}
            | ratios(spent / ours["microseconds"])
            | {"cpu_ratio": (cpu / ours["cpu_microseconds"]).median()}
            | {"counted": len(its), "mcc": its["mcc"].median(), "mcc_lowest": its["mcc"].min()}
            | {"mmcs": its["mmcs"].median(), "loss": its["loss"].median()}
        )
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("contender")


def ratios(values: pd.Series) -> dict[str, float]:
    """Median and extremes of ratios, one per round."""
    return {"ratio": values.median(), "ratio_lowest": values.min(), "ratio_highest": values.max()}


def spread(rounds: pd.DataFrame, by: str | list[str]) -> pd.DataFrame:
    """Median and extremes of microseconds over the rounds."""
    return rounds.groupby(by, sort=False)["microseconds"].agg(["median", "min", "max"])


def parts_by_width(widths: pd.DataFrame) -> pd.DataFrame:
    """Where a step goes, median microseconds per SAE and step: one row per width, one column per part."""
    medians = spread(widths, ["width", "part"])["median"].unstack()
    medians["everything else"] = medians["whole step"] - medians["matrix products"] - medians["batches"]
    return medians


# ---- the figure


def figure(results: Results) -> Figure:
    """Contenders above; stack sizes and widths below."""
    drawn = Figure(figsize=(7.6, 5.4), layout="constrained")
    panels = drawn.subplot_mosaic([["contest", "contest"], ["stacks", "widths"]], height_ratios=[0.8, 1])
    draw_contest(panels["contest"], contest_table(results.contest))
    draw_stacks(panels["stacks"], spread(results.stacks, "n_saes"))
    draw_widths(panels["widths"], parts_by_width(results.widths))
    drawn.legend(*panels["widths"].get_legend_handles_labels(), loc="outside lower right", ncols=3)
    return drawn


def draw_contest(axes: Axes, table: pd.DataFrame) -> None:
    for row, (_, its) in enumerate(table.iterrows()):
        colour = SERIES_COLOURS[1] if row else SERIES_COLOURS[0]
        axes.plot([its["lowest"], its["highest"]], [row, row], color=colour, linewidth=2, alpha=0.5)
        axes.plot(its["microseconds"], row, "o", color=colour)
        told = f"{its['microseconds']:,.0f} µs" + (f", {its['ratio']:.3g} × ours" if row else "")
        axes.text(1.1 * its["highest"], row, told, va="center", fontsize=8)
    axes.set_yticks(range(len(table)), [f"{name}\n{its['n_saes']:.0f} at once" for name, its in table.iterrows()])
    axes.set_ylim(len(table) - 0.5, -0.5)
    axes.set(xscale="log", xlabel="µs per SAE and step", title="The same task")
    axes.set_xlim(table["lowest"].min() / 2, 6 * table["highest"].max())


def draw_stacks(axes: Axes, sizes: pd.DataFrame) -> None:
    axes.errorbar(
        sizes.index,
        sizes["median"],
        yerr=[sizes["median"] - sizes["min"], sizes["max"] - sizes["median"]],
        color=SERIES_COLOURS[0],
        marker="o",
        markersize=4,
        capsize=2,
    )
    axes.set(xscale="log", ylim=(0, None), xlabel="SAEs in the stack", ylabel="µs per SAE and step")
    axes.set_title("3 x 3 SAEs on exact support")
    axes.set_xticks(sizes.index, [str(size) for size in sizes.index])
    axes.minorticks_off()


def draw_widths(axes: Axes, parts: pd.DataFrame) -> None:
    below = 0 * parts["whole step"]
    for part, colour in zip(PARTS, SERIES_COLOURS, strict=False):
        shares = 100 * parts[part] / parts["whole step"]
        axes.bar([str(width) for width in parts.index], shares, bottom=below, color=colour, width=0.6, label=part)
        below = below + shares
    axes.set(xlabel="features = latents", ylabel="% of a step", title="Where a step goes", ylim=(0, 100))


# ---- the page


def page(results: Results) -> str:
    """The page of the book, as MyST Markdown."""
    table = contest_table(results.contest)
    blocks = [
        "# How fast is it?",
        headline(table),
        where(results.machine),
        f":::{{figure}} bench.png\n:alt: {ALT}\n\n{caption()}\n:::",
        "## Side by side",
        conditions(results.task, results.contest["round"].nunique()),
        shown(time_rows(table)),
        shown(quality_rows(table)),
        differences(results.atoms),
        "## What it costs where",
        shown(stack_rows(results.stacks)),
        shown(width_rows(results)),
        "## What each kind of SAE costs",
        kinds(results),
        shown(variant_rows(results.variants)),
        "## What limits us",
        limits(results),
    ]
    return "\n\n".join(blocks) + "\n"


def headline(table: pd.DataFrame) -> str:
    """What each of the others needs for one of our steps."""
    words = [
        f"{name} takes {its['ratio']:.3g} times as long ({its['ratio_lowest']:.3g} to {its['ratio_highest']:.3g})"
        for name, its in table.iloc[1:].iterrows()
    ]
    ours = table.iloc[0]
    start = f"We train {ours['n_saes']:.0f} SAEs at once at {ours['microseconds']:.3g} µs per SAE and step."
    return f"{start} For the same, {', '.join(words)}: medians, and in brackets the range over the rounds."


def where(about: Mapping[str, Any]) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in about["versions"].items())
    return (
        f"Measured by `make bench` on {about['processor']}, {about['cores']} cores, {about['system']}, "
        f"with {versions}. Every contender had one thread, in float32. Another machine gives other numbers."
    )


def caption() -> str:
    return (
        "**Time per SAE and step.** Above: each contender on the same task, on a logarithmic axis; dots are medians, "
        "lines the range over the rounds. Below, left: our cost by the size of the stack; bars show the range. Right: "
        "the parts of our step by width; the products and the drawing of batches are timed alone, the rest is what is "
        "left."
    )


def conditions(task: Task, n_rounds: int) -> str:
    rates = sorted(set(task.rates))
    rate = f"{rates[0]:g}" if len(rates) == 1 else f"{rates[0]:g} to {rates[-1]:g}"
    return (
        f"{task.d_in} features fire independently with probability {rate} and magnitude {task.mu:g} (standard "
        f"deviation {task.sigma:g}). Each SAE has {task.n_latents} latents and a decoder bias, and takes "
        f"{task.n_steps:,} steps of {task.batch_size:,} fresh samples at learning rate {task.lr:g}, falling to zero in "
        f"the second half. The price of activity is {task.l1_coeff:g}. The contenders take turns, {n_rounds} rounds. "
        "Only training is timed, with the drawing of batches, without imports. Processor time suffers less than the "
        "time on the clock where the machine does other work as well."
    )


def differences(atoms: float) -> str:
    return (
        "MCC is the mean cosine of the true features with the latents under the best one-to-one matching, MMCS the "
        "mean of their best cosines; both are medians over SAEs, as is the loss. The loss is computed for all alike, "
        f"on every pattern that can occur; the true features cost {atoms:.4f} with the best possible activations. "
        "Three things differ besides speed: the SAEs of our stack share their batches; we revive dead latents; "
        "SAELens starts from short rows, leaves their length free and clips its gradients."
    )


def time_rows(table: pd.DataFrame) -> list[list[str]]:
    head = ["contender", "SAEs at once", "µs per SAE and step", "ratio to ours", "µs of processor time", "ratio"]
    return [head] + [
        [
            name,
            f"{its['n_saes']:.0f}",
            f"{its['microseconds']:,.1f} ({its['lowest']:,.1f} to {its['highest']:,.1f})",
            f"{its['ratio']:.3g} ({its['ratio_lowest']:.3g} to {its['ratio_highest']:.3g})",
            f"{its['cpu_microseconds']:,.1f}",
            f"{its['cpu_ratio']:.3g}",
        ]
        for name, its in table.iterrows()
    ]


def quality_rows(table: pd.DataFrame) -> list[list[str]]:
    head = ["contender", "SAEs trained", "MCC", "lowest MCC", "MMCS", "loss"]
    return [head] + [
        [name, f"{its['counted']:.0f}"]
        + [f"{its[column]:.3f}" for column in ("mcc", "mcc_lowest", "mmcs")]
        + [f"{its['loss']:.4f}"]
        for name, its in table.iterrows()
    ]


def stack_rows(stacks: pd.DataFrame) -> list[list[str]]:
    sizes = spread(stacks, "n_saes")
    return [["3 x 3 SAEs on exact support, in the stack", "µs per SAE and step"]] + [
        [f"{n:,}", f"{its['median']:.3g} ({its['min']:.3g} to {its['max']:.3g})"] for n, its in sizes.iterrows()
    ]


def variant_rows(variants: pd.DataFrame) -> list[list[str]]:
    spent = spread(variants, "variant")
    theirs = variants.groupby("variant", sort=False)["saelens_microseconds"].median()
    return [["kind of SAE", "µs per SAE and step", "ratio to the first", "SAELens, µs", "its ratio to ours"]] + [
        [
            name,
            f"{its['median']:.4g} ({its['min']:.4g} to {its['max']:.4g})",
            f"{its['median'] / spent['median'].iloc[0]:.2g}",
            f"{theirs[name]:,.0f}" if pd.notna(theirs[name]) else "",
            f"{theirs[name] / its['median']:.3g}" if pd.notna(theirs[name]) else "",
        ]
        for name, its in spent.iterrows()
    ]


def kinds(results: Results) -> str:
    width = results.widths["width"].min()
    return (
        f"The same world, {width} latents and {costs.BATCH_SIZE:,} fresh samples a step. Every kind has a gradient "
        "that is written out. SAELens trains its own kind of that name with its own trainer, where it has one."
    )


def width_rows(results: Results) -> list[list[str]]:
    spent, parts, peak = spread(results.widths, ["width", "part"]), parts_by_width(results.widths), peak_of(results)
    head = ["features = latents", "µs per SAE and step", *PARTS, "share of the sgemm peak"]
    return [head] + [
        [str(width), f"{whole['median']:.4g} ({whole['min']:.4g} to {whole['max']:.4g})"]
        + [f"{parts.loc[width, part]:.3g}" for part in PARTS]
        + [f"{100 * rate(width, whole['median']) / peak:.0f} %"]
        for width, whole in ((width, spent.loc[(width, "whole step")]) for width in parts.index)
    ]


def limits(results: Results) -> str:
    """Where the time of the narrowest SAEs goes, and how far the products are from what the machine can do."""
    parts, peak = parts_by_width(results.widths), peak_of(results)
    width = parts.index[0]
    its = parts.loc[width]
    ideal, products = costs.operations(width) / peak / 1e3, its["matrix products"]
    return (
        f"On one thread this machine reaches {peak:.0f} GFLOP/s in products of {costs.SGEMM_SIZE} x {costs.SGEMM_SIZE} "
        f"matrices. The products of a step of {width} x {width} SAEs, {costs.operations(width) / 1e6:.2f} million "
        f"operations per SAE, would take {ideal:.3g} µs at that rate; the step takes {its['whole step']:.3g} µs. Its "
        f"products alone take {products:.3g} µs, {share(its, 'matrix products')} of the step, at "
        f"{100 * rate(width, products) / peak:.0f} % of the peak: matrices with {width} rows are too thin to keep the "
        f"arithmetic units busy. Drawing the batches, once for the whole stack, takes {share(its, 'batches')}. The "
        f"rest, {share(its, 'everything else')}, is traffic: passes over activations and errors that lie in the cache, "
        "one per bias, ReLU, weight and sum, and the calls themselves."
    )


def share(parts: pd.Series, part: str) -> str:
    return f"{100 * parts[part] / parts['whole step']:.0f} %"


def rate(width: int, microseconds: float) -> float:
    """GFLOP/s of the matrix products of one SAE and step that take so long."""
    return costs.operations(width) / microseconds / 1e3


def peak_of(results: Results) -> float:
    return float(results.sgemm["gflops"].median())


def shown(rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown; the first row is its head."""
    head, *body = ("| " + " | ".join(row) + " |" for row in rows)
    return "\n".join([head, "|" + "---|" * len(rows[0]), *body])
