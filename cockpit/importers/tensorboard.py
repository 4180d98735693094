"""Event files of TensorBoard, as TensorFlow, PyTorch, Lightning, tensorboardX and `cockpit export` write them."""

from __future__ import annotations

import json
import math
from collections import Counter, deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from cockpit.events.kinds import Note
from cockpit.events.text import one_line, safe_text
from cockpit.importers import exported, tfrecord
from cockpit.importers.contract import NO, SURE, About, Item, Recorded, RecordedLines, Run, RunEnded, Source, Unread
from cockpit.importers.left_out import not_taken
from cockpit.importers.tensorboard_events import EventDecoder, Seen, wall_time
from cockpit.importers.tensorboard_runs import EventFile, RunFiles, event_files, runs_in
from cockpit.importers.tensorboard_series import Steps
from cockpit.importers.tensorboard_tensors import Other, Text
from cockpit.importers.tensorboard_values import OwnRecord, Settings
from cockpit.store.numbers import counted

_OF_FOLDERS = SURE - 20  # a folder with event files may be another tool's that keeps more than they have
_HEAD_BYTES = 1 << 16


@dataclass(slots=True)
class _Start:
    """What the first records of a run's files say of it as a whole."""

    at: float | None = None
    config: dict[str, Any] = field(default_factory=dict)
    own: list[Item] = field(default_factory=list)
    places: Mapping[str, Any] = field(default_factory=dict)


class TensorBoard:
    """Scalars of all shapes and every point of them, texts as notes, the HParams tab's settings as configuration."""

    name = "tensorboard"
    summary = "event files of TensorBoard, or a folder of them"

    def fit(self, source: Source) -> int:
        if source.is_folder:
            return _OF_FOLDERS if next(event_files(source.path), None) else NO
        head = source.head
        return SURE if tfrecord.is_header(head) and head[12:13] == b"\x09" else NO

    def read(self, source: Source) -> Iterator[Item]:
        runs = [(run, _start_of(run)) for run in runs_in(source)]
        if not any(start.own for _, start in runs):  # exported trials stay in their order
            runs.sort(key=lambda pair: math.inf if pair[1].at is None else pair[1].at)
        own = [item for _, start in runs for item in start.own if isinstance(item, About)]
        times = [start.at for _, start in runs if start.at is not None]
        yield own[0] if own else About(name=one_line(source.path.absolute().name), at=min(times, default=None))
        for run, start in runs:
            yield from _RunReader(run, start).items()


class _RunReader:
    """Reads the files of one run."""

    def __init__(self, run: RunFiles, start: _Start) -> None:
        self._run, self._start = run, start
        self._left: Counter[str] = Counter()  # what was not taken, by what it is
        self._repeated = 0
        self._has_begun = False
        self._status, self._last = "", start.at

    def items(self) -> Iterator[Item]:
        own = [item for item in self._start.own if not isinstance(item, About)]
        if own or self._start.config:
            yield from self._begin()
        for file in self._run.files:
            yield from self._file(file)
        if self._has_begun:
            over = next((item for item in own if isinstance(item, RunEnded)), None)
            yield over or RunEnded(key=self._run.key, status=self._status or "finished", ended=self._last)
        yield from self._unread()

    def _begin(self) -> Iterator[Item]:
        if self._has_begun:
            return
        self._has_begun = True
        own = next((item for item in self._start.own if isinstance(item, Run)), None)
        yield own or Run(
            key=self._run.key, label=one_line(self._run.label), config=self._start.config, started=self._start.at
        )

    def _file(self, file: EventFile) -> Iterator[Item]:
        records, decoder = tfrecord.RecordFile(file.path), EventDecoder()
        steps = Steps(self._run.key, file.phase, self._start.at or 0.0, self._start.places)
        for block in records.blocks():
            steps.add(decoder.decode(block))
            yield from self._told(steps.take())
            for other in decoder.others:
                yield from self._other(other)
            decoder.others.clear()
        yield from self._told(steps.take(rest=True))
        self._see(steps.newest)
        self._repeated += steps.repeated
        yield from _damage(file, records, decoder)

    def _told(self, lines: RecordedLines | None) -> Iterator[Item]:
        if lines is not None:
            yield from self._begin()
            yield lines

    def _see(self, wall: float) -> None:
        if math.isfinite(wall) and (self._last is None or wall > self._last):
            self._last = wall

    def _other(self, found: Seen) -> Iterator[Item]:
        wall, _, tag, value = found
        if isinstance(value, Text):
            yield from self._begin()
            between = "\n" if "\n" in value.text else " "
            note = safe_text(value.text if self._start.own else f"{tag}:{between}{value.text}")
            yield Recorded(self._run.key, Note(text=note, at=wall if math.isfinite(wall) else 0.0))
        elif isinstance(value, Settings):
            self._status = value.status or self._status
        elif isinstance(value, Other):
            self._left[one_line(value.what, 40)] += 1

    def _unread(self) -> Iterator[Item]:
        yield from not_taken(self._run.key, self._left)
        if self._repeated:
            points = counted(self._repeated, "point")
            yield Unread(0, f"{self._run.key}: {points} at steps that had come before; the last of each step counts")


def _damage(file: EventFile, records: tfrecord.RecordFile, decoder: EventDecoder) -> Iterator[Unread]:
    name = one_line(file.path.name)
    if records.damaged:
        yield Unread(0, f"{name}: {counted(records.damaged, 'record')} left out, with a wrong checksum")
    if decoder.unread:
        yield Unread(0, f"{name}: {counted(decoder.unread, 'record')} left out, which are no events")
    if records.too_large:
        yield Unread(0, f"{name}: {counted(records.too_large, 'record')} left out, too large for measurements")
    if records.broken_at is not None:
        yield Unread(0, f"{name}: damaged at byte {records.broken_at}; what follows cannot be read")


def _start_of(run: RunFiles) -> _Start:
    """What the first block of each file says, before anything is told of the run. Raises `OSError`."""
    start = _Start()
    for file in run.files:
        decoder = EventDecoder()
        blocks = islice(tfrecord.RecordFile(file.path).blocks(_HEAD_BYTES), 2)  # the second one is whole in any case
        records = next(filter(None, blocks), [])
        wall = wall_time(records[0]) if records else math.nan
        if math.isfinite(wall) and (start.at is None or wall < start.at):
            start.at = wall
        deque(decoder.decode(records), maxlen=0)
        for *_, value in decoder.others:
            if isinstance(value, Settings):
                start.config.update(value.config)
            elif isinstance(value, OwnRecord):
                _take(start, run.key, value.text)
    return start


def _take(start: _Start, key: str, text: str) -> None:
    start.own += exported.items_of(text, key)
    try:
        places = json.loads(text).get("series")
    except (ValueError, AttributeError, RecursionError):
        return
    if isinstance(places, dict):
        start.places = places


IMPORTER = TensorBoard()
