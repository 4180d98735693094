"""The per-step table: newest first, following."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Vertical

from cockpit.events.kinds import STEP_TIMES
from cockpit.store.data_wait import WAIT, wait_share, waiting_text
from cockpit.store.numbers import duration_text, metric_text, milliseconds_text, share_text
from cockpit.store.rows import StepRow
from cockpit.tui.widgets.newest_table import NewestTable
from cockpit.tui.widgets.panes.base import READING, PaneView
from cockpit.tui.widgets.remark import Remark
from cockpit.tui.widgets.table import Cell, Column

_FIRST = ("loss", "lr")


class StepsPane(Vertical):
    """Steps and evaluations with all their values. The cursor on the first row follows what comes."""

    def compose(self) -> ComposeResult:
        yield Remark()
        yield NewestTable[StepRow](empty_text="no steps yet")

    def show(self, view: PaneView) -> str:
        if view.focus is None:
            return READING
        table: NewestTable[StepRow] = self.query_one(NewestTable)
        rows = list(reversed(view.focus.steps))
        self._tell_of_waiting(rows, view)
        names, waits = _metric_names(rows), any(WAIT in row.metrics for row in rows)
        times = [name for name in STEP_TIMES if any(name in row.times for row in rows)]
        table.set_columns(_columns(names, waits, times))
        follows = table.show_newest(
            view.trial.row.id, rows, key=_key, cells=lambda row: _cells(row, names, waits, times)
        )
        return "following" if follows else "following again at the first row"

    def _tell_of_waiting(self, rows: Sequence[StepRow], view: PaneView) -> None:
        share = wait_share((row.step, row.metrics.get(WAIT)) for row in rows if row.phase == "train")
        text = waiting_text(share, view.trial.row.settings)
        self.query_one(Remark).tell(f"⚠ {text}" if text else "", view.colours.get("warning", ""))


def _metric_names(rows: Sequence[StepRow]) -> tuple[str, ...]:
    names = dict.fromkeys(name for row in rows for name in row.metrics if name != WAIT)
    return (*(name for name in _FIRST if name in names), *(name for name in names if name not in _FIRST))


def _columns(names: Sequence[str], waits: bool, times: Sequence[str]) -> tuple[Column, ...]:
    """Where the time of a step went is seen where there is room for it."""
    return (
        Column("phase", "phase", right=False, priority=70),
        Column("epoch", "epoch", priority=60),
        Column("step", "step", priority=100),
        *(Column(name, name, priority=90 - number) for number, name in enumerate(names)),
        *((Column(WAIT, WAIT, priority=35),) if waits else ()),
        *(Column(f"{name}_seconds", f"{name} ms", priority=30 - place) for place, name in enumerate(times)),
        Column("time", "time", priority=40),
    )


def _cells(row: StepRow, names: Sequence[str], waits: bool, times: Sequence[str]) -> tuple[Cell, ...]:
    style = "bold" if row.kind == "eval" else ""
    phase = f"{row.phase} ✓" if row.kind == "eval" and row.phase == "train" else row.phase
    return (
        Cell(phase, style),
        Cell(str(row.epoch), style),
        Cell(str(row.step), style),
        *(Cell(metric_text(row.metrics[name]) if name in row.metrics else "", style) for name in names),
        *((Cell(share_text(row.metrics.get(WAIT)), "dim"),) if waits else ()),
        *(Cell(milliseconds_text(row.times.get(name)), "dim") for name in times),
        Cell(duration_text(row.time) if row.time is not None else "", "dim"),
    )


def _key(row: StepRow) -> str:
    return f"{row.kind} {row.phase} {row.step}"
