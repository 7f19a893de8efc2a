"""What a notebook cell uses to speak: computed sentences, claims and captioned figures.

Everything is shown as plain Markdown, so it reads well in JupyterLab and on GitHub. The records that the
runner and the book need travel beside it: a claim's record under a MIME type of its own, a figure's name
and caption in the metadata of the output.
"""

import io
import re
from base64 import b64encode
from struct import unpack

from IPython.display import display

from toysae.writeup.sources import check

CLAIM_MIME = "application/vnd.toysae.claim+json"
TRAINED_MIME = "application/vnd.toysae.trained+json"
HOLDS = "**Claim.** "
FAILS = "**Not with these settings.** "
_DPI = 200
_NAME = re.compile(r"[a-z0-9]+([-_][a-z0-9]+)*")


def say(sentence: str) -> None:
    """Show a sentence that was computed. Markdown; mathematics between dollar signs."""
    _publish({"text/markdown": _text("sentence", sentence)})


def claim(id: str, holds, statement: str, *, otherwise: str, source: str = "ours", verdict: str | None = None) -> None:
    """Show one of two finished sentences and record which of them is true here.

    id         kebab-case, used once in a notebook
    holds      a bool, or a numpy or torch scalar of type bool
    statement  the sentence if it holds; otherwise the sentence if it does not
    source     whom the claim comes from: "seed", "theory", "ours" or a paper's short name, as in sources.SOURCES
    verdict    how the result compares with what the source reports: one of the words that sources.SOURCES allows it;
               a result of others needs one, a formula of ours ("theory") may have one, a result of ours has none

    Never raises because a claim fails. Raises TypeError or ValueError for arguments that are no claim at all.
    """
    true_here = _truth(holds)
    sentences = _text("statement", statement), _text("otherwise", otherwise)
    sentence = sentences[0] if true_here else sentences[1]
    check(source, verdict)
    record = {"id": _name("id", id), "statement": sentence, "holds": true_here, "source": source}
    if verdict is not None:
        record["verdict"] = verdict
    _publish({"text/markdown": (HOLDS if true_here else FAILS) + sentence, CLAIM_MIME: record})


def say_trained(n_saes: int) -> None:
    """Say how many SAEs the notebook trained, and record it: the published run adds them up."""
    if not isinstance(n_saes, int) or isinstance(n_saes, bool) or n_saes < 0:
        raise ValueError(f"n_saes={n_saes!r}: must be a whole number of 0 or more")
    sentence = f"This chapter trained {n_saes:,} SAEs."
    _publish({"text/markdown": sentence, TRAINED_MIME: {"n_saes": n_saes}})


def show(figure, finding: str, reading: str, *, alt: str, name: str | None = None) -> None:
    """Show a matplotlib figure with its caption: what it finds, in bold, then how to read it.

    finding  a computed sentence; reading says how the axes, colours and marks are to be read
    alt      what the figure shows, for those who cannot see it; no results in it
    name     the published run also writes the figure to notebooks/figures/NAME.png
    """
    caption, alt = _caption(finding, reading), _text("alt", alt)
    about = {"role": "figure"} | ({"name": _name("name", name)} if name is not None else {})
    _publish_picture(figure, alt, about)
    _publish({"text/markdown": caption}, {"toysae": {"role": "caption"}})


def show_interactive(html: str, finding: str, reading: str, *, alt: str, fallback) -> None:
    """Show a self-contained HTML snippet that draws itself by a script, with its caption.

    html      the snippet; without scripts it must show nothing
    fallback  a matplotlib figure for readers whose scripts do not run: GitHub, and a notebook not yet trusted

    Finding, reading and alt are as in show, and must make sense with either of the two alone. Picture and snippet are
    two outputs, since JupyterLab and GitHub would take the snippet, stripped of its script, if it came in one.
    """
    caption, alt, html = _caption(finding, reading), _text("alt", alt), _text("html", html)
    _publish_picture(fallback, alt, {"role": "still"})
    _publish({"text/html": html, "text/plain": alt}, {"toysae": {"role": "live"}})
    _publish({"text/markdown": caption}, {"toysae": {"role": "caption"}})


def _caption(finding: str, reading: str) -> str:
    return f"**{_text('finding', finding)}** {_text('reading', reading)}"


def _publish_picture(figure, alt: str, about: dict) -> None:
    png = _png(figure)
    width, height = unpack(">II", png[16:24])
    size = {"width": width // 2, "height": height // 2, "alt": alt}
    _publish({"image/png": b64encode(png).decode(), "text/plain": alt}, {"image/png": size, "toysae": about})


def _publish(data: dict, metadata: dict | None = None) -> None:
    display({"text/plain": data.get("text/markdown", "")} | data, raw=True, metadata=metadata or {})


def _png(figure) -> bytes:
    """The figure in a palette of 256 colours: a third of the bytes, and no difference to be seen."""
    import matplotlib.pyplot as plt
    from PIL import Image

    drawn, picture = io.BytesIO(), io.BytesIO()
    figure.savefig(drawn, format="png", dpi=_DPI, bbox_inches="tight")
    plt.close(figure)  # else the inline backend would show it a second time at the end of the cell
    Image.open(drawn).convert("RGB").quantize(256, dither=Image.Dither.NONE).save(picture, "PNG", optimize=True)
    return picture.getvalue()


def _truth(holds) -> bool:
    value = holds.item() if hasattr(holds, "item") else holds
    if not isinstance(value, bool):
        raise TypeError(f"holds={holds!r}: a claim needs one bool, True or False")
    return value


def _text(argument: str, value) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{argument}={value!r}: must be a sentence, not empty")
    return value.strip()


def _name(argument: str, value) -> str:
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        raise ValueError(f"{argument}={value!r}: must be small letters and digits joined by - or _, such as no-atoms")
    return value
