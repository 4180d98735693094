"""Where in the run a line stands: one axis of steps that never goes back, whatever the program counts."""

from __future__ import annotations

from dataclasses import dataclass

from cockpit.printed.reading import Reading

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

    def enter(self, reading: Reading) -> int:
        """Note the epoch that the reading names, and return the one that holds now."""
        if reading.epoch is not None:
            if reading.from_one and reading.epoch == 0:
                self._zero_based = True
            one = reading.from_one and not self._zero_based
            self.epoch = max(reading.epoch - one, 0)
        return self.epoch

    def next_epoch(self, epoch: int) -> None:
        """Lines that name no epoch belong to this one from here on."""
        self.epoch = epoch

    def step(self, reading: Reading, kind: str, phase: str, names: tuple[str, ...]) -> int:
        """The step of values `names` of `phase`, of a `kind` `step` or `eval`."""
        if reading.step is None:
            return self._without(phase, names)
        self._counted = False
        if kind == "eval" and self._main.last is not None:
            return self._main.base + reading.step  # an evaluation names the step of the training that it comes after
        axis = self._axis(phase)
        step = axis.at(reading.step, reading.total, phase, self.epoch)
        if axis is self._main or self._main.last is None:
            self.now = max(self.now, step)
        return step

    def restart(self) -> None:
        """The counter of the training begins anew."""
        self._main.restart()

    def reached(self, step: int) -> None:
        """An event that says its own place was seen."""
        self._counted = False
        self.now = max(self.now, step)

    def _axis(self, phase: str) -> _Axis:
        if phase in ("train", "tune", "tune_train") or len(self._axes) >= _MOST_AXES:
            return self._main
        return self._axes.setdefault(phase, _Axis())

    def _without(self, phase: str, names: tuple[str, ...]) -> int:
        if self._counted:
            keys = {(phase, name) for name in names}
            if self.now == 0 or not self._seen.isdisjoint(keys):
                self.now += 1
                self._seen.clear()
            if len(self._seen) < 1000:
                self._seen.update(keys)
        return self.now
