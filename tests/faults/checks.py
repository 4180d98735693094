"""What must hold whatever happened to an experiment: nothing lost, nothing twice, nothing left, nothing false."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path

from cockpit.engine.rebuild import read_events
from cockpit.events.kinds import (
    Attempt,
    Built,
    Eval,
    Saved,
    Step,
    SweepEnded,
    SweepStarted,
    SweepStatus,
    TrialEnded,
    TrialPaused,
    TrialStarted,
)
from cockpit.store.folder import RunFolder
from cockpit.store.reader import Index

from .experiment import EPOCHS, STEPS, Experiment
from .processes import wait_until
from .records import ends, files, ledger, whole_lines

ORPHAN_SECONDS = 15.0
CUT_OFF = ("lost", "interrupted", "waiting", "paused")


@dataclass(frozen=True)
class Snapshot:
    """The whole lines of every file at one moment."""

    lines: dict[Path, bytes]

    @classmethod
    def of(cls, run: RunFolder) -> Snapshot:
        return cls({path: whole_lines(path) for path in files(run)})

    def check(self) -> None:
        """Nothing that was recorded is gone or changed."""
        for path, lines in self.lines.items():
            assert whole_lines(path).startswith(lines), f"{path.name} of {path.parent.name} lost what was recorded"


def check_nothing_is_left(experiment: Experiment) -> None:
    """No process of the experiment outlives it."""
    try:
        wait_until(lambda: not experiment.left, ORPHAN_SECONDS, pause=0.05)
    except AssertionError:
        raise AssertionError(f"left after {ORPHAN_SECONDS:g} s: {experiment.left}") from None


def check_what_is_shown(experiment: Experiment) -> None:
    """While nothing of it runs, neither the experiment nor a trial is shown as more than its ledger says."""
    document, (listed,) = experiment.shown("show", "exp001"), experiment.shown("ls")
    life = [event for event in ledger(experiment.run) if isinstance(event, SweepStarted | SweepStatus | SweepEnded)]
    expected = life[-1].status if isinstance(life[-1], SweepEnded) else "interrupted"
    assert document["status"] == expected, (document["status"], expected)
    assert listed["status"] == expected, (listed["status"], expected)
    known = ends(experiment.run)
    for trial in document["trials"]:
        if trial["id"] in known:
            assert trial["status"] == known[trial["id"]], trial
        else:
            assert trial["status"] in CUT_OFF, (trial["id"], trial["status"])


def check_attempts(run: RunFolder) -> None:
    """No trial is in two running attempts: each is over before the next begins, and they are counted."""
    number: dict[str, int] = {}
    running: set[str] = set()
    for event in ledger(run):
        if isinstance(event, TrialStarted):
            assert event.trial not in running, f"{event.trial} was started while it ran"
            assert event.attempt == number.get(event.trial, 0) + 1, f"{event.trial}: attempt {event.attempt}"
            number[event.trial] = event.attempt
            running.add(event.trial)
        elif isinstance(event, TrialPaused | TrialEnded):
            running.discard(event.trial)
        elif isinstance(event, SweepStatus):
            running.clear()
    for trial in run.trial_ids():
        _check_writers(run, trial)


def _check_writers(run: RunFolder, trial: str) -> None:
    """Each attempt goes on step by step where it says that it does, so no two of them write at once."""
    attempt = step = 0
    for event in read_events(run.trial(trial).events):
        if isinstance(event, Attempt):
            assert event.attempt > attempt, f"{trial}: attempt {event.attempt} after {attempt}"
            attempt = event.attempt
        elif isinstance(event, Built):
            step = event.step
        elif isinstance(event, Step):
            assert event.step == step + 1, f"{trial}#{attempt}: step {event.step} after {step}"
            step = event.step
        elif isinstance(event, Eval):
            assert event.step == step, f"{trial}#{attempt}: evaluation of step {event.step} after {step}"


def check_checkpoints(run: RunFolder) -> None:
    """Every checkpoint that the record names can be opened."""
    for trial in run.trial_ids():
        folder = run.trial(trial)
        for event in read_events(folder.events):
            if isinstance(event, Saved):
                state = json.loads((folder.path / event.path).read_bytes())
                assert state["step"] >= event.step


def check_complete(experiment: Experiment, over: tuple[str, ...] = ("finished",)) -> None:
    """The same trials with the same curves as in a sweep that nothing happened to."""
    run = experiment.run
    with Index(run) as index:
        rows = index.trials()
        assert {row.id: dict(row.config) for row in rows} == experiment.configs
        assert {row.status for row in rows} <= set(over), {row.id: row.status for row in rows}
        for row in rows:
            curve = {(point.kind, point.step): dict(point.metrics) for point in index.steps(row.id)}
            assert len(curve) == len(index.steps(row.id)), f"{row.id} has a step twice"
            last = STEPS * len(row.evaluations)
            assert last == STEPS * EPOCHS or row.status == "pruned", f"{row.id} ends at step {last}"
            expected = {key: value for key, value in experiment.curves[row.id].items() if key[1] <= last}
            assert curve.keys() == expected.keys(), f"{row.id}: {sorted(curve.keys() ^ expected.keys())}"
            for key, metrics in expected.items():
                assert _equal(curve[key], metrics), f"{row.id} {key}: {curve[key]}, not {metrics}"


def _equal(one: dict[str, float], other: dict[str, float]) -> bool:
    return one.keys() == other.keys() and all(math.isclose(one[key], other[key], rel_tol=1e-12) for key in one)
