"""A chart of W&B exported as CSV: a column of steps, and for each run its values with their least and their largest.

The columns are `"Step","run-a - loss","run-a - loss__MIN","run-a - loss__MAX"`; each run becomes one, and the columns
of extremes stay metrics of their names. The first column may also be an epoch, a time, or any metric.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from cockpit.events.text import one_line
from cockpit.importers import columns
from cockpit.importers.contract import NO, SURE, Item, Lines, Run, Source, Unread
from cockpit.importers.layout import MISSING, Layout, complete, layout_of
from cockpit.importers.opened import Count, beginning, lines
from cockpit.importers.track import Row, Track
from cockpit.importers.values import Number, number, shown, stamp
from cockpit.printed.names import same

_BETWEEN = " - "
_EXTREMES = ("__MIN", "__MAX")


class WandbChart:
    """The importer."""

    name = "wandb-chart"
    summary = "a chart exported from W&B as CSV"

    def fit(self, source: Source) -> int:
        """How well the content fits."""
        layout = None if source.is_folder else layout_of(beginning(source))
        if layout is None or layout.delimiter != "," or len(layout.columns) < 2:
            return NO
        named = [name for name in layout.columns[1:] if not name.endswith(_EXTREMES)]
        return SURE if named and all(_BETWEEN in name for name in named) else NO

    def read(self, source: Source) -> Iterator[Item]:
        """Its runs. Raises `OSError`."""
        layout = layout_of(beginning(source))
        if layout is None:
            return
        series = [name.rpartition(_BETWEEN) for name in layout.columns]
        tracks = {run: Track(run, source.metric) for run, between, _ in series[1:] if between}
        for run in tracks:
            yield Run(key=run, label=one_line(run))
        yield from _rows(source.path, layout, series, tracks)


def _rows(path: Path, layout: Layout, series: list[tuple[str, str, str]], tracks: dict[str, Track]) -> Iterator[Item]:
    count = Count()
    for line, text in complete(count.over(lines(path))):
        cells = layout.cells(text)
        if line == layout.header_line or not text.strip():
            continue
        if len(cells) != len(series):
            yield Unread(line, shown(text))
            continue
        values: dict[str, dict[str, Number]] = {}
        for (run, _, name), cell in zip(series[1:], cells[1:], strict=True):
            found = number(cell)
            if found is not None and run in tracks:
                values.setdefault(run, {})[name] = found
            elif cell.lower() not in MISSING and cell != run:
                yield Unread(line, f"{name} of {run}: {shown(cell)}")
        for run, measured in values.items():
            yield from tracks[run].events(_placed(layout.columns[0], cells[0], measured))
    yield Lines(count.last)


def _placed(axis: str, cell: str, values: dict[str, Number]) -> Row:
    """The row at a place of the axis that the chart has."""
    found, meaning = number(cell), same(axis)
    if meaning in columns.STEPS:
        return Row(values=values, step=found)
    if meaning in columns.EPOCHS:
        return Row(values=values, epoch=found)
    if meaning.startswith("relative_time") or meaning in columns.ELAPSED:
        return Row(values=values, time=None if found is None else float(found))
    at = stamp(cell)
    if meaning in columns.STAMPS and at is not None:
        return Row(values=values, time=at)
    return Row(values=values if found is None else {**values, axis: found})


IMPORTER = WandbChart()
