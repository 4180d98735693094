"""An experiment that was cut off is taken up again: its search, its circumstances, and what it knew."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from cockpit.engine.mending import mend
from cockpit.engine.rebuild import Rebuilt, read_events
from cockpit.events.kinds import Attempt, SweepEnded, SweepStarted, SweepStatus
from cockpit.search.metric import Metric
from cockpit.search.reader import load
from cockpit.search.spec import Search
from cockpit.store.folder import FolderError, RunFolder, find_experiment
from cockpit.store.indexer import reindex
from cockpit.store.life import is_alive
from cockpit.store.reader import Index
from cockpit.store.rows import BLEND, IMPORT, REPLAY

_NOT_TRAINED_HERE = {
    REPLAY: "a replay trains nothing, so there is nothing to go on with",
    BLEND: "a blend trains nothing, so there is nothing to go on with; `cockpit blend` makes a new one",
    IMPORT: "it ran elsewhere, so it cannot go on here; `cockpit import` of its source once more brings what is new",
}


@dataclass(frozen=True)
class Circumstances:
    """How an experiment was run: its resolved search, device and data folder, and what it started with."""

    search: Search
    device: str
    data: Path | None
    sources: tuple[RunFolder, ...]


def circumstances(run: RunFolder) -> Circumstances:
    """How an experiment that does not run now was run. Raises `FolderError`, and `SearchError` for its search."""
    life = [event for event in read_events(run.sweep) if isinstance(event, SweepStarted | SweepStatus | SweepEnded)]
    started = next((event for event in life if isinstance(event, SweepStarted)), None)
    if started is None:
        raise FolderError(f"{run.id}: its ledger does not say how it began, so it cannot be taken up again")
    if started.engine in _NOT_TRAINED_HERE:
        raise FolderError(f"{run.id}: {_NOT_TRAINED_HERE[started.engine]}")
    if not isinstance(life[-1], SweepEnded) and _lives(life):
        status = life[-1].status if isinstance(life[-1], SweepStatus) else "running"
        raise FolderError(f"{run.id}: it is {status}; there is nothing to take up again")
    names = started.extra.get("from", [])
    return Circumstances(
        search=load(run.search),
        device=started.device or "auto",
        data=Path(started.data) if started.data else None,
        sources=tuple(find_experiment(run.path.parent, str(name)) for name in names),
    )


def _lives(life: Sequence[SweepStarted | SweepStatus | SweepEnded]) -> bool:
    """Whether the last process that ran the sweep still does, as far as this machine can tell."""
    last = next(event for event in reversed(life) if not isinstance(event, SweepEnded) and event.pid)
    return is_alive(last.host, last.pid, str(last.environment.get("process_started", "")))


def take_up(run: RunFolder, metric: Metric) -> Rebuilt:
    """What the sweep knew, after seeing to it that nothing of it runs any more. Call it as the experiment's owner."""
    past = mend(run, metric.name)
    for trial in past.trials:
        trial.settle_score(metric.goal)
    _see_to_the_index(run)
    for pid in _left(run, past):
        try:
            os.killpg(pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            pass  # gone meanwhile
    return past


def _see_to_the_index(run: RunFolder) -> None:
    """One that is damaged is made again, as everything in it can be."""
    try:
        with Index(run) as index:
            index.check()
    except FolderError:
        reindex(run)


def _left(run: RunFolder, past: Rebuilt) -> Iterator[int]:
    """Processes of trials that had not ended and still live on this machine, each the leader of its group."""
    for trial in past.trials:
        if trial.is_over:
            continue
        attempts = [event for event in read_events(run.trial(trial.id).events) if isinstance(event, Attempt)]
        for attempt in attempts[-1:]:
            mark = str(attempt.extra.get("process_started", ""))
            if attempt.host == socket.gethostname() and mark and is_alive(attempt.host, attempt.pid, mark):
                yield attempt.pid
