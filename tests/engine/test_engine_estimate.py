"""How long a sweep would take: from records of earlier ones, from a trial's first steps, and put together."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from builders import Recorder
from sweeping import plan_of

from cockpit.engine import first_steps
from cockpit.engine.estimate import Estimate, Pace, from_history, from_pace
from cockpit.engine.first_steps import measure

TEN = [0.1] * 10  # one score a step; a recorded trial has ten steps and takes four seconds


def estimate(logs: Path, **keys: Any) -> Estimate | None:
    return from_history(plan_of(**{"run_cap": 12, "concurrent": 2, **keys}), logs)


def recorded(logs: Path, name: str = "exp001-hill", epochs: float = 5.0, **fields: Any) -> Recorder:
    recorder = Recorder(logs, name, **fields)
    for number in range(2):
        recorder.trial(number, TEN, config={"x": 0.1, "epochs": epochs})
    return recorder


def test_history_tells_seconds_per_epoch_and_how_much_was_pruned(tmp_path: Path) -> None:
    recorder = recorded(tmp_path)
    recorder.trial(2, [0.1, 0.2], status="pruned", config={"x": 0.1, "epochs": 5.0})
    recorder.end()
    # 4 s for 5 epochs, for 5, and for the 1 epoch that the pruned one came to; a second until the first trial
    mean = (0.8 + 0.8 + 4.0) / 3
    waves = 12 / 2
    whole = estimate(tmp_path, parameters={"x": {"min": 0, "max": 1}, "epochs": {"value": 10}})
    assert whole is not None
    assert whole.seconds == pytest.approx(1 + waves * 10 * mean)
    assert whole.low < whole.seconds < whole.high
    assert whole.source == "as long per epoch as in exp001"
    pruned = estimate(tmp_path, scheduler="asha", parameters={"x": {"min": 0, "max": 1}, "epochs": {"value": 10}})
    assert pruned is not None
    assert pruned.seconds == pytest.approx(1 + waves * 10 * mean * (1 + 1 + 0.2) / 3)


def test_only_sweeps_of_this_machine_this_trainer_and_this_data_count(tmp_path: Path) -> None:
    for number, fields in enumerate(({"host": "elsewhere"}, {"trainer": "matching"}, {"data": "/data"}), start=1):
        recorded(tmp_path, f"exp{number:03d}-hill", **fields).end()
    assert estimate(tmp_path) is None
    recorded(tmp_path, "exp004-hill").end()
    assert estimate(tmp_path) is None  # two trials are too few
    recorded(tmp_path, "exp005-hill").end()
    found = estimate(tmp_path)
    assert found is not None
    assert found.source == "as long per epoch as in exp005, exp004"
    assert estimate(tmp_path, run_cap=None) is None
    assert estimate(tmp_path / "none") is None


def test_a_pace_becomes_the_time_of_all_trials() -> None:
    pace = Pace(seconds=9.0, start=1.0, evaluations=9, source="the first 10 steps")
    plain = from_pace(plan_of(run_cap=4, concurrent=2), pace)
    assert plain == Estimate(1 + 2 * 10.0, 1 + 2 * 10.0, 1 + 2 * 10.0, "the first 10 steps")
    asha = from_pace(plan_of(run_cap=4, concurrent=2, scheduler="asha"), pace)
    assert asha is not None
    # of 9 evaluations: all make 1, a third makes 2 more, a ninth makes the other 6
    assert asha.low == pytest.approx(1 + 2 * (1 + 9 * (1 + 2 / 3 + 6 / 9) / 9))
    assert asha.high == plain.high
    assert from_pace(plan_of(), pace) is None


def test_the_first_steps_of_the_baseline_tell_the_pace_and_leave_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    monkeypatch.setattr(first_steps, "ENOUGH_SECONDS", 60.0)
    fixed = {"delay": {"value": 0.02}, "steps": {"value": 15}, "epochs": {"value": 40}}
    plan = plan_of(parameters={"x": {"min": 0.0, "max": 1.0}, **fixed}, baseline={"x": 0.5})
    pace = measure(plan)
    assert pace is not None
    assert pace.source == "the first 15 steps of the baseline"
    assert pace.evaluations == 40
    assert pace.seconds >= 600 * 0.02  # it sleeps so long
    assert pace.start > 0
    assert list(tmp_path.iterdir()) == []


def test_a_trial_that_fails_before_its_first_step_tells_nothing() -> None:
    assert measure(plan_of(parameters={"x": {"min": 0.0, "max": 1.0}, "fail_at": {"value": 1}})) is None


def test_repeats_and_confirmations_take_their_time(tmp_path: Path) -> None:
    recorded(tmp_path).trial(2, TEN, config={"x": 0.1, "epochs": 5.0}).end()
    baseline = {"x": 0.0, "y": 0.0}
    plain, confirmed = estimate(tmp_path, baseline=baseline), estimate(tmp_path, baseline=baseline, confirm=4)
    repeated = estimate(tmp_path, seeds=3, scheduler="asha")
    assert plain is not None and confirmed is not None and repeated is not None
    wave = (plain.seconds - 1) / 6  # twelve trials, two at once, a second after the start
    assert confirmed.seconds == pytest.approx(plain.seconds + 4 * wave)
    assert repeated.seconds == pytest.approx(plain.seconds + 12 / 3 * wave), "one in three comes to its end"
    assert repeated.high == pytest.approx(plain.high + 12 * wave), "or all of them"
    pace = Pace(seconds=9.0, start=1.0, evaluations=1, source="a guess")
    told = from_pace(plan_of(run_cap=12, concurrent=2, baseline=baseline, confirm=4), pace)
    assert told is not None
    assert (told.low, told.high) == pytest.approx((1 + 10 * 10, 1 + 10 * 10))
