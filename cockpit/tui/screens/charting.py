"""What the charts of a screen have in common: which trials they draw, in which colours, and how closely."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from cockpit.tui.interest import CurveKey, Focus, Metric
from cockpit.tui.palette import LINE_COLORS
from cockpit.tui.screens.base import CockpitScreen
from cockpit.tui.snapshot import Snapshot
from cockpit.tui.widgets.chart import Chart, Line

SMOOTHINGS = (0.0, 0.6, 0.9, 0.97)
PAN = 0.25  # of what is seen
NEWEST = 2**62  # a step that no trial reaches: look at everything that comes


class ColorSlots:
    """Which colour each drawn trial wears. One that stays drawn keeps its colour."""

    def __init__(self) -> None:
        self._slots: dict[Focus, int] = {}

    def assign(self, drawn: Sequence[Focus]) -> Mapping[Focus, int]:
        """Numbers of colours for these trials; at most as many as there are colours."""
        drawn = drawn[: len(LINE_COLORS)]
        self._slots = {focus: slot for focus, slot in self._slots.items() if focus in drawn}
        free = [slot for slot in range(len(LINE_COLORS)) if slot not in self._slots.values()]
        for focus in drawn:
            if focus not in self._slots:
                self._slots[focus] = free.pop(0)
        return {focus: self._slots[focus] for focus in drawn}


class ChartingScreen(CockpitScreen):
    """A screen with charts that are looked at together: they zoom, smooth and point at the same step."""

    def __init__(self) -> None:
        super().__init__()
        self._looked_at: tuple[int | None, int | None] = (None, None)
        self._pictured: dict[Chart, object] = {}
        self._smoothing: float | None = None
        self._log_scale = False

    def charts(self) -> Iterable[Chart]:
        """The charts that can be seen, the one that matters most first."""
        return self.query(Chart)

    def draw(
        self, chart: Chart, metric: Metric, colors: Mapping[Focus, int], snapshot: Snapshot, several: bool = False
    ) -> None:
        """Draw one metric of the coloured trials; `several` experiments make longer labels."""
        lines = {}
        for focus, color in colors.items():
            label = f"{focus.experiment.split('-')[0]}/{focus.trial}" if several else focus.trial
            lines[CurveKey(focus.experiment, focus.trial, metric)] = (label, color)
        self.draw_lines(chart, metric.title, lines, snapshot)

    def draw_lines(
        self, chart: Chart, title: str, lines: Mapping[CurveKey, tuple[str, int]], snapshot: Snapshot
    ) -> None:
        """Draw those curves that were read, each with its label and the number of its colour.

        The chart looks at the same steps as the others, in the same way. A picture of something else is drawn at once;
        one of the same with more steps may wait, so that it does not fill the line to the terminal.
        """
        chart.title = title
        chart.smoothing = self.smoothing
        chart.log_scale = self._log_scale
        if chart.window != self._looked_at:
            chart.look_at(*self._looked_at)
        read = {key: line for key, line in lines.items() if key in snapshot.curves}
        if not read:
            chart.message = "no values yet" if lines.keys() <= snapshot.interest.curves else "reading…"
        subject = (tuple(read), snapshot.interest.window)
        is_new = subject != self._pictured.get(chart)
        self._pictured[chart] = subject
        chart.show([Line(label, color, snapshot.curves[key]) for key, (label, color) in read.items()], at_once=is_new)

    @property
    def window(self) -> tuple[int, int] | None:
        """The steps that are looked at; None for all."""
        first, last = self._looked_at
        return None if first is None else (first, NEWEST if last is None else last)

    @property
    def smoothing(self) -> float:
        return self.cockpit.settings.smoothing if self._smoothing is None else self._smoothing

    def on_chart_window_changed(self, event: Chart.WindowChanged) -> None:
        event.stop()
        self._looked_at = (event.first, event.last)
        self.look_again()

    def on_chart_cursor_moved(self, event: Chart.CursorMoved) -> None:
        event.stop()
        for chart in self.charts():
            chart.cursor_step = event.step

    def action_zoom_in(self) -> None:
        self._leading(Chart.zoom_in)

    def action_zoom_out(self) -> None:
        self._leading(Chart.zoom_out)

    def action_zoom_reset(self) -> None:
        self._leading(Chart.reset_zoom)

    def action_pan_left(self) -> None:
        self._leading(lambda chart: chart.pan(-PAN))

    def action_pan_right(self) -> None:
        self._leading(lambda chart: chart.pan(PAN))

    def action_cursor_left(self) -> None:
        self._leading(lambda chart: chart.move_cursor(-1))

    def action_cursor_right(self) -> None:
        self._leading(lambda chart: chart.move_cursor(1))

    def action_log(self) -> None:
        self._log_scale = not self._log_scale
        self.look_again()

    def action_smooth(self) -> None:
        following = [value for value in SMOOTHINGS if value > self.smoothing]
        self._smoothing = following[0] if following else SMOOTHINGS[0]
        self.look_again()

    def hide_cursors(self) -> bool:
        """Take the readout away; False when there is none."""
        shown = [chart for chart in self.charts() if chart.cursor_step is not None]
        for chart in shown:
            chart.hide_cursor()
        return bool(shown)

    def _leading(self, act: Callable[[Chart], object]) -> None:
        """Let the first chart do it; the others follow its messages."""
        chart = next(iter(self.charts()), None)
        if chart is not None:
            act(chart)
