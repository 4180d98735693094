"""`cockpit steps` and `cockpit grads`: the tables that scroll by while a trial runs."""

from __future__ import annotations

import csv
import json
import sys
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from cockpit.cli.norm_rows import SORTS, TENSORS, NormRows, ordered, remarks
from cockpit.cli.options import console, format_option, logs_option, print_lines, print_remark
from cockpit.events.kinds import STEP_TIMES
from cockpit.store.data_wait import WAIT

if TYPE_CHECKING:
    from cockpit.cli.layout import Layout
    from cockpit.store.folder import RunFolder
    from cockpit.store.reader import Index
    from cockpit.store.rows import StepRow

F = TypeVar("F", bound=Callable[..., Any])
Row = dict[str, Any]
Key = tuple[Any, ...]
Keyed = tuple[Key, Row]

FOLLOW_SECONDS = 0.5
ROWS_A_LOOK = 5000  # far more than a trial logs between two looks
FIRST_COLUMNS = ("phase", "epoch", "step", "loss", "lr")
TIMES = {f"{name}_seconds": f"{name} ms" for name in STEP_TIMES}
LAST_COLUMNS = (WAIT, *TIMES, "time")
WORDS = ("phase", "group", TENSORS)
HEADINGS = {
    "param_mean": "param",
    "param_std": "±param",
    "grad_mean": "grad",
    "grad_std": "±grad",
    "grad_max": "grad max",
    "nonfinite": "NaN",
    "update_ratio": "update",
    "time": "time s",
    **TIMES,
}
# The first to go where the terminal is narrow.
OPTIONAL = (*reversed(TIMES.values()), "±param", "±grad", "time s", WAIT)


def _table_options(function: F) -> F:
    for option in (
        format_option,
        click.option("--follow", is_flag=True, help="Go on until the trial or its sweep is over; a pause is no end."),
        click.option("--last", type=click.IntRange(min=1), metavar="N", help="Only the newest N rows."),
        logs_option,
        click.argument("trial", metavar="TRIAL"),
    ):
        function = option(function)
    return function


@click.command()
@_table_options
def steps(trial: str, logs: Path, last: int | None, follow: bool, form: str) -> None:
    """Print the per-step table of TRIAL: phase, epoch, step, loss, lr, scores, time.

    Behind the scores stand what one step spent its time on, the mean over those since the row before: waiting for data
    (also as the share "wait"), forward and backward pass, optimizer, recording. On devices that compute beside the host
    the times are the device's own. What they are on average stands below, however narrow the terminal is; csv and jsonl
    have seconds.
    """
    printed = _print_rows(trial, logs, last, follow, form, _step_rows)
    _tell_times(trial, logs, printed if form == "table" else ())


@click.command()
@_table_options
@click.option("--like", default="", metavar="REGEX", help="Only rows whose group has this in its name.")
@click.option("--sort", type=click.Choice(SORTS), metavar="COLUMN", help=f"Largest first: {', '.join(SORTS)}.")
def grads(trial: str, logs: Path, last: int | None, follow: bool, form: str, like: str, sort: str | None) -> None:
    """Print the norm table of TRIAL: one row per step and parameter group.

    Norms are over the L2 norms of the group's tensors: mean and standard deviation for parameters and gradients, the
    largest gradient norm, the number of gradient tensors that are not finite, and the size of the update relative to
    the parameters. Tensors that stand out are named: without a gradient, unchanged by it, or with one that is not
    finite. What is wrong altogether, and what is not trained, stands below. A trainer's norms_of makes rows of layers.
    """
    _print_rows(trial, logs, last, follow, form, NormRows(like, form), sort)
    if form == "table":
        _print_remarks(trial, logs)


def _step_rows(index: Index, trial: str, last: int | None) -> list[Keyed]:
    return [((row.kind, row.phase, row.step), _step_row(row)) for row in index.steps(trial, last)]


def _step_row(row: StepRow) -> Row:
    times = {f"{name}_seconds": value for name, value in row.times.items()}
    return {"phase": row.phase, "epoch": row.epoch, "step": row.step, **row.metrics, **times, "time": row.time}


def _times_of(row: Row) -> dict[str, float]:
    return {name: row[f"{name}_seconds"] for name in STEP_TIMES if f"{name}_seconds" in row}


def _tell_times(name: str, logs: Path, printed: Iterable[Row]) -> None:
    """Says, beside the table, what the printed steps spent their time on, and that the trial waits for data if so."""
    from cockpit.store.data_wait import waiting_text
    from cockpit.store.folder import find_trial
    from cockpit.store.reader import Index
    from cockpit.store.time_spent import spent_text

    run, trial = find_trial(logs, name)
    with Index(run) as index:
        settings = next((row.settings for row in index.trials(best_metrics=False) if row.id == trial), {})
        waiting = waiting_text(index.wait_share(trial), settings)
    if spent := spent_text(map(_times_of, printed)):
        print_remark(spent)
    if waiting:
        print_remark(f"⚠ {name} {waiting}")


