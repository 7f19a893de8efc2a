"""The one figure that answers back: a table of two_features.pairs_grid as sliders, arrows and bars, without a kernel.

It is a snippet of HTML that holds everything it needs: the numbers, the drawing and a few kB of plain JavaScript.
Where scripts are not allowed to run it shows nothing, so a still picture stands beside it.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle
from matplotlib.patheffects import withStroke

from toysae.chapters.when_they_win.two_features import Cell
from toysae.claims.words import counted
from toysae.figures.style import LABEL_COLOURS
from toysae.worlds.finite import affordable_levels
from toysae.worlds.firings import Patterns
from toysae.worlds.magnitudes import magnitude_levels
from toysae.worlds.named_worlds import VARIANTS, two_features

AXES = ("variant", "l1_coeff", "solo", "sigma")
LOSSES = {"atoms": "true features: A, B", "pair": "A and A+B", "best": "best two rows", "trained": "trained"}
BAR_COLOURS = {"atoms": "#7fb2d4", "pair": "#efc46c", "best": "#bbbbbb", "trained": "#444444"}
ANGLES = ("best_1", "best_2", "trained_1", "trained_2")
REACH = 1.9  # how far the axes go: the arrows have length 1, the data points may lie further out
DOT = 0.16  # radius of a data point that has all the probability
STYLE = """
.explorer .card { background: #fff; color: #222; color-scheme: light; border: 1px solid #ccc; border-radius: 6px;
  padding: .8rem; font: 14px/1.4 sans-serif; display: grid; gap: .6rem 1.2rem; box-sizing: border-box;
  grid-template-columns: repeat(auto-fit, minmax(min(100%, 17rem), 1fr)); }
