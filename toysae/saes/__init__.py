"""What is trained, in reading order:

stack      the autoencoder and its equations, many at once
gradients  of every kind, written out
starts     where decoder rows point before training
variants   the kinds that people use, put together from parts
selection  the largest activations, for the kinds that keep no others
kinds      one list of them, which everybody reads
training   one loop for every stack and every world
saelens    SAEs leave for SAELens and come back
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
