"""Figures: what a map shows is what was measured, row by row; every figure can be drawn at its extremes."""

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from matplotlib.figure import Figure
from matplotlib.text import Text

from toysae.chapters.minimal_example import map_with_activations, sphere_paths, two_ways
from toysae.chapters.the_bias import seen_along_the_diagonal
from toysae.chapters.when_they_win.phases import phase_diagram
from toysae.claims.intervals import Fraction
from toysae.figures import style
from toysae.figures.curves import curve_figure, curve_panels, fraction_curves, ladder
from toysae.figures.maps import expected_maps, heat_map_row, small_maps
from toysae.figures.room import Panel, room_panels
from toysae.figures.shares import label_shares
from toysae.figures.style import LABEL_COLOURS, house_style
from toysae.measures import reading
from toysae.measures.assessment import assess, with_signed_labels
from toysae.measures.labels import LABELS, SIGNED_LABELS
from toysae.measures.reading import reading_order
from toysae.saes.stack import ReluL1, untrained
from toysae.saes.starts import initial_rows
from toysae.worlds.named_worlds import groups, two_of_three


def seen(world, n_latents, n_saes=3):
    seeds = range(n_saes)
    rows = initial_rows("positive", world, n_latents, seeds)
    return assess(untrained(ReluL1(0.1), rows, seeds, decoder_bias=True), world)


@pytest.fixture
def minimal():
    return seen(two_of_three(), 3)


def drawn(figure):
    figure.canvas.draw()
    return figure


def test_the_heat_map_writes_every_cosine_in_reading_order(minimal):
    axes = drawn(heat_map_row(minimal, {"one": 1}, "a title")).axes[0]
    order = reading_order(minimal.cosines, minimal.labels, 1)
    written = [text.get_text() for text in axes.texts]
    cosines = [reading.signed(v) for v in minimal.cosines[1][order].flatten().tolist()]
    assert written == [*cosines, *["0.00"] * 3]  # the bias below, untrained
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert names == [*(str(i + 1) for i in order), "", "bias"]


def test_the_strip_has_the_colour_of_each_label(minimal):
    axes = drawn(heat_map_row(minimal, {"one": 0}, "a title")).axes[0]
    order = reading_order(minimal.cosines, minimal.labels, 0)
    kinds = [LABELS[minimal.labels.kinds[0, i]] for i in order]
    colours = [matplotlib.colors.to_hex(patch.get_facecolor()) for patch in axes.patches]
    assert colours == [LABEL_COLOURS[kind].lower() for kind in kinds]


def test_colours_are_centred_on_zero_and_numbers_vanish_where_unreadable():
    large = seen(groups(8), 24)
    axes = drawn(heat_map_row(large, {"one": 0}, "a title")).axes[0]
    assert axes.images[0].get_clim() == (-1, 1)
    assert not axes.texts
    assert axes.images[0].get_array().shape == (26, 24)


def test_a_rounded_zero_has_no_sign():
    assert [reading.signed(v) for v in (-0.001, 0.004, -0.7071, 1.0)] == ["0.00", "0.00", "-0.71", "1.00"]


