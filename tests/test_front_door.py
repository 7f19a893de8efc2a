"""The front door: its ten lines do what they say, and whoever opens it waits for nothing that is not needed.

Each test looks at a fresh process, because what this one has imported already says nothing.
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
HEAVY = ("scipy.stats", "matplotlib", "pandas", "sklearn", "safetensors")


def fresh(code):
    """What a new process prints that runs this code where the package lies."""
    ran = subprocess.run([sys.executable, "-W", "error", "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout.strip()


def imported(code, names):
    """Which of these modules a new process holds after this code."""
    return fresh(f"{code}\nimport sys\nprint(*(name for name in {names!r} if name in sys.modules))").split()


def test_the_ten_lines_do_what_they_say():
    said = fresh("import doctest, toysae; print(doctest.testmod(toysae))")
    assert said.startswith("TestResults(failed=0") and "attempted=0" not in said


def test_importing_the_package_imports_nothing_heavy():
    assert imported("import toysae", ("torch", "scipy", "numpy", *HEAVY)) == []


def test_worlds_training_and_assessments_import_what_they_use_and_no_more():
    opened = """
import toysae
world = toysae.two_of_three(sigma=0.1)
stack = toysae.train(toysae.start(world, 3, sae=0.1, seeds=[0]), world, n_steps=2)
toysae.assess(stack, world).names(0)
toysae.assess(world.features, world).absorption
for name in toysae.__all__:
    getattr(toysae, name)
"""
    assert imported(opened, HEAVY) == []
