"""Dots in layers, packed into characters: two by four a cell in braille, one by two where only ASCII can be shown."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cockpit.tui.chart.picture import BLANK

FARTHEST = 16_000  # dot rows beyond the canvas say no more than this


@dataclass(frozen=True, eq=False)
class Dots:
    """How many dots a cell has, and the character of every set of them.

    A set is a number: bit `down * x + y` is the dot in column x and row y of the cell.
    """

    across: int
    down: int
    characters: NDArray[np.uint32]


def _braille() -> NDArray[np.uint32]:
    # Unicode counts the upper three rows of the left column, then of the right one, then the lowest row.
    unicode_bits = (0x01, 0x02, 0x04, 0x40, 0x08, 0x10, 0x20, 0x80)
    codes = [0x2800 + sum(bit for n, bit in enumerate(unicode_bits) if dots >> n & 1) for dots in range(256)]
    return np.array([BLANK, *codes[1:]], dtype=np.uint32)


BRAILLE = Dots(2, 4, _braille())
ASCII_DOTS = Dots(1, 2, np.array([ord(character) for character in " '.:"], dtype=np.uint32))


class Canvas:
    """`layers` sheets of `width` × `height` cells on top of each other, the last one uppermost."""

    def __init__(self, width: int, height: int, layers: int, dots: Dots = BRAILLE) -> None:
        self.dots = dots
        self.columns, self.rows = width * dots.across, height * dots.down
        self._sets = np.zeros((layers, height, width), dtype=np.uint8)

    def spans(self, top: NDArray[np.int16], bottom: NDArray[np.int16]) -> None:
        """In every layer and dot column, set the dots from row `top` to row `bottom`; none where top > bottom.

        Both are of shape (layers, columns); row 0 is uppermost, rows outside the canvas are left out.
        """
        down, across = self.dots.down, self.dots.across
        height, width = self._sets.shape[1:]
        top, bottom = np.maximum(top, 0), np.minimum(bottom, self.rows - 1)
        kept = np.flatnonzero(top <= bottom)
        layer, column = np.divmod(kept, self.columns)
        top, bottom = top.ravel()[kept], bottom.ravel()[kept]
        first = top // down
        cells = bottom // down - first + 1  # that each span passes through
        below = np.arange(cells.sum()) - np.repeat(np.cumsum(cells) - cells, cells)  # cells of the same span
        begin = np.repeat(top - first * down, cells) - below * down
        end = np.repeat(bottom + 1 - first * down, cells) - below * down
        # A set of neighbouring dots of one column is a difference of powers of two.
        sets = (1 << np.minimum(end, down)) - (1 << np.maximum(begin, 0)) << np.repeat(column % across * down, cells)
        place = np.repeat((layer * height + first) * width + column // across, cells) + below * width
        np.bitwise_or.at(self._sets.reshape(-1), place, sets.astype(np.uint8))

    def points(self, layer: int, columns: NDArray[np.int64], rows: NDArray[np.int64]) -> None:
        """Set single dots in one layer; those outside the canvas are left out."""
        inside = (columns >= 0) & (columns < self.columns) & (rows >= 0) & (rows < self.rows)
        column, x = np.divmod(columns[inside], self.dots.across)
        row, y = np.divmod(rows[inside], self.dots.down)
        bits = np.left_shift(1, self.dots.down * x + y).astype(np.uint8)
        np.bitwise_or.at(self._sets[layer], (row, column), bits)

    def flattened(self, upper: int = 0) -> tuple[NDArray[np.uint32], NDArray[np.int16]]:
        """The character of every cell, and the layer whose colour it wears (-1: no dot).

        Layers from `upper` on hide the dots of those below in the cells that they touch; among themselves, the dots
        of both groups unite, and the last layer gives the colour.
        """
        lower, bright = self._sets[:upper], self._sets[upper:]
        above: NDArray[np.uint8] = np.bitwise_or.reduce(bright, axis=0)
        below: NDArray[np.uint8] = np.bitwise_or.reduce(lower, axis=0)
        sets = np.where(above != 0, above, below)
        layers = np.full(sets.shape, -1, dtype=np.int16)
        for number, layer in enumerate(self._sets):
            np.copyto(layers, number, where=layer != 0)
        return self.dots.characters[sets], layers


def joined(rows: NDArray[np.float64]) -> tuple[NDArray[np.int16], NDArray[np.int16]]:
    """Top and bottom of the dots that make lines through `rows` without holes; NaN is a gap. Shape (layers, columns).

    Where a line rises by several rows from one column to the next, each of the two columns bears half of the rise.
    """
    there = np.isfinite(rows)
    near = np.clip(np.rint(np.where(there, rows, 0.0)), -FARTHEST, FARTHEST).astype(np.int16)
    rise = np.diff(near, axis=1)
    rise[~(there[:, 1:] & there[:, :-1])] = 0
    sign = np.sign(rise)
    forth = (np.abs(rise) // 2) * sign
    back = rise - forth - sign
    top, bottom = near.copy(), near.copy()
    np.minimum(top[:, :-1], near[:, :-1] + forth, out=top[:, :-1])
    np.maximum(bottom[:, :-1], near[:, :-1] + forth, out=bottom[:, :-1])
    back[rise == 0] = 0
    np.minimum(top[:, 1:], near[:, 1:] - back, out=top[:, 1:])
    np.maximum(bottom[:, 1:], near[:, 1:] - back, out=bottom[:, 1:])
    top[~there], bottom[~there] = 1, 0
    return top, bottom
