"""Rules of judgement: what they say of counts and means on both sides of each of their bounds."""

import pytest

from toysae.claims import (
    Fraction,
    Mean,
    Pooled,
    above,
    at_least_half,
    below,
    fewer,
    more,
    mostly,
    mostly_not,
    nearly_all,
    nothing_to_judge,
)

FEW, SOME, MANY, NONE = Fraction(4, 40), Fraction(22, 40), Fraction(36, 40), Fraction(0, 0)


def test_most_is_told_by_the_whole_interval():
    assert [mostly(share) for share in (FEW, SOME, MANY)] == [False, False, True]
    assert [mostly_not(share) for share in (FEW, SOME, MANY)] == [True, False, False]


def test_the_bound_of_most_lies_between_two_neighbouring_counts():
    counts = [k for k in range(41) if mostly(Fraction(k, 40))]
    assert counts == list(range(counts[0], 41))
    assert Fraction(counts[0], 40).interval[0] > 0.5 >= Fraction(counts[0] - 1, 40).interval[0]


@pytest.mark.parametrize(("count", "words"), [
    ((16, 16), "nearly all"), ((8, 8), "at least half"), ((96, 100), "nearly all"), ((84, 100), "at least half"),
    ((2, 4), "at least half"),
    ((1, 4), "fewer"), ((0, 3), "fewer"), ((0, 0), "nothing"),
])  # fmt: skip
def test_the_usual_four_cases_of_checks_that_came_out(count, words):
    checks = Fraction(*count)
    conditions = (nothing_to_judge(checks), nearly_all(checks), at_least_half(checks), True)
    assert ("nothing", "nearly all", "at least half", "fewer")[conditions.index(True)] == words


def test_two_counts_differ_if_their_intervals_do_not_overlap():
    assert more(MANY, FEW) and fewer(FEW, MANY)
    assert not more(FEW, MANY) and not fewer(MANY, FEW)
    assert not more(Fraction(28, 40), SOME) and not fewer(SOME, Fraction(28, 40))


def test_where_nothing_was_counted_nothing_is_decided():
    assert nothing_to_judge(NONE) and nothing_to_judge(Mean.of([]))
    assert not any(rule(NONE) for rule in (mostly, mostly_not, nearly_all, at_least_half))
    assert not any(rule(NONE, MANY) or rule(MANY, NONE) for rule in (more, fewer))
    assert not nothing_to_judge(Fraction(0, 1))


def test_means_are_judged_by_their_intervals_too():
    gain = Mean(0.3, 0.2, 0.4, 16)
    assert above(gain, 0.1) and not above(gain, 0.2) and not above(gain, 0.3)
    assert below(gain, 0.5) and not below(gain, 0.4)
    assert mostly_not(gain) and not mostly(gain)
    assert more(MANY, gain) and fewer(gain, MANY)
    assert not above(Mean.of([9.0]), 0) and not below(Mean.of([-9.0]), 0)


def test_rules_answer_with_plain_bools():
    answers = [mostly(MANY), nearly_all(NONE), at_least_half(SOME), more(MANY, FEW), nothing_to_judge(NONE)]
    assert {type(answer) for answer in answers} == {bool}


def test_all_of_a_few_are_not_nearly_all():
    """All of n reaches down to n / (n + z^2), which passes .8 between 15 and 16."""
    assert [n for n in range(1, 40) if nearly_all(Fraction(n, n))] == list(range(16, 40))


CELLS = Pooled(190, 200)
RULES = {
    "mostly": lambda: mostly(CELLS),
    "mostly_not": lambda: mostly_not(CELLS),
    "nearly_all": lambda: nearly_all(CELLS),
    "at_least_half": lambda: at_least_half(CELLS),
    "at_least_half of none": lambda: at_least_half(Pooled(0, 0)),
    "above": lambda: above(CELLS, 0.1),
    "below": lambda: below(CELLS, 0.1),
    "more": lambda: more(CELLS, FEW),
    "more than it": lambda: more(MANY, CELLS),
    "fewer": lambda: fewer(CELLS, MANY),
    "fewer than it": lambda: fewer(FEW, CELLS),
}


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_a_count_over_seeds_and_settings_together_is_refused_by_every_rule(rule):
    with pytest.raises(TypeError, match=r"(190 of 200|none of 0): a count over seeds and settings together has no int"):
        rule()
