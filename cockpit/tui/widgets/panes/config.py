"""The configuration: what was wanted, what came of it, and how both differ from the baseline's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from textual.app import ComposeResult
from textual.containers import Vertical

from cockpit.store.numbers import counted, setting_text
from cockpit.store.rows import TrialRow
from cockpit.tui.widgets.panes.base import PaneView
from cockpit.tui.widgets.table import Cell, Column, Table

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
    """Differences from the baseline first."""

    def compose(self) -> ComposeResult:
        table: Table[Setting] = Table()
        table.empty_text = "no configuration yet"
        table.set_columns(COLUMNS)
        yield table

    def show(self, view: PaneView) -> str:
        rows = settings_of(view.trial.row, view.sweep.baseline)
        table: Table[Setting] = self.query_one(Table)
        table.show(rows, key=lambda row: row.name, cells=_cells)
        differing = sum(row.differs for row in rows)
        return (
            "the baseline itself"
            if view.trial.row.baseline
            else f"{counted(differing, 'difference')} from the baseline"
        )


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
