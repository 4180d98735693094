"""The thread that keeps a running sweep's index and summary: when lists of experiments hear of what happened."""

import json
import threading

import pytest
from builders import Recorder

from cockpit.engine import observer
from cockpit.events.kinds import Answered, TrialPaused

DEADLINE = 30


class Told:
    """Takes down what the summary said when an answer was first shown."""

    def __init__(self, run):
        self.run, self.summary, self.heard = run, None, threading.Event()

    def show(self, index, sweep, trials):
        if index.commands() and not self.heard.is_set():
            self.summary = json.loads(self.run.summary.read_text())
            self.heard.set()


@pytest.fixture
def recorder(tmp_path):
    recorder = Recorder(tmp_path / "logs")
    recorder.start(0).close()
    return recorder


def test_lists_know_of_a_pause_as_soon_as_it_is_answered(recorder, monkeypatch):
    monkeypatch.setattr(observer, "SUMMARY_SECONDS", 1e9)
    told = Told(recorder.run)
    with observer.Observer(recorder.run, told):
        assert json.loads(recorder.run.summary.read_text())["paused_trials"] == 0
        recorder.ledger.write(TrialPaused(trial="t000", step=3, reason="paused by me@here"))
        recorder.ledger.write(Answered(command="c1", name="pause", trial="t000", state="done", text="t000 paused"))
        assert told.heard.wait(DEADLINE)
    assert told.summary["paused_trials"] == 1
