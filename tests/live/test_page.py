"""The live page in a browser: it finishes, asks for nothing, and serves mouse, keys, screen reader, phone and dark."""

import re

import pytest

from toysae import live

DONE = ".toysae-live[data-state=done]"
PATIENCE = 60_000  # milliseconds: the machine may be busy
CALM = {"reduced_motion": "reduce"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("pages")


@pytest.fixture
def address(folder):
    def write(head="<html lang=en>", body="<body>", times=1):
        page = folder / f"{len(list(folder.iterdir()))}.html"
        about = "<meta charset=utf-8><meta name=viewport content='width=device-width'><title>T</title>"
        link = "<a href='#live:sigma=0.5'>preset</a>"
        page.write_text(f"<!doctype html>{head}{about}{body}{link}{live.html() * times}", encoding="utf-8")
        return page.as_uri()

    return write


def state(page):
    return page.locator(".toysae-live").first.get_attribute("data-state")


def step(page):
    return int(page.locator(".toysae-live").first.get_attribute("data-step"))


def values(page):
    return page.evaluate(
        "Object.fromEntries([...document.querySelectorAll('.toysae-live input')].map((i) => [i.name, +i.value]))"
    )


DEFAULTS = {"sigma": 0.1, "p_alone": 0, "l1_coeff": 0.1, "n_latents": 3, "seed": 0}


def test_two_of_them_finish_and_ask_for_nothing_and_leave_nothing(tabs, address):
    blank = tabs.open(address(times=0)).evaluate("Object.getOwnPropertyNames(window)")
    page = tabs.open(address(times=2))
    page.wait_for_function(f"document.querySelectorAll('{DONE}').length === 2", timeout=PATIENCE)
    first, second = page.locator("output").all_inner_texts()
    counted = re.fullmatch(
        r"(\d+) of 64 SAEs learned nothing but pairs; not one has a latent for a single feature\.", first
    )
    assert 55 <= int(counted[1]) <= 64
    assert second == first
    assert step(page) == 3000
    assert values(page) == DEFAULTS
    before = page.locator(".tl-counts tbody tr").nth(2).locator("td").all_inner_texts()
    assert before[0] == "0" and 40 <= int(before[1]) <= 60
    assert set(page.evaluate("Object.getOwnPropertyNames(window)")) <= set(blank)
    assert page.locator("[id]").count() == 0
    assert (tabs.asked, tabs.complaints) == ([], [])


COLOURS = """() => {
    const canvas = document.querySelector('canvas');
    const picture = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    return new Set(new Uint32Array(picture.data.buffer)).size;
}"""
WATCH = """() => {
    const root = document.querySelector('.toysae-live');
    window.steps = [];
    new MutationObserver(() => window.steps.push(root.dataset.step)).observe(root, { attributes: true });
}"""


def test_with_reduced_motion_nothing_moves_until_map_bars_and_sphere_show_what_came_out(tabs, address):
    page = tabs.open(address(), **CALM)
    page.wait_for_selector(DONE, timeout=PATIENCE)
    rows = page.locator(".tl-map tbody tr")
    assert [row.locator("td").last.inner_text() for row in rows.all()] == ["A+B", "A+C", "B+C"]
    assert rows.first.locator("td").all_inner_texts()[:2] == ["0.71", "0.71"]
    trained, pairs, atoms, bound = (float(x) for x in page.locator(".tl-bars td:last-child").all_inner_texts())
    assert bound < pairs <= trained < atoms
    assert page.evaluate(COLOURS) > 100

    page.evaluate(WATCH)
    page.get_by_role("button", name="bring the atoms back").click()
    page.wait_for_function("window.steps.includes('3000')", timeout=PATIENCE)
    assert set(page.evaluate("window.steps")) == {"0", "3000"}
    assert "SAEs found all three features" in page.locator("output").inner_text()
    assert values(page) == DEFAULTS | {"sigma": 0.5}


def test_a_mouse_plays_pauses_steps_and_drags(tabs, address):
    page = tabs.open(address())
    button = page.locator(".tl-play")
    button.click()
    assert (state(page), button.inner_text()) == ("paused", "Play")
    at = step(page)
    assert at < 3000 and page.locator("output").inner_text().startswith(f"After {at:,} of 3,000 steps: ")
    page.get_by_role("button", name="Step").click()
    assert (state(page), step(page)) == ("paused", at + 50)
    button.click()
    assert state(page) == "training"
    page.wait_for_function(f"+document.querySelector('.toysae-live').dataset.step > {at + 50}")
    box = page.locator("input[name=sigma]").bounding_box()
    page.mouse.move(box["x"] + 0.1 * box["width"], box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.6 * box["width"], box["y"] + box["height"] / 2, steps=3)
    page.mouse.up()
    assert state(page) == "training" and values(page)["sigma"] == pytest.approx(0.6, abs=0.05)
    assert page.locator("label", has_text="strengths").locator("b").inner_text() == f"{values(page)['sigma']:.2f}"


def test_keys_alone_suffice_also_where_a_program_has_shortcuts(tabs, address):
    page = tabs.open(address())
    focused = "document.activeElement.name || document.activeElement.textContent"
    order = []
    for _ in range(13):
        page.keyboard.press("Tab")
        order.append(page.evaluate(focused))
        if order[-1] == "sigma":
            page.keyboard.press("ArrowRight")
        if order[-1] in ("Pause", "Play"):
            page.keyboard.press("Space")
            assert state(page) == "paused"
        if order[-1] == "Step":
            at = step(page)
            page.keyboard.press("Enter")
            assert step(page) == at + 50
    assert order[1:6] == [
        "the minimal example",
        "bring the atoms back",
        "show features alone",
        "2 latents",
        "6 latents",
    ]
    assert order[6:11] == ["sigma", "p_alone", "l1_coeff", "n_latents", "seed"]
    assert order[11] == "Pause" and order[12] == "Step"
    assert values(page)["sigma"] == pytest.approx(0.11)
    assert page.locator(":is(input, button):not([data-lm-suppress-shortcuts=true])").count() == 0


def test_a_screen_reader_hears_what_there_is(tabs, address):
    page = tabs.open(address())
    page.locator(".tl-play").click()
    page.get_by_role("button", name="2 latents").click()
    page.locator(".tl-play").click()
    heard = page.locator(".toysae-live").aria_snapshot()
    assert 'group "Live experiment: 64 sparse autoencoders (SAEs) are trained in this page"' in heard
    for name in ("How much strengths vary", "How often a feature is alone", "Price of activity", "Latents in each SAE"):
        assert re.search(rf'slider "{name}', heard)
    assert re.search(r'img "A sphere with the corners A, B and C\. Of 128 latents \d+ point at a feature', heard)
    assert re.search(r"status: .*After \d+ of 3,000 steps", heard)
    for table in ("How many of the 64 SAEs have", "The SAE with the lowest loss", "Its loss, beside"):
        assert f'table "{table}' in heard
    for name in ("latent 2", "before training", "three features"):
        assert f'rowheader "{name}"' in heard
    assert page.locator("output").get_attribute("aria-live") == "polite"
    assert page.locator("input[name=p_alone]").get_attribute("aria-valuetext") == "0 %"


@pytest.mark.parametrize("width", [390, 320])
def test_a_phone_never_scrolls_sideways(tabs, address, width):
    page = tabs.open(address() + "#live:n_latents=6&p_alone=0.33", width=width, height=844, has_touch=True, **CALM)
    page.locator(".tl-play").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    card = page.locator(".tl-card").bounding_box()
    for part in page.locator(".tl-card > *").all():
        box = part.bounding_box()
        assert box["x"] >= card["x"] and box["x"] + box["width"] <= card["x"] + card["width"]
    for button in page.locator("button").all():
        assert button.bounding_box()["height"] >= 24  # enough for a finger


def luminance(colour):
    channels = [int(x) / 255 for x in re.findall(r"\d+", colour)[:3]]
    linear = [x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in channels]
    return sum(a * b for a, b in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize(
    ("head", "body", "prefers", "is_dark"),
    [
        ("<html lang=en>", "<body>", "light", False),
        ("<html lang=en>", "<body>", "dark", True),
        ("<html lang=en data-theme=dark>", "<body>", "light", True),  # the book
        ("<html lang=en data-theme=light>", "<body>", "dark", False),
        ("<html lang=en>", "<body data-jp-theme-light=false>", "light", True),  # JupyterLab
        ("<html lang=en>", "<body data-jp-theme-light=true>", "dark", False),
    ],
)
def test_it_is_dark_where_its_surroundings_are_and_readable_in_both(tabs, address, head, body, prefers, is_dark):
    page = tabs.open(address(head, body), color_scheme=prefers, **CALM)
    look = "([what, name]) => getComputedStyle(document.querySelector(what))[name]"
    paper = luminance(page.evaluate(look, [".tl-card", "backgroundColor"]))
    assert (paper < 0.1) == is_dark
    for what in (".tl-card", "output", ".tl-setting", ".tl-counts caption", ".tl-counts th", ".tl-presets button"):
        ink = luminance(page.evaluate(look, [what, "color"]))
        assert (max(ink, paper) + 0.05) / (min(ink, paper) + 0.05) >= 4.5, what


def test_an_address_sets_the_sliders_and_so_does_a_link_clicked_twice(tabs, address):
    page = tabs.open(address() + "#live:sigma=0.31&n_latents=4", **CALM)
    assert values(page) == DEFAULTS | {"sigma": 0.31, "n_latents": 4}
    page.evaluate("location.hash = '#live:p_alone=0.25&l1_coeff=0.02&seed=7'")
    page.wait_for_function("document.querySelector('input[name=seed]').value === '7'")
    assert values(page) == DEFAULTS | {"p_alone": 0.25, "l1_coeff": 0.02, "seed": 7}
    for _ in range(2):
        page.get_by_role("link", name="preset").click()
        page.wait_for_function("document.querySelector('input[name=sigma]').value === '0.5'")
        assert values(page) == DEFAULTS | {"sigma": 0.5}
        page.locator("input[name=n_latents]").press("ArrowRight")
    page.evaluate("location.hash = '#live:sigma=nonsense&n_latents=99&stranger=1'")
    page.wait_for_function("document.querySelector('input[name=n_latents]').value === '6'")
    assert values(page) == DEFAULTS | {"n_latents": 6}
    assert tabs.complaints == []


def test_without_scripts_nothing_is_shown(tabs, address):
    page = tabs.open(address(), java_script_enabled=False)
    assert page.locator(".toysae-live").inner_text().strip() == ""