def _print_remarks(name: str, logs: Path) -> None:
    from cockpit.store.folder import find_trial
    from cockpit.store.reader import Index

    run, trial = find_trial(logs, name)
    with Index(run) as index:
        for line in remarks(index, trial):
            print_remark(line)


ReadRows = Callable[["Index", str, int | None], list[Keyed]]


def _print_rows(
    name: str, logs: Path, last: int | None, follow: bool, form: str, read: ReadRows, sort: str | None = None
) -> Iterable[Row]:
    """Prints the rows of a trial, and returns the newest of them."""
    from cockpit.store.folder import find_trial
    from cockpit.store.reader import Index

    run, trial = find_trial(logs, name)
    writer = _WRITERS[form]()
    # Who follows must know the older rows too, or they would look new at the next look.
    wanted = max(last, ROWS_A_LOOK) if follow and last is not None else last
    with Index(run) as index:
        known = read(index, trial, wanted)
    if not known and not follow:
        print_remark(f"{name} has recorded none of these yet")
    printed: deque[Row] = deque(maxlen=last or ROWS_A_LOOK)
    first = [row for _, row in (known if last is None else known[-last:])]
    later = _new_rows(run, trial, {key for key, _ in known}, read) if follow else ()
    for rows in chain([first], later):
        writer.write(ordered(rows, sort))
        printed.extend(rows)
    return printed


def _new_rows(run: RunFolder, trial: str, seen: set[Key], read: ReadRows) -> Iterator[list[Row]]:
    """Batches of rows as they come, until neither the trial nor its sweep goes on."""
    from cockpit.store.life import LIVE
    from cockpit.store.reader import Index

    while True:
        with Index(run) as index:
            over = index.sweep().status not in LIVE
            over = over or any(row.id == trial and row.is_over for row in index.trials())
            rows = [(key, row) for key, row in read(index, trial, ROWS_A_LOOK) if key not in seen]
        seen.update(key for key, _ in rows)
        yield [row for _, row in rows]
        if over:
            return
        time.sleep(FOLLOW_SECONDS)


def _columns(names: Iterable[str]) -> list[str]:
    """Columns in their order: those that every log has first, times last."""
    names = dict.fromkeys(names)
    first = [name for name in FIRST_COLUMNS if name in names]
    last = [name for name in LAST_COLUMNS if name in names]
    middle = [name for name in names if name not in (*first, *last)]
    return [*first, *middle, *last]


class Writer(ABC):
    """Writes rows as they come. A metric that is reported for the first time makes a new line of headings."""

    def __init__(self) -> None:
        self._known: dict[str, None] = {}

    def write(self, rows: list[Row]) -> None:
        if not rows:
            return
        before = len(self._known)
        self._known.update((name, None) for row in rows for name in row)
        self._put(_columns(self._known), rows, with_header=len(self._known) > before)
        sys.stdout.flush()

    @abstractmethod
    def _put(self, columns: list[str], rows: list[Row], *, with_header: bool) -> None:
        """Write the rows, after a line of headings where one is due and the format has such a thing."""


class TableWriter(Writer):
    _layout: Layout

    def _put(self, columns: list[str], rows: list[Row], *, with_header: bool) -> None:
        from cockpit.cli.layout import Layout

        body = [[_text(name, row.get(name)) for name in columns] for row in rows]
        header, left_out = None, []
        if with_header:
            headings = [HEADINGS.get(name, name) for name in columns]
            folds = headings[-1] == TENSORS
            self._layout = Layout(headings, body, console().width, WORDS, OPTIONAL, last_folds=folds)
            header, left_out = self._layout.header(), self._layout.left_out
        print_lines([line for row in body for line in self._layout.lines(row)], header)
        if left_out:
            print_remark(f"(too narrow for {', '.join(left_out)}; they are in --format csv)")


class CsvWriter(Writer):
    def _put(self, columns: list[str], rows: list[Row], *, with_header: bool) -> None:
        writer = csv.DictWriter(sys.stdout, columns, lineterminator="\n")
        if with_header:
            writer.writeheader()
        writer.writerows(rows)


class JsonlWriter(Writer):
    def _put(self, columns: list[str], rows: list[Row], *, with_header: bool) -> None:
        from cockpit.store.document import plain

        print_lines([json.dumps(plain(row), ensure_ascii=False) for row in rows])


def _text(name: str, value: Any) -> str:
    from cockpit.store.numbers import metric_text, milliseconds_text, setting_text, share_text

    if value is None:
        return ""
    if name == "time":
        return f"{value:.2f}"
    if name in TIMES:
        return milliseconds_text(value)
    if name == WAIT:
        return share_text(value)
    rate = name == "lr" or name.endswith("_lr")
    return metric_text(value) if isinstance(value, float) and not rate else setting_text(value)


_WRITERS: dict[str, type[Writer]] = {"table": TableWriter, "csv": CsvWriter, "jsonl": JsonlWriter}
