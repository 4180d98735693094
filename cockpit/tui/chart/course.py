"""An axis of steps at which something else grows by the same factor: it can be labelled with that."""

from __future__ import annotations

import math
from dataclasses import dataclass

from cockpit.store.numbers import setting_text
from cockpit.tui.chart import axis
from cockpit.tui.chart.scale import Scale
from cockpit.tui.chart.ticks import tick_label


@dataclass(frozen=True)
class Course:
    """`name` is `first` at step 1 and grows by `factor`, above 1, with every step."""

    name: str
    first: float
    factor: float

    def value(self, step: float) -> float:
        """What it is at a step."""
        return float(self.first * self.factor ** (step - 1))

    def step(self, value: float) -> int:
        """The step at which it is nearest to a value above 0."""
        return round(math.log(value / self.first) / math.log(self.factor)) + 1

    def begun(self, across: Scale) -> Scale:
        """The axis without what lies before step 1, where there was nothing yet."""
        return Scale(max(1.0, across.low), max(2.0, across.high))

    def ticks(self, across: Scale, columns: int) -> axis.Ticks:
        """Round values on an axis of steps; equal steps make it logarithmic."""
        return axis.number_ticks(Scale(self.value(across.low), self.value(across.high), log=True), columns, [])

    def text(self, step: int) -> str:
        """`lr 3.2e-04`."""
        return f"{self.name} {setting_text(self.value(step))}"

    def span(self, across: Scale) -> str:
        """`1e-07–0.01`."""
        return "–".join(tick_label(float(f"{self.value(step):.2g}")) for step in (across.low, across.high))
