"""The line in which the sweeps of this machine stand: who came earlier, and who waits for whom.

Every sweep has a ticket from its start to its end. One that queues begins when no earlier ticket is left; one that does
not queue begins at once, and those that queue after it wait for it.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from cockpit.engine.locks import HeldFile, exclusive, held, private_folder
from cockpit.events.text import one_line
from cockpit.store.folder import RunFolder
from cockpit.store.life import process_started

LAST = "last"  # the file with the last number that was given, so that none is given twice


@dataclass(frozen=True)
class Ticket:
    """A sweep in the line. Tickets are in the order of their numbers; `logs` is an absolute path."""

    number: int
    experiment: str
    logs: str
    queued: bool
    pid: int = 0
    process_started: str = ""


class Place:
    """This sweep's place in the line, for as long as it is open."""

    def __init__(self, run: RunFolder, *, queued: bool) -> None:
        self._folder = private_folder("queue")
        logs, pid = str(run.path.parent.resolve()), os.getpid()
        with exclusive(self._folder):
            number = max([self._last(), *(ticket.number for ticket in _tickets(self._folder))]) + 1
            (self._folder / LAST).write_text(str(number))
            self.ticket = Ticket(number, run.id, logs, queued, pid, process_started(pid))
            self._file = HeldFile(self._folder, f"{number:09d}", asdict(self.ticket))

    def ahead(self) -> list[Ticket]:
        """The tickets before this one."""
        with exclusive(self._folder):
            return [ticket for ticket in _tickets(self._folder) if ticket.number < self.ticket.number]

    def begin(self) -> None:
        """The sweep runs from now on."""
        self.ticket = replace(self.ticket, queued=False)
        with exclusive(self._folder):
            self._file.say(asdict(self.ticket))

    def close(self) -> None:
        with exclusive(self._folder):
            self._file.close()

    def _last(self) -> int:
        try:
            return int((self._folder / LAST).read_text())
        except (OSError, ValueError):
            return 0


def tickets() -> list[Ticket]:
    """All sweeps of this user that run or wait on this machine, in order."""
    folder = private_folder("queue")
    with exclusive(folder):
        return _tickets(folder)


def _tickets(folder: Path) -> list[Ticket]:
    return [_ticket(int(name), facts) for name, facts in held(folder).items() if name.isdecimal()]


def _ticket(number: int, facts: dict[str, Any]) -> Ticket:
    experiment, logs = (one_line(str(facts.get(name, "?")))[:200] for name in ("experiment", "logs"))
    return Ticket(number, experiment, logs, bool(facts.get("queued")))


def waiting_text(ahead: Sequence[Ticket], logs: Path) -> str:
    """`2nd in line, behind exp003 and exp004`; experiments of other logs folders with their folder."""
    here = str(logs.resolve())
    names = [ticket.experiment + ("" if ticket.logs == here else f" in {ticket.logs}") for ticket in ahead]
    return f"{_ordinal(1 + sum(ticket.queued for ticket in ahead))} in line, behind {_listed(names)}"


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _ordinal(number: int) -> str:
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"
