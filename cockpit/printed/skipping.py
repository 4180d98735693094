"""Lines that look like values and are none: tracebacks and the settings of a printed optimizer."""

from __future__ import annotations

import re

_OPTIMIZER = re.compile(r"(?:grad info: )?\w{1,60} \($")
_SETTINGS = re.compile(r"Parameter Group \d+$|\s{4}\w+: \S|\)$|\s*$")
_SUMMARY = re.compile(r"\*{5} (\w{1,40}) metrics \*{5}$")  # of the Hugging Face Trainer, at its end
_SUMMARY_ROW = re.compile(r"\s{1,8}(\w{1,80})\s{1,80}=\s")
_TRACEBACK = "Traceback (most recent call last)"


def is_summary(text: str) -> bool:
    """Whether the line begins a summary."""
    return _SUMMARY.match(text) is not None


class Skipper:
    """Knows whether a line belongs to a traceback or to an optimizer."""

    def __init__(self) -> None:
        self.exception = ""  # the message below the last traceback
        self._in_traceback = False
        self._in_optimizer = False
        self._summary = ""  # its phase

    @property
    def is_idle(self) -> bool:
        """Whether the next line belongs to neither."""
        return not (self._in_traceback or self._in_optimizer or self._summary)

    def skips(self, body: str) -> bool:
        """Whether the line says nothing. `body` has its leading blanks."""
        if self._in_optimizer:
            self._in_optimizer = _SETTINGS.match(body) is not None and body != ")"
            if self._in_optimizer or body == ")":
                return True
        if self._summary or body.startswith("*****"):
            return self._is_summarized(body)
        if body.lstrip().startswith(_TRACEBACK):
            self._in_traceback = True
            return True
        if self._in_traceback:
            self._in_traceback = body[:1].isspace()
            if not self._in_traceback:  # the first line that is not indented is the message of the exception
                self.exception = body.strip()
            return True
        self._in_optimizer = body.endswith("(") and _OPTIMIZER.match(body) is not None
        return self._in_optimizer

    def _is_summarized(self, body: str) -> bool:
        """Whether a line repeats what the training said: means of all of it, and the epoch that it came to."""
        row = _SUMMARY_ROW.match(body) if self._summary else None
        if row is not None:
            return self._summary == "train" or row[1] == "epoch"
        found = _SUMMARY.match(body)
        self._summary = found[1] if found else ""
        return found is not None
