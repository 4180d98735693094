"""The first line of an experiment's ledger: what it is, before anything else of it is read."""

from __future__ import annotations

from cockpit.events.codec import EventError, decode
from cockpit.events.kinds import SweepStarted
from cockpit.store.folder import RunFolder

FIRST_LINE_BYTES = 1 << 20


def beginning(run: RunFolder) -> SweepStarted | None:
    """What the ledger begins with; None while that is not there, and where it cannot be read."""
    try:
        with run.sweep.open("rb") as file:
            event = decode(file.readline(FIRST_LINE_BYTES))
    except (OSError, EventError):
        return None
    return event if isinstance(event, SweepStarted) else None
