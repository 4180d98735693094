"""Help: what the screen is for, and what each key does there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rich.text import Text
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.widget import Widget
from textual.widgets import Static

from cockpit.tui.actions import EVERYWHERE, HELP, PLACES, Action, actions_of, bindings
from cockpit.tui.screens.base import CockpitScreen
from cockpit.tui.snapshot import Snapshot

GENERAL = """\
Arrows, j and k, PgUp and PgDn, Home and End move; enter opens, esc goes back by one level and never quits. The mouse \
works as well. Leaving never touches a running sweep. A filter line takes words, field:pattern, comparisons such as \
lr>1e-5 or m=0.3, has:field; a space is AND, | is OR, - is NOT, quotes keep spaces."""


class HelpScreen(CockpitScreen):
    """Explains the screen it was opened from."""

    place = HELP
    BINDINGS = bindings(actions_of(HELP))

    def __init__(self, about: CockpitScreen) -> None:
        super().__init__()
        self._about = about

    def body(self) -> Iterator[Widget]:
        with VerticalScroll(id="help"):
            yield Static(self._text())

    def header(self, snapshot: Snapshot) -> Text:
        return Text(f"Help: {PLACES[self._about.place]}", "bold")

    def _text(self) -> Text:
        text = Text()
        text.append(f"{self._about.help_text.strip()}\n\n")
        here = [action for action in actions_of(self._about.place) if EVERYWHERE not in action.where]
        everywhere = [action for action in actions_of(self._about.place) if EVERYWHERE in action.where]
        for title, actions in ((PLACES[self._about.place], here), (PLACES[EVERYWHERE], everywhere)):
            text.append(f"{title}\n", "bold")
            for action in actions:
                self._append(text, action)
            text.append("\n")
        text.append(GENERAL)
        text.append('\n\nOther keys for actions: a table [keys] in the settings file, such as "sweep.stop" = "x"; ')
        text.append("`cockpit where` says where that file is.")
        return text

    def _append(self, text: Text, action: Action) -> None:
        keys = " ".join(self.app.get_key_display(binding) for binding in _each_key(action, self.cockpit.settings.keys))
        text.append(f"  {keys:<14}", f"bold {self.app.theme_variables.get('accent', '')}")
        text.append(f"{action.text}")
        text.append(f"  {action.id}\n", "dim")


def _each_key(action: Action, keymap: Mapping[str, str]) -> Iterator[Binding]:
    keys = keymap.get(action.id, action.keys)
    for key in keys.split(","):
        yield Binding(key, action.name)
