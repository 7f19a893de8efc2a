"""The committed notebooks, as documents: both halves in step, results of the present sources, nothing false."""

import ast
import re
import tomllib
from copy import deepcopy
from functools import cache
from itertools import pairwise

import jupytext
import pytest
from tiny_project import ROOT

from toysae.chapters.parameters import SPECIFICATIONS, check_parameters
from toysae.claims.record import Published
from toysae.claims.wording import sentence_faults
from toysae.writeup import pairs, records
from toysae.writeup.project import Project

PROJECT = Project(ROOT)
NAMES = PROJECT.names()
NO_PROSE = (r"\$\$.*?\$\$", r"\$[^$\n]+\$", r"```.*?```", r"`[^`]*`", r"\]\([^)]*\)", r"https?://\S+", r"arXiv[: ]\S+")
MATHS_CODE_LINKS = re.compile("|".join(NO_PROSE), re.DOTALL)
TYPED_RESULT = re.compile(r"\d\.\d|\d\s?%|\bper cent\b")
CODE_IN_PROSE = re.compile(r"^(import \w+|from \w+ import|def \w+\(|\w+ = \w+\(|print\(|assert )", re.MULTILINE)

each_notebook = pytest.mark.parametrize("name", NAMES)


read_source, read_executed = cache(pairs.read_source), cache(pairs.read_executed)


@pytest.fixture
def source(name):
    return deepcopy(read_source(PROJECT.source(name)))


@pytest.fixture
def executed(name):
    return deepcopy(read_executed(PROJECT.executed(name)))


def cells(notebook, cell_type: str):
    return [cell for cell in notebook.cells if cell.cell_type == cell_type]


def shown(notebook, mime: str) -> list:
    return [output for output in records.outputs_of(notebook) if mime in output.data]


def role_of(output) -> str | None:
    return output.metadata.get("toysae", {}).get("role")


def test_both_examples_of_the_seed_are_there():
    assert {"01_minimal_example", "02_larger_example"} <= set(NAMES)


def test_no_executed_notebook_is_without_a_source():
    numbered = {path.stem for path in PROJECT.notebooks.glob("[0-9]*.ipynb")}
    assert numbered <= set(NAMES)


@each_notebook
def test_both_halves_of_a_pair_have_the_same_cells(source, executed):
    assert pairs.cells_of(executed) == pairs.cells_of(source)


@each_notebook
def test_the_results_belong_to_the_present_sources(source, executed):
    assert pairs.stored_fingerprint(executed) == pairs.fingerprint(source)


@each_notebook
def test_saving_in_jupyterlab_would_leave_the_source_as_it_is(name, source):
    settings = tomllib.loads((PROJECT.notebooks / "jupytext.toml").read_text())
    source.metadata = {"jupytext": {key: value for key, value in settings.items() if key.endswith("_filter")}}
    for cell in source.cells:
        cell.metadata.pop("lines_to_next_cell", None)  # an .ipynb does not keep it
    assert jupytext.writes(source, fmt="py:percent") == PROJECT.source(name).read_text(encoding="utf-8")


@each_notebook
def test_the_committed_run_is_the_published_one(executed):
    assert "parameters" not in executed.metadata.toysae
    assert not [cell for cell in executed.cells if "injected-parameters" in cell.metadata.get("tags", [])]


@each_notebook
def test_every_code_cell_ran_once_in_order_and_without_an_error(executed):
    ran = cells(executed, "code")
    assert [cell.execution_count for cell in ran] == list(range(1, len(ran) + 1))
    assert not [output for cell in ran for output in cell.outputs if output.output_type == "error"]
    assert not [output for cell in ran for output in cell.outputs if output.get("name") == "stderr"]


@each_notebook
def test_the_file_is_byte_stable(name, executed):
    clean = pairs.normalise(executed, dict(executed.metadata.toysae))
    assert pairs.to_bytes(clean) == PROJECT.executed(name).read_bytes()


@each_notebook
def test_the_claims_of_the_committed_run_are_the_published_ones(name, executed):
    claims = records.claims_of(name, executed, Published())
    assert claims
    assert Published.of(claims).claims[name] == Published.read(PROJECT.published).claims.get(name)


