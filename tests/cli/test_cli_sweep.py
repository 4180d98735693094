"""`cockpit sweep` from the outside: what it prints, what it leaves behind, and how it ends."""

import json
import os
import signal
import time
from pathlib import Path

import pytest

from cockpit.events.codec import decode
from cockpit.events.kinds import SweepEnded, TrialEnded
from cockpit.store.folder import RunFolder, experiments

DEADLINE = 60.0
# Trials that go on until they are told to end: none comes to its first evaluation, after which it may be pruned.
SLOW = ["sweep", "hill.yaml", "--set", "delay=0.05", "--set", "steps=1000000"]


def ledger(run):
    if not run.sweep.exists():
        return []
    return [decode(line) for line in run.sweep.read_bytes().split(b"\n")[:-1]]


def wait_until(condition, process=None):
    """Look until `condition` holds; fail at the deadline or when the process is gone before."""
    deadline = time.monotonic() + DEADLINE
    while not (found := condition()):
        assert time.monotonic() < deadline
        assert process is None or process.poll() is None, process.stderr.read()
        time.sleep(0.02)
    return found


def only_run(folder):
    runs = experiments(folder / "logs")
    return runs[0] if runs else None


def trials_are_running(folder):
    """Whether trials have recorded a step."""
    run = only_run(folder)
    return run and [trial for trial in run.trial_ids() if b'"step"' in _bytes(run.trial(trial).events)]


def _bytes(path):
    return path.read_bytes() if path.exists() else b""


def processes_in(folder):
    """Processes whose working folder or arguments are of this test."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                if (entry / "cwd").readlink() == folder:
                    found.append((entry / "cmdline").read_bytes())
            except OSError:
                continue  # gone since
    return [command for command in found if command]


def test_in_a_pipe_every_evaluation_and_every_end_is_one_line(answer, folder):
    done = answer("sweep", "hill.yaml", "--trials", "3", "--set", "epochs=2", "--note", "Why?")
    assert (done.code, done.err) == (0, "")
    lines = done.out.splitlines()
    assert lines[0] == "exp001-hill: Why?"
    events = [event for event in ledger(only_run(folder)) if isinstance(event, TrialEnded)]
    assert len(events) == 3
    evaluations = [line for line in lines if "  evaluation " in line]
    steps = sum(_bytes(only_run(folder).trial(t).events).count(b'"eval"') for t in ("t000", "t001", "t002"))
    assert len(evaluations) == steps > 3
    for event in events:
        assert sum(line.startswith(f"{event.trial}  {event.status}  score ") for line in lines) == 1
    assert lines[-1] == "diary: logs/diary.md"
    assert any(line.startswith("exp001 finished after ") for line in lines)
    assert "\x1b" not in done.out


def test_json_is_one_document_and_nothing_else(answer):
    done = answer("sweep", "hill.yaml", "--trials", "2", "--json")
    assert (done.code, done.err) == (0, "")
    document = json.loads(done.out)
    assert (document["status"], document["question"]) == ("finished", "Where is the top?")
    assert len(document["trials"]) == 2
    assert document["command"] == "cockpit sweep hill.yaml --trials 2 --json"


def test_a_dry_run_starts_nothing_and_writes_nothing(cockpit, folder):
    before = sorted(folder.rglob("*"))
    answer = cockpit("sweep", "hill.yaml", "--dry-run")
    assert (answer.code, answer.err) == (0, "")
    assert "6 trials, 2 at once, 1 thread each, device auto" in answer.out
    assert "x       y  epochs" in " ".join(answer.out.splitlines()[-6:])
    assert sorted(folder.rglob("*")) == before


def test_a_dry_run_in_json_has_the_plan(cockpit):
    answer = cockpit("sweep", "hill.yaml", "--dry-run", "--json", "--trials", "3", "--seed", "7")
    plan = json.loads(answer.out)
    assert (plan["trials"], plan["search"]["seed"], plan["resources"]["concurrent"]) == (3, 7, 2)
    assert plan["first_configs"][0] == {"x": 0.0, "y": 0.0, "epochs": 3}


def test_a_sweep_in_which_every_trial_fails_ends_with_1_and_says_why(answer, folder):
    done = answer("sweep", "hill.yaml", "--set", "fail_at=1", "--json")
    assert (done.code, done.err) == (1, "")
    document = json.loads(done.out)
    assert document["status"] == "failed"
    assert "the toy was told to fail at step 1" in document["reason"]
    assert {trial["status"] for trial in document["trials"]} <= {"failed", "stopped", "interrupted"}
    assert "## exp001 · hill ⚠" in (folder / "logs" / "diary.md").read_text()


def test_a_detached_sweep_goes_on_alone_and_finishes(answer, folder):
    done = answer("sweep", "hill.yaml", "--detach", "--json")
    assert (done.code, done.err) == (0, "")
    told = json.loads(done.out)
    assert (told["experiment"], told["name"]) == ("exp001", "exp001-hill")
    run = RunFolder(folder / "logs" / told["name"])
    ended = wait_until(lambda: [event for event in ledger(run) if isinstance(event, SweepEnded)])
    assert ended[0].status == "finished"
    wait_until((folder / "logs" / "diary.md").exists)
    wait_until(lambda: not processes_in(folder))


@pytest.mark.parametrize(
    ("number", "reason"),
    [(signal.SIGINT, "Ctrl-C"), (signal.SIGTERM, "SIGTERM"), (signal.SIGHUP, "the terminal hung up")],
)
def test_a_signal_ends_a_sweep_cleanly(spawn, folder, number, reason):
    process = spawn(*SLOW)
    wait_until(lambda: trials_are_running(folder), process)
    process.send_signal(number)
    out, err = process.communicate(timeout=DEADLINE)
    assert (process.returncode, err) == (130, "")
    events = ledger(only_run(folder))
    assert isinstance(events[-1], SweepEnded)
    assert (events[-1].status, events[-1].reason) == ("interrupted", reason)
    assert {event.status for event in events if isinstance(event, TrialEnded)} == {"interrupted"}
    diary = (folder / "logs" / "diary.md").read_text()
    assert "## exp001 · hill ⚠" in diary
    assert f"**interrupted**: {reason}" in diary
    assert "exp001 interrupted after" in out
    assert processes_in(folder) == []


def test_a_killed_sweep_takes_its_trials_along_and_is_told_as_interrupted(spawn, answer, folder):
    process = spawn(*SLOW)
    wait_until(lambda: trials_are_running(folder), process)
    process.kill()
    process.communicate(timeout=DEADLINE)
    wait_until(lambda: not processes_in(folder))
    document = json.loads(answer("show", "latest", "--json").out)
    assert document["status"] == "interrupted"
    assert {trial["status"] for trial in document["trials"]} == {"lost"}
    assert "interrupted" in answer("ls").out
    assert answer("diary", "--write").code == 0
    assert "## exp001 · hill ⚠" in (folder / "logs" / "diary.md").read_text()


def test_the_search_is_kept_as_it_was_run(answer, folder):
    answer("sweep", "hill.yaml", "--trials", "1", "--set", "y=0.25")
    kept = only_run(folder).search
    again = answer("sweep", kept, "--dry-run", "--json")
    plan = json.loads(again.out)
    assert plan["trials"] == 1
    assert plan["first_configs"][0] == {"x": 0.0, "y": 0.25, "epochs": 3}
