"""What is imported before forks: the modules that notebooks name, as a kernel would see them."""

import subprocess
import sys

from toysae.writeup.preload import imported


def test_only_modules_are_imported(tmp_path):
    cells = "import json, os.path\nfrom toysae import figures, claims\nfrom toysae.claims import say\nimport nowhere.x"
    (tmp_path / "some.py").write_text(f"# %%\n{cells}\n\n# %%\nx = = 1\n")
    assert imported(tmp_path / "some.py") == {"json", "os.path", "toysae", "toysae.figures", "toysae.claims"}


PRELOAD = """
import sys, threading
from pathlib import Path
from toysae.writeup.preload import preload
preload([Path(sys.argv[1])])
import pandas
print(pandas.get_option("display.max_columns"), "toysae.saes.training" in sys.modules, threading.active_count())
print("get_ipython" in dir(__builtins__), "matplotlib_inline.backend_inline" in sys.modules)
"""


def test_modules_find_a_kernel_all_of_ours_are_loaded_and_no_thread_runs(tmp_path):
    """The backend of figures asks its kernel how to draw, so it waits for that."""
    (tmp_path / "some.py").write_text("# %%\nimport broken, pandas\nfrom toysae import saes\n")
    (tmp_path / "broken.py").write_text("raise RuntimeError\n")
    run = subprocess.run(
        [sys.executable, "-c", PRELOAD, str(tmp_path / "some.py")], cwd=tmp_path, capture_output=True, text=True
    )
    assert run.stdout.split() == ["20", "True", "1", "False", "False"], run.stderr
