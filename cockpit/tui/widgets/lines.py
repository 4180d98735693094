"""Lines of text that only their end matters of: what a trial prints."""

from __future__ import annotations

from collections.abc import Sequence

from rich.segment import Segment
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip


class Lines(ScrollView, can_focus=True):
    """Follows the last line until somebody scrolls up, and again once the end is reached."""

    DEFAULT_CSS = """
    Lines { height: 1fr; background: $surface; color: $foreground; scrollbar-size-vertical: 1; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._lines: Sequence[str] = ()
        self._widest = 0

    def show(self, lines: Sequence[str]) -> None:
        """Safe lines of text, oldest first."""
        if lines is self._lines:
            return
        follows = self.scroll_offset.y >= self.max_scroll_y - 1
        self._lines = lines
        self._widest = max(map(len, lines), default=0)
        self.virtual_size = Size(self._widest, len(lines))
        self.refresh()
        if follows:
            self.scroll_end(animate=False)

    def render_line(self, y: int) -> Strip:
        left, top = self.scroll_offset
        number = top + y
        width = self.scrollable_content_region.width
        if not self._lines:
            text = "nothing printed yet" if y == 0 else ""
            return Strip([Segment(text, self.rich_style)]).adjust_cell_length(width, self.rich_style)
        text = self._lines[number].expandtabs(4) if number < len(self._lines) else ""
        strip = Strip([Segment(text, self.rich_style)])
        return strip.crop_extend(left, left + width, self.rich_style)
