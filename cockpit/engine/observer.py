"""The thread that keeps a sweep's index and summary up to date, and shows what is new."""

from __future__ import annotations

import threading
import time
import traceback
from typing import Protocol

from cockpit.engine.masking import Masks
from cockpit.store.folder import RunFolder
from cockpit.store.indexer import Indexer
from cockpit.store.reader import Index
from cockpit.store.rows import CommandRow, SweepRow, TrialRow
from cockpit.store.summary import save_summary

TICK_SECONDS = 0.25
SUMMARY_SECONDS = 1.0
MASK_SECONDS = 1.0
EVERYTHING_SECONDS = 10.0  # between looks at the trials that are over, too
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
        self._summary_due = self._everything_due = self._masks_due = 0.0
        self._index: Index | None = None
        self._look = 0
        self._answered: list[CommandRow] = []
        self._status = ""
        self._trials: dict[str, TrialRow] = {}
        self._masks = Masks(run)
        self._tick()
        self._thread = threading.Thread(target=self._watch, name="observer", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._over.set()
        self._thread.join()
        self._summary_due = self._everything_due = 0.0
        try:
            self._tick()
            self._masks.look(self._trials.values(), last=True)
        except Exception:  # a full disk or a view that raises, which must not hide how the sweep ended
            traceback.print_exc()
        finally:
            if self._index is not None:
                self._index.close()
            self._indexer.close()

    def __enter__(self) -> Observer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _watch(self) -> None:
        while not self._over.wait(TICK_SECONDS):
            try:
                self._tick()
                if time.monotonic() >= self._masks_due:
                    self._masks_due = time.monotonic() + MASK_SECONDS
                    self._masks.look(self._trials.values())
            except Exception:
                # Showing is not worth a sweep: what was recorded can be indexed again.
                traceback.print_exc()

    def _tick(self) -> None:
        everything = time.monotonic() >= self._everything_due
        self._indexer.sync(everything)
        if everything:
            self._everything_due = time.monotonic() + EVERYTHING_SECONDS
        if self._index is None:
            self._index = Index(self._run)  # stays the same file, because nobody else may write it
        sweep, trials = self._read(self._index)
        answered = self._index.commands()
        # Who has just been told that a trial is paused looks at the list of experiments next.
        if answered != self._answered or time.monotonic() >= self._summary_due:
            self._answered, self._summary_due = answered, time.monotonic() + SUMMARY_SECONDS
            save_summary(self._run, sweep, trials)
        self._view.show(self._index, sweep, trials)

    def _read(self, index: Index) -> tuple[SweepRow, list[TrialRow]]:
        """The sweep and all its trials; only those that changed are read, or each trial would make the ticks longer."""
        sweep = index.sweep()
        if sweep.status != self._status or index.trial_count() < len(self._trials):
            # What a trial is called depends on whether its sweep goes on; or the ledger was replaced by another.
            self._status, self._look, self._trials = sweep.status, 0, {}
        since, self._look = self._look, index.look()
        self._trials.update((row.id, row) for row in index.trials(since))
        return sweep, list(self._trials.values())
