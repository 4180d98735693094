"""`PrintedReader`: bytes of a program's output in, events out."""

from __future__ import annotations

import re
from dataclasses import replace

from cockpit.events.kinds import Eval, Event, Note, Step
from cockpit.printed import bars, boxes, dicts, evaluations, frameworks, norm_lines, pairs, skipping, step_lines
from cockpit.printed.bars import Bars
from cockpit.printed.boxes import Boxes
from cockpit.printed.cut import Line, LineCutter
from cockpit.printed.known_lines import KnownLines
from cockpit.printed.names import Wanted
from cockpit.printed.norm_lines import NormLines
from cockpit.printed.optimizer_blocks import OptimizerBlocks
from cockpit.printed.pattern import Pattern
from cockpit.printed.prefixes import strip_prefixes
from cockpit.printed.reading import Reading
from cockpit.printed.skipping import Skipper
from cockpit.printed.sorting import Sorter
from cockpit.printed.tables import Tables
from cockpit.printed.timeline import Timeline
from cockpit.printed.wrapping import Unwrapper

_NUMBER = re.compile(r"\d|[nN][aA][nN]|[iI][nN][fF]")
_BLOCK = re.compile(r"\s+\S|[-*+]\s")
_TABLES_BEGIN = frozenset("eEsSiIcC|│")  # epoch, step, iteration, class

Found = Reading | list[Event] | None


