"""Parquet: one file with every step and evaluation, or a folder of tables as in CSV."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import parquet

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
from cockpit.importers.exported_cells import FIXED, NORMS, PREFIX, SETTING, value_cell

_ROWS = 20_000  # in a row group, so that memory stays small
_NUMBERS = frozenset(("started", "ended", "best", "last"))
_COUNTS = frozenset(("seed", "attempt", "best_step", "steps", "epochs", "repeat", "pair", "seeds", "confirm"))

Row = Mapping[str, Any]


def _file(record: Record, path: Path) -> None:
    """Every step and evaluation. Norms have no place in it; the folder has them."""
    _write_steps(record, path)


def _folder(record: Record, path: Path) -> None:
    _write(path / "experiment.parquet", _typed(EXPERIMENT), [experiment_row(record)])
    _write_trials(record, path / "trials.parquet")
    _write_steps(record, path / "steps.parquet")
    norms = ({"trial": t.id, "group": n.group, "step": n.step, **norm_values(n)} for t, n in norm_rows(record))
    types = {"trial": pa.string(), "group": pa.string(), "step": pa.int64()}
    _write(path / "norms.parquet", {**types, **dict.fromkeys(NORMS, pa.float64())}, norms)


def _write_steps(record: Record, path: Path) -> None:
    names = {name: _column(name) for name in record.metric_names()}
    types = {"trial": pa.string(), "kind": pa.string(), "phase": pa.string(), "epoch": pa.int64(), "step": pa.int64()}
    rows = (
        {
            **{"trial": trial.id, "kind": step.kind, "phase": step.phase, "epoch": step.epoch, "step": step.step},
            "time": step.time,
            **{names[name]: value for name, value in step.metrics.items()},
        }
        for trial, step in step_rows(record)
    )
    _write(path, {**types, "time": pa.float64(), **dict.fromkeys(names.values(), pa.float64())}, rows)


def _write_trials(record: Record, path: Path) -> None:
    """Settings have the type that all their values have, or are texts as in CSV."""
    settings = record.setting_names()
    types = {name: _setting_type([t.config[name] for t in record.trials if name in t.config]) for name in settings}
    rows = (
        {**trial_row(trial), **{f"{SETTING}{name}": _setting(trial.config, name, types[name]) for name in settings}}
        for trial in record.trials
    )
    _write(path, {**_typed(TRIAL), **{f"{SETTING}{name}": found for name, found in types.items()}}, rows)


def _typed(names: Iterable[str]) -> dict[str, Any]:
    types = {**dict.fromkeys(_NUMBERS, pa.float64()), **dict.fromkeys(_COUNTS, pa.int64()), "baseline": pa.bool_()}
    return {name: types.get(name, pa.string()) for name in names}


def _setting_type(values: Sequence[Any]) -> Any:
    kinds = {type(value) for value in values if value is not None}
    if kinds == {bool}:
        return pa.bool_()
    if kinds == {int} and all(abs(value) < 1 << 63 for value in values if value is not None):
        return pa.int64()
    return pa.float64() if kinds and kinds <= {int, float} else pa.string()


def _setting(config: Row, name: str, kind: Any) -> Any:
    value = config.get(name)
    if value is None or name not in config:
        return None
    if kind == pa.float64():
        return float(value)
    return value if kind != pa.string() or isinstance(value, str) else value_cell(value)


def _column(name: str) -> str:
    return f"{PREFIX}{name}" if name in FIXED or name.startswith(PREFIX) else name


def _write(path: Path, types: Mapping[str, Any], rows: Iterable[Row]) -> None:
    schema = pa.schema(list(types.items()))
    with parquet.ParquetWriter(path, schema) as writer:
        for some in _batches(rows):
            columns = [pa.array([row.get(name) for row in some], found) for name, found in types.items()]
            writer.write_table(pa.Table.from_arrays(columns, schema=schema))


def _batches(rows: Iterable[Row]) -> Iterator[list[Row]]:
    rows = iter(rows)
    while some := list(islice(rows, _ROWS)):
        yield some


FORMAT = Format(
    name="parquet",
    summary="every step and evaluation in one table, or a folder of tables",
    endings=(".parquet",),
    file=_file,
    folder=_folder,
)