@each_notebook
def test_a_claim_is_a_whole_sentence(name, executed):
    for claim in records.claims_of(name, executed, Published()):
        assert list(sentence_faults(claim.statement)) == [], claim
        assert not {"nan", "undefined"} & set(re.findall(r"[a-z]+", claim.statement)), claim


@each_notebook
def test_no_prose_states_a_typed_result(source):
    for cell in cells(source, "markdown"):
        found = TYPED_RESULT.findall(MATHS_CODE_LINKS.sub(" ", cell.source))
        assert found == [], cell.source


@each_notebook
def test_no_code_has_slipped_into_a_prose_cell(source):
    for cell in cells(source, "markdown"):
        assert not CODE_IN_PROSE.search(re.sub(r"```.*?```", "", cell.source, flags=re.DOTALL)), cell.source


@each_notebook
def test_what_a_cell_computes_is_short(source):
    """Imports and what is said apart: a claim has a sentence for every outcome, and the book shows one of them."""
    assert max(lines_of_work(cell.source) for cell in cells(source, "code")) <= 25


def lines_of_work(code):
    apart = (ast.Import, ast.ImportFrom)
    return sum(
        node.end_lineno - node.lineno + 1
        for node in ast.parse(code).body
        if not isinstance(node, apart) and not says_something(node)
    )


def says_something(node):
    match node:
        case ast.Expr(ast.Call(ast.Name("claim" | "say" | "say_answer" | "say_trained" | "show" | "show_interactive"))):
            return True
    return False


@each_notebook
def test_there_is_one_title_and_headings_do_not_skip_a_level(source):
    prose = "\n".join(re.sub(r"```.*?```", "", cell.source, flags=re.DOTALL) for cell in cells(source, "markdown"))
    levels = [len(marks) for marks in re.findall(r"^(#+) ", prose, re.MULTILINE)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(deeper - level <= 1 for level, deeper in pairwise(levels))


@each_notebook
def test_every_picture_has_alternative_text_without_results_and_a_caption(executed):
    pictures = shown(executed, "image/png") + shown(executed, "image/svg+xml")
    captions = [output for output in records.outputs_of(executed) if role_of(output) == "caption"]
    assert pictures
    assert len(captions) == len(pictures)
    for picture, caption in zip(pictures, captions, strict=True):
        assert len(picture.metadata["image/png"]["alt"]) > 20
        assert not TYPED_RESULT.search(picture.metadata["image/png"]["alt"])
        assert re.match(r"\*\*.+\*\* \S", caption.data["text/markdown"], re.DOTALL)


@each_notebook
def test_the_parameters_cell_conforms_to_the_specification(source):
    published = pairs.published_parameters(source)
    assert set(published) <= set(SPECIFICATIONS)
    check_parameters(published)


@each_notebook
def test_every_parameter_has_its_type_written_and_a_trailing_comment(source):
    statements = ast.parse(pairs.parameters_cell(source).source).body
    comments = pairs.parameter_comments(source)
    for statement in statements:
        assert isinstance(statement, ast.AnnAssign), ast.unparse(statement)
        specification = SPECIFICATIONS[statement.target.id]
        assert ast.unparse(statement.annotation) == specification.type_name
        assert type(ast.literal_eval(statement.value)).__name__ == specification.type_name
        assert len(comments.get(statement.lineno, "")) > 5, ast.unparse(statement)


@each_notebook
def test_the_parameters_are_checked_right_after_they_are_set(source):
    code = cells(source, "code")
    assert "parameters" in code[0].metadata.get("tags", [])
    assert "check_parameters(globals())" in code[1].source


@each_notebook
def test_nothing_of_the_machine_that_ran_it_is_in_a_notebook(name):
    text = PROJECT.executed(name).read_text(encoding="utf-8")
    assert str(ROOT) not in text
    assert not re.search(r"\b(site-packages|20\d\d-\d\d-\d\d[ T]\d\d:\d\d)", text)


@each_notebook
def test_a_notebook_is_small(name):
    assert PROJECT.executed(name).stat().st_size < 1_000_000


@each_notebook
def test_the_named_figures_are_those_of_the_notebook(executed):
    for figure, png in records.figures_of(executed).items():
        assert (PROJECT.notebooks / "figures" / f"{figure}.png").read_bytes() == png
