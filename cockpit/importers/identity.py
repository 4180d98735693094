"""What a source is known by: the digest of its content, whatever it is called and wherever it lies."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from cockpit.events.codec import EventError, decode
from cockpit.events.kinds import SweepEnded, SweepStarted
from cockpit.store.folder import RunFolder, experiments
from cockpit.store.rows import IMPORT

BLOCK = 1 << 20
_FIRST_LINE = 1 << 20
_LAST_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """`beginnings` are digests of the first so many bytes of a file, for sizes that were asked for."""

    size: int
    sha256: str
    beginnings: dict[int, str]


@dataclass(frozen=True, slots=True)
class Imported:
    """An experiment that was imported, and what it was imported from."""

    run: RunFolder
    path: str
    size: int
    sha256: str
    format: str


def fingerprint(path: Path, sizes: Collection[int] = ()) -> Fingerprint:
    """Of a file, or of a folder with the names of all files in it. Raises `OSError`."""
    if path.is_dir():
        return _of_folder(path)
    whole = hashlib.sha256()
    beginnings: dict[int, str] = {}
    wanted = sorted(sizes)
    read = 0
    with path.open("rb", buffering=0) as file:
        while block := file.read(BLOCK):
            while wanted and wanted[0] <= read + len(block):
                size = wanted.pop(0)
                part = whole.copy()
                part.update(block[: size - read])
                beginnings[size] = part.hexdigest()
            whole.update(block)
            read += len(block)
    return Fingerprint(read, whole.hexdigest(), beginnings)


def _of_folder(path: Path) -> Fingerprint:
    whole, total = hashlib.sha256(), 0
    for file in files_in(path):
        one = fingerprint(file)
        whole.update(f"{file.relative_to(path).as_posix()}\0{one.size}\0{one.sha256}\n".encode(errors="replace"))
        total += one.size
    return Fingerprint(total, whole.hexdigest(), {})


def files_in(folder: Path) -> Iterator[Path]:
    """All files in a folder, in the order of their names, hidden ones left out; links to folders are not followed."""
    for entry in sorted(folder.iterdir()):
        if entry.name.startswith("."):
            continue
        if entry.is_dir():
            if not entry.is_symlink():
                yield from files_in(entry)
        elif entry.is_file():
            yield entry


def imported(logs: Path) -> list[Imported]:
    """All experiments of a logs folder that were imported, oldest first."""
    return [found for run in experiments(logs) if (found := _source_of(run)) is not None]


def _source_of(run: RunFolder) -> Imported | None:
    event = first_event(run)
    if event is None or event.engine != IMPORT:
        return None
    # Of a file that was followed the end is known at the end only.
    last = _last_event(run) if event.extra.get("followed") else None
    source = (last.extra if last else event.extra).get("source")
    if not isinstance(source, dict):
        return None
    path, size, digest, form = (source.get(key) for key in ("path", "size", "sha256", "format"))
    if isinstance(path, str) and isinstance(size, int) and isinstance(digest, str):
        return Imported(run, path, size, digest, str(form))
    return None


def _last_event(run: RunFolder) -> SweepEnded | None:
    try:
        with run.sweep.open("rb") as file:
            file.seek(max(0, run.sweep.stat().st_size - _LAST_BYTES))
            event = decode(file.read().rstrip(b"\n").rpartition(b"\n")[2])
    except (OSError, EventError):
        return None
    return event if isinstance(event, SweepEnded) else None


def first_event(run: RunFolder) -> SweepStarted | None:
    """How the record of an experiment begins; None where it cannot be read."""
    try:
        with run.sweep.open("rb") as file:
            event = decode(file.readline(_FIRST_LINE))
    except (OSError, EventError):
        return None
    return event if isinstance(event, SweepStarted) else None
