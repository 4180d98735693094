"""A run folder in the making, hidden beside the experiments until it is whole: a crash leaves no half of one."""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cockpit.events.codec import encode
from cockpit.events.kinds import Event
from cockpit.events.redaction import redacted
from cockpit.events.text import one_line
from cockpit.store.folder import RunFolder

_HIDDEN = ".importing-"
_LOCK = "lock"
UNREAD = "unread.txt"
_BUFFER = 1 << 18  # bytes of one file that wait to be written
_BUFFERS = 1 << 24  # of all of them
_ABANDONED = 86400.0  # seconds after which a hidden folder without a lock is nobody's


class Record:
    """Files of a run folder, each open only while something is written to it, however many runs there are."""

    def __init__(self, path: Path) -> None:
        self.run = RunFolder(path)
        self.unread = 0
        self._waiting: dict[Path, list[bytes]] = {}
        self._sizes: dict[Path, int] = {}
        self._total = 0
        self.run.trials.mkdir()

    def begin_trial(self, trial: str) -> None:
        """A trial has a folder and a file, also when nothing is recorded of it."""
        self.run.trial(trial).path.mkdir()
        self._append(self.run.trial(trial).events, b"")

    def write(self, trial: str, event: Event) -> None:
        self._append(self.run.trial(trial).events, encode(event))

    def write_lines(self, trial: str, lines: bytes) -> None:
        """Lines of events as they are."""
        self._append(self.run.trial(trial).events, lines)

    def write_unread(self, line: int, text: str) -> str:
        """Keep a line that was not understood; returns it as it was kept."""
        text = redacted(one_line(text))
        self.unread += 1
        self._append(self.run.path / UNREAD, f"{line}: {text}\n".encode())
        return text

    def write_ledger(self, events: list[Event]) -> None:
        self.run.sweep.write_bytes(b"".join(map(encode, events)))

    def flush(self) -> None:
        """Write all that waits."""
        for path in list(self._waiting):
            self._flush(path)

    def _append(self, path: Path, data: bytes) -> None:
        self._waiting.setdefault(path, []).append(data)
        self._sizes[path] = self._sizes.get(path, 0) + len(data)
        self._total += len(data)
        if self._sizes[path] > _BUFFER:
            self._flush(path)
        elif self._total > _BUFFERS:
            self.flush()

    def _flush(self, path: Path) -> None:
        data = b"".join(self._waiting.pop(path))
        self._total -= self._sizes.pop(path)
        with path.open("ab", buffering=0) as file:
            rest = memoryview(data)
            while rest:
                rest = rest[file.write(rest) :]


@contextmanager
def new_record(logs: Path) -> Iterator[Record]:
    """A record in a hidden folder of `logs`, which is gone afterwards unless it was moved. Raises `OSError`."""
    logs.mkdir(parents=True, exist_ok=True)
    remove_abandoned(logs)
    path = logs / f"{_HIDDEN}{os.getpid()}-{time.time_ns()}"
    path.mkdir()
    try:
        with (path / _LOCK).open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield Record(path)
    finally:
        shutil.rmtree(path, ignore_errors=True)


def move(record: Record, to: Path) -> RunFolder:
    """Make the record an experiment, in one step."""
    record.flush()
    (record.run.path / _LOCK).unlink()
    record.run.path.rename(to)
    record.run = RunFolder(to)
    return record.run


def remove_abandoned(logs: Path) -> None:
    """Remove what imports left that were killed."""
    for path in logs.glob(f"{_HIDDEN}*"):
        if _is_abandoned(path):
            shutil.rmtree(path, ignore_errors=True)


def _is_abandoned(path: Path) -> bool:
    try:
        with (path / _LOCK).open("r") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
    except FileNotFoundError:
        return _age(path) > _ABANDONED
    except OSError:
        return False  # somebody holds it


def _age(path: Path) -> float:
    try:
        return time.time() - path.stat().st_mtime
    except OSError:
        return 0.0
