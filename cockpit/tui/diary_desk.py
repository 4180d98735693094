"""Changes of the diary, done in threads and yet one after the other, in the order in which they were asked for."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cockpit.diary.book import has_entry, read, write_entry
from cockpit.store.folder import FolderError, RunFolder, find_experiment


@dataclass(frozen=True)
class Change:
    """Something to do with an experiment's notes or scores.

    `done` says in a few words that it was, `then` is called in the screen's thread after that.
    """

    experiment: str
    do: Callable[[RunFolder], object]
    done: str = ""
    then: Callable[[], object] | None = None


@dataclass(frozen=True)
class Outcome:
    """What became of a change: why it was refused, empty where it worked; and the diary's text afterwards."""

    change: Change
    refused: str
    text: str


class DiaryDesk:
    """Takes changes in the screen's thread and does them in others."""

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._waiting: deque[Change] = deque()
        self._lock = threading.Lock()

    def take(self, change: Change) -> None:
        """Remember a change; `work` has to be called once for each."""
        self._waiting.append(change)

    def work(self) -> Outcome:
        """Do the oldest change that waits. An experiment without an entry gets one first."""
        with self._lock:
            change = self._waiting.popleft()
            try:
                run = find_experiment(self._logs, change.experiment)
                if not has_entry(self._logs, run):
                    write_entry(self._logs, run)
                change.do(run)
            except FolderError as error:
                return Outcome(change, str(error), read(self._logs))
            return Outcome(change, "", read(self._logs))
