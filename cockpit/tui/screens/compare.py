"""Compare: what differs between trials, their curves in one chart, and what came of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from rich.text import Text
from textual import events
from textual.containers import Container, Vertical
from textual.widget import Widget
from textual.widgets import Static

from cockpit.store.comparison import ResultRow, SettingRow, Subject, remarks, result_rows, setting_rows, subject
from cockpit.store.numbers import counted
from cockpit.store.ranking import best_of
from cockpit.tui.actions import COMPARE, Action, actions_of, bindings
from cockpit.tui.interest import CurveKey, Focus, Interest, Metric
from cockpit.tui.listing.comparison import ResultColumns, setting_cells, setting_columns, setting_table
from cockpit.tui.listing.trials import shown_metrics
from cockpit.tui.palette import LINE_COLORS, line_color
from cockpit.tui.screens.charting import ChartingScreen
from cockpit.tui.snapshot import Snapshot
from cockpit.tui.text import shown
from cockpit.tui.widgets.borders import retitle
from cockpit.tui.widgets.chart import Chart
from cockpit.tui.widgets.table import Table

MOST = len(LINE_COLORS)
NAME_WIDTH, SUBJECT_WIDTH = 26, 14  # about what the columns of the settings take
NARROWEST_CHART = 64  # cells; where there are more, it stands beside the settings
LOW = 34  # lines

EXPLANATION = """\
There is nothing to compare yet.

