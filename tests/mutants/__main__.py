"""Puts one bug after the other into a copy of the project, and tells which ones no test notices.

make mutants                          all of them
make mutants ARGS="adam resampling"   those whose name or file holds one of these words
"""

from __future__ import annotations

import importlib
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from mutants.listed import LISTED, ROOT, Mutant, Stale

AT_ONCE = 2
PATIENCE = 300  # seconds, after which tests that do not end have noticed
LEFT_BEHIND = shutil.ignore_patterns(".*", "build", "__pycache__", "*.egg-info", "*.ipynb")
# What the package stands on is imported once; a fork then has it at no cost
COMMON = ("numpy", "scipy.optimize", "scipy.special", "scipy.stats", "torch", "torch._dynamo", "sklearn.linear_model")
NOTICED, SURVIVED, BROKEN = "noticed", "SURVIVED", "BROKEN"


@dataclass
class Job:
    """Tests that run in a copy of the project, with a bug in it or with none."""

    mutant: Mutant | None
    tests: tuple[str, ...]
    copy: Path
    since: float = 0.0
    pid: int = 0

    @property
    def output(self) -> Path:
        return self.copy / "output.txt"

    def start(self) -> None:
        if self.mutant:
            (self.copy / self.mutant.file).write_text(self.mutant.source(), encoding="utf-8")
        self.since, self.pid = time.monotonic(), os.fork()
        if not self.pid:
            _run_tests(self.copy, self.tests, self.output)
        os.setpgid(self.pid, self.pid)  # as the child does: whoever comes first

    def ended(self) -> int | None:
        """What pytest returned; None while it runs. A run that does not end is ended, and counts as failed tests."""
        pid, status = os.waitpid(self.pid, os.WNOHANG)
        if not pid and time.monotonic() - self.since > PATIENCE:
            self.end()
            return int(pytest.ExitCode.TESTS_FAILED)
        return os.waitstatus_to_exitcode(status) if pid else None

    def end(self) -> None:
        """With all that it started."""
        os.killpg(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)

    def tidy(self) -> None:
        if self.mutant:
            shutil.copyfile(ROOT / self.mutant.file, self.copy / self.mutant.file)


def _run_tests(copy: Path, tests: Sequence[str], output: Path) -> None:
    """In a process of its own, which this ends."""
    os.setpgid(0, 0)
    with output.open("wb") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    os.chdir(copy)
    sys.path[:] = [str(copy), *(path for path in sys.path if Path(path or ".").resolve() not in (ROOT, ROOT / "tests"))]
    os.environ["PYTHONPATH"] = str(copy)
    import toysae

    assert Path(toysae.__file__).is_relative_to(copy), toysae.__file__
    paths = [f"tests/{test}" for test in tests]
    code = pytest.main(["-n", "0", "-x", "-q", "-p", "no:cacheprovider", "--rootdir", ".", *paths])
    sys.stdout.flush()
    os._exit(int(code))


def _verdict(job: Job, code: int) -> str:
    if job.mutant is None:
        return SURVIVED if code == pytest.ExitCode.OK else BROKEN
    if code == pytest.ExitCode.OK:
        return SURVIVED
    # Tests that cannot even be collected have noticed a bug; tests that are not there have not
    return BROKEN if code in (pytest.ExitCode.USAGE_ERROR, pytest.ExitCode.NO_TESTS_COLLECTED) else NOTICED


def judged(jobs: list[tuple[Mutant | None, tuple[str, ...]]], copies: list[Path]) -> Iterator[tuple[Job, str, float]]:
    """Runs all jobs, as many at once as there are copies; each as it is finished: its verdict, and its seconds."""
    waiting, free = list(jobs), list(copies)
    running: list[Job] = []
    try:
        while waiting or running:
            while waiting and free:
                running.append(Job(*waiting.pop(0), free.pop()))
                running[-1].start()
            time.sleep(0.05)
            for job in list(running):
                code = job.ended()
                if code is not None:
                    running.remove(job)
                    free.append(job.copy)
                    job.tidy()
                    yield job, _verdict(job, code), time.monotonic() - job.since
    finally:  # after Ctrl-C, tests that still run
        for job in running:
            job.end()


def wanted(words: Sequence[str]) -> list[Mutant]:
    """The mutants whose name or file holds one of these words; all without words. Raises ValueError for none."""
    found = [m for m in LISTED if not words or any(word in m.name or word in m.file for word in words)]
    if not found:
        raise ValueError(f"ARGS is {' '.join(words)}: allowed are words that the name or the file of a mutant holds")
    for mutant in found:
        mutant.source()
    return found


def main(words: Sequence[str]) -> int:
    """Tells of every mutant whether it was noticed; 1 if one survived, 2 where nothing could be tried."""
    try:
        mutants = wanted(words)
    except (Stale, ValueError) as problem:
        print(problem, file=sys.stderr)
        return 2
    for name in COMMON:
        importlib.import_module(name)
    sys.dont_write_bytecode = True
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"  # a bug of the same length and second would not be compiled anew
    with tempfile.TemporaryDirectory(prefix="mutants-") as scratch:
        copies = [Path(scratch, str(i)) for i in range(AT_ONCE)]
        for copy in copies:
            shutil.copytree(ROOT, copy, ignore=LEFT_BEHIND)
        return _tried(mutants, copies)


def _tried(mutants: list[Mutant], copies: list[Path]) -> int:
    files = sorted({test for mutant in mutants for test in mutant.tests})
    broken = [
        job.tests[0] for job, verdict, _ in judged([(None, (file,)) for file in files], copies) if verdict == BROKEN
    ]
    if broken:
        print(f"These fail without any bug, so they can notice none: {', '.join(broken)}", file=sys.stderr)
        return 2
    survivors = []
    for count, (job, verdict, seconds) in enumerate(judged([(m, m.tests) for m in mutants], copies), start=1):
        assert job.mutant is not None
        told = f"{verdict}  {seconds:5.1f} s  {job.mutant.file}: {job.mutant.name}"
        print(f"{count:4} of {len(mutants)}  {told}", flush=True)
        survivors += [] if verdict == NOTICED else [job.mutant.name]
    print(f"\n{len(survivors)} of {len(mutants)} bugs survived" + "".join(f"\n  {name}" for name in survivors))
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