.explorer .wide { grid-column: 1 / -1; margin: 0; }
.explorer .card p { color: #222; }
.explorer .controls { display: flex; flex-wrap: wrap; gap: .4rem 1.2rem; align-items: end; }
.explorer fieldset { border: 0; margin: 0; padding: 0; min-width: 0; }
.explorer legend { float: none; font: inherit; margin: 0; padding: 0; width: auto; }
.explorer label { color: #222; margin: 0; }
.explorer .slider { flex: 1 1 11rem; }
.explorer input[type=range] { width: 100%; margin: .2rem 0 0; accent-color: #0072B2; }
.explorer :focus-visible { outline: 2px solid #0072B2; outline-offset: 2px; }
.explorer output { font-weight: 600; }
.explorer .label { font-size: 1.15rem; font-weight: 600; }
.explorer svg { display: block; width: 100%; height: auto; max-width: 26rem; }
.explorer svg text { font: 13px sans-serif; fill: #222; }
.explorer svg .name { font-weight: 700; paint-order: stroke; stroke: #fff; stroke-width: 4px; }
"""
MARKUP = """
<div class="card" role="group" aria-label="Interactive figure: two features, two latents">
<div class="controls wide">
<fieldset><legend>Features</legend></fieldset>
<label class="slider">price of firing λ: <output></output><input type="range" data-axis="l1_coeff"></label>
<label class="slider">B alone in: <output></output><input type="range" data-axis="solo"></label>
<label class="slider">spread of magnitudes σ: <output></output><input type="range" data-axis="sigma"></label>
</div>
<p class="label wide"></p>
<svg class="plane" viewBox="0 0 300 300" role="img" aria-label="The plane of A and B with data, trained and best rows">
</svg>
<svg class="bars" viewBox="0 0 300 230" role="img" aria-label="Bars of four losses"></svg>
<p class="sentence wide" aria-live="polite"></p>
</div>
"""
SCRIPT = """
for (const root of document.querySelectorAll('#NAME')) {
  if (root.querySelector('.card')) continue;
  const data = JSON.parse(root.querySelector('script[type="application/json"]').textContent);
  const holder = document.createElement('div');
  holder.innerHTML = root.querySelector('script[type="text/html"]').textContent;
  root.append(holder);
  const $ = (what) => root.querySelector(what);
  const axes = Object.keys(data.axes);
  const at = Object.fromEntries(axes.map((axis, i) => [axis, data.start[i]]));
  const value = (axis) => data.axes[axis][at[axis]];
  const percent = (share) => +(100 * share).toFixed(2) + ' %';

  const tag = (name, attributes, text = '') => {
    const words = Object.entries(attributes).map(([key, v]) => ` ${key}="${v}"`);
    return `<${name}${words.join('')}>${text}</${name}>`;
  };
  const x = (a) => +(28 + 136 * a).toFixed(2);
  const y = (b) => +(268 - 136 * b).toFixed(2);
  const line = (a, b, c, d, look) => tag('line', { x1: x(a), y1: y(b), x2: x(c), y2: y(d), ...look });

  const dots = () => {
    const levels = data.levels[at.sigma], [both, parent, child] = data.shares[at.variant][at.solo];
    const dot = (a, b, p) => tag('circle', { cx: x(a), cy: y(b), r: (22 * Math.sqrt(p)).toFixed(2),
      fill: '#009E73', 'fill-opacity': .45 });
    const n = levels.length;
    return levels.map((a) => dot(a, 0, parent / n) + dot(0, a, child / n)
      + levels.map((b) => dot(a, b, both / n / n)).join('')).join('');
  };
  const arrow = (degrees, name, colour, far) => {
    const turn = degrees * Math.PI / 180, c = Math.cos(turn), s = Math.sin(turn);
    const head = [[1, 0], [.9, .05], [.9, -.05]].map(([r, t]) => x(r * c - t * s) + ',' + y(r * s + t * c));
    const dash = name === 'dead' ? '2 4' : 'none';
    return line(0, 0, .92 * c, .92 * s, { stroke: colour, 'stroke-width': 3.5, 'stroke-dasharray': dash })
      + tag('polygon', { points: head.join(' '), fill: colour })
      + tag('text', { x: x(far * c) + 4, y: y(far * s) - 5, class: 'name' }, name);
  };
  const best = (degrees) => {
    const turn = degrees * Math.PI / 180;
    return line(0, 0, 1.35 * Math.cos(turn), 1.35 * Math.sin(turn), { stroke: '#222', 'stroke-dasharray': '5 3' });
  };
  const plane = ([best1, best2, one, two], label) =>
    line(0, 0, 1.95, 0, { stroke: '#888' }) + line(0, 0, 0, 1.95, { stroke: '#888' })
    + tag('text', { x: 228, y: 289 }, 'feature A') + tag('text', { x: 34, y: 14 }, 'feature B')
    + dots() + best(best1) + best(best2)
    + arrow(one, label.names[0], label.colours[0], 1.04) + arrow(two, label.names[1], label.colours[1], 1.2);
  const pays = (loss) => loss.toPrecision(4);
  const above = (loss, least) => least > 0 ? Math.max(0, 100 * (loss / least - 1)).toFixed(1) + ' %' : '';
  const bars = (losses) => data.bars.map(([name, colour], i) => {
    const top = 14 + 54 * i, least = losses[2], more = above(losses[i], least);
    const note = pays(losses[i]) + (i === 2 || !more ? '' : ' (+' + more + ')');
    return tag('text', { x: 0, y: top }, name)
      + tag('rect', { x: 0, y: top + 6, width: 150 * losses[i] / Math.max(...losses), height: 18, fill: colour })
      + tag('text', { x: 8 + 150 * losses[i] / Math.max(...losses), y: top + 20 }, note);
  }).join('');

  const known = (names) => {
    const told = names.filter((name) => name !== 'mixed' && name !== 'dead');
    return told.length ? `(${told.join(' and ')}) ` : '';
  };
  const sentence = (losses, label, found) =>
    `The features are ${value('variant')}, λ is ${value('l1_coeff')}, B is alone in ${percent(value('solo'))} `
    + `of the samples and σ is ${value('sigma')}: the trained SAE with the lowest loss has ${label.words} `
    + `${known(label.names)}and pays ${pays(losses[3])}, against ${pays(losses[0])} for A and B, `
    + `${pays(losses[1])} for A and A+B, and ${pays(losses[2])} for the best two rows; `
    + `${found} of ${data.seeds} SAEs end with both atoms.`;
  const draw = () => {
    const place = axes.reduce((sum, axis) => sum * data.axes[axis].length + at[axis], 0);
    const [losses, angles, kind, found] = data.points[place], label = data.labels[kind];
    for (const input of root.querySelectorAll('input[type=range]')) {
      const axis = input.dataset.axis, text = axis === 'solo' ? percent(value(axis)) : value(axis);
      input.parentNode.querySelector('output').textContent = text;
      input.setAttribute('aria-valuetext', text);
    }
    $('.label').textContent = 'The trained SAE: ' + label.words;
    $('.plane').innerHTML = plane(angles, label);
    $('.bars').innerHTML = bars(losses);
    $('.sentence').textContent = sentence(losses, label, found);
  };

  data.axes.variant.forEach((name, i) => {
    const choice = document.createElement('label');
    choice.innerHTML = tag('input', { type: 'radio', name: 'NAME-variant', value: i }) + ' ' + name + '&nbsp; ';
    choice.firstChild.checked = i === at.variant;
    choice.firstChild.addEventListener('change', () => { at.variant = i; draw(); });
    $('fieldset').append(choice);
  });
  for (const input of root.querySelectorAll('input[type=range]')) {
    const axis = input.dataset.axis;
    Object.assign(input, { min: 0, max: data.axes[axis].length - 1, step: 1, value: at[axis] });
    input.addEventListener('input', () => { at[axis] = +input.value; draw(); });
  }
  draw();
  const before = root.closest('.jp-OutputArea-child')?.previousElementSibling;  // JupyterLab: the still picture
  if (before?.querySelector('img')) before.style.display = 'none';
}
"""


def explorer(table: pd.DataFrame, start: Cell) -> str:
    """An HTML snippet with a slider for each axis of the grid; the same table gives the same bytes.

    table   from two_features.pairs_grid
    start   the point of the grid that is shown first
    raises  ValueError if start is not in the table, or the table is not a whole grid
    """
    axes, first = _axes(table), _row(table, start)
    data = json.dumps(_data(table, axes, first), separators=(",", ":"), ensure_ascii=False)
    name = "explorer-" + hashlib.sha256((data + STYLE + MARKUP + SCRIPT).encode()).hexdigest()[:10]
    return (
        f'<div class="explorer" id="{name}">\n<style>{STYLE}</style>\n'
        f'<script type="application/json">{data}</script>\n'
        f'<script type="text/html">{MARKUP.replace("NAME", name)}</script>\n'
        f"<script>{SCRIPT.replace('NAME', name)}</script>\n</div>\n"
    )


def still(table: pd.DataFrame, setting: Cell) -> Figure:
    """The explorer at one setting as a picture, for readers without scripts."""
    row = table.loc[_row(table, setting)]
    figure = Figure(figsize=(7.4, 3.3), layout="constrained")
    plane, bars = figure.subplots(1, 2, width_ratios=[1, 1.25])
    _draw_plane(plane, row)
    _draw_bars(bars, row)
    figure.suptitle(
        f"{row.variant} features, λ = {row.l1_coeff:g}, B alone in {100 * row.solo:g} % of samples, "
        f"σ = {row.sigma:g}: {in_words([row.name_1, row.name_2])}",
        fontsize=10,
    )
    return figure


def in_words(names: Sequence[str]) -> str:
    """What latents with these names are, counted: '1 atom, 1 composite'."""
    counts = Counter(_kind(name) for name in names)
    words = {"atomic": "atom", "composite": "composite", "mixed": "mixed latent", "dead": "dead latent"}
    return ", ".join(counted(counts[kind], word) for kind, word in words.items() if counts[kind])


def _kind(name: str) -> str:
    if name in ("mixed", "dead"):
        return name
    return "composite" if "+" in name else "atomic"


def _axes(table: pd.DataFrame) -> dict[str, list]:
    """The values along each axis, ascending."""
    axes = {name: sorted(table[name].unique().tolist()) for name in AXES}
    if not len(table) or len(table) != math.prod(map(len, axes.values())):
        lengths = " x ".join(str(len(values)) for values in axes.values())
        raise ValueError(f"table has {len(table)} rows: allowed is a whole grid, here {lengths} of them")
    return axes


def _row(table: pd.DataFrame, setting: Cell) -> int:
    found = table.index[(table[list(AXES)] == pd.Series(vars(setting))[list(AXES)]).all(axis=1)]
    if len(found) != 1:
        raise ValueError(f"start is {setting}: allowed is a point of the grid in the table")
    return found[0]


def _data(table: pd.DataFrame, axes: dict[str, list], first: int) -> dict:
    """All that the script needs. Numbers are rounded to what can be seen."""
    ordered = table.sort_values(list(AXES))
    kinds = list(dict.fromkeys(zip(ordered.name_1, ordered.name_2, strict=True)))
    return {
        "axes": axes,
        "start": [axes[name].index(table.loc[first, name]) for name in AXES],
        "levels": [[round(level, 3) for level in _levels(sigma)] for sigma in axes["sigma"]],
        "shares": [[_shares(variant, solo) for solo in axes["solo"]] for variant in axes["variant"]],
        "labels": [{"names": pair, "words": in_words(pair), "colours": _colours(pair)} for pair in kinds],
        "bars": [[LOSSES[name], BAR_COLOURS[name]] for name in LOSSES],
        "seeds": int(table.n_seeds.iloc[0]),
        "points": [_point(row, kinds) for row in ordered.itertuples()],
    }


def _colours(names: Sequence[str]) -> list[str]:
    return [LABEL_COLOURS[_kind(name)] for name in names]


def _point(row: Any, kinds: list[tuple[str, str]]) -> list:
    losses = [float(f"{getattr(row, name):.5g}") for name in LOSSES]
    angles = [round(getattr(row, name), 1) + 0.0 for name in ANGLES]
    return [losses, angles, kinds.index((row.name_1, row.name_2)), int(row.both_atoms)]


def _levels(sigma: float) -> list[float]:
    """The magnitudes that the losses were computed with, all equally likely."""
    world = two_features(VARIANTS[0], 0.0, sigma)
    mu = float(world.mu)
    return magnitude_levels(mu, sigma, affordable_levels(world)) if sigma else [mu]


def _shares(variant: str, solo: float) -> list[float]:
    """How often A and B, A alone and B alone are what fires."""
    firing = two_features(variant, solo, 0.0).firing
    assert isinstance(firing, Patterns), "which also holds what never fires"
    return [round(p, 6) for p in firing.probabilities.tolist()]


def _dots(row: pd.Series) -> list[tuple[float, float, float]]:
    """Data points with their radius: the area of a dot is its probability."""
    levels, (both, parent, child) = _levels(row.sigma), _shares(row.variant, row.solo)
    together = [(a, b, both / len(levels) ** 2) for a in levels for b in levels]
    alone = [point for a in levels for point in ((a, 0.0, parent / len(levels)), (0.0, a, child / len(levels)))]
    return [(a, b, DOT * p**0.5) for a, b, p in together + alone]


def _draw_plane(axes: Axes, row: pd.Series) -> None:
    for a, b, radius in _dots(row):
        axes.add_patch(Circle((a, b), radius, color="#009E73", alpha=0.45, linewidth=0))
    for angle in map(math.radians, (row.best_1, row.best_2)):
        axes.plot([0, 1.35 * math.cos(angle)], [0, 1.35 * math.sin(angle)], color="#222222", lw=0.8, ls="--")
    _draw_arrow(axes, row.trained_1, row.name_1, far=1.04)
    _draw_arrow(axes, row.trained_2, row.name_2, far=1.2)
    axes.set(xlim=(-0.15, REACH), ylim=(-0.15, REACH), aspect="equal", xlabel="feature A", ylabel="feature B")
    axes.set(xticks=[0, 1], yticks=[0, 1])


def _draw_arrow(axes: Axes, angle: float, name: str, far: float) -> None:
    a, b = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    look = {"arrowstyle": "-|>", "color": LABEL_COLOURS[_kind(name)], "lw": 2.4, "shrinkA": 0, "shrinkB": 0}
    axes.annotate("", (a, b), (0, 0), arrowprops=look)
    halo = [withStroke(linewidth=3, foreground="white")]
    axes.text(far * a + 0.03, far * b + 0.05, name, color="#222222", weight="bold", path_effects=halo)


def _draw_bars(axes: Axes, row: pd.Series) -> None:
    names = list(LOSSES)[::-1]
    axes.barh(
        [LOSSES[name] for name in names],
        [row[name] for name in names],
        0.5,
        color=[BAR_COLOURS[name] for name in names],
    )
    for place, name in enumerate(names):
        more = f" (+{max(0.0, 100 * (row[name] / row.best - 1)):.1f} %)" if name != "best" and row.best > 0 else ""
        axes.text(row[name], place, f" {row[name]:#.4g}{more}", va="center")
    axes.set(xlim=(0, 1.6 * max(row[name] for name in names)), xlabel="loss (and how far above the best two rows)")
