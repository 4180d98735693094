"""Logs that programs printed: what `cockpit run` would have recorded, had it been there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from cockpit.events.kinds import Eval, Event, Norms, Step
from cockpit.importers.contract import NO, About, Item, Lines, Recorded, RecordedLines, Run, RunEnded, Source, Unread
from cockpit.importers.tally import Tally, choose_metric
from cockpit.importers.text import blocks, head_text
from cockpit.importers.times import first_time, last_time
from cockpit.printed import PrintedReader
from cockpit.printed.cut import LineCutter
from cockpit.printed.fast_reader import FastReader
from cockpit.printed.prefixes import strip_prefixes
from cockpit.printed.shapes import Shapes, ShapesReader
from cockpit.printed.trial_lines import OBJECTIVE, goal_of
from cockpit.printed.written import Written
from cockpit.store.ranking import is_ranked

FITS = 40  # a format of its own, whatever it is, knows better than this
FITS_PERHAPS = 10
FIRST_BYTES = 1 << 16  # of a log, in which its metrics are looked for
MORE_BYTES = 1 << 22  # if there were none


class Printed:
    """The importer of printed logs."""

    name = "printed"
    summary = "what a training printed: progress bars, Hugging Face, timm, mmdetection, fairseq, loops of your own …"

    def fit(self, source: Source) -> int:
        """Whether the beginning has values, or at least lines of one shape."""
        head = head_text(source)
        if not head:
            return NO
        if any(map(_has_values, events_in(head, ""))):
            return FITS
        return FITS_PERHAPS if _shapes(head).found else NO

    def read(self, source: Source) -> Iterator[Item]:
        """The runs of a log; one in which no line is known is read by the shapes of its lines."""
        first = _first(source.path, FIRST_BYTES)
        events = events_in(first, source.metric)
        if not any(map(_has_values, events)):
            first = _first(source.path, MORE_BYTES)
            events = events_in(first, source.metric)
        reader = FastReader(source.metric or metric_in(events))
        if not any(map(_has_values, events)) and (shapes := _shapes(first)).found:
            reader = ShapesReader(shapes, source.metric)
        yield from _items(source.path, Log(reader), goal_of(first.decode("utf-8", "replace")))


def _first(path: Path, size: int) -> bytes:
    """So much of the beginning, or somewhat more."""
    found = bytearray()
    for block in blocks(path):
        found += block
        if len(found) >= size:
            break
    return bytes(found[:size])


def events_in(text: bytes, metric: str) -> list[Event]:
    reader = PrintedReader(metric)
    return reader.feed(text) + reader.close()


def _has_values(event: Event) -> bool:
    return isinstance(event, Norms) or (isinstance(event, Step | Eval) and bool(event.metrics))


def metric_in(events: Iterable[Event]) -> str:
    """What to rank by where only evaluations of a test set are there, which rank nothing unless they are asked to."""
    tests = Tally()
    for event in events:
        if isinstance(event, Eval) and is_ranked(event.phase):
            return ""
        if isinstance(event, Eval) and event.phase == "test":
            tests.add(Eval(metrics=event.metrics))
    metric = choose_metric((tests,))
    return f"test_{metric}" if metric else ""


def _items(path: Path, log: Log, goal: str) -> Iterator[Item]:
    """The whole file; with a `goal` it is a study that has one."""
    block = b""
    for block in blocks(path):
        if log.lines == 0:
            log.started = first_time(block)
            yield About(at=log.started, metric=OBJECTIVE if goal else "", goal=goal)
        yield from log.feed(block)
    log.ended = last_time(block)
    yield from log.close()
    yield Lines(log.lines)


class Log:
    """A printed log as items; `name` stands before the keys of its runs.

    `started` and `ended` are the times of its first and its last line, where lines have times.
    """

    def __init__(self, reader: FastReader, name: str = "") -> None:
        self.started: float | None = None
        self.ended: float | None = None
        self._reader = reader
        self._name = name
        self._begun = -1

    @property
    def lines(self) -> int:
        """How many lines there were so far."""
        return self._reader.account.lines

    def feed(self, block: bytes, *, hurry: bool = False) -> Iterator[Item]:
        """What became known with a block; with `hurry` also what its last line says that is not complete."""
        self._reader.feed(block)
        if hurry:
            self._reader.hurry()
        yield from self._items()

    def close(self) -> Iterator[Item]:
        """What was still unfinished, and how the last run ended if it failed."""
        self._reader.close()
        yield from self._items()
        if self._begun >= 0:
            failure = self._reader.failure
            status = "failed" if failure else "finished"
            key = self._key(self._begun)
            yield RunEnded(key=key, status=status, reason=failure, error=failure, ended=self.ended)

    def _items(self) -> Iterator[Item]:
        for run, told in self._reader.take():
            if run > self._begun and (isinstance(told, Written) or _has_values(told)):
                yield from map(self._run, range(self._begun + 1, run + 1))
                self._begun = run
            yield self._lines_of(run, told) if isinstance(told, Written) else Recorded(self._key(run), told)
        yield from (Unread(line, text) for line, text in self._reader.account.take_unread())

    def _key(self, run: int) -> str:
        return f"{self._name}{run}"

    def _run(self, number: int) -> Run:
        words = self._reader.words(number)
        started = None if number else self.started  # where the others begin is not looked for
        return Run(key=self._key(number), label=words.label, config=words.config, started=started)

    def _lines_of(self, run: int, written: Written) -> RecordedLines:
        return RecordedLines(
            key=self._key(run),
            lines=b"".join(written.lines),
            steps=written.steps,
            evaluations=written.evaluations,
            norms=written.norms,
            last_step=written.last_step,
            last_epoch=written.last_epoch,
            extremes=written.extremes,
        )


def _shapes(text: bytes) -> Shapes:
    """The shapes of the lines of a text."""
    shapes, cutter = Shapes(), LineCutter()
    for line in (*cutter.cut(text), *cutter.rest()):
        shapes.look(strip_prefixes(line.text).text.strip())
    return shapes


IMPORTER = Printed()
