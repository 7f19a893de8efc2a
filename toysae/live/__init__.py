"""The minimal example in a browser, with sliders: 64 SAEs train in the page. Needs nothing else of ours.

In reading order:

    simulation.js  numbers only: the world, its training, labels, costs, counts and the sentence that they choose
    page.js        what a reader sees and moves: sliders, buttons, sphere, heat map, bars
    page.css       its look, in light and dark
    snippet        all of it as one piece of HTML, for a notebook or the front page
"""

from toysae.live.snippet import html

__all__ = ["html"]
