"""Reads lines whose form is known without reading each of them anew, and gives what reading them would have given.

What such lines say goes through the same timeline and the same sorter; only the way from bytes to values is shorter,
and values stay the digits that were printed. Whatever is not plain (a banner, an unfinished line, a counter that goes
back) is left to the reader of single lines.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import chain, islice
from operator import le, lt
from typing import Any

from cockpit.events.kinds import Event
from cockpit.printed.forms import LONGEST, Form, epoch_before, find_form
from cockpit.printed.several_runs import SeveralRuns
from cockpit.printed.sorting import Group
from cockpit.printed.written import Layout, Written, layouts_of, norms_layout

_FORMS = ("pairs", "json", "trainer", "batch", "sentence", "iteration", "step", "step_values")
_MOST_FORMS = 64
_MOST_TRIED = 4096  # shapes of lines that were no form
_MOST_LINES = 20_000  # that are read at once
_LONGEST_PART = 1 << 16  # of a line that is waited for as a whole
_DIGITS = re.compile(rb"\d+")
_NUMBER = rb"(-?(?:0|[1-9]\d{0,14})(?:\.\d{1,30})?(?:[eE][-+]?\d{1,2})?)"
_NORM = re.compile(rb"(params|grad) info (pg\d{1,6}): norm std\(" + _NUMBER + rb"\) mean\(" + _NUMBER + rb"\)\r?\n")

Rows = list[tuple[bytes, ...]]
Column = Sequence[Any]


class FastReader(SeveralRuns):
    """A reader of whole logs. What it tells is events, and `Written` events of many lines."""

    def __init__(self, metric: str) -> None:
        super().__init__(metric)
        self._part = b""
        self._forms: list[Form] = []
        self._next: dict[int, Form] = {}  # what came after a form the last time
        self._last: Form | None = None
        self._tried: set[int] = set()

    def feed(self, data: bytes) -> list[Event]:
        """Read a block; see `take` for what became of it."""
        if self._part:
            data = self._part + data
        end = data.rfind(b"\n") + 1
        self._part = data[end:]
        if len(self._part) > _LONGEST_PART:
            self._read_block(data, end)
            super().feed(self._part)
            self._part = b""
        else:
            self._read_block(data, end)
        return []

    def hurry(self) -> None:
        """Read the line that is not complete yet as far as it has come, for who cannot wait for its end."""
        part, self._part = self._part, b""
        super().feed(part)

    def close(self) -> list[Event]:
        """What was still unfinished; see `take`. The reader is not to be fed after this."""
        self.hurry()
        return super().close()

    def _read_block(self, data: bytes, end: int) -> None:
        at = 0
        while at < end:
            if self._is_plain and self._runs.is_settled:
                at = self._read_forms(data, at)
                if at >= end:
                    return
            after = data.find(b"\n", at) + 1
            line = data[at:after]
            super().feed(line)
            self._learn(line)
            at = after

    def _learn(self, line: bytes) -> None:
        """Look for the form of a line that was just read."""
        if len(line) > LONGEST or len(self._tried) >= _MOST_TRIED or not self._is_plain:
            return
        shape = hash(_DIGITS.sub(b"0", line))
        if shape in self._tried:
            return
        self._tried.add(shape)
        form = find_form(line.rstrip(b"\r\n"), self._parse, self._runs.would_say)
        if form is not None and (form.reading is None or form.reading.form in _FORMS):
            self._forms = [form, *self._forms[: _MOST_FORMS - 1]]

    def _read_forms(self, data: bytes, at: int) -> int:
        """Read lines of known forms from `at` on; returns where the first other one begins."""
        while True:
            form = self._form_at(data, at)
            if form is None:
                after = self._read_norms(data, at)
                if after == at:
                    return at
                at = after
                continue
            rows: Rows = []
            ends: list[int] = []
            match = form.line.match
            place = at
            while (found := match(data, place)) is not None and len(rows) < _MOST_LINES:
                rows.append(found.groups())
                place = found.end()
                ends.append(place)
            taken = self._take_silent(form, data, at, ends) if form.reading is None else self._take_rows(form, rows)
            if not taken:
                return at
            at = ends[taken - 1]
            if taken < len(rows):
                return at

    def _form_at(self, data: bytes, at: int) -> Form | None:
        last = self._last
        likely = self._next.get(id(last)) if last is not None else None
        if likely is not None and likely.line.match(data, at):
            self._last = likely
            return likely
        for form in self._forms:
            if form is not likely and form.line.match(data, at):
                if last is not None:
                    self._next[id(last)] = form
                self._last = form
                return form
        return None

    def _read_norms(self, data: bytes, at: int) -> int:
        """Read lines of norms from `at` on; returns where the first other line begins."""
        lines = 0
        written: Written | None = None
        waiting: tuple[bytes, ...] | None = None  # the first line of a group whose second has not been seen
        while (found := _NORM.match(data, at)) is not None:
            at = found.end()
            lines += 1
            half = found.groups()
            if waiting is None and half[0] == b"params" and not self._norm_lines.is_waiting:
                waiting = half
                continue
            if waiting is not None and half[0] == b"grad" and half[1] == waiting[1]:
                group = half[1].decode()
                if self._norm_lines.takes_whole(group):
                    written = written or self._writing()
                    values = (waiting[3], waiting[2], half[3], half[2])
                    written.lines.append(norms_layout(group) % (self._timeline.now, *values))
                    written.norms += 1
                    waiting = None
                    continue
            for one in filter(None, (waiting, half)):
                self._tell(list(self._norm_lines.take(one[0].decode(), one[1].decode(), float(one[2]), float(one[3]))))
                written = None
            waiting = None
        if waiting is not None:
            half = waiting
            self._tell(list(self._norm_lines.take(half[0].decode(), half[1].decode(), float(half[2]), float(half[3]))))
        if lines:
            self._account.tell_many(lines, understood=True)
            self._known_lines.pass_over(lines)
        return at

    def _take_silent(self, form: Form, data: bytes, at: int, ends: list[int]) -> int:
        """Lines that say nothing, of which those with numbers are told."""
        self._known_lines.pass_over(len(ends))
        self._runs.pass_over()
        if not form.has_number:
            self._account.tell_many(len(ends), understood=False)
            return len(ends)
        for end in ends:
            self._account.tell_unread(data[at:end].decode("utf-8", "replace"))
            at = end
        return len(ends)

    def _take_rows(self, form: Form, rows: Rows) -> int:
        """Values; returns how many of the rows were read, from the first one on."""
        reading = form.reading
        assert reading is not None
        if self._norm_lines.is_waiting or (reading.form == "trainer" and self._bars.trained is not None):
            return 0
        columns: list[Column] = list(zip(*rows, strict=True))
        steps = list(map(int, columns[form.step])) if form.step >= 0 else []
        epochs = _epochs(form, columns)
        count = min(_growing(steps, len(rows), lt), _growing(epochs, len(rows), le))
        if count < len(rows):
            rows, steps, epochs = rows[:count], steps[:count], epochs[:count]
            columns = list(zip(*rows, strict=True))
        if not self._runs.may_go_on(reading.phase, epochs[0] if epochs else None):
            return 0
        layouts = self._layouts(form, steps)
        if layouts is None:
            return 0
        self._write(form, layouts, columns, steps, epochs)
        self._runs.go_on(reading.phase, _ends(epochs), _ends(steps))
        self._account.tell_many(count, understood=True)
        self._known_lines.pass_over(count)
        self._skipper.exception = ""
        return count

    def _layouts(self, form: Form, steps: list[int]) -> list[Layout] | None:
        """How the events of a form are written now; None where its lines are better read one by one."""
        reading = form.reading
        assert reading is not None
        phase = reading.phase
        if reading.form == "step":
            if phase != "train" or not self._step_lines.may_advance(steps[0]):
                return None
            phase = self._step_lines.phase
        key = (phase, self._sorter.state)
        layouts: list[Layout] | None
        if key in form.cache:
            layouts = form.cache[key]
        else:
            layouts = layouts_of(form, self._sorter.groups(replace(reading, phase=phase)))
            if key[1] == self._sorter.state:
                form.cache[key] = layouts
        if layouts is None or not steps:
            return layouts
        for layout in layouts:
            if not self._timeline.goes_on(steps[0], layout.group.kind, layout.group.phase):
                return None
        return layouts

    def _write(
        self, form: Form, layouts: list[Layout], columns: list[Column], steps: list[int], epochs: list[int]
    ) -> None:
        reading, timeline, count = form.reading, self._timeline, len(columns[0])
        assert reading is not None
        if reading.form == "step":
            epoch = self._step_lines.advance(steps)
            if epoch is not None:
                timeline.enter_epoch(epoch, False)
        shown: Sequence[int] = [timeline.epoch] * count
        if epochs:
            shown = self._entered(epochs, reading.from_one)
        total = int(columns[form.total][-1]) if form.total >= 0 else reading.total
        if steps:
            places = [timeline.places(steps, total, one.group.kind, one.group.phase) for one in layouts]
        else:
            places = self._without_steps([one.group for one in layouts], count)
        parts: list[Column] = []
        for layout, place in zip(layouts, places, strict=True):
            parts += [shown, place, *(columns[number] for number in layout.places)]
        text = b"".join(layout.text for layout in layouts) * count
        written = self._writing()
        written.lines.append(text % tuple(chain.from_iterable(zip(*parts, strict=True))))
        for layout, place in zip(layouts, places, strict=True):
            written.count(layout, place[-1], max(shown[0], shown[-1]), columns, count)

    def _entered(self, epochs: list[int], from_one: bool) -> list[int]:
        """The epochs as they count, entered one after the other."""
        shown: list[int] = []
        last, now = -1, 0
        for epoch in epochs:
            if epoch != last:
                last, now = epoch, self._timeline.enter_epoch(epoch, from_one)
            shown.append(now)
        return shown

    def _without_steps(self, groups: list[Group], count: int) -> list[Sequence[int]]:
        """The steps of so many lines that name none."""
        timeline = self._timeline
        if not timeline.counts:
            return [[timeline.now] * count for _ in groups]
        first = [timeline.without_step(one.phase, one.names) for one in groups]
        others = timeline.count_on(count - 1)
        return [[step, *others] for step in first]

    def _writing(self) -> Written:
        """What is being written of this run."""
        if self._out and self._out[-1][0] == self.run and isinstance(self._out[-1][1], Written):
            return self._out[-1][1]
        written = Written()
        self._out.append((self.run, written))
        return written


def _epochs(form: Form, columns: list[Column]) -> list[int]:
    """The epochs as they were printed; none where the form has none."""
    if form.epoch < 0:
        return []
    assert form.reading is not None
    if form.reading.form == "trainer":
        return [epoch_before(float(text)) for text in columns[form.epoch]]
    return list(map(int, columns[form.epoch]))


def _growing(numbers: list[int], count: int, grows: Callable[[int, int], bool]) -> int:
    """How many of `count` numbers grow, from the first one on; all where there are none."""
    if not numbers or all(map(grows, numbers, islice(numbers, 1, None))):
        return count
    return next(at for at in range(1, count) if not grows(numbers[at - 1], numbers[at]))


def _ends(numbers: list[int]) -> tuple[int, int] | None:
    return (numbers[0], numbers[-1]) if numbers else None
