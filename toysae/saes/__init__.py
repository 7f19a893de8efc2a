"""What is trained, in reading order:

stack      the autoencoder and its equations, many at once
starts     where decoder rows point before training
variants   the kinds that people use, put together from parts
training   one loop for every stack and every world
saelens    SAEs leave for SAELens and come back
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
