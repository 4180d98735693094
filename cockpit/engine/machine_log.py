"""The thread that keeps how busy the machine is while a sweep runs, beside the trials and outside of them."""

from __future__ import annotations

import socket
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from cockpit.store.folder import RunFolder
from cockpit.store.lines import append_line

if TYPE_CHECKING:
    from cockpit.store.machine import MachineRow

FIRST_SECONDS = 1.0  # before the first look: a sweep that is over by then was no work for the machine
LEAST_SECONDS, PART = 5.0, 1 / 500  # between looks, and as a part of the time so far: a week makes 3,000 lines


class MachineLog:
    """Appends to the experiment's `machine.jsonl` while it is open. Whatever goes wrong in it ends no sweep."""

    def __init__(self, run: RunFolder, clock: Callable[[], float] = time.monotonic) -> None:
        self._run = run
        self._clock = clock
        self._over = threading.Event()
        self._names: Mapping[str, str] = {}
        self._thread = threading.Thread(target=self._keep, name="machine-log", daemon=True)

    def __enter__(self) -> MachineLog:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _keep(self) -> None:
        if self._over.wait(FIRST_SECONDS):
            return
        try:
            self._look_again_and_again()
        except Exception:  # a full disk, or a machine that cannot be looked at
            traceback.print_exc()

    def _look_again_and_again(self) -> None:
        from cockpit.store.machine import MachineMeter

        meter, began = MachineMeter(self._run.path.parent), self._clock()
        meter.read()
        is_over = False
        while not is_over:
            is_over = self._over.wait(pause(self._clock() - began))
            self._write(meter.read())

    def _write(self, machine: MachineRow) -> None:
        from cockpit.store.machine.record import NAMES, sample_of

        sample = sample_of(machine, self._run.id, time.time(), socket.gethostname())
        if not sample.values:
            return
        line = sample.line
        if sample.names == self._names:
            line.pop(NAMES, None)
        self._names = sample.names
        append_line(self._run.machine, line)


def pause(elapsed: float) -> float:
    """Seconds until the next look, after so many."""
    return max(LEAST_SECONDS, elapsed * PART)
