"""The chart: lines over steps that stream in, with smoothing, a logarithmic axis, zoom and a cursor."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from textual import events
from textual.message import Message
from textual.reactive import reactive

from cockpit.events.text import one_line
from cockpit.tui.chart.course import Course
from cockpit.tui.chart.cursor import nearest_step, next_step
from cockpit.tui.chart.picture import Picture
from cockpit.tui.chart.plot import Line, LinePlot, Settings, extent_of
from cockpit.tui.chart.smoothing import STRONGEST
from cockpit.tui.chart.window import Extent, Window, panned, zoomed
from cockpit.tui.widgets.drawing import Drawing

__all__ = ["Chart", "Line"]

ZOOM_BY_KEY = 2.0
ZOOM_BY_WHEEL = 1.25


@dataclass
class _Drag:
    """The mouse button is down: where that was, which window was shown then, and whether the mouse has moved."""

    column: int
    window: Window | None
    moved: bool = False


class Chart(Drawing):
    """`show` gives it lines; the rest is how they are looked at. Keys are the app's, so it offers methods for them.

    The wheel zooms around the pointer, dragging pans, a click puts the cursor there.
    """

    LOOKS = ("title", "smoothing", "log_scale", "cursor_step", "message", "ascii", "course", "mark")

    title = reactive("", repaint=False, init=False)
    smoothing = reactive(0.0, repaint=False, init=False)
    log_scale = reactive(False, repaint=False, init=False)
    cursor_step: reactive[int | None] = reactive[int | None](None, repaint=False, init=False)
    message = reactive("", repaint=False, init=False)
    ascii = reactive(False, repaint=False, init=False)
    course: reactive[Course | None] = reactive[Course | None](None, repaint=False, init=False)
    mark: reactive[int | None] = reactive[int | None](None, repaint=False, init=False)

    class WindowChanged(Message):
        """Other steps are looked at: `first` … `last`, so that finer values of them can be shown.

        `last` is None where the newest steps are followed, `first` is None as well where all steps are shown.
        """

        def __init__(self, chart: Chart, first: int | None, last: int | None) -> None:
            super().__init__()
            self.chart, self.first, self.last = chart, first, last

        @property
        def control(self) -> Chart:
            return self.chart

    class CursorMoved(Message):
        """The user has put the cursor on `step`, or away where that is None."""

        def __init__(self, chart: Chart, step: int | None) -> None:
            super().__init__()
            self.chart, self.step = chart, step

        @property
        def control(self) -> Chart:
            return self.chart

    def __init__(
        self,
        title: str = "",
        *,
        message: str = "no values yet",
        ascii: bool = False,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._plot = LinePlot()
        self._lines: tuple[Line, ...] = ()
        self._window: Window | None = None
        self._extent: Extent | None = None
        self._drag: _Drag | None = None
        self.set_reactive(Chart.title, one_line(title))
        self.set_reactive(Chart.message, one_line(message))
        self.set_reactive(Chart.ascii, ascii)

    def show(self, lines: Sequence[Line], *, at_once: bool = False) -> None:
        """Show these lines, the last one uppermost. Nothing is written where they look like those before.

        `at_once` is for lines of something else, which somebody waits for; more of the same is drawn in time.
        """
        if len(lines) == len(self._lines) and all(map(_same, lines, self._lines)):
            return
        self._lines = tuple(Line(one_line(line.label), line.color, line.curve) for line in lines)
        self._extent = self._known_extent()
        if self._window is not None and self._extent is not None:
            self._set_window(self._window.followed(self._extent))
        if at_once:
            self.redraw()
        else:
            self.redraw_in_time()

    def picture(self, width: int, height: int) -> Picture:
        settings = Settings(
            self.title,
            self.smoothing,
            self.log_scale,
            self._window,
            self.cursor_step,
            self.message,
            self.ascii,
            self.course,
            self.mark,
        )
        return self._plot.draw(self._lines, settings, width, height)

    def _known_extent(self) -> Extent | None:
        """While only some steps are looked at, the lines may hold no more than those."""
        extent = extent_of(self._lines)
        return extent if self._window is None or extent is None else extent.joined(self._extent)

    # The window of steps

    @property
    def window(self) -> tuple[int | None, int | None]:
        """The first and the last step that are looked at, with None as in `WindowChanged`."""
        return (None, None) if self._window is None else (self._window.first, self._window.last)

    def look_at(self, first: int | None, last: int | None) -> None:
        """Look at steps `first` … `last`, with None as in `WindowChanged`, which is not posted.

        Where `last` is None, the end of the window follows the newest steps, and `first` stays until the next call.
        """
        if (first, last) != self.window:
            self._window = None if first is None else Window(first, last)
            self.redraw()

    def zoom_in(self) -> None:
        """Half as many steps: around the cursor where it is in view, else the newest or those in the middle."""
        self._zoom(1 / ZOOM_BY_KEY, self._cursor_in_view())

    def zoom_out(self) -> None:
        """Twice as many steps, up to all of them."""
        self._zoom(ZOOM_BY_KEY, self._cursor_in_view())

    def reset_zoom(self) -> None:
        """All steps."""
        self._change_window(None)

    def pan(self, fraction: float) -> None:
        """Move to newer steps (older ones: negative) by a part of the width, where not all are shown."""
        if self._extent is not None:
            self._change_window(panned(self._window, self._extent, fraction))

    def _zoom(self, factor: float, anchor: float | None) -> None:
        if self._extent is not None:
            self._change_window(zoomed(self._window, self._extent, factor, anchor))

    def _change_window(self, window: Window | None) -> None:
        if self._set_window(window):
            self.redraw()

    def _set_window(self, window: Window | None) -> bool:
        if window == self._window:
            return False
        self._window = window
        self.post_message(self.WindowChanged(self, *self.window))
        return True

    # The cursor

    def move_cursor(self, columns: int) -> None:
        """Move the cursor by cells, and from value to value; it first appears at the newest step in view."""
        curves, across = [line.curve for line in self._lines], self._plot.across
        if self._cursor_in_view() is None or self.cursor_step is None:
            self._put_cursor(nearest_step(curves, across.high))
            return
        place = self._plot.column_of(self.cursor_step) + columns
        wanted = self._plot.step_of(max(0, min(place, self._plot.place.columns - 1)))
        if columns and wanted == self.cursor_step:
            wanted += int(math.copysign(1, columns))
        step = next_step(curves, self.cursor_step, wanted)
        if step is not None and across.low <= step <= across.high:
            self._put_cursor(step)

    def hide_cursor(self) -> None:
        self._put_cursor(None)

    def _put_cursor(self, step: int | None) -> None:
        if step != self.cursor_step:
            self.cursor_step = step
            self.post_message(self.CursorMoved(self, step))

    def _cursor_in_view(self) -> int | None:
        step, across = self.cursor_step, self._plot.across
        return step if step is not None and across.low <= step <= across.high else None

    # How values are shown

    def toggle_log(self) -> None:
        self.log_scale = not self.log_scale

    def set_smoothing(self, value: float) -> None:
        """From 0 for none to 0.99 for the strongest; anything else becomes the nearer one of these."""
        self.smoothing = value

    def validate_smoothing(self, value: float) -> float:
        return min(max(0.0, value), STRONGEST) if value == value else 0.0

    def validate_title(self, title: str) -> str:
        return one_line(title)

    def validate_message(self, message: str) -> str:
        return one_line(message)

    # The mouse

    def _column(self, event: events.MouseEvent) -> int:
        """The cell of the plot that the pointer is in; it may lie outside."""
        return event.get_content_offset_capture(self).x - self._plot.place.left

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self._zoom(1 / ZOOM_BY_WHEEL, self._plot.step_of(self._column(event)))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self._zoom(ZOOM_BY_WHEEL, self._plot.step_of(self._column(event)))

    def on_mouse_down(self, event: events.MouseDown) -> None:
        if event.button == 1:
            self.capture_mouse()
            self._drag = _Drag(self._column(event), self._window)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        drag, columns = self._drag, self._plot.place.columns
        if drag is None or self._extent is None or columns < 1:
            return
        shift = drag.column - self._column(event)
        if shift or drag.moved:
            drag.moved = True
            self._change_window(panned(drag.window, self._extent, shift / columns))

    def on_mouse_up(self, event: events.MouseUp) -> None:
        drag, self._drag = self._drag, None
        if drag is None:
            return
        self.release_mouse()
        if not drag.moved and 0 <= drag.column < self._plot.place.columns:
            self._put_cursor(nearest_step([line.curve for line in self._lines], self._plot.step_of(drag.column)))


def _same(line: Line, other: Line) -> bool:
    return line.curve is other.curve and line.label == other.label and line.color == other.color
