"""Executing notebooks: all of them as published, or one with other parameters."""

import math
import os
import shutil
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from toysae.claims.record import Published, Record, to_bytes
from toysae.claims.words import setting
from toysae.writeup import banner, book, comparison, crew, pairs, records, stamps
from toysae.writeup.assignments import Parameters, parse_assignments
from toysae.writeup.board import Board, board_for
from toysae.writeup.files import alone, swap_folder, workshop, write_whole
from toysae.writeup.project import Project


@dataclass(frozen=True)
class Plan:
    """A run that was found to be possible: which notebook, and the parameters that differ from the published ones."""

    name: str
    changed: dict
    published: dict


def reproduce(project: Project, force: bool = False, strict: bool = False) -> int:
    """Execute every notebook that is not up to date, then write the claims, the figures and the book.

    force   executes all of them
    strict  takes a claim that did not come out as published for a failure

    Returns the exit code: 0 if all succeeded, else 1.
    """
    began, board = time.monotonic(), board_for()
    with alone(project, lambda: board.line("waiting for another run in this checkout to end")):
        names = project.names()
        due = [name for name in names if force or not stamps.is_fresh(project, name)]
        for name in names:
            if name not in due:
                board.line(f"{name}: up to date")
        all_done = _execute_all(project, due, board)
        _write_figures(project)
        claims = _write_claims(project)
        book_made = _make_book(project, board)
    n_saes = sum(records.trained_in(book.present(project, name)) for name in project.names())
    _close(claims, n_saes, began, board)
    _write_comparison(project, board)
    as_wanted = not strict or all(claim.holds for claim in claims)
    return 0 if all_done and book_made and as_wanted else 1


def publish(project: Project) -> int:
    """Make the executed notebooks, as they are, the published run: later runs are compared with it.

    Returns the exit code. Raises ValueError, in one line, if a notebook has no results of its present sources.
    """
    board = board_for()
    with alone(project, lambda: board.line("waiting for another run in this checkout to end")):
        lacking = [f"{name} {state}" for name in project.names() if (state := _lacks(project, name))]
        if lacking:
            raise ValueError(f"nothing was published: {', '.join(lacking)}; make reproduce executes them")
        write_whole(project.published, book.this_run(project).to_bytes())
        claims = _write_claims(project)
    board.line(f"published: {len(claims)} claims ({project.published.relative_to(project.root)})")
    return 0


def plan(project: Project, wanted: str, assignments: list[str], parameters: Parameters) -> Plan:
    """Check a run without starting anything. Raises ValueError, in one line, for what cannot be.

    parameters  what those of notebooks may be
    """
    name = project.find(wanted)
    published = pairs.published_parameters(pairs.read_source(project.source(name)))
    values = parse_assignments(assignments, published, parameters)
    return Plan(name, {key: value for key, value in values.items() if value != published[key]}, published)


def run(project: Project, plan: Plan) -> int:
    """Execute one notebook with other parameters into build/run/NAME/. Returns the exit code."""
    board = board_for()
    with workshop(project, "run") as folder:
        result = folder / plan.name
        result.mkdir()
        job = _job(project, plan.name, folder, plan.changed, banner.text(plan.changed, plan.published))
        with closing(crew.execute([job], folder, board)) as outcomes:
            outcome = next(outcomes)
        if not outcome.succeeded:
            _report_failure(project, outcome, board)
            return 1
        os.replace(job.output, result / job.output.name)
        return _finish_run(project, plan.name, result, board)


def make_book(project: Project) -> int:
    """Make the book from the notebooks as they are. Returns the exit code."""
    board = board_for()
    with alone(project, lambda: board.line("waiting for another run in this checkout to end")):
        return 0 if _make_book(project, board) else 1


def clean(project: Project) -> None:
    """Remove what is generated and not in git."""
    shutil.rmtree(project.build, ignore_errors=True)


def _lacks(project: Project, name: str) -> str:
    """Why a notebook cannot be published; empty if it can."""
    if not project.executed(name).exists():
        return "was not executed"
    if _failed(project, name).exists():
        return "failed"
    return "" if stamps.is_fresh(project, name) else "has results of other sources"


def _failed(project: Project, name: str) -> Path:
    """Where what there is of a notebook is kept after a failure, until it succeeds."""
    return project.build / "failed" / f"{name}.ipynb"


