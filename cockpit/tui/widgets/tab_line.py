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
        self._asides: tuple[Text, ...] = (Text(),)
        self._ends: list[int] = []

    def show(self, name: str, *asides: Text) -> None:
        """`name` is open (none for ""); at the right stands the first of the `asides` that has room there, or the last.

        Give the longest one first.
        """
        if (name, asides) != (self._open, self._asides):
            self._open, self._asides = name, asides
            self.refresh()

    def render(self) -> Text:
        line = Text()
        self._ends = []
        for number, name in enumerate(self._names, start=1):
            style = f"bold reverse {rich_colour(self.app.theme_variables, 'primary')}" if name == self._open else ""
            line.append(f" {number} {name.capitalize()} ", style).append("│" if number < len(self._names) else "")
            self._ends.append(line.cell_len)
        width = self.content_size.width
        fitting = (aside for aside in self._asides if line.cell_len + 1 + aside.cell_len <= width)
        return beside(line, next(fitting, self._asides[-1]), width)

    def on_click(self, event: events.Click) -> None:
        for name, end in zip(self._names, self._ends, strict=True):
            if event.x - self.styles.padding.left < end:
                self.post_message(self.Chosen(name))
                return
