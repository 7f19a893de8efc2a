"""The list, the pins and the package agree; environment.sh makes an environment from them on any kind of machine."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
import tomllib
from importlib import metadata
from pathlib import Path

import core_alone
import house
import pytest
import yaml
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
SOURCES = ["environment.yml", "constraints.txt", "pyproject.toml", "environment.sh"]
CUDA = re.compile("nvidia-|cuda-|triton")  # comes with a build of PyTorch for GPUs, in that build's own versions


# ---- the three files


def environment():
    return yaml.safe_load((ROOT / "environment.yml").read_text())


def pip_list():
    return next(entry["pip"] for entry in environment()["dependencies"] if isinstance(entry, dict))


def requirements():
    return [Requirement(line) for line in pip_list() if not line.startswith("-")]


def pins():
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    return [Requirement(line) for line in lines if not line.startswith("#")]


def project():
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def names(some):
    return {canonicalize_name(requirement.name) for requirement in some}


def needed(requirement):
    """The names that a requirement brings in here, its own and those of all its dependencies."""
    seen, waiting = set(), [requirement]
    while waiting:
        current = waiting.pop()
        key = (canonicalize_name(current.name), frozenset(current.extras))
        if key in seen:
            continue
        seen.add(key)
        waiting += dependencies(current)
    return {name for name, _ in seen}


def dependencies(requirement):
    environments = [default_environment() | {"extra": extra} for extra in ["", *requirement.extras]]
    for line in metadata.requires(requirement.name) or []:
        dependency = Requirement(line)
        if dependency.marker is None or any(map(dependency.marker.evaluate, environments)):
            yield dependency


def test_the_list_names_the_project_and_its_channels():
    assert environment()["name"] == "toysae"
    assert environment()["channels"] == ["conda-forge"]
    assert "pip" in environment()["dependencies"]


def test_conda_takes_the_pins_the_cpu_build_and_the_project_itself():
    options = [line for line in pip_list() if line.startswith("-")]
    assert options == [
        "--extra-index-url https://download.pytorch.org/whl/cpu",
        "--constraint constraints.txt",
        "--editable .",
    ]


def test_list_and_package_ask_for_the_same_python():
    python = next(line for line in environment()["dependencies"] if str(line).startswith("python "))
    assert python.removeprefix("python ").split(",")[0] == project()["requires-python"]


def test_every_name_in_the_list_is_pinned():
    assert names(requirements()) - names(pins()) == set()


def test_every_pin_is_one_exact_version_that_the_list_allows():
    allowed = {canonicalize_name(requirement.name): requirement.specifier for requirement in requirements()}
    for pin in pins():
        (exact,) = pin.specifier
        assert exact.operator == "==" and "*" not in exact.version and "+" not in exact.version
        assert exact.version in allowed.get(canonicalize_name(pin.name), pin.specifier)


def test_no_package_is_pinned_twice():
    assert len(names(pins())) == len(pins())


def test_every_pin_is_installed_here_or_marked_for_another_kind_of_machine():
    here = [pin for pin in pins() if pin.marker is None or pin.marker.evaluate()]
    versions = {str(pin): metadata.version(pin.name) for pin in here}
    assert len(versions) > len(requirements())
    assert [(str(pin), versions[str(pin)]) for pin in here if versions[str(pin)] not in pin.specifier] == []


def test_whatever_the_list_brings_in_is_pinned():
    brought = set().union(*map(needed, requirements()))
    assert len(brought) > len(requirements())
    assert {name for name in brought - names(pins()) if not CUDA.match(name)} == set()


def extras():
    return {name: lines for name, lines in project()["optional-dependencies"].items() if name != "peers"}


def test_the_list_is_the_core_and_every_extra_in_their_order():
    packaged = [*project()["dependencies"], *(line for lines in extras().values() for line in lines)]
    assert [line.split(" ")[0] for line in pip_list() if not line.startswith("-")] == packaged


# What nothing in toysae/ imports: commands and notebooks ask for these by name.
ASKED_FOR = {"jupyterlab", "mypy", "myst-nb", "pytest", "pytest-xdist", "ruff"}
ASKED_FOR |= {"mini-racer", "playwright", "sphinx-book-theme", "sphinx-mathjax-offline"}
FRONT_DOOR = {"claims", "worlds", "saes", "optimum", "measures"}  # what stands behind it


def others(imports):
    """The packages that are neither Python's nor ours, by the names that pip knows."""
    tops = {found.module.split(".")[0] for found in imports} - {"toysae"} - set(sys.stdlib_module_names)
    known = metadata.packages_distributions() | {"sae_lens": ["sae-lens"], "distributed": ["dask"]}
    return {canonicalize_name(known[top][0]) for top in tops}


