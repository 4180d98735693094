"""A run of sacred: a folder with `run.json`, `config.json` and `metrics.json`, which its file observer writes.

The folder may be that of one run, or that of all, in which each run has a folder with its number.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cockpit.events.text import one_line, safe_text
from cockpit.importers.beside import settings_of
from cockpit.importers.contract import NO, SURE, About, Item, Run, RunEnded, Source, Unread
from cockpit.importers.opened import DocumentError, document
from cockpit.importers.series import Point, rows_of
from cockpit.importers.track import Track
from cockpit.importers.values import count, measured, shown, stamp

RUN, CONFIG, METRICS = "run.json", "config.json", "metrics.json"
_KNOWN_BY = frozenset(("experiment", "status", "start_time"))
_ENDED = {"COMPLETED": "finished", "FAILED": "failed", "TIMEOUT": "failed"}


class Sacred:
    """The importer."""

    name = "sacred"
    summary = "the folder of a run of sacred, or of all runs"

    def fit(self, source: Source) -> int:
        """How well the content fits."""
        return SURE if source.is_folder and _runs(source.path) else NO

    def read(self, source: Source) -> Iterator[Item]:
        """Its runs. Raises `OSError`."""
        folders = _runs(source.path) if source.is_folder else []
        names = {_name(folder) for folder in folders}
        if len(names) == 1:
            yield About(name=names.pop())
        for folder in folders:
            yield from _run(folder, source.metric)


def _runs(folder: Path) -> list[Path]:
    """The folders of runs: this one, or those inside; none where other folders lie among them."""
    if _is_run(folder):
        return [folder]
    folders = [one for one in folder.iterdir() if one.is_dir() and not one.name.startswith(("_", "."))]
    runs = sorted(folders, key=lambda one: (len(one.name), one.name))
    return runs if all(map(_is_run, runs)) else []


def _is_run(folder: Path) -> bool:
    return (folder / RUN).is_file() and _told(folder).keys() >= _KNOWN_BY


def _told(folder: Path) -> dict[str, Any]:
    return settings_of(folder / RUN)[0]


def _name(folder: Path) -> str:
    experiment = _told(folder)["experiment"]
    return one_line(str(experiment.get("name", ""))) if isinstance(experiment, dict) else ""


def _run(folder: Path, metric: str) -> Iterator[Item]:
    told, key = _told(folder), folder.name
    config, unread = settings_of(folder / CONFIG) if (folder / CONFIG).is_file() else ({}, [])
    yield from unread
    started, ended = stamp(told.get("start_time")), stamp(told.get("stop_time"))
    seed = count(config.get("seed")) or 0
    note = told.get("meta", {}).get("comment", "") if isinstance(told.get("meta"), dict) else ""
    known = {name: value for name, value in config.items() if name != "seed"}
    yield Run(key=key, label=one_line(key), config=known, seed=seed, note=str(note or ""), started=started)
    series, unknown = _series(folder / METRICS, started)
    yield from unknown
    track = Track(key, metric)
    for row in rows_of(series):
        yield from track.events(row)
    status = str(told.get("status"))
    trace = told.get("fail_trace")
    error = safe_text("".join(map(str, trace))) if isinstance(trace, list) else ""
    yield RunEnded(
        key=key, status=_ENDED.get(status, "interrupted"), reason=one_line(status.lower()), error=error, ended=ended
    )


def _series(file: Path, started: float | None) -> tuple[dict[str, list[Point]], list[Unread]]:
    """The values of each metric, and what of the file is none."""
    series: dict[str, list[Point]] = {}
    if not file.is_file():
        return series, []
    try:
        found = document(file)
    except DocumentError as error:
        return series, [Unread(0, f"{file.name}: {one_line(str(error), 200)}")]
    unread: list[Unread] = []
    for name, entry in found.items() if isinstance(found, dict) else ():
        try:
            series[name] = [
                _point(*values, started)
                for values in zip(entry["steps"], entry["values"], entry["timestamps"], strict=True)
            ]
        except (KeyError, TypeError, ValueError):
            unread.append(Unread(0, f"{name}: {shown(entry)}"))
    return series, unread


def _point(step: Any, value: Any, at: Any, started: float | None) -> Point:
    """One value. Raises `ValueError`."""
    found, when = measured(value.get("value") if isinstance(value, dict) else value), stamp(at)
    if found is None:
        raise ValueError(value)
    return Point(count(step) or 0, found, None if when is None or started is None else when - started)


IMPORTER = Sacred()
