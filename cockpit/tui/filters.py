"""The last look at every line before it is written: for terminals without colours, and for those with ASCII only."""

from __future__ import annotations

from functools import lru_cache

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import LineFilter

_DRAWING = {
    "-": "─━╌┄═–—−▁▔▂▄▀",
    "|": "│┃║▌▐▎▏▊▕‖▍▋▉",
    "+": "┌┐└┘╭╮╰╯├┤┬┴┼╔╗╚╝",
    "#": "█▇▆▅▃■",
    ">": "→›»▶▸❯",
    "<": "←‹«◀◂❮≤",
    "^": "↑▲",
    "v": "↓▼",
    "~": "…≁≈",
    ".": "·",
    "*": "•●★✓",
    "!": "⚠≠",
    "B": "◆",
    "o": "◌○",
    "q": "◷",
    "x": "×✗✂",
    "d": "Δδ",
    "s": "σ",
    "u": "µμ",
    "'": "’‘",
    '"': "“”„",
}
_WIDE = {"✅": "+ ", "❌": "- ", "➖": "= ", "⏳": ".."}
_SIMPLER = str.maketrans(
    {character: plain for plain, characters in _DRAWING.items() for character in characters} | _WIDE
)


class AsciiOnly(LineFilter):
    """Shows every character as one of ASCII, or as question marks of its width."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        return [Segment(in_ascii(text), style, control) for text, style, control in segments]


class Colorless(LineFilter):
    """Leaves no colour. What stands on another background than what is around it is shown in reverse."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        around = background.rich_color.triplet
        return [
            Segment(text, _plain(style, around) if style is not None else None, control)
            for text, style, control in segments
        ]


@lru_cache(4096)
def in_ascii(text: str) -> str:
    """`text` in as many cells, with ASCII only."""
    if text.isascii():
        return text
    return "".join(
        character if character.isascii() else "?" * cell_len(character) for character in text.translate(_SIMPLER)
    )


@lru_cache(1024)
def _plain(style: Style, around: object) -> Style:
    background = style.bgcolor.triplet if style.bgcolor is not None else None
    stands_out = background is not None and background != around and not style.reverse
    return style.without_color + Style(reverse=True) if stands_out else style.without_color
