"""Lines that look like values and are none: tracebacks."""

from __future__ import annotations

_TRACEBACK = "Traceback (most recent call last)"


class Skipper:
    """Knows whether a line belongs to a traceback."""

    def __init__(self) -> None:
        self._in_traceback = False

    def skips(self, body: str) -> bool:
        """Whether the line says nothing. `body` has its leading blanks."""
        if body.lstrip().startswith(_TRACEBACK):
            self._in_traceback = True
            return True
        if self._in_traceback:
            self._in_traceback = body[:1].isspace()
            return True  # the first line that is not indented is the message of the exception
        return False
