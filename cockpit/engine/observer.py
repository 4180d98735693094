"""The thread that keeps a sweep's index and summary up to date, and shows what is new."""

from __future__ import annotations

import threading
import time
import traceback
from typing import Protocol

from cockpit.store.folder import RunFolder
from cockpit.store.indexer import Indexer
from cockpit.store.reader import Index
from cockpit.store.rows import SweepRow, TrialRow
from cockpit.store.summary import save_summary

TICK_SECONDS = 0.25
SUMMARY_SECONDS = 1.0
LOCK_SECONDS = 10.0


class View(Protocol):
    """Something that shows a running sweep. Called from the observer's thread only."""

    def show(self, index: Index, sweep: SweepRow, trials: list[TrialRow]) -> None: ...


class NoView:
    """Shows nothing, for sweeps without anybody in front of them."""

    def show(self, index: Index, sweep: SweepRow, trials: list[TrialRow]) -> None:
        pass


class Observer:
    """Reads the run folder while it is open; on closing it reads to the end, so that nothing is missing."""

    def __init__(self, run: RunFolder, view: View) -> None:
        self._run = run
        self._view = view
        # Somebody who looked into the folder before may be making its index this moment.
        self._indexer = Indexer(run, patience=LOCK_SECONDS)
        self._over = threading.Event()
        self._summary_due = 0.0
        self._tick()
        self._thread = threading.Thread(target=self._watch, name="observer", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._over.set()
        self._thread.join()
        self._summary_due = 0.0
        try:
            self._tick()
        finally:
            self._indexer.close()

    def __enter__(self) -> Observer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _watch(self) -> None:
        while not self._over.wait(TICK_SECONDS):
            try:
                self._tick()
            except Exception:
                # Showing is not worth a sweep: what was recorded can be indexed again.
                traceback.print_exc()

    def _tick(self) -> None:
        self._indexer.sync()
        with Index(self._run) as index:
            sweep, trials = index.sweep(), index.trials()
            self._view.show(index, sweep, trials)
        if time.monotonic() >= self._summary_due:
            self._summary_due = time.monotonic() + SUMMARY_SECONDS
            save_summary(self._run, sweep, trials)
