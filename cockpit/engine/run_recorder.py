"""Puts into the run folder what trials record on other machines.

Each file of an attempt is sent by byte offset. How much of it is here follows from the size of the file here and from
its `base`, the size when the attempt began. So a piece that comes twice is put in once, and a recorder that was started
again goes on where the one before it stopped. Once a later attempt is expected, an earlier one is not heard any more.
"""

from __future__ import annotations

import os
import threading
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

EVENTS = "events.jsonl"
SUPERSEDED = -1  # the answer to an attempt that is over as far as the sweep is concerned
INCOMPLETE = -2  # a file that shall be put in its place has not come whole
PART = ".shipping"
FILE_MODE = 0o644


class RunRecorder:
    """Writes the trials' folders in `trials`, an absolute path, because this runs in another folder than the sweep.

    Its methods may be called by several threads. A full disk is nothing to fail for: less is here than was sent, and
    the sender tries again.
    """

    def __init__(self, trials: str) -> None:
        self._trials = Path(trials)
        self._latest: dict[str, int] = {}
        self._locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)

    def expect(self, trial: str, attempt: int) -> None:
        """From now on no attempt before this one is heard."""
        with self._locks[trial]:
            self._latest[trial] = max(attempt, self._latest.get(trial, 0))
            for part in (self._trials / trial).rglob(f".*{PART}"):  # what an attempt before it did not get to send
                part.unlink(missing_ok=True)

    def begin(self, trial: str, attempt: int, name: str) -> int:
        """The base of a file to which the attempt is about to append. Raises `OSError` where it cannot be written.

        A line that an attempt before it was torn from is ended here, or it would swallow the next one.
        """
        with self._locks[trial]:
            if self._is_superseded(trial, attempt):
                return SUPERSEDED
            path = self._place(trial, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            with _appending(path) as descriptor:
                if name == EVENTS and _is_torn(path):
                    os.write(descriptor, b"\n")
                return _size(descriptor)

    def append(self, trial: str, attempt: int, name: str, base: int, offset: int, data: bytes) -> int:
        """Append what begins at `offset` of the attempt's file. Returns how much of that file is here now."""
        with self._locks[trial]:
            if self._is_superseded(trial, attempt):
                return SUPERSEDED
            return _append(self._place(trial, name), base, offset, data)

    def put(self, trial: str, attempt: int, name: str, offset: int, data: bytes) -> int:
        """Take a piece of a file that `commit` puts in its place. Returns how much of it is here; 0 begins anew."""
        with self._locks[trial]:
            if self._is_superseded(trial, attempt):
                return SUPERSEDED
            part = _part(self._place(trial, name), attempt)
            part.parent.mkdir(parents=True, exist_ok=True)
            if offset == 0:
                part.unlink(missing_ok=True)
            return _append(part, 0, offset, data)

    def commit(self, trial: str, attempt: int, base: int, offset: int, lines: bytes, files: Mapping[str, int]) -> int:
        """Put files of these sizes in their places and then append the lines that name them, in one go.

        A node that is lost meanwhile can so leave neither a name without its file nor a file that is ahead of the
        record. Returns how much of the events is here, or `INCOMPLETE`.
        """
        with self._locks[trial]:
            if self._is_superseded(trial, attempt):
                return SUPERSEDED
            for name, size in files.items():
                if not _put_in_place(self._place(trial, name), attempt, size):
                    return INCOMPLETE
            return _append(self._place(trial, EVENTS), base, offset, lines)

    def read(self, path: str, offset: int, most: int) -> bytes:
        """A piece of a checkpoint in the run folder; empty at its end. Raises `OSError`."""
        file = Path(os.path.normpath(path))
        if not file.is_relative_to(self._trials):
            raise PermissionError(f"{path} is not in {self._trials}")
        with file.open("rb") as stream:
            stream.seek(offset)
            return stream.read(most)

    def _is_superseded(self, trial: str, attempt: int) -> bool:
        latest = self._latest[trial] = max(attempt, self._latest.get(trial, 0))
        return attempt < latest

    def _place(self, trial: str, name: str) -> Path:
        folder = self._trials / trial
        path = Path(os.path.normpath(folder / name))
        if folder.parent != self._trials or not path.is_relative_to(folder) or path == folder:
            raise PermissionError(f"{name} is no file of {trial}")
        return path


@contextmanager
def _appending(path: Path) -> Iterator[int]:
    """A descriptor to append to a file with, which is made where there is none. Raises `OSError`."""
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, FILE_MODE)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _size(descriptor: int) -> int:
    return os.fstat(descriptor).st_size


def _append(path: Path, base: int, offset: int, data: bytes) -> int:
    try:
        with _appending(path) as descriptor:
            here = _size(descriptor) - base
            new = data[here - offset :] if here >= offset else b""
            with suppress(OSError):  # the disk is full
                while new and (written := os.write(descriptor, new)):
                    new = new[written:]
            return max(0, _size(descriptor) - base)
    except OSError:
        return offset  # not even this can be done now; nothing has come


def _put_in_place(path: Path, attempt: int, size: int) -> bool:
    part = _part(path, attempt)
    if part.is_file() and part.stat().st_size == size:
        with part.open("rb+") as stream, suppress(OSError):
            os.fsync(stream.fileno())
        part.replace(path)
        return True
    # The answer to the first time may have been lost.
    return not part.exists() and path.is_file() and path.stat().st_size == size


def _part(path: Path, attempt: int) -> Path:
    return path.with_name(f".{path.name}.{attempt}{PART}")


def _is_torn(path: Path) -> bool:
    """Whether the file has a last line that does not end."""
    with path.open("rb") as file:
        if not file.seek(0, os.SEEK_END):
            return False
        file.seek(-1, os.SEEK_END)
        return file.read(1) != b"\n"
