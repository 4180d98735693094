"""Pausing, resuming and changing values in trials that really run, on every engine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from engine_trainers import gated
from sweeping import Scenes, Sweep, attempts, events_in, is_alive, left_processes, run, wait_until

from cockpit.engine.control import send
from cockpit.engine.warm_client import WarmParentProcess
from cockpit.events.kinds import Answered, Built, Steered, Step, TrialPaused, TrialStarted
from cockpit.store.folder import RunFolder
from cockpit.store.reader import Index

STEPS = 60
TRIALS: dict[str, Any] = {
    "trainer": "engine_trainers.gated",
    "method": "grid",
    "parameters": {
        "x": {"values": [0.1, 0.2]},
        "y": {"value": 0.0},
        "steps": {"value": 20},
        "epochs": {"value": STEPS / 20},
    },
    "concurrent": 2,
    "resources": {"cpu": 0.5},
}


@pytest.fixture(scope="module", params=["local", pytest.param("ray", marks=[pytest.mark.ray, pytest.mark.slow])])
def engine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def uncut(tmp_path_factory: pytest.TempPathFactory) -> Sweep:
    """The same trials with nobody in between and nothing to wait for."""
    return run(tmp_path_factory.mktemp("uncut"), **{**TRIALS, "trainer": "toy"})


@contextmanager
def gates_of(logs: Path) -> Iterator[None]:
    """A trial at its gate goes on when an order has reached it, so it is there for whatever it is to be told."""
    order_trial = WarmParentProcess.order_trial

    def order_and_open(warm: WarmParentProcess, attempt: str, order: dict[str, Any]) -> None:
        order_trial(warm, attempt, order)
        (folder,) = logs.glob("exp001-*")
        (RunFolder(folder).trial(attempt.partition("#")[0]).path / gated.OPEN).touch()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(WarmParentProcess, "order_trial", order_and_open)
        yield


class Pausing:
    """What is asked while the sweep runs, and what was seen at that moment."""

    def __init__(self) -> None:
        self.alive_when_paused: list[int] = []

    def look_and_resume(self, run_folder: RunFolder) -> None:
        self.alive_when_paused = [a.pid for a in attempts(run_folder)[:1] if is_alive(a.pid)]
        send(run_folder, "set", "t000", {"lr": 0.1})  # what it has already: its curve stays that of the uncut trial
        send(run_folder, "resume", "t000")


@pytest.fixture(scope="module")
def pausing() -> Pausing:
    return Pausing()


@pytest.fixture(scope="module")
def steered(engine: str, pausing: Pausing, tmp_path_factory: pytest.TempPathFactory) -> Sweep:
    """The first trial is paused and resumed; the second one gets another learning rate."""
    view = Scenes(
        (lambda trials: trials["t000"].steps > 3, lambda run_folder: send(run_folder, "pause", "t000")),
        (lambda trials: trials["t000"].status == "paused", pausing.look_and_resume),
        (lambda trials: trials["t001"].steps > 5, lambda run_folder: send(run_folder, "set", "t001", {"lr": 0.5})),
    )
    logs = tmp_path_factory.mktemp(f"pausing-{engine}")
    with gates_of(logs):
        return run(logs, view, engine=engine, **TRIALS)


def steps_of(sweep: Sweep, trial: str) -> list[tuple[int, dict[str, float]]]:
    with Index(sweep.run) as index:
        return [(row.step, row.metrics) for row in index.steps(trial) if row.kind == "step"]


def test_a_paused_trial_has_no_process_and_its_next_attempt_goes_on_at_the_very_step(
    steered: Sweep, pausing: Pausing
) -> None:
    assert pausing.alive_when_paused == []
    (held, *_) = [e for e in steered.ledger if isinstance(e, TrialPaused) and e.status == "paused"]
    again = next(e for e in steered.ledger if isinstance(e, TrialStarted) and e.attempt == 2)
    assert (held.trial, again.trial, again.checkpoint) == ("t000", "t000", "last.json")
    record = events_in(steered.run.trial("t000").events)
    assert [event.step for event in record if isinstance(event, Built)] == [0, held.step]
    assert [event.step for event in record if isinstance(event, Step)] == list(range(1, STEPS + 1))


def test_the_curve_is_that_of_a_trial_that_was_never_paused(steered: Sweep, uncut: Sweep) -> None:
    assert steps_of(steered, "t000") == steps_of(uncut, "t000")
    assert steered.trials[0].evaluations == uncut.trials[0].evaluations
    assert [trial.status for trial in steered.trials] == ["finished", "finished"]


def test_a_changed_value_holds_from_the_next_step_on_and_is_recorded(steered: Sweep) -> None:
    changed = [event for event in events_in(steered.run.trial("t001").events) if isinstance(event, Steered)]
    assert [dict(event.settings) for event in changed] == [{"lr": 0.5}]
    rates = {step: values["lr"] for step, values in steps_of(steered, "t001")}
    at = changed[0].step
    assert {rate for step, rate in rates.items() if step <= at} == {0.1}
    assert {rate for step, rate in rates.items() if step > at} == {0.5}
    assert "@" in changed[0].who


def test_every_command_became_an_event_with_its_answer(steered: Sweep) -> None:
    last = {event.command: event for event in steered.ledger if isinstance(event, Answered)}
    told = [(event.name, event.trial, event.state) for event in last.values()]
    assert told == [(name, "t000", "done") for name in ("pause", "set", "resume")] + [("set", "t001", "done")]
    assert all("@" in event.who and event.at for event in last.values())


def test_nothing_is_left(steered: Sweep) -> None:
    wait_until(lambda: not left_processes(steered.run))


def test_a_sweep_waits_for_a_paused_trial_and_ends_with_it(tmp_path: Path, engine: str) -> None:
    view = Scenes(
        (lambda trials: trials["t000"].steps > 3, lambda run_folder: send(run_folder, "pause", "t000")),
        (lambda trials: trials["t000"].status == "paused", lambda run_folder: send(run_folder, "kill", "t000")),
    )
    with gates_of(tmp_path):
        sweep = run(tmp_path, view, **{**TRIALS, "engine": engine, "run_cap": 1})
    assert sweep.statuses == ["stopped"]
    assert sweep.ending.status == "stopped"
