"""Whatever is killed while a submission is made, and whenever: it is made once, and its score comes home once."""

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from account import Competition, Dataset
from builders import Recorder

from cockpit.kaggle.intents import DONE, Ledger
from cockpit.kaggle.stopping import control_of
from cockpit.store.scores import scores

CALLS = ("ListSubmissions", "GetSubmissionLimits", "StartSubmissionUpload", "/upload", "CreateSubmission")
PUSH_CALLS = (
    "GetDatasetStatus",
    "StartBlobUpload",
    "/upload",
    "CreateDataset",
    "GetDataset",
    "GetKernel",
    "SaveKernel",
)
MOMENTS = ("before", "done", "answered")
SETTLE = 0.5  # seconds in which a request whose sender was killed arrives on this machine


class Driver:
    """Orders for the program that submits."""

    def __init__(self):
        command = [sys.executable, str(Path(__file__).with_name("crash_driver.py"))]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )

    def do(self, what, logs, file, started=lambda pids: None, cut=None, settle=SETTLE, scores=True):
        """Submit or push once; `started` gets the ids of both processes before anything is asked. Returns the code."""
        order = {"do": what, "logs": str(logs), "file": str(file), "cut": cut, "settle": settle, "scores": scores}
        self.say(order)
        pids = json.loads(self.process.stdout.readline())
        started(pids)
        self.say("go")
        code = json.loads(self.process.stdout.readline())["code"]
        wait_for_the_end(pids["helper"])
        return code

    def say(self, line):
        self.process.stdin.write(json.dumps(line) + "\n")
        self.process.stdin.flush()

    def close(self):
        self.process.stdin.close()
        self.process.wait(10)
        self.process.stdout.close()


@pytest.fixture(scope="module")
def _driver(_server, _home):
    with pytest.MonkeyPatch.context() as patch:
        for name, value in _server.environment(_home).items():
            patch.setenv(name, value)
        for name in ("no_proxy", "NO_PROXY"):
            patch.delenv(name, raising=False)
        root = Path(__file__).parents[2]
        patch.setenv("PYTHONPATH", f"{os.environ['PYTHONPATH']}{os.pathsep}{root}")
        driver = Driver()
    yield driver
    driver.close()


@pytest.fixture
def crash(_driver, service, tmp_path):
    """Submits with something killed on the way, then again until it is done, and looks what came of it."""
    number = 0

    def run(started=lambda pids: None, cut=None, settle=SETTLE, more=1):
        nonlocal number
        number += 1
        service.watchers.clear()
        service.account.competitions["titanic"] = Competition(looks_left=0, scores=["0.5"])
        logs = tmp_path / f"logs{number}"
        Recorder(logs).trial(1, [0.8]).end()
        file = tmp_path / "submission.csv"
        file.write_text(f"id,y\n1,{number}\n")
        first = _driver.do("submit", logs, file, started, cut, settle, scores=False)
        service.watchers.clear()
        wait_until_idle(service)
        again = [_driver.do("submit", logs, file, settle=settle) for _ in range(more)]
        (made,) = Ledger(logs).intents().values()
        (submission,) = service.account.competitions["titanic"].submissions
        assert (made.phase, made.result.get("ref")) == (DONE, submission["ref"])
        assert made.mark in submission["description"]
        (run,) = [path for path in logs.iterdir() if path.is_dir()]
        (score,) = scores(type("Run", (), {"scores": run / "scores.jsonl"}))
        assert (score.value, score.trial) == (0.5, "t001")
        assert again == [0] * more
        return first

    return run


@pytest.fixture
def crash_push(_driver, service, tmp_path):
    """Pushes with something killed on the way, then again, and looks that there is one dataset and one kernel."""
    number = 0

    def run(started=lambda pids: None, cut=None, do="push"):
        nonlocal number
        number += 1
        service.watchers.clear()
        account = service.account
        account.datasets.clear()
        account.kernels.clear()
        account.dataset_looks = 0
        logs = tmp_path / f"pushes{number}"
        logs.mkdir()
        file = tmp_path / "code.zip"
        file.write_text(f"{number:012d}")
        before = service.count("SaveKernel")
        first = _driver.do(do, logs, file, started, cut)
        service.watchers.clear()
        wait_until_idle(service)
        assert [_driver.do(do, logs, file) for _ in range(2)] == [0, 0]
        made = Ledger(logs).intents().values()
        assert [(one.kind, one.phase) for one in made if one.kind == "push"] == [("push", DONE)]
        assert [len(one.notes) for one in account.datasets.values()] == [1] * (2 if do == "listening" else 1)
        assert [one.version for one in account.kernels.values()] == [1]
        assert service.count("SaveKernel") - before == 1
        return first

    return run


@pytest.fixture
def crash_stop(_driver, service, tmp_path):
    """Asks runs to stop with something killed on the way, then again, and looks that each was asked once."""
    number = 0
    service.account.dataset_looks = 0
    notes = ["Made by cockpit"]
    service.account.datasets[control_of("alice")] = Dataset("control", True, {}, notes, looks_left=0)

    def run(started=lambda pids: None, cut=None):
        nonlocal number
        number += 1
        service.watchers.clear()
        logs = tmp_path / f"stops{number}"
        logs.mkdir()
        file = tmp_path / "kernel.txt"
        file.write_text(f"alice/k-{number}")
        first = _driver.do("stop", logs, file, started, cut)
        service.watchers.clear()
        wait_until_idle(service)
        assert [_driver.do("stop", logs, file) for _ in range(2)] == [0, 0]
        (made,) = Ledger(logs).intents().values()
        assert made.phase == DONE
        assert [note for note in notes if note.startswith(f"stop alice/k-{number} ")] == notes[number:]
        assert len(notes) == number + 1
        return first

    return run


