"""Ends runs in each way that there is, and has one process follow a run."""

import json
import subprocess
import sys
import threading

import pytest
from account import TOKEN, Dataset, Kernel
from builders import HILL
from machine import run_at_kaggle, the_kernel

from cockpit.kaggle import runner
from cockpit.kaggle.followers import is_followed, sole_follower
from cockpit.kaggle.following import Record
from cockpit.kaggle.intents import DONE, Ledger, intent
from cockpit.kaggle.marked import MARK, parsed
from cockpit.kaggle.receipts import kept
from cockpit.kaggle.stopping import control_of
from cockpit.store.folder import FolderError

QUICK = ("--settle", "0")
WAITS = """
import json, pathlib, signal, sys
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])  # it waits for its turn, however early it comes
record = pathlib.Path(sys.argv[sys.argv.index("--logs") + 1]) / "exp001-hill"
record.mkdir(parents=True)
def write(**said):
    with (record / "sweep.jsonl").open("a") as file:
        file.write(json.dumps(said) + chr(10))
write(kind="sweep_started", experiment="exp001", search="hill", metric="score")
signal.sigwait([signal.SIGINT])
write(kind="sweep_ended", status="interrupted", reason="Ctrl-C")
sys.exit(130)
"""
LONG = """
name: long
trainer: toy
engine: local
method: grid
metric: {name: score, goal: maximize}
parameters: {x: {values: [0.1, 0.2]}, epochs: {value: 1.0e+7}}
"""
KERNEL, CONTROL = "alice/k-one", control_of("alice")
STARTED = '{"kind":"sweep_started","experiment":"exp007","search":"hill","metric":"score"}'


@pytest.fixture(autouse=True)
def ready(service, tmp_path):
    service.account.dataset_looks = 0
    (tmp_path / "hill.yaml").write_text(HILL)
    return service


def event(kind, **said):
    return {"stream_name": "stdout", "time": 0.0, "data": MARK + json.dumps({"kind": kind, **said}) + "\n"}


@pytest.fixture
def running(service, tmp_path):
    """A function that puts up a run of ours with this receipt, with the network or without."""

    def make(internet, **receipt):
        log = [event("receipt", asked="TpuV5E8", device="cpu", count=4, **receipt)] if receipt else []
        kernel = service.account.kernels[KERNEL] = Kernel({}, status="RUNNING", log=log)
        service.account.datasets[CONTROL] = Dataset("control", True, {}, ["Made by cockpit"], looks_left=0)
        ledger = Ledger(tmp_path / "logs")
        (tmp_path / "logs").mkdir(exist_ok=True)
        made = ledger.write(intent("push", "alice", f"{internet} {receipt}", internet=internet), "planned")
        ledger.write(made, DONE, kernel=KERNEL, version=1)
        return kernel

    return make


def test_a_run_that_listens_is_asked_once(cockpit, running, service):
    kernel = running(True, deaf="", session=5)
    answer = cockpit("kaggle", "cancel", KERNEL, *QUICK)
    assert (answer.code, kernel.status) == (0, "RUNNING")
    assert answer.out.startswith(f"{KERNEL}: asked to stop; it looks every minute, and leaves what it has as output")
    assert "`--session 5` ends it at once" in answer.out
    assert cockpit("kaggle", "cancel", KERNEL, *QUICK, "--json").document["how"] == "asked to stop"
    notes = service.account.datasets[CONTROL].notes
    assert len(notes) == 2
    assert notes[1].startswith(f"stop {KERNEL} [ck-")


@pytest.mark.parametrize(
    ("internet", "receipt", "status", "said"),
    [
        (True, {}, "RUNNING", "it is not known whether it hears"),
        (True, {"deaf": "HTTPError: 401", "session": 5}, "CANCEL_ACKNOWLEDGED", "cancelled"),
        (False, {"deaf": "the run has no network", "session": 5}, "CANCEL_ACKNOWLEDGED", "cancelled"),
        (False, {"deaf": "the run has no network", "session": 77}, "RUNNING", "its page can: https"),
        (False, {"deaf": "the run has no network", "session": None}, "RUNNING", "its page can: https"),
        (False, {}, "RUNNING", "its page can: https"),
    ],
)
def test_the_mildest_way_that_there_is_is_taken(cockpit, running, internet, receipt, status, said):
    kernel = running(internet, **receipt)
    answer = cockpit("kaggle", "cancel", KERNEL, *QUICK)
    assert (kernel.status, said in answer.out) == (status, True), answer
    assert answer.code == ("page can" in said)


@pytest.mark.parametrize("kind", ["reset", "half", 503])
def test_a_stop_without_an_answer_is_looked_up(cockpit, running, service, kind):
    running(True, deaf="", session=5)
    service.fault("CreateDatasetVersion", kind, after=True)
    assert cockpit("kaggle", "cancel", KERNEL, *QUICK).code == 0
    assert len(service.account.datasets[CONTROL].notes) == 2


