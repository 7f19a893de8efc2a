"""The rendered book: chapters staged as pages, made into HTML by Sphinx, without a request to any host."""

import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

from nbformat import NotebookNode

from toysae import live
from toysae.claims.record import Published, Record, Unreadable
from toysae.claims.sources import SOURCES
from toysae.writeup import (
    changes,
    comparison,
    contents,
    glossary,
    judging,
    machine,
    pages,
    pairs,
    records,
    references,
    reproduced,
    stamps,
)
from toysae.writeup.files import swap_folder, workshop
from toysae.writeup.project import Project, is_chapter

PAGES = ("claims", "reproduced", "judging", "changes", "comparison", "bench", "references", "glossary")  # in order


class BookError(Exception):
    """Sphinx could not make the book, or warned."""


def build(project: Project) -> Path:
    """Make the book of all notebooks and return its front page. Raises BookError with what Sphinx said."""
    notebooks = {name: present(project, name) for name in project.names()}
    with workshop(project, "book") as folder:
        stage = _stage(project, folder)
        for name, notebook in notebooks.items():
            _stage_chapter(project, name, notebook, stage)
        claims = claims_of_all(project)
        _stage_pages(project, notebooks, claims, stage)
        index = pages.with_findings(_text(project.notebooks / "index.md"), claims)
        about = _about(project, notebooks) + _stage_bench(project, stage) + _stage_comparison(project, stage)
        front = pages.front_page(index, _slots(project, notebooks, about))
        front += contents.toctrees(list(notebooks), [name for name in PAGES if (stage / f"{name}.md").exists()])
        (stage / "index.md").write_text(front, encoding="utf-8")
        made, complaints = _sphinx(stage, "index", [])
        contents.lead_on(made, list(notebooks))
        for name in filter(lambda name: executed(project, name), notebooks):
            # the download is the notebook itself, not its staged page
            shutil.copyfile(project.executed(name), made / "_sources" / f"{name}.ipynb")
        swap_folder(made, project.book)
    if complaints:  # a warning is a fault, yet the book is there to read
        raise BookError(complaints)
    return project.book / "index.html"


def require_readable(project: Project) -> None:
    """Raises Unreadable if what a run is compared with, or the front page, is not what it should be."""
    Published.read(project.published)
    index = project.notebooks / "index.md"
    if index.exists():  # that it is missing is no matter to a single page
        _text(index)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as broken:
        raise Unreadable(f"{path.name}: is not UTF-8 (byte {broken.start})") from broken


def build_page(project: Project, name: str, notebook: NotebookNode, place: Path) -> None:
    """Make NAME.html of one executed notebook in the folder `place`, in the book's look."""
    with workshop(project, "page") as folder:
        stage = _stage(project, folder)
        page = pages.chapter(name, notebook, stage / "pictures")
        pages.point_links_to("../../book" if project.book.exists() else None, page)
        (stage / f"{name}.ipynb").write_bytes(pairs.to_bytes(page))
        made, complaints = _sphinx(stage, name, ["-t", "single"])
        if complaints:
            raise BookError(complaints)
        for part in (f"{name}.html", "_static", "_images"):
            if (made / part).exists():
                (made / part).rename(place / part)


def executed(project: Project, name: str) -> NotebookNode | None:
    """The executed half of a pair, or None if it is missing, broken, or holds claims in the form of other code."""
    try:
        notebook = pairs.read_executed(project.executed(name))
        records.claims_of(name, notebook, Published())
        return notebook
    except (FileNotFoundError, ValueError):
        return None


def present(project: Project, name: str) -> NotebookNode:
    """The executed half of a pair, or its source if there is none."""
    return executed(project, name) or pairs.read_source(project.source(name))


def claims_of_all(project: Project) -> list[Record]:
    """The claims of every executed notebook, in the order of the book."""
    published = Published.read(project.published)
    return [claim for name in project.names() for claim in records.claims_of(name, present(project, name), published)]


def this_run(project: Project) -> Published:
    """What would be published now."""
    return Published.of(claims_of_all(project), machine.versions(), machine.processor())


def compared(project: Project) -> comparison.Comparison | None:
    """This run beside the published one, if there is one."""
    if not project.published.exists():
        return None
    without_results = [name for name in project.names() if not executed(project, name)]
    return comparison.compare(Published.read(project.published), this_run(project), without_results)


def _stage_chapter(project: Project, name: str, notebook: NotebookNode, stage: Path) -> None:
    page = pages.chapter(name, notebook, stage / "pictures")
    pages.point_presets(page)
    stored = pairs.stored_fingerprint(notebook)
    if stored is None:
        pages.add_note(page, "This chapter was not executed yet and shows no results. `make reproduce` executes it.")
    elif stored != pairs.fingerprint(pairs.read_source(project.source(name))):
        pages.add_note(page, "These results belong to an earlier text of this chapter. `make reproduce` renews them.")
    (stage / f"{name}.ipynb").write_bytes(pairs.to_bytes(page))


