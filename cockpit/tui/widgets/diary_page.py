"""One entry of the diary, rendered: what was generated, and below it what the user wrote."""

from __future__ import annotations

from typing import ClassVar

from rich.segment import Segment
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from cockpit.tui.themes import rich_colour
from cockpit.tui.widgets.safe_markdown import rendered

# What Markdown's parts are coloured like, by names of the theme's colours.
COLOURS = {"heading": "primary", "code": "accent", "link": "secondary", "faint": "secondary"}


class DiaryPage(ScrollView, can_focus=True):
    """Shows Markdown as text: links, HTML and images in it do nothing. `ascii` is for terminals that need it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "scroll_down", "Down", show=False),
        Binding("k", "scroll_up", "Up", show=False),
        Binding("left,left_square_bracket", "turn(-1)", "Entry before", show=False),
        Binding("right,right_square_bracket", "turn(1)", "Next entry", show=False),
    ]
    DEFAULT_CSS = """
    DiaryPage {
        height: 1fr; padding: 0 1; color: $foreground; overflow-x: hidden;
        scrollbar-size-vertical: 1; scrollbar-gutter: stable;
    }
    """

    class Turned(Message):
        """The entry before (-1) or after (1) is wanted."""

        def __init__(self, step: int) -> None:
            super().__init__()
            self.step = step

    def __init__(self, *, ascii: bool = False) -> None:
        super().__init__()
        self.ascii = ascii
        self._name = self._generated = self._notes = self._hint = ""
        self._made_for: tuple[object, ...] = ()
        self._lines: list[list[Segment]] = []
        self._notes_line = 0

    def show(self, name: str, generated: str, notes: str, hint: str = "") -> None:
        """Markdown of what is called `name` and of the user's notes on it; `hint` stands where there are none.

        Another one is shown from its top, the same with other words where it is.
        """
        is_other, self._name = name != self._name, name
        self._generated, self._notes, self._hint = generated, notes, hint
        self._make()
        if is_other:
            self.scroll_home(animate=False)

    def scroll_to_notes(self) -> None:
        """Bring the first of the user's words into view."""
        self.scroll_to(y=max(0, self._notes_line - self.size.height // 3), animate=False)

    def on_mount(self) -> None:
        self.app.theme_changed_signal.subscribe(self, lambda _: self._make())

    def on_resize(self, event: events.Resize) -> None:
        self._make()

    def action_turn(self, step: int) -> None:
        self.post_message(self.Turned(step))

    def render_line(self, y: int) -> Strip:
        number, width = y + self.scroll_offset.y, self.scrollable_content_region.width
        line = self._lines[number] if number < len(self._lines) else []
        return Strip(Segment.apply_style(line, self.rich_style)).adjust_cell_length(width, self.rich_style)

    def _make(self) -> None:
        """Render anew, when width, colours or words are others than before."""
        width = self.scrollable_content_region.width
        wanted = (self._generated, self._notes, self._hint, width, self.ascii, self.app.theme)
        if not self.is_mounted or width <= 0 or wanted == self._made_for:
            return
        self._made_for = wanted
        colours = {name: rich_colour(self.app.theme_variables, colour) for name, colour in COLOURS.items()}
        parts = [rendered(self._generated, width, colours, ascii_only=self.ascii)] if self._generated else []
        if words := self._notes or self._hint:
            parts.append(rendered(words, width, colours, ascii_only=self.ascii, keep_breaks=True))
        self._lines = [line for part in parts for line in (*part, [])]
        self._notes_line = len(parts[0]) + 1 if len(parts) > 1 else 0
        self.virtual_size = Size(width, len(self._lines))
        self.refresh()
