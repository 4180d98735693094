"""What would be run: the plan, its first configurations, and how to start it or what is in the way."""

from __future__ import annotations

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Static

from cockpit.store.numbers import setting_text
from cockpit.tui.glyphs import UNICODE, Glyphs
from cockpit.tui.launch.plan_view import PlanView
from cockpit.tui.text import shown
from cockpit.tui.widgets.columns import Column, cut, fit, measured
from cockpit.tui.widgets.top_line import beside

CONFIGS = 3


class _Start(Static):
    """The last line; a click on it is as good as the key."""

    def on_click(self) -> None:
        self.post_message(PlanPane.Pressed())


class PlanPane(Vertical):
    """The pane below the search."""

    DEFAULT_CSS = """
    PlanPane {
        height: 7;
        padding: 0 1;
        & > .configs { height: auto; }
        & > _Start { height: auto; max-height: 3; dock: bottom; }
    }
    """

    class Pressed(Message):
        """Somebody clicked on what the key starts."""

    def __init__(self, id: str, classes: str) -> None:
        super().__init__(id=id, classes=classes)
        self.glyphs: Glyphs = UNICODE
        self._view = PlanView()

    def compose(self) -> ComposeResult:
        yield Static(classes="configs")
        yield _Start()

    def show(self, view: PlanView) -> None:
        if view != self._view:
            self._view = view
            self._draw()

    def on_resize(self) -> None:
        self._draw()

    def _draw(self) -> None:
        view, width = self._view, self.content_size.width
        if not width:
            return
        headline = view.headline.replace("×", "x") if self.glyphs.ascii else view.headline
        self.border_title = shown(_cut(headline, width - 2, self.glyphs.ellipsis), "bold")
        self.border_subtitle = shown(f"{view.wait}{self.glyphs.ellipsis}") if view.wait else None
        self.query_one(".configs", Static).update(Text() if view.error else self._configs(width))
        self.query_one(_Start).update(self._last_line(width))

    def _configs(self, width: int) -> Text:
        """A table of the first configurations; columns without room are counted at its end."""
        rows = [
            [setting_text(config.get(name)) for name in self._view.columns] for config in self._view.configs[:CONFIGS]
        ]
        if not rows:
            return Text()
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
        return Text("\n").join(lines)

    def _last_line(self, width: int) -> Text:
        """What is wrong, or the key that starts it with the source of the time beside it."""
        view = self._view
        if view.error:
            return Text(style=self._colour("error")).append_text(
                _wrapped(f"{self.glyphs.status['failed']} {view.error}")
            )
        if not view.key:
            return Text()
        line = Text().append_text(shown(view.key, f"bold {self._colour('accent')}")).append(" starts it")
        return beside(line, shown(_cut(view.source, width - line.cell_len - 3, self.glyphs.ellipsis), "dim"), width)

    def _colour(self, name: str) -> str:
        return str(self.app.theme_variables.get(name, ""))


def _wrapped(text: str) -> Text:
    """A line that is wrapped where there is no room for it."""
    line = shown(text)
    line.no_wrap, line.overflow = False, "fold"
    return line


def _cut(text: str, width: int, ellipsis: str) -> str:
    words = measured(text)
    return words.text if words.width <= width else cut(words.text, max(0, width), ellipsis)
