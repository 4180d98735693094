"""The supervisor of one trial, the warm parent it asks, and the process between them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sweeping import attempts, descriptors, events_in, is_alive, left_processes, processes, run, wait_until

from cockpit.engine import trial as trial_module
from cockpit.engine import trial_process
from cockpit.engine.channel import Message
from cockpit.engine.request import Outcome, TrialRequest
from cockpit.engine.trial import Trial, wait_for
from cockpit.engine.warm_client import WarmParentProcess, connect
from cockpit.events.kinds import Step
from cockpit.store.folder import RunFolder

PRELOAD = ["cockpit.engine.trial_process"]

Starter = Callable[..., Trial]


@pytest.fixture
def warm(tmp_path: Path) -> Iterator[WarmParentProcess]:
    with (
        (tmp_path / "engine.log").open("ab") as log,
        WarmParentProcess(["cockpit.engine.trial_process"], log) as process,
    ):
        connect(process.socket_path).close()  # wait until it listens
        yield process


def request_for(folder: Path, **config: Any) -> TrialRequest:
    (folder / "trials" / "t000").mkdir(parents=True, exist_ok=True)
    return TrialRequest(
        "exp001", "t000", "engine_trainers.probe", config, str(folder / "trials" / "t000"), device="cpu", threads=1
    )


@pytest.fixture
def start(tmp_path: Path, warm: WarmParentProcess) -> Iterator[Starter]:
    trials: list[Trial] = []

    def begin(**config: Any) -> Trial:
        trials.append(Trial(request_for(tmp_path, **config), warm.socket_path))
        return trials[-1]

    yield begin
    for trial in trials:
        trial.kill()


def test_settings_stand_in_the_folder_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, seen = tmp_path / "config.json", []
    real = Path.replace

    def replace(part: Path, target: Path) -> Path:
        seen.append((path.exists(), json.loads(part.read_text())))
        return real(part, target)

    monkeypatch.setattr(Path, "replace", replace)
    trial_process._write_settings(path, {"lr": 0.1})
    assert seen == [(False, {"lr": 0.1})]
    assert json.loads(path.read_text()) == {"lr": 0.1}
    assert list(tmp_path.iterdir()) == [path]


def next_message(trial: Trial) -> Message:
    """The trial's next message, which wants an answer."""
    while True:
        wait_for([trial], 1.0)
        messages = trial.read()
        if messages:
            (message,) = messages
            return message
        assert trial.outcome is None


def finish(trial: Trial) -> Outcome:
    """Let the trial go on whenever it asks, to its end."""
    while trial.outcome is None:
        wait_for([trial], 1.0)
        for _ in trial.read():
            trial.answer(True)
    return trial.outcome


def after(folder: Path, name: str) -> int:
    """The number in a file of the trial, once it is there."""
    path = folder / "trials" / "t000" / name
    wait_until(path.exists)
    return int(path.read_text() or 0)


def built_and_waiting(start: Starter, folder: Path) -> tuple[Trial, int]:
    """A trial in the middle of a step that has no end, and the process id of its child."""
    trial = start(mode="waits with a child")
    for _ in range(2):
        next_message(trial)
        trial.answer(True)
    return trial, after(folder, "child")


def group_is_gone(folder: Path) -> bool:
    return not left_processes(RunFolder(folder))


def test_a_trial_asks_when_it_is_built_and_after_each_evaluation(start: Starter) -> None:
    trial = start(x=1.0)
    built = next_message(trial)
    assert (built["say"], built["total_steps"]) == ("built", 4)
    trial.answer(True)
    first = next_message(trial)
    assert first == {"say": "eval", "phase": "valid", "step": 2, "metrics": {"loss": 0.5, "score": 0.5}}
    trial.answer(True)
    assert next_message(trial)["step"] == 4
    trial.answer(True)
    assert finish(trial) == Outcome("finished")


def test_a_stopped_trial_never_takes_another_step(start: Starter, tmp_path: Path) -> None:
    trial = start()
    next_message(trial)
    trial.answer(True)
    next_message(trial)
    trial.answer(False)
    assert finish(trial).status == "stopped"

    assert [event.step for event in events_in(tmp_path / "trials/t000/events.jsonl") if isinstance(event, Step)] == [
        1,
        2,
    ]
    assert (tmp_path / "trials/t000/closed").exists()


def test_a_trial_is_stopped_between_steps_when_nobody_was_asked(start: Starter, tmp_path: Path) -> None:
    trial = start(steps=1_000_001, delay=0.01)
    next_message(trial)
    trial.answer(True)
    next_message(trial)
    trial.answer(True)
    trial.stop()
    trial.close()
    assert trial.outcome is not None
    assert trial.outcome.status == "stopped"
    assert (tmp_path / "trials/t000/closed").exists()


def test_a_message_that_crosses_a_stop_is_harmless(start: Starter) -> None:
    trial = start()
    trial.stop()  # before it has said that it is built
    assert next_message(trial)["say"] == "built"
    assert finish(trial).status == "stopped"  # the answer comes after the stop, and too late
    trial.answer(True)
    trial.stop()
    assert trial.read() == []


