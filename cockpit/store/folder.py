"""Where things are in a logs folder. `logs/exp012-arcface/trials/t003/events.jsonl` and its neighbours."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_EXPERIMENT = re.compile(r"^(exp\d{3,})(?:-(.*))?$")
_TRIAL = re.compile(r"t[0-9]{3,9}\Z")


class FolderError(Exception):
    """A folder or a name in it is not what it should be. One line, with what to do."""


@dataclass(frozen=True)
class TrialFolder:
    """One trial's files. `events` has one writer: the trial's own process."""

    path: Path

    @property
    def events(self) -> Path:
        return self.path / "events.jsonl"

    @property
    def output(self) -> Path:
        return self.path / "output.log"

    @property
    def config(self) -> Path:
        return self.path / "config.json"


@dataclass(frozen=True)
class RunFolder:
    """One experiment's files. `sweep` has one writer: the sweep's process."""

    path: Path

    @property
    def is_mirror(self) -> bool:
        """Whether its index is somewhere else; see `cockpit.store.mirror`."""
        return False

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def id(self) -> str:
        return self.name.split("-", 1)[0]

    @property
    def search(self) -> Path:
        return self.path / "search.yaml"

    @property
    def sweep(self) -> Path:
        return self.path / "sweep.jsonl"

    @property
    def control(self) -> Path:
        """Commands to the running sweep, appended by anybody; see `cockpit.engine.control`."""
        return self.path / "control.jsonl"

    @property
    def index(self) -> Path:
        return self.path / "index.db"

    @property
    def index_lock(self) -> Path:
        return self.path / "index.lock"

    @property
    def summary(self) -> Path:
        return self.path / "summary.json"

    @property
    def scores(self) -> Path:
        return self.path / "scores.jsonl"

    @property
    def checks(self) -> Path:
        return self.path / "checks.jsonl"

    @property
    def provenance(self) -> Path:
        """With which code, packages and data it ran; see `cockpit.store.provenance`."""
        return self.path / "provenance.json"

    @property
    def packages(self) -> Path:
        """The versions of all packages, as `pip freeze` prints them."""
        return self.path / "packages.txt"

    @property
    def importance(self) -> Path:
        """How much each parameter matters; see `cockpit.store.importance`."""
        return self.path / "importance.json"

    @property
    def machine(self) -> Path:
        """How busy the machine was meanwhile; see `cockpit.store.machine.record`."""
        return self.path / "machine.jsonl"

    @property
    def engine_log(self) -> Path:
        return self.path / "engine.log"

    @property
    def trials(self) -> Path:
        return self.path / "trials"

    def trial(self, trial_id: str) -> TrialFolder:
        return TrialFolder(self.trials / trial_id)

    def trial_ids(self) -> list[str]:
        """Ids of the trials that have a folder, in order."""
        if not self.trials.is_dir():
            return []
        names = [name for name in os.listdir(self.trials) if is_trial_id(name)]  # noqa: PTH208 - names are enough
        return sorted(names, key=lambda name: int(name[1:]))


def is_trial_id(name: str) -> bool:
    """Whether it is the id of a trial, and so a safe name for its folder."""
    return _TRIAL.match(name) is not None


def slug(name: str) -> str:
    """A name as a part of a folder name: letters, digits, `_`, `.` and `-`, not too long."""
    return re.sub(r"[^\w.-]+", "_", name).strip("._-")[:60]


def claim(logs: Path, name: str) -> RunFolder:
    """Make and return the next free experiment folder; two processes never get the same number.

    Raises `FolderError` when the logs folder cannot be written.
    """
    with next_number(logs) as number:
        path = logs / folder_name(number, name)
        (path / "trials").mkdir(parents=True)
        return RunFolder(path)


def folder_name(number: int, name: str) -> str:
    """`exp012-arcface`."""
    return "-".join(filter(None, (f"exp{number:03d}", slug(name))))


@contextmanager
def next_number(logs: Path) -> Iterator[int]:
    """The next free number, which nobody else gets until the block that makes its folder has ended.

    Raises `FolderError` when the logs folder cannot be written, by that block either.
    """
    try:
        logs.mkdir(parents=True, exist_ok=True)
        number = max((experiment_number(run.name) for run in experiments(logs)), default=0) + 1
        while not (token := _token(logs, number)):
            number += 1
        try:
            yield number
        finally:
            token.rmdir()
    except OSError as error:
        why = "a file is in its place" if isinstance(error, FileExistsError | NotADirectoryError) else error.strerror
        raise FolderError(f"{logs}: cannot write the logs folder ({why}); choose another with --logs DIR") from None


def _token(logs: Path, number: int) -> Path | None:
    """What says that the number is taken: the number alone is claimed, so that two names cannot share it."""
    token = logs / f".exp{number:03d}.claim"
    try:
        token.mkdir()
    except FileExistsError:
        return None
    if any(experiment_number(run.name) == number for run in experiments(logs)):
        token.rmdir()
        return None
    return token


def experiment_number(name: str) -> int:
    """12 for `exp012-arcface`."""
    return int(name.split("-", 1)[0][3:])


def experiments(logs: Path) -> list[RunFolder]:
    """All experiments of a logs folder, oldest number first; none when there is no such folder."""
    if not logs.is_dir():
        return []
    found = [RunFolder(entry) for entry in logs.iterdir() if _EXPERIMENT.match(entry.name) and entry.is_dir()]
    return sorted(found, key=lambda run: (experiment_number(run.name), run.name))


def find_experiment(logs: Path, name: str) -> RunFolder:
    """The experiment called `exp012`, `exp012-arcface` or `latest`. Raises `FolderError`."""
    known = experiments(logs)
    if not known:
        raise FolderError(f"{logs}: no experiments here; start one with `cockpit sweep demo`, or name --logs DIR")
    if name == "latest":
        return known[-1]
    for run in known:
        if name in (run.name, run.id):
            return run
    raise FolderError(f"{name}: no such experiment in {logs}; the newest is {known[-1].id}, `cockpit ls` lists all")


def find_trial(logs: Path, name: str) -> tuple[RunFolder, str]:
    """The experiment and trial id called `exp012/t003`. Raises `FolderError`."""
    experiment, slash, trial = name.partition("/")
    if not slash:
        raise FolderError(f"{name}: not a trial; write it as {name}/t000")
    run = find_experiment(logs, experiment)
    trials = run.trial_ids()
    if trial not in trials:
        known = f"it has {trials[0]} to {trials[-1]}" if trials else "it has no trials yet"
        raise FolderError(f"{name}: no such trial in {run.id}; {known}")
    return run, trial
