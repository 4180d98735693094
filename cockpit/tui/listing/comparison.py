"""Compared trials as rows of two tables: one of settings with a column for each trial, one of results."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cockpit.store.comparison import ResultRow, SettingRow, Subject, is_comparable, norms_text
from cockpit.store.numbers import delta_text, duration_text, metric_text
from cockpit.tui.glyphs import Glyphs, status_style
from cockpit.tui.palette import line_color
from cockpit.tui.widgets.columns import Cell, Column

CURVE = "curve"  # the row of settings that says in which colour each trial is drawn
_BAR = 3
_STRONG = "bold $accent"


def setting_columns(subjects: Sequence[Subject]) -> tuple[Column, ...]:
    """One for the names, then one for each subject; the first of them stay longest where there is no room."""
    trials = (Column(each.label, each.label, priority=100 - number) for number, each in enumerate(subjects))
    return (Column("setting", "setting", right=False, priority=200), *trials)


def setting_table(rows: Sequence[SettingRow], subjects: Sequence[Subject]) -> tuple[SettingRow, ...]:
    """The settings below a line with the colours."""
    return (SettingRow(CURVE, ("",) * len(subjects), differs=True), *rows)


def setting_cells(row: SettingRow, glyphs: Glyphs) -> tuple[Cell, ...]:
    """What stands in each column: what differs is marked, what does not is dim."""
    if row.name == CURVE and not any(row.texts):
        bars = (Cell(glyphs.mark * _BAR, line_color(number)) for number in range(len(row.texts)))
        return (Cell(CURVE, "dim"), *bars)
    if row.differs:
        name = f"{row.name} {'!=' if glyphs.ascii else '≠'}"
        return (Cell(name, _STRONG), *(Cell(text or "—", _STRONG) for text in row.texts))
    return (Cell(row.name, "dim"), *(Cell(text, "dim") for text in row.texts))


@dataclass(frozen=True)
class ResultColumns:
    """Which columns the results have: another one where the subjects aim at different things."""

    same_aim: bool
    metric: str

    @classmethod
    def of(cls, subjects: Sequence[Subject]) -> ResultColumns:
        same = all(is_comparable(each, subjects[0]) for each in subjects)
        return cls(same, subjects[0].sweep.metric if subjects else "")

    def columns(self) -> tuple[Column, ...]:
        aim = () if self.same_aim else (Column("aim", "aim", right=False, priority=92),)
        return (
            Column("trial", "trial", right=False, priority=100),
            Column("status", "status", right=False, priority=96),
            *aim,
            Column("best", f"best {self.metric}" if self.same_aim else "best", priority=98),
            Column("over_first", "Δ first", priority=94),
            Column("over_baseline", "Δ base", priority=90),
            Column("last", "last", priority=60),
            Column("steps", "steps", priority=70),
            Column("epochs", "epochs", priority=50),
            Column("time", "time", priority=80),
            Column("norms", "gradient norms: mean ≤ max", right=False, priority=40, least=24, grow=True),
        )

    def cells(self, row: ResultRow, best: float | None, glyphs: Glyphs) -> tuple[Cell, ...]:
        """What stands in each column; the `best` of all subjects is bold."""
        trial, sweep = row.subject.trial, row.subject.sweep
        aim = () if self.same_aim else (Cell(f"{sweep.goal} {sweep.metric}", "dim"),)
        wins = self.same_aim and row.best is not None and row.best == best
        label = f"{row.subject.label} {glyphs.baseline}" if trial.baseline else row.subject.label
        return (
            Cell(label, "bold" if wins else ""),
            Cell(glyphs.of(trial.status), status_style(trial.status)),
            *aim,
            Cell(metric_text(row.best), _STRONG if wins else ""),
            Cell(_delta(row.over_first), _gain_style(row.over_first)),
            Cell(_delta(row.over_baseline), _gain_style(row.over_baseline)),
            Cell(metric_text(row.last), "dim"),
            Cell(f"{trial.steps}/{trial.total_steps}" if trial.total_steps else str(trial.steps)),
            Cell(str(trial.epochs)),
            Cell(duration_text(row.seconds)),
            Cell(norms_text(row.subject.norms)),
        )


def _delta(value: float | None) -> str:
    return "" if value is None else delta_text(value)


def _gain_style(value: float | None) -> str:
    return "$text-success" if value is not None and value > 0 else ""
