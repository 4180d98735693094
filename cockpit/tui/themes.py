"""Our own colours: calm, one accent, dark and light. Textual's own themes work as well."""

from __future__ import annotations

from collections.abc import Mapping

from textual.color import Color, ColorParseError
from textual.theme import Theme

DARK = Theme(
    name="cockpit",
    primary="#7aa2c8",
    secondary="#8a9aa8",
    accent="#e0a458",
    foreground="#d5d9dd",
    background="#14171a",
    surface="#14171a",
    panel="#1f2429",
    success="#7fb685",
    warning="#e0a458",
    error="#e06c66",
    dark=True,
    variables={
        "border": "#3a424a",
        "border-blurred": "#2b3238",
        "block-cursor-background": "#2c4a66",
        "block-cursor-foreground": "#ffffff",
        "block-cursor-text-style": "none",
        "block-cursor-blurred-background": "#22303c",
        "block-cursor-blurred-foreground": "#d5d9dd",
        "scrollbar": "#39424a",
        "scrollbar-background": "#14171a",
        "scrollbar-corner-color": "#14171a",
    },
)

LIGHT = Theme(
    name="cockpit-light",
    primary="#2d5f8b",
    secondary="#5d6b78",
    accent="#a5631b",
    foreground="#22282e",
    background="#fbfbf9",
    surface="#fbfbf9",
    panel="#eeeeea",
    success="#2f7a3d",
    warning="#a5631b",
    error="#b53a34",
    dark=False,
    variables={
        "border": "#b9bfc5",
        "border-blurred": "#d5d9dd",
        "block-cursor-background": "#cfe0ef",
        "block-cursor-foreground": "#101418",
        "block-cursor-text-style": "none",
        "block-cursor-blurred-background": "#e6ecf1",
        "block-cursor-blurred-foreground": "#22282e",
    },
)

THEMES = (DARK, LIGHT)
INKS = ("foreground", "primary", "accent", "success", "warning", "error")


def rich_colour(variables: Mapping[str, str], name: str) -> str:
    """A colour of the theme as Rich calls it; a theme may follow the terminal's own colours."""
    try:
        return Color.parse(variables[name]).rich_color.name
    except (KeyError, ColorParseError):
        return "default"


def rich_colours(variables: Mapping[str, str]) -> Mapping[str, str]:
    """Those colours of the theme that texts are written in."""
    return {name: rich_colour(variables, name) for name in INKS}