def test_every_figure_can_be_drawn_at_its_extremes(minimal):
    paths = torch.nn.functional.normalize(torch.randn(5, 3, 3, 3), dim=-1)
    for figure in (
        two_ways(1.0, 0.1),
        two_ways(10.0, 0.001),
        two_ways(0.1, 2.0),
        expected_maps({"one": torch.eye(1).numpy()}),
        heat_map_row(minimal, {"only": 0}, "a title"),
        heat_map_row(seen(groups(8), 30), {"a": 0, "b": 1}, "a title"),
        map_with_activations(minimal, 0, torch.zeros(3, 3), ["A+B", "A+C", "B+C"], "a title"),
        small_maps({"a": (minimal, 0), "b": (minimal, 1), "c": (minimal, 2)}),
        sphere_paths({"a": (paths, minimal), "b": (paths, minimal)}, torch.eye(3)),
        label_shares(
            {"a": {"x": [1.0, 0.0], "y": [0.3, 0.7]}, "b": {"x": [0.0, 0.0], "y": [0.0, 1.0]}}, ("atomic", "dead")
        ),
        seen_along_the_diagonal(
            {"a": (torch.ones(3), torch.eye(3), ["dead"] * 3), "b": (torch.zeros(3), -torch.eye(3), ["negative"] * 3)},
            torch.eye(3),
        ),
        curve_figure({"a": ([1, 2], [3, 4])}, {"a": ([1.5], [3.5])}, marks={"m": 1.2}, xlabel="x", xscale="log"),
        curve_panels({"p": ({"a": ([1, 2], [3, 4])}, {}, {}), "q": ({}, {"a": ([1], [3])}, {"m": 1})}, xlabel="x"),
        ladder({"w": {"atoms": 0.2, "best": 0.1}, "v": {"atoms": 0.3, "best": 0.3}}),
        phase_diagram(
            [0.1, 0.2],
            ["a"],
            [[Fraction(1, 2), Fraction(0, 0)]],
            np.array([[0.0, 1.0]]),
            {"a": [float("nan")]},
            xlabel="x",
        ),
        fraction_curves({"a": ([1, 2], [Fraction(1, 3), Fraction(0, 0)])}, {"a": 1.5}, xlabel="x"),
        room_panels({"a": Panel(3, {3: ([0.5], [0.5])})}),
        room_panels({str(n): Panel(n, {n: ([0.0, 1.0], [1.0, 1.0])}, {n: ([1.0], [0.0])}) for n in range(3, 7)}),
    ):
        drawn(figure)


def test_a_panel_of_rooms_draws_means_in_blue_and_orange_and_every_dictionary_once():
    found = {4: ([0.0, 1.0], [0.0, 0.5]), 6: ([0.0, 0.0], [1.0, 0.5])}
    figure = drawn(room_panels({"two of 4": Panel(4, found, {4: ([0.0, 1.0, 1.0], [0.0, 0.0, 0.0])})}))
    lines = {line.get_label(): line for line in figure.axes[0].lines if not line.get_label().startswith("_")}
    squares = lines["features, best known"].get_xydata().tolist()
    assert squares == [[4, 0], [4, 1]]
    means = [container.lines[0].get_xydata().tolist() for container in figure.axes[0].containers]
    assert means == [[[4, 0.5], [6, 0]], [[4, 0.25], [6, 0.75]]]
    at = [line.get_xdata()[0] for line in figure.axes[0].lines if line.get_linestyle() not in ("-", "None")]
    assert sorted(at) == [4, 6]


def test_words_in_names_choose_the_ink_and_numbers_a_place_on_a_ramp():
    assert style.inks(["no atom, all live: 3", "at least one atom: 5"]) == [style.COMPOSITE_INK, style.ATOM_INK]
    assert style.inks(["features", "pairs", "radial bound"]) == [style.ATOM_INK, style.COMPOSITE_INK, style.THEORY_INK]
    assert style.inks(["atoms and composites", "a latent dead"]) == [LABEL_COLOURS["mixed"], LABEL_COLOURS["dead"]]
    first, signed, last = style.inks(["$\\lambda$ = 0.1", "signed", "$\\lambda$ = 0.30"])
    assert (first, last, signed) == (*style.RAMP, style.SERIES_COLOURS[0])
    assert style.inks(["one curve"]) == [style.THEORY_INK]
    assert not {style.ATOM_INK, *LABEL_COLOURS.values()} & {*style.SERIES_COLOURS}


def test_what_is_found_is_blue_and_what_has_no_atom_is_orange_on_every_map():
    blue, orange = LABEL_COLOURS["atomic"], LABEL_COLOURS["composite"]
    ends = [[matplotlib.colors.to_hex(scale(end)) for end in (0.0, 1.0)] for scale in (style.FOUND, style.NO_ATOM)]
    assert ends == [[orange.lower(), blue.lower()], [blue.lower(), orange.lower()]]


