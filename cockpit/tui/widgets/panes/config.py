"""The configuration: what was wanted, what came of it, and how both differ from the baseline's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Vertical

from cockpit.store.numbers import counted, setting_text
from cockpit.store.rows import TrialRow
from cockpit.tui.text import shown
from cockpit.tui.widgets.panes.base import PaneView
from cockpit.tui.widgets.table import Cell, Column, Table
from cockpit.tui.widgets.words import Words

MOST_PAST = 4

COLUMNS = (
    Column("setting", "setting", right=False, priority=100),
    Column("effective", "effective", priority=95),
    Column("baseline", "baseline", priority=90),
    Column("wanted", "wanted", priority=60),
)


@dataclass(frozen=True, slots=True)
class Setting:
    """One name with its values as texts, empty where there is none."""

    name: str
    wanted: str
    effective: str
    baseline: str

    @property
    def differs(self) -> bool:
        return bool(self.baseline) and self.baseline != (self.effective or self.wanted)


class ConfigPane(Vertical):
    """Differences from the baseline first; above them what was changed on the way, and why it took several attempts."""

    DEFAULT_CSS = "ConfigPane > #past { display: none; padding: 0 1; }"

    def compose(self) -> ComposeResult:
        yield Words(id="past")
        table: Table[Setting] = Table()
        table.empty_text = "no configuration yet"
        table.set_columns(COLUMNS)
        yield table

    def show(self, view: PaneView) -> str:
        self._tell_past(past_lines(view))
        rows = settings_of(view.trial.row, view.sweep.baseline)
        table: Table[Setting] = self.query_one(Table)
        table.show(rows, key=lambda row: row.name, cells=_cells)
        differing = sum(row.differs for row in rows)
        return (
            "the baseline itself"
            if view.trial.row.baseline
            else f"{counted(differing, 'difference')} from the baseline"
        )

    def _tell_past(self, lines: list[str]) -> None:
        past = self.query_one("#past", Words)
        past.display = bool(lines)
        past.styles.height = len(lines)
        past.show(Text("\n", no_wrap=True, overflow="ellipsis").join(shown(line) for line in lines))


def past_lines(view: PaneView) -> list[str]:
    """The newest attempts and changes, as many as leave room for the settings."""
    if view.focus is None:
        return []
    lines = []
    for attempt, before in zip(view.focus.attempts[1:], view.focus.attempts, strict=False):
        start = f"went on after step {attempt.after}" if attempt.after else "began anew"
        lines.append(f"attempt {attempt.number} {start}; the one before: {before.why or 'it was cut off'}")
    for change in view.focus.changes:
        settings = " ".join(f"{name}={setting_text(value)}" for name, value in change.settings.items())
        lines.append(f"{settings} from step {change.step + 1} on" + (f", by {change.who}" if change.who else ""))
    hidden = len(lines) - MOST_PAST
    return lines if hidden <= 0 else [f"{hidden + 1} earlier ones: cockpit show", *lines[hidden + 1 :]]


def settings_of(trial: TrialRow, baseline: TrialRow | None) -> list[Setting]:
    """Every setting of a trial, those that differ from the baseline first."""
    reference: Mapping[str, Any] = {} if baseline is None else {**baseline.config, **baseline.effective}
    names = dict.fromkeys([*trial.config, *trial.effective])
    rows = [
        Setting(
            name,
            wanted=setting_text(trial.config[name]) if name in trial.config else "",
            effective=setting_text(trial.effective[name]) if name in trial.effective else "",
            baseline=setting_text(reference[name]) if name in reference else "",
        )
        for name in names
    ]
    return sorted(rows, key=lambda row: not row.differs)


def _cells(row: Setting) -> tuple[Cell, ...]:
    style = "bold $accent" if row.differs else ""
    return (
        Cell(f"{row.name} ≠" if row.differs else row.name, style),
        Cell(row.effective or row.wanted, style),
        Cell(row.baseline, ""),
        Cell(row.wanted, "dim"),
    )