def test_what_the_package_imports_is_what_it_names():
    imported = others(found for module in house.modules() for found in module.imports)
    assert imported - {"sae-lens"} == names(requirements()) - ASKED_FOR


def test_the_front_door_needs_nothing_but_the_core():
    behind = [found for module in house.modules() if module.folder in FRONT_DOOR for found in module.imports]
    core = names(map(Requirement, project()["dependencies"]))
    assert {"torch", "lazy-loader"} <= others(found for found in behind if found.when == "at once") <= core


def test_pins_hold_no_address_no_path_and_no_cuda():
    text = (ROOT / "constraints.txt").read_text()
    assert not re.search(r"/|@|^-", text, flags=re.M)
    assert not any(CUDA.match(pin.name) for pin in pins())


# ---- environment.sh, on machines of stand-ins: each says what it was asked, and makes what the real one would make

TOOLS = ["sh", "sed", "cat", "cmp", "mkdir", "rm", "mv", "cp", "dirname", "basename", "tail", "sleep", "flock", "perl"]
TOOLS += ["find", "sort", "xargs", "grep"]
STAND_IN = """#!/bin/sh
asked="$(basename "$0") $*"
echo "$asked" >>"$RECORD"
case $asked in $REFUSE) echo "${WHY:-refused}" >&2; exit 1 ;; $HANG) sleep "$SECONDS_HUNG" ;; esac
case $asked in
    *version_info*) echo VERSION ;;
    *" --version") echo "stand-in VERSION" ;;
    *" -m venv .venv-"*) place=${asked##* }/bin; mkdir -p "$place"; cp "$0" "$place/python" ;;
    *" -m venv "* | *" create "* | "uv venv "*) mkdir -p .venv/bin; cp "$0" .venv/bin/python ;;
    *" install uv") cp "$0" "$(dirname "$0")/uv" ;;
esac
"""


class Machine:
    """A clone in a folder whose name holds a space, and a PATH of nothing but plain tools and stand-ins."""

    def __init__(self, folder):
        self.clone, self.bin, self.record = folder / "a clone", folder / "bin", folder / "record"
        self.clone.mkdir()
        self.bin.mkdir()
        self.record.touch()
        self.settings = {"PATH": str(self.bin), "RECORD": str(self.record), "SECONDS_HUNG": "60"}
        for name in [*SOURCES, "constraints-peers.txt"]:
            shutil.copy(ROOT / name, self.clone)
        for tool in filter(shutil.which, TOOLS):
            (self.bin / tool).symlink_to(shutil.which(tool))
        (self.clone / "toysae").mkdir()
        (self.clone / "toysae" / "__init__.py").touch()
        self.script("uname", "#!/bin/sh\necho Linux\n")

    def script(self, name, text):
        (self.bin / name).write_text(text)
        (self.bin / name).chmod(0o755)

    def has(self, *tools, version="3.12"):
        for tool in tools:
            self.script(tool, STAND_IN.replace("VERSION", version))
        return self

    def start(self, *names, **settings):
        return subprocess.Popen(
            ["sh", "environment.sh", *names],
            cwd=self.clone,
            env=self.settings | settings,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )

    def run(self, *names, **settings):
        process = self.start(*names, **settings)
        process.output, process.errors = process.communicate(timeout=60)
        return process

    def asked(self, pattern=""):
        return [line for line in self.record.read_text().splitlines() if re.search(pattern, line)]

    def wait_until_asked(self, pattern):
        deadline = time.monotonic() + 30
        while not self.asked(pattern):
            assert time.monotonic() < deadline, f"{pattern} was never asked: {self.asked()}"
            time.sleep(0.02)

    @property
    def stamp(self):
        return self.clone / ".venv" / "toysae-stamp"

    @property
    def peers_stamp(self):
        return self.clone / ".venv-peers" / "toysae-stamp"


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)


