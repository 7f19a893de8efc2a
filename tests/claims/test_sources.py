"""The table of sources: complete, in step with itself, and strict with claims that name it."""

import re

import pytest
from toysae.writeup.sources import SOURCES

from toysae.writeup import sources

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


ALLOWED = [("seed", "reproduced"), ("anders", "partly"), ("sharkey", "differs"), ("hedging", "not tested")]
ALLOWED += [("theory", "agrees"), ("theory", None), ("ours", None)]


@pytest.mark.parametrize(("source", "verdict"), ALLOWED)
def test_a_verdict_that_suits_its_source_is_taken(source, verdict):
    sources.check(source, verdict)


REFUSED = {
    ("Till", None): "source='Till': must be one of seed, anders,",
    ("seed", "as told"): "verdict='as told': must be one of reproduced, partly, differs, not tested for source='seed'",
    ("seed", "agrees"): "verdict='agrees': must be one of reproduced,",
    ("anders", None): "verdict=None: must be one of reproduced,",
    ("theory", "reproduced"): "verdict='reproduced': must be one of agrees, partly, differs, not tested",
    ("ours", "agrees"): "verdict='agrees': must be left out for source='ours'",
}


@pytest.mark.parametrize(("asked", "sentence"), REFUSED.items(), ids=map(str, REFUSED))
def test_a_source_that_nobody_knows_or_a_verdict_that_does_not_suit_is_refused(asked, sentence):
    with pytest.raises(ValueError) as refused:
        sources.check(*asked)
    assert str(refused.value).startswith(sentence)
    assert "\n" not in str(refused.value)
