"""Fixtures for all tests."""

import browser
import pytest


@pytest.fixture(scope="module")
def chromium():
    """A browser, started once for all tests of a module."""
    with browser.started() as found:
        yield found


@pytest.fixture
def tabs(chromium):
    """Opens pages: tabs.open(address, width=390, color_scheme="dark")."""
    opened = browser.Tabs(chromium)
    yield opened
    opened.close()
