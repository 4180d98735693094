"""How often a picture that changes by itself is written, so that a slow line to the terminal keeps up."""

from __future__ import annotations

SAVED_SECONDS = 5.0  # an allowance left over lets a picture change at once after a rest


class Pace:
    """An allowance of bytes that grows with time. A picture is written whole or waits, never in parts."""

    def __init__(self) -> None:
        self._spent_until = -SAVED_SECONDS  # the moment whose allowance the last picture used up

    def wait(self, now: float) -> float:
        """Seconds until the next picture may be written; none or less: at once."""
        return self._spent_until - now

    def spend(self, now: float, size: int, rate: float) -> None:
        """A picture of `size` bytes is written, with `rate` bytes a second to spend."""
        self._spent_until = max(self._spent_until, now - SAVED_SECONDS) + size / rate
