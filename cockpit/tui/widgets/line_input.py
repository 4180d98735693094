"""A field for one line of text."""

from __future__ import annotations

from textual.widgets import Input

from cockpit.events.text import safe_text


class LineInput(Input):
    """Takes text that can be shown: what is pasted with it to steer a terminal stays outside."""

    def __init__(self, select_on_focus: bool = False) -> None:
        super().__init__(compact=True, select_on_focus=select_on_focus)

    def on_mount(self) -> None:
        self.cursor_blink = False

    def on_blur(self) -> None:
        self.cursor_position = 0  # what is too long shows its beginning

    def validate_value(self, value: str) -> str:
        return safe_text(value).replace("\n", " ").replace("\t", " ")

    def put(self, text: str) -> None:
        """Another text that nobody is told of; with the cursor behind it while somebody writes here."""
        if text != self.value:
            with self.prevent(Input.Changed):
                self.value = text
            self.cursor_position = len(self.value) if self.has_focus else 0
