"""Which file a trial can go on from, as its own record says."""

from __future__ import annotations

import mmap
import shutil
from pathlib import Path

from cockpit.events.codec import EventError, decode
from cockpit.events.kinds import Saved
from cockpit.store.folder import TrialFolder

LABEL = "last"  # what trainers call the checkpoint that has everything
_BORROWED = "from-"
_SAVED = b'"kind":"saved"'


def last_checkpoint(folder: TrialFolder) -> str:
    """The newest checkpoint that is still there, as it stands in the record; empty when there is none."""
    try:
        with folder.events.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as record:
            return _newest(folder, record)
    except (OSError, ValueError):  # there is no record, or an empty one
        return ""


def borrowed_checkpoint(source: TrialFolder, borrower: TrialFolder) -> str:
    """A link to the newest checkpoint of another trial, which stays when that trial saves again; empty without one."""
    newest = last_checkpoint(source)
    if not newest:
        return ""
    file = source.path / newest
    link = borrower.path / f"{_BORROWED}{source.path.name}{file.suffix}"
    link.unlink(missing_ok=True)
    try:
        link.hardlink_to(file)
    except OSError:  # another file system, or one without links
        shutil.copyfile(file, link)
    return link.name


def is_borrowed(checkpoint: str) -> bool:
    """Whether a checkpoint, by its path, is of another trial."""
    return Path(checkpoint).name.startswith(_BORROWED)


def _newest(folder: TrialFolder, record: mmap.mmap) -> str:
    """Searched from the end, because a long record may have very many lines after the last file."""
    place = record.rfind(_SAVED)
    while place >= 0:
        begin = record.rfind(b"\n", 0, place) + 1
        end = record.find(b"\n", place)
        if end >= 0:
            event = _event(record[begin:end])
            if event is not None and event.label == LABEL and (folder.path / event.path).is_file():
                return event.path
        place = record.rfind(_SAVED, 0, begin)
    return ""


def _event(line: bytes) -> Saved | None:
    try:
        event = decode(line)
    except EventError:
        return None
    return event if isinstance(event, Saved) else None
