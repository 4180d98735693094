"""Reading an experiment's index, also while its sweep writes it."""

from __future__ import annotations

import json
import math
import sqlite3
from dataclasses import replace
from typing import Any

from cockpit.store import ranking, schema, series
from cockpit.store.fold import trial_number
from cockpit.store.folder import FolderError, RunFolder
from cockpit.store.indexer import Indexer
from cockpit.store.life import is_alive
from cockpit.store.rows import NormRow, NormSummary, StepRow, SweepRow, TrialRow


class Index:
    """A read-only view of one experiment.

    An index that is missing is made first, unless a sweep is writing it; one whose sweep died is brought up to date.
    Raises `FolderError` when there is nothing to read.
    """

    def __init__(self, run: RunFolder) -> None:
        self.run = run
        if not run.index.exists():
            if not run.sweep.exists():
                raise FolderError(f"{run.path}: no sweep.jsonl in it, so it is not an experiment; remove or restore it")
            _sync(run)
        self._open()
        if self._writer_died():
            self.close()
            try:
                _sync(run)
            except FolderError:
                pass  # not ours to write: what the sweep left is good enough
            self._open()

    def _open(self) -> None:
        run = self.run
        try:
            self._connection = schema.open_read_only(run.index)
            version = self._connection.execute("PRAGMA user_version").fetchone()[0]
        except sqlite3.DatabaseError as error:
            raise FolderError(f"{run.index}: cannot be read ({error}); run `cockpit reindex {run.id}`") from None
        if version != schema.VERSION:
            self._connection.close()
            raise FolderError(f"{run.index}: made by another version; run `cockpit reindex {run.id}`")

    def _writer_died(self) -> bool:
        """Whether the sweep ended without a word, so that the last lines of its record may not be here."""
        values = self._sweep_values()
        return values.get("status") == "running" and not _is_alive(values)

    def _sweep_values(self) -> dict[str, Any]:
        return {row["key"]: json.loads(row["value"]) for row in self._rows("SELECT key, value FROM sweep")}

    def close(self) -> None:
        self._connection.close()

    def __enter__(self) -> Index:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def sweep(self) -> SweepRow:
        """The experiment. A sweep whose process is gone without a word is `interrupted`."""
        values = self._sweep_values()
        if "experiment" not in values:
            raise FolderError(f"{self.run.path}: its sweep has not started yet, or sweep.jsonl lost its first line")
        values["started"] = values.pop("at")
        row = SweepRow(**{name: values[name] for name in SweepRow.__dataclass_fields__})
        if row.status == "running" and not _is_alive(values):
            return replace(row, status="interrupted", reason="its process ended without a word")
        return row

    def trials(self) -> list[TrialRow]:
        """All trials in the order in which they began."""
        sweep = self.sweep()
        evaluations = self._evaluations_by_trial(sweep.metric)
        rows = self._rows("SELECT * FROM trial ORDER BY number")
        return [self._trial(row, sweep, evaluations.get(row["number"], [])) for row in rows]

    def steps(self, trial: str, last: int | None = None) -> list[StepRow]:
        """The newest `last` steps and evaluations (all by default), oldest first."""
        number = trial_number(trial)
        limit = -1 if last is None else last
        found: list[sqlite3.Row] = []
        for kind, phase in self._rows("SELECT DISTINCT kind, phase FROM metric"):
            query = "SELECT * FROM step WHERE trial = ? AND kind = ? AND phase = ? ORDER BY step DESC LIMIT ?"
            found += self._rows(query, number, kind, phase, limit)
        # Fine-tuning counts its steps from 0 again, so it comes after everything else.
        found.sort(key=lambda row: (row["phase"].startswith("tune"), row["step"], row["kind"] == "eval"))
        chosen = found if last is None else found[len(found) - min(last, len(found)) :]
        return self._with_metrics(number, chosen)

    def norms(self, trial: str, last: int | None = None) -> list[NormRow]:
        """The newest `last` rows of the norm table (all by default), oldest first."""
        columns = ", ".join(f'"{name}"' for name in NormRow.__dataclass_fields__)
        query = f'SELECT {columns} FROM norm WHERE trial = ? ORDER BY step DESC, "group" DESC LIMIT ?'
        rows = self._rows(query, trial_number(trial), -1 if last is None else last)
        return [NormRow(**_numbers(row)) for row in reversed(rows)]

    def norm_summary(self, trial: str) -> list[NormSummary]:
        """One row per parameter group over the logged steps; NaN is left out of means."""
        query = """SELECT "group", count(*) AS rows, avg(param_mean) AS param_mean, avg(grad_mean) AS grad_mean,
                   max(grad_max) AS grad_max, sum(nonfinite) AS nonfinite, avg(update_ratio) AS update_ratio
                   FROM norm WHERE trial = ? GROUP BY "group" ORDER BY "group" """
        return [NormSummary(**_numbers(row)) for row in self._rows(query, trial_number(trial))]

    def saved(self, trial: str) -> dict[str, str]:
        """Path of the newest file for each label."""
        rows = self._rows("SELECT label, path FROM saved WHERE trial = ? ORDER BY step", trial_number(trial))
        return {row["label"]: row["path"] for row in rows}

    def latest(self, trial: str) -> dict[str, float]:
        """The newest value of each metric, evaluations over steps of the same name."""
        query = """SELECT name, value FROM latest JOIN metric ON metric.id = latest.metric
                   WHERE trial = ? ORDER BY kind = 'eval'"""
        return {row["name"]: _nan(row["value"]) for row in self._rows(query, trial_number(trial))}

    def series(
        self, trial: str, name: str, *, kind: str = "step", phase: str = "train", buckets: int = 400
    ) -> list[series.Bucket]:
        """One metric over all steps in at most `buckets` buckets, ready to draw."""
        query = "SELECT id FROM metric WHERE kind = ? AND phase = ? AND name = ?"
        ids = self._rows(query, kind, phase, name)
        return series.downsample(self._connection, trial_number(trial), ids[0][0], buckets) if ids else []

    def unread(self) -> dict[str, int]:
        """Lines that were no events, by file."""
        return {row[0]: row[1] for row in self._rows("SELECT path, unread FROM source WHERE unread")}

    def _rows(self, query: str, *arguments: Any) -> list[sqlite3.Row]:
        return self._connection.execute(query, arguments).fetchall()

    def _ranked_metrics(self, name: str) -> list[int]:
        rows = self._rows("SELECT id, phase FROM metric WHERE kind = 'eval' AND name = ?", name)
        return [row["id"] for row in rows if ranking.is_ranked(row["phase"])]

    def _evaluations_by_trial(self, metric: str) -> dict[int, list[tuple[int, float | None]]]:
        by_trial: dict[int, list[tuple[int, float | None]]] = {}
        for number in self._ranked_metrics(metric):
            query = """SELECT trial.number, point.step, point.value FROM trial
                       JOIN point ON point.trial = trial.number AND point.metric = ? ORDER BY 1, 2"""
            for trial, step, value in self._rows(query, number):
                by_trial.setdefault(trial, []).append((step, value))
        return by_trial

    def _trial(self, row: sqlite3.Row, sweep: SweepRow, evaluations: list[tuple[int, float | None]]) -> TrialRow:
        values = [value for _, value in evaluations]
        best = ranking.best_of(values, sweep.goal)
        best_step = next((step for step, value in evaluations if best is not None and value == best), None)
        steps, epochs = self._progress(row["number"])
        running = row["status"] == "running" and sweep.status != "running"
        plain = ("id", "rule", "error", "traceback", "seed", "attempt", "digest", "device", "total_steps")
        return TrialRow(
            **{name: row[name] for name in plain},
            status="lost" if running else row["status"],
            reason="its sweep ended before it did" if running else row["reason"],
            baseline=bool(row["baseline"]),
            config=json.loads(row["config"]),
            effective=json.loads(row["effective"]),
            started=row["started"],
            ended=row["ended"],
            best=best,
            best_step=best_step,
            best_metrics=self._metrics_at(row["number"], best_step),
            last=values[-1] if values else None,
            evaluations=tuple(values),
            steps=steps,
            epochs=epochs,
        )

    def _progress(self, trial: int) -> tuple[int, int]:
        """The last training step, and how many epochs were begun."""
        query = """SELECT step, epoch FROM step WHERE trial = ? AND kind = 'step' AND phase = 'train'
                   ORDER BY step DESC LIMIT 1"""
        rows = self._rows(query, trial)
        return (rows[0]["step"], rows[0]["epoch"] + 1) if rows else (0, 0)

    def _metrics_at(self, trial: int, step: int | None) -> dict[str, float]:
        if step is None:
            return {}
        rows = self._rows("SELECT id, phase, name FROM metric WHERE kind = 'eval'")
        ids = {row["id"]: row["name"] for row in rows if ranking.is_ranked(row["phase"])}
        query = f"""SELECT metric, value FROM point WHERE trial = ? AND step = ?
                    AND metric IN ({", ".join("?" * len(ids))})"""
        return {ids[row["metric"]]: _nan(row["value"]) for row in self._rows(query, trial, step, *ids)}

    def _with_metrics(self, trial: int, rows: list[sqlite3.Row]) -> list[StepRow]:
        """The chosen steps with their values, read as one range of steps for each metric."""
        values: dict[tuple[str, str, int], dict[str, float]] = {(r["kind"], r["phase"], r["step"]): {} for r in rows}
        ranges: dict[tuple[str, str], list[int]] = {}
        for kind, phase, step in values:
            ranges.setdefault((kind, phase), []).append(step)
        for number, kind, phase, name in self._rows("SELECT id, kind, phase, name FROM metric ORDER BY id"):
            if (kind, phase) not in ranges:
                continue
            first, last = min(ranges[kind, phase]), max(ranges[kind, phase])
            query = "SELECT step, value FROM point WHERE trial = ? AND metric = ? AND step BETWEEN ? AND ?"
            for step, value in self._rows(query, trial, number, first, last):
                if (kind, phase, step) in values:
                    values[kind, phase, step][name] = _nan(value)
        return [
            StepRow(r["kind"], r["phase"], r["epoch"], r["step"], r["time"], values[r["kind"], r["phase"], r["step"]])
            for r in rows
        ]


def _sync(run: RunFolder) -> None:
    with Indexer(run) as indexer:
        indexer.sync()


def _is_alive(sweep: dict[str, Any]) -> bool:
    return is_alive(sweep["host"], sweep["pid"], str(sweep["environment"].get("process_started", "")))


def _nan(value: float | None) -> float:
    """A stored value as a number: NULL stands for NaN."""
    return math.nan if value is None else value


def _numbers(row: sqlite3.Row) -> dict[str, Any]:
    return {name: math.nan if row[name] is None else row[name] for name in row.keys()}  # noqa: SIM118 - not a dict
