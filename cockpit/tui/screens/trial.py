"""One trial at full size: all its curves in pages, and everything else about it below."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from rich.text import Text
from textual.widget import Widget
from textual.widgets import Static

from cockpit.store.numbers import delta_text, duration_text, metric_text
from cockpit.store.ranking import gain
from cockpit.tui.actions import TRIAL, Action, actions_of, bindings
from cockpit.tui.interest import CurveKey, Focus, Interest
from cockpit.tui.listing.trials import time_left_text
from cockpit.tui.panels import Panel
from cockpit.tui.screens.base import CockpitScreen
from cockpit.tui.screens.charting import ChartingScreen
from cockpit.tui.screens.steering import STEERING, SteeringScreen
from cockpit.tui.snapshot import Snapshot, SweepView, TrialView
from cockpit.tui.text import shown
from cockpit.tui.themes import rich_colours
from cockpit.tui.trial_page import TrialPage, Wishes
from cockpit.tui.widgets.chart import Chart
from cockpit.tui.widgets.chart_grid import ChartGrid
from cockpit.tui.widgets.panes.base import PaneView
from cockpit.tui.widgets.tab_line import TabLine
from cockpit.tui.widgets.table import Table
from cockpit.tui.widgets.trial_tabs import TrialTabs

PAGING = ("next_page", "previous_page", "more_charts", "fewer_charts")


class TrialScreen(ChartingScreen, SteeringScreen):
    """Pages of charts above, tabs below."""

    place = TRIAL
    CSS_PATH = "trial.tcss"
    BINDINGS = bindings(actions_of(TRIAL))
    help_text = (
        "All curves of one trial. Training and validation of one name share a chart. Charts zoom, smooth and point at "
        "the same step together: z looks closer at the newest steps or at the cursor, which , and . move. The tabs "
        "below tell of steps, norms, printed lines, parameters and configuration."
    )

    def __init__(self, experiment: str, trial: str) -> None:
        super().__init__()
        self.experiment = experiment
        self.trial = trial
        self._wishes = Wishes()
        self._known_page = TrialPage(None, Focus(experiment, trial), 0, 0)

    def body(self) -> Iterator[Widget]:
        yield Static(id="why")
        yield ChartGrid(self._page(self.cockpit.snapshot).grid, ascii=self.cockpit.glyphs.ascii)
        yield TrialTabs()

    # What is read

    @property
    def current(self) -> TrialView | None:
        """The trial, as last read."""
        view = self.sweep_view()
        return view.trial(self.trial) if view else None

    def _page(self, snapshot: Snapshot | None) -> TrialPage:
        size = self.app.size
        wishes = replace(self._wishes, window=self.window)
        page = TrialPage(snapshot, Focus(self.experiment, self.trial), size.width, size.height, wishes)
        if page != self._known_page:
            self._known_page = page  # which keeps what it has found out
        return self._known_page

    def interest(self) -> Interest:
        return replace(self._page(self.cockpit.snapshot).interest(), rows=self.query_one(TrialTabs).rows)

    def charts(self) -> Iterable[Chart]:
        return self.query_one(ChartGrid).seen

    # What is shown

    def show(self, snapshot: Snapshot) -> None:
        page = self._page(snapshot)
        self.cockpit.feed.look_at(page.interest())  # a metric or a group that is new has a chart at once
        view = snapshot.sweeps.get(self.experiment)
        trial = view.trial(self.trial) if view else None
        if view is None or trial is None:
            return
        why = self.query_one("#why", Static)
        why.display = bool(page.reason)
        reason = shown(page.reason, self.cockpit.status_colour(trial.row.status))
        if why.content != reason:
            why.update(reason)
        for chart, panel in zip(
            self.query_one(ChartGrid).take_shape(page.grid, len(page.shown)), page.shown, strict=True
        ):
            self._draw_panel(chart, panel, snapshot)
        self._show_tabs(view, trial, snapshot, page)

    def _draw_panel(self, chart: Chart, panel: Panel, snapshot: Snapshot) -> None:
        lines = {CurveKey(self.experiment, self.trial, line.metric): (line.label, line.color) for line in panel.lines}
        self.draw_lines(chart, panel.title, lines, snapshot)

    def _show_tabs(self, view: SweepView, trial: TrialView, snapshot: Snapshot, page: TrialPage) -> None:
        tabs = self.query_one(TrialTabs)
        tabs.styles.height = page.tabs_height
        tabs.set_class(page.folded, "folded")
        focus = snapshot.focus if snapshot.focus is not None and snapshot.focus.focus == page.focus else None
        colours = rich_colours(self.app.theme_variables)
        tabs.show(PaneView(view, trial, focus, snapshot.importance, self.cockpit.glyphs, colours), page.caption)

    def header(self, snapshot: Snapshot) -> Text:
        view = snapshot.sweeps.get(self.experiment)
        trial = view.trial(self.trial) if view else None
        name = f"{self.experiment.partition('-')[0]}/{self.trial}"
        if view is None or trial is None:
            return shown(name, "bold").append("  opening…" if view is None else "  is not there", "not bold")
        row, glyphs = trial.row, self.cockpit.glyphs
        line = shown(f"{name} {glyphs.baseline}" if row.baseline else name, "bold")
        line.append(f"  {glyphs.of(row.status)}", self.cockpit.status_colour(row.status))
        if row.best is not None:
            line.append(f"  best {metric_text(row.best)}", "not bold")
            against = gain(row.best, view.baseline.best if view.baseline else None, view.sweep.goal)
            line.append(f" ({delta_text(against)})" if against is not None and not row.baseline else "", "not bold")
        line.append(f"  {_progress(trial, snapshot.at)}", "not bold dim")
        return line

    # What can be done

    def level_above(self) -> CockpitScreen:
        from cockpit.tui.screens.opening import screen_of

        view = self.sweep_view()
        return screen_of(self.experiment, view.sweep.trainer if view else "")

    def acted_on(self) -> Sequence[TrialView]:
        current = self.current
        return [current] if current else []

    def fits(self, action: Action) -> str:
        if action.name in STEERING:
            return self.fits_steering(action)
        if action.name in PAGING and isinstance(self.focused, Table):
            return ""  # these keys move in the table
        page = self._page(self.cockpit.snapshot)
        possible = {
            "next_page": page.first + page.grid.charts < len(page.panels),
            "previous_page": page.first > 0,
            "more_charts": page.grid != page.possible[-1],
            "fewer_charts": page.grid != page.possible[0],
            "next_trial": bool(self._neighbour(1)),
            "previous_trial": bool(self._neighbour(-1)),
            "tab('charts')": not page.folded,
        }
        if not possible.get(action.name, True):
            return ""
        if action.name in ("next_trial", "previous_trial"):
            return f"Go to {self._neighbour(1 if action.name == 'next_trial' else -1)}"
        return action.text

    def step_back(self) -> bool:
        if self.hide_cursors():
            return True
        if self._wishes.tabs and TrialPage(None, Focus("", ""), *self.app.size).folded:
            self.action_tab("charts")
            return True
        return False

    def on_tab_line_chosen(self, event: TabLine.Chosen) -> None:
        self.action_tab(event.name)

    def action_tab(self, name: str) -> None:
        charts = name == "charts"
        self._wish(tabs=not charts) if charts else self._wish(tabs=True, pane=name)
        if not charts:
            self.query_one(TrialTabs).open(name)
            self.query_one(TrialTabs).focus_pane()

    def action_next_page(self) -> None:
        self._turn(1)

    def action_previous_page(self) -> None:
        self._turn(-1)

    def _turn(self, pages: int) -> None:
        page = self._page(self.cockpit.snapshot)
        self._wish(first=page.first + pages * page.grid.charts)

    def action_more_charts(self) -> None:
        self._resize_grid(1)

    def action_fewer_charts(self) -> None:
        self._resize_grid(-1)

    def _resize_grid(self, step: int) -> None:
        page = self._page(self.cockpit.snapshot)
        place = page.possible.index(page.grid) + step
        self._wish(charts=page.possible[place].charts, first=page.first)

    def _wish(self, **changes: object) -> None:
        self._wishes = replace(self._wishes, **changes)  # type: ignore[arg-type]  # names are checked by replace itself
        self.look_again()

    def action_next_trial(self) -> None:
        self._go_to(self._neighbour(1))

    def action_previous_trial(self) -> None:
        self._go_to(self._neighbour(-1))

    def _neighbour(self, step: int) -> str:
        """The trial before or after this one; empty where there is none."""
        view = self.sweep_view()
        ids = [trial.row.id for trial in view.trials] if view else []
        place = ids.index(self.trial) + step if self.trial in ids else -1
        return ids[place] if 0 <= place < len(ids) else ""

    def _go_to(self, trial: str) -> None:
        if trial:
            self.trial = trial
            self.look_again()

    def diary_of(self) -> str:
        return self.experiment.split("-")[0]


def _progress(trial: TrialView, now: float) -> str:
    """`2310/4688  12m04s  31m20s left`; of one that rests there is no time, because nobody works on it."""
    row = trial.row
    steps = f"{row.steps}/{row.total_steps}" if row.total_steps else f"step {row.steps}"
    runs = row.status == "running" and row.started is not None
    spent = now - (row.started or now) if runs else row.seconds
    attempt = f"attempt {row.attempt}" if row.attempt > 1 else ""
    took = "" if spent is None else duration_text(spent)
    return "  ".join(filter(None, (steps, attempt, took, time_left_text(trial, now))))
