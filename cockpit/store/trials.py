"""The rows of trials, read for all of them at once, because an experiment may have ten thousand."""

from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from cockpit.store import ranking
from cockpit.store.rows import SweepRow, TrialRow

Evaluations = Sequence[tuple[int, float | None]]  # step and value, in order of steps
Best = tuple[int | None, float | None]  # step and value, both None while there is none

# The last training step of a trial and its epoch are found by their key, without looking at the other steps.
_TRIALS = """
SELECT number, id, trial.status, baseline, reason, rule, error, traceback, seed, attempt, config, effective, digest,
    device, total_steps, changed, started, ended, last.step, last.epoch FROM trial
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
    evaluations: dict[int, list[tuple[int, float | None]]] = {}
    for metric, name in ranked_ids.items():
        if name == sweep.metric:
            for trial, step, value in connection.execute(_EVALUATIONS, (metric, since)):
                evaluations.setdefault(trial, []).append((step, value))
    best = {trial: _best(found, sweep.goal) for trial, found in evaluations.items()}
    metrics = _metrics_at(connection, best, ranked_ids)
    cursor = connection.cursor()
    cursor.row_factory = None  # plain tuples are twice as fast
    return [
        _trial(row[1:], sweep, evaluations.get(row[0], ()), best.get(row[0], (None, None)), metrics.get(row[0], {}))
        for row in cursor.execute(_TRIALS, (since,)).fetchall()
    ]


def _ranked_evaluations(connection: sqlite3.Connection) -> dict[int, str]:
    """Names of the metrics whose evaluations may decide which trial is best, by their ids."""
    rows = connection.execute("SELECT id, phase, name FROM metric WHERE kind = 'eval'").fetchall()
    return {row["id"]: row["name"] for row in rows if ranking.is_ranked(row["phase"])}


def _best(evaluations: Evaluations, goal: str) -> Best:
    best = ranking.best_of([value for _, value in evaluations], goal)
    return next(((step, value) for step, value in evaluations if best is not None and value == best), (None, None))


def _metrics_at(
    connection: sqlite3.Connection, best: Mapping[int, Best], names: Mapping[int, str]
) -> dict[int, dict[str, float]]:
    """All ranked metrics of each trial at its best step."""
    wanted = json.dumps([(trial, step) for trial, (step, _) in best.items() if step is not None])
    found: dict[int, dict[str, float]] = {}
    for metric in names:
        for trial, number, value in connection.execute(_AT_STEPS, (wanted, metric)):
            found.setdefault(trial, {})[names[number]] = math.nan if value is None else value
    return found


def _trial(
    row: tuple[Any, ...], sweep: SweepRow, evaluations: Evaluations, best: Best, best_metrics: Mapping[str, float]
) -> TrialRow:
    (trial_id, status, baseline, reason, rule, error, traceback, seed, attempt, config, effective, digest) = row[:12]
    device, total_steps, changed, started, ended, last_step, last_epoch = row[12:]
    values = tuple(value for _, value in evaluations)
    if status == "running" and sweep.status != "running":
        status, reason = "lost", "its sweep ended before it did"
    return TrialRow(
        id=trial_id,
        status=status,
        baseline=bool(baseline),
        reason=reason,
        rule=rule,
        error=error,
        traceback=traceback,
        seed=seed,
        attempt=attempt,
        config=json.loads(config),
        effective=json.loads(effective),
        digest=digest,
        device=device,
        total_steps=total_steps,
        changed=changed,
        started=started,
        ended=ended,
        best=best[1],
        best_step=best[0],
        best_metrics=best_metrics,
        last=values[-1] if values else None,
        evaluations=values,
        steps=last_step or 0,
        epochs=0 if last_epoch is None else last_epoch + 1,
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
