"""Help: what the screen is for, and what each key does there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.widget import Widget
from textual.widgets import Static

from cockpit.tui.actions import EVERYWHERE, HELP, PLACES, Action, actions_of, bindings
from cockpit.tui.screens.base import CockpitScreen
from cockpit.tui.snapshot import Snapshot
from cockpit.tui.themes import rich_colour

GENERAL = """\
Arrows, j and k, PgUp and PgDn, Home and End move; enter opens, esc goes back by one level and never quits. The mouse \
works as well. Leaving never touches a running sweep. A filter line takes words, field:pattern, comparisons such as \
lr>1e-5 or m=0.3, has:field; a space is AND, | is OR, - is NOT, quotes keep spaces.
"""
KEY_MAP = """\
Other keys for actions: a table [keys] in the settings file, with lines such as "sweep.stop" = "x". `cockpit where` \
says where that file is."""


class HelpScreen(CockpitScreen):
    """Explains the screen it was opened from."""

    place = HELP
    BINDINGS = bindings(actions_of(HELP))

    def __init__(self, about: CockpitScreen) -> None:
        super().__init__()
        self._about = about

    def body(self) -> Iterator[Widget]:
        with VerticalScroll(id="help"):
            yield Static(Group(*self._parts()))

    def header(self, snapshot: Snapshot) -> Text:
        return Text(f"Help: {PLACES[self._about.place]}", "bold")

    def _parts(self) -> Iterator[RenderableType]:
        if self._about.help_text:
            yield Text(f"{self._about.help_text.strip()}\n")
        actions = [action for action in actions_of(self._about.place) if action.name != "help"]
        for place in (self._about.place, EVERYWHERE):
            yield Text(PLACES[place], "bold")
            yield self._table([action for action in actions if (EVERYWHERE in action.where) == (place == EVERYWHERE)])
        yield Text(GENERAL)
        yield Text(KEY_MAP)

    def _table(self, actions: Sequence[Action]) -> Table:
        """Keys, what they do, and the names by which a key map knows them."""
        table = Table.grid(padding=(0, 2))
        table.add_column(style=f"bold {rich_colour(self.app.theme_variables, 'accent')}", min_width=10)
        table.add_column(ratio=1)
        table.add_column(style="dim")
        for action in actions:
            keys = [self.app.get_key_display(key) for key in _each_key(action, self.cockpit.settings.keys)]
            table.add_row(Text(f"  {' '.join(keys)}"), Text(action.text), Text(action.id))
        table.add_row()
        return table


def _each_key(action: Action, keymap: Mapping[str, str]) -> Iterator[Binding]:
    keys = keymap.get(action.id, action.keys)
    for key in keys.split(","):
        yield Binding(key, action.name)
