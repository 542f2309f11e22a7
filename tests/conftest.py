"""Make the helper modules of this folder importable from every suite."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))


def pytest_collection_modifyitems(items):
    """Files that hold a slow test start first; at the end the other worker would wait for them."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


@pytest.fixture(autouse=True)
def _keep_memory(monkeypatch):
    """Runs give memory back after every stage; a worker of the suite holds gigabytes, and each time would take seconds.

    ``tests/models/test_models_memory.py`` calls the function itself, and real runs are processes of their own.
    """
    for name in ("sophro.recipe._run", "sophro.train._trainer"):
        if name in sys.modules:
            monkeypatch.setattr(sys.modules[name], "release_memory", lambda after=0.0: None)


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    """A real Chromium; modules that use it skip themselves where there is none."""
    from chromium import Browser

    started = Browser(tmp_path_factory.mktemp("profile"))
    try:
        yield started
    finally:
        started.close()
