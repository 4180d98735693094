"""`cockpit steps` and `cockpit grads`: the tables that scroll by while a trial runs."""

from __future__ import annotations

import csv
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from cockpit.cli.options import logs_option, print_table

if TYPE_CHECKING:
    from cockpit.store.folder import RunFolder
    from cockpit.store.reader import Index
    from cockpit.store.rows import NormRow, StepRow

F = TypeVar("F", bound=Callable[..., Any])
Row = dict[str, Any]

FOLLOW_SECONDS = 0.5
ROWS_A_LOOK = 5000  # far more than a trial logs between two looks
FIRST_COLUMNS = ("phase", "epoch", "step", "loss", "lr")


def _table_options(function: F) -> F:
    for option in (
        click.option("--format", "form", type=click.Choice(["table", "csv", "jsonl"]), default="table"),
        click.option("--follow", is_flag=True, help="Go on until the sweep ends."),
        click.option("--last", type=click.IntRange(min=1), metavar="N", help="Only the newest N rows."),
        logs_option,
        click.argument("trial", metavar="TRIAL"),
    ):
        function = option(function)
    return function


@click.command()
@_table_options
def steps(trial: str, logs: Path, last: int | None, follow: bool, form: str) -> None:
    """Print the per-step table of TRIAL: phase, epoch, step, loss, lr, scores, time."""
    _print_rows(trial, logs, last, follow, form, _step_rows)


@click.command()
@_table_options
def grads(trial: str, logs: Path, last: int | None, follow: bool, form: str) -> None:
    """Print the norm table of TRIAL: one row per step and parameter group.

    Norms are over the L2 norms of the group's tensors: mean and standard deviation for parameters and gradients, the
    largest gradient norm, the number of gradient tensors that are not finite, and the size of the update relative to
    the parameters.
    """
    _print_rows(trial, logs, last, follow, form, _norm_rows)


def _step_rows(index: Index, trial: str, last: int | None) -> list[Row]:
    return [_step_row(row) for row in index.steps(trial, last)]


def _step_row(row: StepRow) -> Row:
    return {"phase": row.phase, "epoch": row.epoch, "step": row.step, **row.metrics, "time": row.time}


def _norm_rows(index: Index, trial: str, last: int | None) -> list[Row]:
    return [_norm_row(row) for row in index.norms(trial, last)]


def _norm_row(row: NormRow) -> Row:
    return {name: getattr(row, name) for name in row.__slots__}


ReadRows = Callable[["Index", str, int | None], list[Row]]


def _print_rows(name: str, logs: Path, last: int | None, follow: bool, form: str, read: ReadRows) -> None:
    from cockpit.store.folder import find_trial
    from cockpit.store.reader import Index

    run, trial = find_trial(logs, name)
    with Index(run) as index:
        rows = read(index, trial, last)
    columns = _columns(rows)
    if not rows and not follow:
        click.echo(f"{name} has recorded none of these yet", err=True)
    writer = _WRITERS[form]
    writer(columns, rows, True)
    if follow:
        for more in _new_rows(run, trial, rows, read):
            writer(columns or _columns(more), more, not columns)
            columns = columns or _columns(more)


def _new_rows(run: RunFolder, trial: str, seen_rows: list[Row], read: ReadRows) -> Iterator[list[Row]]:
    """Batches of rows as they come, until neither the trial nor its sweep goes on."""
    from cockpit.store.reader import Index

    seen = {_key(row) for row in seen_rows}
    while True:
        with Index(run) as index:
            over = index.sweep().status != "running"
            over = over or any(row.id == trial and row.status != "running" for row in index.trials())
            rows = [row for row in read(index, trial, ROWS_A_LOOK) if _key(row) not in seen]
        if rows:
            seen.update(map(_key, rows))
            yield rows
        if over:
            return
        time.sleep(FOLLOW_SECONDS)


def _key(row: Row) -> tuple[Any, ...]:
    return (row.get("phase"), row.get("group"), row["step"])


def _columns(rows: Sequence[Row]) -> list[str]:
    """All columns that occur: those that every log has first, the time last."""
    names = dict.fromkeys(name for row in rows for name in row)
    first = [name for name in FIRST_COLUMNS if name in names]
    middle = [name for name in names if name not in (*first, "time")]
    return [*first, *middle, *(["time"] if "time" in names else [])]


def _write_table(columns: list[str], rows: list[Row], with_header: bool) -> None:
    from cockpit.store.numbers import metric_text, setting_text

    def text(name: str, value: Any) -> str:
        if value is None:
            return ""
        if name == "time":
            return f"{value:.2f}"
        rate = name == "lr" or name.endswith("_lr")
        return metric_text(value) if isinstance(value, float) and not rate else setting_text(value)

    if rows:
        body = [[text(name, row.get(name)) for name in columns] for row in rows]
        print_table(columns if with_header else [""] * len(columns), body, left=("phase", "group"))


def _write_csv(columns: list[str], rows: list[Row], with_header: bool) -> None:
    writer = csv.DictWriter(sys.stdout, columns, extrasaction="ignore", lineterminator="\n")
    if with_header and columns:
        writer.writeheader()
    writer.writerows(rows)
    sys.stdout.flush()


def _write_jsonl(columns: list[str], rows: list[Row], with_header: bool) -> None:
    from cockpit.store.document import plain

    for row in rows:
        click.echo(json.dumps(plain(row), ensure_ascii=False))


_WRITERS: dict[str, Callable[[list[str], list[Row], bool], None]] = {
    "table": _write_table,
    "csv": _write_csv,
    "jsonl": _write_jsonl,
}
