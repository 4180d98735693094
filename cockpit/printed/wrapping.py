"""Step and result lines that were wrapped, made whole again."""

from __future__ import annotations

import re

from cockpit.printed.numbers import NUMBER
from cockpit.printed.step_lines import is_unfinished

_VALUE = re.compile(rf"\s*{NUMBER}\s*(?:$|,)", re.IGNORECASE)
_PAIR = re.compile(rf"\s*[^\s,:]{{1,80}}:\s*(?:$|{NUMBER})", re.IGNORECASE)
_MOST_PARTS = 8


class Unwrapper:
    """Keeps the first part of a line until it is seen whether the next one goes on with it."""

    def __init__(self) -> None:
        self._begun = ""
        self._parts = 0

    @property
    def is_empty(self) -> bool:
        """Whether no line is unfinished."""
        return not self._begun

    def messages(self, body: str) -> list[str]:
        """The whole lines that are known now: none while one is unfinished, two when the unfinished one stays so."""
        if self._begun:
            goes_on = _VALUE if self._begun.endswith(":") else _PAIR
            if goes_on.match(body) and self._parts < _MOST_PARTS:
                body = f"{self._begun} {body.strip()}"
            else:
                return [*self.rest(), *self.messages(body)]
        if is_unfinished(body):
            self._begun, self._parts = body, self._parts + 1
            return []
        self._begun, self._parts = "", 0
        return [body]

    def rest(self) -> list[str]:
        """The line that stayed unfinished."""
        begun, self._begun, self._parts = self._begun, "", 0
        return [begun] if begun else []
