"""A drawing as a grid of cells: a character and a role for each."""

from __future__ import annotations

from enum import IntEnum
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from rich.cells import cell_len

BLANK = ord(" ")
CONTINUED = 0  # the second cell of a wide character
COLORS = 8
RUN_WEIGHT = 43  # bytes: two colours of 24 bits, set and reset
LAST_ASCII = 126
ASCII_INSTEAD = {"…": "~", "—": "-", "–": "-", "−": "-", "≤": "<", "·": ","}


class Role(IntEnum):
    """What a cell is there for; the widget decides how that looks."""

    PLAIN = 0  # blank, so any colour will do
    FRAME = 1
    TICK = 2
    TITLE = 3
    DETAIL = 4
    CURSOR = 5
    READOUT = 6
    MESSAGE = 7
    POINT = 8
    BEST = 9
    LINE = 16  # and the seven after it: one for each colour
    ENVELOPE = LINE + COLORS
    READING = ENVELOPE + COLORS


def colored(role: Role, color: int) -> int:
    """The role of `color` among LINE, ENVELOPE or READING."""
    return role + color % COLORS


def cells_of(text: str) -> list[int]:
    """One code for each cell of `text`: a wide character takes two, what has no width takes none."""
    if text.isascii():
        return [ord(character) for character in text]
    codes: list[int] = []
    for character in text:
        width = cell_len(character)
        if width:
            codes += [ord(character)] + [CONTINUED] * (width - 1)
    return codes


def fitted(codes: list[int], width: int, ellipsis: str) -> list[int]:
    """`codes` in at most `width` cells, the last of them an ellipsis where something is cut."""
    if len(codes) <= width:
        return codes
    kept = codes[: max(0, width - 1)]
    if kept and codes[len(kept)] == CONTINUED:
        kept[-1] = BLANK  # half a wide character
    return [*kept, ord(ellipsis)][: max(0, width)]


class Picture:
    """`codes` (Unicode code points) and `roles`, both of shape (height, width). Finished once `runs` was read."""

    def __init__(self, width: int, height: int) -> None:
        self.codes = np.full((height, width), BLANK, dtype="<u4")
        self.roles = np.zeros((height, width), dtype=np.uint8)

    @property
    def width(self) -> int:
        return int(self.codes.shape[1])

    @property
    def height(self) -> int:
        return int(self.codes.shape[0])

    def copy(self) -> Picture:
        other = Picture.__new__(Picture)
        other.codes, other.roles = self.codes.copy(), self.roles.copy()
        return other

    def write(self, row: int, column: int, text: str | list[int], role: int) -> None:
        """Put `text` there; what lies outside is cut off."""
        codes = cells_of(text) if isinstance(text, str) else text
        if not 0 <= row < self.height:
            return
        begin, end = max(0, column), min(self.width, column + len(codes))
        if begin >= end:
            return
        self._split(row, begin)
        self._split(row, end)
        cut_off = codes[end - column : end - column + 1] == [CONTINUED]
        codes = codes[begin - column : end - column]
        if codes[0] == CONTINUED:
            codes[0] = BLANK
        if cut_off:  # half a wide character, as above
            codes[-1] = BLANK
        self.codes[row, begin:end] = codes
        self.roles[row, begin:end] = role

    def _split(self, row: int, column: int) -> None:
        """Blank a wide character that lies across the edge before `column`."""
        if 0 < column < self.width and self.codes[row, column] == CONTINUED:
            self.codes[row, column - 1 : column + 1] = BLANK

    def to_ascii(self) -> None:
        """Put something in the place of every character that is not ASCII."""
        for character, instead in ASCII_INSTEAD.items():
            self.codes[self.codes == ord(character)] = ord(instead)
        self.codes[(self.codes > LAST_ASCII) | (self.codes == CONTINUED)] = ord("?")

    def lines(self) -> list[str]:
        """The characters of each row, for where there are no colours."""
        return ["".join(chr(code) for code in row if code != CONTINUED).rstrip() for row in self.codes.tolist()]

    def changes(self, before: Picture) -> list[tuple[int, int, int]]:
        """(row, first column, end column) of what differs in each row from a picture of the same size."""
        differs = (self.codes != before.codes) | (self.roles != before.roles)
        found = []
        for row in np.flatnonzero(differs.any(axis=1)).tolist():
            columns = np.flatnonzero(differs[row])
            found.append((row, int(columns[0]), int(columns[-1]) + 1))
        return found

    @cached_property
    def runs(self) -> list[list[tuple[str, int]]]:
        """For each row its texts of one role, side by side. Blank cells join their neighbours."""
        height, width = self.codes.shape
        if not self.codes.size:
            return [[] for _ in range(height)]
        roles = self._roles_of_runs()
        text = self.codes.tobytes().decode("utf-32-le")
        begins = np.ones((height, width), dtype=bool)
        np.not_equal(roles[:, 1:], roles[:, :-1], out=begins[:, 1:])
        starts = np.flatnonzero(begins)
        worn = roles.ravel()[starts].tolist()
        rows: list[list[tuple[str, int]]] = [[] for _ in range(height)]
        edges = [*starts.tolist(), height * width]
        for start, end, role in zip(edges, edges[1:], worn, strict=False):
            rows[start // width].append((text[start:end], role))
        if chr(CONTINUED) in text:
            return [[(run.replace(chr(CONTINUED), ""), role) for run, role in row] for row in rows]
        return rows

    def weight(self, rows: list[int]) -> int:
        """About how many bytes these rows are on a terminal."""
        written = self.codes[rows]
        colors = RUN_WEIGHT * sum(len(self.runs[row]) for row in rows)
        return colors + written.size + 2 * int(np.count_nonzero(written > LAST_ASCII))

    def _roles_of_runs(self) -> NDArray[np.uint8]:
        """Fewer runs are fewer bytes on the terminal, and a blank cell looks the same in any colour but on a table."""
        plain = self.roles == Role.PLAIN
        neighbours = np.maximum.accumulate(np.where(plain, 0, np.arange(self.width)), axis=1)
        columns = np.maximum(neighbours, plain.argmin(axis=1)[:, None])  # the left one, or the right one at the edge
        worn = np.take_along_axis(self.roles, columns, axis=1)
        worn[plain & ((worn == Role.READOUT) | (worn >= Role.READING))] = Role.PLAIN
        return worn
