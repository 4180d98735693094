"""When a sweep may begin: at once or in its turn, and with which GPUs."""

from __future__ import annotations

import time
from dataclasses import replace

from cockpit.engine.conductor import Conductor
from cockpit.engine.control import Inbox
from cockpit.engine.ending import Ending
from cockpit.engine.leases import BusyError, Lease, take
from cockpit.engine.plan import Plan
from cockpit.engine.queue import Place, waiting_text
from cockpit.events.kinds import SweepStatus
from cockpit.events.writer import EventWriter
from cockpit.store.folder import RunFolder

LOOK_SECONDS = 0.25  # how long a free place or a command may go unnoticed; costs a glance into a small folder
NEVER_RAN = "while it was queued; it never ran"
ENDS = ("stop", "kill")


class Admission:
    """A sweep's place among those of this machine, for as long as this object is open.

    `plan` is what will be run: with fewer trials at once where others hold some of the GPUs. Whoever does not queue has
    its GPUs when this is made; `BusyError` says that they are taken. In a Ray that was there before (`leases` is false)
    Ray itself shares out the GPUs.
    """

    def __init__(self, plan: Plan, *, queues: bool, leases: bool) -> None:
        self.plan = plan
        self._leases = leases
        self._queues = queues
        self._place: Place | None = None
        self._lease: Lease | None = None
        self._run: RunFolder | None = None
        self._said = ""
        if not queues:
            self._take()

    def register(self, run: RunFolder, ledger: EventWriter) -> None:
        """Take a place in the line for this experiment, and say in the ledger when it has to wait."""
        self._run = run
        self._place = Place(run, queued=self._queues)
        if self._lease is not None:
            self._lease.name(run.id)
        if self._queues and (why := self._obstacle()):
            self._say(ledger, "queued", why)

    def wait(self, conductor: Conductor, ledger: EventWriter, inbox: Inbox) -> bool:
        """Wait for the turn. False when the sweep is told to end before; why is the conductor's `ending`."""
        while self._queues and conductor.ending is None and (why := self._obstacle()):
            self._say(ledger, "queued", why)
            time.sleep(LOOK_SECONDS)
            for command in inbox.read():
                if command.name in ENDS and command.trial is None:
                    conductor.desk.order_end(command)
                else:
                    conductor.answer(command, "refused", "the sweep is queued; until it runs only stop and kill work")
        if self._queues and conductor.ending is not None:
            conductor.ending = Ending(conductor.ending.status, f"{conductor.ending.reason}, {NEVER_RAN}")
            return False
        if self._said:
            self._say(ledger, "running", "")
        conductor.plan = self.plan
        return True

    def close(self) -> None:
        for held in (self._lease, self._place):
            if held is not None:
                held.close()

    def __enter__(self) -> Admission:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _obstacle(self) -> str:
        """What the sweep waits for; empty once it has all that it needs."""
        assert self._place is not None and self._run is not None  # registered before
        if not self._place.ticket.queued:
            return ""
        if ahead := self._place.ahead():
            return waiting_text(ahead, self._run.path.parent)
        try:
            self._take()
        except BusyError as error:
            return f"next in line, but {str(error).partition(';')[0]}"
        if self._lease is not None:
            self._lease.name(self._run.id)
        self._place.begin()
        return ""

    def _take(self) -> None:
        if self._leases:
            self._lease = take(self.plan.search, self.plan.device, self.plan.share)
            self.plan = replace(self.plan, share=self._lease.share)

    def _say(self, ledger: EventWriter, status: str, why: str) -> None:
        mark = f"{status} {why}"
        if mark != self._said:
            self._said = mark
            ledger.write(SweepStatus(status=status, reason=why, at=time.time()))
