"""Logged steps on their way from the device: nothing in a training loop waits for their numbers.

A logged step leaves its values on the device, in one pack. Several packs travel in one copy, which begins after the end
of a step and is asked for one step later, when the device has the next step to work on already. On the processor, which
has nothing to wait for, it is still cheaper to deal with the numbers of many steps in one go.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from trainers.contract import UNTOLD_STEPS, GroupNorms, Step
from trainers.devices.base import Device, Fetched
from trainers.grad_norms import NormTable
from trainers.step_times import PARTS, Spent, share_waited, told
from trainers.task import Running

# Logged steps in one copy, at most; as many may be on their way.
MOST = UNTOLD_STEPS // 2


@dataclass(slots=True)
class Logged:
    """A logged step whose values are still on the device.

    `values` are packs: the first has the losses in the order of `losses` and behind them the norm table, which is told
    where `shows_norms`; the others are what running scores need. `host` are the metrics that the host knows, and
    `spent` where the time went.
    """

    phase: str
    epoch: int
    step: int
    time: float
    values: Sequence[Any]
    losses: tuple[str, ...]
    shows_norms: bool
    host: Mapping[str, float]
    spent: Spent


class Outbox:
    """Takes logged steps, and gives them back as `Step` events, in order, when their values are there.

    So many steps make a copy that about `Device.flush_seconds` pass between two of them, and where they become slower,
    no more. Of several processes, which average their values, all go by the number of steps that the first finds, so
    that they do the same at the same step. A device that answers at once is asked as soon as a copy is due.
    """

    def __init__(self, device: Device, running: Running, norms: NormTable) -> None:
        self._device = device
        self._running = running
        self._norms = norms
        self._waiting: list[Logged] = []
        self._travelling: list[tuple[list[Logged], Fetched]] = []
        self._arrived: deque[Step] = deque()
        self._made = 0
        self._every = 1
        self._began = time.monotonic()

    def put(self, logged: Logged) -> None:
        """Before the end of the step that it is about."""
        self._waiting.append(logged)

    def turn(self, step: int) -> None:
        """After the end of this step, and of every one: takes in a copy that an earlier one began, and begins another
        if it is due.
        """
        self._made = step
        self._take_in()
        if self._is_due():
            self._send()
        if self._device.answers_at_once:
            self._take_in()

    def flush(self, step: int) -> None:
        """Brings over all that is left after this step. Device sync: everything that was begun is waited for."""
        self._made = step
        if self._waiting:
            self._send()
        self._take_in()

    def pop(self) -> Step | None:
        """The next step whose values are there."""
        return self._arrived.popleft() if self._arrived else None

    def _send(self) -> None:
        packs = [pack for logged in self._waiting for pack in logged.values]
        self._travelling.append((self._waiting, self._device.fetch(packs)))
        self._waiting = []

    def _is_due(self) -> bool:
        if len(self._waiting) >= self._every:
            return True
        is_late = time.monotonic() - self._began >= self._device.flush_seconds
        return is_late and bool(self._waiting) and self._device.team.size == 1

    def _take_in(self) -> None:
        for steps, fetched in self._travelling:
            # Device sync: until the step in which the copy began has been computed; the one after it is queued.
            self._arrived.extend(self._events(steps, fetched.floats()))
            self._set_pace(len(steps))
        self._travelling = []

    def _set_pace(self, steps: int) -> None:
        """Ends the time in which so many logged steps were made, and says how many make the next copy."""
        wanted, now = self._device.flush_seconds, time.monotonic()
        seconds, self._began = now - self._began, now
        if wanted:
            fitting = max(1, min(MOST, int(wanted * steps / max(seconds, 1e-9))))
            self._every = self._device.team.once(lambda: fitting)

    def _events(self, steps: Sequence[Logged], values: Sequence[Sequence[float]]) -> list[Step]:
        """Values that are averaged over the processes go in one collective, those of running scores in another."""
        team = self._device.team
        vectors = iter(values)
        parts = [[next(vectors) for _ in logged.values] for logged in steps]
        flat = [number for own, *_ in parts for number in own]
        times = [seconds for logged in steps for seconds in logged.spent.seconds()]
        means = iter(team.mean([*flat, *times]))
        averaged = [[next(means) for _ in own] for own, *_ in parts]
        rows = [[number for vector in rest for number in vector] for _, *rest in parts]
        gathered = team.gather(rows) if any(rows) else [rows]
        return [
            self._event(logged, averaged[place], [rows[place] for rows in gathered], [next(means) for _ in PARTS])
            for place, logged in enumerate(steps)
        ]

    def _event(self, logged: Logged, values: list[float], rows: list[list[float]], times: list[float]) -> Step:
        if any(rows):
            self._running.take(rows)
        count = len(logged.losses)
        metrics = dict(zip(logged.losses, values, strict=False)) | dict(logged.host) | dict(self._running.scores())
        norms: tuple[GroupNorms, ...] = self._norms.unpack(values[count:]) if logged.shows_norms else ()
        metrics["wait"] = share_waited(times)
        return Step(logged.phase, logged.epoch, logged.step, metrics, logged.time, norms, told(times), self._made)
