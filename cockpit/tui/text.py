"""The second door for text from outside: nothing reaches a widget but `Text` made here."""

from __future__ import annotations

from rich.text import Text

from cockpit.events.text import one_line, safe_text


def shown(value: object, style: str = "") -> Text:
    """`value` as one line that can steer neither the terminal nor Textual's markup; it is cut, never wrapped."""
    return Text(one_line(str(value)), style, no_wrap=True, overflow="ellipsis", end="")


def shown_block(value: object, style: str = "") -> Text:
    """`value` with its line breaks, wrapped where it is too long."""
    return Text(safe_text(str(value)), style, overflow="fold", end="")
