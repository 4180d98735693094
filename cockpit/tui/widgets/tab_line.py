"""A line of tabs: `1 Steps │ 2 Norms │ …`, with a word about the present one at the right."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text
from textual import events
from textual.message import Message
from textual.widget import Widget

from cockpit.tui.themes import rich_colour
from cockpit.tui.widgets.top_line import beside


class TabLine(Widget):
    """Shows which of the tabs is open; a click on one of them posts `Chosen`."""

    DEFAULT_CSS = """
    TabLine { height: 1; padding: 0 1; background: $panel; color: $text-muted; }
    """

    class Chosen(Message):
        """A tab was clicked."""

        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__()
        self._names = tuple(names)
        self._open = ""
        self._aside = Text()
        self._ends: list[int] = []

    def show(self, name: str, aside: Text) -> None:
        """`name` is open (none for ""), `aside` stands at the right."""
        if (name, aside) != (self._open, self._aside):
            self._open, self._aside = name, aside
            self.refresh()

    def render(self) -> Text:
        line = Text()
        self._ends = []
        for number, name in enumerate(self._names, start=1):
            style = f"bold reverse {rich_colour(self.app.theme_variables, 'primary')}" if name == self._open else ""
            line.append(f" {number} {name.capitalize()} ", style).append("│" if number < len(self._names) else "")
            self._ends.append(line.cell_len)
        return beside(line, self._aside, self.content_size.width)

    def on_click(self, event: events.Click) -> None:
        for name, end in zip(self._names, self._ends, strict=True):
            if event.x - self.styles.padding.left < end:
                self.post_message(self.Chosen(name))
                return