@pytest.mark.parametrize(("n", "step"), [(14, 1), (15, 2), (24, 2), (29, 3)])
def test_a_map_of_many_rows_names_some_of_them_and_the_bias(n, step):
    axes = Figure().subplots()
    names = [f"row {i}" for i in range(n)]
    style.ticks(axes, names, [*names, "", "bias"])
    assert [label.get_text() for label in axes.get_yticklabels()] == names[::step]
    shown = [label.get_text() for label in axes.get_xticklabels()]
    assert shown[-1] == "bias"
    assert set(shown) <= {*names, "", "bias"}


@pytest.mark.parametrize("n_labels", [1, 4, 7])
@pytest.mark.parametrize("length", [1, 9, 30, 80])
def test_a_legend_fits_under_its_figure(n_labels, length):
    house_style()
    figure = style.page_figure(3)
    axes = figure.subplots()
    style.legend_below(figure, [axes.plot([], label="x" * (length - i % 2))[0] for i in range(n_labels)])
    drawn(figure)
    if length < 80:
        assert figure.legends[0].get_window_extent().width <= figure.bbox.width


def test_shared_figures_are_five_inches_wide_at_most_and_have_no_small_type(minimal):
    house_style()
    curves = {"a": ([1, 2], [3, 4])}
    for figure in (
        expected_maps({"one": np.eye(3), "two": np.eye(3), "three": np.eye(3)}),
        heat_map_row(minimal, {"a": 0, "b": 1, "c": 2}, "a title"),
        heat_map_row(seen(groups(8), 30), {"a": 0, "b": 1, "c": 2}, "a title"),
        small_maps({"a": (minimal, 0), "b": (minimal, 1), "c": (minimal, 2)}),
        label_shares({"a": {"x": [1.0, 0.0]}, "b": {"x": [0.0, 1.0]}, "c": {"x": [0.5, 0.5]}}, ("atomic", "dead")),
        curve_figure(curves, curves, marks={"m": 1.5}),
        curve_panels({title: (curves, {}, {}) for title in "abc"}, xlabel="x", ylabel="y"),
        fraction_curves({"a": ([1, 2], [Fraction(1, 3), Fraction(0, 0)])}, {"a": 1.5}, xlabel="x"),
        ladder({"w": {"atoms": 0.2, "trained, median": 0.1}}),
        room_panels({str(n): Panel(n, {n: ([0.0, 1.0], [1.0, 1.0])}) for n in range(3, 7)}),
    ):
        drawn(figure)
        sizes = [text.get_fontsize() for text in figure.findobj(Text) if text.get_text() and text.get_visible()]
        assert min(sizes) >= style.TYPE
        assert figure.get_figwidth() <= style.WIDTH


def test_figures_leave_nothing_behind_in_pyplot(minimal):
    heat_map_row(minimal, {"one": 0}, "a title")
    assert plt.get_fignums() == []


def test_signed_labels_are_drawn_in_their_own_colours():
    rows = torch.tensor([[[0.0, 0.0, -1.0], [0.5, 0.5, -(0.5**0.5)]]])
    stack = untrained(ReluL1(0.1), rows, [0], decoder_bias=False)
    stack.parameters["b_enc"] += 2
    world = two_of_three()
    signed = with_signed_labels(assess(stack, world), world)
    figure = drawn(heat_map_row(signed, {"one": 0}, "a title"))
    colours = {matplotlib.colors.to_hex(patch.get_facecolor()) for patch in figure.axes[0].patches}
    assert colours == {LABEL_COLOURS[word].lower() for word in ("negative", "difference")}
    assert [text.get_text() for text in figure.legends[0].get_texts()] == list(SIGNED_LABELS)


def test_the_house_style_keeps_nothing_of_the_users_own():
    with matplotlib.rc_context({"lines.linewidth": 9, "font.family": "monospace"}):
        house_style()
        assert matplotlib.rcParams["lines.linewidth"] == matplotlib.rcParamsDefault["lines.linewidth"]
        assert matplotlib.rcParams["font.family"] == matplotlib.rcParamsDefault["font.family"]
        assert matplotlib.rcParams["axes.edgecolor"] == "#555555"
