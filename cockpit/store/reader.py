"""Reading an experiment's index, also while its sweep writes it."""

from __future__ import annotations

import json
import math
import sqlite3
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from cockpit.events.codec import decode
from cockpit.events.kinds import STEP_TIMES, Event
from cockpit.events.text import one_line
from cockpit.store import data_wait, schema, series, trials
from cockpit.store.beginning import FIRST_LINE_BYTES
from cockpit.store.fold import trial_number
from cockpit.store.folder import FolderError, RunFolder
from cockpit.store.indexer import Indexer
from cockpit.store.life import LIVE, is_alive
from cockpit.store.mirror import indexed
from cockpit.store.rows import IMPORT, CommandRow, FrozenRow, NormRow, NormSummary, StepRow, SweepRow, TrialRow

if TYPE_CHECKING:
    from cockpit.store.curve import Curve, GrowingCurve


RENEWAL_SECONDS = 2.0  # a sweep that starts has made its index in far less
INDEXING_SECONDS = 120.0  # what an imported record of a million steps may take
_DAMAGED = (sqlite3.DatabaseError, KeyError, TypeError, ValueError)  # what reading a file with wrong bytes may raise
NOT_BEGUN = "its sweep has not started yet, or sweep.jsonl lost its first line"


class Index:
    """A read-only view of one experiment.

    An index that is missing or of another version is made first, unless a sweep is writing it; one whose sweep died,
    or runs on another machine, is brought up to date. Raises `FolderError` when there is nothing to read.
    """

    def __init__(self, run: RunFolder) -> None:
        self.run = run = indexed(run)
        self._is_imported = False
        if not run.index.exists():
            if not run.sweep.exists():
                raise FolderError(f"{run.path}: no sweep.jsonl in it, so it is not an experiment; remove or restore it")
            if not _has_begun(run):
                raise FolderError(f"{run.path}: {NOT_BEGUN}")
        self._open()
        if run.is_mirror or self._writer_died():
            self.close()
            try:
                _sync(run, INDEXING_SECONDS if self._is_imported else 0.0)
            except FolderError:
                pass  # not ours to write: what its writer left is good enough
            self._open()

    def _open(self) -> None:
        run = self.run
        if _version(run) != schema.VERSION:
            self._renew()
        try:
            self._connection = schema.open_read_only(run.index)
        except sqlite3.DatabaseError as error:
            raise FolderError(f"{run.index}: cannot be read ({error}); run `cockpit reindex {run.id}`") from None

    def _renew(self) -> None:
        """Make an index anew, or put it in order, or wait for who is doing that just now."""
        deadline = time.monotonic() + RENEWAL_SECONDS
        while _version(self.run) != schema.VERSION:
            try:
                _sync(self.run)
            except FolderError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)

    def _writer_died(self) -> bool:
        """Whether the sweep ended without a word, so that the last lines of its record may not be here.

        That can be so although it had ended, when it was taken up again.
        """
        try:
            values = self._sweep_values()
            self._is_imported = values.get("engine") == IMPORT
            return not _is_alive(values) if values.get("status") in LIVE else self._is_behind()
        except _DAMAGED as error:
            self.close()
            raise self._damaged(str(error)) from None

    def _is_behind(self) -> bool:
        """Whether the ledger has more than was read of it.

        So may the files of an imported experiment have, which another process is just reading for the first time.
        """
        ledger = self.run.sweep.relative_to(self.run.path).as_posix()
        read = {row["path"]: row["offset"] for row in self._rows("SELECT path, offset FROM source")}
        files = {ledger: self.run.sweep} if ledger in read else {}
        if self._is_imported:
            events = (self.run.trial(trial).events for trial in self.run.trial_ids())
            files |= {path.relative_to(self.run.path).as_posix(): path for path in events}
        try:
            return any(path.stat().st_size > read.get(key, 0) for key, path in files.items())
        except OSError:
            return False  # a copy without them

    def _sweep_values(self) -> dict[str, Any]:
        return {row["key"]: json.loads(row["value"]) for row in self._rows("SELECT key, value FROM sweep")}

    def close(self) -> None:
        self._connection.close()

    def __enter__(self) -> Index:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def check(self) -> None:
        """Look for damage in the whole file. Raises `FolderError` when there is some."""
        try:
            found = str(self._rows("PRAGMA quick_check(1)")[0][0])
            self.trials()
        except _DAMAGED as error:
            found = str(error)
        if found != "ok":
            raise self._damaged(found)

    def _damaged(self, how: str) -> FolderError:
        return FolderError(f"{self.run.index}: is damaged ({one_line(how, 200)}); run `cockpit reindex {self.run.id}`")

    def sweep(self) -> SweepRow:
        """The experiment. A sweep whose process is gone without a word is `interrupted`."""
        values = self._sweep_values()
        if "experiment" not in values:
            raise FolderError(f"{self.run.path}: {NOT_BEGUN}")
        values["started"] = values.pop("at")
        if values["trials"] is not None:
            values["trials"] += self._rows("SELECT count(*) FROM command WHERE name = 'add' AND state <> 'refused'")[0][
                0
            ]
        row = SweepRow(**{name: values[name] for name in SweepRow.__dataclass_fields__})
        if row.status in LIVE and not _is_alive(values):
            return replace(row, status="interrupted", reason="its process ended without a word")
        return row

    def trials(self, since: int = 0, *, best_metrics: bool = True) -> list[TrialRow]:
        """All trials, or those that changed after look `since`, in the order in which they began.

        Without `best_metrics`, which take a third of the time, those of every trial are empty.
        """
        return trials.read_trials(self._connection, self.sweep(), since, best_metrics)

    def evaluations(self) -> dict[str, list[tuple[int, int, float]]]:
        """Step, epoch and value of each ranked evaluation of the sweep's metric, in order of steps, by trial."""
        return trials.read_evaluations(self._connection, self.sweep().metric)

    def trivial(self) -> dict[str, dict[str, float]]:
        """The scores of answers that take no model, by metric, for each trial whose trainer tells them."""
        rows = self._rows("SELECT id, trivial FROM trial WHERE trivial <> '{}' ORDER BY number")
        return {row["id"]: json.loads(row["trivial"]) for row in rows}

    def newest_values(self, since: int = 0, names: Iterable[str] | None = None) -> dict[str, dict[str, float]]:
        """The newest value of each metric by trial, evaluations over steps of the same name; `names` limits them."""
        return trials.newest_values(self._connection, since, names)

    def trial_count(self) -> int:
        return int(self._rows("SELECT count(*) FROM trial")[0][0])

    def look(self) -> int:
        """The number of the newest look at the run folder; what changed later has a greater one."""
        return int(self._rows("SELECT max(changed) FROM trial")[0][0] or 0)

    def is_replaced(self) -> bool:
        """Whether the file was made anew since this view of it was opened."""
        try:
            with closing(schema.open_read_only(self.run.index)) as newest:
                return _identity(newest) != _identity(self._connection)
        except sqlite3.DatabaseError:
            return True

    def version(self) -> int:
        """A number that differs from before where the index was written since; costs next to nothing to ask."""
        return int(self._rows("PRAGMA data_version")[0][0])

    @contextmanager
    def moment(self) -> Iterator[None]:
        """Everything that is read inside is as of one moment."""
        self._connection.execute("BEGIN")
        try:
            yield
        finally:
            self._connection.execute("COMMIT")

    def commands(self) -> list[CommandRow]:
        """What was asked of the running sweep, oldest first."""
        rows = self._rows("SELECT * FROM command ORDER BY at, id")
        return [CommandRow(**{**dict(row), "settings": json.loads(row["settings"])}) for row in rows]

    def steered(self) -> dict[str, list[Event]]:
        """The changes of settings in running trials as they were recorded, oldest first, by trial."""
        return self.others("steered")

    def others(self, kind: str) -> dict[str, list[Event]]:
        """Events of a kind that has no table of its own, such as notes, oldest first, by trial."""
        query = """SELECT id, data FROM other JOIN trial ON trial.number = other.trial WHERE kind = ?
                   ORDER BY other.rowid"""
        found: dict[str, list[Event]] = {}
        for trial, data in self._rows(query, kind):
            found.setdefault(trial, []).append(decode(data.encode()))
        return found

    def metrics(self) -> list[tuple[str, str, str]]:
        """Kind (`step` or `eval`), phase and name of every metric, in the order in which they first came."""
        return [tuple(row) for row in self._rows("SELECT kind, phase, name FROM metric ORDER BY id")]

    def growing_curve(
        self, trial: str, name: str, *, kind: str, phase: str, window: tuple[int, int] | None = None
    ) -> GrowingCurve | None:
        """One metric of a trial to be read again and again with `grow`; None while nobody has reported it.

        The kind `norm` stands for the norm table: `name` is a column of it and `phase` a parameter group.
        """
        from cockpit.store import curve  # brings numpy, which lists and tables do without

        number = trial_number(trial)
        if kind == "norm":
            return curve.GrowingCurve(curve.norm_values(number, phase, name), window)
        ids = self._rows("SELECT id FROM metric WHERE kind = ? AND phase = ? AND name = ?", kind, phase, name)
        return curve.GrowingCurve(curve.metric_values(number, ids[0][0]), window) if ids else None

    def grow(self, curve: GrowingCurve) -> Curve:
        """The curve as of now; the same object as before where nothing was added."""
        return curve.read(self._connection)

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

    def wait_share(self, trial: str) -> float:
        """The share of its time that a trial's training waited for data; 0 where there is too little to tell."""
        buckets = self.series(trial, data_wait.WAIT)
        return data_wait.wait_share((bucket.first_step, bucket.mean) for bucket in buckets)

    def norms(self, trial: str, last: int | None = None) -> list[NormRow]:
        """The newest `last` rows of the norm table (all by default), oldest first."""
        columns = ", ".join(f'"{name}"' for name in NormRow.__dataclass_fields__)
        query = f'SELECT {columns} FROM norm WHERE trial = ? ORDER BY step DESC, "group" DESC LIMIT ?'
        rows = self._rows(query, trial_number(trial), -1 if last is None else last)
        return [NormRow(**{**_numbers(row), "names": _names(row["names"])}) for row in reversed(rows)]

    def norm_groups(self, trial: str) -> list[str]:
        """The parameter groups of the newest rows of the norm table, in their order."""
        query = """SELECT "group" FROM norm WHERE trial = :trial AND step =
                   (SELECT max(step) FROM norm WHERE trial = :trial) ORDER BY "group" """
        return [row[0] for row in self._connection.execute(query, {"trial": trial_number(trial)})]

    def frozen(self, trial: str) -> FrozenRow:
        """Which tensors of a trial are not trained, as far as its trainer or script tells."""
        rows = self._rows("SELECT frozen FROM trial WHERE id = ?", trial)
        known = json.loads(rows[0]["frozen"]) if rows else {}
        tensors, of = (count if isinstance(count := known.get(key), int) else 0 for key in ("tensors", "of"))
        return FrozenRow(tensors, of, tuple(_words(known.get("names"))))

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
            StepRow(
                r["kind"],
                r["phase"],
                r["epoch"],
                r["step"],
                r["time"],
                values[r["kind"], r["phase"], r["step"]],
                {name: r[name] for name in STEP_TIMES if r[name] is not None},
            )
            for r in rows
        ]


