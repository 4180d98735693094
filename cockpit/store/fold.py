"""How each kind of event changes the index. The only place where the index's state is decided.

`Batch` gathers the rows of many events and writes them at once.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from cockpit.events.codec import encode
from cockpit.events.kinds import (
    STEP_TIMES,
    Answered,
    Attempt,
    Built,
    Eval,
    Event,
    Norms,
    Note,
    Saved,
    Step,
    SweepEnded,
    SweepStarted,
    SweepStatus,
    TrialEnded,
    TrialPaused,
    TrialStarted,
)

_LARGEST_INTEGER = 2**63
_NO_TIMES = (None,) * len(STEP_TIMES)
_OF_A_TRIAL = ("step", "point", "latest", "norm", "saved", "other")
# What a trial has before it ends, also when it begins once more.
_NOT_ENDED = {"reason": "", "rule": "", "error": "", "traceback": ""} | dict.fromkeys(
    ("evaluation", "value", "threshold", "rank", "of")
)

_ANY_STEP = "SELECT 1 FROM step WHERE trial = ? LIMIT 1"
_ANY_STARTED = "SELECT 1 FROM trial WHERE started IS NOT NULL LIMIT 1"


class Batch:
    """Rows waiting to be written. `trial` is the trial whose file is read, or None for the sweep's own file.

    `look` numbers the looks at the run folder; every trial keeps the number of the last one that brought something.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.look = (connection.execute("SELECT max(changed) FROM trial").fetchone()[0] or 0) + 1
        self._connection = connection
        self._metrics = {
            (kind, phase, name): number
            for number, kind, phase, name in connection.execute("SELECT id, kind, phase, name FROM metric")
        }
        self._steps: list[tuple[Any, ...]] = []
        self._points: list[tuple[int, int, int, float | None]] = []
        self._latest: dict[tuple[int, int], tuple[int, float | None]] = {}
        self._norms: list[tuple[Any, ...]] = []

    def touch(self, trial: str) -> None:
        """Say that something of this trial is new in this look."""
        self._connection.execute("UPDATE trial SET changed = ? WHERE id = ?", (self.look, trial))

    def add(self, trial: str | None, event: Event) -> None:
        """Fold one event."""
        handler = _FOLD.get(type(event), Batch._other)
        try:
            handler(self, trial, event)
        except (ValueError, OverflowError):  # an id or a number that no table takes: kept as it came
            self._other(trial, event)

    def write(self) -> None:
        """Write what was gathered. The caller holds the transaction."""
        many = self._connection.executemany
        many("INSERT OR REPLACE INTO step VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", self._steps)
        many("INSERT OR REPLACE INTO point VALUES (?, ?, ?, ?)", self._points)
        rows = [(*key, *value) for key, value in self._latest.items()]
        many("INSERT OR REPLACE INTO latest VALUES (?, ?, ?, ?)", rows)
        many("INSERT OR REPLACE INTO norm VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", self._norms)
        self._steps, self._points, self._latest, self._norms = [], [], {}, []

    # One method per kind of event.

    def _sweep_started(self, _: str | None, event: SweepStarted) -> None:
        known = {key: value for key, value in asdict(event).items() if key != "extra"}
        self._set_sweep({**known, "extra": event.extra, "status": "running", "reason": "", "ended": None})

    def _sweep_status(self, _: str | None, event: SweepStatus) -> None:
        known = {"status": event.status, "reason": event.reason, "ended": None}
        whose: dict[str, Any] = (
            {"host": event.host, "pid": event.pid, "environment": event.environment} if event.pid else {}
        )
        if event.status == "running" and not self._connection.execute(_ANY_STARTED).fetchone():
            whose["at"] = event.at  # it begins now, and its time in the queue was none of its own
        total = {"trials": event.extra["trials"]} if isinstance(event.extra.get("trials"), int) else {}
        self._set_sweep({**known, **whose, **total, **self._ranking(event.extra)})

    def _ranking(self, told: Mapping[str, Any]) -> dict[str, Any]:
        """What trials are ranked by from now on, where it says so: the best value of every trial is another then."""
        if not isinstance(told.get("metric"), str):
            return {}
        self._connection.execute("UPDATE trial SET changed = ?", (self.look,))
        return {"metric": told["metric"], "goal": "minimize" if told.get("goal") == "minimize" else "maximize"}

    def _sweep_ended(self, _: str | None, event: SweepEnded) -> None:
        self._set_sweep({"status": event.status, "reason": event.reason, "ended": event.at})

    def _trial_started(self, _: str | None, event: TrialStarted) -> None:
        first = {"started": event.at} if event.attempt == 1 else {}
        self._set_trial(
            event.trial,
            attempt=event.attempt,
            baseline=int(event.baseline),
            status="running",
            seed=event.seed,
            config=as_json(event.config),
            extra=as_json(event.extra),
            ended=None,
            **first,
            **_NOT_ENDED,
        )

    def _trial_paused(self, _: str | None, event: TrialPaused) -> None:
        self._set_trial(event.trial, status=event.status, reason=event.reason, error=event.error)

    def _trial_ended(self, _: str | None, event: TrialEnded) -> None:
        self._set_trial(
            event.trial,
            status=event.status,
            reason=event.reason,
            rule=event.rule,
            evaluation=event.evaluation or None,
            value=event.value,
            threshold=event.threshold,
            rank=event.rank or None,
            of=event.of or None,
            error=event.error,
            traceback=event.traceback,
            ended=event.at,
        )

    def _answered(self, _: str | None, event: Answered) -> None:
        row = (event.command, event.name, event.trial, as_json(event.settings), event.who, event.state, event.text)
        self._connection.execute("INSERT OR REPLACE INTO command VALUES (?, ?, ?, ?, ?, ?, ?, ?)", (*row, event.at))

    def _attempt(self, trial: str | None, event: Attempt) -> None:
        if trial is not None:
            # Which attempt it is says the ledger: two files that set one column would depend on who is read first.
            self._set_trial(trial, device=event.device)

    def _built(self, trial: str | None, event: Built) -> None:
        if trial is not None:
            self._go_back(trial_number(trial), event.step)
            # A program's own word about its length says nothing of what the engine knows already.
            known = {"effective": as_json(event.effective)} if event.effective else {}
            known |= {"digest": event.digest} if event.digest else {}
            known |= {"trivial": as_json(event.trivial)} if event.trivial else {}
            known |= {"frozen": as_json(event.frozen)} if event.frozen else {}
            self._set_trial(trial, total_steps=event.total_steps, **known)

    def _go_back(self, number: int, step: int) -> None:
        """An attempt goes on after this step, so what was recorded beyond it by an earlier one has not happened."""
        gathered = any(row[0] == number for row in self._steps)
        if not gathered and not self._connection.execute(_ANY_STEP, (number,)).fetchone():
            return  # it is the first attempt
        self.write()
        for table in ("step", "point", "norm", "latest"):
            self._connection.execute(f"DELETE FROM {table} WHERE trial = ? AND step > ?", (number, step))
        self._connection.execute(
            "INSERT OR REPLACE INTO latest SELECT trial, metric, max(step), value FROM point WHERE trial = ? "
            "GROUP BY metric",
            (number,),
        )

    def _step(self, trial: str | None, event: Step | Eval) -> None:
        if trial is None:
            return self._other(trial, event)
        number, kind, phase, step = trial_number(trial), event.kind, event.phase, event.step
        _refuse_huge(step, event.epoch)
        times = (_seconds(event.step_times) if isinstance(event, Step) else ()) or _NO_TIMES
        self._steps.append((number, kind, phase, step, event.epoch, event.time, *times))
        for name, value in event.metrics.items():
            if type(value) is not float:
                if not isinstance(value, int | float):
                    continue
                value = float(min(max(value, -_LARGEST_INTEGER), _LARGEST_INTEGER))
            metric = self._metrics.get((kind, phase, name)) or self._new_metric(kind, phase, name)
            self._points.append((number, metric, step, value))
            self._latest[number, metric] = (step, value)
        return None

    def _norm(self, trial: str | None, event: Norms) -> None:
        if trial is None:
            return self._other(trial, event)
        _refuse_huge(event.step, event.nonfinite, event.zero, event.unchanged)
        means = (event.param_mean, event.param_std, event.grad_mean, event.grad_std, event.grad_max)
        row = (trial_number(trial), event.step, event.group, *means, event.nonfinite, event.update_ratio)
        self._norms.append((*row, event.largest, event.zero, event.unchanged, as_json(event.names)))
        return None

    def _saved(self, trial: str | None, event: Saved) -> None:
        if trial is None:
            return self._other(trial, event)
        row = (trial_number(trial), event.label, event.step, event.path)
        self._connection.execute("INSERT OR REPLACE INTO saved VALUES (?, ?, ?, ?)", row)
        return None

    def _note(self, trial: str | None, event: Note) -> None:
        self._other(trial, event)
        if trial is not None and event.frozen:
            self._set_trial(trial, frozen=as_json(event.frozen))

    def _other(self, trial: str | None, event: Event) -> None:
        number = None if trial is None else trial_number(trial)
        row = (number, event.kind, encode(event).decode().strip())
        self._connection.execute("INSERT INTO other VALUES (?, ?, ?)", row)

    def _set_sweep(self, values: Mapping[str, Any]) -> None:
        rows = ((key, as_json(value)) for key, value in values.items())
        self._connection.executemany("INSERT OR REPLACE INTO sweep VALUES (?, ?)", rows)

    def _set_trial(self, trial: str, **values: Any) -> None:
        self._connection.execute(
            "INSERT OR IGNORE INTO trial (id, number, status) VALUES (?, ?, 'running')", (trial, trial_number(trial))
        )
        values["changed"] = self.look
        columns = ", ".join(f'"{name}" = ?' for name in values)
        self._connection.execute(f"UPDATE trial SET {columns} WHERE id = ?", (*values.values(), trial))

    def _new_metric(self, *key: str) -> int:
        cursor = self._connection.execute("INSERT INTO metric (kind, phase, name) VALUES (?, ?, ?)", key)
        number = cursor.lastrowid
        assert number is not None  # an INSERT that did not raise made a row
        self._metrics[key[0], key[1], key[2]] = number
        return number


