"""What is said: sentences that data choose, with their evidence. Needs nothing else of ours.

In reading order:

    intervals  counts and means, each with its interval
    evidence   what a sentence rests on: those, numbers and names; and how each is printed and recorded
    families   comparisons that one table invites, corrected for each other: what "surely" means
    rules      when a count is "most" or "nearly all", and when one is more than another
    sources    whom a claim comes from, and the words that judge it
    templates  sentences with gaps that evidence fills
    prose      what a cell says and shows: sentences, figures with captions
    cases      a claim: a list of cases, of which the first true one is said
    record     a claim on its way from the cell to the front page, and what was published of it
    wording    all wordings of a notebook's claims, read and checked without a run
    words      lists, counts, near misses and settings in English

A notebook takes what it needs from here.
"""

from toysae.claims.cases import claim
from toysae.claims.families import Comparison, Family
from toysae.claims.intervals import Fraction, Mean, Pooled
from toysae.claims.prose import say, say_answer, say_trained, show, show_interactive
from toysae.claims.rules import (
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
from toysae.claims.words import counted, listed, spelled

__all__ = [
    "Comparison",
    "Family",
    "Fraction",
    "Mean",
    "Pooled",
    "above",
    "at_least_half",
    "below",
    "claim",
    "counted",
    "fewer",
    "listed",
    "more",
    "mostly",
    "mostly_not",
    "nearly_all",
    "nothing_to_judge",
    "say",
    "say_answer",
    "say_trained",
    "show",
    "show_interactive",
    "spelled",
]