def assert_one_clear_line(run, *parts):
    assert run.returncode == 1
    assert len(run.errors.splitlines()) == 1
    for part in parts:
        assert part in run.errors


def torch_pin():
    return next(str(pin) for pin in pins() if pin.name == "torch")


def test_the_script_is_plain_shell():
    assert subprocess.run(["sh", "-n", ROOT / "environment.sh"]).returncode == 0


def test_a_python_on_path_gives_a_whole_environment(machine):
    run = machine.has("python3").run()
    assert (run.returncode, run.errors) == (0, "")
    assert run.output.splitlines()[-1] == "environment: ready"
    assert machine.stamp.exists()


def test_a_whole_environment_is_left_alone(machine):
    machine.has("python3").run()
    before = len(machine.asked())
    again = machine.run()
    assert (again.returncode, again.output) == (0, "")
    assert machine.asked()[before:] == ["python -c "]


def test_torch_comes_first_and_alone_and_as_the_cpu_build(machine):
    machine.has("python3").run()
    first = machine.asked("install")[0]
    assert first.endswith(f"--no-deps --no-index {torch_pin()}+cpu")


def test_the_packages_are_those_that_conda_reads(machine):
    machine.has("python3").run()
    listed = (machine.clone / ".venv" / "packages.txt").read_text().splitlines()
    assert listed == [line for line in pip_list() if not line.startswith("-")]
    (install,) = machine.asked("^uv pip install")
    assert install.endswith("--constraint constraints.txt --editable . --python .venv/bin/python")
    assert "--requirement .venv/packages.txt" in install


def test_uv_on_path_is_used_and_not_installed_again(machine):
    machine.has("python3", "uv").run()
    assert machine.asked("^uv pip install") and not machine.asked("install uv$")


def test_pip_does_it_where_uv_cannot(machine):
    run = machine.has("python3").run(REFUSE="uv pip*")
    assert run.returncode == 0 and machine.stamp.exists()
    assert machine.asked("^python -m pip .*--editable")


def test_packages_that_cannot_be_had_leave_no_whole_environment(machine):
    run = machine.has("python3").run(REFUSE="*--editable*")
    assert_one_clear_line(run, "could not be installed", "build/environment.log ends: refused")
    assert not machine.stamp.exists()


def test_an_environment_that_does_not_work_is_not_whole(machine):
    run = machine.has("python3").run(REFUSE="*import torch*")
    assert_one_clear_line(run, "does not work")
    assert not machine.stamp.exists()


# ---- a full disk

FULL = "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device"


@pytest.mark.parametrize("refused", ["*torch==*", "*--editable*", "* -m venv *"])
def test_a_full_disk_is_told_as_one(machine, refused):
    run = machine.has("python3").run(REFUSE=refused, WHY=FULL)
    assert_one_clear_line(run, "the disk is full", "build/environment.log")
    assert not machine.asked("--index-url") and not machine.stamp.exists()


def test_a_full_disk_is_told_with_an_index_of_the_users_own(machine):
    run = machine.has("python3").run(REFUSE="*torch==*", WHY=FULL, TORCH_INDEX="https://example.org/cu130")
    assert_one_clear_line(run, "the disk is full")


@pytest.mark.parametrize(("free", "full"), [("7", True), ("90000000", False)])
def test_a_disk_too_full_for_its_own_log_is_told_as_one(machine, free, full):
    machine.script(
        "df", f"#!/bin/sh\necho Filesystem blocks Used Available Capacity Mounted\necho /dev/a 9 8 {free} 99% /a b\n"
    )
    run = machine.has("python3").run(REFUSE="*torch==*")
    assert_one_clear_line(run, "the disk is full" if full else "find-links")


# ---- which PyTorch


def test_torch_comes_from_the_cpu_index_where_no_wheel_is_at_hand(machine):
    run = machine.has("python3").run(REFUSE="*--no-index*")
    assert run.returncode == 0
    (from_index,) = machine.asked("--index-url")
    assert from_index.endswith(f"--index-url https://download.pytorch.org/whl/cpu {torch_pin()}+cpu")


def test_a_users_index_is_the_only_one_asked_for_torch(machine):
    machine.has("python3").run(TORCH_INDEX="https://example.org/cu130")
    (only,) = machine.asked("torch==")
    assert only.endswith(f"--index-url https://example.org/cu130 {torch_pin()}")


