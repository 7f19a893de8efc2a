"""Executed notebooks and results as pages for Sphinx: what Jupyter shows plainly becomes figures and claim boxes."""

import copy
import json
import re
from base64 import b64decode, b64encode
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import new_output

from toysae.claims.record import CLAIM_MIME, Published, Record, Unreadable
from toysae.claims.sources import SOURCES
from toysae.claims.words import counted
from toysae.writeup.folding import folded
from toysae.writeup.records import recorded

NOTHING_YET = "No notebook has been executed yet. `make reproduce` executes them all.\n"
CLAIMS = "claims"
_CLAIMS = """# All claims

A claim is a sentence with a test behind it. The test runs with the notebook, and the sentence here is the one that came
out true. *Source* says whom the claim comes from: *the comment* is the one that this book answers, *theory* is a
derivation, *ours* a result of these pages, and other names are publications. [How we judge](judging.md) states the
rules. Open a title to see its claims; a verdict leads to the claim with its evidence.
"""
_KINDS = {"holds": "holds", "reproduced": "holds", "partly": "partly", "does not hold": "fails", "differs": "fails"}
_LINK = re.compile(r"\[([^\]]*)\]\((\d\d_\w+(?=\.ipynb)|[a-z]+(?=\.md))\.(?:ipynb|md)(#[^)]*)?\)")
_PRESET = re.compile(r"\[([^\]]*)\]\(index\.md(#live:[^)]*)\)")  # settings of the live page, no place that Sphinx knows
_TO_LIVE = r'<a href="index.html\2">\1</a>'
_FINDING = re.compile(r"<!-- finding: (\w+)/([\w-]+) -->")
_TITLE = re.compile(r"^#\s+(.+)$", re.MULTILINE)


def chapter(name: str, notebook: NotebookNode, pictures: Path) -> NotebookNode:
    """A copy of an executed notebook for the book. Its figures are written to the folder `pictures`.

    A picture and its caption become one figure with alternative text; a claim becomes a box with an anchor; plumbing
    and evidence are folded up.
    """
    page = copy.deepcopy(notebook)
    page.metadata.pop("toysae", None)
    count = 0
    for cell in page.cells:
        if cell.cell_type == "code":
            cell.outputs, count = _dressed(cell.outputs, name, pictures, count)
    page.cells = folded(page.cells)
    number_title(name, page)
    return page


def number_title(name: str, page: NotebookNode) -> None:
    """Give the title of a page the number of its file: '1 The minimal example'."""
    if page.cells:
        page.cells[0].source = _TITLE.sub(lambda found: f"# {numbered(name, found[1])}", page.cells[0].source, count=1)


def numbered(name: str, title: str) -> str:
    """A title with the number of its notebook."""
    return f"{int(name[:2])} {title}"


def add_note(page: NotebookNode, text: str) -> None:
    """Put a remark below the title of a page."""
    title, _, rest = page.cells[0].source.partition("\n")
    note = "> [!NOTE]\n" + "\n".join(f"> {line}" for line in text.splitlines())
    page.cells[0].source = f"{title}\n\n{note}\n{rest}"


def point_links_to(folder: str | None, page: NotebookNode) -> None:
    """Make links to other notebooks and pages lead to those in a folder, or plain text if there is none."""
    target = rf'<a href="{folder}/\2.html\3">\1</a>' if folder else r"\1"
    _rewrite(page, _LINK, target)


def point_presets(page: NotebookNode) -> None:
    """Make links to settings of the live page lead to the front page; on a page that has one of its own, to that."""
    texts = (
        output.get("data", {}).get("text/markdown", "") for cell in page.cells for output in cell.get("outputs", [])
    )
    has_its_own = any('class="toysae-live"' in text for text in texts)
    _rewrite(page, _PRESET, _TO_LIVE.replace("index.html", "") if has_its_own else _TO_LIVE)


def _rewrite(page: NotebookNode, pattern: re.Pattern, target: str) -> None:
    """Replace a pattern in the Markdown of a page, that of its sentences included."""
    for cell in page.cells:
        if cell.cell_type == "markdown":
            cell.source = pattern.sub(target, cell.source)
        for output in cell.get("outputs", []):
            if "text/markdown" in output.get("data", {}):
                output.data["text/markdown"] = pattern.sub(target, output.data["text/markdown"])


def title_of(notebook: NotebookNode) -> str:
    """The first heading of a notebook."""
    found = _TITLE.search(notebook.cells[0].source) if notebook.cells else None
    return found.group(1).strip() if found else "Untitled"


def anchor(name: str, claim_id: str) -> str:
    """Where a claim stands in the book."""
    return f"claim-{name}-{claim_id}".replace("_", "-")


