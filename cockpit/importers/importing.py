"""Imports one source: looks whether it is known, records it in a hidden folder, and puts that in its place."""

from __future__ import annotations

import os
import shutil
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from cockpit.events.redaction import redacted
from cockpit.events.text import one_line
from cockpit.importers.contract import Importer, Source
from cockpit.importers.identity import Fingerprint, Imported, fingerprint, imported
from cockpit.importers.outcome import Outcome, outcome_of
from cockpit.importers.record import UNREAD, Record, move, new_record
from cockpit.importers.recording import WHO, Origin, Recording
from cockpit.importers.summary import save_summary_of
from cockpit.store.folder import FolderError, RunFolder, folder_name, next_number, slug
from cockpit.store.scores import append_score, scores

_GENERATED = ("sweep.jsonl", "trials", UNREAD, "scores.jsonl", "summary.json", "report.md", "index.lock")
_OLD = ".replaced-"


@dataclass(frozen=True, slots=True)
class Wish:
    """What the user said about an import. `name` and `metric` are empty where he said nothing."""

    logs: Path
    command: str
    name: str = ""
    metric: str = ""


def import_source(source: Source, importer: Importer, wish: Wish) -> Outcome:
    """Make an experiment of a source, or say which one it is already. Raises `OSError` and `FolderError`.

    A file that has grown since takes the place of its own record; what a user wrote about that stays.
    """
    path = shown_path(source.path)
    _put_back(wish.logs)
    known = imported(wish.logs)
    mark = fingerprint(source.path, {one.size for one in known if one.path == path})
    same = next((one for one in known if one.sha256 == mark.sha256 and one.size == mark.size), None)
    if same is not None:
        return replace(outcome_of(same.run, path, same.format, already=True), size=mark.size)
    grown = next((one for one in known if one.path == path and _is_beginning(one, mark, source)), None)
    with new_record(wish.logs) as record:
        recording = Recording(record, wish.metric)
        recording.take(importer.read(replace(source, metric=wish.metric)))
        if recording.is_empty:
            return Outcome(path=path, format=importer.name, lines=recording.lines, size=mark.size)
        origin = _origin(source, importer, mark, wish, recording)
        run = _replace(record, recording, origin, grown) if grown else _add(record, recording, origin, wish.logs)
    return replace(outcome_of(run, path, importer.name, replaced=grown is not None), size=mark.size)


def shown_path(path: Path) -> str:
    """A path as it is kept and told: absolute, safe, without secrets."""
    return redacted(one_line(os.fspath(path.resolve())))


def _is_beginning(one: Imported, mark: Fingerprint, source: Source) -> bool:
    """Whether what was imported then is how the source begins now; of a folder that cannot be told."""
    return source.is_folder or mark.beginnings.get(one.size) == one.sha256


def _origin(source: Source, importer: Importer, mark: Fingerprint, wish: Wish, recording: Recording) -> Origin:
    path = shown_path(source.path)
    name = wish.name or recording.about.name or source.path.name.partition(".")[0] or source.path.name
    return Origin(
        source={"path": path, "size": mark.size, "sha256": mark.sha256, "format": importer.name},
        name=slug(redacted(one_line(name))) or importer.name,
        command=redacted(wish.command),
        at=source.path.stat().st_mtime,
    )


def _add(record: Record, recording: Recording, origin: Origin, logs: Path) -> RunFolder:
    with next_number(logs) as number:
        name = folder_name(number, origin.name)
        _finish(record, recording, origin, RunFolder(logs / name).id)
        return move(record, logs / name)


def _finish(record: Record, recording: Recording, origin: Origin, experiment: str) -> None:
    """Write what the record needs beside the trials' own files."""
    record.write_ledger(recording.ledger(experiment, origin))
    for score in recording.score_lines(origin):
        append_score(record.run, score)
    save_summary_of(record.run, recording, experiment, origin)


def _replace(record: Record, recording: Recording, origin: Origin, grown: Imported) -> RunFolder:
    """Put the record in the place of an older one; what others wrote into that folder moves along."""
    run = grown.run
    _finish(record, recording, origin, run.id)
    for score in scores(run):
        if score.who != WHO:
            append_score(record.run, score)
    aside = run.path.with_name(f"{_OLD}{run.name}")
    for entry in run.path.iterdir():
        if entry.name not in _GENERATED and not entry.name.startswith("index.db"):
            _copy(entry, record.run.path / entry.name)
    record.flush()
    with ExitStack() as after:
        run.path.rename(aside)
        after.callback(_put_back, run.path.parent)
        move(record, run.path)
    shutil.rmtree(aside, ignore_errors=True)
    return run


def _copy(entry: Path, to: Path) -> None:
    if entry.is_dir() and not entry.is_symlink():
        shutil.copytree(entry, to, symlinks=True)
    else:
        shutil.copy2(entry, to, follow_symlinks=False)


def _put_back(logs: Path) -> None:
    """Undo a replacement that was cut off in the middle, and remove what one that was not left behind."""
    for aside in logs.glob(f"{_OLD}*") if logs.is_dir() else ():
        place = logs / aside.name.removeprefix(_OLD)
        try:
            if place.exists():
                shutil.rmtree(aside, ignore_errors=True)
            else:
                aside.rename(place)
        except OSError as error:
            raise FolderError(f"{aside}: cannot be put back as {place.name} ({error.strerror}); rename it") from None
