"""What the parts of a drawing are written in, found once for all drawings that look alike."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from rich.style import Style
from textual.color import Color

from cockpit.tui.chart.picture import COLORS, Role, colored
from cockpit.tui.palette import line_color

ENVELOPE_OPACITY = 0.45


class Theme(NamedTuple):
    """Those colours of a theme that drawings use, as the theme names them."""

    foreground: str
    panel: str
    primary: str
    accent: str


class Ink(NamedTuple):
    """A colour of the theme, so much of it as `opacity` says, on the drawing's background or on the theme's panel."""

    color: str
    opacity: float = 1.0
    bold: bool = False
    on_panel: bool = False


_INKS = {
    Role.FRAME: Ink("foreground", 0.25),
    Role.TICK: Ink("foreground", 0.6),
    Role.TITLE: Ink("foreground", bold=True),
    Role.DETAIL: Ink("foreground", 0.6),
    Role.CURSOR: Ink("foreground", 0.5),
    Role.READOUT: Ink("foreground", on_panel=True),
    Role.MESSAGE: Ink("foreground", 0.5),
    Role.POINT: Ink("primary"),
    Role.BEST: Ink("accent", bold=True),
}
_FOCUSED = _INKS | {Role.FRAME: Ink("accent", 0.6), Role.TITLE: Ink("accent", bold=True)}


@lru_cache(maxsize=16)
def inks(theme: Theme, background: Color, has_focus: bool) -> Mapping[int, Style]:
    """The style of every role.

    A component of Textual's style sheets for each would cost more than all else when a page of charts is opened.
    """
    styles: dict[int, Style] = {Role.PLAIN: Style(bgcolor=background.rich_color)}
    for role, ink in (_FOCUSED if has_focus else _INKS).items():
        paper = Color.parse(theme.panel) if ink.on_panel else background
        color = Color.parse(getattr(theme, ink.color))
        color = color if ink.opacity == 1 else paper.blend(color, ink.opacity)
        styles[role] = Style(color=color.rich_color, bgcolor=paper.rich_color, bold=ink.bold or None)
    for number in range(COLORS):
        line = Color.parse(line_color(number))
        faded = background.blend(line, ENVELOPE_OPACITY)
        styles[colored(Role.LINE, number)] = Style.from_color(line.rich_color, background.rich_color)
        styles[colored(Role.ENVELOPE, number)] = Style.from_color(faded.rich_color, background.rich_color)
        styles[colored(Role.READING, number)] = styles[Role.READOUT] + Style(color=line.rich_color)
    return styles
