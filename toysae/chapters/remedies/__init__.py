"""Remedies against composites, in reading order:

arena         the tasks: small worlds on which everybody competes
classical     dictionaries by methods older than SAEs
contestants   who competes, and how a contestant is scored
settings      which settings each of them tries
tuning        how settings are chosen, and contestants compared
contest       the same as a point of a sweep, and the table that is kept
plan          the large sweep of this chapter
figures       the picture of the contest
"""
