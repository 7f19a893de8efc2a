"""The sweep over seeds: which notebooks have to be run again, what a row tells, and that a part can be computed."""

import ast
import json

import pytest

from toysae.sweeps import catalogue, executed, seeds
from toysae.sweeps.__main__ import main

NOTEBOOK = '''# %% [markdown]
# # A chapter

# %%
import toysae
from toysae import saes
from toysae.chapters.parameters import check_parameters
from toysae.claims import claim, mostly, say, show

# %%
def half(x):
    """Half of it."""
    return x / 2  # no more


share = half(seed)
say(f"It is {share}.")
show(toysae.two_of_three(), "It falls.", f"From {share}.", alt="A line")
claim(
    "it-holds",
    (mostly(share), "It does.", "holds"),
    (True, "It does not.", "does not hold"),
    evidence={"share": share},
    control={"noise": (mostly(half(9)), 9)},
)
'''


def code(tmp_path, text):
    path = tmp_path / "01_some.py"
    path.write_text(text, encoding="utf-8")
    return seeds.code_of(path)


WORDS = {
    "a sentence": ('"It does."', '"It surely does."'),
    "a sentence over two lines": ('"It does."', '"It surely "\n        "does."'),
    "what is said": ('f"It is {share}."', '"In all " f"it is {share:.2f}."'),
    "a caption": ('"It falls."', '"It falls down."'),
    "an alternative text": ('alt="A line"', 'alt="A falling line"'),
    "evidence": ('{"share": share}', '{"the share": 2 * share, "seed": seed}'),
    "the name of a control": ('"noise"', '"shuffled data"'),
    "the score of a control": ("(half(9)), 9)", "(half(9)), 10)"),
    "Markdown": ("# # A chapter", "# # Another chapter\n#\n# With a text."),
    "a docstring": ("Half of it.", "One half."),
    "a comment": ("# no more", "# not more"),
    "layout": ("return x / 2", "return (\n        x /\n        2)"),
}
DECIDES = {
    "code": ("x / 2", "x / 3"),
    "where code stands": ("share = half(seed)", "if seed:\n    share = half(seed)"),
    "a condition": ("(mostly(share),", "(not mostly(share),"),
    "a verdict": ('"holds"', '"partly"'),
    "the order of cases": ('"it-holds",', '"it-holds",\n    (share > 1, "Sure.", "holds"),'),
    "a control": ("mostly(half(9))", "mostly(half(8))"),
    "a name": ('"it-holds"', '"it-may-hold"'),
    "a call in what is shown": ("toysae.two_of_three()", "toysae.groups()"),
    "a module": ("from toysae import saes\n", "from toysae import optimum, saes\n\noptimum.codes\n"),
}


@pytest.mark.parametrize(("old", "new"), WORDS.values(), ids=WORDS)
def test_words_may_change_without_a_new_run(tmp_path, old, new):
    assert old in NOTEBOOK
    assert code(tmp_path, NOTEBOOK.replace(old, new)) == code(tmp_path, NOTEBOOK)


@pytest.mark.parametrize(("old", "new"), DECIDES.values(), ids=DECIDES)
def test_what_decides_cases_may_not(tmp_path, old, new):
    assert old in NOTEBOOK
    assert code(tmp_path, NOTEBOOK.replace(old, new)) != code(tmp_path, NOTEBOOK)


def modules_of(text):
    return set(seeds._deciding({*seeds._used(ast.parse(text)), *seeds.JUDGES}))


def test_the_modules_that_decide_are_those_that_compute_and_judge():
    found = modules_of(NOTEBOOK)
    assert {
        "toysae.worlds.named_worlds",
        "toysae.worlds.world",
        "toysae.claims.rules",
        "toysae.claims.families",
    } <= found
    for folder in ("writeup", "figures", "measures"):
        assert not [name for name in found if name.startswith(f"toysae.{folder}")]
    assert not found & {"toysae.claims.cases", "toysae.claims.words", "toysae.chapters.parameters", "toysae"}


