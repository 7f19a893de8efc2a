"""What training is compared with; nothing here is trained. In reading order:

codes        the best activations for a dictionary, exact losses, and the floor under all of them
search       the best dictionaries known, and how far trained SAEs stay from them
two_rows     two latents in a plane: all of their angles
formulas     closed forms
boundaries   how much magnitudes may vary before composites give way
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
