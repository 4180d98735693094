"""The one recorder of this process: the file of `$COCKPIT_EVENTS` and how far the training has come."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from cockpit.events.kinds import Event, Lost
from cockpit.events.writer import EventWriter
from cockpit.library.environment import events_file, is_first_rank
from cockpit.library.guard import complain


class Recorder:
    """Appends events to `path`, which is opened at the first one. Nothing here raises.

    `step` is the last training step (None before the first), `epoch` the last epoch; `counts` and `begun` have the
    number of records and the time of the first one for each phase. `watches` are the optimizers with norms,
    `frozen` the tensors that were noted last as not trained.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.step: int | None = None
        self.epoch = 0
        self.counts: dict[str, int] = {}
        self.begun: dict[str, float] = {}
        self.watches: WeakKeyDictionary[Any, Any] = WeakKeyDictionary()
        self.frozen: list[str] = []
        self._writer: EventWriter | None = None
        self._unopened = 0
        self._records: bool | None = None

    def records(self) -> bool:
        """Whether this process is the one that records; decided at the first event."""
        if self._records is None:
            self._records = is_first_rank()
        return self._records

    def write(self, event: Event) -> None:
        """Append one event. What cannot be written is counted, and told in the file once it can be."""
        writer = self._writer or self._open()
        if writer is None:
            self._unopened += 1
        else:
            writer.write(event)

    def reopen(self) -> None:
        """For a forked child: its own file descriptor, its own count of losses, and perhaps another rank."""
        if self._writer is not None:
            self._writer.close()
        self._writer, self._unopened, self._records = None, 0, None

    def _open(self) -> EventWriter | None:
        try:
            writer = EventWriter(Path(self.path))
        except (OSError, ValueError) as error:
            complain(f"cannot open {self.path}: {error}; training goes on, events are lost")
            return None
        if self._unopened:
            writer.write(Lost(count=self._unopened, reason="the file could not be opened"))
            self._unopened = 0
        self._writer = writer
        return writer


_recorder: Recorder | None = None


def current() -> Recorder | None:
    """The recorder of the run that this process is part of; None outside a run and in processes of rank > 0.

    The variable is read anew each time, because one process may work on several trials after each other.
    """
    global _recorder
    path = events_file()
    if path is None:
        return None
    if _recorder is None or _recorder.path != path:
        _recorder = Recorder(path)
    return _recorder if _recorder.records() else None


def _after_fork() -> None:
    if _recorder is not None:
        _recorder.reopen()


os.register_at_fork(after_in_child=_after_fork)
