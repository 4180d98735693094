"""Running sweeps from tests, reading their records, and looking for processes that are left."""

from __future__ import annotations

import contextlib
import gc
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cockpit.engine.ending import Ending
from cockpit.engine.observer import NoView, View
from cockpit.engine.plan import Plan, make_plan
from cockpit.engine.sweep import Job, run_sweep
from cockpit.events.codec import decode
from cockpit.events.kinds import Attempt, Event, TrialEnded, TrialStarted
from cockpit.search.reader import loads
from cockpit.search.spec import Search
from cockpit.store.folder import RunFolder
from cockpit.store.reader import Index
from cockpit.store.rows import SweepRow, TrialRow

PATIENCE = 60.0  # seconds until something that must happen counts as not happening

HILL = {"x": {"min": -1.0, "max": 1.0}, "y": {"min": -1.0, "max": 1.0}}
START = {"x": 0.0, "y": 0.0}


def search(**keys: Any) -> Search:
    """A search as its file would give it; by default random points of the toy's hill on the local engine."""
    whole = {
        "name": "test",
        "trainer": "toy",
        "method": "random",
        "engine": "local",
        "metric": {"name": "score", "goal": "maximize"},
        "parameters": HILL,
        **keys,
    }
    return loads(json.dumps({key: value for key, value in whole.items() if value is not None}))


def plan_of(**keys: Any) -> Plan:
    return make_plan(search(**keys), device="cpu")


@dataclass(frozen=True)
class Sweep:
    """A sweep that ended."""

    plan: Plan
    run: RunFolder
    ending: Ending

    @property
    def row(self) -> SweepRow:
        with Index(self.run) as index:
            return index.sweep()

    @property
    def trials(self) -> list[TrialRow]:
        with Index(self.run) as index:
            return index.trials()

    @property
    def statuses(self) -> list[str]:
        return [trial.status for trial in self.trials]

    @property
    def ledger(self) -> list[Event]:
        return events_in(self.run.sweep)

    @property
    def started(self) -> list[TrialStarted]:
        return [event for event in self.ledger if isinstance(event, TrialStarted)]

    @property
    def ended(self) -> dict[str, TrialEnded]:
        return {event.trial: event for event in self.ledger if isinstance(event, TrialEnded)}

    @property
    def log(self) -> str:
        return self.run.engine_log.read_text()

    def by(self, name: str) -> dict[Any, TrialRow]:
        """The trials by their value of one parameter."""
        return {trial.config[name]: trial for trial in self.trials}

    def most_at_once(self) -> int:
        """How many trials the ledger had open at the same time."""
        now = most = 0
        for event in self.ledger:
            now += isinstance(event, TrialStarted) - isinstance(event, TrialEnded)
            most = max(most, now)
        return most


def run(logs: Path, view: View | None = None, **keys: Any) -> Sweep:
    """Run a search to its end."""
    plan = plan_of(**keys)
    run_folder, ending = run_sweep(Job(plan, logs, "a test"), lambda *_: view or NoView(), lambda _: None)
    return Sweep(plan, run_folder, ending)


class Once:
    """A view that does something, once, as soon as a condition on the trials holds."""

    def __init__(self, condition: Callable[[list[TrialRow]], bool], action: Callable[[], object]) -> None:
        self._condition = condition
        self._action = action
        self._done = False

    def show(self, index: Index, sweep: SweepRow, trials: list[TrialRow]) -> None:
        if not self._done and self._condition(trials):
            self._done = True
            self._action()


class Scenes:
    """A view that does one thing after the other to the run folder, each as soon as its condition on the trials holds.

    A condition gets the trials by their ids; one that raises `KeyError` does not hold yet.
    """

    def __init__(self, *scenes: tuple[Callable[[dict[str, TrialRow]], bool], Callable[[RunFolder], object]]) -> None:
        self._coming = list(scenes)

    def show(self, index: Index, sweep: SweepRow, trials: list[TrialRow]) -> None:
        if not self._coming:
            return
        condition, action = self._coming[0]
        with contextlib.suppress(KeyError):
            if condition({trial.id: trial for trial in trials}):
                del self._coming[0]
                action(index.run)


def events_in(path: Path) -> list[Event]:
    """The events of a file; its last line may be torn, no other."""
    return [decode(line) for line in path.read_bytes().split(b"\n")[:-1]]


def attempts(run_folder: RunFolder) -> list[Attempt]:
    files = [run_folder.trial(trial).events for trial in run_folder.trial_ids()]
    return [event for path in files if path.exists() for event in events_in(path) if isinstance(event, Attempt)]


def left_processes(run_folder: RunFolder) -> list[int]:
    """Processes that still live and belong to a trial: the groups are led by the trials' own processes."""
    leaders = {attempt.pid for attempt in attempts(run_folder)}
    return [process.pid for process in processes() if process.group in leaders]


@dataclass(frozen=True)
class Process:
    pid: int
    parent: int
    group: int
    command: str


def processes() -> Iterator[Process]:
    """All processes but those that are dead already and only wait for their parent to look."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            state, parent, group = (folder / "stat").read_text().rpartition(")")[2].split()[:3]
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue  # gone meanwhile
        if state != "Z":
            yield Process(int(folder.name), int(parent), int(group), command)


def descriptors(pid: int | str = "self") -> list[str]:
    """The open file descriptors of a process."""
    gc.collect()
    return sorted(entry.name for entry in Path(f"/proc/{pid}/fd").iterdir())


def is_alive(pid: int) -> bool:
    return any(process.pid == pid for process in processes())


def wait_until(condition: Callable[[], Any], seconds: float = PATIENCE) -> Any:
    """What the condition returned when it was first true. Fails when that does not happen in time."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, f"not within {seconds:g} seconds"
        time.sleep(0.01)
    return found
