"""The rows of trials, read for all of them at once, because an experiment may have ten thousand.

Every answer is one text of JSON that SQLite puts together. Meanwhile other threads run; a query that gives rows has to
wait for its turn again after each of them.
"""

from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from cockpit.store import ranking
from cockpit.store.life import LIVE
from cockpit.store.rows import SweepRow, TrialRow

Best = tuple[int | None, float | None]  # step and value, both None while there is none

_NUMBER = (  # `quote` writes all digits
    "CASE {0} WHEN 9e999 THEN 'Infinity' WHEN -9e999 THEN '-Infinity' "
    "ELSE ifnull(nullif(quote({0}), 'NULL'), '{1}') END"
)
_VALUE, _NAN = _NUMBER.format("value", "null"), _NUMBER.format("value", "NaN")
_TEXTS = ("id", "status", "reason", "rule", "error", "traceback", "digest", "device")
_OTHERS = {"config": "config", "effective": "effective", "extra": "extra", "baseline": "iif(baseline, 'true', 'false')"}

_COLUMNS = TrialRow._fields[: TrialRow._fields.index("best")]
_FIELDS = " || ',' || ".join(
    f"json_quote({name})" if name in _TEXTS else _OTHERS.get(name, _NUMBER.format(name, "null")) for name in _COLUMNS
)
# A trial's last training step and its evaluations are found by their keys, without looking at the other steps.
_TRIALS = f"""
SELECT '[' || group_concat(line) || ']' FROM (
    SELECT '[' || number || ',' || {_FIELDS} || ',' || coalesce((
        SELECT step || ',' || (epoch + 1) FROM step WHERE step.trial = number AND kind = 'step' AND phase = 'train'
        ORDER BY step DESC LIMIT 1
    ), '0,0') || ',' || (
        SELECT '[' || coalesce(group_concat(step), '') || '],[' || coalesce(group_concat({_VALUE}), '') || ']' FROM (
            SELECT step, value FROM point
            WHERE point.trial = number AND metric IN (SELECT value FROM json_each(:ranked))
            ORDER BY metric, step
        )
    ) || ']' AS line FROM trial WHERE changed > :since ORDER BY number
)
"""
_AT_STEPS = f"""
SELECT '{{' || group_concat('"' || (wanted.value ->> 0) || '":{{' || (
    SELECT group_concat(json_quote(name) || ':' || {_NAN}) FROM (
        SELECT name, point.value FROM json_each(:ranked) AS ranked JOIN metric ON metric.id = ranked.value
        JOIN point ON point.trial = wanted.value ->> 0 AND metric = ranked.value AND step = wanted.value ->> 1
    )
) || '}}') || '}}' FROM json_each(:wanted) AS wanted
"""
_EVALUATIONS = """
SELECT trial.id, point.step, step.epoch, point.value FROM trial
JOIN metric ON metric.id IN (SELECT value FROM json_each(:ranked))
JOIN point ON point.trial = trial.number AND point.metric = metric.id
JOIN step ON step.trial = trial.number AND step.kind = 'eval' AND step.phase = metric.phase AND step.step = point.step
ORDER BY trial.number, point.step
"""
_NEWEST = f"""
SELECT '{{' || group_concat(json_quote(id) || ':{{' || coalesce((
    SELECT group_concat(json_quote(name) || ':' || {_NAN}) FROM (
        SELECT name, value FROM latest JOIN metric ON metric.id = latest.metric
        WHERE latest.trial = number AND (:names IS NULL OR name IN (SELECT value FROM json_each(:names)))
        ORDER BY kind = 'eval'
    )
), '') || '}}') || '}}' FROM trial WHERE changed > :since
"""


