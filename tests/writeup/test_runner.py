"""The runner, on two tiny notebooks: what is executed, what is left alone, what survives a failure or an interrupt."""

import errno
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from base64 import b64decode

import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output
from tiny_project import alive, call, command, environment, files_below, make_tiny_project

from toysae.chapters.parameters import PARAMETERS
from toysae.claims.record import CLAIM_MIME, Record
from toysae.writeup import banner, book, crew, pairs, runner, stamps
from toysae.writeup.__main__ import main
from toysae.writeup.files import alone, workshop, write_whole


def published(project) -> dict[str, bytes]:
    """What a reproduction leaves in notebooks/."""
    return files_below(project.notebooks)


AT_WORK = """
import sys
from pathlib import Path
from toysae.writeup.files import workshop
from toysae.writeup.project import Project
with workshop(Project(Path(sys.argv[1])), "theirs") as folder:
    print(folder.name, flush=True)
    sys.stdin.read()
"""


def can_be_without_network() -> bool:
    if not shutil.which("unshare"):
        return False
    return subprocess.run(["unshare", "--map-root-user", "--net", "true"], capture_output=True).returncode == 0


@pytest.fixture(scope="module")
def reproduced(tmp_path_factory):
    """A project after one `reproduce`, in a folder whose name holds a space."""
    project = make_tiny_project(tmp_path_factory.mktemp("runner") / "a project")
    finished = call(project, "reproduce")
    return project, finished


@pytest.fixture
def project(reproduced):
    """That project; whatever a test does to its notebooks is undone."""
    project, _ = reproduced
    before, stamped = published(project), files_below(project.build / "stamps")
    yield project
    for folder, files in ((project.notebooks, before), (project.build / "stamps", stamped)):
        for path, content in files.items():
            (folder / path).write_bytes(content)


def claims(project) -> dict[tuple[str, str], dict]:
    return {(claim["notebook"], claim["id"]): claim for claim in json.loads(project.claims.read_text())}


def test_reproduce_executes_all_and_ends_well(reproduced):
    project, finished = reproduced
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert finished.stderr == ""
    for words in (
        "01_first: done in",
        "02_second: done in",
        "book: build/book/index.html",
        "claims: 2 of 2 as published",
    ):
        assert words in finished.stdout
    assert (project.book / "index.html").exists()


def test_claims_json_holds_the_claims_of_all_notebooks(reproduced):
    expected = {"notebook": "01_first", "id": "no-atoms", "statement": "At 0.1 no atom.", "holds": True, "case": 0}
    expected |= {"source": "seed", "verdict": "reproduced", "evidence": {"sigma": 0.1, "the_seed": 0}, "control": {}}
    found = claims(reproduced[0])
    assert found[("01_first", "no-atoms")] == expected
    assert found[("02_second", "even")]["source"] == "ours"


def test_named_figures_are_written_as_they_are_in_the_notebook(reproduced):
    project, _ = reproduced
    shown = pairs.read_executed(project.executed("02_second")).cells[5].outputs[0].data["image/png"]
    assert (project.notebooks / "figures" / "a_line.png").read_bytes() == b64decode(shown)


def test_an_executed_notebook_holds_its_sources_their_hash_and_nothing_of_this_machine(reproduced):
    project, _ = reproduced
    for name in project.names():
        executed, source = pairs.read_executed(project.executed(name)), pairs.read_source(project.source(name))
        assert pairs.cells_of(executed) == pairs.cells_of(source)
        assert pairs.stored_fingerprint(executed) == pairs.fingerprint(source)
        assert str(project.root).encode() not in project.executed(name).read_bytes()


def test_both_halves_of_a_pair_have_the_same_time(reproduced):
    project, _ = reproduced
    for name in project.names():
        assert project.source(name).stat().st_mtime_ns == project.executed(name).stat().st_mtime_ns


def test_nothing_is_left_in_the_scratch_folder(reproduced):
    assert [path.name for path in reproduced[0].scratch.iterdir()] == ["lock"]


@pytest.fixture
def no_book(monkeypatch):
    """Sphinx takes seconds and is tested elsewhere."""
    monkeypatch.setattr(book, "build", lambda project: project.book / "index.html")
    monkeypatch.setattr(book, "build_page", lambda project, name, notebook, place: None)