def test_the_last_message_of_a_killed_trial_is_still_read(start: Starter, tmp_path: Path) -> None:
    trial = start()
    assert next_message(trial)["say"] == "built"
    trial.answer(True)
    (attempt,) = attempts(RunFolder(tmp_path))
    wait_until(lambda: b'"eval"' in (tmp_path / "trials/t000/events.jsonl").read_bytes())
    wait_until(lambda: "\tS" in Path(f"/proc/{attempt.pid}/status").read_text())  # it waits for the answer
    os.kill(attempt.pid, signal.SIGKILL)
    wait_until(lambda: not is_alive(attempt.pid))
    messages: list[Message] = []
    while trial.outcome is None:
        wait_for([trial], 1.0)
        messages += trial.read()
    assert [message["say"] for message in messages] == ["eval"]
    assert trial.outcome.status == "lost"


def test_a_trial_that_will_not_stop_is_killed_with_its_children(
    start: Starter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trial_module, "GRACE_SECONDS", 0.1)
    trial = start(mode="is stubborn")
    for _ in range(2):
        next_message(trial)
        trial.answer(True)
    child = after(tmp_path, "child")
    trial.close()
    assert trial.outcome == Outcome("stopped", "it did not close itself when it was told to, and was killed")
    wait_until(lambda: group_is_gone(tmp_path) and not is_alive(child))


def test_a_busy_trial_is_closed_by_sigterm_when_the_word_is_not_heard(
    start: Starter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trial_module, "GRACE_SECONDS", 0.1)
    trial, child = built_and_waiting(start, tmp_path)
    monkeypatch.setattr(trial_module, "GRACE_SECONDS", 60.0)
    trial.stop()
    trial._deadline = time.monotonic()  # the word was given long ago
    assert finish(trial) == Outcome("terminated", "told to end by a signal")
    assert (tmp_path / "trials/t000/closed").exists()
    wait_until(lambda: not is_alive(child))


def test_the_interruption_of_all_trials_reaches_one_that_was_only_just_asked_for(
    start: Starter, warm: WarmParentProcess
) -> None:
    trials = [start(steps=100_000, delay=0.01) for _ in range(4)]
    warm.terminate_trials()
    trials += [start(steps=100_000, delay=0.01) for _ in range(4)]
    assert {finish(trial).status for trial in trials} == {"terminated"}


def test_a_signal_to_one_trial_closes_it_in_the_middle_of_a_step(
    start: Starter, warm: WarmParentProcess, tmp_path: Path
) -> None:
    trial, child = built_and_waiting(start, tmp_path)
    warm.signal_trial("t001#1", signal.SIGKILL)
    warm.signal_trial("t000#1", signal.SIGTERM)
    assert finish(trial) == Outcome("terminated", "told to end by a signal")
    assert (tmp_path / "trials/t000/closed").exists()
    wait_until(lambda: not is_alive(child))


def test_sigkill_to_one_trial_takes_its_children_along(start: Starter, warm: WarmParentProcess, tmp_path: Path) -> None:
    trial, child = built_and_waiting(start, tmp_path)
    warm.signal_trial("t000#1", signal.SIGKILL)
    outcome = finish(trial)
    assert outcome.status == "lost"
    assert "SIGKILL" in outcome.reason
    assert not (tmp_path / "trials/t000/closed").exists()
    wait_until(lambda: group_is_gone(tmp_path) and not is_alive(child))


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, "terminated"), (signal.SIGKILL, "lost")])
def test_a_signal_waits_for_the_trial_that_it_is_for(
    start: Starter, warm: WarmParentProcess, number: signal.Signals, status: str
) -> None:
    warm.signal_trial("t000#1", number)
    assert finish(start(steps=100_000, delay=0.01)).status == status
    assert finish(start()).status == "finished"  # the signal was for one process


def test_a_signal_to_a_dead_warm_parent_is_harmless(warm: WarmParentProcess) -> None:
    before = descriptors()
    warm._process.kill()
    warm._process.wait()
    warm.signal_trial("t000#1", signal.SIGKILL)
    assert descriptors() == before


def test_a_killed_trial_is_dead_and_heard_of_no_more(start: Starter, tmp_path: Path) -> None:
    trial, child = built_and_waiting(start, tmp_path)
    trial.kill()
    wait_until(lambda: group_is_gone(tmp_path) and not is_alive(child))
    assert trial.read() == []


def test_killing_before_the_process_has_an_id_works_too(start: Starter, warm: WarmParentProcess) -> None:
    for _ in range(5):
        start(steps=100_000, delay=0.01).kill()
    wait_until(lambda: not any(process.parent == warm._process.pid for process in processes()))


SUPERVISOR = """
import sys, time, json
from cockpit.engine.request import TrialRequest
from cockpit.engine.trial import Trial
trial = Trial(TrialRequest(**json.loads(sys.argv[1])), sys.argv[2])
while True:
    for _ in trial.read():
        trial.answer(True)
    time.sleep(0.01)
"""


