"""A widget that shows a picture and writes only those of its rows that have changed."""

from __future__ import annotations

from collections.abc import Mapping
from time import monotonic
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Region
from textual.strip import Strip
from textual.timer import Timer
from textual.widget import Widget

from cockpit.tui.chart.picture import Picture
from cockpit.tui.widgets.inks import Theme, inks
from cockpit.tui.widgets.pace import Pace

BYTES_A_SECOND = 8_000  # what all drawings of a screen together write while values stream in


class Drawing(Widget, can_focus=True):
    """The line with the title and the axes are part of the picture, so give it no border."""

    ALLOW_SELECT: ClassVar[bool] = False
    LOOKS: ClassVar[tuple[str, ...]] = ()  # reactive attributes that change the picture
    DEFAULT_CSS = """
    Drawing { height: 1fr; width: 1fr; }
    """

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._picture = Picture(0, 0)
        self._strips: dict[int, Strip] = {}
        self._styles: Mapping[int, Style] | None = None
        self._pace = Pace()
        self._due: Timer | None = None

    def on_mount(self) -> None:
        for name in self.LOOKS:
            self.watch(self, name, self._look_changed, init=False)
        self.watch(self, "has_focus", self._restyle, init=False)

    def _look_changed(self) -> None:
        self.redraw()

    def _restyle(self) -> None:
        if self._styles is not None and self._styles is not self._inks():
            self._styles = None
            self._strips.clear()
            self.refresh()

    def picture(self, width: int, height: int) -> Picture:
        """What there is to see now, in a picture of that size."""
        raise NotImplementedError

    def redraw(self) -> int:
        """Draw anew and let only those rows be written that differ from what is on the screen.

        Returns about how many bytes that will be.
        """
        if self._due is not None:
            self._due.stop()
            self._due = None
        width, height = self.size
        picture = self.picture(width, height)
        if not self._fits(width, height):
            self._take(picture)
            self.refresh()
            return picture.weight(list(range(height)))
        changes = picture.changes(self._picture)
        rows = [row for row, _, _ in changes]
        self._take(picture, rows)
        if changes:
            self.refresh(*(Region(begin, row, end - begin, 1) for row, begin, end in changes))
        return picture.weight(rows)

    def redraw_in_time(self) -> None:
        """Draw anew because values have come: now, or later where that would write more than there is room for."""
        if self._due is not None:
            return
        wait = self._pace.wait(monotonic())
        if wait > 0:
            self._due = self.set_timer(wait, self._redraw_streaming)
        else:
            self._redraw_streaming()

    def _redraw_streaming(self) -> None:
        seen = sum(drawing.is_on_screen for drawing in self.screen.query(Drawing)) if self.is_attached else 1
        self._pace.spend(monotonic(), self.redraw(), BYTES_A_SECOND / max(1, seen))

    def _fits(self, width: int, height: int) -> bool:
        return (self._picture.width, self._picture.height) == (width, height)

    def _take(self, picture: Picture, rows: list[int] | None = None) -> None:
        self._picture = picture
        if rows is None:
            self._strips.clear()
        else:
            for row in rows:
                self._strips.pop(row, None)

    def render_lines(self, crop: Region) -> list[Strip]:
        width, height = self.size
        if not self._fits(width, height):
            self._take(self.picture(width, height))
        return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        if y not in self._strips:
            self._strips[y] = self._strip(y)
        return self._strips[y]

    def _strip(self, y: int) -> Strip:
        if not 0 <= y < self._picture.height:
            return Strip.blank(self.size.width, self.rich_style)
        if self._styles is None:
            self._styles = self._inks()
        styles = self._styles
        return Strip([Segment(text, styles[role]) for text, role in self._picture.runs[y]], self._picture.width)

    def _inks(self) -> Mapping[int, Style]:
        theme = Theme(*(self.app.theme_variables[name] for name in Theme._fields))
        return inks(theme, self.background_colors[1], self.has_focus)

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._restyle()

    def on_resize(self, event: events.Resize) -> None:
        self.redraw()
