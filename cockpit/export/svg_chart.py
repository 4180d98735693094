"""Line charts as SVG for a page that runs no script: light enough that a hundred of them fit into one file."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 460, 260
LEFT, RIGHT, TOP, BOTTOM = 58, 10, 10, 26
COLOURS = 8  # classes c0 … c7 of the page's style
MOST_POINTS = 400  # of a line; of what is left out the lowest and highest of each part stay, and that it is broken

Point = tuple[float, float]


@dataclass(frozen=True)
class Line:
    """A line with its name; it is broken where its values are not finite."""

    name: str
    points: Sequence[Point]
    colour: int = 0


def chart(title: str, lines: Sequence[Line]) -> str:
    """A chart with axes; empty where there is not a finite point."""
    points = [point for line in lines for point in line.points if math.isfinite(point[1])]
    if not points:
        return ""
    left, right = _range([x for x, _ in points])
    low, high = _range([y for _, y in points])
    parts = [
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title, quote=True)}">',
        *_axis(low, high, left, right),
    ]
    for line in lines:
        # What is thin hides nothing below it, so the line of the best trial is drawn last by whoever calls.
        path = "".join(_path(_thinned(line.points), left, right, low, high))
        if path:
            parts.append(
                f'<path class="line c{line.colour % COLOURS}" d="{path}"><title>{escape(line.name)}</title></path>'
            )
    return "".join([*parts, "</svg>"])


def _range(values: Sequence[float]) -> Point:
    low, high = min(values), max(values)
    if low == high:
        margin = abs(low) * 0.05 or 0.5
        return low - margin, high + margin
    return low, high


def _x(value: float, left: float, right: float) -> float:
    return LEFT + (value - left) / (right - left) * (WIDTH - LEFT - RIGHT)


def _y(value: float, low: float, high: float) -> float:
    return HEIGHT - BOTTOM - (value - low) / (high - low) * (HEIGHT - TOP - BOTTOM)


def _axis(low: float, high: float, left: float, right: float) -> Iterator[str]:
    for value in ticks(low, high):
        y = _y(value, low, high)
        yield f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
        yield f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{value:.6g}</text>'
    for value in ticks(left, right):
        x = _x(value, left, right)
        yield f'<text x="{x:.1f}" y="{HEIGHT - 8}" text-anchor="middle">{value:.6g}</text>'


def ticks(low: float, high: float, most: int = 5) -> list[float]:
    """Up to `most` round numbers from `low` to `high`: multiples of 1, 2 or 5 times a power of ten."""
    span = high - low
    if not math.isfinite(span) or span <= 0:
        return []
    power = 10.0 ** math.floor(math.log10(span / most))
    step = next((power * factor for factor in (1, 2, 5, 10) if span / (power * factor) <= most), power * 10)
    first = math.ceil(low / step)
    return [number * step for number in range(first, first + most + 2) if number * step <= high + step * 1e-9]


def _path(points: Sequence[Point], left: float, right: float, low: float, high: float) -> Iterator[str]:
    command, alone = "M", False
    for x, y in points:
        if not math.isfinite(y):
            yield "h0" if alone else ""  # a single point is drawn as a dot by the round ends of its line
            command, alone = "M", False
            continue
        yield f"{command}{_x(x, left, right):.1f} {_y(y, low, high):.1f}"
        alone = command == "M"
        command = "L"
    yield "h0" if alone else ""


def _thinned(points: Sequence[Point]) -> Sequence[Point]:
    """At most `MOST_POINTS` of them: of each part the first, the lowest, the highest and a break, in their order."""
    if len(points) <= MOST_POINTS:
        return points
    size = math.ceil(len(points) / (MOST_POINTS // 4))
    kept: list[Point] = []
    for start in range(0, len(points), size):
        part = list(enumerate(points[start : start + size]))
        finite = [pair for pair in part if math.isfinite(pair[1][1])] or part
        breaks = [pair for pair in part if not math.isfinite(pair[1][1])]
        chosen = {part[0], min(finite, key=_value), max(finite, key=_value), *breaks[:1]}
        kept += [point for _, point in sorted(chosen, key=lambda pair: pair[0])]
    return kept


def _value(pair: tuple[int, Point]) -> float:
    return pair[1][1]
