"""What a run printed, in one or several blocks of its notes, on one axis of steps."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from cockpit.events.kinds import Eval, Event, Norms, Saved, Step
from cockpit.events.text import one_line
from cockpit.importers.contract import Recorded, Unread
from cockpit.importers.notes.document import Block
from cockpit.printed.counting import CountingReader

_DEVICE = re.compile(r"\bDevice used: (\S{1,60})")
_TRAINED = re.compile(r"\[RESULT\]: Train\. Epoch: (\d{1,9}),")
_TRACEBACK = "Traceback (most recent call last)"
_PROBED = 50  # lines of a block that say whether it goes on


def epochs_in(blocks: Iterable[Block], zero_based: bool) -> int | None:
    """How many epochs the results of training tell of; None where they tell nothing."""
    found = [int(epoch) for block in blocks for line in block.lines for epoch in _TRAINED.findall(line)]
    return max(found) + zero_based if found else None


def exception_in(blocks: Sequence[Block]) -> str:
    """The message of the exception with which the last of the blocks ends; empty where it ends otherwise."""
    lines = [line for line in blocks[-1].lines if line.strip()] if blocks else []
    begins = [number for number, line in enumerate(lines) if _TRACEBACK in line]
    rest = lines[begins[-1] + 1 :] if begins else []
    message = next((number for number, line in enumerate(rest) if not line[:1].isspace()), len(rest))
    return one_line(rest[message]) if message == len(rest) - 1 else ""


def device_in(block: Block) -> str:
    """What a log says of the device that it was trained on."""
    return next((found[1] for line in block.lines if (found := _DEVICE.search(line))), "")


class Logs:
    """Reads the blocks of one run, in order.

    A block whose counters go on is read as one with the block before it. One whose counters begin anew is another
    start of the program: it has a reader of its own, and its steps follow those before them, for a run has one axis.
    `last` is the last step.
    """

    def __init__(self, key: str, zero_based: bool) -> None:
        self._key = key
        self._zero_based = zero_based
        self._reader = CountingReader(zero_based=zero_based)
        self._begun = False
        self._place = (-1, -1)  # epoch and step, as the reader says them
        self._base = 0
        self.last = 0

    def read(self, block: Block) -> Iterator[Recorded | Unread]:
        """What the block says, and its lines with a number that say nothing."""
        if self._begun and not self._goes_on(block):
            yield from self._recorded(self._reader.close())
            self._reader = CountingReader(zero_based=self._zero_based)
            self._place, self._begun = (-1, -1), False
        for number, line in enumerate(block.lines, block.line):
            before = self._reader.unread
            yield from self._recorded(self._reader.feed(f"{line}\n".encode()))
            if self._reader.unread > before and not _DEVICE.search(line):
                yield Unread(number, line.strip())

    def rest(self) -> Iterator[Recorded | Unread]:
        """What was unfinished at the end of the last block."""
        yield from self._recorded(self._reader.close())

    def _goes_on(self, block: Block) -> bool:
        reader = CountingReader(zero_based=self._zero_based)
        events = (event for line in block.lines[:_PROBED] for event in reader.feed(f"{line}\n".encode()))
        first = next((event for event in events if isinstance(event, Step | Eval)), None)
        return first is not None and (first.epoch, first.step) > self._place

    def _recorded(self, events: list[Event]) -> Iterator[Recorded]:
        return (Recorded(self._key, self._moved(event)) for event in events)

    def _moved(self, event: Event) -> Event:
        if not isinstance(event, Step | Eval | Norms | Saved):
            return event
        if not self._begun:
            # A counter from 0 has its first step where one from 1 has its zeroth.
            self._begun, self._base = True, self.last + (self.last > 0 and event.step == 0)
        if isinstance(event, Step | Eval):
            self._place = (event.epoch, event.step)
        self.last = max(self.last, self._base + event.step)
        return replace(event, step=self._base + event.step)
