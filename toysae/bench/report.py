"""What the bench found: numbers in one file, a figure, and a page for the book."""

from __future__ import annotations

import json
import math
import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from toysae.bench import costs
from toysae.bench.errands import Errand
from toysae.figures.style import SERIES_COLOURS, house_style

PARTS = ("matrix products", "batches", "everything else")  # of a whole step, in the order in which they are stacked
COST = "µs per SAE and step"
PAGE = Path(__file__).with_name("page.md").read_text()


@dataclass(frozen=True)
class Results:
    """All that was measured; the tables are those of `costs`, and their first contender is ours.

    atoms  loss of the true features with the best latent activations
    """

    machine: dict[str, Any]
    errand: Errand
    atoms: float
    race: pd.DataFrame
    learned: pd.DataFrame
    kinds: pd.DataFrame
    stacks: pd.DataFrame
    widths: pd.DataFrame
    sgemm: pd.DataFrame
    beginnings: pd.DataFrame


def machine(**versions: str) -> dict[str, Any]:
    """The kind of machine this is; no name of it, no path."""
    return {"processor": processor(), "cores": os.cpu_count(), "system": platform.system(), "versions": versions}


def processor() -> str:
    """The processor's name as Linux tells it, else what Python knows."""
    told = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    names = [line.partition(":")[2].strip() for line in told if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def write(results: Results, folder: Path) -> None:
    """Writes bench.json, bench.png and the page bench.md into a folder."""
    house_style()
    folder.mkdir(parents=True, exist_ok=True)
    whole = vars(results) | {"errand": vars(results.errand)}
    plain = {k: json.loads(v.to_json(orient="records")) if isinstance(v, pd.DataFrame) else v for k, v in whole.items()}
    (folder / "bench.json").write_text(json.dumps(plain, indent=1) + "\n")
    figure(results).savefig(folder / "bench.png", dpi=150)
    (folder / "bench.md").write_text(page(results))


# ---- numbers


def side_by_side(measured: pd.DataFrame, by: str | list[str], values: str = "microseconds") -> pd.DataFrame:
    """One row per round, one column for each of what was measured, in the order in which it was."""
    return measured.pivot(index="round", columns=by, values=values)[list(measured.groupby(by, sort=False).groups)]


def parts_of_a_step(widths: pd.DataFrame) -> pd.DataFrame:
    """Median microseconds per SAE and step: one row per width, one column per part and one for the whole."""
    parts = side_by_side(widths, ["width", "part"]).median().unstack()
    return parts.assign(**{PARTS[-1]: parts["whole step"] - parts["matrix products"] - parts["batches"]})


def headline(race: pd.DataFrame) -> str:
    """What each of the others needs for one of our steps."""
    spent = side_by_side(race, "contender")
    others = [f"{name} {number(ratio)} times" for name, ratio in to_first(spent).median().iloc[1:].items()]
    first = f"One step of one SAE takes {spent.columns[0]} {number(spent.iloc[:, 0].median())} µs"
    return f"{first}, {' and '.join(others)} as long."


# ---- the figure


def figure(results: Results) -> Figure:
    """Contenders above; stack sizes and widths below."""
    drawn = Figure(figsize=(7.6, 5.4), layout="constrained")
    panels = drawn.subplot_mosaic([["race", "race"], ["stacks", "widths"]], height_ratios=[0.8, 1])
    draw_race(panels["race"], results.race)
    draw_stacks(panels["stacks"], side_by_side(results.stacks, "n_saes"))
    draw_widths(panels["widths"], parts_of_a_step(results.widths))
    drawn.legend(*panels["widths"].get_legend_handles_labels(), loc="outside lower right", ncols=3)
    return drawn


def draw_race(axes: Axes, race: pd.DataFrame) -> None:
    spent = side_by_side(race, "contender")
    ratios = to_first(spent).median()
    for row, (name, its) in enumerate(spent.items()):
        colour = SERIES_COLOURS[min(row, 1)]
        axes.plot([its.min(), its.max()], [row, row], color=colour, linewidth=2, alpha=0.5)
        axes.plot(its.median(), row, "o", color=colour)
        told = f"{its.median():,.0f} µs" + (f", {number(ratios[name])} × ours" if row else "")
        axes.text(1.1 * its.max(), row, told, va="center", fontsize=8)
    at_once = race.groupby("contender")["n_saes"].first()
    axes.set_yticks(range(spent.shape[1]), [f"{name}\n{at_once[name]} at once" for name in spent])
    axes.set(xscale="log", xlabel=COST, title="The same errand", ylim=(spent.shape[1] - 0.5, -0.5))
    axes.set_xlim(spent.min(axis=None) / 2, 6 * spent.max(axis=None))


def draw_stacks(axes: Axes, spent: pd.DataFrame) -> None:
    middle = spent.median()
    bars = [middle - spent.min(), spent.max() - middle]
    axes.errorbar(middle.index, middle, yerr=bars, color=SERIES_COLOURS[0], marker="o", markersize=4, capsize=2)
    axes.set(xscale="log", ylim=(0, None), xlabel="SAEs in the stack", ylabel=COST)
    axes.set_title("3 x 3 SAEs on exact support")
    axes.set_xticks(middle.index, map(str, middle.index))
    axes.minorticks_off()


def draw_widths(axes: Axes, parts: pd.DataFrame) -> None:
    shares = 100 * parts[list(PARTS)].div(parts["whole step"], axis=0)
    shares.index = shares.index.map(str)
    shares.plot.bar(ax=axes, stacked=True, color=SERIES_COLOURS, width=0.6, rot=0, legend=False)
    axes.set(xlabel="features = latents", ylabel="% of a step", title="Where a step goes", ylim=(0, 100))


# ---- the page


def page(results: Results) -> str:
    """The page of the book, as MyST Markdown."""
    versions = ", ".join(f"{name} {version}" for name, version in results.machine["versions"].items())
    return PAGE.format(
        headline=headline(results.race),
        machine="{processor}, {cores} cores, {system}".format_map(results.machine) + f", with {versions}",
        width=results.errand.width,
        conditions=conditions(results.errand, results.race["round"].nunique()),
        contenders=contenders(results.race),
        atoms=number(results.atoms),
        learned=learned(results.learned),
        kinds=kinds(results.kinds),
        stacks=table(
            "3 x 3 SAEs on exact support, in the stack", {COST: spread(side_by_side(results.stacks, "n_saes"))}
        ),
        peak=number(results.sgemm["gflops"].median()),
        square=f"{costs.SGEMM_SIZE:,}",
        widths=widths(results.widths, results.sgemm["gflops"].median(), results.errand.batch_size),
        beginnings=table("Python", {"ms": spread(side_by_side(results.beginnings, "code") / 1e3)}),
    )


def conditions(errand: Errand, n_rounds: int) -> str:
    lr = "learning rate, falling to zero in the second half"
    told = {"samples per step": errand.batch_size, "steps": errand.n_steps, lr: errand.lr}
    return table(
        "setting", {"": pd.Series(told | {"price of activity": errand.knob, "rounds": n_rounds}, dtype=object)}
    )


def contenders(race: pd.DataFrame) -> str:
    spent, cpu = (side_by_side(race, "contender", values) for values in ("microseconds", "cpu_microseconds"))
    columns = {
        COST: spread(spent),
        "ratio to ours": spread(to_first(spent)),
        "µs of processor time": cpu.median(),
        "ratio": to_first(cpu).median(),
        "SAEs at once": race.groupby("contender")["n_saes"].first(),
    }
    return table("contender", columns)


def learned(saes: pd.DataFrame) -> str:
    groups = saes.groupby("contender", sort=False)
    columns = {"SAEs trained": groups.size(), "MCC": groups["mcc"].median(), "lowest MCC": groups["mcc"].min()}
    return table("contender", columns | {"MMCS": groups["mmcs"].median(), "loss": groups["loss"].median()})


def kinds(measured: pd.DataFrame) -> str:
    ours, theirs = (side_by_side(its, "kind") for _, its in measured.groupby("contender", sort=False))
    columns = {
        COST: spread(ours),
        "ratio to the first": to_first(ours).median(),
        "SAELens, µs": theirs.median(),
        "its ratio to ours": theirs.div(ours[theirs.columns]).median(),
    }
    return table("kind", columns)


def widths(measured: pd.DataFrame, peak: float, batch_size: int) -> str:
    """peak in thousand million operations per second."""
    parts = parts_of_a_step(measured)
    whole = side_by_side(measured, ["width", "part"]).xs("whole step", axis=1, level="part")
    at_peak = pd.Series({width: costs.operations(width, batch_size) / peak / 1e3 for width in parts.index})
    percent = (at_peak / parts["whole step"]).map("{:.0%}".format)
    columns = {COST: spread(whole), **parts[list(PARTS)], "products at the peak": at_peak, "of the whole": percent}
    return table("features = latents", columns)


def to_first(rounds: pd.DataFrame) -> pd.DataFrame:
    """Each column as a multiple of the first in the same round."""
    return rounds.div(rounds.iloc[:, 0], axis=0)


def spread(rounds: pd.DataFrame) -> pd.Series:
    """Median and extremes of each column, in words."""
    return rounds.apply(lambda its: f"{number(its.median())} ({number(its.min())} to {number(its.max())})")


def number(value: float) -> str:
    """Three significant digits without an exponent; counts in full; nothing for what is not a number."""
    if isinstance(value, int):
        return f"{value:,}"
    return "" if math.isnan(value) else f"{float(f'{value:.3g}'):,.10g}"


def table(name: str, columns: Mapping[str, pd.Series]) -> str:
    """A table in Markdown: under its name the index, which is that of the first column, then the columns."""
    frame = pd.DataFrame(columns, index=next(iter(columns.values())).index)
    rows = [[name, *frame.columns], ["---"] * (1 + frame.shape[1]), *frame.itertuples()]
    return "\n".join("| " + " | ".join(v if isinstance(v, str) else number(v) for v in row) + " |" for row in rows)
