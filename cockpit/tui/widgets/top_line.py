"""The first line of every screen: what this is, and how it is doing."""

from __future__ import annotations

from rich.text import Text
from textual.widget import Widget


class TopLine(Widget):
    """One line with words at the left and at the right; where there is no room the left ones give way, to the half."""

    DEFAULT_CSS = """
    TopLine { height: 1; padding: 0 1; background: $panel; color: $foreground; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._left = self._right = Text()

    def show(self, left: Text, right: Text) -> None:
        if (left, right) != (self._left, self._right):
            self._left, self._right = left, right
            self.refresh()

    def render(self) -> Text:
        return beside(self._left, self._right, self.content_size.width)


def beside(left: Text, right: Text, width: int) -> Text:
    """Two texts in one line of `width` cells, one at each end."""
    right = _cut(right, max(width - left.cell_len - 1, width // 2))
    line = _cut(left, max(0, width - right.cell_len - 1))
    line.append(" " * (width - line.cell_len - right.cell_len))
    line.append_text(right)
    line.no_wrap, line.overflow, line.end = True, "crop", ""
    return line


def _cut(text: Text, width: int) -> Text:
    cut = text.copy()
    if cut.cell_len > width:
        cut.truncate(width, overflow="ellipsis")
    return cut
