"""Who follows a run, or fetches its files: two of them would write its record twice, so each holds a lock meanwhile."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cockpit.store.folder import FolderError


@contextmanager
def sole_follower(logs: Path, push: str, kernel: str) -> Iterator[None]:
    """Only one process at a time puts the record of a push together; the lock of one that was killed is gone.

    Raises `FolderError` where another one does, or the logs folder cannot be written.
    """
    path = _lock_file(logs, push)
    try:
        file = path.open("w")
    except OSError as error:
        raise FolderError(f"{path}: cannot be written ({error.strerror}); name a folder with --logs") from None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise FolderError(
                f"{kernel}: another process is following it or fetching its files; `cockpit ls` lists what comes, "
                "`cockpit kaggle logs` prints its log"
            ) from None
        yield


def is_followed(logs: Path, push: str) -> bool:
    """Whether somebody follows a push into this folder at this moment."""
    try:
        with _lock_file(logs, push).open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False  # nobody ever did, or nobody can
    return False


def _lock_file(logs: Path, push: str) -> Path:
    return logs / f".kaggle-{push}.lock"
