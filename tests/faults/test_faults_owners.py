"""Two processes at one experiment, locks and process ids of the dead, and copies of run folders."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cockpit.engine.rebuild import rebuild
from cockpit.events.codec import encode
from cockpit.events.kinds import Attempt, SweepStatus
from cockpit.store.life import process_started

from .checks import check_attempts, check_complete, check_nothing_is_left
from .experiment import Experiment, experiment
from .processes import send, standing_still, stop, wait_until
from .records import ledger, open_trials, size, trial_pids

Copy = Callable[[], Experiment]


def test_of_two_that_take_up_one_experiment_one_does(copied: Copy) -> None:
    made = copied()
    processes = [made.resume() for _ in range(3)]
    owner = wait_until(lambda: next((event.pid for event in ledger(made.run) if isinstance(event, SweepStatus)), 0))
    stop(owner)  # until the others have tried, too
    wait_until(lambda: sum(process.poll() is not None for process in processes) == 2)
    send(owner, signal.SIGCONT)
    codes = [process.wait(timeout=90) for process in processes]
    assert sorted(codes) == [0, 2, 2], made.said()
    for number, code in enumerate(codes):
        said = (made.temporary / f"said-{number}").read_text().splitlines()
        assert code == 0 or (len(said) == 1 and "exp001: " in said[0]), said
    check_nothing_is_left(made)
    check_attempts(made.run)
    check_complete(made)


def test_a_copy_of_a_running_experiment_is_refused_and_harms_nobody(tmp_path: Path) -> None:
    for name in ("here", "there"):
        (tmp_path / name).mkdir()
    with experiment(tmp_path / "here") as made, experiment(tmp_path / "there") as other:
        process = made.sweep()
        wait_until(lambda: size(made.run) > 8_000 and len(trial_pids(made.run)) == 2)
        with standing_still(made.mark):
            shutil.copytree(made.folder / "logs", other.folder / "logs")
            resumed = other.resume()
            assert resumed.wait(timeout=60) == 2
        assert other.said() == "cockpit: exp001: it is running; there is nothing to take up again\n"
        assert process.wait(timeout=90) == 0
        check_complete(made)


@pytest.fixture
def stranger() -> Iterator[subprocess.Popen[bytes]]:
    """A process that leads a group, as trials do."""
    process = subprocess.Popen(["sleep", "1000"], start_new_session=True)
    yield process
    process.kill()
    process.wait()


def test_whoever_has_the_process_ids_of_the_dead_is_left_alone(copied: Copy, stranger: subprocess.Popen[bytes]) -> None:
    """Neither is the sweep taken for running nor is the other's process killed. Locks of the dead hold nobody up."""
    made = copied()
    run = made.run
    _change(run.sweep, "sweep_started", pid=stranger.pid)
    for trial in open_trials(run):
        _change(run.trial(trial).events, "attempt", pid=stranger.pid)
    run.index_lock.touch()
    process = made.resume()
    assert process.wait(timeout=90) == 0, made.said()
    assert stranger.poll() is None
    check_complete(made)


def test_what_is_left_of_a_trial_is_ended_before_it_goes_on(copied: Copy, stranger: subprocess.Popen[bytes]) -> None:
    made = copied()
    trial = open_trials(made.run)[0]
    attempt = rebuild(made.run, "score").trials[int(trial[1:])].attempt
    host = os.uname().nodename
    mark = {"process_started": process_started(stranger.pid)}
    with made.run.trial(trial).events.open("ab") as file:
        file.write(encode(Attempt(attempt=attempt, host=host, pid=stranger.pid, extra=mark)))
    process = made.resume()
    assert stranger.wait(timeout=60) == -signal.SIGKILL
    assert process.wait(timeout=90) == 0, made.said()
    check_nothing_is_left(made)


def _change(path: Path, kind: str, **values: Any) -> None:
    """Other values for all events of a kind."""
    lines = [json.loads(line) for line in path.read_bytes().splitlines()]
    for line in lines:
        line.update(values if line["kind"] == kind else {})
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
