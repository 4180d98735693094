"""One experiment is run by one process at a time."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

from cockpit.store.folder import FolderError, RunFolder


@contextmanager
def owned(run: RunFolder) -> Iterator[None]:
    """Own an experiment: a lock on its ledger, which the kernel gives back when this process dies.

    Raises `FolderError` when another process owns it, or the ledger cannot be written.
    """
    try:
        descriptor = os.open(run.sweep, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise FolderError(f"{run.sweep}: cannot be written ({error.strerror}); run this as its owner") from None
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise FolderError(f"{run.id}: another process runs it; `cockpit show {run.id}` tells how it does") from None
        yield
    finally:
        os.close(descriptor)
