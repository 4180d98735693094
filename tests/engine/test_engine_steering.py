"""Steering a sweep that really runs, on every engine: stop, kill, add, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from sweeping import Scenes, Sweep, events_in, is_alive, left_processes, run, wait_until

from cockpit.engine import sweep as sweep_module
from cockpit.engine.conductor import Conductor
from cockpit.engine.control import Inbox, send
from cockpit.engine.sweep import Job
from cockpit.events.kinds import Answered, Eval, Step
from cockpit.store.folder import RunFolder
from cockpit.store.reader import Index

AT_STEP_3 = {"mode": {"value": "waits with a child"}}  # for a thousand seconds, in the middle of a step
ENDLESS = {"steps": {"value": 100_000}, "delay": {"value": 0.02}}


@pytest.fixture(scope="module", params=["local", pytest.param("ray", marks=pytest.mark.ray)])
def engine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def probe(logs: Path, engine: str, view: Scenes, **parameters: object) -> Sweep:
    """Three trials, two at a time."""
    return run(
        logs,
        view,
        engine=engine,
        trainer="engine_trainers.probe",
        method="grid",
        parameters={"x": {"values": [0.1, 0.2, 0.3]}, **parameters},
        concurrent=2,
        resources={"cpu": 0.5},
    )


def make_noise_and_stop_the_first(run_folder: RunFolder) -> None:
    run_folder.control.write_bytes(b"garbage\n{}\n\xff\x00\n[1]\n")
    send(run_folder, "stop", "t000")


def ask_for_what_cannot_be(run_folder: RunFolder) -> None:
    for name in ("stop", "kill"):
        send(run_folder, name, "t000")
    send(run_folder, "resume", "t002")
    send(run_folder, "set", "t002", {"x": 0.1})
    send(run_folder, "add", settings={"x": 0.5, "warp": 9})


def add_one(run_folder: RunFolder) -> None:
    send(run_folder, "add", settings={"x": 0.75, "mode": "plain"})


@pytest.fixture(scope="module")
def steered(engine: str, tmp_path_factory: pytest.TempPathFactory) -> Sweep:
    """The first of three trials is stopped, the second killed; while the last one runs, another is added."""
    view = Scenes(
        (lambda trials: trials["t000"].steps == trials["t001"].steps == 2, make_noise_and_stop_the_first),
        (lambda trials: trials["t000"].status == "stopped", lambda run_folder: send(run_folder, "kill", "t001")),
        (lambda trials: trials["t001"].status == "stopped", ask_for_what_cannot_be),
        (lambda trials: trials["t002"].steps == 2, add_one),
        (lambda trials: trials["t003"].status == "finished", lambda run_folder: send(run_folder, "stop", "t002")),
    )
    return probe(tmp_path_factory.mktemp(f"steered-{engine}"), engine, view, **AT_STEP_3)


def last_answers(sweep: Sweep) -> list[Answered]:
    """The last answer to each command, in the order of the commands."""
    answers: dict[str, Answered] = {}
    for event in sweep.ledger:
        if isinstance(event, Answered):
            answers[event.command] = event
    return list(answers.values())


def test_trials_that_were_stopped_or_killed_say_by_whom(steered: Sweep) -> None:
    who = last_answers(steered)[0].who
    assert [(trial.status, trial.reason, trial.error) for trial in steered.trials] == [
        ("stopped", f"stopped by {who}", ""),
        ("stopped", f"killed by {who}", ""),
        ("stopped", f"stopped by {who}", ""),
        ("finished", "", ""),
    ]


def test_a_stopped_trial_closes_itself_and_a_killed_one_does_not(steered: Sweep) -> None:
    closed = [(steered.run.trial(trial.id).path / "closed").exists() for trial in steered.trials]
    assert closed == [True, False, True, True]


def test_what_they_started_is_gone(steered: Sweep) -> None:
    children = [int(path.read_text()) for path in steered.run.trials.glob("*/child")]
    assert len(children) == 3
    wait_until(lambda: not any(map(is_alive, children)))
    wait_until(lambda: not left_processes(steered.run))


def test_every_command_is_answered(steered: Sweep) -> None:
    answers = [(answer.name, answer.trial, answer.state, answer.text) for answer in last_answers(steered)]
    no_warp, *_ = [text for name, _, state, text in answers if (name, state) == ("add", "refused")]
    assert no_warp.startswith("probe has no parameter 'warp'")
    assert answers == [
        ("stop", "t000", "done", "t000 stopped at step 2"),
        ("kill", "t001", "done", "t001 killed at step 2"),
        ("stop", "t000", "refused", "t000 has ended already (stopped)"),
        ("kill", "t000", "refused", "t000 has ended already (stopped)"),
        ("resume", "t002", "refused", "t002 is running"),
        ("set", "t002", "refused", "x: cannot be changed while a trial runs; nothing of probe can"),
        ("add", "", "refused", no_warp),
        ("add", "t003", "done", "t003 started"),
        ("stop", "t002", "done", "t002 stopped at step 2"),
    ]


def test_an_added_trial_runs_although_all_that_were_planned_have_begun(steered: Sweep) -> None:
    added = steered.trials[3]
    assert dict(added.config) == {"mode": "plain", "x": 0.75}
    assert added.evaluations == (0.375, 0.75)
    assert steered.most_at_once() == 2
    assert steered.ending.status == steered.row.status == "finished"


def test_the_index_has_the_answers_and_the_trials_as_the_record(steered: Sweep) -> None:
    with Index(steered.run) as index:
        rows = {row.id: (row.name, row.trial, row.state, row.text) for row in index.commands()}
        assert index.unread() == {}
    assert rows == {
        answer.command: (answer.name, answer.trial, answer.state, answer.text) for answer in last_answers(steered)
    }
    for trial in steered.trials:
        steps = [event for event in events_in(steered.run.trial(trial.id).events) if isinstance(event, Step | Eval)]
        assert steps[-1].step == (2 if trial.status == "stopped" else 4)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["stop", "kill"])
def test_a_whole_sweep_can_be_ended(engine: str, tmp_path: Path, name: str) -> None:
    view = Scenes(
        (
            lambda trials: bool(trials["t000"].steps and trials["t001"].steps),
            lambda run_folder: send(run_folder, name),
        ),
    )
    sweep = probe(tmp_path, engine, view, **ENDLESS)
    (answer,) = last_answers(sweep)
    reason = {"stop": "stopped", "kill": "killed"}[name] + f" by {answer.who}"
    assert (sweep.ending.status, sweep.ending.reason) == (sweep.row.status, sweep.row.reason) == ("stopped", reason)
    assert [(trial.status, trial.reason) for trial in sweep.trials] == [("stopped", reason)] * 2
    assert (answer.state, answer.text) == ("done", f"the sweep ended: {reason}")
    closed = [(sweep.run.trial(trial.id).path / "closed").exists() for trial in sweep.trials]
    assert closed == [name == "stop"] * 2
    wait_until(lambda: not left_processes(sweep.run))


def test_a_command_that_comes_too_late_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    conduct = sweep_module._conduct

    def conduct_and_knock(job: Job, conductor: Conductor, run_folder: RunFolder, inbox: Inbox) -> None:
        conduct(job, conductor, run_folder, inbox)
        send(run_folder, "add", settings={"x": 0.5})

    monkeypatch.setattr(sweep_module, "_conduct", conduct_and_knock)
    sweep = run(tmp_path, run_cap=1)
    assert [(answer.state, answer.text) for answer in last_answers(sweep)] == [("refused", "the sweep has ended")]
    assert sweep.ending.status == "finished"
