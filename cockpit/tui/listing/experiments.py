"""The list of experiments."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from cockpit.store.catalogue import ExperimentRow
from cockpit.store.numbers import HOUR, MINUTE, age_text, delta_text, metric_text, sparkline
from cockpit.store.verdict import FOUND
from cockpit.tui.glyphs import UNICODE, Glyphs, status_style
from cockpit.tui.widgets.table import Cell, Column

COLUMNS = (
    Column("id", "id", right=False, priority=100),
    Column("search", "search", right=False, priority=95, least=6),
    Column("status", "status", right=False, priority=98),
    Column("trials", "trials", priority=60),
    Column("best", "best", priority=90),
    Column("trend", "trend", right=False, priority=40),
    Column("delta", "Δ base", priority=70),
    Column("leaderboard", "LB", priority=65),
    Column("age", "age", priority=55),
    Column("metric", "metric", right=False, priority=30),
    Column("question", "question", right=False, priority=50, least=20, grow=True),
)
FIELDS = (
    *(column.key for column in COLUMNS),
    "name",
    "reason",
    "baseline",
    "trainer",
    "started",
    "goal",
    "paused",
    "verdict",
)


@dataclass(frozen=True, slots=True)
class ExperimentItem:
    """One row; `now` is the moment that its age is counted to."""

    row: ExperimentRow
    now: float

    @property
    def key(self) -> str:
        return self.row.name

    def words(self) -> Iterable[str]:
        return (self.row.name, self.row.search, self.row.question, self.row.status, self.row.reason)

    def field(self, name: str, /) -> Any:
        reader = _READERS.get(name)
        return getattr(self.row, name) if reader is None else reader(self)

    @property
    def age(self) -> float | None:
        return None if self.row.started is None else max(0.0, self.now - self.row.started)

    def cells(self, glyphs: Glyphs) -> tuple[Cell, ...]:
        """What stands in each of `COLUMNS`."""
        row = self.row
        status = "silent" if row.silent is not None else row.status
        words = f"{glyphs.status.get(status, '?')} {status}"
        if row.silent is not None:
            words += f" {age_text(row.silent)}"
        if row.paused_trials:
            words += f", {row.paused_trials} paused"
        if row.verdict in FOUND:
            words += f", {row.verdict}"
        done = "" if row.status == "broken" else f"{row.ended_trials}/{'?' if row.trials is None else row.trials}"
        better = row.delta is not None and row.delta > 0
        return (
            Cell(row.id, "bold"),
            Cell(row.search),
            Cell(words, status_style(status)),
            Cell(done),
            Cell(metric_text(row.best), "bold" if row.best is not None else "dim"),
            Cell(trend(row, glyphs)),
            Cell(delta_text(row.delta), "$success" if better else ""),
            Cell(metric_text(row.leaderboard), "" if row.leaderboard is not None else "dim"),
            Cell(_age_text(self.age)),
            Cell(row.metric, "dim"),
            Cell(row.reason if row.status in ("failed", "broken", "queued") and row.reason else row.question),
        )


def trend(row: ExperimentRow, glyphs: Glyphs) -> str:
    """The best value so far, trial by trial."""
    line = sparkline(list(row.history), row.goal)
    return line if glyphs.ascii is False else line.translate(str.maketrans(UNICODE.blocks, glyphs.blocks))


def _age_text(seconds: float | None) -> str:
    """In minutes at the finest: a list that counted seconds would never be still."""
    return "<1m" if seconds is not None and seconds < MINUTE else age_text(seconds)


_READERS: Mapping[str, Callable[[ExperimentItem], Any]] = {
    "trials": lambda item: item.row.ended_trials,
    "paused": lambda item: item.row.paused_trials,
    "trend": lambda item: item.row.delta,
    "age": lambda item: None if item.age is None else item.age / HOUR,
    "status": lambda item: "silent" if item.row.silent is not None else item.row.status,
}
