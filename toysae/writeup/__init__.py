"""How the write-up is made: the runner that executes notebooks, the book that shows them."""

from toysae.writeup.parameters import check_parameters

__all__ = ["check_parameters"]
