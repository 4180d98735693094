"""What second looks found, kept with the experiment: `checks.jsonl`, one line for each look at a trial."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from cockpit.checks.finding import LEVELS, Finding
from cockpit.events.text import one_line
from cockpit.store.folder import FolderError, RunFolder, is_trial_id
from cockpit.store.lines import append_line


class Look(NamedTuple):
    """A second look at the model of a trial. `at` is seconds since 1970."""

    trial: str
    findings: list[Finding]
    at: float


def looks(run: RunFolder) -> dict[str, Look]:
    """The newest look at each trial. Lines that are none are passed over."""
    try:
        lines = run.checks.read_bytes().split(b"\n")
    except OSError:
        return {}
    return {look.trial: look for line in lines for look in _parsed(line)}


def keep(run: RunFolder, trial: str, findings: Sequence[Finding]) -> Look:
    """Append a look to the experiment's record. Raises `FolderError` when it cannot be written."""
    look = Look(trial, list(findings), time.time())
    found = [{"check": one.check, "level": one.level, "text": one.text} for one in findings]
    try:
        append_line(run.checks, {"trial": trial, "at": look.at, "findings": found})
    except OSError as error:
        raise FolderError(f"{run.checks}: cannot be written ({error.strerror}); the check is not recorded") from None
    return look


def _parsed(line: bytes) -> Iterator[Look]:
    try:
        record = json.loads(line)
        trial, at = str(record["trial"]), float(record["at"])
        found = [_finding(one, trial) for one in record["findings"]]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError):
        return
    if is_trial_id(trial):
        yield Look(trial, found, at)


def _finding(record: Any, trial: str) -> Finding:
    level = str(record["level"])
    if level not in LEVELS:
        raise ValueError(level)
    return Finding(one_line(str(record["check"])), level, one_line(str(record["text"])), (trial,))
