"""One sweep: its trials, their curves, and everything about the one under the cursor."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from rich.text import Text
from textual import events
from textual.containers import Horizontal
from textual.widget import Widget

from cockpit.store.numbers import counted, delta_text, duration_text, metric_text
from cockpit.store.ranking import gain
from cockpit.store.rows import resting_text
from cockpit.store.time_left import time_left
from cockpit.tui.actions import SWEEP, Action, actions_of, bindings
from cockpit.tui.interest import NORMS, CurveKey, Focus, Interest, Metric
from cockpit.tui.listing.trials import RowContext, TrialColumns, TrialItem, best_id, shown_metrics
from cockpit.tui.palette import LINE_COLORS
from cockpit.tui.screens.base import CockpitScreen
from cockpit.tui.screens.charting import ChartingScreen, ColorSlots
from cockpit.tui.screens.listing import ListingScreen
from cockpit.tui.screens.steering import STEERING, SteeringScreen
from cockpit.tui.snapshot import Snapshot, SweepView, TrialView
from cockpit.tui.text import shown
from cockpit.tui.themes import rich_colours
from cockpit.tui.widgets.borders import retitle
from cockpit.tui.widgets.chart import Chart
from cockpit.tui.widgets.list_pane import ListPane
from cockpit.tui.widgets.panes.base import PaneView
from cockpit.tui.widgets.panes.norms import NormsPane
from cockpit.tui.widgets.tab_line import TabLine
from cockpit.tui.widgets.trial_tabs import TrialTabs

LOW = 34  # lines; below that there is room for charts or tabs, not for both
WIDE = 110  # columns; from there on two charts stand side by side
WIDEST = 165  # and from there the norm table beside them
MOST_DRAWN_UNASKED = 5


class SweepScreen(ListingScreen[TrialItem], ChartingScreen, SteeringScreen):
    """The screen that is looked at while a sweep runs."""

    place = SWEEP
    noun = "trials"
    CSS_PATH = "sweep.tcss"
    BINDINGS = bindings(actions_of(SWEEP))
    help_text = (
        "Above, one line for each trial; ◆ is the baseline that every delta is against. A bar before the id is the "
        "colour of its curve: mark trials with space to choose them, or leave the choice to the cockpit, which draws "
        "the best, the baseline, what runs and what is under the cursor. The tabs tell of the trial under the cursor."
    )

    def __init__(self, experiment: str) -> None:
        super().__init__()
        self.experiment = experiment
        self._metric: Metric | None = None
        self._slots = ColorSlots()
        self._items: dict[str, TrialItem] = {}
        self._columns: TrialColumns | None = None
        self._columns_mark: object = None
        self._trials_shown: object = None
        self._charts_wanted = True  # on a low screen, where the tabs would take their place

    def body(self) -> Iterator[Widget]:
        self._set_width(update=False)  # so that nothing that comes now needs its style twice
        yield ListPane[TrialItem]("starting…", id="trials")
        with Horizontal(id="charts"):
            yield Chart()
            yield Chart(classes="second")
            yield NormsPane(classes="pane", id="side-norms")
        yield TrialTabs()

    def on_mount(self) -> None:
        retitle(self.listing, "Trials")
        self.listing.table.focus()
        self._arrange()

    def on_resize(self, event: events.Resize) -> None:
        self._arrange()

    def _arrange(self) -> None:
        """What is seen at this size: charts and tabs, or one of them."""
        low = self.app.size.height < LOW
        self.query_one("#charts").display = not low or self._charts_wanted
        self.query_one(TrialTabs).set_class(low and self._charts_wanted, "folded")
        self._set_width()

    def _set_width(self, update: bool = True) -> None:
        width = self.app.size.width
        self.set_class(width >= WIDE, "wide", update=update)
        self.set_class(width >= WIDEST, "widest", update=update)

    # What is read

    @property
    def current(self) -> TrialView | None:
        """The trial under the cursor."""
        item = self._items.get(self.listing.table.cursor_key or "")
        return item.view if item else None

    def interest(self) -> Interest:
        view = self.sweep_view()
        if view is None:
            return Interest(experiments=(self.experiment,))
        trial = self.current
        panes = self.query_one(TrialTabs).seen | ({NORMS} if self._shows_side_norms else frozenset())
        return Interest(
            experiments=(self.experiment,),
            curves=frozenset(
                CurveKey(focus.experiment, focus.trial, metric)
                for metric in self._shown_metrics(view)
                for focus in self._drawn(view)
            ),
            window=self.window,
            focus=Focus(self.experiment, trial.row.id) if trial else None,
            panes=panes,
            rows=self.query_one(TrialTabs).rows,
        )

    @property
    def _shows_side_norms(self) -> bool:
        return self.has_class("widest") and self.query_one("#charts").display

    def charts(self) -> Iterable[Chart]:
        return [chart for chart in self.query(Chart) if chart.display]

    def _shown_metrics(self, view: SweepView) -> Sequence[Metric]:
        """What the charts draw: the chosen metric, and beside it the sweep's own or the next."""
        if not self.query_one("#charts").display:
            return ()
        metrics = shown_metrics(view)
        if not metrics:
            return ()
        chosen = self._metric if self._metric in metrics else metrics[0]
        others = [metric for metric in metrics if metric != chosen]
        other = next((metric for metric in others if metric.name == view.sweep.metric), others[0] if others else None)
        return (chosen, other) if other is not None and self.has_class("wide") else (chosen,)

    def _drawn(self, view: SweepView) -> list[Focus]:
        """The marked trials; or, unasked, what runs, the best, the baseline and what is under the cursor."""
        chosen = [trial_id for trial_id in self.marked if view.trial(trial_id)]
        if not chosen:
            current, baseline = self.current, view.baseline
            wanted = [current.row.id if current else "", best_id(view), baseline.id if baseline else "", *view.running]
            chosen = list(dict.fromkeys(filter(None, wanted)))[:MOST_DRAWN_UNASKED]
        return [Focus(self.experiment, trial_id) for trial_id in chosen[: len(LINE_COLORS)]]

    # What is shown

    def show(self, snapshot: Snapshot) -> None:
        view = snapshot.sweeps.get(self.experiment)
        if view is None:
            return
        colors = self._slots.assign(self._drawn(view))
        self._show_trials(view, colors, snapshot)
        self.tell_counts(self._aside())
        self._show_charts(view, colors, snapshot)
        self._show_tabs(view, snapshot)

    def _show_trials(self, view: SweepView, colors: Mapping[Focus, int], snapshot: Snapshot) -> None:
        marks = {focus.trial: LINE_COLORS[color] for focus, color in colors.items()}
        shown_before, self._trials_shown = self._trials_shown, (view, snapshot.serial, marks)
        if shown_before == self._trials_shown:
            return  # only the cursor has moved, which the table knows
        self._items = self._renewed(view)
        mark = (view.sweep.metric, view.metrics, bool(view.trials))
        if self._columns is None or mark != self._columns_mark:
            self._columns, self._columns_mark = TrialColumns(view), mark
        columns = self._columns
        context = RowContext(self.cockpit.glyphs, best_id(view), snapshot.at)
        self.listing.empty_text = _waiting_text(view)
        self.listing.show(
            tuple(self._items.values()),
            columns.columns(view),
            columns.fields,
            lambda item: columns.cells(item, context),
            marks,
        )

    def _aside(self) -> str:
        """What the border says: why the trial under the cursor ended, where its column has no room."""
        hidden, current = self.listing.table.hidden_columns, self.current
        if "why" in hidden and current is not None and current.row.reason:
            return f"{current.row.id} {current.row.reason}"
        return f"{counted(len(hidden), 'more column')}: ← →" if hidden else ""

    def _renewed(self, view: SweepView) -> dict[str, TrialItem]:
        """Items of trials that did not change stay the same objects."""
        items: dict[str, TrialItem] = {}
        for trial in view.trials:
            known = self._items.get(trial.row.id)
            items[trial.row.id] = known if known and known.view is trial else TrialItem(trial, view.sweep.metric)
        return items

    def _show_charts(self, view: SweepView, colors: Mapping[Focus, int], snapshot: Snapshot) -> None:
        metrics = self._shown_metrics(view)
        for chart, metric in zip(self.query(Chart), metrics, strict=False):
            self.draw(chart, metric, colors, snapshot)

    def _show_tabs(self, view: SweepView, snapshot: Snapshot) -> None:
        trial = self.current
        pane_view = None
        if trial is not None:
            focus = snapshot.focus if snapshot.focus and snapshot.focus.focus.trial == trial.row.id else None
            colours = rich_colours(self.app.theme_variables)
            pane_view = PaneView(view, trial, focus, snapshot.importance, self.cockpit.glyphs, colours)
        self.query_one(TrialTabs).show(pane_view)
        side = self.query_one("#side-norms", NormsPane)
        if pane_view is not None and self._shows_side_norms:
            said = side.show(pane_view)
            retitle(side, f"Norms {pane_view.trial.row.id}", said)

    def header(self, snapshot: Snapshot) -> Text:
        view = snapshot.sweeps.get(self.experiment)
        if view is None:
            return shown(f"{self.experiment}  opening…", "bold")
        sweep, over = view.sweep, sum(row.is_over for row in view.rows if row.is_searched)
        line = shown(f"{sweep.experiment} {sweep.search}", "bold")
        line.append(f"  {self.cockpit.glyphs.of(sweep.status)}", self.cockpit.status_colour(sweep.status))
        if sweep.status == "queued":
            return line.append(f"  {sweep.reason}", "not bold")
        line.append(f"  {over}/{sweep.trials or '?'}", "not bold")
        if resting := self._resting(view):
            line.append(f"  {resting}", "not bold")
        best, baseline = view.best, view.baseline
        if best is not None:
            against = f" ({delta_text(gain(best.best, baseline.best, sweep.goal))})" if baseline is not None else ""
            line.append(f"  best {best.id} {metric_text(best.best)}{against}", "not bold")
        if sweep.status == "running":
            left = time_left(view.rows, sweep.trials, snapshot.at, 2 * sweep.confirm)
            at_once = f"  {len(view.running)} at once"
            line.append(at_once + (f"  ~{duration_text(left)} left" if left else ""), "not bold dim")
        return line

    def _resting(self, view: SweepView) -> str:
        """`1 paused, 2 waiting`; in a narrow terminal `‖1 ◌2`, because the best shall be seen beside it."""
        if self.app.size.width >= WIDE:
            return resting_text(view.rows)
        glyphs, statuses = self.cockpit.glyphs.status, [row.status for row in view.rows]
        counts = {status: statuses.count(status) for status in ("paused", "waiting")}
        return " ".join(f"{glyphs[status]}{count}" for status, count in counts.items() if count)

    # What can be done

    def level_above(self) -> CockpitScreen:
        from cockpit.tui.screens.home import HomeScreen

        return HomeScreen()

    def acted_on(self) -> Sequence[TrialView]:
        view = self.sweep_view()
        if view is None:
            return ()
        marked = [trial for trial_id in self.marked if (trial := view.trial(trial_id))]
        current = self.current
        return marked or ([current] if current else [])

    def fits(self, action: Action) -> str:
        if action.name in STEERING:
            return self.fits_steering(action)
        if action.name == "take_up":
            view = self.sweep_view()
            return f"Go on with {view.sweep.experiment}" if view is not None and view.can_go_on else ""
        if action.name == "best":
            view = self.sweep_view()
            return f"Go to {best_id(view)}, the best so far" if view is not None and best_id(view) else ""
        if action.name == "tab('charts')":
            return action.text if not self.query_one("#charts").display else ""
        about_list = self.fits_listing(action, self.current.row.id if self.current else "")
        return action.text if about_list is None else about_list

    def step_back(self) -> bool:
        if self.hide_cursors() or super().step_back():
            return True
        if not self._charts_wanted and self.size.height < LOW:
            self.action_tab("charts")
            return True
        return False

    def on_tab_line_chosen(self, event: TabLine.Chosen) -> None:
        self.action_tab(event.name)

    def action_tab(self, name: str) -> None:
        self._charts_wanted = name == "charts"
        self._arrange()
        if name != "charts":
            self.query_one(TrialTabs).open(name)
        elif self.focused is None or not self.focused.display:
            self.listing.table.focus()
        self.look_again()

    def diary_of(self) -> str:
        return self.experiment.split("-")[0]

    def open_row(self, key: str) -> None:
        from cockpit.tui.screens.trial import TrialScreen

        self.app.push_screen(TrialScreen(self.experiment, key))

    def compare_rows(self, keys: list[str]) -> None:
        from cockpit.tui.screens.compare import CompareScreen

        self.app.push_screen(CompareScreen([(self.experiment, trial_id) for trial_id in keys]))

    def action_best(self) -> None:
        view = self.sweep_view()
        if view is not None:
            self.listing.clear_filter()
            self.listing.table.move_to(best_id(view))

    def action_take_up(self) -> None:
        self.cockpit.take_up(self.diary_of(), lambda _: self.look_again())

    def action_next_metric(self) -> None:
        self._choose_metric(1)

    def action_previous_metric(self) -> None:
        self._choose_metric(-1)

    def _choose_metric(self, step: int) -> None:
        view = self.sweep_view()
        metrics = shown_metrics(view) if view is not None else ()
        if not metrics:
            return
        place = metrics.index(self._metric) if self._metric in metrics else 0
        self._metric = metrics[(place + step) % len(metrics)]
        if not self.query_one("#charts").display:
            self.action_tab("charts")
        self.look_again()


def _waiting_text(view: SweepView) -> str:
    if view.sweep.status == "running":
        return "starting Ray…" if view.sweep.engine == "ray" else "starting the first trial…"
    if view.sweep.status == "queued":
        return f"queued\n{view.sweep.reason}"
    return f"no trial was started\n{view.sweep.reason}"
