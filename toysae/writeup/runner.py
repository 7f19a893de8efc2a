"""Executing notebooks: all of them as published, or one with other parameters."""

import json
import os
import shutil
import time
from contextlib import closing
from pathlib import Path

from toysae.writeup import book, crew, pairs, records, stamps
from toysae.writeup.board import Board, board_for
from toysae.writeup.files import swap_folder, write_whole
from toysae.writeup.parameters import parse_assignments
from toysae.writeup.project import Project


def reproduce(project: Project, force: bool) -> int:
    """Execute every notebook that is not up to date, then write the claims, the figures and the book.

    force  executes all of them. Returns the exit code: 0 if all succeeded and every claim holds, else 1.
    """
    began, board = time.monotonic(), board_for()
    names = project.names()
    due = [name for name in names if force or not stamps.is_fresh(project, name)]
    for name in names:
        if name not in due:
            board.line(f"{name}: up to date")
    all_done = _publish(project, due, board)
    _write_figures(project)
    claims = write_claims(project)
    book_made = make_book(project, board)
    board.line(f"claims: {sum(claim['holds'] for claim in claims)}/{len(claims)} hold (build/claims.json)")
    for claim in claims:
        if not claim["holds"]:
            board.line(f"{claim['notebook']}: claim {claim['id']} does not hold: {claim['statement']}")
    board.line(f"{time.monotonic() - began:.0f} s in all")
    return 0 if all_done and book_made and all(claim["holds"] for claim in claims) else 1


def run(project: Project, wanted: str, assignments: list[str]) -> int:
    """Execute one notebook with other parameters into build/run/NAME/. Returns the exit code.

    Raises ValueError, before anything is started or written, for an unknown notebook or a bad parameter.
    """
    name = project.find(wanted)
    published = pairs.published_parameters(pairs.read_source(project.source(name)))
    values = parse_assignments(assignments, published)
    changed = {key: value for key, value in values.items() if value != published[key]}
    board = board_for()
    folder = _scratch_folder(project, f"run-{name}")
    job = _job(project, name, folder, parameters=changed, banner=banner(changed, published))
    with closing(crew.execute([job], project.scratch, board)) as outcomes:
        outcome = next(outcomes)
    if not outcome.succeeded:
        _report_failure(project, outcome, board)
        return 1
    _finish_run(project, name, folder)
    board.line(f"page: build/run/{name}/{name}.html")
    return 0


def make_book(project: Project, board: Board | None = None) -> bool:
    """Make the book and say where it is, or what is wrong with it."""
    board = board or board_for()
    try:
        front = book.build(project)
    except book.BookError as problem:
        board.line(f"book: FAILED\n{problem}")
        return False
    board.line(f"book: {front.relative_to(project.root)}")
    return True


def clean(project: Project) -> None:
    """Remove what is generated and not in git."""
    shutil.rmtree(project.build, ignore_errors=True)


def write_claims(project: Project) -> list[dict]:
    """Write build/claims.json from the outputs of every notebook, those of earlier executions included."""
    claims = book.claims_of_all(project)
    write_whole(project, project.claims, _to_json(claims))
    return claims


def banner(changed: dict, published: dict) -> str:
    """What a run with other parameters opens with, as Markdown."""
    if not changed:
        return "> [!NOTE]\n> This run has the published settings."
    words = [f"`{name}` is {_word(value)} (published: {_word(published[name])})" for name, value in changed.items()]
    return "> [!IMPORTANT]\n> **This run has other settings than the published one.** " + ", ".join(words) + "."


def _word(value) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _publish(project: Project, names: list[str], board: Board) -> bool:
    folder = _scratch_folder(project, "reproduce")
    sources = {name: stamps.sources_hash(project, name) for name in names}
    jobs = [_job(project, name, folder) for name in names]
    failures = 0
    with closing(crew.execute(jobs, project.scratch, board)) as outcomes:
        for outcome in outcomes:
            if outcome.succeeded:
                _put_in_place(project, outcome)
                stamps.put(project, outcome.job.name, sources[outcome.job.name], outcome.seconds)
            else:
                failures += 1
                _report_failure(project, outcome, board)
    shutil.rmtree(folder)
    return not failures


def _put_in_place(project: Project, outcome: crew.Outcome) -> None:
    name = outcome.job.name
    write_whole(project, project.executed(name), outcome.job.output.read_bytes())
    times = project.source(name).stat()
    os.utime(project.executed(name), ns=(times.st_atime_ns, times.st_mtime_ns))  # else Jupytext calls one of them outdated


def _report_failure(project: Project, outcome: crew.Outcome, board: Board) -> None:
    for line in outcome.traceback:
        board.line("    " + line.rstrip().replace("\n", "\n    "))
    if outcome.job.partial.exists():
        kept = project.build / "failed" / f"{outcome.job.name}.ipynb"
        kept.parent.mkdir(parents=True, exist_ok=True)
        os.replace(outcome.job.partial, kept)
        board.line(f"{outcome.job.name}: what there is of it was kept in {kept.relative_to(project.root)}")


def _write_figures(project: Project) -> None:
    for name in project.names():
        if project.executed(name).exists():
            for figure, png in records.figures_of(pairs.read_executed(project.executed(name))).items():
                write_whole(project, project.notebooks / "figures" / f"{figure}.png", png)


def _finish_run(project: Project, name: str, folder: Path) -> None:
    executed = pairs.read_executed(folder / f"{name}.ipynb")
    write_whole(project, folder / "claims.json", _to_json(records.claims_of(name, executed)))
    (folder / f"{name}.partial.ipynb").unlink(missing_ok=True)
    book.build_page(project, name, executed, folder)
    place = project.runs / name
    _make_room(place, _parameters_of(place), _parameters_of(folder))
    swap_folder(folder, place)


def _make_room(place: Path, earlier: dict | None, new: dict | None) -> None:
    """Keep an earlier run beside the new one under a name that tells its parameters; never the same run twice."""
    same = place.with_name(f"{place.name}@{_label(new or {})}")
    shutil.rmtree(same, ignore_errors=True)
    if earlier is not None and earlier != new:
        kept = place.with_name(f"{place.name}@{_label(earlier)}")
        shutil.rmtree(kept, ignore_errors=True)
        place.rename(kept)


def _parameters_of(folder: Path) -> dict | None:
    notebook = folder / f"{folder.name.removeprefix('run-')}.ipynb"
    if not notebook.exists():
        return None
    return dict(pairs.read_executed(notebook).metadata.toysae.get("parameters", {}))


def _label(parameters: dict) -> str:
    words = [f"{name}={_word(value)}" for name, value in sorted(parameters.items())]
    return ",".join(words) or "published"


def _scratch_folder(project: Project, name: str) -> Path:
    folder = project.scratch / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def _job(project: Project, name: str, folder: Path, parameters: dict | None = None, banner: str = "") -> crew.Job:
    output, partial = folder / f"{name}.ipynb", folder / f"{name}.partial.ipynb"
    return crew.Job(name, project.source(name), output, partial, parameters or {}, banner)


def _to_json(claims: list[dict]) -> bytes:
    return (json.dumps(claims, indent=2, ensure_ascii=False) + "\n").encode()