@pytest.fixture
def no_kernel(monkeypatch, no_book):
    """Instead of executing, hand back each notebook with one claim, of another case if its source says so."""

    def executed(jobs, folder, board):
        for job in jobs:
            sentence = str(job.parameters)
            case = job.source.read_text().count("false")
            record = Record("a", case, sentence, ("holds", "does not hold")[case], "ours")
            output = new_output("display_data", data={"text/markdown": sentence, CLAIM_MIME: record.in_cell()})
            notebook = new_notebook(cells=[new_code_cell("x", outputs=[output])])
            job.output.write_bytes(pairs.to_bytes(pairs.normalise(notebook, {"parameters": job.parameters})))
            yield crew.Outcome(job, reason="")

    monkeypatch.setattr(crew, "execute", executed)


def test_a_second_reproduce_executes_nothing_and_still_lists_all_claims(project, no_book, monkeypatch, capsys):
    def refuse(*_):
        raise AssertionError("a kernel was started")

    monkeypatch.setattr(crew, "_Worker", refuse)
    before = published(project)
    project.claims.unlink()
    assert main(["reproduce"], project) == 0
    assert published(project) == before
    assert len(claims(project)) == 2
    assert "01_first: up to date" in capsys.readouterr().out


def test_a_forced_second_run_is_byte_identical(project):
    before, listed = published(project), project.claims.read_bytes()
    finished = call(project, "reproduce", "--force", TINY_NO_BOOK="1")
    assert finished.returncode == 0
    assert finished.stdout.count("done in") == 2
    assert published(project) == before
    assert project.claims.read_bytes() == listed


@pytest.mark.parametrize("way", [{}, {"TINY_FRESH": "1"}], ids=["forked", "fresh"])
def test_nothing_of_the_users_own_reaches_a_published_run(project, tmp_path, way):
    before = published(project)
    kernel = tmp_path / "kernels" / "python3" / "kernel.json"
    kernel.parent.mkdir(parents=True)
    kernel.write_text(json.dumps({"argv": ["false"], "display_name": "Another", "language": "python"}))
    (tmp_path / "start.py").write_text("import matplotlib\nmatplotlib.rcParams['lines.linewidth'] = 7\n")
    (tmp_path / "matplotlibrc").write_text("lines.linewidth: 9\n")
    own = {"JUPYTER_PATH": str(tmp_path), "PYTHONSTARTUP": str(tmp_path / "start.py"), "TINY_NO_BOOK": "1"}
    own |= {"MATPLOTLIBRC": str(tmp_path / "matplotlibrc"), "JPY_SESSION_NAME": str(project.executed("01_first"))}
    startup = tmp_path / "ipython" / "profile_default" / "startup" / "00.py"
    startup.parent.mkdir(parents=True)
    shutil.copy(tmp_path / "start.py", startup)
    own |= {"IPYTHONDIR": str(tmp_path / "ipython"), "MPLBACKEND": "svg", "PYTHONHASHSEED": "7"}
    finished = call(project, "reproduce", "--force", **own, **way)
    assert finished.returncode == 0, finished.stdout
    assert published(project) == before


FILES = ["toysae/science.py", "constraints.txt", "notebooks/02_second.py", "notebooks/02_second.ipynb"]


@pytest.mark.parametrize("file", FILES)
def test_a_notebook_is_stale_once_anything_it_depends_on_has_changed(project, file):
    path = project.root / file
    before = path.read_bytes()
    assert stamps.is_fresh(project, "02_second")
    path.write_bytes(before + b"\n")
    assert not stamps.is_fresh(project, "02_second")
    path.write_bytes(before)
    assert stamps.is_fresh(project, "02_second")


@pytest.mark.parametrize("file", ["package/more.py", "notebooks/tables/more.csv"])
def test_a_new_file_of_the_package_or_a_new_table_makes_a_notebook_stale(project, file):
    path = {"package": project.package, "notebooks": project.notebooks}[file.partition("/")[0]] / file.partition("/")[2]
    path.parent.mkdir(exist_ok=True)
    path.write_text("")
    assert not stamps.is_fresh(project, "01_first")
    path.unlink()
    assert stamps.is_fresh(project, "01_first")


def test_a_notebook_that_lost_its_stamp_or_its_outputs_is_stale(project):
    project.executed("01_first").unlink()
    assert not stamps.is_fresh(project, "01_first")
    (project.build / "stamps" / "02_second.json").write_text("{")
    assert not stamps.is_fresh(project, "02_second")


@pytest.mark.parametrize(
    ("seconds", "order"), [((9, 2), "12"), ((2, 9), "21"), ((None, 9), "12"), ((None, None), "21")]
)
def test_what_takes_longest_begins_first(project, no_book, monkeypatch, seconds, order):
    took = dict(zip(project.names(), seconds, strict=True))
    monkeypatch.setattr(stamps, "seconds_of", lambda _, name: took[name])
    begun = []
    monkeypatch.setattr(crew, "execute", lambda jobs, folder, board: begun.extend(jobs) or (_ for _ in ()))
    main(["reproduce", "--force"], project)
    assert [job.name[1] for job in begun] == list(order)