def test_a_log_that_cannot_be_had_leaves_the_page(cockpit, running, service):
    running(False, deaf="the run has no network", session=5)
    service.fault("ListKernelSessionOutput", 404, code=404, message="gone")
    assert "its page can" in cockpit("kaggle", "cancel", KERNEL, *QUICK).out


def test_the_control_dataset_is_made_with_the_first_push_that_has_a_network(cockpit, service):
    words = ("kaggle", "push", "hill.yaml", "--internet", *QUICK)
    assert cockpit(*words, "--trials", "1", "--dry-run", "--json").document["control"] == CONTROL
    assert service.account.datasets == {}
    service.fault("CreateDataset", "reset", after=True)
    for trials in ("1", "2"):
        assert cockpit(*words, "--trials", trials).code == 0
    assert len(service.account.datasets[CONTROL].notes) == 1
    assert service.account.datasets[CONTROL].private


def test_work_is_interrupted_and_what_it_says_then_is_told(cockpit, service, tmp_path):
    """In the place of the cockpit over there is work that waits for its interruption, and ends its record then."""
    (tmp_path / "cockpit").mkdir()
    (tmp_path / "cockpit" / "__main__.py").write_text(WAITS)
    assert cockpit("kaggle", "push", "hill.yaml", "--internet", "--include", "cockpit/__main__.py", *QUICK).code == 0
    ref, kernel = the_kernel(service)
    looks = []

    def watch(call, moment):
        if (call, moment) == ("GetDataset", "before"):
            looks.append(call)
            record = tmp_path / "machine" / "kaggle" / "working" / "logs" / "exp001-hill" / "sweep.jsonl"
            if record.exists():
                service.account.datasets[CONTROL].notes.append(f"stop {ref} [ck-0]")

    service.watch(watch)
    done = run_at_kaggle(service, tmp_path / "machine", session=5, every=0.0)
    assert done.returncode == 0, done.stderr
    receipt = parsed(done.stdout.splitlines()[0])
    assert (receipt["deaf"], receipt["session"]) == ("", 5)
    assert len(looks) > 1
    assert "SHA256SUMS" in kernel.files
    followed = cockpit("kaggle", "follow")
    assert (followed.code, "the run was asked to stop, and stops" in followed.out) == (0, True)
    assert cockpit("show", "exp001", "--json").document["status"] == "interrupted"


@pytest.mark.slow
def test_a_sweep_that_is_asked_to_stop_stops_with_its_record(cockpit, service, tmp_path):
    """It runs for real, and hears it from the service on its own."""
    (tmp_path / "long.yaml").write_text(LONG)
    assert cockpit("kaggle", "push", "long.yaml", "--internet", *QUICK).code == 0
    ref, _ = the_kernel(service)
    looks = []

    def watch(call, moment):
        if (call, moment) == ("GetDataset", "before"):
            looks.append(call)
            record = tmp_path / "machine" / "kaggle" / "working" / "logs"
            if any("trial_started" in file.read_text() for file in record.glob("exp*/sweep.jsonl")):
                service.account.datasets[CONTROL].notes.append(f"stop {ref} [ck-0]")

    service.watch(watch)
    done = run_at_kaggle(service, tmp_path / "machine", session=5, every=0.2)
    assert done.returncode == 0, done.stderr
    said = cockpit("kaggle", "follow", "--json").document
    assert said["state"] == "complete"
    shown = cockpit("show", said["experiment"], "--json").document
    assert shown["status"] == "interrupted"
    assert len(looks) > 1


@pytest.fixture
def control(service, tmp_path, monkeypatch):
    """What looks at the control dataset in the runner, as on a machine with the network."""
    (tmp_path / "token").write_text(TOKEN)
    monkeypatch.setenv("KAGGLE_API_V1_TOKEN", str(tmp_path / "token"))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(runner, "API", f"http://127.0.0.1:{service.server.server_port}/api/v1")
    monkeypatch.setattr(runner, "CONTROL_SECONDS", 0.0)
    monkeypatch.setattr(runner, "ORDERS", {"control": CONTROL, "kernel": KERNEL})
    notes = ["Made by cockpit", f"stop {KERNEL}s [ck-1]"]
    service.account.datasets[CONTROL] = Dataset("control", True, {}, notes, looks_left=0)
    return notes


@pytest.mark.parametrize("kind", ["reset", "half", "html", 403, 429, 500])
def test_trouble_with_the_service_neither_stops_a_run_nor_makes_it_deaf(control, service, kind):
    ear = runner.Control()
    assert ear.receipt() == {"deaf": "", "session": None}
    service.fault("GetDataset", kind)
    assert [ear.asks_to_stop() for _ in range(2)] == [False, False]
    control.append(f"stop {KERNEL} [ck-2]")
    assert ear.asks_to_stop()