def claim_box(claim: Record, shown: str) -> str:
    """A claim as MyST Markdown: what the cell showed, sentence and evidence, then the verdict.

    In a notebook a claim says that it is one; on the page one sees it.
    """
    shown = shown.removeprefix("**Claim.** ")
    opening = f"::::{{container}} claim claim-{kind_of(claim.word)}\n:name: {anchor(claim.notebook, claim.id)}"
    return f"{opening}\n\n{shown}\n\n{_judgement(claim)}\n::::\n"


def figure(path: str, caption: str, alt: str, width: int | None = None) -> str:
    """A captioned picture as MyST Markdown. Its natural width, if given, is told to the style as well."""
    size = f":width: {width}px\n" if width else ""
    told = f"::::{{figure}} {path}\n:alt: {json.dumps(alt, ensure_ascii=False)}\n{size}\n{caption}\n::::\n"
    return f'<div class="picture" style="--w: {width}px">\n\n{told}\n</div>\n' if width else told


def live_figure(html: str, caption: str, still: NotebookNode) -> str:
    """A captioned figure that draws itself, as MyST Markdown; without scripts its still picture is shown."""
    picture = _picture(still.data["image/png"].strip(), still.metadata["image/png"]["alt"])
    opening = _raw(f"<figure>\n{html}\n<noscript>{picture}</noscript>\n<figcaption>")
    return f"{opening}\n{caption}\n\n{_raw('</figcaption></figure>')}"


def live_page(html: str, still: Path) -> str:
    """The snippet of the live page, as MyST Markdown; without scripts the picture `still` is shown, if there is one."""
    picture = _picture(b64encode(still.read_bytes()).decode(), "A heat map of cosines") if still.exists() else ""
    return _raw(f"{html}\n<noscript>{picture}</noscript>")


def front_page(template: str, slots: dict[str, str]) -> str:
    """Fill the named slots of the hand-written front page. Raises Unreadable for a slot nobody fills."""

    def fill(match: re.Match) -> str:
        if match.group(1) not in slots:
            raise Unreadable(f"index.md: unknown slot {match.group(1)!r}; known: {', '.join(slots)}")
        return slots[match.group(1)]

    return _PRESET.sub(_TO_LIVE, re.sub(r"<!-- slot: ([a-z ]+) -->", fill, template))


def with_findings(template: str, claims: list[Record]) -> str:
    """Fill each mark `<!-- finding: chapter/id -->` with what came out of that claim; the chapter without its number.

    Empty while the chapter has no results. Raises Unreadable if it has some and no such claim.
    """

    def fill(match: re.Match) -> str:
        of_chapter = {claim.id: claim for claim in claims if claim.notebook[3:] == match.group(1)}
        if not of_chapter:
            return ""
        if match.group(2) not in of_chapter:
            raise Unreadable(f"index.md: {match.group(1)} has no claim {match.group(2)!r}")
        claim = of_chapter[match.group(2)]
        return f"::::{{container}} finding\n\n{claim.statement}{_counts(claim)}\n::::\n"

    return _FINDING.sub(fill, template)


def answers(titles: dict[str, str], found: dict[str, str]) -> str:
    """Notebooks in their order, each with a link and with what it found, if it has results."""
    lines = [f"{int(name[:2])}. {_answer(name, title, found.get(name))}" for name, title in titles.items()]
    return "\n".join(lines) + "\n"


def _answer(name: str, title: str, statement: str | None) -> str:
    link = f"[{title}]({name}.ipynb)"
    return f"{link}{'' if title.endswith('?') else ':'} {statement}" if statement else link


def claims_page(claims: list[Record], titles: dict[str, str], sources: dict[str, str]) -> str:
    """The page "All claims": a table for each notebook, folded up behind its title.

    titles   with their numbers, in the order of the book
    sources  what the page calls a source, by its short name, as Markdown
    """
    parts = [_CLAIMS]
    for name, title in titles.items():
        of_chapter = [claim for claim in claims if claim.notebook == name]
        if of_chapter:
            rows = [_row(claim, sources) for claim in of_chapter]
            parts.append(_folded_claims(title, of_chapter, table(["Claim", "Source", "Verdict"], rows)))
    return "\n".join(parts if claims else [*parts, NOTHING_YET])


def table(columns: Sequence[str], rows: Iterable[str], look: str = "claims-table") -> str:
    """A table of these rows, each "| a | b |", in the look of a class of the book's style."""
    head = [f"| {' | '.join(columns)} |", "|" + "---|" * len(columns)]
    return "\n".join([f"::::{{container}} {look}\n", *head, *rows, "::::\n"])