def test_a_name_that_a_folder_offers_lazily_leads_to_its_module():
    assert "toysae.saes.training" not in modules_of("from toysae import saes\n\nsaes.KINDS\n") - modules_of("")
    assert "toysae.saes.training" in modules_of("from toysae import saes\n\nsaes.Batches\n")
    assert "toysae.saes.training" in modules_of("import toysae\n\ntoysae.train\n")
    assert "toysae.saes.training" in modules_of("from toysae.saes import Batches\n")


def test_a_table_that_a_chapter_reads_decides(tmp_path, monkeypatch):
    (tmp_path / "tables").mkdir()
    monkeypatch.setattr(seeds, "NOTEBOOKS", tmp_path)
    table, text = tmp_path / "tables" / "large.csv", 'read_table("tables/large.csv")\n'
    table.write_text("x\n1\n")
    before = code(tmp_path, text), code(tmp_path, "1\n")
    table.write_text("x\n2\n")
    assert code(tmp_path, text) != before[0]
    assert code(tmp_path, "1\n") == before[1]


def test_every_notebook_is_planned_with_ten_seeds():
    planned = catalogue.find("seeds").planned
    assert len(planned.settings) == 10 * len({setting["notebook"] for setting in planned.settings}) >= 100
    assert len({setting["code"] for setting in planned.settings}) == len(planned.settings) / 10


# ---- what a row tells


def told(monkeypatch, **found):
    monkeypatch.setattr(executed, "_executed", lambda notebook, seed: {"claims": [], "failure": ""} | found)
    return executed.outcomes("01_some", "cafe", 3)


def test_a_row_tells_claim_case_and_verdict_and_a_failure_is_one(monkeypatch):
    rows = told(monkeypatch, claims=[{"claim": "a", "case": 1, "verdict": "partly"}])
    assert rows == [{"claim": "a", "case": 1, "verdict": "partly", "failure": ""}]
    (row,) = told(monkeypatch, failure="ValueError: no")
    assert row == {"claim": "", "case": "", "verdict": "", "failure": "ValueError: no"}


def test_a_process_that_says_nothing_is_no_row():
    with pytest.raises(RuntimeError, match="99_none with seed=1 ended with exit code 2: unknown notebook '99_none'"):
        executed.outcomes("99_none", "cafe", 1)


# ---- a part of a sweep


def test_a_part_is_computed_into_the_journal_and_the_rest_later(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(catalogue.SWEEPS, "small", catalogue.Offer("How much?", "sweep_points:SMALL"))
    assert main(["small", "--only", "n=2", "--workers", "1"], tmp_path) == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith(f"finished: {tmp_path}/small.jsonl")
    assert [path.name for path in tmp_path.iterdir()] == ["small.jsonl"]
    (line,) = (tmp_path / "small.jsonl").read_text().splitlines()
    assert json.loads(line)["entry"]["key"]["setting"] == {"n": 2}
    assert main(["small", "--workers", "1"], tmp_path) == 0
    assert len((tmp_path / "small.jsonl").read_text().splitlines()) == 2
    assert (tmp_path / "small.csv").exists()


@pytest.mark.parametrize(("wanted", "line"), [
    ("m=2", "'m=2': must be name=value; known: n"), ("n", "'n': no setting has that value; known: 1, 2"),
    ("n=3", "'n=3': no setting has that value; known: 1, 2"),
])  # fmt: skip
def test_a_part_that_is_none_is_refused(tmp_path, monkeypatch, capsys, wanted, line):
    monkeypatch.setitem(catalogue.SWEEPS, "small", catalogue.Offer("How much?", "sweep_points:SMALL"))
    assert main(["small", "--only", wanted], tmp_path) == 2
    assert capsys.readouterr().err == f"{line}\n"