def test_a_trial_group_dies_with_its_supervisor(tmp_path: Path, warm: WarmParentProcess) -> None:
    request = json.dumps(request_for(tmp_path, mode="is stubborn").to_json())
    supervisor = subprocess.Popen([sys.executable, "-c", SUPERVISOR, request, warm.socket_path])
    child = after(tmp_path, "child")
    supervisor.kill()
    supervisor.wait()
    wait_until(lambda: group_is_gone(tmp_path) and not is_alive(child))
    assert is_alive(warm._process.pid)


def test_closing_the_warm_parent_kills_its_trials(tmp_path: Path) -> None:
    with (tmp_path / "engine.log").open("ab") as log, WarmParentProcess(PRELOAD, log) as warm:
        trial = Trial(request_for(tmp_path, mode="is stubborn"), warm.socket_path)
        for _ in range(2):
            next_message(trial)
            trial.answer(True)
        after(tmp_path, "child")
    assert group_is_gone(tmp_path)
    outcome = finish(trial)
    assert outcome.status == "lost"
    assert outcome.reason == "the warm parent of this node died; see engine.log"


def test_a_dead_warm_parent_is_noticed_at_once(tmp_path: Path, warm: WarmParentProcess) -> None:
    warm._process.kill()
    warm._process.wait()
    before = descriptors()
    with pytest.raises(ConnectionError, match="the warm parent of this node died"):
        Trial(request_for(tmp_path), warm.socket_path)
    assert descriptors() == before


def test_a_module_that_cannot_be_imported_is_named_in_the_log_and_no_trial_hindered(tmp_path: Path) -> None:
    log_path = tmp_path / "engine.log"
    preload = [*PRELOAD, "no_such_module"]
    with log_path.open("ab") as log, WarmParentProcess(preload, log) as warm:
        assert finish(Trial(request_for(tmp_path), warm.socket_path)).status == "finished"
    assert "cannot import no_such_module" in log_path.read_text()


def test_a_trial_whose_folder_is_gone_is_lost_and_the_log_says_why(tmp_path: Path, warm: WarmParentProcess) -> None:
    request = request_for(tmp_path)
    request.path.rmdir()
    outcome = finish(Trial(request, warm.socket_path))
    assert (outcome.status, outcome.reason) == (
        "lost",
        "its process ended without a word, exit code 70; see output.log",
    )
    assert "FileNotFoundError" in (tmp_path / "engine.log").read_text()


def descriptors_of(warm: WarmParentProcess) -> list[str]:
    """Those that it has when it has dealt with everything that came so far: it does one thing after the other."""
    warm.order_trial("nobody#1", {})
    return descriptors(warm._process.pid)


def test_many_trials_leave_no_descriptor_and_no_zombie_behind(start: Starter, warm: WarmParentProcess) -> None:
    assert finish(start()).status == "finished"
    before = descriptors(), descriptors_of(warm)
    for number in range(60):
        assert finish(start(mode="dies" if number % 3 == 0 else "plain")).status in ("finished", "lost")
    assert (descriptors(), descriptors_of(warm)) == before
    assert Path(f"/proc/{warm._process.pid}/task/{warm._process.pid}/children").read_text() == ""


def children() -> set[int]:
    return {process.pid for process in processes() if process.parent == os.getpid()}


@pytest.mark.slow
def test_a_sweep_of_a_hundred_trials_leaks_nothing(tmp_path: Path) -> None:
    parameters = {"x": {"min": -1.0, "max": 1.0}, "epochs": {"value": 1}, "steps": {"value": 1}}
    others = children()  # of tests that came before in this process
    run(tmp_path, parameters=parameters, run_cap=1)
    before = descriptors()
    sweep = run(tmp_path, parameters=parameters, run_cap=100, concurrent=4)
    assert descriptors() == before
    assert sweep.statuses == ["finished"] * 100
    assert all(trial.evaluations for trial in sweep.trials)
    assert children() <= others


def test_a_warm_parent_whose_maker_is_killed_takes_its_folder_along() -> None:
    program = (
        "import sys\nfrom cockpit.engine.warm_client import WarmParentProcess, connect\n"
        "warm = WarmParentProcess(['json'])\nconnect(warm.socket_path).close()\n"
        "print(warm.socket_path, flush=True)\nsys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as maker:
        assert maker.stdout is not None
        folder = Path(maker.stdout.readline().strip()).parent
        assert folder.is_dir()
        maker.kill()
    wait_until(lambda: not folder.exists())


def test_what_a_warm_parent_said_while_it_got_ready_is_in_the_log_that_it_is_given(tmp_path: Path) -> None:
    with (tmp_path / "engine.log").open("ab") as log, WarmParentProcess([*PRELOAD, "no_such_module"]) as warm:
        warm.log_to(log)
        assert finish(Trial(request_for(tmp_path), warm.socket_path)).status == "finished"
    assert "cannot import no_such_module" in (tmp_path / "engine.log").read_text()
