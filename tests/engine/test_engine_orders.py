"""What the conductor and the steering make of commands, without any process."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

import pytest
from stage import Stage
from sweeping import events_in

from cockpit.engine.control import Command, Inbox
from cockpit.engine.request import Outcome
from cockpit.engine.steering import GRACE_SECONDS, Steering
from cockpit.events.kinds import Eval, Step, SweepEnded, TrialStarted
from cockpit.events.writer import EventWriter

TERMINATED = Outcome("terminated", reason="told to end by a signal")
SHOT = Outcome("lost", reason="its process was killed by SIGKILL (out of memory?)", error="its process was killed")


class Warm:
    """Stands for the warm parent and remembers what it was asked for."""

    def __init__(self) -> None:
        self.signals: list[tuple[str, int]] = []
        self.orders: list[tuple[str, dict[str, Any]]] = []

    def signal_trial(self, attempt: str, number: int) -> None:
        self.signals.append((attempt.removesuffix("#1"), number))

    def order_trial(self, attempt: str, order: dict[str, Any]) -> None:
        self.orders.append((attempt, order))

    def terminate_trials(self) -> None:
        self.signals.append(("all", signal.SIGTERM))


class Bridge(Stage):
    """A stage with somebody at the control door."""

    def __init__(self, folder: Path, **keys: Any) -> None:
        super().__init__(folder, **keys)
        self.now = 0.0
        self.warm = Warm()
        inbox = Inbox(self.run)
        warm: Any = self.warm
        self.steering = Steering(self.conductor, warm, inbox, lambda: self.now)
        self._commands = 0

    def say(self, name: str, trial: str | None = None, **settings: Any) -> str:
        """Give a command and have it attended to; return its id."""
        self._commands += 1
        command = f"c{self._commands}"
        record = {
            "kind": "command",
            "id": command,
            "name": name,
            "trial": trial,
            "settings": settings,
            "who": "me@here",
        }
        with self.run.control.open("a") as file:
            file.write(json.dumps(record) + "\n")
        self.steering.attend()
        return command

    def said(self) -> list[tuple[str, str, str]]:
        """The answers as command, state and text."""
        return [(answer.command, answer.state, answer.text) for answer in self.answers()]


@pytest.fixture
def bridge(tmp_path: Path) -> Bridge:
    return Bridge(tmp_path)


def test_a_stopped_trial_is_told_at_once_and_answered_when_it_has_ended(bridge: Bridge) -> None:
    trial = bridge.start()
    writer = EventWriter(bridge.run.trial(trial).events)
    for step in range(1, 6):
        writer.write(Step(step=step, metrics={"loss": 1.0}))
    writer.close()
    bridge.say("stop", trial)
    assert bridge.warm.signals == [(trial, signal.SIGTERM)]
    assert bridge.said() == [("c1", "accepted", "t000 told to end")]
    bridge.conductor.on_exit(trial, TERMINATED)
    assert bridge.said()[1:] == [("c1", "done", "t000 stopped at step 5")]
    (ended,) = bridge.ended()
    assert (ended.status, ended.reason, ended.error) == ("stopped", "stopped by me@here", "")
    assert bridge.proposer.told == [(trial, None, False)]
    assert bridge.conductor.ending is None
    answer = bridge.answers()[0]
    assert (answer.name, answer.trial, answer.who, answer.at) == ("stop", "t000", "me@here", 5.0)


def test_a_trial_that_does_not_stop_in_time_is_killed_once(bridge: Bridge) -> None:
    trial, other = bridge.start(), bridge.start()
    bridge.say("stop", trial)
    bridge.say("stop", other)
    bridge.conductor.on_exit(other, TERMINATED)
    bridge.now = GRACE_SECONDS - 0.1
    bridge.steering.attend()
    assert bridge.warm.signals == [(trial, signal.SIGTERM), (other, signal.SIGTERM)]
    for bridge.now in (GRACE_SECONDS, 100.0):
        bridge.steering.attend()
    assert bridge.warm.signals[2:] == [(trial, signal.SIGKILL)]
    bridge.conductor.on_exit(trial, SHOT)
    assert bridge.ended()[1].reason == "stopped by me@here"


def test_a_killed_trial_is_no_failure(bridge: Bridge) -> None:
    for _ in range(3):
        trial = bridge.start()
        bridge.say("kill", trial)
        bridge.conductor.on_exit(trial, SHOT)
    assert bridge.warm.signals == [(f"t00{number}", signal.SIGKILL) for number in range(3)]
    assert {(ended.status, ended.reason, ended.error) for ended in bridge.ended()} == {
        ("stopped", "killed by me@here", "")
    }
    assert bridge.said()[-1] == ("c3", "done", "t002 killed before its first step")
    assert bridge.conductor.ending is None


def test_a_kill_between_failures_does_not_count_as_a_success(bridge: Bridge) -> None:
    failed = Outcome("failed", reason="no", error="no")
    for outcome in (failed, failed, SHOT, failed):
        trial = bridge.start()
        if outcome is SHOT:
            bridge.say("kill", trial)
        bridge.conductor.on_exit(trial, outcome)
    assert bridge.conductor.ending is not None
    assert bridge.conductor.ending.reason == "the same error in 3 trials running: no"


def test_a_kill_after_a_stop_is_what_counts(bridge: Bridge) -> None:
    trial = bridge.start()
    bridge.say("stop", trial)
    bridge.say("kill", trial)
    bridge.conductor.on_exit(trial, SHOT)
    assert bridge.ended()[0].reason == "killed by me@here"
    text = "t000 killed before its first step"
    assert bridge.said()[2:] == [("c1", "done", text), ("c2", "done", text)]


@pytest.mark.parametrize("outcome", [Outcome("finished"), Outcome("failed", reason="no", error="no")])
def test_a_trial_that_ended_by_itself_before_the_stop_arrived_says_so(bridge: Bridge, outcome: Outcome) -> None:
    trial = bridge.start()
    bridge.say("stop", trial)
    bridge.conductor.on_exit(trial, outcome)
    assert bridge.ended()[0].status == outcome.status
    assert bridge.said()[1:] == [("c1", "refused", f"t000 had ended before ({outcome.status})")]


def test_a_rule_may_decide_while_a_stop_is_on_its_way(tmp_path: Path) -> None:
    bridge = Bridge(tmp_path, floor=0.5)
    trial = bridge.start()
    bridge.say("stop", trial)
    assert not bridge.conductor.on_evaluation(trial, "valid", 2, {"score": 0.1})
    assert bridge.said()[1:] == [("c1", "refused", "t000 had ended before (pruned)")]


def test_what_has_ended_or_not_begun_cannot_be_ended(bridge: Bridge) -> None:
    bridge.conductor.on_exit(bridge.start(), Outcome("finished"))
    bridge.say("stop", "t000")
    bridge.say("kill", "t001")
    assert bridge.said() == [
        ("c1", "refused", "t000 has ended already (finished)"),
        ("c2", "refused", "t001 has not started yet"),
    ]
    assert bridge.warm.signals == []


def test_what_is_no_command_is_refused(bridge: Bridge) -> None:
    bridge.say("dance", bridge.start(), lr=0.1)
    assert bridge.said() == [("c1", "refused", "dance is nothing that a sweep can be told")]
    assert dict(bridge.answers()[0].settings) == {"lr": 0.1}


def test_stopping_the_sweep_ends_it_as_stopped(bridge: Bridge) -> None:
    bridge.conductor.on_exit(bridge.start(), Outcome("finished"))
    bridge.start()
    bridge.start()
    bridge.say("stop")
    assert bridge.warm.signals == [("all", signal.SIGTERM)]
    bridge.steering.attend()
    assert len(bridge.warm.signals) == 1
    assert bridge.conductor.next_trial() is None
    bridge.conductor.on_exit("t001", TERMINATED)
    ending = bridge.conductor.close()
    assert (ending.status, ending.reason) == ("stopped", "stopped by me@here")
    assert [ended.status for ended in bridge.ended()] == ["finished", "stopped", "stopped"]
    assert {ended.reason for ended in bridge.ended()[1:]} == {"stopped by me@here"}
    assert bridge.said() == [
        ("c1", "accepted", "2 trials told to end"),
        ("c1", "done", "the sweep ended: stopped by me@here"),
    ]
    assert events_in(bridge.run.sweep)[-1] == SweepEnded(status="stopped", reason="stopped by me@here", at=5.0)


def test_killing_the_sweep_kills_its_trials(bridge: Bridge) -> None:
    bridge.start()
    bridge.start()
    bridge.say("kill")
    assert bridge.warm.signals[:2] == [("t000", signal.SIGKILL), ("t001", signal.SIGKILL)]
    bridge.conductor.on_exit("t000", SHOT)
    assert bridge.conductor.close().reason == "killed by me@here"
    assert {(ended.status, ended.reason) for ended in bridge.ended()} == {("stopped", "killed by me@here")}


def test_a_stop_of_a_sweep_that_is_being_interrupted_changes_nothing(bridge: Bridge) -> None:
    bridge.start()
    bridge.conductor.interrupt("Ctrl-C")
    bridge.say("stop")
    assert (bridge.conductor.close().status, bridge.said()[-1][2]) == ("interrupted", "the sweep ended: Ctrl-C")


def test_a_sweep_whose_trials_were_all_stopped_has_not_failed(bridge: Bridge) -> None:
    trial = bridge.start()
    bridge.say("stop", trial)
    bridge.conductor.on_exit(trial, TERMINATED)
    ending = bridge.conductor.close()
    assert (ending.status, ending.reason) == ("stopped", "no trial came to an end, some were told to stop")


def test_an_added_trial_comes_next_and_beyond_the_cap(tmp_path: Path) -> None:
    bridge = Bridge(tmp_path, run_cap=2, baseline={"x": 0.1, "y": 0.2})
    bridge.start()
    bridge.say("add", x="0.75", steps=3)
    bridge.say("add", x=0.5)
    bridge.start()
    bridge.start()
    started = bridge.events(TrialStarted)
    assert [dict(event.config) for event in started[1:]] == [{"steps": 3, "x": 0.75, "y": 0.2}, {"x": 0.5, "y": 0.2}]
    assert bridge.proposer.adopted == {event.trial: event.config for event in started[1:]}
    assert bridge.said() == [
        ("c1", "accepted", "it is the next trial to start"),
        ("c2", "accepted", "it is the next trial to start"),
        ("c1", "done", "t001 started"),
        ("c2", "done", "t002 started"),
    ]
    assert [answer.trial for answer in bridge.answers()] == ["", "", "t001", "t002"]
    bridge.start()
    assert bridge.conductor.next_trial() is None  # two were planned and two were added


def test_the_baseline_stays_the_first_trial(tmp_path: Path) -> None:
    bridge = Bridge(tmp_path, baseline={"x": 0.1, "y": 0.2})
    bridge.say("add", x=0.75)
    bridge.start()
    bridge.start()
    assert [(event.trial, event.baseline) for event in bridge.events(TrialStarted)] == [("t000", True), ("t001", False)]
    assert bridge.answers()[-1].trial == "t001"


def test_without_a_baseline_an_added_trial_may_be_the_first(bridge: Bridge) -> None:
    bridge.say("add", x=0.75, y=0.5)
    bridge.start()
    assert dict(bridge.events(TrialStarted)[0].config) == {"x": 0.75, "y": 0.5}


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"z": 1, "x": 0, "y": 0}, "toy has no parameter 'z'"),
        ({"x": "high", "y": 0}, "x = 'high' is not allowed: give a number from -10 to 10"),
        ({"x": 11, "y": 0}, "x = 11 is not allowed: give a number from -10 to 10"),
        ({"x": [1], "y": 0}, "x = [1] is not allowed"),
        ({"x": 0.5}, "y: missing, and no baseline to take it from; add y=VALUE"),
        ({"steps": 5}, "x, y: missing, and no baseline to take it from; add x=VALUE"),
        ({"x": 0, "y": 0, "out": "/etc"}, "out: set for every trial by the program itself; leave it out"),
    ],
)
def test_a_configuration_that_cannot_be_tried_is_refused_in_one_line(
    bridge: Bridge, settings: dict[str, Any], problem: str
) -> None:
    bridge.say("add", **settings)
    ((_, state, text),) = bridge.said()
    assert state == "refused"
    assert text.startswith(problem)
    assert "\n" not in text


def test_an_ending_sweep_takes_no_more_trials(bridge: Bridge) -> None:
    bridge.start()
    bridge.say("add", x=0.75, y=0.5)
    bridge.say("stop")
    bridge.say("add", x=0.25, y=0.5)
    bridge.conductor.close()
    assert [said for said in bridge.said() if said[0] != "c2"] == [
        ("c1", "accepted", "it is the next trial to start"),
        ("c3", "refused", "the sweep is ending, so nothing more is started"),
        ("c1", "refused", "the sweep ended before this could start"),
    ]


def test_a_command_that_breaks_something_is_refused_and_the_others_are_heard(
    bridge: Bridge, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    trial = bridge.start()

    def jam(command: Command, config: Any) -> None:
        raise RuntimeError("the gears jammed")

    monkeypatch.setattr(bridge.conductor, "add", jam)
    bridge.say("add", x=0.75, y=0.5)
    bridge.say("stop", trial)
    assert bridge.said() == [
        ("c1", "refused", "it could not be done (RuntimeError: the gears jammed); see engine.log"),
        ("c2", "accepted", "t000 told to end"),
    ]
    assert "in jam" in capfd.readouterr().err


def test_lines_that_are_no_commands_harm_nothing(bridge: Bridge) -> None:
    trial = bridge.start()
    bridge.run.control.write_bytes(b'garbage\n{"kind":"command"}\n\xff\xfe\x00\n')
    bridge.say("stop", trial)
    assert bridge.said() == [("c1", "accepted", "t000 told to end")]


@pytest.mark.parametrize(
    ("events", "text"),
    [
        ([Step(step=7), Eval(step=8)], "t000 stopped at step 8"),
        ([Eval(step=8), b"no event\n", b'{"kind":"step","st'], "t000 stopped at step 8"),
        ([b"x" * (1 << 17)], "t000 stopped before its first step"),
    ],
)
def test_the_step_at_which_a_trial_ended_is_read_from_its_record(bridge: Bridge, events: list[Any], text: str) -> None:
    trial = bridge.start()
    path = bridge.run.trial(trial).events
    for event in events:
        if isinstance(event, bytes):
            with path.open("ab") as file:
                file.write(event)
        else:
            writer = EventWriter(path)
            writer.write(event)
            writer.close()
    bridge.say("stop", trial)
    bridge.conductor.on_exit(trial, TERMINATED)
    assert bridge.said()[-1][2] == text