def test_without_a_cpu_build_nothing_else_is_installed(machine):
    run = machine.has("python3").run(REFUSE="*torch==*")
    assert_one_clear_line(run, "find-links", "set TORCH_INDEX")
    assert all("+cpu" in line for line in machine.asked("install"))


def test_an_index_without_torch_is_named(machine):
    run = machine.has("python3").run(TORCH_INDEX="https://example.org/none", REFUSE="*torch==*")
    assert_one_clear_line(run, "TORCH_INDEX=https://example.org/none", torch_pin())


def test_other_systems_take_the_build_without_a_suffix(machine):
    machine.has("python3").script("uname", "#!/bin/sh\necho Darwin\n")
    machine.run()
    assert machine.asked("install")[0].endswith(torch_pin())


# ---- which Python


def test_no_python_at_all_gives_one_clear_line(machine):
    assert_one_clear_line(machine.run(), "no Python 3.11 to 3.14 on PATH", "make PYTHON=")
    assert not (machine.clone / ".venv").exists()


def test_an_old_python_gives_one_clear_line(machine):
    run = machine.has("python3", version="3.9").run()
    assert_one_clear_line(run, "python3 is 3.9", "Python 3.11 to 3.14")


def test_an_old_python_is_passed_over_for_a_fit_one(machine):
    machine.has("python3", version="2.7").has("python3.11", version="3.11").run()
    assert machine.asked("-m venv") == ["python3.11 -m venv .venv"]


def test_a_python_beyond_the_pins_is_passed_over(machine):
    assert_one_clear_line(machine.has("python3", version="3.15").run(), "python3 is 3.15")


def test_a_python_without_venv_is_told_so(machine):
    assert_one_clear_line(machine.has("python3").run(REFUSE="*ensurepip*"), "python3 is 3.12 without venv")


WRONG = {"nowhere/python": "does not run", "old": "is 3.8", "sh": "does not run"}


@pytest.mark.parametrize(("chosen", "why"), WRONG.items(), ids=WRONG)
def test_a_wrong_choice_of_python_gives_one_clear_line(machine, chosen, why):
    machine.has("python3").has("old", version="3.8")
    (machine.clone / ".venv").mkdir()
    run = machine.run(PYTHON=chosen)
    assert_one_clear_line(run, f"PYTHON={chosen} {why}", "Python 3.11 to 3.14 is needed")
    assert run.output == "" and not machine.asked("-m venv") and (machine.clone / ".venv").exists()


def test_a_chosen_python_goes_before_all_others(machine):
    machine.has("python3", "conda", "uv", "mine").run(PYTHON="mine")
    assert machine.asked("-m venv|create|uv venv") == ["mine -m venv .venv"]


@pytest.mark.parametrize("conda", ["micromamba", "mamba", "conda"])
def test_conda_brings_a_python_where_there_is_none(machine, conda):
    run = machine.has(conda, "uv").run()
    assert run.returncode == 0 and machine.stamp.exists()
    expected = f"{conda} create --yes --prefix ./.venv --override-channels --channel conda-forge python>=3.11,<3.15 pip"
    assert machine.asked("create|venv ") == [expected]


@pytest.mark.parametrize("variable", ["MAMBA_EXE", "CONDA_EXE"])
def test_conda_is_found_where_its_own_variable_says(machine, variable):
    machine.has("elsewhere").run(**{variable: str(machine.bin / "elsewhere")})
    assert len(machine.asked("^elsewhere create")) == 1


def test_uv_brings_a_python_where_nothing_else_does(machine):
    run = machine.has("uv").run()
    assert run.returncode == 0 and machine.stamp.exists()
    assert machine.asked("venv --seed") == ["uv venv --seed --python >=3.11,<3.15 .venv"]


def test_a_conda_that_fails_gives_one_clear_line(machine):
    assert_one_clear_line(machine.has("conda").run(REFUSE="*create*"), "could not be made with conda")


# ---- whole or not


@pytest.mark.parametrize("hang", ["*-m venv*", "*torch==*", "uv pip*"])
def test_an_environment_killed_half_way_is_made_anew(machine, hang):
    killed = machine.has("python3").start(HANG=hang)
    machine.wait_until_asked(hang.replace("*", ".*"))
    os.killpg(killed.pid, signal.SIGKILL)
    killed.communicate()
    assert not machine.stamp.exists()
    assert machine.run().returncode == 0 and machine.stamp.exists()
    assert len(machine.asked("-m venv")) == 2


