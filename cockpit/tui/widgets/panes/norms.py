"""Norms of parameters and gradients for each group: newest first, with what is wrong on top."""

from __future__ import annotations

import math

from textual.app import ComposeResult
from textual.containers import Vertical

from cockpit.events.text import LONGEST_LINE, shortened
from cockpit.store.norm_alerts import alert_lines, norm_alerts, standing_out
from cockpit.store.numbers import counted, metric_text
from cockpit.store.rows import NormRow
from cockpit.tui.widgets.newest_table import NewestTable
from cockpit.tui.widgets.panes.base import READING, PaneView
from cockpit.tui.widgets.remark import Remark
from cockpit.tui.widgets.table import Cell, Column

COLUMNS = (
    Column("step", "step", priority=100),
    Column("group", "group", right=False, priority=99),
    Column("grad_mean", "|g| mean", priority=95),
    Column("grad_std", "|g| std", priority=70),
    Column("grad_max", "|g| max", priority=80),
    Column("param_mean", "|w| mean", priority=90),
    Column("param_std", "|w| std", priority=60),
    Column("update_ratio", "Δw/w", priority=85),
    Column("nonfinite", "NaN", priority=75),
)
# Names say more of what is wrong than numbers do; where nothing is, there is no such column.
TENSORS = Column("tensors", "tensors", right=False, priority=88, least=16, grow=True)
LONGEST_GROUP, NARROW = 26, 120  # of a layer's name may not be much left where there are fewer columns


class NormsPane(Vertical):
    """One row for each logged step and parameter group. Above stands what is wrong, else what is not trained."""

    def compose(self) -> ComposeResult:
        yield Remark()
        yield NewestTable[NormRow](COLUMNS, empty_text="no norms yet; a trainer logs them every norms_every steps")

    def show(self, view: PaneView) -> str:
        if view.focus is None:
            return READING
        rows = view.focus.norms
        alerts = norm_alerts(rows, whole=view.focus.has_all_norms)
        bad = {(alert.group, alert.step) for alert in alerts}
        lines = alert_lines(alerts)
        if lines:
            self.query_one(Remark).tell(f"⚠ {lines[0]}", view.colours.get("error", ""))
        else:
            self.query_one(Remark).tell(view.focus.frozen)
        table: NewestTable[NormRow] = self.query_one(NewestTable)
        named = any(standing_out(row) for row in rows)
        table.set_columns((*COLUMNS, TENSORS) if named else COLUMNS)
        newest = list(reversed(rows))
        longest = LONGEST_GROUP if table.content_size.width < NARROW else LONGEST_LINE
        table.show_newest(
            view.trial.row.id,
            newest,
            key=_key,
            cells=lambda row: _cells(row, (row.group, row.step) in bad, named, longest),
        )
        return counted(len(lines), "alert") if lines else ""


def _cells(row: NormRow, bad: bool, named: bool, longest: int) -> tuple[Cell, ...]:
    style = "bold $error" if bad or row.nonfinite else ""
    return (
        Cell(str(row.step), style or "dim"),
        Cell(shortened(row.group, longest), style),
        Cell(norm_text(row.grad_mean), style),
        Cell(norm_text(row.grad_std), style),
        Cell(norm_text(row.grad_max), style),
        Cell(norm_text(row.param_mean), style),
        Cell(norm_text(row.param_std), style),
        Cell(ratio_text(row.update_ratio), style),
        Cell(str(row.nonfinite) if row.nonfinite else "", style),
        *((Cell(standing_out(row), style),) if named else ()),
    )


def norm_text(value: float) -> str:
    """Four significant digits, because norms of groups differ by orders of magnitude."""
    if not math.isfinite(value):
        return metric_text(value)
    return f"{value:.3e}" if value != 0 and not 1e-3 <= abs(value) < 1e5 else f"{value:#.4g}".rstrip(".")


def ratio_text(value: float) -> str:
    """One digit and its power of ten tell what there is to know of an update."""
    return f"{value:.0e}" if math.isfinite(value) and value else metric_text(value) if value else "0"


def _key(row: NormRow) -> str:
    return f"{row.step} {row.group}"
