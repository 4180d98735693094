"""How often one account may ask for what it waits for: one look every 30 to 120 seconds, whoever looks.

All processes of a user share one file with the time of the next look, so that ten of them ask no more often than one.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

LONGEST_DEFERRAL = 3600.0  # seconds; a clock that was set back must not stop all looks


@dataclass
class Pace:
    """Turns of one account. `folder` is the user's own on this machine, intervals are in seconds.

    The first wait is `shortest`; each of this process' waits is half as long again as the one before, up to `longest`;
    and all differ by up to a quarter, so that processes do not fall into step.
    """

    folder: Path
    account: str
    shortest: float = 30.0
    longest: float = 120.0
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.time
    chance: Callable[[], float] = random.random
    _interval: float = field(init=False, default=0.0)

    def __post_init__(self) -> None:
        self._interval = self.shortest
        name = hashlib.sha256(self.account.encode()).hexdigest()[:16]
        self._path = self.folder / f"{name}.turn"

    def wait(self) -> None:
        """Return when it is this account's turn to look; the next one comes an interval later."""
        while (left := self.take()) > 0:
            self.sleep(left)

    def take(self) -> float:
        """Seconds until the next turn, 0 for this one, which is taken."""
        with self._open() as file:
            now = self.clock()
            due = _number(file.read())
            if now < due <= now + LONGEST_DEFERRAL:
                return due - now
            self._write(file.fileno(), now + self._interval * (0.75 + self.chance() / 2))
            self._interval = min(self.longest, self._interval * 1.5)
            return 0.0

    def defer(self, seconds: float) -> None:
        """Nobody looks before this many seconds are over: the service said so."""
        with self._open() as file:
            due = min(self.clock() + seconds, self.clock() + LONGEST_DEFERRAL)
            self._write(file.fileno(), max(due, _number(file.read())))

    def _open(self) -> TextIO:
        file = os.fdopen(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), "r+")
        fcntl.flock(file, fcntl.LOCK_EX)  # until it is closed
        return file

    @staticmethod
    def _write(descriptor: int, due: float) -> None:
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{due!r}\n".encode(), 0)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0
