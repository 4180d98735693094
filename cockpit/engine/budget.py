"""How long a sweep may take: no trial is begun that would not end in time, and at the end nothing runs any more."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from statistics import median


class Budget:
    """`seconds` from the moment the sweep may run, by a clock that nobody sets; `text` is what people call it.

    The time that a sweep stands in the queue does not count. Trials that still run when the budget is used up are
    stopped then, because whoever pays for a machine by the hour wants it free in time.
    """

    def __init__(
        self, seconds: float = math.inf, text: str = "without end", clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.seconds = seconds
        self.text = text
        self.held_back = False  # whether the last trial that was asked for was not begun
        self._clock = clock
        self._began = clock()
        self._open: dict[str, float] = {}
        self._took: list[float] = []
        self._whole: list[float] = []

    def start(self) -> None:
        """Count from now."""
        self._began = self._clock()

    @property
    def is_used_up(self) -> bool:
        return self._elapsed() >= self.seconds

    def allows_another(self) -> bool:
        """Whether a trial that is begun now is expected to end in time."""
        self.held_back = math.isfinite(self.seconds) and not may_start(self._took, self._elapsed(), self.seconds)
        return not self.held_back

    def leaves(self, others: int) -> bool:
        """Whether, after a trial that is begun now, so many more are expected to run to their end in time."""
        if not others or not math.isfinite(self.seconds):
            return True
        rest = others * (median(self._whole) if self._whole else 0.0)
        return may_start(self._took, self._elapsed() + rest, self.seconds)

    def begin(self, trial: str) -> None:
        """A trial begins, or another attempt at it."""
        self._open[trial] = self._clock()

    def end(self, trial: str, status: str) -> None:
        """A trial is over, or does not go on now. It tells how long others take if it came to its own end."""
        began = self._open.pop(trial, None)
        if began is None or status not in ("finished", "pruned"):
            return
        self._took.append(self._clock() - began)
        if status == "finished":
            self._whole.append(self._took[-1])

    def used_text(self, started: int, total: int | None) -> str:
        """`budget 2h used: 17 of 40 trials`."""
        return f"budget {self.text} used: {started} of {'any number of' if total is None else total} trials"

    def _elapsed(self) -> float:
        return self._clock() - self._began


def may_start(durations: Sequence[float], elapsed: float, seconds: float) -> bool:
    """Whether one more trial fits: it is expected to take the median of those that ended, in seconds.

    While none has ended nothing speaks against one more.
    """
    return elapsed < seconds and elapsed + (median(durations) if durations else 0.0) <= seconds
