"""The live page as one piece of HTML that holds everything it needs: it works offline, and asks nothing of any host."""

from importlib import resources


def html() -> str:
    """A self-contained snippet: a reader moves sliders, and the minimal example is trained in the page.

    Without scripts it shows nothing, so a still picture stands beside it. A page may hold several.
    """
    parts = [_text(name) for name in ("simulation.js", "page.js")]
    return (
        f'<div class="toysae-live">\n<style>\n{_text("page.css")}</style>\n'
        f"<script>\n(() => {{\n{''.join(parts)}}})();\n</script>\n</div>\n"
    )


def _text(name: str) -> str:
    return resources.files("toysae.live").joinpath(name).read_text(encoding="utf-8")
