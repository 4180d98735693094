"""Rows of numbers from lines of a known form become written events, by the same timeline and the same sorter."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import chain, islice
from operator import le, lt
from typing import Any

from cockpit.printed.forms import Form, epoch_before
from cockpit.printed.several_runs import SeveralRuns
from cockpit.printed.sorting import Group
from cockpit.printed.written import Layout, Written, layouts_of, norms_layout

Rows = list[tuple[bytes, ...]]
Column = Sequence[Any]

NORM_NUMBERS = 4  # of the two lines of a group: std and mean of its parameters, and of its gradients
_FEWEST_LINES, _MOST_LINES = 16, 20_000


class RowsReader(SeveralRuns):
    """Takes as many rows as plainly go on with the run; the next one is to be read as a line by itself."""

    def __init__(self, metric: str = "") -> None:
        super().__init__(metric)
        self._reach = _FEWEST_LINES

    def _take_rows(self, form: Form, rows: Rows, redrawn: bool = False, norms: Sequence[bytes] = ()) -> int:
        """Returns how many of the rows were read, from the first one on.

        With `norms` each row goes on with the numbers of two lines for each of these groups, which stood below it.
        """
        reading = form.reading
        assert reading is not None
        if self._norm_lines.is_waiting or (reading.form == "trainer" and self._bars.trained is not None):
            return 0
        if len(rows) == 1 and form.step >= 0 and form.epoch < 0 and not redrawn and not norms:
            return self._take_row(form, rows[0])
        columns: list[Column] = list(zip(*rows, strict=True))
        steps = list(map(int, columns[form.step])) if form.step >= 0 else []
        epochs = _epochs(form, columns)
        count = min(growing(steps, len(rows), lt), growing(epochs, len(rows), le))
        if count < len(rows):
            rows, steps, epochs = rows[:count], steps[:count], epochs[:count]
            columns = list(zip(*rows, strict=True))
        if not self._runs.may_go_on(reading.phase, epochs[0] if epochs else None):
            return 0
        layouts = self._layouts(form, steps)
        if layouts is None or (norms and not self._may_have_norms(layouts, steps)):
            return 0
        self._write(form, layouts, columns, steps, epochs, norms)
        self._runs.go_on(reading.phase, _ends(epochs), _ends(steps))
        lines = count * (1 + 2 * len(norms))
        self._account.tell_many(lines, understood=True, redrawn=redrawn)
        self._known_lines.pass_over(lines)
        self._skipper.exception = ""
        return count

    def _may_have_norms(self, layouts: list[Layout], steps: list[int]) -> bool:
        """Whether norms below such lines are plainly those of the step that each of them names."""
        group = layouts[0].group
        return len(layouts) == 1 and group.kind == "step" and self._timeline.moves_on(steps[0], group.phase)

    def _take_row(self, form: Form, row: tuple[bytes, ...]) -> int:
        """The same for one row with a step and without an epoch, as they come between lines of norms."""
        reading, timeline, step = form.reading, self._timeline, int(row[form.step])
        assert reading is not None
        layouts = self._layouts(form, (step,))
        if layouts is None:
            return 0
        if reading.form == "step":
            epoch = self._step_lines.advance((step,))
            if epoch is not None:
                timeline.enter_epoch(epoch, False)
        total = int(row[form.total]) if form.total >= 0 else reading.total
        written, shown = self._writing(), timeline.epoch
        for layout in layouts:
            place = timeline.place(step, total, layout.group.kind, layout.group.phase)
            written.lines.append(layout.text % (shown, place, *[row[number] for number in layout.places]))
            written.count(layout, place, shown, [(digits,) for digits in row], 1)
        self._runs.go_on(reading.phase, None, (step, step))
        self._account.tell_many(1, understood=True)
        self._known_lines.pass_over(1)
        self._skipper.exception = ""
        return 1

    def _layouts(self, form: Form, steps: Sequence[int]) -> list[Layout] | None:
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
        self,
        form: Form,
        layouts: list[Layout],
        columns: list[Column],
        steps: list[int],
        epochs: list[int],
        norms: Sequence[bytes],
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
        text = b"".join(layout.text for layout in layouts)
        for group, first in zip(norms, range(form.line.groups, len(columns), NORM_NUMBERS), strict=True):
            param_std, param_mean, grad_std, grad_mean = columns[first : first + NORM_NUMBERS]
            parts += [places[0], param_mean, param_std, grad_mean, grad_std]
            text += norms_layout(group)
        text *= count
        written = self._writing()
        written.lines.append(text % tuple(chain.from_iterable(zip(*parts, strict=True))))
        for layout, place in zip(layouts, places, strict=True):
            written.count(layout, place[-1], max(shown[0], shown[-1]), columns, count)
        if norms:
            written.norms += count * len(norms)
            self._norm_lines.took([group.decode() for group in norms])

    def _entered(self, epochs: list[int], from_one: bool) -> list[int]:
        """The epochs as they count, entered one after the other."""
        shown: list[int] = []
        last, now = -1, 0
        for epoch in epochs:
            if epoch != last:
                last, now = epoch, self._timeline.enter_printed(epoch, from_one)
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


def reach_after(taken: int, rows: int, reach: int) -> int:
    """How many lines to look at together the next time: more while all of them go on, few where counters restart."""
    return min(2 * reach, _MOST_LINES) if taken == rows else max(_FEWEST_LINES, 2 * taken)


def growing(numbers: list[int], count: int, grows: Callable[[int, int], bool]) -> int:
    """How many of `count` numbers grow, from the first one on; all where there are none."""
    if count == 1 or not numbers or all(map(grows, numbers, islice(numbers, 1, None))):
        return count
    return next(at for at in range(1, count) if not grows(numbers[at - 1], numbers[at]))


def _ends(numbers: list[int]) -> tuple[int, int] | None:
    return (numbers[0], numbers[-1]) if numbers else None
