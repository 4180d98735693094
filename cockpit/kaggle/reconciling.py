"""What a run wrote, in the place of what was heard of it: the files that came home are the truth."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from cockpit.diary.book import write_entry
from cockpit.events.codec import EventError, decode
from cockpit.events.kinds import SweepStarted
from cockpit.kaggle.errors import GarbledError
from cockpit.kaggle.following import FILES, here
from cockpit.store.folder import RunFolder
from cockpit.store.mirror import indexed
from cockpit.store.summary import write_summary

MADE_HERE = ("index.db", "index.db-wal", "index.db-shm", "index.lock", "summary.json", "report.md", "scores.jsonl")


@dataclass(frozen=True)
class Reconciled:
    """`streamed` and `written` count lines of the record, heard and in the files; `differing` are files of the record
    that were not heard as they are; `others` counts what else came, checkpoints among it."""

    streamed: int
    written: int
    differing: tuple[str, ...]
    others: int


def reconcile(logs: Path, run: RunFolder, pulled: Path) -> Reconciled:
    """Take over the run folder below `pulled`, index it anew and write its diary entry.

    Raises `GarbledError` where there is none, and `FolderError` where it cannot be written.
    """
    source = _source(pulled)
    streamed = written = others = 0
    differing = []
    for path in sorted(path for path in source.rglob("*") if path.is_file() and not path.is_symlink()):
        name = path.relative_to(source).as_posix()
        target = run.path / name
        if name in MADE_HERE:
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        if not FILES.fullmatch(name):
            os.replace(path, target)  # noqa: PTH105 - over whatever is there
            others += 1
            continue
        known, true = _lines(target), _true_lines(path, name, run)
        streamed, written = streamed + len(known), written + len(true)
        if known != true:
            differing.append(name)
            _replace(target, true)
    _index_anew(logs, run)
    return Reconciled(streamed, written, tuple(differing), others)


def _source(pulled: Path) -> Path:
    """The one run folder in the output of a run of ours."""
    found = [path.parent for path in pulled.glob("logs/exp*/sweep.jsonl")]
    if len(found) != 1:
        raise GarbledError(f"{pulled}: there is no record of a sweep in what the run put out; its log may say why")
    return found[0]


def _lines(path: Path) -> list[bytes]:
    try:
        return path.read_bytes().split(b"\n")[:-1]
    except OSError:
        return []


def _true_lines(path: Path, name: str, run: RunFolder) -> list[bytes]:
    lines = _lines(path)
    if PurePosixPath(name).name == "sweep.jsonl" and lines:
        lines = [_renamed(line, run) for line in lines]
    return lines


def _renamed(line: bytes, run: RunFolder) -> bytes:
    if b'"sweep_started"' not in line:
        return line
    try:
        event = decode(line)
    except EventError:
        return line
    return here(event, run).rstrip(b"\n") if isinstance(event, SweepStarted) else line


def _replace(path: Path, lines: list[bytes]) -> None:
    temporary = path.with_name(f".{path.name}.tmp")
    temporary.write_bytes(b"".join(line + b"\n" for line in lines))
    temporary.replace(path)


def _index_anew(logs: Path, run: RunFolder) -> None:
    for name in ("index.db", "index.db-wal", "index.db-shm"):
        indexed(run).index.with_name(name).unlink(missing_ok=True)
    write_summary(run)
    write_entry(logs, run)