def test_a_failing_notebook_leaves_its_pair_and_the_others_untouched(project):
    before = published(project)
    finished = call(project, "reproduce", "--force", TINY_ERROR="1", TINY_NO_BOOK="1")
    assert finished.returncode == 1
    assert "02_second: FAILED" in finished.stdout
    assert "AssertionError: asked to fail" in finished.stdout
    assert "\x1b[" not in finished.stdout
    assert "01_first: done in" in finished.stdout
    assert published(project) == before
    assert (project.build / "failed" / "02_second.ipynb").exists()
    assert "build/failed/02_second.ipynb" in finished.stdout
    assert "book: build/book/index.html" in finished.stdout
    assert len(claims(project)) == 2


@pytest.fixture
def published_run(project, no_kernel, capsys):
    """The project with a published run of one claim in each notebook."""
    assert main(["reproduce", "--force"], project) == 0
    assert main(["publish"], project) == 0
    assert "published: 2 claims (notebooks/published.json)" in capsys.readouterr().out
    yield project
    project.published.unlink()


def turn(project, name: str) -> None:
    """Make the claim of a notebook come out in another case."""
    with project.source(name).open("a") as source:
        source.write("# false")


@pytest.mark.parametrize(("strict", "code"), [("", 0), ("0", 0), ("1", 1)])
def test_a_claim_that_is_not_as_published_is_named_and_a_strict_run_fails(
    published_run, strict, code, capsys, monkeypatch
):
    monkeypatch.setenv("STRICT", strict)
    assert main(["reproduce", "--force"], published_run) == 0
    assert "claims: 2 of 2 as published" in capsys.readouterr().out
    turn(published_run, "02_second")
    assert main(["reproduce"], published_run) == code
    said = capsys.readouterr().out
    assert said.splitlines()[-1] == "1 of 2 verdicts as published; no number differs (build/comparison.json)"
    told = json.loads(published_run.comparison.read_text())
    assert [claim["now"]["case"] for claim in told["claims"]] == [0, 1]
    assert told["published"] == told["now"]
    assert "torch" in told["now"]["versions"] and told["now"]["processor"]
    assert "02_second: claim a is not as published (does not hold): {}" in said
    assert "claims: 1 of 2 as published" in said
    assert [claim["holds"] for claim in json.loads(published_run.claims.read_text())] == [True, False]


def test_publishing_makes_what_came_out_the_measure_of_later_runs(published_run, monkeypatch):
    monkeypatch.setenv("STRICT", "1")
    before = published_run.published.read_bytes()
    assert main(["publish"], published_run) == 0
    assert published_run.published.read_bytes() == before
    turn(published_run, "02_second")
    assert main(["reproduce"], published_run) == 1
    assert main(["publish"], published_run) == 0
    assert json.loads(published_run.published.read_text())["claims"]["02_second"]["a"]["case"] == 1
    assert [claim["holds"] for claim in json.loads(published_run.claims.read_text())] == [True, True]
    assert main(["reproduce"], published_run) == 0


def test_only_a_whole_run_of_the_present_sources_can_be_published(published_run, capsys):
    before = published_run.published.read_bytes()
    turn(published_run, "02_second")
    published_run.executed("01_first").unlink()
    assert main(["publish"], published_run) == 1
    said = "nothing was published: 01_first was not executed, 02_second has results of other sources; "
    assert capsys.readouterr().err == said + "make reproduce executes them\n"
    assert published_run.published.read_bytes() == before


def test_a_notebook_that_failed_is_not_published_until_it_succeeds(published_run, capsys):
    remains = published_run.build / "failed" / "01_first.ipynb"
    remains.parent.mkdir(exist_ok=True)
    remains.write_text("{}")
    assert main(["publish"], published_run) == 1
    assert "nothing was published: 01_first failed; " in capsys.readouterr().err
    assert main(["reproduce", "--force"], published_run) == 0
    assert main(["publish"], published_run) == 0


def wait_for(condition, seconds=120.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.05)


