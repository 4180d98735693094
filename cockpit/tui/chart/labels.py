"""Names at the ends of lines, so that colour is never the only sign of which is which."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cockpit.tui.chart.axis import Layout
from cockpit.tui.chart.picture import Picture, Role, cells_of, colored

NEAREST_ROWS = (0, -1, 1, -2, 2)


@dataclass(frozen=True)
class LineEnd:
    """The last cell of a line, counted from the upper left corner of the plot."""

    label: str
    color: int
    column: int
    row: int


def label_margin(labels: Sequence[str]) -> int:
    """Cells that the longest label needs behind the end of a line; none where no line has a name."""
    longest = max((len(cells_of(label)) for label in labels), default=0)
    return longest + 1 if longest else 0


def draw_labels(picture: Picture, place: Layout, ends: Sequence[LineEnd], taken: NDArray[np.bool_]) -> None:
    """Write each label behind its line, or a row or two off where another line or label is in the way, or not at all.

    `taken`, of the shape of the plot with its margin, are cells that lines pass through; labels are added to it.
    """
    for end in sorted(ends, key=lambda end: (end.row, end.column)):
        codes = cells_of(end.label)
        column = end.column + 1
        if not codes or column + len(codes) > taken.shape[1]:
            continue
        for row in (end.row + offset for offset in NEAREST_ROWS):
            if 0 <= row < place.rows and not taken[row, column : column + len(codes)].any():
                picture.write(place.top + row, place.left + column, codes, colored(Role.LINE, end.color))
                taken[row, end.column : column + len(codes) + 1] = True
                break