def test_an_environment_whose_removal_was_killed_is_never_whole_again(machine):
    machine.has("python3").run()
    listed = (machine.clone / "environment.yml").read_text()
    (machine.clone / "environment.yml").write_text(listed + "\n# changed\n")
    real = (machine.bin / "rm").rename(machine.bin / "real-rm")
    machine.script("rm", f'#!/bin/sh\n[ "$1" = -rf ] || exec "{real}" "$@"\necho removing >>"$RECORD"\nsleep 60\n')
    killed = machine.start()
    machine.wait_until_asked("removing")
    os.killpg(killed.pid, signal.SIGKILL)
    killed.communicate()
    real.rename(machine.bin / "rm")
    (machine.clone / "environment.yml").write_text(listed)
    assert machine.run().returncode == 0
    assert len(machine.asked("-m venv")) == 2


@pytest.mark.parametrize("source", SOURCES)
def test_a_changed_source_makes_it_anew(machine, source):
    machine.has("python3").run()
    leftover = machine.clone / ".venv" / "leftover"
    leftover.touch()
    with (machine.clone / source).open("a") as file:
        file.write("\n# changed\n")
    assert "removing it" in machine.run().output
    assert len(machine.asked("-m venv")) == 2 and not leftover.exists()


def test_a_moved_clone_makes_it_anew(machine):
    machine.has("python3").run()
    machine.clone = machine.clone.rename(machine.clone.with_name("moved clone"))
    assert machine.run().returncode == 0
    assert len(machine.asked("-m venv")) == 2


def test_an_environment_whose_python_is_gone_is_made_anew(machine):
    machine.has("python3").run()
    (machine.clone / ".venv/bin/python").unlink()
    machine.run()
    assert len(machine.asked("-m venv")) == 2


def test_two_runs_at_once_make_one_environment(machine):
    first = machine.has("python3").start(HANG="*torch==*", SECONDS_HUNG="1")
    machine.wait_until_asked("torch==")
    second = machine.run()
    first.communicate()
    assert (first.returncode, second.returncode) == (0, 0)
    assert "another run is making .venv" in second.output
    assert len(machine.asked("-m venv")) == 1


@pytest.mark.parametrize("locker", [name for name in ("flock", "perl") if shutil.which(name)])
def test_an_installer_that_outlives_its_shell_keeps_others_out(machine, locker):
    for other in {"flock", "perl"} - {locker}:
        (machine.bin / other).unlink(missing_ok=True)
    orphaned = machine.has("python3").start(HANG="*torch==*", SECONDS_HUNG="1")
    machine.wait_until_asked("torch==")
    orphaned.kill()
    waiting = machine.run()
    orphaned.communicate()
    assert waiting.returncode == 0 and "waiting for it" in waiting.output and machine.stamp.exists()


# ---- the environment of the peers, with whom the bench compares us


def peers():
    return list(map(Requirement, project()["optional-dependencies"]["peers"]))


def peers_pins():
    lines = (ROOT / "constraints-peers.txt").read_text().splitlines()
    return [Requirement(line) for line in lines if not line.startswith("#")]


def test_the_peers_are_pinned_to_one_exact_version_each():
    assert "sae-lens" in names(peers()) <= names(peers_pins())
    assert len(names(peers_pins())) == len(peers_pins()) > 50
    for pin in peers_pins():
        (exact,) = pin.specifier
        assert exact.operator == "==" and "*" not in exact.version and "+" not in exact.version


def test_the_peers_have_the_torch_that_we_have():
    assert [str(pin) for pin in peers_pins() if pin.name == "torch"] == [torch_pin()]


def test_the_pins_of_the_peers_hold_no_address_no_path_and_no_cuda():
    assert not re.search(r"/|@|^-", (ROOT / "constraints-peers.txt").read_text(), flags=re.M)
    assert not any(CUDA.match(pin.name) for pin in peers_pins())


def test_the_core_is_pinned_for_the_peers_too():
    assert names(map(Requirement, project()["dependencies"])) <= names(peers_pins())


