"""Scores against the values of one parameter as a picture; the values are numbers, or categories side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cockpit.events.text import one_line
from cockpit.store.numbers import metric_text, setting_text
from cockpit.tui.chart import axis
from cockpit.tui.chart.bounds import value_scale
from cockpit.tui.chart.canvas import ASCII_DOTS, BRAILLE, Canvas
from cockpit.tui.chart.picture import Picture, Role, cells_of, fitted
from cockpit.tui.chart.scale import Scale

FAR_APART = 10.0  # times the lower quartile; a greatest value beyond that makes an axis logarithmic that may be
FEW_VALUES = 8  # of a parameter; they have a tick each
FEW_POINTS = 4  # cells a point; more points than that are drawn as dots


@dataclass(frozen=True)
class ScatterSettings:
    """How points are shown. `log_x` None: where they lie as far apart as learning rates do. `best` is one's place."""

    title: str = ""
    log_x: bool | None = None
    best: int | None = None
    message: str = "no scores yet"
    ascii: bool = False

    @property
    def strokes(self) -> axis.Strokes:
        return axis.ASCII_LINES if self.ascii else axis.LINES


@dataclass(frozen=True, eq=False)
class _Places:
    """Places of points as parts of the axes; NaN for what cannot be drawn.

    `x` is what they stand for, where that is a number; `categories` is empty then.
    """

    x: NDArray[np.float64]
    across: NDArray[np.float64]
    down: NDArray[np.float64]
    x_scale: Scale | None
    y_scale: Scale | None
    categories: tuple[str, ...] = ()

    @property
    def drawn(self) -> NDArray[np.bool_]:
        there: NDArray[np.bool_] = np.isfinite(self.across) & np.isfinite(self.down)
        return there


def draw_scatter(
    x: Sequence[object], y: Sequence[float | None], settings: ScatterSettings, width: int, height: int
) -> Picture:
    """Points (x, y) in a picture of that size. What has no place on the axes is left out, and the title counts it."""
    if width < 1 or height < 1:
        return Picture(max(0, width), max(0, height))
    places = _placed(x, y, settings.log_x)
    down = axis.Ticks() if places.y_scale is None else axis.value_ticks(places.y_scale, axis.plot_rows(height))
    place = axis.layout(width, height, down)
    across = _x_ticks(places, place.columns, settings.strokes)
    picture = axis.frame(place, settings.title, _details(places), across, down, settings.strokes).copy()
    if place.rows > 0 and place.columns > 0:
        if places.drawn.any():
            _draw_points(picture, place, places, settings)
            _draw_best(picture, place, places, y, settings)
        else:
            axis.write_message(picture, place, settings.message)
    if settings.ascii:
        picture.to_ascii()
    return picture


def _placed(x: Sequence[object], y: Sequence[float | None], log_x: bool | None) -> _Places:
    """Bounds are those of points that have both values."""
    scores = np.array([np.nan if score is None else float(score) for score in y])
    values = _numbers(x)
    if values is None:
        return _placed_in_categories(x, scores)
    if log_x is None:
        log_x = _far_apart(values[np.isfinite(values) & np.isfinite(scores)])
    if log_x:
        values = np.where(values > 0, values, np.nan)
    both = np.isfinite(values) & np.isfinite(scores)
    across, x_scale = _fractions(values, both, log_x)
    down, y_scale = _fractions(scores, both, False)
    return _Places(values, across, down, x_scale, y_scale)


def _placed_in_categories(x: Sequence[object], y: NDArray[np.float64]) -> _Places:
    names = ["" if value is None else one_line(setting_text(value)) for value in x]
    categories = tuple(sorted({name for name, value in zip(names, x, strict=True) if value is not None}))
    middles = {name: (number + 0.5) / len(categories) for number, name in enumerate(categories)}
    across = np.array([np.nan if value is None else middles[name] for name, value in zip(names, x, strict=True)])
    down, y_scale = _fractions(y, np.isfinite(across) & np.isfinite(y), False)
    return _Places(np.full(len(x), np.nan), across, down, None, y_scale, categories)


