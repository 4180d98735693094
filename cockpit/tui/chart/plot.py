"""Lines over steps as a picture, frame after frame."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cockpit.store.curve import Curve
from cockpit.tui.chart import axis
from cockpit.tui.chart.bounds import exact_scale, step_scale, value_scale
from cockpit.tui.chart.course import Course
from cockpit.tui.chart.labels import LineEnd, draw_labels, label_margin
from cockpit.tui.chart.picture import BLANK, Picture, Role
from cockpit.tui.chart.readout import Reading, draw_readout, has_room, in_order, reading
from cockpit.tui.chart.scale import Scale
from cockpit.tui.chart.sheet import Sheet
from cockpit.tui.chart.ticks import tick_label
from cockpit.tui.chart.trace import Series, Trace, series, trace
from cockpit.tui.chart.window import Extent, Window


@dataclass(frozen=True)
class Line:
    """One line of a chart: its name, the number of its colour, and its values. A line without a name has no label."""

    label: str
    color: int
    curve: Curve


@dataclass(frozen=True)
class Settings:
    """How lines are shown. `cursor` is a step; `message` is what an empty plot says.

    With a `course` the axis tells what that is at the steps, in place of the steps. A line stands at the step `mark`.
    """

    title: str = ""
    smoothing: float = 0.0
    log: bool = False
    window: Window | None = None
    cursor: int | None = None
    message: str = "no values yet"
    ascii: bool = False
    course: Course | None = None
    mark: int | None = None

    def step_text(self, step: int) -> str:
        """What a readout calls a step."""
        return f"step {step}" if self.course is None else self.course.text(step)

    @property
    def strokes(self) -> axis.Strokes:
        return axis.ASCII_LINES if self.ascii else axis.LINES


def extent_of(lines: Sequence[Line]) -> Extent | None:
    """The first and the last step of all lines; None while there is none."""
    steps = [line.curve.steps for line in lines if len(line.curve.steps)]
    if not steps:
        return None
    return Extent(min(int(of_line[0]) for of_line in steps), max(int(of_line[-1]) for of_line in steps))


class LinePlot:
    """Draws frames, and keeps of one what the next can use.

    `place` and `across` are those of the last picture: where its plot is, and its axis of steps.
    """

    def __init__(self) -> None:
        self.place = axis.Layout(0, 0, 0, 0)
        self.across = Scale(0.0, 1.0)
        self._down: Scale | None = None
        self._subject: tuple[object, ...] = ()
        self._series: dict[tuple[Curve, float, bool], Series] = {}
        self._traces: dict[tuple[Series, Scale, int], Trace] = {}

    def draw(self, lines: Sequence[Line], settings: Settings, width: int, height: int) -> Picture:
        """`lines`, the last one uppermost, in a picture of that size. No values and no size make it raise."""
        if width < 1 or height < 1:
            return Picture(max(0, width), max(0, height))
        picture = self._draw(lines, settings, width, height)
        if settings.ascii:
            picture.to_ascii()
        return picture

    def _draw(self, lines: Sequence[Line], settings: Settings, width: int, height: int) -> Picture:
        found = self._series_of(lines, settings)
        extent = extent_of(lines)
        self.across = _across(extent, settings.window)
        if settings.course is not None:
            self.across = settings.course.begun(self.across)
        self._down = self._value_axis(lines, found, settings)
        picture = self._framed(lines, found, settings, width, height)
        if self.place.rows < 1 or self.place.columns < 1:
            return picture
        if self._down is None:
            axis.write_message(picture, self.place, _message(lines, found, settings, self.across))
        else:
            self._draw_lines(picture, lines, found, self._down, settings)
        if settings.mark is not None:
            self._draw_upright(picture, settings.mark, settings.strokes.upright)
        if settings.cursor is not None:
            self._draw_cursor(picture, lines, found, settings.cursor, settings)
        return picture

    def column_of(self, step: float) -> int:
        """The cell of the plot, from 0, in which that step is; it may lie outside."""
        places = round(self.across.fraction(step) * (self.place.columns - 1))
        return max(-1, min(places, self.place.columns))

    def step_of(self, column: int) -> int:
        """The step that the middle of a cell of the plot stands for."""
        return round(self.across.at(column / max(1, self.place.columns - 1)))

    def _series_of(self, lines: Sequence[Line], settings: Settings) -> list[Series]:
        keys = [(line.curve, settings.smoothing, settings.log) for line in lines]
        self._series = {key: self._series.get(key) or series(*key) for key in keys}
        return [self._series[key] for key in keys]

    def _value_axis(self, lines: Sequence[Line], found: list[Series], settings: Settings) -> Scale | None:
        """The axis of values, the same as before while it still fits; None where there is nothing to draw."""
        subject = (tuple(line.label for line in lines), settings.window, settings.log)
        if subject != self._subject:
            self._subject, self._down = subject, None
        bounds = _value_bounds(found, self.across)
        return None if bounds is None else value_scale(*bounds, settings.log, self._down)

    def _framed(
        self, lines: Sequence[Line], found: list[Series], settings: Settings, width: int, height: int
    ) -> Picture:
        down = axis.Ticks() if self._down is None else axis.value_ticks(self._down, axis.plot_rows(height))
        self.place = axis.layout(width, height, down, label_margin([line.label for line in lines]))
        across = axis.Ticks() if self._down is None else self._step_ticks(settings)
        title = settings.title
        if settings.cursor is not None and not has_room(self.place):
            where = str(settings.cursor) if settings.course is None else settings.step_text(settings.cursor)
            title = " ".join([where, *(one.text for one in _readings(lines, found, settings.cursor))])
        details = _details(settings, self.across, any(of_line.nonpositive for of_line in found))
        return axis.frame(self.place, title, details, across, down, settings.strokes).copy()

    def _step_ticks(self, settings: Settings) -> axis.Ticks:
        if settings.course is not None:
            return settings.course.ticks(self.across, self.place.columns)
        return axis.step_ticks(self.across, self.place.columns)

    def _draw_lines(
        self, picture: Picture, lines: Sequence[Line], found: list[Series], down: Scale, settings: Settings
    ) -> None:
        sheet = Sheet(self.place, settings.ascii)
        keys = [(of_line, self.across, sheet.columns) for of_line in found]
        self._traces = {key: self._traces.get(key) or trace(*key) for key in keys}
        colors = [line.color for line in lines]
        ends = sheet.draw(picture, [self._traces[key] for key in keys], colors, down, settings.strokes)
        labelled = [
            LineEnd(line.label, line.color, *end) for line, end in zip(lines, ends, strict=True) if end is not None
        ]
        draw_labels(picture, self.place, labelled, sheet.taken)

    def _draw_cursor(
        self, picture: Picture, lines: Sequence[Line], found: list[Series], cursor: int, settings: Settings
    ) -> None:
        strokes = settings.strokes
        if self._draw_upright(picture, cursor, strokes.down) and has_room(self.place):
            readings, column = _readings(lines, found, cursor), self.column_of(cursor)
            draw_readout(picture, self.place, column, settings.step_text(cursor), readings, strokes)

    def _draw_upright(self, picture: Picture, step: int, stroke: str) -> bool:
        """A line behind all others at a step; False where that is out of view."""
        place, column = self.place, self.column_of(step)
        if not 0 <= column < place.columns:
            return False
        rows, at = slice(place.top, place.top + place.rows), place.left + column
        blank = picture.codes[rows, at] == BLANK
        picture.roles[rows, at][blank] = Role.CURSOR
        picture.codes[rows, at][blank] = ord(stroke)
        return True


def _across(extent: Extent | None, window: Window | None) -> Scale:
    if window is not None and window.last is not None:
        return exact_scale(window.first, window.last)
    if extent is None:
        return Scale(0.0, 1.0)
    if window is not None:
        return step_scale(window.first, window.end(extent))
    return step_scale(extent.first, extent.last)


def _value_bounds(found: list[Series], across: Scale) -> tuple[float, float] | None:
    """The least and the greatest value of the steps in view, smoothed ones too; None where there is none."""
    low, high = math.inf, -math.inf
    for of_line in found:
        begin = int(np.searchsorted(of_line.steps, across.low))
        end = int(np.searchsorted(of_line.steps, across.high, side="right"))
        # A smoothed line may lie outside of all values in view, because it remembers those before.
        for values in (of_line.low[begin:end], of_line.value[begin:end]):
            low = min(low, _extreme(np.fmin, values, math.inf))
        for values in (of_line.high[begin:end], of_line.value[begin:end]):
            high = max(high, _extreme(np.fmax, values, -math.inf))
    return (low, high) if low <= high else None


def _extreme(choose: np.ufunc, values: NDArray[np.float64], start: float) -> float:
    return float(choose.reduce(values, initial=start))


def _details(settings: Settings, across: Scale, nonpositive: bool) -> str:
    """What a reader has to know about the values: `ema 0.9 · log · 1.2k–2.3k`."""
    parts = []
    if settings.smoothing > 0:
        parts.append(f"ema {settings.smoothing:g}")
    if settings.log:
        parts.append("log, values ≤ 0 left out" if nonpositive else "log")
    if settings.course is not None:
        parts.append(settings.course.span(across))
    elif settings.window is not None:
        parts.append(f"{tick_label(across.low)}–{tick_label(across.high)}")
    return " · ".join(parts)


def _message(lines: Sequence[Line], found: list[Series], settings: Settings, across: Scale) -> str:
    if not any(len(line.curve.steps) for line in lines):
        return settings.message
    if settings.log and any(of_line.nonpositive for of_line in found):
        return "no values above 0"
    if any(bool(np.isfinite(of_line.value).any()) for of_line in found):
        return "no values in these steps"
    return "no finite values"


def _readings(lines: Sequence[Line], found: list[Series], step: int) -> list[Reading]:
    readings = [reading(line.label, line.color, of_line, step) for line, of_line in zip(lines, found, strict=True)]
    return in_order(readings)
