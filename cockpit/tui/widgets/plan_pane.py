"""What would be run: the plan, its first configurations, and how to start it or what is in the way."""

from __future__ import annotations

import textwrap

from rich.text import Text
from textual import events
from textual.message import Message
from textual.widget import Widget

from cockpit.events.text import one_line
from cockpit.store.numbers import setting_text
from cockpit.tui.glyphs import UNICODE, Glyphs
from cockpit.tui.launch.plan_view import PlanView
from cockpit.tui.text import shown
from cockpit.tui.themes import rich_colour
from cockpit.tui.widgets.columns import Column, cut, fit, measured
from cockpit.tui.widgets.top_line import beside

CONFIGS = 3


class PlanPane(Widget):
    """The pane below the search. It draws itself as one, so that a new plan has nothing else laid out again."""

    DEFAULT_CSS = """
    PlanPane { height: 7; padding: 0 1; }
    """

    class Pressed(Message):
        """Somebody clicked on the last line, which is as good as the key that it names."""

    def __init__(self, id: str, classes: str) -> None:
        super().__init__(id=id, classes=classes)
        self.glyphs: Glyphs = UNICODE
        self._view = PlanView()

    def show(self, view: PlanView) -> None:
        if view != self._view:
            self._view = view
            self._set_titles()
            self.refresh()

    def on_resize(self) -> None:
        self._set_titles()

    def on_click(self, event: events.Click) -> None:
        offset = event.get_content_offset(self)
        if offset is not None and offset.y == self.content_size.height - 1:
            self.post_message(self.Pressed())

    def render(self) -> Text:
        width, height = self.content_size
        above = [] if self._view.error else self._configs(width)
        below = self._last_lines(width)
        lines = [*above, *[Text()] * (height - len(above) - len(below)), *below][:height]
        return Text("\n", no_wrap=True, overflow="crop").join(lines)

    def _set_titles(self) -> None:
        view, dots = self._view, self.glyphs.ellipsis
        words = view.headline.replace("×", "x") if self.glyphs.ascii else view.headline
        self.border_title = shown(_cut(words, self.content_size.width - 2, dots), "bold")
        self.border_subtitle = shown(f"{view.wait}{dots}") if view.wait else None

    def _configs(self, width: int) -> list[Text]:
        """A table of the first configurations; columns without room are counted at its end."""
        rows = [
            [setting_text(config.get(name)) for name in self._view.columns] for config in self._view.configs[:CONFIGS]
        ]
        if not rows:
            return []
        columns = [Column(name, name, priority=-place) for place, name in enumerate(self._view.columns)]
        widths = [
            max(measured(name).width, *(measured(row[place]).width for row in rows))
            for place, name in enumerate(self._view.columns)
        ]
        room = fit(columns, widths, width + 2)
        lines = []
        for number, row in enumerate([list(self._view.columns), *rows]):
            line = Text(style="dim" if number == 0 or self._view.is_old else "")
            for slot in room.slots:
                text = shown(_cut(row[slot.column], slot.width, self.glyphs.ellipsis))
                line.append(" " * (slot.x - 1 + slot.width - text.cell_len - line.cell_len)).append_text(text)
            lines.append(line)
        if room.hidden and lines[0].cell_len + len(more := f"  +{len(room.hidden)}") <= width:
            lines[0].append(more)
        return lines

    def _last_lines(self, width: int) -> list[Text]:
        """What is wrong, or the key that starts it with the source of the time beside it."""
        view = self._view
        if view.error:
            words = textwrap.wrap(one_line(f"{self.glyphs.status['failed']} {view.error}"), max(10, width))
            return [shown(line, self._colour("error")) for line in words]
        if not view.key:
            return []
        line = Text().append_text(shown(view.key, f"bold {self._colour('accent')}")).append(" starts it")
        source = _cut(view.source, width - line.cell_len - 3, self.glyphs.ellipsis)
        return [beside(line, shown(source, "dim"), width)]

    def _colour(self, name: str) -> str:
        return rich_colour(self.app.theme_variables, name)


def _cut(text: str, width: int, ellipsis: str) -> str:
    words = measured(text)
    return words.text if words.width <= width else cut(words.text, max(0, width), ellipsis)
