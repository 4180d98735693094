"""A folder of event files for TensorBoard, one folder for each trial, with the sweep in the HParams tab.

What TensorBoard has no place for, such as the epoch of a step or why a trial ended, stands there too: epochs and times
as series of their own, the rest in a record that TensorBoard passes over. So `cockpit import` finds everything again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from cockpit.events.codec import encode
from cockpit.export.contract import Format
from cockpit.export.record import Record, sweep_started, trial_started
from cockpit.export.tables import norm_values
from cockpit.export.tensorboard_events import EventFile
from cockpit.importers.places import EPOCH, TIME
from cockpit.store.ranking import is_ranked
from cockpit.store.rows import StepRow, TrialRow

Key = tuple[str, str, str]  # kind, phase or parameter group, and name of a series


def _folder(record: Record, path: Path) -> None:
    tags = _Tags()
    _add_metrics(tags, record)
    with (path / _file_name(record.sweep.started)).open("wb") as file:
        events = EventFile(file, record.sweep.started or 0.0)
        _write_experiment(record, events, tags)
        events.close()
    for trial in record.trials:
        (path / trial.id).mkdir()
        with (path / trial.id / _file_name(trial.started)).open("wb") as file:
            events = EventFile(file, trial.started or 0.0)
            _write_trial(record, trial, events, tags)
            events.close()


def _file_name(started: float | None) -> str:
    return f"events.out.tfevents.{int(started or 0)}.cockpit"


class _Tags:
    """Tags of series: `train/loss`, `valid/score`, `norms/encoder/grad_mean`. No two series have the same."""

    def __init__(self) -> None:
        self._tags: dict[Key, str] = {}
        self._taken: set[str] = set()

    def of(self, *key: str) -> str:
        """The tag of a series."""
        kind, name, bare = key
        if (kind, name, bare) not in self._tags:
            tag = f"norms/{name}/{bare}" if kind == "norm" else f"{name}/{bare}"
            while tag in self._taken:
                tag += f" ({kind})"
            self._taken.add(tag)
            self._tags[kind, name, bare] = tag
        return self._tags[kind, name, bare]

    def places(self) -> dict[str, list[str]]:
        """The series of each tag."""
        return {tag: list(key) for key, tag in self._tags.items()}


def _add_metrics(tags: _Tags, record: Record) -> None:
    """All metrics, and the epochs and times of their phases, before any value of them is written."""
    for kind, phase, name in record.index.metrics():
        for bare in (name, EPOCH, TIME):
            tags.of(kind, phase, bare)
    for trial in record.trials:
        for group in record.index.norm_groups(trial.id):
            for column in _NORMS:
                tags.of("norm", group, column)


_NORMS = ("param_mean", "param_std", "grad_mean", "grad_std", "grad_max", "nonfinite", "update_ratio")


def _write_experiment(record: Record, events: EventFile, tags: _Tags) -> None:
    sweep = record.sweep
    at = sweep.started or 0.0
    events.record(encode(sweep_started(record)).strip(), at)
    settings = {name: [trial.config.get(name) for trial in record.trials] for name in record.setting_names()}
    ranked = [(k, p, n) for k, p, n in record.index.metrics() if k == "eval" and is_ranked(p)]
    ranked.sort(key=lambda key: key[2] != sweep.metric)
    events.experiment(sweep.question, at, settings, [tags.of(*key) for key in ranked])


def _write_trial(record: Record, trial: TrialRow, events: EventFile, tags: _Tags) -> None:
    began = trial.started or 0.0
    events.record(encode(trial_started(trial, series=tags.places())).strip(), began)
    events.begin_run(trial.config, trial.id, began)
    at = began
    for row in record.steps(trial):
        at = max(at, began + (row.time or 0.0))  # times begin anew in each phase; TensorBoard's do not go back
        for name, value in _values(row):
            events.scalar(tags.of(row.kind, row.phase, name), row.step, at, value)
    for norm in record.norms(trial):
        for name, value in norm_values(norm).items():
            events.scalar(tags.of("norm", norm.group, name), norm.step, at, float(value))
    for number, note in enumerate(record.notes(trial)):
        events.text("notes", number, note.at, note.text)
    if trial.is_over:
        events.end_run(trial.status, trial.ended or at)


def _values(row: StepRow) -> Iterator[tuple[str, float]]:
    yield EPOCH, float(row.epoch)
    if row.time is not None:
        yield TIME, row.time
    metrics: Mapping[str, Any] = row.metrics
    yield from metrics.items()


FORMAT = Format(name="tensorboard", summary="event files, a folder for each trial, with HParams", folder=_folder)
