"""What was recorded of each run, counted while it passes, and the metric that ranks them."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

from cockpit.engine.unnamed_metric import most_telling
from cockpit.events.kinds import Eval, Event, Norms, Step
from cockpit.importers.contract import RecordedLines
from cockpit.store.ranking import is_ranked

MOST_METRICS = 512  # of one run that are looked at


@dataclass(slots=True)
class Extremes:
    """The values of one metric."""

    count: int = 0
    low: float = math.inf
    high: float = -math.inf
    last: float = math.nan

    def add(self, low: float, high: float, last: float, count: int = 1) -> None:
        self.count += count
        self.last = last
        if math.isfinite(low):
            self.low = min(self.low, low)
        if math.isfinite(high):
            self.high = max(self.high, high)

    def best(self, goal: str) -> float | None:
        """The best finite value; None where there is none."""
        value = self.high if goal == "maximize" else self.low
        return value if math.isfinite(value) else None


@dataclass(slots=True)
class Tally:
    """Of one run. `metrics` are those of evaluations that may rank it."""

    steps: int = 0
    evaluations: int = 0
    norms: int = 0
    last_step: int = 0
    epochs: int = 0
    metrics: dict[str, Extremes] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """Whether nothing with numbers was recorded."""
        return not (self.steps or self.evaluations or self.norms)

    def add(self, event: Event) -> None:
        """Count one event."""
        if isinstance(event, Step):
            self._place(event.phase, event.step, event.epoch)
            self.steps += 1
        elif isinstance(event, Eval):
            self.evaluations += 1
            if is_ranked(event.phase):
                for name, value in event.metrics.items():
                    if isinstance(value, int | float):
                        self._extremes(name, value, value, value, 1)
        elif isinstance(event, Norms):
            self.norms += 1

    def add_lines(self, lines: RecordedLines) -> None:
        """Count many events."""
        self.steps += lines.steps
        self.evaluations += lines.evaluations
        self.norms += lines.norms
        self._place("train", lines.last_step, lines.last_epoch)
        for (phase, name), (count, low, high, last) in lines.extremes.items():
            if is_ranked(phase):
                self._extremes(name, low, high, last, count)

    def _place(self, phase: str, step: int, epoch: int) -> None:
        if phase == "train":
            self.last_step = max(self.last_step, step)
            self.epochs = max(self.epochs, epoch + 1)

    def _extremes(self, name: str, low: float, high: float, last: float, count: int) -> None:
        if name in self.metrics or len(self.metrics) < MOST_METRICS:
            self.metrics.setdefault(name, Extremes()).add(low, high, last, count)


def choose_metric(tallies: Iterable[Tally]) -> str:
    """The metric that ranks these runs where nobody says; empty where none was evaluated."""
    return most_telling(tally.metrics for tally in tallies)
