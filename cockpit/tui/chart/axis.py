"""What stands around a plot: the line with its title, the axes, their ticks and labels."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from cockpit.tui.chart.picture import Picture, Role, cells_of, fitted
from cockpit.tui.chart.scale import Scale
from cockpit.tui.chart.ticks import even_labels, tick_labels, ticks

GUTTER = 5  # cells for labels of values as long as none is wider, so that charts below each other stand in line
MOST_VALUE_TICKS = 5
ROWS_A_TICK = 2
COLUMNS_A_TICK = 7
LEAST_WIDTH, LEAST_HEIGHT = 12, 4  # of the whole; below, the plot gets all the room
KEPT_FRAMES = 64


@dataclass(frozen=True)
class Strokes:
    """The characters that are not dots."""

    across: str
    down: str
    tick: str
    corner: str
    ellipsis: str
    point: str
    best: str
    missing: str
    mark: str
    upright: str


LINES = Strokes("─", "│", "┤", "└", "…", "•", "◆", "×", "▌", "┊")
ASCII_LINES = Strokes("-", "|", "+", "+", "~", "o", "@", "x", "|", ":")


@dataclass(frozen=True)
class Ticks:
    """Places on an axis, as parts of its length, and what stands there."""

    places: tuple[float, ...] = ()
    labels: tuple[str, ...] = ()


def value_ticks(scale: Scale, rows: int) -> Ticks:
    """Three to five on `rows` cells, two where there is no room for more."""
    if rows < 2:
        return Ticks()
    values = ticks(scale, min(MOST_VALUE_TICKS, max(2, rows // ROWS_A_TICK)))
    labels = tick_labels(values) if scale.log else even_labels(values)
    return Ticks(tuple(scale.fraction(value) for value in values), tuple(labels))


def step_ticks(scale: Scale, columns: int) -> Ticks:
    """As many as fit side by side on `columns` cells; whole steps only."""
    return _across(scale, [value for value in _across_values(scale, columns) if value == round(value)])


def number_ticks(scale: Scale, columns: int, values: list[float]) -> Ticks:
    """At `values` where there are some; else at round numbers, as many as fit side by side on `columns` cells."""
    return _across(scale, values or _across_values(scale, columns))


def _across_values(scale: Scale, columns: int) -> list[float]:
    return ticks(scale, max(2, columns // COLUMNS_A_TICK))


def _across(scale: Scale, values: list[float]) -> Ticks:
    return Ticks(tuple(scale.fraction(value) for value in values), tuple(tick_labels(values)))


@dataclass(frozen=True)
class Layout:
    """Where things are: the plot of `columns` × `rows` cells begins at (`left`, `top`).

    To its right, `margin` cells are left for what is written at the ends of lines.
    """

    width: int
    height: int
    left: int
    margin: int

    @property
    def top(self) -> int:
        return 1 if self.height > 1 else 0

    @property
    def rows(self) -> int:
        return plot_rows(self.height)

    @property
    def columns(self) -> int:
        return max(0, self.width - self.left - self.margin)


def plot_rows(height: int) -> int:
    """What is left of `height` rows for the plot."""
    return max(0, height - (2 if height >= LEAST_HEIGHT else min(1, height - 1)))


def layout(width: int, height: int, down: Ticks, margin: int = 0) -> Layout:
    """Room for the labels of values on the left, and on the right for `margin` cells where that leaves enough."""
    left = 0 if width < LEAST_WIDTH else max([GUTTER, *map(len, down.labels)]) + 1
    if width - left < 3 * margin:
        margin = 0
    return Layout(width, height, min(left, width), margin)


@lru_cache(maxsize=KEPT_FRAMES)
def frame(place: Layout, title: str, details: str, across: Ticks, down: Ticks, strokes: Strokes) -> Picture:
    """A picture with everything but the plot. The same object again for the same arguments, so draw on a copy."""
    picture = Picture(place.width, place.height)
    if place.top:
        _title_line(picture, title, details, strokes)
    if place.left:
        _value_axis(picture, place, down, strokes)
    if place.height >= LEAST_HEIGHT:
        _step_axis(picture, place, across, strokes)
    return picture


def _title_line(picture: Picture, title: str, details: str, strokes: Strokes) -> None:
    """`─ loss ───────────────── ema 0.9 ─`; the details go first where there is no room for both."""
    width = picture.width
    picture.write(0, 0, strokes.across * width, Role.FRAME)
    name = fitted(cells_of(title), width - 4, strokes.ellipsis)
    if name:
        picture.write(0, 1, [ord(" "), *name, ord(" ")], Role.TITLE)
    more = cells_of(details)
    if more and len(name) + len(more) + 7 <= width:
        picture.write(0, width - len(more) - 3, [ord(" "), *more, ord(" ")], Role.DETAIL)


def _value_axis(picture: Picture, place: Layout, down: Ticks, strokes: Strokes) -> None:
    for row in range(place.rows):
        picture.write(place.top + row, place.left - 1, strokes.down, Role.FRAME)
    for part, label in zip(down.places, down.labels, strict=True):
        row = place.top + round((1 - part) * (place.rows - 1))
        picture.write(row, place.left - 1, strokes.tick, Role.FRAME)
        picture.write(row, place.left - 1 - len(label), label, Role.TICK)


def _step_axis(picture: Picture, place: Layout, across: Ticks, strokes: Strokes) -> None:
    row = place.height - 1
    if place.left:
        picture.write(row, place.left - 1, strokes.corner, Role.FRAME)
    picture.write(row, place.left, strokes.across * (place.width - place.left), Role.FRAME)
    free = place.left
    for part, label in zip(across.places, across.labels, strict=True):
        middle = place.left + round(part * (place.columns - 1))
        column = min(max(middle - len(label) // 2, place.left), place.width - len(label))
        if column >= free:
            picture.write(row, column, label, Role.TICK)
            free = column + len(label) + 2


def write_message(picture: Picture, place: Layout, message: str) -> None:
    """What an empty plot says, in its middle."""
    codes = cells_of(message)[: place.columns]
    picture.write(
        place.top + (place.rows - 1) // 2, place.left + (place.columns - len(codes)) // 2, codes, Role.MESSAGE
    )
