"""Which trial a person means by `exp012` or `exp012/t003`."""

from __future__ import annotations

from pathlib import Path

from cockpit.store import ranking
from cockpit.store.folder import FolderError, RunFolder, find_experiment, find_trial
from cockpit.store.reader import Index


def named_trial(logs: Path, name: str) -> tuple[RunFolder, str]:
    """The experiment, and the trial or else its best one. Raises `FolderError`."""
    if "/" in name:
        return find_trial(logs, name)
    run = find_experiment(logs, name)
    with Index(run) as index:
        best = ranking.best_trial(index.trials(best_metrics=False), index.sweep().goal)
    if best is None:
        raise FolderError(f"{run.id}: no trial was evaluated, so none is its best; name one, such as {run.id}/t000")
    return run, best.id
