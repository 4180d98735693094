"""Norms of parameters and gradients for each group: newest first, with what is wrong on top."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical

from cockpit.events.text import shortened
from cockpit.store.norm_alerts import norm_alerts, standing_out
from cockpit.store.rows import NormRow
from cockpit.tui.text import shown
from cockpit.tui.widgets.newest_table import NewestTable
from cockpit.tui.widgets.panes.base import READING, PaneView
from cockpit.tui.widgets.table import Cell, Column
from cockpit.tui.widgets.words import Words

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
    Column("tensors", "tensors", right=False, priority=50, least=16, grow=True),
)

LONGEST_GROUP = 26  # of a layer's name may not be much left in 80 columns


class NormsPane(Vertical):
    """One row for each logged step and parameter group."""

    DEFAULT_CSS = """
    NormsPane > #alert { height: 1; padding: 0 1; display: none; }
    NormsPane.alarmed > #alert { display: block; }
    """

    def compose(self) -> ComposeResult:
        yield Words(id="alert")
        yield NewestTable[NormRow](COLUMNS, empty_text="no norms yet; a trainer logs them every norms_every steps")

    def show(self, view: PaneView) -> str:
        if view.focus is None:
            return READING
        rows = view.focus.norms
        alerts = norm_alerts(rows)
        bad = {(alert.group, alert.step) for alert in alerts}
        self.set_class(bool(alerts), "alarmed")
        if alerts:
            more = f"  (and {len(alerts) - 1} more)" if len(alerts) > 1 else ""
            self.query_one("#alert", Words).show(shown(f"⚠ {alerts[0].text}{more}", view.colours.get("error", "")))
        table: NewestTable[NormRow] = self.query_one(NewestTable)
        newest = list(reversed(rows))
        table.show_newest(
            view.trial.row.id, newest, key=_key, cells=lambda row: _cells(row, (row.group, row.step) in bad)
        )
        return f"{len(alerts)} alerts" if len(alerts) > 1 else "1 alert" if alerts else ""


def _cells(row: NormRow, bad: bool) -> tuple[Cell, ...]:
    style = "bold $error" if bad or row.nonfinite else ""
    return (
        Cell(str(row.step), style or "dim"),
        Cell(shortened(row.group, LONGEST_GROUP), style),
        Cell(norm_text(row.grad_mean), style),
        Cell(norm_text(row.grad_std), style),
        Cell(norm_text(row.grad_max), style),
        Cell(norm_text(row.param_mean), style),
        Cell(norm_text(row.param_std), style),
        Cell(f"{row.update_ratio:.0e}", style),
        Cell(str(row.nonfinite) if row.nonfinite else "", style),
        Cell(standing_out(row), style),
    )


def norm_text(value: float) -> str:
    """Four significant digits, because norms of groups differ by orders of magnitude."""
    return f"{value:.3e}" if value != 0 and not 1e-3 <= abs(value) < 1e5 else f"{value:#.4g}".rstrip(".")


def _key(row: NormRow) -> str:
    return f"{row.step} {row.group}"
