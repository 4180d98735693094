"""The circuit breaker: a sweep that only fails shall stop and say so."""

from __future__ import annotations

import re

FAILURES_RUNNING = 3


class Breaker:
    """Opens when the same error ended so many trials in a row."""

    def __init__(self, limit: int = FAILURES_RUNNING) -> None:
        self._limit = limit
        self._error = ""
        self._count = 0

    def note(self, error: str) -> bool:
        """Tell it how a trial ended, `error` being empty when it did not fail. True when the sweep must stop."""
        kind = _without_numbers(error)
        self._count = self._count + 1 if kind and kind == self._error else int(bool(kind))
        self._error = kind
        return self._count >= self._limit


def _without_numbers(error: str) -> str:
    """Errors that differ in a size, an address or a trial's id only are the same error."""
    return re.sub(r"0x[0-9a-f]+|-?\d+(?:\.\d+)?(?:e[+-]?\d+)?", "#", error)
