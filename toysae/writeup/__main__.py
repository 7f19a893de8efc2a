"""The command line: python -m toysae.writeup reproduce | run NAME key=value ... | book | lab | ...

Exit codes: 0 done, 1 something failed, 2 bad input, 130 interrupted. With STRICT=1 in the environment, reproduce also
fails if a claim did not come out as published.
"""

import argparse
import json
import os
import sys

from toysae.terminal import streams
from toysae.terminal.command_line import OneLineParser, say
from toysae.writeup.project import Project


def main(words: list[str] | None = None, project: Project | None = None) -> int:
    """Do what the words ask, in this checkout or in the project given, and return the exit code."""
    streams.open_closed()
    asked = _parser().parse_args(words)
    from toysae.claims.record import Unreadable
    from toysae.writeup.crew import Interrupted, interruptible

    try:
        with interruptible():
            return _do(asked, project or Project.of_this_package())
    except BrokenPipeError:
        streams.silence()
        return say("nobody listens any more; the next run goes on from here", 1)
    except Unreadable as problem:
        return say(problem, 1)
    except OSError as problem:
        return say(f"cannot go on: {problem.strerror or problem}: {problem.filename or ''}".rstrip(": "), 1)
    except Interrupted:
        return say("interrupted; nothing half-done was left in notebooks/, the next run goes on from here", 130)


def _do(asked: argparse.Namespace, project: Project) -> int:
    from toysae.writeup import book, runner

    if asked.command in ("reproduce", "run", "book", "publish"):
        book.require_readable(project)
    if asked.command == "reproduce":
        return runner.reproduce(project, force=asked.force, strict=os.environ.get("STRICT", "") not in ("", "0"))
    if asked.command in ("run", "outcomes"):
        return _run(asked, project)
    if asked.command == "book":
        return runner.make_book(project)
    if asked.command == "words":
        return _tell_words(project)
    if asked.command == "lab":
        return _lab(project)
    if asked.command == "publish":
        return _publish(project)
    runner.clean(project)
    return 0


def _run(asked: argparse.Namespace, project: Project) -> int:
    from toysae.chapters.parameters import PARAMETERS  # the one thing that the write-up is told of the chapters
    from toysae.writeup import runner

    try:
        plan = runner.plan(project, asked.name, asked.parameters, PARAMETERS)
    except ValueError as problem:
        return say(problem, 2)
    return runner.run(project, plan) if asked.command == "run" else _tell_outcomes(project, plan.name, plan.changed)


def _tell_outcomes(project: Project, name: str, parameters: dict) -> int:
    from toysae.writeup.outcomes import outcomes

    found = outcomes(project, name, parameters)
    print(json.dumps(found))
    return 1 if found["failure"] else 0


def _publish(project: Project) -> int:
    from toysae.writeup import runner

    try:
        return runner.publish(project)
    except ValueError as problem:
        return say(problem, 1)


def _tell_words(project: Project) -> int:
    from toysae.writeup import budgets

    pages = {name: project.book / f"{name}.html" for name in ["index", *project.names()]}
    found = {name: budgets.read(page) for name, page in pages.items() if page.exists()}
    if not found:
        return say("there is no book yet: `make book` makes it", 1)
    print(budgets.told(found))
    return 0


def _lab(project: Project) -> int:
    from toysae.writeup import lab

    for line in lab.prepare(project):
        print(line)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = OneLineParser(prog="python -m toysae.writeup", description="Execute the notebooks and render the book.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    reproduce = commands.add_parser("reproduce", help="execute every notebook that changed, then render the book")
    reproduce.add_argument("--force", action="store_true", help="execute all notebooks")
    run = commands.add_parser("run", help="execute one notebook with other parameters")
    told = commands.add_parser("outcomes", help="print only what its claims come to, as JSON: no pictures, no page")
    for command in (run, told):
        command.add_argument("name", metavar="NAME", help="01, or 01_minimal_example")
        command.add_argument("parameters", metavar="key=value", nargs="*", help="for example sigma=0.5 seed=3")
    commands.add_parser("book", help="render the book from the notebooks as they are")
    commands.add_parser("words", help="count what a reader of the book has to read, by page")
    commands.add_parser("lab", help="copy the notebooks for JupyterLab into build/lab/; changed copies are kept")
    commands.add_parser("publish", help="make the executed notebooks the run that later ones are compared with")
    commands.add_parser("clean", help="remove build/")
    return parser


if __name__ == "__main__":
    sys.exit(main())
