"""Where in the run a line stands: one axis of steps that never goes back, whatever the program counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cockpit.printed.reading import Reading

_NUMBERED_ANEW = ("step", "result")  # their epochs are counted here, not by the program
_MOST_AXES = 64  # phases with a counter of their own; a pattern may make up any number


@dataclass(slots=True)
class _Axis:
    """One counter of the program. `base` is what its earlier rounds add up to."""

    base: int = 0
    last: int | None = None
    total: int | None = None
    epoch: int = 0
    phase: str = ""

    def at(self, step: int, total: int | None, phase: str, epoch: int) -> int:
        anew = self.last is not None and (
            step < self.last or (step == self.last and phase == self.phase and epoch != self.epoch)
        )
        if anew:
            self.restart()
            # A counter from 0 has its first step where one from 1 has its zeroth.
            self.base += step == 0 and total is None
        self.last, self.total, self.phase, self.epoch = step, total, phase, epoch
        return self.base + step

    def restart(self) -> None:
        self.base += self.total or self.last or 0
        self.last = self.total = None


class Timeline:
    """Steps and epochs of events.

    A counter that starts anew (with every epoch, or with another phase) goes on where it was: a run has one axis, and
    two values may not share a step. Training and tuning share it; steps of other phases count for themselves, and an
    evaluation that names a step means the one of the training. A line without a step stands at the last step of the
    training; in a run that never says a step such lines are counted, and a new number begins when a metric of a phase
    comes again.

    Epochs stay as printed, except in formats that count from 1: those are counted from 0, unless a 0 was seen.
    """

    def __init__(self) -> None:
        self.now = 0
        self.epoch = 0
        self._main = _Axis()
        self._axes: dict[str, _Axis] = {}
        self._counted = True
        self._seen: set[tuple[str, str]] = set()
        self._zero_based = False
        self._from_one: int | None = None  # the epoch that was last printed in a format that counts from 1

    def enter(self, reading: Reading) -> int:
        """Note the epoch that the reading names, and return the one that holds now."""
        if reading.epoch is None:
            return self.epoch
        enter = self.enter_epoch if reading.form in _NUMBERED_ANEW else self.enter_printed
        return enter(reading.epoch, reading.from_one)

    def enter_printed(self, epoch: int, from_one: bool) -> int:
        """The same for an epoch that may be named twice, with and without how many there are: `1/3`, then `1`."""
        if epoch == self._from_one and not from_one:
            return self.epoch
        self._from_one = epoch if from_one else self._from_one
        return self.enter_epoch(epoch, from_one)

    def enter_epoch(self, epoch: int, from_one: bool) -> int:
        """Note an epoch as it was printed, and return the one that holds now."""
        if from_one and epoch == 0:
            self._zero_based = True
        self.epoch = max(epoch - (from_one and not self._zero_based), 0)
        return self.epoch

    def next_epoch(self, epoch: int) -> None:
        """Lines that name no epoch belong to this one from here on."""
        self.epoch = epoch

    def step(self, reading: Reading, kind: str, phase: str, names: tuple[str, ...]) -> int:
        """The step of values `names` of `phase`, of a `kind` `step` or `eval`."""
        if reading.step is None:
            return self.without_step(phase, names)
        return self.place(reading.step, reading.total, kind, phase)

    def place(self, printed: int, total: int | None, kind: str, phase: str) -> int:
        """The step of what was printed with a step."""
        self._counted = False
        if kind == "eval" and self._main.last is not None:
            return self._main.base + printed  # an evaluation names the step of the training that it comes after
        axis = self._axis(phase)
        step = axis.at(printed, total, phase, self.epoch)
        if axis is self._main or self._main.last is None:
            self.now = max(self.now, step)
        return step

    @property
    def counts(self) -> bool:
        """Whether lines without a step are counted, since no line has said one."""
        return self._counted

    def goes_on(self, printed: int, kind: str, phase: str) -> bool:
        """Whether this step is beyond what was printed last, so that its counter does not begin anew."""
        if kind == "eval" and self._main.last is not None:
            return True
        last = self._axis(phase).last
        return last is None or printed > last

    def moves_on(self, printed: int, phase: str) -> bool:
        """Whether this step is one of the training that lies beyond where the run is now."""
        axis = self._axis(phase)
        return axis is self._main and axis.base + printed > self.now

    def places(self, printed: Sequence[int], total: int | None, kind: str, phase: str) -> Sequence[int]:
        """`place` of steps that go on and grow, all at once. `total` is the last one's, as is the epoch that holds."""
        first = self.place(printed[0], total, kind, phase)
        if len(printed) == 1:
            return (first,)
        self.place(printed[-1], total, kind, phase)
        base = first - printed[0]
        return [base + step for step in printed] if base else printed

    def restart(self) -> None:
        """The counter of the training begins anew."""
        self._main.restart()

    def reached(self, step: int) -> None:
        """An event that says its own place was seen."""
        self._counted = False
        self.now = max(self.now, step)

    def count_on(self, lines: int) -> range:
        """The steps of so many more lines that have, without a step, what the last one had."""
        first = self.now + 1
        self.now += lines
        return range(first, self.now + 1)

    def _axis(self, phase: str) -> _Axis:
        if phase in ("train", "tune", "tune_train") or len(self._axes) >= _MOST_AXES:
            return self._main
        return self._axes.setdefault(phase, _Axis())

    def without_step(self, phase: str, names: tuple[str, ...]) -> int:
        """The step of what was printed without one."""
        if self._counted:
            keys = {(phase, name) for name in names}
            if self.now == 0 or not self._seen.isdisjoint(keys):
                self.now += 1
                self._seen.clear()
            if len(self._seen) < 1000:
                self._seen.update(keys)
        return self.now