_FOLD: dict[type[Any], Callable[[Batch, str | None, Any], None]] = {
    SweepStarted: Batch._sweep_started,
    SweepStatus: Batch._sweep_status,
    SweepEnded: Batch._sweep_ended,
    TrialStarted: Batch._trial_started,
    TrialPaused: Batch._trial_paused,
    TrialEnded: Batch._trial_ended,
    Answered: Batch._answered,
    Attempt: Batch._attempt,
    Built: Batch._built,
    Step: Batch._step,
    Eval: Batch._step,
    Norms: Batch._norm,
    Saved: Batch._saved,
    Note: Batch._note,
}


def _seconds(times: Mapping[str, Any]) -> tuple[float | None, ...]:
    """What a step says of its time, in the order of the columns; what is no number is not known."""
    if not times:
        return ()
    found = (times.get(name) for name in STEP_TIMES)
    return tuple(float(value) if isinstance(value, int | float) else None for value in found)


def _refuse_huge(*numbers: int) -> None:
    """Raises `OverflowError` for an integer that no column takes."""
    if any(abs(number) >= _LARGEST_INTEGER for number in numbers):
        raise OverflowError(numbers)


def trial_number(trial: str) -> int:
    """3 for `t003`."""
    return int(trial[1:])


def as_json(value: Any) -> str:
    """`value` as JSON; keys keep their order."""
    return json.dumps(value, ensure_ascii=False)


def forget_trial(connection: sqlite3.Connection, trial: str) -> None:
    """Drop the rows that came from one trial's own file."""
    for table in _OF_A_TRIAL:
        connection.execute(f"DELETE FROM {table} WHERE trial = ?", (trial_number(trial),))


def forget_all(connection: sqlite3.Connection) -> None:
    """Drop every row; the numbers of metrics stay."""
    for table in ("sweep", "trial", "source", "command", *_OF_A_TRIAL):
        connection.execute(f"DELETE FROM {table}")
