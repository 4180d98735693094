"""The plot itself: envelopes below, lines above them, points where there are few, crosses where values are missing."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from cockpit.tui.chart.axis import Layout, Strokes
from cockpit.tui.chart.canvas import ASCII_DOTS, BRAILLE, FARTHEST, Canvas, joined
from cockpit.tui.chart.picture import Picture, Role, colored
from cockpit.tui.chart.scale import Scale
from cockpit.tui.chart.trace import Trace, dense

FEW_POINTS = 4  # cells a point; a line with fewer points than that shows where they are


class Sheet:
    """One plot being drawn. `columns` and `rows` count dots; `taken` are the cells that lines pass through."""

    def __init__(self, place: Layout, ascii: bool = False) -> None:
        self._place, self._ascii = place, ascii
        self._dots = ASCII_DOTS if ascii else BRAILLE
        self.columns, self.rows = place.columns * self._dots.across, place.rows * self._dots.down
        self.taken = np.zeros((place.rows, place.columns + place.margin), dtype=bool)

    def draw(
        self, picture: Picture, traces: Sequence[Trace], colors: Sequence[int], down: Scale, strokes: Strokes
    ) -> list[tuple[int, int] | None]:
        """Draw the traces, the last one uppermost; return the cell (column, row) where each of them ends."""
        bounds = np.cumsum([0, *(len(each.columns) for each in traces)]).tolist()
        values = np.concatenate([(each.low, each.high, each.value) for each in traces], axis=1)
        rows = np.clip((1.0 - down.fractions(values)) * (self.rows - 1), -FARTHEST, FARTHEST)
        parts = [rows[:, begin:end] for begin, end in pairwise(bounds)]
        lines = np.stack([dense(each.columns, part[2], self.columns) for each, part in zip(traces, parts, strict=True)])
        self._draw_dots(picture, self._envelopes(traces, rows), lines, colors)
        for each, part, color in zip(traces, parts, colors, strict=True):
            self._draw_points(picture, each, part[2], colored(Role.LINE, color), strokes.point)
            self._draw_missing(picture, each, colored(Role.LINE, color), strokes.missing)
        return [self._end(line) for line in lines]

    def _envelopes(
        self, traces: Sequence[Trace], rows: NDArray[np.float64]
    ) -> tuple[NDArray[np.int16], NDArray[np.int16]]:
        """Top and bottom dot in every dot column of every trace; empty spans where it has no point."""
        top = np.ones((len(traces), self.columns), dtype=np.int16)
        bottom = np.zeros_like(top)
        columns = np.concatenate([each.columns for each in traces])
        owners = np.repeat(np.arange(len(traces)), [len(each.columns) for each in traces])
        drawn = (columns >= 0) & (columns < self.columns) & np.isfinite(rows[0])
        ends = np.rint(rows[:2, drawn]).astype(np.int16)
        bottom[owners[drawn], columns[drawn]], top[owners[drawn], columns[drawn]] = ends
        return top, bottom

    def _draw_dots(
        self,
        picture: Picture,
        envelopes: tuple[NDArray[np.int16], NDArray[np.int16]],
        lines: NDArray[np.float64],
        colors: Sequence[int],
    ) -> None:
        place, count = self._place, len(colors)
        canvas = Canvas(place.columns, place.rows, 2 * count, self._dots)
        line_spans = joined(lines)
        canvas.spans(np.concatenate((envelopes[0], line_spans[0])), np.concatenate((envelopes[1], line_spans[1])))
        codes, layers = canvas.flattened(upper=count)
        roles = [*(colored(Role.ENVELOPE, color) for color in colors), *(colored(Role.LINE, color) for color in colors)]
        upper = layers >= count
        if self._ascii:
            codes = np.where(upper, _ascii_strokes(colors)[layers], codes)
        self.taken[:, : place.columns] = upper
        region = np.s_[place.top : place.top + place.rows, place.left : place.left + place.columns]
        picture.codes[region] = codes
        picture.roles[region] = np.array([*roles, Role.PLAIN], dtype=np.uint8)[layers]

    def _draw_points(
        self, picture: Picture, points: Trace, rows: NDArray[np.float64], role: int, character: str
    ) -> None:
        shown = (points.columns >= 0) & (points.columns < self.columns) & np.isfinite(rows)
        if np.count_nonzero(shown) * FEW_POINTS > self._place.columns:
            return
        columns = points.columns[shown] // self._dots.across
        cells = np.clip(np.rint(rows[shown]).astype(np.int64) // self._dots.down, 0, self._place.rows - 1)
        picture.codes[self._place.top + cells, self._place.left + columns] = ord(character)
        picture.roles[self._place.top + cells, self._place.left + columns] = role

    def _draw_missing(self, picture: Picture, points: Trace, role: int, character: str) -> None:
        columns = self._place.left + points.flagged // self._dots.across
        row = self._place.top + self._place.rows - 1
        picture.codes[row, columns] = ord(character)
        picture.roles[row, columns] = role

    def _end(self, line: NDArray[np.float64]) -> tuple[int, int] | None:
        known = np.flatnonzero(np.isfinite(line))
        if not len(known):
            return None
        row = int(np.rint(line[known[-1]])) // self._dots.down
        return int(known[-1]) // self._dots.across, min(max(row, 0), self._place.rows - 1)


def _ascii_strokes(colors: Sequence[int]) -> NDArray[np.uint32]:
    """What a line is drawn with where dots are too coarse: its number, so that lines can be told apart; by layer."""
    characters = "*" * len(colors) if len(colors) == 1 else "".join(str(color % 8 + 1) for color in colors)
    return np.array([ord(character) for character in characters * 2 + " "], dtype=np.uint32)
