"""Who follows which run: two followers of one run would write its record twice, so each of them holds a lock."""

from __future__ import annotations

import fcntl
import hashlib
import os
from pathlib import Path


def claim(folder: Path, logs: Path, kernel: str) -> int | None:
    """A descriptor whose lock says that `kernel` is followed into `logs`; None where somebody holds it.

    The lock is gone with the last process that has the descriptor. `folder` is the user's own on this machine.
    """
    name = hashlib.sha256(f"{logs.resolve()}\n{kernel}".encode()).hexdigest()[:16]
    descriptor = os.open(folder / f"{name}.follower", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def is_followed(folder: Path, logs: Path, kernel: str) -> bool:
    """Whether somebody follows a run at this moment."""
    descriptor = claim(folder, logs, kernel)
    if descriptor is not None:
        os.close(descriptor)
    return descriptor is None