def started(project, mark, **extra) -> subprocess.Popen:
    """A `reproduce` that has come to the sleeping cell of 02_second, whose kernel wrote its process id to `mark`."""
    words, told = command(project, "reproduce"), environment(TINY_SLEEP=str(mark), TINY_NO_BOOK="1", **extra)
    running = subprocess.Popen(words, env=told, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    wait_for(lambda: mark.exists() and mark.read_text())
    return running


def offspring(process_id: int) -> set[int]:
    """All processes that a process started, and those that they started."""
    listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    parents = dict(map(int, line.split()) for line in listed.splitlines())
    found = {process_id}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found - {process_id}


def test_an_interrupt_leaves_the_pair_and_the_next_run_goes_on_with_what_is_missing(project, tmp_path):
    old, mark = project.executed("02_second").read_bytes(), tmp_path / "kernel"
    project.executed("01_first").unlink()
    (project.build / "stamps" / "02_second.json").unlink()
    running = started(project, mark)
    wait_for(lambda: stamps.is_fresh(project, "01_first"))
    running.send_signal(signal.SIGINT)
    said, _ = running.communicate(timeout=60)
    assert running.returncode == 130
    assert "interrupted" in said
    assert "Traceback" not in said
    wait_for(lambda: not alive(int(mark.read_text())), 20)
    assert project.executed("02_second").read_bytes() == old
    finished = call(project, "reproduce", TINY_NO_BOOK="1")
    assert finished.returncode == 0
    assert "01_first: up to date" in finished.stdout
    assert "02_second: done in" in finished.stdout
    assert project.executed("02_second").read_bytes() == old


@pytest.mark.parametrize("way", [{}, {"TINY_FRESH": "1"}], ids=["forked", "fresh"])
def test_even_a_kill_leaves_the_pair_and_ends_every_process(project, tmp_path, way):
    before, mark = published(project), tmp_path / "kernel"
    (project.build / "stamps" / "02_second.json").unlink()
    running = started(project, mark, **way)
    below = offspring(running.pid)
    assert int(mark.read_text()) in below
    running.kill()
    running.communicate(timeout=60)
    wait_for(lambda: not any(map(alive, below)), 20)
    assert published(project) == before
    left = {path.name for path in project.scratch.iterdir()} - {"lock"}
    assert left == {f"reproduce-{running.pid}", f"reproduce-{running.pid}.lock"}
    with workshop(project, "next"):
        assert not left & {path.name for path in project.scratch.iterdir()}


@pytest.mark.skipif(not can_be_without_network(), reason="needs unshare, and the right to use it")
def test_a_run_needs_no_network_device(project):
    before = published(project)
    without = ["unshare", "--map-root-user", "--net", *command(project, "reproduce", "--force")]
    told = environment(TINY_NO_BOOK="1")
    finished = subprocess.run(without, env=told, capture_output=True, text=True, timeout=120)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert published(project) == before


def test_the_folder_of_another_process_stays_as_long_as_that_lives(project, tmp_path):
    words = [sys.executable, "-c", AT_WORK, str(project.root)]
    with subprocess.Popen(words, env=environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        folder = project.scratch / other.stdout.readline().strip()
        with workshop(project, "mine"):
            assert folder.exists()
        other.kill()
    with workshop(project, "mine"):
        assert not folder.exists()


def test_a_leftover_is_removed_whoever_has_the_number_of_its_process_now(project):
    leftover = project.scratch / f"reproduce-{os.getppid()}"
    leftover.mkdir()
    leftover.with_suffix(".lock").touch()
    with workshop(project, "mine") as mine, workshop(project, "second"):
        assert mine.exists()
        assert not leftover.exists()


def test_a_full_disk_gives_one_line_and_loses_nothing(project, no_kernel, monkeypatch, capsys):
    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    before = published(project)
    monkeypatch.setattr(os, "fsync", full)
    assert main(["reproduce", "--force"], project) == 1
    said = capsys.readouterr()
    assert said.err.count("\n") == 1
    assert "No space left on device" in said.err
    assert published(project) == before
    assert [path.name for path in project.scratch.iterdir()] == ["lock"]


def test_a_file_is_written_on_the_file_system_of_its_place(project, monkeypatch):
    move = os.replace

    def across(old, new):
        if os.path.dirname(old) != os.path.dirname(new):
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        move(old, new)

    monkeypatch.setattr(os, "replace", across)
    target, ended = project.notebooks / "figures" / "new.png", subprocess.Popen(["true"])
    ended.wait()
    leftover = target.with_name(f".new.png-{ended.pid}")
    leftover.write_bytes(b"half")
    write_whole(target, b"whole")
    assert target.read_bytes() == b"whole"
    assert not leftover.exists()
    target.unlink()


@pytest.mark.parametrize(("word", "code"), [(["lab"], 1), (["run", "02"], 2), (["publish"], 1)])
def test_a_source_that_is_no_utf8_is_one_line(project, word, code, capsys):
    project.source("02_second").write_bytes(b"# %%\n'\xff'\n")
    project.executed("02_second").unlink()
    assert main(word, project) == code
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and "Traceback" not in said


@pytest.mark.parametrize("end", [">&-", "| true", "2>&- >&-"])
def test_a_closed_output_gives_no_traceback(project, end):
    words = " ".join(shlex.quote(word) for word in command(project, "reproduce"))
    told = environment(TINY_NO_BOOK="1")
    finished = subprocess.run(f"{words} {end}", shell=True, env=told, stderr=subprocess.PIPE, text=True, timeout=60)
    assert "Traceback" not in finished.stderr and "Exception" not in finished.stderr


def test_a_file_appears_whole_or_not_at_all(project, monkeypatch):
    target = project.build / "file"
    write_whole(target, b"old")

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_whole(target, b"new")
    assert target.read_bytes() == b"old"


def test_a_second_process_waits_for_the_first_and_can_be_told_to_stop(project):
    with alone(project, lambda: None):
        waiting = subprocess.Popen(
            command(project, "book"), env=environment(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        assert "waiting for another run" in waiting.stdout.readline()
        waiting.terminate()
        waiting.communicate(timeout=30)
    assert waiting.returncode == 130


def test_a_run_with_other_parameters_has_a_folder_a_banner_and_its_own_claims(project):
    before = published(project)
    finished = call(project, "run", "01", "sigma=0.5", "init=random-sign")
    assert finished.returncode == 0, finished.stdout + finished.stderr
    folder = project.runs / "01_first"
    assert {"01_first.ipynb", "01_first.html", "claims.json", "_static"} <= {path.name for path in folder.iterdir()}
    notebook = pairs.read_executed(folder / "01_first.ipynb")
    assert notebook.cells[0].source == "# A first chapter"
    assert "`sigma` is 0.5 (published: 0.1)" in notebook.cells[1].source
    assert "`init` is random-sign (published: positive)" in notebook.cells[1].source
    assert json.loads((folder / "claims.json").read_text())[0]["statement"] == "At 0.5 an atom."
    assert 'class="verdict-fails">differs<' in (folder / "01_first.html").read_text()
    assert published(project) == before


def test_an_earlier_run_is_kept_beside_one_with_other_parameters_and_replaced_by_the_same(project, no_kernel):
    shutil.rmtree(project.runs, ignore_errors=True)
    for words in (["sigma=0.2"], ["seed=3", "sigma=0.4"], ["sigma=0.4", "seed=3"], ["sigma=0.2"], []):
        assert main(["run", "01", *words], project) == 0
    claims = {path.name: json.loads((path / "claims.json").read_text()) for path in project.runs.iterdir()}
    assert {name: found[0]["statement"] for name, found in claims.items()} == {
        "01_first": "{}",
        "01_first@sigma=0.2": "{'sigma': 0.2}",
        "01_first@seed=3,sigma=0.4": "{'sigma': 0.4, 'seed': 3}",
    }


def test_a_run_exits_0_whatever_its_claims_say(published_run, monkeypatch):
    monkeypatch.setenv("STRICT", "1")
    turn(published_run, "02_second")
    assert main(["run", "02"], published_run) == 0
    assert json.loads((published_run.runs / "02_second" / "claims.json").read_text())[0]["holds"] is False


def test_a_run_that_fails_exits_1_and_keeps_the_earlier_one(project, no_book, monkeypatch):
    def failed(jobs, folder, board):
        yield crew.Outcome(jobs[0], reason="asked to fail")

    place = project.runs / "02_second"
    place.mkdir(parents=True, exist_ok=True)
    (place / "claims.json").write_text("[]")
    monkeypatch.setattr(crew, "execute", failed)
    assert main(["run", "02", "seed=5"], project) == 1
    assert (place / "claims.json").read_text() == "[]"


def test_a_value_equal_to_the_published_one_counts_as_unchanged(project):
    plan = runner.plan(project, "01", ["sigma=0.1", "seed=4"], PARAMETERS)
    assert plan.changed == {"seed": 4}
    assert "sigma" not in banner.text(plan.changed, plan.published)


def test_clean_removes_what_is_generated_and_keeps_the_notebooks(tmp_path):
    project = make_tiny_project(tmp_path / "project")
    write_whole(project.build / "book" / "index.html", b"x")
    before = published(project)
    assert main(["clean"], project) == 0
    assert not project.build.exists()
    assert published(project) == before
