"""`cockpit demo` from the outside: replaying, packing, and what the screen leaves behind."""

import re
import signal
import time
import zipfile
from pathlib import Path

import pytest
from builders import Recorder

from cockpit.cli import demo
from cockpit.store.folder import experiments, find_experiment
from cockpit.store.life import is_alive
from cockpit.store.reader import Index
from cockpit.store.summary import read_summary

DEADLINE = 60.0


@pytest.fixture
def source(folder):
    """A run in ./logs that took a minute."""
    recorder = Recorder(folder / "logs")
    for number in range(3):
        recorder.trial(number, [0.1, 0.2], baseline=number == 0)
    return recorder.end()


def wait_until(condition):
    deadline = time.monotonic() + DEADLINE
    while not (found := condition()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return found


def test_at_once_it_is_an_experiment_like_any_other(cockpit, folder, source):
    answer = cockpit("demo", "exp001", "--speed", "0", "--logs", "again")
    # An experiment is looked for in the folder that --logs names.
    assert (answer.code, answer.out) == (2, "")
    answer = cockpit("demo", source.path, "--speed", "0", "--logs", "again")
    assert (answer.code, answer.err) == (0, "")
    assert answer.out == "exp001-hill is replayed in again; `cockpit ls --logs again` lists it\n"
    assert "✓ finished" in cockpit("ls", "--logs", "again").out
    assert cockpit("steps", "exp001/t002", "--logs", "again").out == cockpit("steps", "exp001/t002").out
    diary = (folder / "again" / "diary.md").read_text()
    assert diary.count("## exp001 · hill ➖") == 1


@pytest.mark.parametrize("name", ["exp001", "exp001-hill", "latest", "logs/exp001-hill"])
def test_what_can_be_replayed_by_which_name(name, cockpit, source):
    assert cockpit("demo", name, "--speed", "inf", "--logs", "logs").code == 0
    assert len(experiments(Path("logs"))) == 2


def test_without_anything_the_shipped_recording_is_replayed_into_a_temporary_folder(cockpit, folder, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr("tempfile.tempdir", None)
    answer = cockpit("demo", "--speed", "0")
    assert answer.code == 0
    made = Path(re.search(r"is replayed in (\S+);", answer.out)[1])
    assert made.parent == folder
    with Index(find_experiment(made, "exp001")) as index:
        assert index.sweep().status == "finished"
    assert not (folder / "logs").exists()


def test_a_packed_run_is_replayed_from_its_file(cockpit, source):
    packed = cockpit("demo", "exp001", "--pack", "small.zip")
    assert packed.code == 0
    assert re.fullmatch(r"small\.zip: \d+ kB, without names and paths of this machine\n", packed.out)
    assert zipfile.is_zipfile("small.zip")
    assert cockpit("demo", "small.zip", "--speed", "0", "--logs", "again").code == 0
    replayed, original = (cockpit("show", "exp001", "--logs", logs).out for logs in ("again", "logs"))
    assert replayed.partition("\ncommand ")[0] == original.partition("\ncommand ")[0]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("nowhere",), "no experiments here"),
        (("hill.yaml",), "neither a run folder nor a recording"),
        (("--speed", "-1"), "not in the range"),
        (("--pack", "a.zip"), "wants an experiment"),
        (("--pack", "a.zip", "hill.yaml"), "wants an experiment"),
    ],
)
def test_refusals_are_one_line_and_leave_nothing(words, said, cockpit, folder):
    before = set(folder.iterdir())
    answer = cockpit("demo", *words, "--logs", "again") if "--pack" not in words else cockpit("demo", *words)
    assert said in answer.complaint
    assert set(folder.iterdir()) == before


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_cleanly(number, spawn, folder, source):
    process = spawn("demo", "exp001", "--speed", "0.001", "--logs", "logs")
    run = wait_until(lambda: next((run for run in experiments(folder / "logs") if run.id == "exp002"), None))
    wait_until(lambda: run.summary.exists() and read_summary(run, time.time())["status"] == "running")
    process.send_signal(number)
    out, err = process.communicate(timeout=DEADLINE)
    assert (process.returncode, err) == (130, "")
    assert out.startswith("exp002-hill is replayed in logs")
    summary = read_summary(run, time.time())
    assert (summary["status"], summary["host"]) == ("interrupted", source_host(run))
    assert "**interrupted**" in (folder / "logs" / "diary.md").read_text()


def source_host(run):
    with Index(run) as index:
        return index.sweep().host


class Screen:
    """Stands for the cockpit: it notes what it was opened on, and whether that ran."""

    def __init__(self):
        self.logs = self.target = self.sweep = None

    def open(self, logs, target, *, sweeps_go_on):
        assert not sweeps_go_on  # a replay ends with its screen
        self.logs, self.target = logs, target
        with Index(find_experiment(logs, target)) as index:
            self.sweep = index.sweep()
        return 0


@pytest.fixture
def screen(monkeypatch):
    """A terminal in front of a screen."""
    made = Screen()
    monkeypatch.setattr("cockpit.tui.start.open_cockpit", made.open)
    monkeypatch.setattr(demo, "has_terminal", lambda: True)
    return made


def test_the_screen_opens_on_a_replay_that_runs_and_is_gone_afterwards(cockpit, screen, source):
    answer = cockpit("demo", "exp001", "--speed", "0.001")
    assert (answer.code, answer.out, answer.err) == (0, "", "")
    assert (screen.target, screen.sweep.status, screen.sweep.engine) == ("exp001-hill", "running", "replay")
    assert not is_alive(screen.sweep.host, screen.sweep.pid, screen.sweep.environment["process_started"])
    assert not screen.logs.exists()


def test_what_was_replayed_into_a_named_folder_stays(cockpit, folder, screen, source):
    assert cockpit("demo", source.path, "--speed", "0.001", "--logs", "kept").code == 0
    (run,) = experiments(folder / "kept")
    assert read_summary(run, time.time())["status"] == "interrupted"


def test_what_cannot_be_replayed_is_said_before_the_screen_opens(cockpit, screen, folder):
    answer = cockpit("demo", "hill.yaml")
    assert "neither a run folder nor a recording" in answer.complaint
    assert screen.target is None


def test_the_replay_ends_also_when_the_screen_fails(cockpit, screen, source, monkeypatch):
    pids = []

    def fail(logs, target, **options):
        screen.open(logs, target, **options)
        pids.append(screen.sweep.pid)
        raise RuntimeError("no terminal")

    monkeypatch.setattr("cockpit.tui.start.open_cockpit", fail)
    assert cockpit("demo", "exp001", "--speed", "0.001").code == 1
    assert not is_alive(screen.sweep.host, pids[0], screen.sweep.environment["process_started"])
    assert not screen.logs.exists()
