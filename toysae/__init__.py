"""toysae: do sparse autoencoders find the true features, or composites of them?

The front door. A world makes the data, a stack of sparse autoencoders (SAEs) is trained on them, and every latent is
held against the true features. Whatever encodes and decodes can be assessed in place of a stack, or bare decoder rows:

    >>> import toysae
    >>> world = toysae.two_of_three(sigma=0.1)
    >>> start = toysae.start(world, n_latents=3, sae=0.1, seeds=range(64))
    >>> stack = toysae.train(start, world, n_steps=3000)
    >>> seen = toysae.assess(stack, world)
    >>> print(seen.composites_only.k, "of", seen.composites_only.n, "consist of composites only")
    62 of 64 consist of composites only
    >>> seen.names(0)
    ['A+B', 'B+C', 'A+C']
    >>> toysae.assess(world.features, world).names(0)
    ['A', 'B', 'C']
"""

import lazy_loader

__version__ = "0.1.0"

# The floors of the house, from the ground up: what stands on one imports only from those below it, or from its own
# folder. tests/test_house.py holds the imports against this list, and CONTRIBUTING.md shows it as a picture.
FLOORS = (
    ("claims", "live", "terminal", "worlds"),
    ("saes",),
    ("optimum",),
    ("measures",),
    ("figures", "sweeps"),
    ("chapters",),
    ("writeup", "bench"),
)

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
