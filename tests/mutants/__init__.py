"""Bugs put in on purpose, one at a time: if the tests that are nearest do not notice one, they are too weak."""
