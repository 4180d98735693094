"""Clocks that are set, stand still or go back: what comes first is told by the record's order, not by its times."""

from __future__ import annotations

import time
from itertools import count
from pathlib import Path

import pytest
from stage import Stage
from sweeping import run

from cockpit.engine.rebuild import rebuild
from cockpit.engine.request import Outcome
from cockpit.store.document import experiment_document
from cockpit.store.reader import Index
from cockpit.store.summary import read_summary
from cockpit.store.time_left import time_left

HOUR, DAY = 3600.0, 86400.0
BROKE = Outcome("lost", reason="gone", error="gone")


@pytest.mark.parametrize("jump", [-DAY, -HOUR, -61.0, HOUR, DAY])
def test_a_retry_is_due_although_the_clock_was_set(tmp_path: Path, jump: float) -> None:
    now = time.time()
    stage = Stage(tmp_path, lambda: now, max_failures=1, run_cap=1)
    trial = stage.start()
    stage.conductor.on_exit(trial, BROKE)
    assert stage.conductor.next_trial() is None, "it waits a second"
    now += jump
    again = stage.conductor.next_trial()
    assert again is not None
    assert (again.trial, again.attempt) == (trial, 2)


def test_a_retry_is_due_after_its_second_and_not_before(tmp_path: Path) -> None:
    now = 100.0
    stage = Stage(tmp_path, lambda: now, max_failures=1, run_cap=1)
    stage.conductor.on_exit(stage.start(), BROKE)
    now += 0.9
    assert stage.conductor.next_trial() is None
    now += 0.2
    assert stage.conductor.next_trial() is not None


class Jumping:
    """Every look at the clock sees it an hour earlier, a day later, or where it was."""

    def __init__(self) -> None:
        self._begin = time.time()
        self._looks = count()  # several threads look

    def __call__(self) -> float:
        look = next(self._looks)
        return self._begin + (0.0, -HOUR, DAY, DAY, -DAY)[look % 5] + look * 0.001


@pytest.mark.parametrize("frozen", [False, True], ids=["jumping", "frozen"])
def test_a_sweep_under_a_clock_gone_wrong_is_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, frozen: bool
) -> None:
    clock = (lambda: 1.0) if frozen else Jumping()
    with monkeypatch.context() as patch:
        patch.setattr(time, "time", clock)
        sweep = run(tmp_path, run_cap=5, concurrent=2, scheduler="asha")
    assert sweep.ending.status == "finished"
    trials = sweep.trials
    assert [trial.id for trial in trials] == [f"t00{number}" for number in range(5)]
    assert all(trial.seconds is not None and trial.seconds >= 0.0 for trial in trials)
    assert (time_left(trials, 9, 0.0) or 0.0) >= 0.0
    known = rebuild(sweep.run, "score")
    assert [trial.status for trial in known.trials] == sweep.statuses
    with Index(sweep.run) as index:
        assert experiment_document(index)["status"] == "finished"
    assert read_summary(sweep.run, 0.0)["status"] == "finished"
