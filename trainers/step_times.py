"""Where the time of a training step goes: data, compute, optimizer, record.

`data` is waiting for a batch and for its copy to the device, `compute` the forward and backward pass, `optimizer` what
changes the parameters, norms included, and `record` whatever the loop does besides: reading values, and all that who
drives the training does with its events. Evaluations, and files that belong to them, are none of it.

The clock is the device's own. On one that works beside the host, a part ends when the device has come that far, so
`data` is how long it had nothing to do for want of a batch, however early or late the host asked. A lazy device does
not tell its work apart: there the host's clock says what it waited for, and `compute` is all the rest.
"""

from __future__ import annotations

from collections import deque
from typing import Any

from trainers.devices.base import Device

DATA, COMPUTE, OPTIMIZER, RECORD = "data", "compute", "optimizer", "record"
PARTS = (DATA, COMPUTE, OPTIMIZER, RECORD)
# Marks that are kept for later; of more than these, what the device has come to is added up.
MOST_KEPT = 256


class Spent:
    """The parts of some steps, still to be measured: asked for their length only when the device has come to them."""

    def __init__(self, device: Device) -> None:
        self.steps = 0
        self._device = device
        self._parts: deque[tuple[str, Any, Any]] = deque()
        self._seconds = dict.fromkeys(PARTS, 0.0)

    def add(self, name: str, first: Any, last: Any) -> None:
        """A part from one mark to another."""
        self._parts.append((name, first, last))
        if len(self._parts) > MOST_KEPT:
            while self._parts and self._device.has_passed(self._parts[0][2]):
                self._measure()

    def seconds(self) -> list[float]:
        """Seconds of one step, the mean over all, in the order of `PARTS`. The device has come to their end."""
        while self._parts:
            self._measure()
        return [self._seconds[name] / max(1, self.steps) for name in PARTS]

    def _measure(self) -> None:
        name, first, last = self._parts.popleft()
        self._seconds[name] += self._device.seconds_between(first, last)


class StepTimes:
    """Told at each boundary what the time since the one before was spent on."""

    def __init__(self, device: Device) -> None:
        self._device = device
        self._last = device.mark()
        self._spent = Spent(device)
        self._is_taken = False

    def spent(self, name: str) -> None:
        """The part `name` ends here."""
        now = self._device.mark()
        self._spent.add(COMPUTE if name == OPTIMIZER and self._device.lazy else name, self._last, now)
        self._last = now

    def leave_out(self) -> None:
        """What happened since the last boundary belongs to no step."""
        self._last = self._device.mark()

    def take(self) -> Spent:
        """The times of the steps since this was last asked, the present one included, which goes on."""
        self._is_taken = True
        return self._spent

    def end_step(self) -> None:
        """The work of a step has been described completely; what follows is recording."""
        self.spent(OPTIMIZER)
        self._spent.steps += 1
        if self._is_taken:
            self._spent, self._is_taken = Spent(self._device), False


def told(seconds: list[float]) -> dict[str, float]:
    """The times of one step by their names, as finely as clocks measure; what did not happen is left out."""
    return {name: round(value, 7) for name, value in zip(PARTS, seconds, strict=True) if value > 0}


def share_waited(seconds: list[float]) -> float:
    """The share of a step that went by without a batch."""
    return seconds[PARTS.index(DATA)] / max(sum(seconds), 1e-9)
