"""`cockpit stop`, `kill`, `pause`, `resume`, `add` and `set`: what they say, and what they do to a sweep that runs."""

import json
import re
import sys

import pytest
from builders import Recorder
from test_cli_sweep import DEADLINE, SLOW, trials_are_running, wait_until

from cockpit.cli import steer
from cockpit.engine import control
from cockpit.engine.control import Command
from cockpit.events.kinds import Answered, TrialPaused
from cockpit.store.indexer import Indexer


@pytest.fixture
def recorder(folder):
    """A sweep with one trial that counts as running, and whose process never answers."""
    recorder = Recorder(folder / "logs")
    recorder.start(0).close()
    return recorder


@pytest.fixture
def replies(recorder, monkeypatch):
    """Has the sweep answer the next command, and the command line lose its patience at once."""

    def answer(*answers):
        known = {"command": "c1", "name": "stop", "trial": "t000"}
        for fields in answers:
            recorder.ledger.write(Answered(**{**known, **fields}))
        with Indexer(recorder.run) as indexer:
            indexer.sync()
        monkeypatch.setattr(control, "send", lambda run, name, *_: Command("c1", name, "t000", {}, "me@here", 5.0))
        monkeypatch.setattr(steer, "ANSWER_SECONDS", 0.0)
        monkeypatch.setattr(steer, "END_SECONDS", 0.0)

    return answer


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("stop", "exp009"), "exp009: no such experiment in logs"),
        (("stop", "exp001/t009"), "exp001/t009: no such trial in exp001; it has t000 to t000"),
        (("stop", "t000"), "t000: no such experiment in logs"),
        (("kill",), "Missing argument 'TRIAL|EXP'"),
        (("add", "exp001"), "Missing argument 'KEY=VALUE'"),
        (("add", "exp001", "x"), "x: write it as KEY=VALUE, for example lr=3e-4"),
        (("add", "exp001/t000", "x=1"), "exp001/t000: a trial is added to an experiment; write exp001"),
        (("set", "exp001", "x=1"), "exp001: not a trial; write it as exp001/t000"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_one_line(cockpit, recorder, words, problem):
    assert problem in cockpit(*words).complaint
    assert not recorder.run.control.exists()


def test_a_sweep_that_is_over_cannot_be_steered(cockpit, recorder):
    recorder.end("finished")
    assert "exp001: not running any more (finished), so nothing can stop there" in cockpit("stop", "latest").complaint
    told = "exp001: not running any more (finished); take it up again with `cockpit sweep --resume exp001`"
    assert told in cockpit("resume", "exp001").complaint
    assert told in cockpit("resume", "exp001/t000").complaint


def test_nobody_answers(cockpit, recorder, replies):
    replies()
    answer = cockpit("stop", "exp001/t000")
    assert (answer.code, answer.out) == (1, "")
    assert answer.err == "cockpit: exp001: no answer; `cockpit show exp001` tells how the sweep does\n"
    assert json.loads(cockpit("stop", "exp001/t000", "--json").out)["state"] == "unanswered"


def test_the_last_answer_counts(cockpit, replies):
    replies({"state": "accepted", "text": "t000 told to end"}, {"state": "done", "text": "t000 stopped at step 7"})
    assert cockpit("stop", "exp001/t000") == (0, "exp001: t000 stopped at step 7\n", "")


def test_a_refusal_is_told_on_standard_error(cockpit, replies):
    replies({"state": "refused", "text": "t000 has ended\x1b[31m already"})
    assert cockpit("kill", "exp001/t000") == (1, "", "cockpit: exp001: t000 has ended already\n")


def test_a_trial_that_takes_its_time_is_no_success_yet(cockpit, replies):
    replies({"state": "accepted", "text": "t000 told to end"})
    answer = cockpit("stop", "exp001/t000")
    assert (answer.code, answer.out) == (1, "")
    assert answer.err == ("cockpit: exp001: t000 told to end, but has not ended yet; `cockpit kill` does not ask\n")


@pytest.mark.parametrize(("name", "late"), [("pause", "has not paused yet"), ("set", "has not come to its next step")])
def test_what_happens_at_the_next_step_is_no_success_before(cockpit, replies, name, late):
    replies({"name": name, "state": "accepted", "text": "t000 at its next step"})
    answer = cockpit(name, "exp001/t000", *(["lr=1"] if name == "set" else []))
    assert (answer.code, answer.out) == (1, "")
    assert answer.err.startswith(f"cockpit: exp001: t000 at its next step, but {late}")


def test_a_sweep_is_paused_once_nothing_of_it_runs(cockpit, recorder, replies):
    whole = {"name": "pause", "trial": "", "state": "done", "text": "nothing more is started; 1 trial told to pause"}
    replies(whole)
    answer = cockpit("pause", "exp001")
    assert answer.code == 1
    assert "nothing more is started, and t000 told to pause, but has not paused yet" in answer.err
    recorder.ledger.write(TrialPaused(trial="t000", step=3, reason="paused by me@here"))
    replies(whole)
    assert cockpit("pause", "exp001").out == "exp001: paused, with 1 trial; nothing is started until it is resumed\n"


def test_nobody_waits_for_an_added_trial_to_start(cockpit, replies):
    replies({"name": "add", "state": "accepted", "text": "it is the next trial to start"})
    assert cockpit("add", "exp001", "x=1") == (0, "exp001: it is the next trial to start\n", "")


def test_json_is_one_document(cockpit, replies):
    replies({"state": "done", "text": "t000 stopped at step 7"})
    answer = cockpit("stop", "exp001/t000", "--json")
    assert (answer.code, answer.err) == (0, "")
    assert json.loads(answer.out) == {
        "experiment": "exp001",
        "command": "c1",
        "name": "stop",
        "trial": "t000",
        "settings": {},
        "who": "me@here",
        "at": 5.0,
        "state": "done",
        "text": "t000 stopped at step 7",
    }


def test_on_a_terminal_it_says_that_the_command_is_on_its_way(cockpit, replies, monkeypatch):
    replies({"state": "done", "text": "t000 stopped at step 7"})
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    lines = cockpit("stop", "exp001/t000").out.splitlines()
    assert lines == ["stop exp001/t000: on its way…", "exp001: t000 stopped at step 7"]


def test_values_are_read_as_a_search_file_would(cockpit, recorder, monkeypatch):
    monkeypatch.setattr(steer, "ANSWER_SECONDS", 0.0)
    cockpit("add", "exp001", "x=0.5", "note=a=b", "steps=3", "flag=true", "rate=1e-4")
    (line,) = recorder.run.control.read_bytes().splitlines()
    assert json.loads(line)["settings"] == {"x": 0.5, "note": "a=b", "steps": 3, "flag": True, "rate": 1e-4}


def statuses(answer):
    return {trial["id"]: trial["status"] for trial in json.loads(answer("show", "exp001", "--json").out)["trials"]}


def test_a_sweep_that_runs_obeys_and_tells(spawn, answer, folder):
    process = spawn(*SLOW)
    wait_until(lambda: len(trials_are_running(folder) or ()) == 2, process)
    stopped = answer("stop", "exp001/t000")
    assert (stopped.code, stopped.err) == (0, "")
    assert stopped.out.startswith("exp001: t000 stopped at step ")
    assert answer("stop", "exp001/t000") == (1, "", "cockpit: exp001: t000 has ended already (stopped)\n")
    paused = answer("pause", "exp001/t001")
    assert paused.out.startswith("exp001: t001 paused at step "), paused
    assert answer("set", "exp001/t001", "lr=0.5").out == "exp001: t001 goes on with lr=0.5\n"
    assert re.search(r"● running, 1 paused +1/6 ", answer("ls").out)
    assert answer("resume", "exp001/t001").out == "exp001: t001 goes on\n"
    everything = answer("pause", "exp001")
    assert re.fullmatch(r"exp001: paused, with \d trials; nothing is started until it is resumed\n", everything.out)
    assert set(statuses(answer).values()) == {"stopped", "paused"}
    assert answer("resume", "exp001").out.startswith("exp001: the sweep goes on, ")
    wait_until(lambda: re.search(r"^lr +0.5 +\d+ +\S+@", answer("show", "exp001/t001").out, re.MULTILINE), process)
    assert re.search(r"^ +2 +step \d+ ", answer("show", "exp001/t001").out, re.MULTILINE)
    added = answer("add", "latest", "x=0.25", "--json")
    assert added.code == 0
    assert json.loads(added.out)["settings"] == {"x": 0.25}
    assert answer("stop", "latest").out.startswith("exp001: the sweep ended: stopped by ")
    out, err = process.communicate(timeout=DEADLINE)
    assert (process.returncode, err) == (0, "")
    assert "exp001 stopped after" in out
    shown = json.loads(answer("show", "exp001", "--json").out)
    assert shown["status"] == "stopped"
    assert {trial["status"] for trial in shown["trials"]} == {"stopped"}
    assert all(trial["stop_reason"].startswith("stopped by ") for trial in shown["trials"])
    assert "■ stopped" in answer("ls").out
    assert "stopped by " in answer("show", "exp001").out
    diary = (folder / "logs" / "diary.md").read_text()
    assert "## exp001 · hill ➖" in diary
    assert "**stopped** by " in diary
    assert "- t001 paused at step " in diary
    assert diary.rstrip().splitlines()[-2] == "It can go on: `cockpit sweep --resume exp001`"
