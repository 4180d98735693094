"""What every engine owes, whichever it is. A sweep that several tests look at is run once for each engine."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest
from sweeping import Once, Sweep, attempts, events_in, is_alive, left_processes, run, wait_until

from cockpit.engine.machine import cores
from cockpit.events.kinds import Eval, SweepEnded, SweepStarted
from cockpit.store.reader import Index
from cockpit.store.summary import read_summary
from cockpit.store.verdict import BETTER, verdict

MODES = [
    "fails",
    "diverges",
    "mute",
    "twin-a",
    "dies",
    "has a child",
    "leaves",
    "tells its environment",
    "twin-b",
    "fills the disk",
]
CORES = min(2, cores())


@pytest.fixture(scope="module", params=["local", pytest.param("ray", marks=pytest.mark.ray)])
def engine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def logs(engine: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp(engine)


def asha_search(logs: Path, engine: str) -> Sweep:
    """One trial at a time, so that every decision is the same every time."""
    return run(
        logs,
        engine=engine,
        method="bayes",
        parameters={"x": {"min": -1.0, "max": 1.0}, "y": {"min": -1.0, "max": 1.0}, "steps": {"value": 2}},
        baseline={"x": -1.0, "y": 1.0},
        scheduler="asha",
        run_cap=14,
        concurrent=1,
        seed=3,
    )


@pytest.fixture(scope="module")
def searched(logs: Path, engine: str) -> Sweep:
    return asha_search(logs, engine)


@pytest.fixture(scope="module")
def troubled(logs: Path, engine: str) -> Sweep:
    """A grid in which a different thing happens to every trial, two of them at a time."""
    return run(
        logs,
        engine=engine,
        trainer="engine_trainers.probe",
        method="grid",
        parameters={"mode": {"values": ["plain", *MODES]}, "x": {"value": 0.5}},
        baseline={"mode": "plain", "x": 0.5},
        concurrent=2,
        resources={"cpu": 0.5},
    )


@pytest.fixture(params=["searched", "troubled"])
def any_sweep(request: pytest.FixtureRequest, searched: Sweep, troubled: Sweep) -> Sweep:
    return {"searched": searched, "troubled": troubled}[request.param]


def test_the_ledger_has_every_trial_with_its_start_and_its_end(any_sweep: Sweep) -> None:
    ids = [event.trial for event in any_sweep.started]
    assert ids == [f"t{number:03d}" for number in range(len(ids))]
    assert set(any_sweep.ended) == set(ids)
    first, *_, last = any_sweep.ledger
    assert isinstance(first, SweepStarted)
    assert isinstance(last, SweepEnded)
    assert all(0 < trial.started <= trial.ended for trial in any_sweep.trials)


def test_the_baseline_comes_first_and_is_never_stopped(searched: Sweep) -> None:
    baseline, *others = searched.started
    assert dict(baseline.config) == {"x": -1.0, "y": 1.0, "steps": 2}
    assert baseline.baseline
    assert not any(event.baseline for event in others)
    assert searched.ended["t000"].status == "finished"
    worst = min(searched.trials, key=lambda trial: trial.evaluations[0] or 0.0)
    assert worst.id == "t000"  # every rule would have stopped it


def test_run_cap_is_the_number_of_trials(searched: Sweep) -> None:
    assert len(searched.started) == 14
    assert searched.ending.status == searched.row.status == "finished"


def test_a_stop_is_recorded_with_everything_that_led_to_it(searched: Sweep) -> None:
    stopped = [event for event in searched.ended.values() if event.status == "pruned"]
    assert stopped
    for event in stopped:
        assert event.rule == "asha"
        assert event.evaluation in (1, 3)
        assert event.value < event.threshold
        assert 1 < event.rank <= event.of
        assert event.reason.startswith(f"asha rung {event.evaluation}: ")
        trial = next(trial for trial in searched.trials if trial.id == event.trial)
        assert trial.evaluations[-1] == event.value
        assert len(trial.evaluations) == event.evaluation


def test_one_trial_at_a_time_means_one(searched: Sweep) -> None:
    assert searched.most_at_once() == 1


def test_the_same_search_does_the_same_again_on_any_engine(searched: Sweep, tmp_path: Path) -> None:
    again = asha_search(tmp_path, "local")
    assert [event.config for event in again.started] == [event.config for event in searched.started]
    assert [(trial.status, trial.evaluations) for trial in again.trials] == [
        (trial.status, trial.evaluations) for trial in searched.trials
    ]


def test_a_grid_is_tried_exactly(troubled: Sweep) -> None:
    assert [event.config["mode"] for event in troubled.started] == ["plain", *MODES]


def test_a_sweep_outlives_its_troubles(troubled: Sweep) -> None:
    assert troubled.ending.status == "finished"
    assert troubled.by("mode")["plain"].status == "finished"
    assert troubled.by("mode")["plain"].evaluations == (0.25, 0.5)


def test_no_more_trials_are_open_than_planned(troubled: Sweep) -> None:
    assert troubled.plan.share.concurrent == 2
    assert troubled.most_at_once() == 2


def test_a_failure_keeps_its_traceback(troubled: Sweep) -> None:
    failed = troubled.by("mode")["fails"]
    assert failed.status == "failed"
    assert failed.error == failed.reason == "RuntimeError: told to fail at step 3"
    assert "in _fail" in failed.traceback
    assert "in _fail" in troubled.run.trial(failed.id).output.read_text()


def test_a_trainer_that_leaves_has_failed(troubled: Sweep) -> None:
    left = troubled.by("mode")["leaves"]
    assert (left.status, left.error) == ("failed", "SystemExit: told to leave")


def test_a_loss_of_nan_is_divergence_with_the_last_good_value(troubled: Sweep) -> None:
    diverged = troubled.by("mode")["diverges"]
    assert diverged.status == "diverged"
    assert diverged.reason == "loss NaN at step 3; last good 0.5 at step 2"
    assert troubled.ended[diverged.id].extra == {"step": 3, "last_good": 0.5, "last_good_step": 2}


def test_an_evaluation_without_the_metric_fails_the_trial(troubled: Sweep) -> None:
    mute = troubled.by("mode")["mute"]
    assert mute.status == "failed"
    assert mute.error == "its evaluation reports no number as score, only loss 0.5"


def test_a_killed_trial_is_lost_and_the_signal_named(troubled: Sweep) -> None:
    lost = troubled.by("mode")["dies"]
    assert lost.status == "lost"
    assert "SIGKILL" in lost.reason


def test_two_labels_of_one_thing_are_refused(troubled: Sweep) -> None:
    first, second = troubled.by("mode")["twin-a"], troubled.by("mode")["twin-b"]
    assert first.status == "finished"
    assert second.status == "failed"
    assert second.error == (
        f"{first.id} and {second.id} train exactly the same although their labels differ (mode twin-a and twin-b)"
    )
    assert second.steps == 0


def test_a_full_disk_costs_events_but_not_the_trial(troubled: Sweep) -> None:
    assert troubled.by("mode")["fills the disk"].status == "finished"


def test_a_trial_sees_where_it_is(troubled: Sweep) -> None:
    trial = troubled.by("mode")["tells its environment"]
    folder = troubled.run.trial(trial.id)
    seen = json.loads((folder.path / "environment.json").read_text())
    assert Path(seen["COCKPIT_EVENTS"]) == folder.events.resolve()
    assert seen["COCKPIT_TRIAL"] == f"{troubled.run.id}/{trial.id}"
    assert seen["COCKPIT_DEVICE"] == "cpu"
    config = json.loads(Path(seen["COCKPIT_CONFIG"]).read_text())
    assert config == {"mode": "tells its environment", "x": 0.5, "seed": 0}
    assert seen["pgid"] == seen["pid"] == attempts(troubled.run)[int(trial.id[1:])].pid
    assert seen["OMP_NUM_THREADS"] == "1"


def test_what_a_trial_started_dies_with_it(troubled: Sweep) -> None:
    folder = troubled.run.trial(troubled.by("mode")["has a child"].id)
    child = int((folder.path / "child").read_text())
    wait_until(lambda: not is_alive(child))


def test_nothing_of_a_sweep_is_left(any_sweep: Sweep) -> None:
    assert len(attempts(any_sweep.run)) == len(any_sweep.started)
    wait_until(lambda: not left_processes(any_sweep.run))


def test_events_and_index_agree(any_sweep: Sweep) -> None:
    with Index(any_sweep.run) as index:
        assert index.unread() == {}
        for trial in index.trials():
            events = events_in(any_sweep.run.trial(trial.id).events)
            values = [event.metrics.get("score") for event in events if isinstance(event, Eval)]
            assert [value for value in values if value is not None] == list(trial.evaluations)
            steps = [event for event in events if event.kind in ("step", "eval")]
            assert len(index.steps(trial.id)) == len(steps)
            ended = any_sweep.ended[trial.id]
            assert (trial.status, trial.reason, trial.error) == (ended.status, ended.reason, ended.error)


def test_three_equal_failures_running_open_the_breaker_in_silence(
    engine: str, logs: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    parameters = {"x": {"min": -1.0, "max": 1.0}, "fail_at": {"value": 3}}
    sweep = run(logs, engine=engine, parameters=parameters, run_cap=30, concurrent=1)
    assert sweep.statuses == ["failed"] * 3
    assert sweep.ending.status == sweep.row.status == "failed"
    reason = "the same error in 3 trials running: RuntimeError: the toy was told to fail at step 3"
    assert sweep.ending.reason == sweep.row.reason == reason
    assert capfd.readouterr() == ("", "")


def test_a_reached_target_ends_the_sweep_as_finished(engine: str, logs: Path) -> None:
    metric = {"name": "score", "goal": "maximize", "target": 0.2}
    parameters = {"x": {"values": [-3.0, -2.5, 0.6]}, "delay": {"value": 0.02}}
    sweep = run(logs, engine=engine, method="grid", metric=metric, parameters=parameters, concurrent=1)
    assert sweep.ending.status == "finished"
    assert sweep.ending.reason == "t002 reached the target 0.2"
    assert sweep.statuses[:2] == ["finished", "finished"]
    assert sweep.trials[2].status in ("stopped", "finished")
    wait_until(lambda: not left_processes(sweep.run))


def test_an_interruption_closes_what_runs_as_a_stop_does(engine: str, logs: Path) -> None:
    under_way = Once(
        lambda trials: [trial.status for trial in trials if trial.steps] == ["running", "pruned", "running"],
        lambda: os.kill(os.getpid(), signal.SIGTERM),
    )
    sweep = run(
        logs,
        under_way,
        engine=engine,
        trainer="engine_trainers.probe",
        method="grid",
        parameters={"x": {"values": [1.0, -1.0, 0.5]}, "steps": {"value": 100_000}, "delay": {"value": 0.02}},
        floor=0.0,
        concurrent=2,
        resources={"cpu": 0.5},
    )
    assert sweep.ending.status == sweep.row.status == "interrupted"
    assert sweep.ending.reason == "SIGTERM"
    assert sweep.statuses == ["interrupted", "pruned", "interrupted"]
    wait_until(lambda: not left_processes(sweep.run))
    assert all((sweep.run.trial(trial.id).path / "closed").exists() for trial in sweep.trials)


def test_threads_of_a_trial_follow_its_cores_and_work_after_the_fork(engine: str, logs: Path) -> None:
    sweep = run(
        logs,
        engine=engine,
        trainer="engine_trainers.torch_net",
        method="grid",
        metric={"name": "loss", "goal": "minimize"},
        parameters={"lr": {"values": [0.1, 0.2]}},
        resources={"cpu": CORES},
        concurrent=1,
    )
    assert sweep.statuses == ["finished", "finished"], [trial.error for trial in sweep.trials]
    for trial in sweep.trials:
        assert trial.best_metrics["threads"] == CORES
        assert trial.best_metrics["most_in_a_pool"] == CORES
        assert trial.best_metrics["pools"] > 0


@pytest.fixture(scope="module")
def confirmed(logs: Path, engine: str) -> Sweep:
    """Each configuration on two seeds, and the best of them against the baseline on three more."""
    return run(
        logs,
        engine=engine,
        trainer="engine_trainers.probe",
        method="grid",
        parameters={"x": {"values": [0.5, 0.8, 0.2]}, "noise": {"value": 0.01}},
        baseline={"x": 0.5},
        seeds=2,
        confirm=3,
        floor=0.15,
        concurrent=2,
        resources={"cpu": 0.5},
    )


def test_configurations_are_repeated_unless_they_were_stopped(confirmed: Sweep) -> None:
    extras = [(event.config["x"], event.seed) for event in confirmed.started if "repeat_of" in event.extra]
    assert sorted(extras) == [(0.5, 1), (0.8, 1)]
    searched = {trial.config["x"]: trial.status for trial in confirmed.trials if trial.is_searched}
    assert searched == {0.5: "finished", 0.8: "finished", 0.2: "pruned"}


def test_winner_and_baseline_are_confirmed_on_fresh_seeds_when_the_search_is_over(confirmed: Sweep) -> None:
    runs = [event for event in confirmed.started if "confirms" in event.extra]
    assert runs == confirmed.started[-6:]
    assert sorted((event.config["x"], event.seed) for event in runs) == [
        (x, seed) for x in (0.5, 0.8) for seed in (2, 3, 4)
    ]
    ended = {event.trial: event.at for event in confirmed.ended.values()}
    searched = [event.trial for event in confirmed.started if "confirms" not in event.extra]
    assert max(ended[trial] for trial in searched) <= min(event.at for event in runs)


def test_the_verdict_of_a_sweep_is_that_of_its_pairs(confirmed: Sweep) -> None:
    found = verdict(confirmed.row, confirmed.trials)
    assert found.mark == BETTER, found.text
    assert "on 3 fresh seeds (paired t-test, p " in found.text
    assert read_summary(confirmed.run, 0.0)["verdict"] == BETTER
    assert confirmed.ending.status == "finished"
    assert confirmed.row.trials == 3
