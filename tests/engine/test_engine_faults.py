"""Sweeps as processes of their own, and what happens when they or the processes they started are killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sweeping import attempts, events_in, is_alive, left_processes, processes, wait_until

from cockpit.engine.spawn import READY_FD, NotStartedError, spawn_detached
from cockpit.events.kinds import Step, SweepEnded, TrialEnded
from cockpit.store.folder import RunFolder, find_experiment

# Trials that run until somebody ends them, with an evaluation now and then.
ENDLESS = ("--trials", "4", "--concurrent", "2", "--set", "delay=0.02", "--set", "epochs=1000000", "--set", "steps=10")


class RunningSweep:
    """A `cockpit sweep demo` that has two trials under way."""

    def __init__(self, logs: Path, process: subprocess.Popen[bytes]) -> None:
        self.logs = logs
        self.process = process
        self.run: RunFolder = wait_until(self._with_two_trials)
        self.trial_pids = [attempt.pid for attempt in attempts(self.run)]
        self.warm = next(p.pid for p in processes() if p.parent == process.pid and "cockpit.engine.warm" in p.command)

    def _with_two_trials(self) -> RunFolder | None:
        assert self.process.poll() is None, "the sweep ended before it began"
        if not list(self.logs.glob("exp*/sweep.jsonl")):
            return None
        run = find_experiment(self.logs, "latest")
        return run if sum(_has_steps(run, trial) for trial in run.trial_ids()) == 2 else None

    def ended(self) -> dict[str, TrialEnded]:
        return {event.trial: event for event in events_in(self.run.sweep) if isinstance(event, TrialEnded)}

    def last(self) -> SweepEnded:
        *_, last = events_in(self.run.sweep)
        assert isinstance(last, SweepEnded)
        return last

    def wait(self) -> int:
        return self.process.wait(timeout=60)

    def nothing_is_left(self) -> bool:
        return not left_processes(self.run) and not is_alive(self.warm)


def _has_steps(run: RunFolder, trial: str) -> bool:
    path = run.trial(trial).events
    return path.exists() and any(isinstance(event, Step) for event in events_in(path))


Starter = Callable[..., RunningSweep]


@pytest.fixture
def environment() -> Iterator[dict[str, str]]:
    """Temporary files of killed sweeps go here; short, because paths of sockets are."""
    with tempfile.TemporaryDirectory(prefix="ck", ignore_cleanup_errors=True) as folder:
        yield {**os.environ, "TMPDIR": folder}


@pytest.fixture
def start(tmp_path: Path, environment: dict[str, str]) -> Iterator[Starter]:
    """Starts sweeps, and ends what a test left of them."""
    started: list[subprocess.Popen[bytes]] = []

    def begin(engine: str = "local", detached: bool = False) -> RunningSweep:
        logs = tmp_path / "logs"
        command = [sys.executable, "-m", "cockpit", "sweep", "demo", "--logs", str(logs), "--engine", engine, *ENDLESS]
        reader, ready = os.pipe()
        process = subprocess.Popen(
            command,
            cwd=tmp_path,
            env={**environment, READY_FD: str(ready)} if detached else environment,
            pass_fds=(ready,) if detached else (),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        os.close(reader)
        os.close(ready)
        started.append(process)
        return RunningSweep(logs, process)

    yield begin
    for process in started:
        process.kill()
        process.wait()
    # Ray's agents take a minute to notice that everything else is gone.
    for left in processes():
        if _started_with(left.pid, f"TMPDIR={environment['TMPDIR']}"):
            os.kill(left.pid, signal.SIGKILL)


def _started_with(pid: int, setting: str) -> bool:
    try:
        return setting.encode() in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return False


def shown(logs: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", "cockpit", "show", "latest", "--logs", str(logs), "--json"]
    document: dict[str, Any] = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    return document


@pytest.mark.parametrize("engine", ["local", pytest.param("ray", marks=[pytest.mark.ray, pytest.mark.slow])])
def test_a_killed_sweep_takes_everything_with_it_and_is_shown_as_interrupted(start: Starter, engine: str) -> None:
    sweep = start(engine)
    sweep.process.kill()
    sweep.wait()
    wait_until(sweep.nothing_is_left)
    assert not sweep.ended()
    document = shown(sweep.logs)
    assert document["status"] == "interrupted"
    assert [trial["status"] for trial in document["trials"]] == ["lost", "lost"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_a_sweep_cleanly(start: Starter, number: signal.Signals) -> None:
    sweep = start()
    sweep.process.send_signal(number)
    assert sweep.wait() == 130
    assert {event.status for event in sweep.ended().values()} == {"interrupted"}
    assert sweep.last().status == "interrupted"
    wait_until(sweep.nothing_is_left)
    assert shown(sweep.logs)["status"] == "interrupted"


@pytest.mark.slow
@pytest.mark.ray
def test_ctrl_c_in_the_terminal_of_a_ray_sweep_ends_it_cleanly(start: Starter) -> None:
    sweep = start("ray")
    os.killpg(sweep.process.pid, signal.SIGINT)  # as a terminal does: to the sweep and all of its group
    assert sweep.wait() == 130
    assert {event.status for event in sweep.ended().values()} == {"interrupted"}
    assert sweep.last().reason == "Ctrl-C"
    wait_until(sweep.nothing_is_left)


def test_a_detached_sweep_goes_on_when_its_terminal_hangs_up(start: Starter) -> None:
    sweep = start(detached=True)
    before = len(events_in(sweep.run.trial("t000").events))
    sweep.process.send_signal(signal.SIGHUP)
    wait_until(lambda: len(events_in(sweep.run.trial("t000").events)) > before + 20)
    assert not sweep.ended()
    sweep.process.terminate()
    assert sweep.wait() == 130


@pytest.mark.parametrize("engine", ["local", pytest.param("ray", marks=[pytest.mark.ray, pytest.mark.slow])])
def test_a_killed_warm_parent_loses_its_trials_and_ends_the_sweep_as_failed(start: Starter, engine: str) -> None:
    sweep = start(engine)
    os.kill(sweep.warm, signal.SIGKILL)
    assert sweep.wait() == 1
    assert [sweep.ended()[trial].status for trial in ("t000", "t001")] == ["lost", "lost"]
    assert "warm parent" in sweep.ended()["t000"].reason
    assert sweep.last().status == "failed"
    assert "warm parent" in sweep.last().reason
    wait_until(sweep.nothing_is_left)


def test_a_killed_trial_leaves_the_others_alone(start: Starter) -> None:
    sweep = start()
    os.kill(sweep.trial_pids[0], signal.SIGKILL)
    lost = wait_until(lambda: sweep.ended().get("t000"))
    assert lost.status == "lost"
    assert "SIGKILL" in lost.reason
    wait_until(lambda: sweep.run.trial("t002").events.exists())
    assert list(sweep.ended()) == ["t000"]
    sweep.process.terminate()
    assert sweep.wait() == 130
    assert sweep.ended()["t001"].status == "interrupted"


def test_detaching_returns_when_the_experiment_exists(
    tmp_path: Path, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", environment["TMPDIR"])
    name, pid = spawn_detached(["demo", "--logs", str(tmp_path), "--engine", "local", *ENDLESS])
    try:
        assert name == "exp001-demo"
        assert (tmp_path / name / "sweep.jsonl").exists()
        assert os.getsid(pid) == pid != os.getsid(0)
        wait_until(lambda: attempts(RunFolder(tmp_path / name)))
    finally:
        os.kill(pid, signal.SIGTERM)
        _, status = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(status) == 130
    wait_until(lambda: not left_processes(RunFolder(tmp_path / name)))


def test_detaching_what_cannot_start_says_why(tmp_path: Path) -> None:
    with pytest.raises(NotStartedError, match="nowhere") as caught:
        spawn_detached(["nowhere", "--logs", str(tmp_path)])
    assert caught.value.code == 2
    assert not list(tmp_path.iterdir())
