"""Reading a growing file of lines: complete lines only, bounded by count and by time."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

BLOCK = 1 << 18
LONGEST = 1 << 20  # a line longer than this is no event; it is skipped whole


class Tail:
    """Follows `path` from byte `offset`. The file need not exist yet.

    `offset` always stands behind the last line handed out, so that it can be kept and used to go on later.
    `skipped` counts lines that were too long. A file that became shorter is read from its beginning again;
    `restarts` counts that.
    """

    def __init__(self, path: Path, offset: int = 0) -> None:
        self.path = path
        self.offset = offset
        self.skipped = 0
        self.restarts = 0

    def lines(self, most: int = 2000, seconds: float = 0.05) -> list[bytes]:
        """Return up to `most` new complete lines without their newline, stopping after about `seconds`.

        A last line without its newline is not there yet. An empty answer means that nothing new is complete.
        """
        try:
            file = self.path.open("rb", buffering=0)
        except FileNotFoundError:
            return []
        with file:
            if os.fstat(file.fileno()).st_size < self.offset:
                self.offset = 0
                self.restarts += 1
            file.seek(self.offset)
            return list(self._complete_lines(file.fileno(), most, time.monotonic() + seconds))

    def _complete_lines(self, fd: int, most: int, deadline: float) -> Iterator[bytes]:
        rest, count, overlong = b"", 0, 0
        while block := os.read(fd, BLOCK):
            *complete, rest = (rest + block).split(b"\n")
            for line in complete:
                self.offset += overlong + len(line) + 1
                if overlong or len(line) > LONGEST:
                    self.skipped += 1
                elif line:
                    count += 1
                    yield line
                overlong = 0
                if count >= most:
                    return
            if len(rest) > LONGEST:
                overlong, rest = overlong + len(rest), b""
            if time.monotonic() > deadline and count:
                return
