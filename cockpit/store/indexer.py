"""The one writer of an experiment's index: tails the run folder and folds what is new."""

from __future__ import annotations

import fcntl
import sqlite3
import time
from pathlib import Path
from types import TracebackType

from cockpit.events.codec import EventError, decode
from cockpit.events.tail import Tail
from cockpit.store import fold, schema
from cockpit.store.folder import FolderError, RunFolder
from cockpit.store.mirror import indexed

LINES_A_READ = 20_000
SECONDS_A_READ = 0.5
MOMENT_SECONDS = 3.0
RECENT_LOOKS = 50  # over ten seconds of them; a trial that was told to end may write for so long


class Indexer:
    """Keeps `index.db` of one run folder up to date. Each file's offset is kept in the same transaction as its rows.

    Raises `FolderError` when another process writes this index already, and goes on for `patience` seconds.
    """

    def __init__(self, run: RunFolder, patience: float = 0.0) -> None:
        self._run = run
        self._lock = _wait_for_lock(run, patience)
        self._connection = schema.create(run.index)
        self._is_astray = False  # whether a write failed, so that what was read last is not in the index
        self._resume()

    def sync(self, everything: bool = True) -> int:
        """Read everything that is complete now; return how many lines were new.

        Without `everything` the files of trials that ended a while ago are left out: for who looks again and again, and
        at everything at last.
        """
        total = 0
        while count := self._read_once(everything):
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

    def _read_once(self, everything: bool) -> int:
        """One look at every file, in one transaction: who sees that a trial ended sees all that it did before.

        That holds because the ledger, where trials end, is looked at first.
        """
        if self._is_astray:
            self._resume()
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            total = self._read(None, self._tail(self._run.sweep))
            total += sum(self._read(trial, tail) for trial, tail in self._trials(everything) if _is_new(tail))
            self._batch.look += total > 0
            self._connection.execute("COMMIT")
        except BaseException:
            self._is_astray = True  # whatever is done about it may fail on the same full disk
            if self._connection.in_transaction:  # SQLite has ended it itself when the disk was full
                self._connection.execute("ROLLBACK")
            raise
        return total

    def _resume(self) -> None:
        """Stand where the index stands."""
        self._batch = fold.Batch(self._connection)
        self._tails: dict[str, Tail] = {}
        self._of_trials: dict[str, Tail] = {}
        self._offsets = dict(self._connection.execute("SELECT path, offset FROM source"))
        self._is_astray = False

    def _trials(self, everything: bool) -> list[tuple[str, Tail]]:
        """The files of all trials that have a folder, or of those that go on by the ledger or did a moment ago."""
        if everything:
            ids = self._run.trial_ids()
        else:
            query = "SELECT id FROM trial WHERE ended IS NULL OR changed >= ? ORDER BY number"
            ids = [row[0] for row in self._connection.execute(query, (self._batch.look - RECENT_LOOKS,))]
        known = self._of_trials
        known.update((trial, self._tail(self._run.trial(trial).events)) for trial in ids if trial not in known)
        return [(trial, known[trial]) for trial in ids]

    def _tail(self, path: Path) -> Tail:
        key = self._key(path)
        if key not in self._tails:
            self._tails[key] = Tail(path, self._offsets.get(key, 0))
        return self._tails[key]

    def _key(self, path: Path) -> str:
        return path.relative_to(self._run.path).as_posix()

    def _read(self, trial: str | None, tail: Tail) -> int:
        before = tail.offset
        lines = tail.lines(LINES_A_READ, SECONDS_A_READ)
        if tail.restarts:
            tail.restarts = 0
            self._forget(trial, tail)
        unread, tail.skipped = tail.skipped, 0
        for line in lines:
            try:
                self._batch.add(trial, decode(line))
            except EventError:
                unread += 1
        if tail.offset != before:
            self._batch.write()
            if trial is not None:
                self._batch.touch(trial)
            self._connection.execute(
                "INSERT INTO source VALUES (?1, ?2, ?3) ON CONFLICT (path) DO UPDATE "
                "SET offset = ?2, unread = unread + ?3",
                (self._key(tail.path), tail.offset, unread),
            )
        return len(lines)

    def _forget(self, trial: str | None, tail: Tail) -> None:
        """The file is another one than before, so what came from it goes; with the ledger goes everything."""
        key = self._key(tail.path)
        if trial is None:
            fold.forget_all(self._connection)
            self._tails, self._of_trials, self._offsets = {key: tail}, {}, {}
        else:
            fold.forget_trial(self._connection, trial)
            self._connection.execute("DELETE FROM source WHERE path = ?", (key,))


def _is_new(tail: Tail) -> bool:
    """Whether there may be something that was not read: of a thousand trials most are over."""
    try:
        return tail.path.stat().st_size != tail.offset
    except OSError:
        return False  # a trial that has recorded nothing yet


def reindex(run: RunFolder) -> int:
    """Make the index of one experiment anew; return how many lines it was made from. Raises `FolderError`.

    A cockpit that is just reading new lines into it holds it for a moment, a running sweep all the time.
    """
    run = indexed(run)
    with _wait_for_lock(run, MOMENT_SECONDS):
        schema.remove(run.index)
    with Indexer(run, patience=MOMENT_SECONDS) as indexer:
        return indexer.sync()


class _Lock:
    """Held until closed, and given back by the kernel when its process dies."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("w")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._file.close()
            raise

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> _Lock:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _wait_for_lock(run: RunFolder, patience: float) -> _Lock:
    deadline = time.monotonic() + patience
    while True:
        try:
            return _lock(run)
        except FolderError:
            if time.monotonic() >= deadline:
                raise
            time.sleep(0.02)


def _lock(run: RunFolder) -> _Lock:
    try:
        return _Lock(run.index_lock)
    except BlockingIOError:
        raise FolderError(f"{run.id}: its index is being written by a running sweep; wait for it or stop it") from None
    except OSError as error:
        raise FolderError(
            f"{run.path}: cannot write its index ({error.strerror}); copy it to a folder of yours"
        ) from None
