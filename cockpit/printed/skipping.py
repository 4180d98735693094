"""Lines that look like values and are none: tracebacks and the settings of a printed optimizer."""

from __future__ import annotations

import re

_OPTIMIZER = re.compile(r"(?:grad info: )?\w{1,60} \($")
_SETTINGS = re.compile(r"Parameter Group \d+$|\s{4}\w+: \S|\)$|\s*$")
_TRACEBACK = "Traceback (most recent call last)"


class Skipper:
    """Knows whether a line belongs to a traceback or to an optimizer."""

    def __init__(self) -> None:
        self._in_traceback = False
        self._in_optimizer = False

    def skips(self, body: str) -> bool:
        """Whether the line says nothing. `body` has its leading blanks."""
        if self._in_optimizer:
            self._in_optimizer = _SETTINGS.match(body) is not None and body != ")"
            if self._in_optimizer or body == ")":
                return True
        if body.lstrip().startswith(_TRACEBACK):
            self._in_traceback = True
            return True
        if self._in_traceback:
            self._in_traceback = body[:1].isspace()
            return True  # the first line that is not indented is the message of the exception
        self._in_optimizer = body.endswith("(") and _OPTIMIZER.match(body) is not None
        return self._in_optimizer
