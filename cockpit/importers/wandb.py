"""Runs that W&B kept on disk: `wandb/offline-run-*/run-*.wandb`, and those of runs that were online."""

from __future__ import annotations

import math
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cockpit.events.kinds import Note
from cockpit.events.text import one_line, safe_text
from cockpit.importers import leveldb_log
from cockpit.importers import wandb_records as told
from cockpit.importers.contract import NO, SURE, About, Item, Recorded, Run, RunEnded, Source, Unread
from cockpit.importers.left_out import not_taken
from cockpit.importers.places import EPOCH, events_of
from cockpit.importers.protobuf import Message, WireError
from cockpit.store.numbers import counted

ENDING = ".wandb"
DEEPEST, MOST_FOLDERS = 3, 20_000
_OF_FOLDERS = SURE - 10
_LARGEST = 1 << 53
_NOT_TAKEN = {"output": "line of output", "stats": "record of the machine", "artifact": "artifact"}


class WeightsAndBiases:
    """Every row of a run's history, its configuration, notes, tags and end."""

    name = "wandb"
    summary = "runs of W&B on disk (.wandb), or a folder of them"

    def fit(self, source: Source) -> int:
        if source.is_folder:
            return _OF_FOLDERS if next(_files(source.path), None) else NO
        return SURE if leveldb_log.is_log(source.head) else NO

    def read(self, source: Source) -> Iterator[Item]:
        paths = sorted(_files(source.path), key=lambda path: path.parent.name) if source.is_folder else [source.path]
        is_first = True
        for path in paths:
            for item in _RunReader(path).items():
                if isinstance(item, About):
                    if not is_first:
                        continue
                    is_first = False
                yield item


def _files(path: Path) -> Iterator[Path]:
    """The runs below a folder. Links are not followed; never raises."""
    for count, (folder, inner, names) in enumerate(os.walk(path)):
        if count > MOST_FOLDERS:
            return
        if len(Path(folder).relative_to(path).parts) >= DEEPEST:
            inner.clear()
        inner.sort()
        yield from (Path(folder, name) for name in sorted(names) if name.endswith(ENDING))


class _RunReader:
    """Reads the file of one run."""

    def __init__(self, path: Path) -> None:
        self._log = leveldb_log.LogFile(path)
        self._key = path.stem
        self._run = told.RunRecord()
        self._has_begun = False
        self._summary: dict[str, Any] = {}
        self._seen: set[str] = set()  # names of history, whose values need no summary
        self._rows, self._epoch = 0, 0
        self._exit: int | None = None
        self._last: float | None = None
        self._left: Counter[str] = Counter()
        self._no_records = 0

    def items(self) -> Iterator[Item]:
        for data in self._log.records():
            try:
                kind, record = told.record(data)
                if record is not None:
                    yield from self._record(kind, record)
            except WireError:
                self._no_records += 1
        yield from self._begin()
        yield from self._rest()

    def _record(self, kind: str, record: Message) -> Iterator[Item]:
        if kind == "history":
            yield from self._history(*told.history_of(record))
        elif kind == "run" and not self._has_begun:
            self._run = told.run_of(record)
        elif kind == "config":
            yield from self._config(record)
        elif kind == "summary":
            told.change(self._summary, record)
        elif kind == "exit":
            self._exit = told.exit_of(record)
        elif kind == "alert":
            yield from self._begin()
            yield Recorded(self._key, Note(text=safe_text(told.alert_of(record)), at=self._last or 0.0))
        elif kind in _NOT_TAKEN:
            self._left[_NOT_TAKEN[kind]] += 1

    def _begin(self) -> Iterator[Item]:
        """What is known of the run before the first that is recorded of it."""
        if self._has_begun:
            return
        self._has_begun = True
        run = self._run
        self._last = self._last or run.started
        tags = f"tags: {', '.join(run.tags)}" if run.tags else ""
        yield About(name=one_line(run.project), at=run.started)
        yield Run(
            key=self._key,
            label=one_line(run.name or run.id or self._key),
            config=run.config,
            note=safe_text("\n".join(filter(None, (run.notes, tags)))),
            started=run.started,
        )

    def _config(self, record: Message) -> Iterator[Item]:
        """A change of the configuration; one that comes after the first step is a note."""
        changed: dict[str, Any] = {} if self._has_begun else self._run.config
        told.change(changed, record)
        if self._has_begun and changed:
            text = ", ".join(f"{name} = {value}" for name, value in changed.items())
            yield Recorded(self._key, Note(text=safe_text(f"config: {text}"), at=self._last or 0.0))

    def _history(self, step: int | None, values: list[told.Named]) -> Iterator[Item]:
        yield from self._begin()
        media = {names[:-1] for names, value in values if names[-1] == "_type"}
        own: dict[str, float] = {}
        metrics: list[tuple[str, float]] = []
        for names, value in values:
            if any(names[:depth] in media for depth in range(len(names))):
                if names[-1] == "_type":
                    self._left[one_line(str(value), 40)] += 1
                continue
            number = _number(value)
            if value is None:
                continue
            if number is None:
                self._left[type(value).__name__] += 1
            elif names[0].startswith("_"):
                own[names[0]] = number
            else:
                metrics.append((".".join(names), number))
        yield from self._row(step, own, metrics)

    def _row(self, step: int | None, own: dict[str, float], metrics: list[tuple[str, float]]) -> Iterator[Item]:
        told_step = own.get("_step", math.nan)
        if abs(told_step) < _LARGEST:
            step = int(told_step)
        self._rows = step if step is not None else self._rows + 1
        if math.isfinite(own.get("_timestamp", math.nan)):
            self._last = own["_timestamp"]
        self._seen.update(name for name, _ in metrics)
        metrics = list(self._without_epoch(metrics))
        time = own.get("_runtime")
        for event in events_of(metrics, step=self._rows, epoch=self._epoch, time=time):
            yield Recorded(self._key, event)

    def _without_epoch(self, metrics: list[tuple[str, float]]) -> Iterator[tuple[str, float]]:
        """The metrics; an epoch is none, but for a part of one, which events do not count."""
        for name, value in metrics:
            if name.rpartition("/")[2] != EPOCH:
                yield name, value
                continue
            if abs(value) < _LARGEST:
                self._epoch = int(value)
            if not value.is_integer():
                yield f"{name}s", value

    def _rest(self) -> Iterator[Item]:
        summary = {n: v for n, v in self._summary.items() if n not in self._seen and not n.startswith("_")}
        summary = {n: v for n, v in summary.items() if isinstance(v, str | int | float) and not n.endswith("._type")}
        if summary:
            text = ", ".join(f"{name} = {value}" for name, value in summary.items())
            yield Recorded(self._key, Note(text=safe_text(f"summary: {text}"), at=self._last or 0.0))
        if self._exit is None:
            status, reason, error = "interrupted", "its record ends without an exit code", ""
        else:
            status, reason = "failed" if self._exit else "finished", ""
            error = f"exit code {self._exit}" if self._exit else ""
        yield RunEnded(key=self._key, status=status, reason=reason, error=error, ended=self._last)
        yield from not_taken(self._key, self._left)
        if broken := self._log.damaged + self._no_records:
            yield Unread(0, f"{self._key}: damaged in {counted(broken, 'place')}; what stood there is left out")


def _number(value: Any) -> float | None:
    if isinstance(value, bool | int | float):
        try:
            return float(value)
        except OverflowError:
            return None
    return None


IMPORTER = WeightsAndBiases()
