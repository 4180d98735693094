"""The events of a trial, as our own programs write them: taken as they are."""

from __future__ import annotations

from collections.abc import Iterator

from cockpit.events.codec import EventError, decode
from cockpit.events.kinds import Attempt, Built, Eval, Lost, Norms, Note, Saved, Steered, Step
from cockpit.importers.beside import about, label_of
from cockpit.importers.contract import NO, SURE, Item, Lines, Recorded, Run, Source, Unread
from cockpit.importers.opened import lines
from cockpit.importers.records import first_records
from cockpit.importers.values import shown

_OF_A_TRIAL = (Step, Eval, Norms, Saved, Note, Built, Steered, Lost)
_KINDS = frozenset(cls.kind for cls in (*_OF_A_TRIAL, Attempt))


class OwnEvents:
    """The importer."""

    name = "events"
    summary = "events.jsonl of the cockpit"

    def fit(self, source: Source) -> int:
        """How well the content fits."""
        records = first_records(source)
        return SURE if records and all(record.get("kind") in _KINDS for record in records[:5]) else NO

    def read(self, source: Source) -> Iterator[Item]:
        """Its one run. Raises `OSError`."""
        attempt = next((one for one in first_records(source) if one.get("kind") == Attempt.kind), {})
        at, device = attempt.get("at"), attempt.get("device")
        yield from about(source.path)
        yield Run(
            key="run",
            label=label_of(source.path),
            device=device if isinstance(device, str) else "",
            started=float(at) if isinstance(at, int | float) and at > 0 else None,
        )
        line = 0
        for line, text in lines(source.path):
            if text.strip():
                yield from _item(line, text)
        yield Lines(line)


def _item(line: int, text: str) -> Iterator[Item]:
    try:
        event = decode(text)
    except EventError:
        yield Unread(line, shown(text))
        return
    if isinstance(event, _OF_A_TRIAL):
        yield Recorded("run", event)
    elif not isinstance(event, Attempt):
        yield Unread(line, shown(text))


IMPORTER = OwnEvents()
