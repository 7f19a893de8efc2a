"""What a notebook cell uses to speak: computed sentences and captioned figures; claims are in cases.

Everything is shown as plain Markdown, so it reads well in JupyterLab and on GitHub. The records that the
runner and the book need travel beside it: a claim's record under a MIME type of its own, a figure's name
and caption in the metadata of the output.
"""

from __future__ import annotations

import io
import re
from base64 import b64encode
from collections.abc import Callable
from struct import pack, unpack
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TRAINED_MIME = "application/vnd.toysae.trained+json"
_DPI = 200
_NAME = re.compile(r"[a-z0-9]+([-_][a-z0-9]+)*")


def say(sentence: str) -> None:
    """Show a sentence that was computed. Markdown; mathematics between dollar signs."""
    emit({"text/markdown": text("sentence", sentence)})


def say_answer(sentence: str) -> None:
    """Say what a notebook finds, in a sentence or two. The front page says it too, beside the notebook's title."""
    emit({"text/markdown": f"**{text('sentence', sentence)}**"}, {"toysae": {"role": "answer"}})


def say_trained(n_saes: int) -> None:
    """Say how many SAEs the notebook trained, and record it: the published run adds them up."""
    if not isinstance(n_saes, int) or isinstance(n_saes, bool) or n_saes < 0:
        raise ValueError(f"n_saes={n_saes!r}: must be a whole number of 0 or more")
    sentence = f"This chapter trained {n_saes:,} SAEs."
    emit({"text/markdown": sentence, TRAINED_MIME: {"n_saes": n_saes}})


def show(figure: Figure, finding: str, reading: str, *, alt: str, name: str | None = None) -> None:
    """Show a matplotlib figure with its caption: what it finds, in bold, then how to read it.

    finding  a computed sentence; reading says how the axes, colours and marks are to be read
    alt      what the figure shows, for those who cannot see it; no results in it
    name     the published run also writes the figure to notebooks/figures/NAME.png
    """
    caption, alt = _caption(finding, reading), text("alt", alt)
    about = {"role": "figure"} | ({"name": short_name("name", name)} if name is not None else {})
    _publish_picture(figure, alt, about)
    emit({"text/markdown": caption}, {"toysae": {"role": "caption"}})


def show_interactive(html: str, finding: str, reading: str, *, alt: str, fallback: Figure) -> None:
    """Show a self-contained HTML snippet that draws itself by a script, with its caption.

    html      the snippet; without scripts it must show nothing
    fallback  a matplotlib figure for readers whose scripts do not run: GitHub, and a notebook not yet trusted

    Finding, reading and alt are as in show, and must make sense with either of the two alone. Picture and snippet are
    two outputs, since JupyterLab and GitHub would take the snippet, stripped of its script, if it came in one.
    """
    caption, alt, html = _caption(finding, reading), text("alt", alt), text("html", html)
    _publish_picture(fallback, alt, {"role": "still"})
    emit({"text/html": html, "text/plain": alt}, {"toysae": {"role": "live"}})
    emit({"text/markdown": caption}, {"toysae": {"role": "caption"}})


def _caption(finding: str, reading: str) -> str:
    return f"**{text('finding', finding)}** {text('reading', reading)}"


def draw_nothing() -> None:
    """From now on figures are closed undrawn in this process, and no picture is in what is shown.

    For those who execute a notebook to learn what it claims.
    """
    global _painted
    _painted = _blank


def _publish_picture(figure: Figure, alt: str, about: dict[str, Any]) -> None:
    png = _painted(figure)
    width, height = unpack(">II", png[16:24])
    size = {"width": width // 2, "height": height // 2, "alt": alt}
    emit({"image/png": b64encode(png).decode(), "text/plain": alt}, {"image/png": size, "toysae": about})


def _png(figure: Figure) -> bytes:
    """The figure, drawn once, without its white margin, in a palette of 256 colours: no difference is to be seen."""
    import matplotlib.pyplot as plt
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from PIL import Image, ImageChops

    figure.set_dpi(_DPI)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    plt.close(figure)  # else the inline backend would show it a second time at the end of the cell
    drawn = Image.frombuffer("RGBA", canvas.get_width_height(), canvas.buffer_rgba()).convert("RGB")
    left, above, right, below = ImageChops.invert(drawn).getbbox() or (0, 0, *drawn.size)
    margin = _DPI // 10
    box = (
        max(0, left - margin),
        max(0, above - margin),
        min(drawn.width, right + margin),
        min(drawn.height, below + margin),
    )
    picture = io.BytesIO()
    drawn.crop(box).quantize(256, dither=Image.Dither.NONE).save(picture, "PNG", compress_level=6)
    return picture.getvalue()


def _blank(figure: Figure) -> bytes:
    """No picture, with the head of one."""
    import matplotlib.pyplot as plt

    plt.close(figure)
    return bytes(16) + pack(">II", 0, 0)


_painted: Callable[[Figure], bytes] = _png


def emit(data: dict[str, Any], metadata: dict[str, Any] | None = None) -> None:
    """Display one output of the cell, given by MIME type; Markdown is also its plain text."""
    from IPython.display import display

    display({"text/plain": data.get("text/markdown", "")} | data, raw=True, metadata=metadata or {})


def text(argument: str, value: object) -> str:
    """The value without blanks around it. Raises ValueError, in one line, if it is no sentence."""
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{argument}={value!r}: must be a sentence, not empty")
    return value.strip()


def short_name(argument: str, value: object) -> str:
    """The value. Raises ValueError, in one line, if it is no name for a claim or a figure."""
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        raise ValueError(f"{argument}={value!r}: must be small letters and digits joined by - or _, such as no-atoms")
    return value
