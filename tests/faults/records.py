"""What stands in the files of a run folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from cockpit.engine.rebuild import read_events
from cockpit.events.kinds import Attempt, Event, SweepStatus, TrialEnded, TrialStarted
from cockpit.store.folder import RunFolder


def ledger(run: RunFolder) -> list[Event]:
    return list(read_events(run.sweep))


def files(run: RunFolder) -> list[Path]:
    """The ledger and the record of every trial."""
    return [run.sweep, *(run.trial(trial).events for trial in run.trial_ids())]


def size(run: RunFolder) -> int:
    """How many bytes of record there are."""
    return sum(path.stat().st_size for path in files(run) if path.exists())


def whole_lines(path: Path) -> bytes:
    """Everything up to the last newline."""
    data = path.read_bytes() if path.exists() else b""
    return data[: data.rfind(b"\n") + 1]


def open_trials(run: RunFolder) -> list[str]:
    """Trials that a process works on, as far as the ledger says."""
    running: dict[str, None] = {}
    for event in ledger(run):
        if isinstance(event, TrialStarted):
            running[event.trial] = None
        elif isinstance(event, SweepStatus):
            running.clear()  # taken up again: whatever ran before is gone
        elif hasattr(event, "trial"):
            running.pop(event.trial, None)
    return list(running)


def trial_pids(run: RunFolder) -> dict[str, int]:
    """The processes of the trials that run."""
    known = {trial: attempts(run, trial) for trial in open_trials(run)}
    return {trial: begun[-1].pid for trial, begun in known.items() if begun}


def attempts(run: RunFolder, trial: str) -> list[Attempt]:
    return [event for event in read_events(run.trial(trial).events) if isinstance(event, Attempt)]


def ends(run: RunFolder) -> dict[str, str]:
    """How each trial that ended did, by the last word of the ledger about it."""
    known: dict[str, str] = {}
    for event in ledger(run):
        if isinstance(event, TrialStarted):
            known.pop(event.trial, None)
        elif isinstance(event, TrialEnded):
            known[event.trial] = event.status
    return known


def told(run: RunFolder, trial: str) -> Iterator[Event]:
    """What a trial recorded, in the order in which it did."""
    yield from read_events(run.trial(trial).events)