class PrintedReader:
    """Reads what one process, or several that share a pipe, prints.

    Known formats first, then JSON and pairs (see `pairs` for what counts), or nothing but `pattern` and JSON events
    where a pattern is given; `PatternError` if it cannot be used. `metric` is what trials are ranked by (see `sorting`
    for what is an evaluation, and `timeline` for the step of a line that has none). Of several ranks the lines of rank
    0 count, and those that name none. A state of a progress bar is a line; of several with one step the last counts,
    so a state comes out when the next one is there. Memory is bounded whatever is printed, and no input raises.
    """

    def __init__(self, metric: str = "", pattern: str = "") -> None:
        self._wanted = Wanted(metric)
        self._pattern = Pattern(pattern) if pattern else None
        self._told_slow = False
        self._cutter = LineCutter()
        self._unwrapper = Unwrapper()
        self._start()

    def _start(self) -> None:
        """Know nothing of the run yet."""
        self._timeline = Timeline()
        self._sorter = Sorter(self._wanted, self._timeline)
        self._skipper = Skipper()
        self._optimizer_blocks = OptimizerBlocks()
        self._step_lines = step_lines.StepLines(self._timeline)
        self._norm_lines = NormLines(self._timeline)
        self._known_lines = KnownLines(self._timeline)
        self._bars = Bars(self._timeline)
        self._tables = Tables()
        self._boxes = Boxes()
        self._held: Reading | None = None
        self._block_phase: str | None = None

    def feed(self, data: bytes) -> list[Event]:
        """The events that became complete with `data`."""
        return [event for line in self._cutter.cut(data) for event in self._line(line)]

    def close(self) -> list[Event]:
        """What was still unfinished. The reader is not to be fed after this."""
        events = [event for line in self._cutter.rest() for event in self._line(line)]
        for message in self._unwrapper.rest():
            events += self.message(message, redrawn=False)
        return events + self._end()

    def _end(self) -> list[Event]:
        """What the run still owes."""
        events = self._release()
        for reading in self._bars.rest():
            events += self._sorter.events(reading)
        return events + list(self._norm_lines.flush())

    def _line(self, line: Line) -> list[Event]:
        text = line.text.rstrip()
        if not text:
            self._block_phase = None
            return [] if line.redrawn else self._release()
        prefixed = strip_prefixes(text)
        foreign = prefixed.rank not in (None, 0)
        if self._pattern is not None:
            own = None if foreign else self._own_event(prefixed.text)
            return (
                self._turn(own or self._pattern.read(text, prefixed.length, foreign), line.redrawn) + self._say_slow()
            )
        if foreign:
            return self._foreign(prefixed.rank or 0, prefixed.text, line.redrawn)
        self._known_lines.look(text)
        events: list[Event] = []
        for message in self._unwrapper.messages(prefixed.text):
            for part in bars.apart(message):
                events += self.message(part, line.redrawn)
        return events

    def _foreign(self, rank: int, body: str, redrawn: bool) -> list[Event]:
        """A line of another rank than the first: it says the same of other data."""
        return []

    def message(self, body: str, redrawn: bool) -> list[Event]:
        """The events that became complete with a line without its prefixes."""
        return self._turn(self._read(body), redrawn)

    def _own_event(self, text: str) -> Found:
        found = dicts.read_json(text.strip(), self._wanted)
        return None if found is None or isinstance(found, Reading) else [found]

    def _say_slow(self) -> list[Event]:
        if self._told_slow or self._pattern is None or not self._pattern.is_slow:
            return []
        self._told_slow = True
        return [Note(text="the pattern takes long: only the beginning of each line is searched")]

    def _read(self, body: str) -> Found:
        """What a message says, itself alone; an empty list for one that is understood and says nothing."""
        if self._skipper.skips(body):
            return list(self._optimizer_blocks.read(body))
        text = body.strip()
        norms = self._norm_lines.read(text)
        if norms is not None:
            return list(norms)
        known = self._known_lines.read(text)
        if known is not None:
            return known
        if self._boxes.is_open or text[:1] == "-":
            box = self._boxes.read(text)
            if box is not None:
                return box
        if self._tables.is_open or text[:1] in _TABLES_BEGIN:
            row = self._tables.read(text)
            if row is not None:
                return row
        if not _NUMBER.search(text):
            return None
        return (
            self._read_dict(text)
            or step_lines.read(text)
            or bars.read(text, self._wanted)
            or evaluations.read(text)
            or frameworks.read(text, self._wanted)
            or self._read_pairs(body)
        )

    @property
    def _is_plain(self) -> bool:
        """Whether the next line says what it says by itself, whatever came before it."""
        return self._held is None and self._is_free

    @property
    def _is_free(self) -> bool:
        """The same, but for a state of a bar that the next one may take the place of."""
        return (
            self._block_phase is None
            and self._pattern is None
            and not self._tables.is_open
            and not self._boxes.is_open
            and self._skipper.is_idle
            and self._unwrapper.is_empty
            and self._cutter.is_empty
        )

    def _parse(self, body: str) -> Found:
        """What a message says by itself, where that leaves nothing behind; else an empty list."""
        text = body.strip()
        if text.endswith("(") or "Traceback" in text or skipping.is_summary(text) or norm_lines.is_one(text):
            return []
        if boxes.is_part(text) or len(bars.apart(body)) > 1:
            return []
        known = self._known_lines.read(text)
        if known is not None:
            return known
        if not _NUMBER.search(text):
            return [] if text[:1] in _TABLES_BEGIN else None
        return (
            self._read_dict(text)
            or step_lines.read(text)
            or bars.read(text, self._wanted)
            or evaluations.read(text)
            or frameworks.read(text, self._wanted)
            or pairs.read(body, self._wanted)
        )

    def _read_dict(self, text: str) -> Found:
        if not text.startswith("{"):
            return None
        found = dicts.read_json(text, self._wanted) or dicts.read_trainer(text)
        return found if found is None or isinstance(found, Reading | list) else [found]

    def _read_pairs(self, body: str) -> Reading | None:
        """Pairs; in a block under a heading such as `[val] epoch: 3` they have its phase."""
        reading = pairs.read(body, self._wanted)
        if not _BLOCK.match(body):
            self._block_phase = reading.phase if reading is not None and reading.form == "heading" else None
        elif reading is not None and reading.phase is None:
            reading = replace(reading, phase=self._block_phase)
        return reading

    def _turn(self, found: Found, redrawn: bool) -> list[Event]:
        """Hold back a state of a bar until the next one shows whether it was the last of its step."""
        if not isinstance(found, Reading):
            return [] if found is None and redrawn else self._release() + self._take(found)
        if self._held is not None and self._held.place == found.place:
            self._held = None
        events = self._release()
        if redrawn:
            self._held = found
            return events
        return events + self._take(found)

    def _release(self) -> list[Event]:
        held, self._held = self._held, None
        return self._take(held)

    def _take(self, found: Found) -> list[Event]:
        if found is None:
            return []
        if not isinstance(found, Reading):
            for event in found:
                if isinstance(event, Step | Eval):
                    self._timeline.reached(event.step)
                    self._timeline.next_epoch(event.epoch)
            events = found
        else:
            events = [event for reading in self._settle(found) for event in self._sorter.events(reading)]
        return [*self._norm_lines.flush_before(events), *events]

    def _settle(self, reading: Reading) -> list[Reading]:
        if reading.form in ("step", "result"):
            settled = self._step_lines.settle(reading)
            return [] if settled is None else [settled]
        if reading.form.startswith(("keras", "tqdm")):
            return self._bars.settle(reading)
        if reading.form == "trainer" and reading.step is None:
            return [replace(reading, step=self._bars.trained)]
        return [reading]
