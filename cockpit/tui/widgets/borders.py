"""Titles in the border line."""

from __future__ import annotations

from textual.content import Content
from textual.widget import Widget

from cockpit.tui.text import shown


def retitle(widget: Widget, title: str | None = None, subtitle: str | None = None) -> None:
    """Give a widget other titles, as they are and not as markup; None leaves one alone.

    Textual draws the whole widget again whenever a title is set, so one that says the same already is not.
    """
    if title is not None and widget.border_title != _markup(title):
        widget.border_title = shown(title)
    if subtitle is not None and widget.border_subtitle != _markup(subtitle):
        widget.border_subtitle = shown(subtitle)


def _markup(text: str) -> str:
    """What Textual gives back for a title that was set to this text."""
    return Content(shown(text).plain).markup
