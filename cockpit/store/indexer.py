"""The one writer of an experiment's index: tails the run folder and folds what is new."""

from __future__ import annotations

import fcntl
import sqlite3
from pathlib import Path
from types import TracebackType

from cockpit.events.codec import EventError, decode
from cockpit.events.tail import Tail
from cockpit.store import fold, schema
from cockpit.store.folder import FolderError, RunFolder

LINES_A_READ = 20_000
SECONDS_A_READ = 0.5


class Indexer:
    """Keeps `index.db` of one run folder up to date. Each file's offset is kept in the same transaction as its rows.

    Raises `FolderError` when another process writes this index already.
    """

    def __init__(self, run: RunFolder) -> None:
        self._run = run
        self._lock = _lock(run)
        self._connection = schema.create(run.index)
        self._batch = fold.Batch(self._connection)
        self._tails: dict[str, Tail] = {}
        self._offsets = dict(self._connection.execute("SELECT path, offset FROM source"))

    def sync(self) -> int:
        """Read everything that is complete now; return how many lines were new."""
        total = 0
        while count := self._read_once():
            total += count
        return total

    def close(self) -> None:
        """Leave one plain file behind, readable also from a read-only copy."""
        try:
            self._connection.execute("PRAGMA journal_mode = DELETE")
        except sqlite3.OperationalError:
            pass  # somebody is reading right now; the write-ahead log stays, which is as good
        self._connection.close()
        self._lock.close()

    def __enter__(self) -> Indexer:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.close()

    def _read_once(self) -> int:
        sources: list[tuple[str | None, Path]] = [(None, self._run.sweep)]
        sources += [(trial, self._run.trial(trial).events) for trial in self._run.trial_ids()]
        total = 0
        for trial, path in sources:
            tail = self._tail(path)
            restarts = tail.restarts
            lines = tail.lines(LINES_A_READ, SECONDS_A_READ)
            if lines or tail.restarts != restarts:
                self._fold_lines(trial, tail, lines, starts_again=tail.restarts != restarts)
            total += len(lines)
        return total

    def _tail(self, path: Path) -> Tail:
        key = path.relative_to(self._run.path).as_posix()
        if key not in self._tails:
            self._tails[key] = Tail(path, self._offsets.get(key, 0))
        return self._tails[key]

    def _fold_lines(self, trial: str | None, tail: Tail, lines: list[bytes], *, starts_again: bool) -> None:
        execute = self._connection.execute
        execute("BEGIN IMMEDIATE")
        try:
            if starts_again and trial is not None:
                fold.forget_trial(self._connection, trial)
            unread = tail.skipped
            for line in lines:
                try:
                    self._batch.add(trial, decode(line))
                except EventError:
                    unread += 1
            self._batch.write()
            key = tail.path.relative_to(self._run.path).as_posix()
            execute(
                "INSERT INTO source VALUES (?1, ?2, ?3) ON CONFLICT (path) DO UPDATE "
                "SET offset = ?2, unread = unread + ?3",
                (key, tail.offset, unread),
            )
            execute("COMMIT")
        except BaseException:
            execute("ROLLBACK")
            raise
        tail.skipped = 0


def reindex(run: RunFolder) -> int:
    """Make the index of one experiment anew; return how many lines it was made from. Raises `FolderError`."""
    with _lock(run):
        schema.remove(run.index)
    with Indexer(run) as indexer:
        return indexer.sync()


class _Lock:
    """Held until closed, and given back by the kernel when its process dies."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("w")
        fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> _Lock:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _lock(run: RunFolder) -> _Lock:
    try:
        return _Lock(run.index_lock)
    except BlockingIOError:
        raise FolderError(f"{run.id}: its index is being written by a running sweep; wait for it or stop it") from None
    except OSError as error:
        raise FolderError(
            f"{run.path}: cannot write its index ({error.strerror}); copy it to a folder of yours"
        ) from None