def wait_for_the_end(pid):
    """A helper whose parent was killed sees that itself."""
    deadline = time.monotonic() + 15
    while pid and is_running(pid):
        assert time.monotonic() < deadline, f"helper {pid} outlives its parent"
        time.sleep(0.001)


def is_running(pid):
    """Whether a process is there and more than a zombie; it may be reaped at any moment, also while this looks."""
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().split()
    except OSError:
        return False


def wait_until_idle(service):
    """What was on its way to the service when its sender was killed has been dealt with."""
    deadline = time.monotonic() + 15
    while service.busy:
        assert time.monotonic() < deadline
        time.sleep(0.001)


def kill(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def at(service, call, moment, who):
    """Kills those processes when this call is at this moment, once."""

    def started(pids):
        def watch(seen, now):
            if seen.startswith(call) and now == moment:
                service.watchers.clear()
                for name in who:
                    kill(pids[name])

        service.watch(watch)

    return started


def test_a_cockpit_that_is_killed_around_a_call(crash, service):
    for call in CALLS:
        for moment in MOMENTS:
            crash(at(service, call, moment, ("pid",)))


@pytest.mark.parametrize("who", [("helper",), ("pid", "helper")], ids=["helper", "both"])
def test_a_helper_that_is_killed_around_the_call_that_counts(crash, service, who):
    for moment in MOMENTS:
        crash(at(service, "CreateSubmission", moment, who))


@pytest.mark.parametrize("call", ["CreateDataset", "SaveKernel"])
def test_a_push_that_is_killed_around_the_calls_that_count(crash_push, service, call):
    for moment in MOMENTS:
        crash_push(at(service, call, moment, ("pid",)))


def test_a_stop_that_is_killed_around_the_call_that_counts(crash_stop, service):
    for moment in MOMENTS:
        crash_stop(at(service, "CreateDatasetVersion", moment, ("pid",)))


@pytest.mark.slow
@pytest.mark.parametrize("who", [("pid",), ("helper",), ("pid", "helper")], ids=["cockpit", "helper", "both"])
def test_a_stop_that_is_killed_around_any_call(crash_stop, service, who):
    for call in ("GetDatasetStatus", "GetDataset", "StartBlobUpload", "/upload", "CreateDatasetVersion"):
        for moment in MOMENTS:
            crash_stop(at(service, call, moment, who))
    for when in ("before", "after"):
        for phase in ("planned", "sending", "done"):
            assert crash_stop(cut=[phase, when]) == -signal.SIGKILL


@pytest.mark.slow
@pytest.mark.parametrize("who", [("pid",), ("helper",), ("pid", "helper")], ids=["cockpit", "helper", "both"])
def test_a_push_of_a_run_that_listens_is_killed_around_any_call(crash_push, service, who):
    for call in PUSH_CALLS:
        for moment in MOMENTS:
            crash_push(at(service, call, moment, who), do="listening")


@pytest.mark.slow
@pytest.mark.parametrize("who", [("pid",), ("helper",), ("pid", "helper")], ids=["cockpit", "helper", "both"])
def test_a_push_that_is_killed_around_any_call(crash_push, service, who):
    for call in PUSH_CALLS:
        for moment in MOMENTS:
            crash_push(at(service, call, moment, who))
    for when in ("before", "after"):
        for phase in ("planned", "sending", "done"):
            assert crash_push(cut=[phase, when]) == -signal.SIGKILL


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_process_that_is_killed_around_a_line_of_the_ledger(crash, when):
    for phase in ("planned", "sending", "done"):
        assert crash(cut=[phase, when], more=2) == -signal.SIGKILL


@pytest.mark.parametrize("after", [False, True])
def test_a_call_without_an_answer(crash, service, after):
    """The service did it or did not, and its answer never came."""
    for kind in ("reset", "half", "html", 500, 504):
        crash(lambda pids, kind=kind: service.fault("CreateSubmission", kind, after=after), settle=0.0)
        service.faults.clear()


@pytest.mark.slow
@pytest.mark.parametrize("who", [("helper",), ("pid", "helper")], ids=["helper", "both"])
def test_whatever_is_killed_around_any_call(crash, service, who):
    for call in CALLS:
        for moment in MOMENTS:
            crash(at(service, call, moment, who), more=2)


@pytest.mark.slow
def test_a_process_that_is_killed_at_any_time(crash):
    chance = random.Random(0)
    for _ in range(100):
        who = chance.choice([("pid",), ("helper",), ("pid", "helper")])
        after = chance.uniform(0, 0.06)
        timers = []

        def started(pids, who=who, after=after, timers=timers):
            timers.append(threading.Timer(after, lambda: [kill(pids[name]) for name in who]))
            timers[0].start()

        crash(started)
        timers[0].join()