def _stage_pages(project: Project, notebooks: dict[str, NotebookNode], claims: list[Record], stage: Path) -> None:
    """The pages behind the chapters, made from what was claimed in them."""
    titles = {name: pages.numbered(name, pages.title_of(notebook)) for name, notebook in notebooks.items()}
    sources = {name: project.source(name).read_text(encoding="utf-8") for name in notebooks}
    seeds = judging.Seeds.read(project.notebooks / "tables" / "seeds.csv", Published.read(project.published))
    places = {claim.source: place for claim in claims if (place := reproduced.place_of(claim.source))}
    made = {
        reproduced.NAME: reproduced.page(claims),
        pages.CLAIMS: pages.claims_page(claims, titles, _names_of_sources(claims)),
        judging.NAME: judging.page(claims, titles, sources, seeds),
        changes.NAME: changes.page(claims, changes.FirstEdition.read(project.notebooks)),
        references.NAME: references.page(places),
    }
    for name, text in made.items():
        (stage / f"{name}.md").write_text(text, encoding="utf-8")


def _stage_bench(project: Project, stage: Path) -> str:
    """The page that `make bench` left in build/bench/, if there is one; returns what the front page says of it."""
    names = ("bench.md", "bench.png")
    if not all((project.bench / name).exists() for name in names):
        return ""
    for name in names:
        shutil.copyfile(project.bench / name, stage / name)
    return "\nWhat training costs is told in [How fast is it?](bench.md).\n"


def _stage_comparison(project: Project, stage: Path) -> str:
    """The page on the published run, if there is one; returns what the front page says of it."""
    found = compared(project)
    if found is None:
        return ""
    (stage / f"{comparison.NAME}.md").write_text(comparison.page(found), encoding="utf-8")
    link = f"[{comparison.TITLE}]({comparison.NAME}.md)"
    return f"\n{link}: {comparison.summary(found)}.\n"


def _slots(project: Project, notebooks: dict[str, NotebookNode], about: str) -> dict[str, str]:
    titles = {name: pages.title_of(notebook) for name, notebook in notebooks.items()}
    answers = {name: records.answer_of(name, notebook) for name, notebook in notebooks.items()}
    found = {name: answer for name, answer in answers.items() if answer}
    return {
        "live": pages.live_page(live.html(), project.notebooks / "figures" / "minimal_heat_map.png"),
        "chapters": pages.answers({name: title for name, title in titles.items() if is_chapter(name)}, found),
        "studies": pages.answers({name: title for name, title in titles.items() if not is_chapter(name)}, found),
        "about": pages.fold("About this copy", about),
    }


def _names_of_sources(claims: list[Record]) -> dict[str, str]:
    """What the page of claims calls each source, with a link where the next page has a section on it."""
    used = {claim.source for claim in claims}
    places = {source: reproduced.place_of(source) for source in used}
    return {source: f"[{SOURCES[source].name}](#{place})" if place else source for source, place in places.items()}


def _about(project: Project, notebooks: dict[str, NotebookNode]) -> str:
    """When and where do not belong into a notebook, so how long a run took stands on the front page."""
    took = {pages.title_of(notebook): stamps.seconds_of(project, name) for name, notebook in notebooks.items()}
    times = "; ".join(f"*{title}*: {seconds:.0f} s" for title, seconds in took.items() if seconds is not None)
    made = ", ".join(f"{name} {version}" for name, version in machine.versions().items())
    ran = f"The notebooks took, on the machine that made this book: {times}. " if times else ""
    return f"{ran}Made with {made}.\n"


def _stage(project: Project, folder: Path) -> Path:
    stage = folder / "source"
    shutil.copytree(project.notebooks / "_static", stage / "_static")
    for path in filter(Path.exists, (project.notebooks / "conf.py", project.notebooks / f"{glossary.NAME}.md")):
        shutil.copyfile(path, stage / path.name)
    if (project.notebooks / "figures").is_dir():
        shutil.copytree(project.notebooks / "figures", stage / "figures")
    mathjax = stage / "_static" / "mathjax"
    mathjax.mkdir()
    shutil.copyfile(_mathjax(), mathjax / "tex-svg.js")
    return stage


def _mathjax() -> Path:
    files = metadata.files("sphinx-mathjax-offline") or []
    return next(Path(file.locate()) for file in files if file.name == "tex-svg.js")


def _sphinx(stage: Path, root: str, options: list[str]) -> tuple[Path, str]:
    """The folder that Sphinx made, and what it complained about (empty if nothing)."""
    made, doctrees = stage.with_name("html"), stage.with_name("doctrees")
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-b", "html", "-d", str(doctrees)]
    command += ["-D", f"root_doc={root}", *options, str(stage), str(made)]
    finished = subprocess.run(command, capture_output=True, text=True)
    if not (made / f"{root}.html").exists():
        raise BookError((finished.stderr or finished.stdout).strip())
    for path in [*made.rglob("*.map"), made / ".buildinfo", made / "objects.inv"]:
        path.unlink(missing_ok=True)
    shutil.rmtree(made / "_static" / "locales", ignore_errors=True)
    return made, finished.stderr.strip() if finished.returncode else ""
