"""How the write-up is made: what a notebook says, the runner that executes it, the book that shows it."""

from toysae.writeup.parameters import check_parameters
from toysae.writeup.prose import claim, say, say_trained, show, show_interactive

__all__ = ["check_parameters", "claim", "say", "say_trained", "show", "show_interactive"]
