"""Entries that say of a sweep that it runs although its process is gone: whoever looks next writes them again."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

from cockpit.store.folder import FolderError, RunFolder, find_experiment

_RUNNING = re.compile(rb"^<!-- cockpit:begin (exp\d+) -->[ \t]*\r?\n#+ [^\n]*\xe2\x8f\xb3", re.MULTILINE)  # ⏳


def mend(logs: Path) -> list[str]:
    """Write the entries of sweeps that died without a word; return their ids.

    Costs one read of the diary where all is well. What cannot be written, as in somebody else's logs folder, stays.
    """
    left = _left_behind(logs)
    if not left or not os.access(logs, os.W_OK):
        return []
    from cockpit.diary.book import write_entries

    try:
        refused = write_entries(logs, left)
    except (FolderError, OSError):
        return []
    return [run.id for run in left if run.name not in refused]


def _left_behind(logs: Path) -> list[RunFolder]:
    try:
        text = (logs / "diary.md").read_bytes()
    except OSError:
        return []
    return [run for match in _RUNNING.finditer(text) if (run := _dead(logs, match[1].decode())) is not None]


def _dead(logs: Path, experiment: str) -> RunFolder | None:
    """The experiment, if its sweep runs no more."""
    from cockpit.store.life import LIVE
    from cockpit.store.summary import read_summary

    try:
        run = find_experiment(logs, experiment)
    except FolderError:
        return None  # its folder is gone, and the entry is all that is left of it
    return None if read_summary(run, time.time())["status"] in (*LIVE, "broken") else run
