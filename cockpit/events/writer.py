"""The one writer of a file of events: one `write(2)` for what happens at once, and no exception into training."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from cockpit.events.codec import encode
from cockpit.events.kinds import Event, Lost


class EventWriter:
    """Appends events to `path`, which is created. Opening may raise `OSError`; `write` never does.

    When the disk is full the first failure is reported on standard error, later ones are counted in `lost`, and once
    writing works again a `Lost` event says how many are missing.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lost = 0
        self._reason = ""
        self._reported = False
        self._torn = _is_torn(path)  # by a process that was killed while it wrote
        self._fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)

    def write(self, *events: Event) -> None:
        """Append events. Each is in the file, complete, when this returns, or it is counted as lost.

        That goes for a full disk as for values which refuse to become text.
        """
        if self.lost:
            self._say_what_was_lost()
        lines = [line for line in map(self._encoded, events) if line]
        self.lost += len(events) - self._append(lines)

    def close(self) -> None:
        """Close the file. Writing after this loses events, like a full disk does."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _encoded(self, event: Event) -> bytes:
        """The event's line, or nothing where it has none."""
        try:
            return encode(event)
        except Exception as error:  # values come from training scripts, and any of them may refuse to become text
            self._fail(f"{event.kind} has no JSON form ({type(error).__name__})")
            return b""

    def _say_what_was_lost(self) -> None:
        if self._append([encode(Lost(count=self.lost, reason=self._reason))]):
            self.lost = 0

    def _append(self, lines: Sequence[bytes]) -> int:
        """How many of the lines are in the file now, from the first on."""
        # A half-written line before these must end first, or it would swallow the first of them too.
        begin = b"\n" if self._torn and lines else b""
        data = begin + b"".join(lines)
        try:
            written = os.write(self._fd, data) if data else 0
        except OSError as error:
            self._fail(error.strerror or str(error))
            return 0
        if written:
            self._torn = not data[:written].endswith(b"\n")
        if written == len(data):
            return len(lines)
        self._fail("only a part was written; is the disk full?")
        return data[len(begin) : written].count(b"\n")

    def _fail(self, reason: str) -> None:
        self._reason = reason
        if not self._reported:
            self._reported = True
            text = f"cockpit: cannot write {self.path}: {reason}; training goes on, events are lost"
            try:
                print(text, file=sys.stderr)
            except (OSError, ValueError):
                pass  # standard error is closed, or on the same full disk


def _is_torn(path: Path) -> bool:
    """Whether the file has a last line that does not end."""
    try:
        with path.open("rb") as file:
            file.seek(-1, os.SEEK_END)
            return file.read(1) != b"\n"
    except OSError:
        return False  # no file, or an empty one
