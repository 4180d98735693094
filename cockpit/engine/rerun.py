"""The same trial once more: its configuration, seed, device and threads, as an experiment of its own."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from cockpit.engine.control import ControlError, send
from cockpit.engine.devices import kind_of
from cockpit.engine.git_state import git_state
from cockpit.engine.machine import cores
from cockpit.engine.plan import Plan, draft_plan
from cockpit.events.kinds import Attempt
from cockpit.search.lone import of_one_trial
from cockpit.search.reader import load
from cockpit.search.spec import Search
from cockpit.store.folder import FolderError, RunFolder
from cockpit.store.history import beginnings, changes_of, read_history
from cockpit.store.provenance import read_provenance
from cockpit.store.reader import Index
from cockpit.store.rows import TAKEN_UP_BY, SweepRow, TrialRow


@dataclass(frozen=True)
class Again:
    """What is done again. Numbers are compared up to step `up_to`, which an evaluation may belong to.

    `cannot` says why they cannot all be the same, `remark` what else a reader should know; both may be empty.
    """

    run: RunFolder
    sweep: SweepRow
    trial: TrialRow
    plan: Plan
    up_to: int
    cannot: str = ""
    remark: str = ""

    @property
    def name(self) -> str:
        """`exp012/t003`."""
        return f"{self.run.id}/{self.trial.id}"

    def is_other_code(self) -> bool:
        """Whether the code is not what it was, or it is not known what it was."""
        known = (read_provenance(self.run) or {}).get("code") or [{}]
        state = git_state(self.plan.work.folder, without=self.run.path.parent)
        return bool(known[0].get("late") or state.is_late or known[0].get("digest") != state.digest)


def plan_again(run: RunFolder, trial_id: str, device: str | None = None, engine: str | None = None) -> Again:
    """Make ready to do a trial again. Raises `FolderError` for one that cannot be, `SearchError` and `InputError`."""
    with Index(run) as index:
        sweep = index.sweep()
        trial = next((row for row in index.trials() if row.id == trial_id), None)
        steered = index.steered().get(trial_id, ())
        changes = changes_of(steered, index.commands(), trial_id)
        last = max((row.step for row in index.steps(trial_id)), default=0)
    if trial is None:
        raise FolderError(f"{run.id}/{trial_id}: not in the index; run `cockpit reindex {run.id}`")
    _refuse(run, sweep, trial)
    first = (beginnings(run, trial_id) or [Attempt()])[0]
    device = device or kind_of(first.device)
    search = _search_of(run, trial, first, engine)
    if device == "cpu":
        search = replace(search, resources=replace(search.resources, gpu=0.0))
    plan = draft_plan(search, device, Path(sweep.data) if sweep.data else None)
    plan.check()
    up_to, cannot = last, ""
    if changes:
        up_to = min(change.step for change in changes)
        names = ", ".join(dict.fromkeys(name for change in changes for name in change.settings))
        cannot = f"{names} was changed by hand after step {up_to}, and what came then cannot come out the same"
    return Again(run, sweep, trial, plan, up_to, cannot, _resumed(run, trial))


def _refuse(run: RunFolder, sweep: SweepRow, trial: TrialRow) -> None:
    name = f"{run.id}/{trial.id}"
    if sweep.engine not in TAKEN_UP_BY or not run.search.exists():
        kind = f"of {sweep.engine}" if sweep.engine else "that was imported"
        raise FolderError(f"{name}: a trial {kind} was not run from here, so it cannot be run again")
    if not trial.is_over:
        raise FolderError(f"{name}: it is {trial.status}; wait until it has ended, or stop it")
    if trial.attempt > 1 and load(run.search).scheduler == "pbt":
        raise FolderError(f"{name}: it copied other trials on its way, which one trial alone cannot do again")


def _search_of(run: RunFolder, trial: TrialRow, first: Attempt, engine: str | None) -> Search:
    """The search whose only trial is this one, with the threads that it had where there are so many cores."""
    search = load(run.search)
    processes = search.resources.processes
    threads = max(1, first.threads) * (processes or max(1, int(search.resources.gpu)))
    return of_one_trial(
        search,
        trial.config,
        trial.seed,
        name=f"rerun_{run.id}_{trial.id}",
        note=f"Does {run.id}/{trial.id} come out the same?",
        engine=engine or "local",
        cpu=min(threads, cores()),
    )


def _resumed(run: RunFolder, trial: TrialRow) -> str:
    """Where later attempts went on; empty for a trial of one attempt."""
    attempts = read_history(run, (trial.id,)).attempts.get(trial.id, [])
    steps = ", ".join(str(attempt.after) for attempt in attempts[1:])
    return f"the first time it was cut off and went on after step {steps}" if steps else ""


class UpTo:
    """Looks at a sweep and stops it where the trial that it does again had ended."""

    def __init__(self, run: RunFolder, again: Again) -> None:
        self._run = run
        self._again = again
        self._stopped = False

    def show(self, index: Index, sweep: SweepRow, trials: list[TrialRow]) -> None:
        before = self._again.trial
        runs_to_its_end = before.status == "finished" and not self._again.cannot
        if self._stopped or runs_to_its_end or not trials:
            return
        is_there = trials[0].steps > self._again.up_to or (
            trials[0].steps == self._again.up_to and len(trials[0].evaluations) >= len(before.evaluations)
        )
        if is_there and not trials[0].is_over:
            self._stopped = True
            try:
                send(self._run, "stop")
            except ControlError:
                pass  # it has ended by itself
