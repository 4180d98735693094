"""One frame of a chart, from lines to the strips that Textual gets, beside the plotting widgets of the registry.

Every line is new in every frame, as when all trials stream. Ours smooths them and draws envelopes, axes and names; the
others get the means alone, and the canvas draws no axes either.
"""

from __future__ import annotations

import asyncio
import importlib
import time
from collections.abc import Callable
from statistics import median
from typing import Any

import numpy as np
from textual.app import App, ComposeResult
from textual.widget import Widget

from cockpit.store.curve import Curve
from cockpit.tui.chart import axis
from cockpit.tui.palette import LINE_COLORS
from cockpit.tui.widgets import drawing
from cockpit.tui.widgets.chart import Chart, Line

from .table import Row, against, at_most, seconds

LINES, POINTS = 8, 1000
SIZE, LARGE = (80, 20), (200, 60)
ROUNDS, QUICK_ROUNDS = 200, 20
PEER_ROUNDS = 5
SMOOTHING = 0.9
FRAME_SECONDS, COLD_SECONDS = 0.003, 0.006
PEER_RATIO = 0.1
WHAT = f"chart of {LINES} lines × {POINTS:,} points"


def rows(quick: bool) -> list[Row]:
    """Medians of frames; peers that are not installed are said to be so."""
    return asyncio.run(_measured(QUICK_ROUNDS if quick else ROUNDS))


async def _measured(rounds: int) -> list[Row]:
    frames = [_lines(seed) for seed in range(10)]
    small = await _ours(frames, SIZE, rounds)
    cold = await _ours(frames, SIZE, rounds, axis.frame.cache_clear)
    large = await _ours(frames, LARGE, rounds)
    unchanged = await _unchanged(frames[0], rounds)
    return [
        at_most(f"{WHAT} in 80×20, a frame", small, FRAME_SECONDS),
        at_most("the same, its axes drawn anew", cold, COLD_SECONDS),
        Row("the same in 200×60", seconds(large)),
        at_most("the same in 80×20, shown again unchanged", unchanged, FRAME_SECONDS / 100),
        against("a frame against textual-plotext", small, await _plotext(frames), PEER_RATIO),
        against("a frame against textual-hires-canvas, lines only", small, await _hires(frames), PEER_RATIO),
    ]


def _lines(seed: int) -> list[Line]:
    """Noisy curves that fall, each bucket of several steps."""
    generator = np.random.default_rng(seed)
    steps = np.arange(POINTS)
    lines = []
    for number in range(LINES):
        mean = 0.4 + 0.06 * number + np.exp(-steps / 150) + generator.normal(0, 0.03, POINTS)
        spread = np.abs(generator.normal(0, 0.03, POINTS))
        curve = Curve(steps, mean - spread, mean + spread, mean, np.zeros(POINTS, np.int64))
        lines.append(Line(f"t{number:03d}", number, curve))
    return lines


class _One(App[None]):
    """A screen with one widget."""

    def __init__(self, widget: Widget) -> None:
        super().__init__()
        self._widget = widget

    def compose(self) -> ComposeResult:
        yield self._widget


async def _ours(
    frames: list[list[Line]], size: tuple[int, int], rounds: int, before: Callable[[], object] = int
) -> float:
    """Seconds from `show` until every row of the widget is a strip."""
    chart, allowed = Chart("loss"), drawing.BYTES_A_SECOND
    drawing.BYTES_A_SECOND = 10**12  # every frame at once
    try:
        async with _One(chart).run_test(size=size):
            chart.smoothing = SMOOTHING
            return median([_frame(chart, frames[number % len(frames)], before) for number in range(rounds)])
    finally:
        drawing.BYTES_A_SECOND = allowed


def _frame(chart: Chart, lines: list[Line], before: Callable[[], object]) -> float:
    before()
    return _time(lambda: (chart.show(lines), [chart.render_line(row) for row in range(chart.size.height)]))


async def _unchanged(lines: list[Line], rounds: int) -> float:
    chart = Chart("loss")
    async with _One(chart).run_test(size=SIZE):
        chart.show(lines)
        return median([_time(lambda: chart.show(list(lines))) for _ in range(rounds)])


async def _plotext(frames: list[list[Line]]) -> float | None:
    """Seconds a frame; None where it is not installed."""
    module = _module("textual_plotext")
    if module is None:
        return None
    widget = module.PlotextPlot()
    async with _One(widget).run_test(size=SIZE):
        return median([_time(lambda lines=lines: _plotext_frame(widget, lines)) for lines in frames[:PEER_ROUNDS]])


def _plotext_frame(widget: Any, lines: list[Line]) -> None:
    plot = widget.plt
    plot.clear_data()
    plot.title("loss")
    for line in lines:
        color = tuple(bytes.fromhex(LINE_COLORS[line.color][1:]))
        plot.plot(line.curve.steps.tolist(), line.curve.mean.tolist(), color=color, marker="braille")
    widget.render()


async def _hires(frames: list[list[Line]]) -> float | None:
    """Seconds a frame of lines without axes; None where it is not installed."""
    module = _module("textual_hires_canvas")
    if module is None:
        return None
    canvas = module.Canvas(*SIZE)
    async with _One(canvas).run_test(size=SIZE):
        return median([_time(lambda lines=lines: _hires_frame(canvas, lines)) for lines in frames[:PEER_ROUNDS]])


def _hires_frame(canvas: Any, lines: list[Line]) -> None:
    canvas.reset()
    for line in lines:
        x = (line.curve.steps / POINTS * SIZE[0]).tolist()
        y = ((1.9 - line.curve.mean) / 1.7 * SIZE[1]).tolist()
        canvas.draw_hires_lines(list(zip(x, y, x[1:], y[1:], strict=False)), style=LINE_COLORS[line.color])
    for row in range(SIZE[1]):
        canvas.render_line(row)


def _module(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError:
        return None


def _time(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
