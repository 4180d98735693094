"""The list of one experiment's trials."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cockpit.store.numbers import duration_text, metric_text, setting_text
from cockpit.tui.glyphs import Glyphs, status_style
from cockpit.tui.interest import Metric
from cockpit.tui.snapshot import SweepView, TrialView
from cockpit.tui.widgets.columns import Cell, Column

MOST_OTHER_METRICS = 4
_NOT_SCORES = ("loss", "lr", "time")


@dataclass(frozen=True, slots=True)
class TrialItem:
    """One row."""

    view: TrialView
    metric: str

    @property
    def key(self) -> str:
        return self.view.row.id

    def words(self) -> Iterable[str]:
        row = self.view.row
        return (row.id, row.status, row.reason, "baseline" if row.baseline else "", row.purpose if row.extra else "")

    def field(self, name: str, /) -> Any:
        row = self.view.row
        if name in _READERS:
            return _READERS[name](row)
        if name in row.config:
            return row.config[name]
        if name in self.view.newest:
            return self.view.newest[name]
        return row.effective.get(name)


_READERS: Mapping[str, Any] = {
    "id": lambda row: row.id,
    "status": lambda row: row.status,
    "step": lambda row: row.steps,
    "epoch": lambda row: row.epochs,
    "best": lambda row: row.best,
    "why": lambda row: row.reason or None,
    "attempt": lambda row: row.attempt,
    "time": lambda row: row.seconds,
    "seed": lambda row: row.seed,
    "device": lambda row: row.device or None,
}


class TrialColumns:
    """Which columns the trials of one experiment have, and what stands in them."""

    def __init__(self, view: SweepView) -> None:
        metric = view.sweep.metric
        self._metric = metric
        self._varied = tuple(view.sweep.varied)
        scores = [
            found.name for found in view.metrics if found.kind == "eval" and found.name not in (metric, *_NOT_SCORES)
        ]
        self._others = tuple(dict.fromkeys(scores))[:MOST_OTHER_METRICS]
        self.fields = tuple(
            dict.fromkeys(
                [*_READERS, *self._varied, *(found.name for found in view.metrics)]
                + [name for trial in view.trials[:1] for name in (*trial.row.config, *trial.row.effective)]
            )
        )

    def columns(self, view: SweepView) -> tuple[Column, ...]:
        """In the order in which they stand. What is the same in all trials goes first where there is no room."""
        return (
            Column("id", "id", right=False, priority=100),
            Column("status", "status", right=False, priority=98),
            *(Column(name, name, priority=self._priority(name, view.trials)) for name in self._varied),
            Column("epoch", "epoch", priority=15),
            Column("step", "step", priority=45),
            Column("loss", "loss", priority=60),
            Column(self._metric, self._metric, priority=75),
            *(Column(name, name, priority=30 - number) for number, name in enumerate(self._others)),
            Column("best", "best", priority=90),
            Column("why", "why / time left", right=False, priority=55, least=28, grow=True),
        )

    def _priority(self, name: str, trials: Sequence[TrialView]) -> int:
        values = {setting_text(trial.row.config.get(name)) for trial in trials[:50]}
        return 80 - self._varied.index(name) % 10 if len(values) > 1 or len(trials) < 2 else 5

    def cells(self, item: TrialItem, context: RowContext) -> tuple[Cell, ...]:
        """What stands in each of the columns."""
        row, newest = item.view.row, item.view.newest
        purpose = row.purpose if row.extra else ""  # few searches repeat any, and lists are long
        dim = "dim" if purpose or row.status in ("pruned", "stopped", "interrupted") else ""
        told = ", ".join(filter(None, (purpose, row.reason or time_left_text(item.view, context.now))))
        best = Cell(metric_text(row.best), "bold $accent" if row.id == context.best else dim)
        total = f"/{row.total_steps}" if row.total_steps else ""
        return (
            Cell(
                f"{row.id} {context.glyphs.baseline}" if row.baseline else row.id,
                "bold" if row.id == context.best else "",
            ),
            Cell(context.glyphs.of(row.status), status_style(row.status)),
            *(Cell(setting_text(row.config.get(name)), dim) for name in self._varied),
            Cell(str(row.epochs), dim),
            Cell(f"{row.steps}{total}", dim),
            Cell(metric_text(newest.get("loss")), dim),
            Cell(metric_text(newest.get(self._metric)), dim),
            *(Cell(metric_text(newest.get(name)), dim) for name in self._others),
            best,
            Cell(told, dim),
        )


@dataclass(frozen=True)
class RowContext:
    """What a row looks like depends on more than the row."""

    glyphs: Glyphs
    best: str
    now: float


def time_left_text(view: TrialView, now: float) -> str:
    """`12m04s left`, at the speed so far; empty where that cannot be said, as in a later attempt after a pause."""
    row = view.row
    if row.status != "running" or row.attempt > 1 or row.started is None or not row.total_steps or not row.steps:
        return ""
    left = (now - row.started) / row.steps * max(0, row.total_steps - row.steps)
    return f"{duration_text(left)} left"


def best_id(view: SweepView) -> str:
    """The trial that is best so far; empty while none has a value."""
    return view.best.id if view.best else ""


def shown_metrics(view: SweepView) -> tuple[Metric, ...]:
    """The metrics in the order in which they are offered: the loss, the sweep's own, then the others."""
    own = view.sweep.metric

    def order(metric: Metric) -> tuple[int, str, str]:
        if metric.kind == "step" and metric.name == "loss":
            return (0, "", "")
        if metric.kind == "eval" and metric.name == own:
            return (1, metric.phase, "")
        return (2 if metric.kind == "eval" else 3, metric.name, metric.phase)

    return tuple(sorted(view.metrics, key=order))
