"""States of progress bars, which are drawn again and again in one line, read at once where their form is known."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import replace
from operator import lt

from cockpit.events.text import safe_text
from cockpit.printed.cut import LONGEST, Line
from cockpit.printed.forms import BARS, STATE_END, Form, find_form
from cockpit.printed.reading import Reading
from cockpit.printed.rows_reader import Rows, RowsReader, growing, reach_after

FEWEST = 3  # states that are worth it
_MOST_FORMS = 16
_MOST_TRIED = 1024


class StatesReader(RowsReader):
    """A state is held back until the next one shows that it was the last of its step; so is the last of many."""

    def __init__(self, metric: str) -> None:
        super().__init__(metric)
        self._state_forms: list[Form] = []
        self._states_tried: set[int] = set()

    def _read_states(self, data: bytes) -> None:
        """Read a line that was drawn more than once; it ends in a newline, or before the next state."""
        at = 0
        while at < len(data):
            after = self._take_states(data, at) if self._is_free and self._runs.is_settled else at
            at = after if after > at else self._read_state(data, at)

    def _read_state(self, data: bytes, at: int) -> int:
        """Read one state by itself; returns where the next one begins."""
        after = data.find(b"\r", at) + 1
        if not after or data.startswith(b"\n", after) or not self._cutter.is_empty or after - at > LONGEST:
            after = data.find(b"\n", at) + 1 if not after or data.startswith(b"\n", after) else after
            super().feed(data[at : after or len(data)])
            return after or len(data)
        state = data[at : after - 1]
        self._line(Line(safe_text(state, LONGEST), redrawn=True))
        self._learn_state(state)
        return after

    def _learn_state(self, state: bytes) -> None:
        shape = hash(state.translate(None, b"0123456789"))
        if self._held is None or self._held.form not in BARS or shape in self._states_tried:
            return
        if len(self._states_tried) < _MOST_TRIED:
            self._states_tried.add(shape)
        form = find_form(state, self._parse, self._runs.would_say, STATE_END)
        if form is not None and form.reading is not None and form.reading.form in BARS:
            form.reading = replace(form.reading, training=True)  # which a state is until it is the last
            self._state_forms = [form, *self._state_forms[: _MOST_FORMS - 1]]

    def _take_states(self, data: bytes, at: int) -> int:
        """Read states of a known form from `at` on; returns where the first other one begins."""
        for form in self._state_forms:
            found = form.line.match(data, at)
            if found is None:
                continue
            if form.step >= 0 and not self._timeline.goes_on(int(found[form.step + 1]), "step", "train"):
                return at  # another epoch begins, with a state that is read by itself
            rows: Rows = []
            ends = [at]
            while found is not None and len(rows) < self._reach:
                rows.append(found.groups())
                ends.append(found.end())
                found = form.line.match(data, ends[-1])
            taken = self._take_bar(form, rows, data, ends)
            self._reach = reach_after(taken, len(rows), self._reach)
            return ends[taken]
        return at

    def _take_bar(self, form: Form, rows: Rows, data: bytes, ends: list[int]) -> int:
        """Returns how many of the states were read, from the first one on."""
        count = _going_on(form, rows)
        if count < FEWEST:
            return 0
        last = self._parse(data[ends[count - 1] : ends[count] - 1].decode("utf-8", "replace").strip())
        if not isinstance(last, Reading) or self._norm_lines.is_waiting:
            return 0
        if self._held is not None and self._held.place == replace(last, step=int(rows[0][form.step])).place:
            self._held = None
        self._tell(self._release())
        if not self._bars.goes_on(last):
            return 0
        taken = self._take_rows(form, rows[: count - 1], redrawn=True)
        if taken < count - 1:
            return taken
        self._runs.begins(last)
        self._held = last
        self._account.tell_many(1, understood=True, redrawn=True)
        self._known_lines.pass_over(1)
        return count


def _going_on(form: Form, rows: Rows) -> int:
    """How many states, from the first one on, are steps of one bar that has not come to its end."""
    if form.step < 0 or form.total < 0:
        return 0
    columns = list(zip(*rows, strict=True))
    steps, total = list(map(int, columns[form.step])), int(columns[form.total][0])
    count = growing(steps, len(rows), lt)
    for place in (form.total, form.epoch):
        if place >= 0 and len(set(columns[place])) > 1:
            count = min(count, next(n for n, digits in enumerate(columns[place]) if digits != columns[place][0]))
    return bisect_left(steps, total, 0, count)
