"""A browser for tests, and pages in it that remember what they asked for and what they complained of."""

import contextlib
import shutil

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@contextlib.contextmanager
def started():
    """A browser that this machine has; tests are skipped where it has none."""
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        pytest.skip(f"no browser on PATH: looked for {', '.join(NAMES)}")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


class Tabs:
    """Opens pages; `asked` holds what they asked other hosts or files for, `complaints` what the console says."""

    def __init__(self, browser):
        self._browser, self._contexts = browser, []
        self.asked, self.complaints = [], []

    def open(self, address, width=1280, height=900, **settings):
        """A page with its own context; settings are those of playwright's new_context."""
        context = self._browser.new_context(viewport={"width": width, "height": height}, **settings)
        self._contexts.append(context)
        page = context.new_page()
        page.on("request", lambda request: self._note(request.url, address))
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.goto(address)
        return page

    def _note(self, url, address):
        if url.partition("#")[0] != address.partition("#")[0] and not url.startswith("data:"):
            self.asked.append(url)

    def close(self):
        for context in self._contexts:
            context.close()
