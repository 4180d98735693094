"""The SQLite store of MLflow. What was deleted is told and left out."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from cockpit.events.text import one_line
from cockpit.importers.contract import About, Item, Unread
from cockpit.importers.database import Database, DatabaseImporter
from cockpit.importers.mlflow_runs import NAME, PARENT, MlflowRun, seconds
from cockpit.importers.values import Number, count, measured

_TABLES = {
    "experiments": frozenset(("experiment_id", "name", "lifecycle_stage")),
    "runs": frozenset(("run_uuid", "name", "status", "start_time", "end_time", "lifecycle_stage", "experiment_id")),
    "metrics": frozenset(("key", "value", "timestamp", "run_uuid", "step", "is_nan")),
    "params": frozenset(("key", "value", "run_uuid")),
    "tags": frozenset(("key", "value", "run_uuid")),
}
_INFINITE = 1.7976931348623157e308  # what the store holds in the place of infinity


def _experiments(database: Database, metric: str) -> Iterator[Item]:
    created = "creation_time" if "creation_time" in database.tables()["experiments"] else "NULL"
    experiments = list(
        database.rows(
            f"SELECT experiment_id, name, lifecycle_stage, {created} FROM experiments "
            "WHERE experiment_id IN (SELECT experiment_id FROM runs) ORDER BY experiment_id"
        )
    )
    if len(experiments) == 1:
        yield About(name=one_line(str(experiments[0][1])), at=seconds(experiments[0][3]))
    for number, name, stage, _ in experiments:
        if stage == "deleted":
            yield Unread(0, f"experiment {name}: deleted, left out")
        else:
            yield from _runs(database, number, str(name) if len(experiments) > 1 else "", metric)


def _runs(database: Database, experiment: Any, named: str, metric: str) -> Iterator[Item]:
    rows = database.rows(
        "SELECT run_uuid, name, status, start_time, end_time, lifecycle_stage FROM runs WHERE experiment_id = ? "
        "ORDER BY start_time, run_uuid",
        (experiment,),
    )
    for key, name, status, started, ended, stage in rows:
        if stage == "deleted":
            yield Unread(0, f"run {name}: deleted, left out")
            continue
        tags = _pairs(database, "tags", key)
        parent = tags.get(PARENT, "")
        yield from MlflowRun(
            id=key,
            name=name or "",
            status=status or "",
            started=started,
            ended=ended,
            parameters=_pairs(database, "params", key),
            tags=tags,
            series=_series(database, key),
            parent=_pairs(database, "tags", parent).get(NAME, parent) if parent else "",
            experiment=named,
        ).items(metric)


def _pairs(database: Database, table: str, run: str) -> dict[str, str]:
    rows = database.rows(f"SELECT key, value FROM {table} WHERE run_uuid = ? ORDER BY key", (run,))
    return {str(key): "" if value is None else str(value) for key, value in rows}


def _series(database: Database, run: str) -> dict[str, list[tuple[Number, Number, int]]]:
    rows = database.rows(
        "SELECT key, timestamp, value, step, is_nan FROM metrics WHERE run_uuid = ? ORDER BY timestamp, rowid", (run,)
    )
    series: dict[str, list[tuple[Number, Number, int]]] = {}
    for key, at, value, step, is_nan in rows:
        found = measured(value)
        if is_nan or found is None:
            found = math.nan
        elif abs(found) >= _INFINITE:
            found = math.copysign(math.inf, found)
        series.setdefault(str(key), []).append((measured(at) or 0, found, count(step) or 0))
    return series


IMPORTER = DatabaseImporter("mlflow-sqlite", "the SQLite store of MLflow (mlflow.db)", _TABLES, _experiments)
