"""The table of sources: complete, in step with itself, and strict with claims that name it."""

import re

import pytest

from toysae.claims.sources import OURS, REPORTED, SOURCES, check_verdicts

PUBLICATIONS = {short: source for short, source in SOURCES.items() if source.is_publication}


def test_all_sources_that_the_chapters_may_name_are_there():
    outside = {"seed", "anders", "absorption", "matryoshka", "sparse-but-wrong", "hedging", "synthsaebench", "sharkey"}
    assert set(PUBLICATIONS) == outside | {"ortsae"}
    assert set(SOURCES) - set(PUBLICATIONS) == {"theory", "ours"}


@pytest.mark.parametrize("short", PUBLICATIONS)
def test_a_publication_has_setting_result_and_a_complete_reference(short):
    source = SOURCES[short]
    for sentence in (source.setting, source.reports):
        assert re.fullmatch(r"[A-Z\d].*[^ ]\.", sentence)
        assert "  " not in sentence
    for reference in source.references:
        assert reference.authors and reference.title and reference.link.startswith("https://")


@pytest.mark.parametrize("short", PUBLICATIONS)
def test_the_years_in_a_name_are_those_of_the_references(short):
    named = set(map(int, re.findall(r"\((\d{4})\)", SOURCES[short].name)))
    assert named <= {reference.year for reference in SOURCES[short].references}
    assert named or short == "seed"


def test_names_and_links_are_used_once():
    names = [source.name for source in SOURCES.values()]
    links = [reference.link for source in SOURCES.values() for reference in source.references]
    assert len(set(names)) == len(names)
    assert len(set(links)) == len(links)


ALLOWED = [("seed", REPORTED), ("sharkey", ("differs", "reproduced")), ("hedging", (None, "partly", "differs"))]
ALLOWED += [("theory", OURS), ("ours", ("holds", "does not hold", None)), ("ours", ("holds", "holds", "partly"))]


@pytest.mark.parametrize(("source", "verdicts"), ALLOWED)
def test_verdicts_that_suit_their_source_are_taken(source, verdicts):
    check_verdicts(source, verdicts)


REFUSED = {
    ("Till", OURS): "source='Till': must be one of seed, anders,",
    ("seed", ("as told", "differs")): "verdict 'as told': must be one of reproduced, partly, differs for source='seed'",
    ("seed", OURS): "verdict 'holds': must be one of reproduced,",
    ("theory", REPORTED): "verdict 'reproduced': must be one of holds, partly, does not hold for source='theory'",
    ("ours", ("holds", "agrees")): "verdict 'agrees': must be one of holds,",
    ("ours", ("holds", "holds", None)): "all its cases have one verdict",
}


@pytest.mark.parametrize(("asked", "sentence"), REFUSED.items(), ids=map(str, REFUSED))
def test_a_source_that_nobody_knows_or_verdicts_that_do_not_suit_are_refused(asked, sentence):
    with pytest.raises(ValueError) as refused:
        check_verdicts(*asked)
    assert str(refused.value).startswith(sentence)
    assert "\n" not in str(refused.value)


def test_there_are_two_vocabularies():
    assert {source.verdicts for source in SOURCES.values()} == {REPORTED, OURS}
