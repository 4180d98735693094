"""Keeps the diary's entry of a running sweep up to date, beside whatever shows the sweep."""

from __future__ import annotations

import threading
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cockpit.events.text import one_line

if TYPE_CHECKING:
    from cockpit.engine.observer import View
    from cockpit.store.folder import RunFolder
    from cockpit.store.reader import Index
    from cockpit.store.rows import SweepRow, TrialRow

LEAST_SECONDS = 10.0  # between two times
TIMES_LONGER = 20.0  # than it takes to write, so that a sweep of many trials spends a twentieth of a core on it at most


def write_or_tell(logs: Path, run: RunFolder) -> Path:
    """Write the entry of a sweep; return the diary's path. That it cannot be written is told, and ends no sweep."""
    from cockpit.diary.book import write_entry
    from cockpit.diary.entries import FILE
    from cockpit.store.folder import FolderError

    try:
        return write_entry(logs, run)
    except FolderError as error:
        click.echo(f"cockpit: {one_line(str(error))}", err=True)
        return logs / FILE


class DiaryKeeper:
    """A view that passes on what it is shown, and after the end of a trial has the entry written in another thread."""

    def __init__(self, logs: Path, run: RunFolder, view: View) -> None:
        self._logs, self._run, self._view = logs, run, view
        self._ended = 0
        self._due = time.monotonic() + LEAST_SECONDS
        self._thread: threading.Thread | None = None

    def show(self, index: Index, sweep: SweepRow, trials: list[TrialRow]) -> None:
        self._view.show(index, sweep, trials)
        if time.monotonic() < self._due or (self._thread is not None and self._thread.is_alive()):
            return
        ended = sum(trial.status != "running" for trial in trials)
        if ended != self._ended:
            self._ended = ended
            self._thread = threading.Thread(target=self._write, name="diary", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Wait for what is being written, which must not come after what is written at the end."""
        if self._thread is not None:
            self._thread.join()

    def _write(self) -> None:
        from cockpit.diary.book import write_entry

        began = time.monotonic()
        try:
            write_entry(self._logs, self._run)
        except Exception:  # goes to engine.log; the entry is written again after the next trial
            traceback.print_exc()
        now = time.monotonic()
        self._due = now + max(LEAST_SECONDS, TIMES_LONGER * (now - began))
