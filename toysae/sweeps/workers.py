"""Who computes: processes on this machine, or the workers of a Dask cluster."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import socket
import sys
import threading
import traceback
from collections.abc import Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from multiprocessing.connection import Connection
from pathlib import Path

from tqdm import tqdm

from toysae.sweeps.origin import code_hash
from toysae.sweeps.settings import Point, Setting, plain, point_name

THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
PATIENCE = 10  # seconds that a scheduler may take to answer


def executor_for(n_workers: int | None, scheduler: str | None, n_missing: int) -> AbstractContextManager[Executor]:
    """A context manager around the executor for so many settings. Raises ValueError for what cannot be."""
    if n_workers is not None and (not isinstance(n_workers, int) or n_workers < 1):
        raise ValueError(f"n_workers is {n_workers!r}: allowed is a whole number of 1 or more")
    if scheduler is not None and n_workers is not None:
        raise ValueError(f"n_workers is {n_workers} beside a scheduler: allowed is None, a cluster has its own workers")
    if scheduler is not None and n_missing:
        return _cluster(scheduler)
    return _processes(max(1, min(n_workers or _cores(), n_missing)))  # none starts before it is asked


def computed(
    executor: Executor, point: Point, missing: dict[str, Setting], code: str, n_done: int
) -> Iterator[tuple[str, list[dict], str]]:
    """Computes the missing settings; yields key, rows and the reason of a failure ('' for none) as each is finished."""
    futures = {_submitted(executor, point, setting, code): key for key, setting in missing.items()}
    with _bar(total=n_done + len(missing), initial=n_done) as bar:
        for future in as_completed(futures):
            yield futures[future], *_answer(future)
            bar.update()


def _submitted(executor: Executor, point: Point, setting: Setting, code: str) -> Future:
    try:
        return executor.submit(_rows, point, setting, code)
    except BrokenProcessPool as problem:  # a worker died over an earlier setting: told for each, as for those before
        failed: Future = Future()
        failed.set_exception(problem)
        return failed


def _answer(future: Future) -> tuple[list[dict], str]:
    """Rows, and why there are none."""
    try:
        answer = json.loads(future.result())
    except BrokenProcessPool:
        return [], "a worker process ended before its time: killed, or out of memory"
    except Exception as problem:  # the cluster lost it: the other settings are still wanted
        return [], _in_a_line(problem)
    return answer["rows"], answer["reason"]


def _rows(point: Point, setting: Setting, code: str) -> str:
    """What a worker does: the rows of one setting, or the reason why there are none, as JSON."""
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)  # a sum in another order has other last digits
    try:
        return json.dumps({"rows": _checked_rows(point, setting, code), "reason": ""})
    except Exception as problem:  # whatever a point may raise
        place = traceback.extract_tb(problem.__traceback__)[-1]
        reason = f"{_in_a_line(problem)} ({Path(place.filename).name}, line {place.lineno})"
        return json.dumps({"rows": [], "reason": reason})


def _checked_rows(point: Point, setting: Setting, code: str) -> list[dict]:
    if _code_here(point) != code:
        raise RuntimeError("this worker has other code or libraries than the process that asked it")
    rows = plain(point(**setting))
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise TypeError(f"{point_name(point)} returned {type(rows).__name__}: allowed is a list of dicts or a table")
    return rows


def _in_a_line(problem: Exception) -> str:
    return f"{type(problem).__name__}: {problem}".rstrip(": ").splitlines()[0]


@cache
def _code_here(point: Point) -> str:
    """Taken once by each worker, when it has just read its modules."""
    return code_hash(point)


def _bar(**counts: int) -> tqdm:
    """A progress bar on a terminal, and nothing elsewhere: in a notebook it would stay among the results."""
    off = os.environ.get("TQDM_DISABLE", "") not in ("", "0")
    return tqdm(**counts, unit="setting", disable=off or None, dynamic_ncols=True)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def _processes(n: int) -> Iterator[Executor]:
    """Fresh processes of one thread each. They end with the block, however it ends, and with this process."""
    context = multiprocessing.get_context("spawn")
    held, leash = context.Pipe(duplex=False)
    with _environment(dict.fromkeys(THREADS, "1")):
        pool = ProcessPoolExecutor(n, context, _become_worker, (held,))
        try:
            yield pool
        except BaseException:
            leash.close()  # the workers end at once, in the middle of what they do
            raise
        finally:
            pool.shutdown(cancel_futures=True)
            leash.close()
            held.close()


def _become_worker(held: Connection) -> None:
    """Leaves Ctrl-C to the process that started this one, and ends when that one lets go of the leash."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_leash, args=(held,), daemon=True).start()


def _end_with_leash(held: Connection) -> None:
    held.poll(None)
    os._exit(1)


@contextmanager
def _environment(values: dict[str, str]) -> Iterator[None]:
    before = os.environ.copy()
    os.environ.update(values)
    try:
        yield
    finally:
        for name in values:
            os.environ.pop(name)
        os.environ.update({name: before[name] for name in values if name in before})


@contextmanager
def _cluster(scheduler: str) -> Iterator[Executor]:
    """The workers of a Dask scheduler. They need the same code and the same libraries."""
    try:
        from distributed import Client
        from distributed.comm.addressing import get_address_host_port
    except ImportError:
        raise ValueError(f"scheduler is {scheduler}: allowed only with Dask, pip install 'dask[distributed]'") from None
    try:
        # A client that finds no scheduler hangs when Python ends, so we knock first
        socket.create_connection(get_address_host_port(scheduler), PATIENCE).close()
        client = Client(scheduler, timeout=PATIENCE, set_as_default=False)
    except (OSError, ValueError) as problem:
        allowed = "allowed is the address of a Dask scheduler, for example tcp://10.0.0.1:8786"
        raise ValueError(f"scheduler is {scheduler!r}: {allowed} ({_in_a_line(problem)})") from None
    with client:
        executor = client.get_executor(pure=False)
        try:
            yield executor
        finally:
            executor.shutdown(wait=False)  # after an interrupt, what is not finished is given up
