"""What came of running a trial again: which numbers are the same, and what is not as it was."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cockpit.checks.same import TOLERANCE, Sameness, compare, numbers_of
from cockpit.checks.surroundings import Change, changes, is_on_a_cpu, surroundings
from cockpit.engine.rerun import Again
from cockpit.store.folder import FolderError, RunFolder
from cockpit.store.reader import Index
from cockpit.store.rows import TrialRow


@dataclass(frozen=True)
class Result:
    """The second time stands in experiment `run`; `changes` are what differs between the two."""

    again: Again
    run: RunFolder
    found: Sameness
    changes: tuple[Change, ...]


def result_of(again: Again, run: RunFolder) -> Result:
    """Compare the two. Raises `FolderError` where the second was not even started."""
    with Index(again.run) as before, Index(run) as index:
        trials = index.trials()
        if not trials:
            raise FolderError(f"{run.id}: the trial was not started; `cockpit show {run.id}` says why")
        trial = trials[0]
        on_cpu = is_on_a_cpu(again.trial.device) and is_on_a_cpu(trial.device)
        numbers = numbers_of(before, again.trial.id), numbers_of(index, trial.id)
        found = compare(*numbers, 0.0 if on_cpu else TOLERANCE, again.up_to, _why(again, trial))
        was, now = surroundings(again.run, again.sweep, again.trial.id), surroundings(run, index.sweep(), trial.id)
    other = [] if again.trial.digest == trial.digest else [_configuration(again.trial, trial)]
    return Result(again, run, found, (*other, *changes(was, now)))


def _why(again: Again, trial: TrialRow) -> str:
    """Why they cannot be the same, where that is known."""
    if trial.error and trial.error != again.trial.error:
        return f"the second time it {trial.status}: {trial.error}"
    return again.cannot


def _configuration(before: TrialRow, after: TrialRow) -> Change:
    """That something else was made of the same settings."""
    was, now = before.effective, after.effective
    names = [name for name in dict.fromkeys((*was, *now)) if was.get(name) != now.get(name)]
    return Change("configuration", _settings(was, names) or before.digest, _settings(now, names) or after.digest)


def _settings(known: Mapping[str, Any], names: list[str]) -> str:
    return ", ".join(f"{name}={known.get(name)}" for name in names)
