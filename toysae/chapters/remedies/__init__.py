"""Remedies against composites, in reading order:

arena          the tasks: small worlds on which everybody competes
classical      dictionaries by methods older than SAEs
contestants    who competes, and how a contestant is scored
fourth_power   a remedy of our own
settings       which settings each of them tries
contest        one contestant on one task as a point of a sweep
plan           the large sweep of this chapter
comparisons    what is compared between contestants
kept           the table that is kept, and what is trained again
figures        the picture of the contest
"""
