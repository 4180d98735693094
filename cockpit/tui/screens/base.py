"""What all screens have: a line on top, a line at the bottom, an interest, and actions that fit the moment."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Input

from cockpit.tui.actions import EVERYWHERE, Action, actions_of, method_of
from cockpit.tui.interest import Interest
from cockpit.tui.snapshot import Snapshot
from cockpit.tui.widgets.bottom_line import BottomLine, Hint
from cockpit.tui.widgets.top_line import TopLine

if TYPE_CHECKING:
    from cockpit.tui.app import CockpitApp


FIELD_HINTS = (Hint("⏎", "keep", 9), Hint("esc", "take back", 9))


class CockpitScreen(Screen[None]):
    """A screen of the cockpit. `place` is its name in the table of actions, `help_text` what `?` says of it.

    A screen sets `BINDINGS = bindings(actions_of(PLACE))`, yields its widgets in `body`, says in `interest` what it
    wants to read, and passes on in `show` what came. `fits` says what an action would do at this moment.
    """

    place: ClassVar[str] = ""
    help_text: ClassVar[str] = ""
    is_ready = False  # whether all of its widgets are there
    _is_resized = False

    @property
    def cockpit(self) -> CockpitApp:
        """The app, by its own type."""
        from cockpit.tui.app import CockpitApp

        assert isinstance(self.app, CockpitApp)
        return self.app

    @property
    def is_seen(self) -> bool:
        """Whether no other screen is over it; Textual calls the one just below current as well."""
        return self.app.screen_stack[-1:] == [self]

    @property
    def bottom(self) -> BottomLine:
        return self.query_one(BottomLine)

    def compose(self) -> ComposeResult:
        yield TopLine()
        yield from self.body()
        yield BottomLine()

    def body(self) -> Iterator[Widget]:
        """The widgets between the first and the last line."""
        raise NotImplementedError

    def interest(self) -> Interest:
        """What this screen shows now."""
        return Interest()

    def show(self, snapshot: Snapshot) -> None:
        """Pass a snapshot on to the widgets. It may be one that was made for another screen's interest."""

    def header(self, snapshot: Snapshot) -> Text:
        """What the first line says at the left."""
        return Text(self.place)

    def level_above(self) -> CockpitScreen | None:
        """The screen to go back to where this one was opened first; None for the uppermost level."""
        return None

    def receive(self, snapshot: Snapshot) -> None:
        """A new snapshot is here: draw it, at once for the whole screen, and have read what it makes interesting."""
        with self.app.batch_update():
            self.show(snapshot)
            self._draw_lines(snapshot)
        if self.is_seen:
            self.cockpit.feed.look_at(self.interest())

    def on_descendant_focus(self) -> None:
        if self.is_ready:
            self.refresh_hints()

    def look_again(self) -> None:
        """What is wanted has changed: have it read, and draw what is known of it already."""
        if not self.is_seen or not self.is_ready:
            return  # what waits below another screen is drawn when it is seen again
        if self.cockpit.snapshot is not None:
            self.receive(self.cockpit.snapshot)
        else:
            self.cockpit.feed.look_at(self.interest())

    def on_screen_resume(self) -> None:
        if not self.cockpit.catch_up():  # what is known already belongs to the first paint
            self.look_again()

    def on_mount(self) -> None:
        self.is_ready = True
        for widget in self.query("Table, Chart, Scatter"):
            widget.ascii = self.cockpit.glyphs.ascii  # type: ignore[attr-defined]  # all of these have it

    def on_resize(self, event: events.Resize) -> None:
        if not self._is_resized:  # a terminal tells of one change of size several times
            self._is_resized = True
            self.call_after_refresh(self._receive_resized)

    def _receive_resized(self) -> None:
        self._is_resized = False
        if self.is_seen and self.cockpit.snapshot is not None:
            self.receive(self.cockpit.snapshot)

    def fits(self, action: Action) -> str:
        """What the action would do now, in words for the palette; empty when it can do nothing."""
        return action.text

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if not self.is_ready:
            return True
        known = [found for found in actions_of(self.place) if method_of(found.name) == action]
        if not known:
            return True
        if self.bottom.is_asking:
            return action == "back"
        return any(self.fits(found) for found in known)

    def actions_now(self) -> Iterator[tuple[Action, str]]:
        """The actions that would do something now, and what."""
        for action in actions_of(self.place):
            if self._can(action) and (text := self.fits(action)):
                yield action, text

    def action_back(self) -> None:
        if not self.bottom.leave() and not self.step_back():
            self.cockpit.go_back()

    def step_back(self) -> bool:
        """Undo one thing inside the screen, such as a filter; False when there is nothing to undo."""
        return False

    def action_leave(self) -> None:
        self.cockpit.leave()

    def action_help(self) -> None:
        self.cockpit.show_help(self)

    def action_palette(self) -> None:
        self.app.action_command_palette()

    def action_next_theme(self) -> None:
        self.cockpit.next_theme()

    def diary_of(self) -> str:
        """The experiment whose entry the diary opens at, such as `exp012`; empty for the newest."""
        return ""

    def action_diary(self) -> None:
        self._open_diary(writing=False)

    def action_note(self) -> None:
        self._open_diary(writing=True)

    def _open_diary(self, writing: bool) -> None:
        from cockpit.tui.screens.diary import DiaryScreen

        self.app.push_screen(DiaryScreen(self.diary_of(), writing=writing))

    def action_devices(self) -> None:
        from cockpit.tui.screens.devices import DevicesScreen

        self.app.push_screen(DevicesScreen())

    def action_kaggle(self) -> None:
        from cockpit.tui.screens.kaggle import KaggleScreen

        self.app.push_screen(KaggleScreen())

    def action_next_pane(self) -> None:
        self.focus_next()

    def action_previous_pane(self) -> None:
        self.focus_previous()

    def _can(self, action: Action) -> bool:
        return hasattr(self, f"action_{method_of(action.name)}")

    def _draw_lines(self, snapshot: Snapshot) -> None:
        self.query_one(TopLine).show(self.header(snapshot), self.cockpit.machine_line(snapshot))
        if not self.bottom.is_asking:
            self.refresh_hints()

    def refresh_hints(self) -> None:
        """Show the keys of the actions that fit now, or those of the field in which somebody types."""
        if isinstance(self.focused, Input):
            self.bottom.hint(FIELD_HINTS)
            return
        now = [action for action, _ in self.actions_now() if action.footer and action.label]
        here = sorted((action for action in now if EVERYWHERE not in action.where), key=lambda action: -action.footer)
        always = [action for action in now if EVERYWHERE in action.where]
        self.bottom.hint([Hint(self.cockpit.key_of(each), each.label, each.footer) for each in (*here, *always)])
