"""The house stands as toysae.FLOORS says: imports go down, never in a circle; everything is where it is looked for."""

from __future__ import annotations

import ast
import re
import tomllib
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import house
import pytest
import yaml

import toysae

HEIGHT = {folder: height for height, floor in enumerate(toysae.FLOORS) for folder in floor}
MODULES = house.modules()
OFFERED = {module.name: module.defines for module in MODULES}
FRONT_DOOR = ""  # toysae itself: it stands above all floors, and only its version is for everyone


def borrowed(folder):
    """What the modules of a folder import of ours from elsewhere: (module, target)."""
    return {
        (module.name, found.target)
        for module in MODULES
        for found in module.of_ours
        if module.folder == folder and folder_of(found.target) != folder and found.name != "__version__"
    }


def folder_of(name):
    return name.split(".")[1] if "." in name else FRONT_DOOR


def test_every_folder_stands_on_one_floor():
    folders = sorted(path.parent.name for path in house.PACKAGE.glob("*/__init__.py"))
    assert sorted(folder for floor in toysae.FLOORS for folder in floor) == folders
    assert len(toysae.FLOORS) <= 7


@pytest.mark.parametrize("folder", HEIGHT)
def test_imports_go_down(folder):
    height = HEIGHT | {FRONT_DOOR: len(toysae.FLOORS)}
    assert {(name, target) for name, target in borrowed(folder) if height[folder_of(target)] >= height[folder]} == set()


def test_no_import_goes_in_a_circle():
    graph = {module.name: {found.target for found in module.of_ours} for module in MODULES}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as problem:
        pytest.fail(" -> ".join(problem.args[1]))
    assert sum(map(len, graph.values())) > len(MODULES) > 50


def test_a_circle_would_be_found():
    with pytest.raises(CycleError):
        TopologicalSorter({"a": {"b"}, "b": {"a"}}).prepare()


def chapter_of(name):
    return name.split(".")[2]


def test_chapters_do_not_know_each_other():
    inside = [
        (module.name, found.target) for module in MODULES for found in module.of_ours if module.folder == "chapters"
    ]
    among = [(name, target) for name, target in inside if folder_of(target) == "chapters"]
    assert [pair for pair in among if chapter_of(pair[0]) != chapter_of(pair[1])] == []
    assert among


def test_every_chapter_has_the_name_of_its_notebook():
    """And beside them stands what all of them hand over to the write-up: their parameters."""
    chapters = {chapter_of(module.name) for module in MODULES if module.name.startswith("toysae.chapters.")}
    assert chapters - {"parameters"} <= {
        path.stem.split("_", 1)[1] for path in (house.ROOT / "notebooks").glob("[0-9]*.py")
    }


@pytest.mark.parametrize("folder", ["claims", "live"])
def test_what_is_said_and_the_live_page_need_nothing_else_of_ours(folder):
    assert borrowed(folder) == set()


def test_the_write_up_knows_claims_and_the_live_page_and_its_command_line_hands_the_rest_on():
    known = {folder_of(target) for name, target in borrowed("writeup") if name != "toysae.writeup.__main__"}
    assert known == {"claims", "live"}


def test_sweeps_know_no_chapter():
    assert "chapters" not in {folder_of(target) for _, target in borrowed("sweeps")}


# ---- names


def sources():
    places = [
        house.PACKAGE.rglob("*.py"),
        (house.ROOT / "tests").rglob("*.py"),
        (house.ROOT / "notebooks").glob("*.py"),
    ]
    return sorted(path for place in places for path in place)


def not_at_home(path):
    """The names that a file imports from a module of ours that neither defines nor offers them."""
    found = house.Module("", path).of_ours
    names = [(one.module, one.name) for one in found if one.name and one.target == one.module]
    return [f"{module}.{name}" for module, name in names if name not in OFFERED.get(module, set())]


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(house.ROOT)))
def test_no_name_is_borrowed_from_where_it_does_not_live(path):
    assert not_at_home(path) == []


def test_a_borrowed_name_would_be_found(tmp_path):
    borrower = tmp_path / "borrower.py"
    borrower.write_text(
        "from toysae.worlds.named_worlds import World, tree\nfrom toysae.worlds import named_worlds, World\n"
    )
    assert not_at_home(borrower) == ["toysae.worlds.named_worlds.World"]


@pytest.mark.parametrize("stub", sorted(house.PACKAGE.rglob("*.pyi")), ids=lambda stub: stub.parent.name)
def test_a_folder_offers_only_what_its_modules_define(stub):
    base = ".".join(stub.parent.relative_to(house.ROOT).parts)
    taken = [node for node in ast.parse(stub.read_text()).body if isinstance(node, ast.ImportFrom)]
    strangers = [
        f"{node.module}.{alias.name}"
        for node in taken
        for alias in node.names
        if alias.name not in OFFERED[f"{base}.{node.module}" if node.level else str(node.module)]
    ]
    assert taken and strangers == []


# ---- tests and pictures


def test_the_folders_of_the_tests_are_those_of_the_package():
    tests, kept = house.ROOT / "tests", {"peers"}  # which run in an environment of their own
    folders = {path.parent.relative_to(tests) for path in tests.glob("*/**/test_*.py")}
    assert {str(folder) for folder in folders if not (house.PACKAGE / folder).is_dir()} == kept
    assert {Path(folder) for folder in HEIGHT} <= folders | {folder.parent for folder in folders}


@pytest.mark.parametrize("folder", HEIGHT)
def test_every_folder_says_what_it_is(folder):
    assert 10 < len(house.sentence(folder)) < 110


def test_contributing_shows_the_house_as_it_stands():
    assert f"```text\n{house.picture()}\n```" in (house.ROOT / "CONTRIBUTING.md").read_text()


def test_the_readme_maps_every_folder_in_reading_order():
    text = (house.ROOT / "README.md").read_text()
    places = [text.index(f"| `toysae/{folder}/` |") for folder in HEIGHT]
    assert places == sorted(places)


def example_of_the_front_door():
    return [line[8:] for line in toysae.__doc__.splitlines() if line.startswith("    >>> ")]


def test_the_readme_shows_the_example_of_the_front_door():
    blocks = re.findall(r"```python\n(.*?)```", (house.ROOT / "README.md").read_text(), flags=re.DOTALL)
    assert example_of_the_front_door() in [[line for line in block.splitlines() if line] for block in blocks]


def test_who_cites_gets_the_present_version():
    citation = yaml.safe_load((house.ROOT / "CITATION.cff").read_text())
    project = tomllib.loads((house.ROOT / "pyproject.toml").read_text())["project"]
    assert citation["version"] == project["version"] == toysae.__version__
    assert citation["license"] == project["license"] == "MIT"
    assert [author["name"] for author in citation["authors"]] == [author["name"] for author in project["authors"]]
