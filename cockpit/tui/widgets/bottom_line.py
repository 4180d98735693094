"""The last line of every screen: the keys that matter now; or what just happened; or a question."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Input

from cockpit.tui.text import shown
from cockpit.tui.themes import rich_colour
from cockpit.tui.widgets.line_input import LineInput
from cockpit.tui.widgets.words import Words

NOTICE_SECONDS = 8.0
TONES = {"plain": "", "good": "success", "warning": "warning", "error": "error"}


class Hint(NamedTuple):
    """A key and what it does, as the footer shows it. `weight` decides what goes where there is no room."""

    key: str
    label: str
    weight: int


class _Question(Words):
    """The hints, a notice, or a question; only a question takes the keyboard."""

    can_focus = False

    def on_key(self, event: events.Key) -> None:
        event.stop()
        event.prevent_default()
        assert isinstance(self.parent, BottomLine)
        self.parent.answer(event.key in ("y", "enter"))


class BottomLine(Widget):
    """Shows hints, notices, questions and a field to fill in, one of them at a time."""

    DEFAULT_CSS = """
    BottomLine { height: 1; padding: 0 1; background: $panel; color: $foreground; layout: horizontal; }
    BottomLine > _Question { width: 1fr; height: 1; }
    BottomLine > #label { height: 1; color: $accent; display: none; }
    BottomLine > LineInput { width: 1fr; height: 1; border: none; padding: 0; background: $panel; display: none; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._hints: tuple[Hint, ...] = ()
        self._notice: Text | None = None
        self._question: Text | None = None
        self._on_yes: Callable[[], object] | None = None
        self._on_text: Callable[[str], object] | None = None
        self._timer: Timer | None = None
        self._focus_before: Widget | None = None

    def compose(self) -> ComposeResult:
        yield _Question()
        yield Words(id="label")
        yield LineInput()

    def on_mount(self) -> None:
        self.query_one(LineInput).can_focus = False  # until it is opened
        self._draw()

    def on_resize(self) -> None:
        self._draw()

    @property
    def is_asking(self) -> bool:
        """Whether the keyboard belongs to a question or a field now."""
        return self._question is not None or self._on_text is not None

    def hint(self, hints: Sequence[Hint]) -> None:
        """The keys to show from now on."""
        if tuple(hints) != self._hints:
            self._hints = tuple(hints)
            self._draw()

    def notice(self, text: str, tone: str = "plain", seconds: float | None = NOTICE_SECONDS) -> None:
        """Say something in one line, for a while or, with None, until something else is said."""
        self._notice = shown(text, self._colour(TONES[tone]))
        if self._timer is not None:
            self._timer.stop()
        self._timer = None if seconds is None else self.set_timer(seconds, self.clear_notice)
        self._draw()

    def clear_notice(self) -> None:
        if self._notice is not None:
            self._notice = None
            self._draw()

    def ask(self, question: str, on_yes: Callable[[], object]) -> None:
        """Ask once; `y` or enter does it, any other key leaves it."""
        self._end_asking()
        self._take_keyboard(self.query_one(_Question))
        self._question = shown(question, self._colour("warning"))
        self._question.append("   y", "bold").append(" yes   ").append("esc", "bold").append(" no")
        self._on_yes = on_yes
        self._draw()

    def prompt(self, label: str, value: str, on_text: Callable[[str], object]) -> None:
        """A field with a label; enter hands over what stands in it, esc leaves."""
        self._end_asking()
        self._on_text = on_text
        words = self.query_one("#label", Words)
        words.show(shown(label))
        words.styles.width = shown(label).cell_len + 1
        self._open_field(True)
        field = self.query_one(LineInput)
        self._take_keyboard(field)
        field.value = value
        field.cursor_position = len(value)

    def answer(self, yes: bool) -> None:
        """Answer the question that is asked."""
        on_yes = self._on_yes
        self._end_asking()
        if yes and on_yes is not None:
            on_yes()

    def leave(self) -> bool:
        """Take back a field that is open; False when there is none."""
        if not self.is_asking:
            return False
        self._end_asking()
        return True

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        on_text = self._on_text
        self._end_asking()
        if on_text is not None:
            on_text(event.value)

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()

    def _take_keyboard(self, widget: Widget) -> None:
        """At once, so that keys that were typed ahead come here as well."""
        self._focus_before = self.screen.focused
        widget.can_focus = True
        self.screen.set_focus(widget)

    def _open_field(self, is_open: bool) -> None:
        self.query_one(_Question).display = not is_open
        self.query_one("#label").display = self.query_one(LineInput).display = is_open

    def _end_asking(self) -> None:
        if self.is_asking:
            self._question = self._on_yes = self._on_text = None
            self._open_field(False)
            self.query_one(_Question).can_focus = self.query_one(LineInput).can_focus = False
            self.screen.set_focus(self._focus_before)
        self._draw()

    def _colour(self, name: str) -> str:
        return rich_colour(self.app.theme_variables, name) if name else ""

    def _draw(self) -> None:
        if not self.is_mounted:
            return
        hints = hints_line(self._hints, self.content_size.width, self._colour("accent"))
        self.query_one(_Question).show(self._question or self._notice or hints)


def hints_line(hints: Sequence[Hint], width: int, key_style: str) -> Text:
    """As many hints as fit, the weightiest, in their own order."""
    kept: list[Hint] = []
    room = width
    for hint in sorted(hints, key=lambda hint: -hint.weight):
        needed = len(hint.key) + len(hint.label) + 3
        if needed <= room + 2:
            kept.append(hint)
            room -= needed
    line = Text(no_wrap=True, overflow="crop", end="")
    for hint in hints:
        if hint in kept:
            line.append(hint.key, f"bold {key_style}").append(f" {hint.label}  ")
    line.rstrip()
    return line
