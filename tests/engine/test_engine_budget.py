"""How long a sweep may take, by a clock that the test turns."""

from __future__ import annotations

from pathlib import Path

import pytest
from stage import Stage

from cockpit.engine.budget import Budget, may_start
from cockpit.engine.request import Outcome
from cockpit.events.kinds import SweepEnded
from cockpit.search.duration import seconds_of


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("45m", 2700), ("2h", 7200), ("1h30m", 5400), ("1d", 86400), ("1.5h", 5400), (" 1D2h3m4s ", 93784)],
)
def test_lengths_of_time(text: str, seconds: float) -> None:
    assert seconds_of(text) == seconds


@pytest.mark.parametrize("text", ["", "2", "2x", "h", "30m1h", "1h1h", "0s", "-2h", "2 h", "1e3s", "nan", "٣s"])
def test_what_is_no_length_of_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a length of time; write e\.g\. 90s"):
        seconds_of(text)


@pytest.mark.parametrize(
    ("durations", "elapsed", "expected"),
    [([], 0, True), ([], 99, True), ([], 100, False), ([10, 40, 90], 60, True), ([10, 40, 90], 61, False)],
)
def test_a_trial_is_begun_if_the_median_of_those_before_still_fits(
    durations: list[float], elapsed: float, expected: bool
) -> None:
    assert may_start(durations, elapsed, 100.0) is expected


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def stage(tmp_path: Path, clock: Clock) -> Stage:
    stage = Stage(tmp_path)
    stage.conductor.budget = Budget(100.0, "100s", clock)
    return stage


def ending(stage: Stage) -> SweepEnded:
    return stage.events(SweepEnded)[0]


def test_nothing_is_begun_that_would_not_end_in_time_and_the_sweep_says_so(stage: Stage, clock: Clock) -> None:
    for took in (30.0, 30.0):
        trial = stage.start()
        clock.now += took
        stage.conductor.on_exit(trial, Outcome("finished"))
    running = stage.start()
    clock.now += 20.0
    assert stage.conductor.next_trial() is None  # 20 seconds are left, a trial takes 30
    assert stage.conductor.ending is None  # while the third goes on to its end
    stage.conductor.heed_budget()
    stage.conductor.on_exit(running, Outcome("finished"))
    stage.conductor.close()
    assert (ending(stage).status, ending(stage).reason) == ("finished", "budget 100s used: 3 of 10 trials")


def test_failed_trials_do_not_tell_how_long_trials_take(stage: Stage, clock: Clock) -> None:
    trial = stage.start()
    clock.now += 1.0
    stage.conductor.on_exit(trial, Outcome("failed", error="quick"))
    clock.now += 98.0
    assert stage.conductor.next_trial() is not None


def test_what_runs_when_the_budget_is_over_is_stopped_and_why_is_told(stage: Stage, clock: Clock) -> None:
    trial = stage.start()
    clock.now += 100.0
    stage.conductor.heed_budget()
    assert stage.conductor.next_trial() is None
    stage.conductor.on_exit(trial, Outcome("terminated"))
    stage.conductor.close()
    reason = "budget 100s used: 1 of 10 trials"
    assert [(event.status, event.reason) for event in stage.ended()] == [("stopped", reason)]
    assert (ending(stage).status, ending(stage).reason) == ("finished", reason)


def test_a_sweep_that_ran_all_its_trials_does_not_speak_of_its_budget(stage: Stage, clock: Clock) -> None:
    for _ in range(10):
        trial = stage.start()
        clock.now += 9.5
        stage.conductor.on_exit(trial, Outcome("finished"))
    assert stage.conductor.next_trial() is None
    stage.conductor.close()
    assert (ending(stage).status, ending(stage).reason) == ("finished", "")


def test_the_time_in_the_queue_does_not_count(stage: Stage, clock: Clock) -> None:
    clock.now += 1000.0
    stage.conductor.budget.start()
    assert stage.conductor.next_trial() is not None
