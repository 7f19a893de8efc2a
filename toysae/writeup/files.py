"""Files and folders that appear whole or not at all."""

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from toysae.writeup.project import Project


def write_whole(path: Path, content: bytes) -> None:
    """Write a file beside its place and move it there in one step. Leaves an equal file alone.

    Beside it, and not in build/, because build/ may be on another file system.
    """
    if path.exists() and path.read_bytes() == content:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    _remove_leftovers(path.parent, f".{path.name}-*")
    draft = path.with_name(f".{path.name}-{os.getpid()}")
    try:
        with draft.open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)


@contextmanager
def workshop(project: Project, label: str) -> Iterator[Path]:
    """An empty folder of this process on build/'s file system, gone afterwards.

    A lock beside it is held as long as this process lives: it tells the folder from those that killed ones left, which
    go now. (Numbers of processes would not: others get the same.)
    """
    folder = project.scratch / f"{label}-{os.getpid()}"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with _held(folder.with_suffix(".lock")):
        _remove_abandoned(project.scratch)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _held(path: Path) -> Iterator[None]:
    """Hold a lock file, which is gone afterwards."""
    lock = path.open("w")
    fcntl.flock(lock, fcntl.LOCK_EX)
    while not _is_at(path, lock):  # it was removed as abandoned before it was held
        lock.close()
        lock = path.open("w")
        fcntl.flock(lock, fcntl.LOCK_EX)
    with lock:
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


def _is_at(path: Path, file: IO) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(file.fileno()))
    except FileNotFoundError:
        return False


def _remove_abandoned(scratch: Path) -> None:
    """Remove the folders whose lock nobody holds, or that have none: a lock is there before its folder and after it."""
    for path in scratch.glob("*.lock"):
        with suppress(OSError), path.open("r+") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(path.with_suffix(""), ignore_errors=True)
            path.unlink()
    for folder in filter(Path.is_dir, scratch.iterdir()):
        if not folder.with_suffix(".lock").exists():
            shutil.rmtree(folder, ignore_errors=True)


def _remove_leftovers(folder: Path, pattern: str) -> None:
    """What processes that were killed left there: its name ends with the number of its process."""
    for path in folder.glob(pattern):
        try:
            os.kill(int(path.name.rpartition("-")[2]), 0)
        except ProcessLookupError:
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        except (ValueError, OverflowError, PermissionError):
            pass  # no such leftover, or someone else's


@contextmanager
def alone(project: Project, on_wait: Callable[[], None]) -> Iterator[None]:
    """Inside, no other process that asks for this is at work in the checkout. Calls on_wait() if it must wait."""
    project.scratch.mkdir(parents=True, exist_ok=True)
    with (project.scratch / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            on_wait()
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def swap_folder(new: Path, place: Path) -> None:
    """Move a finished folder to its place; what was there goes only after that."""
    place.parent.mkdir(parents=True, exist_ok=True)
    old = place.with_name(place.name + ".old")
    shutil.rmtree(old, ignore_errors=True)
    if place.exists():
        place.rename(old)
    new.rename(place)
    shutil.rmtree(old, ignore_errors=True)
