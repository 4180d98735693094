"""The rows of trials, read for all of them at once, because an experiment may have ten thousand."""

from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any

from cockpit.store import ranking
from cockpit.store.rows import SweepRow, TrialRow

Evaluations = list[tuple[int, float | None]]  # step and value, in order of steps

_PLAIN = ("id", "rule", "error", "traceback", "seed", "attempt", "digest", "device", "total_steps", "changed")

# The last training step of a trial and its epoch are found by their key, without looking at the other steps.
_TRIALS = """
SELECT trial.*, last.step AS last_step, last.epoch AS last_epoch FROM trial
LEFT JOIN step AS last ON last.trial = number AND last.kind = 'step' AND last.phase = 'train' AND last.step =
    (SELECT max(step) FROM step WHERE step.trial = number AND step.kind = 'step' AND step.phase = 'train')
WHERE changed > ? ORDER BY number
"""
_EVALUATIONS = """
SELECT number, point.step, point.value FROM trial
JOIN point ON point.trial = number AND point.metric = ? WHERE changed > ? ORDER BY 1, 2
"""
_AT_STEPS = """
SELECT point.trial, point.metric, point.value FROM json_each(?) AS wanted
JOIN point ON point.trial = wanted.value ->> 0 AND point.metric = ? AND point.step = wanted.value ->> 1
"""


def read_trials(connection: sqlite3.Connection, sweep: SweepRow, since: int) -> list[TrialRow]:
    """All trials that changed after look `since`, in the order in which they began."""
    ranked_ids = _ranked_evaluations(connection)
    evaluations: dict[int, Evaluations] = {}
    for metric, name in ranked_ids.items():
        if name == sweep.metric:
            for trial, step, value in connection.execute(_EVALUATIONS, (metric, since)):
                evaluations.setdefault(trial, []).append((step, value))
    best_steps = {trial: _best_step(found, sweep.goal) for trial, found in evaluations.items()}
    metrics = _metrics_at(connection, best_steps, ranked_ids)
    return [
        _trial(row, sweep, evaluations.get(row["number"], []), best_steps.get(row["number"]), metrics)
        for row in connection.execute(_TRIALS, (since,)).fetchall()
    ]


def _ranked_evaluations(connection: sqlite3.Connection) -> dict[int, str]:
    """Names of the metrics whose evaluations may decide which trial is best, by their ids."""
    rows = connection.execute("SELECT id, phase, name FROM metric WHERE kind = 'eval'").fetchall()
    return {row["id"]: row["name"] for row in rows if ranking.is_ranked(row["phase"])}


def _best_step(evaluations: Evaluations, goal: str) -> int | None:
    best = ranking.best_of((value for _, value in evaluations), goal)
    return next((step for step, value in evaluations if best is not None and value == best), None)


def _metrics_at(
    connection: sqlite3.Connection, steps: Mapping[int, int | None], names: Mapping[int, str]
) -> dict[int, dict[str, float]]:
    """All ranked metrics of each trial at its given step."""
    wanted = json.dumps([(trial, step) for trial, step in steps.items() if step is not None])
    found: dict[int, dict[str, float]] = {}
    for metric in names:
        for trial, number, value in connection.execute(_AT_STEPS, (wanted, metric)):
            found.setdefault(trial, {})[names[number]] = math.nan if value is None else value
    return found


def _trial(
    row: sqlite3.Row,
    sweep: SweepRow,
    evaluations: Evaluations,
    best_step: int | None,
    metrics: Mapping[int, Mapping[str, float]],
) -> TrialRow:
    values = tuple(value for _, value in evaluations)
    best = ranking.best_of(values, sweep.goal)
    running = row["status"] == "running" and sweep.status != "running"
    return TrialRow(
        **{name: row[name] for name in _PLAIN},
        status="lost" if running else row["status"],
        reason="its sweep ended before it did" if running else row["reason"],
        baseline=bool(row["baseline"]),
        config=json.loads(row["config"]),
        effective=json.loads(row["effective"]),
        started=row["started"],
        ended=row["ended"],
        best=best,
        best_step=best_step,
        best_metrics=metrics.get(row["number"], {}),
        last=values[-1] if values else None,
        evaluations=values,
        steps=row["last_step"] or 0,
        epochs=0 if row["last_epoch"] is None else row["last_epoch"] + 1,
    )


def newest_values(
    connection: sqlite3.Connection, since: int, names: Iterable[str] | None
) -> dict[str, dict[str, float]]:
    """The newest value of each metric of all trials that changed after look `since`, evaluations over steps."""
    query = """SELECT trial.id, name, latest.value FROM trial JOIN latest ON latest.trial = trial.number
               JOIN metric ON metric.id = latest.metric WHERE changed > ? ORDER BY kind = 'eval'"""
    wanted = None if names is None else set(names)
    found: dict[str, dict[str, Any]] = {}
    for trial, name, value in connection.execute(query, (since,)):
        if wanted is None or name in wanted:
            found.setdefault(trial, {})[name] = math.nan if value is None else value
    return found