def test_a_run_says_why_it_is_deaf(control, service, tmp_path, monkeypatch):
    service.account.datasets.clear()
    ear = runner.Control()
    assert "404" in ear.deaf
    assert not ear.asks_to_stop()
    (tmp_path / "token").write_text("of somebody else")
    assert "401" in runner.Control().deaf
    monkeypatch.delenv("KAGGLE_API_V1_TOKEN")
    assert runner.Control().deaf == "Kaggle gave the run no token"
    monkeypatch.setattr(runner, "ORDERS", {"control": ""})
    assert runner.Control().deaf == "the run has no network"


def test_a_package_that_the_image_lacks_is_named_in_one_line(cockpit, service, tmp_path):
    (tmp_path / "click").mkdir()
    (tmp_path / "click" / "__init__.py").write_text("import a_package.that_is_not_there\n")
    assert cockpit("kaggle", "push", "hill.yaml", "--trials", "1", "--include", "click", *QUICK).code == 0
    done = run_at_kaggle(service, tmp_path / "machine")
    assert done.returncode != 0
    _, kernel = the_kernel(service)
    kernel.status = "ERROR"
    answer = cockpit("kaggle", "follow")
    assert answer.out.splitlines()[-1].endswith(
        "error Kaggle's image has no package a_package; bring it along with `cockpit kaggle push --wheel`"
    )


def test_another_machine_than_was_asked_for_is_told_by_status_as_well(cockpit, running):
    kernel = running(False, deaf="the run has no network", session=5)
    assert cockpit("kaggle", "status", KERNEL, "--json").document["mismatch"] == ""
    kernel.log.append(event("line", file="sweep.jsonl", line=STARTED))
    assert "asked for TpuV5E8, got cpu: stop it? `cockpit kaggle cancel alice/k-one`" in cockpit("kaggle", "follow").err
    said = cockpit("kaggle", "status", "exp001", "--json").document
    assert (said["mismatch"], said["receipt"]["session"]) == ("asked for TpuV5E8, got cpu", 5)
    kernel.status = "RUNNING"
    assert "got cpu: stop it? `cockpit kaggle cancel exp001`" in cockpit("kaggle", "status", "exp001").out


def test_what_the_ledger_keeps_of_a_receipt_is_harmless():
    said = {"asked": "a\x1b[2Jb", "device": 3, "count": True, "session": 7, "names": ["x"]}
    assert kept(said) == {"asked": "ab", "session": 7}


def test_one_process_follows_a_run(cockpit, running, tmp_path):
    kernel = running(False, deaf="x")
    kernel.log.append(event("line", file="sweep.jsonl", line=STARTED))
    (made,) = Ledger(tmp_path / "logs").intents().values()
    with sole_follower(tmp_path / "logs", made.id, KERNEL):
        answer = cockpit("kaggle", "follow")
        assert (answer.code != 0, "another process is following it" in answer.err) == (True, True)
    cockpit("kaggle", "follow")
    cockpit("kaggle", "follow")
    assert [path.name for path in (tmp_path / "logs").glob("exp*")] == ["exp001-hill"]
    with sole_follower(tmp_path / "logs", made.id, KERNEL):
        answer = cockpit("kaggle", "pull", "exp001")
        assert (answer.code != 0, "another process is following it or fetching" in answer.err) == (True, True)


def test_of_followers_that_begin_at_one_moment_one_follows(tmp_path):
    inside, others, ready = [], [], threading.Barrier(8)

    def work():
        ready.wait()
        try:
            with sole_follower(tmp_path, "0123", KERNEL):
                inside.append(1)
                over.wait()
        except FolderError:
            others.append(1)
            if len(others) == 7:
                over.set()

    over = threading.Event()
    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(inside), len(others)) == (1, 7)


def test_a_run_is_followed_as_long_as_the_process_lives_that_does(tmp_path):
    assert not is_followed(tmp_path, "0123")
    with sole_follower(tmp_path, "0123", KERNEL):
        assert is_followed(tmp_path, "0123")
        assert not is_followed(tmp_path, "4567")
    assert not is_followed(tmp_path, "0123")
    work = "import sys; from pathlib import Path; from cockpit.kaggle.followers import sole_follower\n"
    work += "with sole_follower(Path(sys.argv[1]), '0123', 'me/run'): print('in', flush=True); input()"
    child = subprocess.Popen([sys.executable, "-c", work, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert child.stdout.readline() == b"in\n" and is_followed(tmp_path, "0123")
    child.kill()
    child.communicate()
    assert not is_followed(tmp_path, "0123")


def test_a_folder_is_written_down_before_a_line_is_in_it(tmp_path):
    """A follower that is killed in between leaves nothing that the next one does not know of."""

    class KilledError(Exception):
        pass

    def killed(run):
        assert not run.sweep.exists()
        raise KilledError

    record = Record(tmp_path, claimed=killed)
    with pytest.raises(KilledError):
        record.add("sweep.jsonl", STARTED)
    record.flush()
    assert list(tmp_path.glob("exp*/sweep.jsonl")) == []
