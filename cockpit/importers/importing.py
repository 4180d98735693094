"""Imports one source: looks whether it is known, records it in a hidden folder, and puts that in its place."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
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
MOST_NAMES = 8  # of metrics, where one is missing


@dataclass(frozen=True, slots=True)
class Wish:
    """What the user said about an import. `name` and `metric` are empty where he said nothing."""

    logs: Path
    command: str
    name: str = ""
    metric: str = ""


class NoMetricError(Exception):
    """No run of a source has the metric that it shall be ranked by. One line."""

    def __init__(self, path: str, metric: str, known: list[str]) -> None:
        names = ", ".join(known[:MOST_NAMES]) + (" …" if len(known) > MOST_NAMES else "")
        others = f"it has {names}" if known else "it has no evaluations"
        super().__init__(one_line(f"{path}: no run was evaluated by {metric}; {others}"))


def import_source(source: Source, importer: Importer, wish: Wish) -> Outcome:
    """Make an experiment of a source, or say which one it is already.

    Raises `OSError`, `FolderError` and `NoMetricError`.

    A file that has grown since takes the place of its own record; what a user wrote about that stays.
    """
    path = shown_path(source.path)
    mark, known = look(source.path, wish.logs)
    same = next((one for one in known if one.sha256 == mark.sha256 and one.size == mark.size), None)
    if same is not None:
        return outcome_of(same.run, path, same.format, already=True)
    grown = earlier(source.path, mark, known)
    with new_record(wish.logs) as record:
        recording = Recording(record, wish.metric)
        recording.take(importer.read(replace(source, metric=wish.metric)))
        if recording.is_empty:
            return Outcome(path=path, format=importer.name, lines=recording.lines)
        if wish.metric and wish.metric not in recording.metrics:
            raise NoMetricError(path, wish.metric, recording.metrics)
        origin = origin_of(source.path, importer.name, mark, wish, recording.about.name)

        def finish(experiment: str) -> None:
            record.write_ledger(recording.ledger(experiment, origin))
            for score in recording.score_lines(origin):
                append_score(record.run, score)
            save_summary_of(record.run, recording, experiment, origin)

        run = publish(record, wish.logs, origin.name, grown, finish)
    return outcome_of(run, path, importer.name, replaced=grown is not None)


def look(path: Path, logs: Path) -> tuple[Fingerprint, list[Imported]]:
    """What a source is known by, and what was imported into these logs. Raises `OSError` and `FolderError`."""
    _put_back(logs)
    known = imported(logs)
    shown = shown_path(path)
    return fingerprint(path, {one.size for one in known if one.path == shown}), known


def earlier(path: Path, mark: Fingerprint, known: list[Imported]) -> Imported | None:
    """What was imported of the same file when it was shorter; of a folder, what it held then."""
    shown = shown_path(path)
    for one in known:
        if one.path == shown and (path.is_dir() or mark.beginnings.get(one.size) == one.sha256):
            return one
    return None


def shown_path(path: Path) -> str:
    """A path as it is kept and told: absolute, safe, without secrets."""
    return redacted(one_line(os.fspath(path.resolve())))


def origin_of(path: Path, form: str, mark: Fingerprint, wish: Wish, told_name: str = "") -> Origin:
    """Where an experiment comes from. Raises `OSError`."""
    name = wish.name or told_name or path.name.partition(".")[0] or path.name
    return Origin(
        source={"path": shown_path(path), "size": mark.size, "sha256": mark.sha256, "format": form},
        name=slug(redacted(one_line(name))) or form,
        command=redacted(wish.command),
        at=path.stat().st_mtime,
    )


def publish(record: Record, logs: Path, name: str, before: Imported | None, finish: Callable[[str], None]) -> RunFolder:
    """Make the record an experiment: a new one, or `before` made anew. `finish` writes what needs to know its id."""
    if before is None:
        with next_number(logs) as number:
            place = RunFolder(logs / folder_name(number, name))
            finish(place.id)
            return move(record, place.path)
    run = before.run
    finish(run.id)
    for score in scores(run):
        if score.who != WHO:
            append_score(record.run, score)
    for entry in run.path.iterdir():
        if entry.name not in _GENERATED and not entry.name.startswith("index.db"):
            _copy(entry, record.run.path / entry.name)
    record.flush()
    with ExitStack() as after:
        run.path.rename(run.path.with_name(f"{_OLD}{run.name}"))
        after.callback(_put_back, logs)
        return move(record, run.path)


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
