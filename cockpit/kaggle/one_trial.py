"""One trial of an experiment as a search of its own, whose only trial it is."""

from __future__ import annotations

from cockpit.search.lone import of_one_trial
from cockpit.search.reader import load
from cockpit.search.spec import Search
from cockpit.store.folder import FolderError, RunFolder
from cockpit.store.reader import Index
from cockpit.store.rows import TAKEN_UP_BY

CORES = 4.0  # of the smallest of Kaggle's machines: a trial that asks for more would not begin there


def search_of(run: RunFolder, trial_id: str) -> Search:
    """The search that runs a trial's resolved configuration once more, on its seed, from its first step.

    Raises `FolderError` for a trial that no search of here has run, and for one that copied others on its way.
    """
    name = f"{run.id}/{trial_id}"
    with Index(run) as index:
        sweep = index.sweep()
        trial = next((row for row in index.trials() if row.id == trial_id), None)
    if trial is None or not trial.config:
        raise FolderError(f"{name}: its configuration is not in the index; run `cockpit reindex {run.id}`")
    if sweep.engine not in TAKEN_UP_BY or not run.search.exists():
        raise FolderError(f"{name}: was not run from a search, so it cannot be pushed as one")
    search = load(run.search)
    if search.scheduler == "pbt" and trial.attempt > 1:
        raise FolderError(f"{name}: copied other trials on its way, which one trial alone cannot do again")
    return of_one_trial(
        search,
        trial.config,
        trial.seed,
        name=f"{run.id}_{trial_id}",
        note=f"{name} at Kaggle",
        engine="local",
        cpu=min(search.resources.cpu or 1.0, CORES),
    )
