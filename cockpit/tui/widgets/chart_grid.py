"""A page of charts, side by side and one above the other."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.widget import Widget

from cockpit.tui.grid import Grid
from cockpit.tui.widgets.chart import Chart


class ChartGrid(Widget):
    """Charts in a grid whose shape may change; those that have no place in it wait unseen."""

    DEFAULT_CSS = """
    ChartGrid { layout: grid; width: 1fr; height: 1fr; grid-gutter: 0 1; }
    """

    def __init__(self, grid: Grid, *, ascii: bool, id: str | None = None) -> None:
        super().__init__(id=id)
        self._grid = grid
        self._ascii = ascii
        self._charts = [self._new_chart() for _ in range(grid.charts)]
        self.seen: Sequence[Chart] = ()
        """The charts that are seen, in the order of reading."""

    def compose(self) -> ComposeResult:
        yield from self._charts

    def on_mount(self) -> None:
        self._set_shape()

    def _new_chart(self) -> Chart:
        return Chart(ascii=self._ascii)

    def take_shape(self, grid: Grid, charts: int) -> Sequence[Chart]:
        """Take this shape; return the first so many charts, which are those that are seen."""
        missing = [self._new_chart() for _ in range(grid.charts - len(self._charts))]
        if missing:
            self._charts += missing
            self.mount_all(missing)
        if grid != self._grid:
            self._grid = grid
            self._set_shape()
        for number, chart in enumerate(self._charts):
            chart.display = number < charts
        self.seen = self._charts[:charts]
        return self.seen

    def _set_shape(self) -> None:
        self.styles.grid_size_columns, self.styles.grid_size_rows = self._grid
