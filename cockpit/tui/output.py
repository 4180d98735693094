"""The last lines that a trial printed."""

from __future__ import annotations

from collections import deque
from pathlib import Path

from cockpit.events.redaction import redacted
from cockpit.events.text import safe_text

MOST_LINES = 2000
FIRST_BYTES = 1 << 18  # of a long file only its end is read
MOST_BYTES = 1 << 20  # of what came between two looks; more than anybody reads


class OutputTail:
    """Follows one file. Lines are safe to show; a last line without its end is shown as far as it is there."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lines: deque[str] = deque(maxlen=MOST_LINES)
        self._offset = 0
        self._partial = b""
        self._shown: tuple[str, ...] = ()

    def lines(self) -> tuple[str, ...]:
        """The newest lines, oldest first; the same object as before where nothing was printed."""
        new = self._read()
        if new:
            *whole, self._partial = (self._partial + new).split(b"\n")
            self._lines.extend(redacted(safe_text(line)) for line in whole)
            self._partial = self._partial[-FIRST_BYTES:]
            last = (redacted(safe_text(self._partial)),) if self._partial else ()
            self._shown = (*self._lines, *last)
        return self._shown

    def _read(self) -> bytes:
        try:
            with self.path.open("rb") as file:
                size = file.seek(0, 2)
                if size < self._offset:  # another file than before
                    self._offset, self._partial = 0, b""
                    self._lines.clear()
                limit = MOST_BYTES if self._offset else FIRST_BYTES
                start = max(self._offset, size - limit)
                if start > self._offset:
                    self._partial = b""
                file.seek(start)
                found = file.read(limit)
        except OSError:
            return b""
        skipped_part = start > self._offset
        self._offset = start + len(found)
        if skipped_part:  # begins in the middle of a line
            found = found.partition(b"\n")[2]
        return found
