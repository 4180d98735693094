"""CSV: one file with every step, evaluation and norm, or a folder of tables. `cockpit import` reads both back."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from cockpit.export.contract import Format
from cockpit.export.record import Record
from cockpit.export.tables import (
    EXPERIMENT,
    TRIAL,
    experiment_row,
    norm_rows,
    norm_values,
    step_rows,
    trial_row,
)
from cockpit.importers import exported_cells as cells
from cockpit.store.rows import NormRow, StepRow, TrialRow

_ROWS = 2000  # written at once


def _text(record: Record) -> Iterator[str]:
    """One table of everything that was measured. Norms have the kind `norms`, and their columns beside the metrics."""
    metrics = record.metric_names()
    has_norms = any(record.index.norm_groups(trial.id) for trial in record.trials)
    columns = list(dict.fromkeys([*metrics, *(cells.NORMS if has_norms else ())]))
    steps = (_step_cells(trial, step, columns) for trial, step in step_rows(record))
    norms = (_norm_cells(trial, norm, columns) for trial, norm in norm_rows(record))
    yield from _lines([[*cells.FIXED, *map(cells.metric_column, columns)]])
    yield from _lines(steps)
    yield from _lines(norms)


def _folder(record: Record, path: Path) -> None:
    metrics, settings = record.metric_names(), record.setting_names()
    experiment = experiment_row(record)
    _write(path / cells.EXPERIMENT, EXPERIMENT, [[_cell(experiment[name]) for name in EXPERIMENT]])
    headings = [*TRIAL, *(cells.text_cell(f"{cells.SETTING}{name}") for name in settings)]
    _write(path / cells.TRIALS, headings, (_trial_cells(trial, settings) for trial in record.trials))
    headings = [*cells.FIXED, *map(cells.metric_column, metrics)]
    _write(path / cells.STEPS, headings, (_step_cells(trial, step, metrics) for trial, step in step_rows(record)))
    headings = [*cells.FIXED, *cells.NORMS]
    _write(path / cells.NORM_TABLE, headings, (_norm_cells(*row, cells.NORMS) for row in norm_rows(record)))


def _write(path: Path, headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        file.writelines(_lines([headings]))
        file.writelines(_lines(rows))


def _lines(rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Rows as text, many at once."""
    rows = iter(rows)
    while some := list(islice(rows, _ROWS)):
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(some)
        yield text.getvalue()


def _step_cells(trial: TrialRow, step: StepRow, metrics: Sequence[str]) -> list[str]:
    values = [cells.number_cell(step.metrics.get(name)) for name in metrics]
    place = [trial.id, step.kind, cells.text_cell(step.phase), "", str(step.epoch), str(step.step)]
    return [*place, cells.number_cell(step.time), *values]


def _norm_cells(trial: TrialRow, norm: NormRow, columns: Sequence[str]) -> list[str]:
    known = norm_values(norm)
    place = [trial.id, "norms", "", cells.text_cell(norm.group), "", str(norm.step), ""]
    return [*place, *(cells.number_cell(known.get(name)) for name in columns)]


def _trial_cells(trial: TrialRow, settings: Sequence[str]) -> list[str]:
    known = trial_row(trial)
    config = [cells.value_cell(trial.config[name]) if name in trial.config else "" for name in settings]
    return [*(_cell(known[name]) for name in TRIAL), *config]


def _cell(value: Any) -> str:
    """A column whose type is known: a text stands there as it is, nothing is empty."""
    if value is None:
        return ""
    return cells.text_cell(value) if isinstance(value, str) else cells.value_cell(value)


FORMAT = Format(
    name="csv",
    summary="every step, evaluation and norm in one table, or a folder of tables",
    endings=(".csv",),
    text=_text,
    folder=_folder,
)
