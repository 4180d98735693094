"""What stands on the terminal, cell by cell, so that only what differs from it is written.

Textual writes again all of a widget, or of a line of it, that says that it has changed, and everything where the layout
has changed. Over a slow line that is what makes a screen sluggish.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from rich.cells import cell_len, get_character_cell_size
from rich.color import ColorSystem
from rich.style import Style
from textual.geometry import Size
from textual.strip import Strip

SYSTEMS = {"standard": ColorSystem.STANDARD, "256": ColorSystem.EIGHT_BIT, "truecolor": ColorSystem.TRUECOLOR}
_ATTRIBUTES = {
    "bold": "1", "dim": "2", "italic": "3", "underline": "4", "blink": "5", "blink2": "6", "reverse": "7",
    "conceal": "8", "strike": "9", "underline2": "21", "frame": "51", "encircle": "52", "overline": "53",
}  # fmt: skip
SHORTEST_GAP = 5  # unchanged cells that are written along, because moving over them takes as many bytes


class Look(NamedTuple):
    """How a cell looks, as parameters of the sequence that says so."""

    attributes: tuple[str, ...] = ()
    color: str = "39"
    background: str = "49"


Cell = tuple[str, Look]  # the text is empty in the second half of a wide character
PLAIN = Look()


class Piece(NamedTuple):
    """A strip that begins at `x` in line `y`, of which the cells from `first` up to `end` shall be seen."""

    y: int
    x: int
    first: int
    end: int
    strip: Strip


class Frame:
    """The cells of a terminal of some size; None is a cell of which nothing is known."""

    def __init__(self) -> None:
        self._size = Size()
        self._rows: list[list[Cell | None]] = []

    def forget(self) -> None:
        """Something else may have written on the terminal."""
        self._rows = []

    def write(self, pieces: Iterator[Piece], size: Size, system: ColorSystem) -> str:
        """What has to be sent to the terminal so that it shows these pieces; empty where it does."""
        if size != self._size or not self._rows:
            self._size = size
            self._rows = [[None] * size.width for _ in range(size.height)]
        rows = self._rows
        sequences: list[str] = []
        look = PLAIN
        for y, x, first, end, strip in pieces:
            if y >= size.height or first >= min(end, size.width):
                continue  # laid out for a terminal that was larger until just now
            cells, row = _cells(strip, system), rows[y]
            begin, stop = _whole(cells, first - x, min(end, size.width) - x)
            new, first = cells[begin:stop], x + begin
            old = row[first : first + len(new)]
            if new != old:
                row[first : first + len(new)] = new
                for begin, stop in _differences(old, new):
                    sequences.append(f"\x1b[{y + 1};{first + begin + 1}H")
                    look = _append(sequences, new[begin:stop], look)
        if look != PLAIN:
            sequences.append("\x1b[0m")
        return "".join(sequences)


def _cells(strip: Strip, system: ColorSystem) -> list[Cell]:
    found: list[Cell] = []
    for text, style, _ in strip:
        look = PLAIN if style is None else _look(style, system)
        found += [(part, look) for part in _parts(text)]
    return found


@lru_cache(maxsize=4096)
def _parts(text: str) -> Sequence[str]:
    """The text of each of its cells. One whose characters are not as wide together as alone stands in its first."""
    if text.isascii():
        return text
    found: list[str] = []
    for character in text:
        width = get_character_cell_size(character)
        if width:
            found += [character, *[""] * (width - 1)]
        elif found:
            found[-1] += character
    whole = cell_len(text)
    return found if len(found) == whole else [text, *[""] * (whole - 1)][:whole]


@lru_cache(maxsize=4096)
def _look(style: Style, system: ColorSystem) -> Look:
    attributes = tuple(code for name, code in _ATTRIBUTES.items() if getattr(style, name))
    color, background = style.color, style.bgcolor
    return Look(
        attributes,
        ";".join(color.downgrade(system).get_ansi_codes()) if color else PLAIN.color,
        ";".join(background.downgrade(system).get_ansi_codes(foreground=False)) if background else PLAIN.background,
    )


def _differences(old: Sequence[Cell | None], new: Sequence[Cell]) -> Iterator[tuple[int, int]]:
    """Where they differ, as places of the first cell and of the one behind the last; never half a wide character."""
    begin = stop = -1
    for place, cell in enumerate(new):
        if cell == old[place]:
            continue
        if begin < 0:
            begin = place
        elif place - stop > SHORTEST_GAP:
            yield _whole(new, begin, stop)
            begin = place
        stop = place + 1
    if begin >= 0:
        yield _whole(new, begin, stop)


def _whole(cells: Sequence[Cell], begin: int, stop: int) -> tuple[int, int]:
    while begin and not cells[begin][0]:
        begin -= 1
    while stop < len(cells) and not cells[stop][0]:
        stop += 1
    return begin, stop


def _append(sequences: list[str], cells: Sequence[Cell], look: Look) -> Look:
    """Write cells, beginning with a look; returns the one that they end with."""
    for text, wanted in cells:
        if wanted is not look and wanted != look:
            sequences.append(_change(look, wanted))
            look = wanted
        sequences.append(text)
    return look


@lru_cache(maxsize=4096)
def _change(old: Look, new: Look) -> str:
    """The sequence that makes what is written from here on look like `new`."""
    if set(old.attributes) <= set(new.attributes):
        codes = [code for code in new.attributes if code not in old.attributes]
    else:
        codes, old = ["0", *new.attributes], PLAIN
    codes += [after for before, after in zip(old[1:], new[1:], strict=True) if before != after]
    return f"\x1b[{';'.join(codes)}m"
