"""Trackio: the SQLite file of a project, and the JSON lines that writers leave in its inbox."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cockpit.events.text import one_line
from cockpit.importers.contract import NO, SURE, About, Item, Lines, Run, Source, Unread
from cockpit.importers.database import Database, has_tables, items_of
from cockpit.importers.opened import DocumentError, parsed
from cockpit.importers.placing import Clock
from cockpit.importers.records import Record, first_records, lines_of
from cockpit.importers.track import Row, Track
from cockpit.importers.values import flattened, measured, shown, stamp

_TABLES = {"metrics": frozenset(("id", "timestamp", "run_name", "step", "metrics"))}
_FRAGMENT = frozenset(("kind", "project", "run", "metrics", "timestamp"))
_MADE_BY_TRACKIO = ("_Username", "_Created", "_Group")


class Trackio:
    """The importer."""

    name = "trackio"
    summary = "the SQLite file of a Trackio project, or JSON lines of its inbox"

    def fit(self, source: Source) -> int:
        """How well the content fits."""
        if has_tables(source, _TABLES):
            return SURE
        records = first_records(source)
        return SURE if records and all(record.keys() >= _FRAGMENT for record in records[:3]) else NO

    def read(self, source: Source) -> Iterator[Item]:
        """The runs of the project. Raises `OSError`."""
        if not has_tables(source, _TABLES):
            yield from _fragments(source)
            return
        yield About(name=one_line(source.path.stem))
        yield from items_of(source, _TABLES, lambda database: _runs(database, source.metric))


def _runs(database: Database, metric: str) -> Iterator[Item]:
    tables = database.tables()
    # Projects of earlier versions know runs by their names only.
    run = "run_id" if "run_id" in tables["metrics"] else "run_name"
    configs: dict[str, Any] = {}
    if run in tables.get("configs", ()):
        configs = dict(database.rows(f"SELECT {run}, config FROM configs ORDER BY id"))
    told = _Told(metric)
    rows = database.rows(f"SELECT id, {run}, run_name, step, timestamp, metrics FROM metrics ORDER BY {run}, id")
    for number, key, name, step, at, metrics in rows:
        yield from told.values(number, str(key), str(name), step, at, _json(metrics), _json(configs.get(key)))
    if run in tables.get("system_metrics", ()):
        count = next(database.rows("SELECT count(*) FROM system_metrics"))[0]
        if count:
            yield Unread(0, f"{count} rows of system metrics, which are the machine's and not the run's")


def _fragments(source: Source) -> Iterator[Item]:
    told, line = _Told(source.metric), 0
    for line, record in lines_of(source):
        if isinstance(record, Unread):
            yield record
        elif record.get("kind") != "metric":
            yield Unread(line, shown(record))
        else:
            key = str(record.get("run_id") or record.get("run"))
            name, config = str(record.get("run")), record.get("config")
            at, step = record.get("timestamp"), record.get("step")
            yield from told.values(line, key, name, step, at, record.get("metrics"), config)
    yield Lines(line)


class _Told:
    """The runs that have begun."""

    def __init__(self, metric: str) -> None:
        self._metric = metric
        self._tracks: dict[str, tuple[Track, Clock]] = {}

    def values(self, line: int, key: str, name: str, step: Any, at: Any, metrics: Any, config: Any) -> Iterator[Item]:
        """What one row says of a run."""
        if key not in self._tracks:
            began = stamp(at)
            self._tracks[key] = (Track(key, self._metric), Clock(began))
            settings = config if isinstance(config, dict) else {}
            yield Run(key=key, label=one_line(name), config=_own(settings), started=began)
        if not isinstance(metrics, dict):
            yield Unread(line, shown(metrics))
            return
        track, clock = self._tracks[key]
        numbers, others = flattened(metrics)
        epoch = numbers.pop("epoch", numbers.pop("train/epoch", None))
        yield from track.events(Row(values=numbers, step=measured(step), epoch=epoch, time=clock.since(stamp(at))))
        for other, value in others.items():
            yield Unread(line, f"{other}: {shown(value)}")


def _own(config: Record) -> Record:
    return {name: value for name, value in config.items() if name not in _MADE_BY_TRACKIO}


def _json(text: Any) -> Any:
    try:
        return parsed(text) if isinstance(text, str | bytes) else text
    except DocumentError:
        return text


IMPORTER = Trackio()