def _numbers(x: Sequence[object]) -> NDArray[np.float64] | None:
    """The values as numbers, NaN where there is none; nothing where one of them is something else."""
    numbers = []
    for value in x:
        if isinstance(value, bool) or not (value is None or isinstance(value, int | float)):
            return None
        try:
            numbers.append(np.nan if value is None else float(value))
        except OverflowError:  # an integer of more than 308 digits
            numbers.append(np.inf)
    return np.array(numbers)


def _far_apart(values: NDArray[np.float64]) -> bool:
    if not len(values) or values.min() <= 0:
        return False
    return float(values.max()) >= FAR_APART * float(np.quantile(values, 0.25))


def _fractions(
    values: NDArray[np.float64], counted: NDArray[np.bool_], log: bool
) -> tuple[NDArray[np.float64], Scale | None]:
    known = values[counted]
    if not len(known):
        return np.full(len(values), np.nan), None
    scale = value_scale(float(known.min()), float(known.max()), log)
    return np.where(counted, np.clip(scale.fractions(values), 0.0, 1.0), np.nan), scale


def _details(places: _Places) -> str:
    parts = ["log"] if places.x_scale is not None and places.x_scale.log else []
    left_out = int(np.count_nonzero(~places.drawn))
    if left_out:
        parts.append(f"{left_out} left out")
    return " · ".join(parts)


def _x_ticks(places: _Places, columns: int, strokes: axis.Strokes) -> axis.Ticks:
    if places.x_scale is not None:
        values = np.unique(places.x[places.drawn])
        return axis.number_ticks(places.x_scale, columns, values.tolist() if len(values) <= FEW_VALUES else [])
    count = len(places.categories)
    room = max(1, columns // count - 1) if count else 0
    labels = tuple("".join(map(chr, fitted(cells_of(name), room, strokes.ellipsis))) for name in places.categories)
    return axis.Ticks(tuple((number + 0.5) / count for number in range(count)), labels)


def _draw_points(picture: Picture, place: axis.Layout, places: _Places, settings: ScatterSettings) -> None:
    across, down = places.across[places.drawn], places.down[places.drawn]
    region = np.s_[place.top : place.top + place.rows, place.left : place.left + place.columns]
    if len(across) * FEW_POINTS <= place.rows * place.columns:
        rows, columns = _cells(across, down, place.columns, place.rows)
        picture.codes[region][rows, columns] = ord(settings.strokes.point)
        picture.roles[region][rows, columns] = Role.POINT
        return
    canvas = Canvas(place.columns, place.rows, 1, ASCII_DOTS if settings.ascii else BRAILLE)
    rows, columns = _cells(across, down, canvas.columns, canvas.rows)
    canvas.points(0, columns, rows)
    codes, layers = canvas.flattened()
    picture.codes[region] = codes
    picture.roles[region] = np.where(layers >= 0, Role.POINT, Role.PLAIN)


def _cells(
    across: NDArray[np.float64], down: NDArray[np.float64], columns: int, rows: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Row and column of each point among so many."""
    return (
        np.rint((1 - down) * (rows - 1)).astype(np.int64),
        np.rint(across * (columns - 1)).astype(np.int64),
    )


def _draw_best(
    picture: Picture, place: axis.Layout, places: _Places, y: Sequence[float | None], settings: ScatterSettings
) -> None:
    """The best point, with its score beside it where there is room."""
    best = settings.best
    if best is None or not 0 <= best < len(y) or not places.drawn[best]:
        return
    rows, columns = _cells(places.across[[best]], places.down[[best]], place.columns, place.rows)
    row, column = place.top + int(rows[0]), place.left + int(columns[0])
    text = metric_text(y[best])
    at = column + 2 if column + 2 + len(text) <= picture.width else column - 1 - len(text)
    if at >= place.left:
        picture.write(row, at, text, Role.BEST)
    picture.write(row, column, settings.strokes.best, Role.BEST)
