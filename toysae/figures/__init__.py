"""The pictures that two chapters or more use: data in, a matplotlib Figure out.

    style    colours, marks, legends
    maps     heat maps of cosines
    curves   curves with dots, ladders of losses
    shares   how latents divide into labels
    room     what is found over the number of latents

Nothing is computed here that a sentence could state.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