Mark two to eight trials of a sweep, or experiments of the list, with space; then press c."""


class CompareScreen(ChartingScreen):
    """Two to eight trials side by side; an experiment without a trial stands for its best one."""

    place = COMPARE
    CSS_PATH = "compare.tcss"
    BINDINGS = bindings(actions_of(COMPARE))
    help_text = (
        "What differs between the trials stands on top, what is equal is dim below. The row of curves says which "
        "colour is whose in the chart. Δ first is the gain over the first trial, Δ base that over the baseline of a "
        "trial's own experiment; positive is better."
    )

    def __init__(self, subjects: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        self._wanted = tuple(Focus(*names) for names in dict.fromkeys(subjects))
        self._metric: Metric | None = None

    @property
    def _named(self) -> tuple[Focus, ...]:
        """What is compared, as it was called: an empty trial is the best one."""
        return self._wanted[:MOST] if len(self._wanted) > 1 else ()

    def body(self) -> Iterator[Widget]:
        yield Static(id="remarks")
        if not self._named:
            yield Static(EXPLANATION, id="explanation")
            return
        with Container(id="upper"):
            with Vertical(id="settings", classes="pane"):
                yield Table[SettingRow](empty_text="opening…")
            yield Chart()
        with Vertical(id="results", classes="pane"):
            yield Table[ResultRow](empty_text="opening…")

    def on_mount(self) -> None:
        if self._named:
            retitle(self.query_one("#settings"), "Settings")
            retitle(self.query_one("#results"), "Results")
            self._results.focus()

    def on_resize(self, event: events.Resize) -> None:
        self._arrange()

    def _arrange(self) -> None:
        """Settings and chart side by side where there is room for both."""
        if self._named:
            settings = NAME_WIDTH + SUBJECT_WIDTH * len(self._named)
            beside = self.size.height >= LOW and self.size.width - settings >= NARROWEST_CHART
            self.query_one("#upper").set_class(beside, "beside")
            self.query_one("#settings").styles.width = settings if beside else "1fr"

    # What is read

    @property
    def _settings(self) -> Table[SettingRow]:
        return self.query_one("#settings Table", Table)

    @property
    def _results(self) -> Table[ResultRow]:
        return self.query_one("#results Table", Table)

    def interest(self) -> Interest:
        return self._interest(self.cockpit.snapshot)

    def _interest(self, snapshot: Snapshot | None) -> Interest:
        found = self._subjects(snapshot)
        metric = self._chosen(self._metrics(snapshot))
        return Interest(
            experiments=tuple(dict.fromkeys(focus.experiment for focus in self._named)),
            curves=frozenset(CurveKey(*focus, metric) for focus in found) if metric else frozenset(),
            window=self.window,
            summaries=frozenset(found),
        )

    def _subjects(self, snapshot: Snapshot | None) -> Mapping[Focus, Subject]:
        """Those that are there, each under its experiment and its trial."""
        found: dict[Focus, Subject] = {}
        for named in self._named if snapshot is not None else ():
            assert snapshot is not None
            view = snapshot.sweeps.get(named.experiment)
            each = subject(view.sweep, [trial.row for trial in view.trials], named.trial) if view else None
            if each is not None:
                focus = Focus(named.experiment, each.trial.id)
                found.setdefault(focus, each.with_norms(snapshot.norms.get(focus, ())))
        return found

    def _metrics(self, snapshot: Snapshot | None) -> Sequence[Metric]:
        """The metrics of all subjects: those that most of them have first, and of these the aim of the first one."""
        views = [snapshot.sweeps.get(named.experiment) for named in self._named] if snapshot else []
        offered = [shown_metrics(view) for view in views if view]
        aim = next((view.sweep.metric for view in views if view), "")

        def order(metric: Metric) -> tuple[int, bool]:
            return -sum(metric in metrics for metrics in offered), not (metric.kind == "eval" and metric.name == aim)

        return sorted(dict.fromkeys(metric for metrics in offered for metric in metrics), key=order)

    def _chosen(self, metrics: Sequence[Metric]) -> Metric | None:
        return self._metric if self._metric in metrics else next(iter(metrics), None)

    # What is shown

    def show(self, snapshot: Snapshot) -> None:
        if not self._named:
            return
        self.cockpit.feed.look_at(self._interest(snapshot))
        found = self._subjects(snapshot)
        self._show_remarks(found, snapshot)
        if not found:
            return
        subjects = tuple(found.values())
        self._show_settings(subjects)
        self._show_results(subjects, snapshot)
        metric = self._chosen(self._metrics(snapshot))
        if metric is not None:
            colors = {focus: number for number, focus in enumerate(found)}
            several = len({focus.experiment for focus in found}) > 1
            self.draw(self.query_one(Chart), metric, colors, snapshot, several)

    def _show_remarks(self, found: Mapping[Focus, Subject], snapshot: Snapshot) -> None:
        words = [*self._left_out(), *remarks(tuple(found.values())), *self._missing(found, snapshot)]
        line = self.query_one("#remarks", Static)
        line.display = bool(words)
        line.update(shown(" · ".join(words)))

    def _left_out(self) -> Iterator[str]:
        if len(self._wanted) > MOST:
            yield f"{len(self._wanted)} are marked, the first {MOST} are compared"

    def _missing(self, found: Mapping[Focus, Subject], snapshot: Snapshot) -> Iterator[str]:
        there = {focus.experiment for focus in found}
        for named in self._named:
            if named.experiment in snapshot.sweeps and (
                named not in found if named.trial else named.experiment not in there
            ):
                name = named.experiment.partition("-")[0]
                yield f"{name}/{named.trial} is not there" if named.trial else f"{name}: no trial has a value yet"

    def _show_settings(self, subjects: Sequence[Subject]) -> None:
        table, rows = self._settings, setting_rows(subjects)
        table.set_columns(setting_columns(subjects))
        table.show(
            setting_table(rows, subjects),
            key=lambda row: row.name,
            cells=lambda row: setting_cells(row, self.cockpit.glyphs),
        )
        differing = sum(row.differs for row in rows)
        equal = f"{len(rows) - differing} equal"
        retitle(self.query_one("#settings"), subtitle=f"{counted(differing, 'difference')}, {equal}")

    def _show_results(self, subjects: Sequence[Subject], snapshot: Snapshot) -> None:
        columns, rows = ResultColumns.of(subjects), result_rows(subjects, snapshot.at)
        best = best_of((row.best for row in rows), subjects[0].sweep.goal)
        self._results.set_columns(columns.columns())
        self._results.show(
            rows,
            key=lambda row: row.subject.label,
            cells=lambda row: columns.cells(row, best, self.cockpit.glyphs),
            marks={each.label: line_color(number) for number, each in enumerate(subjects)},
        )

    def header(self, snapshot: Snapshot) -> Text:
        if not self._named:
            return shown("Compare", "bold")
        of_trials = any(focus.trial for focus in self._named)
        noun = counted(len(self._named), "trial" if of_trials else "experiment")
        return shown("Compare", "bold").append(f"  {noun}", "not bold dim")

    # What can be done

    @property
    def current(self) -> Focus | None:
        """The trial under the cursor of the results."""
        if not self._named:
            return None
        found = self._subjects(self.cockpit.snapshot)
        return next((focus for focus, each in found.items() if each.label == self._results.cursor_key), None)

    def fits(self, action: Action) -> str:
        if action.name in ("leave", "help", "palette", "back", "next_theme", "diary"):
            return action.text
        if action.name == "open":
            current = self.current
            return f"Open {current.experiment.partition('-')[0]}/{current.trial}" if current else ""
        return action.text if self._named else ""

    def step_back(self) -> bool:
        return self.hide_cursors()

    def on_table_opened(self, event: Table.Opened) -> None:
        if event.control is self._results:
            self.action_open()

    def action_open(self) -> None:
        current = self.current
        if current is not None:
            from cockpit.tui.screens.trial import TrialScreen

            self.app.push_screen(TrialScreen(*current))

    def diary_of(self) -> str:
        return self._wanted[0].experiment.partition("-")[0] if self._wanted else ""

    def action_next_metric(self) -> None:
        self._choose_metric(1)

    def action_previous_metric(self) -> None:
        self._choose_metric(-1)

    def _choose_metric(self, step: int) -> None:
        metrics = self._metrics(self.cockpit.snapshot)
        chosen = self._chosen(metrics)
        if chosen is not None:
            self._metric = metrics[(metrics.index(chosen) + step) % len(metrics)]
            self.look_again()
