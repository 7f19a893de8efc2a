"""The list of mutants cannot rot: every bug can still be put in, at one place, and Python stays Python."""

import ast

import pytest
from mutants.__main__ import wanted
from mutants.listed import LISTED, ROOT, Mutant, Stale, read


@pytest.mark.parametrize("file", sorted({mutant.file for mutant in LISTED}))
def test_every_bug_can_be_put_in_at_one_place(file):
    for mutant in LISTED:
        if mutant.file == file:
            source = mutant.source()
            assert not file.endswith(".py") or ast.parse(source)
            assert mutant.old != mutant.new


def test_there_are_many_bugs_each_of_its_own_name_and_with_tests_that_are_there():
    assert len(LISTED) >= 200
    assert len({mutant.name for mutant in LISTED}) == len(LISTED)
    assert all((ROOT / "tests" / test).is_file() for mutant in LISTED for test in mutant.tests)


def test_a_bug_whose_place_is_gone_or_is_two_is_refused_by_name(tmp_path):
    (tmp_path / "a.py").write_text("x = 1\ny = 1\n")
    assert Mutant("one", "a.py", (), "x = 1", "x = 2").source(tmp_path) == "x = 2\ny = 1\n"
    for old, count in (("z = 1", 0), (" = 1", 2)):
        with pytest.raises(Stale, match=rf"^one: a.py holds .* {count} times: it has to be there exactly once$"):
            Mutant("one", "a.py", (), old, "").source(tmp_path)


def test_a_list_is_read_as_it_is_written():
    text = "About.\n\n@ a.py | b.py c.py\n\n# gone\n-     x\n\n# two: lines\n- x\n-   y\n+ z\n"
    assert list(read(text)) == [
        Mutant("gone", "a.py", ("b.py", "c.py"), "    x", ""),
        Mutant("two: lines", "a.py", ("b.py", "c.py"), "x\n  y", "z"),
    ]
    with pytest.raises(ValueError, match="'- x' is no line of a list of mutants"):
        list(read("About.\n\n- x\n"))


def test_mutants_are_asked_for_by_words_of_their_name_or_file():
    assert {mutant.file for mutant in wanted(["saes/training"])} == {"toysae/saes/training.py"}
    assert wanted([]) == LISTED
    with pytest.raises(ValueError, match="ARGS is nothing like it: allowed are words"):
        wanted(["nothing like it"])
