"""The line in which a filter is typed."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.reactive import reactive
from textual.widgets import Input, Static

from cockpit.tui.text import shown
from cockpit.tui.widgets.line_input import LineInput

LONGEST_HISTORY = 50


class FilterBar(Horizontal):
    """Hidden until `open`. It tells every change, so that the table can follow while somebody types.

    Whoever opens it says what is wrong in `error` and closes it again; the keyboard stays here until then. Up and down
    bring back the lines that were entered before.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss", "Back", show=False, id="filter.dismiss"),
        Binding("up", "recall(-1)", "Filter before", show=False, id="filter.before"),
        Binding("down", "recall(1)", "Filter after", show=False, id="filter.after"),
    ]
    DEFAULT_CSS = """
    FilterBar {
        display: none;
        height: 1;
        background: $panel;
        & > .filter-bar--sign { width: 2; color: $accent; }
        & > Input { width: 1fr; background: $panel; background-tint: $panel 0%; }
        & > .filter-bar--error {
            width: auto;
            max-width: 65%;
            padding: 0 1 0 2;
            color: $text-error;
            text-wrap: nowrap;
            text-overflow: ellipsis;
        }
        &.-mild > .filter-bar--error { color: $foreground-muted; }
    }
    """

    error: reactive[str] = reactive("", init=False)
    """What is wrong with the line, in a few words."""
    is_mild: reactive[bool] = reactive(False, init=False, toggle_class="-mild")
    """Whether going on typing may make it right."""

    class Changed(Message):
        """The line is another one."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Accepted(Message):
        """The line is as it shall be."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Dismissed(Message):
        """The line shall be again what it was when the bar was opened."""

    def __init__(self) -> None:
        super().__init__()
        self._history: list[str] = []
        self._recalled = 0
        self._draft = ""

    def compose(self) -> ComposeResult:
        yield Static(shown("/"), classes="filter-bar--sign")
        yield LineInput()
        yield Static(classes="filter-bar--error")

    @property
    def text(self) -> str:
        """What stands in the line."""
        return self._input.value

    def open(self, text: str) -> None:
        """Show the line with this text and let it be changed."""
        self.display = True
        self._recalled = len(self._history)
        self._draft = text
        self._put(text)
        self.screen.set_focus(self._input)  # at once, so that keys that were typed ahead come here as well

    def close(self) -> None:
        """Hide the line; where the keyboard goes is for others to say."""
        self.display = False
        self.error = ""

    def watch_error(self, error: str) -> None:
        self.query_one(".filter-bar--error", Static).update(shown(error))

    def action_dismiss(self) -> None:
        self.post_message(self.Dismissed())

    def action_recall(self, step: int) -> None:
        """Bring back the line entered before this one, or after; beyond the newest is what was being typed."""
        wanted = self._recalled + step
        if not 0 <= wanted <= len(self._history):
            return
        if self._recalled == len(self._history):
            self._draft = self.text
        self._recalled = wanted
        text = self._history[wanted] if wanted < len(self._history) else self._draft
        self._put(text)
        self.post_message(self.Changed(text))

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.stop()
        self.post_message(self.Changed(event.value))

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        text = event.value.strip()
        if text:
            self._history = [*(line for line in self._history if line != text), text][-LONGEST_HISTORY:]
        self.post_message(self.Accepted(text))

    @property
    def _input(self) -> LineInput:
        return self.query_one(LineInput)

    def _put(self, text: str) -> None:
        with self.prevent(Input.Changed):
            self._input.value = text
        self._input.cursor_position = len(text)
