"""What is counted, in reading order:

labels       what a latent stands for: one feature, several, or neither
recovery     how well features are recovered and data rebuilt
parts        stacks cut so that they fit into memory
absorption   whether the latents of children have taken over a parent
guests       whatever is to be assessed, as a stack: dictionaries, functions, modules, folders
assessment   all of that about a stack of SAEs, or a guest
detection    SAEs as detectors, in worlds too large to be listed
reading      the same in words
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
