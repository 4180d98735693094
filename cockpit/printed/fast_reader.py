"""Reads lines whose form is known without reading each of them anew, and gives what reading them would have given.

What such lines say goes through the same timeline and the same sorter; only the way from bytes to values is shorter,
and values stay the digits that were printed. Whatever is not plain (a banner, an unfinished line, a counter that goes
back) is left to the reader of single lines.
"""

from __future__ import annotations

import re

from cockpit.events.kinds import Event
from cockpit.printed.forms import LONGEST, Form, find_form
from cockpit.printed.rows_reader import Rows, reach_after
from cockpit.printed.states_reader import StatesReader
from cockpit.printed.written import norms_layout

_FORMS = ("pairs", "json", "trainer", "batch", "sentence", "iteration", "step", "step_values", "shape")
_MOST_FORMS = 64
_MOST_TRIED = 4096  # shapes of lines that were no form
_LONGEST_PART = 1 << 16  # of a line that is waited for as a whole
_DIGITS = re.compile(rb"\d+")
_NUMBER = rb"(-?(?:0|[1-9]\d{0,14})(?:\.\d{1,30})?(?:[eE][-+]?\d{1,2})?)"
_NORM = re.compile(rb"(params|grad) info (pg\d{1,6}): norm std\(" + _NUMBER + rb"\) mean\(" + _NUMBER + rb"\)\r?\n")
_NORM_PAIR = re.compile(
    rb"params info (pg\d{1,6}): norm std\(" + _NUMBER + rb"\) mean\(" + _NUMBER + rb"\)\r?\n"
    rb"grad info \1: norm std\(" + _NUMBER + rb"\) mean\(" + _NUMBER + rb"\)\r?\n"
)


def _norms_of(group: bytes) -> bytes:
    """Matches both lines of one group."""
    numbers = rb": norm std\(" + _NUMBER + rb"\) mean\(" + _NUMBER + rb"\)\r?\n"
    return b"params info " + group + numbers + b"grad info " + group + numbers


class FastReader(StatesReader):
    """A reader of whole logs. What it tells is events, and `Written` events of many lines."""

    def __init__(self, metric: str) -> None:
        super().__init__(metric)
        self._part = b""
        self._forms: list[Form] = []
        self._next: dict[int, Form] = {}  # what came after a form the last time
        self._last: Form | None = None
        self._tried: set[int] = set()
        self._below: tuple[bytes, ...] = ()  # the groups whose norms, and nothing else, stood below the last line

    def feed(self, data: bytes) -> list[Event]:
        """Read a block; see `take` for what became of it."""
        if self._part:
            data = self._part + data
        end = data.rfind(b"\n") + 1
        self._part = data[end:]
        self._read_block(data, end)
        if len(self._part) > _LONGEST_PART:
            self._read_part()
        return []

    def _read_part(self) -> None:
        """Read a long line that is not complete: what was drawn of it, or all there is."""
        part = self._part
        last = part.rfind(b"\r", 0, len(part) - 1) + 1
        self._part = part[last:] if last else b""
        if last:
            self._read_states(part[:last])
        else:
            super().feed(part)

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
            if b"\r" in line[:-2]:
                self._read_states(line)
            else:
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
            if self._below:
                after = self._read_blocks(form, data, at)
                if after > at:
                    at = after
                    continue
            rows: Rows = []
            ends: list[int] = []
            match = form.line.match
            place = at
            while (found := match(data, place)) is not None and len(rows) < self._reach:
                rows.append(found.groups())
                place = found.end()
                ends.append(place)
            taken = self._take_silent(form, data, at, ends) if form.reading is None else self._take_rows(form, rows)
            self._reach = reach_after(taken, len(rows), self._reach)
            if not taken:
                return at
            at = ends[taken - 1]
            if taken < len(rows):
                return at

    def _read_blocks(self, form: Form, data: bytes, at: int) -> int:
        """Read lines of a form that all have the norms of the same groups below them, from `at` on.

        Returns where the first other line begins.
        """
        groups, self._below = self._below, ()
        if form.reading is None or form.step < 0:
            return at
        key = ("norms", groups)
        if key not in form.cache:
            form.cache[key] = re.compile(form.line.pattern + b"".join(map(_norms_of, groups)), form.line.flags)
        rows: Rows = []
        ends: list[int] = []
        match = form.cache[key].match
        place = at
        while (found := match(data, place)) is not None and len(rows) < self._reach:
            rows.append(found.groups())
            place = found.end()
            ends.append(place)
        taken = self._take_rows(form, rows, norms=groups) if rows else 0
        self._reach = reach_after(taken, len(rows), self._reach)
        if not taken:
            return at
        self._below = groups
        return ends[taken - 1]

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
        begin, lines, norms, step = at, 0, self._norm_lines, self._timeline.now
        whole: list[bytes] = []
        while True:
            pair = None if norms.is_waiting else _NORM_PAIR.match(data, at)
            if pair is not None and norms.takes_whole(pair[1].decode()):
                group, param_std, param_mean, grad_std, grad_mean = pair.groups()
                written = self._writing()
                written.lines.append(norms_layout(group) % (step, param_mean, param_std, grad_mean, grad_std))
                written.norms += 1
                whole.append(group)
                at = pair.end()
                lines += 2
                continue
            line = _NORM.match(data, at)
            if line is None:
                break
            half, group, std, mean = line.groups()
            self._tell(list(norms.take(half.decode(), group.decode(), float(std), float(mean))))
            at = line.end()
            lines += 1
        self._below = tuple(whole) if lines == 2 * len(whole) else ()
        if at > begin:
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