def section(title: str, body: str) -> str:
    """A section of a page; nothing where there is nothing to say."""
    return f"## {title}\n\n{body}" if body else ""


def bullets(items: Iterable[str]) -> str:
    """A list."""
    return "".join(f"* {item}\n" for item in items)


def fold(title: str, body: str, state: str = "", *, opened: bool = False) -> str:
    """Markdown behind a line: a title, and after it in small what there is."""
    after = f" <span>{state}</span>" if state else ""
    opening = f'<details class="fold"{" open" if opened else ""}><summary>{escape(title)}{after}</summary>'
    return f"{opening}\n\n{body}\n</details>\n"


def kind_of(word: str) -> str:
    """The kind of a verdict, for its colour: holds, partly, fails, or open where nothing is judged."""
    return _KINDS.get(word, "open")


def coloured(word: str, text: str = "") -> str:
    """Markdown in the colour of a verdict: its word, or another text."""
    return f"[{text or word}]{{.verdict-{kind_of(word)}}}"


def cell(text: str) -> str:
    """Markdown that may stand in a table."""
    return text.replace("|", r"\|")


def shown(value: Any) -> str:
    """A piece of recorded evidence in a table."""
    match value:
        case {"k": k, "n": n} | {"pooled_k": k, "pooled_n": n}:
            return f"{k} of {n}"
        case {"mean": mean, "low": low, "high": high}:
            return f"{shown(mean)} ({shown(low)} to {shown(high)})"
        case float():
            return f"{value:.10g}"
        case None:
            return "none"
    return cell(str(value))


def _folded_claims(title: str, claims: list[Record], shown: str) -> str:
    """A chapter's claims behind its title; they lie open if one is not as published."""
    others = sum(not claim.holds for claim in claims)
    state = counted(len(claims), "claim") + (f", {others} not as published" if others else "")
    return fold(title, shown, state, opened=bool(others))


def _judgement(claim: Record) -> str:
    """Whose result it is, and the verdict on it."""
    source = SOURCES[claim.source].name
    return f"{source[0].upper()}{source[1:]}: {coloured(claim.word)}."


def _counts(claim: Record) -> str:
    """The counts that a claim rests on and those of its controls, in a small line below it; nothing where none are."""
    controls = {f"control, {name}": control["score"] for name, control in claim.control.items()}
    told = {**claim.evidence, **controls}
    counts = [f"{name}: {shown(value)}" for name, value in told.items() if isinstance(value, dict) and "k" in value]
    return f"\n\n<small>{'; '.join(counts)}.</small>" if counts else ""


def _row(claim: Record, sources: dict[str, str]) -> str:
    link = f"[{claim.word}](#{anchor(claim.notebook, claim.id)})"
    return f"| {cell(claim.statement)} | {sources[claim.source]} | {coloured(claim.word, link)} |"


def _dressed(outputs: list[NotebookNode], name: str, pictures: Path, count: int) -> tuple[list[NotebookNode], int]:
    dressed, waiting = [], list(outputs)
    while waiting:
        output = waiting.pop(0)
        role = output.get("metadata", {}).get("toysae", {}).get("role")
        if CLAIM_MIME in output.get("data", {}):
            (claim,) = recorded(name, [output], Published())
            dressed.append(_markdown(claim_box(claim, output.data["text/markdown"])))
        elif role == "figure":
            caption = waiting.pop(0).data["text/markdown"]
            dressed.append(_markdown(_figure_of(output, caption, f"{name}-{count + 1}.png", pictures)))
            count += 1
        elif role == "still":
            live, caption = waiting.pop(0).data["text/html"], waiting.pop(0).data["text/markdown"]
            dressed.append(_markdown(live_figure(live, caption, output)))
        else:
            dressed.append(output)
    return dressed, count


def _figure_of(output: NotebookNode, caption: str, file: str, pictures: Path) -> str:
    pictures.mkdir(parents=True, exist_ok=True)
    (pictures / file).write_bytes(b64decode(output.data["image/png"]))
    about = output.metadata["image/png"]
    return figure(f"{pictures.name}/{file}", caption, about["alt"], about["width"])


def _picture(png: str, alt: str) -> str:
    return f'<img alt="{escape(alt)}" src="data:image/png;base64,{png}">'


def _raw(html: str) -> str:
    """HTML that Sphinx passes on as it is; empty lines go, so that nothing in it can end the block."""
    lines = "\n".join(line for line in html.splitlines() if line.strip())
    return f"::::{{raw}} html\n\n{lines}\n::::\n"


def _markdown(text: str) -> NotebookNode:
    return new_output("display_data", data={"text/markdown": text})
