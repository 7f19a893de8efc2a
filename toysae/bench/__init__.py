"""How fast is it? Our training beside other people's, and what it costs where.

errands    what every contender is asked for, and how it answers
home       two contenders that run here: our training, and a loop as one writes it at a first go
peer       the contender from SAELens; it and `errands` run in the environment of the peers, with our core at most
costs      everything that is measured
report     the numbers, the figure and the page
"""
