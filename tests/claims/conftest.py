import IPython.display
import pytest


@pytest.fixture
def displayed(monkeypatch):
    """Everything that was displayed, as (data, metadata) pairs."""
    shown = []
    monkeypatch.setattr(IPython.display, "display", lambda data, raw, metadata: shown.append((data, metadata)))
    return shown
