"""What the data are, in reading order:

checks       one clear line for every argument that cannot be
firings      who fires with whom
copulas      the same where firings are correlated
magnitudes   how strongly
directions   where features point
world        all of that: where the data come from
finite       a world as a list of points with probabilities
named_worlds every world that has a name
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
