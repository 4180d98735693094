"""Sweeps that stand in line, share GPUs, keep to a budget, and tell how long they take: real processes."""

import json
import os
import re
import signal
import time
from functools import partial
from pathlib import Path

import pytest
from builders import Recorder
from test_cli_sweep import trials_are_running

from cockpit.engine import budget
from cockpit.engine.queue import tickets
from cockpit.events.codec import decode
from cockpit.events.kinds import SweepEnded, SweepStatus, TrialStarted
from cockpit.store.folder import experiments, find_experiment

DEADLINE = 60.0
SLOW = ("sweep", "hill.yaml", "--set", "delay=0.05", "--set", "steps=1000000")  # goes on until it is told to end


@pytest.fixture(autouse=True)
def state(tmp_path, monkeypatch):
    monkeypatch.setenv("COCKPIT_STATE", str(tmp_path / "machine"))
    return tmp_path / "machine"


def wait_until(condition):
    deadline = time.monotonic() + DEADLINE
    while not (found := condition()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return found


def events(folder, experiment, kind):
    """The events of one kind in an experiment's ledger; none while there is no such experiment."""
    if experiment not in [run.id for run in experiments(folder / "logs")]:
        return []
    ledger = find_experiment(folder / "logs", experiment).sweep
    lines = ledger.read_bytes().split(b"\n")[:-1] if ledger.exists() else []
    return [event for event in map(decode, lines) if isinstance(event, kind)]


def reasons(folder, experiment):
    return [event.reason for event in events(folder, experiment, SweepStatus)]


def is_caught(process, number):
    """Whether the process has a handler for the signal by now."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    return int(re.search(r"SigCgt:\s*(\w+)", status)[1], 16) >> (number - 1) & 1


def test_queued_sweeps_run_one_after_the_other_and_are_seen_in_line(spawn, cockpit, folder):
    first = spawn(*SLOW)
    wait_until(lambda: events(folder, "exp001", TrialStarted))
    second = spawn("sweep", "hill.yaml", "--queue", "--trials", "2")
    wait_until(lambda: reasons(folder, "exp002") == ["1st in line, behind exp001"])
    third = spawn("sweep", "hill.yaml", "--queue", "--trials", "2")
    wait_until(lambda: reasons(folder, "exp003") == ["2nd in line, behind exp001 and exp002"])
    listed = {row["experiment"]: row["status"] for row in json.loads(cockpit("ls", "--json").out)}
    assert listed == {"exp001": "running", "exp002": "queued", "exp003": "queued"}
    assert "◷ queued" in (table := cockpit("ls").out)
    assert "2nd in line, behind exp001 and exp002 · Where is the top?" in table
    assert "1st in line, behind exp001" in cockpit("show", "exp002").out
    assert "exp002: still queued, 1st in line" in cockpit("pause", "exp002").complaint
    assert "still queued" in cockpit("add", "exp002", "x=0.5").complaint
    assert cockpit("stop", "exp001").code == 0
    out, err = second.communicate(timeout=DEADLINE)
    assert (second.returncode, err) == (0, "")
    assert "queued  1st in line, behind exp001" in out
    assert third.wait(DEADLINE) == first.wait(DEADLINE) == 0
    for earlier, later in (("exp001", "exp002"), ("exp002", "exp003")):
        ended = events(folder, earlier, SweepEnded)[0]
        begun = events(folder, later, SweepStatus)[-1]
        assert (begun.status, begun.reason) == ("running", "")
        assert ended.at <= begun.at <= events(folder, later, TrialStarted)[0].at
        assert events(folder, later, SweepEnded)[0].status == "finished"
    document = json.loads(cockpit("show", "exp003", "--json").out)
    assert (document["status"], len(document["trials"])) == ("finished", 2)


def test_a_queued_sweep_ends_cleanly_and_says_that_it_never_ran(spawn, answer, cockpit, folder):
    blocker = spawn(*SLOW)
    wait_until(lambda: events(folder, "exp001", TrialStarted))
    detached = answer("sweep", "hill.yaml", "--queue", "--detach")
    assert detached.out.startswith("exp002-hill is queued (1st in line, behind exp001), process ")
    waiting = spawn("sweep", "hill.yaml", "--queue")
    lost = spawn("sweep", "hill.yaml", "--queue")
    wait_until(lambda: reasons(folder, "exp003") and reasons(folder, "exp004"))
    assert cockpit("stop", "exp002").code == 0
    assert [event.status for event in events(folder, "exp002", SweepEnded)] == ["stopped"]
    wait_until(lambda: is_caught(waiting, signal.SIGTERM))
    waiting.send_signal(signal.SIGTERM)
    _, err = waiting.communicate(timeout=DEADLINE)
    assert (waiting.returncode, err) == (130, "")
    lost.kill()
    lost.wait()
    runs = {row["experiment"]: row for row in json.loads(cockpit("ls", "--json").out)}
    assert {name: row["status"] for name, row in runs.items() if name != "exp001"} == {
        "exp002": "stopped",
        "exp003": "interrupted",
        "exp004": "interrupted",
    }
    diary = (folder / "logs" / "diary.md").read_text()
    assert "**interrupted**: SIGTERM, while it was queued; it never ran" in diary
    assert re.search(r"\*\*stopped\*\* by \S+, while it was queued; it never ran", diary)
    assert [run.trial_ids() for run in experiments(folder / "logs")][1:] == [[], [], []]
    blocker.send_signal(signal.SIGINT)
    assert blocker.wait(DEADLINE) == 130
    wait_until(lambda: not tickets())  # the detached one leaves the line a moment after it has ended
    after = answer("sweep", "hill.yaml", "--queue", "--trials", "1", "--json")  # nobody is ahead any more
    assert json.loads(after.out)["status"] == "finished"
    assert reasons(folder, "exp005") == []


def test_two_sweeps_have_different_gpus_and_a_third_waits_or_is_refused(
    spawn, answer, cockpit, folder, state, monkeypatch
):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1")
    one = ("--concurrent", "1")

    def holders():
        cards = [json.loads(path.read_text() or "{}") for path in sorted(state.rglob("gpus/*.json"))]
        return [card.get("experiment") for card in cards]

    first = spawn(*SLOW, *one)
    wait_until(lambda: holders() == ["exp001"])
    second = spawn(*SLOW, *one)
    wait_until(lambda: holders() == ["exp001", "exp002"])
    refused = answer("sweep", "hill.yaml", *one)
    told = "GPU 0 is taken by exp001, GPU 1 by exp002; wait with --queue, or do without with --device cpu"
    assert told in refused.complaint
    assert len(experiments(folder / "logs")) == 2
    third = spawn("sweep", "hill.yaml", *one, "--queue", "--trials", "1")
    wait_until(lambda: reasons(folder, "exp003"))
    wait_until(lambda: events(folder, "exp001", TrialStarted))
    first.kill()
    first.wait()
    wait_until(lambda: reasons(folder, "exp003")[-1] == "1st in line, behind exp002")
    second.send_signal(signal.SIGINT)
    assert second.wait(DEADLINE) == 130
    assert third.wait(DEADLINE) == 0
    assert holders() == []


def test_a_budget_ends_a_sweep_in_time(cockpit, answer, folder, monkeypatch):
    begun = []

    def clock():
        """Stands still until two trials run, or a slow machine would use the budget up before."""
        if not begun and len(trials_are_running(folder) or ()) == 2:
            begun.append(time.monotonic())
        return time.monotonic() - begun[0] if begun else 0.0

    monkeypatch.setattr(budget, "Budget", partial(budget.Budget, clock=clock))
    done = cockpit(*SLOW, "--budget", "1s", "--json")
    document = json.loads(done.out)
    assert (done.code, document["status"]) == (0, "finished")
    assert document["reason"] == "budget 1s used: 2 of 6 trials"
    assert {(trial["status"], trial["stop_reason"]) for trial in document["trials"]} == {
        ("stopped", document["reason"])
    }
    assert "'soon' is not a length of time; write e.g. 90s" in answer(*SLOW, "--budget", "soon").complaint


def test_a_dry_run_tells_how_long_the_sweep_would_take(cockpit, folder):
    earlier = Recorder(folder / "earlier")  # of known times: a real one may be too quick for a range to be told
    for number, steps in enumerate((2, 5, 10)):
        earlier.trial(number, [0.5] * steps)
    earlier.end()
    words = ("sweep", "hill.yaml", "--dry-run")
    measured = json.loads(cockpit(*words, "--json").out)["estimate"]
    assert measured["source"] == "the first 20 steps of the baseline"
    assert 0 < measured["low"] <= measured["seconds"] <= measured["high"]
    assert not (folder / "logs").exists()
    assert "estimated time: unknown" in cockpit(*words, "--no-measure").out
    assert json.loads(cockpit(*words, "--no-measure", "--json").out)["estimate"] is None
    known = cockpit(*words, "--logs", folder / "earlier").out
    assert re.search(r"^estimated time: \S+ \(\S+ to \S+\), as long per epoch as in exp001$", known, re.MULTILINE)


def test_timings_tell_where_the_time_until_the_first_step_went(answer, folder):
    done = answer("sweep", "hill.yaml", "--trials", "1", "--timings")
    assert (done.code, done.err) == (0, "")
    told = json.loads((folder / "logs" / "exp001-hill" / "timings.json").read_text())
    assert list(told) == [
        "interpreter and imports",
        "plan and checks",
        "run folder",
        "engine start",
        "first trial asked for",
        "imports of the warm parent",
        "fork of the first trial",
        "data and model built",
        "first step",
    ]
    assert all(seconds >= 0 for seconds in told.values())
    assert told["interpreter and imports"] > 0
    assert f"first step {sum(told.values()):.2f}" in re.sub(r" +\d+\.\d\d +", " ", done.out.splitlines()[-1])
    assert os.environ.get("COCKPIT_TIMINGS") is None
