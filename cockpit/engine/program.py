"""A program that was never written for the cockpit, heard as a trainer is: what it prints becomes events."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Generator, Iterator
from dataclasses import replace
from typing import Protocol

from cockpit.engine.children import Children
from cockpit.engine.program_environment import own_events_file, program_environment
from cockpit.engine.request import TrialRequest
from cockpit.events.codec import EventError, decode
from cockpit.events.kinds import Built, Eval, Event, Lost, Norms, Note, Saved, Step, Unknown
from cockpit.events.tail import Tail

TICK_SECONDS = 0.2
HELD_SECONDS = 0.2  # for so long a printed event waits for the program to record the same thing itself
OWN = (Built, Step, Eval, Norms, Saved, Note, Lost, Unknown)  # what a program may record

ProgramEvents = Generator[Event | None, None, None]


class Reader(Protocol):
    """Makes events of printed bytes."""

    def feed(self, data: bytes) -> list[Event]: ...

    def close(self) -> list[Event]: ...


def program_events(request: TrialRequest, reader: Reader, output: int = 1) -> ProgramEvents:
    """Run `request.command` and yield what happens, and None at least every 0.2 seconds in which nothing does.

    The first event is `Built`, with nothing read back: what was asked for is all that is known. What the program prints
    goes to the descriptor `output`, but for secrets. Ends when the program has ended well; raises `ProgramError` when
    it cannot be started, or ends otherwise. Closing the generator ends the program.
    """
    yield Built()
    heard = _Heard(reader, request)
    environment = program_environment(request)
    children = Children(request.command, environment, request.directory, request.path, request.processes, output)
    try:
        over = False
        while not over:
            over = children.over()
            events = heard.events(children.rest() if over else children.read(TICK_SECONDS), last=over)
            yield from events
            if not events:
                yield None
        children.check()
    finally:
        children.close()


class _Heard:
    """What the program prints, and what it records itself in the file of `$COCKPIT_EVENTS`.

    Of a kind that it records itself nothing that it prints counts, or everything would count twice. Steps without a
    time get the seconds since the program was started.
    """

    def __init__(self, reader: Reader, request: TrialRequest) -> None:
        self._reader = reader
        self._config = request.config
        file = own_events_file(request)
        # What an earlier attempt recorded is known.
        self._tail = Tail(file, file.stat().st_size if file.exists() else 0)
        self._began = time.monotonic()
        self._held: deque[tuple[float, Event]] = deque()
        self._recorded: set[type] = set()
        self._complained = False

    def events(self, data: bytes, last: bool) -> list[Event]:
        """The events of new output, and those whose turn has come; all that are left when this was the `last`."""
        now = time.monotonic()
        printed = [*self._reader.feed(data), *(self._reader.close() if last else ())]
        self._held += [(now + HELD_SECONDS, self._timed(event)) for event in printed]
        own = list(self._own_events(to_the_end=last))
        self._recorded.update(type(event) for event in own)
        return [*own, *self._due(now, last)]

    def _due(self, now: float, last: bool) -> Iterator[Event]:
        while self._held and (last or self._held[0][0] <= now):
            _, event = self._held.popleft()
            if type(event) not in self._recorded:
                yield event

    def _own_events(self, to_the_end: bool) -> Iterator[Event]:
        while lines := self._tail.lines():
            for line in lines:
                event = self._decoded(line)
                if isinstance(event, OWN):
                    yield self._timed(event)
            if not to_the_end:
                return

    def _decoded(self, line: bytes) -> Event | None:
        try:
            event = decode(line)
        except EventError as error:
            if self._complained:
                return None
            self._complained = True
            return Note(text=f"a line in the file of $COCKPIT_EVENTS is no event: {error}", at=time.time())
        if isinstance(event, Built) and event.effective == self._config:
            return replace(event, effective={})
        return event

    def _timed(self, event: Event) -> Event:
        if isinstance(event, Step) and event.time is None:
            return replace(event, time=round(time.monotonic() - self._began, 5))
        return event
