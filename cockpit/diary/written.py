"""`.diary.json`: what entries were last made from, so that those of which nothing changed are not made again."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import cockpit.checks
import cockpit.diary
import cockpit.store
from cockpit.diary.past import Past
from cockpit.store.folder import RunFolder
from cockpit.store.summary import replace_file

FILE = ".diary.json"
REPORT = "report.md"
# What is written beside the record, and what changes although nothing was recorded.
_NO_INPUT = (REPORT, "summary.json", "engine.log", "index.lock", "index.db-shm", "timings.json")


class Written:
    """The marks of a logs folder. Nothing in it is needed: without it every entry is made again."""

    def __init__(self, logs: Path) -> None:
        self._path = logs / FILE
        self._known = _read(self._path)
        self._changed = False

    def is_current(self, run: RunFolder, past: Past, present: str | None) -> bool:
        """Whether an entry that is `present` so, markers included, and its report would be written just the same."""
        known = self._known.get(run.name)
        return (
            isinstance(known, dict)
            and present is not None
            and known.get("entry") == _digest([present.replace("\r\n", "\n")])
            and known.get("report") == _stat(run.path / REPORT)
            and known.get("from") == _inputs(run, past)
        )

    def note(self, run: RunFolder, past: Past, present: str) -> None:
        """This is what was written."""
        self._known[run.name] = {
            "entry": _digest([present.replace("\r\n", "\n")]),
            "report": _stat(run.path / REPORT),
            "from": _inputs(run, past),
        }
        self._changed = True

    def save(self) -> None:
        """Keep the marks, if the folder can be written."""
        if self._changed:
            try:
                replace_file(self._path, json.dumps(self._known))
            except OSError:
                pass  # then everything is made again next time


def _read(path: Path) -> dict[str, Any]:
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def _inputs(run: RunFolder, past: Past) -> str:
    """Differs where the record, what is said of earlier experiments, or the code that writes about them is another."""
    with os.scandir(run.path) as found:
        files = sorted((entry.name, *_times(entry.stat())) for entry in found if _is_input(entry))
    return _digest([repr(files), repr(past.before(run)), past.status(run), _code()])


def _is_input(entry: os.DirEntry[str]) -> bool:
    return entry.name not in _NO_INPUT and not entry.name.endswith(".tmp") and entry.is_file()


def _stat(path: Path) -> list[int]:
    try:
        return list(_times(path.stat()))
    except OSError:
        return []


def _times(stat: os.stat_result) -> tuple[int, int]:
    return stat.st_size, stat.st_mtime_ns


@cache
def _code() -> str:
    """The modules that entries are made by."""
    packages = (cockpit.checks, cockpit.diary, cockpit.store)
    files = (path for package in packages for folder in package.__path__ for path in Path(folder).glob("*.py"))
    return repr(sorted((path.name, *_times(path.stat())) for path in files))


def _digest(parts: Iterable[str]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part.encode("utf-8", "surrogateescape"))
        digest.update(b"\0")
    return digest.hexdigest()[:24]