def _has_begun(run: RunFolder) -> bool:
    """Whether the ledger has a whole line. Before that nobody knows whose folder this is, and nothing is put there."""
    with run.sweep.open("rb") as file:
        return file.readline(FIRST_LINE_BYTES).endswith(b"\n")


def _identity(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA application_id").fetchone()[0])


def _version(run: RunFolder) -> int:
    """The version of an index; 0 for one that is not there or just being made, or that its killed writer left to be put
    in order.
    """
    if not run.index.exists():
        return 0
    try:
        with closing(schema.open_read_only(run.index)) as connection:
            return int(connection.execute("PRAGMA user_version").fetchone()[0])
    except sqlite3.DatabaseError as error:
        if getattr(error, "sqlite_errorname", "").startswith("SQLITE_READONLY"):  # its log wants a writer
            return 0
        raise FolderError(f"{run.index}: cannot be read ({error}); run `cockpit reindex {run.id}`") from None


def _sync(run: RunFolder, patience: float = 0.0) -> None:
    with Indexer(run, patience) as indexer:
        indexer.sync()


def _is_alive(sweep: dict[str, Any]) -> bool:
    return is_alive(sweep["host"], sweep["pid"], str(sweep["environment"].get("process_started", "")))


def _nan(value: float | None) -> float:
    """A stored value as a number: NULL stands for NaN."""
    return math.nan if value is None else value


def _names(text: str) -> dict[str, list[str]]:
    """Names of tensors by what they are named for. Most rows have none."""
    return {} if text == "{}" else {word: _words(names) for word, names in json.loads(text).items()}


def _words(found: object) -> list[str]:
    return [each for each in found if isinstance(each, str)] if isinstance(found, list) else []


def _numbers(row: sqlite3.Row) -> dict[str, Any]:
    return {name: math.nan if row[name] is None else row[name] for name in row.keys()}  # noqa: SIM118 - not a dict
