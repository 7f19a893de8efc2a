"""The package is light: a notebook's first words, the runner and the front door all wait for it."""

import subprocess
import sys


def test_what_is_said_loads_no_heavy_library():
    heavy = ("torch", "scipy", "pandas", "matplotlib", "IPython")
    asked = f"import sys, toysae.claims; print([name for name in {heavy} if name in sys.modules])"
    said = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert said.stdout == "[]\n"


def test_what_is_said_needs_nothing_else_of_ours():
    asked = "import sys, toysae.claims, toysae.claims.record, toysae.claims.wording; print(*sorted(sys.modules))"
    said = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    ours = {name.split(".")[1] for name in said.stdout.split() if name.startswith("toysae.")}
    assert ours == {"claims"}