def test_nothing_of_the_list_needs_the_peers():
    assert names(peers()) & (names(requirements()) | names(pins())) == {"pytest"}  # it runs the tests of both


def test_the_peers_get_an_environment_of_their_own_from_our_python(machine):
    machine.has("python3").run()
    before = len(machine.asked())
    run = machine.run("peers")
    assert (run.returncode, run.errors) == (0, "")
    assert machine.stamp.exists() and machine.peers_stamp.exists()
    asked = machine.asked()[before:]
    assert "python -m venv .venv-peers" in asked and "python -c import torch, sae_lens.synthetic" in asked
    (torch,) = [line for line in asked if "torch==" in line]
    assert torch.endswith(f"--no-deps --no-index {torch_pin()}+cpu")
    (install,) = [line for line in asked if line.startswith("uv pip install")]
    assert install.endswith("--constraint constraints-peers.txt --python .venv-peers/bin/python")
    listed = (machine.clone / ".venv-peers" / "packages.txt").read_text().split()
    assert listed == [*project()["dependencies"], *map(str, peers())]


def test_without_our_environment_there_is_none_for_the_peers(machine):
    run = machine.has("python3").run("peers")
    assert_one_clear_line(run, "PYTHON=.venv/bin/python does not run")
    assert not machine.peers_stamp.exists()


@pytest.mark.parametrize("hang", ["*-m venv*", "*torch==*", "uv pip*"])
def test_an_environment_of_the_peers_killed_half_way_is_made_anew(machine, hang):
    machine.has("python3").run()
    machine.record.write_text("")
    killed = machine.start("peers", HANG=hang)
    machine.wait_until_asked(hang.replace("*", ".*"))
    os.killpg(killed.pid, signal.SIGKILL)
    killed.communicate()
    assert machine.stamp.exists() and not machine.peers_stamp.exists()
    assert machine.run("peers").returncode == 0 and machine.peers_stamp.exists()
    assert len(machine.asked("-m venv .venv-peers")) == 2


def test_changed_pins_of_the_peers_leave_our_environment_alone(machine):
    machine.has("python3").run()
    machine.run("peers")
    with (machine.clone / "constraints-peers.txt").open("a") as file:
        file.write("\n# changed\n")
    assert machine.run().output == ""
    assert "removing it" in machine.run("peers").output
    assert len(machine.asked("-m venv .venv-peers")) == 2 and len(machine.asked("-m venv .venv$")) == 1


# ---- the core alone


def test_the_core_is_installed_alone_and_the_package_as_a_copy(machine):
    machine.has("python3").run()
    before = len(machine.asked())
    run = machine.run("core")
    assert (run.returncode, run.errors) == (0, "")
    asked = machine.asked()[before:]
    assert "python -m venv .venv-core" in asked and "python -c import toysae; toysae.train" in asked
    (torch,) = [line for line in asked if "torch==" in line]
    assert torch.endswith(f"--no-deps --no-index {torch_pin()}+cpu")
    (install,) = [line for line in asked if line.startswith("uv pip install")]
    assert install.endswith("--constraint constraints.txt . --python .venv-core/bin/python")
    assert (machine.clone / ".venv-core" / "packages.txt").read_text().split() == project()["dependencies"]


def test_a_changed_module_makes_the_core_anew_and_packs_nothing_old(machine):
    machine.has("python3").run()
    machine.run("core")
    assert machine.run("core").output == ""
    (machine.clone / "build" / "lib").mkdir()
    (machine.clone / "toysae" / "__init__.py").write_text("# changed\n")
    assert machine.run().output == ""
    assert "removing it" in machine.run("core").output
    assert len(machine.asked("-m venv .venv-core")) == 2
    assert not (machine.clone / "build" / "lib").exists()


def test_what_is_looked_for_beside_the_core_is_what_only_extras_ask_for():
    looked_for = {canonicalize_name(name) for name in core_alone.only_in_extras()}
    asked_for = names(requirements()) | names(peers())
    assert looked_for == asked_for - names(map(Requirement, project()["dependencies"]))
    assert core_alone.is_installed("matplotlib") and not core_alone.is_installed("no-such-package")


def test_an_environment_that_nobody_knows_is_refused(machine):
    assert_one_clear_line(
        machine.has("python3").run("friends"), "knows no environment friends; it knows peers and core"
    )
    assert machine.asked() == []
