"""Text in a place of fixed size."""

from __future__ import annotations

from rich.text import Text
from textual.widget import Widget


class Words(Widget):
    """Shows a text. Another one is drawn over it, and nothing around it has to be laid out again."""

    def __init__(self, text: Text | None = None, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._text = text or Text()

    def show(self, text: Text) -> None:
        """Show this from now on; the same text again costs nothing."""
        if text != self._text or text.spans != self._text.spans or text.style != self._text.style:
            self._text = text
            self.refresh()

    def render(self) -> Text:
        return self._text
