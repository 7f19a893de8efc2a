"""The Makefile as a newcomer uses it, with a stand-in for the environment's Python, and .ci/run with one for make."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent
TARGETS = [
    "help",
    "reproduce",
    "run",
    "lab",
    "book",
    "sweep",
    "bench",
    "test",
    "mutants",
    "check",
    "clean",
    "distclean",
]
SETTINGS = ["JUPYTER_PREFER_ENV_PATH", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "SOURCE_DATE_EPOCH", "PYTHONPATH"]
PYTHON = """#!/bin/sh
for word in "$@"; do printf '<%s>' "$word"; done >>record
echo >>record
for name in SETTINGS; do eval "echo $name=\\${$name-unset}"; done >settings
exit $(cat exit-code)
""".replace("SETTINGS", " ".join(SETTINGS))
ENVIRONMENT = """#!/bin/sh
echo environment $1 >>record
mkdir -p .venv/bin && cp python .venv/bin/python
"""


class Clone:
    """A folder whose name holds a space, with the Makefile, two notebooks and stand-ins that record what is asked."""

    def __init__(self, folder):
        self.folder = folder / "a clone"
        (self.folder / "notebooks").mkdir(parents=True)
        shutil.copy(ROOT / "Makefile", self.folder)
        for name in ["01_one.ipynb", "02_two.ipynb"]:
            (self.folder / "notebooks" / name).touch()
        self.write("environment.sh", ENVIRONMENT)
        self.write("python", PYTHON).chmod(0o755)
        self.write("exit-code", "0")
        self.write("record", "")

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def make(self, *words, path=os.environ["PATH"], **variables):
        variables["PATH"] = path
        command = ["make", *words]
        return subprocess.run(command, cwd=self.folder, env=variables, capture_output=True, text=True, timeout=60)

    def record(self):
        return (self.folder / "record").read_text().splitlines()


@pytest.fixture
def clone(tmp_path):
    return Clone(tmp_path)


def test_make_alone_lists_every_target_with_a_sentence(clone):
    listed = dict(re.findall(r"^  (\w+) +(\S.+)$", clone.make().stdout, flags=re.M))
    assert list(listed) == TARGETS
    assert clone.make("help").stdout == clone.make().stdout
    assert clone.record() == []


def test_every_listed_target_exists(clone):
    for target in TARGETS:
        assert clone.make("--dry-run", target, "NB=01_one").returncode == 0


@pytest.mark.parametrize("target", ["reproduce", "book"])
def test_the_work_is_done_by_the_write_up_in_the_environment(clone, target):
    run = clone.make(target)
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")
    assert clone.record() == ["environment", f"<-m><toysae.writeup><{target}>"]


def test_run_hands_the_notebook_and_its_parameters_on(clone):
    clone.make("run", "NB=01_minimal_example", "PARAMS=sigma=0.5 seed=3")
    assert clone.record()[-1] == "<-m><toysae.writeup><run><01_minimal_example><sigma=0.5><seed=3>"


def test_run_works_without_parameters(clone):
    clone.make("run", "NB=01_minimal_example")
    assert clone.record()[-1] == "<-m><toysae.writeup><run><01_minimal_example>"


def test_parameters_are_words_and_never_commands_or_patterns(clone):
    clone.make("run", "NB=01; touch notebook-ran", "PARAMS=init=*.ipynb; touch parameter-ran")
    assert clone.record()[-1].endswith("<run><01; touch notebook-ran><init=*.ipynb;><touch><parameter-ran>")
    assert not list(clone.folder.glob("*-ran"))


def test_run_without_a_notebook_gives_one_clear_line_and_does_nothing(clone):
    run = clone.make("run", "PARAMS=sigma=0.5")
    said = [line for line in run.stderr.splitlines() if not line.startswith("make")] + run.stdout.splitlines()
    assert run.returncode != 0 and said == []
    assert run.stderr.splitlines()[0].startswith("make run needs a notebook: make run NB=")
    assert clone.record() == []


@pytest.mark.parametrize(
    "words", [["run", "NB=01_one", "PARAM=sigma=0.5"], ["run", "sigma=0.5"], ["sweep", "SWEP=solo"]]
)
def test_a_misspelt_variable_is_refused_in_one_line_and_nothing_is_run(clone, words):
    run = clone.make(*words)
    assert run.returncode != 0
    name = words[-1].partition("=")[0]
    assert re.match(
        rf"{name}= is not known: known are NB= PARAMS= .*; a notebook's own go into PARAMS$", run.stderr, re.M
    )
    assert clone.record() == []


def test_a_variable_of_somebodys_environment_is_no_matter(clone):
    assert clone.make("run", "NB=01_one", PARAM="of somebody's environment").returncode == 0


def test_the_bench_gets_its_peers_and_then_the_book_its_page(clone):
    clone.make("bench")
    assert clone.record() == ["environment", "environment peers", "<-m><toysae.bench>", "<-m><toysae.writeup><book>"]


def test_a_bench_that_fails_makes_no_book(clone):
    clone.write("exit-code", "1")
    assert clone.make("bench").returncode != 0
    assert clone.record()[-1] == "<-m><toysae.bench>"


def test_sweep_lists_what_there_is_or_hands_name_and_workers_on(clone):
    clone.make("sweep")
    clone.make("sweep", "SWEEP=jitter", "WORKERS=3")
    clone.make("sweep", "SWEEP=jitter; touch ran", "SCHEDULER=tcp://a:1 *")
    begin = "<-m><toysae.sweeps>"
    assert [line.removeprefix(begin) for line in clone.record() if line.startswith(begin)] == [
        "",
        "<jitter><--workers><3>",
        "<jitter; touch ran><--scheduler><tcp://a:1 *>",
    ]
    assert not (clone.folder / "ran").exists()


def test_the_tests_run_in_the_environment_and_take_arguments(clone):
    clone.make("test", "ARGS=-k oracle")
    assert clone.record() == ["environment", "<-m><pytest><-k><oracle>"]


def test_the_tests_beside_the_peers_run_in_their_environment(clone):
    clone.write("environment.sh", ENVIRONMENT + "mkdir -p .venv-peers/bin && cp python .venv-peers/bin/python\n")
    clone.make("test-peers", "ARGS=-k relu")
    asked = "<-m><pytest><-c><tests/peers/pytest.ini><tests/peers><-k><relu>"
    assert clone.record() == ["environment", "environment peers", asked]


def test_the_core_alone_is_tried_in_its_environment_and_away_from_the_checkout(clone):
    clone.write("environment.sh", ENVIRONMENT + "mkdir -p .venv-core/bin && cp python .venv-core/bin/python\n")
    clone.make("test-install")
    assert clone.record() == ["environment", "environment core", "<-I><tests/core_alone.py>"]


def test_the_checks_are_format_lint_and_types(clone):
    assert clone.make("check").returncode == 0
    format, lint, types = clone.record()[1:]
    assert format.startswith("<-m><ruff><format>") and "<--check>" in format
    assert lint.startswith("<-m><ruff><check>") and types == "<-m><mypy>"


def test_a_commit_is_checked_as_make_check_does():
    (ours,) = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    hooks = [hook["entry"].removeprefix(".venv/bin/").split(" --")[0] for hook in ours["hooks"]]
    checks = re.search(r"^check:.*\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text(), flags=re.M)[1]
    assert hooks == [line.split("$(PY) ")[1].split(" --")[0] for line in checks.splitlines()]


@pytest.mark.parametrize(("user", "more"), [("0", "<--ServerApp.allow_root=True>"), ("1000", "")])
def test_lab_opens_copies_and_allows_root_to_root_alone(clone, user, more):
    clone.write("bin/id", f"#!/bin/sh\necho {user}\n").chmod(0o755)
    clone.make("lab", "ARGS=--no-browser *", path=f"{clone.folder}/bin:{os.environ['PATH']}")
    prepare, lab = clone.record()[1:]
    assert prepare == "<-m><toysae.writeup><lab>"
    assert lab == f"<-m><jupyterlab><--notebook-dir=build/lab>{more}<--no-browser><*>"


@pytest.mark.parametrize("target", ["reproduce", "run", "book", "test", "check", "lab"])
def test_a_failure_inside_is_a_failure_of_make(clone, target):
    clone.write("exit-code", "1")
    assert clone.make(target, "NB=01").returncode != 0


@pytest.mark.parametrize("target", ["reproduce", "run", "book", "test", "lab"])
def test_nothing_starts_in_an_environment_that_could_not_be_made(clone, target):
    clone.write("environment.sh", "echo no >&2; exit 1")
    run = clone.make(target, "NB=01")
    assert run.returncode != 0 and run.stderr.startswith("no\n")
    assert clone.record() == []


def test_processes_get_one_thread_fixed_dates_and_their_own_kernels(clone):
    clone.make("reproduce", PYTHONPATH="elsewhere", OMP_NUM_THREADS="8")
    settings = dict(line.split("=") for line in (clone.folder / "settings").read_text().splitlines())
    assert settings == dict(zip(SETTINGS, ["1", "1", "1", "0", "unset"], strict=True))


def test_clean_removes_what_is_generated_and_nothing_else(clone):
    kept = ["notebooks/01_one.ipynb", "notebooks/figures/map.png", "toysae/sae.py"]
    kept += [f"{place}/lib/__pycache__/x.pyc" for place in (".venv", ".venv-peers", ".venv-core")]
    gone = ["build/book/index.html", "toysae/__pycache__/sae.pyc", "notebooks/.ipynb_checkpoints/01.ipynb"]
    for name in kept + gone:
        clone.write(name, "")
    assert clone.make("clean").returncode == 0
    assert all((clone.folder / name).exists() for name in kept)
    assert not any((clone.folder / name).exists() for name in gone)
    assert clone.record() == []


def test_clean_works_where_there_is_nothing_to_remove(clone):
    run = clone.make("clean")
    assert (run.returncode, run.stderr) == (0, "")


def test_distclean_removes_the_environments_too(clone):
    clone.make("book")
    for place in (".venv-peers", ".venv-core"):
        clone.write(f"{place}/bin/python", "")
        clone.write(f"{place}.lock", "")
    assert clone.make("distclean").returncode == 0
    assert not list(clone.folder.glob(".venv*"))


@pytest.fixture
def repository(tmp_path):
    """A repository with nothing but our .gitignore: the checkout itself may come from a zip, without one."""
    if shutil.which("git") is None:
        pytest.skip("there is no git here")
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    shutil.copy(ROOT / ".gitignore", tmp_path)
    return tmp_path


def test_what_is_generated_is_ignored_by_git(repository):
    places = [".venv", ".venv-peers", ".venv-core"]
    generated = [f"{place}{part}" for place in places for part in ("/bin/python", ".lock")]
    generated += ["build/claims.json", "toysae.egg-info/a", "tests/__pycache__/a"]
    said = subprocess.run(["git", "check-ignore", *generated], cwd=repository, capture_output=True, text=True)
    assert said.stdout.split() == generated


def test_the_executed_notebooks_and_their_figures_are_not_ignored(repository):
    shown = ["notebooks/01_minimal_example.ipynb", "notebooks/figures/minimal_heat_map.png"]
    assert subprocess.run(["git", "check-ignore", *shown], cwd=repository, capture_output=True).stdout == b""


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md"])
def test_every_command_that_a_page_names_is_a_target(page):
    commands = re.findall(r"(?:^|`)make ((?:[a-z][a-z-]*(?: |$|(?=`)))+)", (ROOT / page).read_text(), flags=re.M)
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), flags=re.M)
    named = {name for command in commands for name in command.split()}
    assert {"reproduce", "run", "test", "check", "test-install"} <= named <= set(targets)


# ---- .ci/run


STEPS = ["check", "reproduce STRICT=1", "test-peers", "test-install", "test"]


def ci(tmp_path, failing):
    make = tmp_path / "make"
    make.write_text(f'#!/bin/sh\necho "made $* in $PWD"\n[ "$*" != "{failing}" ] || exit 3\n')
    make.chmod(0o755)
    return subprocess.run(
        ["bash", ".ci/run"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        env={"PATH": f"{tmp_path}:/usr/bin:/bin"},
    )


def test_ci_checks_reproduces_compares_installs_then_tests(tmp_path):
    run = ci(tmp_path, failing="nothing")
    assert run.returncode == 0
    assert run.stdout.splitlines() == [f"made {step} in {ROOT}" for step in STEPS]


@pytest.mark.parametrize(("lines", "failing"), [*enumerate(STEPS, start=1)])
def test_ci_stops_at_the_first_failure(tmp_path, failing, lines):
    run = ci(tmp_path, failing)
    assert run.returncode != 0
    assert len(run.stdout.splitlines()) == lines
