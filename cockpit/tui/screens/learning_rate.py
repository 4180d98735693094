"""The search for a learning rate: the loss over the rates, while it runs and afterwards, and what it suggests."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from rich.text import Text
from textual.widget import Widget
from textual.widgets import Static

from cockpit.store.learning_rate import FoundRate, found_rate
from cockpit.store.life import LIVE
from cockpit.store.numbers import setting_text
from cockpit.tui.actions import LEARNING_RATE, Action, actions_of, bindings
from cockpit.tui.chart.course import Course
from cockpit.tui.interest import CurveKey, Interest, Metric
from cockpit.tui.screens.base import CockpitScreen
from cockpit.tui.screens.charting import ChartingScreen
from cockpit.tui.snapshot import Snapshot, SweepView
from cockpit.tui.text import shown
from cockpit.tui.widgets.chart import Chart

TRIAL = "t000"
LINES = {"loss": ("loss", 1), "smoothed_loss": ("smoothed", 0)}  # label and colour by metric, the uppermost last


class LearningRateScreen(ChartingScreen):
    """One chart, and one line that says what was found. `use`, where it is given, takes the suggestion."""

    place = LEARNING_RATE
    CSS_PATH = "learning_rate.tcss"
    BINDINGS = bindings(actions_of(LEARNING_RATE))
    help_text = (
        "A few steps are trained with a learning rate that grows, until the loss explodes. The suggestion is the rate "
        "at which the loss falls most steeply; an upright line marks it. The search for it is an experiment: it goes "
        "on when this screen is left, S ends it, and the diary tells what was found."
    )

    def __init__(self, experiment: str, use: Callable[[float], object] | None = None) -> None:
        super().__init__()
        self.experiment = experiment
        self._use = use

    def body(self) -> Iterator[Widget]:
        yield Static(id="found")
        yield Chart("loss over the learning rate", message="no steps yet", ascii=self.cockpit.glyphs.ascii)

    def _view(self, snapshot: Snapshot | None) -> SweepView | None:
        return snapshot.sweeps.get(self.experiment) if snapshot else None

    def _found(self, snapshot: Snapshot | None) -> FoundRate | None:
        view = self._view(snapshot)
        return found_rate(view.sweep, view.rows, view.trials[0].newest) if view and view.trials else None

    def interest(self) -> Interest:
        curves = frozenset(self._key(name) for name in LINES)
        return Interest(experiments=(self.experiment,), curves=curves, window=self.window)

    def _key(self, metric: str) -> CurveKey:
        return CurveKey(self.experiment, TRIAL, Metric("step", "train", metric))

    # What is shown

    def show(self, snapshot: Snapshot) -> None:
        found, view = self._found(snapshot), self._view(snapshot)
        text = found.text if found else "starting…"
        if view is not None and found is not None and found.loss is None and view.sweep.status not in LIVE:
            text = _why(view) or text
        line = self.query_one("#found", Static)
        if line.content != shown(text):
            line.update(shown(text))
        chart = self.query_one(Chart)
        if found is not None:
            chart.course = course = Course("lr", found.low, found.factor)
            chart.mark = None if found.suggested is None else course.step(found.suggested)
        lines = {self._key(name): line for name, line in LINES.items()}
        self.draw_lines(chart, "loss over the learning rate", lines, snapshot)

    def header(self, snapshot: Snapshot) -> Text:
        view = self._view(snapshot)
        name = shown(self.experiment.partition("-")[0], "bold").append("  ")
        if view is None:
            return name.append("opening…", "not bold")
        name.append_text(shown(view.sweep.question, "not bold"))
        glyph = self.cockpit.glyphs.of(view.sweep.status)
        return name.append(f"  {glyph}", self.cockpit.status_colour(view.sweep.status))

    # What can be done

    def level_above(self) -> CockpitScreen:
        from cockpit.tui.screens.home import HomeScreen

        return HomeScreen()

    def fits(self, action: Action) -> str:
        snapshot = self.cockpit.snapshot
        found, view = self._found(snapshot), self._view(snapshot)
        if action.name == "use_rate":
            rate = found.suggested if found and self._use else None
            return f"Use lr {setting_text(rate)} in the search" if rate else ""
        if action.name == "stop_sweep":
            return "Stop looking" if view is not None and view.sweep.status in LIVE else ""
        return action.text

    def step_back(self) -> bool:
        return self.hide_cursors()

    def action_open(self) -> None:
        from cockpit.tui.screens.trial import TrialScreen

        self.app.push_screen(TrialScreen(self.experiment, TRIAL))

    def action_use_rate(self) -> None:
        found = self._found(self.cockpit.snapshot)
        if found is not None and found.suggested is not None and self._use is not None:
            self._use(found.suggested)
            self.cockpit.go_back()

    def action_stop_sweep(self) -> None:
        self.bottom.ask("stop looking? what was found so far stays", self._stop)

    def _stop(self) -> None:
        self.cockpit.command(self.experiment, "stop", [None])

    def diary_of(self) -> str:
        return self.experiment.split("-")[0]


def _why(view: SweepView) -> str:
    """Why nothing was found."""
    told = [row.error or row.reason for row in view.rows] or [view.sweep.reason]
    return f"it found no rate: {told[0] or view.sweep.status}"
