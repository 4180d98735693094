"""What the lines are at one step, and the small table that says so."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cockpit.store.numbers import metric_text
from cockpit.tui.chart.axis import Layout, Strokes
from cockpit.tui.chart.picture import BLANK, Picture, Role, cells_of, colored, fitted
from cockpit.tui.chart.trace import Series

LEAST_COLUMNS, LEAST_ROWS = 16, 2  # of a plot that has room for the table
MOST_PART = 2 / 3  # of the plot's width, where that is enough for a name and a value


@dataclass(frozen=True)
class Reading:
    """One line at a step. The values are NaN where it has none there; `low` and `high` are those of its bucket."""

    label: str
    color: int
    value: float
    low: float
    high: float

    @property
    def text(self) -> str:
        return metric_text(None if math.isnan(self.value) else self.value)

    @property
    def range_text(self) -> str:
        """The least and greatest value, where a bucket of several steps has more than one."""
        return f"{metric_text(self.low)} … {metric_text(self.high)}" if self.low < self.high else ""


def reading(label: str, color: int, line: Series, step: int) -> Reading:
    """The newest value as of `step`; none before the first and after the last."""
    place = int(np.searchsorted(line.steps, step, side="right")) - 1
    if place < 0 or step > line.steps[-1]:
        return Reading(label, color, math.nan, math.nan, math.nan)
    return Reading(label, color, float(line.value[place]), float(line.low[place]), float(line.high[place]))


def in_order(readings: Sequence[Reading]) -> list[Reading]:
    """From above to below, as in the plot; lines without a value come last."""
    return sorted(readings, key=lambda found: math.inf if math.isnan(found.value) else -found.value)


def has_room(place: Layout) -> bool:
    """Whether the table fits into the plot."""
    return place.columns >= LEAST_COLUMNS and place.rows >= LEAST_ROWS


def draw_readout(
    picture: Picture, place: Layout, column: int, where: str, readings: Sequence[Reading], strokes: Strokes
) -> None:
    """Lay the table above or below, over the half of the plot that the cursor in its cell `column` is not in.

    `where` is what the table calls the cursor's place.
    """
    room = max(int(place.columns * MOST_PART), LEAST_COLUMNS - 2)
    rows = _table(where, in_order(readings), (room, place.rows), strokes)
    width = min(room, max(sum(len(cells_of(text)) for text, _ in row) for row in rows))
    left = place.left + (1 if 2 * column >= place.columns else place.columns - width - 2)
    top = _emptier(picture, (place.top, place.top + place.rows - len(rows)), left, width + 2, len(rows))
    for number, row in enumerate(rows, start=top):
        picture.write(number, left, " " * (width + 2), Role.READOUT)
        at = left + 1
        for text, role in row:
            codes = fitted(cells_of(text), left + 1 + width - at, strokes.ellipsis)
            picture.write(number, at, codes, role)
            at += len(codes)


def _emptier(picture: Picture, tops: Sequence[int], left: int, width: int, height: int) -> int:
    """The one of some places for a table where it hides the least; the first of equals."""
    return min(
        tops, key=lambda top: int(np.count_nonzero(picture.codes[top : top + height, left : left + width] != BLANK))
    )


def _table(where: str, readings: list[Reading], room: tuple[int, int], strokes: Strokes) -> list[list[tuple[str, int]]]:
    """Rows of texts and their roles, the first of them with the place, for so many columns and rows."""
    rows: list[list[tuple[str, int]]] = [[(where, Role.READOUT)]]
    if len(readings) == 1:
        return [*rows, *_single(readings[0], room[0])][: room[1]]
    kept = readings if len(readings) < room[1] else readings[: max(0, room[1] - 2)]
    labels = max((len(cells_of(found.label)) for found in kept), default=0)
    values = max((len(found.text) for found in kept), default=0)
    for found in kept:
        padding = " " * (labels - len(cells_of(found.label)) + 1 + values - len(found.text))
        name = (strokes.mark + found.label, colored(Role.READING, found.color))
        rows.append([name, (padding + found.text, Role.READOUT)])
    if len(kept) < len(readings):
        rows.append([(f"{len(readings) - len(kept)} more", Role.READOUT)])
    return rows[: room[1]]


def _single(found: Reading, width: int) -> list[list[tuple[str, int]]]:
    """One line needs no name, which leaves room for the ends of its bucket."""
    rows: list[list[tuple[str, int]]] = [[(found.text, colored(Role.READING, found.color))]]
    if 0 < len(found.range_text) <= width:
        rows.append([(found.range_text, Role.READOUT)])
    return rows
