"""The one writer of a file of events: one `write(2)` an event, and never an exception into training."""

from __future__ import annotations

import os
import sys
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

    def write(self, event: Event) -> None:
        """Append one event. It is in the file, complete, when this returns, or it is counted as lost.

        That goes for a full disk as for values which refuse to become text.
        """
        if self.lost:
            self._say_what_was_lost()
        try:
            line = encode(event)
        except Exception as error:  # values come from training scripts, and any of them may refuse to become text
            self._fail(f"{event.kind} has no JSON form ({type(error).__name__})")
            self.lost += 1
            return
        if not self._append(line):
            self.lost += 1

    def close(self) -> None:
        """Close the file. Writing after this loses events, like a full disk does."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _say_what_was_lost(self) -> None:
        if self._append(encode(Lost(count=self.lost, reason=self._reason))):
            self.lost = 0

    def _append(self, line: bytes) -> bool:
        # A half-written line before this one must end first, or it would swallow this one too.
        data = b"\n" + line if self._torn else line
        try:
            written = os.write(self._fd, data)
        except OSError as error:
            self._fail(error.strerror or str(error))
            return False
        if written == len(data):
            self._torn = False
            return True
        self._torn = self._torn or written > 0
        self._fail("only a part was written; is the disk full?")
        return False

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
