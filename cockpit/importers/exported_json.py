"""What `cockpit export --format json` writes. Its lines are read one after the other, so its size does not matter."""

from __future__ import annotations

from collections.abc import Iterator

from cockpit.events.codec import EventError, decode
from cockpit.events.kinds import Eval, Norms, Note, Saved, Step
from cockpit.events.text import one_line
from cockpit.importers import exported
from cockpit.importers.contract import NO, SURE, Item, Recorded, Run, RunEnded, Source, Unread

FIRST_LINE = '{"format":"cockpit-experiment","version":1,'
LONGEST_LINE = 1 << 24

_RECORD = b'"record":'
_EVENT = (b'{"v":', b',{"v":')
_OTHERS = (FIRST_LINE.encode(), b'"experiment":', b'"trials":', b'"events":', b'{"trial":', b"]", b",")


class ExportedJson:
    """Everything that was recorded, to the last digit."""

    name = "exported-json"
    summary = "what `cockpit export --format json` wrote"

    def fit(self, source: Source) -> int:
        return SURE if source.head.startswith(FIRST_LINE.encode()) else NO

    def read(self, source: Source) -> Iterator[Item]:
        reader = _Reader()
        for number, line in _lines(source):
            if line.startswith(_EVENT):
                yield from reader.event(number, line.strip(b",\n"))
            elif line.startswith(_RECORD):
                yield from reader.record(line[len(_RECORD) :].rstrip(b",\n"))
            elif not line.startswith(_OTHERS):
                yield Unread(number, one_line(line[:200]))
        yield from reader.over


class _Reader:
    """Knows which trial the events are of, and how it ends, which is told after them."""

    def __init__(self) -> None:
        self.over: list[Item] = []
        self._run = ""
        self._told: set[str] = set()

    def record(self, line: bytes) -> Iterator[Item]:
        """The beginning of the experiment or of a trial; nothing is told twice."""
        for item in exported.items_of(line):
            if isinstance(item, RunEnded):
                self.over += [item] if item.key == self._run and not self.over else []
                continue
            key = item.key if isinstance(item, Run) else " "  # no trial is called so
            if key in self._told:
                continue
            self._told.add(key)
            if isinstance(item, Run):
                yield from self.over
                self._run, self.over = item.key, []
            yield item

    def event(self, number: int, line: bytes) -> Iterator[Item]:
        """Something that was recorded of the trial."""
        if not self._run:
            yield Unread(number, "an event before the first trial")
            return
        try:
            event = decode(line)
        except EventError as error:
            yield Unread(number, str(error))
            return
        if isinstance(event, Step | Eval | Norms | Note | Saved):
            yield Recorded(self._run, event)
        else:
            yield Unread(number, f"an event of kind {event.kind}, which no trial has")


def _lines(source: Source) -> Iterator[tuple[int, bytes]]:
    """The lines, from 1. Raises `OSError`."""
    with source.path.open("rb") as file:
        number = 0
        while line := file.readline(LONGEST_LINE):
            number += 1
            yield number, line


IMPORTER = ExportedJson()
