"""What is counted, in reading order:

labels       what a latent stands for: one feature, several, or neither
recovery     how well features are recovered and data rebuilt
absorption   whether the latents of children have taken over a parent
assessment   all of that about a stack of SAEs
detection    SAEs as detectors, in worlds too large to be listed
reading      the same in words
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
