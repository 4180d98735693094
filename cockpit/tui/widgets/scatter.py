"""Scores against one parameter: where in its range the good trials are."""

from __future__ import annotations

from collections.abc import Sequence

from textual.reactive import reactive

from cockpit.events.text import one_line
from cockpit.tui.chart.picture import Picture
from cockpit.tui.chart.scatter import ScatterSettings, draw_scatter
from cockpit.tui.widgets.drawing import Drawing


class Scatter(Drawing):
    """`show` gives it points. Numbers stand on an axis, anything else side by side as categories.

    The axis is logarithmic where `log_x` says so, or says nothing and the values lie as far apart as learning rates do.
    """

    LOOKS = ("title", "log_x", "message", "ascii")

    title = reactive("", repaint=False, init=False)
    log_x: reactive[bool | None] = reactive[bool | None](None, repaint=False, init=False)
    message = reactive("", repaint=False, init=False)
    ascii = reactive(False, repaint=False, init=False)

    def __init__(
        self,
        title: str = "",
        *,
        log_x: bool | None = None,
        message: str = "no scores yet",
        ascii: bool = False,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._points: tuple[tuple[object, ...], tuple[float | None, ...], int | None] = ((), (), None)
        self.set_reactive(Scatter.title, one_line(title))
        self.set_reactive(Scatter.log_x, log_x)
        self.set_reactive(Scatter.message, one_line(message))
        self.set_reactive(Scatter.ascii, ascii)

    def show(self, x: Sequence[object], y: Sequence[float | None], best: int | None = None) -> None:
        """Show points (x, y), None where a value is missing; `best` is the place of the one to be seen first."""
        if len(x) != len(y):
            raise ValueError(f"a scatter needs as many values as scores, not {len(x)} and {len(y)}")
        points = (tuple(x), tuple(y), best)
        if points != self._points:
            self._points = points
            self.redraw_in_time()

    def picture(self, width: int, height: int) -> Picture:
        x, y, best = self._points
        settings = ScatterSettings(self.title, self.log_x, best, self.message, self.ascii)
        return draw_scatter(x, y, settings, width, height)

    def validate_title(self, title: str) -> str:
        return one_line(title)

    def validate_message(self, message: str) -> str:
        return one_line(message)