def _execute_all(project: Project, names: list[str], board: Board) -> bool:
    sources = {name: stamps.sources_hash(project, name) for name in names}
    failures = 0
    with workshop(project, "reproduce") as folder:
        jobs = [_job(project, name, folder) for name in _longest_first(project, names)]
        with closing(crew.execute(jobs, folder, board)) as outcomes:
            for outcome in outcomes:
                if outcome.succeeded:
                    _put_in_place(project, outcome)
                    stamps.put(project, outcome.job.name, sources[outcome.job.name], outcome.seconds)
                else:
                    failures += 1
                    _report_failure(project, outcome, board)
    return not failures


def _longest_first(project: Project, names: list[str]) -> list[str]:
    """By how long they took here, so that no core waits at the end; the later a chapter, the more it computes."""
    return sorted(names, key=lambda name: (stamps.seconds_of(project, name) or math.inf, name), reverse=True)


def _put_in_place(project: Project, outcome: crew.Outcome) -> None:
    name = outcome.job.name
    _failed(project, name).unlink(missing_ok=True)
    write_whole(project.executed(name), outcome.job.output.read_bytes())
    times = project.source(name).stat()  # equal times, else Jupytext calls one of the two outdated
    os.utime(project.executed(name), ns=(times.st_atime_ns, times.st_mtime_ns))


def _report_failure(project: Project, outcome: crew.Outcome, board: Board) -> None:
    for line in outcome.traceback:
        board.line(f"    {line}")
    if outcome.job.partial.exists():
        kept = _failed(project, outcome.job.name)
        kept.parent.mkdir(parents=True, exist_ok=True)
        os.replace(outcome.job.partial, kept)
        board.line(f"    what there is of it was kept in {kept.relative_to(project.root)}")


def _write_figures(project: Project) -> None:
    for name in project.names():
        for figure, png in records.figures_of(book.present(project, name)).items():
            write_whole(project.notebooks / "figures" / f"{figure}.png", png)


def _write_claims(project: Project) -> list[Record]:
    claims = book.claims_of_all(project)
    write_whole(project.claims, to_bytes(claims))
    return claims


def _write_comparison(project: Project, board: Board) -> None:
    found = book.compared(project)
    if found:
        write_whole(project.comparison, found.to_bytes())
        board.line(f"{comparison.summary(found)} ({project.comparison.relative_to(project.root)})")


def _make_book(project: Project, board: Board) -> bool:
    try:
        front = book.build(project)
    except book.BookError as problem:
        board.line(f"book: FAILED\n{problem}")
        return False
    board.line(f"book: {front.relative_to(project.root)}")
    return True


def _close(claims: list[Record], n_saes: int, began: float, board: Board) -> None:
    for claim in claims:
        if not claim.holds:
            board.line(f"{claim.notebook}: claim {claim.id} is not as published ({claim.word}): {claim.statement}")
    board.line(f"claims: {sum(claim.holds for claim in claims)} of {len(claims)} as published (build/claims.json)")
    if n_saes:
        board.line(f"trained: {n_saes:,} SAEs")
    board.line(f"{time.monotonic() - began:.0f} s in all")


def _finish_run(project: Project, name: str, result: Path, board: Board) -> int:
    executed = pairs.read_executed(result / f"{name}.ipynb")
    claims = records.claims_of(name, executed, Published.read(project.published))
    write_whole(result / "claims.json", to_bytes(claims))
    try:
        book.build_page(project, name, executed, result)
    except book.BookError as problem:
        board.line(f"page: FAILED\n{problem}")
        return 1
    place = project.runs / name
    _make_room(place, _parameters_of(place), _parameters_of(result))
    swap_folder(result, place)
    board.line(f"page: {(place / f'{name}.html').relative_to(project.root)}")
    return 0


def _make_room(place: Path, earlier: dict | None, new: dict | None) -> None:
    """Keep an earlier run beside the new one under a name that tells its parameters; never the same run twice."""
    same = place.with_name(f"{place.name}@{_label(new or {})}")
    shutil.rmtree(same, ignore_errors=True)
    if earlier is not None and earlier != new:
        kept = place.with_name(f"{place.name}@{_label(earlier)}")
        shutil.rmtree(kept, ignore_errors=True)
        place.rename(kept)


def _parameters_of(folder: Path) -> dict | None:
    try:
        return dict(pairs.read_executed(folder / f"{folder.name}.ipynb").metadata.toysae.parameters)
    except (FileNotFoundError, ValueError, AttributeError):
        return None


def _label(parameters: dict) -> str:
    words = [f"{name}={setting(value)}" for name, value in sorted(parameters.items())]
    return ",".join(words) or "published"


def _job(project: Project, name: str, folder: Path, changed: dict | None = None, banner: str = "") -> crew.Job:
    output, partial = folder / f"{name}.ipynb", folder / f"{name}.partial.ipynb"
    return crew.Job(name, project.source(name), output, partial, project.published, changed or {}, banner)
