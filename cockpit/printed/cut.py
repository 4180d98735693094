"""Bytes from a pipe, cut into lines of bounded length; where the pipe happened to split them makes no difference."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from cockpit.events.text import safe_text

LONGEST = 16_384  # bytes kept of a line; what follows is thrown away as it comes

_END = re.compile(rb"\r\n|\n|\r")
_LAST_BREAK = re.compile(rb"[\s,;][^\s,;]*\Z")


@dataclass(frozen=True, slots=True)
class Line:
    """`text` is safe and has neither newline nor return; `redrawn` says that the line ended in a bare `\\r`."""

    text: str
    redrawn: bool = False


class LineCutter:
    """Turns blocks of bytes into lines. Ends of lines are `\\n`, `\\r\\n` and the `\\r` of progress bars."""

    def __init__(self) -> None:
        self._rest = bytearray()
        self._overlong = False
        self._after_return = False

    @property
    def is_empty(self) -> bool:
        """Whether the next byte begins a line."""
        return not (self._rest or self._overlong or self._after_return)

    def cut(self, data: bytes) -> Iterator[Line]:
        """The lines that `data` completes."""
        start = 0
        if self._after_return and data:
            # The block before ended in `\r`: only now it is known whether that was the half of a `\r\n`.
            self._after_return = False
            start = 1 if data.startswith(b"\n") else 0
            yield self._line(b"", redrawn=not start)
        for end in _END.finditer(data, start):
            if end[0] == b"\r" and end.end() == len(data):
                self._keep(data[start : end.start()])
                self._after_return = True
                return
            yield self._line(data[start : end.start()], redrawn=end[0] == b"\r")
            start = end.end()
        self._keep(data[start:])

    def rest(self) -> Iterator[Line]:
        """What was never ended, as a line."""
        if self._rest or self._overlong:
            yield self._line(b"", redrawn=False)
        self._after_return = False

    def _keep(self, data: bytes) -> None:
        room = LONGEST - len(self._rest)
        self._rest += data[:room]
        self._overlong = self._overlong or len(data) > room

    def _line(self, data: bytes, redrawn: bool) -> Line:
        self._keep(data)
        raw = bytes(self._rest)
        if self._overlong:
            # The last word may have lost its end: half a number is a wrong number.
            found = _LAST_BREAK.search(raw, len(raw) - 200)
            raw = raw[: found.start()] if found else b""
        self._rest.clear()
        self._overlong = False
        return Line(safe_text(raw, LONGEST), redrawn)
