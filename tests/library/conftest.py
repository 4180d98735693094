"""A run that is a test's own."""

import pytest
from scripts import read_events

from cockpit.library import guard, recorder


@pytest.fixture
def recorded(tmp_path, monkeypatch):
    """The events so far of what this process records."""
    path = tmp_path / "events.jsonl"
    monkeypatch.setenv("COCKPIT_EVENTS", str(path))
    for name in ("RANK", "LOCAL_RANK", "NODE_RANK", "SLURM_PROCID", "COCKPIT_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(recorder, "_recorder", None)
    monkeypatch.setattr(guard, "_told", set())
    return lambda: read_events(path)
