"""The file store of MLflow: `mlruns/EXPERIMENT/RUN/` with `meta.yaml`, `metrics/`, `params/` and `tags/`.

The folder may be the store, one experiment or one run. Each metric has a file of lines `timestamp value step`; a `/` in
its name is a folder. What was deleted is told and left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cockpit.events.text import one_line
from cockpit.importers.beside import settings_of
from cockpit.importers.contract import NO, SURE, About, Item, Source, Unread
from cockpit.importers.mlflow_runs import NAME, PARENT, STATUSES, MlflowRun, seconds
from cockpit.importers.opened import lines
from cockpit.importers.values import Number, count, measured, number, shown

META = "meta.yaml"
_OF_A_RUN = ("run_id", "run_uuid")
_TRASH = ".trash"
_OF_A_STORE = (_TRASH, "models")
_LARGEST_TEXT = 1 << 20  # bytes of a parameter or a tag


class MlflowFolder:
    """The importer."""

    name = "mlflow"
    summary = "the file store of MLflow (mlruns), one of its experiments or runs"

    def fit(self, source: Source) -> int:
        """How well the content fits."""
        if not source.is_folder:
            return NO
        return SURE if _experiments(source.path) or _is_run(source.path) else NO

    def read(self, source: Source) -> Iterator[Item]:
        """Its runs. Raises `OSError`."""
        if not source.is_folder:
            return
        if _is_run(source.path):
            yield from _run(source.path, {}, "", source.metric)
            return
        experiments = [(folder, _meta(folder)) for folder in _experiments(source.path)]
        with_runs = [(folder, meta) for folder, meta in experiments if any(True for _ in _runs(folder))]
        if len(with_runs) == 1:
            meta = with_runs[0][1]
            yield About(name=one_line(str(meta.get("name", ""))), at=seconds(meta.get("creation_time")))
        trash = source.path / _TRASH
        if trash.is_dir() and any(trash.iterdir()):
            yield Unread(0, f"{_TRASH}: deleted experiments are left out")
        for folder, meta in with_runs:
            if meta.get("lifecycle_stage") == "deleted":
                yield Unread(0, f"experiment {meta.get('name')}: deleted, left out")
                continue
            named = str(meta.get("name", "")) if len(with_runs) > 1 else ""
            names = {run.name: _read(run / "tags" / NAME) for run in _runs(folder)}
            for run in _runs(folder):
                yield from _run(run, names, named, source.metric)


def _experiments(folder: Path) -> list[Path]:
    """The folders of experiments: this one, or those inside; none where other folders lie among them."""
    if _is_experiment(folder):
        return [folder]
    folders = [one for one in sorted(folder.iterdir()) if one.is_dir() and one.name not in _OF_A_STORE]
    return folders if all(map(_is_experiment, folders)) else []


def _is_experiment(folder: Path) -> bool:
    return (folder / META).is_file() and not _is_run(folder) and "experiment_id" in _meta(folder)


def _is_run(folder: Path) -> bool:
    return (folder / META).is_file() and any(name in _meta(folder) for name in _OF_A_RUN)


def _runs(experiment: Path) -> Iterator[Path]:
    return (one for one in sorted(experiment.iterdir()) if one.is_dir() and (one / META).is_file())


def _meta(folder: Path) -> dict[str, Any]:
    return settings_of(folder / META)[0]


def _run(folder: Path, names: dict[str, str], experiment: str, metric: str) -> Iterator[Item]:
    meta, unread = settings_of(folder / META)
    yield from unread
    label = meta.get("run_name") or folder.name
    if meta.get("lifecycle_stage") == "deleted":
        yield Unread(0, f"run {label}: deleted, left out")
        return
    series: dict[str, list[tuple[Number, Number, int]]] = {}
    for name, file in _files(folder / "metrics"):
        series[name] = []
        for line, text in lines(file):
            found = _values(text)
            if found:
                series[name].append(found)
            elif text.strip():
                yield Unread(line, f"{name} of {label}: {shown(text)}")
    tags = {name: _read(file) for name, file in _files(folder / "tags")}
    parent = tags.get(PARENT, "")
    status = meta.get("status")
    yield from MlflowRun(
        id=folder.name,
        name=str(label),
        status=STATUSES.get(status, str(status)) if isinstance(status, int) else str(status),
        started=measured(meta.get("start_time")),
        ended=measured(meta.get("end_time")),
        parameters={name: _read(file) for name, file in _files(folder / "params")},
        tags=tags,
        series=series,
        parent=names.get(parent, parent),
        experiment=experiment,
    ).items(metric)


def _values(text: str) -> tuple[Number, Number, int] | None:
    """Time, value and step of a line; the first versions wrote no step."""
    parts = text.split()
    if len(parts) < 2:
        return None
    when, value = number(parts[0]), number(parts[1])
    step = number(parts[2]) if len(parts) > 2 else 0
    return None if when is None or value is None or step is None else (when, value, count(step) or 0)


def _files(folder: Path) -> list[tuple[str, Path]]:
    """The files below a folder, by their names, which may hold `/`."""
    if not folder.is_dir():
        return []
    return [(path.relative_to(folder).as_posix(), path) for path in sorted(folder.rglob("*")) if path.is_file()]


def _read(file: Path) -> str:
    if not file.is_file():
        return ""
    with file.open("rb") as opened:
        return opened.read(_LARGEST_TEXT).decode("utf-8", "backslashreplace")


IMPORTER = MlflowFolder()
