"""Results of Ray Tune: a trial's `result.json` with `params.json` beside it, `progress.csv` alone, or an experiment.

In the folder of an experiment each folder with results is a trial, one with `error.txt` a failed one. What a trial
reports decides about it, so every report is an evaluation; a report's place is its `training_iteration`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from cockpit.events.text import one_line, safe_text
from cockpit.importers.beside import settings_of
from cockpit.importers.contract import HEAD_BYTES, NO, SURE, Item, Run, RunEnded, Source, Unread
from cockpit.importers.layout import MISSING, cells_of, complete, layout_of, names_in
from cockpit.importers.opened import beginning, lines
from cockpit.importers.records import Record, first_records, records_in
from cockpit.importers.track import Row, Track
from cockpit.importers.values import flattened, number, shown, stamp

RESULT, PROGRESS, PARAMS, ERROR = "result.json", "progress.csv", "params.json", "error.txt"
_KNOWN_BY = ("training_iteration", "time_total_s")
PLUMBING = frozenset((
    "pid", "hostname", "node_ip", "date", "trial_id", "experiment_id", "done", "checkpoint_dir_name", "timestamp",
    "should_checkpoint", "time_since_restore", "iterations_since_restore", "timesteps_since_restore", "warmup_time",
    "experiment_tag", "time_total_s", "training_iteration",
))  # fmt: skip
_IN_ITS_FOLDER = re.compile(r"\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d")
_STATE = "experiment_state"  # how the name of the file begins in which Tune keeps the state of an experiment
_LONGEST_ERROR = 4000


class RayResults:
    """The importer."""

    name = "ray"
    summary = "Ray Tune: result.json, progress.csv, or the folder of an experiment"

    def fit(self, source: Source) -> int:
        """How well the content fits."""
        if source.is_folder:
            return SURE if any(_is_trial(folder) for folder in _trials(source.path)) else NO
        records = first_records(source)
        if records:
            return SURE if all(set(_KNOWN_BY) <= record.keys() for record in records[:3]) else NO
        layout = layout_of(beginning(source))
        return SURE if layout and set(_KNOWN_BY) <= {*layout.columns} else NO

    def read(self, source: Source) -> Iterator[Item]:
        """Its trials. Raises `OSError`."""
        if not source.is_folder:
            yield from _trial("run", source.path, source.metric)
            return
        for folder in _trials(source.path):
            file = next((folder / name for name in (RESULT, PROGRESS) if _has_content(folder / name)), None)
            if file:
                yield from _trial(folder.name, file, source.metric)
            elif (folder / PARAMS).is_file():
                yield from _silent(folder)


def _trials(folder: Path) -> list[Path]:
    """The folders of trials: this one, or those inside; none where other folders lie among them."""
    if _is_trial(folder):
        return [folder]
    try:
        entries = sorted(folder.iterdir())
    except OSError:
        return []
    folders = [one for one in entries if one.is_dir() and not one.name.startswith(".")]
    trials = [one for one in folders if _is_trial(one) or (one / PARAMS).is_file()]
    is_experiment = any(one.name.startswith(_STATE) for one in entries)
    return trials if is_experiment or len(trials) == len(folders) else []


def _is_trial(folder: Path) -> bool:
    path = next((folder / name for name in (RESULT, PROGRESS) if _has_content(folder / name)), None)
    if path is None:
        return False
    try:
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
    except OSError:
        return False
    return all(f'{name}"'.encode() in head or name.encode() in head for name in _KNOWN_BY)


def _has_content(path: Path) -> bool:
    return path.is_file() and path.stat().st_size > 0


def _trial(key: str, file: Path, metric: str) -> Iterator[Item]:
    """One trial from the file of its results."""
    folder = file.absolute().parent
    config, unread = settings_of(folder / PARAMS) if (folder / PARAMS).is_file() else ({}, [])
    yield from unread
    track, begun = Track(key, metric), False
    for line, record in _records(file):
        if isinstance(record, Unread):
            yield record
            continue
        own = record.pop("config", None)
        if not begun:
            begun = True
            known = config or (own if isinstance(own, dict) else {})
            yield Run(key=key, label=_label(folder.name), config=known, started=_started(record))
        yield from _report(line, record, track)
    if not begun:
        yield Run(key=key, label=_label(folder.name), config=config)
    yield _ended(key, folder)


def _silent(folder: Path) -> Iterator[Item]:
    """A trial that never reported."""
    config, unread = settings_of(folder / PARAMS)
    yield from unread
    yield Run(key=folder.name, label=_label(folder.name), config=config)
    yield _ended(folder.name, folder)


def _records(file: Path) -> Iterator[tuple[int, Record | Unread]]:
    if file.suffix != ".csv":
        yield from records_in(lines(file))
        return
    names: tuple[str, ...] = ()
    for line, text in complete(lines(file)):
        cells = cells_of(text, ",")
        if not names or names_in(cells) == names:
            names = names_in(cells)
        elif len(cells) != len(names):
            yield line, Unread(line, shown(text))
        else:
            filled = ((n, cell) for n, cell in zip(names, cells, strict=True) if cell.lower() not in MISSING)
            yield line, _nested(filled)


def _nested(cells: Iterator[tuple[str, str]]) -> Record:
    """The record of a row, with its settings, whose columns begin with `config/`, in one place."""
    record: Record = {}
    config: Record = {}
    for name, cell in cells:
        found = number(cell)
        value = cell if found is None else found
        if name.startswith("config/"):
            config[name.removeprefix("config/")] = value
        else:
            record[name] = value
    return {**record, "config": config} if config else record


def _report(line: int, record: Mapping[str, Any], track: Track) -> Iterator[Item]:
    numbers, others = flattened({name: value for name, value in record.items() if name not in PLUMBING})
    time = number(str(record.get("time_total_s")))
    yield from track.events(
        Row(
            values=numbers,
            evaluates=True,
            step=number(str(record.get("training_iteration"))),
            time=None if time is None else float(time),
        )
    )
    for name, value in others.items():
        if value not in ("True", "False"):
            yield Unread(line, f"{name}: {shown(value)}")


def _started(record: Mapping[str, Any]) -> float | None:
    at, ran = stamp(record.get("timestamp")), number(str(record.get("time_total_s")))
    return None if at is None else at - (ran or 0)


def _label(name: str) -> str:
    """What the folder of a trial says of it: `train_b36df_00000_0_lr=0.1000`, without the date."""
    return one_line(_IN_ITS_FOLDER.sub("", name).rstrip("_"))


def _ended(key: str, folder: Path) -> RunEnded:
    error = folder / ERROR
    if not error.is_file():
        return RunEnded(key=key)
    text = safe_text(error.read_bytes()[-_LONGEST_ERROR:]).strip()
    last = text.rsplit("\n", 1)[-1]
    return RunEnded(key=key, status="failed", reason=one_line(last, 200), error=text)


IMPORTER = RayResults()
