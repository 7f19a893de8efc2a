"""The rendered book: chapters staged as pages, made into HTML by Sphinx, without a request to any host."""

import os
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

from nbformat import NotebookNode

from toysae.writeup import pages, pairs, records, stamps
from toysae.writeup.files import swap_folder
from toysae.writeup.project import Project

_MAPS = (
    ("minimal_heat_map", "01_minimal_example", "The minimal example."),
    ("larger_heat_map", "02_larger_example", "The larger example."),
)
_LIBRARIES = ("torch", "numpy", "scipy", "matplotlib")


class BookError(Exception):
    """Sphinx could not make the book, or warned."""


def build(project: Project) -> Path:
    """Make the book of all notebooks and return its front page. Raises BookError with what Sphinx said."""
    stage = _fresh_folder(project, "book-source")
    names = project.names()
    notebooks = {name: _present(project, name) for name in names}
    _copy_settings(project, stage)
    for name, notebook in notebooks.items():
        _stage_chapter(project, name, notebook, stage)
    index = (project.notebooks / "index.md").read_text(encoding="utf-8")
    (stage / "index.md").write_text(pages.front_page(index, _slots(project, notebooks)), encoding="utf-8")
    made = _sphinx(project, stage, "index", [])
    for name in names:
        if project.executed(name).exists():  # the download is the notebook itself, not its staged page
            shutil.copyfile(project.executed(name), made / "_sources" / f"{name}.ipynb")
    swap_folder(made, project.book)
    return project.book / "index.html"


def build_page(project: Project, name: str, notebook: NotebookNode, place: Path) -> None:
    """Make NAME.html of one executed notebook in the folder `place`, in the book's look."""
    stage = _fresh_folder(project, "page-source")
    _copy_settings(project, stage)
    page = pages.chapter(name, notebook, stage / "pictures")
    pages.point_links_to("../../book" if project.book.exists() else None, page)
    (stage / f"{name}.ipynb").write_bytes(pairs.to_bytes(page))
    made = _sphinx(project, stage, name, ["-t", "single"])
    for part in (f"{name}.html", "_static", "_images"):
        if (made / part).exists():
            (made / part).rename(place / part)
    shutil.rmtree(made)


def claims_of_all(project: Project) -> list[dict]:
    """The claims of every executed notebook, in the order of the book."""
    executed = [name for name in project.names() if project.executed(name).exists()]
    return [claim for name in executed for claim in records.claims_of(name, pairs.read_executed(project.executed(name)))]


def _present(project: Project, name: str) -> NotebookNode:
    if project.executed(name).exists():
        return pairs.read_executed(project.executed(name))
    return pairs.read_source(project.source(name))


def _stage_chapter(project: Project, name: str, notebook: NotebookNode, stage: Path) -> None:
    page = pages.chapter(name, notebook, stage / "pictures")
    if not project.executed(name).exists():
        pages.add_note(page, "This chapter has not been executed yet, so it shows no results. `make reproduce` executes it.")
    elif pairs.stored_fingerprint(notebook) != pairs.fingerprint(pairs.read_source(project.source(name))):
        pages.add_note(page, "The results below come from an earlier version of this chapter's text. `make reproduce` renews them.")
    (stage / f"{name}.ipynb").write_bytes(pairs.to_bytes(page))


def _slots(project: Project, notebooks: dict[str, NotebookNode]) -> dict[str, str]:
    claims = claims_of_all(project)
    titles = {name: pages.title_of(notebook) for name, notebook in notebooks.items()}
    return {
        "finding": _finding(claims),
        "heat maps": _heat_maps(project, notebooks),
        "claims": pages.claims_tables(claims, titles),
        "about": _about(project, titles),
    }


def _finding(claims: list[dict]) -> str:
    main = [claim["statement"] for claim in claims if (claim["notebook"][:2], claim["id"]) == ("01", "no-atoms")]
    return f"::::{{container}} finding\n\n{main[0]}\n::::\n" if main else ""


def _heat_maps(project: Project, notebooks: dict[str, NotebookNode]) -> str:
    shown = []
    for figure, name, title in _MAPS:
        if (project.notebooks / "figures" / f"{figure}.png").exists() and name in notebooks:
            caption = f"**{title}** Read it in [the chapter]({name}.ipynb)."
            shown.append(pages.figure(f"figures/{figure}.png", caption, _alt_of(figure, notebooks[name])))
    return ":::::{container} maps\n\n" + "\n".join(shown) + "\n:::::\n" if shown else ""


def _alt_of(figure: str, notebook: NotebookNode) -> str:
    for output in records.outputs_of(notebook):
        if output.metadata.get("toysae", {}).get("name") == figure:
            return output.metadata["image/png"]["alt"]
    return "Heat map of learned features against true features"


def _about(project: Project, titles: dict[str, str]) -> str:
    """When and where do not belong into a notebook, so how long a run took stands on the front page."""
    took = {title: stamps.seconds_of(project, name) for name, title in titles.items()}
    times = "; ".join(f"*{title}*: {seconds:.0f} s" for title, seconds in took.items() if seconds is not None)
    versions = ", ".join(f"{library} {metadata.version(library)}" for library in _LIBRARIES if _installed(library))
    python = ".".join(map(str, sys.version_info[:3]))
    ran = f"The chapters took, on the machine that made this book: {times}. " if times else ""
    return f"## About this copy\n\n{ran}Made with Python {python}" + (f", {versions}." if versions else ".") + "\n"


def _installed(library: str) -> bool:
    try:
        return bool(metadata.version(library))
    except metadata.PackageNotFoundError:
        return False


def _fresh_folder(project: Project, name: str) -> Path:
    folder = project.scratch / f"{name}-{os.getpid()}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def _copy_settings(project: Project, stage: Path) -> None:
    shutil.copyfile(project.notebooks / "conf.py", stage / "conf.py")
    for folder in ("_static", "figures"):
        if (project.notebooks / folder).is_dir():
            shutil.copytree(project.notebooks / folder, stage / folder)
    mathjax = stage / "_static" / "mathjax"
    mathjax.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(_mathjax(), mathjax / "tex-svg.js")


def _mathjax() -> Path:
    files = metadata.files("sphinx-mathjax-offline") or []
    return next(Path(file.locate()) for file in files if file.name == "tex-svg.js")


def _sphinx(project: Project, stage: Path, root: str, options: list[str]) -> Path:
    made = _fresh_folder(project, f"{stage.name}-html")
    doctrees = project.scratch / f"{stage.name}-doctrees"
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-b", "html", "-d", str(doctrees)]
    command += ["-D", f"root_doc={root}", *options, str(stage), str(made)]
    finished = subprocess.run(command, capture_output=True, text=True)
    shutil.rmtree(doctrees, ignore_errors=True)
    if finished.returncode:
        raise BookError((finished.stderr or finished.stdout).strip())
    shutil.rmtree(stage)
    _prune(made)
    return made


def _prune(made: Path) -> None:
    for path in [*made.rglob("*.map"), made / ".buildinfo", made / "objects.inv"]:
        path.unlink(missing_ok=True)
    shutil.rmtree(made / "_static" / "locales", ignore_errors=True)