def read_trials(
    connection: sqlite3.Connection, sweep: SweepRow, since: int, best_metrics: bool = True
) -> list[TrialRow]:
    """All trials that changed after look `since`, in the order in which they began."""
    ranked = _ranked_evaluations(connection)
    own = [number for number, name in ranked.items() if name == sweep.metric]
    lines: list[list[Any]] = _answer(connection, _TRIALS, since=since, ranked=json.dumps(own)) or []
    best = [_best(steps, values, sweep.goal) for *_, steps, values in lines]
    steps = {line[0]: step for line, (step, _) in zip(lines, best, strict=True) if step is not None}
    metrics = _metrics_at(connection, steps, ranked) if best_metrics else {}
    return [_trial(line, sweep, found, metrics.get(str(line[0]), {})) for line, found in zip(lines, best, strict=True)]


def read_evaluations(connection: sqlite3.Connection, metric: str) -> dict[str, list[tuple[int, int, float]]]:
    """Step, epoch and value of each ranked evaluation of a metric, in order of steps, by trial."""
    ids = json.dumps([number for number, name in _ranked_evaluations(connection).items() if name == metric])
    found: dict[str, list[tuple[int, int, float]]] = {}
    for trial, step, epoch, value in connection.execute(_EVALUATIONS, {"ranked": ids}):
        found.setdefault(trial, []).append((step, epoch, math.nan if value is None else value))
    return found


def newest_values(
    connection: sqlite3.Connection, since: int, names: Iterable[str] | None
) -> dict[str, dict[str, float]]:
    """The newest value of each metric of all trials that changed after look `since`, evaluations over steps."""
    wanted = None if names is None else json.dumps(list(names))
    found: dict[str, dict[str, float]] = _answer(connection, _NEWEST, since=since, names=wanted) or {}
    return found


def _answer(connection: sqlite3.Connection, query: str, **arguments: int | str | None) -> Any:
    """What a query says in JSON; None where it says nothing."""
    (text,) = connection.execute(query, arguments).fetchone()
    return None if text is None else json.loads(text)


def _ranked_evaluations(connection: sqlite3.Connection) -> dict[int, str]:
    """Names of the metrics whose evaluations may decide which trial is best, by their ids."""
    rows = connection.execute("SELECT id, phase, name FROM metric WHERE kind = 'eval' ORDER BY id").fetchall()
    return {row["id"]: row["name"] for row in rows if ranking.is_ranked(row["phase"])}


def _metrics_at(
    connection: sqlite3.Connection, steps: Mapping[int, int], metrics: Iterable[int]
) -> dict[str, dict[str, float]]:
    """The values of these metrics of each trial at its step; trials are known by their numbers, as texts."""
    wanted, ranked = json.dumps(list(steps.items())), json.dumps(list(metrics))
    found: dict[str, dict[str, float]] = _answer(connection, _AT_STEPS, wanted=wanted, ranked=ranked) or {}
    return found


def _best(steps: Sequence[int], values: Sequence[float | None], goal: str) -> Best:
    best = ranking.best_of(values, goal)
    return (None, None) if best is None else (steps[values.index(best)], best)


def _trial(line: list[Any], sweep: SweepRow, best: Best, best_metrics: dict[str, float]) -> TrialRow:
    _, *columns, steps, epochs, _, values = line
    last = values[-1] if values else None
    row = TrialRow._make((*columns, best[1], best[0], best_metrics, last, tuple(values), steps, epochs))
    return row if row.is_over or sweep.status in LIVE else _of_a_dead_sweep(row, sweep)


def _of_a_dead_sweep(row: TrialRow, sweep: SweepRow) -> TrialRow:
    """What became of a trial whose sweep ended without a word about it."""
    if row.status == "running":
        return row._replace(status="lost", reason="its sweep ended before it did")
    if row.status == "waiting":
        why = f" ({row.reason})" if row.reason else ""
        return row._replace(status="interrupted", reason=f"its sweep ended before its next attempt{why}")
    return row._replace(reason=f"{row.reason or 'paused'}; goes on with cockpit sweep --resume {sweep.experiment}")
