"""Points that belong together, on their way to a line of a trial's file."""

from __future__ import annotations

import json
import math
from typing import Any

from cockpit.events.codec import VERSION, encode
from cockpit.events.kinds import Eval, Norms, Step
from cockpit.events.redaction import redacted
from cockpit.events.text import one_line
from cockpit.importers.places import EPOCH, TIME

NORMS = ("param_mean", "param_std", "grad_mean", "grad_std", "grad_max", "nonfinite", "update_ratio")
LARGEST = 1 << 53  # what a float counts without a gap
BEFORE_ALL = -(1 << 64)  # a step that no file can have


class Group:
    """Points of one phase. Those of a step become a line of text, which is what takes the least time.

    `turn` counts the lines; `waits` says that one is being put together from `parts`. `epoch` is that of the last one.
    """

    def __init__(self, make: type[Step] | type[Eval], phase: str) -> None:
        self.make, self.phase = make, phase
        self.is_evaluation = make is Eval
        self.is_training = make is Step and phase == "train"
        self.parts: list[str] = []
        self.turn = self.epoch = 0
        self.waits = False
        self._head = f'{{"v":{VERSION},"kind":"{make.kind}","phase":{_word(phase)},"epoch":'

    def key(self, name: str) -> str:
        """How a value of this name begins."""
        return f",{_word(name)}:"

    def put(self, name: str, value: float) -> None:
        """One more value."""
        self.parts.append(f"{self.key(name)}{number(value)}")

    def line(self, step: int, epoch: int, time: float) -> str:
        """The line of this step. No clock tells the time of day finer than to microseconds."""
        text = f'{self._head}{epoch},"step":{step}{"".join(self.parts)},"time":{time:.6f}}}\n'
        self.parts.clear()
        self.epoch = epoch
        return text


class ExportedGroup(Group):
    """Points of a phase or norms of a parameter group in an export of ours, whose epochs and times are points too."""

    def __init__(self, make: Any, name: str) -> None:
        super().__init__(make, name)
        self._values: dict[str, float] = {}

    def put(self, name: str, value: float) -> None:
        self._values[name] = value

    def line(self, step: int, epoch: int, time: float) -> str:
        event = self._norms(step) if self.make.kind == Norms.kind else self._step(step)
        self._values = {}
        return encode(event).decode()

    def _step(self, step: int) -> Step | Eval:
        epoch, time = self._values.pop(EPOCH, 0.0), self._values.pop(TIME, None)
        self.epoch = int(epoch) if abs(epoch) < LARGEST else 0
        return self.make(phase=self.phase, epoch=self.epoch, step=step, time=time, metrics=self._values)

    def _norms(self, step: int) -> Norms:
        known: dict[str, Any] = {name: value for name, value in self._values.items() if name in NORMS}
        count = known.pop("nonfinite", 0.0)
        return Norms(step=step, group=self.phase, nonfinite=int(count) if abs(count) < LARGEST else 0, **known)


class Series:
    """A tag: which group its points are of, and the highest step that it has come to.

    `turn` is that of the group when it had a point last, so that no line has two. `key` is empty where the group has to
    be told by name.
    """

    __slots__ = ("count", "group", "high", "highest", "is_epoch", "key", "last", "low", "name", "turn")

    def __init__(self, group: Group, name: str) -> None:
        self.group, self.name = group, name
        is_exported = isinstance(group, ExportedGroup)
        self.is_epoch = name == EPOCH and not is_exported
        self.key = "" if is_exported or self.is_epoch else group.key(name)
        self.highest, self.turn = BEFORE_ALL, -1
        self.forget()

    def forget(self) -> None:
        """Begin to look for extremes anew."""
        self.count, self.low, self.high, self.last = 0, math.inf, -math.inf, math.nan

    def look(self, value: float) -> None:
        """See whether it is an extreme one."""
        self.count += 1
        self.last = value
        if math.isfinite(value):
            self.low, self.high = min(self.low, value), max(self.high, value)


def number(value: float) -> str:
    """A number as `encode` writes it."""
    if value - value == 0.0:
        return repr(value)
    return '"NaN"' if value != value else '"Infinity"' if value > 0 else '"-Infinity"'


def _word(text: str) -> str:
    return json.dumps(redacted(one_line(text)))
